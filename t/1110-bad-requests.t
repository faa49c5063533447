#!/bin/sh
# More than 200 kinds of bad input for everything that /api/openapi.json describes:
# never a 5xx, never a hang, always a code, and the field where there is one.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD" 'max_body = 16KiB' 'max_queued = 2000' 'table_rows = 4000'

bad() { timeout 900 /usr/bin/python3 "$T_SRC/t/api/bad" "$T/http.sock" "$H_BAD" 200 >"$T/bad.out" 2>"$T/bad.err" || { cat "$T/bad.err"; return 1; }; }
verdict() { echo "$2"; [ "$1" = pass ]; }
t_ok 'all of it is sent' bad
while IFS='	' read -r pass name why; do
	t_ok "$name" verdict "$pass" "$why" </dev/null
done <"$T/bad.out"
t_ok 'after all this it is healthy' t_healthy
