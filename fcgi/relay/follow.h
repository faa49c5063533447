/*
 * follow - the relay's end of the table: attaches to it as a reader, again when it is
 * replaced, sleeps on the relays' wake-ups, and turns changed rows into
 * updates of topics.  Without a table every id is simply unknown.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include <stdbool.h>

#include "relay/loop.h"
#include "relay/topic.h"
#include "shared/err.h"
#include "shared/progress_row.h"
#include "shared/wake_bridge.h"

struct table;

enum { FOLLOW_TICK_MS = 500 };		/* look for a table, or whether ours is still the one */

struct follow {
	/* Set by the owner: a table is there, NULL: no more; what else than rows is new in it (table.h). */
	void (*attached)(struct follow *f, struct table *t);
	void (*news)(struct follow *f, unsigned news);

	struct loop	  *loop;	/* borrowed, as these */
	struct topics	  *topics;
	const char	  *dir;
	struct table	  *table;	/* NULL: not attached */
	unsigned	   slot;
	struct wake_bridge bridge;
	struct watch	   wake;	/* the bridge's eventfd (borrowed) */
	struct timer	   tick;
	struct timer	   retry;	/* torn rows */
	unsigned	   retry_ms;
	bool		   all_live;	/* rows of live crawls make topics */
	struct err	   said;	/* the trouble last logged: told once */
	struct crawl_progress row;	/* the copy being looked at: too large for the stack of a loop */
};

void follow_start(struct follow *f, struct loop *lp, struct topics *ts, const char *dir);
void follow_stop(struct follow *f);

/* From now on, every live crawl has a topic; the present ones are looked up at once. */
void follow_live(struct follow *f, bool on);

/* Look t's row up and tell t what it says. */
void follow_topic(struct follow *f, struct topic *t);

#endif
