/*
 * timers - every deadline of the loop in one heap.  A timer is embedded in its
 * owner and costs one heap entry while it runs.  Setting one later than it
 * stands is the usual case (a client that answered) and costs nothing here: the
 * entry stays, comes up early and is put back.
 */
#ifndef TIMERS_H
#define TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct timer;
typedef void timer_f(struct timer *t, int64_t now_ns);

struct timer {				/* zero but for fire: not running */
	int64_t	 due_ns;		/* when to fire */
	timer_f	*fire;
	uint32_t at;			/* place in the heap plus one; 0: not running */
};

struct timers {
	struct timer_entry { int64_t key_ns; struct timer *t; } *heap;
	uint32_t n, cap;
	uint32_t n_owners;	/* whose timer may run: room is kept for all of them */
};

void timers_fini(struct timers *ts);		/* the timers in it are forgotten */

/*
 * Run t at due_ns.  Room for every timer has been reserved, so that this cannot
 * fail: timers_add(n) makes room for n more, 0 or -ENOMEM; timers_drop(n) gives
 * their places back.
 */
int timers_add(struct timers *ts, uint32_t n);
void timers_drop(struct timers *ts, uint32_t n);
void timer_set(struct timers *ts, struct timer *t, int64_t due_ns);
void timer_stop(struct timers *ts, struct timer *t);	/* not running is fine */

/* Fire all that are due; a timer is stopped before its function runs. */
void timers_run(struct timers *ts, int64_t now_ns);

/* When timers_run() has to be called next, or -1: no timer is running. */
int64_t timers_next_ns(const struct timers *ts);

#endif
