#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/chunk.h"
#include "shared/text.h"

/* Chunks as "[headings]body" or "[headings=term;term]body", examples as "{language|code|before|after|heading}". */
static char *
show(const char *md, size_t len, const char *title, unsigned size)
{
	struct chunks c = { 0 };
	struct text t = { 0 };

	ck_assert_int_eq(chunk_markdown(&c, md, len, title, size, true), 0);
	for (unsigned i = 0; i < c.n_chunks; i++) {
		const struct chunk *k = &c.chunk[i];

		text_printf(&t, "[%.*s%s", (int)k->headings.len, k->headings.p, k->terms.len > 0 ? "=" : "");
		for (size_t x = 0; x < k->terms.len; x++)
			text_putc(&t, k->terms.p[x] == '\n' ? ';' : k->terms.p[x]);
		text_printf(&t, "]%.*s", (int)k->body.len, k->body.p);
	}
	for (unsigned i = 0; i < c.n_examples; i++) {
		const struct code_example *e = &c.example[i];

		text_printf(&t, "{%.*s|%.*s|%.*s|%.*s|%.*s}", (int)e->language.len, e->language.p, (int)e->code.len, e->code.p,
		    (int)e->before.len, e->before.p, (int)e->after.len, e->after.p, (int)e->heading.len, e->heading.p);
	}
	chunks_fini(&c);
	(void)text_str(&t);
	return text_take(&t, NULL);
}

static const struct {
	const char *name, *md, *title;
	unsigned    size;
	const char *want;
} rows[] = {
	{ "nothing", "", "T", 100, "" },
	{ "blank", "\n \n", NULL, 100, "" },
	{ "one", "a\n\nb\n", "T", 100, "[T]a\n\nb" },
	{ "path", "# A\n\n## B *c* `d`\n\nx\n\n## E\n\ny\n", "T", 100, "[T > A > B c d]# A\n\n## B *c* `d`\n\nx[T > A > E]## E\n\ny" },
	{ "equal neighbours", "# T\n\nx\n\n## T\n\ny\n", "T", 20, "[T]# T\n\nx[T]## T\n\ny" },
	{ "levels close", "# A\nx\n### B\ny\n## C\nz\n", "", 20, "[A]# A\nx[A > B]### B\ny[A > C]## C\nz" },
	{ "paragraphs", "aaaa\n\nbbbb\n\ncccc\n", "", 11, "[]aaaa\n\nbbbb[]cccc" },
	{ "lines", "aaaa\nbbbb\ncccc\n", "", 10, "[]aaaa\nbbbb[]cccc" },
	{ "sentence", "Aaa bbb. Ccc ddd\n", "", 12, "[]Aaa bbb.[]Ccc ddd" },
	{ "word", "aaaa bbbb cccc\n", "", 11, "[]aaaa bbbb[]cccc" },
	{ "no place to cut", "\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\n", "", 4, "[]\u00e4\u00f6\u00fc\u00e4[]\u00f6\u00fc" },
	{ "fence whole", "aaaa\n\n```c\nb\n\nc\n```\n\ndd\n", "T", 16, "[T]aaaa[T]```c\nb\n\nc\n```[T]dd{c|b\n\nc|aaaa|dd|T}" },
	{ "fence too long", "```\naaaa\nbbbb\ncccc\n```\n", "", 10, "[]```\naaaa[]bbbb\ncccc[]```{|aaaa\nbbbb\ncccc|||}" },
	{ "heading in a fence", "```\n# no\n```\n", "", 99, "[]```\n# no\n```{|# no|||}" },
	{ "no lone heading", "# Hhhh\n\naaaaaaaaaa\n", "", 12, "[Hhhh]aaaaaaaaaa" },
	{ "fence in a list", "- a:\n\n  ```sh\n  ls\n    -l\n  ```\n", "", 99, "[]- a:\n\n  ```sh\n  ls\n    -l\n  ```{sh|ls\n  -l|- a:||}" },
	{ "fence in a quote", "> ~~~\n> a\n>\n> b\n> ~~~\n", "", 99, "[]> ~~~\n> a\n>\n> b\n> ~~~{|a\n\nb|||}" },
	{ "longer fence", "````\n```\n````\n", "", 99, "[]````\n```\n````{|```|||}" },
	{ "fence not closed", "```py\na\n", "", 99, "[]```py\na{py|a|||}" },
	{ "context ends at headings", "a\n\n# B\n\n```\nc\n```\n\n# D\n\ne\n", "", 99, "[]a[B]# B\n\n```\nc\n```[D]# D\n\ne{|c|||B}" },
	{ "setext", "A\n=\n\nx\n\nB\n---\ny\n", "", 20, "[A]A\n=\n\nx[A > B]B\n---\ny" },
	{ "headings in lists", "- # A\n\n  x\n- y\n\n  ## B\n\n  z\n\n1. - ### C\n", "T", 99,
	  "[T > A]- # A\n\n  x\n- y[T > A > B]  ## B\n\n  z[T > A > B > C]1. - ### C" },
	{ "definitions", "# A\n\n`f(x)`\n: does f\n\n  more\n\n  `g`\n  : within\n\n`h`\n`i`\n: does h\n\nafter\n", "T", 30,
	  "[T > A > f(x)=f(x)]# A\n\n`f(x)`\n: does f\n\n  more[T > A > f(x) > g=g]  `g`\n  : within[T > A > h=h]`h`\n`i`\n: does h[T > A]after" },
	{ "definitions of one chunk", "# A\n\n`f`\n: does f\n\n`g`\n: does g\n", "T", 300, "[T > A=f;g]# A\n\n`f`\n: does f\n\n`g`\n: does g" },
	{ "a long definition", "`f`\n: aaaaaa bbbbbb\n\n  cccccc dddddd\n", "T", 25, "[T > f=f]`f`\n: aaaaaa bbbbbb[T > f=f]  cccccc dddddd" },
	{ "no terms", "a:\n: b\n\n: c\nd\n: e\n", "T", 99, "[T]a:\n: b\n\n: c\nd\n: e" },
	{ "small neighbours", "# A\n\na\n\n## B\n\nb\n\n## C\n\nc\n\n# D\n\nd\n", "T", 120,
	  "[T > A]# A\n\na\n\n## B\n\nb\n\n## C\n\nc[T > D]# D\n\nd" },
	{ "no names at all", "`a`\n: b\n\nc\n", NULL, 200, "[=a]`a`\n: b\n\nc" },
	{ "no names at first", "b\n\n#\n\nc\n", NULL, 200, "[]b[]#\n\nc" },
	{ "nothing in common", "# A\n\na\n\n# B\n\nb\n", NULL, 200, "[A]# A\n\na[B]# B\n\nb" },
	{ "link in a heading", "# [a](http://h/b) \\*c\nx", "", 99, "[a *c]# [a](http://h/b) \\*c\nx" },
};

