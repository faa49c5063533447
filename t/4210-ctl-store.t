#!/bin/sh
# archonctl's commands for what is known: show, edit, delete; check, backup, vacuum.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
h_need

h_must 'a site' h_badsite
h_must 'the house stands' t_archon "allow_private = $H_BAD"
crawled() { h_start "http://$H_BAD/site/ctl/40x0/" && t_until 30 h_is "$h_id" status completed && t_get "/api/crawl-progress/$h_id" >/dev/null; }
t_ok 'a source' crawled
source=$(h_get sourceId)

says() {	# REGEX ARG...
	regex=$1; shift
	t_ctl "$@" >"$T/said" 2>&1
	got=$?
	cat "$T/said"
	[ "$got" -eq 0 ] && grep -qE -- "$regex" "$T/said"
}
fails() {	# STATUS REGEX ARG...
	want=$1 regex=$2; shift 2
	t_ctl "$@" >"$T/said" 2>&1
	got=$?
	cat "$T/said"
	[ "$got" -eq "$want" ] && grep -qE -- "$regex" "$T/said"
}
json() { t_ctl --json "$@" >"$T/said" && /usr/bin/python3 -m json.tool "$T/said" && [ "$(wc -l <"$T/said")" -eq 1 ]; }

t_ok 'show'			says 'holds +40 pages, [0-9]+ chunks, .* words, [1-9][0-9.]* [kM]B$' show "$source"
t_ok 'show --json'		json show "$source"
t_ok 'show what is not there'	fails 1 'No source has this id' show 0123456789abcdef
t_ok 'edit'			says 'title +A name' edit "$source" --title 'A name' --tag one --tag two --every 30 --type business
t_ok '...is kept'		says 'tags +one' show "$source"
t_ok 'edit --json'		json edit "$source" --description 'what it is'
t_ok 'no tags any more'		sh -c '"$@" | { ! grep -q "^tags"; }' - "$T_BLD/fcgi/ctl/archonctl" --config "$T/archon.conf" --url "unix:$T/http.sock" edit "$source" --tag ''
t_ok 'edit nothing'		fails 64 'edit what' edit "$source"
t_ok 'edit a bad value'		fails 64 'knowledge_type' edit "$source" --type x

t_ok 'check'			says '^store +sound$' check
t_ok '...the table, too'	says '^table +sound$' check
t_ok 'check --json'		json check
t_ok 'backup'			says 'to use it, stop archon' backup "$T/copy.db"
t_ok '...is one sound file'	[ "$(sqlite3 "$T/copy.db" 'SELECT count(*) FROM pages; PRAGMA quick_check' | tr '\n' ' ')" = '40 ok ' ]
t_ok '...with nothing beside'	[ "$(ls "$T"/copy.db*)" = "$T/copy.db" ]
t_ok '...and never over another' fails 64 'exists already' backup "$T/copy.db"
t_ok '...nor where nobody can'	fails 1 'nowhere' backup "$T/nowhere/copy.db"
t_ok 'backup --json'		json backup "$T/copy2.db"
used() {	# the copy as the store of another house
	mkdir -p "$T/other" && cp "$T/copy.db" "$T/other/archon.db" && sed "s|^state_dir.*|state_dir = $T/other|" "$T/archon.conf" >"$T/other.conf" &&
		t_ctl --config "$T/other.conf" check >"$T/said"; cat "$T/said"; grep -q '^store *sound$' "$T/said"
}
t_ok '...and is good as a store' used

