/*
 * knowledgeItemsService - what is known: the list of sources, each of them with
 * its contents, changes to them, and search.
 *
 *   const stop = knowledgeItemsService.streamItems(() => reload());
 */
import { ApiError, apiClient, errorOf, queryString, type ApiClient, type RequestOptions } from './apiClient';
import { pageLimits, type LiveOptions } from './ladder';
import { LiveFeeds, type FeedSettings } from './liveFeed';
import { webSocketUrl } from './transports';
import type {
  CodeSearchReply,
  CodeSearchRequest,
  ContentsQuery,
  CrawlStarted,
  ItemChunks,
  ItemCodeExamples,
  ItemDetails,
  ItemPages,
  KnowledgeEvent,
  KnowledgeItem,
  KnowledgeItemPatch,
  KnowledgeItemsPage,
  KnowledgeItemsQuery,
  SearchReply,
  SearchRequest,
  UploadOptions,
  UploadStarted,
} from './types';

export interface StreamItemsOptions extends LiveOptions {
  /** Told what happened, where the server says so: by polling it cannot. */
  onEvent?: (event: KnowledgeEvent) => void;
}

export interface UploadProgress {
  /** How much of it is sent, 0-1. */
  onSent?: (part: number) => void;
  signal?: AbortSignal;
}

const EVENTS = ['crawl_completed', 'document_uploaded', 'knowledge_item_deleted'];

export class KnowledgeItemsService {
  private readonly client: ApiClient;
  private readonly feeds: LiveFeeds;

  constructor(settings: FeedSettings & { client?: ApiClient } = {}) {
    this.client = settings.client ?? apiClient;
    // A list that is a few seconds old is no harm.
    this.feeds = new LiveFeeds({ ...settings, timing: { poll: 5000, ...settings.timing } });
  }

  /** One page of the sources, newest first. */
  list(query: KnowledgeItemsQuery = {}, options?: RequestOptions): Promise<KnowledgeItemsPage> {
    return this.client.get(`/api/knowledge-items${queryString({ ...query })}`, options);
  }

  item(id: string, options?: RequestOptions): Promise<KnowledgeItem> {
    return this.client.get(path(id), options);
  }

  /** Change what the patch names; the item as it is then. */
  update(id: string, patch: KnowledgeItemPatch): Promise<KnowledgeItem> {
    return this.client.request('PUT', path(id), patch);
  }

  /**
   * Delete the item, for good; a crawl of it is cancelled.
   * @param leaving the page goes away at this moment: the request outlives it.
   */
  async remove(id: string, { leaving = false }: { leaving?: boolean } = {}): Promise<void> {
    await this.client.request('DELETE', path(id), undefined, { keepalive: leaving });
  }

  /** Crawl the source again: only what changed is fetched and stored. */
  refresh(id: string): Promise<CrawlStarted> {
    return this.client.post(`${path(id)}/refresh`);
  }

  details(id: string, query: ContentsQuery = {}, options?: RequestOptions): Promise<ItemDetails> {
    return this.client.get(`${path(id)}/details${queryString({ ...query })}`, options);
  }

  pages(id: string, query: ContentsQuery = {}, options?: RequestOptions): Promise<ItemPages> {
    return this.client.get(`${path(id)}/pages${queryString({ ...query })}`, options);
  }

  chunks(id: string, query: ContentsQuery = {}, options?: RequestOptions): Promise<ItemChunks> {
    return this.client.get(`${path(id)}/chunks${queryString({ ...query })}`, options);
  }

  codeExamples(id: string, query: ContentsQuery = {}, options?: RequestOptions): Promise<ItemCodeExamples> {
    return this.client.get(`${path(id)}/code-examples${queryString({ ...query })}`, options);
  }

  /** Hand a document over.  By XMLHttpRequest: fetch does not say how much of it is sent. */
  upload(file: File, fields: UploadOptions = {}, { onSent, signal }: UploadProgress = {}): Promise<UploadStarted> {
    const form = new FormData();
    // Fields first: the server knows what it is for before the document comes.
    if (fields.progress_id) form.set('progress_id', fields.progress_id);
    if (fields.knowledge_type) form.set('knowledge_type', fields.knowledge_type);
    if (fields.tags?.length) form.set('tags', JSON.stringify(fields.tags));
    form.set('file', file, file.name);
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      const stop = () => xhr.abort();
      const end = () => signal?.removeEventListener('abort', stop);
      xhr.upload.onprogress = (e) => e.lengthComputable && onSent?.(e.loaded / e.total);
      xhr.onload = () => {
        end();
        let body: unknown;
        try {
          body = JSON.parse(xhr.responseText);
        } catch {
          body = undefined; // a proxy's own page
        }
        if (xhr.status < 300 && body !== undefined) resolve(body as UploadStarted);
        else reject(errorOf(xhr.status, body, xhr.getResponseHeader('Retry-After')));
      };
      xhr.onerror = () => (end(), reject(new ApiError('The server cannot be reached, or refused the document while it was sent.', { code: 'network' })));
      xhr.onabort = () => (end(), reject(new DOMException('aborted', 'AbortError')));
      xhr.open('POST', this.client.url('/api/documents/upload'));
      xhr.setRequestHeader('Accept', 'application/json');
      if (signal?.aborted) return xhr.onabort?.(new ProgressEvent('abort'));
      signal?.addEventListener('abort', stop);
      xhr.send(form);
    });
  }

  /** The chunks that answer the query best, best first. */
  search(request: SearchRequest, options?: RequestOptions): Promise<SearchReply> {
    return this.client.post('/api/rag/query', request, options);
  }

  /** The code examples that answer the query best, best first. */
  searchCode(request: CodeSearchRequest, options?: RequestOptions): Promise<CodeSearchReply> {
    return this.client.post('/api/rag/code-examples', request, options);
  }

  /**
   * Call onUpdate with the first page of the sources: at once, and after every
   * change of any, until the returned function is called.
   */
  streamItems(onUpdate: (page: KnowledgeItemsPage) => void, options: StreamItemsOptions = {}): () => void {
    const url = this.client.url('/api/knowledge-items/stream');
    return this.feeds.follow(
      {
        wsUrl: () => webSocketUrl(url),
        eventsUrl: () => url,
        pollUrl: () => this.client.url('/api/knowledge-items'),
        lastSeq: () => undefined,
      },
      options,
      (message) => {
        const { type, data } = message as { type?: string; data?: unknown };
        if (type === 'knowledge_items_update') onUpdate(data as KnowledgeItemsPage);
        else if (type === undefined && 'items' in message) onUpdate(message as KnowledgeItemsPage);
        else if (type !== undefined && EVENTS.includes(type)) options.onEvent?.(message as KnowledgeEvent);
      },
    );
  }

  /** Close every stream. */
  disconnectAll(): void {
    this.feeds.closeAll();
  }
}

function path(id: string): string {
  return `/api/knowledge-items/${encodeURIComponent(id)}`;
}

export const knowledgeItemsService = new KnowledgeItemsService({ limits: pageLimits });
