import { memo, useId, useState } from 'react';
import type { SearchHit } from '../services/types';
import { plural, shortUrl } from '../lib/format';
import { blocks, excerpt, toMarkdown, type PageGroup } from '../lib/passages';
import { CopyButton } from './CopyButton';
import { Icon } from './Icon';
import { Marked } from './Marked';

/** A page with many passages shows its best ones first. */
const FIRST = 3;

/** One page of the results with the passages found on it. */
export const PageResult = memo(function PageResult({ group, stems }: { group: PageGroup; stems: readonly string[] }) {
  const [all, setAll] = useState(false);
  const rest = group.hits.length - FIRST;
  return (
    <li className="result card">
      <header className="result-head">
        <div className="result-title">
          <h2>
            <a href={group.url} target="_blank" rel="noreferrer noopener">
              <Marked text={group.title} stems={stems} />
            </a>
          </h2>
          <p className="item-url" title={group.url}>
            {shortUrl(group.url)}
          </p>
        </div>
        <CopyButton label="Copy" text={() => toMarkdown(group)} />
      </header>
      <ul className="passages">
        {(all ? group.hits : group.hits.slice(0, FIRST)).map((hit, i) => (
          <Passage key={hit.chunk_id ?? i} hit={hit} stems={stems} title={group.title} />
        ))}
      </ul>
      {!all && rest > 0 && (
        <button type="button" className="button quiet small passages-more" onClick={() => setAll(true)}>
          <Icon name="plus" size={14} /> {plural(rest, 'more passage', 'more passages')} on this page
        </button>
      )}
    </li>
  );
});

function Passage({ hit, stems, title }: { hit: SearchHit; stems: readonly string[]; title: string }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  // The page's own title says nothing new here.
  const path = (hit.headers ?? '').split(' > ').filter((h) => h && h !== title);
  return (
    <li className="passage">
      <button type="button" className="passage-head disclosure" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <Icon name="chevron" size={14} />
        <span>{path.length > 0 ? <Marked text={path.join(' › ')} stems={stems} /> : 'Passage'}</span>
      </button>
      <div id={id} className="passage-body">
        {open ? (
          <Whole content={hit.content} stems={stems} />
        ) : (
          <p>
            <Marked text={excerpt(hit.content, stems)} stems={stems} />
          </p>
        )}
      </div>
    </li>
  );
}

function Whole({ content, stems }: { content: string; stems: readonly string[] }) {
  return blocks(content).map((block, i) => {
    const text = <Marked text={block.text} stems={stems} />;
    switch (block.kind) {
      case 'code':
      case 'table':
        return (
          <pre key={i} tabIndex={0}>
            <code>{text}</code>
          </pre>
        );
      case 'heading':
        return <h4 key={i}>{text}</h4>;
      case 'item':
        return (
          <p key={i} className="passage-item">
            {text}
          </p>
        );
      default:
        return <p key={i}>{text}</p>;
    }
  });
}
