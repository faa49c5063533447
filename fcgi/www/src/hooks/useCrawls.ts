import { useEffect, useState, useSyncExternalStore } from 'react';
import type { CrawlBoard, TrackedCrawl } from '../services/crawlBoard';

export interface Crawls {
  crawls: readonly TrackedCrawl[];
  /** Why running crawls cannot be looked up; undefined when they can. */
  trouble: unknown;
}

/** The board's crawls, found and followed for as long as the component is there. */
export function useCrawls(board: CrawlBoard, onEnd: (crawl: TrackedCrawl) => void): Crawls {
  const crawls = useSyncExternalStore(board.subscribe, board.crawls);
  const [trouble, setTrouble] = useState<unknown>(undefined);
  useEffect(() => board.watch({ onEnd, onTrouble: setTrouble }), [board, onEnd]);
  useEffect(() => board.open(), [board]);
  return { crawls, trouble };
}
