#!/bin/sh
# Concurrency of table, store and FastCGI, in short: no torn copy, no lost wake-up, no
# request without an answer, and the run finds what is broken on purpose.  t/stress/run does it at length.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
cd "$T_BLD/t/stress" || exit 99

fails() {	# a negative control: status 1, not a crash and not silence
	"$@"
	t_got=$?
	[ "$t_got" -eq 1 ] || { echo "status $t_got, want 1"; return 1; }
}
long=${T_LONG:+1}	# T_LONG=1: some ten seconds each
[ "$(nproc 2>/dev/null || echo 2)" -gt 1 ] || { t_skip 'races' 'one processor does not race'; exit 0; }

t_ok 'no copy is torn between processes' ./stress_row "${long}0.7"
t_ok 'no copy is torn between threads' ./stress_row -t "${long}0.7"
t_ok 'no copy is torn when writers are killed' ./stress_row -k "${long}0.7"
t_ok 'a writer without changecount is found' fails ./stress_row_writer 20
t_ok 'a reader that looks once is found' fails ./stress_row_reader 20
t_ok 'no wake-up is lost between processes' ./stress_wake "${long}1.2"
t_ok 'no wake-up is lost between threads' ./stress_wake -t "${long}1.2"
t_ok 'no wake-up is lost behind the bridge' ./stress_wake -b "${long}1.2"
t_ok 'a count taken too late is found' fails ./stress_wake_late 20
t_ok 'a count taken too late is found behind the bridge' fails ./stress_wake_late -b 20
t_ok 'a signal before the news is found' fails ./stress_wake_order 20
t_ok 'a signal before the news is found behind the bridge' fails ./stress_wake_order -b 20
t_ok 'no log entry is torn or missing between processes' ./stress_ring "${long}0.7"
t_ok 'no log entry is torn or missing between threads' ./stress_ring -t "${long}0.7"
t_ok 'no log entry is torn or missing when producers are killed' ./stress_ring -k "${long}0.7"
t_ok 'producers without a lock are found' fails ./stress_ring_lock 20
t_ok 'a head that moves too early is found' fails ./stress_ring_head 20
t_ok 'every FastCGI request is answered once, whatever its peer does' ./stress_fcgi "${long}1.2"
for fault in again end; do
	t_ok "FastCGI events with a fault ($fault) are found" fails env BROKEN=$fault ./broken_fcgi 3
done
t_ok 'two writers and eight readers that are killed leave the store sound' ./stress_store "${long}5"
t_ok 'a page that is put in two steps is found' fails ./stress_store_steps 5
t_ok 'a chunk that goes behind the back of the index is found' fails ./stress_store_index 3
