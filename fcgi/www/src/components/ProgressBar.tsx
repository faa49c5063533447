import type { Tone } from '../lib/crawlText';

/** `value` is 0-100.  The width is set through the CSSOM, which a strict CSP allows. */
export function ProgressBar({ value, tone, label, text }: { value: number; tone: Tone; label: string; text: string }) {
  return (
    <div
      className={`bar ${tone}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value}
      aria-valuetext={text}
    >
      <div className="bar-fill" style={{ transform: `scaleX(${value / 100})` }} />
    </div>
  );
}
