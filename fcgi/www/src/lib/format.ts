/* Numbers and times as this reader writes them: their locale, their zone. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' });
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

export function formatCount(n: number | undefined): string {
  return n === undefined || !Number.isFinite(n) ? '–' : whole.format(n);
}

export function formatCompact(n: number | undefined): string {
  return n === undefined || !Number.isFinite(n) ? '–' : n < 10_000 ? whole.format(n) : compact.format(n);
}

export function formatRate(n: number | undefined): string {
  return n === undefined || !Number.isFinite(n) ? '–' : n < 10 ? tenth.format(n) : whole.format(n);
}

export function plural(n: number, one: string, many: string): string {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}

export function formatBytes(n: number | undefined): string {
  if (n === undefined || !Number.isFinite(n)) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) {
    n /= 1024;
    i++;
  }
  return `${n < 10 && i > 0 ? tenth.format(n) : whole.format(n)} ${units[i]!}`;
}

/** "340 ms", "4.2 s", "3 min 20 s", "2 h 5 min". */
export function formatDuration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms) || ms < 0) return '–';
  if (ms < 1000) return `${whole.format(ms)} ms`;
  if (ms < 60_000) return `${tenth.format(ms / 1000)} s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${whole.format(Math.floor(s / 3600))} h ${Math.floor((s % 3600) / 60)} min`;
}

/** Time left, rounded so that it does not flicker. */
export function formatEta(seconds: number | null | undefined): string {
  if (seconds === undefined || seconds === null || !Number.isFinite(seconds) || seconds < 0) return '–';
  if (seconds < 60) return `${whole.format(Math.max(1, Math.ceil(seconds)))} s`;
  if (seconds < 3600) return `${whole.format(Math.ceil(seconds / 60))} min`;
  return formatDuration(Math.ceil(seconds / 60) * 60_000);
}

function time(iso: string | null | undefined): number | undefined {
  if (!iso) return undefined;
  const t = Date.parse(iso);
  return Number.isNaN(t) ? undefined : t;
}

export function formatDateTime(iso: string | null | undefined): string {
  const t = time(iso);
  return t === undefined ? '–' : dateTime.format(t);
}

/** The time of day, to the millisecond: "21:36:03.450". */
export function formatClock(iso: string | null | undefined): string {
  const t = time(iso);
  return t === undefined ? '–' : clock.format(t);
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** "3 minutes ago", "yesterday"; the date when it is over a month. */
export function formatAgo(iso: string | null | undefined, now = Date.now()): string {
  const t = time(iso);
  if (t === undefined) return '–';
  const past = now - t;
  if (past > 30 * 86_400_000) return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }).format(t);
  for (const [unit, ms] of STEPS) if (past >= ms) return ago.format(-Math.floor(past / ms), unit);
  return 'just now';
}

export function between(startIso: string | undefined, endIso: string | undefined): number | undefined {
  const a = time(startIso);
  const b = time(endIso);
  return a === undefined || b === undefined ? undefined : b - a;
}

/** An address without what every address has; a document's is its name. */
export function shortUrl(url: string | undefined): string {
  return (url ?? '').replace(/^(https?:\/\/|file:.*\/)/, '').replace(/\/$/, '');
}
