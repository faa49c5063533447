import { useCallback, useEffect, useRef, useState } from 'react';
import { CopyButton } from '../components/CopyButton';
import { Icon } from '../components/Icon';
import { CodeExample } from '../components/ItemContents';
import { PageResult } from '../components/PageResult';
import { Empty, Failure, Skeleton } from '../components/States';
import { Tabs } from '../components/Tabs';
import { useDebounced } from '../hooks/useDebounced';
import { useKnowledgeItems } from '../hooks/useKnowledgeItems';
import { useRemote } from '../hooks/useRemote';
import { link, useRoute } from '../hooks/useRoute';
import { plural } from '../lib/format';
import { groupByPage, markedStems, toMarkdown } from '../lib/passages';
import { knowledgeItemsService } from '../services/knowledgeItemsService';
import type { SearchReply } from '../services/types';

const FIRST = 15;
const MOST = 50;

const KINDS = { text: 'Passages', code: 'Code examples' } as const;
type Kind = keyof typeof KINDS;

const addressOf = (q: string, source: string, kind: Kind) => link('search', { q, source, in: kind === 'code' ? 'code' : '' });

export function SearchPage() {
  const route = useRoute();
  const { replace } = route;
  const [query, setQuery] = useState(route.query.get('q') ?? '');
  const q = route.query.get('q') ?? '';
  const source = route.query.get('source') ?? '';
  const kind: Kind = route.query.get('in') === 'code' ? 'code' : 'text';
  const input = useRef<HTMLInputElement>(null);
  const still = useDebounced(query.trim(), 150);

  // Source and kind live in the address alone.  What is typed goes there when it is
  // still; when the address was changed from outside (a link, the history), the field follows.
  const written = useRef(q);
  const place = useRef({ source, kind });
  place.current = { source, kind };
  useEffect(() => {
    if (still === written.current) return;
    written.current = still;
    replace(addressOf(still, place.current.source, place.current.kind));
  }, [replace, still]);
  useEffect(() => {
    if (q === written.current) return;
    written.current = q;
    setQuery(q);
  }, [q]);
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
        <select className="input large" aria-label="Search in" value={source} onChange={(e) => replace(addressOf(still, e.target.value, kind))}>
          <option value="">All sources</option>
          {sources.data?.items.map((item) => (
            <option key={item.source_id} value={item.source_id}>
              {item.title || item.url}
            </option>
          ))}
          {source && !sources.data?.items.some((i) => i.source_id === source) && <option value={source}>{source}</option>}
        </select>
      </form>

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
      {still && (
        <Tabs label="What to search" tabs={KINDS} current={kind} onSelect={(to) => replace(addressOf(still, source, to))}>
          {kind === 'code' ? (
            <CodeSearch key={source} query={still} source={source} />
          ) : (
            <TextSearch key={source} query={still} source={source} />
          )}
        </Tabs>
      )}
    </>
  );
}

/** What was found stays until the next answer is there. */
function TextSearch({ query, source }: { query: string; source: string }) {
  const [count, setCount] = useState(FIRST);
  const load = useCallback(
    (signal: AbortSignal) =>
      knowledgeItemsService.search({ query, match_count: count, as_you_type: true, ...(source ? { source } : {}) }, { signal }),
    [query, source, count],
  );
  useEffect(() => setCount(FIRST), [query]);
  const { data, error, loading, reload } = useRemote(load);
  return (
    <>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {!data && loading && <Skeleton rows={4} label="Searching" />}
      {data && error === undefined && <Results reply={data} busy={loading} count={count} onMore={() => setCount(MOST)} />}
    </>
  );
}

function CodeSearch({ query, source }: { query: string; source: string }) {
  const load = useCallback(
    (signal: AbortSignal) =>
      knowledgeItemsService.searchCode({ query, match_count: 20, as_you_type: true, ...(source ? { source_id: source } : {}) }, { signal }),
    [query, source],
  );
  const { data, error, loading, reload } = useRemote(load);
  return (
    <section aria-label="Results" aria-busy={loading}>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {!data && loading && <Skeleton rows={4} label="Searching" />}
      {data?.results.length === 0 && error === undefined && (
        <Empty icon="search" title="Nothing found">
          No code example has “{data.query}”. Fewer or other words may do.
        </Empty>
      )}
      {data && data.results.length > 0 && (
        <>
          <h2 className="visually-hidden">Code examples</h2>
          <ol className="codes">
            {data.results.map((hit, i) => (
              <CodeExample key={hit.example_id ?? i} example={{ ...hit, heading: hit.metadata?.heading }} />
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

function Results({ reply, busy, count, onMore }: { reply: SearchReply; busy: boolean; count: number; onMore: () => void }) {
  const groups = groupByPage(reply.results);
  const stems = markedStems(reply.results);
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
