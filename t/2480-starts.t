#!/bin/sh
# Every kind of start URL, known by what it holds: what is crawled from there, and
# what a sitemap says of its pages.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

mkdir -p "$T/starts"
t_start starts "$T_SRC/t/starts" "$T/starts"
t_ok 'a site' t_until 10 test -s "$T/starts/port"
site=http://127.0.0.1:$(cat "$T/starts/port")
h_must 'the house stands' t_archon 'allow_private = 127.0.0.1'

source_id() { h_sql "SELECT source FROM crawls WHERE id = '$h_id'"; }
stored() {
	stored_got=$(h_sql "SELECT url FROM pages WHERE source = '$(source_id)' ORDER BY url" | sed "s|^$site||" | tr '\n' ' ')
	[ "$stored_got" = "$1" ] || { echo "stored: $stored_got"; cat "$T/body"; return 1; }
}
said() { grep -qF "The start URL is a $1" "$T/body" || { cat "$T/body"; return 1; }; }
begin() {	# PATH WHAT PAGES
	t_ok "a crawl of $1"		h_start "$site$1"
	t_ok '...completes'		t_until 30 h_is "$h_id" status completed
	t_ok "...as a $2"		said "$2"
	t_ok "...with $3"		stored "$3"
}
begin /index.xml	'sitemap index'	'/docs/a.html /docs/b.html /docs/c.html /docs/d.html '
begin /second		sitemap		'/docs/a.html /docs/d.html '
begin /urls.txt		'list of URLs'	'/docs/x.html /docs/y.html '
begin /llms.txt		'link list'	'/docs/a.html /docs/b.html /llms.txt '
begin /llms-full.txt	'Markdown file'	'/llms-full.txt '
begin /notes.txt	'text file'	'/notes.txt '
begin /guide/start.md	'Markdown file'	'/guide/next.md /guide/start.md '
begin /sitemap/		'web page'	'/sitemap/ /sitemap/of.html '
begin /wide.xml		sitemap		'/docs/e.html /docs/f.html '
begin /wide.xml.gz	sitemap		'/docs/e.html '
begin /wide/		'web page'	'/wide/ /wide/page.html '
begin /own/		'web page'	'/own/ /own/both /own/real '
begin /x/		'web page'	'/x/ /x/empty.html '
titles() { titles_got=$(h_sql "SELECT title FROM pages WHERE source = '$(source_id)' ORDER BY url" | tr '\n' ','); echo "titles: $titles_got"; [ "$titles_got" = "$1" ]; }
t_ok '...whose empty titles swallow nothing' titles 'Strict,Read all the same,'
begin /docs/a.html	'web page'	'/docs/a.html /docs/deep.html '
begin /map.xml.gz	sitemap		'/docs/a.html /docs/b.html /docs/c.html '

# lastmod: kept where the server says nothing, and never a condition to fetch by.
modified() {
	modified_got=$(h_sql "SELECT ifnull(last_modified, '-') FROM pages WHERE source = '$(source_id)' ORDER BY url" | tr '\n' ' ')
	[ "$modified_got" = "$1" ] || { echo "last modified: $modified_got"; return 1; }
}
dates='2024-05-06T05:08:09.000Z 2023-01-01T00:00:00.000Z - '
t_ok 'a page is as old as its sitemap says' modified "$dates"
t_ok 'a refresh'			t_status 202 -X POST "/api/knowledge-items/$(source_id)/refresh"
h_id=$(h_get progressId)
t_ok '...completes'			t_until 30 h_is "$h_id" status completed
fetched() { [ "$(h_get bytesFetched)" -gt 400 ] || { cat "$T/body"; return 1; }; }
t_ok '...having fetched every page whole'	fetched
t_ok '...which is as old as before'	modified "$dates"
