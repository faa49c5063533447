/*
 * table_layout - the bytes behind table.h, for the table's own files; nobody
 * else includes it.  A change here is a new TABLE_LAYOUT_VERSION.
 */
#ifndef TABLE_LAYOUT_H
#define TABLE_LAYOUT_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/catalogue.h"
#include "shared/revoked.h"
#include "shared/ring.h"
#include "shared/table.h"

#define NUMBERS_AHEAD	((uint64_t)1 << 45)	/* an old table is believed to be ahead of the clock by a year at most */

enum { PAGE = 4096, TABLE_PATH_BYTES = 512 };

struct table_header {
	char	 magic[8];
	uint32_t layout_version;
	uint32_t n_rows;
	uint64_t generation;		/* random: which creation of the file */
	uint64_t file_bytes, row_bytes;
	int64_t	 created_wall_ms;
};

struct table_key {
	_Atomic uint64_t id_hash;	/* 0: nobody's */
	_Atomic int64_t	 ended_wall_ms;	/* 0: alive */
	_Atomic uint32_t control;	/* enum table_control; written under LOCK_ADD */
	_Atomic uint32_t changes;	/* counts them; a relay remembers what it has seen */
};

enum { BLOCK_ROWS = 64, BLOCKS_MAX = TABLE_ROWS_MAX / BLOCK_ROWS };

struct table_signals {
	struct { _Alignas(64) struct wakeup wk; } of[2];	/* enum table_kind */
	_Alignas(64) _Atomic uint32_t changes[BLOCKS_MAX];	/* of BLOCK_ROWS rows: counts them, too */
};

/* What a relay has seen, in memory of its own: it writes nothing that others map. */
struct table_seen {
	uint64_t ring_last, catalogue_version, revoked;
	uint32_t block[BLOCKS_MAX];
	uint64_t dirty[BLOCKS_MAX];	/* bit r of b: row BLOCK_ROWS * b + r is to be looked at */
	uint32_t row[];
};

struct mcp_head {
	_Atomic uint32_t off;		/* 1: an operator has stopped it */
	uint32_t	 reserved;
	_Atomic int64_t	 since_mono_ns;	/* it serves; of this boot, as the table is */
};

struct revoked_head {
	_Atomic uint64_t n;		/* told so far */
	_Atomic uint64_t key[REVOKED_SLOTS];	/* the k-th in slot k % REVOKED_SLOTS */
};
_Static_assert(sizeof(struct revoked_head) <= PAGE, "layout");

/* -- ring ---------------------------------------------------------------------- */

struct ring_head {
	_Atomic uint64_t last;		/* sequence number of the newest entry */
	_Atomic uint64_t floor;		/* nothing below can be read */
	_Atomic uint32_t n_backed;	/* slots 0.. that have memory */
	uint32_t	 reserved;
};

enum { RING_WORDS = sizeof(struct ring_entry) / sizeof(uint64_t) };

struct ring_slot {
	_Atomic uint32_t changecount;
	uint32_t	 reserved;
	_Atomic uint64_t word[RING_WORDS];	/* a struct ring_entry, its message no longer than it is */
};
_Static_assert(sizeof(struct ring_entry) == RING_WORDS * sizeof(uint64_t), "the payload must be a whole number of words");
_Static_assert(sizeof(struct ring_slot) == 2048, "two slots a page");

/* -- catalogue ----------------------------------------------------------------- */

struct catalogue_head {
	_Atomic uint64_t version;	/* the newest */
	_Atomic uint64_t page;		/* 0: none yet, else 1 + the index of the buffer that is shown */
	_Atomic uint64_t backed[2];	/* bytes of each buffer that have memory */
	_Atomic uint64_t n_backed_events;
};

struct catalogue_page {
	_Atomic uint32_t changecount;
	_Atomic uint32_t len;
	_Atomic uint64_t word[CATALOGUE_PAGE_BYTES / 8];
};

struct catalogue_event {
	_Atomic uint32_t changecount;
	_Atomic uint32_t len;		/* 0: the version has none */
	_Atomic uint64_t version;
	_Atomic uint64_t word[CATALOGUE_EVENT_BYTES / 8];
};
_Static_assert(sizeof(struct catalogue_event) == PAGE, "a page an event");
_Static_assert(sizeof(struct relay_counters) % 64 == 0, "a relay's counters share no cache line with another's");
_Static_assert(BLOCK_ROWS == 64, "a bit a row");

_Static_assert(sizeof(struct table_header) <= PAGE, "the header is one page");
_Static_assert(sizeof(struct table_key) == 24, "layout");
_Static_assert(sizeof(struct wakeup) == 8, "layout");

static inline size_t
page_up(size_t n)
{
	return (n + PAGE - 1) / PAGE * PAGE;
}

#define ROW_BYTES	page_up(sizeof(struct progress_row))
#define KEYS_AT		((size_t)PAGE)

static inline size_t
signals_at(uint32_t n_rows)
{
	return KEYS_AT + page_up(n_rows * sizeof(struct table_key));
}

