/* The store on bad days: killed, full, contended, of another version. */
#include "config.h"

#include "shared/store.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_behind.h"
#include "store_fixture.h"

static int
put_many(struct store *st, unsigned n, const char *word)	/* what the first failure returned */
{
	static char body[3000];
	char url[48];
	int rc = 0;

	for (size_t i = 0; i < sizeof body; i++)
		body[i] = i % 7 == 6 ? ' ' : (char)('a' + (i * 2654435761u >> 13) % 26);
	(void)memcpy(body, word, strlen(word));
	body[strlen(word)] = ' ';
	for (unsigned i = 0; rc == 0 && i < n; i++) {
		(void)snprintf(url, sizeof url, "http://a/%u", i);
		rc = put_page(st, "s", url, "t", (struct slice){ body, sizeof body });
	}
	return rc;
}

/* -- transactions --------------------------------------------------------------------------- */

START_TEST(rolled_back)
{
	struct store *st = store_new();
	struct crawl_progress out;

	begin_source(st, "s");
	ck_assert_int_eq(put_page(st, "s", "http://a/1", "t", SLICE_LIT("zebra")), 0);
	ck_assert_int_eq(store_begin(st), 0);
	accept_crawl(st, "a");
	ck_assert_int_eq(put_page(st, "s", "http://a/1", "t", SLICE_LIT("giraffe")), 0);
	ck_assert_int_eq(put_page(st, "s", "http://a/2", "t", SLICE_LIT("giraffe")), 0);
	ck_assert_int_eq(hits(st, "giraffe"), 2);
	store_rollback(st);
	store_rollback(st);			/* nothing to do is fine */
	ck_assert_int_eq(store_crawl_get(st, "a", &out), -ENOENT);
	ck_assert_int_eq(hits(st, "giraffe"), 0);
	ck_assert_int_eq(hits(st, "zebra"), 1);
	store_sound(st);
	ck_assert_int_eq(store_begin(st), 0);
	ck_assert_int_eq(put_page(st, "s", "http://a/2", "t", SLICE_LIT("giraffe")), 0);
	ck_assert_int_eq(store_commit(st), 0);
	ck_assert_int_eq(hits(st, "giraffe"), 1);
	store_close(st);
}
END_TEST

/* A page that fails half-way leaves the old one whole, alone and within a transaction. */
START_TEST(page_put_is_all_or_nothing)
{
	struct store *st = store_new();
	struct chunk c = { .headings = SLICE_LIT(""), .body = SLICE_LIT("giraffe") };
	struct code_example x[2] = { { SLICE_LIT("c"), SLICE_LIT("1"), SLICE_LIT(""), SLICE_LIT(""), SLICE_LIT("") } };
	struct page p = { .url = "http://a/1", .title = "t", .content_hash = NULL, .chunks = &c, .n_chunks = 1,
		.examples = x, .n_examples = 1 };

	begin_source(st, "s");
	ck_assert_int_eq(put_page(st, "s", "http://a/1", "t", SLICE_LIT("zebra")), 0);
	if (_i == 1)
		ck_assert_int_eq(store_begin(st), 0);
	ck_assert_int_lt(store_page_put(st, "s", &p), 0);	/* no hash: refused after the old page went */
	if (_i == 1)
		ck_assert_int_lt(store_commit(st), 0);		/* nobody commits half a page */
	ck_assert_int_eq(hits(st, "zebra"), 1);
	ck_assert_int_eq(hits(st, "giraffe"), 0);
	ck_assert_int_eq(store_pages_count(st, "s"), 1);
	store_sound(st);
	store_close(st);
}
END_TEST

/* -- full ------------------------------------------------------------------------------------ */

START_TEST(store_max_size)
{
	const char *dir = scratch_dir();
	struct store *st;
	struct crawl_progress out;
	char id[16];
	int before, rc = 0;

	ck_assert_int_eq(store_open(&st, dir, 400 * 1024, false, NULL), 0);
	begin_source(st, "s");
	ck_assert_int_eq(put_many(st, 1000, "zebra"), -ENOSPC);
	before = store_pages_count(st, "s");
	ck_assert_int_gt(before, 10);
	ck_assert_int_eq(hits(st, "zebra"), before);
	store_sound(st);

	ck_assert_int_eq(store_begin(st), 0);			/* a batch that fills up goes as a whole */
	ck_assert_int_eq(put_many(st, 1000, "giraffe"), -ENOSPC);
	store_rollback(st);
	ck_assert_int_eq(store_pages_count(st, "s"), before);
	ck_assert_int_eq(hits(st, "giraffe"), 0);
	store_sound(st);

	for (unsigned i = 0; rc == 0 && i < 10000; i++) {	/* acceptance says so too, and is not half done */
		(void)snprintf(id, sizeof id, "id-%u", i);
		rc = store_crawl_accept(st, params_of("http://127.0.0.1/"), snapshot(id, CRAWL_QUEUED, 1000));
	}
	ck_assert_int_eq(rc, -ENOSPC);
	ck_assert_int_eq(store_crawl_get(st, id, &out), -ENOENT);
	store_close(st);
	st = store_in(dir);					/* without the limit it goes on */
	accept_crawl(st, id);
	store_sound(st);
	store_close(st);
}
END_TEST

