#!/bin/sh
# Knowledge items: edited and deleted, and whoever watches the list sees it at once.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD"

put() { t_status "$1" -X PUT -H 'Content-Type: application/json' -d "$2" "/api/knowledge-items/$source"; }
source_of() { t_get "/api/crawl-progress/$h_id" >/dev/null; source=$(h_get sourceId); [ -n "$source" ]; }
crawled() { h_start "http://$H_BAD/site/$1/" && t_until 30 h_is "$h_id" status completed && source_of; }
gone() { t_status 404 "/api/knowledge-items/$source"; }
on_disk() { [ "$(h_sql "SELECT count(*) FROM pages WHERE source = '$source'")" -gt 0 ]; }
purged() { n=$(h_sql "SELECT count(*) FROM sources WHERE id = '$source'"); echo "$n sources"; [ "$n" = 0 ]; }

t_ok 'a source'			crawled items/7x0
h_ws list /api/knowledge-items/stream
t_ok 'who watches sees it'	t_until 5 h_heard list '^msg {"type":"knowledge_items_update".*"total":1,'

# -- edit ----------------------------------------------------------------------------
t_ok 'an edit'			put 200 '{"title":"My own title","tags":["mine"],"update_frequency":0}'
t_ok '...is seen at once'	t_until 5 h_heard list '^msg {"type":"knowledge_items_update".*"title":"My own title".*"mine"'
t_ok '...and found by'		t_status 200 '/api/knowledge-items?tags=mine&search=own'
t_ok '......tag and title'	sh -c 'cat "$0"; grep -q "\"total\":1," "$0"' "$T/body"
tag=$(printf '%0127d' 7)
t_ok 'the longest tag'		put 200 "{\"tags\":[\"mine\",\"$tag\"]}"
by_tag() { t_status 200 -H 'Content-Type: application/json' -d "{\"query\":\"page\",\"tags\":[\"$tag\"]}" /api/rag/query && grep -q "$source" "$T/body"; }
t_ok '...can be searched by'	by_tag
t_ok '...and taken off'		put 200 '{"tags":["mine"]}'
t_ok 'a refused edit'		put 422 '{"title":"Another","tags":"x"}'
kept() { t_status 200 "/api/knowledge-items/$source" && grep -q '"title":"My own title"' "$T/body" && grep -q '"tags":\["mine"\]' "$T/body"; }
t_ok '...changes nothing'	kept
again() { t_status 202 -X POST "/api/knowledge-items/$source/refresh" && h_id=$(h_get progressId) && t_until 20 h_is "$h_id" status completed; }
t_ok 'crawled once more'	again
t_ok '...the edit is kept'	kept
t_ok 'asked for by its address' crawled items/7x0
t_ok '...kept, too'		kept
asked() { t_status 202 -H 'Content-Type: application/json' -d "{\"url\":\"http://$H_BAD/site/items/7x0/\",\"tags\":[\"new\"]}" /api/knowledge-items/crawl && h_id=$(h_get progressId) && t_until 30 h_is "$h_id" status completed; }
t_ok 'with other tags'		asked
chosen() { t_status 200 "/api/knowledge-items/$source" && grep -q '"tags":\["new"\]' "$T/body" && grep -q '"update_frequency":0' "$T/body"; }
t_ok '...it has those'		chosen

# -- delete ----------------------------------------------------------------------------
t_ok 'a word of it is found'	t_ctl search 'page'
t_ok 'it is deleted'		t_status 200 -X DELETE "/api/knowledge-items/$source"
t_ok '...and gone'		gone
t_ok '...from the search'	sh -c '"$@" | tee "$0" | grep -q "nothing found"' "$T/found" "$T_BLD/fcgi/ctl/archonctl" --config "$T/archon.conf" --url "unix:$T/http.sock" search page
t_ok '...and from the list of who watches' t_until 5 h_heard list '^msg {"type":"knowledge_items_update","data":{"items":\[\],"total":0,'
t_ok '...who hear why'		t_until 5 h_heard list "^msg {\"type\":\"knowledge_item_deleted\",\"data\":{\"sourceId\":\"$source\"}}"
t_ok '...in time from the disk' t_until 20 purged
t_ok 'a second time: 404'	t_status 404 -X DELETE "/api/knowledge-items/$source"

