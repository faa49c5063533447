/*
 * The shapes on the wire.  Fields the server adds later are ignored; fields it
 * may leave out are optional here.
 */

export type CrawlStatus =
  | 'queued'
  | 'starting'
  | 'analyzing'
  | 'sitemap'
  | 'webpage'
  | 'text_file'
  | 'crawling'
  | 'processing'
  | 'storing'
  | 'paused'
  | 'completed'
  | 'error'
  | 'cancelled';

/** One crawl as it stands.  Always whole, never a delta. */
export interface CrawlProgressData {
  progressId: string;
  status: CrawlStatus | (string & {});
  /** 0-100; 100 only when completed, never falls. */
  percentage: number;
  /** Grows with each change; what is lower than the last one seen is older. */
  seq?: number;
  phase?: string;
  url?: string;
  currentUrl?: string;
  totalPages?: number;
  processedPages?: number;
  failedPages?: number;
  skippedPages?: number;
  chunksStored?: number;
  wordCount?: number;
  codeExamples?: number;
  bytesFetched?: number;
  pagesPerSecond?: number;
  eta?: string;
  etaSeconds?: number | null;
  /** The newest line of `logs`. */
  log?: string;
  /** The last lines, oldest first. */
  logs?: string[];
  startTime?: string;
  updatedAt?: string;
  completedAt?: string;
  duration?: string;
  kind?: 'crawl' | 'upload' | (string & {});
  sourceId?: string;
  fileName?: string;
  error?: string;
  errorCode?: string;
}

/** What a crawl may be asked.  Only `url` is needed. */
export interface CrawlRequest {
  url: string;
  knowledge_type?: 'technical' | 'business';
  tags?: string[];
  /** Days between refreshes; 0 is never. */
  update_frequency?: number;
  max_depth?: number;
  max_concurrent?: number;
  max_pages?: number;
  chunk_size?: number;
  include?: string[];
  exclude?: string[];
  extract_code_examples?: boolean;
  /** Chosen by the client, so that it can subscribe before the crawl starts. */
  progress_id?: string;
}

export interface CrawlStarted {
  success: boolean;
  progressId: string;
  message?: string;
  estimatedDuration?: string;
}

export interface OperationList {
  operations: CrawlProgressData[];
  count: number;
  timestamp?: string;
}

export interface KnowledgeItemMetadata {
  knowledge_type?: string;
  tags?: string[];
  source_type?: string;
  status?: string;
  description?: string;
  chunks_count?: number;
  word_count?: number;
  pages_count?: number;
  code_examples_count?: number;
  last_scraped?: string | null;
  next_refresh?: string | null;
  update_frequency?: number;
  file_name?: string;
  file_type?: string;
}

export interface KnowledgeItem {
  id: string;
  source_id: string;
  title: string;
  url: string;
  metadata: KnowledgeItemMetadata;
  created_at?: string;
  updated_at?: string;
}

export interface KnowledgeItemsPage {
  items: KnowledgeItem[];
  total: number;
  page: number;
  per_page: number;
  pages: number;
}

export interface KnowledgeItemsQuery {
  page?: number;
  per_page?: number;
  search?: string;
  knowledge_type?: string;
  tags?: string[];
}

export interface SearchRequest {
  query: string;
  /** Only this source (its `source_id`). */
  source?: string;
  /** 1-50. */
  match_count?: number;
  knowledge_type?: string;
}

export interface SearchHit {
  url: string;
  content: string;
  title?: string;
  /** "Part > Chapter > Section" */
  headers?: string;
  metadata?: { source?: string; chunk_index?: number; [key: string]: unknown };
  similarity?: number;
  score?: number;
  chunk_id?: number | string;
}

export interface SearchReply {
  success: boolean;
  query: string;
  results: SearchHit[];
  count?: number;
  search_mode?: string;
}

export interface Health {
  status: 'healthy' | 'degraded' | 'unhealthy' | (string & {});
  service?: string;
  version?: string;
  timestamp?: string;
  parts?: Record<string, unknown>;
}

const TERMINAL = new Set(['completed', 'error', 'cancelled']);

/** Has this crawl ended, one way or another? */
export function isTerminal(status: string): boolean {
  return TERMINAL.has(status);
}
