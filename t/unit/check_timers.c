#include "config.h"

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

#include "relay/loop.h"
#include "relay/timers.h"

enum { N = 200 };

/* Check tells its parent of every ck_assert: in a hot loop only failures are worth that. */
#define MUST(cond, ...) do { if (!(cond)) ck_abort_msg(__VA_ARGS__); } while (0)

struct probe {
	struct timer t;
	int64_t	     want_ns;	/* -1: stopped */
	unsigned     fired;
};

static struct timers ts;
static struct probe probes[N];
static int64_t last_ns;

static void
probe_fire(struct timer *t, int64_t now_ns)
{
	struct probe *p = OWNER_OF(t, struct probe, t);

	MUST(p->want_ns != -1, "fired though stopped");
	MUST(p->want_ns <= now_ns, "fired early");
	MUST(t->at == 0, "still running");
	MUST(p->want_ns >= last_ns, "out of order");
	last_ns = p->want_ns;
	p->want_ns = -1;
	p->fired++;
}

static void
set(unsigned i, int64_t due_ns)
{
	probes[i].want_ns = due_ns;
	timer_set(&ts, &probes[i].t, due_ns);
}

static void
run(int64_t now_ns)
{
	last_ns = 0;
	timers_run(&ts, now_ns);
	for (unsigned i = 0; i < N; i++)
		MUST(probes[i].want_ns == -1 || probes[i].want_ns > now_ns, "timer %u is late", i);
}

static void
setup(void)
{
	ck_assert_int_eq(timers_add(&ts, N), 0);
	for (unsigned i = 0; i < N; i++)
		probes[i] = (struct probe){ .t.fire = probe_fire, .want_ns = -1 };
}

static void
teardown(void)
{
	timers_fini(&ts);
}

START_TEST(test_order)
{
	ck_assert_int_eq(timers_next_ns(&ts), -1);
	set(0, 30);
	set(1, 10);
	set(2, 20);
	ck_assert_int_eq(timers_next_ns(&ts), 10);
	run(9);
	ck_assert_uint_eq(probes[1].fired, 0);
	run(20);
	ck_assert_uint_eq(probes[1].fired + probes[2].fired, 2);
	timer_stop(&ts, &probes[0].t);
	probes[0].want_ns = -1;
	run(100);
	ck_assert_uint_eq(probes[0].fired, 0);
	ck_assert_int_eq(timers_next_ns(&ts), -1);
}
END_TEST

START_TEST(test_later_then_sooner)
{
	set(0, 10);
	set(0, 100);			/* stays where it is, comes up early, goes back */
	run(50);
	ck_assert_uint_eq(probes[0].fired, 0);
	set(0, 60);
	run(60);
	ck_assert_uint_eq(probes[0].fired, 1);
}
END_TEST

START_TEST(test_random)
{
	unsigned fired = 0;

	srandom(7);
	for (int64_t now = 1; now < 3000; now++) {
		for (unsigned k = 0; k < 8; k++) {
			unsigned i = (unsigned)random() % N;

			if (random() % 4 == 0) {
				timer_stop(&ts, &probes[i].t);
				probes[i].want_ns = -1;
			} else {
				set(i, now + 1 + random() % 300);
			}
		}
		run(now);
	}
	for (unsigned i = 0; i < N; i++)
		fired += probes[i].fired;
	ck_assert_uint_gt(fired, 1000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("timers");
	TCase *tc = tcase_create("heap");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_later_then_sooner);
	tcase_add_test(tc, test_random);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
