/* Drawn on a 24-unit grid with one stroke, in the colour of the text around. */
const PATHS = {
  globe: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3.5 12h17M12 3c2.6 2.6 3.8 5.6 3.8 9s-1.2 6.4-3.8 9c-2.6-2.6-3.8-5.6-3.8-9S9.4 5.6 12 3',
  check: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18m-4 9.3 2.8 2.8L16.2 9.5',
  cross: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M9.2 9.2l5.6 5.6m0-5.6-5.6 5.6',
  stop: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M9.5 9.5h5v5h-5z',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18m0 4.5V12l3 2',
  retry: 'M4 12a8 8 0 1 0 2.6-5.9M4 4v4.5h4.5',
  close: 'm6 6 12 12M18 6 6 18',
  chevron: 'm9 6 6 6-6 6',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13m4.8 11.3L20 20',
  copy: 'M9 9h10v11H9zM5.5 15H5V4h10v1.5',
  book: 'M5 5.5C5 4.7 5.7 4 6.5 4H19v13H6.5A1.5 1.5 0 0 0 5 18.5m0-13v13A1.5 1.5 0 0 0 6.5 20H19v-3',
  pulse: 'M3 12h4l2.5-7 5 14 2.5-7h4',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8m0-5v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4',
  moon: 'M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5',
  auto: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18m0 0v18m2-17v16m2.5-14.5v13M19 8v8',
  link: 'M14 5h5v5m0-5-8 8M10 6H5v13h13v-5',
  plus: 'M12 5v14M5 12h14',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5m4-5v5',
  pause: 'M9 6v12m6-12v12',
  play: 'M8 5.5v13l10.5-6.5z',
  upload: 'M12 16V5m-4.5 4.5L12 5l4.5 4.5M5 19h14',
  back: 'm15 6-6 6 6 6',
  plug: 'M9 3v5m6-5v5M6 8h12v3a6 6 0 0 1-12 0zm6 9v4',
  file: 'M7 3h7l4 4v14H7zm7 0v4h4',
  down: 'M12 5v13m-5-5 5 5 5-5',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
