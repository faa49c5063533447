/* Copies of the store: out of it while it is used, and back in its place. */
#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/store_sql.h"

enum { COPY_PAGES = 2048, COPY_BUSY_MS = 20, COPY_TRIES = STORE_BUSY_MS / COPY_BUSY_MS, PATH_BYTES = CONF_TEXT_BYTES + 32 };

static int
errno_of(int src)
{
	switch (src & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

static int
copy(sqlite3 *from, sqlite3 *to)	/* SQLITE_OK or not */
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
	unsigned tries = 0;
	int src;

	if (b == NULL)
		return sqlite3_errcode(to);
	while ((src = sqlite3_backup_step(b, COPY_PAGES)) == SQLITE_OK ||
	    ((src == SQLITE_BUSY || src == SQLITE_LOCKED) && tries++ < COPY_TRIES))
		if (src != SQLITE_OK)
			(void)sqlite3_sleep(COPY_BUSY_MS);
	(void)sqlite3_backup_finish(b);		/* repeats what step said */
	return src == SQLITE_DONE ? SQLITE_OK : src;
}

/* The copy at path becomes a store of this schema that is sound, all in one file. */
static int
finish(const char *path, struct err *e)
{
	struct store *st;
	int rc = store_open_file(&st, path, 0, true, e);

	if (rc < 0)
		return rc;
	if ((rc = store_check(st, e)) == 0 && (rc = store_exec(st, "PRAGMA journal_mode = DELETE")) < 0)
		err_set(e, rc, "%s: %s", path, store_error(st));
	store_close(st);
	return rc;
}

/* -- out -------------------------------------------------------------------------- */

int
store_backup(struct store *st, const char *path, struct err *e)
{
	sqlite3 *to = NULL;
	int64_t n;
	int src = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL), rc;

	/*
	 * Within one read transaction, so that all steps copy one state however much is
	 * written meanwhile: without it SQLite begins anew at each commit of another process.
	 */
	if (src == SQLITE_OK && (store_run(st, "BEGIN", "") < 0 || store_int(st, &n, "SELECT count(*) FROM sources", "") < 0))
		src = SQLITE_BUSY;
	if (src == SQLITE_OK)
		src = copy(st->db, to);
	store_rollback(st);
	if ((rc = errno_of(src)) < 0)
		err_set(e, rc, "%s: %s", path, to != NULL && src != SQLITE_BUSY ? sqlite3_errmsg(to) : "the store is busy");
	(void)sqlite3_close(to);
	return rc < 0 ? rc : finish(path, e);
}

/* -- back: the copy beside the store ------------------------------------------------- */

struct restore {
	char old[PATH_BYTES], wal[PATH_BYTES], shm[PATH_BYTES];	/* the store, and what SQLite has beside it */
	char new[PATH_BYTES];
	char new_wal[PATH_BYTES], new_shm[PATH_BYTES];
};

