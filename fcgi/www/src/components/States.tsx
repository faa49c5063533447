import type { ReactNode } from 'react';
import { sentence } from '../services/apiClient';
import { Icon, type IconName } from './Icon';

/** Nothing here, and what to do about it. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <Icon name={icon} size={32} />
      <h3>{title}</h3>
      {children && <p>{children}</p>}
    </div>
  );
}

/** It did not work, why, and a way to try again. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div className="failure" role="alert">
      <Icon name="cross" />
      <span>{sentence(error)}</span>
      {onRetry && (
        <button type="button" className="button small" onClick={onRetry}>
          <Icon name="retry" size={14} /> Try again
        </button>
      )}
    </div>
  );
}

/** Grey lines in the place of what is coming. */
export function Skeleton({ rows, label }: { rows: number; label: string }) {
  return (
    <div className="skeleton" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="skeleton-row">
          <div className="bone wide" />
          <div className="bone" />
        </div>
      ))}
    </div>
  );
}
