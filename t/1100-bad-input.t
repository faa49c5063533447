#!/bin/sh
# Bad input is answered with one status, one code, the field, and a sentence; nothing
# of it is kept.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD" 'max_body = 16KiB'

refused() {	# STATUS CODE FIELD: what is in $T/body of the status $got
	echo "status $got, want $1"; cat "$T/body"
	[ "$got" = "$1" ] && [ "$(h_get code)" = "$2" ] && [ "$(h_get field)" = "$3" ] &&
		[ "$(h_get error | wc -c)" -gt 10 ]
}
crawl() {	# NAME STATUS CODE FIELD JSON
	got=$(h_post "$5")
	t_ok "crawl: $1" refused "$2" "$3" "$4"
}
query() {
	got=$(t_get -H 'Content-Type: application/json' --data-binary "$5" /api/rag/query)
	t_ok "query: $1" refused "$2" "$3" "$4"
}
list() {
	got=$(t_get "$5")
	t_ok "list: $1" refused "$2" "$3" "$4"
}
url="\"url\":\"http://$H_BAD/\""

crawl 'no JSON'			400 not_json '' 'url=http://example.com/'
crawl 'half an object'		400 not_json '' '{"url":'
crawl 'an array'		400 not_json '' '["http://example.com/"]'
crawl 'a string'		400 not_json '' '"http://example.com/"'
crawl 'more after the object'	400 not_json '' "{$url} {}"
crawl 'a comment'		400 not_json '' "{$url /* x */}"
crawl 'single quotes'		400 not_json '' "{'url':'http://example.com/'}"
crawl 'NaN'			422 invalid max_depth "{$url,\"max_depth\":NaN}"
crawl 'deep nesting'		400 not_json '' "{$url,\"x\":$(printf '%01000d' 0 | tr 0 '[')$(printf '%01000d' 0 | tr 0 ']')}"
printf '{"url":"http://example.com/\377"}' >"$T/latin1"
got=$(t_get -H 'Content-Type: application/json' --data-binary "@$T/latin1" /api/knowledge-items/crawl)
t_ok 'crawl: invalid UTF-8'	refused 400 bad_encoding ''
got=$(t_get -H 'Content-Type: application/json' -X POST /api/knowledge-items/crawl)
t_ok 'crawl: no body'		refused 400 not_json ''
head -c 17000 /dev/zero | tr '\0' ' ' >"$T/large"
got=$(t_get -H 'Content-Type: application/json' --data-binary "@$T/large" /api/knowledge-items/crawl)
t_ok 'crawl: over max_body'	refused 413 body_too_large ''

crawl 'no url'			422 invalid url '{}'
crawl 'url null'		422 invalid url '{"url":null}'
crawl 'url a number'		422 invalid url '{"url":7}'
crawl 'url empty'		422 invalid url '{"url":""}'
crawl 'url relative'		422 invalid url '{"url":"/docs/"}'
crawl 'ftp'			422 invalid url '{"url":"ftp://example.com/"}'
crawl 'file'			422 invalid url '{"url":"file:///etc/passwd"}'
crawl 'javascript'		422 invalid url '{"url":"javascript:alert(1)"}'
crawl 'no host'			422 invalid url '{"url":"http://?x"}'
crawl 'a port over 65535'	422 invalid url '{"url":"http://example.com:70000/"}'
crawl 'a NUL in url'		422 invalid url '{"url":"http://example.com/\u0000x"}'
crawl 'a space in the host'	422 invalid url '{"url":"http://exam ple.com/"}'
crawl 'a host that is a number too large' 422 invalid url '{"url":"http://4294967296/"}'
crawl 'a url of 5,000 bytes'	422 invalid url "{\"url\":\"http://example.com/$(printf '%05000d' 0)\"}"

