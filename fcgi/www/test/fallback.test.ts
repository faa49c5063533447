import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CrawlProgressService } from '../src/services/crawlProgressService';
import { EventStreamParser } from '../src/services/transports';
import type { CrawlProgressData } from '../src/services/types';
import { eventStream, FakeServer, json, snapshot, type Call } from './fakeServer';

let server: FakeServer;
let service: CrawlProgressService;
let seen: CrawlProgressData[];
let states: string[];
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const wantsEvents = (c: Call) => c.headers['Accept'] === 'text/event-stream';
const follow = () =>
  service.streamProgress('crawl-1', (d) => void seen.push(d), { onConnection: (s) => void states.push(s) });

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  service = new CrawlProgressService({ random: () => 1 });
  seen = [];
  states = [];
});

afterEach(() => {
  service.disconnectAll();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('WebSocket to event stream', () => {
  it('takes over at once when the socket is refused, and sends Last-Event-ID', async () => {
    const events = eventStream();
    server.answer = () => events.reply;
    follow();
    server.socket.drop(1006);
    await pass(0);
    expect(server.eventStreams()).toHaveLength(1);
    events.write(`id: 4\ndata: ${JSON.stringify({ type: 'crawl_progress', data: snapshot({ seq: 4 }) })}\n\n`);
    await pass(0);
    expect(seen.map((d) => d.seq)).toEqual([4]);
    expect(states.at(-1)).toBe('live');
    events.write(`data: ${JSON.stringify(snapshot({ seq: 5 }))}\n\n`); // a bare snapshot
    await pass(0);
    expect(seen.map((d) => d.seq)).toEqual([4, 5]);
    expect(server.polls()).toHaveLength(0);
  });

  it('goes back to the socket when that works again, and closes the event stream', async () => {
    const events = eventStream();
    server.answer = () => events.reply;
    follow();
    server.socket.drop(1006);
    await pass(0);
    events.write(`data: ${JSON.stringify(snapshot({ seq: 1 }))}\n\n`);
    await pass(1000);
    expect(server.sockets).toHaveLength(2);
    expect(server.calls[0]!.signal?.aborted).toBe(false);
    server.socket.accept().progress({ seq: 2 });
    expect(server.calls[0]!.signal?.aborted).toBe(true);
    await pass(20_000);
    expect(server.calls).toHaveLength(1);
    expect(seen.map((d) => d.seq)).toEqual([1, 2]);
  });

  it('takes over within about a second from a live socket that dropped', async () => {
    const events = eventStream();
    server.answer = () => events.reply;
    follow();
    server.socket.accept().progress({ seq: 3 }).drop(1006);
    await pass(1000);
    server.socket.drop(1006); // still refused
    await pass(0);
    expect(server.eventStreams()[0]!.headers['Last-Event-ID']).toBe('3');
  });

  it('keeps at most three event streams: a browser has six connections to a host', async () => {
    server.answer = (c) => (wantsEvents(c) ? eventStream().reply : json(snapshot({ progressId: c.path.split('/').pop()! })));
    for (let i = 0; i < 10; i++) service.streamProgress(`c${i}`, () => {});
    for (const s of [...server.sockets]) s.drop(1006);
    await pass(10);
    expect(server.eventStreams()).toHaveLength(3);
    expect(new Set(server.polls().map((c) => c.path)).size).toBe(7);
  });
});

describe('event stream to polling', () => {
  it('a server without event streams answers JSON: shown at once, then polled', async () => {
    server.answer = (c) => json(snapshot({ seq: wantsEvents(c) ? 1 : 2 }));
    follow();
    server.socket.drop(1006);
    await pass(10);
    expect(seen.map((d) => d.seq)).toEqual([1, 2]);
    expect(states.at(-1)).toBe('polling');
    await pass(60_000);
    expect(server.eventStreams()).toHaveLength(1); // and is not asked again soon
  });

  it('polls with If-None-Match at the interval the server names', async () => {
    let seq = 1;
    server.answer = (c) => {
      if (wantsEvents(c)) return json({}, {}, 404);
      const etag = `"${seq}"`;
      if (c.headers['If-None-Match'] === etag) return new Response(null, { status: 304, headers: { 'X-Poll-Interval': '2500' } });
      return json(snapshot({ seq }), { ETag: etag, 'X-Poll-Interval': '2500' });
    };
    follow();
    server.socket.drop(1006);
    await pass(10);
    expect(server.polls()).toHaveLength(1);
    await pass(2400);
    expect(server.polls()).toHaveLength(1);
    await pass(100);
    expect(server.polls()).toHaveLength(2);
    seq = 2;
    await pass(2500);
    expect(seen.map((d) => d.seq)).toEqual([1, 2]);
  });

  it('waits for a crawl that is not there yet', async () => {
    let there = false;
    server.answer = (c) => (there && !wantsEvents(c) ? json(snapshot({ seq: 1 })) : json({ error: 'No such crawl.' }, {}, 404));
    follow();
    server.socket.drop(1006);
    await pass(5000);
    expect(seen).toEqual([]);
    there = true;
    await pass(1000);
    expect(seen).toHaveLength(1);
  });

  it('rides out a server that is down, and sees the end by polling alone', async () => {
    let down = true;
    server.answer = (c) => (down ? new Error('refused') : wantsEvents(c) ? json({}, {}, 404) : json(snapshot({ status: 'completed', percentage: 100, seq: 9 })));
    follow();
    for (let i = 0; i < 4; i++) {
      server.socket.drop(1006);
      await pass(10_000);
    }
    expect(seen).toEqual([]);
    down = false;
    await pass(35_000);
    expect(seen.map((d) => d.status)).toEqual(['completed']);
    expect(service.active()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a crawl the server has forgotten', () => {
  it('ends the stream, but not for a single 404', async () => {
    let missing = 0;
    server.answer = (c) => (wantsEvents(c) || missing-- > 0 ? json({}, {}, 404) : json(snapshot({ seq: 1 })));
    follow();
    server.socket.drop(1006);
    await pass(10);
    expect(seen).toHaveLength(1);
    missing = 4;
    await pass(8000);
    expect(service.active()).toEqual(['crawl-1']);
    missing = 100;
    await pass(8000);
    expect(service.active()).toEqual([]);
    expect(states.at(-1)).toBe('closed');
  });
});

describe('back up the ladder without the listener noticing', () => {
  it('a relay killed in mid-crawl: polling goes on, then the socket returns', async () => {
    let seq = 10;
    server.answer = (c) => (wantsEvents(c) ? json({}, {}, 502) : json(snapshot({ seq: ++seq, percentage: seq })));
    follow();
    server.socket.accept().progress({ seq: 10, percentage: 10 }).drop(1006);
    for (let i = 0; i < 3; i++) {
      await pass(4000);
      if (server.socket.onclose) server.socket.drop(1006);
    }
    expect(states).toContain('polling');
    expect(seen.length).toBeGreaterThan(5);
    while (!server.socket.onclose) await pass(1000);
    server.socket.accept().progress({ seq: 100, percentage: 90 });
    const polls = server.polls().length;
    await pass(60_000 - 30_000);
    expect(server.polls()).toHaveLength(polls);
    expect(states.at(-1)).toBe('live');
    const seqs = seen.map((d) => d.seq!);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(seqs.length);
  });

  it('a socket that opens but stays mute does not leave the listener without news', async () => {
    server.answer = (c) => (wantsEvents(c) ? json({}, {}, 404) : json(snapshot({ seq: 1 })));
    follow();
    server.socket.accept();
    await pass(3000);
    expect(seen).toHaveLength(1);
  });
});

describe('event stream parsing', () => {
  it('handles every line ending, comments, fields and cuts anywhere', () => {
    const text = ': hello\r\n\r\nid: 1\r\ndata: a\r\ndata: b\r\n\r\nevent: x\rdata:c\r\rdata: d\n\n';
    for (let cut = 0; cut <= text.length; cut++) {
      const events: string[] = [];
      const parser = new EventStreamParser((d) => events.push(d));
      parser.push(text.slice(0, cut));
      parser.push(text.slice(cut));
      expect(events).toEqual(['a\nb', 'c', 'd']);
    }
  });
});
