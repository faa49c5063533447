/*
 * The MCP page: the switch, how to connect, and a log that stays quick whatever
 * is written to it.
 */
import { browser, end, house, point, until } from './rig.mjs';

const chromium = await browser();
const { BASE } = process.env;
const shown = (what) => until(() => what.first().isVisible(), `${what} to be seen`);
const post = (path, body) => fetch(`${BASE}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
const ping = () => post('/mcp', { jsonrpc: '2.0', id: 1, method: 'ping' }).then((r) => r.status);
const lines = async (from, to, level = 'INFO') => {
  const reply = await post('/api/mcp/logs', Array.from({ length: to - from + 1 }, (_, i) => ({ level, message: `line ${from + i} of many` })));
  if (!reply.ok) throw new Error(`logging was answered ${reply.status}`);
};

const page = await chromium.open('#/mcp', { permissions: ['clipboard-read', 'clipboard-write'], expected: [/WebSocket connection to .* failed/, /502|504|ERR_/] });
const log = page.getByRole('log');
const newest = () => log.locator('.log-text').last().innerText();
const ends = (text) => until(async () => (await newest()) === text, `"${text}" to be the last line`);

await point('it runs, and is stopped and started', async () => {
  await shown(page.getByText('Running', { exact: true }));
  await page.getByRole('button', { name: 'Stop' }).click();
  await shown(page.getByText('Stopped', { exact: true }));
  if ((await ping()) !== 503) throw new Error('it answers');
  await page.getByRole('button', { name: 'Start' }).click();
  await shown(page.getByText('Running', { exact: true }));
  if ((await ping()) !== 200) throw new Error('it does not answer');
});
await point('the configuration is of this address, and can be copied', async () => {
  await shown(page.locator('.snippet', { hasText: `${BASE}/mcp` }));
  await page.getByRole('tab', { name: 'Cursor' }).click();
  await page.locator('.snippet').getByRole('button', { name: 'Copy' }).click();
  const copied = await until(() => page.evaluate(() => navigator.clipboard.readText()), 'something on the clipboard');
  if (JSON.parse(copied).mcpServers.archon.url !== `${BASE}/mcp`) throw new Error(copied);
});
await point('its tools, with what they take', async () => {
  await shown(page.locator('.tool', { hasText: 'perform_rag_query' }).filter({ hasText: 'match_count' }));
});
await point('what an agent does appears in the log as it happens', async () => {
  const clientInfo = { name: 'test-agent', version: '1' };
  await post('/mcp', { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } });
  await shown(log.getByText(/Client test-agent 1 connected/));
});

await point('10,000 lines: each is shown at its time, and few are in the document', async () => {
  for (let n = 0; n < 10_000; n += 500) {
    await lines(n + 1, n + 500);
    await ends(`line ${n + 500} of many`);
  }
  await shown(page.getByText('the newest 10,000 lines'));
  const rows = await page.locator('.log-row').count();
  if (rows === 0 || rows >= 200) throw new Error(`${rows} rows`);
  if ((await page.locator('.log-row.gap').count()) !== 0) throw new Error('some were missed');
});
await point('...and any of them can be scrolled to', async () => {
  await log.evaluate((el) => (el.scrollTop = 0));
  await until(async () => Number((await log.locator('.log-text').first().innerText()).split(' ')[1]) < 100, 'the oldest');
  const rows = await page.locator('.log-row').count();
  if (rows >= 200) throw new Error(`${rows} rows`);
  await page.getByRole('button', { name: 'To the end' }).click();
  await ends('line 10000 of many');
});
await point('by level', async () => {
  await lines(10_001, 10_001, 'ERROR');
  await page.getByLabel('Level').selectOption('ERROR');
  await ends('line 10001 of many');
  await until(async () => (await page.locator('.log-row').count()) === 1, 'one row');
  await page.getByLabel('Level').selectOption('DEBUG');
});
await point('paused, it stays as it is and counts; then it goes on', async () => {
  await page.getByRole('button', { name: 'Pause' }).click();
  await lines(10_002, 10_008);
  await shown(page.locator('.pausing .pill', { hasText: '7' }));
  await ends('line 10001 of many');
  await page.getByRole('button', { name: 'Go on' }).click();
  await ends('line 10008 of many');
});
await point('the relay killed: it goes on by polling, and misses nothing', async () => {
  await house('t_kill relay');
  await lines(10_009, 10_018);
  await ends('line 10018 of many');
  await house('t_restart relay');
  await lines(10_019, 10_019);
  await ends('line 10019 of many');
  const seen = (await log.locator('.log-text').allInnerTexts()).slice(-11).map((t) => Number(t.split(' ')[1]));
  if (seen.some((n, i) => n !== 10_009 + i)) throw new Error(seen.join(' '));
});
await point('cleared', async () => {
  await page.getByRole('button', { name: 'Clear' }).click();
  await until(async () => (await page.locator('.log-row').count()) <= 1, 'an empty log');
  await until(async () => (await fetch(`${BASE}/api/mcp/logs`).then((r) => r.json())).length === 1, 'one entry on the server');
});

await point('nothing was complained of in the console', async () => {
  if (chromium.complaints.length) throw new Error(chromium.complaints.join('\n'));
});
await end([() => chromium.close()]);
