#!/bin/sh
# What nginx itself does for the page and for replies: compression, caching, types and
# limits of bodies; and that its timeouts fit the pings.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
t_need curl "$T_NGINX" gzip
mkdir -p "$T/data/www/assets"
awk 'BEGIN { for (i = 0; i < 400; i++) print "// the same line, over and over" }' >"$T/data/www/assets/app-0123abcd.js"
echo '<!doctype html><title>archon</title>' >"$T/data/www/index.html"
echo '<svg xmlns="http://www.w3.org/2000/svg"/>' >"$T/data/www/icon.svg"
t_ok 'archon is healthy' t_archon

has() { tr -d '\r' <"$T/head" | grep -qi "^$1\$" || { cat "$T/head"; return 1; }; }
hasnt() { ! has "$1"; }
packed() { t_status 200 -H 'Accept-Encoding: gzip' "$1" >/dev/null && has 'Content-Encoding: gzip' && has 'Vary:.*Accept-Encoding.*' && gzip -dc <"$T/body" >"$T/plain"; }
same() { t_status 200 "$1" >/dev/null && hasnt 'Content-Encoding:.*' && cmp "$T/body" "$T/plain"; }

# -- the page ------------------------------------------------------------------------------
t_ok 'the page' t_status 200 /
t_ok '...is asked for again each time' has 'Cache-Control: no-cache'
t_ok '...as HTML' has 'Content-Type: text/html; charset=utf-8'
again() { tag=$(sed -n 's/^[Ee][Tt]ag: //p' "$T/head" | tr -d '\r') && t_status 304 -H "If-None-Match: $tag" /; }
t_ok '...unchanged' again
t_ok 'a file with a hash in its name' packed /assets/app-0123abcd.js
t_ok '...is kept for good' has 'Cache-Control: public, max-age=31536000, immutable'
t_ok '...as JavaScript' has 'Content-Type: text/javascript; charset=utf-8'
t_ok '...unpacked it is the same' same /assets/app-0123abcd.js
smaller() { [ "$(gzip -c <"$T/data/www/assets/app-0123abcd.js" | wc -c)" -lt "$(wc -c <"$T/data/www/assets/app-0123abcd.js")" ]; }
t_ok '...and smaller packed' smaller
t_ok 'an icon' t_status 200 /icon.svg
t_ok '...as SVG' has 'Content-Type: image/svg+xml.*'
t_ok 'no file, no page' t_status 404 /nothing
t_ok 'nothing above it' t_status 400 --path-as-is '/assets/..%2f..%2f..%2farchon.conf'

# -- the API ---------------------------------------------------------------------------------
t_ok 'a long reply is packed' packed /api/openapi.json
t_ok '...unpacked it is the same' same /api/openapi.json
short() { t_status 200 -H 'Accept-Encoding: gzip' /api/progress && hasnt 'Content-Encoding:.*'; }
t_ok 'a short one is not' short
stream() { t_get -H 'Accept-Encoding: gzip' -H 'Accept: text/event-stream' --max-time 2 /api/crawl/stream >/dev/null; has 'Content-Type: text/event-stream' && hasnt 'Content-Encoding:.*' && grep -q '^retry:' "$T/body"; }
t_ok 'an event stream is neither packed nor held back' stream

# -- bodies ---------------------------------------------------------------------------------
body() { head -c "$1" /dev/zero >"$T/sent"; t_status 413 -X POST -H 'Content-Type: application/json' -H 'Expect:' --data-binary "@$T/sent" "$2"; }
t_ok 'a body over a megabyte is refused' body 1100000 /api/rag/query
t_ok '...in our words' grep -q '"code":"body_too_large"' "$T/body"
t_ok '...of a sign-in, over 4 KB' body 4200 /api/login
t_ok '...of an agent, over 3 MB' body 3200000 /mcp
t_ok '...of an upload, over 64 MB' body 67200000 /api/documents/upload
rm -f "$T/sent"

# -- timeouts -------------------------------------------------------------------------------
nginx_s() { sed -n "s/^[ 	]*$2 *\([0-9]*\)s;.*/\1/p" "$T_SRC/conf/nginx/$1.conf.in"; }
conf_s() { sed -n "s/^#$1 = \([0-9]*\)s\$/\1/p" "$T_SRC/conf/archon.conf.in"; }
fits() {	# SMALLER GREATER
	echo "$1 and $2"
	[ -n "$1" ] && [ -n "$2" ] && [ "$1" -lt "$2" ]
}
read_s=$(nginx_s relay proxy_read_timeout)
t_ok 'two pings fit into what nginx waits for the relay' fits "$((2 * $(conf_s ping_interval)))" "$read_s"
t_ok '...and a long poll of 60 s' fits 60 "$read_s"
t_ok '...and a heartbeat' fits "$(conf_s heartbeat)" "$read_s"
t_ok 'what waits 15 s fits into what it waits for the API' fits 15 "$(nginx_s fastcgi fastcgi_read_timeout)"
