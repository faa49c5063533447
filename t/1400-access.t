#!/bin/sh
# Who may come in: on loopback, elsewhere, and with access = required; by which
# token or cookie, from whose page, under which name, to each program and stream.
: "${T_SRC:=$(cd "$(dirname "$0")/.." && pwd)}"
# An address for others needs none of this machine's: one on the loopback device of a network of our own.
# shellcheck disable=SC2016
own_net='ip link set lo up && ip addr add 203.0.113.7/32 dev lo && ip addr add 2001:db8::7/128 dev lo nodad && exec "$@"'
if [ -z "${ACCESS_NET:-}" ]; then
	ACCESS_NET=none
	for how in 'unshare -n' 'unshare -rn'; do
		PATH=$PATH:/usr/sbin:/sbin $how sh -c "$own_net" - true 2>/dev/null || continue
		ACCESS_NET=own T_SRC=$T_SRC
		export ACCESS_NET T_SRC
		PATH=$PATH:/usr/sbin:/sbin exec $how sh -c "$own_net" - sh "$0"
	done
fi
. "$T_SRC/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

# -- the doors ---------------------------------------------------------------------------

OTHERS=203.0.113.7
guard=$T/guard.sock
# The block of public.conf that fits this nginx.
if "$T_NGINX" -v 2>&1 | awk -F'[/ .]' '{ exit !($4 + 0 > 1 || $5 + 0 > 25 || ($5 + 0 == 25 && $6 + 0 >= 1)) }'; then
	http2='/listen.* http2 /d; s/#\(listen.*443 ssl\)/\1/; s/#http2/http2/'
else
	http2='/#listen/d; /#http2/d'
fi
servers() {	# beside the one on http.sock, which has the default's files
	nginx_write "$T_SRC" "$T/nginx" "$T/run" "$T/data" "unix:$T/http.sock" || return
	sed -i '$d' "$T/nginx/nginx.conf"		# http's brace
	{
		echo "server { listen unix:$guard; server_name _; include $T/nginx/access.conf; include $T/nginx/locations.conf; }"
		if [ "$ACCESS_NET" = own ]; then
			echo "server { listen $OTHERS:8081; server_name _; include $T/nginx/locations.conf; }"
			sed -e "$http2" -e "s|@nginxdir@|$T/nginx|g; s|/var/log/nginx/archon.log|$T/nginx/public.log|; s|archon.example.com|kb.test|; /listen.*:80/d" \
				-e "s|listen 80;|listen $OTHERS:8079;|; s|\(listen \)443\( .*\)|\1$OTHERS:8443\2 listen $OTHERS:8080;|; s|listen \[::\]:443|listen [2001:db8::7]:8443|" \
				-e "s|/etc/ssl/certs/archon.pem|$T/cert.pem|; s|/etc/ssl/private/archon.key|$T/key.pem|" "$T_SRC/conf/nginx/public.conf.in"
		fi
		echo '}'
	} >>"$T/nginx/nginx.conf"
}
certificate() {
	[ "$ACCESS_NET" = own ] || return 0
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=kb.test -addext subjectAltName=DNS:kb.test \
		-keyout "$T/key.pem" -out "$T/cert.pem" 2>"$T/openssl.log"
}
house() {	# the programs, with these lines
	t_conf "allow_private = $H_BAD" "$@" || return
	for part in api mcp relay crawler; do
		[ ! -f "$T/$part.pid" ] || t_stop "$part" || return
		t_restart "$part" || return
	done
	t_until 15 test -S "$T/run/api.sock" -a -S "$T/run/mcp.sock" -a -S "$T/run/relay.sock"
}
[ "$ACCESS_NET" = none ] || t_need openssl
h_must 'a site' h_badsite
h_must 'a certificate' certificate
h_must 'the doors' servers
t_ok 'nginx has nothing to say to its files'	sh -c '! "$@" 2>&1 | grep .' - "$T_NGINX" -t -q -p "$T/nginx" -c "$T/nginx/nginx.conf" -e "$T/nginx/error.log"
h_must 'the programs' house 'allow_origins = https://wiki.example.com http://two.example:3000'
h_must 'nginx' t_nginx_start
h_must 'all is well' t_until 15 t_healthy

