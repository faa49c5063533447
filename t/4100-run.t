#!/bin/sh
# conf/run as a person uses it: start, a second start, another instance beside it,
# a port that is taken, stop.  It runs what this build tree holds.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
t_need curl "$T_NGINX" flock setsid pgrep /usr/bin/python3

# conf/run builds in a cache of its own; here that is this very build tree, without a page
src=$(cd "$T_SRC" && pwd -P)
build=$T/cache/archon/build-$(echo "$src" | cksum | cut -d' ' -f1)
mkdir -p "$T/cache/archon" && ln -s "$(cd "$T_BLD" && pwd -P)" "$build"
touch "$T_BLD/page.failed"

free_port() {	# taken a moment later by what we start; another is tried then
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
run() { XDG_CACHE_HOME=$T/cache timeout 120 "$src/conf/run" "$@" </dev/null; }
start() {	# DIR
	for try in 1 2 3; do
		port=$(free_port)
		run --port "$port" --dir "$1" --no-demo --background && return
	done
	return 1
}
healthy() { curl -sS --max-time 10 "http://127.0.0.1:$1/health" | grep -q '"status":"healthy"'; }
refused() { WANT=$1; shift; run "$@" >"$T/said" 2>&1 && return 1; cat "$T/said"; grep -q -- "$WANT" "$T/said"; }
gone() { ! pgrep -af "$1"; }

if [ -f "$src/config.status" ] && [ "$src" != "$(cd "$T_BLD" && pwd -P)" ]; then
	t_skip 'conf/run' 'the source tree is configured in place'
	exit 0
fi
t_ok 'it starts and is healthy'		start "$T/one"
one=$port
t_ok '...as it says'			healthy "$one"
t_ok 'twice in one directory: refused'	refused 'already running' --port "$one" --dir "$T/one" --no-demo --background
t_ok 'another instance beside it'	start "$T/two"
t_ok '...answers'			healthy "$port"
t_ok '...and so does the first'		healthy "$one"
t_ok 'a port that is taken: refused'	refused 'taken' --port "$one" --dir "$T/three" --no-demo --background
t_ok 'a port that is none: refused'	refused 'port' --port 0 --dir "$T/three"
doctor() {	# of this instance, not of the host
	"$T_BLD/fcgi/ctl/archonctl" --config "$T/one/archon.conf" doctor >"$T/said" 2>&1; d_rc=$?
	cat "$T/said"
	[ "$d_rc" -eq 0 ] && grep -q "^ok *nginx *leads to archon in $T/one/run" "$T/said" && ! grep -E '^(warn|fail)' "$T/said" | grep -vE ' (clock|selinux|apparmor|disk|run_dir) '
}
t_ok 'doctor is content with it'	doctor
nginx_away() { rm "$T/one/nginx/http.conf" && ! doctor && grep -q '^\(fail\|warn\) *nginx .*http.conf' "$T/said"; }
t_ok '...and would not be with less'	nginx_away
t_ok 'stop'				run --stop --dir "$T/one"
t_ok '...leaves the other'		healthy "$port"
t_ok '...and nothing of its own'	t_until 10 gone "$T/one/archon.conf"
t_ok 'start again'			start "$T/one"
t_ok 'stop'				run --stop --dir "$T/one"
t_ok 'stop the other'			run --stop --dir "$T/two"
t_ok 'stop what does not run'		run --stop --dir "$T/nowhere"
t_ok '...makes no directory'		test ! -e "$T/nowhere"
rm -f "$T_BLD/page.failed" "$T_BLD/build.log" "$T_BLD/lock"	# what conf/run leaves where it builds
