#include "config.h"

#include "shared/ring.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "shared/catalogue.h"
#include "shared/clock.h"
#include "shared/table_layout.h"	/* to see what the dead left, and to play them */
#include "table_fixture.h"

static int64_t
put(struct table *t, enum ring_level level, const char *message)
{
	const struct ring_line line = { .level = level, .message = slice_of(message), .logger = SLICE_LIT("test") };

	return ring_append(t, &line, 1);
}

static void
ring_poke(struct table *t, uint64_t last)
{
	atomic_store(&ring_head(t)->last, last);
}

static unsigned
odd_slots(const struct table *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < atomic_load(&ring_head(t)->n_backed); i++)
		n += atomic_load(&ring_slot(t, i)->changecount) & 1;
	return n;
}

START_TEST(empty_then_one)
{
	struct table *t = attach(dir_with_table());
	uint64_t first = ring_first(t);
	int64_t before = clock_wall_ms();
	struct ring_entry e;

	ck_assert_uint_eq(ring_last(t), first - 1);
	ck_assert_int_eq(ring_read(t, first, &e), -EAGAIN);
	ck_assert_int_eq(ring_read(t, first - 1, &e), -ENOENT);
	ck_assert_int_eq(ring_read(t, 0, &e), -ENOENT);
	ck_assert_int_eq(put(t, RING_WARNING, "h\303\251llo"), (int64_t)first);
	ck_assert_uint_eq(ring_last(t), first);
	ck_assert_int_eq(ring_read(t, first, &e), 0);
	ck_assert_uint_eq(e.seq, first);
	ck_assert_uint_eq(e.level, RING_WARNING);
	ck_assert_str_eq(e.logger, "test");
	ck_assert_str_eq(e.message, "h\303\251llo");
	ck_assert_uint_eq(e.message_len, 6);
	ck_assert(e.wall_ms >= before && e.wall_ms <= clock_wall_ms());
	ck_assert_int_eq(ring_read(t, first + 1, &e), -EAGAIN);
	table_close(t);
}
END_TEST

START_TEST(refused)
{
	struct table *t = attach(dir_with_table());
	static struct ring_line lines[RING_VISIBLE + 1];
	uint64_t last = ring_last(t);

	for (unsigned i = 0; i <= RING_VISIBLE; i++)
		lines[i] = (struct ring_line){ .message = SLICE_LIT("x") };
	ck_assert_int_eq(ring_append(t, lines, 0), -EINVAL);
	ck_assert_int_eq(ring_append(t, lines, RING_VISIBLE + 1), -EINVAL);
	lines[1].message.len = 0;
	ck_assert_int_eq(ring_append(t, lines, 2), -EINVAL);
	lines[1].level = RING_N_LEVELS;
	lines[1].message.len = 1;
	ck_assert_int_eq(ring_append(t, lines, 2), -EINVAL);
	ck_assert_uint_eq(ring_last(t), last);
	table_close(t);
}
END_TEST

/* Long texts are cut between characters, never in one. */
START_TEST(cut)
{
	struct table *t = attach(dir_with_table());
	char message[2100], logger[64];
	struct ring_line line = { .level = RING_INFO };
	struct ring_entry e;
	int64_t seq;

	memset(message, 'm', sizeof message);
	memset(logger, 'l', sizeof logger);
	memcpy(message + RING_MESSAGE_BYTES - 2, "\342\202\254", 3);	/* over the end */
	memcpy(logger + RING_LOGGER_BYTES - 2, "\303\251", 2);
	line.message = (struct slice){ message, sizeof message };
	line.logger = (struct slice){ logger, sizeof logger };
	ck_assert_int_gt((seq = ring_append(t, &line, 1)), 0);
	ck_assert_int_eq(ring_read(t, (uint64_t)seq, &e), 0);
	ck_assert_uint_eq(e.message_len, RING_MESSAGE_BYTES - 2);
	ck_assert_mem_eq(e.message, message, RING_MESSAGE_BYTES - 2);
	ck_assert_uint_eq(strlen(e.logger), RING_LOGGER_BYTES - 2);
	line.message.len = RING_MESSAGE_BYTES - 2;			/* as long as it may be, less one */
	line.logger.len = 0;
	ck_assert_int_gt((seq = ring_append(t, &line, 1)), 0);
	ck_assert_int_eq(ring_read(t, (uint64_t)seq, &e), 0);
	ck_assert_uint_eq(e.message_len, RING_MESSAGE_BYTES - 2);
	ck_assert_str_eq(e.logger, "mcp");
	table_close(t);
}
END_TEST

