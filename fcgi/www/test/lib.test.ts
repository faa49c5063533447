import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiClient, ApiError, queryString } from '../src/services/apiClient';
import { newProgressId } from '../src/services/progressId';
import { blocks, excerpt, groupByPage, markedStems, markWords, plainText, snippetSpans, toMarkdown } from '../src/lib/passages';
import { formatAgo, formatBytes, formatDuration, formatEta, shortUrl } from '../src/lib/format';
import { listOf, readUrl } from '../src/lib/crawlForm';
import { partStates } from '../src/lib/parts';
import { FakeServer, json } from './fakeServer';

afterEach(() => vi.unstubAllGlobals());

describe('apiClient', () => {
  const client = new ApiClient();
  const failure = async (answer: Response | Error | 'hang', options = {}) => {
    new FakeServer().answer = () => answer;
    return client.get('/api/x', options).then(
      () => undefined,
      (e: unknown) => e as ApiError,
    );
  };

  it('tells what the server said, in both old and new shape', async () => {
    expect(await failure(json({ error: 'Bad url.', code: 'invalid', field: 'url' }, {}, 422))).toMatchObject({
      message: 'Bad url.',
      status: 422,
      code: 'invalid',
      field: 'url',
    });
    expect((await failure(json({ detail: { error: 'Old way.' } }, {}, 404)))!.message).toBe('Old way.');
    expect((await failure(json({ detail: 'Text.' }, {}, 400)))!.message).toBe('Text.');
  });

  it('has a sentence for a proxy error page, a dead server, a slow one, and what is not JSON', async () => {
    expect((await failure(new Response('<html>', { status: 502 })))!.message).toContain('not answering');
    expect(await failure(new TypeError('Failed to fetch'))).toMatchObject({ code: 'network', status: 0 });
    expect(await failure('hang', { timeout: 10 })).toMatchObject({ code: 'timeout' });
    expect(await failure(new Response('<html>'))).toMatchObject({ code: 'bad_reply' });
  });

  it("passes the caller's abort on", async () => {
    const stop = new AbortController();
    const wait = failure('hang', { signal: stop.signal });
    stop.abort();
    expect((await wait)!.name).toBe('AbortError');
  });

  it('leaves out what is undefined or empty', () => {
    expect(queryString({ a: 1, b: undefined, c: '', d: ['x', 'y'], e: [] })).toBe('?a=1&d=x%2Cy');
    expect(queryString({})).toBe('');
  });
});

