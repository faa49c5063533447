/*
 * mcpLogService - the MCP server: its log as it is written, its state, its
 * switch, its tools and how to connect to it.
 *
 *   const stop = mcpLogService.streamLogs((entry) => console.log(entry.level, entry.message));
 *   ...
 *   stop();
 *
 * The stream begins with the last 50 entries and goes on after a lost connection
 * where it was: no entry comes twice, and none is lost that the server still has
 * (it keeps 1,000); how many were is told.
 */
import { apiClient, queryString, type ApiClient, type RequestOptions } from './apiClient';
import { pageLimits, type LiveOptions } from './ladder';
import { LiveFeeds, type FeedSettings } from './liveFeed';
import { webSocketUrl } from './transports';
import type { LogLevel, McpConfig, McpLogEntry, McpStatus, McpSwitched, McpTool } from './types';

export interface StreamLogsOptions extends LiveOptions {
  /** Only entries of this level and above. */
  level?: LogLevel;
  /** Begin after the entry with this seq, instead of with the last 50. */
  since?: number;
  /** So many entries were missed: more came than the server keeps. */
  onGap?: (missed: number) => void;
}

/** Entries that the stream begins with when it goes by polling; as many as it replays. */
const REPLAY = 50;

export class McpLogService {
  private readonly client: ApiClient;
  private readonly feeds: LiveFeeds;

  constructor(settings: FeedSettings & { client?: ApiClient } = {}) {
    this.client = settings.client ?? apiClient;
    this.feeds = new LiveFeeds(settings);
  }

  /** Call onEntry with each log entry, oldest first, until the returned function is called. */
  streamLogs(onEntry: (entry: McpLogEntry) => void, options: StreamLogsOptions = {}): () => void {
    const { level } = options;
    let last: { seq: number; timestamp: string | undefined } | undefined =
      options.since === undefined ? undefined : { seq: options.since, timestamp: undefined };
    const url = (path: string, query: Record<string, number | undefined> = {}) =>
      this.client.url(path + queryString({ level, since: last?.seq, ...query }));

    /** Two connections overlap for a moment; and a log that was begun anew counts from 1 again. */
    const isNews = ({ seq, timestamp }: McpLogEntry): boolean => {
      if (seq === undefined || last === undefined || seq > last.seq) return true;
      return last.timestamp !== undefined && timestamp > last.timestamp;
    };
    const take = (message: object): void => {
      if (Array.isArray(message)) return message.forEach(take);
      const m = message as { type?: unknown; missed?: unknown } & McpLogEntry;
      if (m.type === 'gap') {
        if (typeof m.missed === 'number') options.onGap?.(m.missed);
      } else if (m.type === undefined && typeof m.message === 'string' && isNews(m)) {
        if (m.seq !== undefined) last = { seq: m.seq, timestamp: m.timestamp };
        onEntry(m);
      } // pings, types of a later server
    };
    return this.feeds.follow(
      {
        wsUrl: () => webSocketUrl(url('/api/mcp/logs/stream')),
        eventsUrl: () => url('/api/mcp/logs/stream'),
        pollUrl: () => url('/api/mcp/logs', { limit: last === undefined ? REPLAY : 0 }),
        lastSeq: () => last?.seq,
        quiet: true, // an empty log
      },
      options,
      take,
    );
  }

  /** Close every stream. */
  disconnectAll(): void {
    this.feeds.closeAll();
  }

  /** How many streams are open. */
  active(): number {
    return this.feeds.size;
  }

  /** Entries that the server keeps, oldest first. */
  list(query: { limit?: number; since?: number; level?: LogLevel } = {}, options?: RequestOptions): Promise<McpLogEntry[]> {
    return this.client.get(`/api/mcp/logs${queryString({ ...query })}`, options);
  }

  /** Forget all entries, for everybody. */
  async clear(): Promise<void> {
    await this.client.request('DELETE', '/api/mcp/logs');
  }

  status(options?: RequestOptions): Promise<McpStatus> {
    return this.client.get('/api/mcp/status', options);
  }

  /** Let the server answer agents. */
  start(): Promise<McpSwitched> {
    return this.client.post('/api/mcp/start');
  }

  /** Let it refuse them. */
  stop(): Promise<McpSwitched> {
    return this.client.post('/api/mcp/stop');
  }

  /** What it offers to agents. */
  async tools(options?: RequestOptions): Promise<McpTool[]> {
    return (await this.client.get<{ tools: McpTool[] }>('/api/mcp/tools', options)).tools;
  }

  /** How to connect agents, for the address that the page was called by. */
  config(options?: RequestOptions): Promise<McpConfig> {
    return this.client.get('/api/mcp/config', options);
  }
}

export const mcpLogService = new McpLogService({ limits: pageLimits });
