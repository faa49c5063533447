/*
 * stress_wake - many signallers, one waiter, no lost wake-up.  Each signaller
 * publishes a number with the time, signals, and waits until the waiter has
 * seen it; so one lost wake-up is a silence as long as the waiter's bound, which
 * the age of the news gives away.  For half the time there is one signaller
 * only, as others would wake the waiter in its place.
 *
 *	stress_wake [-t | -b] SECONDS
 *
 * Processes; -t threads of one process (for ThreadSanitizer); -b threads, the
 * waiter behind the bridge, in poll().  Status 0 nothing lost, 1 lost wake-ups,
 * 2 nothing was shown.
 *
 * Negative controls, which must lose:
 *	-DBROKEN_LATE	the waiter takes the count after it has looked, not before
 *	-DBROKEN_ORDER	the signaller signals first and publishes then
 */
#include "config.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/wake_bridge.h"
#include "shared/wakeup.h"

enum { SIGNALLERS = 3, BOUND_MS = BRIDGE_BOUND_MS };
static const int64_t late_ns = BOUND_MS * INT64_C(900000);	/* older news came by the bound */

static struct arena {
	struct wakeup	wk;
	atomic_int	stop, all;
	struct {
		_Alignas(64) _Atomic uint64_t n;	/* published */
		_Atomic int64_t at_mono_ns;
		_Alignas(64) _Atomic uint64_t seen;
	} from[SIGNALLERS];
} *arena;

/* -- the two sides ------------------------------------------------------------------- */

static void
tell(unsigned me, uint64_t n)
{
#ifdef BROKEN_ORDER
	wakeup_signal(&arena->wk);
#endif
	atomic_store_explicit(&arena->from[me].at_mono_ns, clock_mono_ns(), memory_order_relaxed);
	atomic_store_explicit(&arena->from[me].n, n, memory_order_release);
#ifndef BROKEN_ORDER
	wakeup_signal(&arena->wk);
#endif
}

static uint32_t seen;		/* the waiter's */

static void
wait_for_it(void)
{
	(void)wakeup_wait(&arena->wk, &seen, BOUND_MS);
}

static void
wait_done(void)
{
#ifdef BROKEN_LATE
	seen = wakeup_seen(&arena->wk);
#endif
}

static void *
signaller(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	const struct timespec us = { .tv_nsec = 1000 };

	while (me > 0 && !atomic_load(&arena->all) && !atomic_load(&arena->stop))
		(void)nanosleep(&us, NULL);
	for (uint64_t n = 1; !atomic_load_explicit(&arena->stop, memory_order_relaxed); n++) {
		tell(me, n);
		for (unsigned spins = 0; atomic_load_explicit(&arena->from[me].seen, memory_order_acquire) < n; spins++) {
			if (atomic_load_explicit(&arena->stop, memory_order_relaxed))
				return NULL;
			if (spins > 2000)
				(void)nanosleep(&us, NULL);	/* few processors: let the waiter have one */
			else if (n % 16 == 0)
				(void)sched_yield();
		}
	}
	return NULL;
}

struct tally {
	unsigned long long wakes, empty, news, lost;
	int64_t		   oldest_ns;
};

static void
scan(struct tally *y)
{
	bool any = false;

	for (unsigned i = 0; i < SIGNALLERS; i++) {
		uint64_t n = atomic_load_explicit(&arena->from[i].n, memory_order_acquire);
		int64_t age;

		if (n == atomic_load_explicit(&arena->from[i].seen, memory_order_relaxed))
			continue;
		age = clock_mono_ns() - atomic_load_explicit(&arena->from[i].at_mono_ns, memory_order_relaxed);
		y->oldest_ns = age > y->oldest_ns ? age : y->oldest_ns;
		y->lost += age > late_ns;
		y->news++;
		any = true;
		atomic_store_explicit(&arena->from[i].seen, n, memory_order_release);
		for (unsigned spin = (unsigned)(n % 64) * 16; spin > 0; spin--)	/* to look takes time, never the same */
			atomic_signal_fence(memory_order_seq_cst);
	}
	y->wakes++;
	y->empty += !any;
}

static void
waiter(struct tally *y, int64_t until_ns)
{
	int64_t half_ns = clock_mono_ns() / 2 + until_ns / 2;

	while (clock_mono_ns() < until_ns && y->lost == 0) {
		if (clock_mono_ns() > half_ns)
			atomic_store_explicit(&arena->all, 1, memory_order_relaxed);
		wait_for_it();
		scan(y);
		wait_done();
	}
	atomic_store(&arena->stop, 1);
}

static void
waiter_in_poll(struct tally *y, int64_t until_ns)
{
	struct wake_bridge b;
	struct pollfd p = { .events = POLLIN };
	int64_t half_ns = clock_mono_ns() / 2 + until_ns / 2;

	if (wake_bridge_start(&b, &arena->wk) < 0)
		exit(2);
	p.fd = b.efd;
	while (clock_mono_ns() < until_ns && y->lost == 0) {
		if (clock_mono_ns() > half_ns)
			atomic_store_explicit(&arena->all, 1, memory_order_relaxed);
		(void)poll(&p, 1, 10 * BOUND_MS);
		if (p.revents == 0)
			continue;
#ifdef BROKEN_LATE
		scan(y);
		wake_bridge_begin(&b);
#else
		wake_bridge_begin(&b);
		scan(y);
#endif
		wake_bridge_end(&b);
	}
	atomic_store(&arena->stop, 1);
	wake_bridge_stop(&b);
}

/* -- running ---------------------------------------------------------------------------- */

static void
run_processes(struct tally *y, int64_t until_ns)
{
	pid_t pid[SIGNALLERS];

	for (unsigned i = 0; i < SIGNALLERS; i++)
		if ((pid[i] = fork()) == 0) {
			signaller((void *)(uintptr_t)i);
			_exit(0);
		}
	waiter(y, until_ns);
	for (unsigned i = 0; i < SIGNALLERS; i++)
		(void)waitpid(pid[i], NULL, 0);
}

static void
run_threads(struct tally *y, int64_t until_ns, bool bridge)
{
	pthread_t t[SIGNALLERS];

	for (unsigned i = 0; i < SIGNALLERS; i++)
		if (pthread_create(&t[i], NULL, signaller, (void *)(uintptr_t)i) != 0)
			exit(2);
	if (bridge)
		waiter_in_poll(y, until_ns);
	else
		waiter(y, until_ns);
	for (unsigned i = 0; i < SIGNALLERS; i++)
		pthread_join(t[i], NULL);
}

int
main(int argc, char **argv)
{
	const char *mode = argc == 3 ? argv[1] : "";
	double seconds = argc > 1 ? strtod(argv[argc - 1], NULL) : 1;
	int64_t until_ns = clock_mono_ns() + (int64_t)(seconds * 1e9);
	struct tally y = { 0 };

	arena = mmap(NULL, sizeof *arena, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		return 2;
	if (mode[0] == '-')
		run_threads(&y, until_ns, mode[1] == 'b');
	else
		run_processes(&y, until_ns);
	printf("%llu wake-ups, %llu with nothing new, %llu news, oldest %lld us, %llu lost\n",
	    y.wakes, y.empty, y.news, (long long)(y.oldest_ns / 1000), y.lost);
	if (y.lost > 0)
		return 1;
	return y.news > 50 ? 0 : 2;
}
