/* The parts of the health report: a word each, or an object with a status. */

export interface PartState {
  name: string;
  tone: 'good' | 'fair' | 'bad' | 'off';
  text: string;
}

const GOOD = ['ok', 'up', 'healthy', 'running', 'ready', 'true'];
const FAIR = ['degraded', 'starting', 'busy', 'slow', 'full'];
const OFF = ['stopped', 'off', 'disabled', 'none', 'unknown'];

export function partStates(parts: Record<string, unknown> | undefined): PartState[] {
  return Object.entries(parts ?? {}).map(([name, value]) => {
    const text = wordOf(value);
    const word = text.toLowerCase();
    const tone = GOOD.includes(word) ? 'good' : FAIR.includes(word) ? 'fair' : OFF.includes(word) ? 'off' : 'bad';
    return { name, tone, text };
  });
}

function wordOf(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    const o = value as Record<string, unknown>;
    return wordOf(o['status'] ?? o['state'] ?? 'unknown');
  }
  if (value === true) return 'ok';
  if (value === false) return 'down';
  return String(value ?? 'unknown');
}
