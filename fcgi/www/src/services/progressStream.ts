/*
 * progressStream - one crawl's progress for any number of listeners, over the
 * best connection there is.
 *
 * The transports are rungs of a ladder: WebSocket, event stream, polling.  When a
 * rung is lost the next one below takes over, and the lost one is tried again in
 * the background; as soon as it speaks, everything below it is closed.  Two rungs
 * may be open for a moment, so snapshots are let through only when they are newer
 * than the last one: a listener never sees progress run backwards, nor the end twice.
 */
import { Backoff } from './backoff';
import { isTerminal, type CrawlProgressData } from './types';
import { overEventStream, overPolling, overWebSocket, type Close, type Target, type Transport } from './transports';

/** How the stream stands: over a socket or event stream, by polling, or over. */
export type ConnectionState = 'connecting' | 'live' | 'polling' | 'paused' | 'closed';

export interface Listener {
  onProgress: (data: CrawlProgressData) => void;
  onConnection?: ((state: ConnectionState) => void) | undefined;
}

export interface StreamOptions {
  autoReconnect: boolean;
  reconnectDelay: number;
  maxReconnectDelay: number;
}

/** What the streams of one service share. */
export interface Shared {
  /** Event streams now open: a browser opens six HTTP/1.1 connections to a host, no more. */
  eventStreams: number;
  /** No event stream is tried before this time (ms): the server does not offer them. */
  noEventStreamsBefore: number;
}

const EVENT_STREAMS_MAX = 3;
const EVENT_STREAM_RETRY = 5 * 60_000;
/** A dropped connection has this long to return before the next rung takes over. */
const GRACE = 1000;

const enum Rung {
  Socket,
  Events,
  Poll,
}
const TRANSPORTS: readonly Transport[] = [overWebSocket, overEventStream, overPolling];

export class ProgressStream {
  private readonly listeners = new Set<Listener>();
  private readonly target: Target;
  private readonly open: (Close | undefined)[] = [undefined, undefined, undefined];
  private readonly speaking = [false, false, false];
  private readonly timers: (ReturnType<typeof setTimeout> | undefined)[] = [undefined, undefined, undefined];
  private readonly backoffs: Backoff[];
  private last: CrawlProgressData | undefined;
  private state: ConnectionState = 'connecting';
  private ended = false;

  constructor(
    target: Omit<Target, 'lastSeq'>,
    private readonly options: StreamOptions,
    private readonly shared: Shared,
    private readonly onEnd: () => void,
  ) {
    this.target = { ...target, lastSeq: () => this.last?.seq };
    const { reconnectDelay: base, maxReconnectDelay: cap } = options;
    this.backoffs = [new Backoff(base, cap, target.random), new Backoff(Math.max(base, 5000), 60_000, target.random)];
  }

  get size(): number {
    return this.listeners.size;
  }

  /** A listener that comes late is told at once what is known. */
  add(listener: Listener): void {
    this.listeners.add(listener);
    listener.onConnection?.(this.state);
    if (this.last) listener.onProgress(this.last);
  }

  remove(listener: Listener): void {
    this.listeners.delete(listener);
  }

  start(): void {
    this.say('connecting');
    this.climb(Rung.Socket);
  }

  /** Close every connection but stay ready: nobody is looking. */
  pause(): void {
    if (this.ended) return;
    this.closeFrom(Rung.Socket);
    this.say('paused');
  }

  resume(): void {
    if (this.ended || this.state !== 'paused') return;
    this.backoffs.forEach((b) => b.reset());
    this.start();
  }

  /** The network is back: do not wait for the timer. */
  hurry(): void {
    if (this.ended || this.state === 'paused' || this.open[Rung.Socket] || !this.options.autoReconnect) return;
    this.backoffs[Rung.Socket]!.reset();
    this.climb(Rung.Socket);
  }

