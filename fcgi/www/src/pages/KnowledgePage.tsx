import { useCallback, useEffect, useState } from 'react';
import { Add } from '../components/Add';
import { CrawlCard, type CrawlCardActions } from '../components/CrawlCard';
import { Icon } from '../components/Icon';
import { ItemRow } from '../components/ItemRow';
import { Pager } from '../components/Pager';
import { Empty, Failure, Skeleton } from '../components/States';
import { useDebounced } from '../hooks/useDebounced';
import { useItemActions } from '../hooks/useItemActions';
import { useKnowledgeItems } from '../hooks/useKnowledgeItems';
import { useRemovals } from '../hooks/useRemovals';
import { useRoute } from '../hooks/useRoute';
import { plural } from '../lib/format';
import type { CrawlBoard, TrackedCrawl } from '../services/crawlBoard';
import type { KnowledgeItemsQuery, KnowledgeItemsSort } from '../services/types';

const PER_PAGE = 20;

const SORTS: Record<string, string> = {
  '-updated_at': 'Newest first',
  updated_at: 'Oldest first',
  title: 'By title',
  url: 'By address',
  '-pages_count': 'Most pages',
  '-size_bytes': 'Largest',
};

interface Filter {
  search: string;
  kind: string;
  tag: string;
  page: number;
}
const NO_FILTER: Filter = { search: '', kind: '', tag: '', page: 1 };

export function KnowledgePage({ board, crawls, cards }: { board: CrawlBoard; crawls: readonly TrackedCrawl[]; cards: CrawlCardActions }) {
  return (
    <>
      <h1>Knowledge base</h1>
      <Add board={board} />
      {crawls.length > 0 && (
        <section aria-label="Crawls" className="crawls">
          <h2 className="visually-hidden">Crawls</h2>
          {crawls.map((crawl) => (
            <CrawlCard key={crawl.id} crawl={crawl} {...cards} />
          ))}
        </section>
      )}
      <Items board={board} />
    </>
  );
}

function Items({ board }: { board: CrawlBoard }) {
  const route = useRoute();
  const [filter, setFilter] = useState<Filter>({ ...NO_FILTER, tag: route.query.get('tag') ?? '' });
  const [sort, setSort] = useState('-updated_at');
  const actions = useItemActions(board);
  const removals = useRemovals();
  const search = useDebounced(filter.search.trim(), 200);
  const query: KnowledgeItemsQuery = { page: filter.page, per_page: PER_PAGE, sort: sort as KnowledgeItemsSort };
  if (search) query.search = search;
  if (filter.kind) query.knowledge_type = filter.kind;
  if (filter.tag) query.tags = [filter.tag];
  const { data, error, loading, reload } = useKnowledgeItems(query);
  const set = (part: Partial<Filter>) => setFilter((f) => ({ ...f, page: 1, ...part }));
  const onTag = useCallback((tag: string) => setFilter((f) => ({ ...f, page: 1, tag })), []);
  const filtered = filter.search !== '' || search !== '' || filter.kind !== '' || filter.tag !== '';

  const items = data?.items.filter((item) => !removals.hides(item)) ?? [];
  const total = data ? data.total - (data.items.length - items.length) : 0;

  // The last item of the last page went away.
  const pages = data ? Math.max(1, Math.ceil(data.total / PER_PAGE)) : undefined;
  useEffect(() => {
    if (pages !== undefined && !loading && filter.page > pages) setFilter((f) => ({ ...f, page: pages }));
  }, [pages, loading, filter.page]);

  return (
    <section aria-label="Items" className="items">
      <div className="toolbar">
        <h2>
          Items <span className="count">{data ? plural(total, 'source', 'sources') : ''}</span>
        </h2>
        <span className="spring" />
        {filter.tag && (
          <button type="button" className="tag on" onClick={() => set({ tag: '' })} aria-label={`Tag ${filter.tag}: remove this filter`}>
            {filter.tag} <Icon name="close" size={12} />
          </button>
        )}
        {(filtered || total !== 0 || !data) && (
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
            <select className="input" aria-label="Order" value={sort} onChange={(e) => (setSort(e.target.value), set({}))}>
              {Object.entries(SORTS).map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </>
        )}
      </div>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {!data && loading && <Skeleton rows={3} label="Loading items" />}
      {data && items.length === 0 && error === undefined && (
        filtered ? (
          <Empty icon="search" title="Nothing matches">
            No source has all of this.{' '}
            <button type="button" className="as-link" onClick={() => setFilter(NO_FILTER)}>
              Show all
            </button>
          </Empty>
        ) : (
          <Empty icon="book" title="Nothing here yet">
            Enter the address of a documentation site above, or drop documents there. They appear here, ready to search, as soon as they are read.
          </Empty>
        )
      )}
      {items.length > 0 && (
        <ul className="item-list card" aria-busy={loading}>
          {items.map((item) => (
            <ItemRow key={item.id} item={item} onTag={onTag} actions={actions} />
          ))}
        </ul>
      )}
      {data && <Pager page={filter.page} perPage={PER_PAGE} total={data.total} onPage={(page) => set({ page })} />}
    </section>
  );
}
