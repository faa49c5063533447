#!/bin/sh
# fcgi/www/page.sh - the web page for make.  npm works beside package.json, so
# everything happens in a copy in the build directory; sources may be read-only.
#
#	page.sh build SRC BLD NPM	into BLD/dist; without NPM or a registry
#					it warns and succeeds: archon runs without a page
#	page.sh install SRC BLD DIR
#	page.sh dist SRC BLD DISTDIR	what was built goes into a release, which
#					then needs no Node.js
#	page.sh clean SRC BLD
set -u
cmd=$1 src=$2 bld=$3 arg=${4:-}
sources='src public test index.html package.json package-lock.json tsconfig.json vite.config.ts .npmrc'
same=no
[ "$(cd "$src" && pwd -P)" != "$(cd "$bld" 2>/dev/null && pwd -P)" ] || same=yes

say() { echo "page: $*" >&2; }

# Is the page in $1 as new as the sources?
fresh() {
	[ -f "$1/index.html" ] && (
		cd "$src" && [ -z "$(find $sources -newer "$1/index.html" 2>/dev/null | head -n 1)" ]
	)
}

copy_sources() {
	[ "$same" = no ] || return 0
	mkdir -p "$bld" || return
	for f in $sources; do
		rm -rf "${bld:?}/$f" && cp -R "$src/$f" "$bld/$f" && chmod -R u+w "$bld/$f" || return
	done
}

# node_modules as the lock file says; done again only when that changed.
modules() {
	mark=$bld/node_modules/.from-lock
	cmp -s "$mark" "$bld/package-lock.json" && return
	"$arg" ci --ignore-scripts --no-audit --no-fund --loglevel=error \
		--fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=60000 </dev/null >&2 &&
		cp "$bld/package-lock.json" "$mark"
}

# A page that grows too heavy does not get built.
most=$((120 * 1024))
light() {
	size=$(cat "$1"/assets/*.js "$1"/*.js | gzip -9 | wc -c)
	[ "$size" -lt "$most" ] || { say "$size bytes of script, compressed; the limit is $most"; return 1; }
}

build() {
	fresh "$(cd "$bld" 2>/dev/null && pwd)/dist" && return
	if [ "$same" = no ] && fresh "$(cd "$src" && pwd)/dist"; then
		rm -rf "$bld/dist" && mkdir -p "$bld" && cp -Rp "$src/dist" "$bld/dist" && chmod -R u+w "$bld/dist"
		return
	fi
	case $arg in
	no | '') say 'not built: npm is missing'; return 0 ;;
	esac
	copy_sources || return
	(
		cd "$bld" || exit
		bld=.
		modules || { say 'not built: npm ci failed (is a registry in reach?); archon works without the page'; exit 0; }
		"$arg" run --silent build </dev/null >&2 || exit
		light dist || { rm -f dist/index.html; exit 1; }
		touch dist/index.html
	)
}

# The page that can be had: the one built here, or the one the release brought.
built() {
	for d in "$bld/dist" "$src/dist"; do
		[ ! -f "$d/index.html" ] || { echo "$d"; return; }
	done
	return 1
}

# New files first, index.html last, then what no page refers to any more.
install_page() {
	from=$(built) || { say 'not installed: it was not built'; return 0; }
	mkdir -p "$arg" && arg=$(cd "$arg" && pwd) && cd "$from" || return
	find . -type d | while read -r d; do mkdir -p "$arg/$d" && chmod 755 "$arg/$d" || exit; done || return
	find . -type f ! -name index.html | while read -r f; do cp "$f" "$arg/$f" && chmod 644 "$arg/$f" || exit; done || return
	cp index.html "$arg/index.html" && chmod 644 "$arg/index.html" || return
	(cd "$arg" && find . -type f) | while read -r f; do [ -f "$f" ] || rm -f "$arg/$f"; done
}

dist() {
	from=$(built) || { say 'this release will need Node.js: the page was not built'; return 0; }
	rm -rf "$arg/fcgi/www/dist" && cp -Rp "$from" "$arg/fcgi/www/dist"
}

clean() {
	rm -rf "$bld/node_modules"
	[ "$same" = no ] || return 0
	for f in $sources dist; do rm -rf "${bld:?}/$f"; done
}

case $cmd in
build) build ;;
install) install_page ;;
dist) dist ;;
clean) clean ;;
*) sed -n '2,/^set/{/^#/p;}' "$0" >&2; exit 64 ;;
esac
