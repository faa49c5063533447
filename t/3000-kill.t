#!/bin/sh
# kill -9 at random moments: nothing is lost.  A few rounds; t/stress/kill has many.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
. "$T_SRC/t/kill.sh"
h_need

rounds=${T_ROUNDS:-6}
h_must 'the house and a site' kill_begin "$rounds"
n=0
while [ "$n" -lt "$rounds" ]; do
	n=$((n + 1))
	case $((n % 6)) in 1 | 4) whom=crawler ;; 2) whom=api ;; 3) whom=relay ;; *) whom=all ;; esac
	kill_round "$n" "$whom"
done
kill_end