START_TEST(wrap)
{
	enum { N = 3000 };
	struct table *t = attach(dir_with_table());
	uint64_t first = ring_first(t), last;
	struct ring_entry e;
	char text[32];

	for (unsigned i = 0; i < N; i++) {
		(void)snprintf(text, sizeof text, "n=%u", i);
		ck_assert_int_eq(put(t, (enum ring_level)(i % RING_N_LEVELS), text), (int64_t)(first + i));
		ck_assert_uint_eq(ring_first(t), i < RING_VISIBLE ? first : first + i - RING_VISIBLE + 1);
	}
	last = ring_last(t);
	ck_assert_uint_eq(last, first + N - 1);
	ck_assert_int_eq(ring_read(t, last - RING_VISIBLE, &e), -ENOENT);
	for (uint64_t s = ring_first(t); s <= last; s++) {
		ck_assert_int_eq(ring_read(t, s, &e), 0);
		(void)snprintf(text, sizeof text, "n=%llu", (unsigned long long)(s - first));
		ck_assert_str_eq(e.message, text);
		ck_assert_uint_eq(e.level, (s - first) % RING_N_LEVELS);
	}
	table_close(t);
}
END_TEST

START_TEST(many_at_once)		/* over the end of the slots, the signal once */
{
	struct table *t = attach(dir_with_table());
	static struct ring_line lines[RING_VISIBLE];
	struct ring_entry e;
	uint64_t first = ring_first(t);
	int slot = table_join(t, TABLE_RELAY);
	uint32_t signals = wakeup_seen(table_wakeup(t, TABLE_RELAY));

	for (unsigned i = 0; i < RING_VISIBLE; i++)
		lines[i] = (struct ring_line){ .level = RING_DEBUG, .message = SLICE_LIT("x"), .wall_ms = 1000 + i };
	for (unsigned round = 1; round <= 3; round++)
		ck_assert_int_eq(ring_append(t, lines, RING_VISIBLE), (int64_t)(first + round * RING_VISIBLE - 1));
	for (unsigned i = 0; i < RING_VISIBLE; i++) {
		ck_assert_int_eq(ring_read(t, first + 2 * RING_VISIBLE + i, &e), 0);
		ck_assert_int_eq(e.wall_ms, 1000 + i);
	}
	ck_assert_uint_eq(table_take_news(t, (unsigned)slot), TABLE_NEWS_RING);
	ck_assert_uint_eq(table_take_news(t, (unsigned)slot), 0);
	ck_assert_uint_eq(wakeup_seen(table_wakeup(t, TABLE_RELAY)) - signals, 3);
	table_close(t);
}
END_TEST