# go DOOR STATUS CODE CURLOPT.. PATH: that status, and that code in the answer ('-': none)
go() {
	door=$1 want=$2 code=$3; shift 3
	for path; do :; done
	n=$# i=1
	while [ "$i" -lt "$n" ]; do
		one=$1; shift; set -- "$@" "$one"
		i=$((i + 1))
	done
	shift
	case $door in
	home) set -- --unix-socket "$T/http.sock" "$@" "http://localhost$path" ;;
	guard) set -- --unix-socket "$guard" "$@" "http://localhost$path" ;;
	others) set -- "$@" "http://$OTHERS:8080$path" ;;
	bare) set -- "$@" "http://$OTHERS:8081$path" ;;
	tls) set -- --cacert "$T/cert.pem" --resolve "kb.test:8443:$OTHERS" "$@" "https://kb.test:8443$path" ;;
	esac
	: >"$T/body"; : >"$T/head"
	got=$(curl -sS --noproxy '*' --max-time "${within:-20}" -D "$T/head" -o "$T/body" -w '%{http_code}' "$@" 2>"$T/curl.err")
	echo "status $got, want $want $code"
	cat "$T/head" "$T/body" "$T/curl.err"
	[ "$got" = "$want" ] && case $code in
	-) ;;
	rpc) grep -q '^{"jsonrpc":"2.0".*"error":{"code":-32' "$T/body" ;;
	*) grep -q "\"code\":\"$code\"" "$T/body" && grep -q '"error":"[^"]' "$T/body" ;;
	esac
}
upgrade='-H|Connection: Upgrade|-H|Upgrade: websocket|-H|Sec-WebSocket-Version: 13|-H|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
ws() {	# as go, a WebSocket: of 101 only what comes in a second
	ws_door=$1 ws_want=$2 ws_code=$3; shift 3
	IFS='|'; set -f
	# shellcheck disable=SC2086
	set -- $upgrade "$@"
	unset IFS; set +f
	[ "$ws_want" = 101 ] && within=1 || within=20
	go "$ws_door" "$ws_want" "$ws_code" --http1.1 "$@"
	ws_rc=$?
	within=
	return "$ws_rc"
}
sse() {	# the same, an event stream
	sse_door=$1 sse_want=$2 sse_code=$3; shift 3
	[ "$sse_want" = 200 ] && within=1 || within=20
	go "$sse_door" "$sse_want" "$sse_code" -N -H 'Accept: text/event-stream' "$@"
	sse_rc=$?
	within=
	return "$sse_rc"
}
STREAMS='/api/crawl-progress/a /api/crawl/stream /api/mcp/logs/stream /api/knowledge-items/stream'
J='Content-Type: application/json'
CRAWL='{"url":"http://127.0.0.1:1/"}'
crawl() { c_door=$1 c_want=$2 c_code=$3; shift 3; go "$c_door" "$c_want" "$c_code" "$@" -H "$J" -d "$CRAWL" /api/knowledge-items/crawl; }
starts() { s_door=$1 s_site=$2; shift 2; go "$s_door" 202 - "$@" -H "$J" -d "{\"url\":\"http://$H_BAD/site/$s_site/1x0/\"}" /api/knowledge-items/crawl; }
ping() { p_door=$1 p_want=$2 p_code=$3; shift 3; go "$p_door" "$p_want" "$p_code" "$@" -H "$J" -d '{"jsonrpc":"2.0","id":1,"method":"ping"}' /mcp; }
tool() {	# DOOR REGEX CURLOPT.. NAME ARGS
	u_door=$1 regex=$2 token=$3 name=$4 args=$5
	go "$u_door" 200 - -H "$J" -H "Authorization: Bearer $token" -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"$name\",\"arguments\":$args}}" /mcp &&
		grep -qE "$regex" "$T/body"
}
has() { grep -qi "$1" "$T/head"; }
hasnt() { ! grep -qi "$1" "$T/head"; }