static inline size_t
mcp_at(uint32_t n_rows)
{
	return signals_at(n_rows) + page_up(sizeof(struct table_signals));
}

static inline size_t
revoked_at(uint32_t n_rows)
{
	return mcp_at(n_rows) + PAGE;
}

static inline size_t
ring_at(uint32_t n_rows)
{
	return revoked_at(n_rows) + PAGE;
}

static inline size_t
catalogue_at(uint32_t n_rows)
{
	return ring_at(n_rows) + PAGE;
}

static inline size_t
slots_at(uint32_t n_rows)	/* from here on memory is taken when it is first needed */
{
	return catalogue_at(n_rows) + PAGE;
}

static inline size_t
page_at(uint32_t n_rows, unsigned i)
{
	return slots_at(n_rows) + RING_SLOTS * sizeof(struct ring_slot) + i * page_up(sizeof(struct catalogue_page));
}

static inline size_t
event_at(uint32_t n_rows, unsigned i)
{
	return page_at(n_rows, 2) + i * sizeof(struct catalogue_event);
}

static inline size_t
row_at(uint32_t n_rows, unsigned i)
{
	return event_at(n_rows, CATALOGUE_EVENTS) + i * ROW_BYTES;
}

/*
 * Bytes of table.lock whose lock means something (row_claim.h); rows are
 * 0..TABLE_ROWS_MAX-1.  A table that replaces another has other bytes of the
 * same file, by its generation: whoever still holds the old one is in nobody's way.
 */
enum { LOCK_CRAWLER = 1 << 20, LOCK_ADD = 1 << 21, LOCK_RING, LOCK_CATALOGUE, LOCK_MCP, LOCK_REVOKED };

static inline uint64_t
lock_base_of(uint64_t generation)
{
	return (generation & 0x3fffffff) << 32;		/* offsets of files have 63 bits */
}

struct table {
	char	       *base;
	size_t		bytes;
	uint32_t	n_rows;
	bool		writes;		/* else base is mapped read-only */
	int		fd, lock_fd;	/* lock_fd -1: a reader that may not see who owns what */
	uint64_t	lock_base;
	char		dir[TABLE_PATH_BYTES];
	dev_t		dev, lock_dev;
	ino_t		ino, lock_ino;
	pthread_mutex_t add_lock, ring_lock, catalogue_lock, revoked_lock;	/* threads of one process share its OFD locks */
	_Atomic bool	mcp_joined;	/* we are the MCP server */
	_Atomic uint32_t joined[2];	/* bit s: we hold slot s of that kind; our own lock would not stop us */
	/* Of a relay only. */
	int		relays_fd;	/* -1: we are none */
	struct relay_counters *counters;	/* of every relay; NULL: we are none */
	struct table_seen *seen[TABLE_CONSUMERS];
};

/*
 * The bytes of TABLE_COUNTERS; the lock of byte s says that relay s lives
 * (table_counters.c).
 */
enum { COUNTERS_BYTES = TABLE_CONSUMERS * sizeof(struct relay_counters) };

int table_counters_open(struct table *t);		/* by a relay.  0 or -errno */
void table_counters_clear(struct table *t, unsigned slot);
bool table_counters_has_owner(const struct table *t, unsigned slot);

static inline struct table_key *
table_keys(const struct table *t)
{
	return (struct table_key *)(void *)(t->base + KEYS_AT);
}

static inline struct table_signals *
table_signals(const struct table *t)
{
	return (struct table_signals *)(void *)(t->base + signals_at(t->n_rows));
}

static inline struct progress_row *
table_row(const struct table *t, unsigned i)
{
	assert(i < t->n_rows);
	return (struct progress_row *)(void *)(t->base + row_at(t->n_rows, i));
}

/* dir/name in out, name one of ours; -ENAMETOOLONG with e, for cut short it would be another file's name. */
int table_path(char out[TABLE_PATH_BYTES], const char *dir, const char *name, struct err *e);

/* Give bytes at `at` of the file their memory: -ENOSPC now, not SIGBUS later.  0 or -errno. */
int table_back(int fd, size_t at, size_t bytes);

/* The lock and the bound of those who append or publish.  0, -EBUSY, -errno. */
int table_enter(struct table *t, pthread_mutex_t *mutex, uint64_t lock);
void table_exit(struct table *t, pthread_mutex_t *mutex, uint64_t lock);

static inline struct ring_head *
ring_head(const struct table *t)
{
	return (struct ring_head *)(void *)(t->base + ring_at(t->n_rows));
}

static inline struct ring_slot *
ring_slot(const struct table *t, uint64_t seq)
{
	return (struct ring_slot *)(void *)(t->base + slots_at(t->n_rows)) + seq % RING_SLOTS;
}

static inline struct catalogue_head *
catalogue_head(const struct table *t)
{
	return (struct catalogue_head *)(void *)(t->base + catalogue_at(t->n_rows));
}

#endif
