# t/house.sh - sourced after t/lib.sh by tests of the whole house.
#
#	h_need			skip the script without badsite, python3-websockets, sqlite3
#	h_must NAME CMD...	t_ok, and the script ends here when it fails
#	h_badsite		start t/badsite.c; $H_BAD is its host:port, $H_DEAF's nobody takes
#	h_uuid			a fresh progress id
#	h_post JSON [CURLOPT..]	POST it as a crawl; prints the status, body in $T/body
#	h_start URL [MEMBERS]	start a crawl ("max_pages":5, ...), its id in $h_id; fails unless 202
#	h_get KEY		that member of the JSON in $T/body
#	h_is ID KEY VALUE	poll ID once: KEY is VALUE
#	h_ended ID		poll ID once: it has ended
#	h_sql SQL		ask the store
#	h_ws NAME PATH [OPT..]	a WebSocket client in the background; its events in $T/NAME.ws
#	h_ws_end NAME		wait until it ends by itself (20 s)
#	h_heard NAME REGEX	it has a line like this
#	h_count NAME REGEX	how many such lines
#
# They leave $T/body for the last of them that asked.

h_need() {
	[ -x "$T_BLD/t/badsite" ] || t_need "$T_BLD/t/badsite"
	t_need curl "$T_NGINX" sqlite3 /usr/bin/python3
	/usr/bin/python3 -c 'import websockets' 2>/dev/null || t_need python3-websockets
}

h_must() {
	h_bad=$T_BAD
	t_ok "$@"
	[ "$T_BAD" -eq "$h_bad" ] || exit 1
}

h_badsite() {
	mkdir -p "$T/bad"
	t_start badsite "$T_BLD/t/badsite" "$T/bad"
	t_until 10 test -s "$T/bad/port" || return
	H_BAD=127.0.0.1:$(cat "$T/bad/port")
	H_DEAF=127.0.0.1:$(cat "$T/bad/deaf")
}

h_uuid() { sed -E 's/^(.{14})./\14/; s/^(.{19})./\18/' /proc/sys/kernel/random/uuid; }

h_post() {
	h_json=$1; shift
	t_get -H 'Content-Type: application/json' --data-binary "$h_json" "$@" /api/knowledge-items/crawl
}

h_start() {
	h_id=$(h_uuid)
	h_status=$(h_post "{\"url\":\"$1\",\"progress_id\":\"$h_id\"${2:+,$2}}")
	[ "$h_status" = 202 ] || { echo "status $h_status"; cat "$T/body"; return 1; }
}

h_get() { sed -nE "s/.*\"$1\":(\"(([^\"\\\\]|\\\\.)*)\"|([^,}]*)).*/\2\4/p" "${2:-$T/body}"; }

h_is() {
	[ "$(t_get "/api/crawl-progress/$1")" = 200 ] || { cat "$T/body"; return 1; }
	h_got=$(h_get "$2")
	[ "$h_got" = "$3" ] || { echo "$2 is $h_got, want $3"; cat "$T/body"; return 1; }
}

h_ended() {
	[ "$(t_get "/api/crawl-progress/$1")" = 200 ] || { cat "$T/body"; return 1; }
	case $(h_get status) in completed | error | cancelled) return 0 ;; esac
	cat "$T/body"
	return 1
}

h_sql() { sqlite3 -readonly -cmd '.timeout 5000' "$T/state/archon.db" "$1"; }

h_ws() {
	h_name=$1 h_path=$2; shift 2
	: >"$T/$h_name.ws"
	timeout 120 /usr/bin/python3 "$T_SRC/t/ws/client" follow "$T/http.sock" "$h_path" "$@" >>"$T/$h_name.ws" 2>&1 &
	echo $! >"$T/$h_name.wspid"
}

h_ws_gone() { ! kill -0 "$(cat "$T/$1.wspid")" 2>/dev/null; }

h_ws_end() {
	t_until 20 h_ws_gone "$1" || { cat "$T/$1.ws"; kill "$(cat "$T/$1.wspid")"; return 1; }
	wait "$(cat "$T/$1.wspid")" 2>/dev/null
	cat "$T/$1.ws"
}

h_heard() { cat "$T/$1.ws"; grep -qE "$2" "$T/$1.ws"; }

h_count() { grep -cE "$2" "$T/$1.ws"; }