  /** Close for good.  Listeners hear nothing more but "closed". */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.closeFrom(Rung.Socket);
    this.say('closed');
    this.listeners.clear();
    this.onEnd();
  }

  private climb(rung: Rung): void {
    this.clear(rung);
    if (this.ended || this.open[rung]) return;
    if (rung === Rung.Events && !this.mayOpenEvents()) {
      this.climb(Rung.Poll);
      this.retry(Rung.Events);
      return;
    }
    this.speaking[rung] = false;
    if (rung === Rung.Events) this.shared.eventStreams++;
    const close = TRANSPORTS[rung]!(this.target, {
      alive: () => this.heard(rung),
      data: (snapshot) => this.take(snapshot),
      closed: (why) => this.lost(rung, why),
    });
    this.open[rung] = () => {
      if (rung === Rung.Events) this.shared.eventStreams--;
      close();
    };
    // Open but mute is as good as lost: the next rung need not wait for the watchdog.
    if (rung === Rung.Socket && this.options.autoReconnect) this.below(rung, 3 * GRACE);
  }

  private mayOpenEvents(): boolean {
    return this.shared.eventStreams < EVENT_STREAMS_MAX && Date.now() >= this.shared.noEventStreamsBefore;
  }

  private heard(rung: Rung): void {
    if (this.speaking[rung] || !this.open[rung]) return;
    this.speaking[rung] = true;
    this.backoffs[rung]?.reset();
    this.closeFrom(rung + 1);
    if (!this.speaking.slice(0, rung).includes(true)) this.say(rung === Rung.Poll ? 'polling' : 'live');
  }

  private take(snapshot: CrawlProgressData): void {
    if (this.ended || (snapshot.progressId !== undefined && snapshot.progressId !== this.target.progressId)) return;
    const over = isTerminal(snapshot.status);
    const { seq } = snapshot;
    if (!over && seq !== undefined && this.last?.seq !== undefined && seq <= this.last.seq) return;
    this.last = snapshot;
    for (const l of [...this.listeners]) {
      try {
        l.onProgress(snapshot);
      } catch (e) {
        // One listener's failure is its own; let it show, after the others had theirs.
        setTimeout(() => {
          throw e;
        });
      }
    }
    if (over) this.close();
  }

  private lost(rung: Rung, why: 'final' | 'lost' | 'refused'): void {
    const wasSpeaking = this.speaking[rung];
    if (rung === Rung.Events) this.shared.eventStreams--;
    this.open[rung] = undefined;
    this.speaking[rung] = false;
    if (this.ended) return;
    if (why === 'final' || !this.options.autoReconnect) return this.close();
    if (why === 'refused') this.shared.noEventStreamsBefore = Date.now() + EVENT_STREAM_RETRY;
    this.retry(rung);
    this.below(rung, wasSpeaking ? GRACE : 0);
    if (!this.speaking.includes(true)) this.say('connecting');
  }

  private retry(rung: Rung): void {
    this.clear(rung);
    const wait = this.backoffs[rung]!.next();
    this.timers[rung] = setTimeout(() => this.climb(rung), wait);
  }

  /** Let the next rung take over in so many ms, unless one below has already. */
  private below(rung: Rung, ms: number): void {
    const next = rung + 1;
    if (next > Rung.Poll || this.open.slice(next).some((o) => o)) return;
    this.clear(next);
    if (ms === 0) this.climb(next);
    else this.timers[next] = setTimeout(() => this.speaking[rung] || this.climb(next), ms);
  }

  private closeFrom(rung: number): void {
    for (let r = rung; r <= Rung.Poll; r++) {
      this.clear(r);
      const close = this.open[r];
      this.open[r] = undefined;
      this.speaking[r] = false;
      close?.();
    }
  }

  private clear(rung: number): void {
    clearTimeout(this.timers[rung]);
    this.timers[rung] = undefined;
  }

  private say(state: ConnectionState): void {
    if (state === this.state) return;
    this.state = state;
    for (const l of [...this.listeners]) l.onConnection?.(state);
  }
}
