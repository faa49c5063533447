#!/bin/sh
# A large document goes to the disk as it comes: archon-api does not hold it.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
. "$T_SRC/t/upload.sh"
h_need

mib=48
h_must 'the house stands' t_archon 'max_upload = 60MiB'
h_must 'nobody reads what comes' t_stop crawler
mkdir -p "$T/doc"
yes 'A line of text that is no secret.' | head -c 100000 >"$T/doc/small.txt"
yes 'Another line of text, of many.' | head -c $((mib * 1048576)) >"$T/doc/large.txt"
peak_kb() { awk '/^VmHWM/ { print $2 }' "/proc/$(t_pid api)/status"; }
grown() { t_kb=$(($(peak_kb) - before)); echo "grew by $t_kb KiB"; [ "$t_kb" -lt $((mib * 1024 / 4)) ]; }

t_ok 'a small one is taken'		u_post 202 "$T/doc/small.txt"
before=$(peak_kb)
t_ok 'a large one is taken'		u_post 202 "$T/doc/large.txt"
t_ok '...whole'				cmp "$T/doc/large.txt" "$T/state/uploads/$u_source"
t_ok '...and was never in memory'	grown
t_ok 'the same again is known by its hash' u_post 200 "$T/doc/large.txt"
t_ok '...which took no memory either'	grown
