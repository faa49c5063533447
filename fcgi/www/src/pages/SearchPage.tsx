import { useCallback, useEffect, useRef, useState } from 'react';
import { CopyButton } from '../components/CopyButton';
import { Icon } from '../components/Icon';
import { PageResult } from '../components/PageResult';
import { Empty, Failure, Skeleton } from '../components/States';
import { useDebounced } from '../hooks/useDebounced';
import { useKnowledgeItems } from '../hooks/useKnowledgeItems';
import { useRemote } from '../hooks/useRemote';
import { link, useRoute } from '../hooks/useRoute';
import { plural } from '../lib/format';
import { groupByPage, queryStems, toMarkdown } from '../lib/passages';
import { knowledgeItemsService } from '../services/knowledgeItemsService';
import type { SearchReply, SearchRequest } from '../services/types';

const FIRST = 15;
const MOST = 50;

export function SearchPage() {
  const route = useRoute();
  const { replace } = route;
  const [query, setQuery] = useState(route.query.get('q') ?? '');
  const [source, setSource] = useState(route.query.get('source') ?? '');
  const [count, setCount] = useState(FIRST);
  const input = useRef<HTMLInputElement>(null);
  const still = useDebounced(query.trim(), 150);

  // The address follows the fields; when it was changed from outside (a link, the history), the fields follow it.
  const written = useRef('');
  useEffect(() => {
    written.current = link('search', { q: still, source });
    replace(written.current);
  }, [replace, still, source]);
  const q = route.query.get('q') ?? '';
  const from = route.query.get('source') ?? '';
  useEffect(() => {
    if (written.current === '' || link('search', { q, source: from }) === written.current) return;
    setQuery(q);
    setSource(from);
  }, [q, from]);
  useEffect(() => setCount(FIRST), [still, source]);
  useEffect(() => {
    input.current?.focus();
    const onKey = (e: KeyboardEvent) => {
      if (e.key !== '/' || (e.target as HTMLElement).closest('input, textarea, select')) return;
      e.preventDefault();
      input.current?.select();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);

  const sources = useKnowledgeItems({ per_page: 200 });
  const load = useCallback(
    (signal: AbortSignal): Promise<SearchReply | undefined> => {
      if (!still) return Promise.resolve(undefined);
      const request: SearchRequest = { query: still, match_count: count };
      if (source) request.source = source;
      return knowledgeItemsService.search(request, { signal });
    },
    [still, source, count],
  );
  const { data, error, loading, reload } = useRemote(load);
  const none = sources.data?.total === 0;

  return (
    <>
      <h1>Search</h1>
      <form className="search-line" role="search" onSubmit={(e) => e.preventDefault()}>
        <div className="input-icon">
          <Icon name="search" />
          <input
            ref={input}
            type="search"
            className="input large"
            aria-label="Search in everything that was crawled"
            placeholder="What do you want to know?"
            autoComplete="off"
            value={query}
            onChange={(e) => setQuery(e.target.value)}
          />
        </div>
        <select className="input large" aria-label="Search in" value={source} onChange={(e) => setSource(e.target.value)}>
          <option value="">All sources</option>
          {sources.data?.items.map((item) => (
            <option key={item.source_id} value={item.source_id}>
              {item.title || item.url}
            </option>
          ))}
          {source && !sources.data?.items.some((i) => i.source_id === source) && <option value={source}>{source}</option>}
        </select>
      </form>

      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {!still && (
        <Empty icon="search" title={none ? 'Nothing to search yet' : 'Search as you type'}>
          {none ? (
            <>
              Add a site to the <a href={link('')}>knowledge base</a> first.
            </>
          ) : (
            <>
              A few words are enough. <kbd>/</kbd> brings you back to the field from anywhere on this page.
            </>
          )}
        </Empty>
      )}
      {still && !data && loading && <Skeleton rows={4} label="Searching" />}
      {still && data && error === undefined && (
        <Results reply={data} busy={loading} count={count} onMore={() => setCount(MOST)} />
      )}
    </>
  );
}

function Results({ reply, busy, count, onMore }: { reply: SearchReply; busy: boolean; count: number; onMore: () => void }) {
  const groups = groupByPage(reply.results);
  const stems = queryStems(reply.query);
  const passages = groups.reduce((n, g) => n + g.hits.length, 0);
  if (groups.length === 0) {
    return (
      <Empty icon="search" title="Nothing found">
        No passage has “{reply.query}”. Fewer or other words may do.
      </Empty>
    );
  }
  return (
    <section aria-label="Results" aria-busy={busy} className="results">
      <div className="toolbar">
        <p className="count" role="status">
          {plural(passages, 'passage', 'passages')} on {plural(groups.length, 'page', 'pages')}
        </p>
        <span className="spring" />
        <CopyButton label="Copy as Markdown" text={() => groups.map(toMarkdown).join('\n')} />
      </div>
      <ol className="result-list">
        {groups.map((group) => (
          <PageResult key={group.url} group={group} stems={stems} />
        ))}
      </ol>
      {reply.results.length >= count && count < MOST && (
        <div className="more">
          <button type="button" className="button" disabled={busy} onClick={onMore}>
            Show more
          </button>
        </div>
      )}
    </section>
  );
}
