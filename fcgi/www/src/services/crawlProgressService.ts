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
import { ProgressStream, type ConnectionState, type Listener, type Shared } from './progressStream';
import type { Timing } from './transports';
import type { CrawlProgressData, CrawlRequest, CrawlStarted, OperationList } from './types';

export type { ConnectionState };

export interface StreamProgressOptions {
  /**
   * Go on after a lost connection, by other means if need be (true).  With
   * false there is one WebSocket, and the stream ends with it.
   */
  autoReconnect?: boolean;
  /** Milliseconds before the first try to reconnect (1000); doubled, with jitter, up to 30 s. */
  reconnectDelay?: number;
  /** Told how the connection stands, for those who want to show it. */
  onConnection?: (state: ConnectionState) => void;
}

export interface ServiceSettings {
  client?: ApiClient;
  timing?: Partial<Timing>;
  random?: () => number;
}

const TIMING: Timing = { connect: 10_000, silence: 35_000, answer: 10_000, poll: 1000, waiting: 600_000 };

export class CrawlProgressService {
  private readonly streams = new Map<string, ProgressStream>();
  private readonly shared: Shared = { eventStreams: 0, noEventStreamsBefore: 0 };
  private readonly client: ApiClient;
  private readonly timing: Timing;
  private readonly random: () => number;
  private watching = false;

  constructor(settings: ServiceSettings = {}) {
    this.client = settings.client ?? apiClient;
    this.timing = { ...TIMING, ...settings.timing };
    this.random = settings.random ?? Math.random;
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
    let stream = this.streams.get(progressId);
    const isNew = !stream;
    stream ??= this.makeStream(progressId, options);
    stream.add(listener);
    if (isNew) {
      if (hidden()) stream.pause();
      else stream.start();
    }
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

  /** One snapshot, asked for once. */
  get(progressId: string, options?: RequestOptions): Promise<CrawlProgressData> {
    return this.client.get(path(progressId), options);
  }

  /** Crawls that run now; with `all`, the ended ones too. */
  list(query: { all?: boolean } = {}, options?: RequestOptions): Promise<OperationList> {
    return this.client.get(`/api/crawl-progress${queryString({ all: query.all ? 1 : undefined })}`, options);
  }

  private makeStream(progressId: string, options: StreamProgressOptions): ProgressStream {
    const httpUrl = this.client.url(path(progressId));
    const stream = new ProgressStream(
      { progressId, httpUrl, wsUrl: webSocketUrl(httpUrl), timing: this.timing, random: this.random },
      {
        autoReconnect: options.autoReconnect ?? true,
        reconnectDelay: options.reconnectDelay ?? 1000,
        maxReconnectDelay: Math.max(30_000, options.reconnectDelay ?? 0),
      },
      this.shared,
      () => {
        if (this.streams.get(progressId) === stream) this.streams.delete(progressId);
        if (this.streams.size === 0) this.watch(false);
      },
    );
    this.streams.set(progressId, stream);
    this.watch(true);
    return stream;
  }

  /** While there are streams: rest when the tab is hidden, wake when it is seen or the network returns. */
  private watch(on: boolean): void {
    if (on === this.watching || typeof document === 'undefined') return;
    this.watching = on;
    const change = on ? 'addEventListener' : 'removeEventListener';
    document[change]('visibilitychange', this.onVisibility);
    window[change]('online', this.onOnline);
  }

  private readonly onVisibility = (): void => {
    for (const stream of [...this.streams.values()]) {
      if (hidden()) stream.pause();
      else stream.resume();
    }
  };

  private readonly onOnline = (): void => {
    for (const stream of this.streams.values()) stream.hurry();
  };
}

function path(progressId: string): string {
  return `/api/crawl-progress/${encodeURIComponent(progressId)}`;
}

function hidden(): boolean {
  return typeof document !== 'undefined' && document.visibilityState === 'hidden';
}

/** The same place by WebSocket: http becomes ws, https wss. */
export function webSocketUrl(httpUrl: string): string {
  const url = new URL(httpUrl, typeof location === 'undefined' ? undefined : location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

export const crawlProgressService = new CrawlProgressService();
