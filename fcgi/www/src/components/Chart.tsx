import { useSyncExternalStore } from 'react';
import type { Samples } from '../services/samples';

const WIDTH = 240;
const HEIGHT = 84;

/** A figure as it was lately, the newest at the right; its scale follows the highest. */
export function Chart({ name, samples, format, seconds }: { name: string; samples: Samples; format: (n: number) => string; seconds: number }) {
  const values = useSyncExternalStore(samples.subscribe, samples.values);
  const most = Math.max(0, ...values);
  const now = values.at(-1);
  const step = WIDTH / (samples.keep - 1);
  const left = WIDTH - (values.length - 1) * step;
  const line = values.map((v, i) => `${(left + i * step).toFixed(1)} ${(HEIGHT - (most > 0 ? v / most : 0) * (HEIGHT - 4)).toFixed(1)}`).join('L');
  const minutes = Math.round((samples.keep * seconds) / 60);
  return (
    <figure className="chart card">
      <figcaption className="chart-head">
        <span>{name}</span>
        <span className="chart-now">{now === undefined ? '–' : format(now)}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${name} in the last ${minutes} minutes: now ${now === undefined ? 'unknown' : format(now)}, at most ${format(most)}`}
      >
        {values.length > 1 && (
          <>
            <path className="chart-area" d={`M${left.toFixed(1)} ${HEIGHT}L${line}L${WIDTH} ${HEIGHT}Z`} />
            <path className="chart-line" d={`M${line}`} />
          </>
        )}
        <path className="chart-base" d={`M0 ${HEIGHT}H${WIDTH}`} />
      </svg>
      <p className="hint chart-head">
        <span>{minutes} minutes</span>
        <span>at most {format(most)}</span>
      </p>
    </figure>
  );
}
