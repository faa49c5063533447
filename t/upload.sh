# t/upload.sh - sourced after t/house.sh by tests of uploads.
#
#	u_documents		make $T/doc/guide.{md,txt,html,rst,pdf,docx} and evil ones
#	u_post WANT FILE [OPT]	upload; the status must be WANT; $u_id, $u_source from the answer
#	u_has REGEX		$T/body has it
#	u_is_upload NAME TYPE	the progress of $u_id says so
#	u_item SOURCE KEY VALUE	the item has it
#	u_metadata SOURCE REGEX NAME	the item has it, and the file's name
#	u_finds WORD SOURCE	a search for the word finds the source

u_documents() {
	mkdir -p "$T/doc"
	/usr/bin/python3 "$T_SRC/t/documents" "$T/doc"
}

u_post() {
	u_want=$1 u_file=$2; shift 2
	t_status "$u_want" -F "file=@$u_file" "$@" /api/documents/upload || return
	u_id=$(h_get progressId)
	u_source=$(h_get source_id)
}

u_has() { cat "$T/body"; grep -qE "$1" "$T/body"; }

u_is_upload() {
	t_get "/api/crawl-progress/$u_id" >/dev/null
	u_has "\"kind\":\"upload\",\"uploadType\":\"document\",\"fileName\":\"$1\",\"fileType\":\"$2\""
}

u_item() {
	t_get "/api/knowledge-items/$1" >/dev/null
	u_has "\"$2\":\"$3\""
}

u_metadata() {
	t_get "/api/knowledge-items/$1" >/dev/null
	u_has "$2" && u_has "\"file_name\":\"$3\",\"file_type\":\"${3##*.}\""
}

u_finds() {
	t_status 200 -H 'Content-Type: application/json' -d "{\"query\":\"$1\",\"source\":\"$2\"}" /api/rag/query || return
	[ "$(h_get count)" != 0 ] && u_has "\"source\":\"$2\""
}