START_TEST(tiny_limit_is_a_limit)
{
	struct store *st;
	struct err e = { "" };

	ck_assert_int_eq(store_open(&st, scratch_dir(), 1, false, &e), -ENOSPC);
	ck_assert_str_ne(e.text, "");
}
END_TEST

START_TEST(disk_full)
{
	char dir[96];
	struct store *st;
	struct err e = { "" };
	int before, rc;

	(void)snprintf(dir, sizeof dir, "%s", scratch_dir());
	if (!small_disk(dir, 1600))
		return;
	ck_assert_msg(store_open(&st, dir, 0, true, &e) == 0, "%s", e.text);
	begin_source(st, "s");
	rc = put_many(st, 2000, "zebra");
	ck_assert_msg(rc == -ENOSPC, "%d: %s", rc, store_error(st));
	before = store_pages_count(st, "s");
	ck_assert_int_gt(before, 10);
	ck_assert_int_eq(hits(st, "zebra"), before);
	ck_assert_int_eq(store_begin(st), 0);
	if ((rc = put_many(st, 2000, "giraffe")) == 0)		/* memory holds much: then the commit says it */
		rc = store_commit(st);
	ck_assert_msg(rc == -ENOSPC, "%d: %s", rc, store_error(st));
	store_rollback(st);
	ck_assert_int_eq(store_pages_count(st, "s"), before);
	ck_assert_int_eq(hits(st, "giraffe"), 0);
	store_close(st);
	ck_assert_msg(store_open(&st, dir, 0, true, &e) == 0, "%s", e.text);
	ck_assert_int_eq(store_pages_count(st, "s"), before);
	ck_assert_int_eq(hits(st, "zebra"), before);
	store_close(st);
}
END_TEST

START_TEST(disk_full_from_the_start)
{
	char dir[96];
	struct store *st;
	struct err e = { "" };

	(void)snprintf(dir, sizeof dir, "%s", scratch_dir());
	if (!small_disk(dir, 20))
		return;
	ck_assert_int_eq(store_open(&st, dir, 0, true, &e), -ENOSPC);
	ck_assert_str_ne(e.text, "");
}
END_TEST

/* -- other files ------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	int	    version, rc;
} versions[] = {
	{ "ours", STORE_SCHEMA, 0 },
	{ "newer", STORE_SCHEMA + 1, -ESTALE },
	{ "much newer", INT32_MAX, -ESTALE },
	{ "negative", -1, -ESTALE },
	{ "most negative", INT32_MIN, -ESTALE },
};

START_TEST(schema_version)
{
	const char *dir = scratch_dir();
	struct store *st = NULL;
	struct err e = { "" };
	char pragma[64];

	(void)snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", versions[_i].version);
	store_close(store_in(dir));
	sql_in(file_in(dir, "archon.db"), pragma);
	ck_assert_msg(store_open(&st, dir, 0, false, &e) == versions[_i].rc, "%s: %s", versions[_i].name, e.text);
	ck_assert_int_eq(st == NULL, versions[_i].rc < 0);
	ck_assert_int_eq(e.text[0] != '\0', versions[_i].rc < 0);
	store_close(st);
}
END_TEST

START_TEST(not_a_store)
{
	const char *dir = scratch_dir();
	struct store *st = NULL;
	struct err e = { "" };
	FILE *f = fopen(file_in(dir, "archon.db"), "w");

	for (unsigned i = 0; i < 10000; i++)
		fputs("no database ", f);
	fclose(f);
	ck_assert_int_eq(store_open(&st, dir, 0, false, &e), -EIO);
	ck_assert_str_ne(e.text, "");
	ck_assert_int_lt(store_open(&st, "/nonexistent", 0, false, &e), 0);
	ck_assert_ptr_null(st);
}
END_TEST

START_TEST(long_directory)
{
	const char *real = scratch_dir();
	struct store *st = NULL;
	struct err e = { "" };
	char dir[640];

	memset(dir, '/', sizeof dir - 1);		/* the same directory, written longer and longer */
	(void)memcpy(dir, real, strlen(real));
	for (size_t len = 495; len < sizeof dir - 1; len++) {
		dir[len] = '\0';
		ck_assert_int_eq(store_open(&st, dir, 0, false, &e) == -ENAMETOOLONG, len > 501);
		store_close(st);
		st = NULL;
		dir[len] = '/';
	}
	ck_assert_int_eq(access(file_in(real, "archon.db"), F_OK), 0);
}
END_TEST