# -- loopback: nobody is asked -------------------------------------------------------------
t_ok 'nobody is asked on loopback'		go home 200 - /api/session
t_ok '...and may do all'			grep -q '"access":"off","name":null,"scope":"admin"' "$T/body"
pays_nothing() { ! grep -rn 'auth_request ' "$T_SRC/conf/nginx" | grep -vE 'auth_request off;|/access.conf.in:|:[0-9]*:#'; }
t_ok '...nor pays for it'			pays_nothing
t_ok 'a name that was made to point here'	go home 403 foreign_host -H 'Host: evil.example' /api/progress
t_ok '...with a port'				go home 403 foreign_host -H 'Host: evil.example:8080' /health
t_ok '...with its own page'			crawl home 403 foreign_host -H 'Host: evil.example' -H 'Origin: http://evil.example' -H 'Sec-Fetch-Site: same-origin'
t_ok '...to agents'				ping home 403 rpc -H 'Host: evil.example'
for s in $STREAMS; do
	t_ok "...$s by WebSocket"		ws home 403 foreign_host -H 'Host: evil.example' "$s"
	t_ok "...$s by event stream"		sse home 403 foreign_host -H 'Host: evil.example' "$s"
done
t_ok '...by long poll'				go home 403 foreign_host -H 'Host: evil.example' '/api/crawl-progress/a?wait=1'
t_ok 'nginx says for whom it serves, not the client' go home 403 foreign_host -H 'Host: evil.example' -H 'X-Archon-Access: admin bearer x' -H 'X-Archon-Served: 127.0.0.1 evil.example' '/api/crawl-progress/a?wait=1'
passed_on() {	# by a proxy of the operator's, which calls us as it likes
	for h in 'X-Forwarded-For: 192.0.2.1' 'Forwarded: for=192.0.2.1' 'X-Forwarded-Host: kb.example' 'X-Forwarded-Proto: https' 'X-Real-IP: 192.0.2.1' 'Via: 1.1 kb'; do
		go home 403 access_unproved -H "$h" /api/progress && go home 403 access_unproved -H 'Host: 127.0.0.1:8080' -H "$h" "$1" || return
	done
}
t_ok 'another proxy in front: its clients are no neighbours' passed_on /health
t_ok '...nor do they listen'			passed_on '/api/crawl-progress/a?wait=0'
t_ok '...nor crawl'				crawl home 403 access_unproved -H 'X-Forwarded-For: 192.0.2.1'
t_ok '...nor call the MCP server'		ping home 403 rpc -H 'X-Forwarded-For: 192.0.2.1'
t_ok '...nor follow'				ws home 403 access_unproved -H 'X-Forwarded-For: 192.0.2.1' /api/crawl/stream
t_ok '...through nginx as it comes, which speaks HTTP/1.0' go home 403 access_unproved --http1.0 -H 'Host: 127.0.0.1:8080' /api/progress
t_ok '...which a checker without a Host may'	sh -c 'printf "GET /health HTTP/1.0\r\n\r\n" | timeout 10 /usr/bin/python3 -c "import socket,sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.read()); print(s.recv(65536))" "$1" | grep "200 OK"' - "$T/http.sock"
t_ok '...and the relay takes nobody'"'"'s word for it' go home 404 not_found -H 'X-Archon-Proxied: 1' '/api/crawl-progress/a?wait=0'
broken() { printf 'GET /api/crawl/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n' |
	timeout 10 /usr/bin/python3 -c 'import socket,sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.read()); print(s.recv(65536).decode())' "$T/http.sock" | tee "$T/said"; grep -q ' 400 ' "$T/said" && grep -q '"code":"bad_request"' "$T/said"; }
t_ok 'a body that is none, to a stream, is refused as JSON' broken
t_ok 'a foreign page may not change things'	crawl home 403 foreign_origin -H 'Origin: http://evil.example'
t_ok '...nor by what is no JSON'		go home 403 foreign_origin -H 'Origin: http://evil.example' -H 'Content-Type: text/plain' -d '{}' /api/rag/query
t_ok '...nor without saying who it is'		crawl home 403 foreign_origin -H 'Sec-Fetch-Site: cross-site'
t_ok '...nor the MCP server'			ping home 403 rpc -H 'Origin: http://evil.example'
t_ok '...nor sign in'				go home 403 foreign_origin -H 'Origin: http://evil.example' -H "$J" -d '{"token":"x"}' /api/login
t_ok '...nor listen by WebSocket'		ws home 403 foreign_origin -H 'Origin: http://evil.example' /api/crawl/stream
t_ok '...nor by event stream'			sse home 403 foreign_origin -H 'Origin: http://evil.example' /api/crawl/stream
t_ok 'a token in the address'			go home 400 token_in_url '/api/progress?token=archon_x'
t_ok '...by its other name'			go home 400 token_in_url '/api/progress?a=1&access_token=x'
t_ok '...to a stream'				ws home 400 token_in_url '/api/crawl/stream?token=x'
t_ok '...to agents'				go home 400 rpc -H "$J" -d '{}' '/mcp?token=x'

