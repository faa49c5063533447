import { useCallback, useState } from 'react';
import { CopyButton } from '../components/CopyButton';
import { Icon } from '../components/Icon';
import { LogView } from '../components/LogView';
import { useNotice } from '../components/Notices';
import { Failure, Skeleton } from '../components/States';
import { Tabs } from '../components/Tabs';
import { LINES_MAX, useMcpLogs, type LogLine } from '../hooks/useMcpLogs';
import { useRemote } from '../hooks/useRemote';
import { formatCount, formatDuration, plural } from '../lib/format';
import { LEVELS, linesFrom, logText } from '../lib/mcpLog';
import { sentence } from '../services/apiClient';
import { mcpLogService } from '../services/mcpLogService';
import type { McpClientConfig, McpTool } from '../services/types';

const loadStatus = (signal: AbortSignal) => mcpLogService.status({ signal });
const loadTools = (signal: AbortSignal) => mcpLogService.tools({ signal });
const loadConfig = (signal: AbortSignal) => mcpLogService.config({ signal });

export function McpPage() {
  return (
    <>
      <h1>MCP server</h1>
      <Switch />
      <Connect />
      <Log />
      <Tools />
    </>
  );
}

function Switch() {
  const notice = useNotice();
  const { data, error, loading, reload } = useRemote(loadStatus, 5000);
  const [busy, setBusy] = useState(false);
  if (!data && loading) return <Skeleton rows={1} label="Asking for the state of the server" />;
  if (!data || error !== undefined) return <Failure error={error} onRetry={reload} />;
  const on = data.status === 'running';
  const toggle = async () => {
    setBusy(true);
    try {
      const { message } = await (on ? mcpLogService.stop() : mcpLogService.start());
      notice(`${message}.`, 'done');
      reload();
    } catch (e) {
      notice(sentence(e), 'error');
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="health card" aria-label="Server">
      <div className="health-head">
        <span className={`dot ${on ? 'good' : ''}`} aria-hidden="true" />
        <p role="status">{on ? 'Running' : data.status === 'stopped' ? 'Stopped' : data.status}</p>
        <span className="count">{on ? data.uptime !== null && `for ${formatDuration(data.uptime * 1000)}` : 'agents get the answer that it is stopped'}</span>
        <span className="spring" />
        <button type="button" className="button small" disabled={busy} onClick={() => void toggle()}>
          <Icon name={on ? 'stop' : 'play'} size={14} /> {on ? 'Stop' : 'Start'}
        </button>
      </div>
    </section>
  );
}

function Connect() {
  const { data, error, loading, reload } = useRemote(loadConfig);
  const [chosen, setChosen] = useState('');
  if (!data) return loading ? <Skeleton rows={1} label="Loading the configuration" /> : <Failure error={error} onRetry={reload} />;
  const clients = Object.fromEntries(data.clients.map((c) => [c.id, c.name]));
  const client = data.clients.find((c) => c.id === chosen) ?? data.clients[0];
  return (
    <section aria-labelledby="connect">
      <div className="toolbar">
        <h2 id="connect">Connect an agent</h2>
        <span className="spring" />
        <code className="address">{data.url}</code>
        <CopyButton label="Copy" text={() => data.url} />
      </div>
      {client && (
        <Tabs label="Clients" tabs={clients} current={client.id} onSelect={setChosen}>
          <ClientConfig client={client} />
        </Tabs>
      )}
    </section>
  );
}

function ClientConfig({ client }: { client: McpClientConfig }) {
  const config = JSON.stringify(client.config, null, 2);
  return (
    <div className="card config">
      {client.command && <Snippet label="Command" text={client.command} />}
      <Snippet label={client.command ? 'or as configuration' : client.where} text={config} />
      {client.command && <p className="field-hint">{client.where}</p>}
    </div>
  );
}

function Snippet({ label, text }: { label: string; text: string }) {
  return (
    <div className="snippet">
      <div className="snippet-head">
        <span>{label}</span>
        <CopyButton label="Copy" text={() => text} />
      </div>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </div>
  );
}

function Log() {
  const notice = useNotice();
  const { lines, connection, empty } = useMcpLogs();
  const [level, setLevel] = useState('DEBUG');
  // While it is paused the log goes on behind what is shown.
  const [held, setHeld] = useState<readonly LogLine[]>();
  const shown = linesFrom(held ?? lines, level);
  const waiting = held ? (lines.at(-1)?.key ?? 0) - (held.at(-1)?.key ?? -1) : 0;
  const clear = useCallback(() => {
    mcpLogService.clear().then(
      () => (setHeld(undefined), empty()),
      (e: unknown) => notice(sentence(e), 'error'),
    );
  }, [empty, notice]);

  return (
    <section aria-labelledby="log">
      <div className="toolbar">
        <h2 id="log">
          Log <span className="count">{lines.length >= LINES_MAX ? `the newest ${formatCount(LINES_MAX)} lines` : plural(shown.length, 'line', 'lines')}</span>
        </h2>
        <span className="hint" role="status">
          {connection === 'polling' ? 'by polling' : connection === 'connecting' ? 'connecting…' : ''}
        </span>
        <span className="spring" />
        <select className="input" aria-label="Level" value={level} onChange={(e) => setLevel(e.target.value)}>
          {LEVELS.map((l) => (
            <option key={l} value={l}>
              {l === 'DEBUG' ? 'All levels' : `${l.charAt(0)}${l.slice(1).toLowerCase()}${l === 'CRITICAL' ? '' : ' and above'}`}
            </option>
          ))}
        </select>
        <button type="button" className="button pausing" aria-pressed={held !== undefined} onClick={() => setHeld(held ? undefined : lines)}>
          <Icon name={held ? 'play' : 'pause'} size={14} /> {held ? 'Go on' : 'Pause'}
          {waiting > 0 && <span className="pill">{formatCount(waiting)}</span>}
        </button>
        <CopyButton label="Copy" text={() => logText(shown)} />
        <button type="button" className="button quiet small" title="Forget all entries, for everybody" onClick={clear}>
          <Icon name="trash" size={14} /> Clear
        </button>
      </div>
      {shown.length === 0 ? (
        <p className="quiet-line card log-none">{lines.length === 0 ? 'Nothing was logged yet. What agents ask appears here as it happens.' : 'Nothing of this level.'}</p>
      ) : (
        <LogView lines={shown} label="Log of the MCP server" />
      )}
    </section>
  );
}

function Tools() {
  const { data, error, loading, reload } = useRemote(loadTools);
  return (
    <section aria-labelledby="tools">
      <div className="toolbar">
        <h2 id="tools">
          Tools <span className="count">{data && formatCount(data.length)}</span>
        </h2>
      </div>
      {error !== undefined && !data && <Failure error={error} onRetry={reload} />}
      {!data && loading && <Skeleton rows={3} label="Loading the tools" />}
      {data && (
        <ul className="tools">
          {data.map((tool) => (
            <Tool key={tool.name} tool={tool} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Tool({ tool }: { tool: McpTool }) {
  const { properties = {}, required = [] } = tool.inputSchema ?? {};
  const names = Object.entries(properties);
  return (
    <li className="tool card">
      <h3>
        <code>{tool.name}</code>
      </h3>
      <p>{tool.description}</p>
      {names.length > 0 && (
        <dl>
          {names.map(([name, p]) => (
            <div key={name}>
              <dt>
                <code>{name}</code>
                {!required.includes(name) && <span className="hint"> optional</span>}
              </dt>
              <dd>{p.description ?? p.type}</dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}
