import { useEffect, useState } from 'react';
import { crawlProgressService, type ConnectionState, type CrawlProgressService } from '../services/crawlProgressService';
import type { CrawlProgressData } from '../services/types';

export interface CrawlProgress {
  /** The newest snapshot; undefined until the first one comes. */
  progress: CrawlProgressData | undefined;
  connection: ConnectionState;
}

/** Follow one crawl for as long as the component is there; undefined follows none. */
export function useCrawlProgress(
  progressId: string | undefined,
  service: CrawlProgressService = crawlProgressService,
): CrawlProgress {
  const [seen, setSeen] = useState<{ id: string | undefined } & CrawlProgress>({
    id: progressId,
    progress: undefined,
    connection: 'connecting',
  });
  useEffect(() => {
    setSeen({ id: progressId, progress: undefined, connection: 'connecting' });
    if (progressId === undefined) return;
    return service.streamProgress(progressId, (progress) => setSeen((s) => ({ ...s, progress })), {
      onConnection: (connection) => setSeen((s) => ({ ...s, connection })),
    });
  }, [progressId, service]);
  // What belongs to the id before is not shown for this one.
  return seen.id === progressId ? seen : { progress: undefined, connection: 'connecting' };
}
