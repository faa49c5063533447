/*
 * topic - a crawl that can be followed: an id, its newest message in the forms
 * it was asked for, and who follows it.  A topic lives as long as somebody
 * follows it, by its id or among all live ones (live.h).  A subscriber's cursor
 * is one more than the seq of the row it was given last.
 *
 * Conflation: the first change goes out at once, further ones at most every
 * conflate_ns, the terminal one always and at once.  After it a topic never
 * changes again.
 */
#ifndef TOPIC_H
#define TOPIC_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/audience.h"
#include "relay/loop.h"
#include "relay/wire.h"
#include "shared/progress_row.h"
#include "shared/text.h"

/* So often a row is tried (half a second in all) before those who follow it are told that they wait. */
enum { TOPIC_TORN_TRIES = 8 };

struct shown {				/* what there is once something is known of the id */
	struct topic *topic;
	struct frame *as[N_WIRES];	/* the newest message; [WIRE_WS] is always there, NULL: a torn row only */
	struct frame *as_live;		/* its event in the stream of all crawls */
	uint64_t      seq;		/* of the row in it */
	uint64_t      change;		/* live.h; 0: not among the live */
	int64_t	      published_ns;
	struct timer  timer;		/* look at the row again */
	uint32_t      live_at;
};

struct topic {				/* 20,000 may wait for as many ids: small */
	unsigned	 magic;
#define TOPIC_MAGIC	 0x70c1d3b5
	bool		 terminal;	/* what is shown is the last there will be */
	bool		 empty;		/* on the list of those nobody may follow any more */
	uint8_t		 torn_tries;	/* its row could not be read so often in a row */
	uint8_t		 id_len;
	struct topics	*topics;
	struct topic	*chain;		/* same bucket */
	struct topic	*next_empty;
	struct audience	 audience;
	struct shown	*shown;		/* NULL: nothing is known of the id */
	uint32_t	 hash;
	char		 id[];		/* NUL-terminated */
};

struct topics {
	struct loop   *loop;		/* borrowed */
	int64_t	       conflate_ns;
	/* Read the row of t again and call topic_update() or topic_unknown() or topic_torn(). */
	void	     (*refresh)(struct topics *ts, struct topic *t);
	/* t shows something new.  Called before those who follow it are told. */
	void	     (*changed)(struct topics *ts, struct topic *t);
	/* There is no row of t any more. */
	void	     (*gone)(struct topics *ts, struct topic *t);
	kick_f	      *kick;
	struct topic **bucket;
	uint32_t       n_buckets, n;
	struct topic  *empties;		/* freed when the turn is over */
	struct grave   grave;
	bool	       buried;
	struct text    scratch;		/* the message being made */
	uint64_t       published, conflated;	/* counters */
};

int topics_init(struct topics *ts, struct loop *lp, int64_t conflate_ms);	/* 0 or -ENOMEM */
void topics_fini(struct topics *ts);		/* no topic may be left */

struct topic *topics_find(const struct topics *ts, const char *id, size_t len);	/* NULL: nobody follows it */
bool topics_has(const struct topics *ts, uint64_t id_hash);	/* perhaps: some topic's id hashes so */
struct topic *topics_get(struct topics *ts, const char *id, size_t len);	/* ... a new one; NULL: no memory */

/* Follow id.  0, or -ENOMEM; *s must be zero. */
int topic_join(struct topics *ts, const char *id, size_t len, struct subscriber *s);
void topic_leave(struct subscriber *s);		/* following nothing is fine */

static inline struct topic *
topic_of(const struct subscriber *s)		/* of one that follows a topic */
{
	struct topic *t = OWNER_OF(s->audience, struct topic, audience);

	assert(t->magic == TOPIC_MAGIC);
	return t;
}

void topic_release(struct topic *t);		/* freed soon, unless somebody follows it */

/* The row of t says *p: give it to all who follow, now or when it is time. */
void topic_update(struct topic *t, const struct crawl_progress *p);
void topic_unknown(struct topic *t);		/* there is no such row */
void topic_torn(struct topic *t);		/* there is one, but it cannot be read now */
void topic_unpace(struct topic *t);		/* what it shows is no change: the next one may go out at once */

static inline bool
topic_has_message(const struct topic *t)
{
	return t->shown != NULL && t->shown->as[WIRE_WS] != NULL;
}
bool topic_is_settled(const struct topic *t);	/* what is known of it may be told */

/* Its message as w (not WIRE_POLL), one reference; NULL when memory ran out. */
struct frame *topic_frame_make(struct topic *t, enum wire w);	/* ... in a form nobody has asked for yet */

static inline struct frame *
topic_frame(struct topic *t, enum wire w)
{
	struct frame *f = t->shown->as[w];

	return f != NULL ? frame_ref(f) : topic_frame_make(t, w);
}

/* Call f for each topic; f may update them and end subscribers, not add any. */
void topics_each(struct topics *ts, void (*f)(struct topic *t, void *arg), void *arg);

#endif
