#include "config.h"

#include "shared/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/ids.h"
#include "shared/row_claim.h"
#include "shared/table_layout.h"
#include "shared/trace.h"

static const char table_magic[8] = { 'a', 'r', 'c', 'h', 'o', 'n', '\1', '\n' };

enum { DIR_BYTES_MAX = TABLE_PATH_BYTES - 40 };		/* then each of our names fits behind it */

/* -- life ---------------------------------------------------------------------- */

int
table_path(char out[TABLE_PATH_BYTES], const char *dir, const char *name, struct err *e)
{
	if (strlen(dir) > DIR_BYTES_MAX)
		return err_set(e, -ENAMETOOLONG, "%s: longer than %d bytes", dir, DIR_BYTES_MAX);
	(void)snprintf(out, TABLE_PATH_BYTES, "%s/%s", dir, name);
	return 0;
}

/* Make an empty file that has its mode from the first moment, whatever the umask.  0, also when it is there by now. */
static int
file_make(const char *path, mode_t mode)
{
	char tmp[TABLE_PATH_BYTES + 64];
	int fd, rc = 0;

	(void)snprintf(tmp, sizeof tmp, "%s.%d.made", path, (int)getpid());
	if ((fd = open(tmp, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode)) == -1)
		return -errno;
	/* ENOENT: another thread of ours has linked it and taken the name away. */
	if (fchmod(fd, mode) == -1 || (link(tmp, path) == -1 && errno != EEXIST && errno != ENOENT))
		rc = -errno;
	close(fd);
	(void)unlink(tmp);
	return rc;
}

