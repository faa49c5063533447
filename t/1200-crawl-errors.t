#!/bin/sh
# A site that cannot be crawled: the crawl ends in error, soon, with a sentence that
# names the cause; archonctl's exit status is 1; "completed" always has pages.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD $H_DEAF 127.0.0.1:1" \
	'connect_timeout = 1s' 'fetch_timeout = 1500ms' 'retries = 1' 'max_redirects = 5' 'max_page_size = 64KiB' 'max_crawls = 32'

# All are started, then each is looked at: they wait at the same time.
begin() {	# NAME URL
	h_start "$2" || return
	echo "$h_id" >"$T/id.$1"
}
ends() {	# NAME CODE SENTENCE
	id=$(cat "$T/id.$1") || return
	t_until 30 h_ended "$id" || return
	h_ended "$id"
	cat "$T/body"
	[ "$(h_get status)" = error ] && [ "$(h_get errorCode)" = "$2" ] && h_get error | grep -qE "$3" &&
		[ "$(h_get completedAt | wc -c)" -gt 20 ] && [ "$(h_get percentage)" != 100 ] && [ "$(h_get chunksStored)" = 0 ]
}
long=$(printf '%070d' 0)		# no name has such a label: fails without asking anyone
while read -r name url code sentence; do
	t_ok "$name is accepted" begin "$name" "$url" </dev/null
done <<LIST
unresolved http://$long.invalid/
refused http://127.0.0.1:1/
hanging http://$H_BAD/hang
deaf http://$H_DEAF/
404 http://$H_BAD/status/404
500 http://$H_BAD/status/500
403 http://$H_BAD/status/403
503 http://$H_BAD/status/503
reset http://$H_BAD/reset
half http://$H_BAD/half
loop http://$H_BAD/loop/0
deep http://$H_BAD/deep/0
self http://$H_BAD/self
large http://$H_BAD/bytes/100000
image http://$H_BAD/image
empty http://$H_BAD/empty
slow http://$H_BAD/slow/5000
private http://127.0.0.2:80/
linklocal http://169.254.169.254/latest/meta-data/
mapped http://[::ffff:127.0.0.3]/
inward http://$H_BAD/to/http://10.0.0.1/
ftp http://$H_BAD/to/ftp://x/
LIST
begin outside "http://$H_BAD/to/http://127.0.0.9:8089/"
t_ok 'a host that does not resolve'	ends unresolved host_not_found '0000.invalid does not resolve'
t_ok 'a host that refuses'		ends refused connection_refused '127\.0\.0\.1 refused the connection on port 1'
t_ok 'a host that hangs'		ends hanging timeout '127\.0\.0\.1 did not answer in time'
t_ok 'a host that takes no connection'	ends deaf timeout 'did not answer in time'
t_ok 'a page that takes too long'	ends slow timeout 'did not answer in time'
t_ok '404'				ends 404 http_404 'answered 404 \(not found\)'
t_ok '500'				ends 500 http_500 'answered 500'
t_ok '403'				ends 403 http_403 'answered 403'
t_ok '503, again and again'		ends 503 http_503 'answered 503'
t_ok 'a connection reset'		ends reset connection_broken 'broke off'
t_ok 'half a page'			ends half connection_broken 'broke off'
t_ok 'a redirect loop'			ends loop redirect_loop 'redirects in a circle'
t_ok 'redirects without end'		ends deep http_302 'redirects too often in a row \(max_redirects\)'
t_ok 'a redirect to itself'		ends self redirect_loop 'redirects to itself'
t_ok 'a redirect to no http'		ends ftp redirected_outside 'redirects to where no crawl can follow'
t_ok 'a page over max_page_size'	ends large page_too_large 'larger than 65536 bytes'
t_ok 'no document'			ends image unsupported_type 'image/gif'
t_ok 'nothing in it'			ends empty nothing_found 'othing'
t_ok 'a loopback address'		ends private address_refused '127\.0\.0\.2.*allow_private'
t_ok 'the metadata address'		ends linklocal address_refused '169\.254\.169\.254'
t_ok 'loopback in IPv6 clothes'		ends mapped address_refused 'not a public address'
t_ok 'a redirect to a private address'	ends inward address_refused '10\.0\.0\.1.*not a public address'
t_ok 'the same on loopback'		ends outside address_refused '127\.0\.0\.9'

none() { [ "$(h_sql 'SELECT count(*) FROM chunks')" = 0 ] && [ "$(h_sql "SELECT count(*) FROM crawls WHERE phase = 'completed'")" = 0 ]; }
t_ok 'nothing was stored, nothing completed' none
bounded() { [ "$(grep -c "^$1\$" "$T/bad/log")" -le "$2" ]; }
t_ok 'a hanging page was tried twice (retries = 1)' bounded /hang 2
t_ok 'a 404 was not tried again'	bounded /status/404 1
t_ok 'redirects ended at max_redirects'	sh -c '[ "$(grep -c ^/deep/ "$0")" -le 7 ]' "$T/bad/log"

ctl() {		# URL SENTENCE: status 1 and the sentence
	t_ctl crawl "$1" >"$T/ctl.out" 2>&1
	rc=$?
	cat "$T/ctl.out"
	[ "$rc" -eq 1 ] && grep -qE "$2" "$T/ctl.out"
}
t_ok 'archonctl: status 1, and why'	ctl "http://$H_BAD/status/404" 'answered 404'
t_ok 'archonctl: a host that refuses'	ctl 'http://127.0.0.1:1/' 'refused the connection'

# One good page among bad ones is completed, and counts what failed.
t_ok 'a missing page in a good site'	h_start "http://$H_BAD/site/mixed/5x0/p9.html"
t_ok '...is an error when it is the start' t_until 20 h_is "$h_id" status error
t_ok 'the good site'			h_start "http://$H_BAD/site/mixed/5x0/"
t_ok '...is completed'			t_until 20 h_is "$h_id" status completed
t_ok '...with five pages'		h_is "$h_id" processedPages 5
