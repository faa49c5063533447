/*
 * transports - three ways to hear the same: a WebSocket, an event stream, and
 * plain polling.  Each opens at once, tells its sink what it hears, and returns a
 * function that closes it for good: after that the sink hears nothing more.
 */

/** Where it is heard.  The addresses are asked for at each try: they may hold a place to go on from. */
export interface Target {
  wsUrl: () => string;
  eventsUrl: () => string;
  pollUrl: () => string;
  /** It may have nothing to say for long: that it is open is sign of life enough. */
  quiet?: boolean;
  /** For Last-Event-ID: the newest seq the caller has seen. */
  lastSeq: () => number | undefined;
  timing: Timing;
  random: () => number;
}

/** All in milliseconds. */
export interface Timing {
  /** A connection that is not open after this is given up. */
  connect: number;
  /** Silence after which the peer is asked for a sign of life. */
  silence: number;
  /** How long it has to give one. */
  answer: number;
  /** Between polls, unless the server names another. */
  poll: number;
  /** How long polling waits for what is not there yet. */
  waiting: number;
}

export const TIMING: Timing = { connect: 10_000, silence: 35_000, answer: 10_000, poll: 1000, waiting: 600_000 };

export interface Sink {
  /** The connection works: something came, if only "waiting". */
  alive: () => void;
  /** One message: an object or array; what it means is the caller's to know. */
  message: (message: object) => void;
  /**
   * The connection is over by itself.  "final": nothing more will ever come;
   * "lost": try again; "refused": this server does not offer this way.
   */
  closed: (why: 'final' | 'lost' | 'refused') => void;
}

export type Close = () => void;
export type Transport = (target: Target, sink: Sink) => Close;

/** Feeds one message, as text, to the sink.  What is not JSON is skipped. */
function deliver(text: string, sink: Sink): void {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return;
  }
  if (typeof message === 'object' && message !== null) sink.message(message);
}

