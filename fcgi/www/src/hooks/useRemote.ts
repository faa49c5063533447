import { useCallback, useEffect, useRef, useState } from 'react';
import { isAbort } from '../services/apiClient';

export interface Remote<T> {
  /** The newest reply; kept while the next one loads, and when it fails. */
  data: T | undefined;
  error: unknown;
  loading: boolean;
  reload: () => void;
}

/**
 * Keep what `load` gives fresh: at once, when `load` changes, on reload(), when
 * the tab is seen again, and every so many ms while it is.
 */
export function useRemote<T>(load: (signal: AbortSignal) => Promise<T>, every?: number): Remote<T> {
  const [state, setState] = useState<{ data: T | undefined; error: unknown; loading: boolean }>({
    data: undefined,
    error: undefined,
    loading: true,
  });
  const flight = useRef<AbortController | undefined>(undefined);

  const run = useCallback(
    (quiet: boolean) => {
      flight.current?.abort();
      const mine = (flight.current = new AbortController());
      if (!quiet) setState((s) => ({ ...s, loading: true }));
      load(mine.signal).then(
        (data) => {
          if (!mine.signal.aborted) setState({ data, error: undefined, loading: false });
        },
        (error: unknown) => {
          if (!mine.signal.aborted && !isAbort(error)) setState((s) => ({ ...s, error, loading: false }));
        },
      );
    },
    [load],
  );

  useEffect(() => {
    run(false);
    const look = () => {
      if (document.visibilityState === 'visible') run(true);
    };
    const timer = every ? setInterval(look, every) : undefined;
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
      flight.current?.abort();
    };
  }, [run, every]);

  return { ...state, reload: useCallback(() => run(true), [run]) };
}