for field in max_depth:51:-1 max_concurrent:65:0 max_pages:1000001:0 chunk_size:50001:199 update_frequency:3651:-1; do
	name=${field%%:*} range=${field#*:}
	crawl "$name too large"		422 invalid "$name" "{$url,\"$name\":${range%:*}}"
	crawl "$name too small"		422 invalid "$name" "{$url,\"$name\":${range#*:}}"
	crawl "$name huge"		422 invalid "$name" "{$url,\"$name\":99999999999999999999999999}"
	crawl "$name a fraction"	422 invalid "$name" "{$url,\"$name\":2.5}"
	crawl "$name 1e3"		422 invalid "$name" "{$url,\"$name\":1e3}"
	crawl "$name a string"		422 invalid "$name" "{$url,\"$name\":\"3\"}"
	crawl "$name true"		422 invalid "$name" "{$url,\"$name\":true}"
	crawl "$name an array"		422 invalid "$name" "{$url,\"$name\":[3]}"
done
crawl 'tags a string'		422 invalid tags "{$url,\"tags\":\"a\"}"
crawl 'a tag that is a number'	422 invalid tags "{$url,\"tags\":[1]}"
crawl 'an empty tag'		422 invalid tags "{$url,\"tags\":[\"\"]}"
crawl '21 tags'			422 invalid tags "{$url,\"tags\":[$(seq -s, 21 | sed 's/[0-9]*/"&"/g')]}"
crawl 'a tag of 128 bytes'	422 invalid tags "{$url,\"tags\":[\"$(printf '%0128d' 0)\"]}"
crawl 'include an object'	422 invalid include "{$url,\"include\":{}}"
crawl 'exclude with null in it'	422 invalid exclude "{$url,\"exclude\":[null]}"
crawl 'another knowledge_type'	422 invalid knowledge_type "{$url,\"knowledge_type\":\"odd\"}"
crawl 'yes for true'		422 invalid extract_code_examples "{$url,\"extract_code_examples\":\"yes\"}"
crawl 'progress_id no UUID'	422 invalid progress_id "{$url,\"progress_id\":\"mine\"}"
crawl 'progress_id a number'	422 invalid progress_id "{$url,\"progress_id\":1}"
crawl 'crawl_options a list'	422 invalid crawl_options "{$url,\"crawl_options\":[]}"
crawl 'bad in crawl_options'	422 invalid max_depth "{$url,\"crawl_options\":{\"max_depth\":99}}"
kept() { [ "$(h_sql 'SELECT count(*) FROM crawls')" = 0 ] && t_status 200 '/api/progress?all=1' && [ "$(h_get total)" = 0 ]; }
t_ok 'nothing of all this was kept' kept

# As browsers do: line breaks are taken out of a URL, and cannot end a header.
unbroken() { h_start "http://$H_BAD/\\r\\nHost: x" && [ "$(h_sql "SELECT count(*) FROM crawls WHERE url = 'http://$H_BAD/Host:%20x'")" = 1 ]; }
t_ok 'line breaks are no part of a URL' unbroken

# The other side of each limit is taken.
taken() { h_start "http://$H_BAD/site/in/1x0/" "$1"; }
t_ok 'the largest values are taken' taken '"max_depth":50,"max_concurrent":64,"max_pages":1000000,"chunk_size":50000,"update_frequency":3650'
t_ok 'the smallest values are taken' taken '"max_depth":0,"max_concurrent":1,"max_pages":1,"chunk_size":200,"update_frequency":0'
t_ok 'unknown members are ignored' taken '"colour":"red","nested":{"a":[1,2]}'
t_ok 'null is as absent' taken '"max_depth":null,"tags":null'
t_ok 'crawl_options are read' taken '"crawl_options":{"max_depth":1}'
same_id() { got=$(h_post "{$url,\"progress_id\":\"$h_id\"}"); refused 409 progress_id_in_use progress_id; }
t_ok 'a progress_id in use: 409' same_id

query 'no JSON'			400 not_json '' 'query'
query 'no query'		422 invalid query '{}'
query 'an empty query'		422 invalid query '{"query":" "}'
query 'query a number'		422 invalid query '{"query":1}'
query 'match_count 0'		422 invalid match_count '{"query":"a","match_count":0}'
query 'match_count 51'		422 invalid match_count '{"query":"a","match_count":51}'
query 'match_count a string'	422 invalid match_count '{"query":"a","match_count":"5"}'
query 'source an array'		422 invalid source '{"query":"a","source":[]}'
query 'deep nesting'		400 not_json '' "{\"query\":\"a\",\"x\":$(printf '%01000d' 0 | tr 0 '[')$(printf '%01000d' 0 | tr 0 ']')}"
asked() { t_status 200 -H 'Content-Type: application/json' --data-binary "$1" /api/rag/query; }
for words in '\"' '\"half' 'a AND' 'NEAR(' 'title:' '*' '-' "'; DROP TABLE pages; --" 'a OR OR b' '(((' '\\' 'ünïcode ☃' '^x' '{a b}:c'; do
	t_ok "query: $words is only text" asked "{\"query\":\"$words\"}"
done

list 'page 0'			422 invalid page '/api/knowledge-items?page=0'
list 'page x'			422 invalid page '/api/knowledge-items?page=x'
list 'page huge'		422 invalid page '/api/knowledge-items?page=99999999999999999999'
list 'per_page 201'		422 invalid per_page '/api/knowledge-items?per_page=201'
list 'per_page -1'		422 invalid per_page '/api/progress?all=1&per_page=-1'
list 'all=2'			422 invalid all '/api/progress?all=2'

unknown=$(h_uuid)
list 'unknown crawl'		404 no_such_crawl '' "/api/crawl-progress/$unknown"
list 'unknown crawl, old path'	404 no_such_crawl '' "/api/progress/$unknown"
list 'an id that cannot be'	404 no_such_crawl '' '/api/crawl-progress/a%7cb'
list 'an id of 300 bytes'	404 no_such_crawl '' "/api/crawl-progress/$(printf '%0300d' 0)"
list 'a path that is no UTF-8'	400 bad_path '' '/api/crawl-progress/%ff%fe'
got=$(t_get -X POST "/api/knowledge-items/stop/$unknown")
t_ok 'stop of an unknown crawl'	refused 404 no_such_crawl ''
t_ok 'the crawl has ended'	t_until 20 h_ended "$h_id"
got=$(t_get -X POST "/api/knowledge-items/stop/$h_id")
t_ok 'stop of an ended crawl'	refused 409 already_ended ''
t_ok 'after all this it is healthy' t_healthy
