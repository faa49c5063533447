#!/bin/sh
# The whole house, once: start, health, a crawl followed by archonctl, a search,
# the table, a crawl that fails, stop.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
t_need curl "$T_NGINX"

pages=12
mkdir "$T/site"
page() {	# FILE TITLE LINKS
	echo "<!DOCTYPE html><html><head><title>$2</title></head><body><main><h1>$2</h1>" \
		"<p>About the <b>$2</b> of a quiet house, with a few words more so that there is something to keep.</p>" \
		"<pre><code>open_door($2);</code></pre>$3</main></body></html>" >"$T/site/$1"
}
links=
for i in $(seq 2 $pages); do
	links="$links<a href=\"p$i.html\">page $i</a> "
	page "p$i.html" "Room$i" '<a href="index.html">back</a>'
done
page index.html Hall "$links"

t_ok 'a site to crawl' t_site "$T/site"
t_ok 'api, relay and crawler become healthy' t_archon "allow_private = $T_SITE"
t_ok '/health is JSON' grep -q '"service":"archon"' "$T/body"
t_ok 'archonctl health' t_ctl health

status() {	# WANT COMMAND...
	want=$1; shift
	"$@"
	got=$?
	[ "$got" -eq "$want" ] || { echo "exit status $got, want $want"; return 1; }
}
crawl() { t_ctl crawl "http://$T_SITE/" --depth 3 --max-pages 100 --tag quiet >"$T/crawl.out" 2>&1; rc=$?; cat "$T/crawl.out"; return $rc; }
t_ok 'archonctl follows a crawl to its end'	crawl
t_ok 'it says how many pages there were'	grep -q "^completed in .*: $pages pages" "$T/crawl.out"
crawl_id=$(sed -n 's/^crawl \([^ ]*\) .*/\1/p' "$T/crawl.out")

lines() { t_ctl crawl "http://$T_SITE/" --json >"$T/lines"; rc=$?; cat "$T/lines"; return $rc; }
t_ok 'crawl --json gives snapshots, one a line'	lines
t_ok 'the last one is terminal'			sh -c 'tail -n 1 "$0" | grep -q "\"status\":\"completed\"" && [ "$(grep -c "\"status\":\"completed\"" "$0")" -eq 1 ]' "$T/lines"

says() { want=$1; shift; "$@" >"$T/said" 2>&1; cat "$T/said"; grep -qE "$want" "$T/said"; }
t_ok 'list shows what ended'	says "$crawl_id  completed +100%" t_ctl list --all
t_ok 'watch of an ended crawl ends at once' status 0 t_ctl watch "$crawl_id"
t_ok 'search finds a page'	says "http://$T_SITE/p7.html" t_ctl search Room7 --limit 1
t_ok '...of a tag'		says "^1\\." t_ctl search Room7 --tag quiet
t_ok '...and none of another'	says '^nothing found' t_ctl search Room7 --tag loud
t_ok 'sources lists the site'	says "active +$pages pages" t_ctl sources
t_ok 'stat reads the table'	says "completed +100%.*$crawl_id" t_ctl stat
t_ok 'stat --dump has each field' says '^row\.[0-9]+\.total_pages = 12' t_ctl stat --dump
t_ok 'stat --json'		says '"phase":"completed"' t_ctl stat --json
t_ok 'poll and table agree'	t_status 200 "/api/crawl-progress/$crawl_id"

t_ok 'a private address: exit status 1'		status 1 t_ctl crawl "http://127.0.0.1:1/"
t_ok '...and it says why'			says 'archonctl: .*127\.0\.0\.1' t_ctl crawl "http://127.0.0.1:1/"
t_ok 'an address that is no URL: exit status 64'	status 64 t_ctl crawl 'gopher://x/'
t_ok 'an unknown crawl: exit status 1'		status 1 t_ctl watch 00000000-0000-4000-8000-000000000000
t_ok 'nothing answers: exit status 69'		status 69 t_ctl --url "unix:$T/nobody.sock" list
t_ok '...and it says what to do'		says 'is archon running' t_ctl --url "unix:$T/nobody.sock" list
