#!/bin/sh
# Over TLS: HTTP/2 is agreed upon, few connections carry many pages, a certificate
# nobody vouches for is refused, and SSL_CERT_FILE names an authority of one's own.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need
t_need openssl
pages=40

mkdir -p "$T/www" "$T/tls"
i=0
while [ "$i" -lt $pages ]; do
	echo "<!DOCTYPE html><title>Page $i</title><main><h1>Page $i</h1><p>It has the number $i.</p>" \
		"<a href=\"$((i * 2 + 1)).html\">a</a> <a href=\"$((i * 2 + 2)).html\">b</a></main>" >"$T/www/$i.html"
	i=$((i + 1))
done
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=site \
		-addext "subjectAltName=IP:${T_SITE%:*}" -keyout "$T/tls/key" -out "$T/tls/cert"
}
t_ok 'a site' t_site "$T/www"
t_ok 'a certificate for it' certificate
# The same nginx once more, with TLS in front, and a port without; its log says how it is asked.
secure() {
	sed -e "s|$T/site.nginx|$T/secure.nginx|g" -e "s|listen $T_SITE;|listen ${T_SITE%:*}:$1 ssl http2; listen ${T_SITE%:*}:$(($1 + 1)); ssl_certificate $T/tls/cert; ssl_certificate_key $T/tls/key;|" \
		-e "s|access_log .*|log_format how '\$server_protocol \$connection \$uri \$status'; access_log $T/secure.nginx/access.log how;|" \
		"$T/site.nginx/nginx.conf" >"$T/secure.nginx/nginx.conf"
	t_start secure "$T_NGINX" -p "$T/secure.nginx" -c "$T/secure.nginx/nginx.conf" -e "$T/secure.nginx/error.log"
	t_until 3 curl -sk -o /dev/null "https://${T_SITE%:*}:$1/0.html"
}
somewhere() {
	mkdir -p "$T/secure.nginx/tmp"
	for port in 18443 28443 38443 48443; do
		secure "$port" && return
		t_stop secure
	done
}
t_ok 'the same over TLS' somewhere
T_SECURE=${T_SITE%:*}:$port
t_ok 'the house stands' t_archon "allow_private = 127.0.0.0/8"

t_ok 'a crawl that trusts the system'	h_start "https://$T_SECURE/0.html"
t_ok '...does not trust this site'	t_until 20 h_is "$h_id" errorCode tls_failed
says() { h_get error | grep -q 'certificate or protocol was not accepted'; }
t_ok '...and says why'			says
t_ok 'the crawler stops'		t_stop crawler
SSL_CERT_FILE=$T/tls/cert
export SSL_CERT_FILE
t_restart crawler
t_ok 'with an authority of our own'	t_until 15 t_healthy
: >"$T/secure.nginx/access.log"
t_ok 'the crawl'			h_start "https://$T_SECURE/0.html"
t_ok '...completes'			t_until 30 h_is "$h_id" status completed
t_ok '...with every page'		test "$(h_sql 'SELECT count(*) FROM pages')" = $pages
spoke() { cut -d' ' -f1 "$T/secure.nginx/access.log" | sort | uniq -c; [ "$(cut -d' ' -f1 "$T/secure.nginx/access.log" | sort -u)" = HTTP/2.0 ]; }
t_ok '...all by HTTP/2'			spoke
few() { n=$(cut -d' ' -f2 "$T/secure.nginx/access.log" | sort -u | wc -l); echo "connections: $n"; [ "$n" -ge 1 ] && [ "$n" -le 2 ]; }
t_ok '...over a connection or two'	few

# In clear it is HTTP/1.1, and connections are kept: no more of them than fetches at once.
: >"$T/secure.nginx/access.log"
t_ok 'a crawl in clear'			h_start "http://${T_SITE%:*}:$((port + 1))/0.html" '"max_concurrent":3'
t_ok '...completes'			t_until 30 h_is "$h_id" status completed
kept() {
	n=$(cut -d' ' -f2 "$T/secure.nginx/access.log" | sort -u | wc -l)
	echo "connections: $n for $(wc -l <"$T/secure.nginx/access.log") requests"
	[ "$n" -le 4 ] && [ "$(wc -l <"$T/secure.nginx/access.log")" -ge $pages ] && ! grep -qv '^HTTP/1.1' "$T/secure.nginx/access.log"
}
t_ok '...over kept connections'		kept
