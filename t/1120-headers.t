#!/bin/sh
# Whoever answers, nginx itself included: the security headers are there, each once.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
t_need curl "$T_NGINX"
t_ok 'archon is healthy' t_archon

has_all() {	# STATUS CURLOPT... PATH
	want=$1; shift
	got=$(t_get --max-time 3 "$@")
	[ "$got" = "$want" ] || { echo "status $got, want $want"; return 1; }
	for header in X-Content-Type-Options Referrer-Policy Cross-Origin-Resource-Policy Content-Security-Policy X-Request-Id; do
		[ "$(grep -ic "^$header: ." "$T/head")" -eq 1 ] || { echo "$header:"; cat "$T/head"; return 1; }
	done
}
stream() { has_all 200 -H 'Accept: text/event-stream' /api/crawl/stream; grep -qi '^content-type: text/event-stream' "$T/head"; }
t_ok 'the page, which is not installed here' has_all 404 /
t_ok 'an asset that is not there'	has_all 404 /assets/none.js
t_ok 'the API'				has_all 200 /api/crawl-progress
t_ok 'the API, which refuses'		has_all 404 /api/nothing
t_ok 'health'				has_all 200 /health
t_ok 'the MCP server'			has_all 405 /mcp
t_ok 'the relay'			has_all 404 '/api/crawl-progress/none?wait=1'
t_ok 'an event stream'			stream
t_ok 'a method nginx refuses'		has_all 405 -X TRACE /
t_ok 'an address that is too long'	has_all 414 "/api/$(printf '%09000d' 0)"
t_stop api >/dev/null
t_ok 'the API, which is away'		has_all 502 /health
