import { useCallback, useEffect, useState } from 'react';
import { CrawlCard, type CrawlCardActions } from '../components/CrawlCard';
import { EditItem } from '../components/EditItem';
import { Icon } from '../components/Icon';
import { CodeTab, PagesTab, PassagesTab } from '../components/ItemContents';
import { ItemFigures } from '../components/ItemFigures';
import { ItemState } from '../components/ItemRow';
import { OutLink } from '../components/OutLink';
import { Empty, Failure, Skeleton } from '../components/States';
import { Tabs } from '../components/Tabs';
import { nameOf, useItemActions } from '../hooks/useItemActions';
import { useItemChanges } from '../hooks/useKnowledgeItems';
import { useRemote } from '../hooks/useRemote';
import { useRemovals } from '../hooks/useRemovals';
import { link, useRoute } from '../hooks/useRoute';
import { formatAgo, formatDateTime, plural, shortUrl } from '../lib/format';
import { ApiError } from '../services/apiClient';
import type { CrawlBoard, TrackedCrawl } from '../services/crawlBoard';
import { knowledgeItemsService } from '../services/knowledgeItemsService';
import type { KnowledgeItem } from '../services/types';

const TABS = { pages: 'Pages', passages: 'Passages', code: 'Code examples' } as const;
type Tab = keyof typeof TABS;

/** One item: what is known about it, and what is in it. */
export function ItemPage({
  id,
  board,
  crawls,
  cards,
}: {
  id: string;
  board: CrawlBoard;
  crawls: readonly TrackedCrawl[];
  cards: CrawlCardActions;
}) {
  const load = useCallback((signal: AbortSignal) => knowledgeItemsService.item(id, { signal }), [id]);
  const { data: item, error, loading, reload } = useRemote(load);
  const [changes, setChanges] = useState(0);
  const onChange = useCallback(() => {
    reload();
    setChanges((n) => n + 1);
  }, [reload]);
  useItemChanges(onChange);
  const removals = useRemovals();
  const missing = error instanceof ApiError && error.status === 404;

  return (
    <>
      <p className="back">
        <a href={link('')}>
          <Icon name="back" size={16} /> Knowledge base
        </a>
      </p>
      {item && removals.hides(item) ? (
        <Empty icon="trash" title={`${nameOf(item)} is deleted`}>
          Back to the <a href={link('')}>knowledge base</a>.
        </Empty>
      ) : missing ? (
        <Empty icon="book" title="There is no such item">
          It may have been deleted. Back to the <a href={link('')}>knowledge base</a>.
        </Empty>
      ) : (
        <>
          {error !== undefined && <Failure error={error} onRetry={reload} />}
          {!item && loading && <Skeleton rows={3} label="Loading the item" />}
          {item && (
            <>
              <About item={item} board={board} onSaved={reload} />
              {crawls
                .filter((c) => c.data.sourceId === id)
                .map((c) => (
                  <CrawlCard key={c.id} crawl={c} {...cards} />
                ))}
              <Contents item={item} changes={changes} />
            </>
          )}
        </>
      )}
    </>
  );
}

function About({ item, board, onSaved }: { item: KnowledgeItem; board: CrawlBoard; onSaved: () => void }) {
  const [editing, setEditing] = useState(false);
  const actions = useItemActions(board);
  const { metadata: meta } = item;
  const isFile = meta.source_type === 'file';
  useEffect(() => {
    document.title = `${nameOf(item)} – archon`;
  }, [item]);
  return (
    <section className="about card" aria-label="About">
      <div className="about-head">
        <div className="about-title">
          <h1>
            {nameOf(item)}
            <ItemState status={meta.status} />
          </h1>
          <p className="item-url">
            <OutLink url={item.url}>{shortUrl(item.url)}</OutLink>
          </p>
        </div>
        <div className="about-actions">
          <a className="button small" href={link('search', { source: item.source_id })}>
            <Icon name="search" size={14} /> Search in it
          </a>
          {!isFile && (
            <button type="button" className="button small" onClick={() => actions.refresh(item)}>
              <Icon name="retry" size={14} /> Refresh
            </button>
          )}
          <button type="button" className="button small" aria-expanded={editing} onClick={() => setEditing(!editing)}>
            <Icon name="edit" size={14} /> Edit
          </button>
          <button type="button" className="button small" onClick={() => actions.remove(item)}>
            <Icon name="trash" size={14} /> Delete
          </button>
        </div>
      </div>
      {editing ? (
        <EditItem
          item={item}
          onClose={() => setEditing(false)}
          onSave={async (patch) => {
            await knowledgeItemsService.update(item.source_id, patch);
            onSaved();
          }}
        />
      ) : (
        <>
          {meta.description && <p className="about-text">{meta.description}</p>}
          <p className="item-tags">
            {meta.knowledge_type && <span className="tag kind">{meta.knowledge_type}</span>}
            {meta.tags?.map((tag) => (
              <a key={tag} className="tag" href={link('', { tag })}>
                {tag}
              </a>
            ))}
          </p>
          <div className="about-foot">
            <ItemFigures item={item} />
            <p className="about-times">
              <Times item={item} />
            </p>
          </div>
        </>
      )}
    </section>
  );
}

function Times({ item: { metadata: meta, created_at: created } }: { item: KnowledgeItem }) {
  const time = (iso: string) => (
    <time dateTime={iso} title={formatDateTime(iso)}>
      {formatAgo(iso)}
    </time>
  );
  return (
    <>
      {meta.last_scraped ? <>Read {time(meta.last_scraped)}</> : created && <>Added {time(created)}</>}
      {meta.next_refresh && (
        <>
          {' '}
          · again <time dateTime={meta.next_refresh}>{formatDateTime(meta.next_refresh)}</time>
        </>
      )}
      {!meta.next_refresh && meta.update_frequency ? <> · every {plural(meta.update_frequency, 'day', 'days')}</> : null}
    </>
  );
}

function Contents({ item, changes }: { item: KnowledgeItem; changes: number }) {
  const route = useRoute();
  const { replace } = route;
  const asked = route.query.get('tab') ?? '';
  const tab: Tab = asked in TABS ? (asked as Tab) : 'pages';
  const url = route.query.get('url') ?? '';
  const go = useCallback(
    (to: Tab, of = '') => replace(link(`item/${encodeURIComponent(item.source_id)}`, { tab: to, url: of })),
    [replace, item.source_id],
  );
  const part = { id: item.source_id, url, changes, key: `${tab} ${url}` };
  return (
    <Tabs label="Contents" tabs={TABS} current={tab} onSelect={(to) => go(to)}>
      <h2 className="visually-hidden">{TABS[tab]}</h2>
      {url && tab !== 'pages' && (
        <p className="only">
          <button type="button" className="tag on" onClick={() => go(tab)} aria-label={`Only of ${shortUrl(url)}: remove this filter`}>
            {shortUrl(url)} <Icon name="close" size={12} />
          </button>
        </p>
      )}
      {tab === 'pages' ? (
        <PagesTab {...part} key={part.key} onPassages={(of) => go('passages', of)} onCode={(of) => go('code', of)} />
      ) : tab === 'passages' ? (
        <PassagesTab {...part} key={part.key} />
      ) : (
        <CodeTab {...part} key={part.key} />
      )}
    </Tabs>
  );
}
