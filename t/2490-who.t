#!/bin/sh
# Who may touch what: the cells of conf/README, tried as throwaway users on directories
# made as tmpfiles.d says.  t/boot tries them with the real users, and the network.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
t_need setpriv curl "$T_NGINX"
reach=$T_BLD/t/who/reach
[ "$(id -u)" -eq 0 ] || { trap - EXIT; rm -rf "$T"; echo '1..0 # SKIP other users can be tried by root only'; exit 0; }

# ids that nobody has; groups as sysusers.d has them
id_of() {
	case $1 in
	root) echo 0 ;; archon) echo 64100 ;; archon-api) echo 64101 ;; archon-crawler) echo 64102 ;;
	archon-relay) echo 64103 ;; nginx) echo 64104 ;; *) echo 64105 ;;
	esac
}
as() {	# USER CMD...
	who=$1; shift
	case $who in
	archon-api | archon-crawler) set -- "--regid=$(id_of archon)" "--groups=$(id_of archon),$(id_of archon-relay)" "$@" ;;
	*) set -- "--regid=$(id_of "$who")" --clear-groups "$@" ;;
	esac
	setpriv --reuid="$(id_of "$who")" "$@"
}
chmod 711 "$T"
as others "$T_BLD/fcgi/relay/archon-relay" --version >"$T/version" 2>&1 && as others "$reach" </dev/null ||
	{ trap - EXIT; rm -rf "$T"; echo "1..0 # SKIP other users cannot run what is in $T_BLD"; exit 0; }

t_conf 'embedding_url = http://127.0.0.1:9/v1/embeddings'
chmod 644 "$T/archon.conf"
rmdir "$T/run" "$T/state"
directories() {
	sed -E "s|@rundir@|$T/run|; s|@statedir@|$T/state|; s|@PACKAGE@|archon|g" "$T_SRC/conf/tmpfiles.d/archon.conf.in" |
	while read -r type path mode user group rest; do
		[ "$type" != d ] || install -d -m "$mode" -o "$(id_of "$user")" -g "$(id_of "$group")" "$path" || return
	done && [ -d "$T/run/crawler" ]
}
t_ok 'the directories of tmpfiles.d' directories

# as systemd does it: the socket is root's and nginx's, the program its user's
service() {	# PART USER
	t_start "$1" "$reach" listen "$T/run/$1.sock" "$(id_of nginx)" setpriv --reuid="$(id_of "$2")" $3 "$T_BLD/fcgi/$1/archon-$1" --config "$T/archon.conf"
}
writers="--regid=$(id_of archon) --groups=$(id_of archon),$(id_of archon-relay)"
service api archon-api "$writers"
service mcp archon-api "$writers"
service relay archon-relay "--regid=$(id_of archon-relay) --clear-groups"
umask 077
t_start crawler setpriv --reuid="$(id_of archon-crawler)" $writers "$T_BLD/fcgi/crawler/archon-crawler" --config "$T/archon.conf"
umask 022
t_nginx
t_ok 'healthy, each program as its own user' t_until 15 t_healthy
t_ok 'the crawler takes questions' t_until 10 test -S "$T/run/crawler/embed.sock"

cells() {	# COLUMN: with the places of this test
	"$T_SRC/t/who/cells" "$T_SRC/conf/README" "$1" | grep -v '^out \|^listen ' |
		sed -E "s|/run/archon|$T/run|; s|/var/lib/archon|$T/state|; s|/etc/archon/archon.conf|$T/archon.conf|;
			s,archon-(api|relay|crawler)\.service,\1," |
		while read -r verb what want; do
			[ "$verb" != signal ] || what=$what:$(t_pid "$what")
			echo "$verb $what $want"
		done >"$T/cells"
}
tried() {	# COLUMN USER
	cells "$1" && cut -d' ' -f1,2 "$T/cells" | as "$2" "$reach" >"$T/tried" && "$T_SRC/t/who/compare" "$T/cells" "$T/tried"
}
for column in nginx api relay crawler others; do
	case $column in nginx | others) user=$column ;; *) user=archon-$column ;; esac
	t_ok "$column may what conf/README says, and nothing else" tried "$column" "$user"
done
wrong() { cells relay && sed 's/^write \(.*table\) no$/write \1 yes/' "$T/cells" >"$T/wrong" && ! "$T_SRC/t/who/compare" "$T/wrong" "$T/tried"; }
tried relay archon-relay >"$T/out"
t_ok '...and a cell that is not so is found' wrong

# whatever the relay makes of what is its own, the others live
t_kill relay
spoil() {
	as archon-relay sh -c 'head -c 3000 /dev/urandom >"$1/relay/counters"' - "$T/run" && t_status 200 /health &&
		as archon-relay sh -c ': >"$1/relay/counters"' - "$T/run" && t_status 200 /health &&
		as archon-relay sh -c 'rm "$1/relay/counters" && mkfifo "$1/relay/counters"' - "$T/run" && t_status 200 /health
}
t_ok 'rubbish for counters: the API goes on' spoil
rm "$T/run/relay/counters" "$T/run/relay.sock"
service relay archon-relay "--regid=$(id_of archon-relay) --clear-groups"
t_ok 'all is well when the relay is back' t_until 15 t_healthy
