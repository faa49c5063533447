import { memo, useState } from 'react';
import { plural, shortUrl } from '../lib/format';
import { toMarkdown, type PageGroup } from '../lib/passages';
import { CopyButton } from './CopyButton';
import { Icon } from './Icon';
import { Marked } from './Marked';
import { OutLink } from './OutLink';
import { Passage } from './Passage';

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
            <OutLink url={group.url}>
              <Marked text={group.title} stems={stems} />
            </OutLink>
          </h2>
          <p className="item-url" title={group.url}>
            {shortUrl(group.url)}
          </p>
        </div>
        <CopyButton label="Copy" text={() => toMarkdown(group)} />
      </header>
      <ul className="passages">
        {(all ? group.hits : group.hits.slice(0, FIRST)).map((hit, i) => (
          <Passage key={hit.chunk_id ?? i} content={hit.content} headers={hit.headers} snippet={hit.snippet} stems={stems} title={group.title} />
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
