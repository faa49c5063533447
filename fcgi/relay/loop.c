#include "config.h"

#include "relay/loop.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "shared/clock.h"

int
loop_init(struct loop *lp)
{
	lp->timers = (struct timers){ 0 };
	lp->graves = NULL;
	lp->turns = 0;
	memset(lp->lag, 0, sizeof lp->lag);
	lp->now_ns = clock_mono_ns();
	lp->epfd = epoll_create1(EPOLL_CLOEXEC);
	return lp->epfd == -1 ? -errno : 0;
}

static void
loop_reap(struct loop *lp)
{
	struct grave *g;

	while ((g = lp->graves) != NULL) {
		lp->graves = g->next;
		g->free(g);
	}
}

void
loop_fini(struct loop *lp)
{
	loop_reap(lp);
	timers_fini(&lp->timers);
	if (lp->epfd != -1)
		close(lp->epfd);
	lp->epfd = -1;
}

int
loop_watch(struct loop *lp, struct watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (w->armed == events)
		return 0;
	/* A watch that waits for nothing is taken out: epoll would report its end for ever. */
	if (epoll_ctl(lp->epfd, w->armed == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD,
	    w->fd, &ev) == -1)
		return -errno;
	w->armed = events;
	return 0;
}

void
loop_unwatch(struct loop *lp, struct watch *w)
{
	if (w->fd == -1)
		return;
	if (w->armed != 0)
		(void)epoll_ctl(lp->epfd, EPOLL_CTL_DEL, w->fd, NULL);	/* close() does it, unless dup()ed */
	close(w->fd);
	w->fd = -1;
	w->armed = 0;
}

void
loop_bury(struct loop *lp, struct grave *g, void (*free_f)(struct grave *g))
{
	g->free = free_f;
	g->next = lp->graves;
	lp->graves = g;
}

static int
loop_timeout_ms(const struct loop *lp, int max_ms)
{
	int64_t next_ns = timers_next_ns(&lp->timers), ms;

	if (next_ns == -1)
		return max_ms;
	ms = next_ns - clock_mono_ns();
	ms = ms <= 0 ? 0 : (ms + 999999) / 1000000;	/* rounded up: never early, never a spin */
	return max_ms >= 0 && ms > max_ms ? max_ms : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static unsigned
lag_of(uint64_t us)			/* its place: 0..3 as they are, then four to each doubling */
{
	unsigned e;

	if (us < 4)
		return (unsigned)us;
	e = 63 - (unsigned)__builtin_clzll(us);
	return e * 4 - 4 + (unsigned)(us >> (e - 2) & 3);
}

uint64_t
loop_lag_us(struct loop *lp, unsigned percent)
{
	uint64_t n = 0, seen = 0;
	unsigned i;

	for (i = 0; i < LOOP_LAGS; i++)
		n += lp->lag[i];
	for (i = 0; i < LOOP_LAGS - 1; i++)
		if ((seen += lp->lag[i]) * 100 >= n * percent)
			break;
	for (unsigned k = 0; k < LOOP_LAGS; k++)
		lp->lag[k] /= 2;
	return n == 0 ? 0 : i < 4 ? i : (uint64_t)(4 + (i & 3)) << (i / 4 - 1);
}

static void
loop_lag(struct loop *lp)
{
	unsigned i = lag_of((uint64_t)(clock_mono_ns() - lp->now_ns) / 1000);

	lp->turns++;
	lp->lag[i < LOOP_LAGS ? i : LOOP_LAGS - 1]++;
}

int
loop_turn(struct loop *lp, int max_ms)
{
	struct epoll_event ev[LOOP_EVENTS];
	int n = epoll_wait(lp->epfd, ev, LOOP_EVENTS, loop_timeout_ms(lp, max_ms));

	if (n == -1)
		n = errno == EINTR ? 0 : -errno;
	lp->now_ns = clock_mono_ns();
	for (int i = 0; i < n; i++) {
		struct watch *w = ev[i].data.ptr;

		if (w->fd != -1)	/* closed earlier in this batch otherwise */
			w->ready(w, ev[i].events);
	}
	timers_run(&lp->timers, lp->now_ns);
	loop_reap(lp);
	loop_lag(lp);
	return n;
}
