#!/bin/sh
# The WebSocket side through nginx, by a client that is not ours: what comes, when it
# ends, and which close code says so.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need
client="/usr/bin/python3 $T_SRC/t/ws/client"

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD" 'heartbeat = 700ms' 'ping_interval = 500ms' 'pong_timeout = 1s' \
	'linger = 2s' 'waiting_timeout = 2s' 'write_timeout = 2s' 'max_message = 1KiB' 'allow_origins = https://wiki.example.com' 'compress = yes'

json() { sed -n "s/^msg //p" "$T/$1.ws"; }
first() { json "$1" | head -n 1; }
first_is() { first "$1"; [ "$(first "$1")" = "$2" ]; }

# -- an id that nobody has started, as in the guide ----------------------------------
h_ws idle /api/crawl-progress/test-id
t_ok 'unknown id: waits, and says so at once' t_until 5 h_heard idle '^msg '
t_ok '...in these words' first_is idle '{"type":"connection_established","data":{"progressId":"test-id","status":"waiting"}}'
t_ok '...is sent pings of both kinds' sh -c 'until grep -q "^ping" "$0" && grep -q "^msg {\"type\":\"ping\"}" "$0"; do i=$((i+1)); [ "$i" -lt 200 ] || exit 1; sleep 0.05; done' "$T/idle.ws"
t_ok '...and is closed 1000 when no such crawl comes' h_ws_end idle
t_ok '......with the reason' h_heard idle '^close 1000 no such crawl'

# -- subscribe first, then start -------------------------------------------------------
id=$(h_uuid)
h_ws early "/api/crawl-progress/$id"
t_ok 'a client that waits before its crawl starts' t_until 5 h_heard early connection_established
started() { got=$(h_post "{\"url\":\"http://$H_BAD/site/early/40x20/\",\"progress_id\":\"$id\"}"); echo "$got"; cat "$T/body"; [ "$got" = 202 ]; }
t_ok '...then starts it' started
t_ok '...sees it complete' t_until 30 h_heard early '^msg {"type":"crawl_completed"'
t_ok '...stays open until linger has passed' h_ws_end early
t_ok '...and is closed 1000' h_heard early '^close 1000 the crawl has ended'
last_one() { [ "$(h_count early '"type":"crawl_completed"')" = 1 ] && [ "$(json early | grep -v '"type":"ping"' | tail -n 1 | grep -c crawl_completed)" = 1 ]; }
t_ok 'one terminal message, the last' last_one
grows() {	# KEY: never falls; seq always rises
	json early | sed -nE 's/.*"'"$1"'":([0-9]+).*/\1/p' >"$T/grow"
	[ "$(wc -l <"$T/grow")" -gt 3 ] && sort -n -c ${2:-} "$T/grow"
}
t_ok 'seq rises'		grows seq -u
t_ok 'percentage never falls'	grows percentage
t_ok 'processedPages never falls' grows processedPages
t_ok 'totalPages never falls'	grows totalPages
json early | grep -c crawl_progress >"$T/n"
t_ok 'several states on the way'	sh -c '[ "$(cat "$0")" -ge 3 ]' "$T/n"
agree() {
	json early | grep crawl_completed | sed 's/.*"data"://; s/}$//' >"$T/pushed"
	t_get "/api/crawl-progress/$id" >/dev/null && $client same "$T/pushed" "$T/body"
}
t_ok 'the last message and a poll are equal, member by member' agree

