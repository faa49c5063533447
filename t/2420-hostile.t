#!/bin/sh
# A hostile site: each trouble ends by its rule, in bounded memory and time, and the
# rest of the crawl is complete.  (Names that lead inward by DNS: 2430.)
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

mkdir -p "$T/bad"
t_start hostile "$T_SRC/t/hostile" "$T/bad"
t_ok 'a hostile site' t_until 10 test -s "$T/bad/port"
site=127.0.0.1:$(cat "$T/bad/port")
t_ok 'the house stands' t_archon "allow_private = $site" 'fetch_timeout = 5s' 'retries = 1' 'max_page_size = 11MiB'

t_ok 'a crawl of all of it' h_start "http://$site/h/" '"max_concurrent":8,"max_depth":50'
t_ok '...ends' t_until 90 h_ended "$h_id"
t_ok '...completed' h_is "$h_id" status completed
cp "$T/body" "$T/end"
stored() { [ "$(h_sql "SELECT count(*) FROM pages WHERE url GLOB 'http://$site/h/$1'")" = "$2" ] || { h_sql 'SELECT url FROM pages' | head -30; return 1; }; }
t_ok 'every good page is stored, whatever it names as its canonical' stored 'good/[0-4]' 5
t_ok 'the calendar ends by its rule' grep -q 'Left out: more than 400 dates in one place' "$T/end"
t_ok '...after its first years' stored 'cal/*' 400
t_ok 'repeated segments end by theirs' grep -q 'Left out: path that repeats its segments' "$T/end"
t_ok 'endless queries end by depth' stored 'query*' 50
failed() {	# PATH REASON
	t_get "/api/crawl-progress/$h_id/failures" >/dev/null
	cat "$T/body"
	grep -qE "/h/$1\",\"reason\":\"[^\"]*$2" "$T/body"
}
t_ok 'slowloris fails by time' failed slow 'did not answer in time'
t_ok 'a short body fails' failed short 'broke off'
t_ok 'a head without end fails' failed head 'broke off'
t_ok 'so does an address of 10 MB to go on at' failed moved 'broke off'
unpacked() {	# ENCODING: its page was read
	[ "$(h_sql "SELECT count(*) FROM pages WHERE url = 'http://$site/h/packed/$1' AND title LIKE '$1%'")" = 1 ] ||
		{ h_sql "SELECT * FROM pages WHERE url LIKE '%packed%'"; return 1; }
}
n_bombs=0
for each in gzip br zstd; do
	if ! grep -q "$each" "$T/bad/encodings"; then
		t_skip "$each" 'this libcurl cannot unpack it, and says so to the site'
		continue
	fi
	n_bombs=$((n_bombs + 1))
	t_ok "$each is unpacked" unpacked "$each"
done
large() { grep -q "\"large\":$((n_bombs + 1))[,}]" "$T/end" || { cat "$T/end"; return 1; }; }
t_ok "$n_bombs bombs and the gigabyte are too large" large
circle() { grep -q '"redirect":1[,}]' "$T/end" || { cat "$T/end"; return 1; }; }
t_ok 'the redirect loop ends where it began' circle
inward() { grep -qE '"outside":1' "$T/end"; }
t_ok 'a redirect to the metadata service is not followed' inward
for each in charset links deep url nul long; do
	t_ok "/h/$each is a page" stored "$each" 1
done
t_ok 'one that nests too deep is kept in part, and the log says so' grep -q 'Kept in part: 1 pages of too many' "$T/end"
limit_kb=131072		# pages of 11 MiB on their way and one in the parser; with sanitizers, which keep what is freed, more
grep -q __asan_init "$T_BLD/fcgi/crawler/archon-crawler" && limit_kb=614400
memory() { grep VmHWM "/proc/$(t_pid crawler)/status"; [ "$(awk '/^VmHWM/ { print $2 }' "/proc/$(t_pid crawler)/status")" -lt $limit_kb ]; }
t_ok 'memory stays bounded' memory
memory | sed 's/^/# /'
alive() { h_start "http://$site/h/good/1" && t_until 10 h_is "$h_id" status completed; }
t_ok 'and the crawler goes on' alive
