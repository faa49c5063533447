// The official TypeScript SDK as a client of ours:
//	node sdk.mjs SDK_DIR URL SITE
// SDK_DIR: where `npm install @modelcontextprotocol/sdk` was run.  It lists the
// tools, crawls SITE, following its progress, searches it and takes it out again;
// each thing it saw is a line, "ok" or "not ok" first.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [dir, url, site] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${dir}/package.json`));
const load = (name) => import(pathToFileURL(require.resolve(`@modelcontextprotocol/sdk/${name}`)).href);
const { Client } = await load('client/index.js');
const { StreamableHTTPClientTransport } = await load('client/streamableHttp.js');

let bad = 0;
const ok = (name, is, got) => {
  if (!is) bad++;
  console.log(is ? 'ok' : 'not ok', '-', name, is ? '' : JSON.stringify(got)?.slice(0, 400));
};

const client = new Client({ name: 'sdk-test', version: '1.0.0' });
const transport = new StreamableHTTPClientTransport(new URL(url));
await client.connect(transport);
ok('initialize', client.getServerVersion()?.name === 'archon', client.getServerVersion());
ok(`revision ${transport.protocolVersion}`, transport.protocolVersion >= '2025-06-18', transport.protocolVersion);
ok('no session', transport.sessionId === undefined, transport.sessionId);
await client.ping();
const { tools } = await client.listTools();
ok(`${tools.length} tools`, tools.some((t) => t.name === 'perform_rag_query'), tools);

const seen = [];
const crawl = await client.callTool({ name: 'smart_crawl_url', arguments: { url: site } }, undefined, {
  onprogress: (p) => seen.push(p),
  timeout: 60000,
});
ok('a crawl, to its end', crawl.structuredContent?.status === 'completed', crawl);
ok(`${seen.length} notifications of progress`, seen.length > 0, seen);
ok('...that grow', seen.every((p, i) => i === 0 || p.progress > seen[i - 1].progress), seen);
const source_id = crawl.structuredContent?.source_id;
const found = await client.callTool({ name: 'perform_rag_query', arguments: { query: 'page', source: source_id, match_count: 2 } });
ok('a search', found.structuredContent?.results?.length === 2 && found.content[0].text.includes(site.split('/')[2]), found);
const wrong = await client.callTool({ name: 'perform_rag_query', arguments: { query: '' } });
ok('a wrong argument is told', wrong.isError === true, wrong);
const unknown = await client.callTool({ name: 'no_such_tool', arguments: {} }).catch((e) => e);
ok('an unknown tool is an error', unknown.code === -32602, String(unknown));
const gone = await client.callTool({ name: 'delete_source', arguments: { source_id } });
ok('the source is deleted', gone.isError === false, gone);
const left = await client.callTool({ name: 'get_available_sources', arguments: {} });
ok('...and not listed', !left.structuredContent.sources.some((s) => s.source_id === source_id), left);
await client.close();
process.exit(bad ? 1 : 0);