/** The same place by WebSocket: http becomes ws, https wss. */
export function webSocketUrl(httpUrl: string): string {
  const url = new URL(httpUrl, typeof location === 'undefined' ? undefined : location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** Calls `onSilent` when `heard` was not called for so long. */
class Watchdog {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ms: () => number,
    private readonly onSilent: () => void,
  ) {
    this.heard();
  }

  heard(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.onSilent, this.ms());
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

// -- WebSocket -----------------------------------------------------------------

export const overWebSocket: Transport = (target, sink) => {
  const { timing } = target;
  let open = false;
  let asked = false;
  let ws: WebSocket;

  const leave = (code: number) => {
    dog.stop();
    ws.onmessage = ws.onclose = ws.onerror = null;
    // Closing a socket that is still connecting is an error in the console.
    if (open) close(code);
    else ws.onopen = () => close(code);
  };
  const close = (code: number) => {
    try {
      ws.close(code);
    } catch {
      // closed already
    }
  };
  const lost = () => {
    leave(4000);
    sink.closed('lost');
  };
  const dog = new Watchdog(
    () => (!open ? timing.connect : asked ? timing.answer : timing.silence),
    () => {
      if (!open || asked) return lost();
      asked = true;
      dog.heard();
      try {
        ws.send('{"type":"ping"}');
      } catch {
        lost();
      }
    },
  );

  try {
    ws = new WebSocket(target.wsUrl());
  } catch {
    // No WebSocket here, or a policy against it.
    dog.stop();
    const timer = setTimeout(() => sink.closed('lost'));
    return () => clearTimeout(timer);
  }
  ws.onopen = () => {
    open = true;
    dog.heard();
    if (target.quiet) sink.alive();
  };
  ws.onmessage = (event: MessageEvent) => {
    open = true;
    asked = false;
    dog.heard();
    sink.alive();
    if (typeof event.data === 'string') deliver(event.data, sink);
  };
  ws.onerror = () => {
    // onclose follows and says how it ended
  };
  ws.onclose = (event: CloseEvent) => {
    open = true; // nothing is left to close
    dog.stop();
    ws.onmessage = ws.onclose = ws.onerror = null;
    sink.closed(event.code === 1000 ? 'final' : 'lost');
  };
  return () => leave(1000);
};

// -- event stream --------------------------------------------------------------

/** Lines of an event stream in, the data of whole events out. */
export class EventStreamParser {
  private rest = '';
  private lines: string[] = [];

  constructor(private readonly onEvent: (data: string) => void) {}

  push(text: string): void {
    const parts = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = parts.pop() ?? '';
    for (const line of parts) {
      if (line === '') {
        if (this.lines.length) this.onEvent(this.lines.join('\n'));
        this.lines = [];
      } else if (line.startsWith('data:')) {
        this.lines.push(line.slice(line[5] === ' ' ? 6 : 5));
      } // comments, ids and names carry nothing we do not have in the data
    }
  }
}

/*
 * By fetch rather than EventSource: a server that answers with plain JSON is
 * then no error but a snapshot, and we choose when to try again.
 */
export const overEventStream: Transport = (target, sink) => {
  const stop = new AbortController();
  let done = false;
  const end = (why: 'final' | 'lost' | 'refused') => {
    if (done) return;
    done = true;
    dog.stop();
    stop.abort();
    sink.closed(why);
  };
  let open = false;
  const dog = new Watchdog(
    () => (open ? target.timing.silence + target.timing.answer : target.timing.connect),
    () => end('lost'),
  );

  const run = async () => {
    const seq = target.lastSeq();
    const reply = await fetch(target.eventsUrl(), {
      headers: { Accept: 'text/event-stream', ...(seq === undefined ? {} : { 'Last-Event-ID': String(seq) }) },
      cache: 'no-store',
      signal: stop.signal,
    });
    const type = reply.headers.get('Content-Type') ?? '';
    if (!reply.ok || !type.startsWith('text/event-stream') || !reply.body) {
      if (reply.ok && type.startsWith('application/json')) deliver(await reply.text(), sink);
      return end(reply.status >= 500 ? 'lost' : 'refused');
    }
    open = true;
    if (target.quiet) sink.alive();
    const parser = new EventStreamParser((data) => {
      if (!done) deliver(data, sink);
    });
    const decoder = new TextDecoder();
    const reader = reply.body.getReader();
    for (;;) {
      const { value, done: over } = await reader.read();
      if (done) return;
      if (over) return end('lost');
      dog.heard();
      sink.alive();
      parser.push(decoder.decode(value, { stream: true }));
    }
  };
  run().catch(() => end('lost'));
  return () => {
    done = true;
    dog.stop();
    stop.abort();
  };
};

// -- polling -------------------------------------------------------------------

/** What was there and is not found so many times in a row is gone. */
const MISSING_MAX = 5;

export const overPolling: Transport = (target, sink) => {
  const { timing } = target;
  const stop = new AbortController();
  const since = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let etag: string | undefined;
  let seen = target.lastSeq() !== undefined;
  let failures = 0;
  let missing = 0;

  const again = (ms: number) => {
    if (!stop.signal.aborted) timer = setTimeout(poll, ms);
  };
  const once = async (): Promise<void> => {
    const limit = new AbortController();
    const give = () => limit.abort();
    stop.signal.addEventListener('abort', give);
    const late = setTimeout(give, timing.connect);
    try {
      const reply = await fetch(target.pollUrl(), {
        headers: { Accept: 'application/json', ...(etag ? { 'If-None-Match': etag } : {}) },
        cache: 'no-store',
        signal: limit.signal,
      });
      if (stop.signal.aborted) return;
      if (reply.status === 404) {
        // Not there yet; or no longer, if it is said more than in passing.
        missing++;
        if (seen ? missing >= MISSING_MAX : Date.now() - since > timing.waiting) return sink.closed('final');
        if (!seen) sink.alive();
        return again(timing.poll);
      }
      if (!reply.ok && reply.status !== 304) throw new Error(`HTTP ${reply.status}`);
      failures = missing = 0;
      const named = Number(reply.headers.get('X-Poll-Interval') ?? NaN);
      sink.alive();
      if (reply.status !== 304) {
        const text = await reply.text();
        if (stop.signal.aborted) return;
        etag = reply.headers.get('ETag') ?? undefined;
        seen = true;
        deliver(text, sink);
      }
      again(named > 0 ? named : timing.poll);
    } finally {
      clearTimeout(late);
      stop.signal.removeEventListener('abort', give);
    }
  };
  const poll = () => {
    once().catch(() => {
      failures = Math.min(failures + 1, 6);
      const step = timing.poll * 2 ** (failures - 1);
      again(step / 2 + (step / 2) * target.random());
    });
  };
  poll();
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
};
