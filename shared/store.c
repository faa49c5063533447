#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/log.h"
#include "shared/store_sql.h"

/* -- schema ------------------------------------------------------------------------ */

/*
 * One entry a version: migrations[v] takes a store from user_version v to v + 1.
 * chunks_fts keeps no text of its own (external content): it is written
 * explicitly, which is three times as fast as by triggers.
 */
static const char *const migrations[STORE_SCHEMA] = {
	"CREATE TABLE crawls("
	"  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, params TEXT NOT NULL,"
	"  phase TEXT NOT NULL, cancel INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL,"
	"  percentage INTEGER NOT NULL, total INTEGER NOT NULL, processed INTEGER NOT NULL,"
	"  failed INTEGER NOT NULL, skipped INTEGER NOT NULL, chunks INTEGER NOT NULL,"
	"  words INTEGER NOT NULL, examples INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	"  rate INTEGER NOT NULL, started_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
	"  ended_ms INTEGER, url TEXT NOT NULL, current_url TEXT NOT NULL,"
	"  error TEXT NOT NULL, error_code TEXT NOT NULL, log TEXT NOT NULL DEFAULT '');"
	"CREATE INDEX crawls_live ON crawls(n) WHERE ended_ms IS NULL;"
	"CREATE INDEX crawls_ended ON crawls(ended_ms DESC) WHERE ended_ms IS NOT NULL;"

	"CREATE TABLE frontier("
	"  n INTEGER PRIMARY KEY, crawl INTEGER NOT NULL REFERENCES crawls(n) ON DELETE CASCADE,"
	"  url TEXT NOT NULL, depth INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, reason TEXT,"
	"  UNIQUE(crawl, url));"

	"CREATE TABLE sources("
	"  id TEXT PRIMARY KEY, url TEXT NOT NULL, title TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',"
	"  knowledge_type TEXT NOT NULL, params TEXT NOT NULL, status TEXT NOT NULL,"
	"  created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
	"  pages INTEGER NOT NULL DEFAULT 0, chunks INTEGER NOT NULL DEFAULT 0,"
	"  words INTEGER NOT NULL DEFAULT 0, examples INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"CREATE TABLE source_tags("
	"  source TEXT NOT NULL REFERENCES sources(id) ON DELETE CASCADE, tag TEXT NOT NULL,"
	"  PRIMARY KEY(source, tag)) WITHOUT ROWID;"

	"CREATE TABLE pages("
	"  n INTEGER PRIMARY KEY, source TEXT NOT NULL REFERENCES sources(id) ON DELETE CASCADE,"
	"  url TEXT NOT NULL, title TEXT NOT NULL, description TEXT NOT NULL, language TEXT NOT NULL,"
	"  etag TEXT, last_modified TEXT, hash TEXT NOT NULL, fetched_ms INTEGER NOT NULL,"
	"  words INTEGER NOT NULL, bytes INTEGER NOT NULL, UNIQUE(source, url));"
	"CREATE INDEX pages_hash ON pages(source, hash);"

	"CREATE TABLE chunks("
	"  n INTEGER PRIMARY KEY, page INTEGER NOT NULL REFERENCES pages(n) ON DELETE CASCADE,"
	"  number INTEGER NOT NULL, headings TEXT NOT NULL, body TEXT NOT NULL);"
	"CREATE INDEX chunks_page ON chunks(page, number);"
	"CREATE TABLE code_examples("
	"  n INTEGER PRIMARY KEY, page INTEGER NOT NULL REFERENCES pages(n) ON DELETE CASCADE,"
	"  number INTEGER NOT NULL, language TEXT NOT NULL, code TEXT NOT NULL,"
	"  before TEXT NOT NULL, after TEXT NOT NULL, heading TEXT NOT NULL);"
	"CREATE INDEX code_examples_page ON code_examples(page, number);"

	"CREATE VIEW chunks_text(n, title, headings, body) AS"
	"  SELECT c.n, p.title, c.headings, c.body FROM chunks c JOIN pages p ON p.n = c.page;"
	"CREATE VIRTUAL TABLE chunks_fts USING fts5(title, headings, body,"
	"  content='chunks_text', content_rowid='n', tokenize='porter unicode61');",

	"ALTER TABLE crawls ADD COLUMN pause INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE crawls ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE crawls ADD COLUMN secrets TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE crawls ADD COLUMN outcomes TEXT NOT NULL DEFAULT '';"
	"CREATE INDEX crawls_source ON crawls(source) WHERE ended_ms IS NULL;"
	"ALTER TABLE sources ADD COLUMN secrets TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE sources ADD COLUMN crawled_ms INTEGER NOT NULL DEFAULT 0;"
	"UPDATE sources SET crawled_ms = updated_ms WHERE status <> 'crawling';"
	"ALTER TABLE pages ADD COLUMN crawl INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE pages ADD COLUMN recipe TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE pages ADD COLUMN links BLOB;"
	/* Pages whose chunks are not in the index yet: it is written in larger batches than pages are. */
	"CREATE TABLE unindexed(page INTEGER PRIMARY KEY REFERENCES pages(n) ON DELETE CASCADE);"
	"DROP VIEW chunks_text;"
	"CREATE VIEW chunks_text(n, title, headings, body) AS"
	"  SELECT c.n, p.title, c.headings, c.body FROM chunks c JOIN pages p ON p.n = c.page"
	"  WHERE c.page NOT IN (SELECT page FROM unindexed);",

	"ALTER TABLE sources ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE sources ADD COLUMN deleted_ms INTEGER;"
	"CREATE INDEX sources_deleted ON sources(deleted_ms) WHERE deleted_ms IS NOT NULL;"
	"ALTER TABLE sources ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE pages ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;"
	"UPDATE pages SET stored_bytes = length(url) + ifnull(length(links), 0)"
	"  + ifnull((SELECT sum(length(CAST(headings AS BLOB)) + length(CAST(body AS BLOB))) FROM chunks WHERE page = pages.n), 0)"
	"  + ifnull((SELECT sum(length(CAST(code || before || after || heading AS BLOB))) FROM code_examples WHERE page = pages.n), 0);"
	"UPDATE sources SET stored_bytes = ifnull((SELECT sum(stored_bytes) FROM pages WHERE source = sources.id), 0);",
};

/* -- errors ------------------------------------------------------------------------- */

int
store_errno(struct store *st, int sqlite_rc)
{
	int extended = sqlite3_extended_errcode(st->db), rc;

	switch (sqlite_rc & 0xff) {
	case SQLITE_FULL:
		rc = -ENOSPC;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		rc = -EBUSY;
		break;
	case SQLITE_NOMEM:
		rc = -ENOMEM;
		break;
	case SQLITE_CONSTRAINT:
		rc = extended == SQLITE_CONSTRAINT_FOREIGNKEY ? -ENOENT : -EEXIST;
		break;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:		/* WAL files cannot grow on a full disk either */
		rc = sqlite3_system_errno(st->db) == ENOSPC ? -ENOSPC : -EIO;
		break;
	default:
		rc = -EIO;
	}
	(void)snprintf(st->error, sizeof st->error, "%s (sqlite %d)", sqlite3_errmsg(st->db), extended);
	if (rc == -EIO)
		log_event(LOG_ERR, "store failed why=\"%s\"", st->error);
	return rc;
}

const char *
store_error(const struct store *st)
{
	return st->error;
}

/* -- statements ---------------------------------------------------------------------- */

const char *
column_str(sqlite3_stmt *stmt, int i)
{
	const char *s = (const char *)sqlite3_column_text(stmt, i);

	return s != NULL ? s : "";
}

static sqlite3_stmt *
stmt_find(struct store *st, int *rc, const char *sql)
{
	sqlite3_stmt *stmt;
	int src;

	for (unsigned i = 0; i < st->n_prepared; i++)
		if (st->prepared[i].sql == sql) {
			(void)sqlite3_reset(st->prepared[i].stmt);	/* repeats an old error only */
			return st->prepared[i].stmt;
		}
	if (st->n_prepared == STORE_STATEMENTS)
		abort();		/* more literals than the array was made for */
	src = sqlite3_prepare_v3(st->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
	if (src != SQLITE_OK) {
		*rc = store_errno(st, src);
		return NULL;
	}
	st->prepared[st->n_prepared].sql = sql;
	st->prepared[st->n_prepared++].stmt = stmt;
	return stmt;
}

static int
stmt_bind(sqlite3_stmt *stmt, const char *fmt, va_list ap)
{
	int src = SQLITE_OK;

	for (int i = 1; src == SQLITE_OK && *fmt != '\0'; i++, fmt++) {
		const char *s;

		switch (*fmt) {
		case 'i':
			src = sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
			break;
		case 't':
			s = va_arg(ap, const char *);
			src = sqlite3_bind_text(stmt, i, s, -1, SQLITE_STATIC);
			break;
		default:		/* 'p'; a NULL with length 0 is the empty string */
			s = va_arg(ap, const char *);
			src = sqlite3_bind_text64(stmt, i, s != NULL ? s : "", va_arg(ap, size_t), SQLITE_STATIC, SQLITE_UTF8);
		}
	}
	return src;
}

static sqlite3_stmt *
stmt_ready(struct store *st, int *rc, const char *sql, const char *fmt, va_list ap)
{
	sqlite3_stmt *stmt = stmt_find(st, rc, sql);
	int src;

	if (stmt != NULL && (src = stmt_bind(stmt, fmt, ap)) != SQLITE_OK) {
		*rc = store_errno(st, src);
		return NULL;
	}
	return stmt;
}

sqlite3_stmt *
store_stmt(struct store *st, int *rc, const char *sql, const char *fmt, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;

	va_start(ap, fmt);
	stmt = stmt_ready(st, rc, sql, fmt, ap);
	va_end(ap);
	return stmt;
}

int
store_step(struct store *st, sqlite3_stmt *stmt)
{
	int src = sqlite3_step(stmt), rc;

	if (src == SQLITE_ROW)
		return 1;
	rc = src == SQLITE_DONE ? 0 : store_errno(st, src);
	(void)sqlite3_reset(stmt);	/* repeats the error just taken */
	return rc;
}

int
store_run(struct store *st, const char *sql, const char *fmt, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	stmt = stmt_ready(st, &rc, sql, fmt, ap);
	va_end(ap);
	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0)
		;
	return rc < 0 ? rc : sqlite3_changes(st->db);
}

int
store_int(struct store *st, int64_t *out, const char *sql, const char *fmt, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	stmt = stmt_ready(st, &rc, sql, fmt, ap);
	va_end(ap);
	if (stmt == NULL)
		return rc;
	if ((rc = store_step(st, stmt)) <= 0)
		return rc < 0 ? rc : -ENOENT;
	*out = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	return 0;
}

/* -- transactions -------------------------------------------------------------------- */

int
store_begin(struct store *st)
{
	/* IMMEDIATE: wait for other writers here, not in the middle. */
	int rc = store_run(st, "BEGIN IMMEDIATE", "");

	st->doomed = 0;
	return rc < 0 ? rc : 0;
}

int
store_commit(struct store *st)
{
	int rc = st->doomed < 0 ? st->doomed : store_run(st, "COMMIT", "");

	if (rc < 0)
		store_rollback(st);
	return rc < 0 ? rc : 0;
}

void
store_rollback(struct store *st)
{
	st->doomed = 0;
	if (sqlite3_get_autocommit(st->db) == 0)	/* else SQLite has rolled back by itself */
		(void)store_run(st, "ROLLBACK", "");
}

/*
 * Several statements that are one change.  On their own they get a transaction;
 * within one, a failure dooms it.  Not a savepoint: at each FTS5 writes out all
 * it has gathered, which makes a batch of pages several times slower.
 */
int
store_part_begin(struct store *st, bool *alone)
{
	*alone = sqlite3_get_autocommit(st->db) != 0;
	return *alone ? store_begin(st) : st->doomed;
}

int
store_part_end(struct store *st, bool alone, int rc)
{
	if (!alone) {
		if (rc < 0)
			st->doomed = rc;
		return rc < 0 ? rc : 0;
	}
	if (rc < 0)
		store_rollback(st);
	return rc < 0 ? rc : store_commit(st);
}

/* -- life ---------------------------------------------------------------------------- */

enum { STORE_PATH_BYTES = 512 };

static int
exec(struct store *st, const char *sql)
{
	int src = sqlite3_exec(st->db, sql, NULL, NULL, NULL);

	return src == SQLITE_OK ? 0 : store_errno(st, src);
}

static int
migrate(struct store *st, struct err *e, const char *path)
{
	int64_t version = 0;
	char pragma[48];
	int rc = store_begin(st);

	if (rc < 0)
		return rc;
	if ((rc = store_int(st, &version, "PRAGMA user_version", "")) < 0)
		goto fail;
	if (version < 0 || version > STORE_SCHEMA) {
		rc = err_set(e, -ESTALE, "%s: written by a newer archon (schema %lld, this one knows %d)",
		    path, (long long)version, STORE_SCHEMA);
		goto fail;
	}
	for (; version < STORE_SCHEMA; version++)
		if ((rc = exec(st, migrations[version])) < 0)
			goto fail;
	(void)snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", STORE_SCHEMA);
	if ((rc = exec(st, pragma)) < 0)
		goto fail;
	return store_commit(st);
fail:
	store_rollback(st);
	return rc;
}

int
store_open(struct store **out, const char *state_dir, int64_t max_bytes, bool durable, struct err *e)
{
	struct store *st = calloc(1, sizeof *st);
	char path[STORE_PATH_BYTES], pragma[80];
	int64_t version = -1;
	int src, rc = -ENOMEM;

	if (st == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	if (snprintf(path, sizeof path, "%s/archon.db", state_dir) >= STORE_PATH_BYTES) {	/* cut, it would be another file */
		free(st);
		return err_set(e, -ENAMETOOLONG, "%s: longer than %d bytes", state_dir, STORE_PATH_BYTES - 11);
	}
	src = sqlite3_open_v2(path, &st->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
	if (st->db == NULL)
		goto fail;
	if (src != SQLITE_OK) {
		rc = store_errno(st, src);
		goto fail;
	}
	(void)sqlite3_extended_result_codes(st->db, 1);
	(void)sqlite3_busy_timeout(st->db, STORE_BUSY_MS);
	/* SQLite does not wait by itself when several turn a new file to WAL at once. */
	for (unsigned tries = 0; (rc = exec(st, "PRAGMA journal_mode = WAL")) == -EBUSY && tries < STORE_BUSY_MS / 20; tries++)
		(void)sqlite3_sleep(20);
	if (rc == 0)
		rc = exec(st, "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
		    "PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864;"
		    "PRAGMA wal_autocheckpoint = 4000;"	/* 16 MiB: a page written by many transactions is copied once */
		    "PRAGMA trusted_schema = OFF;");
	if (rc == 0)
		rc = exec(st, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
	if (rc == 0 && max_bytes > 0) {
		(void)snprintf(pragma, sizeof pragma, "PRAGMA max_page_count = %lld", (long long)(max_bytes / 4096 + 1));	/* 0 would be no limit */
		rc = exec(st, pragma);
	}
	if (rc == 0)
		rc = store_int(st, &version, "PRAGMA user_version", "");
	if (rc == 0 && version != STORE_SCHEMA)
		rc = migrate(st, e, path);
	if (rc < 0)
		goto fail;
	*out = st;
	return 0;
fail:
	if (rc != -ESTALE)
		err_set(e, rc, "%s: %s", path, st->db != NULL ? st->error : "out of memory");
	store_close(st);
	return rc;
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	for (unsigned i = 0; i < st->n_prepared; i++)
		(void)sqlite3_finalize(st->prepared[i].stmt);
	(void)sqlite3_close(st->db);	/* no statement is left, so it closes; NULL is fine */
	free(st);
}

int
store_check(struct store *st, struct err *e)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "PRAGMA quick_check(1)", "");

	if (stmt == NULL || (rc = store_step(st, stmt)) < 0)
		return err_set(e, rc, "store: cannot be checked: %s", st->error);
	if (rc == 1 && strcmp(column_str(stmt, 0), "ok") != 0)
		rc = err_set(e, -EBADMSG, "store: %s", column_str(stmt, 0));
	else
		rc = 0;
	(void)sqlite3_reset(stmt);
	if (rc < 0)
		return rc;
	/* rank 1: compare the index with the chunks, not only with itself. */
	rc = store_run(st, "INSERT INTO chunks_fts(chunks_fts, rank) VALUES('integrity-check', 1)", "");
	if (rc == -EIO && sqlite3_errcode(st->db) == SQLITE_CORRUPT_VTAB)
		rc = err_set(e, -EBADMSG, "store: the search index does not fit its chunks: %s", st->error);
	else if (rc < 0)
		rc = err_set(e, rc, "store: cannot be checked: %s", st->error);
	return rc < 0 ? rc : 0;
}
