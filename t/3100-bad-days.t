#!/bin/sh
# Bad days: the table is full, of another layout, or gone; the store or the disk is
# full; two crawlers share one queue.  Each answers clearly and loses nothing.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD" 'table_rows = 16' 'max_crawls = 1'

down() { for part in api mcp relay crawler; do [ ! -f "$T/$part.pid" ] || t_stop $part || return; done; }
up() { for part in api mcp relay crawler; do [ -f "$T/$part.pid" ] || t_restart $part; done; t_until 15 t_healthy; }
again() { down && up; }
completed() { t_until "${2:-30}" h_ended "$1" && h_is "$1" status completed && h_is "$1" processedPages "$3"; }

# -- the table is full -------------------------------------------------------------------
fill() {	# one runs, slowly; the others wait for it
	h_start "http://$H_BAD/site/holds/1000x300/" && holds=$h_id || return
	: >"$T/ids"
	for i in $(seq 15); do
		h_start "http://$H_BAD/site/full$i/3x20/" || return
		echo "$h_id" >>"$T/ids"
	done
}
refused() {	# STATUS CODE [MEMBERS]
	got=$(h_post "{\"url\":\"http://$H_BAD/site/more/1x0/\"${3:+,$3}}")
	echo "status $got"; cat "$T/head" "$T/body"
	[ "$got" = "$1" ] && [ "$(h_get code)" = "$2" ] && grep -qiE '^retry-after: [0-9]+' "$T/head"
}
t_ok '16 crawls in 16 rows' fill
t_ok 'one more: 503, and when to come again' refused 503 table_full
counted() { t_get /api/progress >/dev/null; [ "$(h_get count)" = 16 ] && [ "$(h_sql 'SELECT count(*) FROM crawls')" = 16 ]; }
t_ok 'it is not kept' counted
t_ok 'the one that runs is stopped' t_status 200 -X DELETE "/api/crawl-progress/$holds"
ended() { while read -r id; do completed "$id" 60 3 </dev/null || return; done <"$T/ids"; }
t_ok 'the others all complete' ended
room() { h_start "http://$H_BAD/site/room/3x0/"; }
t_ok 'then there is room again' t_until 20 room
t_ok '...and it completes' completed "$h_id" 20 3
t_ok 'one whose row was taken is still known' completed "$(head -n 1 "$T/ids")" 5 3

# -- a table of another layout version -----------------------------------------------------
t_ok 'a long crawl, when a row is free again' t_until 20 h_start "http://$H_BAD/site/layout/400x30/"
layout=$h_id
h_ws layout "/api/crawl-progress/$layout" --again
t_ok '...with a client' t_until 10 h_heard layout '"status":"crawling"'
t_ok 'stop all' down
printf '\377' | dd of="$T/run/live/writers/table" bs=1 seek=8 conv=notrunc 2>/dev/null
refuses_layout() { t_ctl stat >"$T/out2" 2>&1; rc=$?; cat "$T/out2"; [ "$rc" -ne 0 ] && grep -q 'layout' "$T/out2"; }
t_ok 'archonctl stat says so' refuses_layout
t_ok 'start all: healthy' up
t_ok 'the table was replaced' t_ctl stat
t_ok 'the crawl goes on and completes' completed "$layout" 60 400
t_ok 'its client is told' h_ws_end layout
t_ok '...once' sh -c '[ "$(grep -c crawl_completed "$0")" = 1 ]' "$T/layout.ws"

# -- the table is deleted while all run ------------------------------------------------------
t_ok 'a long crawl' h_start "http://$H_BAD/site/gone/400x30/"
gone=$h_id
h_ws gone "/api/crawl-progress/$gone" --again
t_ok '...with a client' t_until 10 h_heard gone '"status":"crawling"'
rm "$T/run/live/writers/table"
revive() {	# what a supervisor does: start a crawler that asks for it (status 75)
	if [ -f "$T/crawler.pid" ] && ! kill -0 "$(t_pid crawler)" 2>/dev/null; then
		wait "$(t_pid crawler)"
		rc=$?
		[ "$rc" -eq 75 ] || { echo "the crawler ended with status $rc"; return 2; }
		t_restart crawler
	fi
	[ -f "$T/run/live/writers/table" ] && h_is "$gone" status completed
}
t_ok 'the table is made anew, the crawl completes' t_until 60 revive
t_ok '...with each page' h_is "$gone" processedPages 400
t_ok '...and its client is told' h_ws_end gone
t_ok 'healthy' t_until 10 t_healthy

