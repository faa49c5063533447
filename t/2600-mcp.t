#!/bin/sh
# The MCP server through nginx: an agent initializes, crawls, searches and follows;
# what is wrong is refused; it is stopped and started; it dies and comes back.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD"

rpc() {	# WANT JSON [CURLOPT...]
	rpc_want=$1 rpc_json=$2; shift 2
	t_status "$rpc_want" -X POST -H 'Content-Type: application/json' -H "Accept: ${rpc_accept:-application/json, text/event-stream}" \
		--data-binary "$rpc_json" "$@" /mcp
}
holds() { cat "$T/body"; grep -qE -- "$1" "$T/body"; }
has() { cat "$T/head"; tr -d '\r' <"$T/head" | grep -qiE "^$1\$"; }
agent() { timeout 120 /usr/bin/python3 "$T_SRC/t/mcp/client" "$@"; }
tool() { agent call "$T/http.sock" 2025-06-18 "$@" >"$T/result" 2>&1; tool_rc=$?; cat "$T/result"; return $tool_rc; }
result() { cat "$T/result"; grep -qE -- "$1" "$T/result"; }
member() { sed -nE "s/.*\"$1\": (\"([^\"]*)\"|([0-9]+)).*/\2\3/p" "$T/result" | tail -n 1; }
ping='{"jsonrpc":"2.0","id":1,"method":"ping"}'

# -- the protocol ---------------------------------------------------------------------
t_ok 'initialize' rpc 200 '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test-agent","version":"1.2"}}}'
t_ok '...agrees on the revision' holds '"id":0,"result":\{"protocolVersion":"2025-06-18","capabilities":\{"tools":\{\}\}'
t_ok '...as JSON' has 'Content-Type: application/json'
no_session() { ! grep -qi '^mcp-session-id' "$T/head"; }
t_ok '...without a session' no_session
t_ok 'the initialized notification: 202' rpc 202 '{"jsonrpc":"2.0","method":"notifications/initialized"}'
t_ok '...and nothing else' test ! -s "$T/body"
t_ok 'a session of another server is no matter' rpc 200 "$ping" -H 'Mcp-Session-Id: abc' -H 'MCP-Protocol-Version: 2025-06-18'
rpc_accept=text/event-stream
t_ok 'a client that takes streams only gets one' rpc 200 "$ping"
rpc_accept=
t_ok '...of one event' holds '^data: \{"jsonrpc":"2.0","id":1,"result":\{\}\}'
t_ok 'GET: 405' t_status 405 -H 'Accept: text/event-stream' /mcp
t_ok '...and Allow says which' has 'Allow: POST'
t_ok 'DELETE: 405' t_status 405 -X DELETE /mcp
t_ok 'the tools' rpc 200 '{"jsonrpc":"2.0","id":2,"method":"tools/list"}'
sed 's/^.*"tools"://; s/}}$//' "$T/body" >"$T/listed"
same_list() { t_status 200 /api/mcp/tools >/dev/null && sed 's/^{"tools"://; s/,"count":[0-9]*}$//' "$T/body" | diff "$T/listed" - && [ -s "$T/listed" ]; }
t_ok '...are those of /api/mcp/tools' same_list
t_ok 'some hundred wrong requests are refused, each in its way' agent bad "$T/http.sock"
t_ok '...and left no trouble' t_healthy

