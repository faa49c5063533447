#!/bin/sh
# Documents that are handed to us: taken, read, found, thrown away; and those that
# are no documents.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/house.sh"
. "$T_SRC/t/upload.sh"
h_need
t_need pdftotext

h_must 'the house stands' t_archon 'max_upload = 256KiB' 'convert_timeout = 3s'
u_documents

# -- each type, through to a search ---------------------------------------------------
h_ws items /api/knowledge-items/stream --until '"guide.docx","success"'
t_ok 'a client watches the list'	t_until 10 h_heard items '^msg'
for type in md txt html rst pdf docx; do
	t_ok "$type is taken"		u_post 202 "$T/doc/guide.$type" -F 'tags=["one","two"]' -F knowledge_type=business
	eval "source_$type=\$u_source"
	t_ok '...as an upload'		u_is_upload "guide.$type" "$type"
	t_ok '...and completes'		t_until 20 h_is "$u_id" status completed
	t_ok '...its file is kept'	test -f "$T/state/uploads/$u_source"
	t_ok '...its title is its own'	u_item "$u_source" title "A guide to $type"
	t_ok '...with what was said of it' u_metadata "$u_source" '"knowledge_type":"business","tags":\["one","two"\],"source_type":"file"' "guide.$type"
	t_ok '...its text is found'	u_finds "quicksilver$type" "$u_source"
	t_ok '...below its heading'	u_has 'Setting it up'
	t_ok '...its stream says so'	t_until 5 h_heard items "document_uploaded.*guide.$type.*\"success\":true"
done
code() { t_get "/api/knowledge-items/$1/code-examples" >/dev/null; u_has 'make install'; }
text() { u_finds barometerpdf "$source_pdf" && u_has '#include [^ ]*<gauge.h> & [^ ]*<script>, then read'; }
t_ok 'what looks like HTML in PDF is text' text
t_ok 'code in Markdown is code'		code "$source_md"
t_ok '...and in reStructuredText'	code "$source_rst"
t_ok '...and in DOCX'			code "$source_docx"
hits() { t_ctl search --code 'make install' --source "$source_md" --limit 1 >"$T/said"; cat "$T/said"; grep -q '^   | .*make install' "$T/said"; }
t_ok '...which archonctl finds'		hits
files() { t_get '/api/knowledge-items?source_type=file' >/dev/null; [ "$(h_get total)" = 6 ] && t_get '/api/knowledge-items?source_type=url' >/dev/null && [ "$(h_get total)" = 0 ]; }
t_ok 'they are listed as files'		files

# -- the same again ----------------------------------------------------------------------
t_ok 'the same document'		u_post 200 "$T/doc/guide.md"
t_ok '...is known'			u_has '"duplicate":true'
t_ok '...as what it was'		test "$u_source" = "$source_md"
cp "$T/doc/guide.md" "$T/doc/other.md"
t_ok '...also under another name'	u_post 200 "$T/doc/other.md"
once() { [ "$(h_sql "SELECT count(*) FROM pages WHERE source = '$source_md'")" = 1 ] && [ "$(ls "$T/state/uploads" | wc -l)" = 6 ]; }
t_ok '...and there once'		once

# -- what is said beside it ---------------------------------------------------------------
echo '# Fields' >"$T/doc/fields.md"; echo 'nothing' >>"$T/doc/fields.md"
u_uuid=$(h_uuid)
t_ok 'metadata, as old pages send it'	u_post 202 "$T/doc/fields.md" -F 'metadata={"knowledge_type":"technical","tags":["m"]}' -F "progress_id=$u_uuid"
t_ok '...under the id that was chosen'	test "$u_id" = "$u_uuid"
t_ok '...completes'			t_until 20 h_is "$u_id" status completed
t_ok '...with its tags'			u_metadata "$u_source" '"knowledge_type":"technical","tags":\["m"\]' fields.md
t_ok 'a second time: the same work'	t_status 202 -X POST "/api/crawl-progress/$u_id/retry"
echo two >"$T/doc/two.txt"
t_ok 'one tag, then another'		u_post 202 "$T/doc/two.txt" -F tags=alpha -F tags=beta
t_ok '...are two'			t_until 20 u_metadata "$u_source" '"tags":\["alpha","beta"\]' two.txt

