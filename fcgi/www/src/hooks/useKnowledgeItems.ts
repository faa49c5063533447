import { useCallback, useEffect } from 'react';
import { knowledgeItemsService, type KnowledgeItemsService } from '../services/knowledgeItemsService';
import type { KnowledgeItemsPage, KnowledgeItemsQuery } from '../services/types';
import { useRemote, type Remote } from './useRemote';

/** Many changes a second are one look at the list. */
const BUNDLE = 300;

/**
 * One page of the knowledge items, kept fresh by the server's stream of changes.
 * While another page or filter loads, the last one stays.
 */
export function useKnowledgeItems(
  query: KnowledgeItemsQuery = {},
  service: KnowledgeItemsService = knowledgeItemsService,
): Remote<KnowledgeItemsPage> {
  const key = JSON.stringify(query);
  const load = useCallback(
    (signal: AbortSignal) => service.list(JSON.parse(key) as KnowledgeItemsQuery, { signal }),
    [key, service],
  );
  const remote = useRemote(load);
  useItemChanges(remote.reload, service);
  return remote;
}

/** Call onChange soon after any knowledge item changed; and once the stream stands, for what came before. */
export function useItemChanges(onChange: () => void, service: KnowledgeItemsService = knowledgeItemsService): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = service.streamItems(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        onChange();
      }, BUNDLE);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [onChange, service]);
}