# -- two crawlers ----------------------------------------------------------------------------
second() { t_start crawler2 "$T_BLD/fcgi/crawler/archon-crawler" --config "$T/archon.conf"; }
two() { t_ctl stat | grep -qE 'crawlers 2'; }
t_ok 'a second crawler' second
t_ok '...joins' t_until 10 two
share() {
	: >"$T/ids"
	for i in $(seq 6); do h_start "http://$H_BAD/site/two$i/20x20/" || return; echo "$h_id" >>"$T/ids"; done
	while read -r id; do completed "$id" 60 20 </dev/null || return; done <"$T/ids"
}
t_ok 'six crawls complete' share
twice() { grep '^/site/two' "$T/bad/log" | sort | uniq -d >"$T/dup"; cat "$T/dup"; [ ! -s "$T/dup" ] && [ "$(grep -c '^/site/two' "$T/bad/log")" = 120 ]; }
t_ok '...and no page was fetched twice' twice
both() { grep -q 'crawl begins' "$T/crawler.log" && grep -q 'crawl begins.*/site/two' "$T/crawler2.log"; }
t_ok '...though both worked' both
t_ok 'a crawl' h_start "http://$H_BAD/site/heir/200x20/"
heir=$h_id
t_ok '...runs' t_until 10 h_is "$heir" status crawling
owner=crawler; grep -q "crawl begins crawl=$heir" "$T/crawler2.log" && owner=crawler2
t_kill $owner
t_ok 'its crawler is killed: the other takes it over' completed "$heir" 30 200
[ $owner = crawler2 ] || t_kill crawler2
[ -f "$T/crawler.pid" ] || t_restart crawler

# -- the store is full -----------------------------------------------------------------------
size=$(h_sql 'SELECT page_count * page_size FROM pragma_page_count, pragma_page_size')
t_ok 'stop all' down
sed -i 's/^table_rows = .*/table_rows = 128/' "$T/archon.conf"
rm "$T/run/live/writers/table"
cp "$T/archon.conf" "$T/roomy.conf"
echo "store_max_size = $((size / 1024 + 160))KiB" >>"$T/archon.conf"
t_ok 'start with a store that may grow by 160 KiB' up
t_ok 'a crawl that needs more' h_start "http://$H_BAD/site/large/2000x1/"
large=$h_id
waits() { h_is "$large" log 'The disk is full: waiting for space'; }
t_ok '...waits, and says so' t_until 60 waits
said() { [ "$(grep -c 'store full' "$T/crawler.log")" = 1 ]; }
t_ok '...the log once' said
h_full() { t_get /health; [ "$(h_get status)" = degraded ] && grep -q '"store":"full"' "$T/body" && grep -q '"code":"store_full","error":"[^"]*make room' "$T/body"; }
t_ok '...health that the store is full, and what to do' h_full
ctl_full() { t_ctl health >"$T/out"; rc=$?; cat "$T/out"; [ $rc -ne 0 ] && grep -q '^store: .*make room' "$T/out"; }
t_ok '...so does archonctl health' ctl_full
words=$(seq -s, 1000 1019 | sed "s/[0-9]*/\"$(printf '%0120d' 0)&\"/g")
t_ok 'another crawl is refused before long: 503' t_until 20 refused 503 store_full "\"tags\":[$words],\"include\":[$words],\"exclude\":[$words]"
t_ok 'search still works' t_status 200 -H 'Content-Type: application/json' -d '{"query":"word7xlarge"}' /api/rag/query
t_ok 'stop all' down
cp "$T/roomy.conf" "$T/archon.conf"
t_ok 'start with room' up
t_ok 'it goes on and completes' completed "$large" 120 2000
whole() { [ "$(h_sql "SELECT count(DISTINCT url) || ' ' || count(*) FROM pages WHERE url LIKE '%/site/large/%'")" = '2000 2000' ]; }
t_ok 'every page once' whole

# -- the disk is full --------------------------------------------------------------------------
mkdir "$T/small"
if mount -t tmpfs -o size=3m tmpfs "$T/small" 2>/dev/null; then
	t_ok 'stop all' down
	sed -i "s|^state_dir = .*|state_dir = $T/small|" "$T/archon.conf"
	rm -f "$T/run/live/writers/table"
	t_ok 'a store on a disk of 3 MiB' up
	t_ok 'a crawl' h_start "http://$H_BAD/site/disk/2000x1/"
	disk=$h_id
	t_ok '...is accepted' t_until 10 h_is "$disk" status crawling
	dd if=/dev/zero of="$T/small/ballast" bs=64k 2>/dev/null
	stuck() { h_is "$disk" log 'The disk is full: waiting for space'; }
	t_ok 'the disk is full: it waits' t_until 60 stuck
	t_ok 'another is refused before long: 503' t_until 20 refused 503 store_full
	t_ok 'health says it, too' h_full
	rm "$T/small/ballast"
	mount -o remount,size=64m "$T/small"
	t_ok 'there is room: it goes on by itself' completed "$disk" 120 2000
	t_ok 'and another is accepted' h_start "http://$H_BAD/site/after/3x0/"
	t_ok '...and completes' completed "$h_id" 20 3
	t_ok '...healthy' t_healthy
	sound() { [ "$(sqlite3 "$T/small/archon.db" 'PRAGMA integrity_check')" = ok ]; }
	t_ok 'the store is sound' sound
	t_ok 'stop all' down
	umount "$T/small"
else
	t_skip 'the disk is full' 'no mount here'
fi