# -- out and in again ----------------------------------------------------------------
content() { sqlite3 "$1" "SELECT p.url, p.title, p.description, p.language, p.hash, p.recipe, p.etag, p.last_modified, p.words, hex(p.links), c.number, c.headings, c.body, c.terms FROM pages p JOIN chunks c ON c.page = p.n ORDER BY p.url, c.number; SELECT p.url, x.number, x.language, x.code, x.before, x.after, x.heading FROM pages p JOIN code_examples x ON x.page = p.n ORDER BY p.url, x.number; SELECT id, url, title, description, edited, knowledge_type, params, status, pages, chunks, words, examples FROM sources ORDER BY id; SELECT * FROM source_tags ORDER BY 1, 2"; }
printf '# By hand\n\nWords.\n\n```sh\nmake\n```\n' >"$T/hand.md"
t_ok 'a document, too'		says '1 pages' upload "$T/hand.md" --tag hand
document=$(h_sql "SELECT id FROM sources WHERE url LIKE 'file:%'")
t_ok 'export'			says '^2 sources, 41 pages' export "$T/exported"
t_ok '...a line each'		[ "$(wc -l <"$T/exported/archon.jsonl")" -eq 43 ]
t_ok '...of JSON'		/usr/bin/python3 -c 'import json, sys; [json.loads(l) for l in open(sys.argv[1])]' "$T/exported/archon.jsonl"
t_ok '...and a Markdown file each' [ "$(find "$T/exported/$source" -name '*.md' | wc -l)" -eq 40 ]
t_ok '...with its address'	grep -rq "^url: \"http://$H_BAD/site/ctl/40x0/p7.html\"" "$T/exported/$source"
t_ok '...into no directory that is there' fails 64 'not there yet' export "$T/exported"
t_ok 'export of one'		says '^1 sources' export "$T/exported1" --source "$source"
t_ok 'export of none'		fails 1 'archonctl sources' export "$T/exported2" --source 0123456789abcdef
t_ok 'export --json'		json export "$T/exported3"
content "$T/state/archon.db" >"$T/before"
t_ok 'over what is there'	says '^2 sources, 41 pages' import "$T/exported/archon.jsonl"
same() { content "$1" >"$T/after"; cmp "$T/before" "$T/after" && [ -s "$T/before" ]; }
t_ok '...changes nothing'	same "$T/state/archon.db"
empty() { mkdir "$T/empty" && sed "s|^state_dir.*|state_dir = $T/empty|; s|^run_dir.*|run_dir = $T/empty|" "$T/archon.conf" >"$T/empty.conf" && "$T_BLD/t/search/sound" "$T/empty"; }
t_ok 'an empty store'		empty
t_ok 'import there'		says '^2 sources, 41 pages' --config "$T/empty.conf" import "$T/exported/archon.jsonl"
t_ok '...brings the same'	same "$T/empty/archon.db"
t_ok '...and it is sound'	says '^store +sound$' --config "$T/empty.conf" check
sed "s|file:///$document/|file:///0123456789abcdef/|" "$T/exported/archon.jsonl" >"$T/swapped"
t_ok 'import of a document at the address of another' fails 1 'line [0-9]+: the address of another document' import "$T/swapped"
t_ok 'import of something else'	fails 1 'line 1: ' import "$T/archon.conf"
t_ok 'import of nothing'	fails 64 'archon.jsonl of an export' import "$T/nothing"
head -c 3000 "$T/exported/archon.jsonl" >"$T/half"
t_ok 'import of half a line'	fails 1 'line [0-9]+: ' import "$T/half"
t_ok '...leaves a sound store'	says '^store +sound$' check

t_ok 'delete'			says '^deleted' delete "$source"
t_ok '...the document, too'	says '^deleted' delete "$document"
t_ok '...once'			fails 1 'No source has this id' delete "$source"
purged() { [ "$(h_sql 'SELECT count(*) FROM pages')" = 0 ]; }
t_ok '...goes from the disk'	t_until 20 purged
t_ok 'vacuum'			says ', was ' vacuum
smaller() { t_get /api/database/metrics >/dev/null; cat "$T/body"; [ "$(h_get free_bytes)" -lt 100000 ]; }
t_ok '...leaves nothing free'	smaller
t_ok 'vacuum --json'		json vacuum
t_ok 'it goes on'		crawled

sqlite3 "$T/other/archon.db" "DELETE FROM chunks WHERE n = (SELECT min(n) FROM chunks)"
t_ok 'a spoilt store is found'	sh -c '! "$@"' - "$T_BLD/fcgi/ctl/archonctl" --config "$T/other.conf" check
rm "$T"/other/archon.db*
t_ok 'no store is no reason to make one' sh -c '! "$@"' - "$T_BLD/fcgi/ctl/archonctl" --config "$T/other.conf" check
t_ok '...and none was made'	[ -z "$(ls "$T/other")" ]
