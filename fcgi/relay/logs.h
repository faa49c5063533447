/*
 * logs - the log ring of the table on its way to clients: each new entry is
 * read once, encoded once for each form, and put on the tapes that somebody
 * follows.
 */
#ifndef LOGS_H
#define LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/audience.h"
#include "relay/loop.h"
#include "relay/tape.h"
#include "relay/wire.h"
#include "shared/ring.h"
#include "shared/text.h"

enum { LOGS_WIRES = WIRE_POLL };	/* all but that */

struct logs {
	struct loop  *loop;		/* borrowed */
	struct table *table;		/* NULL: not attached */
	kick_f	     *kick;
	uint64_t      next_seq;		/* to be read from the ring */
	uint64_t      floor;
	uint64_t      first;		/* the oldest entry that tapes may hold; the ring may be further */
	struct tape  *tape[LOGS_WIRES][RING_N_LEVELS];	/* NULL: nobody follows it */
	struct tape  *unused;		/* freed when the turn is over */
	struct grave  grave;
	bool	      buried;
	struct text   scratch;
	struct ring_entry entry;	/* the copy being looked at */
};

void logs_init(struct logs *l, struct loop *lp, kick_f *kick);
void logs_fini(struct logs *l);

void logs_attach(struct logs *l, struct table *t);	/* borrowed until the next call; NULL: it has gone */
void logs_feed(struct logs *l);			/* there may be new entries: give them to all who follow */

/* Follow.  0 or -ENOMEM. */
int logs_join(struct logs *l, enum wire w, enum ring_level level, struct subscriber *s);
void logs_leave(struct logs *l, struct subscriber *s);
struct tape *logs_tape(const struct subscriber *s);

#endif
