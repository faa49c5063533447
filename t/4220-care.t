#!/bin/sh
# A backup goes back into place: never while archon runs, and then all of it.  A store
# of a newer archon is refused by every program, with what to do.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD"
crawled() { h_start "http://$H_BAD/site/$1/5x0/" && t_until 60 h_is "$h_id" status completed; }
said() {	# STATUS REGEX ARG...
	want=$1 regex=$2; shift 2
	t_ctl "$@" >"$T/said" 2>&1
	got=$?
	cat "$T/said"
	[ "$got" -eq "$want" ] && grep -qE -- "$regex" "$T/said"
}
urls() { sqlite3 "$T/state/archon.db" 'SELECT url FROM pages ORDER BY url'; }
down() { for part in api mcp relay crawler; do [ ! -f "$T/$part.pid" ] || t_stop $part || return; done; }
up() { for part in api mcp relay crawler; do t_restart $part; done; t_until 15 t_healthy; }
finds() { t_ctl search "$1" >"$T/said"; cat "$T/said"; grep -q "$1" "$T/said"; }

t_ok 'a source'			crawled kept
kept=$h_id
urls >"$T/urls"
t_ok 'backup'			said 0 'archonctl restore' backup "$T/copy.db"
t_ok 'another source'		crawled later
t_ok 'restore while archon runs: refused' said 1 'stop archon first' restore "$T/copy.db"
for part in relay crawler mcp; do t_ok "stop $part" t_stop $part; done
t_ok '...archon-api alone, too'	said 1 'stop archon first' restore "$T/copy.db"
still() { [ "$(urls | wc -l)" -eq 10 ]; }
t_ok '...and nothing was replaced' still
t_ok 'stop all'			down
t_ok 'the table of before is there' [ -f "$T/run/live/writers/table" ]
t_ok 'restore'			said 0 'now start archon' restore "$T/copy.db"
same() { urls | diff - "$T/urls"; }
t_ok '...brings what it held'	same
t_ok '...and leaves nothing beside it' [ "$(ls "$T/state" | grep -v '^uploads$')" = archon.db ]
t_ok '...nor the table of before' [ ! -e "$T/run/live/writers/table" ]
t_ok 'start all'		up
t_ok 'what it held is found'	finds word1xkept
t_ok '...its crawl is known'	h_is "$kept" status completed
lists() { t_get /api/knowledge-items >/dev/null && cat "$T/body" && grep -q /site/kept/ "$T/body" && ! grep -q /site/later/ "$T/body"; }
t_ok '...and no more is listed'	lists
t_ok 'check'			said 0 '^store +sound' check
t_ok 'it goes on'		crawled again

t_ok 'stop all'			down
t_ok 'restore --json'		sh -c '"$@" | /usr/bin/python3 -m json.tool' - "$T_BLD/fcgi/ctl/archonctl" --config "$T/archon.conf" --json restore "$T/copy.db"
t_ok 'restore of something else' said 1 'no store of archon' restore "$T/archon.conf"
t_ok 'restore of nothing'	said 1 'No such file' restore "$T/nothing"
t_ok 'restore of a directory'	said 1 'is no file' restore "$T"
linked() { mv "$T/state/archon.db" "$T/away.db"; ln -s "$1" "$T/state/archon.db"; said 1 'is a symbolic link; let state_dir' restore "$T/copy.db" && [ -L "$T/state/archon.db" ]; }
back() { mv -f "$T/away.db" "$T/state/archon.db"; }
t_ok 'restore over a link: refused' linked "$T/away.db"; back
t_ok '...that leads nowhere, too' linked "$T/nothing"; back
anew() { rm "$T/state/archon.db" && said 0 'now start archon' restore "$T/copy.db" && [ "$(stat -c %a "$T/state/archon.db")" = 660 ] && same; }
t_ok 'restore where there is none: no store for everybody' anew

# -- a newer archon was here ------------------------------------------------------------
sqlite3 "$T/copy.db" 'PRAGMA user_version = 99'
t_ok 'restore of a newer store'	said 1 'written by a newer archon \(schema 99' restore "$T/copy.db"
t_ok '...replaces nothing'	same
sqlite3 "$T/state/archon.db" 'PRAGMA user_version = 99'
for what in check 'backup FILE' vacuum 'export DIR' 'import FILE'; do
	cmd=${what%% *}
	case $what in *DIR) arg=$T/exported ;; *backup*) arg=$T/newer.db ;; *FILE) arg=$T/copy.db ;; *) arg= ;; esac
	t_ok "archonctl $cmd refuses it" said 1 'written by a newer archon \(schema 99.*install that version' $cmd ${arg:+"$arg"}
done
ends() {	# PROGRAM: with the status that systemd does not restart after
	case $1 in crawler) set -- "$1" ;; *) set -- "$1" --socket "$T/none.sock" ;; esac
	part=$1; shift
	timeout -k 5 60 "$T_BLD/fcgi/$part/archon-$part" --config "$T/archon.conf" "$@" >"$T/said" 2>&1
	got=$?
	cat "$T/said"; echo "status $got"
	[ "$got" -eq 78 ] && grep -q 'written by a newer archon (schema 99' "$T/said"
}
for part in api mcp crawler; do t_ok "archon-$part refuses it, for good" ends $part; done
unspoilt() { [ "$(sqlite3 "$T/state/archon.db" 'PRAGMA user_version; PRAGMA integrity_check' | tr '\n' ' ')" = '99 ok ' ]; }
t_ok '...and changes nothing'	unspoilt
