#include "config.h"

#include "shared/table.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/clock.h"
#include "table_fixture.h"

/* -- rows ------------------------------------------------------------------------------ */

START_TEST(add_find_read)
{
	struct table *t = attach(dir_with_table());
	struct crawl_progress out;
	int i;

	ck_assert_uint_eq(table_n_rows(t), ROWS);
	ck_assert_int_eq(table_find(t, "a"), -ENOENT);
	ck_assert_int_eq(table_read_id(t, "a", &out), -ENOENT);
	ck_assert_int_eq(table_read(t, 0, &out), -ENOENT);
	ck_assert_uint_eq(table_changecount(t, 0), 0);
	ck_assert_int_ge((i = table_add(t, progress("a", 0))), 0);
	ck_assert_int_eq(table_add(t, progress("a", 0)), -EEXIST);
	ck_assert_int_eq(table_find(t, "a"), i);
	ck_assert_int_eq(table_read_id(t, "a", &out), 0);
	ck_assert_mem_eq(&out, progress("a", 0), sizeof out);
	ck_assert(!table_has_owner(t, (unsigned)i));
	table_close(t);
}
END_TEST

START_TEST(full)
{
	struct table *t = attach(dir_with_table());
	struct table_info info;

	for (unsigned n = 0; n < ROWS; n++)
		ck_assert_int_ge(table_add(t, progress(id_of("live", n), 0)), 0);
	ck_assert_int_eq(table_add(t, progress("more", 0)), -ENOSPC);
	ck_assert_int_eq(table_add(t, progress(id_of("live", 3), 0)), -EEXIST);
	ck_assert_int_eq(table_find(t, "more"), -ENOENT);
	table_info(t, &info);
	ck_assert_uint_eq(info.used, ROWS);
	ck_assert_uint_eq(info.live, ROWS);
	ck_assert_uint_eq(info.owned, 0);
	table_close(t);
}
END_TEST

/* Ended rows give way oldest first, those just ended and the live ones never. */
START_TEST(ended_rows_give_way)
{
	static const unsigned order[] = { 3, 0, 2, 1 };		/* age of row n: the larger the older */
	struct table *t = attach(dir_with_table());
	int64_t now = clock_wall_ms();

	for (unsigned n = 0; n < 4; n++)
		ck_assert_int_eq(table_add(t, progress(id_of("old", n), now - 60000 - order[n] * 1000)), (int)n);
	for (unsigned n = 4; n < 8; n++)
		ck_assert_int_eq(table_add(t, progress(id_of("recent", n), now - n)), (int)n);
	for (unsigned n = 8; n < ROWS; n++)
		ck_assert_int_eq(table_add(t, progress(id_of("live", n), 0)), (int)n);

	ck_assert_int_eq(table_add(t, progress("new-0", 0)), 0);
	ck_assert_int_eq(table_find(t, "old-0"), -ENOENT);
	ck_assert_int_eq(table_add(t, progress("new-1", 0)), 2);
	ck_assert_int_eq(table_add(t, progress("new-2", 0)), 3);
	ck_assert_int_eq(table_add(t, progress("new-3", 0)), 1);
	ck_assert_int_eq(table_add(t, progress("new-4", 0)), -ENOSPC);
	for (unsigned n = 4; n < 8; n++)
		ck_assert_int_eq(table_find(t, id_of("recent", n)), (int)n);
	table_close(t);
}
END_TEST

START_TEST(publishing_the_end_frees)
{
	struct table *t = attach(dir_with_table());
	int64_t old = clock_wall_ms() - TABLE_RECENT_MS - 1000;
	struct table_info info;

	for (unsigned n = 0; n < ROWS; n++)
		ck_assert_int_eq(table_add(t, progress(id_of("live", n), 0)), (int)n);
	ck_assert_int_eq(table_claim(t, 5), 0);
	table_publish(t, 5, progress("live-5", old));
	table_release(t, 5);
	table_info(t, &info);
	ck_assert_uint_eq(info.live, ROWS - 1);
	ck_assert_int_eq(table_add(t, progress("next", 0)), 5);
	table_close(t);
}
END_TEST