START_TEST(clear)
{
	struct table *t = attach(dir_with_table());
	struct ring_entry e;
	int64_t seq = 0, cleared;

	for (unsigned i = 0; i < 700 * (unsigned)_i + 5; i++)
		seq = put(t, RING_ERROR, "old");
	ck_assert_int_eq((cleared = ring_clear(t)), seq + 1);
	ck_assert_uint_eq(ring_first(t), (uint64_t)cleared);
	ck_assert_uint_eq(ring_last(t), (uint64_t)cleared);
	ck_assert_uint_eq(ring_floor(t), (uint64_t)cleared);
	ck_assert_int_eq(ring_read(t, (uint64_t)seq, &e), -ENOENT);
	ck_assert_int_eq(ring_read(t, (uint64_t)cleared, &e), 0);
	ck_assert_str_eq(e.message, "Logs cleared");
	ck_assert_uint_eq(e.level, RING_INFO);
	ck_assert_int_eq(put(t, RING_ERROR, "new"), cleared + 1);
	ck_assert_uint_eq(ring_first(t), (uint64_t)cleared);
	for (unsigned i = 0; i < 1100; i++)
		(void)put(t, RING_ERROR, "new");
	ck_assert_uint_eq(ring_first(t), ring_last(t) - RING_VISIBLE + 1);
	table_close(t);
}
END_TEST

/* A new table in the same place goes on above the old one, even of a clock set back. */
START_TEST(numbers_never_restart)
{
	const char *dir = dir_with_table();
	struct table *t = attach(dir), *u;
	uint64_t ahead, clock = (uint64_t)clock_wall_ms() * 1024;

	ck_assert_uint_le(ring_first(t), clock);
	ck_assert_uint_lt(ring_first(t), (uint64_t)1 << 53);	/* JavaScript can count so far */
	ck_assert_uint_ge(ring_first(t) + 60000 * 1024, clock);
	ahead = ring_first(t) + ((uint64_t)1 << 40);		/* as a ring of a clock twelve days ahead */
	ring_poke(t, ahead);
	ck_assert_uint_eq(ring_last(t), ahead);
	ck_assert_int_eq(table_create(dir, ROWS + 5, NULL, NULL, NULL), 0);
	u = attach(dir);
	ck_assert_uint_gt(ring_first(u), ahead);
	ck_assert_uint_lt(ring_first(u), ahead + 2 * RING_SLOTS);
	ck_assert_uint_gt(catalogue_version(u), ahead);
	table_close(t);
	ring_poke(u, UINT64_MAX - 5);				/* garbage is not believed */
	table_close(u);
	ck_assert_int_eq(table_create(dir, ROWS, NULL, NULL, NULL), 0);
	u = attach(dir);
	ck_assert_uint_gt(ring_first(u), ahead);		/* the catalogue's still is */
	ck_assert_uint_lt(ring_first(u), ahead + 4 * RING_SLOTS);
	table_close(u);
}
END_TEST

/* -- processes and threads ----------------------------------------------------------- */

enum { PRODUCERS = 4, EACH = 2000 };

struct producers {
	char	    dir[96];
	atomic_uint started;
	unsigned    n;
	struct table *t;		/* of threads */
	atomic_uint next;
};

static int
produce(struct producers *p, struct table *t, unsigned me)
{
	char text[64];
	int64_t last = 0;

	meet(&p->started, PRODUCERS);
	for (unsigned i = 0; i < EACH; i++) {
		int64_t seq;

		(void)snprintf(text, sizeof text, "%u %u", me, i);
		if ((seq = put(t, RING_INFO, text)) <= last)
			return 1;
		last = seq;
	}
	return 0;
}

static int
producer_child(void *arg)
{
	struct producers *p = arg;
	struct table *t;
	int rc;

	if (table_open(&t, p->dir, NULL) < 0)
		return 2;
	rc = produce(p, t, atomic_fetch_add(&p->next, 1));
	table_close(t);
	return rc;
}

static void *
producer_thread(void *arg)
{
	struct producers *p = arg;

	return produce(p, p->t, atomic_fetch_add(&p->next, 1)) == 0 ? NULL : p;
}

