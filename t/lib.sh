# t/lib.sh - sourced first by every t/*.t.  Plain sh, TAP on stdout.
#
#	t_need CMD...		skip the whole script when one is missing
#	t_ok NAME CMD...	one test point; CMD's output is shown when it fails
#	t_skip NAME WHY		one test point that cannot be made here
#	t_until SECONDS CMD...	poll CMD; never sleep and hope
#	t_start NAME CMD...	a daemon that dies with the test; log in $T/NAME.log
#	t_stop NAME		TERM it (KILL after 10 s), wait, give its exit status
#	t_kill NAME		SIGKILL it, wait: a crash
#	t_pid NAME		its process id
#	t_conf [LINE...]	write $T/archon.conf: everything below $T, then the lines
#	t_nginx			nginx with the files that ship, on $T/http.sock
#	t_archon [LINE...]	t_conf, t_nginx, then api, mcp, relay and crawler; waits for health
#	t_restart PART		start api, mcp, relay or crawler (again) with the same files
#	t_site DIR		serve DIR on a loopback address; $T_SITE is host:port
#	t_get [OPTION...] PATH	curl through nginx: body in $T/body, prints the status
#	t_status WANT ...	t_get, and the status must be WANT
#	t_ctl ARG...		archonctl, talking to this nginx
#
# Everything a test makes lives in $T, a short name: a unix socket path holds
# 107 bytes.  T_KEEP=1 keeps $T; it is kept anyway after a failure.  At the end
# every daemon must stop by TERM with status 0, and no log may hold a sanitizer
# report or an alert of nginx.

: "${T_SRC:=$(cd "$(dirname "$0")/.." && pwd)}"
: "${T_BLD:=$T_SRC}"
case ${T_NGINX:-no} in no) T_NGINX=nginx; PATH=$PATH:/usr/sbin:/usr/local/sbin ;; esac
. "$T_SRC/conf/nginx.sh"
unset ARCHON_URL http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
T=$(mktemp -d "${TMPDIR:-/tmp}/t.XXXXXX") || exit 99
T_N=0 T_BAD=0 T_NAMES=

# -- test points ----------------------------------------------------------------

t_ok() {
	T_N=$((T_N + 1)) t_point=$1; shift
	if "$@" >"$T/out" 2>&1; then
		echo "ok $T_N - $t_point"
	else
		T_BAD=$((T_BAD + 1))
		echo "not ok $T_N - $t_point"
		sed 's/^/# /' "$T/out"; echo
	fi
}

t_skip() {
	T_N=$((T_N + 1))
	echo "ok $T_N - $1 # SKIP $2"
}

t_need() {
	for t_cmd; do
		command -v "$t_cmd" >/dev/null && continue
		trap - EXIT
		rm -rf "$T"
		echo "1..0 # SKIP no $t_cmd"
		exit 0
	done
}

t_until() {
	t_left=$(($1 * 20)); shift
	until "$@" >/dev/null 2>&1; do
		t_left=$((t_left - 1))
		[ "$t_left" -gt 0 ] || { "$@"; return; }	# the last try is heard
		sleep 0.05
	done
}

# -- daemons --------------------------------------------------------------------

t_pid() { cat "$T/$1.pid"; }

t_start() {
	t_name=$1; shift
	"$@" >>"$T/$t_name.log" 2>&1 &
	echo $! >"$T/$t_name.pid"
	case " $T_NAMES " in *" $t_name "*) ;; *) T_NAMES="$t_name $T_NAMES" ;; esac
}

t_stop() {
	t_victim=$(t_pid "$1") || return
	rm -f "$T/$1.pid"
	: >"$T/$1.stopping"
	kill -TERM "$t_victim" 2>/dev/null
	(	# not told by a signal when it is over: one that comes before its trap is set is lost
		t_left=100
		while [ -e "$T/$1.stopping" ] && [ "$t_left" -gt 0 ]; do
			sleep 0.1
			t_left=$((t_left - 1))
		done
		[ ! -e "$T/$1.stopping" ] || kill -KILL "$t_victim"
	) >/dev/null 2>&1 &
	wait "$t_victim"
	set -- $? "$1"
	rm -f "$T/$2.stopping"
	[ "$1" -eq 0 ] || echo "exit status $1"
	return "$1"
}

t_kill() {
	t_victim=$(t_pid "$1") || return
	rm -f "$T/$1.pid"
	kill -KILL "$t_victim"
	wait "$t_victim" 2>/dev/null
	return 0
}

# -- archon ---------------------------------------------------------------------

