#!/bin/sh
# Three relay processes on one socket: all clients are served, whoever has them;
# one dies, all are executed anew in place.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
t_need curl "$T_NGINX"

mkdir "$T/site"
echo '<!DOCTYPE html><html><head><title>Hall</title></head><body><main><h1>Hall</h1><p>A quiet page with some words on it.</p></main></body></html>' >"$T/site/index.html"
t_ok 'a site to crawl' t_site "$T/site"
WATCHDOG_USEC=3000000 export WATCHDOG_USEC	# so long may one hang
t_ok 'api, relay and crawler become healthy' t_archon "allow_private = $T_SITE" 'relay_workers = 3' 'drain = 0s' 'max_clients = 20'

id=11111111-2222-4333-8444-555555555555 n=12
has() { grep -qE "$1" "$2" || { cat "$2"; return 1; }; }
events() {	# FILE PATH
	t_start "$1" sh -c 'trap "kill \$!; exit 0" TERM; curl -sSN --max-time 100 "$@" & wait; echo ended' - \
		--unix-socket "$T/http.sock" -H 'Accept: text/event-stream' "http://localhost$2"
}
all_have() {	# PATTERN
	for i in $(seq $n); do has "$1" "$T/c$i.log" || return 1; done
}
for i in $(seq $n); do events "c$i" "/api/crawl-progress/$id"; done
t_ok 'every client waits'			t_until 15 all_have '"status":"waiting"'
count() { [ "$(grep -c "$1" "$T/relay.log")" -eq "$2" ] || { cat "$T/relay.log"; return 1; }; }
t_ok 'there are three of them'			t_until 10 count 'start max_clients' 3

kill -HUP "$(t_pid relay)"
t_ok 'all are executed anew'			t_until 15 count 'handover clients=' 3
t_ok 'no client was lost'			count ' lost=0' 3
start() { t_status 202 -H 'Content-Type: application/json' -d "{\"url\":\"http://$T_SITE/\",\"progress_id\":\"$id\"}" /api/knowledge-items/crawl; }
t_ok 'a crawl'					start
t_ok 'every client sees its end'		t_until 15 all_have '"type":"crawl_completed"'
once() { for i in $(seq $n); do [ "$(grep -c '"type":"crawl_completed"' "$T/c$i.log")" -eq 1 ] || return 1; done; }
t_ok '...once'					once

sed -i 's/^relay_workers = 3/relay_workers = 2/' "$T/archon.conf"
kill -HUP "$(t_pid relay)"
t_ok 'two are enough from now on'		t_until 15 sh -c '[ "$(wc -w </proc/$0/task/$0/children)" -eq 2 ]' "$(t_pid relay)"
sed -i 's/^relay_workers = 2/relay_workers = 3/' "$T/archon.conf"
kill -HUP "$(t_pid relay)"
t_ok 'no: three'				t_until 15 sh -c '[ "$(wc -w </proc/$0/task/$0/children)" -eq 3 ]' "$(t_pid relay)"
for i in $(seq 24); do events "e$i" /api/crawl/stream; done
full() { for i in 1 2 3 4 5 6; do t_status 503 "/api/crawl-progress/of-nobody?wait=0" || return; done; }
t_ok 'max_clients is the sum of all'		t_until 15 full
for i in $(seq 24); do t_stop "e$i"; done
t_ok '...and when some have gone there is room'	t_until 15 t_status 404 "/api/crawl-progress/of-nobody?wait=0"
sed -i 's/^max_clients = 20/max_clients = 200/' "$T/archon.conf"	# the counts are old by a second: no limit from here on
kill -HUP "$(t_pid relay)"
t_ok 'another limit for all'			t_until 15 count 'start max_clients=200 ' 3
children() { cat /proc/"$(t_pid relay)"/task/*/children; }
set -- $(children)
kill -KILL "$1"
t_ok 'one that dies is replaced'		t_until 15 count 'another is started' 1
t_ok '...and there are three'			t_until 15 sh -c '[ "$(wc -w </proc/$0/task/$0/children)" -eq 3 ]' "$(t_pid relay)"
set -- $(children)
kill -STOP "$1"
t_ok 'one that hangs is killed'			t_until 20 count "worker pid=$1 hangs" 1
t_ok '...and replaced'				t_until 15 count 'another is started' 2
clients() {
	for i in $(seq 6); do events "d$i" /api/crawl/stream; done
	for i in $(seq 6); do t_until 10 has '^retry:' "$T/d$i.log" || return 1; done
}
t_ok 'new clients are served'			clients
kill -USR1 "$(t_pid relay)"
t_ok 'USR1 reaches all of them'			t_until 10 count 'dump clients=' 3
grep -q 'dump clients=' "$T/relay.log" && sed -n 's/.*dump \(clients=[0-9]*\).*/# \1/p' "$T/relay.log"

# -- as the command line says ------------------------------------------------------
t_ok 'TERM ends them all'			t_stop relay
wrong() { "$T_BLD/fcgi/relay/archon-relay" -w "$1" --config "$T/archon.conf" --check-config; [ $? -eq 64 ]; }
for n in 0 9 two ''; do t_ok "-w '$n' is no number of them" wrong "$n"; done
t_start relay "$T_BLD/fcgi/relay/archon-relay" -w 2 --config "$T/archon.conf" --socket "$T/run/relay.sock"
t_ok '-w 2: two, whatever the file says'	t_until 15 sh -c '[ "$(wc -w </proc/$0/task/$0/children)" -eq 2 ]' "$(t_pid relay)"
t_ok '...which serve'				t_until 15 t_status 404 "/api/crawl-progress/of-nobody?wait=0"