# -- refused --------------------------------------------------------------------------------
bad() { u_post "$1" "$3" ${4:+-F "$4"} && [ "$(h_get code)" = "$2" ]; }
: >"$T/doc/empty.md"
head -c 262145 /dev/zero | tr '\0' x >"$T/doc/large.txt"
head -c 262144 /dev/zero | tr '\0' x >"$T/doc/fits.txt"
head -c 3000000 /dev/zero | tr '\0' x >"$T/doc/huge.txt"
echo 'GIF89a' >"$T/doc/picture.gif"
cp "$T/doc/guide.md" "$T/doc/not.pdf"
cp "$T/doc/guide.md" "$T/doc/not.docx"
cp "$T/doc/guide.pdf" "$T/doc/is-pdf.md"
printf 'a\0b' >"$T/doc/binary.txt"
t_ok 'empty'				bad 400 empty_file "$T/doc/empty.md"
t_ok 'a byte too large'			bad 413 file_too_large "$T/doc/large.txt"
t_ok 'as large as may be'		u_post 202 "$T/doc/fits.txt"
t_ok 'far too large'			bad 413 body_too_large "$T/doc/huge.txt"
head -c 70000000 /dev/zero >"$T/doc/monster.txt"
t_ok 'larger than nginx takes'		bad 413 body_too_large "$T/doc/monster.txt"
rm "$T/doc/monster.txt"
t_ok 'no type we read'			bad 400 unsupported_type "$T/doc/picture.gif"
t_ok '...says what is'			u_has 'Supported: pdf, docx, md, txt, html, rst'
t_ok 'PDF that is none'			bad 400 wrong_content "$T/doc/not.pdf"
t_ok 'DOCX that is none'		bad 400 wrong_content "$T/doc/not.docx"
t_ok 'Markdown that is PDF'		bad 400 wrong_content "$T/doc/is-pdf.md"
t_ok 'text that is none'		bad 400 wrong_content "$T/doc/binary.txt"
t_ok 'tags that are no JSON'		bad 422 invalid "$T/doc/two.txt" 'tags=["a"'
t_ok '...named'				u_has '"field":"tags"'
t_ok 'a type of knowledge nobody knows' bad 422 invalid "$T/doc/two.txt" 'knowledge_type=odd'
t_ok 'metadata that is no object'	bad 422 invalid "$T/doc/two.txt" 'metadata=[]'
t_ok 'an id that is none'		bad 422 invalid "$T/doc/two.txt" 'progress_id=x'
named() { t_status "$1" -F "file=@$T/doc/guide.md;filename=\"$3\"" /api/documents/upload && [ "$(h_get code)" = "$2" ]; }
t_ok 'no name'				named 400 bad_file_name ''
t_ok 'a name of dots'			named 400 bad_file_name '/etc/..'
t_ok 'a name that is too long'		named 400 bad_file_name "$(head -c 300 /dev/zero | tr '\0' a).md"
echo '# Climbing' >"$T/doc/climb.md"; echo 'out' >>"$T/doc/climb.md"
climbs() { t_status 202 -F "file=@$T/doc/climb.md;filename=\"../../../etc/climb.md\"" /api/documents/upload && [ "$(h_get filename)" = climb.md ] && [ "$(find "$T/state/uploads" -mindepth 1 | grep -vc '/[0-9a-f]\{16\}$')" = 0 ]; }
t_ok 'a name that climbs is cut'	climbs
raw() { t_status "$1" -H 'Content-Type: multipart/form-data; boundary=x' --data-binary "$(printf '%b' "$3")" /api/documents/upload && [ "$(h_get code)" = "$2" ]; }
t_ok 'a form without a file'		raw 422 invalid '--x\r\nContent-Disposition: form-data; name="tags"\r\n\r\na\r\n--x--\r\n'
t_ok 'a form that is cut'		raw 400 bad_form '--x\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\nabc'
t_ok 'no form'				raw 400 bad_form 'file=abc'
t_ok 'no boundary'			t_status 400 -H 'Content-Type: multipart/form-data' -d x /api/documents/upload
t_ok 'no form by its type: 415'		t_status 415 -H 'Content-Type: application/json' -d '{}' /api/documents/upload
t_ok 'a field too large'		bad 413 field_too_large "$T/doc/two.txt" "tags=$(head -c 20000 /dev/zero | tr '\0' t)"
whole() { [ "$(find "$T/state/uploads" -name 'coming.*' | wc -l)" = 0 ]; }
t_ok 'nothing half is left'		whole

