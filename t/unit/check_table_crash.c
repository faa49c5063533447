/* The table when processes die: killed for real, at whatever instruction they were. */
#include "config.h"

#include "shared/table.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "shared/clock.h"
#include "table_fixture.h"

static unsigned
files_in(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	for (const struct dirent *de; (de = readdir(d)) != NULL; )
		n += de->d_name[0] != '.';
	closedir(d);
	return n;
}

static int
write_for_ever(void *arg)
{
	struct victim *v = arg;
	struct crawl_progress p = *progress("victim", 0);
	struct table *t;

	if (table_open(&t, v->dir, NULL) < 0 || table_claim(t, 0) < 0)
		return 1;
	while (p.seq != UINT64_MAX) {
		p.seq = p.total_pages = p.word_count = p.seq + 1;
		(void)snprintf(p.url, sizeof p.url, "http://%llu/", (unsigned long long)p.seq);
		table_publish(t, 0, &p);
		atomic_store(&v->ready, 1);
	}
	return 0;
}

/* No torn copy is ever given out, and the next owner repairs the row by writing. */
START_TEST(writer_killed_in_mid_write)
{
	const char *dir = dir_with_table();
	struct victim *v = victim_new(dir);
	struct table *t = attach(dir);
	unsigned torn = 0;

	ck_assert_int_eq(table_add(t, progress("victim", 0)), 0);
	for (unsigned round = 0; round < 400 && torn < 5; round++) {
		struct crawl_progress out = { .seq = 12345 };
		pid_t pid = child_start(write_for_ever, v);
		char want[64];
		int rc;

		while (atomic_load(&v->ready) == 0)
			(void)sched_yield();
		ck_assert_int_eq(table_claim(t, 0), -EAGAIN);
		ck_assert(table_has_owner(t, 0));
		child_kill(pid);
		atomic_store(&v->ready, 0);

		ck_assert(!table_has_owner(t, 0));
		rc = table_read(t, 0, &out);
		if (table_changecount(t, 0) % 2 != 0) {
			ck_assert_int_eq(rc, -EAGAIN);
			ck_assert_uint_eq(out.seq, 12345);
			ck_assert_int_eq(table_read_id(t, "victim", &out), -EAGAIN);
			torn++;
		} else {
			ck_assert_int_eq(rc, 0);
			ck_assert_uint_eq(out.word_count, out.seq);
			(void)snprintf(want, sizeof want, "http://%llu/", (unsigned long long)out.seq);
			ck_assert_str_eq(out.url, want);
		}
		ck_assert_int_eq(table_claim(t, 0), 0);
		table_publish(t, 0, progress("victim", 0));
		ck_assert_int_eq(table_read_id(t, "victim", &out), 0);
		table_release(t, 0);
	}
	ck_assert_msg(torn > 0, "no kill met an open window: nothing was shown");
	table_close(t);
}
END_TEST

/* Killed between a row's end and its key's: the place is found when it is needed. */
START_TEST(ended_row_with_a_live_key)
{
	const char *dir = dir_with_table();
	struct table *t = attach(dir);
	char path[128];
	int64_t alive = 0;
	int fd;

	for (unsigned n = 0; n < ROWS; n++)
		ck_assert_int_eq(table_add(t, progress(id_of("live", n), n == 6 ? 1000 : 0)), (int)n);
	(void)snprintf(path, sizeof path, "%s/" TABLE_FILE, dir);
	ck_assert_int_ge((fd = open(path, O_RDWR)), 0);
	ck_assert_int_eq(pwrite(fd, &alive, sizeof alive, 4096 + 6 * 24 + 8), sizeof alive);
	close(fd);
	ck_assert_int_eq(table_add(t, progress("next", 0)), 6);
	ck_assert_int_eq(table_add(t, progress("more", 0)), -ENOSPC);
	table_close(t);
}
END_TEST

