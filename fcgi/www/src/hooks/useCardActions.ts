import { useMemo } from 'react';
import type { CrawlCardActions } from '../components/CrawlCard';
import { useNotice } from '../components/Notices';
import { ApiError, sentence } from '../services/apiClient';
import type { CrawlBoard } from '../services/crawlBoard';

/** What the buttons of a progress card do; what fails is said in a notice. */
export function useCardActions(board: CrawlBoard): CrawlCardActions {
  const notice = useNotice();
  return useMemo(() => {
    const failed = (e: unknown) => notice(sentence(e), 'error');
    // It ended by itself a moment before: the card says so.
    const steered = (e: unknown) => (e instanceof ApiError && e.status === 409) || failed(e);
    return {
      onCancel: (id) => void board.cancel(id).catch(steered),
      onPause: (id) => void board.pause(id).catch(steered),
      onResume: (id) => void board.resume(id).catch(steered),
      onRetry: (id) => void board.retry(id).catch(failed),
      onDismiss: (id) => board.dismiss(id),
    };
  }, [board, notice]);
}
