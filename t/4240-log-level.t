#!/bin/sh
# HUP takes log_level anew while a program runs: archon-api, archon-mcp, archon-crawler
# (archon-relay executes itself anew, which t/unit/check_relay_upgrade looks at).
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need
h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD"

level() {	# LEVEL PART: takes it, says so, and is the same process
	sed -i '/^log_level/d' "$T/archon.conf"
	echo "log_level = $1" >>"$T/archon.conf"
	n=$(grep -c "reload log_level=$1" "$T/$2.log")
	kill -HUP "$(t_pid "$2")" || return
	more() { [ "$(grep -c "reload log_level=$1" "$T/$2.log")" -gt "$n" ]; }
	t_until 10 more "$1" "$2"
}
crawled() { h_start "http://$H_BAD/site/$1/3x0/" && t_until 60 h_is "$h_id" status completed; }
begins() { grep -c 'crawl begins' "$T/crawler.log"; }

for part in api mcp crawler; do t_ok "archon-$part takes a higher level" level error $part; done
before=$(begins)
t_ok 'a crawl'			crawled quiet
t_ok '...is not logged any more' [ "$(begins)" -eq "$before" ]
for part in api mcp crawler; do t_ok "archon-$part takes a lower level" level info $part; done
t_ok 'a crawl'			crawled loud
t_ok '...is logged again'	[ "$(begins)" -gt "$before" ]
bad() {
	echo 'log_level = loud' >>"$T/archon.conf"
	kill -HUP "$(t_pid api)" && t_until 10 grep -q 'reload refused.*archon.conf:[0-9]*: ' "$T/api.log"
}
t_ok 'a bad configuration is refused' bad
sed -i '/^log_level = loud/d' "$T/archon.conf"
t_ok '...and it goes on'	t_healthy
t_ok '...with the good one'	level warning api