/* What each producer wrote comes out in its order, each entry once, while all write. */
START_TEST(several_producers)
{
	struct producers *p = shared_zeros(sizeof *p);
	struct table *t;
	unsigned next[PRODUCERS] = { 0 }, seen = 0, gone = 0;
	pthread_t thread[PRODUCERS];
	pid_t pid[PRODUCERS];
	uint64_t first, cursor;
	struct ring_entry e;

	(void)snprintf(p->dir, sizeof p->dir, "%s", dir_with_table());
	p->t = t = attach(p->dir);
	first = cursor = ring_first(t);
	for (unsigned i = 0; i < PRODUCERS; i++)
		if (_i == 0)
			pid[i] = child_start(producer_child, p);
		else
			ck_assert_int_eq(pthread_create(&thread[i], NULL, producer_thread, p), 0);
	while (cursor < first + PRODUCERS * EACH) {
		unsigned who, what;
		int rc = ring_read(t, cursor, &e);

		if (rc == -EAGAIN) {
			(void)sched_yield();
			continue;
		}
		if (rc == -ENOENT) {
			uint64_t to = ring_first(t);

			ck_assert_uint_gt(to, cursor);		/* gone means overtaken */
			gone += (unsigned)(to - cursor);
			cursor = to;
			continue;
		}
		ck_assert_int_eq(rc, 0);
		ck_assert_int_eq(sscanf(e.message, "%u %u", &who, &what), 2);
		ck_assert_uint_lt(who, PRODUCERS);
		ck_assert_uint_ge(what, next[who]);
		next[who] = what + 1;
		seen++;
		cursor++;
	}
	for (unsigned i = 0; i < PRODUCERS; i++)
		if (_i == 0) {
			ck_assert_int_eq(child_wait(pid[i]), 0);
		} else {
			void *rc;

			ck_assert_int_eq(pthread_join(thread[i], &rc), 0);
			ck_assert_ptr_null(rc);
		}
	ck_assert_uint_eq(seen + gone, PRODUCERS * EACH);
	ck_assert_int_eq(ring_read(t, cursor, &e), -EAGAIN);
	table_close(t);
}
END_TEST

static int
append_for_ever(void *arg)
{
	struct victim *v = arg;
	struct table *t;
	char text[1500];

	if (table_open(&t, v->dir, NULL) < 0)
		return 1;
	memset(text, 'a', sizeof text);
	for (unsigned n = 0; n < UINT32_MAX; n++) {
		const struct ring_line line = { .message = { text, sizeof text } };

		memset(text, 'a' + (int)(n % 26), sizeof text);
		if (ring_append(t, &line, 1) < 0)
			return 2;
		atomic_store(&v->ready, 1);
	}
	return 0;
}

/* Killed at whatever instruction: no entry is torn, none of those shown is lost, the next producer goes on. */
START_TEST(producer_killed_in_mid_append)
{
	const char *dir = dir_with_table();
	struct victim *v = victim_new(dir);
	struct table *t = attach(dir);
	unsigned torn = 0, strangers = 0;

	for (unsigned round = 0; round < 400 && torn < 5; round++) {
		pid_t pid = child_start(append_for_ever, v);
		uint64_t last;
		struct ring_entry e;

		while (atomic_load(&v->ready) == 0)
			(void)sched_yield();
		child_kill(pid);
		atomic_store(&v->ready, 0);
		torn += odd_slots(t);
		last = ring_last(t);
		for (uint64_t s = ring_first(t); s <= last; s++) {
			ck_assert_int_eq(ring_read(t, s, &e), 0);
			for (unsigned i = 1; i < e.message_len; i++)
				strangers += e.message[i] != e.message[0];
		}
		ck_assert_int_eq(put(t, RING_INFO, "z"), (int64_t)last + 1);
		ck_assert_int_eq(ring_read(t, last + 1, &e), 0);
		ck_assert_str_eq(e.message, "z");
		ck_assert_uint_eq(odd_slots(t), 0);		/* overwritten */
	}
	ck_assert_uint_eq(strangers, 0);
	ck_assert_msg(torn > 0, "no kill met an open window: nothing was shown");
	table_close(t);
}
END_TEST

