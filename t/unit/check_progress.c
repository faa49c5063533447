/* What a crawl says of its end: nothing falls back, and the time left is steady. */
#include "config.h"

#include "crawler/progress.h"

#include <check.h>
#include <stdlib.h>

#define MS INT64_C(1000000)

enum { TICK_MS = 100 };

static unsigned noise = 1;

static unsigned
below(unsigned n)
{
	noise = noise * 1103515245u + 12345u;
	return (noise >> 16) % n;
}

static void
pages(struct progress *pr, unsigned n, unsigned brought)	/* so many done, each with so many new ones */
{
	for (unsigned i = 0; i < n; i++)
		progress_add(pr, &(struct progress_delta){ .total = brought, .processed = 1 });
	pr->waiting += (uint64_t)n * brought;
	pr->waiting -= n;
}

static void
begin(struct progress *pr, uint64_t known)
{
	static const struct crawl_progress none = { .phase = CRAWL_CRAWLING, .eta_ms = -1 };

	progress_init(pr, NULL, 0, &none);
	progress_add(pr, &(struct progress_delta){ .total = known });
	pr->waiting = known;
	progress_estimate(pr, 0);
}

START_TEST(test_steady)			/* all is known; some twenty pages a second, up to four a tick */
{
	enum { KNOWN = 3000, LEAST_MS = 15000 };
	int64_t was_ms = -1, now_ms = 0;
	struct progress pr;

	begin(&pr, KNOWN);
	while (pr.p.processed_pages < KNOWN - 300) {
		uint32_t percentage = pr.p.percentage;
		double truth_ms;

		now_ms += TICK_MS;
		pages(&pr, below(5), 0);
		progress_estimate(&pr, now_ms * MS);
		ck_assert_uint_ge(pr.p.percentage, percentage);
		ck_assert_uint_lt(pr.p.percentage, 100);
		if (now_ms < LEAST_MS)
			continue;
		truth_ms = (double)(KNOWN - pr.p.processed_pages) / 20 * 1000;	/* two a tick, on average */
		ck_assert_msg((double)pr.p.eta_ms > truth_ms * 0.6 && (double)pr.p.eta_ms < truth_ms * 1.6,
		    "after %lld ms: %lld ms left, not %.0f", (long long)now_ms, (long long)pr.p.eta_ms, truth_ms);
		ck_assert_msg(was_ms < 0 || llabs(pr.p.eta_ms - was_ms) < was_ms / 10,
		    "after %lld ms: from %lld to %lld ms left", (long long)now_ms, (long long)was_ms, (long long)pr.p.eta_ms);
		was_ms = pr.p.eta_ms;
	}
}
END_TEST

START_TEST(test_growing)		/* every page brings new ones for a while: the end is not near, and then nothing falls back */
{
	struct progress pr;
	int64_t now_ms = 0;
	uint32_t was = 0;

	begin(&pr, 1);
	while (pr.waiting > 0) {
		now_ms += TICK_MS;
		pages(&pr, pr.waiting < 4 ? 1 : 4, pr.p.total_pages < 1000 ? 2 : 0);
		progress_estimate(&pr, now_ms * MS);
		ck_assert_uint_ge(pr.p.percentage, was);
		ck_assert_uint_ge(pr.p.total_pages, pr.p.processed_pages);
		if (pr.p.total_pages < 1000)
			ck_assert_msg(pr.p.percentage <= 40, "%u %% with %llu pages met", (unsigned)pr.p.percentage,
			    (unsigned long long)pr.p.total_pages);
		was = pr.p.percentage;
	}
	ck_assert_uint_eq(pr.p.percentage, 99);		/* 100 comes with the end */
	ck_assert_int_eq(pr.p.eta_ms, 0);
}
END_TEST

START_TEST(test_burst)			/* half is done when one page turns out to be a list of hundreds */
{
	struct progress pr;
	uint32_t was;

	begin(&pr, 100);
	pages(&pr, 50, 0);
	progress_estimate(&pr, 1000 * MS);
	was = pr.p.percentage;
	ck_assert_uint_ge(was, 40);
	pages(&pr, 1, 500);
	progress_estimate(&pr, 2000 * MS);
	ck_assert_uint_eq(pr.p.total_pages, 600);
	ck_assert_uint_eq(pr.p.percentage, was);	/* not two, as it would be anew */
	pages(&pr, 549, 0);
	progress_estimate(&pr, 60000 * MS);
	ck_assert_uint_eq(pr.p.percentage, 99);
}
END_TEST

START_TEST(test_stalled)		/* nothing is done for long: no time left is made up */
{
	struct progress pr;

	begin(&pr, 100);
	progress_estimate(&pr, 60000 * MS);
	ck_assert_int_eq(pr.p.eta_ms, -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("progress");
	TCase *tc = tcase_create("progress");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, test_steady);
	tcase_add_test(tc, test_growing);
	tcase_add_test(tc, test_burst);
	tcase_add_test(tc, test_stalled);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
