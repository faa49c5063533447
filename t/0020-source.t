#!/bin/sh
# What the sources promise of themselves, by grep.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
cd "$T_SRC" || exit 99

sources=$(find shared fcgi t -name '*.[ch]' -not -path '*/node_modules/*')

none() {	# REGEX FILE...: no line of code matches
	regex=$1; shift
	! grep -nE "$regex" "$@"
}
t_ok 'no unbounded string functions' \
	none '(^|[^_a-zA-Z0-9])(strcpy|strcat|strncpy|sprintf|vsprintf|gets|atoi|atol|alloca)[[:space:]]*\(' $sources
t_ok 'no volatile but for signal handlers' \
	sh -c '! grep -nE "(^|[^_a-zA-Z])volatile[^_a-zA-Z]" "$@" | grep -vE "sig_atomic_t|__asm__ volatile"' - $sources
t_ok 'assertions stay on' none 'define[[:space:]]+NDEBUG' $sources
t_ok 'no notes to self' sh -c '! grep -nE "$0" "$@"' 'TO''DO|FIX''ME|(^|[^X])X{3}([^X]|$)' $sources $(find conf t -name '*.sh' -o -name '*.t' -o -name '*.in') conf/run conf/test

longest() {
	bad=0
	for f in $sources; do
		n=$(wc -l <"$f")
		[ "$n" -le 600 ] || { echo "$f: $n lines"; bad=1; }
	done
	return $bad
}
t_ok 'no file is over 600 lines' longest

exits() {	# exit() belongs to the programs: *_main.c, and ctl/ that is one
	! grep -nE '(^|[^_a-zA-Z0-9])_?exit[[:space:]]*\(' $(find shared fcgi -name '*.c' -not -name '*_main.c' -not -path '*/node_modules/*')
}
t_ok 'exit() is called by main programs only' exits

magics() {	# objects that come back through void * carry a magic, each its own
	dup=$(grep -ohE '_MAGIC[[:space:]]*(=|[[:space:]])[[:space:]]*0x[0-9a-fA-F]+' $sources | grep -oE '0x[0-9a-fA-F]+' | sort | uniq -d)
	[ -z "$dup" ] || { echo "used twice: $dup"; return 1; }
}
t_ok 'all magics differ' magics

headers() {	# a header proves it stands alone: its module includes it right after config.h
	bad=0
	for h in $(find shared fcgi -name '*.h' -not -path '*/node_modules/*'); do
		guard=$(basename "$h" .h | tr 'a-z' 'A-Z')_H
		grep -qE "^#ifndef ([A-Z]+_)?$guard\$" "$h" || { echo "$h: no guard $guard"; bad=1; }
	done
	return $bad
}
t_ok 'every header has its guard' headers
