import { useCallback, useEffect, useRef, useState } from 'react';
import type { ConnectionState } from '../services/ladder';
import { mcpLogService, type McpLogService } from '../services/mcpLogService';
import type { McpLogEntry } from '../services/types';

/** An entry of the log; or, with `missed`, a place where so many are missing. */
export interface LogLine extends McpLogEntry {
  /** Counts the lines of this page; never used twice. */
  key: number;
  missed?: number;
}

export interface McpLogs {
  /** Oldest first.  The same array until something comes. */
  lines: readonly LogLine[];
  connection: ConnectionState;
  /** Begin with an empty log. */
  empty: () => void;
}

/** What is kept: more than anyone scrolls through, and no burden. */
export const LINES_MAX = 10_000;

/** The MCP server's log, live for as long as the component is there.  However much comes, it is drawn once a frame. */
export function useMcpLogs(service: McpLogService = mcpLogService): McpLogs {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [connection, setConnection] = useState<ConnectionState>('connecting');
  const fresh = useRef<LogLine[]>([]);

  useEffect(() => {
    let key = 0;
    let frame = 0;
    const add = (line: Omit<LogLine, 'key'>) => {
      fresh.current.push({ ...line, key: key++ });
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        const more = fresh.current;
        fresh.current = [];
        setLines((all) => all.concat(more).slice(-LINES_MAX));
      });
    };
    const stop = service.streamLogs(add, {
      onConnection: setConnection,
      onGap: (missed) => add({ timestamp: new Date().toISOString(), level: 'INFO', message: '', missed }),
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
      fresh.current = [];
    };
  }, [service]);

  const empty = useCallback(() => {
    fresh.current = [];
    setLines([]);
  }, []);
  return { lines, connection, empty };
}
