#!/bin/sh
# Following a crawl: it is cancelled within a second, everybody hears of it, and a
# relay that comes back shows the newest state.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD"

# -- cancel ------------------------------------------------------------------------------
t_ok 'a long crawl, slow answers' h_start "http://$H_BAD/site/long/5000x700/"
long=$h_id
h_ws one "/api/crawl-progress/$long"
h_ws two "/api/crawl-progress/$long"
t_ok 'it runs' t_until 10 h_is "$long" status crawling
t_ok 'two follow it' t_until 5 h_heard two '"status":"crawling"'
now_ms() { read -r up _ </proc/uptime; echo "${up%.*}${up#*.}0"; }
stopped() {
	from=$(now_ms)
	t_status 200 -X POST "/api/knowledge-items/stop/$long" && t_until 5 h_is "$long" status cancelled
	took=$(($(now_ms) - from))
	echo "took $took ms"
	[ "$took" -lt 1000 ]
}
t_ok 'stop ends it within a second' stopped
t_ok 'it has what was stored' sh -c '[ "$0" -ge 1 ]' "$(h_get chunksStored)"
for who in one two; do
	t_ok "follower $who is told once" t_until 5 h_heard $who '^msg {"type":"crawl_progress".*"status":"cancelled"'
done
quiet=$(wc -l <"$T/bad/log")
t_ok 'stop again: 409' t_status 409 -X POST "/api/knowledge-items/stop/$long"
t_ok 'another crawl meanwhile' h_start "http://$H_BAD/site/short/3x0/"
t_ok '...ends' t_until 20 h_is "$h_id" status completed
once() { [ "$(h_count one '"status":"cancelled"')" = 1 ] && [ "$(h_count two '"status":"cancelled"')" = 1 ]; }
t_ok 'nobody was told twice' once
still() { sed "1,${quiet}d" "$T/bad/log"; ! sed "1,${quiet}d" "$T/bad/log" | grep /site/long/; }
t_ok 'nothing was fetched after the stop' still

ctl_stop() {
	t_ctl crawl "http://$H_BAD/site/ctl/5000x700/" >"$T/ctl.out" 2>&1 &
	ctl=$!
	t_until 10 grep -q '^crawling' "$T/ctl.out" && t_get /api/progress >/dev/null && id=$(h_get progressId) && t_ctl stop "$id" || kill $ctl
	wait $ctl
	rc=$?
	cat "$T/ctl.out"
	echo "status $rc"
	[ "$rc" -eq 2 ]
}
t_ok 'archonctl stop; the archonctl that follows ends with status 2' ctl_stop

t_ok 'a crawl that keeps the crawler' h_start "http://$H_BAD/site/keep/3000x200/"
keep=$h_id

# -- the relay goes and comes ---------------------------------------------------------------
h_ws stays "/api/crawl-progress/$keep" --again
t_ok 'a client that comes again, as old clients do' t_until 10 h_heard stays '"status":"crawling"'
t_kill relay
t_ok 'the relay is killed: the client notices' t_until 5 h_heard stays '^(close 1006|refused 502|failed)'
t_ok '...polling goes on' h_is "$keep" status crawling
t_restart relay
back() { sed -n '/^close/,$p' "$T/stays.ws" | grep -q '^msg {"type":"crawl_progress".*"status":"crawling"'; }
t_ok 'the relay is back: so is the client' t_until 15 back
h_ws seen "/api/crawl-progress/$keep"
t_ok 'a new client too' t_until 5 h_heard seen '"status":"crawling"'
t_ok 'stop' t_status 200 -X DELETE "/api/crawl-progress/$keep"
t_ok 'the client that came again hears the end' h_ws_end stays
t_ok '...once' sh -c '[ "$(grep -c "\"status\":\"cancelled\"" "$0")" = 1 ]' "$T/stays.ws"

# -- the relay was away when it ended -----------------------------------------------------------
t_kill relay
t_ok 'a crawl while the relay is away' h_start "http://$H_BAD/site/away/10x10/"
h_ws away "/api/crawl-progress/$h_id" --again
t_ok '...ends' t_until 20 h_is "$h_id" status completed
t_restart relay
t_ok 'its client is told when the relay is back' h_ws_end away
t_ok '...that it completed' h_heard away '^msg {"type":"crawl_completed"'

# -- all gone, the row too: the store remembers -----------------------------------------------
for part in api mcp relay crawler; do t_kill $part; done
rm -f "$T/run/live/writers/table"
for part in api mcp relay crawler; do t_restart $part; done
t_ok 'everything again, without the table' t_until 15 t_healthy
h_ws old "/api/crawl-progress/$h_id"
t_ok 'the ended crawl is still told' t_until 5 h_heard old '^msg {"type":"crawl_completed"'
t_ok '...and polled' h_is "$h_id" status completed

# -- the table is made anew under a client that heard the end already --------------------------
attached() { [ "$(grep -c 'table attached' "$T/relay.log")" -gt "$before" ]; }
before=$(grep -c 'table attached' "$T/relay.log")
rm -f "$T/run/live/writers/table"
t_ok 'the table goes; the relay finds the new one' t_until 15 attached
h_ws newer "/api/crawl-progress/$h_id"
t_ok 'a client after that hears the end' t_until 5 h_heard newer '^msg {"type":"crawl_completed"'
not_again() { h_heard old '^msg' && [ "$(h_count old crawl_completed)" = 1 ]; }
t_ok 'the one from before does not hear it again' not_again
ends_75() { t_until 10 sh -c '! kill -0 "$0" 2>/dev/null' "$(t_pid crawler)" && wait "$(t_pid crawler)"; [ $? -eq 75 ]; }
t_ok 'the crawler asks to be started again (75)' ends_75
t_restart crawler
t_ok 'healthy' t_until 15 t_healthy
