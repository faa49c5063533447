#!/bin/sh
# archon.conf that ships says what the programs say: every key, its default, one
# line of help.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"

shipped() { grep -vE '^# (archon\.conf|and archonctl\.|What is commented)' "$T_BLD/conf/archon.conf" | sed '/./,$!d' | places; }
places() { sed -E 's/^#?(run_dir|state_dir) = .*/\1/'; }

api=$T_BLD/fcgi/api/archon-api
printed() { "$api" --config /dev/null --print-config | places >"$T/printed"; }
same() { shipped >"$T/shipped"; diff "$T/shipped" "$T/printed"; }

t_ok '--print-config works' printed
t_ok 'archon.conf has every key with its default' same
for program in api/archon-api mcp/archon-mcp relay/archon-relay crawler/archon-crawler; do
	t_ok "$(basename $program) takes archon.conf" "$T_BLD/fcgi/$program" --config "$T_BLD/conf/archon.conf" --check-config
	t_ok "$(basename $program) has --version" "$T_BLD/fcgi/$program" --version
	t_ok "$(basename $program) has --help" "$T_BLD/fcgi/$program" --help
done

refuses() {	# LINE WANT: status 1, and file:line: what
	printf '# comment\n%s\n' "$1" >"$T/bad.conf"
	if "$api" --config "$T/bad.conf" --check-config >"$T/said" 2>&1; then
		echo 'accepted'
		return 1
	fi
	cat "$T/said"
	grep -F "$T/bad.conf:2: $2" "$T/said"
}
t_ok 'an unknown key is refused with its line'	refuses 'colour = red' 'unknown key "colour"'
t_ok 'a time needs its unit'			refuses 'fetch_timeout = 30' 'fetch_timeout: "30" is not a time'
t_ok 'a value out of range is refused'		refuses 'table_rows = 1' 'table_rows: 1 is out of range'
t_ok 'a line without = is refused'		refuses 'run_dir' '"run_dir" is not'
twice() {
	printf 'retries = 1\nretries = 2\n' >"$T/bad.conf"
	! "$api" --config "$T/bad.conf" --check-config >"$T/said" 2>&1 && grep -F "$T/bad.conf:2: retries is set twice" "$T/said"
}
t_ok 'a key given twice is refused' twice
