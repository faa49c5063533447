import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CrawlProgressService, crawlProgressService } from '../src/services/crawlProgressService';
import type { CrawlProgressData } from '../src/services/types';
import { FakeServer, json, setVisible, snapshot } from './fakeServer';

let server: FakeServer;
let service: CrawlProgressService;
let seen: CrawlProgressData[];
const onProgress = (d: CrawlProgressData) => void seen.push(d);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  service = new CrawlProgressService({ random: () => 1 });
  seen = [];
});

afterEach(() => {
  service.disconnectAll();
  crawlProgressService.disconnectAll();
  setVisible(true);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the document's own test cases", () => {
  it('should connect and receive messages', () => {
    const mockProgressData = { progressId: 'test-123', status: 'crawling', percentage: 50 };
    const onMessage = vi.fn();
    // A bare mock: handlers to set and close(), nothing else.
    const mocks: Record<string, unknown>[] = [];
    vi.stubGlobal(
      'WebSocket',
      vi.fn(function () {
        const ws = { onopen: null, onmessage: null, onclose: null, onerror: null, close: vi.fn() };
        mocks.push(ws);
        return ws;
      }),
    );
    crawlProgressService.streamProgress('test-123', onMessage);
    (mocks[0]!['onmessage'] as (e: unknown) => void)({ data: JSON.stringify({ type: 'crawl_progress', data: mockProgressData }) });
    expect(onMessage).toHaveBeenCalledOnce();
    expect(onMessage).toHaveBeenCalledWith(mockProgressData);
    crawlProgressService.disconnect('test-123');
    expect(mocks[0]!['close']).toHaveBeenCalledWith(1000);
  });

  it('takes "connection_established" with status waiting for what it is: no progress yet', () => {
    service.streamProgress('test-id', onProgress);
    expect(server.socket.url).toBe('ws://archon.test/api/crawl-progress/test-id');
    server.socket.accept().say({ type: 'connection_established', data: { progressId: 'test-id', status: 'waiting' } });
    expect(seen).toEqual([]);
    server.socket.progress({ progressId: 'test-id', percentage: 3 });
    expect(seen).toHaveLength(1);
  });
});

