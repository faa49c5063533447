#!/bin/sh
# /api/openapi.json says what is so: every route, each parameter and member with
# values that are taken and values that are not, each reply as its schema has it,
# each documented error reached, no route left out.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD" 'max_body = 16KiB' 'max_upload = 64KiB' 'max_queued = 30' 'table_rows = 2000' 'max_crawls = 20'
for part in api mcp; do "$T_BLD/fcgi/$part/archon-$part" --list-routes; done >"$T/listed"

WALK_TOKEN=$(t_ctl token add walk --scope admin)
WALK_EXPIRED=$(t_ctl token add gone --scope read --days 1)
sqlite3 -cmd '.timeout 5000' "$T/state/archon.db" "UPDATE tokens SET expires_ms = 1 WHERE name = 'gone'"
export WALK_TOKEN WALK_EXPIRED

# What the programs and nginx can answer, by their sources: a status and the code behind it.
codes() {
	grep -ohE '\b[45][0-9][0-9], "[a-z_]+"' "$T_SRC"/fcgi/api/*.c "$T_SRC"/fcgi/relay/*.c "$T_SRC"/shared/*.c
	grep -ohE '"code":"[a-z_]+"' "$T_SRC"/conf/nginx/*.in
}
named() {
	t_status 200 /api/openapi.json >/dev/null && codes | sed -E 's/.*"([a-z_]+)"$/\1/' | sort -u >"$T/codes" && [ "$(wc -l <"$T/codes")" -gt 50 ] || return
	while read -r code; do grep -qw "$code" "$T/body" || { echo "$code is not described"; named_not=$code; }; done <"$T/codes"
	[ -z "$named_not" ]
}
named_not=
t_ok 'each code is described' named

walk() { timeout 600 /usr/bin/python3 "$T_SRC/t/api/walk" "$T/http.sock" "$@" >"$T/walked" 2>"$T/walk.err" || { cat "$T/walk.err"; return 1; }; }
verdict() { echo "$2"; [ "$1" = pass ]; }
points() {
	while IFS='	' read -r pass name why; do
		t_ok "$name" verdict "$pass" "$why" </dev/null
	done <"$T/walked"
}
t_ok 'the walk comes to its end' walk "$H_BAD" "$T/seen" "$T/listed"
points

t_stop mcp >/dev/null
t_ok 'no MCP server' walk one "$T/seen" POST /api/mcp/start 503
points

# Without a table it is unhealthy, and says so.
t_stop relay >/dev/null
t_stop crawler >/dev/null
mv "$T/run/live/writers/table" "$T/run/live/writers/table.away"
mkdir "$T/run/live/writers/table"
t_ok 'no table' walk one "$T/seen" GET /health 503
points
t_ok '...by its other name' walk one "$T/seen" GET /api/health 503
points
rmdir "$T/run/live/writers/table"
mv "$T/run/live/writers/table.away" "$T/run/live/writers/table"
t_ok 'what was seen' walk covered "$T/seen"
points
