/* What a crawl's state is called, and how it looks. */
import type { CrawlProgressData } from '../services/types';

export type Tone = 'running' | 'waiting' | 'done' | 'error' | 'stopped';

export function toneOf(status: string): Tone {
  switch (status) {
    case 'completed':
      return 'done';
    case 'error':
      return 'error';
    case 'cancelled':
      return 'stopped';
    case 'queued':
    case 'paused':
      return 'waiting';
    default:
      return 'running';
  }
}

const PHASES: Record<string, string> = {
  queued: 'Waiting for a crawler',
  starting: 'Starting',
  analyzing: 'Looking at the address',
  sitemap: 'Reading the sitemap',
  webpage: 'Reading the start page',
  text_file: 'Reading the text file',
  crawling: 'Crawling pages',
  processing: 'Cutting pages into passages',
  storing: 'Storing',
  paused: 'Paused',
  completed: 'Complete',
  error: 'Failed',
  cancelled: 'Cancelled',
};

/** "Crawling pages"; a phase of a later server is shown as it is. */
export function phaseText(status: string): string {
  return PHASES[status] ?? status.replace(/_/g, ' ');
}

/** 0-100, whole; 100 only when completed, whatever the rounding. */
export function shownPercent(data: CrawlProgressData): number {
  if (data.status === 'completed') return 100;
  const p = Math.floor(Number.isFinite(data.percentage) ? data.percentage : 0);
  return Math.min(99, Math.max(0, p));
}
