import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CrawlBoard, type TrackedCrawl } from '../src/services/crawlBoard';
import { CrawlProgressService } from '../src/services/crawlProgressService';
import type { CrawlProgressData, CrawlRequest } from '../src/services/types';
import { FakeServer, FakeUpload, json, setVisible, snapshot } from './fakeServer';

let server: FakeServer;
let board: CrawlBoard;
let close: () => void;
let running: CrawlProgressData[];
let ended: TrackedCrawl[];
let accept: () => Response;
let again: () => Response;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const shown = () => board.crawls().map((c) => `${c.data.url ?? c.id} ${c.data.status} ${c.data.percentage}`);

beforeEach(async () => {
  vi.useFakeTimers();
  server = new FakeServer();
  running = [];
  ended = [];
  accept = () => json({ success: true, progressId: 'x' }, {}, 202);
  again = () => json({ success: true, progressId: 'again' }, {}, 202);
  server.answer = (c) =>
    c.path.endsWith('/retry')
      ? again()
      : /\/(pause|resume)$/.test(c.path)
        ? json({ success: true })
        : c.path === '/api/crawl-progress'
      ? json({ operations: running, count: running.length })
      : c.path === '/api/knowledge-items/crawl'
        ? accept()
        : c.path.startsWith('/api/knowledge-items/stop/')
          ? json({ success: true })
          : json({ error: 'No such crawl.' }, {}, 404);
  board = new CrawlBoard({ service: new CrawlProgressService(), schedule: (flush) => flush() });
  board.watch({ onEnd: (c) => ended.push(c) });
  close = board.open();
  await pass(0);
});

