#!/bin/sh
# /metrics is Prometheus' format to the letter, its numbers are those of a real crawl
# and of real requests, they outlive a killed program, and only this host sees them.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

t_nginx() {	# whoever sends X-Test-From comes from there
	nginx_write "$T_SRC" "$T/nginx" "$T/run" "$T/data" "unix:$T/http.sock" \
		'set_real_ip_from unix:; real_ip_header X-Test-From;' && t_nginx_start
}
h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD"

expo() { /usr/bin/python3 "$T_SRC/t/api/exposition" "$@"; }
scrape() { t_status 200 /metrics && cp "$T/body" "$T/scraped" && expo "$T/scraped"; }
val() { expo "$T/scraped" "$1"; }
is() {
	got=$(val "$1")
	echo "$1 is $got, want $2"
	[ "$got" = "$2" ]
}
grown() {	# SAMPLE BEFORE BY: by so much, or more
	got=$(val "$1")
	echo "$1 is $got, was $2, want $3 more"
	awk -v a="$got" -v b="$2" -v by="$3" 'BEGIN { exit !(a >= b + by) }'
}
scraped_is() { scrape >/dev/null && is "$@"; }
scraped_grown() { scrape >/dev/null && grown "$@"; }

t_ok 'the format is kept before anything happened' scrape
typed() { tr -d '\r' <"$T/head" | grep -qi '^content-type: text/plain; version=0.0.4; charset=utf-8$'; }
t_ok '...its type says which' typed
fresh() { ! grep -qi '^etag' "$T/head"; }
t_ok '...and it has no ETag' fresh
for part in table store relay crawler mcp; do t_ok "$part is up" is "archon_up{part=\"$part\"}" 1; done
t_ok 'nothing was fetched' is archon_fetched_bytes_total 0

