import { useCallback, useSyncExternalStore } from 'react';

/*
 * The address is in the fragment (#/search?q=wal): any static server can serve
 * the page, and every view can be linked to.
 */
export interface Route {
  page: string;
  /** What follows it: the id in #/item/ID. */
  id: string;
  query: URLSearchParams;
}

function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [page = '', id = ''] = path.split('/', 2);
  return { page, id, query: new URLSearchParams(query) };
}

const listeners = new Set<() => void>();
const tell = () => listeners.forEach((l) => l());

function subscribe(changed: () => void): () => void {
  if (listeners.size === 0) window.addEventListener('hashchange', tell);
  listeners.add(changed);
  return () => {
    listeners.delete(changed);
    if (listeners.size === 0) window.removeEventListener('hashchange', tell);
  };
}

export function link(page: string, query: Record<string, string> = {}): string {
  const text = new URLSearchParams(Object.entries(query).filter(([, v]) => v !== '')).toString();
  return `#/${page}${text ? `?${text}` : ''}`;
}

/** Where we are, and a way to change the address without a step in the history. */
export function useRoute(): Route & { replace: (to: string) => void } {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  const replace = useCallback((to: string) => {
    if (to === location.hash) return;
    history.replaceState(null, '', to);
    tell();
  }, []);
  return { ...parse(hash), replace };
}