int
table_open_shared(const char *path, int flags, mode_t mode)
{
	int fd, rc;
	struct stat sb;

	while ((fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags)) == -1) {
		if (errno != ENOENT)
			return -errno;
		if ((rc = file_make(path, mode)) < 0)
			return rc;
	}
	/* Of an older archon, or made by hand. */
	if (fstat(fd, &sb) == -1 || ((sb.st_mode & 0777) != mode && sb.st_uid == geteuid() && fchmod(fd, mode) == -1)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

int
table_lock_file(const char *dir, struct err *e)
{
	static const struct { const char *name; mode_t mode; } made[] = { { "live", 0750 }, { TABLE_DIR, 0775 } };
	char path[TABLE_PATH_BYTES];
	int fd, rc;

	/* Where an administrator made them, they stay as they are; else they are for one user. */
	for (unsigned i = 0; i < sizeof made / sizeof made[0]; i++) {
		if ((rc = table_path(path, dir, made[i].name, e)) < 0)
			return rc;
		if (mkdir(path, made[i].mode) == -1 && errno != EEXIST)
			return err_set(e, -errno, "%s: %s", path, strerror(errno));
	}
	if ((rc = table_path(path, dir, TABLE_FILE ".lock", e)) < 0)
		return rc;
	if ((fd = table_open_shared(path, 0, 0660)) < 0)
		return err_set(e, fd, "%s: %s", path, strerror(-fd));
	return fd;
}

/* Map a table of which fd is the file; takes fd and lock_fd on success.  NULL: no memory. */
static struct table *
table_map(int fd, int lock_fd, bool writes, size_t bytes, uint32_t n_rows, const char *dir)
{
	struct table *t = calloc(1, sizeof *t);
	struct stat sb, lock = { .st_dev = 0 };

	if (t == NULL)
		return NULL;
	t->base = mmap(NULL, bytes, writes ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	if (t->base == MAP_FAILED || fstat(fd, &sb) == -1 || (lock_fd != -1 && fstat(lock_fd, &lock) == -1)) {
		if (t->base != MAP_FAILED)
			(void)munmap(t->base, bytes);
		free(t);
		return NULL;
	}
	t->bytes = bytes;
	t->n_rows = n_rows;
	t->writes = writes;
	t->fd = fd;
	t->lock_fd = lock_fd;
	t->relays_fd = -1;
	t->dev = sb.st_dev;
	t->ino = sb.st_ino;
	t->lock_dev = lock.st_dev;
	t->lock_ino = lock.st_ino;
	(void)snprintf(t->dir, sizeof t->dir, "%s", dir);	/* fits: TABLE_FILE in it did */
	pthread_mutex_init(&t->add_lock, NULL);
	pthread_mutex_init(&t->ring_lock, NULL);
	pthread_mutex_init(&t->catalogue_lock, NULL);
	pthread_mutex_init(&t->revoked_lock, NULL);
	return t;
}

void
table_close(struct table *t)
{
	if (t == NULL)
		return;
	(void)munmap(t->base, t->bytes);
	close(t->fd);
	if (t->lock_fd != -1)
		close(t->lock_fd);	/* the kernel drops our claims with it */
	if (t->counters != NULL)
		(void)munmap(t->counters, COUNTERS_BYTES);
	if (t->relays_fd != -1)
		close(t->relays_fd);
	for (unsigned s = 0; s < TABLE_CONSUMERS; s++)
		free(t->seen[s]);
	pthread_mutex_destroy(&t->add_lock);
	pthread_mutex_destroy(&t->ring_lock);
	pthread_mutex_destroy(&t->catalogue_lock);
	pthread_mutex_destroy(&t->revoked_lock);
	free(t);
}

/*
 * Where the numbers of the ring and the versions of the catalogue start: above all
 * that a client of an older table can have seen (ring.h).  The old table is asked
 * because the clock may have been set back; a number far beyond it is garbage.
 */
static uint64_t
numbers_start(const char *path)
{
	uint64_t start = (uint64_t)clock_wall_ms() * 1024;	/* a multiple of RING_SLOTS: slot 0 is the first */
	uint64_t limit = start + NUMBERS_AHEAD, old[2] = { 0, 0 };
	struct table_header h;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd == -1)
		return start;
	if (pread(fd, &h, sizeof h, 0) == (ssize_t)sizeof h && memcmp(h.magic, table_magic, sizeof h.magic) == 0
	    && h.layout_version == TABLE_LAYOUT_VERSION && h.n_rows <= TABLE_ROWS_MAX) {
		const off_t at[2] = {
			(off_t)(ring_at(h.n_rows) + offsetof(struct ring_head, last)),
			(off_t)(catalogue_at(h.n_rows) + offsetof(struct catalogue_head, version)),
		};

		for (unsigned i = 0; i < 2; i++)
			if (pread(fd, &old[i], sizeof old[i], at[i]) == (ssize_t)sizeof old[i] && old[i] >= start && old[i] < limit)
				start = (old[i] / RING_SLOTS + 1) * RING_SLOTS;
	}
	close(fd);
	return start;
}

static int
table_format(struct table *t, const char *path, size_t bytes)
{
	uint64_t start = numbers_start(path);
	struct table_header *h = (struct table_header *)(void *)t->base;

	atomic_init(&ring_head(t)->last, start - 1);
	atomic_init(&ring_head(t)->floor, start);
	atomic_init(&catalogue_head(t)->version, start);
	h->layout_version = TABLE_LAYOUT_VERSION;
	h->n_rows = t->n_rows;
	h->file_bytes = bytes;
	h->row_bytes = ROW_BYTES;
	h->created_wall_ms = clock_wall_ms();
	if (getrandom(&h->generation, sizeof h->generation, 0) != (ssize_t)sizeof h->generation)
		return -EIO;
	t->lock_base = lock_base_of(h->generation);
	memcpy(h->magic, table_magic, sizeof h->magic);
	return 0;
}

int
table_back(int fd, size_t at, size_t bytes)
{
	int rc;

	do {
		rc = posix_fallocate(fd, (off_t)at, (off_t)bytes);	/* gives the number, not errno */
	} while (rc == EINTR);
	return -rc;
}

int
table_create(const char *dir, unsigned n_rows, table_fill_f *fill, void *arg, struct err *e)
{
	size_t bytes = row_at(n_rows, n_rows);
	char path[TABLE_PATH_BYTES], tmp[TABLE_PATH_BYTES + 32];
	struct table *t = NULL;
	int fd = -1, lock_fd, rc;

	if (n_rows < TABLE_ROWS_MIN || n_rows > TABLE_ROWS_MAX)
		return err_set(e, -EINVAL, "table: %u rows: %d to %d are possible", n_rows, TABLE_ROWS_MIN, TABLE_ROWS_MAX);
	if ((rc = table_path(path, dir, TABLE_FILE, e)) < 0 || (rc = lock_fd = table_lock_file(dir, e)) < 0)
		return rc;
	(void)snprintf(tmp, sizeof tmp, "%s.%d.new", path, (int)getpid());
	if ((fd = table_open_shared(tmp, O_TRUNC, 0664)) < 0) {
		rc = err_set(e, fd, "%s: %s", tmp, strerror(-fd));
		close(lock_fd);
		return rc;
	}
	if (ftruncate(fd, (off_t)bytes) == -1 || (rc = table_back(fd, 0, slots_at(n_rows))) < 0) {
		rc = rc < 0 ? rc : -errno;
		err_set(e, rc, "%s: no room for the table: %s", dir, strerror(-rc));
		goto fail;
	}
	if ((t = table_map(fd, lock_fd, true, bytes, n_rows, dir)) == NULL) {
		rc = err_set(e, -ENOMEM, "%s: cannot map the table", tmp);
		goto fail;
	}
	if ((rc = table_format(t, path, bytes)) < 0) {
		err_set(e, rc, "%s: cannot set up the table: %s", tmp, strerror(-rc));
		goto fail;
	}
	if (fill != NULL && (rc = fill(t, arg)) < 0) {
		err_set(e, rc, "%s: cannot fill the table: %s", tmp, strerror(-rc));
		goto fail;
	}
	if (rename(tmp, path) == -1) {
		rc = err_set(e, -errno, "%s: %s", path, strerror(errno));
		goto fail;
	}
	table_close(t);
	return 0;
fail:
	if (t != NULL) {
		table_close(t);
	} else {
		close(fd);
		close(lock_fd);
	}
	(void)unlink(tmp);
	return rc;
}

static int
header_check(const struct table_header *h, off_t size, const char *path, struct err *e)
{
	if (memcmp(h->magic, table_magic, sizeof h->magic) != 0)
		return err_set(e, -EBADMSG, "%s: not a table of archon", path);
	if (h->layout_version != TABLE_LAYOUT_VERSION)
		return err_set(e, -ESTALE, "%s: layout version %u, this program knows %d",
		    path, h->layout_version, TABLE_LAYOUT_VERSION);
	if (h->n_rows < TABLE_ROWS_MIN || h->n_rows > TABLE_ROWS_MAX || h->row_bytes != ROW_BYTES
	    || h->file_bytes != row_at(h->n_rows, h->n_rows) || (uint64_t)size != h->file_bytes)
		return err_set(e, -EBADMSG, "%s: sizes do not fit together; the file is damaged", path);
	return 0;
}

static int
open_lock_to_look(const char *dir)	/* -1: a reader does without */
{
	char path[TABLE_PATH_BYTES];

	return table_path(path, dir, TABLE_FILE ".lock", NULL) < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

static int
open_as(struct table **out, const char *dir, bool writes, struct err *e)
{
	struct table_header h = { .magic = "" };
	char path[TABLE_PATH_BYTES];
	struct table *t;
	struct stat sb;
	int fd, lock_fd, rc;

	if ((rc = table_path(path, dir, TABLE_FILE, e)) < 0)
		return rc;
	if ((fd = open(path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) == -1)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &sb) == -1) {
		rc = err_set(e, -errno, "%s: %s", path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(sb.st_mode) || pread(fd, &h, sizeof h, 0) != (ssize_t)sizeof h)
		memset(&h, 0, sizeof h);	/* no table, whatever it is */
	if ((rc = header_check(&h, sb.st_size, path, e)) < 0)
		goto fail;
	if (!writes)
		lock_fd = open_lock_to_look(dir);
	else if ((rc = lock_fd = table_lock_file(dir, e)) < 0)
		goto fail;
	if ((t = table_map(fd, lock_fd, writes, (size_t)h.file_bytes, h.n_rows, dir)) == NULL) {
		rc = err_set(e, -ENOMEM, "%s: cannot map %llu bytes", path, (unsigned long long)h.file_bytes);
		if (lock_fd != -1)
			close(lock_fd);
		goto fail;
	}
	t->lock_base = lock_base_of(h.generation);
	*out = t;
	return 0;
fail:
	close(fd);
	return rc;
}

int
table_open(struct table **out, const char *dir, struct err *e)
{
	return open_as(out, dir, true, e);
}

int
table_open_reader(struct table **out, const char *dir, struct err *e)
{
	return open_as(out, dir, false, e);
}

bool
table_is_current(const struct table *t)
{
	char path[TABLE_PATH_BYTES];
	struct stat sb;

	if (table_path(path, t->dir, TABLE_FILE, NULL) < 0 || stat(path, &sb) == -1 || sb.st_dev != t->dev || sb.st_ino != t->ino)
		return false;
	/* Two that lock different files would both be the owner. */
	return !t->writes || (table_path(path, t->dir, TABLE_FILE ".lock", NULL) == 0 && stat(path, &sb) == 0
	    && sb.st_dev == t->lock_dev && sb.st_ino == t->lock_ino);
}

/* -- rows ---------------------------------------------------------------------- */

unsigned
table_n_rows(const struct table *t)
{
	return t->n_rows;
}

static uint64_t
hash_of(const char *id)
{
	return id_hash(id, strnlen(id, ROW_ID_BYTES));
}

int
table_read(const struct table *t, unsigned i, struct crawl_progress *out)
{
	if (atomic_load_explicit(&table_keys(t)[i].id_hash, memory_order_acquire) == 0)
		return -ENOENT;
	return progress_row_read(table_row(t, i), out);
}

int
table_find(const struct table *t, const char *id)
{
	const struct table_key *keys = table_keys(t);
	uint64_t want = hash_of(id);

	for (unsigned i = 0; i < t->n_rows; i++)
		if (atomic_load_explicit(&keys[i].id_hash, memory_order_acquire) == want)
			return (int)i;
	return -ENOENT;
}

int
table_read_id(const struct table *t, const char *id, struct crawl_progress *out)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	for (unsigned tries = 0; tries < 20; tries++) {
		int i = table_find(t, id), rc;

		if (i < 0)
			return i;
		rc = table_read(t, (unsigned)i, out);
		if (rc == 0)
			return strcmp(out->id, id) == 0 ? 0 : -ENOENT;
		if (rc != -EAGAIN)
			return rc;
		(void)nanosleep(&ms, NULL);	/* the writer has lost its processor, or its life */
	}
	return -EAGAIN;
}

static int
table_pick(const struct table *t, bool may_be_new)	/* a free row, else the one without owner that ended longest ago */
{
	const struct table_key *keys = table_keys(t);
	int64_t newest_allowed = clock_wall_ms() - TABLE_RECENT_MS, oldest = INT64_MAX;
	int pick = -ENOSPC;

	for (unsigned i = 0; i < t->n_rows; i++) {
		int64_t ended = atomic_load_explicit(&keys[i].ended_wall_ms, memory_order_relaxed);

		if (atomic_load_explicit(&keys[i].id_hash, memory_order_relaxed) == 0) {
			if (may_be_new)
				return (int)i;
			continue;
		}
		if (ended != 0 && ended < oldest && ended <= newest_allowed && !table_has_owner(t, i)) {
			oldest = ended;
			pick = (int)i;
		}
	}
	return pick;
}

/*
 * A crawler killed between the end of its row and that of the key leaves a row
 * that looks alive for ever.  Only when no place is left does anybody look.
 */
static int
table_mend(const struct table *t)	/* how many keys were late */
{
	struct table_key *keys = table_keys(t);
	struct crawl_progress p;
	int n = 0;

	for (unsigned i = 0; i < t->n_rows; i++) {
		if (atomic_load_explicit(&keys[i].ended_wall_ms, memory_order_relaxed) != 0 || table_has_owner(t, i)
		    || table_read(t, i, &p) < 0 || p.ended_wall_ms == 0)
			continue;
		atomic_store_explicit(&keys[i].ended_wall_ms, p.ended_wall_ms, memory_order_relaxed);
		n++;
	}
	return n;
}

static int
table_place(const struct table *t, bool may_be_new)
{
	int i = table_pick(t, may_be_new);

	return i < 0 && table_mend(t) > 0 ? table_pick(t, may_be_new) : i;
}

static void
table_tell_relays(struct table *t, unsigned i)
{
	/* Release: pairs with the acquire of table_take_dirty(), which then sees the row; the block after the row. */
	(void)atomic_fetch_add_explicit(&table_keys(t)[i].changes, 1, memory_order_release);
	(void)atomic_fetch_add_explicit(&table_signals(t)->changes[i / BLOCK_ROWS], 1, memory_order_release);
	table_signal(t, TABLE_RELAY);
}

int
table_add(struct table *t, const struct crawl_progress *first)
{
	struct table_key *key;
	int i, rc;

	if ((rc = table_enter(t, &t->add_lock, LOCK_ADD)) < 0)
		return rc;
	if (table_find(t, first->id) >= 0) {
		rc = -EEXIST;
		goto release;
	}
	if ((i = rc = table_place(t, true)) >= 0)
		rc = table_back(t->fd, row_at(t->n_rows, (unsigned)i), ROW_BYTES);	/* ENOSPC now, not SIGBUS later */
	if (rc == -ENOSPC)
		i = rc = table_place(t, false);		/* that of an ended crawl has its memory */
	if (rc < 0)
		goto release;
	/*
	 * The row has no owner and nobody claims an ended one; only the holder of
	 * LOCK_ADD makes a row somebody else's; so this is the only writer.  The old id goes first and
	 * the new one comes last: whoever finds the new hash finds the new row.
	 * Dying in between leaves a row without an id: free.
	 */
	key = &table_keys(t)[i];
	atomic_store_explicit(&key->id_hash, 0, memory_order_release);
	atomic_store_explicit(&key->ended_wall_ms, first->ended_wall_ms, memory_order_relaxed);
	atomic_store_explicit(&key->control, TABLE_CONTROL_NONE, memory_order_relaxed);
	progress_row_write(table_row(t, (unsigned)i), first);
	atomic_store_explicit(&key->id_hash, hash_of(first->id), memory_order_release);
	table_tell_relays(t, (unsigned)i);
	rc = i;
release:
	table_exit(t, &t->add_lock, LOCK_ADD);
	return rc;
}

int
table_ask(struct table *t, const char *id, enum table_control what)
{
	struct table_key *key;
	int i, rc;

	/* Rows change hands under this lock only: the word reaches the crawl it is meant for. */
	if ((rc = table_enter(t, &t->add_lock, LOCK_ADD)) < 0)
		return rc;
	if ((i = rc = table_find(t, id)) < 0)
		goto release;
	key = &table_keys(t)[i];
	rc = 0;
	if (atomic_load_explicit(&key->ended_wall_ms, memory_order_relaxed) != 0)
		rc = -EALREADY;
	else if (atomic_load_explicit(&key->control, memory_order_relaxed) != TABLE_CONTROL_CANCEL)
		atomic_store_explicit(&key->control, (uint32_t)what, memory_order_release);
release:
	table_exit(t, &t->add_lock, LOCK_ADD);
	return rc;
}

enum table_control
table_asked(const struct table *t, unsigned i)
{
	uint32_t what = atomic_load_explicit(&table_keys(t)[i].control, memory_order_acquire);

	return what <= TABLE_CONTROL_CANCEL ? (enum table_control)what : TABLE_CONTROL_NONE;
}

int
table_claim(struct table *t, unsigned i)
{
	return row_claim(t->lock_fd, t->lock_base + i);
}

void
table_release(struct table *t, unsigned i)
{
	(void)row_release(t->lock_fd, t->lock_base + i);
}

bool
table_has_owner(const struct table *t, unsigned i)
{
	return row_has_owner(t->lock_fd, t->lock_base + i) == 1;
}

void
table_publish(struct table *t, unsigned i, const struct crawl_progress *p)
{
	progress_row_write(table_row(t, i), p);
	atomic_store_explicit(&table_keys(t)[i].ended_wall_ms, p->ended_wall_ms, memory_order_release);
	TRACE2(row__publish, i, p->seq);
	table_tell_relays(t, i);
}
