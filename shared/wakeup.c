#include "config.h"

#include "shared/wakeup.h"

#include <errno.h>
#include <time.h>

int
wakeup_init(struct wakeup *wk)
{
	atomic_init(&wk->pending, 0);
	return sem_init(&wk->sem, 1, 0) == -1 ? -errno : 0;
}

int
wakeup_signal(struct wakeup *wk)
{
	if (atomic_exchange_explicit(&wk->pending, 1, memory_order_acq_rel) == 1)
		return 0;		/* one is on its way */
	return sem_post(&wk->sem) == -1 ? -errno : 0;
}

int
wakeup_wait(struct wakeup *wk, int bound_ms)
{
	struct timespec deadline;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += bound_ms / 1000;
	deadline.tv_nsec += bound_ms % 1000 * 1000000L;
	if (deadline.tv_nsec >= 1000000000L) {
		deadline.tv_nsec -= 1000000000L;
		deadline.tv_sec++;
	}
	do {
		rc = sem_clockwait(&wk->sem, CLOCK_MONOTONIC, &deadline);
	} while (rc == -1 && errno == EINTR);
	if (rc == -1 && errno != ETIMEDOUT)
		return -errno;

	/* The flag is taken before the table is looked at, never after. */
	return (int)atomic_exchange_explicit(&wk->pending, 0, memory_order_acq_rel);
}
