import { useCallback, useEffect } from 'react';
import { Chart } from '../components/Chart';
import { Icon } from '../components/Icon';
import { ProgressBar } from '../components/ProgressBar';
import { Empty, Failure, Skeleton } from '../components/States';
import { EVERY, figures } from '../hooks/useFigures';
import { useRemote } from '../hooks/useRemote';
import { phaseText, shownPercent, toneOf } from '../lib/crawlText';
import { between, formatAgo, formatBytes, formatCount, formatDateTime, formatDuration, formatEta, formatRate, plural, shortUrl } from '../lib/format';
import { sentence } from '../services/apiClient';
import { partStates, type PartState } from '../lib/parts';
import { crawlProgressService } from '../services/crawlProgressService';
import { healthService } from '../services/healthService';
import type { TrackedCrawl } from '../services/crawlBoard';
import { isTerminal, type CrawlProgressData, type Health } from '../services/types';

const loadHealth = (signal: AbortSignal) => healthService.get({ signal });
const loadMetrics = (signal: AbortSignal) => healthService.metrics({ signal });
const loadEnded = async (signal: AbortSignal) => {
  const { operations } = await crawlProgressService.list({ all: true }, { signal });
  return operations.filter((o) => isTerminal(o.status));
};

export function StatusPage({ crawls, ended, trouble }: { crawls: readonly TrackedCrawl[]; ended: number; trouble: unknown }) {
  const running = crawls.filter((c) => !isTerminal(c.data.status));
  return (
    <>
      <h1>Status</h1>
      <HealthPanel />
      <section className="charts" aria-label="Lately">
        <Chart name="Pages per second" samples={figures.pagesPerSecond} format={formatRate} seconds={EVERY} />
        <Chart name="Clients that follow live" samples={figures.clients} format={formatCount} seconds={EVERY} />
      </section>
      <section aria-labelledby="running">
        <div className="toolbar">
          <h2 id="running">
            Running <span className="count">{running.length > 0 && plural(running.length, 'crawl', 'crawls')}</span>
          </h2>
          <span className="spring" />
          {running.length > 0 && <span className="count">{formatRate(totalRate(running))} pages/s in all</span>}
        </div>
        {running.length === 0 ? (
          <p className="quiet-line card">{trouble === undefined ? 'No crawl is running.' : sentence(trouble)}</p>
        ) : (
          <ul className="crawl-list card">
            {running.map((c) => (
              <RunningRow key={c.id} data={c.data} />
            ))}
          </ul>
        )}
      </section>
      <Holdings ended={ended} />
      <Recent ended={ended} />
    </>
  );
}

function totalRate(running: readonly TrackedCrawl[]): number {
  return running.reduce((sum, c) => sum + (c.data.pagesPerSecond ?? 0), 0);
}

const OVERALL: Record<string, string> = {
  healthy: 'All is well',
  degraded: 'Working, but not all of it',
  unhealthy: 'Not working',
};

function HealthPanel() {
  const { data, error, loading, reload } = useRemote(loadHealth, 5000);
  if (!data && loading) return <Skeleton rows={1} label="Asking for the state of the server" />;
  if (!data || error !== undefined) return <Failure error={error} onRetry={reload} />;
  const tone = data.status === 'healthy' ? 'good' : data.status === 'degraded' ? 'fair' : 'bad';
  return (
    <section className="health card" aria-label="Health">
      <div className="health-head">
        <span className={`dot ${tone}`} aria-hidden="true" />
        <p role="status">{OVERALL[data.status] ?? data.status}</p>
        <span className="spring" />
        <span className="count">
          {data.service ?? 'archon'} {data.version}
        </span>
      </div>
      <ul className="parts">
        {partStates(data.parts).map((part) => (
          <Part key={part.name} part={part} />
        ))}
      </ul>
      {data.problems?.map((problem) => (
        <p key={problem.part} className="health-foot">
          {problem.error}
        </p>
      ))}
      {data.clients && <p className="health-foot">{following(data)}</p>}
    </section>
  );
}

