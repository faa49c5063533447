import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from 'react';
import { Icon } from './Icon';

export type NoticeTone = 'done' | 'error' | 'info';
interface Notice {
  id: number;
  tone: NoticeTone;
  text: string;
  /** Read out but not shown: it can be seen elsewhere. */
  spoken: boolean;
  action: NoticeAction | undefined;
}

/** What can be done about it, for so many milliseconds; the notice goes with it. */
export interface NoticeAction {
  label: string;
  run: () => void;
  within: number;
}

type Say = (text: string, tone?: NoticeTone, more?: { spoken?: boolean; action?: NoticeAction }) => void;
const Context = createContext<Say>(() => {});

/** Say something in passing: shown for a while, and read out. */
export function useNotice() {
  return useContext(Context);
}

const SHOWN_FOR: Record<NoticeTone, number> = { done: 6000, info: 6000, error: 15_000 };

export function NoticeArea({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<Notice[]>([]);
  const last = useRef(0);
  const drop = useCallback((id: number) => setNotices((all) => all.filter((n) => n.id !== id)), []);
  const say = useCallback(
    (text: string, tone: NoticeTone = 'info', { spoken = false, action }: { spoken?: boolean; action?: NoticeAction } = {}) => {
      const id = ++last.current;
      setNotices((all) => [...all.slice(-3), { id, tone, text, spoken, action }]);
      setTimeout(() => drop(id), action?.within ?? SHOWN_FOR[tone]);
    },
    [drop],
  );
  return (
    <Context.Provider value={say}>
      {children}
      <div className="notices" role="status" aria-live="polite">
        {useMemo(
          () =>
            notices.map((n) => n.spoken ? (
              <p key={n.id} className="visually-hidden">
                {n.text}
              </p>
            ) : (
              <div key={n.id} className={`notice ${n.tone}`}>
                <Icon name={n.tone === 'done' ? 'check' : n.tone === 'error' ? 'cross' : 'globe'} />
                <span>{n.text}</span>
                {n.action && (
                  <button type="button" className="button small" onClick={() => (drop(n.id), n.action?.run())}>
                    {n.action.label}
                  </button>
                )}
                <button type="button" className="button quiet square small" aria-label="Dismiss" onClick={() => drop(n.id)}>
                  <Icon name="close" size={14} />
                </button>
              </div>
            )),
          [notices, drop],
        )}
      </div>
    </Context.Provider>
  );
}
