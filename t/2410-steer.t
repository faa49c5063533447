#!/bin/sh
# Pause, resume, retry; cancel while the disk is full; options of a crawl that are
# nobody's business.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

t_ok 'a site' h_badsite
t_ok 'the house stands' t_archon "allow_private = $H_BAD" 'max_crawls = 1' 'retries = 0' 'user_agent = archon-test (write to ops@%H)'

post() { t_status "$1" -X POST "/api/crawl-progress/$2/$3"; }
has_done() { h_is "$1" status crawling && [ "$(h_get processedPages)" -ge "$2" ]; }

t_ok 'a slow crawl'		h_start "http://$H_BAD/site/slow/60x50/" '"max_concurrent":2'
first=$h_id
t_ok '...is under way'		t_until 20 has_done "$first" 4
t_ok 'it is paused'		post 200 "$first" pause
paused() { h_is "$first" status paused; }
t_ok '...within a second'	t_until 1 paused
still() {
	h_is "$first" status paused || return
	was=$(h_get processedPages)
	n=$(wc -l <"$T/bad/log")
	sleep 0.5		# nothing may come: there is nothing to wait for
	h_is "$first" processedPages "$was" && [ "$(wc -l <"$T/bad/log")" = "$n" ]
}
t_ok '...and fetches nothing'	still
t_ok '...and gives its place to another' h_start "http://$H_BAD/site/other/5x0/"
t_ok '...which completes'	t_until 20 h_is "$h_id" status completed
t_ok 'the crawler is killed'	t_kill crawler
t_restart crawler
t_ok 'it is back'		t_until 15 t_healthy
t_ok 'still paused'		still
t_ok 'it goes on'		post 200 "$first" resume
t_ok '...to the end'		t_until 30 h_is "$first" status completed
whole() { h_is "$first" processedPages 60 && h_is "$first" failedPages 0; }
t_ok '...with every page'	whole
twice() { [ "$(grep '^/site/slow' "$T/bad/log" | sort | uniq -d | wc -l)" -le 4 ]; }
t_ok '...hardly one of them twice' twice
t_ok 'paused after the end: no'	post 409 "$first" pause
t_ok 'an unknown one: no'	post 404 00000000-0000-4000-8000-000000000000 pause

t_ok 'the same once more'	post 202 "$first" retry
second=$(h_get progressId)
t_ok '...is another crawl'	[ "$second" != "$first" ]
t_ok '...not while it runs'	post 409 "$second" retry
t_ok '...completes, too'	t_until 30 h_is "$second" status completed
t_ok '...and found it unchanged' sh -c 'grep -q "\"unchanged\":60" "$0"' "$T/body"

# -- the queue ------------------------------------------------------------------------------
place() { h_is "$1" status queued && grep -q "\"log\":\"Waiting for its turn, place $2 in the queue\"" "$T/body"; }
t_ok 'one crawl runs'		h_start "http://$H_BAD/site/q1/500x50/" '"max_concurrent":1'
first=$h_id
t_ok '...under way'		t_until 20 has_done "$first" 1
t_ok 'a second is accepted'	h_start "http://$H_BAD/site/q2/5x0/"
second=$h_id
t_ok 'and a third'		h_start "http://$H_BAD/site/q3/5x0/"
third=$h_id
t_ok 'the second is next, and says so' t_until 5 place "$second" 1
t_ok 'the third knows its place, too' t_until 5 place "$third" 2
t_ok 'the second is cancelled'	t_status 200 -X DELETE "/api/crawl-progress/$second"
t_ok 'the third moves up'	t_until 5 place "$third" 1
t_ok 'the first is cancelled'	t_status 200 -X DELETE "/api/crawl-progress/$first"
t_ok 'the third has its turn'	t_until 20 h_is "$third" status completed