# -- an agent at work -------------------------------------------------------------------
t_ok 'nothing is there yet' tool get_available_sources '{}'
t_ok '...and it says how to begin' result 'smart_crawl_url crawls'
t_ok 'a site is crawled, reporting' tool smart_crawl_url "{\"url\":\"http://$H_BAD/site/agent/12x60/\"}" --progress
t_ok '...with progress' result '^progress [0-9]+ [0-9]+$'
t_ok '...to its end' result '"status": "completed", "ended": true, "percentage": 100'
id=$(member progress_id) source=$(member source_id)
t_ok 'its progress, afterwards' tool get_crawl_progress "{\"progress_id\":\"$id\"}"
t_ok '...is the end' result '"processed_pages": 12'
t_ok 'the API has the same crawl' h_is "$id" processedPages 12
t_ok 'the source is listed' tool get_available_sources '{}'
t_ok '...with its id' result "$source"
t_ok 'a search' tool perform_rag_query '{"query":"page","match_count":3}'
t_ok '...finds passages' result '"count": 3'
t_ok '...each with its URL' result "\"url\": \"http://$H_BAD/site/agent/"
t_ok 'a search in that source' tool perform_rag_query "{\"query\":\"page\",\"source\":\"$source\"}"
t_ok '...finds' result '"count": [1-9]'
t_ok 'one page' tool crawl_single_page "{\"url\":\"http://$H_BAD/site/single/9x0/\"}"
t_ok '...returns at once, with its id' result '"progress_id": "[0-9a-f-]{36}"'
one=$(member progress_id)
t_ok '...ends' t_until 20 h_ended "$one"
t_ok '...with one page' h_is "$one" processedPages 1
page=$(h_get sourceId)
t_ok 'one page where a site was crawled from' tool crawl_single_page "{\"url\":\"http://$H_BAD/site/agent/12x60/\"}"
t_ok '...is not that site cut to one page' result 'source .*crawl it again with smart_crawl_url.*"isError": true'
t_ok 'a document' tool upload_document '{"file_content":"# Frobnication\n\nHow to frobnicate a widget.\n","filename":"frob.md","tags":["own"],"chunk_size":500}' --progress
t_ok '...is read' result '"status": "completed"'
t_ok 'it is found' tool perform_rag_query '{"query":"frobnicate"}'
t_ok '...by its own words' result 'How to frobnicate a widget'
example='Call it so:\n\n```c\nfrobnicate_widget(w, \"``\");\n```\n'
t_ok 'a document with code' tool upload_document "{\"file_content\":\"# Widgets\\n\\n$(printf %s "$example")\",\"filename\":\"code.md\"}" --progress
t_ok '...whose example is found' tool search_code_examples '{"query":"frobnicate_widget","match_count":2}'
t_ok '...one' result '"count": 1'
t_ok '...as code of its language' result '```c\\n'
t_ok '...with what leads to it' result '"before": "Call it so:"'
t_ok '...and none for other words' tool search_code_examples '{"query":"unheardof"}'
t_ok '...which is no error' result '"count": 0'
t_ok 'the same again' tool upload_document '{"file_content":"# Frobnication\n\nHow to frobnicate a widget.\n","filename":"again.md"}'
t_ok '...is known' result '"duplicate": true'
t_ok 'the page is deleted' tool delete_source "{\"source_id\":\"$page\"}"
t_ok '...as asked' result '"deleted": true'
t_ok '...and not twice' tool delete_source "{\"source_id\":\"$page\"}"
t_ok '...which is told' result '"isError": true'
t_ok 'a crawl that cannot be: an error for the model' tool smart_crawl_url '{"url":"http://127.0.0.1:1/"}' --progress
t_ok '...that says why' result '"isError": true'
logged() { t_get '/api/mcp/logs?limit=200' >/dev/null; grep -qE -- "$1" "$T/body"; }
t_ok 'the log has the client' logged 'Client test-agent 1.2 connected, protocol 2025-06-18'
t_ok '...and the calls, with how long they took' logged '"level":"INFO","message":"perform_rag_query: 3 passages for \\"page\\" \([0-9]+ ms\)"'
t_ok '...failures as warnings' logged '"level":"WARNING","message":"perform_rag_query: query '

