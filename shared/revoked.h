/*
 * revoked - the names of tokens that relays have to part with: revoked, or with a
 * session that was ended.  A relay cannot open the store; it remembers under which
 * name each of its clients came in, and sends those of a name told here away.
 * Whose credentials are still good comes back through nginx, which asks archon-api.
 *
 * The table keeps the last REVOKED_SLOTS of them by hash.  A reader remembers how
 * many there were; one that comes too late for some is told so, and takes all names
 * for told.  Two names of one hash cost their clients a needless way back.
 */
#ifndef REVOKED_H
#define REVOKED_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/slice.h"
#include "shared/table.h"

enum { REVOKED_SLOTS = 128 };

uint64_t revoked_key(struct slice name);

/* After the commit, by a writer: tell the relays.  0, -EBUSY as ring_append(), -errno. */
int revoked_tell(struct table *t, const char *name);

uint64_t revoked_count(const struct table *t);		/* so many were told since the table was made */

/*
 * The keys that were told after *seen, at most REVOKED_SLOTS, oldest first; *seen
 * moves on.  How many are in out, or -EOVERFLOW: some can no longer be read.
 */
int revoked_since(const struct table *t, uint64_t *seen, uint64_t out[REVOKED_SLOTS]);

#endif
