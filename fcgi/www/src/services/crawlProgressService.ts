/*
 * crawlProgressService - follow crawls as they run.
 *
 *   const stop = crawlProgressService.streamProgress(id, (p) => show(p));
 *   ...
 *   stop();
 *
 * A stream survives restarts of the server, blocked WebSockets and sleeping
 * tabs; it ends by itself when the crawl has ended.  No framework is needed.
 */
import { apiClient, queryString, type ApiClient, type RequestOptions } from './apiClient';
import { newProgressId } from './progressId';
import { newLimits, pageLimits, type ConnectionState, type Limits, type LiveOptions } from './ladder';
import { ProgressStream, type Listener } from './progressStream';
import { TIMING, webSocketUrl, type Timing } from './transports';
import type { CrawlFailures, CrawlProgressData, CrawlRequest, CrawlStarted, OperationList } from './types';

export type { ConnectionState };
export type StreamProgressOptions = LiveOptions;

export interface ServiceSettings {
  client?: ApiClient;
  timing?: Partial<Timing>;
  random?: () => number;
  limits?: Limits;
}

export class CrawlProgressService {
  private readonly streams = new Map<string, ProgressStream>();
  private readonly limits: Limits;
  private readonly client: ApiClient;
  private readonly timing: Timing;
  private readonly random: () => number;

  constructor(settings: ServiceSettings = {}) {
    this.client = settings.client ?? apiClient;
    this.timing = { ...TIMING, ...settings.timing };
    this.random = settings.random ?? Math.random;
    this.limits = settings.limits ?? newLimits();
  }

  /**
   * Call onProgress with each newer snapshot of the crawl until it has ended.
   * The id may be of a crawl that has yet to start.  Returns a function that
   * stops this listener; the connection closes with the last one.
   */
  streamProgress(
    progressId: string,
    onProgress: (data: CrawlProgressData) => void,
    options: StreamProgressOptions = {},
  ): () => void {
    const listener: Listener = { onProgress, onConnection: options.onConnection };
    const known = this.streams.get(progressId);
    const stream = known ?? this.makeStream(progressId, options);
    stream.add(listener);
    if (!known) stream.open();
    return () => {
      stream.remove(listener);
      if (stream.size === 0) stream.close();
    };
  }

  /** Stop following this crawl; the crawl itself goes on. */
  disconnect(progressId: string): void {
    this.streams.get(progressId)?.close();
  }

  disconnectAll(): void {
    for (const stream of [...this.streams.values()]) stream.close();
  }

  /** The ids that are followed now. */
  active(): string[] {
    return [...this.streams.keys()];
  }

  /**
   * Start a crawl with the stream already in place, so that nothing of it is
   * missed.  The id is the request's own or a fresh one.  A crawl that is not
   * accepted leaves no stream behind.
   */
  async startCrawl(
    request: CrawlRequest,
    onProgress: (data: CrawlProgressData) => void,
    options: StreamProgressOptions = {},
  ): Promise<CrawlStarted> {
    const progressId = request.progress_id ?? newProgressId();
    const stop = this.streamProgress(progressId, onProgress, options);
    try {
      return await this.client.post<CrawlStarted>('/api/knowledge-items/crawl', { ...request, progress_id: progressId });
    } catch (e) {
      stop();
      throw e;
    }
  }

  /** Cancel the crawl.  What is stored stays. */
  async stopCrawl(progressId: string): Promise<void> {
    await this.client.post(`/api/knowledge-items/stop/${encodeURIComponent(progressId)}`);
  }

  /** Stop fetching; what is still to do is kept. */
  async pauseCrawl(progressId: string): Promise<void> {
    await this.client.post(`${path(progressId)}/pause`);
  }

  async resumeCrawl(progressId: string): Promise<void> {
    await this.client.post(`${path(progressId)}/resume`);
  }

  /** The same crawl once more, as it was asked for; the reply names its new id. */
  retryCrawl(progressId: string): Promise<CrawlStarted> {
    return this.client.post(`${path(progressId)}/retry`);
  }

  /** The addresses that failed, and why. */
  failures(progressId: string, query: { page?: number; per_page?: number } = {}, options?: RequestOptions): Promise<CrawlFailures> {
    return this.client.get(`${path(progressId)}/failures${queryString({ ...query })}`, options);
  }

  /** One snapshot, asked for once. */
  get(progressId: string, options?: RequestOptions): Promise<CrawlProgressData> {
    return this.client.get(path(progressId), options);
  }

  /** Crawls that run now; with `all`, the ended ones too. */
  list(query: { all?: boolean } = {}, options?: RequestOptions): Promise<OperationList> {
    return this.client.get(`/api/crawl-progress${queryString({ all: query.all ? 1 : undefined })}`, options);
  }

  private makeStream(progressId: string, options: StreamProgressOptions): ProgressStream {
    const url = this.client.url(path(progressId));
    const stream = new ProgressStream(
      progressId,
      { wsUrl: () => webSocketUrl(url), eventsUrl: () => url, pollUrl: () => url, timing: this.timing, random: this.random },
      options,
      this.limits,
      () => {
        if (this.streams.get(progressId) === stream) this.streams.delete(progressId);
      },
    );
    this.streams.set(progressId, stream);
    return stream;
  }
}

function path(progressId: string): string {
  return `/api/crawl-progress/${encodeURIComponent(progressId)}`;
}

export const crawlProgressService = new CrawlProgressService({ limits: pageLimits });
