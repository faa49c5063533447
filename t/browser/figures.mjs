/*
 * Figures of the page, from the browser itself: first contentful paint, what is
 * transferred, and the long tasks while much goes on.  Written to $T/figures.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { browser, end, point, site, until } from './rig.mjs';

const { BASE, T } = process.env;
const say = (text) => appendFileSync(join(T, 'figures'), `${text}\n`);
const median = (all) => [...all].sort((a, b) => a - b)[all.length >> 1];
const post = (path, body) => fetch(`${BASE}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

const docs = await site(40);
const chromium = await browser();

await point('first contentful paint, and what is transferred', async () => {
  const paints = [];
  let files = [];
  for (let i = 0; i < 9; i++) {
    const page = await chromium.open();
    await until(() => page.evaluate(() => performance.getEntriesByName('first-contentful-paint').length), 'a paint');
    const seen = await page.evaluate(() => ({
      paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      files: performance
        .getEntriesByType('resource')
        .filter((r) => /\/(assets|theme|icon)/.test(r.name))
        .map((r) => `${r.name.split('/').pop()} ${r.encodedBodySize} of ${r.decodedBodySize}`),
    }));
    paints.push(seen.paint);
    files = seen.files;
    await page.context().close();
  }
  say(`first contentful paint, cold: median ${median(paints).toFixed(0)} ms, most ${Math.max(...paints).toFixed(0)} ms of ${paints.length}`);
  for (const f of files) say(`bytes sent and of the file: ${f}`);
});

/** What the browser calls a long task (over 50 ms) while WORK goes on. */
async function longTasks(page, name, work) {
  await page.evaluate(() => {
    window.tasks = [];
    window.observer?.disconnect();
    window.observer = new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((e) => e.duration)));
    window.observer.observe({ type: 'longtask' });
  });
  const began = Date.now();
  await work();
  const tasks = await page.evaluate(() => window.tasks);
  const over = tasks.filter((t) => t > 200).length;
  say(`${name}: ${((Date.now() - began) / 1000).toFixed(1)} s, long tasks ${tasks.length}, longest ${Math.max(0, ...tasks).toFixed(0)} ms, over 200 ms ${over}`);
}

await point('50 crawls of 40 pages at once', async () => {
  const page = await chromium.open();
  const cards = page.locator('article.crawl');
  await longTasks(page, '50 crawls of 40 pages', async () => {
    for (let i = 0; i < 50; i++) await post('/api/knowledge-items/crawl', { url: docs.url(`many${i}`) });
    await until(async () => (await cards.count()) === 50, '50 cards');
    docs.open();
    await until(async () => (await cards.count()) === 0, 'no card', 120);
  });
  await page.context().close();
});

await point('10,000 lines of log', async () => {
  const page = await chromium.open('#/mcp');
  const last = () => page.locator('.log-text').last().innerText();
  await longTasks(page, '10,000 lines of log', async () => {
    for (let n = 0; n < 10_000; n += 500) {
      await post('/api/mcp/logs', Array.from({ length: 500 }, (_, i) => ({ message: `line ${n + i + 1}` })));
      await until(async () => (await last()) === `line ${n + 500}`, `line ${n + 500}`);
    }
  });
});
await end([() => chromium.close(), () => docs.end()]);
