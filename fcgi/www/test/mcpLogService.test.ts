import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { McpLogService, type StreamLogsOptions } from '../src/services/mcpLogService';
import type { McpLogEntry } from '../src/services/types';
import { FakeServer, eventStream, json, setVisible } from './fakeServer';

let server: FakeServer;
let service: McpLogService;
let seen: string[];
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const entry = (seq: number, more: Partial<McpLogEntry> = {}): McpLogEntry => ({
  timestamp: new Date(Date.UTC(2025, 5, 1) + seq).toISOString(),
  level: 'INFO',
  message: `line ${seq}`,
  seq,
  ...more,
});
const follow = (options: StreamLogsOptions = {}) =>
  service.streamLogs((e) => void seen.push(e.message), { onGap: (n) => void seen.push(`gap ${n}`), ...options });

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  service = new McpLogService({ random: () => 1 });
  seen = [];
});

afterEach(() => {
  service.disconnectAll();
  setVisible(true);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('log stream', () => {
  it('gives each entry, and skips what is none', () => {
    follow();
    expect(server.socket.url).toBe('ws://archon.test/api/mcp/logs/stream');
    server.socket.accept().say(entry(1)).say({ type: 'ping' }).say('nonsense').say({ type: 'later' }).say(entry(2));
    expect(seen).toEqual(['line 1', 'line 2']);
  });

  it('do 3: reconnects after every code but 1000, and goes on where it was', async () => {
    follow();
    for (const code of [1001, 1006, 1011, 1012, 4000]) {
      server.socket.accept().say(entry(server.sockets.length));
      const before = server.sockets.length;
      server.socket.drop(code);
      await pass(2000);
      expect(server.sockets.length, `after ${code}`).toBe(before + 1);
      expect(server.socket.url).toBe(`ws://archon.test/api/mcp/logs/stream?since=${before}`);
    }
    server.socket.accept().drop(1000);
    await pass(120_000);
    expect(server.sockets).toHaveLength(6);
    expect(service.active()).toBe(0);
  });

  it('begins after `since`, and asks for a level', () => {
    follow({ since: 812, level: 'WARNING' });
    expect(server.socket.url).toBe('ws://archon.test/api/mcp/logs/stream?level=WARNING&since=812');
    server.socket.accept().say(entry(812)).say(entry(813));
    expect(seen).toEqual(['line 813']);
  });

  it('never gives an entry twice, though two connections bring it', async () => {
    const events = eventStream();
    server.answer = () => events.reply;
    follow();
    server.socket.accept().say(entry(1)).drop(1006);
    await pass(1100); // the event stream has taken over, the next socket is on its way
    events.write(`data: ${JSON.stringify(entry(2))}\n\n`);
    await pass(0);
    server.socket.accept().say(entry(1)).say(entry(2)).say(entry(3));
    expect(seen).toEqual(['line 1', 'line 2', 'line 3']);
  });

  it('tells how many were missed', () => {
    follow();
    server.socket.accept().say(entry(1)).say({ type: 'gap', missed: 4000 }).say(entry(4002));
    expect(seen).toEqual(['line 1', 'gap 4000', 'line 4002']);
  });

  it('goes on with a log that was begun anew and counts from one again', () => {
    follow();
    server.socket.accept().say(entry(900));
    server.socket.say(entry(1, { timestamp: '2026-01-01T00:00:00.000Z', message: 'after the reboot' }));
    server.socket.say(entry(2, { timestamp: '2026-01-01T00:00:01.000Z' }));
    expect(seen).toEqual(['line 900', 'after the reboot', 'line 2']);
  });

  it('goes by event stream, then by polling, and back', async () => {
    server.answer = (c) => (c.path.includes('/stream') ? json({ error: 'no' }, {}, 404) : json([entry(1), entry(2)]));
    follow();
    server.socket.drop(1006);
    await pass(0);
    expect(server.eventStreams()[0]!.path).toBe('/api/mcp/logs/stream');
    expect(server.polls()[0]!.path).toBe('/api/mcp/logs?limit=50');
    expect(seen).toEqual(['line 1', 'line 2']);
    server.answer = () => json([entry(3)]);
    await pass(1000);
    expect(server.polls()[1]!.path).toBe('/api/mcp/logs?since=2&limit=0');
    expect(seen.at(-1)).toBe('line 3');
    await pass(5000);
    server.socket.accept().say(entry(4));
    const asked = server.calls.length;
    await pass(10_000);
    expect(server.calls).toHaveLength(asked);
    expect(seen.at(-1)).toBe('line 4');
  });

  it('an empty log is live as soon as the socket is open: silence is nothing to fall back from', async () => {
    const states: string[] = [];
    follow({ onConnection: (s) => void states.push(s) });
    server.socket.accept();
    await pass(20_000);
    expect(states).toEqual(['live']);
    expect(server.calls).toHaveLength(0);
  });

  it('rests in a hidden tab, and goes on where it was', () => {
    follow();
    server.socket.accept().say(entry(7));
    setVisible(false);
    expect(server.socket.closedWith).toBe(1000);
    setVisible(true);
    expect(server.socket.url).toContain('since=7');
  });

  it("don't 5 and troubleshooting 5: stopping leaves no socket, request or timer", async () => {
    const stops = [follow(), follow()];
    server.sockets[0]!.accept();
    stops[0]!();
    expect(server.sockets[0]!.closedWith).toBe(1000);
    expect(service.active()).toBe(1);
    stops[1]!();
    server.sockets[1]!.accept(); // was still connecting: closed as soon as it is open
    expect(server.sockets[1]!.closedWith).toBe(1000);
    await pass(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the rest of the MCP server', () => {
  it('status, switch, tools, configuration, clearing: each at its place', async () => {
    server.answer = (c) => json(c.path.endsWith('/tools') ? { tools: [{ name: 'a' }], count: 1 } : { success: true });
    await service.status();
    await service.start();
    await service.stop();
    await service.config();
    await service.clear();
    expect(await service.tools()).toEqual([{ name: 'a' }]);
    expect(server.history).toEqual([
      'GET /api/mcp/status',
      'POST /api/mcp/start',
      'POST /api/mcp/stop',
      'GET /api/mcp/config',
      'DELETE /api/mcp/logs',
      'GET /api/mcp/tools',
    ]);
  });
});