it('newProgressId works without crypto.randomUUID, as on plain-http hosts', () => {
  const { getRandomValues } = crypto;
  vi.stubGlobal('crypto', { getRandomValues: getRandomValues.bind(crypto) });
  const ids = new Set(Array.from({ length: 100 }, newProgressId));
  expect(ids.size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

describe('passages', () => {
  const hit = (url: string, content: string, title = 'T') => ({ url, content, title });

  it('shows a passage once, though two sources hold the page', () => {
    expect(groupByPage([hit('https://a/1', 'x'), hit('https://a/1', 'x'), hit('https://a/2', 'x')]).map((g) => g.hits.length)).toEqual([1, 1]);
  });

  it('groups by page in the order of the best hit', () => {
    const groups = groupByPage([hit('https://a/1#x', '1'), hit('https://a/2', '2'), hit('https://a/1#y', '3')]);
    expect(groups.map((g) => [g.url, g.hits.length])).toEqual([
      ['https://a/1', 2],
      ['https://a/2', 1],
    ]);
  });

  it('reads a snippet, whatever its text is', () => {
    expect(snippetSpans('… a &lt;mark&gt; &amp;amp; <mark>b</mark>&#39;s &quot;&copy;')).toEqual([
      { text: '… a <mark> &amp; ', mark: false },
      { text: 'b', mark: true },
      { text: '\'s "&copy;', mark: false },
    ]);
    expect(snippetSpans('<mark>x</mark><mark>y</mark>')).toHaveLength(2);
    expect(snippetSpans('')).toEqual([]);
  });

  it('marks the words that the search marked, and their forms, and loses no text', () => {
    const hit = (snippet: string) => ({ url: 'u', content: '', snippet });
    const stems = markedStems([hit('<mark>Indexes</mark>, of'), hit('of <mark>WAL</mark>'), { url: 'u', content: '' }]);
    const text = 'An index of WAL files: indexing walnuts offers Wal-mode.';
    const spans = markWords(text, stems);
    expect(spans.map((s) => s.text).join('')).toBe(text);
    expect(spans.filter((s) => s.mark).map((s) => s.text)).toEqual(['index', 'WAL', 'indexing', 'walnuts', 'Wal']);
  });

  it('marks words of any script', () => {
    expect(markWords('Größe und größer', ['größe']).filter((s) => s.mark)).toHaveLength(2);
    expect(markWords('数据库 索引', ['索引']).filter((s) => s.mark)).toEqual([{ text: '索引', mark: true }]);
  });

  it('takes the excerpt from the beginning', () => {
    const e = excerpt(`the checkpoint moves pages ${'dolor sit '.repeat(100)}`, 120);
    expect(e).toMatch(/^the checkpoint .* (dolor|sit) …$/);
    expect(e.length).toBeLessThan(125);
    expect(excerpt('short')).toBe('short');
    expect(excerpt('x'.repeat(5000), 100).length).toBeLessThan(110);
  });

  it('reads Markdown as text and as blocks', () => {
    expect(plainText('## A "*b*" [link](http://x "t") `c` **d** snake_case_name\n\n- item')).toBe('A "b" link c d snake_case_name item');
    expect(blocks('# H\n\ntext\nmore\n\n```sql\n# not a heading\n```\n- one\n1. two\n| a | b |\n|---|---|\n').map((b) => [b.kind, b.text])).toEqual([
      ['heading', 'H'],
      ['text', 'text more'],
      ['code', '# not a heading'],
      ['item', 'one'],
      ['item', 'two'],
      ['table', '| a | b |\n|---|---|'],
    ]);
    expect(blocks('```\nnever closed')).toEqual([{ kind: 'code', text: 'never closed', language: '' }]);
  });

  it('copies a page as Markdown', () => {
    const [group] = groupByPage([{ url: 'https://a/1', title: 'A [b]', headers: 'A > C', content: 'text\n' }]);
    expect(toMarkdown(group!)).toBe('## [A \\[b\\]](https://a/1)\n\n**A > C**\n\ntext\n');
  });
});

describe('addresses as people type them', () => {
  it.each([
    ['docs.example.com', 'https://docs.example.com/'],
    [' https://a.example/x ', 'https://a.example/x'],
    ['localhost:8080/demo/', 'http://localhost:8080/demo/'],
    ['127.0.0.1/x', 'http://127.0.0.1/x'],
    ['http://localhost/', 'http://localhost/'],
    ['', undefined],
    ['two words', undefined],
    ['word', undefined],
    ['ftp://a.example/', undefined],
    ['javascript:alert(1)', undefined],
    ['http://', undefined],
  ])('%s', (typed, url) => expect(readUrl(typed)).toBe(url));

  it('lists', () => expect(listOf(' a, b,,a ', ',')).toEqual(['a', 'b']));
});

it('short addresses: without the scheme; a document by its name', () => {
  expect(['https://a.example/x/', 'file:///b8c97f9fda719143/storks.rst', undefined].map(shortUrl)).toEqual(['a.example/x', 'storks.rst', '']);
});

describe('numbers and times', () => {
  it('durations and time left', () => {
    expect([340, 4200, 200_000, 7_500_000, -1, undefined].map(formatDuration)).toEqual(['340 ms', '4.2 s', '3 min 20 s', '2 h 5 min', '–', '–']);
    expect([0, 3.2, 59.5, 61, 7200, null].map(formatEta)).toEqual(['1 s', '4 s', '60 s', '2 min', '2 h 0 min', '–']);
    expect([0, 1023, 1536, 12_345_678].map(formatBytes)).toEqual(['0 B', '1,023 B', '1.5 KiB', '12 MiB']);
  });

  it('how long ago', () => {
    const now = Date.parse('2025-06-10T12:00:00Z');
    expect(['2025-06-10T11:59:30Z', '2025-06-10T11:57:00Z', '2025-06-09T11:00:00Z', 'nonsense', null].map((t) => formatAgo(t, now))).toEqual([
      'just now',
      '3 minutes ago',
      'yesterday',
      '–',
      '–',
    ]);
  });
});

it('health parts: words, objects, flags and what is new', () => {
  expect(partStates({ table: 'ok', store: { status: 'degraded' }, relay: false, mcp: 'stopped', crawler: 'on fire' }).map((p) => p.tone)).toEqual([
    'good',
    'fair',
    'bad',
    'off',
    'bad',
  ]);
});
