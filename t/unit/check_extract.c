#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crawler/document.h"

/* -- golden pages ------------------------------------------------------------ */

static const char *const golden[] = {
	"antora", "asciidoctor", "docbook", "docbook-chapter", "docbook-refentry", "docusaurus", "docusaurus-tabs",
	"doxygen", "doxygen-class", "doxygen-page", "github-readme", "gtk-doc", "hugo-docsy", "javadoc", "javadoc17",
	"javadoc8", "jekyll-kramdown", "jsdoc", "lua-manual", "mandoc", "mdbook", "mdbook-code", "mediawiki",
	"mkdocs", "mkdocs-readthedocs", "mkdocs-tabs", "mkdocstrings", "nginx-docs", "pandoc", "php-manual",
	"pkgsite", "plain", "rustdoc", "rustdoc-module", "rustdoc-trait", "sphinx", "sphinx-autodoc", "sphinx-furo",
	"sphinx-old", "sphinx-pydata", "sphinx-rtd", "starlight", "texinfo", "vitepress", "wordpress", "yard",
};

static char *
read_file(const char *name, const char *suffix, size_t *len)
{
	const char *src = getenv("T_SRC");
	char path[512], *p;
	FILE *f;

	snprintf(path, sizeof path, "%s/t/data/extract/%s%s", src != NULL ? src : ".", name, suffix);
	ck_assert_msg((f = fopen(path, "rb")) != NULL, "%s: %s", path, strerror(errno));
	ck_assert_ptr_nonnull(p = malloc(1 << 20));
	*len = fread(p, 1, (1 << 20) - 1, f);
	p[*len] = '\0';
	fclose(f);
	return p;
}

static struct document
extract(const char *html, size_t len, const char *at)
{
	struct document doc = { 0 };
	struct url url;

	ck_assert_int_eq(url_parse(&url, at), 0);
	ck_assert_int_eq(extract_html(&doc, html, len, &url), 0);
	return doc;
}

static void
put_name(struct text *out, const char *name, const char *value)
{
	if (value != NULL)
		text_printf(out, "%s: %s\n", name, value);
}

static char *
show(const struct document *doc)	/* the names of the page, then its content */
{
	struct text t = { 0 };

	text_puts(&t, "---\n");
	put_name(&t, "title", doc->title);
	put_name(&t, "description", doc->description);
	put_name(&t, "language", doc->language);
	put_name(&t, "canonical", doc->canonical);
	if (doc->noindex || doc->nofollow)
		text_printf(&t, "robots:%s%s\n", doc->noindex ? " noindex" : "", doc->nofollow ? " nofollow" : "");
	text_puts(&t, "---\n\n");
	text_put(&t, doc->markdown.p, doc->markdown.len);
	return text_take(&t, NULL);
}

/* T_GOLDEN=DIR writes what the pages become to DIR, to be compared by eye. */
static bool
wrote(const char *dir, const char *name, const char *got)
{
	char path[512];
	FILE *f;

	if (dir == NULL)
		return false;
	snprintf(path, sizeof path, "%s/%s.md", dir, name);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fputs(got, f);
	fclose(f);
	return true;
}

START_TEST(golden_page)
{
	size_t html_len, md_len;
	char *html = read_file(golden[_i], ".html", &html_len), *md, *got;
	struct document doc = extract(html, html_len, "https://docs.example.org/en/page.html");

	ck_assert_ptr_nonnull(got = show(&doc));
	if (!wrote(getenv("T_GOLDEN"), golden[_i], got)) {
		md = read_file(golden[_i], ".md", &md_len);
		ck_assert_msg(strcmp(got, md) == 0, "%s: got\n%s\nwant\n%s", golden[_i], got, md);
		free(md);
	}
	document_fini(&doc);
	free(got);
	free(html);
}
END_TEST

START_TEST(every_prefix)		/* each in a buffer of its own length, for ASan */
{
	size_t len;
	char *html = read_file(golden[_i], ".html", &len);

	for (size_t i = 0; i <= len; i += 1 + i / 64) {
		size_t n = utf8_cut(html, len, i);	/* charset.h sees to that */
		char *copy = malloc(n > 0 ? n : 1);
		struct document doc;

		memcpy(copy, html, n);
		doc = extract(copy, n, "https://docs.example.org/en/page.html");
		ck_assert_uint_eq(utf8_valid_len(doc.markdown.p, doc.markdown.len), doc.markdown.len);
		document_fini(&doc);
		free(copy);
	}
	free(html);
}
END_TEST

