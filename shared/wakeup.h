/*
 * wakeup - "there is something new in the table", from many signallers to one
 * waiter in another process.  It carries no data: whoever wakes up scans.
 *
 * It is one word, which is not 0 while news are pending; the waiter sleeps on it,
 * by futex(2).  The word changes hands by atomic exchange only, so each signal
 * falls on one side of the waiter's own exchange:
 *
 *   before it: the waiter's exchange reads from the signaller's, hence its scan
 *              sees what was published before the signal;
 *   after it:  the first signaller to follow finds 0 and wakes, so the waiter
 *              comes round once more, for all who follow.
 *
 * A signaller killed between its exchange and its call leaves the word set and
 * the waiter asleep.  So every wait has a bound, and a wait that ran into it
 * takes the word as well: late by one bound, never lost.  Whatever else the word
 * may hold, in a damaged file, it is news and then taken.
 */
#ifndef WAKEUP_H
#define WAKEUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct wakeup {			/* lives in shared memory; zeros to begin */
	_Atomic uint32_t pending;
	uint32_t	 reserved;
};

void wakeup_signal(struct wakeup *wk);			/* publish first */
bool wakeup_wait(struct wakeup *wk, int bound_ms);	/* false: the bound has passed */

#endif
