import { useCallback, useEffect, useState } from 'react';
import { AddByUrl } from '../components/AddByUrl';
import { CrawlCard } from '../components/CrawlCard';
import { Icon } from '../components/Icon';
import { ItemRow } from '../components/ItemRow';
import { useNotice } from '../components/Notices';
import { Pager } from '../components/Pager';
import { Empty, Failure, Skeleton } from '../components/States';
import { useDebounced } from '../hooks/useDebounced';
import { useKnowledgeItems } from '../hooks/useKnowledgeItems';
import { plural } from '../lib/format';
import { ApiError, sentence } from '../services/apiClient';
import type { CrawlBoard, TrackedCrawl } from '../services/crawlBoard';
import type { KnowledgeItemsQuery } from '../services/types';

const PER_PAGE = 20;

interface Filter {
  search: string;
  kind: string;
  tag: string;
  page: number;
}
const NO_FILTER: Filter = { search: '', kind: '', tag: '', page: 1 };

export function KnowledgePage({ board, crawls, ended }: { board: CrawlBoard; crawls: readonly TrackedCrawl[]; ended: number }) {
  const notice = useNotice();
  const failed = useCallback((e: unknown) => notice(sentence(e), 'error'), [notice]);
  const onCancel = useCallback(
    (id: string) =>
      void board.cancel(id).catch((e: unknown) => {
        // It ended by itself a moment before: the card says so.
        if (!(e instanceof ApiError && e.status === 409)) failed(e);
      }),
    [board, failed],
  );
  const onRetry = useCallback((id: string) => void board.retry(id).catch(failed), [board, failed]);
  const onDismiss = useCallback((id: string) => board.dismiss(id), [board]);

  return (
    <>
      <h1>Knowledge base</h1>
      <AddByUrl onStart={(request) => board.start(request)} />
      {crawls.length > 0 && (
        <section aria-label="Crawls" className="crawls">
          <h2 className="visually-hidden">Crawls</h2>
          {crawls.map((crawl) => (
            <CrawlCard key={crawl.id} crawl={crawl} onCancel={onCancel} onRetry={onRetry} onDismiss={onDismiss} />
          ))}
        </section>
      )}
      <Items ended={ended} />
    </>
  );
}

function Items({ ended }: { ended: number }) {
  const [filter, setFilter] = useState(NO_FILTER);
  const search = useDebounced(filter.search.trim(), 200);
  const query: KnowledgeItemsQuery = { page: filter.page, per_page: PER_PAGE };
  if (search) query.search = search;
  if (filter.kind) query.knowledge_type = filter.kind;
  if (filter.tag) query.tags = [filter.tag];
  const { data, error, loading, reload } = useKnowledgeItems(query);
  const set = (part: Partial<Filter>) => setFilter((f) => ({ ...f, page: 1, ...part }));
  const onTag = useCallback((tag: string) => setFilter((f) => ({ ...f, page: 1, tag })), []);
  const filtered = filter.search !== '' || search !== '' || filter.kind !== '' || filter.tag !== '';

  useEffect(() => {
    if (ended > 0) reload();
  }, [ended, reload]);
  // The last item of the last page went away.
  const pages = data ? Math.max(1, Math.ceil(data.total / PER_PAGE)) : undefined;
  useEffect(() => {
    if (pages !== undefined && !loading && filter.page > pages) setFilter((f) => ({ ...f, page: pages }));
  }, [pages, loading, filter.page]);

  return (
    <section aria-label="Items" className="items">
      <div className="toolbar">
        <h2>
          Items <span className="count">{data ? plural(data.total, 'source', 'sources') : ''}</span>
        </h2>
        <span className="spring" />
        {filter.tag && (
          <button type="button" className="tag on" onClick={() => set({ tag: '' })} aria-label={`Tag ${filter.tag}: remove this filter`}>
            {filter.tag} <Icon name="close" size={12} />
          </button>
        )}
        {(filtered || data?.total !== 0) && (
          <>
            <div className="input-icon filter">
              <Icon name="search" size={16} />
              <input
                type="search"
                className="input"
                aria-label="Filter by title or address"
                placeholder="Filter by title or address"
                value={filter.search}
                onChange={(e) => set({ search: e.target.value })}
              />
            </div>
            <select className="input" aria-label="Kind" value={filter.kind} onChange={(e) => set({ kind: e.target.value })}>
              <option value="">All kinds</option>
              <option value="technical">Technical</option>
              <option value="business">Business</option>
            </select>
          </>
        )}
      </div>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {!data && loading && <Skeleton rows={3} label="Loading items" />}
      {data && data.items.length === 0 && error === undefined && (
        filtered ? (
          <Empty icon="search" title="Nothing matches">
            No source has all of this.{' '}
            <button type="button" className="as-link" onClick={() => setFilter(NO_FILTER)}>
              Show all
            </button>
          </Empty>
        ) : (
          <Empty icon="book" title="Nothing here yet">
            Enter the address of a documentation site above. Its pages appear here, ready to search, as soon as they are read.
          </Empty>
        )
      )}
      {data && data.items.length > 0 && (
        <ul className="item-list card" aria-busy={loading}>
          {data.items.map((item) => (
            <ItemRow key={item.id} item={item} onTag={onTag} />
          ))}
        </ul>
      )}
      {data && <Pager page={filter.page} perPage={PER_PAGE} total={data.total} onPage={(page) => set({ page })} />}
    </section>
  );
}
