/* The tree of a page read in shorthand is the tree of the page, but for idle <span>s in code. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "t/unit/dom_twin.h"

#define LONG "some longer text"

static const char *const pages[] = {
	"", "<p>", LONG, "<p>" LONG "</p>\n\n  <p>  " LONG "  \n" LONG,
	/* where white space has a place of its own */
	"  \n " LONG, "<title>x</title> \n " LONG, "<head> &#32; " LONG, "<html> <head> </head> " LONG, "<pre>\n" LONG, "<pre>\n\n " LONG,
	"<table> " LONG " <tr> " LONG "<td>" LONG "</table>", "<table><colgroup> " LONG, "<frameset> " LONG "</frameset>" LONG,
	"<body></body> " LONG "</html> " LONG, "<select> " LONG "<option>" LONG "</select>" LONG, "<p>" LONG "\f " LONG,
	/* references, whole and in parts */
	LONG "&amp;" LONG, LONG "&ampsome text", LONG "&" LONG, LONG "& " LONG, LONG "&notit;" LONG, LONG "&#65some text", LONG "&#x41;" LONG,
	LONG "&#" LONG, LONG "&#;" LONG,
	/* characters that are changed, or are signs themselves */
	LONG "\r\n" LONG "\r" LONG, LONG "\x01" LONG, LONG "\x7f" LONG, LONG "\u00a0" LONG, LONG "\xc2\x85" LONG "\ufdd0" LONG "\uffff" LONG,
	LONG "\u00e9\u4f60\U0001f600" LONG, "\ufeff" LONG, LONG "\U000f0000" LONG, LONG "\U0010fffd" LONG, LONG "&#xF0000;" LONG,
	LONG "&#983040;" LONG, LONG "&#x000100001;" LONG, "<title>&#xf0000;</title>" LONG, LONG "&#xeffff;" LONG, LONG "\xff\xc3" LONG, LONG "\xe4\xbd",
	/* what is no tag */
	"a < b, " LONG " <", LONG "</" LONG, LONG "</>" LONG, "<!-->" LONG "-->", "<!--->" LONG "-->", "<!--x--!>" LONG "-->", "<!--x--!->" LONG "-->" LONG,
	"<!----!>" LONG, "<!--" LONG, "<!doctype html '>" LONG, "<?x '>" LONG "?>", "<!x '>" LONG, "</3 '>" LONG, "<![CDATA[" LONG ">" LONG "]]>" LONG,
	"<svg><![CDATA[" LONG "]]>" LONG "</svg>" LONG, "<svg><![CDATA[" LONG ">" LONG "<b>]]>" LONG "</svg>" LONG,
	/* attributes */
	"<p a='>" LONG "'>" LONG, "<p a=\">" LONG "\"b='>" LONG "'>" LONG, "<p a=x\"y>" LONG "\">", "<p a= >" LONG, "<p = '>" LONG, "<p / a/='>" LONG "'>" LONG,
	"<p a = '>" LONG "'>" LONG, "</p a='>" LONG "'>" LONG, "<p a=\"" LONG,
	/* values that become signs, and those that may not */
	"<p a='" LONG "' b=\"" LONG "\"c='" LONG "\xc3\xa9'd=\"" LONG "'\">" LONG, "<p a='" LONG "&lt;' b='" LONG "\r' a='x" LONG "' c='" LONG "'>", "<p a='\xf3\xb0\x80\x80'b='" LONG "'>",
	"<table><input type='hidden' a='" LONG "'><input type=\"checkbox\"></table>", "<isindex prompt='" LONG "' action='" LONG "'>",
	"<math><annotation-xml encoding='text/html'><p><b>x</b></annotation-xml></math>", "<svg a='" LONG "' xlink:href='" LONG "'/><p>",
	"<b a='" LONG "'><b a='" LONG "'><b a='" LONG "'><b a='" LONG "'><p>x</b></b></b></b>y", "<b a='" LONG "'><b a='" LONG "x'><b a='" LONG "'><b a='" LONG "'><p>x</b></b></b></b>y",
	"<a href='" LONG "'><p>" LONG "</a>" LONG, "<p a='1" LONG "' b='2" LONG "' c='3" LONG "' d='4" LONG "' e='5" LONG "' f='6" LONG "' g='7" LONG "' h='8" LONG "' i='9" LONG "'>",
	/* raw text */
	"<script>" LONG "<p></script >" LONG, "<script><!--" LONG "<script>" LONG "</script>" LONG "--></script>" LONG,
	"<script><!--" LONG "</script>" LONG "-->" LONG, "<script><!--><script></script>" LONG, "<script><!--<script></script></script>" LONG,
	"<script><!-- --><script></script>" LONG, "<style>" LONG "</styles>" LONG "</STYLE/>" LONG, "<title>" LONG "&lt;" LONG "</title>" LONG,
	"<textarea>\n" LONG "<p>" LONG "</textarea>" LONG, "<xmp>" LONG "</xmp x='>" LONG "'>" LONG, "<iframe>" LONG, "<noscript>" LONG "<p>" LONG "</noscript>" LONG,
	"<plaintext>" LONG "</plaintext>" LONG "<p a='>" LONG,
	/* raw text that may be none */
	"<svg><title>" LONG "</title></svg>" LONG, "<svg><title><a b=\"</title>" LONG "\"c>" LONG "</a></title>" LONG, "<svg><style/>" LONG "<p>" LONG,
	"<math><script><!--</script>" LONG "-->" LONG, "<select><title><a b='</title>" LONG "'c>" LONG, "<frameset><style><!--</style>" LONG "-->" LONG,
	"<template><col><title><a b='</title>" LONG "'c>" LONG, "<svg><foreignObject><title><b></title>" LONG,
	/* code in the <span>s of a highlighter, and others */
	"<pre><span></span><span class=\"kn\">import</span> <span class=\"nn\">x&lt;&amp;&quot;&#39;&#x27;&gt;</span>\n y</pre>" LONG,
	"<code class=\"literal\"><span class=\"pre\">a</span> <span class=\"pre\">b</span></code>" LONG "<code>" LONG "</code>", "<pre><span></span>\n x</pre>" LONG,
	"<pre>x<span class=\"k\">y</pre>z</span>", "<pre>x</span>y</pre>", "<pre>x<span class=\"kkkk\">y</span></pre>", "<pre>x<span class=\"ln\">1</span></pre>", "<pre>\n<span>x</span></pre>",
	"<span title='a'><code>x</span><span>y</span></code>z", "<pre>x<span>&am</span>p;</pre>",
	"<pre>x<span>&lt</span>y</pre>", "<pre>x<span>y</span>\r\nz</pre>", "<pre>x<span>y</pre ></span>z", "<pre>x<span>y</span></prel>z</pre>", "<pre><code><span>x</span>y</code>z</pre>",
	"<p><b>x</p><pre><span> </span></pre>y", "<table><b><tr><pre>x <span>y</span> z</pre>" LONG "</table>", "<table><b></b><pre> <span>y</span></pre>", "<select><pre>x<span>y</span></pre>",
	"<template><col><pre>x<span>y</span> z</pre>", "<svg><pre>x<span>y</span></pre></svg>", "<svg><title><code>x<span>y</span></code>z", "<math><mi><code>x<span>y</span></code>z",
	"<code>x<span>y</span></code><code>x<span>y</code></span>", "<a><code>x<span>y</span></code><a><p>z", "<code>&#xf0000;<span>x</span></code>", "<code><span>x<span>y</span></span>\u00e9</code>",
	"<dt><span class=\"sig-name descname\"><span class=\"pre\">" LONG "</span></span><em><span class=\"n\"><span class=\"pre\">x\u00e9</span></span></em>", "<span><span>x</span> </span>",
	"<span class=\"math\"><span>\\(x\\)</span></span>" LONG, "<span><span> x</span></span>" LONG, "<span><span>x</span></span2>" LONG, "<span><span>x<b></span></span>" LONG, "<p><b>x</p><table><span><span>x</span></span>",
	/* text that moves or is copied */
	"<table><b>" LONG "<tr>" LONG "<td>x</table>" LONG, "<p><b>" LONG "<i>" LONG "</b>" LONG "</i>" LONG, "<a>" LONG "<a>" LONG "<table><a>" LONG,
	"<b><p>" LONG "</b>" LONG "<p>" LONG, "<isindex prompt='" LONG "'>" LONG,
	/* what a parser knows where the page may be cut */
	"<p><b>x<p>y<p>z", "<div><b>x</div><div>y</div><p>z", "<p><a href=1>x<p>y<p>z", "<b><i><p>x</b>y<p>z</i>q", "<code class=a><p>x</p><p>y</code>z",
	"<b a=1><b a=1><b a=1><b a=1><p>x</b><p>y</b>z<p>q", "<div><b>x<p>y</b>z<p>q</div><p>r", "<td><b>x<p>y", "<object><b><p>x</object><p>y<p>z",
	"<form><p>x</form><p>y<form><p>z", "<div><form><p>x</div><p>y<form id=f><p>z</form>", "<table><form><tr><td><p>x</table><p>y<form><p>z", "<div><form><div></form><p>x<p>y<form id=a><p>z",
	"<div><p>x<p>y<body class=z><p>q", "<div><p>x<p>y<html lang=en><p>z", "<p>x<p>y</body><!--z--><p>q</html><!--r--><p>s", "<p>x<frameset><p>y", "<div><p><frameset>", "<body><div><p>x<frameset>", "<body><noscript><p>x<p>y</noscript>z<p>q",
	"<!doctype html><div><p>x<p>y<table><tr><td>z", "<div><p>x<p>y<table><tr><td>z", "<table><tr><td>x<tr>y<td>z</table>q", "<table><tr><td>x<tr><p>y<td>z", "<table><caption><p>x<p>y<tr><td>z",
	"<ul><li>x<ul><li>y</ul>z<li>q</ul>r", "<dl><dt>x<dd>y<dt>z</dl>q", "<h1>x<h2>y<p>z</h1>q", "<x-y a=b><p>x<p>y</x-y>z", "<pre><span>x</span>\n<span>y</span>\n<a href=z>q</a>\n",
	"<select><option><p>x</select><p>y", "<button><p>x<p>y</button><p>z<button>q", "<svg><p>x<p>y", "<svg><title><p>x<p>y", "<math><mi><p>x<p>y</mi></math>z", "<template><p>x<p>y</template>z",
	"<script><p>x<p>y", "<script><p>x</script><p>y<p>z", "<title><p>x</title><p>y<p>z", "<ruby><p>x<rt><p>y</ruby>z",
};