# -- pages of allowed origins ----------------------------------------------------------------
W='Origin: https://wiki.example.com'
cors() { has '^access-control-allow-origin: https://wiki.example.com.$' && has '^access-control-allow-credentials: true' && has '^vary:.*origin' && has '^access-control-expose-headers: X-Request-Id, ETag, Location, Retry-After, X-Poll-Interval.$'; }
t_ok 'an allowed page reads'			go home 200 - -H "$W" /api/progress
t_ok '...with the headers that let it'		cors
tagged() { tag=$(sed -n 's/^[Ee][Tt]ag: //p' "$T/head" | tr -d '\r'); go home 304 - -H "$W" -H "If-None-Match: $tag" /api/progress && cors; }
t_ok '...unchanged, too'			tagged
t_ok '...what it did wrong, too'		go home 404 no_such_crawl -H "$W" /api/progress/nothing
t_ok '...with them'				cors
t_ok '...and changes'				starts home a -H "$W" 
t_ok '...with them as well'			cors
t_ok '...and calls the MCP server'		ping home 200 - -H "$W"
t_ok '...with them too'				cors
t_ok '...and listens'				sse home 200 - -H "$W" /api/crawl/stream
t_ok '...with them, as ever'			cors
t_ok '...and waits'				go home 404 not_found -H "$W" '/api/crawl-progress/nothing?wait=0'
t_ok '...with them still'			cors
t_ok '...by WebSocket'				ws home 101 - -H "$W" /api/crawl/stream
long_poll() { h_id=$(sed -nE 's/.*"progressId":"([^"]*)".*/\1/p' "$T/crawled") && go home 200 - -H "$W" "/api/crawl-progress/$h_id?wait=20" && cors; }
starts home b >/dev/null; cp "$T/body" "$T/crawled"
t_ok '...and is answered a long poll'		long_poll
own() { go home 200 - "/api/crawl-progress/$h_id?wait=20" && hasnt '^access-control-' && has '^vary: origin'; }
t_ok 'another is not told so by a long poll'	own
t_ok 'nor anybody without an origin'		go home 200 - /api/progress
t_ok '...though it varies'			sh -c 'grep -qi "^vary:.*origin" "$1" && ! grep -qi ^access-control "$1"' - "$T/head"
t_ok 'nor a foreign page'			go home 200 - -H 'Origin: https://wiki.example.com.evil' /api/progress
t_ok '...at all'				hasnt '^access-control-'
pre() { p_path=$1; shift; go home "$@" -X OPTIONS -H "$W" -H 'Access-Control-Request-Method: POST' -H 'Access-Control-Request-Headers: authorization,content-type' "$p_path"; }
t_ok 'a preflight'				pre /api/knowledge-items/crawl 204 -
preflight() { cors && has '^access-control-max-age: 600' && has "^access-control-allow-methods:.*$1" && has '^access-control-allow-headers: authorization, content-type' && ! [ -s "$T/body" ] && hasnt '^content-length: [1-9]'; }
t_ok '...for ten minutes'			preflight POST
t_ok '...of the MCP server'			pre /mcp 204 -
t_ok '...the same'				preflight POST
t_ok '...of nothing'				pre /api/nothing 404 not_found
t_ok '...of a foreign page'			go home 405 method_not_allowed -X OPTIONS -H 'Origin: http://evil.example' -H 'Access-Control-Request-Method: POST' /api/progress
t_ok '...which is told nothing'			hasnt '^access-control-'