/** What is stored. */
function Holdings({ ended }: { ended: number }) {
  const { data, error, loading, reload } = useRemote(loadMetrics, 15_000);
  useEffect(() => {
    if (ended > 0) reload();
  }, [ended, reload]);
  return (
    <section aria-labelledby="holdings">
      <div className="toolbar">
        <h2 id="holdings">Stored</h2>
      </div>
      {error !== undefined && !data && <Failure error={error} onRetry={reload} />}
      {!data && loading && <Skeleton rows={1} label="Asking how much is stored" />}
      {data && (
        <dl className="totals card">
          {Object.entries(data.tables).map(([name, n]) => (
            <Total key={name} name={name.replace(/_/g, ' ').replace('chunks', 'passages')} value={formatCount(n)} />
          ))}
          {data.text_bytes !== undefined && <Total name="Text" value={formatBytes(data.text_bytes)} />}
          <Total name="On disk" value={`${formatBytes(data.size_bytes)}${data.limit_bytes ? ` of ${formatBytes(data.limit_bytes)}` : ''}`} />
        </dl>
      )}
    </section>
  );
}

function Total({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name.charAt(0).toUpperCase() + name.slice(1)}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Figures of the relay: who follows what, and how much it told them. */
function following({ clients, messages }: Health): string {
  const names: Record<string, string> = { progress: 'a crawl', crawls: 'all crawls', logs: 'the log', knowledge: 'the list' };
  const some = Object.entries(clients ?? {}).filter(([, n]) => n > 0);
  const who = some.map(([stream, n]) => `${formatCount(n)} ${n === 1 ? 'follows' : 'follow'} ${names[stream] ?? stream}`).join(', ');
  return [who, messages === undefined ? '' : `${formatCount(messages)} messages given`].filter(Boolean).join(' · ');
}

function Part({ part }: { part: PartState }) {
  return (
    <li>
      <span className={`dot ${part.tone}`} aria-hidden="true" />
      <span className="part-name">{part.name === 'mcp' ? 'MCP' : part.name}</span>
      <span className="part-state">{part.text}</span>
    </li>
  );
}

function RunningRow({ data }: { data: CrawlProgressData }) {
  const percent = shownPercent(data);
  const name = data.fileName ?? shortUrl(data.url);
  return (
    <li className="run">
      <span className="run-name" title={data.url}>
        {name}
      </span>
      <span className="run-phase">{phaseText(data.status)}</span>
      <ProgressBar value={percent} tone={toneOf(data.status)} label={`Crawl of ${name}`} text={`${percent} %`} />
      <span className="run-figure">{percent} %</span>
      <span className="run-figure">
        {formatCount(data.processedPages ?? 0)} / {formatCount(data.totalPages ?? 0)}
      </span>
      <span className="run-figure">{formatRate(data.pagesPerSecond)}/s</span>
      <span className="run-figure">{formatEta(data.etaSeconds)}</span>
    </li>
  );
}

function Recent({ ended }: { ended: number }) {
  const { data, error, loading, reload } = useRemote(loadEnded, 10_000);
  const load = useCallback(() => reload(), [reload]);
  useEffect(() => {
    if (ended > 0) load();
  }, [ended, load]);
  return (
    <section aria-labelledby="recent">
      <div className="toolbar">
        <h2 id="recent">Recent</h2>
      </div>
      {error !== undefined && !data && <p className="quiet-line card">{sentence(error)}</p>}
      {!data && loading && <Skeleton rows={3} label="Loading recent crawls" />}
      {data?.length === 0 && <Empty icon="pulse" title="No crawl has ended yet" />}
      {data && data.length > 0 && (
        <ul className="crawl-list card">
          {data.slice(0, 50).map((o) => (
            <EndedRow key={o.progressId} data={o} />
          ))}
        </ul>
      )}
    </section>
  );
}

function EndedRow({ data }: { data: CrawlProgressData }) {
  const tone = toneOf(data.status);
  const end = data.completedAt ?? data.updatedAt;
  return (
    <li className={`ended ${tone}`}>
      <span className={`ended-icon ${tone}`}>
        <Icon name={tone === 'done' ? 'check' : tone === 'error' ? 'cross' : 'stop'} />
        <span className="visually-hidden">{phaseText(data.status)}</span>
      </span>
      <div className="ended-main">
        <span className="run-name" title={data.url}>
          {data.fileName ?? shortUrl(data.url)}
        </span>
        {data.error && <p className="ended-error">{data.error}</p>}
      </div>
      <span className="run-figure">{plural(data.processedPages ?? 0, 'page', 'pages')}</span>
      <span className="run-figure">{formatDuration(between(data.startTime, end))}</span>
      <time className="run-figure" dateTime={end} title={formatDateTime(end)}>
        {formatAgo(end)}
      </time>
    </li>
  );
}
