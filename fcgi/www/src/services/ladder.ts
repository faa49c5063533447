/*
 * ladder - something that is heard live, over the best connection there is.
 *
 * The transports are rungs of a ladder: WebSocket, event stream, polling.  When a
 * rung is lost the next one below takes over, and the lost one is tried again in
 * the background; as soon as it speaks, everything below it is closed.  Two rungs
 * may be open for a moment, so who listens must know what it has heard already.
 * All rests while the tab is hidden.
 */
import { Backoff } from './backoff';
import { overEventStream, overPolling, overWebSocket, type Close, type Target, type Transport } from './transports';

/** How it stands: over a socket or event stream, by polling, resting, or over. */
export type ConnectionState = 'connecting' | 'live' | 'polling' | 'paused' | 'closed';

/** What every live stream of these services can be told. */
export interface LiveOptions {
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

/** What the ladders of one page share. */
export interface Limits {
  /** Event streams now open: a browser opens six HTTP/1.1 connections to a host, no more. */
  eventStreams: number;
  /** No event stream is tried before this time (ms): the server does not offer them. */
  noEventStreamsBefore: number;
}

export const newLimits = (): Limits => ({ eventStreams: 0, noEventStreamsBefore: 0 });
export const pageLimits: Limits = newLimits();

export interface LadderEvents {
  message: (message: object) => void;
  state: (state: ConnectionState) => void;
  /** Closed, by close() or because nothing more will come. */
  over: () => void;
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

export class Ladder {
  private readonly isOpen: (Close | undefined)[] = [undefined, undefined, undefined];
  private readonly speaking = [false, false, false];
  private readonly timers: (ReturnType<typeof setTimeout> | undefined)[] = [undefined, undefined, undefined];
  private readonly backoffs: Backoff[];
  private readonly autoReconnect: boolean;
  private state: ConnectionState = 'connecting';
  private ended = false;

  constructor(
    private readonly target: Target,
    options: LiveOptions,
    private readonly limits: Limits,
    private readonly events: LadderEvents,
  ) {
    this.autoReconnect = options.autoReconnect ?? true;
    const base = options.reconnectDelay ?? 1000;
    this.backoffs = [new Backoff(base, Math.max(30_000, base), target.random), new Backoff(Math.max(base, 5000), 60_000, target.random)];
  }

  get connection(): ConnectionState {
    return this.state;
  }

  open(): void {
    if (typeof document !== 'undefined') {
      document.addEventListener('visibilitychange', this.onVisibility);
      window.addEventListener('online', this.onOnline);
    }
    if (hidden()) this.pause();
    else this.start();
  }

  /** Close for good.  Nothing more is heard but "closed" and that it is over. */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    if (typeof document !== 'undefined') {
      document.removeEventListener('visibilitychange', this.onVisibility);
      window.removeEventListener('online', this.onOnline);
    }
    this.closeFrom(Rung.Socket);
    this.say('closed');
    this.events.over();
  }

  private start(): void {
    this.say('connecting');
    this.climb(Rung.Socket);
  }

  /** Close every connection but stay ready: nobody is looking. */
  private pause(): void {
    this.closeFrom(Rung.Socket);
    this.say('paused');
  }

  private readonly onVisibility = (): void => {
    if (hidden()) return this.pause();
    if (this.state !== 'paused') return;
    this.backoffs.forEach((b) => b.reset());
    this.start();
  };

  /** The network is back: do not wait for the timer. */
  private readonly onOnline = (): void => {
    if (this.state === 'paused' || this.isOpen[Rung.Socket] || !this.autoReconnect) return;
    this.backoffs[Rung.Socket]!.reset();
    this.climb(Rung.Socket);
  };

  private climb(rung: Rung): void {
    this.clear(rung);
    if (this.ended || this.isOpen[rung]) return;
    if (rung === Rung.Events && !this.mayOpenEvents()) {
      this.climb(Rung.Poll);
      this.retry(Rung.Events);
      return;
    }
    this.speaking[rung] = false;
    if (rung === Rung.Events) this.limits.eventStreams++;
    const close = TRANSPORTS[rung]!(this.target, {
      alive: () => this.heard(rung),
      message: (message) => this.ended || this.events.message(message),
      closed: (why) => this.lost(rung, why),
    });
    this.isOpen[rung] = () => {
      if (rung === Rung.Events) this.limits.eventStreams--;
      close();
    };
    // Open but mute is as good as lost: the next rung need not wait for the watchdog.
    if (rung === Rung.Socket && this.autoReconnect) this.below(rung, 3 * GRACE);
  }

  private mayOpenEvents(): boolean {
    return this.limits.eventStreams < EVENT_STREAMS_MAX && Date.now() >= this.limits.noEventStreamsBefore;
  }

  private heard(rung: Rung): void {
    if (this.speaking[rung] || !this.isOpen[rung]) return;
    this.speaking[rung] = true;
    this.backoffs[rung]?.reset();
    this.closeFrom(rung + 1);
    if (!this.speaking.slice(0, rung).includes(true)) this.say(rung === Rung.Poll ? 'polling' : 'live');
  }

  private lost(rung: Rung, why: 'final' | 'lost' | 'refused'): void {
    const wasSpeaking = this.speaking[rung];
    if (rung === Rung.Events) this.limits.eventStreams--;
    this.isOpen[rung] = undefined;
    this.speaking[rung] = false;
    if (this.ended) return;
    if (why === 'final' || !this.autoReconnect) return this.close();
    if (why === 'refused') this.limits.noEventStreamsBefore = Date.now() + EVENT_STREAM_RETRY;
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
    if (next > Rung.Poll || this.isOpen.slice(next).some((o) => o)) return;
    this.clear(next);
    if (ms === 0) this.climb(next);
    else this.timers[next] = setTimeout(() => this.speaking[rung] || this.climb(next), ms);
  }

  private closeFrom(rung: number): void {
    for (let r = rung; r <= Rung.Poll; r++) {
      this.clear(r);
      const close = this.isOpen[r];
      this.isOpen[r] = undefined;
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
    this.events.state(state);
  }
}

function hidden(): boolean {
  return typeof document !== 'undefined' && document.visibilityState === 'hidden';
}
