/*
 * A scripted server: WebSockets and fetch as the services see them, each
 * answer given by the test.
 */
import { vi } from 'vitest';
import type { CrawlProgressData } from '../src/services/types';

export class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: unknown }) => void) | null = null;
  onclose: ((e: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  /** The code the client closed with. */
  closedWith: number | undefined;
  sent: string[] = [];

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(text);
  }

  close(code?: number): void {
    this.closedWith = code ?? 1005;
  }

  // What the server does:

  accept(): this {
    this.onopen?.();
    return this;
  }

  say(message: unknown): this {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
    return this;
  }

  progress(part: Partial<CrawlProgressData>): this {
    const data = snapshot(part);
    return this.say({ type: data.status === 'completed' ? 'crawl_completed' : 'crawl_progress', data });
  }

  drop(code: number): this {
    if (code === 1006) this.onerror?.();
    this.onclose?.({ code });
    return this;
  }
}

export function snapshot(part: Partial<CrawlProgressData>): CrawlProgressData {
  return { progressId: 'crawl-1', status: 'crawling', percentage: 10, seq: 1, ...part };
}

export interface Call {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
  signal: AbortSignal | undefined;
  keepalive: boolean;
}

type Answer = Response | Error | 'hang';

export class FakeServer {
  sockets: FakeSocket[] = [];
  calls: Call[] = [];
  /** What happened, in order: "socket URL", "GET path" ... */
  history: string[] = [];
  /** Answers to requests; the test replaces it. */
  answer: (call: Call) => Answer = () => new Response('{"error":"No such crawl."}', { status: 404 });

  constructor() {
    const server = this;
    vi.stubGlobal(
      'WebSocket',
      class extends FakeSocket {
        constructor(url: string) {
          super(url);
          server.sockets.push(this);
          server.history.push(`socket ${new URL(url).pathname}`);
        }
      },
    );
    vi.stubGlobal('fetch', (input: string, init: RequestInit = {}) => this.fetch(input, init));
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  polls(): Call[] {
    return this.calls.filter((c) => c.headers['Accept'] === 'application/json' && c.method === 'GET');
  }

  eventStreams(): Call[] {
    return this.calls.filter((c) => c.headers['Accept'] === 'text/event-stream');
  }

  private fetch(input: string, init: RequestInit): Promise<Response> {
    const call: Call = {
      method: init.method ?? 'GET',
      path: input,
      headers: (init.headers ?? {}) as Record<string, string>,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
      signal: init.signal ?? undefined,
      keepalive: init.keepalive ?? false,
    };
    this.calls.push(call);
    this.history.push(`${call.method} ${call.path}`);
    const answer = this.answer(call);
    if (answer instanceof Error) return Promise.reject(answer);
    if (answer === 'hang') {
      return new Promise((_, reject) =>
        call.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))),
      );
    }
    return Promise.resolve(answer);
  }
}

/** An XMLHttpRequest that sends a form, answered by the test. */
export class FakeUpload {
  upload: { onprogress?: (e: { lengthComputable: boolean; loaded: number; total: number }) => void } = {};
  onload: (() => void) | undefined;
  onerror: (() => void) | undefined;
  onabort: (() => void) | undefined;
  status = 0;
  responseText = '';
  method = '';
  url = '';
  form: FormData | undefined;
  aborted = false;

  /** In the place of the browser's; those that were made, in order. */
  static install(): FakeUpload[] {
    const made: FakeUpload[] = [];
    vi.stubGlobal(
      'XMLHttpRequest',
      class extends FakeUpload {
        constructor() {
          super();
          made.push(this);
        }
      },
    );
    return made;
  }

  open(method: string, url: string): void {
    [this.method, this.url] = [method, url];
  }

  setRequestHeader(): void {}

  getResponseHeader(): null {
    return null;
  }

  send(form: FormData): void {
    this.form = form;
  }

  abort(): void {
    this.aborted = true;
    this.onabort?.();
  }

  progress(loaded: number, total: number): this {
    this.upload.onprogress?.({ lengthComputable: true, loaded, total });
    return this;
  }

  reply(status: number, body: unknown): void {
    this.status = status;
    this.responseText = typeof body === 'string' ? body : JSON.stringify(body);
    this.onload?.();
  }
}

export function json(body: unknown, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });
}

/** An event stream the test writes to. */
export function eventStream(): { reply: Response; write: (text: string) => void; end: () => void } {
  let sink: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (c) => void (sink = c) });
  return {
    reply: new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }),
    write: (text) => sink.enqueue(new TextEncoder().encode(text)),
    end: () => sink.close(),
  };
}

/** Show or hide the tab. */
export function setVisible(visible: boolean): void {
  Object.defineProperty(document, 'visibilityState', { value: visible ? 'visible' : 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}