# -- tokens ----------------------------------------------------------------------------------
make() { t_ctl token add "$@"; }
t_ok 'a name that is none'			sh -c '[ "$("$@" 2>&1 >/dev/null | grep -c "name has 1 to 64")" = 1 ]' - "$T_BLD/fcgi/ctl/archonctl" --config "$T/archon.conf" token add 'a b' --scope read
refuses() { r_want=$1; shift; t_ctl token add "$@" >"$T/said" 2>&1; got=$?; cat "$T/said"; [ "$got" = "$r_want" ]; }
t_ok 'no scope'					refuses 64 x
t_ok 'a scope that is none'			refuses 64 x --scope root
t_ok 'no days'					refuses 64 x --scope read --days 0
READ=$(make reader --scope read); WRITE=$(make crawler --scope crawl); ADMIN=$(make boss --scope admin)
GONE=$(make gone --scope admin); OLD=$(make old --scope admin --days 1)
sqlite3 -cmd '.timeout 5000' "$T/state/archon.db" "UPDATE tokens SET expires_ms = 1 WHERE name = 'old'"
t_ok 'a name that is taken'			refuses 1 reader --scope admin
token_like() { echo "$READ" | grep -qE '^archon_[0-9a-f]{16}_[0-9a-f]{64}$'; }
t_ok 'a token of 256 bits'			token_like
kept() { sqlite3 "$T/state/archon.db" .dump >"$T/dump"; for t in "$READ" "$ADMIN"; do ! grep -q "${t##*_}" "$T/dump" && grep -q "$(printf %s "$t" | sha256sum | cut -d' ' -f1)" "$T/dump" || return; done; }
t_ok '...of which the store has the SHA-256'	kept
t_ok 'revoked'					t_ctl token revoke gone
t_ok '...once'					sh -c '! "$@"' - "$T_BLD/fcgi/ctl/archonctl" --config "$T/archon.conf" token revoke gone
listed() { t_ctl token list >"$T/said" && cat "$T/said" && [ "$(cut -c1-26 "$T/said" | tr -s ' \n' ' ')" = 'boss admin crawler crawl old admin reader read ' ] && grep -q '^old.*EXPIRED' "$T/said"; }
t_ok 'a list of them'				listed
t_ok '...as JSON'				sh -c '"$@" | /usr/bin/python3 -m json.tool' - "$T_BLD/fcgi/ctl/archonctl" --config "$T/archon.conf" --json token list
equal_time() { grep -q 'memeql_sec(a, b' "$T_SRC/shared/credential.c" && grep -q 'credential_same(kept' "$T_SRC/shared/store_tokens.c"; }
t_ok 'compared in the same time, whatever they are' equal_time

B() { printf 'Authorization: Bearer %s' "$1"; }
every_way() {	# DOOR STATUS CODE NAME CURLOPT..: by each program and stream
	e_door=$1 e_want=$2 e_code=$3 e_name=$4; shift 4
	case $e_code in -) e_rpc=- ;; *) e_rpc=rpc ;; esac
	case $e_want in 200) e_ws=101 ;; *) e_ws=$e_want ;; esac
	t_ok "$e_name: the API"		go "$e_door" "$e_want" "$e_code" "$@" /api/knowledge-items
	t_ok "$e_name: health"		go "$e_door" "$e_want" "$e_code" "$@" /health
	t_ok "$e_name: a search"	go "$e_door" "$e_want" "$e_code" "$@" -H "$J" -d '{"query":"x"}' /api/rag/query
	t_ok "$e_name: the MCP server"	ping "$e_door" "$e_want" "$e_rpc" "$@"
	for s in $STREAMS; do
		t_ok "$e_name: $s by WebSocket"	ws "$e_door" "$e_ws" "$e_code" "$@" "$s"
		case $s in *progress*) [ "$e_want" != 200 ] || continue ;; esac
		t_ok "$e_name: $s by event stream" sse "$e_door" "$e_want" "$e_code" "$@" "$s"
	done
	case $e_want in 200) e_want=404 e_code=not_found ;; esac
	t_ok "$e_name: a long poll"	go "$e_door" "$e_want" "$e_code" "$@" '/api/crawl-progress/nothing?wait=0'
}

