#include "config.h"

#include "shared/wakeup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
	uint32_t seen = wakeup_seen(wk), other = seen;

	for (unsigned i = 0; i < 1000; i++)
		wakeup_signal(wk);
	ck_assert(wakeup_wait(wk, &seen, LONG_MS));
	ck_assert(!wakeup_wait(wk, &seen, 0));
	wakeup_signal(wk);
	ck_assert(wakeup_wait(wk, &seen, LONG_MS));
	ck_assert(wakeup_wait(wk, &other, LONG_MS));	/* what one waiter has seen is another's news */
	ck_assert(!wakeup_wait(wk, &other, 0));
}
END_TEST

START_TEST(bound_holds)
{
	static const int bounds_ms[] = { 0, 1, 30, 999, 1001 };
	struct wakeup *wk = wakeup_shared();
	int64_t from = clock_mono_ns();
	uint32_t seen = wakeup_seen(wk);

	ck_assert(!wakeup_wait(wk, &seen, bounds_ms[_i]));
	ck_assert_int_ge(clock_mono_ns() - from, (int64_t)bounds_ms[_i] * 1000000);
}
END_TEST

static int
die_before_the_call(void *arg)
{
	struct wakeup *wk = arg;

	(void)atomic_fetch_add(&wk->signals, 1);
	(void)raise(SIGKILL);
	return 0;
}

/* Late by one bound, never lost; and everything is as before afterwards. */
START_TEST(signaller_killed_before_its_call)
{
	struct wakeup *wk = wakeup_shared();
	uint32_t seen = wakeup_seen(wk);

	ck_assert_int_eq(child_wait(child_start(die_before_the_call, wk)), -SIGKILL);
	ck_assert(wakeup_wait(wk, &seen, 50));
	wakeup_signal(wk);
	ck_assert(wakeup_wait(wk, &seen, LONG_MS));
}
END_TEST

struct sleeper {
	struct wakeup wk;
	atomic_uint   woken;
};

static int
wait_for_ever(void *arg)
{
	struct sleeper *sl = arg;
	uint32_t seen = 0;

	for (;;)
		if (wakeup_wait(&sl->wk, &seen, LONG_MS))
			(void)atomic_fetch_add(&sl->woken, 1);
	return 1;
}

START_TEST(waiter_killed)
{
	struct sleeper *sl = shared_zeros(sizeof *sl);
	uint32_t seen;

	for (unsigned i = 0; i < 20; i++) {
		pid_t pid = child_start(wait_for_ever, sl);

		wakeup_signal(&sl->wk);
		while (atomic_load(&sl->woken) == 0)
			(void)sched_yield();
		child_kill(pid);
		atomic_store(&sl->woken, 0);
	}
	seen = wakeup_seen(&sl->wk);
	wakeup_signal(&sl->wk);
	ck_assert(wakeup_wait(&sl->wk, &seen, LONG_MS));
}
END_TEST

/* One signal wakes all who sleep; who only may read the word is woken, too, and cannot write it. */
START_TEST(readers_wait)
{
	struct sleeper *sl, *view;
	char path[128];
	uint32_t seen;
	pid_t pid[3];
	int fd;

	(void)snprintf(path, sizeof path, "%s/word", scratch_dir());
	ck_assert_int_ge(fd = open(path, O_RDWR | O_CREAT, 0600), 0);
	ck_assert_int_eq(ftruncate(fd, 4096), 0);
	sl = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	ck_assert_int_ge(fd = open(path, O_RDONLY), 0);
	view = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert(sl != MAP_FAILED && view != MAP_FAILED);
	close(fd);
	seen = wakeup_seen(&view->wk);
	for (unsigned i = 0; i < 3; i++)
		pid[i] = child_start(wait_for_ever, sl);
	wakeup_signal(&sl->wk);
	ck_assert(wakeup_wait(&view->wk, &seen, LONG_MS));
	wakeup_disturb(&view->wk);
	while (atomic_load(&view->woken) < 3)
		(void)sched_yield();
	for (unsigned i = 0; i < 3; i++)
		child_kill(pid[i]);
}
END_TEST

START_TEST(any_number_is_a_count)
{
	struct wakeup *wk = wakeup_shared();
	uint32_t seen;

	memset(wk, 0xff, sizeof *wk);
	seen = wakeup_seen(wk);
	ck_assert(!wakeup_wait(wk, &seen, 0));
	wakeup_signal(wk);
	ck_assert(wakeup_wait(wk, &seen, LONG_MS));
	memset(wk, 0xa5, sizeof *wk);
	ck_assert(wakeup_wait(wk, &seen, LONG_MS));
}
END_TEST

/* -- bridge -------------------------------------------------------------------------- */

static bool
readable(const struct wake_bridge *b, int ms)
{
	struct pollfd p = { .fd = b->efd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static bool
passed_on(struct wake_bridge *b, int ms)	/* ... and a loop that scans at once */
{
	if (!readable(b, ms))
		return false;
	wake_bridge_begin(b);
	wake_bridge_end(b);
	return true;
}

START_TEST(bridge_passes_on)
{
	struct wakeup *wk = wakeup_shared();
	struct wake_bridge b;

	ck_assert_int_eq(wake_bridge_start(&b, wk), 0);
	ck_assert_msg(passed_on(&b, 0), "readable once at the start");
	for (unsigned i = 0; i < 200; i++) {
		wakeup_signal(wk);
		ck_assert(passed_on(&b, LONG_MS));
	}
	wake_bridge_stop(&b);
}
END_TEST

START_TEST(bridge_bound)	/* a loop that scans when readable needs no timer of its own */
{
	struct wakeup *wk = wakeup_shared();
	struct wake_bridge b;

	ck_assert_int_eq(wake_bridge_start(&b, wk), 0);
	ck_assert(passed_on(&b, 0));
	(void)atomic_fetch_add(&wk->signals, 1);	/* as a killed signaller leaves it */
	ck_assert(passed_on(&b, LONG_MS));
	wakeup_signal(wk);
	ck_assert(passed_on(&b, LONG_MS));
	wake_bridge_stop(&b);
}
END_TEST

START_TEST(bridge_rests)	/* while the loop scans: its thread is not asked anything */
{
	struct wakeup *wk = wakeup_shared();
	struct wake_bridge b;
	uint32_t asked;

	ck_assert_int_eq(wake_bridge_start(&b, wk), 0);
	ck_assert(passed_on(&b, 0));
	wakeup_signal(wk);
	ck_assert(readable(&b, LONG_MS));
	asked = wakeup_seen(&b.asked);
	for (unsigned i = 0; i < 100; i++) {
		wake_bridge_begin(&b);
		wakeup_signal(wk);		/* in the midst of a scan */
		wake_bridge_end(&b);
		ck_assert(readable(&b, 0));
	}
	ck_assert_uint_eq(wakeup_seen(&b.asked), asked);
	ck_assert(passed_on(&b, 0));
	ck_assert_uint_eq(wakeup_seen(&b.asked), asked + 1);
	wakeup_signal(wk);
	ck_assert(passed_on(&b, LONG_MS));
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
	tcase_add_test(tc, readers_wait);
	tcase_add_test(tc, any_number_is_a_count);
	tcase_add_test(tc, bridge_passes_on);
	tcase_add_test(tc, bridge_bound);
	tcase_add_test(tc, bridge_rests);
	tcase_add_test(tc, bridge_stops_at_once);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
