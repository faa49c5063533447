import type { ReactNode } from 'react';

/** A link to the page outside that this came from; documents have none. */
export function OutLink({ url, children }: { url: string; children: ReactNode }) {
  if (!/^https?:/i.test(url)) return <>{children}</>;
  return (
    <a href={url} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}