# -- known ids -------------------------------------------------------------------------
h_ws late "/api/crawl-progress/$id"
t_ok 'an ended crawl: its terminal message at once' t_until 5 h_heard late '^msg {"type":"crawl_completed"'
t_ok '...once' sh -c '[ "$(grep -c crawl_completed "$0")" = 1 ]' "$T/late.ws"
t_ok 'a crawl that fails' h_start "http://$H_BAD/status/404"
h_ws fails "/api/crawl-progress/$h_id"
t_ok '...is told by type crawl_progress with status error' t_until 20 h_heard fails '^msg {"type":"crawl_progress".*"status":"error".*"error":"[^"]*404'
t_ok 'a slow crawl' h_start "http://$H_BAD/site/slow/2000x300/"
slow=$h_id
h_ws live "/api/crawl-progress/$slow"
t_ok 'a live crawl: its state at once' t_until 5 h_heard live '^msg {"type":"crawl_progress","data":{.*"progressId":"'"$slow"
h_ws polite "/api/crawl-progress/$slow" --ping --send ping --send '{"type":"ping"}' --send 'anything else' --send '{"type":"x"}' --until pong
t_ok 'a protocol Ping is answered' t_until 5 h_heard polite '^pong'
t_ok 'text ping is answered' t_until 5 h_heard polite '^msg {"type":"pong"}'
h_ws polite2 "/api/crawl-progress/$slow" --send '{"type":"ping"}' --until pong
t_ok 'JSON ping is answered' t_until 5 h_heard polite2 '^msg {"type":"pong"}'

# -- compressed, to a client that is not ours ----------------------------------------------
h_ws packed "/api/crawl-progress/$slow" --deflate --send ping --until pong
t_ok 'permessage-deflate is taken up' t_until 5 h_heard packed '^open permessage-deflate$'
t_ok '...the state is read' t_until 5 h_heard packed '^msg {"type":"crawl_progress","data":{.*"progressId":"'"$slow"
t_ok '...what it sends, too' t_until 5 h_heard packed '^msg {"type":"pong"}'
h_ws bomb "/api/crawl-progress/$slow" --deflate --send "$(printf '%020000d' 0)"
t_ok 'a message that is over max_message when it is opened' h_ws_end bomb
t_ok '...is closed 1009' h_heard bomb '^close 1009'

# -- closing -----------------------------------------------------------------------------
h_ws bye "/api/crawl-progress/$slow" --close 1000
t_ok 'the client closes 1000: echoed' h_ws_end bye
t_ok '...exactly' h_heard bye '^close 1000'
h_ws loud "/api/crawl-progress/$slow" --send "$(printf '%02000d' 0)"
t_ok 'a message over max_message' h_ws_end loud
t_ok '...is closed 1009' h_heard loud '^close 1009'
raw() { $client raw "$T/http.sock" "/api/crawl-progress/$slow" "$@"; }
closes() { want=$1; shift; raw "$@" >"$T/raw"; cat "$T/raw"; grep -q "^frame 8 $want" "$T/raw" && tail -n 1 "$T/raw" | grep -q ^end; }
t_ok 'an unmasked frame: 1002'		closes 03ea 810470696e67
t_ok 'a reserved bit: 1002'		closes 03ea c1800a0b0c0d
t_ok 'a reserved opcode: 1002'		closes 03ea 83800a0b0c0d
t_ok 'a fragmented Ping: 1002'		closes 03ea 09800a0b0c0d
t_ok 'a Close of one byte: 1002'	closes 03ea 88810000000041
t_ok 'a Close with code 999: 1002'	closes 03ea 88820000000003e7
t_ok 'text that is no UTF-8: 1007'	closes 03ef 818100000000ff
t_ok 'no Pong: 1011'			closes 03f3 ''
t_ok '...after a Ping was sent'		grep -q '^frame 9' "$T/raw"

