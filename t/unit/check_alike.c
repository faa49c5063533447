/* Which words may stand for each other, and which are forms of one. */
#include "config.h"

#include "shared/alike.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "shared/text.h"

static const struct { const char *word, *want; } rows[] = {
	{ "", "" },
	{ "d", "" },
	{ "zebra", "" },
	{ "folder", "directory" },
	{ "Folders", "directory" },
	{ "directory", "dir folder" },
	{ "directories", "dir folder" },
	{ "dir", "directory" },
	{ "wrote", "write written" },
	{ "undoing", "revert rollback" },
	{ "stopping", "abort cancel interrupt" },	/* no more than ALIKE_MAX, the first of the table */
};

START_TEST(words)
{
	struct slice out[ALIKE_MAX];
	struct text t = { 0 };
	unsigned n = alike_words(slice_of(rows[_i].word), out);

	ck_assert_uint_le(n, ALIKE_MAX);
	for (unsigned i = 0; i < n; i++)
		text_printf(&t, "%s%.*s", i > 0 ? " " : "", (int)out[i].len, out[i].p);
	ck_assert_str_eq(n > 0 ? text_str(&t) : "", rows[_i].want);
	text_fini(&t);
}
END_TEST

static const struct { const char *a, *b; bool same; } forms[] = {
	{ "delete", "Deleted", true }, { "delete", "deleting", true }, { "delete", "deletion", true },
	{ "copy", "copies", true }, { "copied", "copies", true }, { "stop", "stopped", true }, { "log", "logs", true },
	{ "in", "in", true }, { "", "", true },
	{ "in", "ins", false }, { "plan", "plane", false }, { "fin", "find", false }, { "part", "party", false },
	{ "copy", "cop", false }, { "delete", "select", false }, { "log", "logical", false }, { "", "s", false },
};

START_TEST(form)
{
	struct slice a = slice_of(forms[_i].a), b = slice_of(forms[_i].b);

	ck_assert_msg(alike_is_form(a, b) == forms[_i].same, "%s, %s", forms[_i].a, forms[_i].b);
	ck_assert_msg(alike_is_form(b, a) == forms[_i].same, "%s, %s", forms[_i].b, forms[_i].a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("alike");
	TCase *tc = tcase_create("rows");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, words, 0, (int)(sizeof rows / sizeof rows[0]));
	tcase_add_loop_test(tc, form, 0, (int)(sizeof forms / sizeof forms[0]));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