# -- delete while it is crawled ------------------------------------------------------------
under_way() { h_start "http://$H_BAD/site/slow/2000x50/" && source_of && t_until 20 t_status 200 "/api/knowledge-items/$source"; }
t_ok 'a crawl under way'	under_way
t_ok '...is deleted'		t_status 200 -X DELETE "/api/knowledge-items/$source"
t_ok '...gone at once'		gone
t_ok '...and cancelled'		t_until 20 h_is "$h_id" status cancelled
t_ok '...and taken from the disk' t_until 20 purged

# -- nobody waits for what is taken out: the crawler stands still meanwhile ------------------
reads() {	# STATUS of the doomed: what everybody asks for
	t_status 200 /api/knowledge-items && grep -q "$kept" "$T/body" || return
	t_status 200 "/api/knowledge-items/$kept/details" && grep -q '"total":40,' "$T/body" || return
	t_status 200 -H 'Content-Type: application/json' -d "{\"query\":\"word1xkept\",\"source\":\"$kept\"}" /api/rag/query && grep -q '"count":1,\|"count":1}' "$T/body" || return
	t_status 200 /api/rag/sources && t_status 200 /api/database/metrics || return
	for below in '' /details /pages /code-examples; do t_status "$1" "/api/knowledge-items/$source$below" || return; done
}
t_ok 'a source to keep'		crawled kept/40x0
kept=$source
t_ok 'and a large one'		crawled doomed/400x0
kill -STOP "$(t_pid crawler)"
t_ok 'the crawler stands still: all is there' reads 200
t_ok 'the large one is deleted'	t_status 200 -X DELETE "/api/knowledge-items/$source"
t_ok '...others are read'	reads 404
kill -CONT "$(t_pid crawler)"
fewer() { n=$(h_sql "SELECT count(*) FROM pages WHERE source = '$source'"); echo "$n pages"; [ "$n" -lt 400 ]; }
t_ok 'it is being taken out'	t_until 20 fewer
kill -STOP "$(t_pid crawler)"	# perhaps in the middle of a write: check_store_delete stops in each
t_ok '...others are read while it stands still' reads 404
mkfifo "$T/lock"
exec 9<>"$T/lock"
t_start writer sh -c 'exec sqlite3 "$1" <"$2" 9>&-' - "$T/state/archon.db" "$T/lock"
kill -CONT "$(t_pid crawler)"
echo '.timeout 20000
BEGIN IMMEDIATE;
.shell touch '"$T/locked" >&9
t_ok 'another holds the store'	t_until 30 test -e "$T/locked"
t_ok '...others are read'	reads 404
echo 'COMMIT;
.quit' >&9
exec 9>&-
t_ok 'then all of it goes'	t_until 30 purged

# -- crawled again while the old is taken out, by a crawler that is killed ----------------
t_ok 'a larger source'		crawled large/300x0
t_kill crawler
t_ok 'deleted while no crawler is there' t_status 200 -X DELETE "/api/knowledge-items/$source"
t_ok '...gone all the same'	gone
t_ok '...though still on the disk' on_disk
new=
restarted() { h_start "http://$H_BAD/site/large/300x0/" && new=$h_id; }
t_ok 'the same site is accepted' restarted
t_restart crawler
some_gone() { n=$(h_sql "SELECT count(*) FROM pages WHERE source = '$source'"); echo "$n pages"; [ "$n" -lt 300 ]; }
t_ok 'it begins to take the old out' t_until 20 some_gone
t_kill crawler
t_restart crawler
t_ok 'the new crawl completes'	t_until 60 h_is "$new" status completed
whole() { t_status 200 "/api/knowledge-items/$source" && grep -q '"pages_count":300,' "$T/body"; }
t_ok '...and is whole'		whole
sound() { "$T_BLD/t/search/sound" "$T/state"; }
t_ok '...its index sound'	sound
