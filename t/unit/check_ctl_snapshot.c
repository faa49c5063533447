#include "config.h"

#include "ctl/snapshot.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_read)
{
	struct json_object *o = json_tokener_parse(
	    "{\"progressId\":\"x\",\"status\":\"completed\",\"percentage\":100,\"totalPages\":7,"
	    "\"processedPages\":6,\"failedPages\":1,\"pagesPerSecond\":2.5,\"seq\":9,\"eta\":null,\"log\":3}");
	struct snapshot s;

	snapshot_read(&s, o);
	ck_assert_str_eq(s.id, "x");
	ck_assert(s.terminal);
	ck_assert_int_eq(s.total, 7);
	ck_assert_int_eq(s.seq, 9);
	ck_assert_str_eq(s.eta, "");		/* null and wrong types are as if absent */
	ck_assert_str_eq(s.log, "");
	ck_assert_str_eq(s.error, "");
	ck_assert(s.pages_per_second > 2.4 && s.pages_per_second < 2.6);
	json_object_put(o);
	snapshot_read(&s, NULL);
	ck_assert(!s.terminal && s.percentage == 0);
}
END_TEST

static const struct {
	const char *in, *out;
	unsigned long bytes;
} printables[] = {
	{ "abc", "abc", 10 },
	{ "abc", "ab", 3 },
	{ "a\033[31mb\n\tc\x7f", "a [31mb  c ", 40 },
	{ "\xc3\xa9", "\xc3\xa9", 10 },
	{ "a\xc3\xa9", "a", 3 },		/* no half characters */
	{ "a\xc2\x9b" "31m", "a 31m", 20 },	/* CSI as one character */
	{ "a\xc2\xa9", "a\xc2\xa9", 20 },
	{ "", "", 1 },
};

START_TEST(test_printable)
{
	char *out = malloc(printables[_i].bytes);	/* its own, for the sanitizer */

	printable(out, printables[_i].bytes, printables[_i].in);
	ck_assert_str_eq(out, printables[_i].out);
	free(out);
}
END_TEST

START_TEST(test_bytes)
{
	char b[24];

	people_bytes(b, 999);
	ck_assert_str_eq(b, "999 B");
	people_bytes(b, 12345678);
	ck_assert_str_eq(b, "12.3 MB");
	people_bytes(b, INT64_MAX);
	ck_assert(strstr(b, "TB") != NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_snapshot");
	TCase *tc = tcase_create("snapshot");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, test_read);
	tcase_add_loop_test(tc, test_printable, 0, sizeof printables / sizeof printables[0]);
	tcase_add_test(tc, test_bytes);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