# -- documents that mean harm -------------------------------------------------------------
for evil in bomb.docx entities.docx nodocument.docx cut.docx cut.pdf loop.pdf secret.pdf; do
	t_ok "$evil is taken"		u_post 202 "$T/doc/$evil"
	t_ok '...and ends in error'	t_until 30 h_is "$u_id" status error
	t_ok '...that says why'		u_has '"error":"[^"]{10,}"'
done
t_ok 'the crawler has survived'		t_healthy
scan() { u_post 202 "$T/doc/scan.pdf" && t_until 20 h_is "$u_id" status error && [ "$(h_get errorCode)" = no_text ]; }
t_ok 'a PDF of pictures: no text'	scan
orphans() { [ -z "$(ps -o args= --ppid "$(t_pid crawler)")" ] || { ps -o args= --ppid "$(t_pid crawler)"; return 1; }; }
t_ok 'no child is left'			t_until 5 orphans

# -- thrown away ---------------------------------------------------------------------------
t_ok 'a source is deleted'		t_status 200 -X DELETE "/api/knowledge-items/$source_pdf"
gone() { [ ! -e "$T/state/uploads/$source_pdf" ]; }
t_ok '...its file goes, too'		t_until 10 gone
t_ok '...and it may come again'		u_post 202 "$T/doc/guide.pdf"
t_ok '...and is read again'		t_until 20 h_is "$u_id" status completed

# -- by archonctl ------------------------------------------------------------------------------
for source in "$source_md" "$source_docx"; do
	t_ok 'a source is deleted'	t_status 200 -X DELETE "/api/knowledge-items/$source"
	t_ok '...its file goes'		t_until 10 test ! -e "$T/state/uploads/$source"
done
uploads() { t_ctl upload --tag hand "$T/doc/guide.md" "$T/doc/guide.docx" >"$T/said" 2>&1; rc=$?; cat "$T/said"; [ $rc -eq 0 ]; }
t_ok 'archonctl upload takes several, and waits'	uploads
hand() { t_ctl search "quicksilver$1" >"$T/said"; cat "$T/said"; grep -q "quicksilver$1" "$T/said"; }
t_ok '...Markdown is found'		hand md
t_ok '...and DOCX'			hand docx
t_ok '...with its tag'			u_metadata "$source_docx" '"tags":\["hand"\]' guide.docx
fails() { t_ctl upload "$T/doc/picture.gif" >"$T/said" 2>&1; rc=$?; cat "$T/said"; [ $rc -ne 0 ] && grep -q 'Supported: pdf' "$T/said"; }
t_ok '...what is no document is not'	fails

# -- nothing here to read PDF with ---------------------------------------------------------------
without() {	# the crawler sees no program under any name archon-convert knows
	t_stop crawler && t_start crawler unshare -m sh -c 'for f in /usr/bin/pdftotext /usr/local/bin/pdftotext /bin/pdftotext; do
		[ ! -x "$f" ] || mount --bind /dev/null "$f" || exit; done; exec "$@"' - "$T_BLD/fcgi/crawler/archon-crawler" --config "$T/archon.conf" &&
		t_until 15 t_healthy
}
if unshare -m mount --bind /dev/null /dev/null 2>/dev/null; then
	t_ok 'a source is deleted'	t_status 200 -X DELETE "/api/knowledge-items/$source_pdf"
	t_ok '...its file goes'		t_until 10 gone
	t_ok 'a crawler without pdftotext' without
	t_ok 'PDF is taken'		u_post 202 "$T/doc/guide.pdf"
	t_ok '...and ends in error'	t_until 20 h_is "$u_id" status error
	t_ok '...that says what to install' u_has '"error":"pdftotext is not installed[^"]*poppler-utils'
	t_ok '...in a word'		u_has '"errorCode":"converter_missing"'
	t_ok 'it is installed'		t_stop crawler
	t_ok '...and the crawler started' t_restart crawler
	t_ok 'the same again'		t_status 202 -X POST "/api/crawl-progress/$u_id/retry"
	u_id=$(h_get progressId)
	t_ok '...completes'		t_until 20 h_is "$u_id" status completed
	t_ok '...and is found'		u_finds quicksilverpdf "$source_pdf"
else
	t_skip 'a crawler without pdftotext' 'no mounts of its own here'
fi
