import { useCallback } from 'react';
import { knowledgeItemsService, type KnowledgeItemsService } from '../services/knowledgeItemsService';
import type { KnowledgeItemsPage, KnowledgeItemsQuery } from '../services/types';
import { useRemote, type Remote } from './useRemote';

/**
 * One page of the knowledge items.  While another page or filter loads, the
 * last one stays; it is looked at again every 15 s and when the tab is seen again.
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
  return useRemote(load, 15_000);
}
