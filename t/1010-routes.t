#!/bin/sh
# Every route answers as README and --list-routes say, and HTTP is kept: methods,
# types, sizes, ETag, HEAD, request ids.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD" 'max_body = 4KiB'

# -- the list ----------------------------------------------------------------------
for part in api mcp; do "$T_BLD/fcgi/$part/archon-$part" --list-routes; done | awk '{ print $1, $2 }' | sort >"$T/listed"
documented() {
	awk '$1 ~ /^(GET|POST|PUT|DELETE)$/ && $2 ~ /^\// { print $1, $2 }' "$T_SRC/README" | sort >"$T/documented"
	diff "$T/documented" "$T/listed"
}
t_ok 'README lists what --list-routes lists' documented

finished() { h_start "http://$H_BAD/site/routes/3x0/" && t_until 20 h_ended "$h_id"; }
t_ok 'a crawl to ask for' finished
id=$h_id
t_get "/api/crawl-progress/$id" >/dev/null
source=$(h_get sourceId)
another() { h_start "http://$H_BAD/site/routes4/1x0/" && t_until 20 h_ended "$h_id"; }
t_ok 'a source to delete' another
t_get "/api/crawl-progress/$h_id" >/dev/null
doomed=$(h_get sourceId)

answers() {	# METHOD PATTERN: anything but "no such path" and "no such method", and JSON
	case $2 in
	/api/knowledge-items/stop/*) path=$(echo "$2" | sed "s|{id}|$id|") ;;
	/api/knowledge-items/*)
		case $1 in DELETE) of=$doomed ;; *) of=$source ;; esac
		path=$(echo "$2" | sed "s|{id}|$of|") ;;
	*) path=$(echo "$2" | sed "s|{id}|$id|") ;;
	esac
	case $1$2 in
	POST/mcp)	# /api/mcp/stop has been asked
		t_get -X POST /api/mcp/start >/dev/null
		set -- "$1" -d '{"jsonrpc":"2.0","id":1,"method":"ping"}'
		;;
	POST* | PUT*) set -- "$1" -d '{}' ;;
	*) set -- "$1" ;;
	esac
	method=$1; shift
	status=$(t_get -X "$method" -H 'Content-Type: application/json' "$@" "$path")
	echo "$method $path: $status"; cat "$T/body"
	case $status$path in 200* | 202* | 409* | 422* | 501*) ;; 415/api/documents/upload) ;; *) return 1 ;; esac	# a form, no JSON
	[ "$path" = /metrics ] && return	# no JSON
	grep -q '^[[{]' "$T/body" && grep -qi '^content-type: application/json' "$T/head"
}
while read -r method pattern; do
	t_ok "$method $pattern answers" answers "$method" "$pattern" </dev/null
done <"$T/listed"

# -- what is not there ---------------------------------------------------------------
error() {	# STATUS CODE ARG...: the shape of every error
	status=$1 code=$2; shift 2
	t_status "$status" "$@" || return
	grep -q "\"code\":\"$code\"" "$T/body" &&
		[ "$(h_get error | wc -c)" -gt 10 ] && grep -q '"detail":{"error":"' "$T/body"
}
has() { cat "$T/head"; tr -d '\r' <"$T/head" | grep -qiE "^$1\$"; }
t_ok 'no such path: 404'		error 404 not_found /api/nothing
t_ok 'not below a route: 404'		error 404 not_found /api/progress/a/b
t_ok 'wrong method: 405'		error 405 method_not_allowed -X PUT /api/rag/query
t_ok '...and Allow says which'		has 'Allow: POST'
t_ok 'wrong method where GET is: 405'	error 405 method_not_allowed -X POST -d '{}' "/api/crawl-progress/$id"
t_ok '...and Allow names HEAD'		has 'Allow: (GET, HEAD, DELETE|DELETE, GET, HEAD)'
head -c 5000 /dev/zero | tr '\0' ' ' >"$T/large"
t_ok 'over the limit of the API: 413'	error 413 body_too_large -H 'Content-Type: application/json' --data-binary "@$T/large" /api/rag/query
head -c 2000000 /dev/zero >"$T/huge"
t_ok 'over the limit of nginx: 413'	error 413 body_too_large -H 'Content-Type: application/json' --data-binary "@$T/huge" /api/rag/query
t_ok 'a form is no JSON: 415'	error 415 unsupported_media_type -d 'a=b' /api/rag/query
t_ok 'no type at all: 415'	error 415 unsupported_media_type -H 'Content-Type:' -d '{}' /api/rag/query
t_ok 'JSON with a charset is JSON'	t_status 422 -H 'Content-Type: application/json; charset=utf-8' -d '{}' /api/rag/query

# -- HTTP ---------------------------------------------------------------------------
t_ok 'a snapshot'		t_status 200 "/api/crawl-progress/$id"
t_ok '...that need not be polled' has 'X-Poll-Interval: 0'
t_ok '...is not kept unasked'	has 'Cache-Control: no-cache'
etag=$(tr -d '\r' <"$T/head" | sed -n 's/^[Ee][Tt]ag: //p')
t_ok '...has a strong ETag'	has 'ETag: "[^"]+"'
t_ok 'the same ETag: 304'	t_status 304 -H "If-None-Match: $etag" "/api/crawl-progress/$id"
t_ok '...without a body'	sh -c '! [ -s "$0" ]' "$T/body"
t_ok 'one of a list: 304'	t_status 304 -H "If-None-Match: \"no\", W/$etag" "/api/crawl-progress/$id"
t_ok '*: 304'			t_status 304 -H 'If-None-Match: *' "/api/crawl-progress/$id"
t_ok 'another ETag: 200'	t_status 200 -H 'If-None-Match: "no"' "/api/crawl-progress/$id"
cp "$T/body" "$T/get.body"
t_ok 'HEAD'			t_status 200 -I "/api/crawl-progress/$id"
t_ok '...tells the length of GET' has "Content-Length: $(wc -c <"$T/get.body")"
lists_alike() { t_get /api/progress >/dev/null; e=$(grep -i ^etag "$T/head"); t_get /api/progress >/dev/null; [ -n "$e" ] && [ "$e" = "$(grep -i ^etag "$T/head")" ]; }
t_ok 'a list keeps its ETag while nothing changes' lists_alike
t_ok 'a reply has a request id'	has 'X-Request-Id: [0-9a-f]{32}'
t_get /api/nothing >/dev/null
t_ok 'so has an error'		has 'X-Request-Id: [0-9a-f]{32}'
once() { [ "$(grep -ci '^x-request-id' "$T/head")" = 1 ]; }
t_ok '...once'			once
slow() { h_start "http://$H_BAD/site/routes2/2000x200/" && t_status 200 "/api/crawl-progress/$h_id"; }
t_ok 'a crawl under way'	slow
t_ok '...asks to be polled'	has 'X-Poll-Interval: 1000'
t_ok '...and is stopped'	t_status 200 -X DELETE "/api/crawl-progress/$h_id"

# -- a part is away -----------------------------------------------------------------
t_kill api
t_ok 'api away: 502, in JSON'	error 502 api_down /api/progress
t_ok '...and when to come again' has 'Retry-After: [0-9]+'
t_kill relay
t_ok 'relay away: 502, in JSON'	error 502 relay_down -H 'Connection: Upgrade' -H 'Upgrade: websocket' /api/crawl-progress/x
t_restart api; t_restart relay
t_ok 'both back'		t_until 15 t_healthy
t_kill crawler
unwell() { t_get /health >/dev/null; cat "$T/body"; ! grep -q '"status":"healthy"' "$T/body" && grep -q '"crawler":"[^h]' "$T/body"; }
t_ok 'health says when no crawler is there' t_until 10 unwell
t_ok 'without a crawler a crawl is accepted' h_start "http://$H_BAD/site/routes3/3x0/"
t_restart crawler
t_ok '...and done when it is back' t_until 20 h_is "$h_id" status completed
