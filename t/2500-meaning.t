#!/bin/sh
# Search by meaning: chunks embedded beside the crawl and behind it, through failures
# and kills, and questions answered by both, by words alone when nobody embeds.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

# -- a site where one page says it by another word -----------------------------------
mkdir -p "$T/www/docs" "$T/ai"
page() {	# NAME TITLE TEXT
	echo "<!DOCTYPE html><html><head><title>$2</title></head><body><main><h1>$2</h1><p>$3</p></main></body></html>" >"$T/www/docs/$1"
}
pages=60
{
	echo '<!DOCTYPE html><html><head><title>Garage</title></head><body><main><h1>Garage</h1>'
	i=1
	while [ $i -le $pages ]; do echo "<p><a href=\"p$i.html\">leaf $i</a></p>"; i=$((i + 1)); done
	echo '<p><a href="car.html">one</a> <a href="long.html">two</a></p></main></body></html>'
} >"$T/www/docs/index.html"
i=1
while [ $i -le $pages ]; do
	page p$i.html "Leaf $i" "Green leaves of plant number $i grow slowly in the garden, sort $(head -c 6 /dev/urandom | od -An -tx1 | tr -d ' \n')."
	i=$((i + 1))
done
page car.html Driving 'A fast car needs good brakes.'
page long.html Lengthy "poison $(i=0; while [ $i -lt 90 ]; do printf 'lengthy words '; i=$((i + 1)); done)"

mode() { echo "$1" >"$T/ai/mode"; }
n_hits() { wc -l <"$T/ai/hits"; }
n_vectors() { h_sql 'SELECT count(*) FROM vectors'; }
n_chunks() { h_sql 'SELECT count(*) FROM chunks'; }
all_embedded() { [ "$(n_chunks)" -gt 0 ] && [ "$(n_vectors)" = "$(n_chunks)" ] || { echo "$(n_vectors) of $(n_chunks)"; return 1; }; }
serve() {
	rm -f "$T/ai/port"
	t_start embedding /usr/bin/python3 "$T_SRC/t/embedding" "$T/ai" "$@"
	t_until 10 test -s "$T/ai/port"
}
asked() {	# MODE QUESTION REGEX [MEMBERS]
	t_status 200 -H 'Content-Type: application/json' -d "{\"query\":\"$2\"${4:+,$4}}" /api/rag/query &&
	    grep -qE "\"search_mode\":\"$1\"" "$T/body" && grep -qE "$3" "$T/body"
}
none='"results":\[\]'
crawl() { h_start "http://$T_SITE/docs/" "$@"; }
completes() { t_until 60 h_ended "$h_id" && h_is "$h_id" status completed; }
logs() { t_until 10 logged "$@"; }
logged() { grep -qE "$2" "$T/$1.log"; }

mode ok
echo sesame-4711 >"$T/key"; echo more >>"$T/key"
h_must 'a site' t_site "$T/www"
h_must 'an endpoint' serve
endpoint=http://127.0.0.1:$(cat "$T/ai/port")/v1/embeddings

# -- not configured ------------------------------------------------------------------
h_must 'the house stands' t_archon "allow_private = $T_SITE"
t_ok 'a crawl without an endpoint'	crawl
t_ok '...completes'			completes
t_ok '...asks nobody'			[ "$(n_hits)" = 0 ]
t_ok '...has no socket'			[ ! -e "$T/run/crawler/embed.sock" ]
t_ok '...embeds nothing'		[ "$(n_vectors)" = 0 ]
t_ok '...says nothing of it'		sh -c '! grep -q mbedded "$1"' - "$T/body"
t_ok 'another word finds nothing'	asked keyword automobile "$none"
t_ok '...and nobody was asked'		[ "$(n_hits)" = 0 ]

# -- configured: what is there already is embedded, through failures and kills ----------
configure() {
	t_conf "allow_private = $T_SITE" "embedding_url = $endpoint" "embedding_model = $1" "embedding_key_file = $T/key"
	for t_part in api mcp relay crawler; do t_stop $t_part || return; done
	for t_part in api mcp relay crawler; do t_restart $t_part; done
	t_until 15 t_healthy
}
mode fail
t_ok 'the same with one'		configure small
t_ok 'a failure is logged'		logs crawler 'chunks not embedded why="the embedding endpoint answered 503" again_ms=2000'
t_ok '...and nothing was embedded'	[ "$(n_vectors)" = 0 ]
t_ok '...search goes by words'		asked keyword brakes 'car.html'
for bad in garbage html closed; do
	mode $bad
	before=$(n_hits)
	seen() { tail -n +$((before + 1)) "$T/ai/hits" | grep -q "^$bad"; }
	t_ok "...also when it is $bad"	t_until 30 seen
	t_ok '...nothing is kept'	[ "$(n_vectors)" = 0 ]
	t_kill crawler			# and begins anew, without the pause
	t_restart crawler