# -- elsewhere ---------------------------------------------------------------------------------
if [ "$ACCESS_NET" = own ]; then
	every_way bare 403 access_unproved 'served to others unasked'
	every_way bare 403 access_unproved 'with a header of the client' -H 'X-Archon-Access: admin bearer x' -H 'X-Archon-Served: 127.0.0.1 _' -H 'Archon-Access: admin bearer x' -H 'Server-Addr: 127.0.0.1'
	every_way bare 403 access_unproved 'with a token that nobody looks at' -H "$(B "$ADMIN")"
	every_way others 401 token_needed 'to others'
	every_way others 401 token_needed 'with a proof of their own' -H 'X-Archon-Access: admin bearer x' -H 'Host: localhost'
	every_way others 200 - 'to others with a token' -H "$(B "$READ")"
	t_ok 'how to get in is said'		go others 401 token_needed /api/progress
	t_ok '...as HTTP has it'		has '^www-authenticate: Bearer realm="archon"'
	t_ok 'the page itself is shown'		go others 404 - /
	t_ok '...not asked for a token'		grep -q 'web page is not installed' "$T/body"
	t_ok 'over TLS and HTTP/2'		go tls 401 token_needed /api/progress
	t_ok '...which it is'			has '^HTTP/2 401'
	t_ok '...with a token'			go tls 200 - -H "$(B "$READ")" /api/progress
	t_ok '...and IPv6'			sh -c '[ "$(curl -sk --noproxy "*" -o /dev/null -w "%{http_code}" "https://[2001:db8::7]:8443/api/progress")" = 401 ]'
	t_ok 'signing in over TLS'		go tls 200 - -H "$J" -d "{\"token\":\"$READ\"}" /api/login
	t_ok '...by a cookie for TLS alone'	has '^set-cookie: __Host-archon=.*; HttpOnly; SameSite=Strict; Secure'
	C="Cookie: $(sed -nE 's/^[Ss]et-[Cc]ookie: (__Host-archon=[^;]*);.*/\1/p' "$T/head")" O='Origin: https://kb.test:8443'
	t_ok '...from its own page'		go tls 200 - -H "$C" -H "$O" -H "$J" -d '{"query":"x"}' /api/rag/query
	t_ok '...which listens'			sse tls 200 - -H "$C" -H "$O" /api/crawl/stream
	t_ok '...by WebSocket'			ws tls 101 - -H "$C" -H "$O" /api/crawl/stream
	t_ok '...not from another'		ws tls 403 foreign_origin -H "$C" -H 'Origin: https://evil.test:8443' /api/crawl/stream
	t_ok 'a cookie for plain HTTP is none'	go tls 401 token_needed -H "Cookie: ${C#*__Host-}" /api/progress
	t_ok 'plain HTTP is sent to TLS'	sh -c 'curl -s --noproxy "*" -o /dev/null -w "%{http_code} %{redirect_url}" -H "Host: kb.test" "http://$1:8079/a" | grep -x "308 https://kb.test/a"' - "$OTHERS"
	t_ok 'archonctl with a token'		env ARCHON_TOKEN="$READ" "$T_BLD/fcgi/ctl/archonctl" --config "$T/archon.conf" --url "http://$OTHERS:8080" sources
	t_ok '...follows by WebSocket'		sh -c 'ARCHON_TOKEN=$3 timeout 5 "$1" --config "$2/archon.conf" --url "http://$4:8080" logs -f >"$2/said" 2>&1; grep -q "\[" "$2/said" || [ ! -s "$2/said" ]' - "$T_BLD/fcgi/ctl/archonctl" "$T" "$READ" "$OTHERS"
	house 'access = off' >/dev/null
	t_until 15 t_healthy >/dev/null
	t_ok 'access = off: the word of the operator' go bare 200 - /api/progress
	t_ok '...still not under every name'	go bare 403 foreign_host -H 'Host: evil.example' /api/progress
else
	t_skip 'served to others' 'no network namespace can be made here'
fi

