#!/bin/sh
# A program that crashes leaves a core that can be worked with: of that very build, with
# its threads, and without what it has mapped.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
t_need readelf /usr/bin/python3
read -r pattern </proc/sys/kernel/core_pattern
case $pattern in
*[/\|]* | '')
	t_skip 'cores of our own' "the kernel gives them to \"$pattern\""
	exit 0 ;;
esac
ulimit -c unlimited 2>/dev/null || { t_skip 'cores of our own' 'ulimit -c is held down here'; exit 0; }
# A sanitizer keeps cores from being written unless asked.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}disable_coredump=0 TSAN_OPTIONS=${TSAN_OPTIONS:+$TSAN_OPTIONS:}disable_coredump=0
export ASAN_OPTIONS TSAN_OPTIONS
mkdir "$T/cores" && cd "$T/cores" || exit 1
T_BLD=$(cd "$OLDPWD" && cd "$T_BLD" && pwd) T_SRC=$(cd "$OLDPWD" && cd "$T_SRC" && pwd)
t_ok 'the house stands'	t_archon

# In the table, which all of them map, and in nobody's own memory but those who passed it on.
mark="marked $(cat /proc/sys/kernel/random/uuid)"
t_ok 'something is in the table' t_ctl logs push --level info "$mark"
t_ok '...which can be found there' grep -qa "$mark" "$T/run/live/writers/table"
cat >"$T/look" <<'PY'
import mmap, re, struct, subprocess, sys
core, program, mark = sys.argv[1:]
with open(core, "rb") as f: m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
assert m[:4] == b"\x7fELF" and struct.unpack("<H", m[16:18])[0] == 4, "no core"
notes = subprocess.run(["readelf", "-nW", program], capture_output=True, text=True, check=True).stdout
build = re.search(r"Build ID: ([0-9a-f]+)", notes)
assert build, "the program has no build-id"
assert m.find(bytes.fromhex(build.group(1))) != -1, "the core does not say of which build it is"
threads = subprocess.run(["readelf", "-nW", core], capture_output=True, text=True, check=True).stdout.count("NT_PRSTATUS")
assert threads >= 1, "no thread in it"
assert m.find(mark.encode()) == -1, "the table is in it"
print(len(m) >> 20, "MiB,", threads, "threads")
PY
crash() {	# PART: its core is in $T/PART.core
	c_pid=$(t_pid "$1")
	rm -f "$T/$1.pid" core*
	kill -ABRT "$c_pid"
	wait "$c_pid" 2>/dev/null
	set -- "$1" core*
	[ -f "$2" ] || { echo 'no core'; return 1; }
	mv "$2" "$T/$1.core"
}
look() { /usr/bin/python3 "$T/look" "$T/$1.core" "$T_BLD/fcgi/$1/archon-$1" "$2"; }
backtrace() { gdb -batch -nx -ex 'thread apply all backtrace' "$T_BLD/fcgi/$1/archon-$1" "$T/$1.core" 2>&1 | tee "$T/bt"; grep -qE ' at [^ ]*(shared|fcgi)/[a-z/_]*\.c:[0-9]' "$T/bt"; }
fresh() { for p in api relay; do t_stop $p && t_restart $p || return; done; t_until 15 t_healthy; }	# these have passed the mark on
t_ok 'archon-api and archon-relay are other processes'	fresh
for part in relay crawler mcp api; do
	t_ok "archon-$part crashes and leaves a core"	crash $part
	t_ok '...of this build, without the table'	look $part "$mark"
	if command -v gdb >/dev/null; then
		t_ok '...in which a debugger finds its way'	backtrace $part
	else
		t_skip '...in which a debugger finds its way'	'no gdb'
	fi
	rm -f "$T/$part.core"
done
dumps() { for unit in "$T_SRC"/conf/systemd/*.service.in; do grep -qx 'LimitCORE=infinity' "$unit" || { echo "$unit"; return 1; }; done; }
t_ok 'each unit allows one'	dumps