static int
stop_with_the_lock(void *arg)
{
	struct victim *v = arg;
	struct table *t;

	if (table_open(&t, v->dir, NULL) < 0 || table_enter(t, &t->ring_lock, LOCK_RING) < 0 ||
	    table_enter(t, &t->add_lock, LOCK_ADD) < 0)
		return 1;
	atomic_store(&v->ready, 1);
	for (;;)
		(void)pause();
	return 0;
}

/* A producer that hangs with the lock, or who gives rows away, makes others late, not hang; killed, it is in nobody's way. */
START_TEST(producer_hangs)
{
	const char *dir = dir_with_table();
	struct victim *v = victim_new(dir);
	struct table *t = attach(dir);
	pid_t pid = child_start(stop_with_the_lock, v);

	while (atomic_load(&v->ready) == 0)
		(void)sched_yield();
	ck_assert_int_eq(put(t, RING_INFO, "x"), -EBUSY);
	ck_assert_int_eq(table_add(t, &(struct crawl_progress){ .id = "x" }), -EBUSY);
	ck_assert_int_eq(table_ask(t, "x", TABLE_CONTROL_CANCEL), -EBUSY);
	child_kill(pid);
	ck_assert_int_gt(put(t, RING_INFO, "x"), 0);
	table_close(t);
}
END_TEST

START_TEST(no_room)
{
	const char *dir = scratch_dir();
	struct table *t = NULL;
	struct ring_entry e;
	int64_t seq = 0, last = 0;

	if (!small_disk(dir, 400))
		return;
	ck_assert_int_eq(table_create(dir, ROWS, NULL, NULL, NULL), 0);
	ck_assert_int_eq(table_open(&t, dir, NULL), 0);
	for (unsigned i = 0; i < RING_SLOTS && seq >= 0; i++)
		if ((seq = put(t, RING_INFO, "x")) > 0)
			last = seq;
	ck_assert_int_eq(seq, -ENOSPC);
	ck_assert_int_gt(last, 0);
	ck_assert_uint_eq(ring_last(t), (uint64_t)last);
	for (uint64_t s = ring_first(t); s <= (uint64_t)last; s++)
		ck_assert_int_eq(ring_read(t, s, &e), 0);
	table_close(t);
}
END_TEST

/* -- levels ---------------------------------------------------------------------------- */

static const struct { const char *word; int level; } levels[] = {
	{ "DEBUG", RING_DEBUG }, { "info", RING_INFO }, { "Warning", RING_WARNING }, { "WARN", RING_WARNING },
	{ "ERROR", RING_ERROR }, { "err", RING_ERROR }, { "CRITICAL", RING_CRITICAL }, { "fatal", RING_CRITICAL },
	{ "", -1 }, { "INF", -1 }, { "INFOS", -1 }, { "5", -1 },
};

START_TEST(level_words)
{
	enum ring_level level = RING_N_LEVELS;
	bool known = ring_level_parse(slice_of(levels[_i].word), &level);

	ck_assert_msg(known == (levels[_i].level >= 0), "%s", levels[_i].word);
	ck_assert_int_eq((int)level, known ? levels[_i].level : (int)RING_N_LEVELS);
	if (known)
		ck_assert_str_ne(ring_level_word(level), "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ring");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, empty_then_one);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, cut);
	tcase_add_test(tc, wrap);
	tcase_add_test(tc, many_at_once);
	tcase_add_loop_test(tc, clear, 0, 3);
	tcase_add_test(tc, numbers_never_restart);
	tcase_add_loop_test(tc, several_producers, 0, 2);
	tcase_add_test(tc, producer_killed_in_mid_append);
	tcase_add_test(tc, producer_hangs);
	tcase_add_test(tc, no_room);
	tcase_add_loop_test(tc, level_words, 0, sizeof levels / sizeof levels[0]);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
