#!/bin/sh
# One URL, four ways through nginx: WebSocket, events, long poll, plain poll.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
t_need curl "$T_NGINX"

mkdir "$T/site"
echo '<!DOCTYPE html><html><head><title>Hall</title></head><body><main><h1>Hall</h1><p>A quiet page with some words on it.</p></main></body></html>' >"$T/site/index.html"
t_ok 'a site to crawl' t_site "$T/site"
t_ok 'api, relay and crawler become healthy' t_archon "allow_private = $T_SITE" 'heartbeat = 300ms'

id=11111111-2222-4333-8444-555555555555
url="http://localhost/api/crawl-progress/$id"
events() {	# FILE PATH [OPTION...]: an event stream into a file, until the test ends
	file=$1 path=$2; shift 2
	t_start "$file" sh -c 'trap "kill \$!; exit 0" TERM; out=$1; shift; curl -sSN --max-time 100 "$@" >"$out" & wait' - "$T/$file.events" \
		--unix-socket "$T/http.sock" -H 'Accept: text/event-stream' -D "$T/$file.head" "$@" "http://localhost$path"
}
events one "/api/crawl-progress/$id"
events all /api/crawl/stream
has() { grep -qE "$1" "$2" || { cat "$2"; return 1; }; }
t_ok 'an unknown crawl is waited for, as events'	t_until 10 has '^data: .*"status":"waiting"' "$T/one.events"
t_ok 'the head says what it is'			has '^Content-Type: text/event-stream' "$T/one.head"
t_ok 'it is not stored on its way'			has '^Cache-Control: no-store' "$T/one.head"
t_ok 'retry: tells when to come back'			has '^retry: [0-9]+$' "$T/one.events"
t_ok 'comments keep it alive'				t_until 10 has '^: ping' "$T/all.events"

t_ok 'a long poll of an unknown crawl: 404 at its end'	t_status 404 "/api/crawl-progress/$id?wait=0"
t_start poll curl -sS --max-time 60 --unix-socket "$T/http.sock" -D "$T/poll.head" -o "$T/poll.body" "$url?wait=50"
start() { t_status 202 -H 'Content-Type: application/json' -d "{\"url\":\"http://$T_SITE/\",\"progress_id\":\"$id\"}" /api/knowledge-items/crawl; }
t_ok 'a crawl with an id of the client'		start
t_ok 'the long poll is answered'			t_until 10 has '"progressId":"'$id'"' "$T/poll.body"
t_ok '...without an envelope'				has '^{"progressId"' "$T/poll.body"
t_ok 'one completed event'				t_until 15 has '^data: {"type":"crawl_completed"' "$T/one.events"
t_ok '...also among all crawls'			t_until 15 has '^data: {"type":"crawl_completed"' "$T/all.events"
plain() { t_status 200 "/api/crawl-progress/$id" && has '^X-Poll-Interval: 0' "$T/head" && cp "$T/body" "$T/plain.body"; }
t_ok 'a plain poll is the API'"'"'s'			plain
same() { t_status 200 "/api/crawl-progress/$id?wait=5" && cmp "$T/body" "$T/plain.body"; }
t_ok 'a long poll gives the very same'			same
tags() { tag=$(sed -n 's/^ETag: //p' "$T/head" | tr -d '\r'); t_status 304 -H "If-None-Match: $tag" "/api/crawl-progress/$id"; }
t_ok '...with the same ETag'				tags
seq=$(sed -n 's/.*"seq":\([0-9]*\).*/\1/p' "$T/plain.body")
t_ok 'nothing new: 304'				t_status 304 "/api/crawl-progress/$id?wait=0&since=$seq"
t_ok 'an EventSource that has seen the end: 204'	t_status 204 -H 'Accept: text/event-stream' -H "Last-Event-ID: $seq" "/api/crawl-progress/$id"
t_ok 'a wait that is none: 422'			t_status 422 "/api/crawl-progress/$id?wait=soon"
t_ok 'events of what has none: the API answers'	t_status 200 -H 'Accept: text/event-stream' /health
t_ok 'a foreign page may not listen: 403'		t_status 403 -H 'Accept: text/event-stream' -H 'Origin: http://evil.example' /api/crawl/stream
t_ok 'no way that is served: 426'			t_status 426 -H 'Upgrade: websocket' -H 'Connection: Upgrade' /api/crawl/stream
