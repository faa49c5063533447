/* What is shown of a page that was found: a line of text with marks. */
#include "config.h"

#include "shared/store.h"

#include <check.h>
#include <stdio.h>

#include "search_fixture.h"

START_TEST(snippets_mark_what_tells_and_show_no_quoting)
{
	struct store *st = store_new();
	struct got got;
	char url[8];

	begin_source(st, "s");
	for (int i = 0; i < 20; i++) {
		(void)snprintf(url, sizeof url, "p%d", i);
		PUT(st, url, "Gnus", "When they graze.");
	}
	PUT(st, "z", "Zebras", "> ```\n> a -> b, when\n> ```\n> > zebra when");
	ck_assert_str_eq(found(st, (struct search){ .query = "when zebra", .limit = 1 }, &got), "z");
	ck_assert_str_eq(got.snippet, "a -> b, when \1zebra\2 when");
	ck_assert_str_eq(found(st, (struct search){ .query = "when", .limit = 1 }, &got), "z");
	ck_assert_str_eq(got.snippet, "a -> b, \1when\2 zebra \1when\2");
	store_close(st);
}
END_TEST

static const struct { const char *body, *snippet; } shown[] = {
	{ "a *zebra* of **all** \\* [and `x`](http://h.test/a_(b)) [] a[1] = b", "a \1zebra\2 of all * and x [] a[1] = b" },
	{ "`int *zebra, a[2];` and | is kept", "int *\1zebra\2, a[2]; and | is kept" },
	{ "## A zebra #1\n\nC# and more", "A \1zebra\2 #1 C# and more" },
	{ "```zebra\n#include <a.h>\na || b ** c[\\n]\n```\n\n*more*", "#include <a.h> a || b ** c[\\n] more" },
	{ "> ```pycon\n> >>> zebra[0]\n> ```", ">>> \1zebra\2[0] " },
	{ "| A | B |\n| --- | :-: |\n| a<br>zebra | b \\| c |\n", "A B a \1zebra\2 b | c " },
	{ "```rst\nzebra\n~~~~~\n``` a*b*c\n```\n\n*d*", "\1zebra\2 ~~~~~ ``` a*b*c d" },
	{ "````\nzebra\n```\na*b*c\n````  \n*d*", "\1zebra\2 ``` a*b*c d" },
	{ "| A |\n| zebra |\n|---|", "A \1zebra\2 " },
	{ "![a zebra](p.png) [broken zebra](", "a \1zebra\2 [broken \1zebra\2](" },
	{ "` zebra\n\n*new*", "\1zebra\2 new" },
};

START_TEST(snippets_are_text_and_code_is_code)
{
	const struct chunk c = { .headings = SLICE_LIT("T"), .body = slice_of(shown[_i].body) };
	struct store *st = store_new();
	struct got got;

	begin_source(st, "s");
	put(st, "s", "p", "T", "en", &c, 1);
	ck_assert_str_eq(found(st, (struct search){ .query = "zebra" }, &got), "p");
	ck_assert_str_eq(got.snippet, shown[_i].snippet);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("snippet");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, snippets_mark_what_tells_and_show_no_quoting);
	tcase_add_loop_test(tc, snippets_are_text_and_code_is_code, 0, (int)(sizeof shown / sizeof shown[0]));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