static bool
is_store(sqlite3 *db, int64_t *version)		/* of whatever schema */
{
	sqlite3_stmt *stmt = NULL;
	bool is = false;

	if (sqlite3_prepare_v2(db, "SELECT user_version, (SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
	    " AND name IN ('crawls', 'frontier', 'sources', 'pages', 'chunks', 'chunks_fts')) FROM pragma_user_version",
	    -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
		*version = sqlite3_column_int64(stmt, 0);
		is = *version != 0 && sqlite3_column_int(stmt, 1) == 6;
	}
	(void)sqlite3_finalize(stmt);	/* repeats what step said */
	return is;
}

static int
open_source(sqlite3 **out, const char *from, int64_t *version, struct err *e)	/* *out to be closed in any case */
{
	int src;

	if (access(from, R_OK) != 0)
		return err_set(e, -errno, "%s: %s", from, strerror(errno));
	src = sqlite3_open_v2(from, out, SQLITE_OPEN_READONLY, NULL);
	if (src != SQLITE_OK)
		return err_set(e, errno_of(src), "%s: %s", from, *out != NULL ? sqlite3_errmsg(*out) : "out of memory");
	(void)sqlite3_busy_timeout(*out, STORE_BUSY_MS);
	if (!is_store(*out, version))
		return err_set(e, -EBADMSG, "%s: no store of archon (%s); name a file that archonctl backup has written", from,
		    sqlite3_errcode(*out) == SQLITE_OK || sqlite3_errcode(*out) == SQLITE_DONE ? "another database" : sqlite3_errmsg(*out));
	return 0;
}

int
store_peek(const char *path, int64_t *version, struct err *e)
{
	sqlite3 *db = NULL;
	int rc = open_source(&db, path, version, e);

	(void)sqlite3_close(db);
	return rc;
}

/* Who may open the old store may open the new one; without an old one it is made as store_open() makes one. */
static int
new_file(const struct restore *r, const char *state_dir, struct err *e)
{
	struct stat like;
	bool old = stat(r->old, &like) == 0;
	int fd, rc = 0;

	if (!old && stat(state_dir, &like) != 0)
		return err_set(e, -errno, "%s: %s", state_dir, strerror(errno));
	if ((fd = open(r->new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return err_set(e, -errno, "%s: %s", r->new, strerror(errno));
	if ((geteuid() == 0 && fchown(fd, like.st_uid, like.st_gid) != 0) || fchmod(fd, old ? like.st_mode & 0666 : 0660) != 0)
		rc = err_set(e, -errno, "%s: %s", r->new, strerror(errno));
	(void)close(fd);		/* nothing was written */
	return rc;
}

static void
new_remove(const struct restore *r)	/* not there is fine: what a killed one left, or ours */
{
	(void)unlink(r->new);
	(void)unlink(r->new_wal);
	(void)unlink(r->new_shm);
}

static int
new_fill(const struct restore *r, const char *from, struct err *e)
{
	sqlite3 *src = NULL, *to = NULL;
	int64_t version;
	int rc = open_source(&src, from, &version, e), code;

	if (rc == 0 && (version < 0 || version > STORE_SCHEMA))
		rc = store_version_refuse(from, version, e);
	if (rc == 0) {
		code = sqlite3_open_v2(r->new, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
		if (code == SQLITE_OK)
			code = copy(src, to);
		if ((rc = errno_of(code)) < 0)
			err_set(e, rc, "%s: %s", rc == -EBADMSG ? from : r->new, rc == -ENOSPC ? "the disk is full" : sqlite3_errstr(code));
	}
	(void)sqlite3_close(to);
	(void)sqlite3_close(src);
	return rc < 0 ? rc : finish(r->new, e);
}

/* -- back: into its place -------------------------------------------------------------- */

static int
in_use(const struct restore *r, struct err *e)
{
	return err_set(e, -EBUSY, "%s: somebody has it open; stop archon first (systemctl stop archon.target, or "
	    "conf/run --stop), then try again", r->old);
}

/*
 * What the old store's log holds goes home, and the log goes: beside another store it
 * would be played into that one.  A store too damaged for it has nothing to save.
 */
static int
old_settle(const struct restore *r, struct err *e)
{
	sqlite3 *db = NULL;
	int src = sqlite3_open_v2(r->old, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL), rc;

	if (src == SQLITE_OK)	/* needs the store for itself alone */
		src = sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	(void)sqlite3_close(db);
	rc = errno_of(src);
	if (rc == -EBUSY)
		return in_use(r, e);
	return rc == 0 || rc == -EBADMSG ? rc : err_set(e, rc, "%s: %s", r->old, sqlite3_errstr(src));
}

/*
 * Nobody has the old store open and nobody can open it while the descriptor lives: each
 * connection in WAL mode holds a lock on SQLite's bytes (sqlite.org/fileformat2.html#locking).
 */
static int
old_lock(const struct restore *r, struct err *e)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512 };
	int fd = open(r->old, O_RDWR | O_CLOEXEC | O_NOFOLLOW), rc;

	if (fd == -1)
		return err_set(e, -errno, "%s: %s", r->old, strerror(errno));
	if (fcntl(fd, F_OFD_SETLK, &all) == 0)
		return fd;
	rc = errno == EAGAIN || errno == EACCES ? in_use(r, e) : err_set(e, -errno, "%s: %s", r->old, strerror(errno));
	close(fd);
	return rc;
}

static int
old_is_free(const struct restore *r, struct err *e)	/* asked early: a large copy for nothing is a waste */
{
	int fd;

	if (access(r->old, F_OK) != 0)
		return 0;
	if ((fd = old_lock(r, e)) < 0)
		return fd;
	close(fd);
	return 0;
}

static int
replace(const struct restore *r, int dir_fd, bool damaged, struct err *e)
{
	if (damaged)
		(void)unlink(r->wal);	/* not there is fine, and seen below */
	if (access(r->wal, F_OK) == 0)
		return in_use(r, e);	/* it was opened and killed while we looked */
	(void)unlink(r->shm);
	if (rename(r->new, r->old) != 0 || fsync(dir_fd) != 0)
		return err_set(e, -errno, "%s: %s", r->old, strerror(errno));
	return 0;
}

static int
swap_in(const struct restore *r, int dir_fd, int (*before)(const void *arg, struct err *e), const void *arg, struct err *e)
{
	bool old = access(r->old, F_OK) == 0;	/* nobody makes one meanwhile: its daemons have been told to stop */
	int fd = -1, settled = 0, rc = 0;

	if (old) {
		settled = old_settle(r, e);
		rc = settled == -EBADMSG ? 0 : settled;
		if (rc == 0 && (fd = old_lock(r, e)) < 0)
			rc = fd;
	}
	if (rc == 0 && before != NULL)
		rc = before(arg, e);
	if (rc == 0)
		rc = replace(r, dir_fd, !old || settled == -EBADMSG, e);
	if (fd >= 0)
		close(fd);
	return rc;
}

int
store_restore(const char *state_dir, const char *from, int (*before)(const void *arg, struct err *e), const void *arg, struct err *e)
{
	struct restore r;
	struct stat a, b;
	int dir_fd, rc;

	if (strlen(state_dir) + sizeof "/archon.db.restore-wal" > sizeof r.old)
		return err_set(e, -ENAMETOOLONG, "%s: too long", state_dir);
	(void)snprintf(r.old, sizeof r.old, "%s/archon.db", state_dir);
	(void)snprintf(r.wal, sizeof r.wal, "%s/archon.db-wal", state_dir);
	(void)snprintf(r.shm, sizeof r.shm, "%s/archon.db-shm", state_dir);
	(void)snprintf(r.new, sizeof r.new, "%s/archon.db.restore", state_dir);
	(void)snprintf(r.new_wal, sizeof r.new_wal, "%s/archon.db.restore-wal", state_dir);
	(void)snprintf(r.new_shm, sizeof r.new_shm, "%s/archon.db.restore-shm", state_dir);
	if (lstat(r.old, &b) == 0 && S_ISLNK(b.st_mode))	/* its log and the new one would lie elsewhere than it */
		return err_set(e, -ELOOP, "%s: is a symbolic link; let state_dir in archon.conf name the directory it leads to, then try again", r.old);
	if (stat(from, &a) == 0 && !S_ISREG(a.st_mode))
		return err_set(e, -EINVAL, "%s: is no file; name one that archonctl backup has written", from);
	if (stat(from, &a) == 0 && stat(r.old, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return err_set(e, -EINVAL, "%s: is the store itself; name a copy of it", from);
	if ((dir_fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return err_set(e, -errno, "%s: %s", state_dir, strerror(errno));
	if (flock(dir_fd, LOCK_EX | LOCK_NB) != 0) {
		rc = err_set(e, -EBUSY, "%s: another restore is under way", state_dir);
	} else {
		new_remove(&r);
		if ((rc = old_is_free(&r, e)) == 0 && (rc = new_file(&r, state_dir, e)) == 0 && (rc = new_fill(&r, from, e)) == 0)
			rc = swap_in(&r, dir_fd, before, arg, e);
		new_remove(&r);
	}
	close(dir_fd);			/* and its lock */
	return rc;
}