/* -- names and links --------------------------------------------------------- */

START_TEST(names)
{
	size_t len;
	char *html = read_file("sphinx", ".html", &len);
	struct document doc = extract(html, len, "https://docs.example.org/en/page.html");

	ck_assert_str_eq(doc.title, "Reading rain gauges \u2014 Weather 2.1 documentation");
	ck_assert_str_eq(doc.description, "How the gauge module reads.");
	ck_assert_str_eq(doc.language, "en");
	ck_assert_str_eq(doc.canonical, "https://docs.example.org/en/stable/gauge.html");
	ck_assert_ptr_null(doc.refresh);
	ck_assert(!doc.noindex && !doc.nofollow);
	ck_assert_uint_eq(doc.n_links, 5);
	ck_assert_str_eq(doc.links[0].url, "https://docs.example.org/en/genindex.html");
	ck_assert_str_eq(doc.links[4].url, "https://docs.example.org/en/index.html");
	document_fini(&doc);
	free(html);
}
END_TEST

static const struct {
	const char *html, *title, *refresh, *links;
	bool noindex, nofollow;
} heads[] = {
	{ "<h1>A <em>b</em></h1>", "A b", NULL, "", false, false },
	{ "<title>\n  T </title><svg><title>no</title></svg>", "T", NULL, "", false, false },
	{ "<meta name=ROBOTS content='noindex, follow'>", NULL, NULL, "", true, false },
	{ "<meta name=robots content=none>", NULL, NULL, "", true, true },
	{ "<meta http-equiv=refresh content='0; URL=\"b.html\"'>", NULL, "http://h/d/b.html", "", false, false },
	{ "<meta http-equiv=Refresh content='5'>", NULL, NULL, "", false, false },
	{ "<base href=/x/><a href=y>1</a>", NULL, NULL, "http://h/x/y", false, false },
	{ "<a href=b>1</a><a href='b#f'>2</a><a href=' b '>3</a><a href=#f>4</a><a href=c>5</a>", NULL, NULL,
	  "http://h/d/b http://h/d/c", false, false },
	{ "<nav><a href=/n>1</a></nav><area href=m><iframe src=i></iframe><a href=mailto:x@y>2</a>"
	  "<a href=javascript:0>3</a><a name=q>4</a><a href=ftp://f/>5</a>", NULL, NULL,
	  "http://h/n http://h/d/m http://h/d/i", false, false },
	{ "<a rel='x nofollow' href=b>1</a><a rel=nofollow href=c>2</a><a href=b>3</a>", NULL, NULL,
	  "http://h/d/b http://h/d/c!", false, false },
	{ "<frameset><frame src=f.html></frameset>", NULL, NULL, "http://h/d/f.html", false, false },
};

START_TEST(head)
{
	struct document doc = extract(heads[_i].html, strlen(heads[_i].html), "http://h/d/a.html");
	char links[512] = "";

	for (size_t i = 0; i < doc.n_links; i++) {
		size_t n = strlen(links);

		snprintf(links + n, sizeof links - n, "%s%s%s", i > 0 ? " " : "", doc.links[i].url,
		    doc.links[i].nofollow ? "!" : "");
	}
	ck_assert_str_eq(links, heads[_i].links);
	ck_assert_pstr_eq(doc.title, heads[_i].title);
	ck_assert_pstr_eq(doc.refresh, heads[_i].refresh);
	ck_assert(doc.noindex == heads[_i].noindex && doc.nofollow == heads[_i].nofollow);
	document_fini(&doc);
}
END_TEST

/* -- pages made to hurt ------------------------------------------------------ */