# -- while the disk is full --------------------------------------------------------------
t_ok 'a crawl'			h_start "http://$H_BAD/site/full/2000x20/" '"max_concurrent":2'
t_ok '...is under way'		t_until 20 has_done "$h_id" 4
# Nobody can write: as with a full disk, but the test needs no disk of its own.
locked() {
	mkfifo "$T/lock"
	timeout 60 sqlite3 "$T/state/archon.db" <"$T/lock" >"$T/lock.out" 2>&1 &
	locker=$!
	exec 9<>"$T/lock"		# does not wait for a reader that may never come
	printf '.timeout 5000\nBEGIN IMMEDIATE;\nSELECT 1;\n' >&9
	t_until 5 test -s "$T/lock.out"
}
t_ok 'the store cannot be written' locked
t_ok 'it is cancelled'		t_status 200 -X POST "/api/knowledge-items/stop/$h_id"
quiet() { n=$(wc -l <"$T/bad/log"); sleep 0.3; [ "$(wc -l <"$T/bad/log")" = "$n" ]; }
t_ok '...and fetches no more'	quiet
t_ok '...and the log says who is waited for' t_until 30 grep -q 'store busy: another program holds it' "$T/crawler.log"
echo 'ROLLBACK;' >&9
exec 9>&-
wait "$locker"
t_ok '...and is over once it can be written' t_until 20 h_is "$h_id" status cancelled

# -- secrets --------------------------------------------------------------------------
t_ok 'a crawl with secrets'	h_start "http://$H_BAD/site/secret/3x0/" \
	'"headers":{"X-Token":"hush-hush-1"},"cookies":{"sid":"hush-hush-2"},"basic_auth":{"username":"me","password":"hush-hush-3"}'
t_ok '...completes'		t_until 20 h_is "$h_id" status completed
hidden() {
	t_get "/api/crawl-progress/$h_id" >/dev/null; cat "$T/body" >"$T/all"
	t_get /api/knowledge-items >/dev/null; cat "$T/body" >>"$T/all"
	t_get "/api/crawl-progress?all=1" >/dev/null; cat "$T/body" "$T"/*.log >>"$T/all"
	t_ctl stat --dump >>"$T/all"
	! grep -E 'hush-hush|bWU6aHVzaC' "$T/all"
}
t_ok '...and nobody is told'	hidden
sent() { grep -c '^X-Token: hush-hush-1$' "$T/bad/heads" | grep -qv '^0$' && grep -q '^Cookie: sid=hush-hush-2$' "$T/bad/heads" && grep -q '^Authorization: Basic bWU6aHVzaC1odXNoLTM=$' "$T/bad/heads"; }
t_ok '...but the site'		sent
t_ok '...which is told who comes, and whom to write to' grep -qxF "User-Agent: archon-test (write to ops@$(uname -n))" "$T/bad/heads"
t_ok 'no header that frames a request' test "$(h_post "{\"url\":\"http://$H_BAD/\",\"headers\":{\"Transfer-Encoding\":\"chunked\"}}")" = 422
t_ok 'no second line in a header' test "$(h_post "{\"url\":\"http://$H_BAD/\",\"headers\":{\"X\":\"a\\r\\nY: b\"}}")" = 422

# -- archonctl ---------------------------------------------------------------------------
t_ok 'a crawl for archonctl'	h_start "http://$H_BAD/site/ctl/40x50/" '"max_concurrent":1'
t_ok '...under way'		t_until 20 has_done "$h_id" 2
t_ok 'archonctl pause'		t_ctl pause "$h_id"
first=$h_id
t_ok '...pauses'		t_until 2 paused
t_ok 'archonctl resume'		t_ctl resume "$h_id"
t_ok '...resumes'		t_until 30 h_is "$h_id" status completed
t_ok 'archonctl failures'	t_ctl failures "$h_id"
t_ok 'archonctl retry'		t_ctl retry "$h_id"
refused() { ! t_ctl refresh 0123456789abcdef; }
t_ok 'archonctl refresh of nothing' refused
