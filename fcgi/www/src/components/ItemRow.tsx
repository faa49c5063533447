import { memo } from 'react';
import type { KnowledgeItem } from '../services/types';
import { link } from '../hooks/useRoute';
import { formatAgo, formatCompact, formatDateTime, shortUrl } from '../lib/format';
import { Icon } from './Icon';

export const ItemRow = memo(function ItemRow({ item, onTag }: { item: KnowledgeItem; onTag: (tag: string) => void }) {
  const { metadata: meta } = item;
  const when = meta.last_scraped ?? item.updated_at;
  return (
    <li className="item">
      <div className="item-main">
        <h3>
          <a href={item.url} target="_blank" rel="noreferrer noopener">
            {item.title || shortUrl(item.url)}
          </a>
          {meta.status === 'crawling' && <span className="badge running">Crawling</span>}
          {meta.status === 'error' && <span className="badge error">Last crawl failed</span>}
        </h3>
        <p className="item-url" title={item.url}>
          {shortUrl(item.url)}
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
      <dl className="item-figures">
        <Figure name="Pages" value={meta.pages_count} />
        <Figure name="Passages" value={meta.chunks_count} />
        <Figure name="Words" value={meta.word_count} />
        <Figure name="Code" value={meta.code_examples_count} />
      </dl>
      <div className="item-side">
        <time dateTime={when ?? undefined} title={formatDateTime(when)}>
          {formatAgo(when)}
        </time>
        <a className="button small" href={link('search', { source: item.source_id })} aria-label={`Search in ${item.title || shortUrl(item.url)}`}>
          <Icon name="search" size={14} /> Search
        </a>
      </div>
    </li>
  );
});

function Figure({ name, value }: { name: string; value: number | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{formatCompact(value)}</dd>
    </div>
  );
}
