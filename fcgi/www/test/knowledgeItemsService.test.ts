import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KnowledgeItemsService } from '../src/services/knowledgeItemsService';
import { Removals } from '../src/services/removals';
import type { KnowledgeItem, KnowledgeItemsPage } from '../src/services/types';
import { FakeServer, FakeUpload, json, setVisible } from './fakeServer';

let server: FakeServer;
let service: KnowledgeItemsService;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  service = new KnowledgeItemsService({ random: () => 1 });
});

afterEach(() => {
  service.disconnectAll();
  setVisible(true);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('each call goes to its place, with its parameters', async () => {
  server.answer = () => json({});
  await service.list({ page: 2, sort: '-title', tags: ['a', 'b'], source_type: 'file' });
  await service.item('a/b');
  await service.update('s1', { title: 'New', tags: ['x'] });
  await service.remove('s1');
  await service.refresh('s1');
  await service.details('s1', { page: 3 });
  await service.pages('s1');
  await service.chunks('s1', { url: 'https://a.example/?x=1' });
  await service.codeExamples('s1', { language: 'c' });
  await service.search({ query: 'wal' });
  await service.searchCode({ query: 'wal', source_id: 's1' });
  expect(server.history).toEqual([
    'GET /api/knowledge-items?page=2&sort=-title&tags=a%2Cb&source_type=file',
    'GET /api/knowledge-items/a%2Fb',
    'PUT /api/knowledge-items/s1',
    'DELETE /api/knowledge-items/s1',
    'POST /api/knowledge-items/s1/refresh',
    'GET /api/knowledge-items/s1/details?page=3',
    'GET /api/knowledge-items/s1/pages',
    'GET /api/knowledge-items/s1/chunks?url=https%3A%2F%2Fa.example%2F%3Fx%3D1',
    'GET /api/knowledge-items/s1/code-examples?language=c',
    'POST /api/rag/query',
    'POST /api/rag/code-examples',
  ]);
  expect(server.calls[2]!.body).toEqual({ title: 'New', tags: ['x'] });
});

describe('stream of the items', () => {
  const items = (total: number): KnowledgeItemsPage => ({ items: [], total, page: 1, per_page: 20, pages: 1 });

  it('tells each change, and what it was', () => {
    const totals: number[] = [];
    const events: string[] = [];
    service.streamItems((p) => void totals.push(p.total), { onEvent: (e) => void events.push(`${e.type} ${JSON.stringify(e.data)}`) });
    server.socket.accept().say({ type: 'knowledge_items_update', data: items(1) }).say({ type: 'heartbeat' });
    server.socket.say({ type: 'knowledge_item_deleted', data: { sourceId: 's1' } }).say({ type: 'knowledge_items_update', data: items(0) });
    expect(totals).toEqual([1, 0]);
    expect(events).toEqual(['knowledge_item_deleted {"sourceId":"s1"}']);
  });

  it('by polling it tells changes only', async () => {
    const totals: number[] = [];
    let etag = '"1"';
    server.answer = (c) =>
      c.path.endsWith('/stream')
        ? json({ error: 'no' }, {}, 404)
        : c.headers['If-None-Match'] === etag
          ? new Response(null, { status: 304 })
          : json(items(Number(etag[1])), { ETag: etag });
    service.streamItems((p) => void totals.push(p.total));
    server.socket.drop(1006);
    await pass(11_000);
    expect(totals).toEqual([1]);
    etag = '"2"';
    await pass(6000);
    expect(totals).toEqual([1, 2]);
  });

  it("don't 5: stopping leaves no socket and no timer", async () => {
    const stop = service.streamItems(() => {});
    server.socket.accept();
    stop();
    expect(server.socket.closedWith).toBe(1000);
    await pass(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('upload', () => {
  const file = new File(['# Notes'], 'notes.md');

  it('sends the form with the id first, tells how much is sent, and gives the reply', async () => {
    const uploads = FakeUpload.install();
    const sent: number[] = [];
    const reply = service.upload(file, { progress_id: 'p1', knowledge_type: 'business', tags: ['a', 'b'] }, { onSent: (p) => void sent.push(p) });
    const [xhr] = uploads;
    expect([xhr!.method, xhr!.url]).toEqual(['POST', '/api/documents/upload']);
    expect([...xhr!.form!.entries()].map(([name, v]) => `${name} ${v instanceof File ? v.name : v}`)).toEqual([
      'progress_id p1',
      'knowledge_type business',
      'tags ["a","b"]',
      'file notes.md',
    ]);
    xhr!.progress(1, 4).progress(4, 4).reply(202, { success: true, progressId: 'p1' });
    expect(await reply).toEqual({ success: true, progressId: 'p1' });
    expect(sent).toEqual([0.25, 1]);
  });

  it("says what the server said; and something sensible when that was not the server's own page", async () => {
    const uploads = FakeUpload.install();
    const refused = service.upload(file);
    uploads[0]!.reply(413, { error: 'The document is larger than 10 MiB.', code: 'too_large' });
    await expect(refused).rejects.toMatchObject({ status: 413, code: 'too_large', message: 'The document is larger than 10 MiB.' });
    const proxied = service.upload(file);
    uploads[1]!.reply(502, '<html>');
    await expect(proxied).rejects.toMatchObject({ status: 502, message: expect.stringContaining('not answering') as string });
    const cut = service.upload(file);
    uploads[2]!.onerror!();
    await expect(cut).rejects.toMatchObject({ code: 'network' });
  });

  it('can be taken back while it is sent', async () => {
    const uploads = FakeUpload.install();
    const stop = new AbortController();
    const reply = service.upload(file, {}, { signal: stop.signal });
    stop.abort();
    await expect(reply).rejects.toMatchObject({ name: 'AbortError' });
    expect(uploads[0]!.aborted).toBe(true);
  });
});

describe('deleting that can be undone', () => {
  const item = (id: string, created_at = '2025-06-01T00:00:00.000Z'): KnowledgeItem => ({ id, source_id: id, title: id, url: '', metadata: {}, created_at });
  const deleted = () => server.calls.map((c) => `${c.method} ${c.path}`);
  let queue: Removals;
  let changes = 0;

  beforeEach(() => {
    server.answer = () => json({ success: true });
    queue = new Removals(service, 8000);
    queue.subscribe(() => changes++);
  });

  it('counts as gone at once, and is deleted when the time is over', async () => {
    queue.remove(item('s1'));
    expect(queue.hides(item('s1'))).toBe(true);
    await pass(7900);
    expect(deleted()).toEqual([]);
    await pass(200);
    expect(deleted()).toEqual(['DELETE /api/knowledge-items/s1']);
    expect(queue.hides(item('s1'))).toBe(true);
    expect(queue.hides(item('s1', '2025-07-01T00:00:00.000Z')), 'crawled again').toBe(false);
  });

  it('undo brings it back, and nothing is sent', async () => {
    queue.remove(item('s1'));
    expect(queue.undo('s1')).toBe(true);
    expect(queue.hides(item('s1'))).toBe(false);
    await pass(60_000);
    expect(deleted()).toEqual([]);
    expect(queue.undo('s1')).toBe(false);
  });

  it('leaving the page deletes what waits, by requests that outlive it', async () => {
    queue.remove(item('s1'));
    queue.remove(item('s2'));
    window.dispatchEvent(new Event('pagehide'));
    expect(deleted()).toEqual(['DELETE /api/knowledge-items/s1', 'DELETE /api/knowledge-items/s2']);
    expect(server.calls.every((c) => c.keepalive)).toBe(true);
    await pass(60_000);
    expect(deleted()).toHaveLength(2);
  });

  it('is there again when it could not be deleted; what is gone already is gone', async () => {
    const failures: string[] = [];
    server.answer = (c) => (c.path.endsWith('s1') ? json({ error: 'The store is busy.' }, {}, 503) : json({ error: 'No such item.' }, {}, 404));
    const onFailure = (i: KnowledgeItem, e: unknown) => void failures.push(`${i.title}: ${(e as Error).message}`);
    queue.remove(item('s1'), { onFailure });
    queue.remove(item('s2'), { onFailure });
    await pass(8000);
    expect(failures).toEqual(['s1: The store is busy.']);
    expect([queue.hides(item('s1')), queue.hides(item('s2'))]).toEqual([false, true]);
  });
});
