#!/bin/sh
# The relay under crowds, in short; T_LONG=1 does it at length.  Of clients that read
# nobody loses anything, whatever others do and however often the relay is executed
# anew; who comes back has the newest state; nobody leaves a trace.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
cd "$T_BLD/t/stress" || exit 99
TMPDIR=$T export TMPDIR
relay=$T_BLD/fcgi/relay/archon-relay broken=$T_BLD/t/stress/broken_relay
clients=40 entries=8000 comers=200 restarts=2 upgrades=3 visits=1000 bound=
[ -z "${T_LONG:-}" ] || { clients=2000 entries=100000 comers=5000 restarts=6 upgrades=10 visits=200000 bound='-b 2000'; }

fails() {	# FAULT CMD...: a negative control: status 1, not a crash and not silence
	BROKEN=$1; export BROKEN; shift
	"$@"
	t_got=$?
	unset BROKEN
	[ "$t_got" -eq 1 ] || { echo "status $t_got, want 1"; return 1; }
}
said() {	# the figures, also when all is well
	"$@" >"$T/said"
	t_got=$?
	sed 's/^#* */# /' "$T/said" | tee -a "$T/figures"
	return $t_got
}
t_ok 'who reads loses nothing, who does not is told or closed' said ./stress_relay "$relay" $clients $entries
t_ok 'no socket closes while it is executed anew' said ./stress_relay -u "$relay" $clients $entries
t_ok 'who comes back after a restart has the newest state' said ./stress_return $bound "$relay" $comers $restarts $upgrades
t_ok 'an hour of coming and going leaves nothing' said ./stress_churn "$relay" 40 $visits
for fault in entry twice; do
	t_ok "control: a tape with a fault ($fault)" fails $fault ./stress_relay "$broken" 20 2000
done
for fault in behind ahead bytes; do
	t_ok "control: a handover with a fault ($fault)" fails $fault ./stress_relay -u "$broken" 20 8000
done
for fault in socket state; do
	t_ok "control: a handover with a fault ($fault)" fails $fault ./stress_return "$broken" 20 0 3
done
cat "$T/figures"