# -- handshakes that are refused -------------------------------------------------------------
key='Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
t_handshake() {	# STATUS CODE PATH HEADER..., by $method
	want=$1 code=$2 path=$3; shift 3
	for header; do shift; set -- "$@" -H "$header"; done
	t_status "$want" -X "${method:-GET}" -H 'Connection: Upgrade' -H 'Upgrade: websocket' "$@" "$path" &&
		grep -q "\"code\":\"$code\"" "$T/body" && grep -q '"detail":{"error":' "$T/body"
}
here=/api/crawl-progress/$slow
t_ok 'a foreign Origin: 403'	t_handshake 403 foreign_origin $here 'Sec-WebSocket-Version: 13' "$key" 'Origin: https://evil.example.com'
t_ok 'Origin null: 403'		t_handshake 403 foreign_origin $here 'Sec-WebSocket-Version: 13' "$key" 'Origin: null'
t_ok 'another version: 426'	t_handshake 426 upgrade_required $here 'Sec-WebSocket-Version: 8' "$key"
t_ok '...and which it must be'	grep -qi '^sec-websocket-version: 13' "$T/head"
t_ok 'no version: 426'		t_handshake 426 upgrade_required $here "$key"
t_ok 'no key: 400'		t_handshake 400 bad_handshake $here 'Sec-WebSocket-Version: 13'
t_ok 'a short key: 400'		t_handshake 400 bad_handshake $here 'Sec-WebSocket-Version: 13' 'Sec-WebSocket-Key: abcd'
long="$here?pad=$(printf '%06000d' 0)" cookie="Cookie: a=$(printf '%07900d' 0)"
t_ok 'a long address'		t_handshake 426 upgrade_required "$long" 'Sec-WebSocket-Version: 8' "$key"
# Both together are over the relay's 8 KiB for a head: it would say 431.
t_ok 'cookies stop at nginx'	t_handshake 426 upgrade_required "$long" 'Sec-WebSocket-Version: 8' "$key" "$cookie"
t_ok 'no such stream: 404'	t_handshake 404 not_found /api/other 'Sec-WebSocket-Version: 13' "$key"
t_ok 'an id too long: 400'	t_handshake 400 bad_id "/api/crawl-progress/$(printf '%0129d' 0)" 'Sec-WebSocket-Version: 13' "$key"
method=PUT
t_ok 'not GET: 405'		t_handshake 405 method_not_allowed $here 'Sec-WebSocket-Version: 13' "$key"
method=
h_ws wiki "/api/crawl-progress/$slow" --origin https://wiki.example.com --until crawl_progress
t_ok 'an allowed Origin' t_until 5 h_heard wiki '^msg {"type":"crawl_progress"'
h_ws own "/api/crawl-progress/$slow" --origin http://localhost --until crawl_progress
t_ok 'the own Origin' t_until 5 h_heard own '^msg {"type":"crawl_progress"'
t_ok 'no Upgrade at all is a poll' t_status 200 $here

# -- one that never reads ---------------------------------------------------------------------
raw '' --deaf >"$T/deaf.out" 2>&1 &
deaf=$!
t_ok 'a client that never reads' t_until 5 grep -q ^open "$T/deaf.out"
before=$(h_count live '"seq"')
goes_on() { [ "$(h_count live '"seq"')" -gt $((before + 10)) ]; }
t_ok '...does not hold up others' t_until 10 goes_on
dropped() { ! kill -0 $deaf 2>/dev/null; }
t_ok '...and is let go' t_until 15 dropped
wait $deaf

# -- the relay ends ---------------------------------------------------------------------------
t_ok 'TERM to the relay' t_stop relay
t_ok 'closes 1001' t_until 5 h_heard live '^close 1001'
t_restart relay
t_ok 'the relay is back' t_until 10 t_healthy
h_ws again "/api/crawl-progress/$slow"
t_ok 'a client of the new one' t_until 5 h_heard again '^msg {"type":"crawl_progress"'
usr2() { kill -USR2 "$(t_pid relay)" && wait "$(t_pid relay)"; }
t_ok 'USR2 to the relay (a restart)' usr2
rm -f "$T/relay.pid"
t_ok 'closes 1012' t_until 5 h_heard again '^close 1012'

# -- the echo server for conformance suites ---------------------------------------------------
t_start echo "$T_BLD/t/ws_echo" --socket "$T/echo.sock" --compress
t_ok 'the echo server for conformance suites' t_until 10 test -S "$T/echo.sock"
for way in '' --deflate; do	# one frame of each length form, and one of several bytes a character
	for text in word "$(printf '%0200d' 7)" "$(printf '%070000d' 7)" 'naïve ☃ 𝄞'; do
		timeout 60 $client follow "$T/echo.sock" / $way --send "$text" --until "$text" >"$T/echoed" 2>&1
		t_ok "...echoes ${#text} characters $way" grep -qxF "msg $text" "$T/echoed"
	done
done
