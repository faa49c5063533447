#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/fcgi_peek.h"

#include "fcgi_client.h"

/* Every prefix in a malloc of its own, so that a read past its end is seen. */
static int
peek(const char *p, size_t len, struct fcgi_shape *shape)
{
	char *copy = malloc(len > 0 ? len : 1);
	int rc;

	memcpy(copy, p, len);
	rc = fcgi_peek(copy, len, shape);
	free(copy);
	return rc;
}

START_TEST(prefixes)
{
	struct text t = { 0 };
	struct fcgi_shape shape;
	size_t stdin_at;

	fc_request(&t, "POST", "/echo", NULL, "{\"a\":1}", 7, true);
	stdin_at = t.len - 8 - 8 - 8;		/* end record, content and padding, header */
	for (size_t n = 0; n < t.len; n++) {
		ck_assert_int_eq(peek(t.p, n, &shape), 0);
		ck_assert_uint_eq(shape.request_bytes, 0);
		ck_assert_msg(shape.params_whole == (n >= stdin_at), "at %zu", n);
	}
	ck_assert_int_eq(peek(t.p, t.len, &shape), 0);
	ck_assert_uint_eq(shape.request_bytes, t.len);
	text_puts(&t, "next");
	ck_assert_int_eq(peek(t.p, t.len, &shape), 0);
	ck_assert_uint_eq(shape.request_bytes, t.len - 4);
	text_fini(&t);
}
END_TEST

START_TEST(pairs_across_records)
{
	static const uint8_t begin[8] = { 0, 1 };
	struct text pairs = { 0 }, t = { 0 };
	struct fcgi_shape shape;
	char name[200];

	memset(name, 'N', sizeof name);
	name[sizeof name - 1] = '\0';
	fc_pair(&pairs, name, "short");
	fc_pair(&pairs, "", "");
	fc_pair(&pairs, "a", name);
	for (size_t step = 1; step < 9; step++) {
		text_clear(&t);
		fc_record(&t, 1, 7, begin, 8, 0);
		for (size_t at = 0; at < pairs.len; at += step)
			fc_record(&t, 4, 7, pairs.p + at, step < pairs.len - at ? step : pairs.len - at, 3);
		fc_record(&t, 4, 7, NULL, 0, 0);
		fc_record(&t, 5, 7, NULL, 0, 0);
		ck_assert_int_eq(peek(t.p, t.len, &shape), 0);
		ck_assert_uint_eq(shape.request_bytes, t.len);
	}
	text_fini(&pairs);
	text_fini(&t);
}
END_TEST

#define BEGIN "\1\1\0\1\0\10\0\0" "\0\1\0\0\0\0\0\0"
#define BYTES(s) "" s, sizeof(s) - 1

static const struct { const char *name, *p; size_t len; } refused[] = {
	{ "http", BYTES("G") },
	{ "version 2", BYTES("\2\1\0\1\0\10\0\0") },
	{ "params first", BYTES("\1\4\0\1\0\0\0\0") },
	{ "id 0", BYTES("\1\1\0\0\0\10\0\0") },
	{ "begin of 9 bytes", BYTES("\1\1\0\1\0\11\0\0") },
	{ "padded begin", BYTES("\1\1\0\1\0\10\1\0") },
	{ "authorizer", BYTES("\1\1\0\1\0\10\0\0" "\0\2\0\0\0\0\0\0") },
	{ "get values", BYTES("\1\11\0\0\0\17\0\0" "\17\0FCGI_MAX_CONNS") },
	{ "get values later", BYTES(BEGIN "\1\11\0\0\0\0\0\0") },
	{ "abort", BYTES(BEGIN "\1\2\0\1\0\0\0\0") },
	{ "second begin", BYTES(BEGIN BEGIN) },
	{ "other id", BYTES(BEGIN "\1\4\0\2\0\0\0\0") },
	{ "stdin before params", BYTES(BEGIN "\1\5\0\1\0\0\0\0") },
	{ "padded end of params", BYTES(BEGIN "\1\4\0\1\0\0\10\0") },
	{ "INT_MAX name", BYTES(BEGIN "\1\4\0\1\0\10\0\0" "\377\377\377\377\377\377\377\377") },
	{ "INT_MAX - 1", BYTES(BEGIN "\1\4\0\1\0\10\0\0" "\377\377\377\376\377\377\377\376") },
	{ "64 KiB value", BYTES(BEGIN "\1\4\0\1\0\5\0\0" "\1\200\1\0\0") },
	{ "params end in a pair", BYTES(BEGIN "\1\4\0\1\0\3\0\0" "\1\1a" "\1\4\0\1\0\0\0\0") },
	{ "params end in a length", BYTES(BEGIN "\1\4\0\1\0\1\0\0" "\1" "\1\4\0\1\0\0\0\0") },
};

START_TEST(refuses)
{
	struct fcgi_shape shape;

	ck_assert_msg(peek(refused[_i].p, refused[_i].len, &shape) == -EPROTO, "%s", refused[_i].name);
	for (size_t n = 0; n < refused[_i].len; n++)
		(void)peek(refused[_i].p, n, &shape);	/* for ASan */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fcgi_peek");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, prefixes);
	tcase_add_test(tc, pairs_across_records);
	tcase_add_loop_test(tc, refuses, 0, sizeof refused / sizeof refused[0]);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
