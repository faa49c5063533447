#include "config.h"

#include "shared/wakeup.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void
wakeup_signal(struct wakeup *wk)
{
	if (atomic_exchange_explicit(&wk->pending, 1, memory_order_acq_rel) != 0)
		return;			/* one is on its way */
	/* Not private: the waiter is another process.  It cannot fail: the word is mapped and aligned. */
	(void)syscall(SYS_futex, &wk->pending, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

bool
wakeup_wait(struct wakeup *wk, int bound_ms)
{
	struct timespec deadline;
	long rc;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += bound_ms / 1000;
	deadline.tv_nsec += bound_ms % 1000 * 1000000L;
	if (deadline.tv_nsec >= 1000000000L) {
		deadline.tv_nsec -= 1000000000L;
		deadline.tv_sec++;
	}
	/* The kernel compares and sleeps in one: no signal falls between (EAGAIN: it is set already). */
	while (atomic_load_explicit(&wk->pending, memory_order_relaxed) == 0) {
		rc = syscall(SYS_futex, &wk->pending, FUTEX_WAIT_BITSET, 0, &deadline, NULL, FUTEX_BITSET_MATCH_ANY);
		if (rc == -1 && errno != EINTR && errno != EAGAIN)
			break;		/* ETIMEDOUT */
	}
	/* The word is taken before the table is looked at, never after. */
	return atomic_exchange_explicit(&wk->pending, 0, memory_order_acq_rel) != 0;
}
