import { memo, useCallback, useEffect, useId, useState } from 'react';
import { useRemote } from '../hooks/useRemote';
import { sentence } from '../services/apiClient';
import { crawlProgressService } from '../services/crawlProgressService';
import type { TrackedCrawl } from '../services/crawlBoard';
import { isTerminal, type CrawlProgressData } from '../services/types';
import { between, formatBytes, formatCount, formatDuration, formatEta, formatRate, plural, shortUrl } from '../lib/format';
import { phaseText, shownPercent, toneOf, type Tone } from '../lib/crawlText';
import { Icon, type IconName } from './Icon';
import { OutLink } from './OutLink';
import { Pager } from './Pager';
import { ProgressBar } from './ProgressBar';

const ICONS: Record<Tone, IconName> = { running: 'globe', waiting: 'clock', done: 'check', error: 'cross', stopped: 'stop' };

/** What can be done with a crawl. */
export interface CrawlCardActions {
  onCancel: (id: string) => void;
  onPause: (id: string) => void;
  onResume: (id: string) => void;
  onRetry: (id: string) => void;
  onDismiss: (id: string) => void;
}

export interface CrawlCardProps extends CrawlCardActions {
  crawl: TrackedCrawl;
}

/** One crawl, live.  All it shows of the crawl comes from its props; only what is unfolded is its own. */
export const CrawlCard = memo(function CrawlCard({ crawl, ...on }: CrawlCardProps) {
  const { id, data, connection } = crawl;
  const [open, setOpen] = useState<'log' | 'failures'>();
  const logId = useId();
  const failuresId = useId();
  const titleId = useId();
  const tone = toneOf(data.status);
  const over = isTerminal(data.status);
  const percent = shownPercent(data);
  const name = data.fileName ?? (shortUrl(data.url) || 'this address');
  const phase = phaseOf(crawl);
  const failed = data.failedPages ?? 0;
  const lines = data.logs ?? (data.log ? [data.log] : []);

  return (
    <article className={`card crawl ${tone}`} aria-labelledby={titleId}>
      <header className="crawl-head">
        <span className={`crawl-icon ${tone}`}>
          <Icon name={data.status === 'paused' ? 'pause' : data.kind === 'upload' && tone === 'running' ? 'file' : ICONS[tone]} size={20} />
        </span>
        <div className="crawl-title">
          <h3 id={titleId} title={data.url}>
            {name}
          </h3>
          <p className="crawl-phase">
            {phase}
            {!over && connection === 'polling' && <span className="hint"> · by polling</span>}
            {!over && connection === 'connecting' && data.seq !== undefined && <span className="hint"> · reconnecting</span>}
          </p>
        </div>
        <span className="crawl-percent" aria-hidden="true">
          {percent}
          <small>%</small>
        </span>
      </header>

      <ProgressBar value={percent} tone={tone} label={data.kind === 'upload' ? `Upload of ${name}` : `Crawl of ${name}`} text={`${percent} %, ${phase}`} />

      {data.status === 'error' ? (
        <p className="crawl-error" role="alert">
          {data.error ?? 'The crawl failed; the server did not say why.'}
        </p>
      ) : (
        <p className="crawl-now" title={over ? undefined : data.currentUrl}>
          {over ? outcome(data) : (data.currentUrl || data.log || 'Getting ready…')}
        </p>
      )}

      <Figures data={data} over={over} />

      <footer className="crawl-foot">
        <Disclosure name="Log" id={logId} open={open === 'log'} disabled={lines.length === 0} onClick={() => setOpen(open === 'log' ? undefined : 'log')} />
        {failed > 0 && (
          <Disclosure
            name={plural(failed, 'failure', 'failures')}
            id={failuresId}
            open={open === 'failures'}
            onClick={() => setOpen(open === 'failures' ? undefined : 'failures')}
          />
        )}
        {open === undefined && <span className="crawl-lastline">{data.log || lines.at(-1)}</span>}
        <span className="spring" />
        <Steering crawl={crawl} over={over} {...on} />
      </footer>
      <div id={logId} hidden={open !== 'log'} className="crawl-log" tabIndex={0} role="log" aria-label={`Log of ${name}`} aria-live="off">
        {open === 'log' && lines.map((line, i) => <div key={i}>{line}</div>)}
      </div>
      <div id={failuresId} hidden={open !== 'failures'} className="crawl-log">
        {open === 'failures' && <Failures id={id} count={failed} />}
      </div>
    </article>
  );
});

