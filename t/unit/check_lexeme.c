#include "config.h"

#include "shared/lexeme.h"

#include <check.h>
#include <stdlib.h>

#include "shared/text.h"

/* Lexemes as "part part=name", humps in braces, "|" between them. */
static char *
show(const char *s, size_t len)
{
	struct text t = { 0 };
	struct lexeme lx;
	size_t at = 0;

	while (lexeme_next((struct slice){ s, len }, &at, &lx)) {
		struct slice hump[LEXEME_PARTS_MAX];
		char name[LEXEME_WHOLE_BYTES];
		size_t n = lexeme_name(&lx, name);

		ck_assert_uint_gt(lx.n_parts, 0);
		ck_assert_uint_le(at, len);
		if (t.len > 0)
			text_putc(&t, '|');
		for (unsigned i = 0; i < lx.n_parts; i++) {
			unsigned n_humps = lexeme_humps(lx.part[i], hump);

			text_printf(&t, "%s%.*s", i > 0 ? " " : "", (int)lx.part[i].len, lx.part[i].p);
			for (unsigned k = 0; k < n_humps; k++)
				text_printf(&t, "%s%.*s%s", k == 0 ? "{" : ",", (int)hump[k].len, hump[k].p, k + 1 == n_humps ? "}" : "");
		}
		if (n > 0)
			text_printf(&t, "=%.*s", (int)n, name);
	}
	(void)text_str(&t);
	return text_take(&t, NULL);
}

static const struct { const char *text, *want; } rows[] = {
	{ "", "" },
	{ " . -- _ ", "" },
	{ "a plain text.", "a|plain|text" },
	{ "set proxy_read_timeout;", "set|proxy read timeout=proxy_read_timeout" },
	{ "asyncio.TaskGroup()", "asyncio TaskGroup{Task,Group}=asyncio.taskgroup" },
	{ "std::vector<int>", "std vector=std::vector|int" },
	{ "p->next", "p next=p->next" },
	{ "use --enable-foo or -Wall", "use|enable foo=--enable-foo|or|Wall=-wall" },
	{ "x - y a--b", "x|y|a|b" },
	{ "obj.__init__ and __init__", "obj init=obj.__init__|and|init=__init__" },
	{ "`object\\_\\_name`", "object name=object__name" },
	{ "read-only. Next", "read only=read-only|Next" },
	{ "v3.11.2, 1,000", "v3 11 2=v3.11.2|1|000" },
	{ "HTTPServer getID XMLHttpRequest", "HTTPServer{HTTP,Server}|getID{get,ID}|XMLHttpRequest{XML,Http,Request}" },
	{ "[the text](http://h/a_b(c).html#x) more", "the|text|more" },
	{ "[a](b\nc", "a|b|c" },
	{ "[a](no end", "a|no|end" },
	{ "](x)y", "y" },
	{ "\u00e4\u00f6-b", "\u00e4\u00f6 b=\u00e4\u00f6-b" },
	{ "a.b.c.d.e.f.g.h.i.j.k.l.m", "a b c d e f g h i j k l=a.b.c.d.e.f.g.h.i.j.k.l|m" },
	{ "x_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
};

START_TEST(row)
{
	size_t len = strlen(rows[_i].text);
	char *got = show(rows[_i].text, len);

	ck_assert_str_eq(got, rows[_i].want);
	free(got);
	for (size_t n = 0; n < len; n++) {		/* every piece, each in its own buffer */
		char *copy = malloc(len - n);

		memcpy(copy, rows[_i].text + n, len - n);
		free(show(copy, len - n));
		free(show(copy, (len - n) / 2));
		free(copy);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lexeme");
	TCase *tc = tcase_create("rows");
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