static const struct {
	const char *name, *before, *repeat, *after;
	unsigned n;
	int rc;
} hostile[] = {
	{ "links", "", "<a href=p%u.html>x</a> ", "", 100000, 0 },
	{ "the same link", "", "<a href=p.html#%u>x</a> ", "", 100000, 0 },
	{ "too many links", "", "<a href=%u>", "", 200001, -EMSGSIZE },
	{ "divs", "", "<div>", "x", 100000, -EMSGSIZE },
	{ "lists", "", "<ul><li>%u", "", 50000, -EMSGSIZE },
	{ "quotes", "", "<blockquote>", "x", 100000, -EMSGSIZE },
	{ "tables", "", "<table><tr><td>", "x", 50000, -EMSGSIZE },
	{ "formatting", "", "<b id=%u>", "", 100000, -EMSGSIZE },
	{ "formatting and paragraphs", "<b id=1><b id=2><b id=3><b id=4>", "<p>x", "", 100000, 0 },
	{ "attributes", "<div ", "a%u=1 ", ">x</div>", 100000, -EMSGSIZE },
	{ "open tags", "", "<", "", 300000, 0 },
	{ "open comment", "", "<!-- ", "", 100000, 0 },
	{ "end tags", "", "</div></p>", "", 100000, 0 },
	{ "rows", "<table>", "<tr><td>%u<td rowspan=60>x", "", 50000, 0 },
	{ "code", "", "<code>`%u</code>", "", 50000, 0 },
	{ "ticks", "<pre>", "``` ", "</pre>", 100000, 0 },
	{ "headings", "", "<h2>%u</h2>", "", 50000, 0 },
	{ "breaks", "", "<p>%u<br>", "", 200000, 0 },
	{ "nothing but breaks", "", "<br>", "", 200000, -EMSGSIZE },	/* nowhere to cut it */
	{ "attributes of many tags", "", "<i a b c d e f g h>x", "", 100000, -EMSGSIZE },
	{ "definition lists", "", "<dl><dd>", "x", 100000, -EMSGSIZE },
	{ "svg", "", "<svg>", "x", 100000, -EMSGSIZE },
	{ "text", "", "word ", "", 2000000, 0 },
};