function phaseOf({ data, asked, sent }: TrackedCrawl): string {
  if (isTerminal(data.status)) return phaseText(data.status);
  if (sent !== undefined) return sent < 1 ? `Sending, ${Math.floor(sent * 100)} %` : 'Sent';
  return asked === undefined ? phaseText(data.status) : { cancel: 'Cancelling', pause: 'Pausing', resume: 'Going on' }[asked];
}

function Disclosure({ name, id, open, disabled, onClick }: { name: string; id: string; open: boolean; disabled?: boolean; onClick: () => void }) {
  return (
    <button type="button" className="button quiet small disclosure" aria-expanded={open} aria-controls={id} disabled={disabled} onClick={onClick}>
      <Icon name="chevron" size={14} /> {name}
    </button>
  );
}

function Steering({ crawl: { id, data, asked, sent }, over, onCancel, onPause, onResume, onRetry, onDismiss }: CrawlCardProps & { over: boolean }) {
  if (data.status === 'completed') return null;
  if (over) {
    return (
      <>
        <button type="button" className="button quiet small" onClick={() => onDismiss(id)}>
          Dismiss
        </button>
        <button type="button" className="button small" onClick={() => onRetry(id)}>
          <Icon name="retry" size={14} /> {data.status === 'error' ? 'Retry' : again(data)}
        </button>
      </>
    );
  }
  const paused = data.status === 'paused';
  return (
    <>
      {data.kind !== 'upload' && (
        <button type="button" className="button quiet small" disabled={asked !== undefined} onClick={() => (paused ? onResume(id) : onPause(id))}>
          <Icon name={paused ? 'play' : 'pause'} size={14} /> {paused ? 'Resume' : 'Pause'}
        </button>
      )}
      <button type="button" className="button small" disabled={asked === 'cancel' && sent === undefined} onClick={() => onCancel(id)}>
        {asked === 'cancel' ? 'Cancelling…' : 'Cancel'}
      </button>
    </>
  );
}

function again(data: CrawlProgressData): string {
  return data.kind === 'upload' ? 'Read again' : 'Crawl again';
}

/** Addresses that could not be read, and why; looked up again when there are more. */
function Failures({ id, count }: { id: string; count: number }) {
  const [page, setPage] = useState(1);
  const load = useCallback((signal: AbortSignal) => crawlProgressService.failures(id, { page, per_page: 20 }, { signal }), [id, page]);
  const { data, error, loading, reload } = useRemote(load);
  useEffect(() => reload(), [count, reload]);
  if (error !== undefined) return <p role="alert">{sentence(error)}</p>;
  if (!data) return <p role="status">{loading && 'Looking them up…'}</p>;
  return (
    <>
      <ul aria-label="Addresses that failed">
        {data.failures.map((f) => (
          <li key={f.url} className="failed">
            <OutLink url={f.url}>{shortUrl(f.url)}</OutLink>
            <span>{f.reason}</span>
          </li>
        ))}
      </ul>
      <Pager page={page} perPage={20} total={data.total} onPage={setPage} />
    </>
  );
}

function outcome(data: CrawlProgressData): string {
  const pages = plural(data.processedPages ?? 0, 'page', 'pages');
  if (data.status === 'completed' && data.kind === 'upload') return 'Ready to search.';
  return data.status === 'completed' ? `${pages} ready to search.` : `Stopped after ${pages}. What was stored stays.`;
}

function Figures({ data, over }: { data: CrawlProgressData; over: boolean }) {
  const failed = data.failedPages ?? 0;
  return (
    <dl className="figures">
      <div>
        <dt>Pages</dt>
        <dd>
          {formatCount(data.processedPages ?? 0)}
          <span className="of"> / {formatCount(data.totalPages ?? 0)}</span>
        </dd>
      </div>
      <div>
        <dt>Passages</dt>
        <dd>{formatCount(data.chunksStored ?? 0)}</dd>
      </div>
      <div className={failed > 0 ? 'warn' : ''}>
        <dt>Failed</dt>
        <dd>{formatCount(failed)}</dd>
      </div>
      <div>
        <dt>Skipped</dt>
        <dd>{formatCount(data.skippedPages ?? 0)}</dd>
      </div>
      <div>
        <dt>Fetched</dt>
        <dd>{formatBytes(data.bytesFetched)}</dd>
      </div>
      {over ? (
        <div>
          <dt>Took</dt>
          <dd>{formatDuration(between(data.startTime, data.completedAt ?? data.updatedAt))}</dd>
        </div>
      ) : (
        <>
          <div>
            <dt>Pages/s</dt>
            <dd>{formatRate(data.pagesPerSecond)}</dd>
          </div>
          <div>
            <dt>Time left</dt>
            <dd>{formatEta(data.etaSeconds)}</dd>
          </div>
        </>
      )}
    </dl>
  );
}
