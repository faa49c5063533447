#include "config.h"

#include "shared/revoked.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "table_fixture.h"

static struct table *
attach_reader(const char *dir)
{
	struct table *t = NULL;
	struct err e = { "" };

	ck_assert_msg(table_open_reader(&t, dir, &e) == 0, "%s", e.text);
	return t;
}

static uint64_t
key_of(const char *name)
{
	return revoked_key(slice_of(name));
}

START_TEST(told_in_turn)
{
	const char *dir = dir_with_table();
	struct table *t = attach(dir), *reader = attach_reader(dir);
	uint64_t seen = revoked_count(reader), key[REVOKED_SLOTS];
	int slot = table_join(reader, TABLE_RELAY);

	ck_assert_int_ge(slot, 0);
	ck_assert_uint_eq(seen, 0);
	ck_assert_int_eq(revoked_since(reader, &seen, key), 0);
	ck_assert_uint_eq(table_take_news(reader, (unsigned)slot), 0);
	ck_assert_int_eq(revoked_tell(t, "laptop"), 0);
	ck_assert_int_eq(revoked_tell(t, "ci"), 0);
	ck_assert_uint_eq(table_take_news(reader, (unsigned)slot), TABLE_NEWS_REVOKED);
	ck_assert_uint_eq(table_take_news(reader, (unsigned)slot), 0);
	ck_assert_int_eq(revoked_since(reader, &seen, key), 2);
	ck_assert_uint_eq(key[0], key_of("laptop"));
	ck_assert_uint_eq(key[1], key_of("ci"));
	ck_assert_uint_ne(key[0], key[1]);
	ck_assert_int_eq(revoked_since(reader, &seen, key), 0);
	ck_assert_int_eq(revoked_tell(t, "laptop"), 0);
	ck_assert_int_eq(revoked_since(reader, &seen, key), 1);
	ck_assert_uint_eq(key[0], key_of("laptop"));
	table_close(reader);
	table_close(t);
}
END_TEST

/* All that can be told at once is told; one more, and the reader hears that it came too late. */
START_TEST(told_too_many)
{
	struct table *t = attach(dir_with_table());
	uint64_t seen = 0, key[REVOKED_SLOTS];
	char name[16];

	for (int round = 0; round < 3; round++) {
		for (int i = 1; i < REVOKED_SLOTS; i++) {
			(void)snprintf(name, sizeof name, "t%d", i);
			ck_assert_int_eq(revoked_tell(t, name), 0);
		}
		ck_assert_int_eq(revoked_since(t, &seen, key), REVOKED_SLOTS - 1);
		for (int i = 1; i < REVOKED_SLOTS; i++) {
			(void)snprintf(name, sizeof name, "t%d", i);
			ck_assert_uint_eq(key[i - 1], key_of(name));
		}
	}
	for (int i = 0; i < REVOKED_SLOTS; i++)
		ck_assert_int_eq(revoked_tell(t, "x"), 0);
	ck_assert_int_eq(revoked_since(t, &seen, key), -EOVERFLOW);
	ck_assert_int_eq(revoked_since(t, &seen, key), 0);	/* once */
	seen += 5;						/* a count that went back */
	ck_assert_int_eq(revoked_since(t, &seen, key), -EOVERFLOW);
	table_close(t);
}
END_TEST

enum { TELLERS = 4, EACH = 2000 };

static void *
tell_many(void *arg)
{
	for (int i = 0; i < EACH; i++)
		ck_assert_int_eq(revoked_tell(arg, "one"), 0);
	return NULL;
}

/* Threads of two mappings: none is lost, and a reader beside them never sees a key that nobody told. */
START_TEST(told_by_many)
{
	const char *dir = dir_with_table();
	struct table *t[2] = { attach(dir), attach(dir) }, *reader = attach_reader(dir);
	uint64_t seen = 0, key[REVOKED_SLOTS];
	pthread_t teller[TELLERS];

	for (int i = 0; i < TELLERS; i++)
		ck_assert_int_eq(pthread_create(&teller[i], NULL, tell_many, t[i % 2]), 0);
	while (seen < TELLERS * EACH) {
		int n = revoked_since(reader, &seen, key);

		for (int i = 0; i < n; i++)
			ck_assert_uint_eq(key[i], key_of("one"));
	}
	for (int i = 0; i < TELLERS; i++)
		ck_assert_int_eq(pthread_join(teller[i], NULL), 0);
	ck_assert_uint_eq(revoked_count(reader), TELLERS * EACH);
	table_close(reader);
	table_close(t[0]);
	table_close(t[1]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("revoked");
	TCase *tc = tcase_create("revoked");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, told_in_turn);
	tcase_add_test(tc, told_too_many);
	tcase_add_test(tc, told_by_many);
	tcase_set_timeout(tc, 30);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
