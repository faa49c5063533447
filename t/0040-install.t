#!/bin/sh
# make install DESTDIR= puts everything in place; systemd and nginx take it as it is.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
R=$T/root

install() { (unset MAKEFLAGS MFLAGS MAKELEVEL; make -C "$T_BLD" install DESTDIR="$R"); }
t_ok 'make install DESTDIR=' install

one() {	# NAME: exactly one such file, not empty, nothing left to expand
	n=$(find "$R" -name "$1" | wc -l)
	[ "$n" -eq 1 ] || { echo "$1: found $n times"; return 1; }
	file=$(find "$R" -name "$1")
	[ -s "$file" ] && ! grep -InE '@[a-z_A-Z]+dir@|@(PACKAGE|VERSION)@|\$\{?(exec_)?prefix' "$file"
}
for name in archon-api archon-mcp archon-relay archon-crawler archonctl \
	archon-api.service archon-api.socket archon-mcp.service archon-mcp.socket archon-relay.service archon-relay.socket \
	archon-crawler.service archon.target archon.slice \
	main.conf http.conf locations.conf fastcgi.conf relay.conf headers.conf types.conf site.conf \
	archon-api.8 archon-mcp.8 archon-relay.8 archon-crawler.8 archon-convert.8 archonctl.1 archon.conf.5 archon.7; do
	t_ok "$name is installed" one "$name"
done
doc() { [ "$(find "$R" -path '*/doc/archon/conf/README')" ]; }
t_ok 'so is conf/README, for who operates it' doc
three() { [ "$(find "$R" -name archon.conf | wc -l)" -eq 3 ]; }
t_ok 'archon.conf, and one each for sysusers.d and tmpfiles.d' three
conf=$(find "$R" -path '*/archon/archon.conf')

keeps() { echo 'retries = 1' >>"$conf" && install && tail -n 1 "$conf" | grep -qx 'retries = 1' && [ -s "$conf.new" ]; }
t_ok 'an installed archon.conf is never overwritten' keeps

# systemd looks for the programs: the copies it gets name those below $R
units=$(dirname "$(find "$R" -name archon.target)")
mkdir "$T/units"
for unit in "$units"/archon*; do
	sed "s|^ExecStart=/|ExecStart=$R/|" "$unit" >"$T/units/$(basename "$unit")"
done
verify() { out=$(systemd-analyze verify --man=no "$T"/units/* 2>&1); status=$?; echo "$out"; [ "$status" -eq 0 ] && [ -z "$out" ]; }
not() { ! "$@"; }
if command -v systemd-analyze >/dev/null; then
	t_ok 'systemd-analyze verify has nothing to say' verify
	echo 'Nonsense=yes' >>"$T/units/archon-api.service"
	t_ok '...and would, of a unit with an error' not verify
else
	t_skip 'systemd-analyze verify has nothing to say' 'no systemd-analyze'
fi

# the installed nginx files, only moved: what they include is below $R too
nginx_takes() {
	dir=$(dirname "$(find "$R" -name locations.conf)")
	mkdir -p "$T/n/tmp"
	for f in "$dir"/*.conf; do sed -E "s|include /|include $R/|; s|unix:/[^;]*/|unix:$T/|; s|access_log /|access_log $T/n/|; s|listen .*:8080|listen unix:$T/n.sock|" "$f" >"$f.tmp" && mv "$f.tmp" "$f"; done
	sed -i '/listen unix/{x;s/^/x/;/^x\{2,\}$/{x;d};x}' "$dir/site.conf"	# one socket instead of two addresses
	mkdir -p "$T/n/var/log/nginx"
	printf 'pid %s/n/pid; error_log %s/n/error.log; events {} http { client_body_temp_path %s/n/b; proxy_temp_path %s/n/p; fastcgi_temp_path %s/n/f; uwsgi_temp_path %s/n/u; scgi_temp_path %s/n/s; include %s; }' \
		"$T" "$T" "$T" "$T" "$T" "$T" "$T" "$dir/site.conf" >"$T/n/nginx.conf"
	out=$("$T_NGINX" -t -p "$T/n" -e "$T/n/error.log" -c "$T/n/nginx.conf" 2>&1) || { echo "$out"; return 1; }
	echo "$out"
	! echo "$out" | grep -E '\[(warn|alert|emerg)\]' | grep -v 'setuid\|the "user"'
}
t_ok 'nginx takes the installed files' nginx_takes
