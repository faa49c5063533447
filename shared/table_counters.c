/*
 * The relays' own file: their figures, and which of them live.  Whoever is no relay
 * reads it as it would any stranger's: a copy by pread(2), nothing mapped, so that
 * nothing a relay does to it, cutting it off included, hurts the reader.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/row_claim.h"
#include "shared/table_layout.h"

enum { OPEN_FLAGS = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK };	/* a FIFO there holds nobody up */

/* -- by relays ------------------------------------------------------------------ */

int
table_counters_open(struct table *t)
{
	char path[TABLE_PATH_BYTES];
	struct relay_counters *base;
	struct stat sb;
	int fd, rc;

	if (t->counters != NULL)
		return 0;
	if ((rc = table_path(path, t->dir, TABLE_COUNTERS_DIR, NULL)) < 0)
		return rc;
	if (mkdir(path, 0750) == -1 && errno != EEXIST)
		return -errno;
	if ((rc = table_path(path, t->dir, TABLE_COUNTERS, NULL)) < 0)
		return rc;
	if ((fd = open(path, O_RDWR | O_CREAT | OPEN_FLAGS, 0644)) == -1)
		return -errno;
	/* Others of us have it mapped, too: it may grow, but is never cut. */
	if (fstat(fd, &sb) == -1 || (sb.st_uid == geteuid() && fchmod(fd, 0644) == -1))
		rc = -errno;
	else if (!S_ISREG(sb.st_mode))
		rc = -EBADMSG;
	else
		rc = table_back(fd, 0, COUNTERS_BYTES);
	if (rc == 0 && (base = mmap(NULL, COUNTERS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) != MAP_FAILED) {
		t->relays_fd = fd;
		t->counters = base;
		return 0;
	}
	rc = rc < 0 ? rc : -ENOMEM;
	close(fd);
	return rc;
}

struct relay_counters *
table_counters(const struct table *t, unsigned slot)
{
	assert(slot < TABLE_CONSUMERS && t->counters != NULL);
	return t->counters + slot;
}

void
table_counters_clear(struct table *t, unsigned slot)
{
	struct relay_counters *n = table_counters(t, slot);
	_Atomic uint64_t *word = (_Atomic uint64_t *)(void *)n;	/* it has nothing else */

	for (size_t i = 0; i < sizeof *n / sizeof *word; i++)
		atomic_store_explicit(&word[i], 0, memory_order_relaxed);
	atomic_store_explicit(&n->since_wall_ms, (uint64_t)clock_wall_ms(), memory_order_relaxed);
}

/* -- by everybody ---------------------------------------------------------------- */

static int
open_to_look(const struct table *t)	/* each time anew: it may be another file by now */
{
	char path[TABLE_PATH_BYTES];

	return table_path(path, t->dir, TABLE_COUNTERS, NULL) < 0 ? -1 : open(path, O_RDONLY | OPEN_FLAGS);
}

void
table_counters_read(const struct table *t, unsigned slot, struct relay_counters *out)
{
	int fd = open_to_look(t);

	assert(slot < TABLE_CONSUMERS);
	if (fd == -1 || pread(fd, out, sizeof *out, (off_t)(slot * sizeof *out)) != (ssize_t)sizeof *out)
		memset(out, 0, sizeof *out);
	if (fd != -1)
		close(fd);
}

bool
table_counters_has_owner(const struct table *t, unsigned slot)
{
	int fd = open_to_look(t);
	bool owned = fd != -1 && row_has_owner(fd, slot) == 1;

	if (fd != -1)
		close(fd);
	return owned;
}

const char *
relay_stream_word(enum relay_stream stream)
{
	static const char *const words[RELAY_N_STREAMS] = {
#define X(name, word) [RELAY_##name] = word,
		RELAY_STREAMS(X)
#undef X
	};

	return words[stream];
}

const char *
relay_kind_word(enum relay_kind kind)
{
	static const char *const words[RELAY_N_KINDS] = {
#define X(name, word) [RELAY_##name] = word,
		RELAY_KINDS(X)
#undef X
	};

	return words[kind];
}
