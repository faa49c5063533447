/*
 * table - the one thing the processes share live: a mapped file on tmpfs.
 *
 *	+0		header: magic, layout version, sizes, generation
 *	keys		one struct table_key a row: hash of its id, when it ended
 *	signals		a wakeup for the relays, one for the crawlers; what changed
 *	mcp		the MCP server's switch, and since when it serves (mcp_state.h)
 *	revoked		whose tokens are no longer good (revoked.h)
 *	ring		head of the log (ring.h)
 *	catalogue	head of the knowledge items (catalogue.h)
 *	- from here on memory is taken when it is first needed -
 *	ring slots	the log's entries
 *	pages		the catalogue's two pages
 *	events		what changed it
 *	rows		one struct progress_row a crawl, each on its own pages
 *
 * Every section starts on a page of its own; no pointers, fixed widths, reserved
 * zeros.  The file is built whole under a temporary name, filled, then renamed, so
 * nobody ever attaches to half a table.  Whoever attaches checks all of the
 * header against the file first.  Memory is taken as it is needed: a row's pages
 * are allocated when it is first given away (posix_fallocate: -ENOSPC then, not
 * SIGBUS later), and nobody reads a row that was not.
 *
 * Writers are those who hold the store: the API, the MCP server, the crawlers and
 * archonctl.  Everybody else is a reader: may open the file for reading only and
 * maps it so.  In particular the relays write nothing that a writer maps: they find
 * changes by counts they remember, and their own figures are in a file of their
 * own, which others copy out with read(2).  Directories in run_dir say who may what:
 *
 *	live/			who may enter may read the table; nobody makes files
 *	live/writers/		the writers': table, table.lock; meters (meters.h)
 *	relay/			the relays': counters
 *
 * Ownership is an OFD lock on a byte of table.lock (row_claim.h), which readers
 * cannot open, so that they lock nobody out: byte i for row i; further bytes for
 * crawlers, for the section that gives rows away and for those who append to the
 * ring, change the catalogue or tell who is revoked.  A row without an owner and
 * without an end waits for a crawler.  The relays' locks are on their own file.
 *
 * A change of layout is a new TABLE_LAYOUT_VERSION; in the same commit the
 * picture above and `archonctl stat --dump` change.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/err.h"
#include "shared/progress_row.h"
#include "shared/wakeup.h"

enum {
	TABLE_LAYOUT_VERSION = 6,
	TABLE_ROWS_DEFAULT = 4096,
	TABLE_ROWS_MIN = 16,
	TABLE_ROWS_MAX = 65536,
	TABLE_CONSUMERS = 8,		/* of each kind */
	TABLE_RECENT_MS = 10000,	/* an ended row is kept at least so long, for those who follow it */
};

#define TABLE_DIR	   "live/writers"	/* in run_dir, as these */
#define TABLE_FILE	   TABLE_DIR "/table"
#define TABLE_COUNTERS_DIR "relay"
#define TABLE_COUNTERS	   TABLE_COUNTERS_DIR "/counters"

struct table;				/* one process's mapping */

enum table_kind { TABLE_RELAY, TABLE_CRAWLER };

/* -- life ------------------------------------------------------------------ */

/*
 * Build a table of n rows under a temporary name in run_dir dir, call fill (may be
 * NULL) on it, then give it its name, replacing one that was there.  or -errno with e filled: -ENOSPC, -EACCES ..., or what fill returned.
 */
typedef int table_fill_f(struct table *t, void *arg);
int table_create(const char *dir, unsigned n_rows, table_fill_f *fill, void *arg, struct err *e);

/*
 * Attach to the table in run_dir dir, as a writer or as a reader; what a reader
 * may call takes a const table, or says so.  0 and *out (gives), or -errno with e
 * filled: -ENOENT no table yet, -ESTALE other layout version, -EBADMSG not a table
 * or damaged, -EACCES.
 */
int table_open(struct table **out, const char *dir, struct err *e);
int table_open_reader(struct table **out, const char *dir, struct err *e);
void table_close(struct table *t);		/* NULL is fine; drops every claim */

/*
 * The file whose locks say who owns what, made when it is missing, with the
 * directories it lies in.  A descriptor of its own (gives), or -errno with e.
 */
int table_lock_file(const char *dir, struct err *e);

/*
 * Open a file that several users share to read and write it, made when it is not there;
 * flags are more of open(2)'s.  Its mode is what is asked for, whatever our umask: the
 * directory is what keeps others out.  The descriptor or -errno.
 */
int table_open_shared(const char *path, int flags, mode_t mode);

/* Is the file that has the name still the one mapped?  Cheap: two stat(2). */
bool table_is_current(const struct table *t);

uint64_t table_generation(const struct table *t);	/* random: another table has another one */

/* -- rows ------------------------------------------------------------------ */

unsigned table_n_rows(const struct table *t);

/*
 * Take a place for a new crawl and publish *first in it: a free row, else the
 * one that ended longest ago.  The row is not claimed.  Returns its index,
 * -EEXIST when the id has one, -ENOSPC when every row is alive or just ended, or
 * memory is short, -EBUSY as ring_append().
 */
int table_add(struct table *t, const struct crawl_progress *first);

/* The row of id, or -ENOENT.  A hint: the row may change hands; readers check the id they get. */
int table_find(const struct table *t, const char *id);

/* Copy row i.  0, -EAGAIN torn (progress_row.h), -ENOENT nothing there.  Never waits. */
int table_read(const struct table *t, unsigned i, struct crawl_progress *out);

/* Find and read, patiently (at most some 20 ms).  0, -ENOENT, -EAGAIN. */
int table_read_id(const struct table *t, const char *id, struct crawl_progress *out);

