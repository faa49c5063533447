#!/bin/sh
# How much one address may ask for, by the limits that ship: strangers, each by the
# address that real_ip gives nginx; and neighbours, who are not counted.  What may come
# at once is as it ships; what comes back with time is held down, lest it depend on
# how fast this machine is.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need
as_others() {	# whoever says so is another client
	t_conf 'max_clients = 4000' && nginx_write "$T_SRC" "$T/nginx" "$T/run" "$T/data" "unix:$T/http.sock" \
		"set_real_ip_from unix:; real_ip_header X-Client;" && sed -i 's|rate=[0-9]*r/[sm]|rate=1r/m|' "$T/nginx/http.conf" && t_nginx_start || return
	for part in api mcp relay crawler; do t_restart $part; done
	t_until 15 test -S "$T/run/api.sock" -a -S "$T/run/mcp.sock" -a -S "$T/run/relay.sock"
	t_until 15 t_healthy
}
h_must 'the house stands' as_others
TOKEN=$(t_ctl token add stranger --scope read)

# ask N ADDRESS REQUEST...: N of these requests in turn, as fast as they go on one kept
# connection, up to the 50th that is refused; prints how many had which status, "1000 200".
# A request is PATH or PATH=BODY.
cat >"$T/ask" <<'PY'
import collections, http.client, socket, sys
unix, n, address, requests = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
class Conn(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX); self.sock.connect(unix)
c, got = Conn("localhost"), collections.Counter()
for i in range(n):
    path, _, body = requests[i % len(requests)].partition("=")
    headers = {"X-Client": address} if address != "-" else {}
    if body: headers["Content-Type"] = "application/json"
    c.request("POST" if body else "GET", path, body or None, headers)
    r = c.getresponse()
    last = r.read()
    got[r.status] += 1
    if r.status == 429:
        if got[429] == 50: break
        with open(sys.argv[0] + ".429", "w") as f: f.write("".join(f"{k}: {v}\n" for k, v in r.getheaders()) + last.decode())
for status, count in sorted(got.items()): print(count, status)
PY
# streams N ADDRESS: as many event streams at once; prints as above, when the last is answered
cat >"$T/streams" <<'PY'
import collections, socket, sys
unix, n, address = sys.argv[1], int(sys.argv[2]), sys.argv[3]
got, kept = collections.Counter(), []
for i in range(n):
    s = socket.socket(socket.AF_UNIX); s.connect(unix)
    s.sendall(f"GET /api/crawl/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nX-Client: {address}\r\n\r\n".encode())
    head = s.recv(4096).decode()
    got[head.split()[1]] += 1
    kept.append(s)
    if " 429 " in head:
        with open(sys.argv[0] + ".429", "w") as f: f.write(head)
for status, count in sorted(got.items()): print(count, status)
PY
ask() { rm -f "$T/ask.429"; timeout 120 /usr/bin/python3 "$T/ask" "$T/http.sock" "$@" >"$T/said"; cat "$T/said"; }
streams() { rm -f "$T/streams.429"; sh -c 'ulimit -n 4096; exec timeout 120 /usr/bin/python3 "$@"' - "$T/streams" "$T/http.sock" "$@" >"$T/said"; cat "$T/said"; }
count() { awk -v s="$1" '$2 == s { n = $1 } END { print n + 0 }' "$T/said"; }
refused() { [ "$(count 429)" -gt 0 ]; }
none() { ask "$@" && [ "$(count 429)" -eq 0 ]; }
reply() {	# what nginx said: shape, headers
	cat "$T/$1.429"
	grep -qi '^Retry-After: [0-9]' "$T/$1.429" && grep -qi '^X-Content-Type-Options: nosniff' "$T/$1.429" &&
		grep -qi '^Content-Type: application/json' "$T/$1.429" && grep -q "$2" "$T/$1.429"
}
PAGE='/ /api/session /api/progress /api/knowledge-items?per_page=20 /health'
J='"error":"[^"]*","detail":{"error":"[^"]*"},"code":"too_many_requests"}'

# A stranger polls a thousand times, another opens the page two hundred times: as fast as it goes.
t_ok 'a thousand polls are nothing'	none 1000 192.0.2.1 /api/progress
# shellcheck disable=SC2086
t_ok '...nor the page, all that it asks for' none 1000 192.0.2.2 $PAGE
flood() { ask 1100 192.0.2.3 /api/nothing && refused && [ "$(count 404)" -ge 1000 ]; }
t_ok 'a flood is stemmed, after a thousand' flood
t_ok '...in our words, with a time to wait' reply ask "$J"
agents() { ask 10 192.0.2.3 '/mcp={"jsonrpc":"2.0","id":1,"method":"ping"}'; refused; }
t_ok 'whoever asked too much is refused as an agent' agents
t_ok '...in their words'		reply ask '"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Too much'
live() { streams 10 192.0.2.3; refused; }
t_ok '...and on streams'		live
t_ok '...in our words'			reply streams Retry-After

