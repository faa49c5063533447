/* Names, addresses and files of uploads; reStructuredText and PDF's text as HTML. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/text.h"
#include "shared/upload.h"

#include "crawler/pdf_text.h"
#include "crawler/rst.h"

#include "scratch.h"

/* -- names ----------------------------------------------------------------------- */

static const struct { const char *given, *name; } names[] = {
	{ "guide.md", "guide.md" }, { "/etc/guide.md", "guide.md" }, { "..\\..\\guide.md", "guide.md" },
	{ "C:\\docs\\guide.md", "guide.md" }, { "\xc3\xa4.md", "\xc3\xa4.md" }, { " a b .md", " a b .md" },
	{ "", NULL }, { "dir/", NULL }, { "..", NULL }, { "a/.", NULL }, { "a\nb.md", NULL }, { "a\x7f.md", NULL },
	{ "\xff.md", NULL },
};

START_TEST(each_name)
{
	char out[UPLOAD_NAME_BYTES], back[UPLOAD_NAME_BYTES], url[ROW_URL_BYTES], id[ID_SOURCE_BYTES];
	struct err e;
	int rc = upload_name_read(out, names[_i].given, &e);

	if (names[_i].name == NULL) {
		ck_assert_int_eq(rc, -EINVAL);
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_str_eq(out, names[_i].name);
	upload_url(url, "0123456789abcdef", out);
	ck_assert(upload_is(url));
	upload_url_name(url, back);
	upload_url_source(url, id);
	ck_assert_str_eq(back, out);
	ck_assert_str_eq(id, "0123456789abcdef");
}
END_TEST

START_TEST(the_longest_name)
{
	char given[UPLOAD_NAME_BYTES + 1], out[UPLOAD_NAME_BYTES], url[ROW_URL_BYTES], back[UPLOAD_NAME_BYTES];
	struct err e;

	memset(given, ' ', sizeof given);	/* each of them three bytes in an address */
	given[UPLOAD_NAME_BYTES] = '\0';
	ck_assert_int_eq(upload_name_read(out, given, &e), -EINVAL);
	given[UPLOAD_NAME_BYTES - 1] = '\0';
	ck_assert_int_eq(upload_name_read(out, given, &e), 0);
	upload_url(url, "0123456789abcdef", out);
	upload_url_name(url, back);
	ck_assert_str_eq(back, given);
}
END_TEST

START_TEST(addresses)
{
	static const char *const none[] = { "", "http://a/", "file:///", "file:///0123456789abcdef", "file:///0123456789abcdef/",
	    "file:///0123456789abcde/x", "file:///0123456789abcdeg/x", "file://0123456789abcdef/x" };

	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		ck_assert_msg(!upload_is(none[i]), "%s", none[i]);
	ck_assert_int_eq(upload_type("A.PDF"), UPLOAD_PDF);
	ck_assert_int_eq(upload_type("a.b.htm"), UPLOAD_HTML);
	ck_assert_int_eq(upload_type("pdf"), -ENOENT);
	ck_assert_int_eq(upload_type("a.pdf.exe"), -ENOENT);
}
END_TEST

/* -- files ----------------------------------------------------------------------- */

static char source_id[ID_SOURCE_BYTES];

static void
keep(const char *dir, const char *content)
{
	struct upload_file *f;
	struct err e;

	ck_assert_msg(upload_file_new(&f, dir, &e) == 0, "%s", e.text);
	ck_assert_int_eq(upload_file_write(f, content, strlen(content)), 0);
	upload_file_source(f, source_id);
	ck_assert_int_eq(upload_file_keep(f, source_id), 0);
	upload_file_free(f);
}

static bool
is_there(const char *dir)
{
	int fd = upload_open(dir, source_id);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static bool
wants_none(const char *id, void *arg)
{
	(void)arg;
	ck_assert_str_eq(id, source_id);
	return false;
}

static bool
wants_all(const char *id, void *arg)
{
	(void)id;
	(void)arg;
	return true;
}

START_TEST(files)
{
	const char *dir = scratch_dir();
	struct upload_file *f;
	struct err e;

	ck_assert_int_eq(upload_sweep(dir, 0, wants_none, NULL), 0);	/* no directory yet */
	keep(dir, "hello");
	ck_assert(is_there(dir));
	ck_assert_int_eq(upload_remove(dir, source_id, clock_wall_ms() - 60000), 0);
	ck_assert_msg(is_there(dir), "it came after that");
	ck_assert_int_eq(upload_sweep(dir, 3600, wants_none, NULL), 0);
	ck_assert_int_eq(upload_sweep(dir, -10, wants_all, NULL), 0);
	ck_assert(is_there(dir));
	ck_assert_int_eq(upload_sweep(dir, -10, wants_none, NULL), 1);
	ck_assert(!is_there(dir));
	keep(dir, "hello");
	ck_assert_int_eq(upload_remove(dir, source_id, clock_wall_ms() + 60000), 0);
	ck_assert(!is_there(dir));
	ck_assert_int_eq(upload_remove(dir, source_id, clock_wall_ms()), 0);	/* there is none */

	/* One that never became whole: gone with its process, or swept. */
	ck_assert_int_eq(upload_file_new(&f, dir, &e), 0);
	ck_assert_int_eq(upload_file_write(f, "half", 4), 0);
	ck_assert_int_eq(upload_sweep(dir, -10, wants_all, NULL), 1);
	upload_file_free(f);
}
END_TEST

/* -- to HTML ----------------------------------------------------------------------- */

static const struct { const char *rst, *has; } rst_rows[] = {
	{ "Title\n=====\n\nText.", "<h1>Title</h1>\n<p>Text.</p>" },
	{ "====\nDoc\n====\n\nA\n--\n\nB\n~~~~\n\nC\n----\n", "<h1>Doc</h1>\n<h2>A</h2>\n<h3>B</h3>\n<h2>C</h2>" },
	{ "a **b** *c* ``d<e`` \\*f\\*", "a <strong>b</strong> <em>c</em> <code>d&lt;e</code> *f*" },
	{ "see `text <http://a/>`_ and `x`_", "<a href=\"http://a/\">text</a> and x" },
	{ ":func:`os.open` :py:meth:`~a.b` :ref:`the text <label>`", "<code>os.open</code> <code>a.b</code> the text" },
	{ "2 * 3 * 4 and a*b*c", "2 * 3 * 4 and a*b*c" },
	{ "Like so::\n\n   $ make\n     install\n\nEnd", "<p>Like so:</p>\n<pre><code>$ make\n  install\n</code></pre>\n<p>End</p>" },
	{ ".. code-block:: c\n   :linenos:\n\n   int x;\n", "<pre><code class=\"language-c\">int x;\n</code></pre>" },
	{ ".. note:: Mind.\n\n   More.\n", "<strong>Note:</strong> Mind.</p>\n<p>More.</p>" },
	{ ".. function:: open(path)\n\n   Opens.\n", "<dl><dt><code>open(path)</code></dt><dd>\n<p>Opens.</p>\n</dd></dl>" },
	{ ".. a comment\n   of two lines\n\nText", "<main>\n<p>Text</p>" },
	{ ".. toctree::\n\n   a\n   b\n\nText", "<main>\n<p>Text</p>" },
	{ "- one\n- two\n\n  more\n", "<ul>\n<li><p>one</p>\n</li>\n<li><p>two</p>\n<p>more</p>\n</li>\n</ul>" },
	{ "1. one\n2. two\n", "<ol>\n<li><p>one</p>" },
	{ "term\n   What it is.\n", "<dl><dt>term</dt><dd>\n<p>What it is.</p>" },
	{ "=== ===\na   b\n=== ===\n1   2\n3   4\n=== ===\n", "<tr><th>a</th><th>b</th></tr>\n<tr><td>1</td><td>2</td></tr>\n<tr><td>3</td><td>4</td></tr>" },
	{ ">>> 1 + 1\n2\n\nText", "<pre><code class=\"language-pycon\">&gt;&gt;&gt; 1 + 1\n2\n</code></pre>" },
	{ "<script>", "<p>&lt;script&gt;</p>" },
};

START_TEST(each_rst)
{
	struct text out = { 0 };
	size_t len = strlen(rst_rows[_i].rst);

	rst_html(&out, rst_rows[_i].rst, len);
	ck_assert_msg(strstr(text_str(&out), rst_rows[_i].has) != NULL, "%s gives %s", rst_rows[_i].rst, text_str(&out));
	for (size_t n = 0; n < len; n++) {	/* and every beginning of it is some text */
		char *own = malloc(n + (n == 0));

		memcpy(own, rst_rows[_i].rst, n);
		text_clear(&out);
		rst_html(&out, own, n);
		ck_assert(!out.failed);
		free(own);
	}
	text_fini(&out);
}
END_TEST

#define PDF(title, text) "<html><head><title>" title "</title></head><body><pre>\n" text "</pre></body></html>"

static const struct { const char *pdf, *has; } pdf_rows[] = {
	{ PDF("A guide", "One line\nand the next.\n\nAnother.\n\f"), "<title>A guide</title></head><body><main>\n<p>One line\nand the next.</p>\n<p>Another.</p>" },
	{ PDF("", "The name\n\nText.\n\f"), "<title>The name</title>" },
	{ PDF("Microsoft Word - a.doc", "The name\n\nText.\n\f"), "<title>The name</title>" },
	{ PDF("x", "2.1 Setting up\nText of it.\n\f"), "<h2>2.1 Setting up</h2>\n<p>Text of it.</p>" },
	{ PDF("x", "Chapter 3 More\n\nText.\n\f"), "<h1>Chapter 3 More</h1>" },
	{ PDF("x", "1. put it in\n2. take it out\n\f"), "<p>1. put it in\n2. take it out</p>" },
	{ PDF("x", "1999 was a year\n\f"), "<p>1999 was a year</p>" },
	{ PDF("x", "a word that is hyphen-\nated, an x-\nY\n\f"), "hyphenated, an x-\nY" },
	{ PDF("x", "A sentence that goes\n\fon here.\n\f"), "<p>A sentence that goes\non here.</p>" },
	{ PDF("x", "One.\n\fTwo.\n\f"), "<p>One.</p>\n<p>Two.</p>" },
	{ PDF("x", "Head 1\n\nA.\n\fHead 2\n\nB.\n\fHead 3\n\nC.\n\fHead 4\n\nD.\n\f"), "<main>\n<p>A.</p>\n<p>B.</p>\n<p>C.</p>\n<p>D.</p>" },
	{ PDF("x", "Use <title> & <b>.\n\n#include <a.h>\n\f"), "<p>Use &lt;title&gt; &amp; &lt;b&gt;.</p>\n<p>#include &lt;a.h&gt;</p>" },
	{ PDF("x", "It ends with </pre>, says\nthe </title> of it.\n\nMore.\n\f"), "<title>x</title></head><body><main>\n"
	  "<p>It ends with &lt;/pre&gt;, says\nthe &lt;/title&gt; of it.</p>\n<p>More.</p>" },
	{ PDF("", "The <b> & more\n\nText.\n\f"), "<title>The &lt;b&gt; &amp; more</title>" },
	{ PDF("a &lt;b&gt;", "Text.\n\f"), "<title>a &lt;b&gt;</title>" },
	{ "no html at all", "<main>\n</main>" },
};

START_TEST(each_pdf)
{
	struct text out = { 0 };

	pdf_text_html(&out, pdf_rows[_i].pdf, strlen(pdf_rows[_i].pdf));
	ck_assert_msg(strstr(text_str(&out), pdf_rows[_i].has) != NULL, "%s gives %s", pdf_rows[_i].pdf, text_str(&out));
	text_fini(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("upload");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, each_name, 0, sizeof names / sizeof names[0]);
	tcase_add_test(tc, the_longest_name);
	tcase_add_test(tc, addresses);
	tcase_add_test(tc, files);
	tcase_add_loop_test(tc, each_rst, 0, sizeof rst_rows / sizeof rst_rows[0]);
	tcase_add_loop_test(tc, each_pdf, 0, sizeof pdf_rows / sizeof pdf_rows[0]);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
