#include "config.h"

#include <check.h>
#include <string.h>

#include "crawler/document.h"

/* What HTML becomes, construct by construct. */
static const struct {
	const char *name, *html, *md;
} rows[] = {
	{ "white space", "<p> a\n\t b&nbsp;&nbsp;c <b> d </b>e</p>", "a b c **d** e\n" },
	{ "empty blocks", "<p></p><div><p> </p></div><ul><li></li></ul><h2></h2><b></b>x<p></p>", "x\n" },
	{ "headings", "<h1>a <b>b</b></h1><h6>c<br>d</h6>", "# a b\n\n###### c d\n" },
	{ "escapes", "<p># a</p><p>- b</p><p>1. c</p><p>2024 d</p><p>+e</p><p>&gt; f</p>",
	  "\\# a\n\n\\- b\n\n1\\. c\n\n2024 d\n\n+e\n\n\\> f\n" },
	{ "escapes within", "<p>*a* _b_ c_d 2 * 3 `e` &lt;f&gt; &amp;lt; [g](h) ~~i~~ \\* C:\\x</p>",
	  "\\*a* \\_b_ c_d 2 * 3 \\`e\\` \\<f> \\&lt; [g]\\(h) \\~\\~i\\~~ \\\\* C:\\x\n" },
	{ "emphasis", "<p><b>a</b><b>b</b> <i>c<b>d</b></i> <em><em>e</em></em></p>", "**ab** *c**d*** *e*\n" },
	{ "emphasis over blocks", "<b><p>a</p><p>b</p></b>", "**a**\n\n**b**\n" },
	{ "code", "<p><code>a</code> <code>`b</code> <code> c\n d </code><code>e&#8203;f</code></p>",
	  "`a` `` `b `` `c d` `ef`\n" },
	{ "links", "<p><a href=x>a</a> <a href='y(1'>b</a> <a href=#z>c</a> <a href=javascript:0>d</a> <a href=a.html>e</a></p>",
	  "[a](http://h/d/x) [b](http://h/d/y\\(1) c d e\n" },
	{ "a link around blocks", "<a href=x><h2>a</h2><p>b</p></a>", "## [a](http://h/d/x)\n\nb\n" },
	{ "images", "<p><img src=a.png alt=' a '><img src=b.png><img alt=c src=data:x><a href=x><img alt=d src=d.png></a></p>",
	  "![a](http://h/d/a.png)c[d](http://h/d/x)\n" },
	{ "breaks", "<p>a<br>b<br><br>c<br></p>d", "a\\\nb\n\nc\n\nd\n" },
	{ "lists", "<ul><li>a<ol start=9><li>b<li><p>c</p><p>d</p></ol><li><p>e</p></ul><ul><li>f</ul>",
	  "- a\n  9. b\n  10. c\n\n      d\n- e\n\n- f\n" },
	{ "fence in a list", "<ul><li>a<pre>b\n\n  c</pre></ul>", "- a\n\n  ```\n  b\n\n    c\n  ```\n" },
	{ "fence language", "<pre class='brush: java;'>a</pre><pre><code class='language-none'>b</code></pre>"
	  "<div class=sourceCode><pre class='sourceCode c'><code>c</code></pre></div><pre data-lang=sh>d</pre>",
	  "```java\na\n```\n\n```\nb\n```\n\n```c\nc\n```\n\n```sh\nd\n```\n" },
	{ "fence of ticks", "<pre>a ```` b</pre>", "`````\na ```` b\n`````\n" },
	{ "fence, first newline", "<pre>\n\n a\t</pre>", "```\n\n a\t\n```\n" },
	{ "quotes", "<blockquote>a<blockquote><p>b<p>c</blockquote></blockquote><blockquote>d</blockquote>",
	  "> a\n>\n> > b\n> >\n> > c\n\n> d\n" },
	{ "definitions", "<dl><dt>a<dt>b<dd>c<dd><p>d<p>e</dl>", "a\nb\n: c\n: d\n\n  e\n" },
	{ "table", "<table><tr><th>a<th>b<tr><td>c|d<td><p>e<p>f<tr><td>g</table>",
	  "| a | b |\n| --- | --- |\n| c\\|d | e<br>f |\n| g |  |\n" },
	{ "table with lists", "<table><tr><th>a<tr><td><ul><li>b<li>c</ul></table>", "| a |\n| --- |\n| \u2022 b<br>\u2022 c |\n" },
	{ "rich table", "<table><tr><th>a<th>b<tr><td>c<td><pre>d</pre></table>", "- a\n\n  b\n- c\n\n  ```\n  d\n  ```\n" },
	{ "layout table", "<table><tr><td><h2>a</h2><td>b</table>", "## a\n\nb\n" },
	{ "table in a table", "<table><tr><td><table><tr><td>a<td>b</table></table>", "|  |  |\n| --- | --- |\n| a | b |\n" },
	{ "spans", "<table><tr><th>a<th>b<th>c<tr><td rowspan=2>1<td colspan=2>2<tr><td>3<td>4</table>",
	  "| a | b | c |\n| --- | --- | --- |\n| 1 | 2 |  |\n|  | 3 | 4 |\n" },
	{ "superscript", "<p>10<sup>6</sup> 1<sup>st</sup> H<sub>2</sub>O</p>", "10^6 1st H2O\n" },
	{ "furniture", "<header>no</header><nav>no</nav><div class='x cookie-bar'>no</div>a<aside>no</aside>"
	  "<script>no</script><style>no</style><button>no</button><footer>no</footer>", "a\n" },
	{ "main content", "<div>no</div><main><article><h1>a</h1><p>b</p></article></main><div>no</div>", "# a\n\nb\n" },
	{ "rule", "<hr>a<hr>b<hr>", "a\n\n---\n\nb\n" },
};

START_TEST(row)
{
	struct document doc = { 0 };
	struct url url;

	ck_assert_int_eq(url_parse(&url, "http://h/d/a.html"), 0);
	ck_assert_int_eq(extract_html(&doc, rows[_i].html, strlen(rows[_i].html), &url), 0);
	ck_assert_msg(strcmp(text_str(&doc.markdown), rows[_i].md) == 0, "%s: got\n%s\nwant\n%s", rows[_i].name,
	    text_str(&doc.markdown), rows[_i].md);
	document_fini(&doc);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("markdown");
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
