# t/kill.sh - the rounds of t/3000-kill.t and t/stress/kill: kill -9 of api, mcp, relay,
# crawler or all at a random moment of a crawl, start it again, and look whether
# anything was lost.
#
#	kill_begin ROUNDS		the house and a site; $KILL_SEED repeats a run
#	kill_round N WHOM		one round: api, mcp, relay, crawler or all
#	kill_end			what must hold after all of them
#
# One round is one test point.

KILL_PAGES=150
KILL_DELAY_MS=10

kill_begin() {
	: "${KILL_SEED:=$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}"
	echo "# seed $KILL_SEED"
	kill_rounds=$1
	h_badsite && t_archon "allow_private = $H_BAD" "table_rows = $((kill_rounds + 16))" 'retries = 5'
}

kill_random() {	# N BELOW
	awk -v seed="$((KILL_SEED + $1))" -v below="$2" 'BEGIN { srand(seed); rand(); print int(rand() * below) }'
}

kill_parts() { [ "$1" = all ] && echo api mcp relay crawler || echo "$1"; }

# A process that is killed may have requests on the way: the mark comes after them.
kill_mark() { curl -sS --max-time 10 -o "$T/mark" "http://$H_BAD/mark/$1"; }

kill_fetched_again() {	# N: stored before the kill, asked for after it
	sed "1,/^\/mark\/$1\$/d" "$T/bad/log" | grep "^/site/$kill_name/" | sort -u >"$T/asked"
	sort "$T/stored.before" | sed "s|^http://$H_BAD||" | comm -12 - "$T/asked" >"$T/again"
	[ ! -s "$T/again" ] || { echo "fetched again, though stored:"; cat "$T/again"; return 1; }
}

kill_counted() {
	kill_got=$(h_sql "SELECT count(*) || ' ' || count(DISTINCT url) FROM pages WHERE url LIKE 'http://$H_BAD/site/$kill_name/%'")
	echo "pages stored, different ones: $kill_got"
	[ "$kill_got" = "$KILL_PAGES $KILL_PAGES" ] || return 1
	for kill_table in chunks:page code_examples:page; do
		kill_got=$(h_sql "SELECT count(*) FROM ${kill_table%:*} WHERE page NOT IN (SELECT n FROM pages)")
		[ "$kill_got" = 0 ] || { echo "$kill_got orphans in $kill_table"; return 1; }
	done
	h_is "$h_id" processedPages $KILL_PAGES && h_is "$h_id" totalPages $KILL_PAGES && h_is "$h_id" failedPages 0 &&
		h_is "$h_id" percentage 100
}

kill_told() {	# the client that follows: the end, once, and what polling says
	h_ws_end "$1" || return
	[ "$(h_count "$1" crawl_completed)" = 1 ] || { echo "crawl_completed: $(h_count "$1" crawl_completed) times"; return 1; }
	sed -n 's/^msg //p' "$T/$1.ws" | grep crawl_completed | sed 's/.*"data"://; s/}$//' >"$T/pushed"
	t_get "/api/crawl-progress/$h_id" >/dev/null
	/usr/bin/python3 "$T_SRC/t/ws/client" same "$T/pushed" "$T/body" || return
	sed -nE 's/.*"percentage":([0-9]+).*/\1/p' "$T/$1.ws" | sort -n -c || { echo 'percentage fell'; return 1; }
}

kill_table() {	# USED: rows, none alive, none owned
	t_ctl stat >"$T/stat" || return
	head -n 3 "$T/stat"
	grep -qE "^rows [0-9]+: $1 used, 0 live, 0 owned " "$T/stat"
}

kill_round_run() {
	kill_name=r$1
	h_start "http://$H_BAD/site/$kill_name/${KILL_PAGES}x$KILL_DELAY_MS/" '"max_concurrent":8' || return
	h_ws "follow" "/api/crawl-progress/$h_id" --again
	kill_ms=$(kill_random "$1" 900)
	[ $(($1 % 5)) -ne 0 ] || kill_ms=0		# right after the 202, too
	echo "kill $2 after $kill_ms ms"
	sleep "$(awk "BEGIN { print $kill_ms / 1000 }")"		# the random moment, not a wait for something
	for kill_part in $(kill_parts "$2"); do t_kill "$kill_part"; done
	kill_mark "$1" || return
	h_sql "SELECT url FROM pages WHERE url LIKE 'http://$H_BAD/site/$kill_name/%'" >"$T/stored.before" || return
	echo "stored when killed: $(wc -l <"$T/stored.before")"
	for kill_part in $(kill_parts "$2"); do t_restart "$kill_part"; done
	t_until 60 h_ended "$h_id" || { echo 'it does not end'; return 1; }
	h_is "$h_id" status completed && kill_counted && kill_told follow &&
		case $2 in crawler | all) kill_fetched_again "$1" ;; esac &&
		t_until 10 kill_table "$1"
}

kill_round() { t_ok "round $1: kill -9 of $2" kill_round_run "$1" "$2"; }

kill_check() { [ "$(h_sql 'PRAGMA integrity_check')" = ok ] && h_sql 'SELECT count(*), sum(phase = "completed") FROM crawls'; }
kill_indexed() {
	"$T_BLD/t/search/sound" "$T/state" || return
	got=$(h_sql 'SELECT count(*) FROM chunks')
	[ "$got" = $((kill_rounds * KILL_PAGES)) ] || { echo "$got chunks"; return 1; }
}
kill_end() {
	t_ok 'the store is sound' kill_check
	t_ok 'the search index holds each chunk once' kill_indexed
	t_ok 'one page is found by its word' t_status 200 -H 'Content-Type: application/json' -d '{"query":"word7xr1"}' /api/rag/query
	t_ok '...once' sh -c '[ "$(grep -o "\"chunk_id\"" "$0" | wc -l)" = 1 ]' "$T/body"
}
