/*
 * tape - entries of the log as bytes ready to send, one behind the other, in
 * one form and from one level up.  A reader stands between two entries and is
 * handed everything from there to the end of a chunk at once: several entries in
 * one write, from whatever place, with nothing copied for it.
 *
 * Entries are counted by an ordinal that has no holes, so that who was overrun
 * can be told how many it missed.
 */
#ifndef TAPE_H
#define TAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/audience.h"
#include "relay/frame.h"
#include "relay/stream.h"
#include "shared/ring.h"

enum { TAPE_CHUNK_BYTES = 64 * 1024 };

struct tape_chunk {
	struct tape_chunk *next;
	struct frame	  *frame;	/* grows at its end while it is the last */
	uint32_t	   cap;
	uint64_t	   last_ordinal, last_seq;	/* in it */
};

struct tape {
	struct audience	   audience;
	struct tape_chunk *first, *last;
	uint64_t	   begin, end;	/* ordinals: the oldest entry, and one past the newest; begin == end: empty */
	uint64_t	   cleared;	/* below, nobody missed anything */
	struct tape_mark {
		uint64_t	   seq;
		struct tape_chunk *chunk;
		uint32_t	   at;	/* its place in the chunk */
	}		   mark[RING_SLOTS];	/* of ordinal o at [o % RING_SLOTS] */
};

struct tape *tape_new(void);			/* NULL: no memory */
void tape_free(struct tape *t);			/* NULL is fine; chunks under way stay until they are sent */

void tape_add(struct tape *t, uint64_t seq, const struct frame *bytes);	/* copies; bytes NULL: it is missed */
void tape_miss(struct tape *t, uint64_t n);	/* so many were lost before we could read them */
void tape_drop(struct tape *t, uint64_t first_seq);	/* entries below are too old */
void tape_clear(struct tape *t, uint64_t floor_seq);	/* ... or were cleared: no loss */

/*
 * A cursor is the ordinal given last: 0 none yet.  tape_seek() finds the one for
 * all after seq, tape_recent() for the last n.
 */
uint64_t tape_seek(const struct tape *t, uint64_t seq);
uint64_t tape_recent(const struct tape *t, unsigned n);

/* The sequence number a cursor stands behind; caught_up: when there is nothing behind it. */
uint64_t tape_seq(const struct tape *t, uint64_t at, uint64_t caught_up);

/* 1 with the next entries in *out, *at and *seq moved on; 0 none; *missed > 0: so many are gone, *at is moved past them. */
int tape_next(struct tape *t, uint64_t *at, uint64_t *seq, struct piece *out, uint64_t *missed);

#endif
