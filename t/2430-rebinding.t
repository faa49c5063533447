#!/bin/sh
# Names that lead inward by DNS: what counts is the address a connection is made to.
# In a network of its own (unshare, as root), where a public address is ours to give.
[ -n "${T_INSIDE:-}" ] || {
	if [ "$(id -u)" -eq 0 ] && command -v ip >/dev/null && unshare -mn true 2>/dev/null; then
		T_INSIDE=1 exec unshare -mn /bin/sh "$0"
	fi
	echo '1..0 # SKIP needs root, unshare and ip for a network of its own'
	exit 0
}
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

public=203.0.114.7		# nobody's here, and no special address
network() {
	ip link set lo up && ip addr add $public/32 dev lo && ip addr add 127.9.9.9/32 dev lo &&
		echo 'nameserver 127.9.9.9' >"$T/resolv.conf" && echo 'hosts: dns' >"$T/nsswitch.conf" &&
		mount --bind "$T/resolv.conf" /etc/resolv.conf && mount --bind "$T/nsswitch.conf" /etc/nsswitch.conf
}
h_must 'a network' network
mkdir -p "$T/dns"
t_start dns /usr/bin/python3 "$T_SRC/t/inward" "$T/dns" $public
t_ok 'a DNS server and two sites' t_until 10 test -s "$T/dns/ready"
port=$(cat "$T/dns/ready")
t_ok 'the house stands' t_archon 'retries = 0' 'connect_timeout = 5s'

untouched() { ! grep . "$T/dns/inside"; }
fails() { t_until 30 h_ended "$h_id" || return; h_ended "$h_id"; cat "$T/body"; [ "$(h_get errorCode)" = address_refused ] && h_get error | grep -qF "$1"; }

t_ok 'a name of a public address'	h_start "http://public.test:$port/"
t_ok '...is crawled'			t_until 20 h_is "$h_id" status completed
t_ok 'a name of a private one'		h_start "http://private.test:$port/"
t_ok '...is refused'			fails 'private.test is at 127.0.0.1'
t_ok 'a name of the metadata service'	h_start "http://metadata.test:$port/"
t_ok '...is refused'			fails 'metadata.test is at 169.254.169.254'
t_ok 'a name of an IPv6 address that means a private one' h_start "http://mapped.test:$port/"
t_ok '...is refused'			fails 'which is not a public address'
# The public one takes no connection on this port: libcurl goes on to the other.
t_ok 'a name of both'			h_start "http://both.test:$((port + 1))/"
t_ok '...is refused'			fails '127.0.0.1'

# First the public address, which is crawled; asked again it is the private one.
t_ok 'a name that changes'		h_start "http://rebind.test:$port/" '"max_concurrent":1'
begun() { h_is "$h_id" status crawling && [ "$(h_get processedPages)" -ge 2 ]; }
t_ok '...is crawled'			t_until 20 begun
t_ok 'the crawler is killed'		t_kill crawler
rebind=$h_id
touch "$T/dns/turn"
t_restart crawler
t_ok '...and asks again'		t_until 15 grep -q 'rebind.test private' "$T/dns/asked"
t_ok 'the crawl ends'			t_until 30 h_ended "$rebind"
refused() { t_get "/api/crawl-progress/$rebind/failures" >/dev/null; cat "$T/body"; grep -q 'rebind.test is at 127.0.0.1, which is not a public address' "$T/body"; }
t_ok '...and went nowhere'		refused
t_ok 'nobody came to the private site'	untouched
