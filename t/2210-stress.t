#!/bin/sh
# The relay under clients of which one in twenty does not read, and executed anew
# under them: nobody else loses anything.  T_LONG=1: 2,000 clients.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
cd "$T_BLD/t/stress" || exit 99
relay=$T_BLD/fcgi/relay/archon-relay
clients=40 entries=8000
[ -z "${T_LONG:-}" ] || { clients=2000 entries=100000; ulimit -n "$(ulimit -Hn)"; }

fails() {	# a negative control: status 1, not a crash and not silence
	"$@"
	t_got=$?
	[ "$t_got" -eq 1 ] || { echo "status $t_got, want 1"; return 1; }
}
t_ok 'who reads loses nothing, who does not is told' ./stress_relay "$relay" $clients $entries
t_ok 'no socket closes while it is executed anew' ./stress_relay -u "$relay" $clients $entries
t_ok 'a judge that misses entries finds out' fails ./stress_relay_cursor "$relay" 10 1000