afterEach(() => {
  close();
  setVisible(true);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('crawls started here', () => {
  it('have a card at once, follow the socket, and go two seconds after completion', async () => {
    const started = board.start({ url: 'https://a.example/' });
    expect(shown()).toEqual(['https://a.example/ starting 0']);
    const { id } = board.crawls()[0]!;
    server.socket.accept().progress({ progressId: id, url: 'https://a.example/', percentage: 40 });
    await started;
    expect(shown()).toEqual(['https://a.example/ crawling 40']);
    server.socket.progress({ progressId: id, url: 'https://a.example/', status: 'completed', percentage: 100, seq: 2 });
    expect(ended.map((c) => c.id)).toEqual([id]);
    await pass(1900);
    expect(board.crawls()).toHaveLength(1);
    await pass(200);
    expect(board.crawls()).toHaveLength(0);
  });

  it('that are refused leave no card, and the reason reaches the form', async () => {
    accept = () => json({ error: 'max_depth must be 0 to 50.', code: 'invalid', field: 'max_depth' }, {}, 422);
    await expect(board.start({ url: 'https://a.example/', max_depth: 99 })).rejects.toMatchObject({ field: 'max_depth' });
    expect(board.crawls()).toHaveLength(0);
  });

  it('cancel asks the server and shows it until the end comes', async () => {
    await board.start({ url: 'https://a.example/' });
    const { id } = board.crawls()[0]!;
    server.socket.accept().progress({ progressId: id });
    await board.cancel(id);
    expect(server.calls.at(-1)).toMatchObject({ method: 'POST', path: `/api/knowledge-items/stop/${id}` });
    expect(board.crawls()[0]!.asked).toBe('cancel');
    server.socket.progress({ progressId: id, status: 'cancelled', seq: 5 });
    expect(board.crawls()[0]!.data.status).toBe('cancelled');
    board.dismiss(id);
    expect(board.crawls()).toHaveLength(0);
  });

  it('retry asks the server for the same crawl, and follows its new id in the same place', async () => {
    await board.start({ url: 'https://a.example/' });
    await board.start({ url: 'https://b.example/' });
    const [a] = board.crawls();
    server.sockets[0]!.accept().progress({ progressId: a!.id, url: 'https://a.example/', status: 'error', error: 'No route.', seq: 3 });
    expect(board.crawls()[0]!.data.error).toBe('No route.');
    await board.retry(a!.id);
    expect(server.calls.at(-1)).toMatchObject({ method: 'POST', path: `/api/crawl-progress/${a!.id}/retry` });
    expect(board.crawls()[0]!.id).toBe('again');
    expect(shown()).toEqual(['https://a.example/ starting 0', 'https://b.example/ starting 0']);
    server.socket.accept().progress({ progressId: 'again', url: 'https://a.example/', percentage: 20 });
    expect(shown()[0]).toBe('https://a.example/ crawling 20');
  });

  it('a retry of what the server has forgotten posts the same parameters again', async () => {
    const asked: CrawlRequest = { url: 'https://a.example/', tags: ['x'], max_depth: 2 };
    await board.start(asked);
    const [a] = board.crawls();
    server.socket.accept().progress({ progressId: a!.id, status: 'error', error: 'No route.', seq: 3 });
    again = () => json({ error: 'No such crawl.' }, {}, 404);
    await board.retry(a!.id);
    const bodies = server.calls.filter((c) => c.path.endsWith('/crawl')).map((c) => c.body as CrawlRequest);
    expect(bodies[1]).toEqual({ ...asked, progress_id: board.crawls()[0]!.id });
    expect(board.crawls()[0]!.id).not.toBe(a!.id);
  });

  it('a retry that is refused leaves the failed card where it was', async () => {
    await board.start({ url: 'https://a.example/' });
    const { id } = board.crawls()[0]!;
    server.socket.accept().progress({ progressId: id, status: 'error', error: 'No route.', seq: 3 });
    again = () => json({ error: 'The table is full.' }, { 'Retry-After': '5' }, 503);
    await expect(board.retry(id)).rejects.toMatchObject({ message: 'The table is full.', retryAfter: 5 });
    expect(board.crawls().map((c) => [c.id, c.data.status])).toEqual([[id, 'error']]);
  });

  it('pause and resume ask the server, and show it until the status says so', async () => {
    await board.start({ url: 'https://a.example/' });
    const { id } = board.crawls()[0]!;
    const asked = () => board.crawls()[0]!.asked;
    server.socket.accept().progress({ progressId: id });
    await board.pause(id);
    expect(server.calls.at(-1)!.path).toBe(`/api/crawl-progress/${id}/pause`);
    expect(asked()).toBe('pause');
    server.socket.progress({ progressId: id, seq: 2, percentage: 11 });
    expect(asked(), 'a page that was under way').toBe('pause');
    server.socket.progress({ progressId: id, seq: 3, status: 'paused' });
    expect(asked()).toBeUndefined();
    await board.resume(id);
    expect(server.calls.at(-1)!.path).toBe(`/api/crawl-progress/${id}/resume`);
    expect(asked()).toBe('resume');
    server.socket.progress({ progressId: id, seq: 4 });
    expect(asked()).toBeUndefined();
  });
});

describe('documents handed over', () => {
  const file = new File(['# Notes'], 'notes.md');

  it('have a card at once, show how much is sent, then follow the crawler', async () => {
    const uploads = FakeUpload.install();
    const done = board.upload(file, { tags: ['x'] });
    const { id } = board.crawls()[0]!;
    expect(uploads[0]!.form!.get('progress_id')).toBe(id);
    uploads[0]!.progress(1, 2);
    expect(board.crawls()[0]).toMatchObject({ sent: 0.5, data: { fileName: 'notes.md', percentage: 0 } });
    uploads[0]!.reply(202, { success: true, progressId: id });
    await done;
    expect(board.crawls()[0]!.sent).toBeUndefined();
    server.socket.accept().progress({ progressId: id, kind: 'upload', fileName: 'notes.md', status: 'completed', percentage: 100 });
    expect(ended.map((c) => c.data.fileName)).toEqual(['notes.md']);
    await pass(2000);
    expect(board.crawls()).toHaveLength(0);
  });

  it('that are refused, known already, or taken back while they are sent, leave no card', async () => {
    const uploads = FakeUpload.install();
    const refused = board.upload(file);
    uploads[0]!.reply(400, { error: 'This is no Markdown.' });
    await expect(refused).rejects.toMatchObject({ message: 'This is no Markdown.' });
    const known = board.upload(file);
    uploads[1]!.reply(200, { success: true, duplicate: true });
    expect((await known).duplicate).toBe(true);
    const taken = board.upload(file);
    await board.cancel(board.crawls()[0]!.id);
    await expect(taken).rejects.toMatchObject({ name: 'AbortError' });
    expect(board.crawls()).toHaveLength(0);
    expect(server.sockets).toHaveLength(0);
  });
});

describe("crawls found on the server's list", () => {
  it('are followed after a reload, and those started elsewhere appear', async () => {
    running = [snapshot({ progressId: 'old', url: 'https://old.example/', percentage: 30 })];
    await pass(4000);
    expect(shown()).toEqual(['https://old.example/ crawling 30']);
    expect(server.socket.url).toContain('/api/crawl-progress/old');
    await pass(4000);
    expect(server.sockets.filter((s) => s.url.endsWith('/old'))).toHaveLength(1);
  });

  it('can be retried too', async () => {
    running = [snapshot({ progressId: 'old', url: 'https://old.example/' })];
    await pass(4000);
    server.socket.accept().progress({ progressId: 'old', url: 'https://old.example/', status: 'error', error: 'x', seq: 2 });
    await board.retry('old');
    expect(shown()).toEqual(['https://old.example/ starting 0']);
  });

  it('do not come back from a list that is a little late', async () => {
    running = [snapshot({ progressId: 'old' })];
    await pass(4000);
    server.socket.accept().progress({ progressId: 'old', status: 'completed', percentage: 100, seq: 2 });
    await pass(9000);
    expect(board.crawls()).toHaveLength(0);
    expect(ended).toHaveLength(1);
  });

  it('are not looked for in a hidden tab, and at once when it is seen', async () => {
    const looks = () => server.calls.filter((c) => c.path === '/api/crawl-progress').length;
    const before = looks();
    setVisible(false);
    await pass(60_000);
    expect(looks()).toBeLessThanOrEqual(before + 1);
    const resting = looks();
    setVisible(true);
    expect(looks()).toBe(resting + 1);
  });

  it('trouble with the list is told, and told to be over', async () => {
    const told: unknown[] = [];
    board.watch({ onTrouble: (e) => told.push(e) });
    const { answer } = server;
    server.answer = () => new Error('refused');
    await pass(4000);
    server.answer = answer;
    await pass(4000);
    expect(told).toEqual([expect.objectContaining({ code: 'network' }), undefined]);
  });
});

it('closing the board closes every stream and timer', async () => {
  await board.start({ url: 'https://a.example/' });
  server.socket.accept();
  close();
  expect(server.socket.closedWith).toBe(1000);
  expect(vi.getTimerCount()).toBe(0);
  expect(ended).toEqual([]);
});
