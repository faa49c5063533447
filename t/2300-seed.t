#!/bin/sh
# What the guide to WebSockets that archon grew from expects of its server, point by
# point under its own headings.  What it says of pages is proved in fcgi/www/test.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need
client="/usr/bin/python3 $T_SRC/t/ws/client"

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD" 'heartbeat = 700ms' 'ping_interval = 1h' 'pong_timeout = 1h' \
	'write_timeout = 1s' 'linger = 1s' 'drain = 0s' 'conflate = 0ms' 'log_level = debug'

iso='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z'
messages() { sed -n 's/^msg //p' "$T/$1.ws" | grep -v '^{"type":"ping"}$'; }
first_is() { messages "$1" | head -n 1 | grep -E "^$2" || { cat "$T/$1.ws"; return 1; }; }
starts() {	# ID PATH: the crawl of that path, its id chosen by us
	got=$(t_get -H 'Content-Type: application/json' -d "{\"url\":\"http://$H_BAD$2\",\"progress_id\":\"$1\"}" /api/knowledge-items/crawl)
	[ "$got" = 202 ] || { echo "status $got"; cat "$T/body"; return 1; }
}
stat_is() {	# COUNTER TEST NUMBER
	got=$(t_ctl stat --dump | sed -n "s/^relay\\.0\\.$1 = //p")
	echo "$1 is $got"
	[ "$got" "$2" "$3" ]
}
all_json() { messages "$1" >"$T/lines" && [ -s "$T/lines" ] && /usr/bin/python3 -c 'import json, sys
for line in sys.stdin: assert isinstance(json.loads(line), dict), line' <"$T/lines"; }

# -- Manual Testing with wscat -------------------------------------------------------------
h_ws wscat /api/crawl-progress/test-id --until waiting
t_ok 'Manual Testing with wscat: a message comes at once' h_ws_end wscat
t_ok 'Manual Testing with wscat: connection_established, status waiting' \
	first_is wscat '\{"type":"connection_established","data":\{"progressId":"test-id","status":"waiting"\}\}$'

# -- Pattern 1, progress; the crawl is slow enough to be followed ------------------------------
one=$(h_uuid) two=$(h_uuid)
h_ws early "/api/crawl-progress/$one"
h_ws also "/api/crawl-progress/$one"
h_ws other "/api/crawl-progress/$two"
t_ok 'Do 1, Always Accept WebSocket First: 101, then the first message' t_until 5 h_heard early '^msg '
accepted() { head -n 1 "$T/early.ws"; [ "$(head -n 1 "$T/early.ws")" = open ]; }
t_ok 'Troubleshooting 1, Expected websocket.accept: nothing comes before the upgrade' accepted
t_ok 'Do 8, Handle Race Conditions: subscribed before it starts' first_is early '\{"type":"connection_established"'
t_ok 'Pattern 3, Progress Callback Integration: a crawl with the id of its client' starts "$one" /site/one/40x400/
t_ok '...and another' starts "$two" /site/two/10x40/
t_ok 'Do 7, Use Callbacks for Integration: pages that are read show' t_until 20 h_heard early '"status":"crawling".*"processedPages":[1-9]'
h_ws late "/api/crawl-progress/$one"
t_ok 'Do 6, Send Initial State: who comes later sees it as it stands' t_until 5 h_heard late '^msg \{"type":"crawl_progress","data":\{"progressId":"'"$one"
for who in early also late; do
	t_ok "Pattern 1, Progress Tracking with Callbacks: $who hears of the end" t_until 30 h_heard $who '^msg \{"type":"crawl_completed"'
done
t_ok '...of the other crawl too' t_until 30 h_heard other '^msg \{"type":"crawl_completed"'
missed_none() { [ "$(messages early | grep -c '"type":"crawl_completed"')" = 1 ] && messages early | sed -n 2p | grep '"processedPages":0,'; }
t_ok 'Troubleshooting 3, No Messages Received: from the first state to the last' missed_none
apart() { ! messages other | grep "$one" && ! messages early | grep "$two"; }
t_ok 'Do 4, Use Progress IDs: two crawls at once, nobody hears of the other' apart
ordered() {	# the phases of the guide, none comes back
	messages early | sed -nE 's/.*"data":.*"status":"([a-z_]+)".*/\1/p' | uniq >"$T/phases"
	cat "$T/phases"
	sed 's/waiting/0/; s/queued/1/; s/starting/2/; s/analyzing/3/; s/webpage/4/; s/crawling/5/; s/processing/6/; s/storing/7/; s/completed/8/' "$T/phases" | sort -nuc &&
		grep -q crawling "$T/phases" && grep -q completed "$T/phases"
}
t_ok 'Pattern 3, Progress Callback Integration: analyzing, crawling, storing, completed' ordered
worked() {	# KEY LEAST: rises, in at least so many steps
	messages early | sed -nE "s/.*\"$1\":([0-9]+).*/\\1/p" | uniq >"$T/steps"
	tr '\n' ' ' <"$T/steps"
	sort -nc "$T/steps" && [ "$(wc -l <"$T/steps")" -ge "$2" ]
}
t_ok 'Do not 2, Hardcode Progress: pages are counted as they are done' worked processedPages 5
t_ok '...and the percentage follows' worked percentage 5
only_then() { ! messages early | grep '"percentage":100' | grep -v '"status":"completed"' && messages early | grep '"status":"completed"' | grep '"percentage":100,.*"totalPages":40,"processedPages":40,'; }
t_ok '...and is 100 when all is done, not before' only_then
t_ok 'Do 2, Handle Datetime Serialization: ISO 8601' h_heard early "\"start_time\":\"$iso\",\"startTime\":\"$iso\",\"updatedAt\":\"$iso\""
t_ok 'Troubleshooting 2, datetime is not JSON serializable: it is' h_heard early "\"completedAt\":\"$iso\""
t_ok 'Do not 6, Send Unserializable Data: every message is a JSON object' all_json early
h_ws beats /api/crawl-progress/test-id --until '"ping"'
t_ok 'Pattern 1 of the page, Service-Based Management: pings come as type ping' t_until 10 h_heard beats '^msg \{"type":"ping"\}'
types() { ! messages early | grep -vE '^\{"type":"(connection_established|crawl_progress|crawl_completed)","data":\{.*\}\}$'; }
t_ok '...and everything else is a type and its data' types

# -- connections end ------------------------------------------------------------------------------
t_ok 'Do 3, Implement Reconnection Logic: the end of a crawl is no reason to come back' h_ws_end early
t_ok '...it is closed 1000' h_heard early '^close 1000'
for who in also late other; do h_ws_end $who >/dev/null; done
t_ok 'Do 5, Clean Up Connections: none is left' t_until 10 stat_is clients.progress.ws -eq 0
for i in 1 2 3 4 5 6; do h_ws "gone$i" /api/crawl-progress/test-id; done
t_ok 'Troubleshooting 5, Memory Leaks from Unclosed WebSockets: six are there' t_until 10 stat_is clients.progress.ws -eq 6
for i in 1 2 3 4 5 6; do
	kill -TERM "$(cat "$T/gone$i.wspid")"	# in the middle: no Close is said
	wait "$(cat "$T/gone$i.wspid")" 2>/dev/null
done
t_ok 'Do not 1, Ignore Connection Errors: when their pages have vanished, none' t_until 10 stat_is clients.progress.ws -eq 0
h_ws bye /api/crawl-progress/test-id --close 1000
t_ok 'Do not 5, Forget Cleanup: a client that closes 1000 is answered' h_ws_end bye
t_ok '...with 1000' h_heard bye '^close 1000'

# -- Pattern 2, the log ------------------------------------------------------------------------------
seq 1 60 | sed 's/^/[WARNING] line /' | t_ctl logs push - >/dev/null
h_ws logs /api/mcp/logs/stream
h_ws logs2 /api/mcp/logs/stream
t_ok 'Pattern 2, Server-to-Client Broadcasting: recent entries come first' t_until 10 h_heard logs '"message":"line 60"'
recent() { messages logs | sed -nE 's/.*"message":"line ([0-9]+)".*/\1/p' >"$T/recent"; seq 11 60 | cmp - "$T/recent"; }
t_ok '...the last fifty, in order' recent
t_ok '...as timestamp, level and message' first_is logs "\\{\"timestamp\":\"$iso\",\"level\":\"WARNING\",\"message\":\"line 11\""
t_ok '...then what is new' t_ctl logs push 'while you watch'
for who in logs logs2; do t_ok "...to $who" t_until 10 h_heard $who 'while you watch'; done
$client raw "$T/http.sock" /api/mcp/logs/stream '' --deaf >"$T/deaf.out" 2>&1 &
deaf=$!
t_ok 'Do not 4, Block WebSocket Sends: one that does not read' t_until 10 grep -q '^open' "$T/deaf.out"
long=$(printf '%01800d' 0)
for i in 1 2 3; do seq 1 300 | sed "s/.*/$i-& $long/" | t_ctl logs push - >/dev/null; t_until 20 h_heard logs "$i-300 " >/dev/null; done
all_came() { [ "$(messages logs | grep -cE '"message":"[123]-[0-9]+ 0')" = 900 ] && ! messages logs | grep '"type":"gap"'; }
t_ok '...costs another client nothing' t_until 20 all_came
t_ok '...and is closed because it did not drain' t_until 20 stat_is slow_closes -eq 1
kill $deaf
wait $deaf 2>/dev/null
t_ok '...it, and no other' t_until 10 stat_is clients.logs.ws -eq 2

# -- Data Synchronization -------------------------------------------------------------------------------
h_ws items /api/knowledge-items/stream
t_ok 'WebSocket Endpoints, Knowledge base updates: the list comes first' t_until 10 first_is items '\{"type":"knowledge_items_update","data":\{"items":\[\{'
t_ok '...a crawl' starts "$(h_uuid)" /site/three/3x0/
t_ok '...is told when it has ended' t_until 20 h_heard items '^msg \{"type":"crawl_completed","data":\{"url":"http://'"$H_BAD"'/site/three'
t_ok '...with the list as it is then' t_until 10 h_heard items '^msg \{"type":"knowledge_items_update".*/site/three'
t_ok '...and a heartbeat' t_until 10 h_heard items '^msg \{"type":"heartbeat"\}'

# -- Debug Logging -------------------------------------------------------------------------------------------
t_ok 'Debug Logging: the relay tells who came for what' grep -qE '^<7>.*open conn=[0-9]+ .*path=/api/crawl-progress/test-id' "$T/relay.log"
t_ok '...and who went, and why' grep -qE '^<7>.*drop conn=[0-9]+ state=[A-Z]+ why=' "$T/relay.log"
(exec "$T_BLD/fcgi/ctl/archonctl" --config "$T/archon.conf" --url "unix:$T/http.sock" watch --raw /api/crawl-progress/test-id) >"$T/raw" 2>&1 &
raw=$!
t_ok 'Debug Logging: archonctl watch --raw shows the very messages' t_until 10 grep -qx '{"type":"connection_established","data":{"progressId":"test-id","status":"waiting"}}' "$T/raw"
kill $raw
wait $raw 2>/dev/null

# -- Architecture Principles -----------------------------------------------------------------------------------
slow=$(h_uuid)
t_ok 'Real-Time First: a long crawl' starts "$slow" /site/slow/2000x60/
h_ws stays "/api/crawl-progress/$slow" --again
t_ok 'Event-Driven Updates: news come without asking' t_until 20 h_heard stays '"processedPages":[1-9]'
usr2() { kill -USR2 "$(t_pid relay)" && wait "$(t_pid relay)"; }
t_ok 'Do 3, Implement Reconnection Logic: the relay restarts' usr2
rm -f "$T/relay.pid"
t_ok '...and says so: 1012, not 1000' t_until 10 h_heard stays '^close 1012'
polled() { t_status 200 "/api/crawl-progress/$slow" && grep -qi '^x-poll-interval: 1000' "$T/head" && grep -q '"status":"crawling"' "$T/body"; }
t_ok 'Graceful Degradation: without it polling works' polled
t_restart relay
t_ok '...the relay is back' t_until 15 t_healthy
back() { sed -n '/^close 1012/,$p' "$T/stays.ws" | grep -q '^msg {"type":"crawl_progress".*"status":"crawling"'; }
t_ok '...and its client, with the state of now' t_until 15 back
t_ok '...it is stopped' t_status 200 -X POST "/api/knowledge-items/stop/$slow"
t_ok '...which its client hears' h_ws_end stays
