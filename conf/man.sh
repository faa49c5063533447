#!/bin/sh
# conf/man.sh - a manual page from its text and from what the programs themselves
# say, so that the two never differ.
#
#	conf/man.sh PAGE.in PROGRAMS CONF	the page goes to stdout
#
# PAGE.in is mdoc(7).  A line of it may ask for more:
#	@OPTIONS@	the options of `PROGRAM --help', each a tag and its text
#	@HELP@		all of `PROGRAM --help', as it is
#	@USAGE@		the usage line a program prints that has no --help
#	@KEYS@		the sections and keys of the file CONF
# PROGRAM is named like the page and lies in one of PROGRAMS/*/.
set -u
page=$1 programs=$2 conf=$3
name=$(basename "$page" .in); name=${name%.*}

die() { echo "man.sh: $*" >&2; exit 1; }

# Text for mdoc: no escape, no request at the beginning, a - that can be copied.
plain() { sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\([.']\)/\\\\\&\1/"; }

program() {
	set -- "$programs"/*/"$name"
	[ -x "$1" ] || die "$page: no program $name below $programs"
	echo "$1"
}
help() { at=$(program) && "$at" --help || die "$name --help failed"; }

options() {	# "  --key VALUE  text": from two blanks to two blanks, then its text
	help | plain | awk '
		BEGIN { print ".Bl -tag -width Ds" }
		/^  \\-/ {
			line = substr($0, 3)
			at = match(line, /   *[^ ]/)
			tag = at ? substr(line, 1, at - 1) : line
			text = at ? substr(line, at) : ""
			sub(/^ */, "", text)
			if (!text && tag == "\\-\\-version") text = "print the version"
			if (!text && tag == "\\-\\-help") text = "print a summary of the options"
			n = split(tag, word, " ")
			printf ".It Sy %s", word[1]
			for (i = 2; i <= n; i++) printf " Ar %s", word[i]
			print ""
			print text
		}
		END { print ".El" }'
}

whole() {
	echo '.Bd -literal'
	help | plain
	echo '.Ed'
}

usage() {
	at=$(program) || exit
	"$at" 2>&1 </dev/null | sed -n 's/^usage: *//p' | plain | sed -e 's/ *<.*//' -e 's/^[^ ]* */.Ar /' -e '1i\
.Nm'
}

keys() {	# "## section", "# help ...", "key = value" or "#key = default"
	[ -f "$conf" ] || die "no $conf"
	sed '1,/^$/d' "$conf" | plain | awk '
		function list(want) {
			if (open && !want) print ".El"
			if (!open && want) print ".Bl -tag -width Ds"
			open = want
		}
		/^## / { list(0); print ".Ss " substr($0, 4); next }
		/^# /  { text = text (text == "" ? "" : "\n") substr($0, 3); next }
		/ =/ {
			list(1)
			sub(/^#/, "")
			at = index($0, " =")
			value = substr($0, at + 3)
			print ".It Sy " substr($0, 1, at - 1)
			print text "."
			print value == "" ? "Default: empty." : "Default:\n.Ql " value
			text = ""
		}
		END { list(0) }'
}

while IFS= read -r line || [ -n "$line" ]; do
	case $line in
	@OPTIONS@) options ;;
	@HELP@) whole ;;
	@USAGE@) usage ;;
	@KEYS@) keys ;;
	*) printf '%s\n' "$line" ;;
	esac || exit
done <"$page"
