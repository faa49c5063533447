/*
 * Where archon asks for tokens: the page asks for one, goes on by a cookie that
 * no script can read, over WebSocket, event stream and polling, and ends with it.
 */
import { axeSource, browser, end, house, point, read, site, until } from './rig.mjs';

const docs = await site(8);
const chromium = await browser();
const expected = [/401|403/, /WebSocket connection to .* failed/, /EventSource|MIME|404/];
const shown = (what) => until(() => what.first().isVisible(), `${what} to be seen`);
const field = (page) => page.getByLabel('Token');
async function signIn(page, token) {
  await field(page).fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
const inside = (page) => shown(page.getByRole('heading', { name: 'Knowledge base' }));

const page = await chromium.open('', { expected });
const heard = new Map();
page.on('websocket', (ws) => ws.on('framereceived', () => heard.set(new URL(ws.url()).pathname, true)));
await point('the page asks for a token, and shows nothing else', async () => {
  await shown(field(page));
  if (await page.getByRole('heading', { name: 'Knowledge base' }).count()) throw new Error('the list is there');
});
for (const colorScheme of ['light', 'dark']) {
  await point(`axe has nothing to object to that, ${colorScheme}`, async () => {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => window.axe.run());
    if (violations.length) throw new Error(violations.map((v) => `${v.id}: ${v.help}`).join('\n'));
  });
}
await point('a wrong token: the server says so, beside the field', async () => {
  await signIn(page, 'archon_wrong');
  await shown(page.getByRole('alert').filter({ hasText: 'not known' }));
});
await house('page_token someone crawl');
const token = read('someone').trim();
await point('a good one lets in', async () => {
  await signIn(page, token);
  await inside(page);
});
await point('the cookie is nothing a script can read', async () => {
  const seen = await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }));
  if (seen.includes('archon') || seen.includes(token.slice(-64))) throw new Error(seen);
});
await point('a crawl starts and is followed by WebSocket, with the cookie alone', async () => {
  await page.getByLabel('Address to crawl').fill(docs.url('alpha'));
  await page.getByRole('button', { name: 'Crawl', exact: true }).click();
  docs.give(4);
  await until(() => [...heard.keys()].some((p) => p.startsWith('/api/crawl-progress/')), 'its messages');
  docs.open();
  await shown(page.locator('.item-list li', { hasText: 'alpha' }).filter({ hasText: /Pages\s*8/ }));
});
await point('an EventSource works with it, too', async () => {
  const got = await page.evaluate(
    () => new Promise((done) => {
      const es = new EventSource('/api/knowledge-items/stream');
      es.onmessage = (e) => (es.close(), done(JSON.parse(e.data).type));
      es.onerror = () => (es.close(), done('an error'));
    }),
  );
  if (got !== 'knowledge_items_update') throw new Error(got);
});
await point('a reload needs no token again', async () => {
  await page.reload();
  await inside(page);
});
await point('what the token may not do is said', async () => {
  const answer = await page.evaluate(() => fetch('/api/mcp/stop', { method: 'POST' }).then(async (r) => [r.status, (await r.json()).code]));
  if (answer.join() !== '403,scope_too_small') throw new Error(answer);
});
await point('signing out asks for a token again', async () => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await shown(field(page));
  await page.reload();
  await shown(field(page));
});
await point('the token revoked: the session is over, and the page says so', async () => {
  await signIn(page, token);
  await inside(page);
  await house('t_ctl token revoke someone');
  await page.evaluate(() => (location.hash = '#/status'));
  await shown(field(page));
  await shown(page.getByRole('status').filter({ hasText: 'session has ended' }));
});
await point('nothing else was complained of in the console', async () => {
  if (chromium.complaints.length) throw new Error(chromium.complaints.join('\n'));
});
await end([() => chromium.close(), () => docs.end()]);