START_TEST(damaged_index_is_found)
{
	const char *dir = scratch_dir();
	struct store *st = store_in(dir);
	struct err e = { "" };

	begin_source(st, "s");
	ck_assert_int_eq(put_page(st, "s", "http://a/1", "t", SLICE_LIT("zebra")), 0);
	store_sound(st);
	sql_in(file_in(dir, "archon.db"), "UPDATE chunks SET body = 'giraffe'");		/* the index is not told */
	ck_assert_int_eq(store_check(st, &e), -EBADMSG);
	ck_assert_str_ne(e.text, "");
	store_close(st);
}
END_TEST

/* -- several ------------------------------------------------------------------------------------ */

START_TEST(two_connections)
{
	const char *dir = scratch_dir();
	struct store *a = store_in(dir), *b = store_in(dir);
	struct crawl_progress out;
	struct err e = { "" };

	accept_crawl(a, "x");
	ck_assert_int_eq(store_crawl_get(b, "x", &out), 0);
	ck_assert_int_eq(store_crawl_accept(b, params_of("http://b/"), snapshot("x", CRAWL_QUEUED, 1)), -EEXIST);
	ck_assert_int_eq(store_begin(a), 0);
	ck_assert_int_eq(store_crawl_save(a, snapshot("x", CRAWL_CRAWLING, 5)), 0);
	ck_assert_int_eq(store_crawl_get(b, "x", &out), 0);	/* readers do not wait, and see what was */
	ck_assert_uint_eq(out.phase, CRAWL_QUEUED);
	ck_assert_int_eq(store_check(b, &e), -EBUSY);		/* after STORE_BUSY_MS; it says nothing about the index */
	ck_assert_int_eq(store_commit(a), 0);
	ck_assert_int_eq(store_crawl_get(b, "x", &out), 0);
	ck_assert_uint_eq(out.phase, CRAWL_CRAWLING);
	ck_assert_int_eq(store_crawl_save(a, snapshot("x", CRAWL_COMPLETED, 9)), 0);
	ck_assert_int_eq(store_crawl_save(b, snapshot("x", CRAWL_ERROR, 9)), -EALREADY);
	store_close(a);
	store_close(b);
}
END_TEST

struct job {
	char	    dir[96];
	atomic_uint started, committed;
	unsigned    n, me;
};

static int
open_and_write(void *arg)
{
	struct job *j = arg;
	struct store *st;
	char id[16];
	int rc;

	meet(&j->started, j->n);
	if ((rc = store_open(&st, j->dir, 0, false, NULL)) < 0)
		return -rc;
	for (unsigned i = 0; rc == 0 && i < 20; i++) {
		(void)snprintf(id, sizeof id, "%d-%u", (int)getpid(), i);
		rc = store_crawl_accept(st, params_of("http://127.0.0.1/"), snapshot(id, CRAWL_QUEUED, 1000));
	}
	store_close(st);
	return -rc;
}

START_TEST(all_open_a_new_store_at_once)
{
	enum { N = 4 };
	struct job *j = shared_zeros(sizeof *j);

	for (unsigned round = 0; round < 6; round++) {
		struct store *st;
		pid_t pid[N];

		(void)snprintf(j->dir, sizeof j->dir, "%s", scratch_dir());
		atomic_store(&j->started, 0);
		j->n = N;
		for (unsigned i = 0; i < N; i++)
			pid[i] = child_start(open_and_write, j);
		for (unsigned i = 0; i < N; i++)
			ck_assert_int_eq(child_wait(pid[i]), 0);
		st = store_in(j->dir);
		ck_assert_int_eq(store_crawls_count(st, false), 20 * N);
		store_close(st);
	}
}
END_TEST

/* -- killed ------------------------------------------------------------------------------------- */

