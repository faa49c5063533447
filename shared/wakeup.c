#include "config.h"

#include "shared/wakeup.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void
wakeup_disturb(const struct wakeup *wk)
{
	/* Not private: waiters are other processes.  It cannot fail: the word is mapped and aligned. */
	(void)syscall(SYS_futex, &wk->signals, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void
wakeup_signal(struct wakeup *wk)
{
	/* Release: pairs with the waiter's acquire, whose scan then sees what was published. */
	(void)atomic_fetch_add_explicit(&wk->signals, 1, memory_order_release);
	wakeup_disturb(wk);
}

uint32_t
wakeup_seen(const struct wakeup *wk)
{
	return atomic_load_explicit(&wk->signals, memory_order_acquire);
}

bool
wakeup_wait(const struct wakeup *wk, uint32_t *seen, int bound_ms)
{
	uint32_t was = *seen;

	if (wakeup_seen(wk) == was) {
		struct timespec deadline;

		clock_gettime(CLOCK_MONOTONIC, &deadline);
		deadline.tv_sec += bound_ms / 1000;
		deadline.tv_nsec += bound_ms % 1000 * 1000000L;
		if (deadline.tv_nsec >= 1000000000L) {
			deadline.tv_nsec -= 1000000000L;
			deadline.tv_sec++;
		}
		/* The kernel compares and sleeps in one: no signal falls between.  Why it returns is no matter. */
		(void)syscall(SYS_futex, &wk->signals, FUTEX_WAIT_BITSET, was, &deadline, NULL, FUTEX_BITSET_MATCH_ANY);
	}
	*seen = wakeup_seen(wk);
	return *seen != was;
}
