/*
 * What is done with items on the page: looking into them, editing, refreshing,
 * deleting and undoing that; documents, dropped and chosen; pausing; failures.
 */
import { browser, end, point, site, until } from './rig.mjs';

const docs = await site(8);
const chromium = await browser();
const { BASE } = process.env;
const shown = (what) => until(() => what.first().isVisible(), `${what} to be seen`);
const gone = (what) => until(async () => (await what.count()) === 0, `${what} to go`);
const card = (page, name) => page.locator('article.crawl', { hasText: name });
const row = (page, name) => page.locator('.item-list li', { hasText: name });
const status = (path) => fetch(`${BASE}${path}`).then((r) => r.status);
async function crawl(page, book) {
  await page.getByLabel('Address to crawl').fill(docs.url(book));
  await page.getByRole('button', { name: 'Crawl', exact: true }).click();
  await shown(card(page, `/${book}`));
  return card(page, `/${book}`);
}

const page = await chromium.open('', { permissions: ['clipboard-read', 'clipboard-write'], expected: [/ 422 /] });
const other = await chromium.open();
docs.open();

// -- one item --------------------------------------------------------------------
await point('an item opens: what is known, and its pages', async () => {
  await crawl(page, 'alpha');
  await shown(row(page, 'alpha').filter({ hasText: /Pages\s*8/ }));
  await row(page, 'alpha').locator('h3 a').click();
  await shown(page.getByRole('heading', { level: 1, name: 'alpha part 0' }));
  await until(async () => (await page.locator('.page-row').count()) === 8, '8 pages');
});
const id = new URL(page.url().replace('#', '')).pathname.split('/').pop();
await point('from a page to its passages, and all of one', async () => {
  await page.getByRole('button', { name: /passages? of alpha part 3/ }).click();
  await shown(page.locator('.passage', { hasText: 'alphaword3' }));
  await page.locator('.passage-head').first().click();
  await shown(page.locator('.passage pre, .passage h4'));
  await page.getByRole('button', { name: /remove this filter/ }).click();
  await until(async () => (await page.locator('.passage').count()) >= 8, 'the passages of all pages');
});
await point('code is found by the beginning of its name', async () => {
  await other.goto(`${BASE}/#/search?q=alphawo&in=code`);
  await shown(other.locator('.code', { hasText: 'alphaword' }));
  await other.getByRole('tab', { name: 'Passages' }).click();
  await shown(other.locator('.passage', { hasText: 'alphaword' }));
  await other.goto(`${BASE}/#/`);
});
await point('by keyboard from tab to tab: code examples, which can be copied', async () => {
  await page.getByRole('tab', { name: 'Passages' }).focus();
  await page.keyboard.press('ArrowRight');
  await until(async () => (await page.locator('.code').count()) === 8, '8 examples');
  await page.locator('.code').first().getByRole('button', { name: 'Copy' }).click();
  await until(async () => (await page.evaluate(() => navigator.clipboard.readText())).includes('int main(void)'), 'the code on the clipboard');
});
await point('a reload shows the same view of it', async () => {
  await page.reload();
  await until(async () => (await page.locator('.code').count()) === 8, '8 examples');
});
await point('what the server has against an edit is said beside the field', async () => {
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Crawl again every').fill('-3');
  await page.getByRole('button', { name: 'Save' }).click();
  await shown(page.locator('.field.update_frequency').getByRole('alert'));
});
await point('an edit is saved, and a second tab sees it by itself', async () => {
  await page.getByLabel('Crawl again every').fill('30');
  await page.getByLabel('Title').fill('The alpha guide');
  await page.getByLabel('Tags').fill('red, blue');
  await page.getByLabel('Description').fill('All about alpha.');
  await page.getByRole('button', { name: 'Save' }).click();
  await shown(page.getByRole('heading', { level: 1, name: 'The alpha guide' }));
  await shown(page.getByText('All about alpha.'));
  await shown(row(other, 'The alpha guide').filter({ hasText: 'blue' }));
});
await point('refreshed from here, with its card here', async () => {
  docs.close();
  await page.getByRole('button', { name: 'Refresh' }).click();
  await shown(page.locator('article.crawl'));
  docs.open();
  await gone(page.locator('article.crawl'));
});
await point('an item that is not there says so', async () => {
  const lost = await chromium.open('#/item/0123456789abcdef', { expected: [/404/] });
  await shown(lost.getByText('There is no such item'));
  await lost.context().close();
});