START_TEST(twin)
{
	/* Each with less and less of its end: a tokenizer may be anywhere when the page ends. */
	for (size_t len = strlen(pages[_i]); ; len--) {
		char *page = malloc(len + 1);

		ck_assert_ptr_nonnull(page);
		memcpy(page, pages[_i], len);
		for (unsigned nodes = 0; nodes < 4; nodes++)
			ck_assert_msg(dom_is_twin(page, len, nodes), "%u: %.*s", nodes, (int)len, pages[_i]);
		free(page);
		if (len == 0)
			break;
	}
}
END_TEST

/* What a page with an attribute twice leads to: the first counts, and those behind it are there. */
static const struct { const char *page, *href; } repeated[] = {
	{ "<a x x href=z>", "z" }, { "<a class=a class href=z>", "z" }, { "<a class=a class=b href=z>", "z" }, { "<a x x/href=z>", "z" },
	{ "<a href=q href=z>", "q" }, { "<a href href=z>", "" }, { "<a x x x y y href=z>", "z" },
};

START_TEST(repeats)
{
	struct dom *d;
	const struct dom_node *n;

	ck_assert_int_eq(dom_parse(&d, repeated[_i].page, strlen(repeated[_i].page)), 0);
	for (n = dom_root(d); n != NULL && dom_tag(n) != DOM_A; n = dom_step(n, dom_root(d)))
		continue;
	ck_assert_ptr_nonnull(n);
	ck_assert_msg(slice_is(dom_attr(n, "href"), repeated[_i].href), "%s: %.*s", repeated[_i].page,
	    (int)dom_attr(n, "href").len, dom_attr(n, "href").p);
	dom_free(d);
}
END_TEST

START_TEST(many_runs)			/* more than there are signs for */
{
	enum { RUNS = 140000 };
	static char page[RUNS * 20];
	size_t len = 0;

	for (unsigned i = 0; i < RUNS; i++)
		len += (size_t)snprintf(page + len, sizeof page - len, "<p>text %06u", i);
	ck_assert(dom_is_twin(page, len, UINT_MAX));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dom");
	TCase *tc = tcase_create("dom");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, twin, 0, (int)(sizeof pages / sizeof pages[0]));
	tcase_add_loop_test(tc, repeats, 0, (int)(sizeof repeated / sizeof repeated[0]));
	tcase_add_test(tc, many_runs);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