/*
 * Whose row i is, by id_hash(), 0: nobody's; *live: it has not ended.  A hint,
 * for who wants to know whether the row is worth copying: a change of hands is
 * counted after it shows here.
 */
uint64_t table_row_hash(const struct table *t, unsigned i, bool *live);

int table_claim(struct table *t, unsigned i);		/* 0, -EAGAIN owned by another, -errno */
void table_release(struct table *t, unsigned i);
bool table_has_owner(const struct table *t, unsigned i);	/* another process's claim; who may not open table.lock sees none */

/* Publish *p in row i and wake every relay.  Only the claimant may. */
void table_publish(struct table *t, unsigned i, const struct crawl_progress *p);

/*
 * The control word beside a row is the only thing of it that others than its
 * owner may write.  It says what was asked of the crawl last, and is told at
 * once and on a full disk too; the store keeps the same when it can be written.
 * NONE: nobody asked since the table was made, the store knows.
 */
enum table_control { TABLE_CONTROL_NONE, TABLE_CONTROL_RUN, TABLE_CONTROL_PAUSE, TABLE_CONTROL_CANCEL };

/* Ask it of the crawl id; a cancel stays.  0, -ENOENT no row, -EALREADY it has ended, -EBUSY as above. */
int table_ask(struct table *t, const char *id, enum table_control what);
enum table_control table_asked(const struct table *t, unsigned i);

/* -- consumers ------------------------------------------------------------- */

/*
 * Take a consumer's slot: of a relay (a reader may), which has then seen all there
 * is, or of a crawler.  Slot, -ENOSPC none is free, -errno.
 */
int table_join(struct table *t, enum table_kind kind);
void table_leave(struct table *t, enum table_kind kind, unsigned slot);
struct wakeup *table_wakeup(const struct table *t, enum table_kind kind);	/* a reader waits on it only */
void table_signal(struct table *t, enum table_kind kind);	/* every consumer of the kind */
unsigned table_n_alive(const struct table *t, enum table_kind kind);	/* held by living processes */

/*
 * The next row changed since relay slot, ours, looked last, at or after *from;
 * *from moves on.  Returns its index, or -1 when none is left; begin at 0.
 */
int table_take_dirty(const struct table *t, unsigned slot, unsigned *from);
void table_mark_dirty(const struct table *t, unsigned slot, unsigned i);	/* look at it again */

/* What else is new, beside rows.  It is taken before the news is looked at. */
enum table_news { TABLE_NEWS_RING = 1, TABLE_NEWS_CATALOGUE = 2, TABLE_NEWS_REVOKED = 4 };
unsigned table_take_news(const struct table *t, unsigned slot);	/* a set of enum table_news; 0: none */

/* -- counters of a relay ------------------------------------------------------ */

#define RELAY_STREAMS(X) X(PROGRESS, "progress") X(LOGS, "logs") X(KNOWLEDGE, "knowledge") X(CRAWLS, "crawls")
#define RELAY_KINDS(X)	 X(WS, "ws") X(SSE, "sse") X(POLL, "poll")

enum relay_stream {
#define X(name, word) RELAY_##name,
	RELAY_STREAMS(X)
#undef X
	RELAY_N_STREAMS
};

enum relay_kind {
#define X(name, word) RELAY_##name,
	RELAY_KINDS(X)
#undef X
	RELAY_N_KINDS
};

/* Sums since the relay joined, and states: each its name, and what it is. */
#define RELAY_COUNTERS(X)							\
	X(messages,		"messages given to clients")			\
	X(bytes,		"bytes written to clients")			\
	X(conflated,		"states a client never saw because a newer one came")	\
	X(gaps,			"times a client was told that log entries are missing")	\
	X(missed,		"log entries in those gaps")			\
	X(opened,		"clients that came")				\
	X(refused,		"clients turned away: limits, origins, bad handshakes")	\
	X(slow_closes,		"clients closed because they did not drain")	\
	X(dead_closes,		"clients closed because they did not answer a Ping")	\
	X(ignored,		"messages of clients that mean nothing here")	\
	X(upgrades,		"times the program was replaced in place")	\
	X(loop_turns,		"turns of the event loop")			\
	X(loop_lag_p99_us,	"99 of 100 turns took at most so long, lately")

/* Written by the relay that holds the slot only, with relaxed stores; anybody reads. */
struct relay_counters {
	_Atomic uint64_t clients[RELAY_N_STREAMS][RELAY_N_KINDS];	/* now */
#define X(name, what) _Atomic uint64_t name;
	RELAY_COUNTERS(X)
#undef X
	_Atomic uint64_t since_wall_ms;		/* the relay joined */
	uint64_t reserved[6];
};

/* By a relay that has joined; zeroed by that.  One that was replaced in place puts its sums back. */
struct relay_counters *table_counters(const struct table *t, unsigned slot);

/* By anybody: a copy; zeros when no relay was ever there, any numbers when a relay wrote such. */
void table_counters_read(const struct table *t, unsigned slot, struct relay_counters *out);

/* Is the slot held by a living process, ours included? */
bool table_is_alive(const struct table *t, enum table_kind kind, unsigned slot);

const char *relay_stream_word(enum relay_stream stream);	/* static; "progress" ... */
const char *relay_kind_word(enum relay_kind kind);		/* static; "ws" ... */

/* -- eyes ------------------------------------------------------------------ */

struct table_info {
	uint32_t layout_version, n_rows;
	uint64_t generation, file_bytes, row_bytes;
	int64_t	 created_wall_ms;
	unsigned used, live, owned;		/* rows with an id, not ended, claimed by another */
	unsigned relays, crawlers;		/* alive */
};
void table_info(const struct table *t, struct table_info *out);
uint32_t table_changecount(const struct table *t, unsigned i);

#endif