t_conf() {
	mkdir -p "$T/run" "$T/state"
	{
		echo "run_dir = $T/run"
		echo "state_dir = $T/state"
		case "$*" in *table_rows*) ;; *) echo "table_rows = 64" ;; esac
		for t_line; do echo "$t_line"; done
	} >"$T/archon.conf"
}

t_nginx() {
	nginx_write "$T_SRC" "$T/nginx" "$T/run" "$T/data" "unix:$T/http.sock" && t_nginx_start
}

t_nginx_start() {	# with the files as they are
	t_start nginx "$T_NGINX" -p "$T/nginx" -c "$T/nginx/nginx.conf" -e "$T/nginx/error.log"
	t_until 10 test -S "$T/http.sock"
}

t_restart() {
	case $1 in
	crawler) t_start crawler "$T_BLD/fcgi/crawler/archon-crawler" --config "$T/archon.conf" ;;
	*) t_start "$1" "$T_BLD/fcgi/$1/archon-$1" --config "$T/archon.conf" --socket "$T/run/$1.sock" ;;
	esac
}

t_healthy() { [ "$(t_get /health)" = 200 ] && grep -q '"status":"healthy"' "$T/body"; }

t_archon() {
	t_conf "$@" && t_nginx || return
	for t_part in api mcp relay crawler; do t_restart "$t_part"; done
	t_until 15 test -S "$T/run/api.sock" -a -S "$T/run/mcp.sock" -a -S "$T/run/relay.sock"	# nginx logs [crit] when they are not there
	t_until 15 t_healthy || { cat "$T/body"; tail -n 5 "$T"/api.log "$T"/mcp.log "$T"/relay.log "$T"/crawler.log; return 1; }
}

t_get() { 	# the path comes last
	for t_path; do :; done
	t_i=1
	while [ "$t_i" -lt $# ]; do
		t_arg=$1; shift
		set -- "$@" "$t_arg"
		t_i=$((t_i + 1))
	done
	shift
	: >"$T/body"		# curl leaves it alone when a reply has none
	curl -sS --max-time 30 --unix-socket "$T/http.sock" -D "$T/head" -o "$T/body" -w '%{http_code}' "$@" "http://localhost$t_path"
}

t_status() {
	t_want=$1; shift
	t_got=$(t_get "$@")
	echo "status $t_got, want $t_want"
	cat "$T/head" "$T/body"
	[ "$t_got" = "$t_want" ]
}

t_ctl() { timeout -k 5 120 "$T_BLD/fcgi/ctl/archonctl" --config "$T/archon.conf" --url "unix:$T/http.sock" "$@"; }

# -- a site to crawl --------------------------------------------------------------

# Every process has a loopback address of its own, made from its id, so that two
# tests never want the same one; a port taken on all addresses is tried past.
t_site() {
	t_host=127.$(($$ / 62500 % 250 + 1)).$(($$ / 250 % 250)).$(($$ % 250 + 1))
	for t_port in 18080 28123 38297 48611; do
		T_SITE=$t_host:$t_port
		mkdir -p "$T/site.nginx"
		nginx_site "$1" "$T/site.nginx" "$T_SITE"
		t_start site "$T_NGINX" -p "$T/site.nginx" -c "$T/site.nginx/nginx.conf" -e "$T/site.nginx/error.log"
		if t_until 3 sh -c '[ -s "$1/nginx.pid" ] && curl -s -o /dev/null "http://$2/"' - "$T/site.nginx" "$T_SITE"; then
			return 0
		fi
		t_stop site >/dev/null 2>&1
		rm -rf "$T/site.nginx"
	done
	echo 'no port to serve the site on'
	return 1
}

# -- the end ----------------------------------------------------------------------

t_reports() {
	! grep -E 'Sanitizer|runtime error:|\[(alert|emerg)\]|Assertion .* failed' \
		"$T"/*.log "$T"/nginx/error.log "$T"/site.nginx/error.log 2>/dev/null
}

t_end() {
	t_rc=$?
	trap - EXIT
	# A child ended between fork and forgetting our traps: the house is not its own.
	read -r t_self t_rest </proc/self/stat
	[ "$t_self" -eq $$ ] || exit "$t_rc"
	for t_each in $T_NAMES; do
		[ -f "$T/$t_each.pid" ] || continue
		t_ok "TERM ends $t_each with status 0" t_stop "$t_each"
	done
	[ -z "$T_NAMES" ] || t_ok 'no sanitizer report, no nginx alert' t_reports
	echo "1..$T_N"
	if [ "$T_BAD" -gt 0 ] || [ "$t_rc" -ne 0 ] || [ -n "${T_KEEP:-}" ]; then
		echo "# kept: $T"
	else
		rm -rf "$T"
	fi
	[ "$T_BAD" -eq 0 ] && exit "$t_rc"
	exit 1
}
trap t_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
