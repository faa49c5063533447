/*
 * live - every crawl that is under way, for those who follow all of them: the
 * topics in the order of their last change.  A cursor is a number of a change;
 * what has changed since stands behind it, each crawl once, in its newest
 * state.  Nothing is kept while nobody looks, and nobody has for a while: who
 * comes back goes on where it was.
 *
 * A crawl that ended stays until nobody can be so far behind that it has not
 * seen the end; newcomers are not shown it.
 */
#ifndef LIVE_H
#define LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/audience.h"
#include "relay/topic.h"

struct live {
	struct topics	*topics;	/* borrowed */
	struct audience	 audience;
	struct live_entry {
		uint64_t      change;	/* grows from place to place */
		struct topic *t;	/* NULL: it changed again, or went */
	}		*v;
	uint32_t	 n, cap, n_topics;
	uint64_t	 changes;	/* the newest change's number, from 1 */
	uint64_t	 epoch;		/* whose numbers they are: random */
	int64_t		 keep_ns;	/* ended crawls, and all when the last has left */
	struct timer	 idle;
	bool		 on;
	/* From now on every live crawl is to have a topic, or none any more. */
	void	       (*watch)(struct live *l, bool on);
};

void live_init(struct live *l, struct topics *ts, int64_t keep_ms);
void live_fini(struct live *l);

void live_changed(struct live *l, struct topic *t);	/* of struct topics; tells the audience */
void live_drop(struct live *l, struct topic *t);	/* it has gone, or ended long ago */

void live_join(struct live *l, struct subscriber *s);
void live_leave(struct live *l, struct subscriber *s);
void live_off(struct live *l);				/* let go of all topics at once */

/* For the process that takes over: whose numbers go on, a topic with its old number or 0 for the next one, and all others. */
void live_resume(struct live *l, uint64_t epoch, uint64_t changes);
void live_put(struct live *l, struct topic *t, uint64_t change);
void live_on(struct live *l);

/* The first change after `at`, NULL when there is none; *change is its number. */
struct topic *live_next(const struct live *l, uint64_t at, uint64_t *change);

#endif
