#!/bin/sh
# Several crawls and one site: all together ask for no more at once than one may,
# wait when they are told to, and none starves beside another.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

mkdir -p "$T/host"
t_start host "$T_SRC/t/host" "$T/host"
t_ok 'a site that watches its visitors' t_until 10 test -s "$T/host/ports"
read -r plain delayed busy <"$T/host/ports"
t_ok 'the house stands' t_archon 'allow_private = 127.0.0.1' 'retries = 3'

# Two crawls side by side, of the same size and the same site.
t_ok 'a crawl'				h_start "http://127.0.0.1:$plain/a/0.html" '"max_concurrent":3'
first=$h_id
t_ok 'and another of the same site'	h_start "http://127.0.0.1:$plain/b/0.html" '"max_concurrent":3'
second=$h_id
t_ok 'one completes'			t_until 60 h_is "$first" status completed
t_ok 'and the other'			t_until 60 h_is "$second" status completed
most() { cat "$T/host/most"; [ "$(cat "$T/host/most")" = 3 ]; }
t_ok 'never more than three at once, and three'	most
turns() {	# LETTERS LEAST: so often it was another's turn
	turns_n=$(grep -E "^/[$1]/" "$T/host/came" | cut -c2 | uniq | wc -l)
	grep -E "^/[$1]/" "$T/host/came" | cut -c2 | uniq -c
	[ "$turns_n" -ge "$2" ]
}
t_ok 'they took turns'			turns ab 20

# Crawl-delay: one second from the beginning of one to that of the next.
t_ok 'a crawl of a site with Crawl-delay' h_start "http://127.0.0.1:$delayed/c/0.html" '"max_pages":4,"max_concurrent":8'
first=$h_id
t_ok 'and another'			h_start "http://127.0.0.1:$delayed/d/0.html" '"max_pages":4,"max_concurrent":8'
t_ok 'one completes'			t_until 60 h_is "$first" status completed
t_ok 'and the other'			t_until 60 h_is "$h_id" status completed
t_ok 'they took turns, too'		turns cd 4
apart() {	# PATTERN SECONDS: between two such requests at least so long
	awk -v pattern="$1" -v least="$2" '$1 ~ pattern { if (n++ && $2 - last < least) { print $1, $2 - last; bad = 1 } last = $2 }
		END { print n " requests"; exit bad || n < 2 }' "$T/host/times"
}
t_ok '...one second apart, less what the way took' apart '^/[cd]/' 0.5

# 429 and 503: not before Retry-After, for every crawl there is.
t_ok 'a crawl of a busy site'		h_start "http://127.0.0.1:$busy/r/0.html" '"max_pages":3'
t_ok '...completes'			t_until 60 h_is "$h_id" status completed
pages() { h_is "$h_id" failedPages 0 && [ "$(h_sql "SELECT count(*) FROM pages WHERE url LIKE '%:$busy/r/%'")" = 3 ]; }
t_ok '...with every page'		pages
t_ok '...and waited as it was told'	apart '^/r/1.html$' 1.99

# A page that never stops failing: a bounded number of tries, further and further apart.
t_ok 'a crawl of a site that fails'	h_start "http://127.0.0.1:$busy/f/0.html"
t_ok '...ends in error'			t_until 60 h_is "$h_id" errorCode http_503
tries() { [ "$(grep -c '^/f/0.html ' "$T/host/times")" = 4 ] || { cat "$T/host/times"; return 1; }; }
t_ok '...after retries + 1 tries'	tries
