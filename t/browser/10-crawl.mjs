/*
 * A crawl from the page: started, watched, found again after a reload and in a
 * second tab, through every failure of the way; retried, paused, cancelled.
 */
import { browser, end, house, point, site, until } from './rig.mjs';

const docs = await site(8);
const chromium = await browser();
const open = chromium.open;
const card = (page, book) => page.locator('article.crawl', { hasText: `/${book}` });
const shown = (what) => until(() => what.first().isVisible(), `${what} to be seen`);
const gone = (what) => until(async () => (await what.count()) === 0, `${what} to go`);
/** The list has the site, with all its pages. */
const ready = (page, book) => shown(page.locator('.item-list li', { hasText: book }).filter({ hasText: /Pages\s*8/ }));
const percent = async (c) => Number.parseInt(await c.locator('.crawl-percent').innerText(), 10);
const reaches = (c, least) => until(async () => (await percent(c)) >= least, `${least} percent`);
const pagesRead = async (c) => Number.parseInt(await c.locator('.figures dd').first().innerText(), 10);
async function crawl(page, book) {
  await page.getByLabel('Address to crawl').fill(docs.url(book));
  await page.getByRole('button', { name: 'Crawl', exact: true }).click();
  await shown(card(page, book));
  return card(page, book);
}
/** WebSockets of the page that are open now. */
function sockets(page) {
  const live = new Set();
  page.on('websocket', (ws) => (live.add(ws.url()), ws.on('close', () => live.delete(ws.url()))));
  return live;
}

let page = await open();
const live = sockets(page);

await point('an empty knowledge base says what to do', () => shown(page.getByText('Nothing here yet')));
await point('no address: the form says what is wanted', async () => {
  await page.getByRole('button', { name: 'Crawl', exact: true }).click();
  await shown(page.getByRole('alert').filter({ hasText: 'Enter the address' }));
});
await point('an address the server refuses: its own words beside the field', async () => {
  await page.getByLabel('Address to crawl').fill('http://127.0.0.1:1/');
  await page.getByRole('button', { name: 'Crawl', exact: true }).click();
  await shown(page.getByRole('alert').filter({ hasText: '127.0.0.1' }));
});

await point('a crawl started on the page has a card that moves', async () => {
  const c = await crawl(page, 'alpha');
  docs.give(4);
  await until(async () => (await pagesRead(c)) >= 3, 'three pages read');
  if ((await percent(c)) >= 100) throw new Error('100 % with pages to go');
});
await point('nothing on the page jumps while it moves', async () => {
  await page.evaluate(() => {
    window.jumped = 0;
    const add = (list) => list.getEntries().forEach((e) => e.hadRecentInput || (window.jumped += e.value));
    new PerformanceObserver(add).observe({ type: 'layout-shift' });
  });
  docs.give(2);
  await until(async () => (await pagesRead(card(page, 'alpha'))) >= 5, 'five pages read');
  const jumped = await page.evaluate(() => window.jumped);
  if (jumped > 0.01) throw new Error(`layout shift ${jumped}`);
});
await point('it is followed by WebSocket', () => until(() => [...live].some((u) => u.includes('/api/crawl-progress/')), 'a socket'));
await point('the bar says to assistive technology what it shows', async () => {
  const bar = card(page, 'alpha').getByRole('progressbar');
  const now = Number(await bar.getAttribute('aria-valuenow'));
  if (!(now > 0 && now < 100)) throw new Error(`aria-valuenow is ${now}`);
});
await point('a reload in mid-crawl finds the crawl again', async () => {
  await page.reload();
  await shown(card(page, 'alpha'));
  await until(async () => (await pagesRead(card(page, 'alpha'))) >= 3, 'its three pages');
});
const tab = await open();
await point('a second tab finds it too', () => shown(card(tab, 'alpha')));
await point('both reach 100 percent, and the card goes', async () => {
  docs.open();
  await Promise.all([reaches(card(page, 'alpha'), 100).catch(() => 0), gone(card(page, 'alpha')), gone(card(tab, 'alpha'))]);
});
await point('the item is in the list, in both tabs', async () => {
  await ready(page, 'alpha');
  await ready(tab, 'alpha');
});
await point('a search finds its page, marked', async () => {
  await page.goto(`${process.env.BASE}/#/search`);
  await page.getByRole('searchbox').or(page.getByRole('textbox')).first().fill('alphaword5');
  await shown(page.locator('mark', { hasText: 'alphaword5' }));
  await shown(page.getByRole('link', { name: /alpha part 5/ }));
});
await tab.context().close();
await page.context().close(); // it would complain, rightly, of what comes now

