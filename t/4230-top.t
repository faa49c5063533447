#!/bin/sh
# archonctl top: on a terminal live, with the terminal as it was whatever ends it;
# elsewhere once, for people and as JSON.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

ctl="$T_BLD/fcgi/ctl/archonctl"
terminal() { timeout 60 /usr/bin/python3 "$T_SRC/t/terminal" "$@" -- "$ctl" --config "$T/archon.conf" top; }
fails() {
	t_ctl top >"$T/said" 2>&1
	got=$?
	cat "$T/said"
	[ "$got" -eq 69 ] && grep -q 'is archon running' "$T/said"
}
t_conf
t_ok 'without a table it says so' fails

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD"
done_one() { h_start "http://$H_BAD/site/top/5x0/" && t_until 30 h_is "$h_id" status completed; }
t_ok 'a crawl that has ended' done_one
live_one() { h_start "http://$H_BAD/site/top2/2000x200/" && t_until 10 h_is "$h_id" status crawling; }
t_ok 'a crawl under way' live_one
live=$h_id
h_ws follower "/api/crawl-progress/$live"

# -- elsewhere --------------------------------------------------------------------------
plain() { t_ctl top >"$T/plain" && cat "$T/plain" && grep -qE "$1" "$T/plain"; }
t_ok 'once, when it is no terminal' plain '^archon [0-9:]{8} UTC   relays 1   crawlers 1   mcp on   store [0-9.]+ .?B$'
t_ok '...without a control byte' sh -c '! LC_ALL=C grep -q "[^ -~]" "$0"' "$T/plain"
t_ok '...the follower' t_until 10 plain '^clients .*progress 1/0/0'
t_ok '...the crawl under way, with its bar' plain "^crawling +\[[#.]{12}\] +[0-9]+% +[0-9]+/[0-9]+ .*$H_BAD/site/top2/"
t_ok '...and the one that has ended' plain "^completed +\[#{12}\] 100% .*$H_BAD/site/top/"
t_ok '...what is live first' sh -c 'sed -n "/^status/{n;p}" "$0" | grep -q ^crawling' "$T/plain"
json() {
	t_ctl --json top >"$T/json" && cat "$T/json" && /usr/bin/python3 - "$T/json" "$live" <<-'PY'
		import json, sys
		d = json.load(open(sys.argv[1]))
		live = [c for c in d["crawls"] if c["progressId"] == sys.argv[2]]
		assert live[0]["status"] == "crawling" and d["crawls"][0] == live[0], d
		assert d["relays"] == d["crawlers"] == 1 and d["mcp"] is True and d["crawlsLive"] == 1 and d["rowsUsed"] == 2, d
		assert d["clients"]["progress"] == {"ws": 1, "sse": 0, "poll": 0} and d["storeBytes"] > 0 and d["messagesPerSecond"] > 0, d
	PY
}
t_ok 'as JSON, with what came in that half a second' t_until 10 json
t_ok '...one line' sh -c '[ "$(wc -l <"$0")" -eq 1 ]' "$T/json"

# -- on a terminal ---------------------------------------------------------------------------
t_ok 'live, and q ends it' terminal shows '^archon ' 'clients .*progress 1/0/0' 'crawling +\[[#.]{12}\]' '[1-9][0-9]* messages/s' 'completed'
t_ok 'a smaller terminal' terminal resize
t_ok 'Ctrl-C' terminal INT
for sig in TERM HUP QUIT USR1 SEGV ABRT FPE; do t_ok "SIG$sig leaves the terminal as it was" terminal "$sig"; done
t_ok 'Ctrl-Z gives it back' terminal stop
relays_gone() { t_stop relay && terminal shows 'relays 0'; }
t_ok 'it needs no daemon' relays_gone
kill "$(cat "$T/follower.wspid")" 2>/dev/null
t_get -X DELETE "/api/crawl-progress/$live" >/dev/null
t_restart relay