done
mode ok
some() { [ "$(n_vectors)" -gt 0 ]; }
t_ok 'then it answers'			t_until 30 some
t_ok 'killed in the middle'		t_kill crawler
kept=$(n_vectors)
[ "$kept" -lt "$(n_chunks)" ] || echo '# all was done before the kill'
t_restart crawler
t_ok '...it goes on'			t_until 30 all_embedded
once() { h_once=$(awk '$1 == "ok" { n += $2 } END { print n }' "$T/ai/hits"); echo "$h_once texts, $kept kept, $(n_chunks) chunks"; [ "$h_once" -le $(($(n_chunks) + 16)) ]; }
t_ok '...and does not begin anew'	once
t_ok 'the model is named'		grep -q '^ok [0-9]* small ' "$T/ai/hits"
t_ok '...and the key goes with it'	grep -q ' Bearer sesame-4711$' "$T/ai/hits"
silent() { ! grep -rl sesame "$T"/*.log "$T/run" "$T/state" && ! "$T_BLD/fcgi/crawler/archon-crawler" --config "$T/archon.conf" --print-config | grep sesame; }
t_ok '...and nowhere else'		silent
t_ok 'a batch has several'		grep -q '^ok 16 ' "$T/ai/hits"

# -- questions ------------------------------------------------------------------------
t_ok 'another word finds it'		asked hybrid automobile '"results":\[\{"url":"[^"]*car.html"'
t_ok '...with a score'			grep -qE '"score":0\.[1-9]' "$T/body"
t_ok 'both ways: first of all'		asked hybrid 'fast car' '"results":\[\{"url":"[^"]*car.html".*"score":1(\.0*)?,"chunk_id"'
source=$(h_sql 'SELECT id FROM sources')
t_ok 'the filters hold'			asked hybrid automobile "$none" '"knowledge_type":"business"'
t_ok '...for a source'			asked hybrid automobile 'car.html' "\"source\":\"$source\""
t_ok '...and another'			asked hybrid automobile "$none" '"source":"00000000deadbeef"'
items() { t_status 200 -H 'Content-Type: application/json' -d '{"query":"automobile"}' /api/knowledge-items/search && grep -q '"search_mode":"hybrid"' "$T/body" && grep -q car.html "$T/body"; }
t_ok 'also by the older names'		items
tool() { /usr/bin/python3 "$T_SRC/t/mcp/client" call "$T/http.sock" 2025-06-18 perform_rag_query '{"query":"automobile"}' | grep -q car.html; }
t_ok 'and for agents'			tool
before=$(n_hits)
t_ok 'while it is typed: by words'	asked keyword automob "$none" '"as_you_type":true'
t_ok '...and nobody is asked'		[ "$(n_hits)" = "$before" ]

# -- an endpoint that is ill -----------------------------------------------------------
mode slow
t_ok 'too slow: by words'		asked keyword brakes car.html
before=$(n_hits)
t_ok '...and the next'			asked keyword brakes car.html
t_ok '...does not ask it'		[ "$(n_hits)" = "$before" ]
mode dims
recovers() { asked hybrid automobile car.html; }
other() { t_get -H 'Content-Type: application/json' -d '{"query":"automobile"}' /api/rag/query >/dev/null; grep -q '"search_mode":"keyword"' "$T/body" && tail -n 1 "$T/ai/hits" | grep -q '^dims 1 '; }
t_ok 'of another length: by words'	t_until 20 other
mode ok
t_ok 'well again: by both'		t_until 20 recovers
t_ok 'the endpoint ends'		t_stop embedding
t_ok '...by words'			asked keyword brakes car.html
t_ok 'the crawler ends'			t_stop crawler
t_ok '...by words'			asked keyword brakes car.html
t_ok '...and its socket is gone'	[ ! -e "$T/run/crawler/embed.sock" ]
t_restart crawler

# -- crawls go on whatever it does -----------------------------------------------------
page car.html Driving 'A fast car needs very good brakes.'
page late.html Late 'A swift boat.'
echo '<a href="late.html">late</a>' >>"$T/www/docs/index.html"
t_ok 'a crawl while it is away'		crawl
t_ok '...completes'			completes
t_ok '...says so'			grep -qE 'Embedded [0-9]+ of [0-9]+ chunks; the rest follows' "$T/body"
fewer() { [ "$(n_vectors)" -lt "$(n_chunks)" ]; }
t_ok 'old vectors went with their chunks' fewer
mode picky
t_ok 'it comes back'			serve "$(expr "$endpoint" : '.*:\([0-9]*\)/')"
t_ok '...the rest follows'		t_until 60 all_embedded
sound() { t_ctl check && "$T_BLD/t/search/sound" "$T/state"; }
t_ok 'the store is sound'		sound
t_ok 'another word finds the new'	asked hybrid rapid 'late.html'

t_ok 'another model'			configure large
t_ok '...embeds all anew'		t_until 60 grep -q ' large ' "$T/ai/hits"
t_ok '...to the end'			t_until 60 all_embedded
t_ok '...where a text is too long, its beginning' grep -q '^picky 1 large' "$T/ai/hits"
told() { t_until 10 grep -qE 'Embedded ([0-9]+) of \1 chunks' "$T/body"; }
t_ok 'a crawl of nothing new'		crawl
t_ok '...completes'			completes
t_ok '...says that all are embedded'	told

t_ok 'the source is deleted'		t_status 200 -X DELETE "/api/knowledge-items/$source"
t_ok '...found no more'			asked '(hybrid|keyword)' automobile "$none"
gone() { [ "$(n_chunks)" = 0 ] && [ "$(n_vectors)" = 0 ]; }
t_ok '...and its vectors with it'	t_until 20 gone
