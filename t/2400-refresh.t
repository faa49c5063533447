#!/bin/sh
# A source crawled again: what is as it was is left alone, what changed is replaced,
# what vanished is removed - by hand, by the schedule, and not after a crawl that was
# not complete.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

page() {	# NAME WORDS LINK...
	page_file=$T/www/docs/$1 page_words=$2; shift 2
	{
		echo "<!DOCTYPE html><html><head><title>$page_words</title></head><body><main><h1>$page_words</h1><p>It says $page_words.</p>"
		for page_link; do echo "<p><a href=\"$page_link\">to $page_link</a></p>"; done
		echo '</main></body></html>'
	} >"$page_file"
}
mkdir -p "$T/www/docs"
page index.html start one.html two.html three.html
page one.html first deep.html
page two.html second
page three.html third index.html
page deep.html deepest
printf 'User-agent: *\nSitemap: /map.xml\n' >"$T/www/robots.txt"
printf '<urlset><url><loc>/docs/alone.html</loc></url><url><loc>/other/x.html</loc></url></urlset>' >"$T/www/map.xml"
page alone.html hermit

t_ok 'a site' t_site "$T/www"
t_ok 'the house stands' t_archon "allow_private = $T_SITE"

pages() {	# KEY of the snapshot's "pages"
	sed -E 's/.*"pages":\{([^}]*)\}.*/\1/' "$T/body" | tr , '\n' | sed -n "s/\"$1\"://p"
}
counts() {	# NEW CHANGED UNCHANGED REMOVED
	h_ended "$h_id" >/dev/null
	counts_got="$(pages new) $(pages changed) $(pages unchanged) $(pages removed)"
	[ "$counts_got" = "$*" ] || { echo "new, changed, unchanged, removed: $counts_got, want $*"; cat "$T/body"; return 1; }
	[ "$(h_get status)" = completed ]
}
finished() { t_until 30 h_ended "$h_id" && counts "$@"; }
stored() {
	stored_got=$(h_sql 'SELECT url FROM pages ORDER BY url' | sed 's|.*/docs/||' | tr '\n' ' ')
	[ "$stored_got" = "$1" ] || { echo "stored: $stored_got"; return 1; }
}
refresh() {
	t_status 202 -X POST "/api/knowledge-items/$source/refresh" || return
	h_id=$(h_get progressId)
}
finds() {	# WORD TIMES
	t_get -H 'Content-Type: application/json' -d "{\"query\":\"$1\"}" /api/rag/query >/dev/null
	cat "$T/body"
	[ "$(grep -o '"chunk_id"' "$T/body" | wc -l)" = "$2" ]
}

t_ok 'the first crawl'			h_start "http://$T_SITE/docs/"
t_ok '...finds all, also what only the sitemap names' finished 6 0 0 0
t_ok '...and nothing outside'		stored ' alone.html deep.html one.html three.html two.html '
source=$(h_sql 'SELECT id FROM sources')
before=$(h_sql 'SELECT group_concat(n) FROM pages WHERE url NOT LIKE "%two%" ORDER BY url')

t_ok 'a refresh of nothing new'		refresh
t_ok '...leaves all as it is'		finished 0 0 6 0
same() { [ "$(h_sql 'SELECT group_concat(n) FROM pages WHERE url NOT LIKE "%two%" ORDER BY url')" = "$before" ]; }
t_ok '...to the row'			same
t_ok '...and has not fetched it'	[ "$(h_get bytesFetched)" -lt 1500 ]

sleep 1.1	# Last-Modified counts seconds, and the ETag of nginx is made of it and the size
page two.html renewed
rm "$T/www/docs/deep.html"
page new.html novel
page one.html first new.html
t_ok 'a refresh of a changed site'	refresh
t_ok '...knows one from the other'	finished 1 2 3 1
t_ok '...removes what vanished'		stored ' alone.html new.html one.html three.html two.html '
t_ok '...and finds the new words'	finds renewed 1
t_ok '...but no old ones'		finds deepest 0
t_ok '...nor those of the old page'	finds second 0
sound() { "$T_BLD/t/search/sound" "$T/state"; }
t_ok 'the index fits'			sound

# A limit leaves pages out: they have not vanished.
t_ok 'a crawl with a limit'		h_start "http://$T_SITE/docs/" '"max_pages":2'
completed() { t_until 30 h_ended "$h_id" && h_is "$h_id" status completed; }
t_ok '...completes'			completed
t_ok '...and removes nothing'		stored ' alone.html new.html one.html three.html two.html '

# -- the schedule --------------------------------------------------------------------
t_ok 'a crawl to be kept up'		h_start "http://$T_SITE/docs/" '"update_frequency":1'
t_ok '...completes'			completed
crawls=$(h_sql 'SELECT count(*) FROM crawls')
t_ok 'the crawler stops'		t_stop crawler
sqlite3 -cmd '.timeout 5000' "$T/state/archon.db" "UPDATE sources SET crawled_ms = crawled_ms - 30 * 86400000"
rm "$T/www/docs/three.html"
t_restart crawler
caught_up() {
	[ "$(h_sql 'SELECT count(*) FROM crawls')" = $((crawls + 1)) ] || return
	h_id=$(h_sql 'SELECT id FROM crawls ORDER BY n DESC LIMIT 1')
	h_ended "$h_id"
}
t_ok 'what was missed is caught up'	t_until 30 caught_up
t_ok '...by one crawl'			[ "$(h_sql 'SELECT count(*) FROM crawls')" = $((crawls + 1)) ]
t_ok '...that removes the vanished'	stored ' alone.html new.html one.html two.html '
fails() { t_status 200 "/api/crawl-progress/$h_id/failures" && grep -q 'three.html","reason":"The server answered 404' "$T/body" && grep -q '"total":1' "$T/body"; }
t_ok '...and says what failed'		fails
t_ok 'nobody knows this source'		t_status 404 -X POST /api/knowledge-items/0123456789abcdef/refresh
