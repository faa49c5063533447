import { useCallback } from 'react';
import { useNotice } from '../components/Notices';
import { shortUrl } from '../lib/format';
import { sentence } from '../services/apiClient';
import type { CrawlBoard } from '../services/crawlBoard';
import { knowledgeItemsService } from '../services/knowledgeItemsService';
import { removals } from '../services/removals';
import type { KnowledgeItem } from '../services/types';

export interface ItemActions {
  refresh: (item: KnowledgeItem) => void;
  remove: (item: KnowledgeItem) => void;
}

export function nameOf(item: KnowledgeItem): string {
  return item.title || shortUrl(item.url);
}

/** What can be done with an item, wherever it is shown; how it went is said in a notice. */
export function useItemActions(board: CrawlBoard): ItemActions {
  const notice = useNotice();
  const refresh = useCallback(
    (item: KnowledgeItem) =>
      void knowledgeItemsService.refresh(item.source_id).then(
        ({ progressId }) => {
          board.follow({ progressId, status: 'starting', percentage: 0, url: item.url });
          notice(`${nameOf(item)} is crawled again: what changed is fetched.`);
        },
        (e: unknown) => notice(sentence(e), 'error'),
      ),
    [board, notice],
  );
  const remove = useCallback(
    (item: KnowledgeItem) => {
      removals.remove(item, { onFailure: (i, e) => notice(`${nameOf(i)} is still there. ${sentence(e)}`, 'error') });
      notice(`${nameOf(item)} is deleted.`, 'info', {
        action: { label: 'Undo', within: removals.delay, run: () => void removals.undo(item.source_id) },
      });
    },
    [notice],
  );
  return { refresh, remove };
}