# -- streams: bounded, and left ----------------------------------------------------------
slow() { tool smart_crawl_url "{\"url\":\"http://$H_BAD/site/slow$1/400x100/\",\"max_concurrent\":1}" --progress --leave 1; }
t_ok 'a client that hangs up in the middle' slow 0
t_ok '...has seen progress' result '^progress'
many() {	# more than there are threads: some are answered at once, and others are served meanwhile
	for i in $(seq 20); do
		agent call "$T/http.sock" 2025-06-18 smart_crawl_url "{\"url\":\"http://$H_BAD/site/many$i/400x100/\",\"max_concurrent\":1}" \
			--progress >"$T/many.$i" 2>&1 &
		echo $! >>"$T/many.pids"
	done
	answered() { [ "$(cat "$T"/many.* | grep -c '"content"')" -ge 8 ]; }
	t_until 30 answered && rpc 200 "$ping"
}
t_ok '20 reporting calls leave room for others' many
stream_is_on() { grep -lq '^progress' "$T"/many.[0-9]*; }
t_ok '...of which some report' t_until 30 stream_is_on
# -- TERM and kill -9 -------------------------------------------------------------------
t_ok 'TERM ends it with streams under way' t_stop mcp
while read -r pid; do wait "$pid" 2>/dev/null; done <"$T/many.pids"
last_words() { cat "$T"/many.[0-9]*; [ "$(cat "$T"/many.[0-9]* | grep -c '"content"')" -eq 20 ]; }
t_ok '...each of which got its answer' last_words
cancel_all() {
	t_get /api/progress >/dev/null
	grep -oE '"progressId":"[^"]*"' "$T/body" | cut -d'"' -f4 >"$T/live"
	while read -r live; do t_status 200 -X DELETE "/api/crawl-progress/$live" </dev/null || [ "$t_got" = 409 ] || return; done <"$T/live"
}
t_ok 'their crawls are cancelled' cancel_all
down() { rpc 502 "$ping" && holds '"jsonrpc":"2.0".*"code":-32000'; }
t_ok 'without it: 502, as JSON-RPC' down
degraded() { t_status 200 /health && holds '"status":"degraded".*"mcp":"down"'; }
t_ok '...and health says which part' degraded
t_ok 'the switch says what is missing' t_status 503 -X POST /api/mcp/start
t_ok 'it comes back' t_restart mcp
t_ok '...healthy' t_until 15 t_healthy
t_ok '...and answers' rpc 200 "$ping"
t_ok 'kill -9' t_kill mcp
t_ok '...and again' t_restart mcp
t_ok '...healthy' t_until 15 t_healthy
t_ok '...a crawl it had started goes on' tool get_crawl_progress "{\"progress_id\":\"$id\"}"

# -- stop and start -----------------------------------------------------------------------
status() { t_status 200 /api/mcp/status && holds "$1"; }
t_ok 'it runs' status '^\{"status":"running","uptime":[0-9]+,"logs":\["\[(INFO|WARNING)\] '
message() { t_status 200 -X POST "/api/mcp/$1" && holds "\"message\":\"$2\"\}"; }
t_ok 'start: it does already' message start 'MCP server is already running'
t_ok 'stop' message stop 'MCP server stopped'
t_ok '...twice' message stop 'MCP server is already stopped'
t_ok 'it is stopped' status '^\{"status":"stopped","uptime":null,'
t_ok '...and answers 503, as JSON-RPC' rpc 503 "$ping"
t_ok '...that says how to start it' holds '"id":1,"error":\{"code":-32000,"message":"The MCP server is stopped; start it'
t_ok 'a stopped server has no fault: healthy' t_healthy
t_ok 'kill -9' t_kill mcp
t_ok '...a new program' t_restart mcp
t_ok '...healthy' t_until 15 t_healthy
t_ok '...is stopped still' rpc 503 "$ping"
t_ok 'stat says so' sh -c 't=$("$@") && echo "$t" | grep -q "^mcp: stopped by an operator"' - "$T_BLD/fcgi/ctl/archonctl" --config "$T/archon.conf" stat
t_ok 'start' message start 'MCP server is starting'
t_ok 'it answers' rpc 200 "$ping"
t_ok 'both are in the log' logged '"MCP server stopped".*"MCP server started"'

# -- the official SDK, where it is installed: T_MCP_SDK says where ------------------------------
sdk() {	# it knows no unix sockets: a door of its own to our nginx
	/usr/bin/python3 "$T_SRC/t/mcp/client" door "$T/http.sock" >"$T/port" &
	sdk_door=$!
	t_until 10 test -s "$T/port"
	timeout 100 node "$T_SRC/t/mcp/sdk.mjs" "$T_MCP_SDK" "http://127.0.0.1:$(cat "$T/port")/mcp" "http://$H_BAD/site/sdk/40x30/"
	sdk_rc=$?
	kill "$sdk_door"
	return $sdk_rc
}
if [ -d "${T_MCP_SDK:-none}" ] && command -v node >/dev/null; then
	t_ok 'the official SDK works with it' sdk
else
	t_skip 'the official SDK works with it' 'T_MCP_SDK names no directory with @modelcontextprotocol/sdk'
fi

# -- how to connect -------------------------------------------------------------------------
t_ok 'the configuration names the address that was called' t_status 200 -H 'Host: kb.localhost:8443' /api/mcp/config
t_ok '...ready to copy' holds '"url":"http://kb.localhost:8443/mcp".*"claude mcp add --transport http archon http://kb.localhost:8443/mcp".*\{"mcpServers":\{"archon":\{"type":"http","url":"http://kb.localhost:8443/mcp"\}\}\}'
