/*
 * wake_bridge - lets an event loop wait for a wakeup.  epoll and poll cannot
 * watch a word, so one thread sleeps on it and passes a wake-up on to an eventfd.
 * The eventfd is also written once at the start and at every bound
 * (BRIDGE_BOUND_MS), so that a loop which scans whenever it is readable needs
 * no timer of its own for lost wake-ups.  Around each such scan:
 *
 *	wake_bridge_begin(b); ... scan ...; wake_bridge_end(b);
 *
 * The thread sleeps on the word only from an end to the next wake-up.  A loop that
 * is busy scanning looks at the word itself: what comes meanwhile leaves the
 * eventfd readable and costs no switch to the thread and back.
 */
#ifndef WAKE_BRIDGE_H
#define WAKE_BRIDGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "shared/wakeup.h"

enum { BRIDGE_BOUND_MS = 1000 };

struct wake_bridge {
	const struct wakeup *wk;
	int		     efd;	/* readable: scan */
	_Atomic uint32_t     seen;	/* the count before the last scan: the loop's while efd is readable, then the thread's */
	atomic_int	     stopping;
	struct wakeup	     asked;	/* to the thread: sleep on wk, unless there is another count than seen */
	struct wakeup	     ended;	/* the thread's last word */
	pthread_t	     thread;
};

int wake_bridge_start(struct wake_bridge *b, const struct wakeup *wk);	/* 0 or -errno */
void wake_bridge_stop(struct wake_bridge *b);

/* Only when efd is readable.  After the end it is so still when there was another signal since the beginning. */
void wake_bridge_begin(struct wake_bridge *b);
void wake_bridge_end(struct wake_bridge *b);

#endif
