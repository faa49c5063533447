import { useId, type KeyboardEvent, type ReactNode } from 'react';

/** Views of one thing, one at a time; arrow keys go from one to the next. */
export function Tabs<T extends string>({
  label,
  tabs,
  current,
  onSelect,
  children,
}: {
  label: string;
  tabs: Record<T, string>;
  current: T;
  onSelect: (tab: T) => void;
  children: ReactNode;
}) {
  const id = useId();
  const names = Object.keys(tabs) as T[];
  const onKey = (e: KeyboardEvent<HTMLDivElement>) => {
    const at = names.indexOf(current);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    const next = (to + names.length) % names.length;
    onSelect(names[next]!);
    e.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus();
  };
  return (
    <section className="tabbed" aria-label={label}>
      <div className="tabs" role="tablist" aria-label={label} onKeyDown={onKey}>
        {names.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}${name}`}
            aria-selected={name === current}
            aria-controls={`${id}panel`}
            tabIndex={name === current ? 0 : -1}
            onClick={() => onSelect(name)}
          >
            {tabs[name]}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}panel`} aria-labelledby={`${id}${current}`}>
        {children}
      </div>
    </section>
  );
}
