import { useEffect, useRef } from 'react';
import type { TrackedCrawl } from '../services/crawlBoard';
import { healthService } from '../services/healthService';
import { Samples } from '../services/samples';
import { isTerminal } from '../services/types';

/** Seconds between two samples, and how many are kept: three minutes. */
export const EVERY = 2;
const KEEP = 90;

export interface Figures {
  pagesPerSecond: Samples;
  clients: Samples;
}

export const figures: Figures = { pagesPerSecond: new Samples(KEEP), clients: new Samples(KEEP) };

/** Take samples for as long as the page is seen: of what its crawls do, and of who is connected. */
export function useFigures(crawls: readonly TrackedCrawl[]): void {
  const newest = useRef(crawls);
  newest.current = crawls;
  useEffect(() => {
    const counted = new Map<string, number>();
    const sample = () => {
      if (document.visibilityState === 'hidden') return;
      figures.pagesPerSecond.push(pagesSince(counted, newest.current) / EVERY);
      healthService.get().then(
        ({ clients }) => clients && figures.clients.push(Object.values(clients).reduce((sum, n) => sum + n, 0)),
        () => {}, // the page says elsewhere that the server is away
      );
    };
    const timer = setInterval(sample, EVERY * 1000);
    return () => clearInterval(timer);
  }, []);
}

/** How many pages were read since the last time; a crawl that is seen first begins to count. */
export function pagesSince(counted: Map<string, number>, crawls: readonly TrackedCrawl[]): number {
  let pages = 0;
  for (const { id, data } of crawls) {
    const now = data.processedPages ?? 0;
    pages += now - (counted.get(id) ?? (isTerminal(data.status) ? now : 0));
    counted.set(id, now);
  }
  const here = new Set(crawls.map((c) => c.id));
  for (const id of counted.keys()) if (!here.has(id)) counted.delete(id);
  return Math.max(0, pages);
}
