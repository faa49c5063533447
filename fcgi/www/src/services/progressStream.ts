/*
 * progressStream - one crawl's progress for any number of listeners.  Whatever
 * connections bring it (ladder.ts), a listener never sees progress run backwards,
 * nor the end twice.
 */
import { Ladder, type ConnectionState, type Limits, type LiveOptions } from './ladder';
import type { Target } from './transports';
import { isTerminal, type CrawlProgressData } from './types';

export interface Listener {
  onProgress: (data: CrawlProgressData) => void;
  onConnection?: ((state: ConnectionState) => void) | undefined;
}

export class ProgressStream {
  private readonly listeners = new Set<Listener>();
  private readonly ladder: Ladder;
  private last: CrawlProgressData | undefined;

  constructor(
    private readonly progressId: string,
    target: Omit<Target, 'lastSeq'>,
    options: LiveOptions,
    limits: Limits,
    onEnd: () => void,
  ) {
    this.ladder = new Ladder({ ...target, lastSeq: () => this.last?.seq }, options, limits, {
      message: (message) => {
        const snapshot = snapshotIn(message);
        if (snapshot) this.take(snapshot);
      },
      state: (state) => [...this.listeners].forEach((l) => l.onConnection?.(state)),
      over: () => {
        this.listeners.clear();
        onEnd();
      },
    });
  }

  get size(): number {
    return this.listeners.size;
  }

  /** A listener that comes late is told at once what is known. */
  add(listener: Listener): void {
    this.listeners.add(listener);
    listener.onConnection?.(this.ladder.connection);
    if (this.last) listener.onProgress(this.last);
  }

  remove(listener: Listener): void {
    this.listeners.delete(listener);
  }

  open(): void {
    this.ladder.open();
  }

  close(): void {
    this.ladder.close();
  }

  private take(snapshot: CrawlProgressData): void {
    if (snapshot.progressId !== undefined && snapshot.progressId !== this.progressId) return;
    const over = isTerminal(snapshot.status);
    const { seq } = snapshot;
    if (!over && seq !== undefined && this.last?.seq !== undefined && seq <= this.last.seq) return;
    this.last = snapshot;
    tellAll([...this.listeners].map((l) => () => l.onProgress(snapshot)));
    if (over) this.close();
  }
}

/** One listener's failure is its own: it shows, after the others had theirs. */
function tellAll(calls: (() => void)[]): void {
  for (const call of calls) {
    try {
      call();
    } catch (e) {
      setTimeout(() => {
        throw e;
      });
    }
  }
}

/** The snapshot in a message, or undefined: pings, "waiting", types of a later server. */
function snapshotIn(message: object): CrawlProgressData | undefined {
  const { type, data } = message as { type?: unknown; data?: unknown };
  if (type === 'crawl_progress' || type === 'crawl_completed') {
    return typeof data === 'object' && data !== null ? (data as CrawlProgressData) : undefined;
  }
  return type === undefined && 'progressId' in message ? (message as CrawlProgressData) : undefined;
}