START_TEST(row)
{
	size_t len = strlen(rows[_i].md);
	char *got = show(rows[_i].md, len, rows[_i].title, rows[_i].size);

	ck_assert_msg(strcmp(got, rows[_i].want) == 0, "%s: got\n%s\nwant\n%s", rows[_i].name, got, rows[_i].want);
	free(got);
	for (size_t n = 0; n < len; n++) {		/* every prefix, each in its own buffer */
		char *copy = malloc(n > 0 ? n : 1);

		memcpy(copy, rows[_i].md, n);
		free(show(copy, n, rows[_i].title, rows[_i].size));
		free(copy);
	}
}
END_TEST

START_TEST(context_is_short)
{
	struct chunks c = { 0 };
	struct text t = { 0 };

	for (unsigned i = 0; i < 200; i++)
		text_printf(&t, "%03u ", i);
	text_puts(&t, "\n\n```\nx\n```\n\n");
	for (unsigned i = 0; i < 200; i++)
		text_printf(&t, "%03u ", i);
	ck_assert_int_eq(chunk_markdown(&c, t.p, t.len, NULL, 5000, true), 0);
	ck_assert_uint_eq(c.n_examples, 1);
	ck_assert_uint_eq(c.example[0].before.len, 300);
	ck_assert_uint_eq(c.example[0].after.len, 300);
	ck_assert(memcmp(c.example[0].before.p + 297, "199", 3) == 0);
	ck_assert(memcmp(c.example[0].after.p, "000", 3) == 0);
	chunks_fini(&c);
	ck_assert_int_eq(chunk_markdown(&c, t.p, t.len, NULL, 5000, false), 0);
	ck_assert_uint_eq(c.n_examples, 0);
	chunks_fini(&c);
	text_fini(&t);
}
END_TEST

START_TEST(much)				/* 10 MB in one line, and as many headings as fit */
{
	struct chunks c = { 0 };
	struct text t = { 0 };

	for (unsigned i = 0; i < 1000000; i++)
		text_puts(&t, "word word ");
	ck_assert_int_eq(chunk_markdown(&c, t.p, t.len, NULL, 1000, true), 0);
	ck_assert_uint_ge(c.n_chunks, 10000);
	chunks_fini(&c);
	text_clear(&t);
	for (unsigned i = 0; i < 500000; i++)
		text_puts(&t, "# a\nb\n");
	ck_assert_int_eq(chunk_markdown(&c, t.p, t.len, "title", 1000, true), 0);
	ck_assert_uint_ge(c.n_chunks, 15000);	/* small neighbours of one name: 200 characters each */
	chunks_fini(&c);
	text_fini(&t);
}
END_TEST

START_TEST(words)
{
	const char *md = "# A b\n\nc - d_e\n\n```\nno no\n```\n\u00e4 1\n";

	ck_assert_uint_eq(chunk_words(md, strlen(md)), 6);
	ck_assert_uint_eq(chunk_words(NULL, 0), 0);
}
END_TEST

START_TEST(listing)			/* 64 KiB of code is an example yet */
{
	enum { MAX = 64 * 1024 };
	struct text md = { 0 };
	struct chunks c = { 0 };

	text_puts(&md, "```\n");
	for (size_t n = 0; n < MAX - 1 + (size_t)_i; n++)
		text_putc(&md, n % 64 == 31 ? '\n' : 'x');
	text_puts(&md, "\n```\n");
	ck_assert_int_eq(chunk_markdown(&c, md.p, md.len, "T", 2000, true), 0);
	ck_assert_uint_eq(c.n_examples, _i < 2);
	ck_assert_uint_gt(c.n_chunks, MAX / 2000);
	chunks_fini(&c);
	text_fini(&md);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chunk");
	TCase *tc = tcase_create("rows");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, row, 0, (int)(sizeof rows / sizeof rows[0]));
	tcase_add_test(tc, context_is_short);
	tcase_add_test(tc, much);
	tcase_add_test(tc, words);
	tcase_add_loop_test(tc, listing, 0, 3);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
