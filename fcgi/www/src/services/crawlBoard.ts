/*
 * crawlBoard - the crawls a page shows: those it started and those it found
 * running on the server (after a reload, or started elsewhere), each followed
 * live.  Usable with any view: subscribe(), then read crawls().
 */
import { ApiError, isAbort } from './apiClient';
import { crawlProgressService, type ConnectionState, type CrawlProgressService } from './crawlProgressService';
import { knowledgeItemsService, type KnowledgeItemsService } from './knowledgeItemsService';
import { newProgressId } from './progressId';
import { isTerminal, type CrawlProgressData, type CrawlRequest, type UploadOptions, type UploadStarted } from './types';

export interface TrackedCrawl {
  id: string;
  data: CrawlProgressData;
  connection: ConnectionState;
  /** What was asked for and has not happened yet. */
  asked: 'cancel' | 'pause' | 'resume' | undefined;
  /** How much of a document is sent, 0-1; undefined when all is, and for crawls. */
  sent: number | undefined;
  /** What this page sent to start it; unknown for crawls it found. */
  request: CrawlRequest | undefined;
}

export interface BoardEvents {
  /** Called once for each crawl that ends while it is on the board. */
  onEnd?: (crawl: TrackedCrawl) => void;
  /** Finding running crawls failed (a sentence), or works again (undefined). */
  onTrouble?: (error: unknown) => void;
}

export interface BoardSettings {
  service?: CrawlProgressService;
  items?: KnowledgeItemsService;
  /** Milliseconds a completed crawl stays to be seen. */
  linger?: number;
  /** Milliseconds between looks at the server's list. */
  lookEvery?: number;
  /** How changes are bundled: called with what to do soon. */
  schedule?: (flush: () => void) => void;
}

const CALM = { asked: undefined, sent: undefined } as const;

export class CrawlBoard {
  private readonly service: CrawlProgressService;
  private readonly items: KnowledgeItemsService;
  private readonly linger: number;
  private readonly lookEvery: number;
  private readonly schedule: (flush: () => void) => void;
  private readonly subscribers = new Set<() => void>();
  private readonly watchers = new Set<BoardEvents>();
  private readonly tracked = new Map<string, TrackedCrawl>();
  private readonly stops = new Map<string, () => void>();
  /** Dismissed or completed: the server's list, a little late, must not bring them back. */
  private readonly gone = new Set<string>();
  private view: readonly TrackedCrawl[] = [];
  private flushing = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private looking: AbortController | undefined;
  private running = false;

  constructor(settings: BoardSettings = {}) {
    this.service = settings.service ?? crawlProgressService;
    this.items = settings.items ?? knowledgeItemsService;
    this.linger = settings.linger ?? 2000;
    this.lookEvery = settings.lookEvery ?? 4000;
    this.schedule = settings.schedule ?? ((flush) => void setTimeout(flush, 50));
  }