/* Its crawler still holds it: whoever would write there now would be the second writer. */
START_TEST(asked)			/* by anybody, of a living crawl; a cancel stays */
{
	struct table *t = attach(dir_with_table());
	int i = table_add(t, progress("a", 0));

	ck_assert_int_ge(i, 0);
	ck_assert_int_eq(table_asked(t, (unsigned)i), TABLE_CONTROL_NONE);
	ck_assert_int_eq(table_ask(t, "a", TABLE_CONTROL_PAUSE), 0);
	ck_assert_int_eq(table_asked(t, (unsigned)i), TABLE_CONTROL_PAUSE);
	ck_assert_int_eq(table_ask(t, "a", TABLE_CONTROL_CANCEL), 0);
	ck_assert_int_eq(table_ask(t, "a", TABLE_CONTROL_RUN), 0);
	ck_assert_int_eq(table_asked(t, (unsigned)i), TABLE_CONTROL_CANCEL);
	ck_assert_int_eq(table_ask(t, "b", TABLE_CONTROL_CANCEL), -ENOENT);
	table_publish(t, (unsigned)i, progress("a", 1));
	ck_assert_int_eq(table_ask(t, "a", TABLE_CONTROL_CANCEL), -EALREADY);
	table_close(t);
}
END_TEST

START_TEST(an_owned_row_never_gives_way)
{
	const char *dir = dir_with_table();
	struct table *t = attach(dir), *crawler = attach(dir);
	int64_t old = clock_wall_ms() - 3 * TABLE_RECENT_MS;

	for (unsigned n = 0; n < ROWS; n++)
		ck_assert_int_eq(table_add(t, progress(id_of("live", n), n == 7 || n == 9 ? old + n : 0)), (int)n);
	ck_assert_int_eq(table_claim(crawler, 7), 0);
	ck_assert_int_eq(table_add(t, progress("next", 0)), 9);
	ck_assert_int_eq(table_add(t, progress("last", 0)), -ENOSPC);
	table_release(crawler, 7);
	ck_assert_int_eq(table_add(t, progress("last", 0)), 7);
	table_close(crawler);
	table_close(t);
}
END_TEST

/* -- several at once ------------------------------------------------------------------- */

struct race {
	atomic_uint started, done;
	atomic_int won, taken, full, other;
	char	   dir[96], id[2][ROW_ID_BYTES];
	unsigned   n;			/* parties */
};

struct party {
	struct race  *r;
	struct table *t;
	unsigned      me;
};

static void
race_add(struct race *r, struct table *t, unsigned me)
{
	struct crawl_progress p = { .phase = CRAWL_QUEUED };
	int rc;

	FIELD_SET(p.id, r->id[me]);
	meet(&r->started, r->n);
	rc = table_add(t, &p);
	(void)atomic_fetch_add(rc >= 0 ? &r->won : rc == -EEXIST ? &r->taken : rc == -ENOSPC ? &r->full : &r->other, 1);
}

static int
race_child(void *arg)
{
	struct party *p = arg;
	struct table *t;

	if (table_open(&t, p->r->dir, NULL) < 0)
		return 1;
	race_add(p->r, t, p->me);
	table_close(t);
	return 0;
}

static void *
race_thread(void *arg)
{
	struct party *p = arg;

	race_add(p->r, p->t, p->me);
	return NULL;
}