static int
add_for_ever(void *arg)
{
	struct victim *v = arg;
	int64_t old = clock_wall_ms() - 3 * TABLE_RECENT_MS;
	struct table *t;
	char prefix[16];

	if (table_open(&t, v->dir, NULL) < 0)
		return 1;
	(void)snprintf(prefix, sizeof prefix, "by-%d", (int)getpid());
	for (unsigned n = 0; table_add(t, progress(id_of(prefix, n), old + n)) >= 0; n++)
		atomic_store(&v->ready, 1);
	return 2;
}

START_TEST(adder_killed)	/* whenever it dies, the next one can add, and rows agree with their keys */
{
	const char *dir = dir_with_table();
	struct victim *v = victim_new(dir);
	struct table *t = attach(dir);

	for (unsigned round = 0; round < 60; round++) {
		pid_t pid = child_start(add_for_ever, v);
		struct crawl_progress out;
		char id[ROW_ID_BYTES];

		while (atomic_load(&v->ready) == 0)
			(void)sched_yield();
		child_kill(pid);
		atomic_store(&v->ready, 0);
		for (unsigned i = 0; i < ROWS; i++) {
			int rc = table_read(t, i, &out);

			ck_assert_msg(rc == 0 || rc == -ENOENT, "row %u: %d", i, rc);
			if (rc == 0)
				ck_assert_int_eq(table_find(t, out.id), (int)i);
		}
		FIELD_SET(id, id_of("after", round));
		ck_assert_int_ge(table_add(t, progress(id, 1 + round)), 0);
		ck_assert_int_eq(table_read_id(t, id, &out), 0);
	}
	table_close(t);
}
END_TEST

static int
die_while_filling(struct table *t, void *arg)
{
	(void)arg;
	(void)table_add(t, progress("half", 0));
	(void)raise(SIGKILL);
	return 0;
}

static int
die_in_create(void *arg)
{
	return table_create(arg, ROWS, die_while_filling, NULL, NULL);
}

START_TEST(maker_killed)
{
	char dir[96];
	struct table *t = NULL;

	(void)snprintf(dir, sizeof dir, "%s", scratch_dir());
	ck_assert_int_eq(child_wait(child_start(die_in_create, dir)), -SIGKILL);
	ck_assert_int_eq(table_open(&t, dir, NULL), -ENOENT);
	ck_assert_int_eq(table_create(dir, ROWS, NULL, NULL, NULL), 0);
	t = attach(dir);
	ck_assert_int_eq(table_find(t, "half"), -ENOENT);

	/* One that was there stays, whole. */
	ck_assert_int_ge(table_add(t, progress("kept", 0)), 0);
	table_close(t);
	ck_assert_int_eq(child_wait(child_start(die_in_create, dir)), -SIGKILL);
	t = attach(dir);
	ck_assert_int_ge(table_find(t, "kept"), 0);
	ck_assert(table_is_current(t));
	table_close(t);
}
END_TEST

static int
fill_refuses(struct table *t, void *arg)
{
	(void)t;
	return *(int *)arg;
}

START_TEST(fill_that_fails)
{
	const char *dir = scratch_dir();
	struct err e = { "" };
	char writers[128];
	int rc = -EIO;
	struct table *t;

	ck_assert_int_eq(table_create(dir, ROWS, fill_refuses, &rc, &e), -EIO);
	ck_assert_str_ne(e.text, "");
	(void)snprintf(writers, sizeof writers, "%s/" TABLE_DIR, dir);
	ck_assert_uint_eq(files_in(writers), 1);	/* the lock stays */
	ck_assert_int_eq(table_open(&t, dir, NULL), -ENOENT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("table crash");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, writer_killed_in_mid_write);
	tcase_add_test(tc, ended_row_with_a_live_key);
	tcase_add_test(tc, adder_killed);
	tcase_add_test(tc, maker_killed);
	tcase_add_test(tc, fill_that_fails);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
