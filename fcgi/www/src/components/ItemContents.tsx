import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { useRemote } from '../hooks/useRemote';
import { formatAgo, formatBytes, formatDateTime, plural, shortUrl } from '../lib/format';
import { knowledgeItemsService as items } from '../services/knowledgeItemsService';
import type { ContentsQuery, ItemCodeExample, ItemPage, Paged } from '../services/types';
import type { RequestOptions } from '../services/apiClient';
import { CopyButton } from './CopyButton';
import type { IconName } from './Icon';
import { OutLink } from './OutLink';
import { Pager } from './Pager';
import { Passage } from './Passage';
import { Empty, Failure, Skeleton } from './States';

const PER_PAGE = 20;

export interface ContentsProps {
  /** The item's. */
  id: string;
  /** Only of this page of the site; empty: of all. */
  url: string;
  /** Grows when the item may have changed. */
  changes: number;
}

type Load<T> = (id: string, query: ContentsQuery, options: RequestOptions) => Promise<T>;

/** A list of an item's contents that comes in pages. */
function List<T extends Paged>({
  load,
  id,
  url,
  changes,
  empty,
  children,
}: ContentsProps & { load: Load<T>; empty: { icon: IconName; title: string }; children: (data: T) => ReactNode }) {
  const [page, setPage] = useState(1);
  const ask = useCallback(
    (signal: AbortSignal) => load(id, { page, per_page: PER_PAGE, ...(url ? { url } : {}) }, { signal }),
    [load, id, url, page],
  );
  const { data, error, loading, reload } = useRemote(ask);
  useEffect(() => {
    if (changes > 0) reload();
  }, [changes, reload]);
  return (
    <div aria-busy={loading}>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {!data && loading && <Skeleton rows={4} label="Loading" />}
      {data?.total === 0 && <Empty {...empty} />}
      {data && data.total > 0 && children(data)}
      {data && <Pager page={page} perPage={PER_PAGE} total={data.total} onPage={setPage} />}
    </div>
  );
}

const loadPages: Load<Awaited<ReturnType<typeof items.pages>>> = (id, query, options) => items.pages(id, query, options);
const loadChunks: Load<Awaited<ReturnType<typeof items.chunks>>> = (id, query, options) => items.chunks(id, query, options);
const loadCode: Load<Awaited<ReturnType<typeof items.codeExamples>>> = (id, query, options) => items.codeExamples(id, query, options);

export function PagesTab({ onPassages, onCode, ...part }: ContentsProps & { onPassages: (url: string) => void; onCode: (url: string) => void }) {
  return (
    <List {...part} url="" load={loadPages} empty={{ icon: 'file', title: 'No page was read yet' }}>
      {(data) => (
        <ul className="card rows">
          {data.items.map((p) => (
            <PageRow key={p.url} page={p} onPassages={onPassages} onCode={onCode} />
          ))}
        </ul>
      )}
    </List>
  );
}

function PageRow({ page, onPassages, onCode }: { page: ItemPage; onPassages: (url: string) => void; onCode: (url: string) => void }) {
  const name = page.title || shortUrl(page.url);
  return (
    <li className="page-row">
      <div className="page-main">
        <h3>
          <OutLink url={page.url}>{name}</OutLink>
        </h3>
        <p className="item-url" title={page.url}>
          {shortUrl(page.url)}
        </p>
      </div>
      <span className="run-figure">{plural(page.word_count ?? 0, 'word', 'words')}</span>
      <span className="run-figure size">{formatBytes(page.size_bytes)}</span>
      <time className="run-figure" dateTime={page.fetched_at} title={formatDateTime(page.fetched_at)}>
        {formatAgo(page.fetched_at)}
      </time>
      <span className="page-links">
        <button type="button" className="as-link" onClick={() => onPassages(page.url)} aria-label={`${plural(page.chunks_count ?? 0, 'passage', 'passages')} of ${name}`}>
          {plural(page.chunks_count ?? 0, 'passage', 'passages')}
        </button>
        {(page.code_examples_count ?? 0) > 0 && (
          <button type="button" className="as-link" onClick={() => onCode(page.url)} aria-label={`${page.code_examples_count} code examples of ${name}`}>
            {page.code_examples_count} code
          </button>
        )}
      </span>
    </li>
  );
}

export function PassagesTab(part: ContentsProps) {
  return (
    <List {...part} load={loadChunks} empty={{ icon: 'book', title: 'No passage was stored yet' }}>
      {(data) => (
        <ol className="card passages alone">
          {data.chunks.map((c) => (
            <Passage
              key={c.id}
              content={c.content}
              headers={c.headers || c.title}
              side={<CopyButton label="Copy" text={() => `${c.content.trim()}\n`} />}
            />
          ))}
        </ol>
      )}
    </List>
  );
}

export function CodeTab(part: ContentsProps) {
  return (
    <List {...part} load={loadCode} empty={{ icon: 'file', title: 'No code example was found' }}>
      {(data) => (
        <ol className="codes">
          {data.code_examples.map((x) => (
            <CodeExample key={x.id} example={x} />
          ))}
        </ol>
      )}
    </List>
  );
}

export type CodeShown = Pick<ItemCodeExample, 'code' | 'url'> & { [K in 'language' | 'heading' | 'title' | 'before']?: string | null | undefined };

export function CodeExample({ example: { code, url, language, heading, title, before } }: { example: CodeShown }) {
  return (
    <li className="code card">
      <header className="code-head">
        <div className="code-title">
          <h3>
            <OutLink url={url}>{heading || title || shortUrl(url)}</OutLink>
          </h3>
          {before && <p className="code-about">{before}</p>}
        </div>
        {language && <span className="tag">{language}</span>}
        <CopyButton label="Copy" text={() => code} />
      </header>
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </li>
  );
}
