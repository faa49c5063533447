/*
 * wakeup - "there is something new in the table", from many signallers to any
 * number of waiters in other processes.  It carries no data: whoever wakes up scans.
 *
 * It is one word that counts signals; who waits sleeps on it by futex(2), and
 * only ever reads it, so a waiter's mapping may be read-only.  Each waiter
 * remembers the count it has seen, and takes the new one before it scans, never
 * after:
 *
 *   a signal counted by then: the scan sees what was published before it;
 *   a later one: the next wait finds another count and does not sleep.
 *
 * A signaller killed between counting and its call leaves waiters asleep.  So
 * every wait has a bound: late by one bound, never lost.  Whatever else the word
 * may hold, in a damaged file, it is a count.
 */
#ifndef WAKEUP_H
#define WAKEUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct wakeup {			/* lives in shared memory; zeros to begin */
	_Atomic uint32_t signals;
	uint32_t	 reserved;
};

void wakeup_signal(struct wakeup *wk);			/* publish first */

/* The count of now: what to begin with, before the first scan. */
uint32_t wakeup_seen(const struct wakeup *wk);

/*
 * Sleep until there is another count than *seen, which it becomes.  False: there
 * is none; the bound has passed, or the sleep was disturbed.
 */
bool wakeup_wait(const struct wakeup *wk, uint32_t *seen, int bound_ms);

void wakeup_disturb(const struct wakeup *wk);		/* end all sleeps, with nothing new */

#endif
