#include "config.h"

#include "shared/wakeup.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "scratch.h"
#include "shared/clock.h"
#include "shared/wake_bridge.h"

enum { LONG_MS = 20000 };	/* a bound nobody should meet */

static struct wakeup *
wakeup_shared(void)
{
	return shared_zeros(sizeof(struct wakeup));
}

START_TEST(fold_into_one)
{
	struct wakeup *wk = wakeup_shared();

	for (unsigned i = 0; i < 1000; i++)
		wakeup_signal(wk);
	ck_assert_int_eq(wakeup_wait(wk, LONG_MS), 1);
	ck_assert_int_eq(wakeup_wait(wk, 0), 0);
	wakeup_signal(wk);
	ck_assert_int_eq(wakeup_wait(wk, LONG_MS), 1);
}
END_TEST

START_TEST(bound_holds)
{
	static const int bounds_ms[] = { 0, 1, 30, 999, 1001 };
	struct wakeup *wk = wakeup_shared();
	int64_t from = clock_mono_ns();

	ck_assert_int_eq(wakeup_wait(wk, bounds_ms[_i]), 0);
	ck_assert_int_ge(clock_mono_ns() - from, (int64_t)bounds_ms[_i] * 1000000);
}
END_TEST

static int
die_before_the_call(void *arg)
{
	struct wakeup *wk = arg;

	(void)atomic_exchange(&wk->pending, 1);
	(void)raise(SIGKILL);
	return 0;
}

/* Late by one bound, never lost; and everything is as before afterwards. */
START_TEST(signaller_killed_before_its_call)
{
	struct wakeup *wk = wakeup_shared();

	ck_assert_int_eq(child_wait(child_start(die_before_the_call, wk)), -SIGKILL);
	wakeup_signal(wk);		/* finds one on its way: wakes nobody */
	ck_assert_int_eq(wakeup_wait(wk, 50), 1);
	wakeup_signal(wk);
	ck_assert_int_eq(wakeup_wait(wk, LONG_MS), 1);
}
END_TEST

static int
wait_for_ever(void *arg)
{
	for (;;)
		(void)wakeup_wait(arg, LONG_MS);
	return 1;
}

START_TEST(waiter_killed)
{
	struct wakeup *wk = wakeup_shared();

	for (unsigned i = 0; i < 20; i++) {
		pid_t pid = child_start(wait_for_ever, wk);

		wakeup_signal(wk);
		while (atomic_load(&wk->pending) != 0)	/* until it took the word, so it has started */
			(void)sched_yield();
		child_kill(pid);
		(void)wakeup_wait(wk, 0);		/* the flag, when it died in between */
	}
	wakeup_signal(wk);
	ck_assert_int_eq(wakeup_wait(wk, LONG_MS), 1);
}
END_TEST

START_TEST(garbage_is_news)
{
	struct wakeup *wk = wakeup_shared();

	memset(wk, 0xa5, sizeof *wk);
	wakeup_signal(wk);
	ck_assert(wakeup_wait(wk, LONG_MS));
	ck_assert(!wakeup_wait(wk, 0));
	memset(wk, 0xff, sizeof *wk);
	ck_assert(wakeup_wait(wk, LONG_MS));
	wakeup_signal(wk);
	ck_assert(wakeup_wait(wk, LONG_MS));
}
END_TEST

/* -- bridge -------------------------------------------------------------------------- */

static bool
readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	eventfd_t n;

	if (poll(&p, 1, ms) != 1)
		return false;
	ck_assert_int_eq(eventfd_read(fd, &n), 0);
	return true;
}

START_TEST(bridge_passes_on)
{
	struct wakeup *wk = wakeup_shared();
	struct wake_bridge b;

	ck_assert_int_eq(wake_bridge_start(&b, wk), 0);
	ck_assert_msg(readable(b.efd, 0), "readable once at the start");
	for (unsigned i = 0; i < 200; i++) {
		wakeup_signal(wk);
		ck_assert(readable(b.efd, LONG_MS));
	}
	wake_bridge_stop(&b);
}
END_TEST

START_TEST(bridge_bound)	/* a loop that scans when readable needs no timer of its own */
{
	struct wakeup *wk = wakeup_shared();
	struct wake_bridge b;

	(void)atomic_exchange(&wk->pending, 1);		/* as a killed signaller leaves it */
	ck_assert_int_eq(wake_bridge_start(&b, wk), 0);
	ck_assert(readable(b.efd, 0));
	ck_assert(readable(b.efd, LONG_MS));
	wakeup_signal(wk);
	ck_assert(readable(b.efd, LONG_MS));
	wake_bridge_stop(&b);
}
END_TEST

START_TEST(bridge_stops_at_once)
{
	struct wakeup *wk = wakeup_shared();

	for (unsigned i = 0; i < 50; i++) {
		struct wake_bridge b;
		int64_t from;

		ck_assert_int_eq(wake_bridge_start(&b, wk), 0);
		from = clock_mono_ns();
		wake_bridge_stop(&b);
		ck_assert_int_lt(clock_mono_ns() - from, (int64_t)2 * BRIDGE_BOUND_MS * 1000000);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wakeup");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, fold_into_one);
	tcase_add_loop_test(tc, bound_holds, 0, 5);
	tcase_add_test(tc, signaller_killed_before_its_call);
	tcase_add_test(tc, waiter_killed);
	tcase_add_test(tc, garbage_is_news);
	tcase_add_test(tc, bridge_passes_on);
	tcase_add_test(tc, bridge_bound);
	tcase_add_test(tc, bridge_stops_at_once);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
