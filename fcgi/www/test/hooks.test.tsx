import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useCrawlProgress } from '../src/hooks/useCrawlProgress';
import { useKnowledgeItems } from '../src/hooks/useKnowledgeItems';
import { useMcpLogs } from '../src/hooks/useMcpLogs';
import { KnowledgeItemsService } from '../src/services/knowledgeItemsService';
import { McpLogService } from '../src/services/mcpLogService';
import { CrawlProgressService } from '../src/services/crawlProgressService';
import type { KnowledgeItemsPage } from '../src/services/types';
import { FakeServer, json, setVisible } from './fakeServer';
import { cleanUp, show } from './render';

let server: FakeServer;
let service: CrawlProgressService;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  service = new CrawlProgressService();
});

afterEach(async () => {
  await cleanUp();
  setVisible(true);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function Progress({ id }: { id: string }) {
  const { progress, connection } = useCrawlProgress(id, service);
  return <p>{`${progress?.percentage ?? 'none'} ${connection}`}</p>;
}

describe('useCrawlProgress', () => {
  it("troubleshooting 5 and don't 5: closes the socket when the component goes", async () => {
    const page = await show(<Progress id="crawl-1" />);
    expect(page.host.textContent).toBe('none connecting');
    await act(async () => void server.socket.accept().progress({ percentage: 12 }));
    expect(page.host.textContent).toBe('12 live');
    await page.unmount();
    expect(server.socket.closedWith).toBe(1000);
    expect(service.active()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('follows another id without showing the old one', async () => {
    const page = await show(<Progress id="crawl-1" />);
    await act(async () => void server.socket.accept().progress({ percentage: 12 }));
    await page.render(<Progress id="crawl-2" />);
    expect(page.host.textContent).toBe('none connecting');
    expect(server.sockets[0]!.closedWith).toBe(1000);
    await act(async () => void server.socket.accept().progress({ progressId: 'crawl-2', percentage: 70 }));
    expect(page.host.textContent).toBe('70 live');
  });
});

let itemsService: KnowledgeItemsService;

function Items({ search }: { search: string }) {
  const { data, error, loading } = useKnowledgeItems({ search }, itemsService);
  return <p>{`${data?.total ?? '-'} ${loading ? 'loading' : 'still'} ${error instanceof Error ? error.message : ''}`}</p>;
}

describe('useKnowledgeItems', () => {
  beforeEach(() => {
    itemsService = new KnowledgeItemsService();
  });
  const items = (total: number): KnowledgeItemsPage => ({ items: [], total, page: 1, per_page: 20, pages: 1 });

  it('loads, keeps the old page while the next loads, and drops late answers', async () => {
    const waiting = new Map<string, (r: Response) => void>();
    vi.stubGlobal('fetch', (path: string) => new Promise<Response>((resolve) => waiting.set(path, resolve)));
    const page = await show(<Items search="a" />);
    expect(page.host.textContent).toBe('- loading ');
    await act(async () => waiting.get('/api/knowledge-items?search=a')!(json(items(3))));
    expect(page.host.textContent).toBe('3 still ');
    await page.render(<Items search="ab" />);
    await page.render(<Items search="abc" />);
    expect(page.host.textContent).toBe('3 loading ');
    await act(async () => waiting.get('/api/knowledge-items?search=abc')!(json(items(1))));
    await act(async () => waiting.get('/api/knowledge-items?search=ab')!(json(items(2))));
    expect(page.host.textContent).toBe('1 still ');
  });

  it('says what is wrong, and looks again when the tab is seen', async () => {
    server.answer = () => json({ error: 'The store is full.', code: 'store_full' }, {}, 503);
    const page = await show(<Items search="" />);
    expect(page.host.textContent).toBe('- still The store is full.');
    server.answer = () => json(items(9));
    await act(async () => setVisible(true));
    expect(page.host.textContent).toBe('9 still ');
  });

  it('looks again when the stream says that something changed: once for many changes', async () => {
    server.answer = () => json(items(1));
    const page = await show(<Items search="" />);
    expect(page.host.textContent).toBe('1 still ');
    await act(async () => void server.socket.accept().say({ type: 'knowledge_items_update', data: items(1) }));
    await act(async () => void (await vi.advanceTimersByTimeAsync(1000)));
    const asked = server.calls.length;
    server.answer = () => json(items(2));
    for (let i = 0; i < 20; i++) server.socket.say({ type: 'knowledge_items_update', data: items(2) });
    await act(async () => void (await vi.advanceTimersByTimeAsync(1000)));
    expect(page.host.textContent).toBe('2 still ');
    expect(server.calls).toHaveLength(asked + 1);
    await page.unmount();
    expect(server.socket.closedWith).toBe(1000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('useMcpLogs', () => {
  let logs: McpLogService;
  let drawn = 0;
  function Logs() {
    const { lines, connection, empty } = useMcpLogs(logs);
    drawn++;
    return (
      <button onClick={empty}>{`${lines.length} ${lines.at(-1)?.missed ?? lines.at(-1)?.message ?? ''} ${connection}`}</button>
    );
  }
  const frame = () => act(async () => void (await vi.advanceTimersByTimeAsync(20)));
  const say = (from: number, to: number) => {
    for (let seq = from; seq <= to; seq++) server.socket.say({ timestamp: '2025-06-01T00:00:00.000Z', level: 'INFO', message: `line ${seq}`, seq });
  };

  beforeEach(() => {
    logs = new McpLogService();
  });

  it('draws once for all that comes within a frame, and keeps the newest 10,000', async () => {
    const page = await show(<Logs />);
    await act(async () => void server.socket.accept().say({ type: 'ping' }));
    const before = drawn;
    say(1, 5000);
    await frame();
    expect(page.host.textContent).toBe('5000 line 5000 live');
    expect(drawn).toBe(before + 1);
    say(5001, 12_000);
    await frame();
    expect(page.host.textContent).toBe('10000 line 12000 live');
  });

  it('shows a gap where it was, and can begin anew', async () => {
    const page = await show(<Logs />);
    await act(async () => void server.socket.accept().say({ type: 'ping' }));
    say(1, 2);
    server.socket.say({ type: 'gap', missed: 70 });
    await frame();
    expect(page.host.textContent).toBe('3 70 live');
    await act(async () => page.button('3').click());
    expect(page.host.textContent).toBe('0  live');
  });

  it("don't 5: closes the socket when the component goes", async () => {
    const page = await show(<Logs />);
    await act(async () => void server.socket.accept().say({ type: 'ping' }));
    say(1, 1);
    await page.unmount();
    expect(server.socket.closedWith).toBe(1000);
    expect(logs.active()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
