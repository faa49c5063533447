import { memo } from 'react';
import type { KnowledgeItem } from '../services/types';
import { nameOf, type ItemActions } from '../hooks/useItemActions';
import { link } from '../hooks/useRoute';
import { formatAgo, formatDateTime, shortUrl } from '../lib/format';
import { Icon } from './Icon';
import { ItemFigures } from './ItemFigures';
import { OutLink } from './OutLink';

export const ItemRow = memo(function ItemRow({
  item,
  onTag,
  actions,
}: {
  item: KnowledgeItem;
  onTag: (tag: string) => void;
  actions: ItemActions;
}) {
  const { metadata: meta } = item;
  const when = meta.last_scraped ?? item.updated_at;
  const name = nameOf(item);
  return (
    <li className="item">
      <div className="item-main">
        <h3>
          <a href={link(`item/${encodeURIComponent(item.source_id)}`)}>{name}</a>
          <ItemState status={meta.status} />
        </h3>
        <p className="item-url" title={item.url}>
          <OutLink url={item.url}>{shortUrl(item.url)}</OutLink>
        </p>
        {meta.description && <p className="item-about">{meta.description}</p>}
        <p className="item-tags">
          {meta.knowledge_type && <span className="tag kind">{meta.knowledge_type}</span>}
          {meta.tags?.map((tag) => (
            <button key={tag} type="button" className="tag" title={`Only items tagged ${tag}`} onClick={() => onTag(tag)}>
              {tag}
            </button>
          ))}
        </p>
      </div>
      <ItemFigures item={item} />
      <div className="item-side">
        <time dateTime={when ?? undefined} title={formatDateTime(when)}>
          {formatAgo(when)}
        </time>
        <div className="item-actions">
          <a className="button quiet square small" href={link('search', { source: item.source_id })} aria-label={`Search in ${name}`} title="Search in it">
            <Icon name="search" size={16} />
          </a>
          {meta.source_type !== 'file' && (
            <button type="button" className="button quiet square small" aria-label={`Refresh ${name}`} title="Crawl again" onClick={() => actions.refresh(item)}>
              <Icon name="retry" size={16} />
            </button>
          )}
          <button type="button" className="button quiet square small" aria-label={`Delete ${name}`} title="Delete" onClick={() => actions.remove(item)}>
            <Icon name="trash" size={16} />
          </button>
        </div>
      </div>
    </li>
  );
});

export function ItemState({ status }: { status: string | undefined }) {
  if (status === 'crawling') return <span className="badge running">Crawling</span>;
  return status === 'error' ? <span className="badge error">Last crawl failed</span> : null;
}
