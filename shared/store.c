#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/log.h"
#include "shared/store_rank.h"
#include "shared/store_sql.h"

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
		case 'q':
			src = sqlite3_bind_pointer(stmt, i, (void *)(uintptr_t)va_arg(ap, const void *), RANK_SCAN_TYPE, NULL);
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

enum { STORE_PATH_BYTES = CONF_TEXT_BYTES };

int
store_exec(struct store *st, const char *sql)
{
	int src = sqlite3_exec(st->db, sql, NULL, NULL, NULL);

	return src == SQLITE_OK ? 0 : store_errno(st, src);
}

/*
 * Those who share the store are different users of one group: the file is the
 * group's, whatever our umask.  SQLite gives the WAL and its index the same mode.
 */
static void
store_file_make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);

	if (fd == -1)
		return;			/* it is there, or SQLite says what is wrong */
	(void)fchmod(fd, 0660);		/* fails: then others are told that they may not open it */
	close(fd);
}

int
store_open_file(struct store **out, const char *path, int64_t max_bytes, bool durable, struct err *e)
{
	struct store *st = calloc(1, sizeof *st);
	char pragma[80];
	int src, rc = -ENOMEM;

	if (st == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	store_file_make(path);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);	/* a lock at each allocation; refused once SQLite is in use */
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
	for (unsigned tries = 0; (rc = store_exec(st, "PRAGMA journal_mode = WAL")) == -EBUSY && tries < STORE_BUSY_MS / 20; tries++)
		(void)sqlite3_sleep(20);
	/* No mmap_size: it saves a tenth of a search, and a disk that fails to read would end the process instead of one request. */
	if (rc == 0)
		rc = store_exec(st, "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
		    "PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864;"
		    "PRAGMA wal_autocheckpoint = 4000;"	/* 16 MiB: a page written by many transactions is copied once */
		    "PRAGMA secure_delete = FAST;"	/* Debian's default writes every page that is freed, too */
		    "PRAGMA trusted_schema = OFF;");
	if (rc == 0)
		rc = store_exec(st, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
	if (rc == 0 && max_bytes > 0) {
		(void)snprintf(pragma, sizeof pragma, "PRAGMA max_page_count = %lld", (long long)(max_bytes / 4096 + 1));	/* 0 would be no limit */
		rc = store_exec(st, pragma);
	}
	if (rc == 0)
		rc = store_tokenizer_register(st);
	if (rc == 0)
		rc = store_rank_register(st);
	if (rc == 0)
		rc = store_migrate(st, path, e);
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

int
store_open(struct store **out, const char *state_dir, int64_t max_bytes, bool durable, struct err *e)
{
	char path[STORE_PATH_BYTES];
	int rc;

	if (snprintf(path, sizeof path, "%s/archon.db", state_dir) >= STORE_PATH_BYTES)	/* cut, it would be another file */
		return err_set(e, -ENAMETOOLONG, "%s: longer than %d bytes", state_dir, STORE_PATH_BYTES - 11);
	if ((rc = store_open_file(out, path, max_bytes, durable, e)) < 0)
		return rc;
	(void)snprintf((*out)->state_dir, sizeof (*out)->state_dir, "%s", state_dir);	/* fits, for path did */
	return 0;
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
	return store_check_index(st, e);
}
