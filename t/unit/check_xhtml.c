#include "config.h"

#include "crawler/xhtml.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *page, *want;	/* NULL: nothing to change */
} pages[] = {
	{ "<title/><p>x</p>", "<title/></title><p>x</p>" },
	{ "<title />", "<title /></title>" },
	{ "<Div ID='a'/>x", "<Div ID='a'/></div>x" },
	{ "<a id=\"x/\"/><b/>", "<a id=\"x/\"/></a><b/></b>" },
	{ "<script src='a'/><script>b<i/></script><i/>", "<script src='a'/></script><script>b<i/></script><i/></i>" },
	{ "<textarea/><p/>", "<textarea/></textarea><p/></p>" },
	{ "<xmp/><custom-element/>", "<xmp/></xmp><custom-element/></custom-element>" },
	{ "<br/><hr /><img src='x'/><meta charset='utf-8'/><link/><input/><col/>", NULL },
	{ "<p>x</p><!-- <p/> --><style>a</style>", NULL },
	{ "<p title='<i/>'>", NULL },
	{ "<i/", NULL },		/* no tag: the page ends within it */
	{ "<an-element-of-so-long-a-name/>", NULL },
	{ "no tags", NULL },
	{ "", NULL },
};

START_TEST(page)
{
	const char *in = pages[_i].page, *want = pages[_i].want;

	for (size_t n = strlen(in);; n--) {	/* each prefix in memory of its own */
		char *part = malloc(n + 1);
		struct text out = { 0 };

		memcpy(part, in, n);
		xhtml_expand(&out, part, n);
		ck_assert(!out.failed);
		if (n == strlen(in))
			ck_assert_msg(want == NULL ? out.len == 0 : out.len > 0 && strcmp(text_str(&out), want) == 0, "%s: %s", in, text_str(&out));
		text_fini(&out);
		free(part);
		if (n == 0)
			break;
	}
}
END_TEST

static const struct {
	const char *type, *page;
	bool	    is;
} kinds[] = {
	{ "application/xhtml+xml", "", true },
	{ "Application/XHTML+xml; charset=utf-8", "<html>", true },
	{ "text/html", "<?xml version='1.0'?><html><title/>", true },
	{ "text/html", "<?xml version='1.0'?><html><title lang='x' />", true },
	{ "text/html", "<?xml version='1.0'?><html><title>a</title><br/>", false },
	{ "text/html", "<?xml version='1.0'?><titles/>", false },
	{ "text/html", "<!doctype html><title/>", false },
	{ "", "", false },
};

START_TEST(kind)
{
	ck_assert_msg(xhtml_is(kinds[_i].type, kinds[_i].page, strlen(kinds[_i].page)) == kinds[_i].is, "%s %s", kinds[_i].type,
	    kinds[_i].page);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("xhtml");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, page, 0, (int)(sizeof pages / sizeof pages[0]));
	tcase_add_loop_test(tc, kind, 0, (int)(sizeof kinds / sizeof kinds[0]));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
