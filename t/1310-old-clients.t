#!/bin/sh
# An unmodified client of the original service works: its calls, the fields it
# reads, and what was wrong then.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD"

old() { timeout 300 /usr/bin/python3 "$T_SRC/t/api/old" "$T/http.sock" "$H_BAD" >"$T/old.out" 2>"$T/old.err" || { cat "$T/old.err"; return 1; }; }
verdict() { echo "$2"; [ "$1" = pass ]; }
t_ok 'all is asked' old
while IFS='	' read -r pass name why; do
	t_ok "$name" verdict "$pass" "$why" </dev/null
done <"$T/old.out"
