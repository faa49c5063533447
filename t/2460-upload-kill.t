#!/bin/sh
# kill -9 while documents come in and are read: what was accepted is finished later,
# once; the child that reads goes with its parent; nothing is left that nobody knows.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
. "$T_SRC/t/upload.sh"
h_need
t_need pdftotext

h_must 'the house stands' t_archon
mkdir "$T/doc"

whole() {	# PAGE: $u_source is there once, and that page's text is found
	[ "$(h_sql "SELECT count(*) FROM pages WHERE source = '$u_source'")" = 1 ] || return
	[ "$(h_sql "SELECT count(*) FROM chunks WHERE body LIKE '%$1 Page of $name%'")" = 1 ] && u_finds "$name" "$u_source"
}

# -- the crawler, while a child reads ------------------------------------------------------
children() { ps -o pid= --ppid "$(t_pid crawler)" | tr -d ' '; }
reading() { kids=$(children) && [ -n "$kids" ]; }
gone() { for kid in $kids; do ! kill -0 "$kid" 2>/dev/null || return 1; done; }
name=$(/usr/bin/python3 "$T_SRC/t/documents" "$T/doc" 3000)
t_ok 'a long PDF'			u_post 202 "$T/doc/pages.pdf"
t_ok '...is being read'			t_until 20 reading
t_kill crawler
t_ok '...its reader goes with the crawler' t_until 5 gone
t_restart crawler
t_ok '...it is read again'		t_until 60 h_is "$u_id" status completed
t_ok '...and is there once'		whole 999

name=$(/usr/bin/python3 "$T_SRC/t/documents" "$T/doc" 3000)
t_ok 'another, cancelled'		u_post 202 "$T/doc/pages.pdf"
t_ok '...while it is read'		t_until 20 reading
t_ok '...is told'			t_status 200 -X DELETE "/api/crawl-progress/$u_id"
t_ok '...and ends'			t_until 10 h_is "$u_id" status cancelled
t_ok '...its reader, too'		t_until 5 gone
t_ok 'it may come again'		u_post 202 "$T/doc/pages.pdf"
t_ok '...and TERM, while it is read'	t_until 20 reading
t_ok '...is quick'			t_stop crawler
t_ok '...and leaves no reader'		gone
t_restart crawler
t_ok '...it goes on'			t_until 60 h_is "$u_id" status completed
t_ok '...and is there once'		whole 999

# -- anybody, at a random moment ---------------------------------------------------------
: "${KILL_SEED:=$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}"
echo "# seed $KILL_SEED"
moment() { awk -v seed="$((KILL_SEED + $1))" 'BEGIN { srand(seed); rand(); print rand() * 0.15 }'; }
ends() { h_ended "$u_id" || [ "$(t_get "/api/crawl-progress/$u_id")" = 404 ]; }
round() {	# N PART...: the upload is on its way when they die
	n=$1; shift
	name=$(/usr/bin/python3 "$T_SRC/t/documents" "$T/doc" 200)
	u_id=$(h_uuid)
	: >"$T/answer"
	curl -sS --max-time 30 --unix-socket "$T/http.sock" -o "$T/answer" -F "file=@$T/doc/pages.pdf" -F "progress_id=$u_id" \
		http://localhost/api/documents/upload &
	sender=$!
	sleep "$(moment "$n")"		# the random moment, not a wait for something
	for part; do t_kill "$part"; done
	wait "$sender"
	for part; do t_restart "$part"; done
	t_until 15 t_healthy || return
	t_until 60 ends || return
	cat "$T/answer"
	u_source=$(h_get source_id "$T/answer")
	if [ -n "$u_source" ]; then		# it was told to be accepted
		h_is "$u_id" status completed && whole 200
	fi
}
for n in 1 2 3; do
	t_ok "round $n: the API"	round "$n" api
	t_ok "round $n: the crawler"	round "1$n" crawler
	t_ok "round $n: both"		round "2$n" api crawler
done
known() {	# every document has its source
	for file in "$T"/state/uploads/*; do
		case ${file##*/} in coming.*) continue ;; esac
		[ "$(h_sql "SELECT count(*) FROM sources WHERE id = '${file##*/}'")" = 1 ] && continue
		[ "$(find "$file" -mmin +1 | wc -l)" = 0 ] || { echo "$file"; return 1; }	# a fresh one waits for the sweep
	done
}
t_ok 'no old document is without a source' known
t_ok 'the store is sound' test "$(h_sql 'PRAGMA integrity_check')" = ok
