#!/bin/sh
# archonctl doctor: content with a house that stands, and each wrong thing is named
# with what to do.  What a host must be spoilt for is judged by t/unit/check_doctor.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need
h_must 'the house stands' t_archon 'max_clients = 100'

mkdir "$T/bin"
user=$(id -un)
cat >"$T/bin/nginx" <<END
#!/bin/sh
echo "user $user;"
exec "$(command -v "$T_NGINX")" -T -p "$T/nginx" -c "$T/nginx/host.conf" -e "$T/nginx/error.log"
END
printf '#!/bin/sh\nexit 1\n' >"$T/bin/systemctl"
chmod +x "$T/bin/nginx" "$T/bin/systemctl"
doctor() {	# STATUS REGEX
	t_ctl doctor >"$T/said" 2>&1
	got=$?
	cat "$T/said"; echo "status $got"
	[ "$got" -eq "$1" ] && grep -qE -- "$2" "$T/said"
}
own() { doctor 0 "^ok +nginx +leads to archon in $T/run" && ! grep -E '^(warn|fail) +(nginx|socket|unit) ' "$T/said"; }
t_ok 'its own nginx, beside archon.conf'	own
# From here on as on a host where it was installed: the nginx in PATH, and no systemd.
mv "$T/nginx/nginx.conf" "$T/nginx/host.conf"
PATH=$T/bin:$PATH
back() { t_restart "$1" && t_until 15 t_healthy; }
t_ok 'all is well'		doctor 0 '^ok +health '
said() { for about in store disk run_dir table process nginx socket health clock confined; do grep -qE "^(ok|warn) +$about " "$T/said" || { echo "no line about $about"; return 1; }; done; }
t_ok '...each part has its line' said
t_ok '...without escapes'	sh -c '! grep -q "[[:cntrl:]]" "$1"' - "$T/said"
four() { [ "$(grep -c '^ok *process' "$T/said")" -eq 4 ]; }
t_ok '...four processes'	four
json() { t_ctl --json doctor >"$T/said" && /usr/bin/python3 -c 'import json,sys; d = json.load(sys.stdin); sys.exit(not (d["well"] and len(d["checks"]) > 10 and all(c["verdict"] in ("ok", "warn") and c["about"] and c["text"] for c in d["checks"])))' <"$T/said"; }
t_ok '--json'			json

for part in relay crawler mcp; do
	t_ok "stop $part"	t_stop $part
	t_ok '...is found'	doctor 1 "^fail +$part .*archon-$part"
	t_ok '...and health with it' grep -qE '^fail +health' "$T/said"
	t_ok '...start it'	back $part
done
t_ok 'a relay that is killed leaves its socket' t_kill relay
t_ok '...nobody listens'	doctor 1 '^fail +socket +.*relay.sock: nobody listens'
t_ok '...start it'		back relay
mv "$T/run/mcp.sock" "$T/run/mcp.away"
t_ok 'a socket is missing'	doctor 1 '^fail +socket +.*mcp.sock is missing'
mv "$T/run/mcp.away" "$T/run/mcp.sock"
chmod 0666 "$T/run/api.sock"
t_ok 'a socket for everybody'	doctor 0 '^warn +socket +.*api.sock: everybody'
chmod 0660 "$T/run/api.sock"
if [ "$(id -u)" -eq 0 ]; then
	sed -i 's/^echo "user .*/echo "user nobody;"/' "$T/bin/nginx"
	t_ok 'nginx may not use the sockets' doctor 1 '^fail +socket +.*nginx \(user nobody\) may not use it'
	sed -i "s/^echo \"user .*/echo \"user $user;\"/" "$T/bin/nginx"
	chown nobody "$T/state/archon.db"
	t_ok 'the store is another user'"'"'s' doctor 1 '^fail +store +.*chgrp --reference'
	chown root "$T/state/archon.db"
else
	t_skip 'nginx may not use the sockets' 'not root'
	t_skip 'the store is another user'"'"'s' 'not root'
fi
cp "$T/archon.conf" "$T/kept.conf"
sed -i 's/^max_clients = .*/max_clients = 500000/' "$T/archon.conf"
t_ok 'nginx has too few connections' doctor 0 '^warn +nginx +.*worker_connections'
t_ok '...and the relay too few files' grep -qE '^warn +process +archon-relay .*LimitNOFILE' "$T/said"
cp "$T/kept.conf" "$T/archon.conf"
mv "$T/bin/nginx" "$T/bin/kept"
printf '#!/bin/sh\necho "worker_connections 9999;"\n' >"$T/bin/nginx"; chmod +x "$T/bin/nginx"
t_ok 'nginx without the site'	doctor 1 '^fail +nginx +.*link the site'
printf '#!/bin/sh\necho "nginx: [emerg] bad thing in nginx.conf:3" >&2; exit 1\n' >"$T/bin/nginx"
t_ok 'nginx with an error'	doctor "$([ "$(id -u)" -eq 0 ] && echo 1 || echo 0)" 'nginx +.*bad thing in nginx.conf:3'
mv "$T/bin/kept" "$T/bin/nginx"
printf '#!/bin/sh\nprintf "LoadState=loaded\\nActiveState=active\\nType=notify\\nWatchdogUSec=0\\n"\n' >"$T/bin/systemctl"
t_ok 'a unit without a watchdog' doctor 0 '^warn +unit +archon-api has no watchdog'
printf '#!/bin/sh\nexit 1\n' >"$T/bin/systemctl"

down() { for part in api mcp relay crawler; do t_stop $part || return; done; }
t_ok 'stop all'			down
t_ok 'archon is down'		doctor 1 '^fail +socket .*api.sock is missing'
t_ok '...and does not answer'	grep -qE '^fail +health .*does not answer' "$T/said"
printf '\377' | dd of="$T/run/live/writers/table" bs=1 seek=8 conv=notrunc 2>/dev/null
t_ok 'a table of another version' doctor 1 '^fail +table +.*layout'
rm "$T/run/live/writers/table"
t_ok 'no table'			doctor 1 '^fail +table +not there: archon does not run'
sqlite3 "$T/state/archon.db" 'PRAGMA user_version = 99'
t_ok 'a newer store'		doctor 1 '^fail +store +.*newer archon'
echo 'no database at all, but long enough to have a header of its own, it seems' >"$T/state/archon.db"
t_ok 'a store that is none'	doctor 1 '^fail +store +.*archonctl restore'
rm "$T"/state/archon.db*
t_ok 'no store'			doctor 1 '^fail +store +.*is not there'
if mkdir "$T/small" && mount -t tmpfs -o size=1m none "$T/small" 2>/dev/null; then
	sed -i "s|^state_dir.*|state_dir = $T/small|" "$T/archon.conf"
	dd if=/dev/zero of="$T/small/ballast" bs=64k 2>/dev/null
	t_ok 'a full disk'	doctor 1 '^fail +disk +.*the disk is full'
	umount "$T/small"
else
	t_skip 'a full disk' 'no mount here'
fi
