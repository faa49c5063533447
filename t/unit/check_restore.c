#include "config.h"

#include "shared/restore.h"

#include <check.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "store_fixture.h"

static struct conf *
conf_of(const char *dir)
{
	static struct conf c;

	conf_defaults(&c);
	FIELD_SET(c.run_dir, dir);
	FIELD_SET(c.state_dir, dir);
	c.table_rows = 16;
	return &c;
}

static struct table *
restored(const struct conf *c, struct store *st)
{
	struct table *t = NULL;
	struct err e = { "" };

	ck_assert_msg(restore_table(&t, c, st, &e) == 0, "%s", e.text);
	return t;
}

START_TEST(made_from_the_store)
{
	struct conf *c = conf_of(scratch_dir());
	struct store *st = store_in(c->state_dir);
	struct crawl_progress p;
	struct table_info info;
	struct table *t, *again;

	accept_crawl(st, "live");
	accept_crawl(st, "ended");
	ck_assert_int_eq(store_crawl_save(st, snapshot("ended", CRAWL_ERROR, 9)), 0);
	t = restored(c, st);
	ck_assert_int_eq(table_read_id(t, "live", &p), 0);
	ck_assert_uint_eq(p.phase, CRAWL_QUEUED);
	ck_assert_uint_eq(p.seq, 2);
	ck_assert_int_eq(table_read_id(t, "ended", &p), 0);
	ck_assert_uint_eq(p.phase, CRAWL_ERROR);
	table_info(t, &info);
	ck_assert_uint_eq(info.used, 2);
	ck_assert_uint_eq(info.live, 1);
	ck_assert_uint_eq(info.n_rows, 16);
	ck_assert_int_ge(table_add(t, snapshot("later", CRAWL_QUEUED, 1)), 0);
	again = restored(c, st);		/* what is there stays */
	ck_assert_int_ge(table_find(again, "later"), 0);
	table_close(again);
	table_close(t);
	store_close(st);
}
END_TEST

START_TEST(more_than_fit)		/* the live ones come first, none is an error */
{
	struct conf *c = conf_of(scratch_dir());
	struct store *st = store_in(c->state_dir);
	struct table_info info;
	struct table *t;
	char id[16];

	ck_assert_int_eq(store_begin(st), 0);
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(id, sizeof id, "%s-%u", i < 20 ? "ended" : "live", i);
		accept_crawl(st, id);
		if (i < 20)
			ck_assert_int_eq(store_crawl_save(st, snapshot(id, CRAWL_COMPLETED, 9 + i)), 0);
	}
	ck_assert_int_eq(store_commit(st), 0);
	t = restored(c, st);
	table_info(t, &info);
	ck_assert_uint_eq(info.used, 16);
	ck_assert_uint_eq(info.live, 16);
	ck_assert_int_ge(table_find(t, "live-20"), 0);
	table_close(t);
	store_close(st);
}
END_TEST

START_TEST(another_layout_is_replaced)
{
	struct conf *c = conf_of(scratch_dir());
	struct store *st = store_in(c->state_dir);
	const uint32_t version[] = { TABLE_LAYOUT_VERSION + 1, 0 };
	struct table *t;
	char path[sizeof(struct conf) + 32];
	FILE *f;

	accept_crawl(st, "live");
	table_close(restored(c, st));
	(void)snprintf(path, sizeof path, "%s/" TABLE_FILE, c->run_dir);
	ck_assert_ptr_nonnull(f = fopen(path, "r+"));
	ck_assert_int_eq(fseek(f, _i == 0 ? 8 : 0, SEEK_SET), 0);	/* the version; the magic */
	ck_assert_uint_eq(fwrite(version, sizeof version[0], 1, f), 1);
	ck_assert_int_eq(fclose(f), 0);
	t = restored(c, st);
	ck_assert_int_ge(table_find(t, "live"), 0);
	table_close(t);
	store_close(st);
}
END_TEST

static int
die(struct table *t, void *arg)
{
	(void)t, (void)arg;
	(void)raise(SIGKILL);
	return 0;
}

static int
die_making(void *arg)
{
	return table_create(arg, 16, die, NULL, NULL);
}

START_TEST(leftovers_go)		/* of makers that were killed: memory, on tmpfs */
{
	struct conf *c = conf_of(scratch_dir());
	struct store *st = store_in(c->state_dir);
	char pattern[sizeof(struct conf) + 32];
	glob_t found;

	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(child_wait(child_start(die_making, c->run_dir)), -SIGKILL);
	table_close(restored(c, st));
	(void)snprintf(pattern, sizeof pattern, "%s/" TABLE_FILE ".*new*", c->run_dir);
	ck_assert_int_eq(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
	store_close(st);
}
END_TEST

struct job {
	atomic_uint	 started, finished;
	struct conf	 conf;
	_Atomic uint64_t generation[4];
};

static int
restore_child(void *arg)
{
	struct job *j = arg;
	struct store *st;
	struct table_info info;
	struct table *t;

	if (store_open(&st, j->conf.state_dir, 0, false, NULL) < 0)
		return 1;
	meet(&j->started, 4);
	if (restore_table(&t, &j->conf, st, NULL) < 0)
		return 2;
	table_info(t, &info);
	atomic_store(&j->generation[atomic_fetch_add(&j->finished, 1)], info.generation);
	table_close(t);
	store_close(st);
	return 0;
}

START_TEST(one_maker)			/* all who start at once get the same table */
{
	for (unsigned round = 0; round < 5; round++) {
		struct job *j = shared_zeros(sizeof *j);
		pid_t pid[4];

		j->conf = *conf_of(scratch_dir());
		store_close(store_in(j->conf.state_dir));
		for (unsigned i = 0; i < 4; i++)
			pid[i] = child_start(restore_child, j);
		for (unsigned i = 0; i < 4; i++)
			ck_assert_int_eq(child_wait(pid[i]), 0);
		for (unsigned i = 1; i < 4; i++)
			ck_assert(j->generation[i] == j->generation[0]);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("restore");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, made_from_the_store);
	tcase_add_test(tc, more_than_fit);
	tcase_add_loop_test(tc, another_layout_is_replaced, 0, 2);
	tcase_add_test(tc, leftovers_go);
	tcase_add_test(tc, one_maker);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
