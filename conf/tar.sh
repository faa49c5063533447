#!/bin/sh
# conf/tar.sh - the release's tar: the same bytes whoever makes it, wherever, whenever.
#
#	conf/tar.sh SRC DIR	an archive of DIR goes to stdout
#
# Every file is as old as the last commit, or as SRC itself when that is a release.
set -eu
src=$1 dir=$2
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
	SOURCE_DATE_EPOCH=$(git -C "$src" log -1 --format=%ct -- configure.ac . 2>/dev/null) || SOURCE_DATE_EPOCH=
	[ -n "$SOURCE_DATE_EPOCH" ] || SOURCE_DATE_EPOCH=$(stat -c %Y "$src/configure.ac")
fi
LC_ALL=C exec tar --create --dereference --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" \
	--owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX "$dir"
