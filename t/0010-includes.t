#!/bin/sh
# A room includes shared/, never another room; shared/ includes no room.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"

# includes FILE...: "file: included/path" for each quoted include
includes() { sed -n 's|^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*|\1|p' "$1" | sed "s|^|$1: |"; }

foreign() {	# ROOM-DIR ALLOWED-REGEX
	for f in $(find "$1" -name '*.[ch]'); do includes "$f"; done | grep -vE ": ($2)\$" && return 1
	return 0
}

cd "$T_SRC" || exit 99
t_ok 'shared/ includes no room' foreign shared 'config\.h|shared/[a-z0-9_]+\.h'
for room in fcgi/*/; do
	name=$(basename "$room")
	[ -n "$(find "$room" -maxdepth 1 -name '*.[ch]')" ] || continue
	t_ok "fcgi/$name includes itself and shared/ only" foreign "fcgi/$name" "config\.h|shared/[a-z0-9_]+\.h|$name/[a-z0-9_]+\.h"
done

config_first() {	# the first include of every .c, and in no header
	bad=0
	for f in $(find shared fcgi -name '*.c' -not -path '*/node_modules/*'); do
		[ "$(grep -m1 '^#[[:space:]]*include' "$f")" = '#include "config.h"' ] || { echo "$f: config.h is not first"; bad=1; }
	done
	grep -l '"config.h"' $(find shared fcgi -name '*.h' -not -path '*/node_modules/*') && bad=1
	return $bad
}
t_ok 'config.h comes first, in .c files only' config_first

mkdir "$T/room" && printf '#include "relay/conn.h"\n' >"$T/room/x.c"
foreign_found() { ! foreign "$T/room" 'config\.h|shared/[a-z0-9_]+\.h'; }
t_ok 'a foreign include is found' foreign_found
