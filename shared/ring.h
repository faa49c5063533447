/*
 * ring - the log in the table: the last entries any server has sent to
 * /api/mcp/logs.  Many producers append (processes and threads), every process
 * that maps the table reads without a lock, a reader is a sequence number.
 *
 * Entry s lies in slot s % RING_SLOTS, written under the slot's changecount;
 * then the head moves.  Producers exclude each other by the OFD lock on a byte of
 * the ring's own and, inside a process, by a mutex.  One that dies in the middle
 * loses the lock with its life and has not moved the head: the next one takes
 * the same sequence number and overwrites what it left.  Readers are shown
 * RING_VISIBLE entries, fewer than there are slots, so the slot that is being
 * written is never one that they may ask for.
 *
 * Sequence numbers grow by one with each entry and never restart: not with
 * ring_clear(), and not with a new table, which starts at a number made from the
 * clock, 1,024 for each millisecond since 1970 (below 2^53 until the year 2248,
 * so JavaScript can count them), or above the head of the table that it replaces,
 * whichever is more.  Slower than a million entries a second on average, no ring
 * ever gets ahead of that clock.  Only a clock set back over a reboot could repeat a
 * number: a reader whose cursor is beyond ring_last() begins anew.
 *
 * The slots' memory is taken in pieces as the ring first fills; a reader never
 * touches a slot that has none.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/slice.h"
#include "shared/table.h"

enum {
	RING_SLOTS = 1024,
	RING_VISIBLE = 1000,
	RING_LOGGER_BYTES = 32,
	RING_MESSAGE_BYTES = 1984,	/* and NUL within; longer messages are cut */
};

enum ring_level { RING_DEBUG, RING_INFO, RING_WARNING, RING_ERROR, RING_CRITICAL, RING_N_LEVELS };

/* A copy for its reader, checked: lengths and level in range, strings ended.  Text may be any bytes. */
struct ring_entry {
	uint64_t seq;
	int64_t	 wall_ms;
	uint32_t level;				/* enum ring_level */
	uint32_t message_len;			/* > 0 */
	char	 logger[RING_LOGGER_BYTES];
	char	 message[RING_MESSAGE_BYTES];
};

/* What a producer gives; all borrowed. */
struct ring_line {
	enum ring_level level;
	struct slice	logger;			/* empty: "mcp"; cut at RING_LOGGER_BYTES - 1 */
	struct slice	message;		/* must not be empty */
	int64_t		wall_ms;		/* 0: now */
};

/*
 * Append n lines, one right after the other, and wake every relay once.  The
 * sequence number of the last, > 0, or, with nothing appended, -EINVAL no line,
 * more than RING_VISIBLE, or an empty message; -ENOSPC no memory for it; -EBUSY
 * another process has kept the lock for a second (stopped, perhaps).
 */
int64_t ring_append(struct table *t, const struct ring_line *lines, unsigned n);

/*
 * Forget every entry: the ring then holds one INFO "Logs cleared", which has the
 * next sequence number and is streamed like any other.  Returns as ring_append().
 */
int64_t ring_clear(struct table *t);

/* The newest entry and the oldest one that can be read; none when last < first. */
uint64_t ring_last(const struct table *t);
uint64_t ring_first(const struct table *t);

/* Entries below were cleared (or never were): whoever stands there has missed nothing up to it. */
uint64_t ring_floor(const struct table *t);

/* Copy entry seq.  0, -ENOENT gone (or cleared), -EAGAIN not there yet.  Never waits. */
int ring_read(const struct table *t, uint64_t seq, struct ring_entry *out);

/* -- levels ------------------------------------------------------------------------ */

const char *ring_level_word(enum ring_level level);	/* static; "DEBUG" ... */

/* Any case of letters; WARN, ERR, FATAL are understood too.  false: none of them, *out untouched. */
bool ring_level_parse(struct slice word, enum ring_level *out);

#endif
