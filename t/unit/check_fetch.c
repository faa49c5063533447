/* How much the bodies under way may hold, together with what became of those that came. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

#include "crawler/fetch.h"
#include "site.h"

enum { PATIENCE_MS = 60000, BIG = 7 << 20, SMALL = 1 << 20 };
#define HALF (FETCH_BODY_BYTES / 2)

_Static_assert(HALF < BIG && 2 * HALF + BIG > FETCH_BODY_BYTES && HALF + SMALL < FETCH_BODY_BYTES, "what the tests build on");

static struct site the_site;
static struct fetcher *ft;
static struct conf conf;
static struct guard guard;
static size_t behind;

/* A body of so many bytes: /whole/N; of one more, which never comes: /cut/N. */
static void
site(struct text *out, const char *path, unsigned port)
{
	bool cut = strncmp(path, "/cut/", 5) == 0;
	unsigned long n = strtoul(strrchr(path, '/') + 1, NULL, 10);

	(void)port;
	text_printf(out, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %lu\r\n\r\n", n + (cut ? 1 : 0));
	for (unsigned long i = 0; i < n / 64; i++)
		text_puts(out, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n");
}

static void
setup(void)
{
	struct err e;

	site_start(&the_site, site);
	conf_defaults(&conf);
	behind = 0;
	ck_assert_int_eq(curl_global_init(CURL_GLOBAL_DEFAULT), 0);
	ck_assert_msg(guard_init(&guard, "127.0.0.0/8", &e) == 0, "%s", e.text);
	ck_assert_int_eq(fetcher_new(&ft, &conf, &guard, &e), 0);
	fetcher_count(ft, &behind);
}

static void
teardown(void)
{
	fetcher_free(ft);
	curl_global_cleanup();
	site_stop(&the_site);
}

static struct fetch *
begin(const char *kind, unsigned bytes)
{
	struct fetch *f = fetch_new(ft);
	char text[100];

	ck_assert_ptr_nonnull(f);
	(void)snprintf(text, sizeof text, "http://127.0.0.1:%u/%s/%u", the_site.port, kind, bytes);
	ck_assert_int_eq(url_parse(&f->url, text), 0);
	ck_assert_int_eq(fetch_start(f), 0);
	return f;
}

static void
on_done(struct fetch *f, void *arg)
{
	(void)f;
	(void)arg;
}

static void
run(const struct fetch *f, size_t bytes)	/* until it ended, or has so many of a body that goes on */
{
	int64_t give_up = clock_mono_ns() + PATIENCE_MS * INT64_C(1000000);

	while (f->active && f->body.len < bytes) {
		ck_assert_msg(clock_mono_ns() < give_up, "%s: nothing comes", f->url.text);
		fetcher_wait(ft, NULL, 0, 100);
		fetcher_run(ft, on_done, NULL);
	}
}

/* What behind holds is looked at when bytes come, and is as good as bodies under way. */
static const struct {
	size_t	 behind;
	unsigned bytes;
	enum fetch_error error;
} alone[] = {
	{ 0, BIG, FETCH_NONE },
	{ FETCH_BODY_BYTES - SMALL, SMALL, FETCH_NONE },	/* just room for it */
	{ FETCH_BODY_BYTES - SMALL + 1, SMALL, FETCH_CROWDED },
	{ HALF - 1, BIG, FETCH_NONE },		/* the one that may grow */
	{ HALF, BIG, FETCH_CROWDED },		/* none may */
	{ FETCH_BODY_BYTES, 64, FETCH_CROWDED },
};

START_TEST(test_alone)
{
	struct fetch *f;

	behind = alone[_i].behind;
	f = begin("whole", alone[_i].bytes);
	run(f, SIZE_MAX);
	ck_assert_str_eq(fetch_error_word(f->error), fetch_error_word(alone[_i].error));
	ck_assert(f->error != FETCH_NONE || f->body.len == alone[_i].bytes);
	ck_assert(!fetcher_is_full(ft));

	behind = 0;			/* stored: it can be tried again */
	ck_assert_int_eq(fetch_start(f), 0);
	run(f, SIZE_MAX);
	ck_assert_str_eq(fetch_error_word(f->error), "none");
	ck_assert_uint_eq(f->body.len, alone[_i].bytes);
	fetch_free(f);
}
END_TEST

START_TEST(test_one_grows)		/* the others end, until it is done */
{
	struct fetch *grows, *other;

	behind = HALF - 1;
	grows = begin("cut", BIG);
	ck_assert(!fetcher_is_full(ft));
	run(grows, BIG);
	ck_assert(grows->active && fetcher_is_full(ft));
	other = begin("whole", 64);
	run(other, SIZE_MAX);
	ck_assert_str_eq(fetch_error_word(other->error), "later");

	fetch_free(grows);
	ck_assert(!fetcher_is_full(ft));
	ck_assert_int_eq(fetch_start(other), 0);
	run(other, SIZE_MAX);
	ck_assert_str_eq(fetch_error_word(other->error), "none");
	fetch_free(other);
}
END_TEST

START_TEST(test_together)		/* bodies under way count, whoever they are of; given away they do not */
{
	struct fetch *lies = begin("cut", BIG), *grows, *other;

	run(lies, BIG);
	ck_assert(lies->active && !fetcher_is_full(ft));
	grows = begin("cut", BIG);
	run(grows, BIG);
	ck_assert(grows->active && fetcher_is_full(ft));
	fetch_free(lies);
	ck_assert(fetcher_is_full(ft));		/* it goes on being the one */
	other = begin("whole", SMALL);
	run(other, SIZE_MAX);
	ck_assert_str_eq(fetch_error_word(other->error), "none");
	fetch_free(other);
	fetch_free(grows);
	ck_assert_uint_eq(fetcher_n_active(ft), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fetch");
	TCase *tc = tcase_create("room");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_alone, 0, sizeof alone / sizeof alone[0]);
	tcase_add_test(tc, test_one_grows);
	tcase_add_test(tc, test_together);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
