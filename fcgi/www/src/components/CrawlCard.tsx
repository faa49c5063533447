import { memo, useId, useState } from 'react';
import type { TrackedCrawl } from '../services/crawlBoard';
import { isTerminal, type CrawlProgressData } from '../services/types';
import { between, formatBytes, formatCount, formatDuration, formatEta, formatRate, plural, shortUrl } from '../lib/format';
import { phaseText, shownPercent, toneOf, type Tone } from '../lib/crawlText';
import { Icon, type IconName } from './Icon';
import { ProgressBar } from './ProgressBar';

const ICONS: Record<Tone, IconName> = { running: 'globe', waiting: 'clock', done: 'check', error: 'cross', stopped: 'stop' };

export interface CrawlCardProps {
  crawl: TrackedCrawl;
  onCancel: (id: string) => void;
  onRetry: (id: string) => void;
  onDismiss: (id: string) => void;
}

/** One crawl, live.  All it shows of the crawl comes from its props; only "is the log open" is its own. */
export const CrawlCard = memo(function CrawlCard({ crawl, onCancel, onRetry, onDismiss }: CrawlCardProps) {
  const { id, data, connection, cancelling } = crawl;
  const [logOpen, setLogOpen] = useState(false);
  const logId = useId();
  const titleId = useId();
  const tone = toneOf(data.status);
  const over = isTerminal(data.status);
  const percent = shownPercent(data);
  const name = data.fileName ?? (shortUrl(data.url) || 'this address');
  const phase = cancelling && !over ? 'Cancelling' : phaseText(data.status);
  const lines = data.logs ?? (data.log ? [data.log] : []);

  return (
    <article className={`card crawl ${tone}`} aria-labelledby={titleId}>
      <header className="crawl-head">
        <span className={`crawl-icon ${tone}`}>
          <Icon name={ICONS[tone]} size={20} />
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

      <ProgressBar value={percent} tone={tone} label={`Crawl of ${name}`} text={`${percent} %, ${phase}`} />

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
        <button
          type="button"
          className="button quiet small disclosure"
          aria-expanded={logOpen}
          aria-controls={logId}
          disabled={lines.length === 0}
          onClick={() => setLogOpen(!logOpen)}
        >
          <Icon name="chevron" size={14} /> Log
        </button>
        {!logOpen && <span className="crawl-lastline">{data.log || lines.at(-1)}</span>}
        <span className="spring" />
        {!over && (
          <button type="button" className="button small" disabled={cancelling} onClick={() => onCancel(id)}>
            {cancelling ? 'Cancelling…' : 'Cancel'}
          </button>
        )}
        {(data.status === 'error' || data.status === 'cancelled') && (
          <>
            <button type="button" className="button quiet small" onClick={() => onDismiss(id)}>
              Dismiss
            </button>
            <button type="button" className="button small" onClick={() => onRetry(id)}>
              <Icon name="retry" size={14} /> {data.status === 'error' ? 'Retry' : 'Crawl again'}
            </button>
          </>
        )}
      </footer>
      <div id={logId} hidden={!logOpen} className="crawl-log" tabIndex={0} role="log" aria-label={`Log of ${name}`} aria-live="off">
        {logOpen && lines.map((line, i) => <div key={i}>{line}</div>)}
      </div>
    </article>
  );
});

function outcome(data: CrawlProgressData): string {
  const pages = plural(data.processedPages ?? 0, 'page', 'pages');
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
