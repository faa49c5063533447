/*
 * rig.mjs - what the browser tests stand on: test points that reach the shell
 * script which started archon, a site whose pages are given out when the test
 * says so, and Debian's Chromium.
 *
 * The script reads one command a line from descriptor 3 and answers on 4:
 *     point ok|not NAME      one test point; NOT's reason is in $T/out
 *     do COMMAND...          run it there, as archon's parent; answers its status
 *     end                    no more of them
 */
import { createServer } from 'node:http';
import { writeSync, writeFileSync, readFileSync, existsSync, createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const T = process.env.T;
const require = createRequire(join(process.env.PAGE_MODULES, 'package.json'));
const { chromium } = require('playwright-core');
export const axeSource = require('axe-core').source;

const answers = createInterface({ input: createReadStream(null, { fd: 4 }) })[Symbol.asyncIterator]();

async function tell(line) {
  writeSync(3, `${line}\n`);
  return Number((await answers.next()).value);
}

/** Run a command of t/lib.sh where archon's processes are children. */
export async function house(command) {
  const status = await tell(`do ${command}`);
  if (status !== 0) throw new Error(`${command}: status ${status}`);
}

let failed = 0;

/** One test point: FN resolves, or the point fails with what it threw. */
export async function point(name, fn) {
  try {
    await fn();
    await tell(`point ok ${name}`);
  } catch (e) {
    failed++;
    writeFileSync(join(T, 'out'), `${e?.stack ?? e}\n`);
    await tell(`point not ${name}`);
  }
}

/** True once CHECK is; polled, and what it last said is thrown after SECONDS. */
export async function until(check, what, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      if ((last = await check())) return last;
    } catch (e) {
      last = e;
    }
    if (Date.now() > end) throw new Error(`never came: ${what}; last was ${last}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

/**
 * A documentation site of N pages under each first path segment (/a/, /b/ ...).
 * Pages wait at a gate: give(k) lets k more out, open() all from now on.
 */
export async function site(pages) {
  let left = 0;
  const waiting = [];
  const status = new Map();
  const page = (book, n) => {
    const links = n > 0 ? '' : Array.from({ length: pages - 1 }, (_, i) => `<a href="p${i + 1}.html">Part ${i + 1}</a> `).join('');
    const word = `${book}word${n}`;
    return (
      `<!DOCTYPE html><html lang="en"><head><title>${book} part ${n}</title></head><body><main><h1>${book} part ${n}</h1>` +
      `<p>This part is about the ${word}, and says a few words more so that there is something to keep.</p>` +
      `<h2>Using the ${word}</h2><pre><code class="language-c">int ${word}(void);\nint main(void) { return ${word}(); }\n</code></pre>` +
      `<p>${links}</p></main></body></html>`
    );
  };
  const flush = () => {
    while (left > 0 && waiting.length > 0) {
      left--;
      waiting.shift()();
    }
  };
  const server = createServer((req, res) => {
    const [, book, file] = /^\/([a-z0-9]+)\/(?:(?:index|p(\d+))\.html)?$/.exec(req.url) ?? [];
    if (!book || (file && Number(file) >= pages)) {
      res.writeHead(404).end();
      return;
    }
    const out = () => {
      const code = status.get(book) ?? status.get(`${book}/${file}`);
      if (code) res.writeHead(code).end();
      else res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page(book, Number(file ?? 0)));
    };
    waiting.push(out);
    res.on('close', () => waiting.includes(out) && waiting.splice(waiting.indexOf(out), 1));
    flush();
  });
  const port = Number(process.env.SITE_PORT);
  await new Promise((done, bad) => server.once('error', bad).listen(port, process.env.SITE_HOST, done));
  return {
    url: (book) => `http://${process.env.SITE_HOST}:${port}/${book}/`,
    give: (k) => ((left += k), flush()),
    open: () => ((left = Infinity), flush()),
    close: () => (left = 0),
    /** From now on pages of that book, or its page `book/N`, answer with this status; none: as they should. */
    answer: (book, code) => (code ? status.set(book, code) : status.delete(book)),
    end: () => (server.closeAllConnections(), server.close()),
  };
}

/** Chromium; what it complains of is collected, for the last test point. */
export async function browser() {
  const it = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--js-flags=--expose-gc'],
  });
  const complaints = [];
  /** A new page in a context of its own.  expected: complaints that this page may make (a network that the test cut). */
  const open = async (path = '', { base = process.env.BASE, expected = [], ...options } = {}) => {
    const context = await it.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', timezoneId: 'UTC', ...options });
    const page = await context.newPage();
    const note = (text) => expected.some((e) => e.test(text)) || complaints.push(`${path}: ${text}`);
    page.on('console', (m) => ['error', 'warning'].includes(m.type()) && note(`${m.text()} (${m.location().url})`));
    page.on('pageerror', (e) => note(String(e)));
    page.on('request', (r) => new URL(r.url()).origin === base || r.url().startsWith('blob:') || complaints.push(`a request left the origin: ${r.url()}`));
    await page.goto(`${base}/${path}`);
    return page;
  };
  return { open, complaints, close: () => it.close() };
}

/** Ends the process: 0 when each point was ok. */
export async function end(parts) {
  for (const part of parts) await part();
  writeSync(3, 'end\n'); // the shell closes 4, which the reading thread waits for
  process.exit(failed ? 1 : 0);
}

export const read = (name) => (existsSync(join(T, name)) ? readFileSync(join(T, name), 'utf8') : '');
