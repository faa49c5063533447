/* Stores of earlier schemas become stores of this one: nothing lost, also when killed on the way. */
#include "config.h"

#include "shared/store.h"

#include <check.h>
#include <errno.h>

#include "store_behind.h"
#include "store_fixture.h"

#define SOURCE "ac145fad508dcec8"
#define CRAWL  "6a5b85fa-e905-4da8-861e-5d05ceabcf0c"

enum { FIRST = 1, END = STORE_SCHEMA };		/* t/data/store-N.sql, one for each earlier schema */

struct found {
	unsigned n;
	char	 title[64], tags[64];
	int64_t	 n_pages, n_chunks, n_examples;
};

static int
take_source(const struct source *s, void *arg)
{
	struct found *f = arg;

	f->n++;
	(void)snprintf(f->title, sizeof f->title, "%s", s->title);
	f->n_pages = s->n_pages;
	f->n_chunks = s->n_chunks;
	f->n_examples = s->n_code_examples;
	return 0;
}

static void
check_content(struct store *st, unsigned version)
{
	static struct crawl_progress p;
	struct found f = { 0 };

	ck_assert_int_eq(store_source_get(st, SOURCE, take_source, &f), 0);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_str_eq(f.title, version >= 3 ? "Kept" : "One - The Site");
	ck_assert_int_eq(f.n_pages, 2);
	ck_assert_int_eq(f.n_chunks, 2);
	ck_assert_int_eq(f.n_examples, 1);
	ck_assert_int_eq(store_pages_count(st, SOURCE), 2);
	ck_assert_int_eq(store_crawl_get(st, CRAWL, &p), 0);
	ck_assert_uint_eq(p.phase, CRAWL_COMPLETED);
	ck_assert_uint_eq(p.processed_pages, 2);
	if (version == 1)
		ck_assert_int_eq(store_failures_count(st, CRAWL), 1);
}

static void
check_search(struct store *st)
{
	while (store_index(st, 1) > 0)		/* as the crawler does it, by and by */
		store_sound(st);
	ck_assert_int_eq(hits(st, "quagga"), 1);
	ck_assert_int_eq(hits(st, "quagga_count"), 1);
	ck_assert_int_eq(hits(st, "okapi"), 1);
	ck_assert_int_eq(hits(st, "zebra"), 0);
}

START_TEST(upgraded)
{
	const char *dir = scratch_dir();
	struct store *st;

	old_store((unsigned)_i, file_in(dir, "archon.db"));
	for (unsigned twice = 0; twice < 2; twice++) {
		st = store_in(dir);
		store_sound(st);
		check_content(st, (unsigned)_i);
		check_search(st);
		store_close(st);
	}
	st = store_in(dir);			/* and it is written as any other */
	ck_assert_int_eq(put_page(st, SOURCE, "http://h.test/two.html", "Two", SLICE_LIT("An okapi shows itself.")), 0);
	ck_assert_int_eq(hits(st, "shows"), 1);
	ck_assert_int_eq(hits(st, "hides"), 0);
	accept_crawl(st, "new");
	store_sound(st);
	store_close(st);
}
END_TEST

START_TEST(searched_at_once)		/* the index of the last schema is used as it is */
{
	const char *dir = scratch_dir();
	struct store *st;

	old_store(END - 1, file_in(dir, "archon.db"));
	st = store_in(dir);
	ck_assert_int_eq(hits(st, "quagga"), 1);
	ck_assert_int_eq(store_index(st, 1), 0);
	store_close(st);
}
END_TEST

struct victim {
	const char *dir;
	unsigned    n;
};

static int
upgrade_and_die(void *arg)
{
	const struct victim *v = arg;
	struct store *st;

	die_at(v->n);
	if (store_open(&st, v->dir, 0, true, NULL) < 0)
		return 1;
	store_close(st);
	return 0;
}

START_TEST(killed_at_each_write)
{
	unsigned n = 0;
	int rc;

	do {
		struct victim v = { .dir = scratch_dir(), .n = ++n };
		struct store *st;

		old_store((unsigned)_i, file_in(v.dir, "archon.db"));
		rc = child_wait(child_start(upgrade_and_die, &v));
		ck_assert_msg(rc == -SIGKILL || rc == 0, "%u: %d", n, rc);
		st = store_in(v.dir);
		store_sound(st);
		check_content(st, (unsigned)_i);
		check_search(st);
		store_close(st);
	} while (rc != 0);
	ck_assert_uint_gt(n, 10);		/* it did die on the way */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store upgrade");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, upgraded, FIRST, END);
	tcase_add_test(tc, searched_at_once);
	tcase_add_loop_test(tc, killed_at_each_write, FIRST, END);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
