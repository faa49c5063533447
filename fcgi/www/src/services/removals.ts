/*
 * removals - deleting that can be undone: for some seconds an item only counts
 * as gone, then it is deleted; when the page is left, at once.  Usable with any
 * view: subscribe(), then leave out what hides(item).
 */
import { ApiError } from './apiClient';
import { knowledgeItemsService, type KnowledgeItemsService } from './knowledgeItemsService';
import type { KnowledgeItem } from './types';

export interface RemovalEvents {
  /** It could not be deleted, and counts as there again. */
  onFailure?: (item: KnowledgeItem, error: unknown) => void;
}

export class Removals {
  private readonly waiting = new Map<string, { item: KnowledgeItem; timer: ReturnType<typeof setTimeout>; events: RemovalEvents }>();
  /** Deleted ones and when they were made: crawled again they have the same id, and are there. */
  private readonly gone = new Map<string, string | undefined>();
  private readonly subscribers = new Set<() => void>();
  private changes = 0;

  /** @param delay milliseconds to think again */
  constructor(
    private readonly service: KnowledgeItemsService = knowledgeItemsService,
    readonly delay = 8000,
  ) {}

  readonly subscribe = (changed: () => void): (() => void) => {
    this.subscribers.add(changed);
    return () => this.subscribers.delete(changed);
  };

  /** Grows whenever another item is hidden or shown again. */
  readonly version = (): number => this.changes;

  /** Is it deleted, or soon will be?  A list that is a little late may still have it. */
  hides(item: KnowledgeItem): boolean {
    const { source_id: id } = item;
    return this.waiting.has(id) || (this.gone.has(id) && this.gone.get(id) === item.created_at);
  }

  /** Delete it, unless undo() comes first. */
  remove(item: KnowledgeItem, events: RemovalEvents = {}): void {
    const id = item.source_id;
    if (this.waiting.has(id)) return;
    if (this.waiting.size === 0) window.addEventListener('pagehide', this.onLeave);
    this.waiting.set(id, { item, timer: setTimeout(() => this.now(id), this.delay), events });
    this.changed();
  }

  /** Think again.  False: it is too late. */
  undo(id: string): boolean {
    const entry = this.waiting.get(id);
    if (!entry) return false;
    this.forget(id);
    this.changed();
    return true;
  }

  private now(id: string, leaving = false): void {
    const { item, events } = this.waiting.get(id)!;
    this.forget(id);
    this.gone.set(id, item.created_at);
    this.service
      .remove(id, { leaving })
      .catch((e: unknown) => {
        if (e instanceof ApiError && e.status === 404) return; // somebody else did
        this.gone.delete(id);
        events.onFailure?.(item, e);
      })
      .finally(() => this.changed());
  }

  private forget(id: string): void {
    clearTimeout(this.waiting.get(id)?.timer);
    this.waiting.delete(id);
    if (this.waiting.size === 0) window.removeEventListener('pagehide', this.onLeave);
  }

  private readonly onLeave = (): void => {
    for (const id of [...this.waiting.keys()]) this.now(id, true);
  };

  private changed(): void {
    this.changes++;
    this.subscribers.forEach((s) => s());
  }
}

export const removals = new Removals();
