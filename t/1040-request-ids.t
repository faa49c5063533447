#!/bin/sh
# A request's id goes all the way: nginx makes it, the reply has it, archon-api logs it,
# the crawl that was asked for keeps it, and archon-crawler logs it, after a crash too.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD"

reply_id() { tr -d '\r' <"$T/head" | sed -n 's/^[Xx]-[Rr]equest-[Ii]d: //p'; }
ask() {	# URL [CURLOPT...]: $id is the crawl's, $rid the request's
	url=$1; shift
	[ "$(h_post "{\"url\":\"$url\"}" "$@")" = 202 ] || { cat "$T/body"; return 1; }
	id=$(h_get progressId) rid=$(reply_id)
	echo "crawl $id request $rid"
	echo "$rid" | grep -qE '^[0-9a-f]{32}$'
}
logged() { grep -E "$2" "$T/$1.log" || { grep "$id" "$T/$1.log"; return 1; }; }
kept() { [ "$(h_sql "SELECT request FROM crawls WHERE id = '$id'")" = "$rid" ]; }

h_must 'a crawl is asked for, and the reply has an id' ask "http://$H_BAD/site/ids/3x0/"
t_ok 'the API logs both'		logged api "crawl accepted crawl=$id id=$rid "
t_ok 'the store keeps it'		kept
t_ok 'the crawler logs it at the start'	t_until 20 logged crawler "crawl begins crawl=$id id=$rid "
t_ok '...and at the end'		t_until 20 logged crawler "crawl ended crawl=$id id=$rid "
first=$rid

retry() {
	t_status 202 -X POST "/api/crawl-progress/$id/retry" || return
	id=$(h_get progressId) rid=$(reply_id)
	[ "$rid" != "$first" ] && kept
}
t_ok 'the same crawl once more has an id of its own' retry
t_ok '...which is logged'		t_until 20 logged crawler "crawl begins crawl=$id id=$rid "

t_ok "a client does not choose it"	ask "http://$H_BAD/site/ids2/3x0/" -H 'X-Request-Id: mine' -H 'Request-Id: mine'
refresh() {
	source=$(h_sql "SELECT source FROM crawls WHERE id = '$id'")
	t_until 20 h_ended "$id" && t_status 202 -X POST "/api/knowledge-items/$source/refresh" || return
	id=$(h_get progressId) rid=$(reply_id)
	kept
}
t_ok 'a refresh has its own'		refresh
failed() {
	t_status 404 /api/crawl-progress/none && [ -n "$(reply_id)" ]
}
t_ok 'an error has one'			failed

t_ok 'a long crawl'			ask "http://$H_BAD/site/ids3/2000x200/"
t_ok '...is begun'			t_until 20 logged crawler "crawl begins crawl=$id id=$rid resumed=0"
t_until 20 h_is "$id" status crawling
t_kill crawler
t_restart crawler
t_ok '...and goes on after a crash under the same id' t_until 20 logged crawler "crawl begins crawl=$id id=$rid resumed=1"
t_get -X DELETE "/api/crawl-progress/$id" >/dev/null
t_ok 'it is cancelled'			t_until 20 h_ended "$id"
