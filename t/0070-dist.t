#!/bin/sh
# A release is the same bytes whenever it is made, and packaging agrees with the rest.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"

release() {	# FILE UMASK
	(unset MAKEFLAGS MFLAGS MAKELEVEL; umask "$2"; make -C "$T_BLD" dist) && mv "$T_BLD"/archon-*.tar.xz "$T/$1"
}
t_ok 'make dist' release one.tar.xz 022
t_ok '...and again, with another umask' release two.tar.xz 077
t_ok 'both are the same, byte by byte' cmp "$T/one.tar.xz" "$T/two.tar.xz"

members() { tar -tvf "$T/one.tar.xz" --numeric-owner --full-time; }
owners() { members >"$T/members"; [ -s "$T/members" ] && ! awk '$2 != "0/0"' "$T/members" | grep .; }
one_age() { [ "$(members | awk '{print $4, $5}' | sort -u | wc -l)" -eq 1 ]; }
t_ok 'nobody in particular owns what is in it' owners
t_ok 'all of it is equally old' one_age

inside() { tar -tf "$T/one.tar.xz" >"$T/list" && for f; do grep -E "^archon-[0-9.]+/$f\$" "$T/list" || { echo "no $f"; return 1; }; done; }
if [ -e "$T_SRC/.git" ] && git -C "$T_SRC" rev-parse -q --verify HEAD >/dev/null 2>&1; then
	whole() { git -C "$T_SRC" ls-files | grep -v '^\.' | sort >"$T/kept"; tar -tf "$T/one.tar.xz" | sed 's|^[^/]*/||' | sort >"$T/given"; ! comm -23 "$T/kept" "$T/given" | grep .; }
	t_ok 'all that is kept is in it' whole
else
	t_skip 'all that is kept is in it' 'no repository here'
fi
t_ok 'packaging is in it' inside conf/debian/control conf/debian/rules conf/debian/changelog.in conf/archon.spec.in conf/deb.sh conf/man/archon.7.in

. "$T_SRC/conf/packages.sh"
depends() {	# what conf/packages.sh has people install is what the packages are built with
	echo "$packages_build" | awk -v c="$1" 'NF && $1 != "cmd" && $2 != "stdio.h" {print $c}' | tr , '\n' >"$T/needs"
	[ -s "$T/needs" ] || return
	while read -r name; do grep -qw -e "$name" "$2" || { echo "$2 lacks $name"; return 1; }; done <"$T/needs"
}
t_ok 'debian/control has every library' depends 3 "$T_SRC/conf/debian/control"
t_ok 'archon.spec has every library' depends 4 "$T_SRC/conf/archon.spec.in"
scripts() { for f in "$T_SRC"/conf/debian/*.p*[tm]; do sh -n "$f" && grep -q '^#DEBHELPER#$' "$f" || { echo "$f"; return 1; }; done; }
t_ok 'maintainer scripts are sh, with what debhelper adds' scripts
