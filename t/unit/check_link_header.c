#include "config.h"

#include "crawler/link_header.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *value, *want;
} rows[] = {
	{ "<http://h/a>; rel=canonical", "http://h/a" },
	{ "<http://h/a>; rel=\"canonical\"", "http://h/a" },
	{ " < /a > ; REL = \"Canonical\" ", "/a" },
	{ "<a>;rel=canonical", "a" },
	{ "<a>; rel=\"shortlink canonical\"; type=\"text/html\"", "a" },
	{ "<a>; rel=next, <b>; rel=canonical", "b" },
	{ "<a>; rel=canonical, <b>; rel=canonical", "a" },
	{ "<a,b;c>; rel=canonical", "a,b;c" },
	{ "<a>; title=\"x, <b>; rel=canonical\"; rel=next", "" },
	{ "<a>; title=\"\\\", <b>\"; rel=canonical", "a" },
	{ "<a>; rel=next; rel=canonical", "" },		/* the first rel counts */
	{ "<a>; rel=canonical; anchor=\"/b\"", "" },	/* it is about another page */
	{ "<a>; anchor=#x; rel=canonical, <c>; rel=canonical", "c" },
	{ "<a>; crossorigin; rel=canonical", "a" },
	{ "<a>; rel=canonicals", "" },
	{ "<a>; rel", "" },
	{ "<a>; rel=", "" },
	{ "<a>", "" },
	{ "<a> rel=canonical", "" },
	{ "<a> junk, <b>; rel=canonical", "b" },
	{ "a; rel=canonical", "" },
	{ "<a; rel=canonical", "" },
	{ "<a>; rel=\"canonical", "a" },
	{ "<>; rel=canonical", "" },
	{ ",;,;", "" },
	{ "", "" },
};

START_TEST(row)
{
	struct slice to = link_header_canonical(slice_of(rows[_i].value));

	ck_assert_msg(slice_is(to, rows[_i].want), "%s: %.*s", rows[_i].value, (int)to.len, to.p);
	for (size_t n = 0; n < strlen(rows[_i].value); n++) {	/* each prefix in memory of its own */
		char *part = malloc(n + 1);

		memcpy(part, rows[_i].value, n);
		(void)link_header_canonical((struct slice){ part, n });
		free(part);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("link_header");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, row, 0, (int)(sizeof rows / sizeof rows[0]));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