enum { BATCH = 5 };

static int
write_batches(void *arg)		/* each transaction replaces BATCH pages by newer ones */
{
	struct job *j = arg;
	struct store *st;
	char body[64];

	if (store_open(&st, j->dir, 0, false, NULL) < 0)
		return 1;
	for (unsigned n = 1; n < 1000000; n++) {
		(void)snprintf(body, sizeof body, "batch%u", n);
		if (store_begin(st) < 0)
			return 2;
		for (unsigned i = 0; i < BATCH; i++) {
			char url[32];

			(void)snprintf(url, sizeof url, "http://a/%u", i);
			if (put_page(st, "s", url, "t", slice_of(body)) < 0)
				return 3;
		}
		if (store_commit(st) < 0)
			return 4;
		atomic_store(&j->committed, n);
	}
	return 0;
}

START_TEST(killed_in_a_transaction)
{
	struct job *j = shared_zeros(sizeof *j);
	unsigned short seed[3] = { 5, 5, 5 };
	struct store *st;

	(void)snprintf(j->dir, sizeof j->dir, "%s", scratch_dir());
	st = store_in(j->dir);
	begin_source(st, "s");
	store_close(st);
	for (unsigned round = 0; round < 15; round++) {
		pid_t pid;
		unsigned last, until = 1 + (unsigned)nrand48(seed) % 20;
		char now[32], next[32];

		atomic_store(&j->committed, 0);
		pid = child_start(write_batches, j);
		while (atomic_load(&j->committed) < until)
			(void)sched_yield();
		for (long spin = nrand48(seed) % 200000; spin > 0; spin--)
			atomic_signal_fence(memory_order_seq_cst);
		child_kill(pid);
		last = atomic_load(&j->committed);
		st = store_in(j->dir);
		ck_assert_int_eq(store_pages_count(st, "s"), BATCH);
		(void)snprintf(now, sizeof now, "batch%u", last);
		(void)snprintf(next, sizeof next, "batch%u", last + 1);
		ck_assert_msg(hits(st, now) == BATCH || hits(st, next) == BATCH, "what was committed is there, whole");
		store_sound(st);
		store_close(st);
	}
}
END_TEST

static int
put_for_ever(void *arg)			/* without a transaction around it */
{
	struct job *j = arg;
	struct store *st;
	char body[64];

	if (store_open(&st, j->dir, 0, false, NULL) < 0)
		return 1;
	for (unsigned n = 1; n < 1000000; n++) {
		(void)snprintf(body, sizeof body, "single%u zebra", n);
		if (put_page(st, "s", "http://a/1", "t", slice_of(body)) < 0)
			return 3;
		atomic_store(&j->committed, n);
	}
	return 0;
}

START_TEST(killed_in_a_page)
{
	struct job *j = shared_zeros(sizeof *j);
	unsigned short seed[3] = { 6, 5, 5 };
	struct store *st;

	(void)snprintf(j->dir, sizeof j->dir, "%s", scratch_dir());
	st = store_in(j->dir);
	begin_source(st, "s");
	store_close(st);
	for (unsigned round = 0; round < 15; round++) {
		pid_t pid;

		atomic_store(&j->committed, 0);
		pid = child_start(put_for_ever, j);
		while (atomic_load(&j->committed) == 0)
			(void)sched_yield();
		for (long spin = nrand48(seed) % 200000; spin > 0; spin--)
			atomic_signal_fence(memory_order_seq_cst);
		child_kill(pid);
		st = store_in(j->dir);
		ck_assert_int_eq(store_pages_count(st, "s"), 1);
		ck_assert_int_eq(hits(st, "zebra"), 1);
		store_sound(st);
		store_close(st);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store crash");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, rolled_back);
	tcase_add_loop_test(tc, page_put_is_all_or_nothing, 0, 2);
	tcase_add_test(tc, store_max_size);
	tcase_add_test(tc, tiny_limit_is_a_limit);
	tcase_add_test(tc, disk_full);
	tcase_add_test(tc, disk_full_from_the_start);
	tcase_add_loop_test(tc, schema_version, 0, sizeof versions / sizeof versions[0]);
	tcase_add_test(tc, not_a_store);
	tcase_add_test(tc, long_directory);
	tcase_add_test(tc, damaged_index_is_found);
	tcase_add_test(tc, two_connections);
	tcase_add_test(tc, all_open_a_new_store_at_once);
	tcase_add_test(tc, killed_in_a_transaction);
	tcase_add_test(tc, killed_in_a_page);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