START_TEST(hostile_page)
{
	struct timespec t0, t1;
	struct document doc = { 0 };
	struct text html = { 0 };
	struct url url;
	double s;

	text_puts(&html, hostile[_i].before);
	for (unsigned i = 0; i < hostile[_i].n; i++) {
		char piece[64];

		snprintf(piece, sizeof piece, "%s", hostile[_i].repeat);
		if (strstr(piece, "%u") != NULL) {
			size_t at = (size_t)(strstr(hostile[_i].repeat, "%u") - hostile[_i].repeat);

			snprintf(piece + at, sizeof piece - at, "%u%s", i, hostile[_i].repeat + at + 2);
		}
		text_puts(&html, piece);
	}
	text_puts(&html, hostile[_i].after);
	ck_assert_int_eq(url_parse(&url, "http://h/d/a.html"), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
	ck_assert_int_eq(extract_html(&doc, html.p, html.len, &url), hostile[_i].rc);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
	s = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
	if (getenv("T_TIMES") != NULL)
		fprintf(stderr, "%-28s %8.3f s, %zu bytes in, %zu out\n", hostile[_i].name, s, html.len, doc.markdown.len);
	ck_assert_msg(s < 8, "%s took %.1f s of CPU", hostile[_i].name, s);	/* quadratic would be minutes */
	ck_assert_uint_eq(utf8_valid_len(doc.markdown.p, doc.markdown.len), doc.markdown.len);
	document_fini(&doc);
	text_fini(&html);
}
END_TEST

/* -- highlighted code ------------------------------------------------------------ */

enum { LETTERS = 26 };

/* Code in the <span>s of each class of one to three letters that begins with the first one. */
static void
put_code(struct text *out, unsigned first, char quote)
{
	for (unsigned i = 0; i < 1 + LETTERS + LETTERS * LETTERS; i++) {
		char class[4] = { (char)('a' + first) };

		if (i > 0)
			class[1] = (char)('a' + (i - 1) % LETTERS);
		if (i > LETTERS)
			class[2] = (char)('a' + (i - 1) / LETTERS - 1);
		text_printf(out, "<pre>a<span class=%c%s%c>7</span>\u00a0b\n c</pre><p>It is <code><span class=%c%s%c>x</span>_y&lt;</code>, ",
		    quote, class, quote, quote, class, quote);
		text_printf(out, "<span class=\"sig-name\"><span class=%c%s%c>x_y*</span></span>.\n", quote, class, quote);
	}
}

/* A <span> that the parser is not shown, for its class says nothing, says nothing: in other quotation marks it is shown. */
START_TEST(idle_spans)
{
	struct text shown = { 0 }, hidden = { 0 };
	struct document a, b;
	char *want, *got;

	put_code(&shown, (unsigned)_i, '\'');
	put_code(&hidden, (unsigned)_i, '"');
	a = extract(shown.p, shown.len, "http://h/d/a.html");
	b = extract(hidden.p, hidden.len, "http://h/d/a.html");
	want = show(&a);
	got = show(&b);
	ck_assert_msg(strcmp(got, want) == 0, "a class that begins with %c counts", 'a' + _i);	/* too long to be shown */
	free(want);
	free(got);
	document_fini(&a);
	document_fini(&b);
	text_fini(&shown);
	text_fini(&hidden);
}
END_TEST

/* -- Markdown and text ------------------------------------------------------- */

static const struct {
	const char *text, *title, *links;
	bool plain;
	const char *md;			/* NULL: as it was */
} texts[] = {
	{ "# A `b` *c*\n\n[x](y.html \"t\") <https://e/z>, http://e/q.\n", "A b c", "http://h/d/y.html https://e/z http://e/q", false,
	  "# A `b` *c*\n\n[x](http://h/d/y.html \"t\") <https://e/z>, http://e/q.\n" },
	{ "```\n# no [x](y)\n```\nTitle\n=====\n", "Title", "", false, NULL },
	{ "[r]: /ref\n`[c](c)` [p](a_(b)) [s](<s p>)\n", NULL, "http://h/ref http://h/d/a_(b) http://h/d/s%20p", false,
	  "[r]: http://h/ref\n`[c](c)` [p](http://h/d/a_\\(b\\)) [s](<http://h/d/s%20p>)\n" },
	{ "![i](i.png) [f](#f) [g](../g.md#x) [m](mailto:a@b) [e]() \\[n](n) ]( [a](https://e/a#b)", NULL,
	  "http://h/d/i.png http://h/g.md https://e/a", false,
	  "![i](http://h/d/i.png) [f](http://h/d/a.md#f) [g](http://h/g.md#x) [m](mailto:a@b) [e]() \\[n](n) ]( [a](https://e/a#b)" },
	{ "---\ntitle: \"A: b\"\ntags:\n  - title: no\n---\n\n# C\n\nd\n", "A: b", "", false, "# C\n\nd\n" },
	{ "+++\ntitle = 'A'\n+++\nb\n", "A", "", false, "b\n" },
	{ "---\n\ntext: no\n\nmore\n", NULL, "", false, NULL },
	{ "---\nnot a key\n---\nb\n", NULL, "", false, NULL },
	{ "---\ntitle: x\n", NULL, "", false, NULL },
	{ "See (https://e/a) and HTTP://e/b?x=1, or xhttp://no <http://e/c>.", NULL, "https://e/a http://e/b?x=1 http://e/c", true, NULL },
	{ "", NULL, "", false, NULL },
};

START_TEST(text)
{
	struct document doc = { 0 };
	struct url url;
	char links[512] = "";

	ck_assert_int_eq(url_parse(&url, "http://h/d/a.md"), 0);
	ck_assert_int_eq((texts[_i].plain ? extract_plain : extract_markdown)(&doc, texts[_i].text, strlen(texts[_i].text), &url), 0);
	for (size_t i = 0; i < doc.n_links; i++)
		snprintf(links + strlen(links), sizeof links - strlen(links), "%s%s", i > 0 ? " " : "", doc.links[i].url);
	ck_assert_pstr_eq(doc.title, texts[_i].title);
	ck_assert_str_eq(text_str(&doc.markdown), texts[_i].md != NULL ? texts[_i].md : texts[_i].text);
	ck_assert_str_eq(links, texts[_i].links);
	document_fini(&doc);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("extract");
	TCase *tc = tcase_create("golden");
	SRunner *sr;
	int failed;

#define N_OF(a) ((int)(sizeof (a) / sizeof (a)[0]))
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, golden_page, 0, N_OF(golden));
	tcase_add_loop_test(tc, every_prefix, 0, N_OF(golden));
	tcase_add_test(tc, names);
	tcase_add_loop_test(tc, head, 0, N_OF(heads));
	tcase_add_loop_test(tc, text, 0, N_OF(texts));
	tcase_add_loop_test(tc, idle_spans, 0, LETTERS);
	tcase_add_loop_test(tc, hostile_page, 0, N_OF(hostile));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
