import { useId, useState, type ReactNode } from 'react';
import { blocks, excerpt, snippetSpans } from '../lib/passages';
import { Icon } from './Icon';
import { Marked, Spans } from './Marked';

export interface PassageProps {
  /** Markdown. */
  content: string;
  /** "Part > Chapter > Section" */
  headers: string | undefined;
  /** The page's title: said already, where the passages of one page stand together. */
  title?: string;
  /** What of it answers best, as the search gives it. */
  snippet?: string | undefined;
  /** The words to mark. */
  stems?: readonly string[];
  /** Beside its heading. */
  side?: ReactNode;
}

const NONE: readonly string[] = [];

/** A passage: a few lines of it, and all when it is opened. */
export function Passage({ content, headers, title, snippet, stems = NONE, side }: PassageProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const path = (headers ?? '').split(' > ').filter((h) => h && h !== title);
  return (
    <li className="passage">
      <div className="passage-line">
        <button type="button" className="passage-head disclosure" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          <Icon name="chevron" size={14} />
          <span>{path.length > 0 ? <Marked text={path.join(' › ')} stems={stems} /> : 'Passage'}</span>
        </button>
        {side}
      </div>
      <div id={id} className="passage-body">
        {open ? (
          <Whole content={content} stems={stems} />
        ) : (
          <p>{snippet ? <Spans spans={snippetSpans(snippet)} /> : excerpt(content)}</p>
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
