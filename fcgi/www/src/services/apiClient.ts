/*
 * apiClient - JSON over fetch.  Every failure is an ApiError whose message a
 * person can act on; a reply that is not what it should be is a failure too.
 */

export class ApiError extends Error {
  /** HTTP status; 0 when no reply came. */
  readonly status: number;
  /** The server's stable word for what went wrong, or "network". */
  readonly code: string;
  /** The member of the request at fault, if the server named one. */
  readonly field: string | undefined;
  /** Seconds the server asked to wait before trying again. */
  readonly retryAfter: number | undefined;

  constructor(message: string, init: { status?: number; code?: string; field?: string; retryAfter?: number } = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = init.status ?? 0;
    this.code = init.code ?? 'unknown';
    this.field = init.field;
    this.retryAfter = init.retryAfter;
  }
}

export interface RequestOptions {
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** Failure statuses whose body is wanted all the same. */
  accept?: number[];
  /** Give up after so many milliseconds (30 s). */
  timeout?: number;
  /** Sent even though the page is being left. */
  keepalive?: boolean;
}

export type QueryValue = string | number | boolean | string[] | undefined;

/** `?a=1&b=x,y`, without what is undefined or empty. */
export function queryString(query: Record<string, QueryValue>): string {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const text = Array.isArray(value) ? value.join(',') : value;
    if (text !== undefined && text !== '') out.set(name, String(text));
  }
  const text = out.toString();
  return text ? `?${text}` : '';
}

/** What a failed reply says, whatever its shape. */
export async function errorFrom(reply: Response): Promise<ApiError> {
  let body: unknown;
  try {
    body = await reply.json();
  } catch {
    body = undefined; // not JSON: a proxy's own page
  }
  return errorOf(reply.status, body, reply.headers.get('Retry-After'));
}

/** The same from what is known of it: the body undefined when it was no JSON. */
export function errorOf(status: number, body: unknown, retryAfter: string | null): ApiError {
  const o = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const detail = o['detail'];
  const nested = typeof detail === 'object' && detail !== null ? (detail as Record<string, unknown>)['error'] : detail;
  const sentence = [o['error'], nested].find((s): s is string => typeof s === 'string' && s !== '');
  const wait = Number.parseInt(retryAfter ?? '', 10);
  return new ApiError(sentence ?? plainReason(status), {
    status,
    code: typeof o['code'] === 'string' ? o['code'] : `http_${status}`,
    ...(typeof o['field'] === 'string' ? { field: o['field'] } : {}),
    ...(Number.isNaN(wait) ? {} : { retryAfter: wait }),
  });
}

function plainReason(status: number): string {
  if (status === 502 || status === 503 || status === 504) return 'archon is not answering just now. Try again in a moment.';
  if (status === 413) return 'That is larger than the server accepts.';
  if (status === 401 || status === 403) return 'You are not allowed to do this here.';
  return `The server answered with an error (${status}).`;
}

export class ApiClient {
  /** Told whenever the server wants to know who asks. */
  onUnauthorized: ((e: ApiError) => void) | undefined;

  /** @param base where the API lives; empty is the page's own origin. */
  constructor(readonly base = '') {}

  url(path: string): string {
    return this.base + path;
  }

  get<T>(path: string, options?: RequestOptions): Promise<T> {
    return this.request<T>('GET', path, undefined, options);
  }

  post<T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> {
    return this.request<T>('POST', path, body, options);
  }

  async request<T>(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
    const limit = new AbortController();
    const stop = () => limit.abort(options.signal?.reason);
    const timer = setTimeout(() => limit.abort(new ApiError('The server took too long to answer.', { code: 'timeout' })), options.timeout ?? 30_000);
    if (options.signal?.aborted) stop();
    options.signal?.addEventListener('abort', stop);
    try {
      const reply = await fetch(this.url(path), {
        method,
        headers: {
          Accept: 'application/json',
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...options.headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: limit.signal,
        ...(options.keepalive ? { keepalive: true } : {}),
      });
      if (!reply.ok && !options.accept?.includes(reply.status)) {
        const error = await errorFrom(reply);
        if (error.status === 401 && path !== '/api/login') this.onUnauthorized?.(error);
        throw error;
      }
      return await readJson<T>(reply);
    } catch (e) {
      if (options.signal?.aborted || e instanceof ApiError) throw e;
      if (limit.signal.reason instanceof ApiError) throw limit.signal.reason;
      throw new ApiError('The server cannot be reached.', { code: 'network' });
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
    }
  }
}

async function readJson<T>(reply: Response): Promise<T> {
  try {
    return (await reply.json()) as T;
  } catch (e) {
    if (e instanceof SyntaxError) {
      throw new ApiError('The server sent something that is not JSON.', { status: reply.status, code: 'bad_reply' });
    }
    throw e;
  }
}

/** An aborted request is not a failure anyone needs to read. */
export function isAbort(e: unknown): boolean {
  return e instanceof DOMException && e.name === 'AbortError';
}

/** The sentence to show for anything that was thrown. */
export function sentence(e: unknown): string {
  return e instanceof Error && e.message ? e.message : 'Something went wrong.';
}

export const apiClient = new ApiClient();