  /** The crawls, in the order they came.  The same array until something changes. */
  readonly crawls = (): readonly TrackedCrawl[] => this.view;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.subscribers.add(changed);
    return () => this.subscribers.delete(changed);
  };

  watch(events: BoardEvents): () => void {
    this.watchers.add(events);
    return () => this.watchers.delete(events);
  }

  /** Begin to look for running crawls.  The returned function ends it and closes every stream. */
  open(): () => void {
    this.running = true;
    document.addEventListener('visibilitychange', this.onVisibility);
    void this.look();
    return () => {
      this.running = false;
      document.removeEventListener('visibilitychange', this.onVisibility);
      clearTimeout(this.timer);
      this.looking?.abort();
      this.tracked.clear();
      for (const stop of this.stops.values()) stop();
      this.stops.clear();
      this.changed();
    };
  }

  /** Start a crawl; its card is there at once.  Rejects, and leaves no card, when it was not accepted. */
  async start(request: CrawlRequest, instead?: string): Promise<void> {
    const id = newProgressId();
    const asked: CrawlRequest = { ...request };
    delete asked.progress_id;
    const first: CrawlProgressData = { progressId: id, status: 'starting', percentage: 0, url: request.url };
    const old = instead === undefined ? undefined : this.tracked.get(instead);
    this.put({ id, data: first, connection: 'connecting', ...CALM, request: asked }, instead);
    try {
      await this.service.startCrawl(
        { ...asked, progress_id: id },
        (data) => this.take(id, data),
        { onConnection: (connection) => this.connection(id, connection) },
      );
      const stop = () => this.service.disconnect(id);
      if (this.tracked.has(id)) this.stops.set(id, stop);
      else stop(); // the board was closed meanwhile
    } catch (e) {
      if (old) this.put(old, id);
      else this.remove(id);
      throw e;
    }
  }

  /**
   * Hand a document over; its card is there at once, and shows how much is sent.
   * Rejects, and leaves no card, when it was not accepted; nor has one that is
   * known already a card.
   */
  async upload(file: File, fields: UploadOptions = {}): Promise<UploadStarted> {
    const id = newProgressId();
    const stop = new AbortController();
    const first: CrawlProgressData = { progressId: id, status: 'starting', percentage: 0, kind: 'upload', fileName: file.name };
    this.put({ id, data: first, connection: 'connecting', ...CALM, sent: 0, request: undefined });
    this.stops.set(id, () => stop.abort());
    try {
      const reply = await this.items.upload(file, { ...fields, progress_id: id }, { onSent: (sent) => this.change(id, { sent }), signal: stop.signal });
      if (reply.duplicate || !this.tracked.has(id)) this.remove(id);
      else this.listen(id);
      this.change(id, { sent: undefined });
      return reply;
    } catch (e) {
      this.remove(id);
      throw e;
    }
  }

  /** Show a crawl that was started elsewhere, from what is known of it. */
  follow(data: CrawlProgressData): void {
    this.find(data);
  }

  /** The same crawl again, in the place of the old card. */
  async retry(id: string): Promise<void> {
    const old = this.tracked.get(id);
    if (!old) return;
    try {
      const { progressId } = await this.service.retryCrawl(id);
      const { url, fileName, kind } = old.data;
      const data: CrawlProgressData = { progressId, status: 'starting', percentage: 0, ...(url ? { url } : {}), ...(fileName ? { fileName } : {}), ...(kind ? { kind } : {}) };
      this.put({ id: progressId, data, connection: 'connecting', ...CALM, request: old.request }, id);
      this.listen(progressId);
    } catch (e) {
      // The server does not know it any more; what it was asked is known here.
      if (!(e instanceof ApiError && e.status === 404 && old.request)) throw e;
      await this.start(old.request, id);
    }
  }

  cancel(id: string): Promise<void> {
    if (this.tracked.get(id)?.sent !== undefined) return Promise.resolve(this.remove(id));
    return this.ask(id, 'cancel', () => this.service.stopCrawl(id));
  }

  pause(id: string): Promise<void> {
    return this.ask(id, 'pause', () => this.service.pauseCrawl(id));
  }

  resume(id: string): Promise<void> {
    return this.ask(id, 'resume', () => this.service.resumeCrawl(id));
  }

  private async ask(id: string, asked: TrackedCrawl['asked'], send: () => Promise<void>): Promise<void> {
    this.change(id, { asked });
    try {
      await send();
    } catch (e) {
      this.change(id, { asked: undefined });
      throw e;
    }
  }

  /** Take an ended crawl's card away. */
  dismiss(id: string): void {
    this.gone.add(id);
    this.remove(id);
  }

  /** Look at the server's list now. */
  readonly look = async (): Promise<void> => {
    clearTimeout(this.timer);
    if (!this.running || document.visibilityState === 'hidden') return;
    this.looking?.abort();
    const mine = (this.looking = new AbortController());
    try {
      const { operations } = await this.service.list({}, { signal: mine.signal });
      for (const data of operations) if (!isTerminal(data.status)) this.find(data);
      this.watchers.forEach((w) => w.onTrouble?.(undefined));
    } catch (e) {
      if (mine.signal.aborted || isAbort(e)) return;
      this.watchers.forEach((w) => w.onTrouble?.(e));
    }
    if (this.running) this.timer = setTimeout(() => void this.look(), this.lookEvery);
  };

  private readonly onVisibility = (): void => void this.look();

  private find(data: CrawlProgressData): void {
    const id = data.progressId;
    if (!id || this.tracked.has(id) || this.gone.has(id)) return;
    this.put({ id, data, connection: 'connecting', ...CALM, request: undefined });
    this.listen(id);
  }

  /** Follow it, once. */
  private listen(id: string): void {
    if (this.service.active().includes(id) && this.stops.has(id)) return;
    const stop = this.service.streamProgress(id, (d) => this.take(id, d), {
      onConnection: (connection) => this.connection(id, connection),
    });
    if (this.tracked.has(id)) this.stops.set(id, stop);
    else stop();
  }

  private take(id: string, data: CrawlProgressData): void {
    const crawl = this.tracked.get(id);
    if (!crawl || isTerminal(crawl.data.status)) return;
    // What was asked for shows in the status; a cancel until the end.
    const { asked } = crawl;
    const done = (asked === 'pause' && data.status === 'paused') || (asked === 'resume' && data.status !== 'paused');
    this.change(id, { data, asked: done ? undefined : asked });
    if (!isTerminal(data.status)) return;
    this.gone.add(id);
    this.stops.delete(id);
    const ended = this.tracked.get(id)!;
    this.watchers.forEach((w) => w.onEnd?.(ended));
    if (data.status === 'completed') setTimeout(() => this.remove(id), this.linger);
  }

  private connection(id: string, connection: ConnectionState): void {
    const crawl = this.tracked.get(id);
    if (connection === 'closed' && crawl && !isTerminal(crawl.data.status)) {
      const error = 'The server does not know this crawl any more.';
      this.take(id, { ...crawl.data, status: 'error', error, errorCode: 'gone' });
    }
    this.change(id, { connection });
  }

  private change(id: string, part: Partial<TrackedCrawl>): void {
    const crawl = this.tracked.get(id);
    if (!crawl) return;
    this.tracked.set(id, { ...crawl, ...part });
    this.changed();
  }

  /** Add a card, or put it in the place of another. */
  private put(crawl: TrackedCrawl, instead?: string): void {
    if (instead !== undefined && this.tracked.has(instead)) {
      const all = [...this.tracked.values()];
      this.tracked.clear();
      for (const c of all) {
        const now = c.id === instead ? crawl : c;
        this.tracked.set(now.id, now);
      }
      this.stops.delete(instead);
    } else {
      this.tracked.set(crawl.id, crawl);
    }
    this.changed();
  }

  private remove(id: string): void {
    if (this.tracked.delete(id)) this.changed();
    this.stops.get(id)?.();
    this.stops.delete(id);
  }

  /** Many crawls change many times a second; the view is made once for all of it. */
  private changed(): void {
    if (this.flushing) return;
    this.flushing = true;
    this.schedule(() => {
      this.flushing = false;
      this.view = [...this.tracked.values()];
      this.subscribers.forEach((s) => s());
    });
  }
}
