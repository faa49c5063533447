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

/** One page of the addresses that a crawl could not read. */
export interface CrawlFailures extends Paged {
  failures: { url: string; reason: string }[];
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

/** Every list that comes in pages says so. */
export interface Paged {
  total: number;
  page: number;
  per_page: number;
  pages: number;
}

export interface KnowledgeItemsPage extends Paged {
  items: KnowledgeItem[];
}

/** A `-` before it turns the order round. */
export type KnowledgeItemsSort = 'updated_at' | 'created_at' | 'title' | 'url' | 'word_count' | 'chunks_count' | 'pages_count' | 'size_bytes';

export interface KnowledgeItemsQuery {
  page?: number;
  per_page?: number;
  search?: string;
  knowledge_type?: string;
  source_type?: string;
  tags?: string[];
  /** The newest first, unless said. */
  sort?: KnowledgeItemsSort | `-${KnowledgeItemsSort}`;
}

/** What can be changed of an item; what is left out stays. */
export interface KnowledgeItemPatch {
  title?: string;
  description?: string;
  tags?: string[];
  knowledge_type?: string;
  /** Days between refreshes; 0 is never. */
  update_frequency?: number;
}

/** A part of an item's contents: which page of it, and of which page of the site or language only. */
export interface ContentsQuery {
  page?: number;
  per_page?: number;
  url?: string;
  language?: string;
}

export interface ItemPage {
  url: string;
  title: string;
  description?: string | null;
  language?: string | null;
  fetched_at?: string;
  word_count?: number;
  size_bytes?: number;
  chunks_count?: number;
  code_examples_count?: number;
}

export interface ItemChunk {
  id: number;
  chunk_number: number;
  content: string;
  url: string;
  title?: string;
  /** "Part > Chapter > Section" */
  headers?: string;
}

export interface ItemCodeExample {
  id: number;
  number: number;
  url: string;
  title?: string;
  language?: string | null;
  code: string;
  /** The text around it. */
  before?: string;
  after?: string;
  heading?: string;
}

export interface ItemPages extends Paged {
  source_id: string;
  items: ItemPage[];
}

export interface ItemChunks extends Paged {
  source_id: string;
  chunks: ItemChunk[];
}

export interface ItemCodeExamples extends Paged {
  source_id: string;
  code_examples: ItemCodeExample[];
}

export interface ItemDetails extends ItemChunks {
  title: string;
  url: string;
  metadata: KnowledgeItemMetadata;
}

export interface UploadOptions {
  tags?: string[];
  knowledge_type?: string;
  /** Chosen by the client, so that it can subscribe before it sends. */
  progress_id?: string;
}

export interface UploadStarted {
  success: boolean;
  /** None when nothing is to be done: the same document is known already. */
  progressId?: string;
  message?: string;
  filename?: string;
  source_id?: string;
  duplicate?: boolean;
}

/** What happened to the knowledge base. */
export type KnowledgeEvent =
  | { type: 'crawl_completed'; data: { url?: string; success?: boolean; message?: string; progressId?: string; sourceId?: string } }
  | { type: 'document_uploaded'; data: { filename?: string; success?: boolean; message?: string } }
  | { type: 'knowledge_item_deleted'; data: { sourceId?: string } };

export type LogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';

export interface McpLogEntry {
  timestamp: string;
  level: LogLevel | (string & {});
  message: string;
  logger?: string;
  seq?: number;
}

export interface McpStatus {
  status: 'running' | 'stopped' | (string & {});
  /** Seconds; null when it is stopped. */
  uptime: number | null;
  /** The newest log lines: "[INFO] text". */
  logs?: string[];
}

export interface McpSwitched {
  success: boolean;
  status: string;
  message: string;
}

export interface McpTool {
  name: string;
  title?: string;
  description?: string;
  inputSchema?: { properties?: Record<string, { type?: string; description?: string }>; required?: string[] };
}

export interface McpClientConfig {
  id: string;
  name: string;
  /** Where the configuration belongs. */
  where: string;
  /** A command that does it. */
  command?: string;
  config: unknown;
}

export interface McpConfig {
  url: string;
  transport: string;
  host?: string;
  port?: number;
  clients: McpClientConfig[];
}

export interface SearchRequest {
  query: string;
  /** Only this source (its `source_id`). */
  source?: string;
  /** 1-50. */
  match_count?: number;
  knowledge_type?: string;
  /** The last word may be the beginning of one. */
  as_you_type?: boolean;
}

export interface CodeSearchRequest {
  query: string;
  /** Only this source. */
  source_id?: string;
  /** 1-50. */
  match_count?: number;
  as_you_type?: boolean;
}

export interface CodeHit {
  url: string;
  code: string;
  title?: string;
  language?: string | null;
  /** The text around it. */
  before?: string;
  after?: string;
  metadata?: { heading?: string; [key: string]: unknown };
  score?: number;
  example_id?: number;
}

export interface CodeSearchReply {
  success: boolean;
  query: string;
  results: CodeHit[];
  count?: number;
}

export interface SearchHit {
  url: string;
  content: string;
  title?: string;
  /** "Part > Chapter > Section" */
  headers?: string;
  /** What of it answers best: text in HTML, what was asked for in `<mark>`. */
  snippet?: string;
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
  /** Of each part that is not up: what to do. */
  problems?: { part: string; code: string; error: string }[];
  /** Who follows what now: progress, logs, knowledge, crawls. */
  clients?: Record<string, number>;
  /** Given to them since the relays started. */
  messages?: number;
}

/** How much there is. */
export interface Metrics {
  tables: Record<string, number>;
  size_bytes: number;
  text_bytes?: number;
  limit_bytes?: number;
}

const TERMINAL = new Set(['completed', 'error', 'cancelled']);

/** Has this crawl ended, one way or another? */
export function isTerminal(status: string): boolean {
  return TERMINAL.has(status);
}

/** Who asks, and what they may do.  Where nobody is asked everybody is an admin without a name. */
export interface Session {
  access: 'required' | 'off';
  name: string | null;
  scope: 'read' | 'crawl' | 'admin';
}
