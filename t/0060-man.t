#!/bin/sh
# Manual pages: each lints clean, and none says less than the program it is about.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
man=$T_BLD/conf/man
pages=$(cd "$man" && ls *.[1578])

every_program() {	# a page for each, and for nothing that is not there
	for program in "$T_BLD"/fcgi/*/archon-[a-z]* "$T_BLD"/fcgi/ctl/archonctl; do
		case ${program##*/} in *.*) continue ;; esac
		ls "$man/${program##*/}".[18] || return
	done
}
t_ok 'every program has its page' every_program

text() { sed -e 's/\\-/-/g' -e 's/\\e/\\/g' -e 's/\\&//g' "$man/$1"; }
words() {	# PAGE: of stdin, each word stands in the page
	text "$1" >"$T/page" && sort -u >"$T/words" && [ -s "$T/words" ] || return
	bad=0
	while IFS= read -r word; do
		grep -qwF -e "$word" "$T/page" || { echo "$1 lacks $word"; bad=1; }
	done <"$T/words"
	return $bad
}
options() {	# PROGRAM PAGE: what --help calls an option
	"$T_BLD/fcgi/$1" --help | grep -oE '(^|[^-a-z])--?[a-z][-a-z]*' | sed 's/^[^-]//' | words "$2"
}
for program in api/archon-api mcp/archon-mcp relay/archon-relay crawler/archon-crawler; do
	t_ok "${program#*/}(8) has every option" options "$program" "${program#*/}.8"
done
commands() { "$T_BLD/fcgi/ctl/archonctl" --help | sed -n 's/^  \([a-z][a-z]*\).*/\1/p' | words archonctl.1; }
t_ok 'archonctl(1) has every option' options ctl/archonctl archonctl.1
t_ok 'archonctl(1) has every command' commands

keys() { "$T_BLD/fcgi/api/archon-api" --config /dev/null --print-config | sed -nE 's/^#?([a-z_]+) = .*/.It Sy \1/p' | words archon.conf.5; }
values() {	# the very default, under the very key
	"$T_BLD/fcgi/api/archon-api" --config /dev/null --print-config |
		sed -nE '/^#?(run_dir|state_dir) /d; s/^#?([a-z_]+) = (.+)/\1 \2/p' >"$T/values"
	text archon.conf.5 | awk '/^\.It Sy /{k = $3} /^\.Ql /{if (k) print k, substr($0, 5); k = ""} ' |
		grep -vE '^(run_dir|state_dir) ' | diff "$T/values" -
}
t_ok 'archon.conf(5) has every key' keys
t_ok 'archon.conf(5) has every default' values

leftover() { ! (cd "$man" && grep -nE '@[A-Za-z_]+@' $pages); }
t_ok 'nothing is left to expand' leftover
leads() {	# what is referred to as ours is ours
	for ref in $(cd "$man" && sed -nE 's/^\.(It )?Xr (archon[a-z.-]*) ([0-9]).*/\2.\3/p' $pages | sort -u); do
		[ -s "$man/$ref" ] || { echo "no $ref"; return 1; }
	done
	for ref in $(grep -ohE 'man:archon[a-z.-]*\([0-9]\)' "$T_BLD"/conf/systemd/* | sed -E 's/man:(.*)\((.)\)/\1.\2/' | sort -u); do
		[ -s "$man/$ref" ] || { echo "a unit names $ref"; return 1; }
	done
}
t_ok 'references lead somewhere, those of the units too' leads

lint() { out=$("$@" 2>&1 >"$T/formatted"); echo "$out"; [ -z "$out" ] && [ -s "$T/formatted" ]; }
mandoc_lint() { out=$(mandoc -T lint -W warning "$1" 2>&1); echo "$out"; [ -z "$out" ]; }
cp "$man/archon.7" "$T/bad.7" && printf '.Bl -tag\n.Xq\n' >>"$T/bad.7"
not() { ! "$@"; }
for page in $pages; do
	if command -v man >/dev/null && command -v groff >/dev/null; then
		t_ok "man --warnings has nothing to say of $page" lint env LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l -Tutf8 "$man/$page"
	else
		t_skip "man --warnings has nothing to say of $page" 'no man, or no groff'
	fi
	if command -v mandoc >/dev/null; then
		t_ok "mandoc has nothing to say of $page" mandoc_lint "$man/$page"
	else
		t_skip "mandoc has nothing to say of $page" 'no mandoc'
	fi
done
if command -v mandoc >/dev/null; then
	t_ok '...and would, of a page with an error' not mandoc_lint "$T/bad.7"
fi