# -- required, on loopback as well ------------------------------------------------------------
h_must 'access = required' house 'access = required' 'allow_origins = https://wiki.example.com'
t_ok 'the programs are there'			t_until 15 go guard 200 - -H "$(B "$READ")" /health
every_way home 403 access_unproved 'required, and nginx does not ask'
every_way guard 401 token_needed 'no token'
every_way guard 401 token_unknown 'a wrong token' -H "$(B "$(echo "$ADMIN" | sed 's/.$//')0")"
t_ok 'a token and more'				go guard 401 token_unknown -H "$(B "$READ $ADMIN")" /api/progress
every_way guard 401 token_unknown 'a revoked token' -H "$(B "$GONE")"
every_way guard 401 token_expired 'an expired token' -H "$(B "$OLD")"
every_way guard 401 token_needed 'a password' -u "boss:$ADMIN"
every_way guard 400 token_in_url 'a token in the address' -G --data-urlencode "token=$ADMIN"
every_way guard 200 - 'a token that reads' -H "$(B "$READ")"
t_ok 'it is logged who'				grep -q 'as="read bearer reader"' "$T/nginx/access.log"
used() { t_ctl token list >"$T/said"; cat "$T/said"; grep -q '^reader.*used 2' "$T/said"; }
t_ok '...and when it was used'			used
t_ok 'reading is not crawling'			crawl guard 403 scope_too_small -H "$(B "$READ")"
t_ok '...as HTTP has it'			has '^www-authenticate: Bearer realm="archon", error="insufficient_scope", scope="crawl"'
t_ok 'crawling is'				starts guard c -H "$(B "$WRITE")" 
t_ok 'an agent that reads'			tool guard '"isError":false' "$READ" get_available_sources '{}'
t_ok '...does not crawl'			tool guard '"isError":true.*scope crawl|scope crawl.*"isError":true' "$READ" crawl_single_page "{\"url\":\"http://$H_BAD/site/d/1x0/\"}"
t_ok '...nor delete'				tool guard 'scope crawl' "$READ" delete_source '{"source_id":"0123456789abcdef"}'
t_ok 'one that crawls does'			tool guard '"isError":false' "$WRITE" crawl_single_page "{\"url\":\"http://$H_BAD/site/d/1x0/\"}"

# Each operation says in /api/openapi.json what it needs; with less it is refused.
cat >"$T/scopes" <<'PY'
import json, http.client, socket, sys
unix, tokens = sys.argv[1], dict(read=sys.argv[2], crawl=sys.argv[3])
class Conn(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX); self.sock.connect(unix)
def ask(method, path, token):
    c = Conn("localhost")
    c.request(method, path, None, {"Authorization": "Bearer " + token, "Content-Type": "application/json"} if token else {})
    r = c.getresponse()
    raw = r.read()
    try: return r.status, json.loads(raw).get("code")
    except (ValueError, AttributeError): return r.status, None
doc = None
c = Conn("localhost"); c.request("GET", "/api/openapi.json", None, {"Authorization": "Bearer " + tokens["read"]}); doc = json.load(c.getresponse())
bad = n = 0
for path, methods in doc["paths"].items():
    for method, op in methods.items():
        need = op.get("security", doc["security"])
        need = need[0]["token"][0] if need else None
        at, m = path.replace("{id}", "nothing"), method.upper()
        got = [("nobody", ask(m, at, None), need is not None)]
        got += [("read", ask(m, at, tokens["read"]), need in ("crawl", "admin"))]
        if need == "admin": got += [("crawl", ask(m, at, tokens["crawl"]), True)]
        for who, (status, code), refused in got:
            n += 1
            was = code in ("token_needed", "scope_too_small") or (path == "/mcp" and status == 401)
            if was != refused:
                bad += 1
                print(m, path, "needs", need, "and", who, "got", status, code)
print(n, "asked")
sys.exit(bad != 0 or n < 80)
PY
t_ok 'each operation needs what it says'	/usr/bin/python3 "$T/scopes" "$guard" "$READ" "$WRITE"

