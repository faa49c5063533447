/* How large the store is, and packing it. */
#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/store_sql.h"
#include "shared/text.h"

static int64_t
wal_bytes(struct store *st)
{
	const char *path = sqlite3_db_filename(st->db, "main");
	struct text t = { 0 };
	struct stat s;
	int64_t n = 0;

	text_printf(&t, "%s-wal", path != NULL ? path : "");
	if (text_str(&t) != NULL && stat(text_str(&t), &s) == 0)
		n = s.st_size;		/* absent: nothing waits in it */
	text_fini(&t);
	return n;
}

int
store_metrics(struct store *st, struct store_metrics *out)
{
	int64_t page_bytes, n_pages, n_free;
	int rc = 0;
	sqlite3_stmt *stmt;

	if ((rc = store_int(st, &page_bytes, "PRAGMA page_size", "")) < 0 ||
	    (rc = store_int(st, &n_pages, "PRAGMA page_count", "")) < 0 ||
	    (rc = store_int(st, &n_free, "PRAGMA freelist_count", "")) < 0)
		return rc;
	/* Of what is deleted and not taken out yet, pages count still: they are on the disk. */
	stmt = store_stmt(st, &rc, "SELECT (SELECT count(*) FROM sources WHERE deleted_ms IS NULL),"
	    " (SELECT count(*) FROM sources WHERE deleted_ms IS NOT NULL), (SELECT count(*) FROM pages),"
	    " (SELECT count(*) FROM chunks), (SELECT count(*) FROM code_examples), (SELECT count(*) FROM crawls),"
	    " (SELECT ifnull(sum(stored_bytes), 0) FROM sources WHERE deleted_ms IS NULL)", "");
	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc < 0 ? rc : -EIO;
	*out = (struct store_metrics){
		.n_sources = sqlite3_column_int64(stmt, 0), .n_deleted = sqlite3_column_int64(stmt, 1),
		.n_pages = sqlite3_column_int64(stmt, 2), .n_chunks = sqlite3_column_int64(stmt, 3),
		.n_code_examples = sqlite3_column_int64(stmt, 4), .n_crawls = sqlite3_column_int64(stmt, 5),
		.stored_bytes = sqlite3_column_int64(stmt, 6),
		.file_bytes = n_pages * page_bytes, .free_bytes = n_free * page_bytes, .wal_bytes = wal_bytes(st),
	};
	(void)sqlite3_reset(stmt);
	return 0;
}

int
store_vacuum(struct store *st)
{
	int rc = store_exec(st, "INSERT INTO chunks_fts(chunks_fts) VALUES('optimize');"
	    "INSERT INTO names_fts(names_fts) VALUES('optimize');"
	    "INSERT INTO code_fts(code_fts) VALUES('optimize');"
	    "VACUUM");

	if (rc >= 0)		/* the copy stands in the log: without readers of the old one it goes home now */
		rc = store_run(st, "PRAGMA wal_checkpoint(TRUNCATE)", "");
	return rc < 0 ? rc : 0;
}
