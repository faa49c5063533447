/* The n-th malloc() fails, for every n: nothing crashes, leaks or pretends to be whole. */
#include "config.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fail_malloc.h"
#include "scratch.h"
#include "shared/crawl_params.h"
#include "shared/json_text.h"
#include "shared/message.h"
#include "shared/store.h"
#include "shared/table.h"

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static unsigned
open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/*
 * Call f with the n-th allocation failing, n = 1, 2, ..., until it needs no
 * more.  f returns whether what it got is whole; it must be when nothing failed.
 * It ends with fail_left = 0 before it asserts anything: Check allocates too.
 */
static void
each_malloc_fails(bool (*f)(void *arg), void *arg, unsigned long step)
{
	unsigned files = open_files();
	unsigned long n = 1, failures = 0;

	for (;; n += step) {
		bool whole;

		fail_met = false;
		fail_left = n;
		whole = f(arg);
		fail_left = 0;
		ck_assert_msg(whole || fail_met, "allocation %lu: failed by itself", n);
		if (!fail_met)
			break;
		failures++;
		ck_assert_uint_eq(open_files(), files);
	}
	ck_assert_msg(failures > 0, "nothing was allocated: nothing was shown");
	if (__lsan_do_recoverable_leak_check != NULL)
		ck_assert_msg(__lsan_do_recoverable_leak_check() == 0, "leaks");
}

static bool
text_whole(void *arg)
{
	struct text t = { 0 };
	size_t len = 0;
	char *s;
	bool ok;

	(void)arg;
	for (unsigned i = 0; i < 1000; i++)
		text_printf(&t, "%u ", i);
	ok = !t.failed;
	s = text_take(&t, &len);
	fail_left = 0;
	ck_assert_int_eq(ok, s != NULL);
	ck_assert_msg(!ok || (len == 3890 && strlen(s) == len), "%zu", len);
	free(s);
	return ok;
}

START_TEST(text)
{
	each_malloc_fails(text_whole, NULL, 1);
}
END_TEST

static struct crawl_progress
progress(void)
{
	struct crawl_progress p = { .phase = CRAWL_ERROR, .started_wall_ms = 1, .ended_wall_ms = 2 };

	FIELD_SET(p.id, "id");
	FIELD_SET(p.error, "It broke.");
	for (unsigned i = 0; i < 60; i++)
		crawl_progress_log(&p, "a line of the log \xff\x01");
	return p;
}

static bool
message_whole(void *arg)
{
	struct crawl_progress p = progress();
	struct text t = { 0 };
	bool ok;

	message_progress(&t, &p);
	fail_left = 0;
	ok = !t.failed;
	if (ok) {
		ck_assert_uint_eq(t.len, *(size_t *)arg);
		ck_assert_int_eq(t.p[t.len - 1], '}');
	}
	text_fini(&t);
	return ok;
}

START_TEST(message)
{
	struct crawl_progress p = progress();
	struct text t = { 0 };
	size_t len;

	message_progress(&t, &p);
	len = t.len;
	text_fini(&t);
	each_malloc_fails(message_whole, &len, 1);
}
END_TEST

static bool
params_whole(void *arg)
{
	static const char json[] = "{\"url\":\"http://a/\",\"tags\":[\"x\",\"y\"],\"max_depth\":3,\"crawl_options\":{\"max_pages\":7}}";
	struct crawl_params p;
	const char *field;
	struct text t = { 0 };
	struct err e = { "" };
	int rc = crawl_params_parse(&p, json, sizeof json - 1, &field, &e);
	bool ok = false;

	(void)arg;
	if (rc == 0) {
		crawl_params_json(&p, &t);
		ok = !t.failed;
		text_fini(&t);
	}
	fail_left = 0;
	ck_assert_msg(rc == 0 || rc == -ENOMEM, "%d: %s", rc, e.text);
	ck_assert_msg(rc == 0 || e.text[0] != '\0', "no sentence");
	if (rc < 0)
		return false;
	ck_assert_str_eq(p.url, "http://a/");
	ck_assert_uint_eq(p.tags.n, 2);
	ck_assert_uint_eq(p.max_depth, 3);
	ck_assert_uint_eq(p.max_pages, 7);
	return ok;
}

START_TEST(params)
{
	each_malloc_fails(params_whole, NULL, 1);
}
END_TEST

static bool
table_whole(void *arg)
{
	struct table *t = NULL;
	struct err e = { "" };
	int rc = table_create(arg, 16, NULL, NULL, &e);

	if (rc == 0)
		rc = table_open(&t, arg, &e);
	fail_left = 0;
	ck_assert_msg(rc == 0 || rc == -ENOMEM, "%d: %s", rc, e.text);
	ck_assert_int_eq(rc == 0, t != NULL);
	table_close(t);
	return rc == 0;
}

START_TEST(table)
{
	char dir[96];

	(void)snprintf(dir, sizeof dir, "%s", scratch_dir());
	each_malloc_fails(table_whole, dir, 1);
}
END_TEST

static int
count_hit(const struct search_hit *h, void *arg)
{
	(void)h;
	++*(int *)arg;
	return 0;
}

static bool
store_whole(void *arg)
{
	struct store *st = NULL;
	struct crawl_params p;
	struct chunk c = { .headings = SLICE_LIT("h"), .body = SLICE_LIT("zebra") };
	struct page page = { .url = "http://a/", .title = "t", .content_hash = "0", .chunks = &c, .n_chunks = 1 };
	struct err e = { "" };
	int rc = store_open(&st, arg, 0, false, &e), n = 0;

	if (rc < 0) {
		fail_left = 0;
		ck_assert_ptr_null(st);
		return false;
	}
	crawl_params_defaults(&p);
	FIELD_SET(p.url, "http://a/");
	if ((rc = store_source_begin(st, "s", &p, 1)) == 0 && (rc = store_page_put(st, "s", &page)) == 0)
		rc = store_search(st, &(struct search){ .query = "zebra", .limit = 10 }, count_hit, &n);
	fail_left = 0;
	ck_assert_msg(rc < 0 || n == 1, "%d hits", n);
	store_close(st);
	return rc >= 0;
}

START_TEST(store)			/* some thousand allocations: every 23rd will do */
{
	char dir[96];
	struct store *st;
	struct err e = { "" };

	(void)snprintf(dir, sizeof dir, "%s", scratch_dir());
	ck_assert(store_whole(dir));
	each_malloc_fails(store_whole, dir, 23);
	ck_assert_int_eq(store_open(&st, dir, 0, false, &e), 0);
	ck_assert_msg(store_check(st, &e) == 0, "%s", e.text);
	ck_assert_int_eq(store_pages_count(st, "s"), 1);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("no memory");
	TCase *tc = tcase_create("all");

	if (!FAIL_MALLOC) {
		fprintf(stderr, "skipped: this sanitizer's malloc cannot be stood in front of\n");
		return 77;
	}
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, text);
	tcase_add_test(tc, message);
	tcase_add_test(tc, params);
	tcase_add_test(tc, table);
	tcase_add_test(tc, store);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
