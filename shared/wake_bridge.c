#include "config.h"

#include "shared/wake_bridge.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STOP_STEP_MS = 1 };

static void *
bridge_main(void *arg)
{
	struct wake_bridge *b = arg;
	uint32_t asked = 0;

	/*
	 * With descriptors of its own: while two threads share theirs, the kernel
	 * counts every use of one up and down, for each send() of the loop.  A kernel
	 * that cannot do it only costs time.
	 */
	if (close_range((unsigned)b->efd + 1, ~0U, CLOSE_RANGE_UNSHARE) == 0)
		(void)close_range(STDERR_FILENO + 1, (unsigned)b->efd - 1, 0);
	while (!atomic_load(&b->stopping)) {
		uint32_t seen;

		if (!wakeup_wait(&b->asked, &asked, BRIDGE_BOUND_MS))
			continue;		/* the loop is busy still, or we stop */
		seen = atomic_load(&b->seen);
		(void)wakeup_wait(b->wk, &seen, BRIDGE_BOUND_MS);	/* woken or not: the loop scans */
		(void)eventfd_write(b->efd, 1);
	}
	wakeup_signal(&b->ended);
	return NULL;
}

int
wake_bridge_start(struct wake_bridge *b, const struct wakeup *wk)
{
	int rc;

	b->wk = wk;
	atomic_init(&b->seen, wakeup_seen(wk));
	atomic_init(&b->stopping, 0);
	b->asked = b->ended = (struct wakeup){ 0 };
	if ((b->efd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)) == -1)	/* 1: scan once at the start */
		return -errno;
	if ((rc = pthread_create(&b->thread, NULL, bridge_main, b)) != 0) {
		close(b->efd);
		return -rc;
	}
	return 0;
}

void
wake_bridge_begin(struct wake_bridge *b)
{
	atomic_store(&b->seen, wakeup_seen(b->wk));
}

void
wake_bridge_end(struct wake_bridge *b)
{
	eventfd_t n;

	if (wakeup_seen(b->wk) != atomic_load(&b->seen))
		return;			/* scan again: it would only be written again at once */
	(void)eventfd_read(b->efd, &n);	/* first: once asked, the thread may write it */
	wakeup_signal(&b->asked);	/* a signal from here on: it finds another count, and does not sleep */
}

void
wake_bridge_stop(struct wake_bridge *b)
{
	uint32_t none = 0;

	atomic_store(&b->stopping, 1);
	/* The word is not ours to count up, so the thread may fall asleep just after it was disturbed: once more. */
	do {
		wakeup_disturb(&b->asked);
		wakeup_disturb(b->wk);
	} while (!wakeup_wait(&b->ended, &none, STOP_STEP_MS));
	(void)pthread_join(b->thread, NULL);	/* it returns: nothing to wait for */
	close(b->efd);
}
