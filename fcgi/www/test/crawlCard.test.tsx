import { afterEach, describe, expect, it, vi } from 'vitest';
import { CrawlCard, type CrawlCardActions } from '../src/components/CrawlCard';
import type { TrackedCrawl } from '../src/services/crawlBoard';
import type { CrawlProgressData } from '../src/services/types';
import { json, snapshot } from './fakeServer';
import { cleanUp, click, show } from './render';

afterEach(cleanUp);

const crawl = (part: Partial<CrawlProgressData>, more: Partial<TrackedCrawl> = {}): TrackedCrawl => ({
  id: 'crawl-1',
  data: snapshot({ url: 'https://docs.example.com/guide', ...part }),
  connection: 'live',
  asked: undefined,
  sent: undefined,
  request: undefined,
  ...more,
});
const nothing = { onCancel: () => {}, onPause: () => {}, onResume: () => {}, onRetry: () => {}, onDismiss: () => {} };
const card = (c: TrackedCrawl, on: Partial<CrawlCardActions> = {}) => <CrawlCard crawl={c} {...nothing} {...on} />;

describe("don't 3 and troubleshooting 4: mix local and prop state", () => {
  it('shows what its props say, each time, and nothing it remembered', async () => {
    const page = await show(card(crawl({ percentage: 10 })));
    const bar = page.host.querySelector('[role=progressbar]')!;
    for (const percentage of [11, 64, 64.9, 99]) {
      await page.render(card(crawl({ percentage, log: `at ${percentage}` })));
      expect(bar.getAttribute('aria-valuenow')).toBe(String(Math.floor(percentage)));
      expect(page.host.querySelector('.crawl-percent')!.textContent).toBe(`${Math.floor(percentage)}%`);
      expect(page.host.textContent).toContain(`at ${percentage}`);
    }
    await page.render(card(crawl({ status: 'completed', percentage: 100, processedPages: 48 })));
    expect(page.host.textContent).toContain('48 pages ready to search.');
    expect(bar.getAttribute('aria-valuenow')).toBe('100');
  });

  it('keeps the log open while lines come', async () => {
    const page = await show(card(crawl({ logs: ['one'] })));
    await click(page.button('Log'));
    await page.render(card(crawl({ logs: ['one', 'two'] })));
    expect([...page.host.querySelectorAll('[role=log] div')].map((d) => d.textContent)).toEqual(['one', 'two']);
    expect(page.button('Log').getAttribute('aria-expanded')).toBe('true');
  });
});

describe('progress card', () => {
  it('never says 100 % before the crawl is complete, nor nonsense', async () => {
    const page = await show(card(crawl({ percentage: 100 })));
    const bar = page.host.querySelector('[role=progressbar]')!;
    expect(bar.getAttribute('aria-valuenow')).toBe('99');
    for (const percentage of [-5, Number.NaN, undefined as unknown as number]) {
      await page.render(card(crawl({ percentage })));
      expect(bar.getAttribute('aria-valuenow')).toBe('0');
    }
  });

  it('has cancel while it runs, and only then', async () => {
    const onCancel = vi.fn();
    const page = await show(card(crawl({}), { onCancel }));
    await click(page.button('Cancel'));
    expect(onCancel).toHaveBeenCalledWith('crawl-1');
    await page.render(card(crawl({}, { asked: 'cancel' })));
    expect(page.button('Cancelling').disabled).toBe(true);
    await page.render(card(crawl({ status: 'completed', percentage: 100 })));
    expect(() => page.button('Cancel')).toThrow();
  });

  it('has pause while it runs and resume while it rests', async () => {
    const onPause = vi.fn();
    const onResume = vi.fn();
    const page = await show(card(crawl({}), { onPause, onResume }));
    await click(page.button('Pause'));
    await page.render(card(crawl({}, { asked: 'pause' }), { onPause, onResume }));
    expect(page.host.textContent).toContain('Pausing');
    expect(page.button('Pause').disabled).toBe(true);
    await page.render(card(crawl({ status: 'paused' }), { onPause, onResume }));
    await click(page.button('Resume'));
    expect([onPause, onResume].map((f) => f.mock.calls)).toEqual([[['crawl-1']], [['crawl-1']]]);
  });

  it('lists what failed, and why, when it is unfolded', async () => {
    const asked: string[] = [];
    vi.stubGlobal('fetch', (path: string) => {
      asked.push(path);
      const failures = [{ url: 'https://docs.example.com/gone', reason: 'HTTP 404' }];
      return Promise.resolve(json({ failures, total: 1, page: 1, per_page: 20, pages: 1 }));
    });
    const page = await show(card(crawl({ failedPages: 1 })));
    expect(asked).toEqual([]);
    await click(page.button('1 failure'));
    expect(asked[0]).toBe('/api/crawl-progress/crawl-1/failures?page=1&per_page=20');
    expect(page.host.querySelector('[aria-label="Addresses that failed"]')!.textContent).toBe('docs.example.com/goneHTTP 404');
    vi.unstubAllGlobals();
  });

  it('shows how much of a document is sent, with the bar where the reading is', async () => {
    const page = await show(card(crawl({ kind: 'upload', fileName: 'guide.pdf', percentage: 0 }, { sent: 0.456 })));
    expect(page.host.querySelector('.crawl-phase')!.textContent).toBe('Sending, 45 %');
    expect(page.host.querySelector('h3')!.textContent).toBe('guide.pdf');
    expect(page.host.querySelector('[role=progressbar]')!.getAttribute('aria-valuenow')).toBe('0');
  });

  it('tells why a crawl failed, and offers to retry or dismiss', async () => {
    const onRetry = vi.fn();
    const onDismiss = vi.fn();
    const page = await show(card(crawl({ status: 'error', percentage: 35, error: 'The host refused.' }), { onRetry, onDismiss }));
    expect(page.host.querySelector('[role=alert]')!.textContent).toBe('The host refused.');
    expect(page.host.querySelector('[role=progressbar]')!.getAttribute('aria-valuenow')).toBe('35');
    await click(page.button('Retry'));
    await click(page.button('Dismiss'));
    expect([onRetry, onDismiss].map((f) => f.mock.calls)).toEqual([[['crawl-1']], [['crawl-1']]]);
  });

  it('shows a status of a later server as it is', async () => {
    const page = await show(card(crawl({ status: 'polishing_pages' })));
    expect(page.host.textContent).toContain('polishing pages');
  });

  it('writes what a site sends as text, never as markup', async () => {
    const page = await show(card(crawl({ currentUrl: '<img src=x onerror=alert(1)>', logs: ['<b>x</b>'], log: '<b>x</b>' })));
    await click(page.button('Log'));
    expect(page.host.querySelector('img, b')).toBeNull();
  });
});
