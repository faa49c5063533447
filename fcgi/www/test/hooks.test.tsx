import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useCrawlProgress } from '../src/hooks/useCrawlProgress';
import { useKnowledgeItems } from '../src/hooks/useKnowledgeItems';
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

function Items({ search }: { search: string }) {
  const { data, error, loading } = useKnowledgeItems({ search });
  return <p>{`${data?.total ?? '-'} ${loading ? 'loading' : 'still'} ${error instanceof Error ? error.message : ''}`}</p>;
}

describe('useKnowledgeItems', () => {
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
});
