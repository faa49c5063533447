/* The MCP server's log, as it is shown. */
import type { LogLine } from '../hooks/useMcpLogs';

export const LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;

/** How grave, 0-4; a level of a later server is shown like INFO. */
export function gravity(level: string): number {
  const at = (LEVELS as readonly string[]).indexOf(level);
  return at < 0 ? 1 : at;
}

/** Lines of this level and above.  A gap is in every view. */
export function linesFrom(lines: readonly LogLine[], level: string): readonly LogLine[] {
  const least = gravity(level);
  return least === 0 ? lines : lines.filter((l) => l.missed !== undefined || gravity(l.level) >= least);
}

/** The lines to paste somewhere: one each, times in UTC. */
export function logText(lines: readonly LogLine[]): string {
  return lines.map((l) => (l.missed !== undefined ? `... ${l.missed} missed\n` : `${l.timestamp} ${l.level} ${l.message}\n`)).join('');
}