// -- the relay dies ------------------------------------------------------------
const cut = [/WebSocket connection to .* failed/, /502|504|ERR_/];
const rough = await open('', { expected: cut });
const roughLive = sockets(rough);
await point('the relay killed in mid-crawl: the card goes on by polling', async () => {
  docs.close();
  const c = await crawl(rough, 'beta');
  docs.give(3);
  await until(async () => (await pagesRead(c)) >= 2, 'two pages');
  await house('t_kill relay');
  docs.give(2);
  await until(async () => (await pagesRead(c)) >= 4, 'four pages, without a relay');
});
await point('the relay back: the card returns to WebSocket', async () => {
  await house('t_restart relay');
  await until(() => [...roughLive].some((u) => u.includes('/api/crawl-progress/')), 'a socket again', 90);
  docs.open();
  await ready(rough, 'beta');
});
await point('the crawler killed in mid-crawl: the card goes on where it was', async () => {
  docs.close();
  const c = await crawl(rough, 'gamma');
  docs.give(4);
  await until(async () => (await pagesRead(c)) >= 3, 'three pages');
  await house('t_kill crawler');
  await house('t_restart crawler');
  docs.open();
  await ready(rough, 'gamma');
});
await rough.context().close();

// -- doors that let less through -------------------------------------------------
for (const [book, base, way] of [
  ['delta', process.env.NO_WS, 'WebSockets blocked by nginx: complete by event stream'],
  ['epsilon', process.env.NO_STREAM, 'event streams blocked as well: complete by polling'],
]) {
  const narrow = await open('', { base, expected: cut.concat(/WebSocket|EventSource|MIME|404/) });
  await point(way, async () => {
    docs.close();
    const c = await crawl(narrow, book);
    docs.give(4);
    await until(async () => (await pagesRead(c)) >= 3, 'three pages', 60);
    docs.open();
    await ready(narrow, book);
  });
  await narrow.context().close();
}

// -- steering ------------------------------------------------------------------
page = await open();
await point('a site that answers 404: the card says why', async () => {
  docs.answer('zeta', 404);
  const c = await crawl(page, 'zeta');
  await shown(c.getByRole('alert'));
});
await point('Retry starts it again, and it completes', async () => {
  docs.answer('zeta', 0);
  await card(page, 'zeta').getByRole('button', { name: 'Retry' }).click();
  await ready(page, 'zeta');
});
await point('Cancel stops a crawl, and says that what is stored stays', async () => {
  docs.close();
  const c = await crawl(page, 'eta');
  docs.give(3);
  await until(async () => (await pagesRead(c)) >= 2, 'two pages');
  await c.getByRole('button', { name: 'Cancel' }).click();
  await shown(c.getByText('What was stored stays'));
  await c.getByRole('button', { name: 'Dismiss' }).click();
  await gone(card(page, 'eta'));
});
await point('the log unfolds', async () => {
  const c = await crawl(page, 'theta');
  docs.give(2);
  await until(async () => (await pagesRead(c)) >= 1, 'a page');
  await c.getByRole('button', { name: 'Log' }).click();
  await until(async () => (await c.getByRole('log').locator('div').count()) > 0, 'log lines');
  docs.open();
  await gone(card(page, 'theta'));
});

await point('a crawl is started and cancelled by keyboard alone', async () => {
  const press = async (label) => {
    const there = () => page.evaluate((l) => document.activeElement?.textContent?.trim() === l, label);
    for (let i = 0; !(await there()); i++) {
      if (i > 200) throw new Error(`no way to ${label} by Tab`);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
  };
  docs.close();
  await page.getByLabel('Address to crawl').focus();
  await page.keyboard.type(docs.url('iota'));
  await page.keyboard.press('Enter');
  await shown(card(page, 'iota'));
  docs.give(1);
  await press('Cancel');
  await shown(card(page, 'iota').getByText('What was stored stays'));
  await press('Dismiss');
  await gone(card(page, 'iota'));
  docs.open();
});
await point('nothing was complained of in the console', async () => {
  if (chromium.complaints.length) throw new Error(chromium.complaints.join('\n'));
});
await end([() => chromium.close(), () => docs.end()]);
