#!/bin/sh
# What stays open under a token ends with it: revoked, expired, its session over; and
# nobody else notices.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

guarded() {	# one door, and access.conf in it
	t_conf 'access = required' "$@" &&
		nginx_write "$T_SRC" "$T/nginx" "$T/run" "$T/data" "unix:$T/http.sock" "include $T/nginx/access.conf;" && t_nginx_start || return
	for part in api mcp relay crawler; do t_restart $part; done
	t_until 15 test -S "$T/run/api.sock" -a -S "$T/run/mcp.sock" -a -S "$T/run/relay.sock"
}
h_must 'the house stands' guarded
STAYS=$(t_ctl token add stays --scope read)
GOES=$(t_ctl token add goes --scope read)
SHORT=$(t_ctl token add short --scope read --days 1)
J='Content-Type: application/json'
get() { g_want=$1 g_token=$2; shift 2; t_status "$g_want" -H "Authorization: Bearer $g_token" "$@"; }
well() { get 200 "$STAYS" /health && grep -q '"status":"healthy"' "$T/body"; }
h_must 'all is well' t_until 15 well

follow() { f_name=$1 f_token=$2; shift 2; h_ws "$f_name" /api/mcp/logs/stream --header "Authorization: Bearer $f_token" "$@"; t_until 10 h_heard "$f_name" '^open'; }
events() {	# NAME TOKEN: until the stream ends; then its status stands at the end of the file
	e_name=$1 e_token=$2
	: >"$T/$e_name.sse"
	(curl -sSNf --max-time 60 --unix-socket "$T/http.sock" -H 'Accept: text/event-stream' -H "Authorization: Bearer $e_token" http://localhost/api/crawl/stream >>"$T/$e_name.sse" 2>&1; echo "curl $?" >>"$T/$e_name.sse") &
	t_until 10 grep -qE "^(retry:|curl)" "$T/$e_name.sse" && grep -q "^retry:" "$T/$e_name.sse"
}
over() { grep -qx 'curl 0' "$T/$1.sse"; }
told() { h_ws_end "$1" && h_heard "$1" '^close 1008 access has ended: the token was revoked, or has expired$'; }
# In each of them comes what is logged from here on: so it is alive.
alive() {
	a_line="still $(h_uuid)"
	t_ctl_as logs push --level info "$a_line" || return
	for a_name; do t_until 10 h_heard "$a_name" "$a_line" || return; done
}
t_ctl_as() { ARCHON_TOKEN=$ADMIN t_ctl "$@"; }
ADMIN=$(t_ctl token add boss --scope admin)

t_ok 'one follows'			follow stays "$STAYS"
t_ok '...another'			follow goes "$GOES"
t_ok '...by event stream'		events goes "$GOES"
t_ok '...both are told'			alive stays goes
said() { t_ctl token revoke goes >"$T/said" && cat "$T/said" && grep -q 'what was open under it' "$T/said"; }
t_ok 'the other is revoked'		said
t_ok '...and told why, by 1008'		told goes
t_ok '...an event stream ends'		t_until 10 over goes
t_ok '...and does not come back'	get 401 "$GOES" /api/progress
t_ok 'the first has not noticed'	alive stays

expiring() {	# soon, but not before both have connected, however slow it is here
	for soon in 3 6 12; do
		end=$(($(date +%s) + soon))
		sqlite3 -cmd '.timeout 5000' "$T/state/archon.db" "UPDATE tokens SET expires_ms = $end * 1000 WHERE name = 'short'"
		h_ws short /api/mcp/logs/stream --header "Authorization: Bearer $SHORT"
		t_until 20 grep -qE '^(open|refused)' "$T/short.ws"
		h_heard short '^open' && events short "$SHORT" && return
	done
	return 1
}
t_ok 'a token that expires soon'	expiring
t_ok '...ends what is open'		told short
t_ok '...by event stream, too'		t_until 10 over short
expired() { [ "$(date +%s)" -ge "$end" ] && get 401 "$SHORT" /api/progress && grep -q token_expired "$T/body"; }
t_ok '...when it is over, not before'	expired
t_ok 'the first has not noticed that'	alive stays

login() { t_status 200 -H "$J" -d "{\"token\":\"$STAYS\"}" /api/login && sed -nE 's/^[Ss]et-[Cc]ookie: (archon=[^;]*);.*/\1/p' "$T/head" >"$T/$1.cookie" && [ -s "$T/$1.cookie" ]; }
cookie_follow() { h_ws "$1" /api/mcp/logs/stream --header "Cookie: $(cat "$T/$1.cookie")" --origin http://localhost; t_until 10 h_heard "$1" '^open'; }
page() { t_status "$2" -H "Cookie: $(cat "$T/$1.cookie")" /api/progress; }
t_ok 'one signs in'			login one
t_ok '...and in another browser'	login two
t_ok '...follows here'			cookie_follow one
t_ok '...and there'			cookie_follow two
t_ok 'signs out here'			t_status 200 -X POST -H "Cookie: $(cat "$T/one.cookie")" -H 'Origin: http://localhost' /api/logout
t_ok '...which ends what is open'	told one
t_ok '...and does not come back'	page one 401
t_ok 'what was open there is asked again' told two
t_ok '...and comes back'		page two 200
t_ok '...to follow'			cookie_follow two
t_ok '...alive'				alive two

# The relay is replaced under them, and still knows whose they are.
t_ok 'a token more'			sh -c 'test -n "$1"' - "${LATER:=$(t_ctl token add later --scope read)}"
t_ok '...follows'			follow later "$LATER"
again() { kill -HUP "$(t_pid relay)" && t_until 10 grep -q 'handover clients=' "$T/relay.log"; }
t_ok 'the relay is executed anew'	again
t_ok '...alive'				alive later two
t_ok 'revoked by its owner'		t_ctl token revoke later
t_ok '...it ends'			told later
t_ok '...alone'				alive two

# Who cannot be told, is told about.
deaf() {
	for part in api mcp relay crawler; do t_stop $part || return; done
	echo 'no table of ours' >"$T/run/live/writers/table"
	t_ctl token revoke stays >"$T/said" 2>&1; d_rc=$?
	cat "$T/said"; [ "$d_rc" -eq 1 ] && grep -q 'stays is revoked, but streams .*systemctl restart archon-relay' "$T/said"
}
t_ok 'a table that is none'		deaf
