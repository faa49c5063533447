import { useSyncExternalStore } from 'react';
import { removals, type Removals } from '../services/removals';

/** The queue of items that are being deleted; who uses it is drawn again when it changes. */
export function useRemovals(queue: Removals = removals): Removals {
  useSyncExternalStore(queue.subscribe, queue.version);
  return queue;
}
