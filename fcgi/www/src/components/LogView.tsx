import { memo, useLayoutEffect, useRef, useState } from 'react';
import type { LogLine } from '../hooks/useMcpLogs';
import { formatClock, formatDateTime, plural } from '../lib/format';
import { Icon } from './Icon';

/** Pixels; the style sheet has the same. */
const ROW = 22;
/** Rows beyond what is seen, on each side. */
const SPARE = 12;

/**
 * A log of any length: only the rows that are seen are in the document.  It
 * stays at its end while lines come, unless one has scrolled up to read.
 */
export function LogView({ lines, label }: { lines: readonly LogLine[]; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 480 });
  const [follow, setFollow] = useState(true);
  const longest = useLongest(lines);

  // Before the next picture: a log that is followed never shows anything but its end.
  useLayoutEffect(() => {
    const el = box.current!;
    if (follow) el.scrollTop = el.scrollHeight;
    setView((v) => (v.top === el.scrollTop && v.height === el.clientHeight ? v : { top: el.scrollTop, height: el.clientHeight }));
  }, [lines, follow]);

  const onScroll = () => {
    const el = box.current!;
    setView({ top: el.scrollTop, height: el.clientHeight });
    setFollow(el.scrollHeight - el.scrollTop - el.clientHeight < ROW);
  };
  const first = Math.max(0, Math.min(Math.floor(view.top / ROW), lines.length - 1) - SPARE);
  const last = Math.min(lines.length, Math.ceil((view.top + view.height) / ROW) + SPARE);

  return (
    <div className="log-frame">
      <div ref={box} className="log" role="log" aria-live="off" aria-label={label} tabIndex={0} onScroll={onScroll}>
        <div className="log-all" style={{ height: lines.length * ROW, minWidth: `${longest + 26}ch` }}>
          <div className="log-rows" style={{ transform: `translateY(${first * ROW}px)` }}>
            {lines.slice(first, last).map((line) => (
              <Row key={line.key} line={line} />
            ))}
          </div>
        </div>
      </div>
      {!follow && lines.length > 0 && (
        <button type="button" className="button small log-end" onClick={() => setFollow(true)}>
          <Icon name="down" size={14} /> To the end
        </button>
      )}
    </div>
  );
}

const Row = memo(function Row({ line }: { line: LogLine }) {
  if (line.missed !== undefined) return <div className="log-row gap">{plural(line.missed, 'line', 'lines')} not shown: they came faster than they could be read</div>;
  return (
    <div className={`log-row ${line.level.toLowerCase()}`}>
      <time dateTime={line.timestamp} title={formatDateTime(line.timestamp)}>
        {formatClock(line.timestamp)}
      </time>
      <span className="log-level">{line.level}</span>
      <span className="log-text">{line.message}</span>
    </div>
  );
});

/** The longest message: the width does not jump while one scrolls.  Only what is new is looked at. */
function useLongest(lines: readonly LogLine[]): number {
  const seen = useRef({ key: -1, length: 0 });
  if (lines.length === 0) seen.current = { key: -1, length: 0 };
  for (let i = lines.length - 1; i >= 0 && lines[i]!.key > seen.current.key; i--) {
    seen.current.length = Math.max(seen.current.length, Math.min(lines[i]!.message.length, 2000));
  }
  seen.current.key = lines.at(-1)?.key ?? -1;
  return seen.current.length;
}