static void
race_run(struct race *r, struct table *t, bool processes)
{
	struct party p[2] = { { r, t, 0 }, { r, t, 1 } };
	pthread_t thread[2];
	pid_t pid[2];

	atomic_store(&r->started, 0);
	r->won = r->taken = r->full = r->other = 0;
	r->n = 2;
	for (unsigned i = 0; i < 2; i++)
		if (processes)
			pid[i] = child_start(race_child, &p[i]);
		else
			ck_assert_int_eq(pthread_create(&thread[i], NULL, race_thread, &p[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		if (processes)
			ck_assert_int_eq(child_wait(pid[i]), 0);
		else
			pthread_join(thread[i], NULL);
	ck_assert_int_eq(r->other, 0);
}

START_TEST(two_add_one_id)		/* _i: by processes, by threads of one */
{
	struct race *r = shared_zeros(sizeof *r);
	struct table *t;

	(void)snprintf(r->dir, sizeof r->dir, "%s", dir_with_table());
	t = attach(r->dir);
	for (unsigned round = 0; round < ROWS - 1; round++) {
		for (unsigned i = 0; i < 2; i++)
			(void)snprintf(r->id[i], ROW_ID_BYTES, "same-%u", round);
		race_run(r, t, _i == 0);
		ck_assert_int_eq(r->won, 1);
		ck_assert_int_eq(r->taken, 1);
	}
	table_close(t);
}
END_TEST

START_TEST(two_add_in_the_last_row)
{
	struct race *r = shared_zeros(sizeof *r);

	for (unsigned round = 0; round < 8; round++) {
		struct table *t;

		(void)snprintf(r->dir, sizeof r->dir, "%s", dir_with_table());
		t = attach(r->dir);
		for (unsigned n = 0; n < ROWS - 1; n++)
			ck_assert_int_ge(table_add(t, progress(id_of("live", n), 0)), 0);
		for (unsigned i = 0; i < 2; i++)
			(void)snprintf(r->id[i], ROW_ID_BYTES, "rival-%u", i);
		race_run(r, t, _i == 0);
		ck_assert_int_eq(r->won, 1);
		ck_assert_int_eq(r->full, 1);
		ck_assert_int_ne(table_find(t, "rival-0") >= 0, table_find(t, "rival-1") >= 0);
		table_close(t);
	}
}
END_TEST

START_TEST(replaced)
{
	const char *dir = dir_with_table();
	struct table *t = attach(dir), *u;

	ck_assert(table_is_current(t));
	ck_assert_int_ge(table_add(t, progress("old", 0)), 0);
	ck_assert_int_eq(table_create(dir, ROWS, NULL, NULL, NULL), 0);
	ck_assert(!table_is_current(t));
	u = attach(dir);
	ck_assert(table_is_current(u));
	ck_assert_int_eq(table_find(u, "old"), -ENOENT);
	ck_assert_int_ge(table_find(t, "old"), 0);	/* the old mapping stays good */
	table_close(t);
	table_close(u);
}
END_TEST

/* -- consumers --------------------------------------------------------------------------- */

START_TEST(join_and_leave)
{
	const char *dir = dir_with_table();
	struct table *t = attach(dir), *u = attach(dir);

	for (unsigned s = 0; s < TABLE_CONSUMERS; s++)		/* also by one process */
		ck_assert_int_eq(table_join(s % 2 == 0 ? t : u, TABLE_RELAY), (int)s);
	ck_assert_int_eq(table_join(t, TABLE_RELAY), -ENOSPC);
	ck_assert_int_eq(table_join(u, TABLE_RELAY), -ENOSPC);
	ck_assert_int_eq(table_join(t, TABLE_CRAWLER), 0);
	table_leave(t, TABLE_RELAY, 2);
	ck_assert_int_eq(table_join(u, TABLE_RELAY), 2);
	table_close(u);						/* drops what was its own */
	ck_assert_int_eq(table_join(t, TABLE_RELAY), 1);
	table_close(t);
}
END_TEST

static int
join_and_die(void *arg)
{
	struct victim *v = arg;
	struct table *t;

	if (table_open(&t, v->dir, NULL) < 0 || table_join(t, TABLE_RELAY) != 0)
		return 1;
	atomic_store(&v->ready, 1);
	for (;;)
		(void)pause();
	return 0;
}

/* A dead relay's slot is free, its wake-ups harm nobody, its successor starts clean. */
START_TEST(consumer_killed)
{
	const char *dir = dir_with_table();
	struct victim *v = victim_new(dir);
	struct table *t = attach(dir);
	unsigned from = 0;
	uint32_t seen;
	pid_t pid = child_start(join_and_die, v);

	while (atomic_load(&v->ready) == 0)
		(void)sched_yield();
	ck_assert_uint_eq(table_n_alive(t, TABLE_RELAY), 1);
	ck_assert_uint_eq(table_n_alive(t, TABLE_CRAWLER), 0);
	child_kill(pid);
	ck_assert_uint_eq(table_n_alive(t, TABLE_RELAY), 0);
	for (unsigned n = 0; n < ROWS; n++)
		ck_assert_int_ge(table_add(t, progress(id_of("live", n), 0)), 0);
	ck_assert_int_eq(table_join(t, TABLE_RELAY), 0);
	ck_assert_int_eq(table_take_dirty(t, 0, &from), -1);
	seen = wakeup_seen(table_wakeup(t, TABLE_RELAY));
	table_publish(t, 4, progress("live-4", 0));
	ck_assert(wakeup_wait(table_wakeup(t, TABLE_RELAY), &seen, 20000));
	from = 0;
	ck_assert_int_eq(table_take_dirty(t, 0, &from), 4);
	ck_assert_int_eq(table_take_dirty(t, 0, &from), -1);
	table_close(t);
}
END_TEST

START_TEST(dirty_marks)
{
	static const unsigned marks[] = { 0, 1, 62, 63, 64, 65, 127, 128, 199 };
	enum { N = sizeof marks / sizeof marks[0] };
	const char *dir = scratch_dir();
	unsigned from = 0;
	struct table *t;

	ck_assert_int_eq(table_create(dir, 200, NULL, NULL, NULL), 0);
	t = attach(dir);
	ck_assert_int_eq(table_join(t, TABLE_RELAY), 0);
	for (unsigned i = 0; i < N; i++)
		table_mark_dirty(t, 0, marks[i]);
	for (unsigned i = 0; i < N; i++)
		ck_assert_int_eq(table_take_dirty(t, 0, &from), (int)marks[i]);
	ck_assert_int_eq(table_take_dirty(t, 0, &from), -1);
	from = 0;
	ck_assert_int_eq(table_take_dirty(t, 0, &from), -1);
	table_mark_dirty(t, 0, 130);
	from = 131;
	ck_assert_int_eq(table_take_dirty(t, 0, &from), -1);
	from = 130;
	ck_assert_int_eq(table_take_dirty(t, 0, &from), 130);
	table_close(t);
}
END_TEST

/* A reader finds what a writer changed, once, and nothing else; the writer knows nothing of it. */
START_TEST(changes_are_seen)
{
	static const unsigned changed[] = { 0, 62, 63, 64, 65, 127, 128, 199 };
	enum { N = sizeof changed / sizeof changed[0] };
	const char *dir = scratch_dir();
	struct table *t, *reader = NULL;

	ck_assert_int_eq(table_create(dir, 200, NULL, NULL, NULL), 0);
	t = attach(dir);
	for (unsigned i = 0; i < 200; i++)
		ck_assert_int_eq(table_add(t, progress(id_of("id", i), 0)), (int)i);
	ck_assert_int_eq(table_open_reader(&reader, dir, NULL), 0);
	ck_assert_int_eq(table_join(reader, TABLE_RELAY), 0);
	for (unsigned round = 0; round < 3; round++) {
		unsigned from = 0;

		ck_assert_int_eq(table_take_dirty(reader, 0, &from), -1);
		for (unsigned i = 0; i < N * (round + 1); i++)		/* some of them often */
			table_publish(t, changed[i % N], progress(id_of("id", changed[i % N]), 0));
		from = 0;
		for (unsigned i = 0; i < N; i++)
			ck_assert_int_eq(table_take_dirty(reader, 0, &from), (int)changed[i]);
		ck_assert_int_eq(table_take_dirty(reader, 0, &from), -1);
		from = 0;
	}
	table_close(reader);
	table_close(t);
}
END_TEST

/* -- the relays' own file ------------------------------------------------------------------ */

static const char *
counters_path(const char *dir)
{
	static char path[128];

	(void)snprintf(path, sizeof path, "%s/" TABLE_COUNTERS, dir);
	return path;
}

START_TEST(counters_are_told)
{
	const char *dir = dir_with_table();
	struct table *t = attach(dir), *relay = NULL;
	struct relay_counters c;

	memset(&c, 0xff, sizeof c);
	table_counters_read(t, 0, &c);		/* no relay was ever there */
	ck_assert_uint_eq(c.messages, 0);
	ck_assert_int_eq(table_open_reader(&relay, dir, NULL), 0);
	ck_assert_int_eq(table_join(relay, TABLE_RELAY), 0);
	ck_assert_int_eq(table_join(relay, TABLE_RELAY), 1);
	atomic_store(&table_counters(relay, 1)->messages, 7);
	table_counters_read(t, 1, &c);
	ck_assert_uint_eq(c.messages, 7);
	ck_assert_uint_ne(c.since_wall_ms, 0);
	ck_assert(table_is_alive(t, TABLE_RELAY, 1) && !table_is_alive(t, TABLE_RELAY, 2));
	table_close(relay);
	ck_assert(!table_is_alive(t, TABLE_RELAY, 1));
	table_close(t);
}
END_TEST

static void
spoil(const char *path, unsigned how)
{
	unsigned char bytes[TABLE_CONSUMERS * sizeof(struct relay_counters)];
	int fd;

	(void)unlink(path);
	switch (how) {
	case 0:
		ck_assert_int_eq(mkfifo(path, 0644), 0);
		return;
	case 1:
		ck_assert_int_eq(mkdir(path, 0755), 0);
		return;
	case 2:
		ck_assert_int_eq(symlink("/etc/passwd", path), 0);
		return;
	case 3:
		return;				/* gone */
	default:				/* empty, cut short in the middle of a slot, whole; all of it garbage */
		memset(bytes, 0xa5, sizeof bytes);
		ck_assert_int_ge(fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644), 0);
		ck_assert_int_ge(write(fd, bytes, how == 4 ? 0 : how == 5 ? sizeof(struct relay_counters) + 9 : sizeof bytes), 0);
		close(fd);
	}
}

/* Whatever a relay makes of its file, also while others look: they read it, publish, and live. */
START_TEST(counters_spoiled)
{
	const char *dir = dir_with_table();
	struct table *t = attach(dir), *relay = NULL;
	struct relay_counters c;

	ck_assert_int_eq(table_add(t, progress("a", 0)), 0);
	ck_assert_int_eq(table_open_reader(&relay, dir, NULL), 0);
	ck_assert_int_eq(table_join(relay, TABLE_RELAY), 0);
	table_counters_read(t, 0, &c);
	ck_assert_int_eq(truncate(counters_path(dir), 0), 0);
	table_counters_read(t, 0, &c);
	ck_assert_uint_eq(c.since_wall_ms, 0);
	spoil(counters_path(dir), (unsigned)_i);
	for (unsigned s = 0; s < TABLE_CONSUMERS; s++) {
		table_counters_read(t, s, &c);
		ck_assert_uint_eq(c.messages, _i == 6 || (_i == 5 && s == 0) ? 0xa5a5a5a5a5a5a5a5u : 0);
		ck_assert(!table_is_alive(t, TABLE_RELAY, s));
	}
	ck_assert_uint_eq(table_n_alive(t, TABLE_RELAY), 0);
	table_publish(t, 0, progress("a", 0));
	table_signal(t, TABLE_RELAY);
	table_close(relay);
	ck_assert_int_eq(table_open_reader(&relay, dir, NULL), 0);
	ck_assert_int_eq(table_join(relay, TABLE_RELAY) >= 0, _i >= 3);		/* another relay: an error, or all is well again */
	table_close(relay);
	table_close(t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("table");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, add_find_read);
	tcase_add_test(tc, full);
	tcase_add_test(tc, ended_rows_give_way);
	tcase_add_test(tc, publishing_the_end_frees);
	tcase_add_test(tc, asked);
	tcase_add_test(tc, an_owned_row_never_gives_way);
	tcase_add_loop_test(tc, two_add_one_id, 0, 2);
	tcase_add_loop_test(tc, two_add_in_the_last_row, 0, 2);
	tcase_add_test(tc, replaced);
	tcase_add_test(tc, join_and_leave);
	tcase_add_test(tc, consumer_killed);
	tcase_add_test(tc, dirty_marks);
	tcase_add_test(tc, changes_are_seen);
	tcase_add_test(tc, counters_are_told);
	tcase_add_loop_test(tc, counters_spoiled, 0, 7);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
