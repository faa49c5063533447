/*
 * wake_bridge - lets an event loop wait for a wakeup.  epoll and poll cannot
 * watch a word, so one thread sleeps on it and passes each wake-up on to
 * an eventfd.  The eventfd is also written once at the start and at every bound
 * (BRIDGE_BOUND_MS), so that a loop which scans whenever it is readable needs
 * no timer of its own for lost wake-ups.
 */
#ifndef WAKE_BRIDGE_H
#define WAKE_BRIDGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "shared/wakeup.h"

enum { BRIDGE_BOUND_MS = 1000 };

struct wake_bridge {
	const struct wakeup *wk;
	int		     efd;	/* readable: read it, then scan */
	uint32_t	     seen;
	atomic_int	     stopping;
	struct wakeup	     ended;	/* the thread's last word */
	pthread_t	     thread;
};

int wake_bridge_start(struct wake_bridge *b, const struct wakeup *wk);	/* 0 or -errno */
void wake_bridge_stop(struct wake_bridge *b);

#endif