t_ok 'while no other stranger notices'	none 1000 192.0.2.4 /api/progress

# Neighbours: a unix socket, loopback by its own name and in an IPv6 socket.
for a in - 127.0.0.1 127.8.9.10 ::1 ::ffff:127.0.0.1; do
	t_ok "$a is not counted"	none 2000 "$a" /api/nothing
done

starts() { ask 150 "$1" '/api/knowledge-items/crawl={}' '/api/crawl/single={}' '/api/knowledge-items/0123456789abcdef/refresh={}' '/api/documents/upload={}'; }
many() { starts 198.51.100.1; refused && [ $(($(count 404) + $(count 415) + $(count 422) + $(count 400))) -ge 60 ]; }
t_ok 'crawls may be started, sixty at once' many
t_ok '...more are refused'		reply ask "$J"
t_ok '...while all else goes on'	none 200 198.51.100.1 /api/progress
n=0
sixty() { while [ $((n += 1)) -le 60 ]; do echo "/api/knowledge-items/crawl={}"; done; }
# shellcheck disable=SC2046
t_ok '...as it does for another'	none 60 198.51.100.2 $(sixty)
neighbour() { starts 127.0.0.1; ! refused; }
t_ok '...and for a neighbour'		neighbour

login() { ask 40 "$1" "/api/login={\"token\":\"$TOKEN\"}"; }
ten_of() { login "$1"; refused && [ "$(count 200)" -ge 10 ]; }
t_ok 'one signs in ten times'		ten_of 203.0.113.1
t_ok '...no more'			reply ask "$J"
# An IPv6 network is one client, with line feeds in its bytes as well; of IPv4 each address is, in an IPv6 socket as well.
t_ok 'one of an IPv6 network uses up'	ten_of 2001:db8:a0a:a::1
spent() { login "$1" && [ "$(count 200)" -eq 0 ]; }
t_ok '...what another of it might'	spent 2001:db8:a0a:a:ffff:ffff:ffff:9
t_ok '...not what the next network may'	ten_of 2001:db8:a0a:b::1
t_ok 'IPv4 in an IPv6 socket uses up'	ten_of ::ffff:203.0.113.2
t_ok '...what it may in its own'	spent 203.0.113.2
t_ok '...not what another may'		ten_of ::ffff:203.0.113.3
near() { login 127.0.0.1; ! refused; }
t_ok '...a neighbour does'		near

most() { streams 520 203.0.113.9; [ "$(count 200)" -eq 500 ] && [ "$(count 429)" -eq 20 ]; }
t_ok '500 streams are open at once, no more' most
t_ok '...in our words'			reply streams Retry-After
emptied() { streams 1 203.0.113.9; [ "$(count 200)" -eq 1 ]; }
t_ok '...when they have closed there is room' t_until 10 emptied
home() { streams 520 127.0.0.1; [ "$(count 200)" -eq 520 ]; }
t_ok '...a neighbour has more'		home

# The table of conf/README, from the files.
ships() { sed -n "s/^limit_[a-z]*_zone .*zone=\(archon_[a-z]*\):\([0-9]*\)m; *\$/\1 \2/p; s|^limit_req_zone .*zone=\(archon_[a-z]*\):\([0-9]*\)m *rate=\(.*\);\$|\1 \2 \3|p" "$T_SRC/conf/nginx/http.conf.in" |
	sed 's|100r/s|100|; s|1r/s$|1|; s|12r/m|0.2|' | sort; }
says() { awk '$1 ~ /^archon_(asks|starts|logins|streams)$/ && $NF == "MB" { print $1, $(NF - 1), $1 == "archon_streams" ? "" : $(NF - 3) }' "$T_SRC/conf/README" | sed 's/ *$//' | sort; }
rates() { ships >"$T/ships"; says >"$T/says"; cat "$T/ships"; [ "$(wc -l <"$T/says")" -eq 4 ] && diff "$T/ships" "$T/says"; }
t_ok 'conf/README has the rates and zones that ship'	rates
bursts() { awk '$1 ~ /^archon_(asks|starts|logins|streams)$/ && $NF == "MB" { print $1, $(NF - 2) }' "$T_SRC/conf/README" >"$T/says"
	while read -r zone n; do grep -hE "zone=$zone burst=$n nodelay;|limit_conn $zone $n;" "$T_SRC"/conf/nginx/*.in || { echo "$zone $n"; return 1; }; done <"$T/says"; }
t_ok '...and what may come at once'	bursts