# -- a crawl ----------------------------------------------------------------------------
h_uuid >"$T/id"
h_ws follower "/api/crawl-progress/$(cat "$T/id")"
t_ok 'a follower is counted' t_until 10 scraped_is 'archon_relay_clients{stream="progress",kind="ws"}' 1
messages=$(val 'archon_relay_messages_total{worker="0"}')
bytes=$(val 'archon_relay_bytes_total{worker="0"}')
crawl() {
	[ "$(h_post "{\"url\":\"http://$H_BAD/site/metrics/5x0/\",\"progress_id\":\"$(cat "$T/id")\"}")" = 202 ] || { cat "$T/body"; return 1; }
	t_until 20 h_ended "$(cat "$T/id")"
}
t_ok 'a crawl' crawl
stored=$(sed -n 's/.*"pages":{"new":\([0-9]*\).*/\1/p' "$T/body")
bytes_fetched=$(h_get bytesFetched)
t_ok 'it has ended' t_until 10 scraped_is 'archon_crawls_ended_total{state="completed"}' 1
t_ok '...with its pages'	is 'archon_pages_total{outcome="new"}' "$stored"
t_ok '...which are in the store' is 'archon_store_rows{kind="pages"}' "$stored"
t_ok '...each fetched'	grown 'archon_fetches_total{result="2xx"}' 0 "$stored"
answered() {
	n=0
	for result in 1xx 2xx 3xx 4xx 5xx; do n=$((n + $(val "archon_fetches_total{result=\"$result\"}"))); done
	is archon_fetch_duration_seconds_count "$n"
}
t_ok '...and timed, with robots.txt and all' answered
t_ok '...byte by byte'	grown archon_fetched_bytes_total 0 "$bytes_fetched"
t_ok 'its row is in use' is 'archon_table_rows{state="used"}' 1
t_ok '...by no live crawl' is 'archon_table_rows{state="live"}' 0
t_ok 'nothing is left to do' is archon_frontier_urls 0
t_ok 'the follower was told' t_until 10 scraped_grown 'archon_relay_messages_total{worker="0"}' "$messages" 2
t_ok '...in bytes'	grown 'archon_relay_bytes_total{worker="0"}' "$bytes" 1000
kill "$(cat "$T/follower.wspid")"
t_ok '...and its leaving is seen' t_until 10 scraped_is 'archon_relay_clients{stream="progress",kind="ws"}' 0
slow() { h_start "http://$H_BAD/site/metrics2/2000x200/" && t_until 10 scraped_is 'archon_crawls{state="crawling"}' 1; }
t_ok 'a crawl under way is counted' slow
t_ok '...by its crawler' t_until 10 scraped_is 'archon_crawler_crawls{worker="0"}' 1
t_ok '...with what waits' grown archon_frontier_urls 0 1
t_get -X DELETE "/api/crawl-progress/$h_id" >/dev/null
t_ok '...and how it ended' t_until 10 scraped_is 'archon_crawls_ended_total{state="cancelled"}' 1

# -- requests -------------------------------------------------------------------------------
asked='program="archon-api",method="GET",route="/api/rag/sources"'
scrape >/dev/null
t_ok 'a route nobody asked for is no series' is "archon_http_requests_total{$asked,code=\"2xx\"}" 0
for i in 1 2 3; do t_get /api/rag/sources >/dev/null; done
t_get /api/nothing >/dev/null
t_get -X PUT /api/rag/sources >/dev/null
t_get -H 'Content-Type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"ping"}' /mcp >/dev/null
scrape >/dev/null
t_ok 'three requests are three'	is "archon_http_requests_total{$asked,code=\"2xx\"}" 3
t_ok '...and timed'		is "archon_http_request_duration_seconds_count{$asked}" 3
t_ok 'others have no route'	is 'archon_http_requests_total{program="archon-api",method="other",route="other",code="4xx"}' 2
t_ok 'so are those of agents'	is 'archon_http_requests_total{program="archon-mcp",method="POST",route="/mcp",code="2xx"}' 1
t_ok 'the format is kept with all of it' scrape

# What an operator looks for, each by its name.
told() { grep -E "^$1[{ ]" "$T/scraped"; }
for name in archon_crawls archon_crawls_ended_total archon_pages_total archon_fetched_bytes_total archon_fetch_duration_seconds_bucket \
	archon_frontier_urls archon_relay_clients archon_relay_messages_total archon_relay_conflated_total archon_relay_gaps_total \
	archon_relay_loop_lag_p99_seconds archon_store_bytes archon_table_rows archon_http_request_duration_seconds_bucket; do
	t_ok "$name is told"	told "$name"
done
t_ok 'the store has a size'	grown 'archon_store_bytes{part="file"}' 0 4096

# -- it lasts -----------------------------------------------------------------------------
started=$(val 'archon_process_start_time_seconds{program="archon-api",worker="0"}')
t_kill api; t_restart api
t_ok 'back after a kill' t_until 15 t_healthy
t_ok 'it is scraped again' scrape
t_ok 'a killed program forgets nothing' is "archon_http_requests_total{$asked,code=\"2xx\"}" 3
t_ok '...but is a new one' grown 'archon_process_start_time_seconds{program="archon-api",worker="0"}' "$started" 0.001
t_kill crawler
t_ok 'a part that is gone is down' t_until 10 scraped_is 'archon_up{part="crawler"}' 0
t_ok '...what it did stays' is 'archon_crawls_ended_total{state="completed"}' 1
t_restart crawler
t_ok 'all back' t_until 15 t_healthy

# -- who may see ------------------------------------------------------------------------------
denied() { t_status 403 -H "X-Test-From: $1" /metrics && grep -q '"code":"forbidden"' "$T/body"; }
for from in 192.0.2.7 10.1.2.3 2001:db8::1; do t_ok "not $from" denied "$from"; done
for from in 127.0.0.1 ::1; do t_ok "but $from" t_status 200 -H "X-Test-From: $from" /metrics; done

# -- the dashboard ----------------------------------------------------------------------------
board="$T_SRC/conf/grafana/archon.json"
scrape >/dev/null
t_ok 'the dashboard asks for nothing else' expo --dashboard "$T/scraped" "$board"
sed 's/archon_fetches_total/archon_fetched_total/' "$board" >"$T/board"
spoilt() { ! expo --dashboard "$T/scraped" "$T/board"; }
t_ok '...and the check sees when it does' spoilt
broken() { sed "$1" "$T/scraped" >"$T/broken"; ! expo "$T/broken"; }
t_ok 'the parser sees an unescaped quote'	broken 's/{part="store"}/{part="st"ore"}/'
t_ok '...a sample twice'			broken 's/^archon_table_rows_max .*/&\n&/'
t_ok '...a family without its type'		broken '/^# TYPE archon_up/d'
t_ok '...a bucket that falls'			broken '/^archon_fetch_duration_seconds_bucket{le="0.0005"}/s/ [0-9]*$/ 99999/'
t_ok '...no number'				broken 's/^\(archon_log_entries\) .*/\1 many/'
if command -v promtool >/dev/null; then
	linted() { promtool check metrics <"$T/scraped"; }
	t_ok 'promtool finds nothing' linted
else
	t_skip 'promtool finds nothing' 'no promtool'
fi
