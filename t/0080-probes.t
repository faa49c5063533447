#!/bin/sh
# The probes that shared/trace.h and archon(7) tell of are in the programs, and no others.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"

told() { sed -nE 's/^ \*	([a-z]+__[a-z]+)\(.*/\1/p' "$T_SRC/shared/trace.h" | sort; }
manual() { sed -n '/^\.Sh PROBES/,/^\.Sh SEE/p' "$T_SRC/conf/man/archon.7.in" | grep -oE 'Fn [a-z]+__[a-z]+' | cut -d' ' -f2 | sort; }
told >"$T/told"
t_ok 'trace.h tells of some'	[ -s "$T/told" ]
same() { manual | diff "$T/told" -; }
t_ok 'archon(7) tells of the same' same
used() { grep -rhoE 'TRACE[12]\([a-z]+__[a-z]+' "$T_SRC/shared" "$T_SRC/fcgi" --include='*.c' | cut -d'(' -f2 | sort -u | diff "$T/told" -; }
t_ok '...and they are where something happens' used
built() {
	for part in api mcp relay crawler; do readelf -n "$T_BLD/fcgi/$part/archon-$part"; done |
		awk '/Provider: archon$/ { ours = 1 } /Name:/ { if (ours) print $2; ours = 0 }' | sort -u | diff "$T/told" -
}
if grep -q '^#define HAVE_SYS_SDT_H' "$T_BLD/config.h" && command -v readelf >/dev/null; then
	t_ok '...and in the programs' built
else
	t_skip '...and in the programs' 'built without <sys/sdt.h>, or no readelf'
fi
