#!/bin/sh
# What conf/README says for 20,000 clients, done to a nginx.conf like Debian's: nginx
# takes it, and doctor, who found too little before, is content.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
t_need "$T_NGINX"
t_conf
# archonctl's idea of the host: two processors, and no nginx of its own beside archon.conf
E=$T/etc
mkdir -p "$E/archon/nginx" "$E/nginx/modules-enabled" "$E/nginx/conf.d" "$T/bin" "$T/tmp"
for f in main http locations access fastcgi relay headers types; do
	sed -e "s|@rundir@|$T/run|g; s|@pkgdatadir@|$T/data|g; s|@nginxdir@|$E/archon/nginx|g" "$T_SRC/conf/nginx/$f.conf.in" >"$E/archon/nginx/$f.conf"
done
cat >"$E/nginx/nginx.conf" <<CONF
worker_processes 2;
pid $T/pid;
error_log $T/error.log;
include $E/nginx/modules-enabled/*.conf;
events {
	worker_connections 768;
	# multi_accept on;
}
http {
	client_body_temp_path $T/tmp/b; proxy_temp_path $T/tmp/p; fastcgi_temp_path $T/tmp/f; uwsgi_temp_path $T/tmp/u; scgi_temp_path $T/tmp/s;
	access_log off;
	include $E/nginx/conf.d/*.conf;
}
CONF
cat >"$E/nginx/conf.d/archon.conf" <<CONF
include $E/archon/nginx/http.conf;
server { listen unix:$T/n.sock; include $E/archon/nginx/locations.conf; }
CONF
printf '#!/bin/sh\nexec "%s" "$@" -c "%s/nginx/nginx.conf" -e "%s/error.log"\n' "$(command -v "$T_NGINX")" "$E" "$T" >"$T/bin/nginx"
printf '#!/bin/sh\nexit 1\n' >"$T/bin/systemctl"
chmod +x "$T/bin/nginx" "$T/bin/systemctl"
PATH=$T/bin:$PATH

lines() { t_ctl doctor 2>&1 | grep -E '^(ok|warn|fail) +nginx ' >"$T/said"; cat "$T/said"; }
few() { lines && grep -q '^warn *nginx .*768 worker_connections hold 768 live clients, max_clients is 20000; worker_connections 20480;' "$T/said"; }
t_ok 'doctor finds 768'			few
# The commands as they stand there, but here.
sed -n '/^Many clients/,/^If a program/s/^    //p' "$T_SRC/conf/README" | sed "s|/etc/|$E/|g; s|systemctl restart nginx|true|" >"$T/steps"
steps() { cat "$T/steps"; [ "$(wc -l <"$T/steps")" -eq 3 ] && sh -ex "$T/steps"; }
t_ok 'what conf/README says is done'	steps
t_ok '...and nginx has nothing to say'	sh -c 'out=$("$@" 2>&1); echo "$out"; ! echo "$out" | grep -E "\[(warn|alert|emerg)\]" | grep -v "the \"user\""' - "$T/bin/nginx" -t
enough() { lines && ! grep -E '^(warn|fail)' "$T/said"; }
t_ok '...doctor is content'		enough
rm "$E/nginx/modules-enabled/60-archon.conf"
files() { lines && grep -q '^warn *nginx .*worker_rlimit_nofile 40960' "$T/said"; }
t_ok '...and would not be without main.conf' files
unit() { grep -x 'LimitNOFILE=1024:131072' "$T_SRC/conf/systemd/archon-relay.service.in"; }
t_ok 'the relay may have as many'	unit
