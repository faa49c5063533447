/*
 * wakeup - "there is something new in the table", from many signallers to one
 * waiter in another process.  It carries no data: whoever wakes up scans.
 *
 * The semaphore makes the waiter sleep; the pending flag keeps it from counting
 * up while the waiter is busy.  The flag changes hands by atomic exchange only,
 * so each signal falls on one side of the waiter's own exchange:
 *
 *   before it: the waiter's exchange reads from the signaller's, hence its scan
 *              sees what was published before the signal;
 *   after it:  the first signaller to follow finds 0 and posts, so the waiter
 *              comes round once more, for all who follow.
 *
 * A signaller killed between its exchange and its post leaves the flag set and
 * the semaphore empty.  So every wait has a bound, and a wait that ran into it
 * takes the flag as well: late by one bound, never lost.
 */
#ifndef WAKEUP_H
#define WAKEUP_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

struct wakeup {			/* lives in shared memory */
	sem_t		 sem;
	_Atomic uint32_t pending;
	uint32_t	 reserved;
};

int wakeup_init(struct wakeup *wk);			/* 0 or -errno; the table's creator only */
int wakeup_signal(struct wakeup *wk);			/* 0 or -errno; publish first */
int wakeup_wait(struct wakeup *wk, int bound_ms);	/* 1 woken, 0 bound passed, -errno */

#endif
