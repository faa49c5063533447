/*
 * The page as a whole: many crawls at once, memory after many openings, what
 * axe says of each page in both themes, and a picture of each (SHOTS=DIR).
 */
import { mkdirSync } from 'node:fs';
import { axeSource, browser, end, point, site, until } from './rig.mjs';

const docs = await site(8);
const chromium = await browser();
const BASE = process.env.BASE;
const PAGES = { knowledge: '#/', search: '#/search?q=many3word2', codeSearch: '#/search?q=many3word2&in=code', mcp: '#/mcp', status: '#/status' };

async function ask(page, body) {
  const status = await page.evaluate(
    (b) => fetch('/api/knowledge-items/crawl', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(b) }).then((r) => r.status),
    body,
  );
  if (status !== 202) throw new Error(`a crawl was answered ${status}`);
}

const page = await chromium.open();
const total = () => fetch(`${BASE}/api/knowledge-items?per_page=1`).then((r) => r.json()).then((r) => r.total);
const all = `${(await total()) + 50} sources`; // other scripts may have left some
await point('50 crawls at once: 50 cards, and all of them end', async () => {
  docs.close();
  for (let i = 0; i < 50; i++) await ask(page, { url: docs.url(`many${i}`) });
  const cards = page.locator('article.crawl');
  await until(async () => (await cards.count()) === 50, '50 cards');
  docs.open();
  await until(async () => (await cards.count()) === 0, 'no card', 90);
});
await point('50 sources more then, twenty on each page of the list', async () => {
  await until(() => page.getByText(all).first().isVisible(), all);
  const rows = await page.locator('.item-list li').count();
  if (rows !== 20) throw new Error(`${rows} rows`);
});

const { items } = await fetch(`${BASE}/api/knowledge-items?per_page=1&sort=title`).then((r) => r.json());
PAGES.item = `#/item/${items[0].source_id}`;
PAGES.passages = `${PAGES.item}?tab=passages`;
PAGES.code = `${PAGES.item}?tab=code`;

// A card that is opened and closed leaves nothing behind: what 200 rounds add
// is compared with what the browser's own caches grow by.
await point('200 times through all pages: no listener, node or socket is left', async () => {
  const cdp = await page.context().newCDPSession(page);
  const sockets = new Set();
  page.on('websocket', (ws) => (sockets.add(ws), ws.on('close', () => sockets.delete(ws))));
  const round = async () => {
    for (const p of Object.values(PAGES)) await page.evaluate((to) => (location.hash = to), p);
  };
  const counted = async () => {
    await cdp.send('HeapProfiler.collectGarbage');
    const { nodes, jsEventListeners } = await cdp.send('Memory.getDOMCounters');
    const { usedSize } = await cdp.send('Runtime.getHeapUsage');
    return { nodes, listeners: jsEventListeners, heap: usedSize };
  };
  const settled = () => until(() => page.getByText(all).first().isVisible(), 'the list again');
  for (let i = 0; i < 20; i++) await round();
  await page.evaluate(() => (location.hash = '#/'));
  await settled();
  const before = await counted();
  for (let i = 0; i < 200; i++) await round();
  await page.evaluate(() => (location.hash = '#/'));
  await settled();
  const after = await counted();
  const told = JSON.stringify({ before, after, sockets: sockets.size });
  if (after.nodes > before.nodes * 1.5 + 200 || after.listeners > before.listeners * 1.5 + 20) throw new Error(told);
  if (after.heap > before.heap * 1.5 + 1e6 || sockets.size > 3) throw new Error(told);
});

await point('the policy lets nothing in but what is its own, and has nothing unsafe', async () => {
  const policy = (await fetch(`${BASE}/`)).headers.get('content-security-policy') ?? '';
  if (!policy.includes("default-src 'none'") && !policy.includes("default-src 'self'")) throw new Error(policy);
  if (/unsafe|https?:|\*/.test(policy)) throw new Error(policy);
});

const shots = process.env.SHOTS;
if (shots) mkdirSync(shots, { recursive: true });
for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 1600]) {
    const seen = await chromium.open('', { colorScheme, viewport: { width, height: 900 } });
    for (const [name, path] of Object.entries(PAGES)) {
      await point(`${name}, ${colorScheme}, ${width} px: axe has nothing to object, nothing sticks out`, async () => {
        await seen.goto(`${BASE}/${path}`);
        await seen.waitForLoadState('networkidle').catch(() => {});
        await until(async () => (await seen.locator('[aria-busy=true]').count()) === 0, 'the page to rest');
        if (shots) await seen.screenshot({ path: `${shots}/${name}-${colorScheme}-${width}.png`, fullPage: name !== 'knowledge' });
        await seen.evaluate(axeSource);
        const { violations } = await seen.evaluate(() => window.axe.run());
        if (violations.length) {
          throw new Error(violations.map((v) => `${v.impact} ${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`).join('\n'));
        }
        const over = await seen.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (over > 0) throw new Error(`${over} px wider than the window`);
      });
    }
    await seen.context().close();
  }
}

await point('nothing was complained of in the console', async () => {
  if (chromium.complaints.length) throw new Error(chromium.complaints.join('\n'));
});
await end([() => chromium.close(), () => docs.end()]);