// -- the list ----------------------------------------------------------------------
await point('sorted by title, and by time in both ways', async () => {
  await page.getByRole('link', { name: 'Knowledge base' }).first().click();
  await crawl(page, 'beta');
  await shown(row(page, 'beta part 0'));
  await gone(page.locator('article.crawl'));
  const first = () => page.locator('.item-list h3').first().innerText();
  await until(async () => (await first()).startsWith('beta'), 'the newest first');
  await page.getByLabel('Order').selectOption('By title');
  await until(async () => (await page.locator('.item-list h3 a').allInnerTexts()).join() === 'beta part 0,The alpha guide', 'the titles in order');
  await page.getByLabel('Order').selectOption('Oldest first');
  await until(async () => (await first()).startsWith('The alpha'), 'the oldest first');
});
await point('deleted: gone at once; Undo: there again, and it was never asked for', async () => {
  await row(page, 'beta part 0').getByRole('button', { name: /^Delete/ }).click();
  await gone(row(page, 'beta part 0'));
  await page.getByRole('button', { name: 'Undo' }).click();
  await shown(row(page, 'beta part 0'));
  await shown(row(other, 'beta part 0'));
});
await point('deleted, and the time to think again is over', async () => {
  await row(page, 'beta part 0').getByRole('button', { name: /^Delete/ }).click();
  await gone(row(other, 'beta part 0'));
  await gone(row(page, 'beta part 0'));
});
await point('deleted, and the page left at once', async () => {
  await page.goto(`${BASE}/#/item/${id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await shown(page.getByText('is deleted').first());
  if ((await status(`/api/knowledge-items/${id}`)) !== 200) throw new Error('deleted before the page was left');
  await page.goto('about:blank');
  await until(async () => (await status(`/api/knowledge-items/${id}`)) === 404, 'its end');
  await gone(row(other, 'alpha'));
});
await page.goto(`${BASE}/`);

// -- documents ---------------------------------------------------------------------
const file = (name, text) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
await point('a document that is chosen has a card, becomes an item and is found', async () => {
  await page.getByLabel('Documents').setInputFiles(file('notes.md', '# My notes\n\nThe heronword is a bird among words.\n'));
  await shown(card(page, 'notes.md'));
  await shown(row(page, 'notes.md'));
  await gone(card(page, 'notes.md'));
  await page.goto(`${BASE}/#/search?q=heronword`);
  await shown(page.locator('mark', { hasText: 'heronword' }));
  await page.goto(`${BASE}/#/`);
});
await point('the same again is known already', async () => {
  await page.getByLabel('Documents').setInputFiles(file('notes.md', '# My notes\n\nThe heronword is a bird among words.\n'));
  await shown(page.getByText('notes.md is known already'));
  await gone(card(page, 'notes.md'));
});
await point('what cannot be read is refused before it is sent', async () => {
  await page.getByLabel('Documents').setInputFiles(file('tool.exe', 'MZ'));
  await shown(page.getByText(/tool\.exe: .*\.pdf/));
});
await point('two that are dropped, with the tags of the form', async () => {
  await page.getByRole('button', { name: 'Options' }).click();
  await page.getByLabel('Tags').fill('dropped');
  const transfer = await page.evaluateHandle(() => {
    const t = new DataTransfer();
    t.items.add(new File(['Plain words about cranes.\n'], 'cranes.txt', { type: 'text/plain' }));
    t.items.add(new File(['Storks\n======\n\nWords about storks.\n'], 'storks.rst'));
    return t;
  });
  await page.dispatchEvent('.drop', 'dragenter', { dataTransfer: transfer });
  await shown(page.getByText('Drop documents here'));
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer });
  for (const name of ['cranes', 'torks']) await shown(row(page, name).filter({ hasText: 'dropped' }));
  await gone(page.getByText('Drop documents here'));
});

// -- steering ------------------------------------------------------------------------
const pagesRead = async (c) => Number.parseInt(await c.locator('.figures dd').first().innerText(), 10);
await point('Pause: nothing more is read; Resume: it goes on to its end', async () => {
  docs.close();
  const c = await crawl(page, 'gamma');
  docs.give(3);
  await until(async () => (await pagesRead(c)) >= 2, 'two pages');
  const taken = page.waitForResponse(/\/pause$/);
  await c.getByRole('button', { name: 'Pause' }).click();
  await taken;
  // What is under way may end, one after the other: it would be all there is.
  await until(async () => (docs.give(1), c.locator('.crawl-phase', { hasText: 'Paused' }).first().isVisible()), 'Paused');
  await shown(c.getByRole('button', { name: 'Resume' }));
  if ((await c.getByRole('progressbar').getAttribute('aria-valuenow')) === '100') throw new Error('it went on');
  docs.open();
  await c.getByRole('button', { name: 'Resume' }).click();
  await gone(c);
  await shown(row(page, 'gamma'));
});
await point('what failed is listed, with the reason', async () => {
  docs.close();
  docs.answer('delta/3', 404);
  const c = await crawl(page, 'delta');
  docs.give(7);
  await c.getByRole('button', { name: '1 failure' }).click();
  await shown(c.getByRole('list', { name: 'Addresses that failed' }).filter({ hasText: '/delta/p3.html' }).filter({ hasText: '404' }));
  docs.open();
  await gone(c);
});

await point('nothing was complained of in the console', async () => {
  if (chromium.complaints.length) throw new Error(chromium.complaints.join('\n'));
});
await end([() => chromium.close(), () => docs.end()]);