describe('do 3: implement reconnection logic', () => {
  it.each([1001, 1005, 1006, 1011, 1012, 1013, 4000])('reconnects after close code %i', async (code) => {
    service.streamProgress('crawl-1', onProgress);
    server.socket.accept().progress({}).drop(code);
    await pass(1000);
    expect(server.sockets).toHaveLength(2);
  });

  it('does not reconnect after close code 1000', async () => {
    const states: string[] = [];
    service.streamProgress('crawl-1', onProgress, { onConnection: (s) => states.push(s) });
    server.socket.accept().progress({}).drop(1000);
    await pass(120_000);
    expect(server.sockets).toHaveLength(1);
    expect(server.calls).toHaveLength(0);
    expect(service.active()).toEqual([]);
    expect(states.at(-1)).toBe('closed');
  });

  it('waits longer each time, with jitter, and starts anew after a success', async () => {
    server.answer = () => new Error('refused');
    const delays = async (random: number) => {
      const s = new CrawlProgressService({ random: () => random });
      s.streamProgress('crawl-1', onProgress, { reconnectDelay: 1000 });
      const gaps: number[] = [];
      for (let i = 0; i < 7; i++) {
        const n = server.sockets.length;
        server.socket.drop(1006);
        let ms = 0;
        while (server.sockets.length === n) {
          await pass(50);
          ms += 50;
        }
        gaps.push(ms);
      }
      server.socket.accept().progress({ seq: 2 }).drop(1006);
      const n = server.sockets.length;
      await pass(1000);
      expect(server.sockets.length).toBe(n + 1);
      s.disconnectAll();
      return gaps;
    };
    expect(await delays(1)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(await delays(0)).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  });

  it('honours reconnectDelay', async () => {
    server.answer = () => 'hang';
    service.streamProgress('crawl-1', onProgress, { autoReconnect: true, reconnectDelay: 5000 });
    server.socket.accept().progress({}).drop(1006);
    await pass(4900);
    expect(server.sockets).toHaveLength(1);
    await pass(100);
    expect(server.sockets).toHaveLength(2);
  });

  it('with autoReconnect false the stream ends with its connection', async () => {
    service.streamProgress('crawl-1', onProgress, { autoReconnect: false });
    server.socket.accept().progress({}).drop(1006);
    await pass(60_000);
    expect(server.sockets).toHaveLength(1);
    expect(server.calls).toHaveLength(0);
    expect(service.active()).toEqual([]);
  });

  it('reconnects at once when the network is back', async () => {
    server.answer = () => new Error('offline');
    service.streamProgress('crawl-1', onProgress);
    for (let i = 0; i < 5; i++) {
      server.socket.drop(1006);
      await pass(i < 4 ? 16_000 : 0);
    }
    const n = server.sockets.length;
    window.dispatchEvent(new Event('online'));
    expect(server.sockets.length).toBe(n + 1);
  });
});

describe('do 4: use progress ids', () => {
  it('keeps several crawls apart', () => {
    const a: number[] = [];
    const b: number[] = [];
    service.streamProgress('a', (d) => a.push(d.percentage));
    service.streamProgress('b', (d) => b.push(d.percentage));
    const [first, second] = server.sockets;
    second!.accept().progress({ progressId: 'b', percentage: 20 });
    first!.accept().progress({ progressId: 'a', percentage: 70 });
    expect([a, b]).toEqual([[70], [20]]);
    service.disconnect('a');
    expect(first!.closedWith).toBe(1000);
    expect(second!.closedWith).toBeUndefined();
  });

  it('lets through nothing that is about another crawl', () => {
    service.streamProgress('crawl-1', onProgress);
    server.socket.accept().progress({ progressId: 'crawl-2' });
    expect(seen).toEqual([]);
  });

  it('escapes ids and follows the page from http to ws', () => {
    service.streamProgress('a b?c', onProgress);
    expect(server.socket.url).toBe('ws://archon.test/api/crawl-progress/a%20b%3Fc');
  });
});

describe('do 5: clean up connections', () => {
  it('closes the socket with the last listener, and only then', () => {
    const stopA = service.streamProgress('crawl-1', onProgress);
    const stopB = service.streamProgress('crawl-1', onProgress);
    expect(server.sockets).toHaveLength(1);
    server.socket.accept();
    stopA();
    expect(server.socket.closedWith).toBeUndefined();
    stopB();
    expect(server.socket.closedWith).toBe(1000);
    expect(service.active()).toEqual([]);
  });

  it('closes after the terminal state and keeps nothing', async () => {
    service.streamProgress('crawl-1', onProgress);
    server.socket.accept().progress({ status: 'completed', percentage: 100 });
    expect(server.socket.closedWith).toBe(1000);
    expect(service.active()).toEqual([]);
    await pass(120_000);
    expect(server.sockets).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('closes a socket that was still connecting once it is open', () => {
    service.streamProgress('crawl-1', onProgress)();
    expect(server.socket.closedWith).toBeUndefined();
    server.socket.accept();
    expect(server.socket.closedWith).toBe(1000);
  });
});

describe('do 7: use callbacks for integration', () => {
  it('tells every listener; one that throws does not rob the others', async () => {
    service.streamProgress('crawl-1', () => {
      throw new Error('listener');
    });
    service.streamProgress('crawl-1', onProgress);
    server.socket.accept().progress({ percentage: 33 });
    expect(seen.map((d) => d.percentage)).toEqual([33]);
    await expect(pass(1)).rejects.toThrow('listener'); // it is not swallowed
  });

  it('tells a late listener at once what is known', () => {
    service.streamProgress('crawl-1', () => {});
    server.socket.accept().progress({ percentage: 60 });
    service.streamProgress('crawl-1', onProgress);
    expect(seen.map((d) => d.percentage)).toEqual([60]);
  });
});

describe('do 8 and troubleshooting 3: subscribe before the crawl starts', () => {
  it('has the socket in place before the request is sent, under an id of its own', async () => {
    server.answer = (c) => json({ success: true, progressId: (c.body as { progress_id: string }).progress_id }, {}, 202);
    const started = service.startCrawl({ url: 'https://docs.example.com/' }, onProgress);
    const id = service.active()[0]!;
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    // The very first update comes while the request is still under way.
    server.socket.accept().progress({ progressId: id, status: 'queued', percentage: 0 });
    expect((await started).progressId).toBe(id);
    expect(server.history).toEqual([`socket /api/crawl-progress/${id}`, 'POST /api/knowledge-items/crawl']);
    expect(server.calls[0]!.body).toEqual({ url: 'https://docs.example.com/', progress_id: id });
    expect(seen).toHaveLength(1);
  });

  it('leaves nothing behind when the crawl is not accepted', async () => {
    server.answer = () => json({ error: 'Only http and https.', code: 'invalid', field: 'url' }, {}, 422);
    await expect(service.startCrawl({ url: 'x' }, onProgress)).rejects.toMatchObject({
      message: 'Only http and https.',
      field: 'url',
      status: 422,
    });
    expect(service.active()).toEqual([]);
    server.socket.accept();
    expect(server.socket.closedWith).toBe(1000);
  });
});

describe("don't 1: ignore connection errors", () => {
  it('goes on after onerror with onclose, and after a constructor that throws', async () => {
    vi.stubGlobal('WebSocket', function () {
      throw new DOMException('blocked by policy', 'SecurityError');
    });
    server.answer = (c) => (c.headers['Accept'] === 'application/json' ? json(snapshot({ percentage: 42 })) : json({}, {}, 404));
    service.streamProgress('crawl-1', onProgress);
    await pass(10);
    expect(seen.at(-1)?.percentage).toBe(42);
  });

  it('skips what it cannot read: not JSON, other types, binary', () => {
    service.streamProgress('crawl-1', onProgress);
    server.socket.accept().say('{not json').say('null').say('17').say({ type: 'novelty', data: 1 }).say({ type: 'crawl_progress' });
    server.socket.onmessage?.({ data: new ArrayBuffer(4) });
    server.socket.progress({ percentage: 5 });
    expect(seen.map((d) => d.percentage)).toEqual([5]);
  });
});

describe('seq never goes backwards', () => {
  it('drops what is older or the same, by seq', () => {
    service.streamProgress('crawl-1', onProgress);
    server.socket.accept();
    for (const seq of [3, 5, 4, 5, 1, 6]) server.socket.progress({ seq, percentage: seq });
    expect(seen.map((d) => d.seq)).toEqual([3, 5, 6]);
  });

  it('remembers seq across a reconnect', async () => {
    service.streamProgress('crawl-1', onProgress);
    server.socket.accept().progress({ seq: 9 }).drop(1012);
    await pass(1000);
    server.socket.accept().progress({ seq: 8 }).progress({ seq: 10 });
    expect(seen.map((d) => d.seq)).toEqual([9, 10]);
  });

  it('announces the end once, even when two connections tell it', async () => {
    server.answer = () => json(snapshot({ status: 'completed', percentage: 100, seq: 7 }));
    service.streamProgress('crawl-1', onProgress);
    await pass(3000); // mute socket: polling helps out
    server.socket.accept().progress({ status: 'completed', percentage: 100, seq: 7 });
    await pass(5000);
    expect(seen.filter((d) => d.status === 'completed')).toHaveLength(1);
  });
});

describe("don't 5 and troubleshooting 5: forget the clean-up", () => {
  it('disconnectAll closes every socket, request and timer', async () => {
    server.answer = () => 'hang';
    service.streamProgress('a', onProgress);
    service.streamProgress('b', onProgress);
    server.sockets[0]!.accept();
    server.sockets[1]!.drop(1006);
    await pass(0);
    expect(server.calls.length).toBeGreaterThan(0);
    service.disconnectAll();
    expect(server.sockets[0]!.closedWith).toBe(1000);
    for (const call of server.calls) expect(call.signal?.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    const n = server.history.length;
    await pass(120_000);
    expect(server.history).toHaveLength(n);
    server.sockets[0]!.progress({});
    expect(seen).toEqual([]);
  });

  it('a hundred rounds of open and close leave nothing', async () => {
    const added = vi.spyOn(document, 'addEventListener');
    const removed = vi.spyOn(document, 'removeEventListener');
    for (let i = 0; i < 100; i++) {
      const stop = service.streamProgress(`crawl-${i}`, onProgress);
      server.socket.accept();
      stop();
    }
    expect(service.active()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    expect(added.mock.calls.length).toBe(removed.mock.calls.length);
    expect(server.sockets.every((s) => s.closedWith === 1000)).toBe(true);
  });
});

describe("don't 6: send what cannot be serialised", () => {
  it('sends plain JSON text only', async () => {
    server.answer = () => json({ success: true, progressId: 'x' }, {}, 202);
    await service.startCrawl({ url: 'https://a.example/', tags: ['x'], max_depth: 2, progress_id: 'mine' }, onProgress);
    const [call] = server.calls;
    expect(call!.headers['Content-Type']).toBe('application/json');
    expect(call!.body).toEqual({ url: 'https://a.example/', tags: ['x'], max_depth: 2, progress_id: 'mine' });
    server.socket.accept();
    await pass(35_000);
    for (const text of server.socket.sent) expect(JSON.parse(text)).toEqual({ type: 'ping' });
    expect(server.socket.sent).toHaveLength(1);
  });
});

describe('heartbeat watchdog', () => {
  it('pings keep the connection, silence ends it', async () => {
    server.answer = () => 'hang';
    service.streamProgress('crawl-1', onProgress);
    server.socket.accept().progress({});
    for (let i = 0; i < 10; i++) {
      await pass(25_000);
      server.socket.say({ type: 'ping' });
    }
    expect(server.sockets).toHaveLength(1);
    expect(server.socket.sent).toEqual([]);
    await pass(35_000);
    expect(server.socket.sent).toEqual(['{"type":"ping"}']);
    server.socket.say({ type: 'pong' });
    await pass(44_900);
    expect(server.sockets).toHaveLength(1);
    await pass(1100);
    expect(server.sockets[0]!.closedWith).toBe(4000);
    expect(server.sockets).toHaveLength(2);
  });

  it('gives up a connection that never opens', async () => {
    server.answer = () => 'hang';
    service.streamProgress('crawl-1', onProgress);
    await pass(11_000);
    expect(server.sockets).toHaveLength(2);
  });
});

describe('hidden tab', () => {
  it('rests while hidden and is up to date as soon as it is seen', async () => {
    service.streamProgress('crawl-1', onProgress);
    server.socket.accept().progress({ seq: 1 });
    setVisible(false);
    expect(server.socket.closedWith).toBe(1000);
    await pass(600_000);
    expect(server.history).toHaveLength(1);
    setVisible(true);
    expect(server.sockets).toHaveLength(2);
    server.socket.accept().progress({ seq: 50, percentage: 80 });
    expect(seen.map((d) => d.seq)).toEqual([1, 50]);
  });

  it('a stream opened in a hidden tab starts when it is seen', () => {
    setVisible(false);
    service.streamProgress('crawl-1', onProgress);
    expect(server.sockets).toHaveLength(0);
    setVisible(true);
    expect(server.sockets).toHaveLength(1);
  });
});