# -- the page ------------------------------------------------------------------------------------
login() { go guard "$1" "$2" -H "$J" -d "{\"token\":\"$3\"}" /api/login && cookie=$(sed -nE 's/^[Ss]et-[Cc]ookie: (archon=[^;]*);.*/\1/p' "$T/head"); }
t_ok 'signing in'				login 200 - "$WRITE"
t_ok '...by a cookie that no script reads'	has '^set-cookie: archon=[0-9a-f]*_[0-9a-f]*; Path=/; Max-Age=[0-9]*; HttpOnly; SameSite=Strict.$'
C="Cookie: $cookie"
every_way guard 200 - 'the cookie' -H "$C" -H 'Origin: http://localhost'
t_ok 'an EventSource names no origin'		sse guard 200 - -H "$C" /api/crawl/stream
t_ok 'who that is'				go guard 200 - -H "$C" /api/session
t_ok '...is told'				grep -q '{"access":"required","name":"crawler","scope":"crawl"}' "$T/body"
t_ok 'the page changes things'			starts guard e -H "$C" -H 'Origin: http://localhost' 
t_ok '...by Sec-Fetch-Site'			starts guard f -H "$C" -H 'Sec-Fetch-Site: same-origin' 
t_ok 'a cookie without an Origin'		crawl guard 403 origin_needed -H "$C"
t_ok '...to the MCP server'			ping guard 403 rpc -H "$C"
t_ok '...by WebSocket'				ws guard 403 origin_needed -H "$C" /api/crawl/stream
t_ok 'a cookie with two Origins'		crawl guard 403 foreign_origin -H "$C" -H 'Origin: http://evil.example' -H 'Origin: http://localhost'
t_ok 'a cookie from a foreign page'		crawl guard 403 foreign_origin -H "$C" -H 'Origin: http://evil.example'
t_ok '...by WebSocket'				ws guard 403 foreign_origin -H "$C" -H 'Origin: http://evil.example' /api/crawl/stream
t_ok '...by event stream'			sse guard 403 foreign_origin -H "$C" -H 'Origin: http://evil.example' /api/crawl/stream
t_ok '...that is allowed'			starts guard g -H "$C" -H "$W" 
t_ok 'a refused page of an allowed origin'	go guard 401 token_needed -H "$W" /api/progress
t_ok '...can read why'				sh -c 'grep -qi "^access-control-allow-origin: https://wiki.example.com" "$1" && grep -qi "^access-control-allow-credentials: true" "$1"' - "$T/head"
t_ok 'its preflight needs no token'		go guard 204 - -X OPTIONS -H "$W" -H 'Access-Control-Request-Method: POST' /api/rag/query
t_ok 'nobody else'"'"'s OPTIONS passes'		go guard 403 access_unproved -X OPTIONS /api/progress
t_ok 'a token as a cookie'			go guard 401 token_needed -H "Cookie: archon=$WRITE" /api/progress
t_ok 'a cookie as a token'			go guard 401 token_unknown -H "$(B "${cookie#*=}")" /api/progress
t_ok 'signing out, from a foreign page'		go guard 403 foreign_origin -X POST -H "$C" -H 'Origin: http://evil.example' /api/logout
t_ok 'signing out'				go guard 200 - -X POST -H "$C" -H 'Origin: http://localhost' /api/logout
t_ok '...ends it'				go guard 401 session_ended -H "$C" /api/progress
t_ok 'signing in again'				login 200 - "$WRITE"
last=$cookie
t_ok 'its token revoked'			t_ctl token revoke crawler
t_ok '...the cookie dies with it'		go guard 401 session_ended -H "Cookie: $cookie" /api/progress
t_ok 'signing in with what is revoked'		login 401 token_unknown "$WRITE"

# -- guessing --------------------------------------------------------------------------------------
guess() {
	for n in 0 1 2 3 4 5 6 7 8 9 a b; do go guard '' - -H "$(B "$n${READ#?}")" /api/progress >/dev/null; done
	go guard 429 too_many_tries -H "$(B "x$READ")" /api/progress
}
t_ok 'a dozen guesses'				guess
t_ok '...and it is said for how long'		has '^retry-after: [0-9]'
t_ok '...to whoever comes from there'		go guard 429 too_many_tries -H "$(B "$READ")" /api/progress
t_ok '...to agents'				ping guard 429 rpc -H "$(B "$READ")"
t_ok '...and who signs in'			login 429 too_many_tries "$READ"
logged() { id=$(sed -nE 's/^[Xx]-[Rr]equest-[Ii]d: ([0-9a-f]*).*/\1/p' "$T/logged"); grep "access refused id=$id address=[^ ]* code=token_unknown" "$T/api.log"; }
house 'access = required' >/dev/null
t_until 15 go guard 401 token_needed /health >/dev/null
go guard 401 token_unknown -H "$(B 'a wrong one')" /api/progress >/dev/null; cp "$T/head" "$T/logged"
t_ok 'a wrong one is in the log, with its id'	logged
secret() { for t in "$READ" "$WRITE" "$ADMIN" "$GONE" "$last"; do ! grep -l -- "${t##*_}" "$T"/*.log "$T"/nginx/*.log || return; done; }
t_ok '...and no secret is in any'		secret

# -- without the API ---------------------------------------------------------------------------------
t_stop api >/dev/null
t_ok 'nobody to ask: nobody comes in'		go guard 502 api_down -H "$(B "$READ")" /api/progress
t_ok '...by WebSocket'				ws guard 502 api_down -H "$(B "$READ")" /api/crawl/stream
t_ok '...nor agents'				ping guard 502 rpc -H "$(B "$READ")"
