#include "config.h"

#include "crawler/sitemap.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "crawler/kind.h"

#define NS "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\""

static const struct {
	const char *name, *xml;
	enum sitemap_kind kind;
	const char *urls;		/* each ended by a blank; @ and its lastmod_s before, when it has one */
} rows[] = {
	{ "urlset", "<?xml version=\"1.0\"?>\n<urlset " NS "><url><loc>http://h/a</loc></url>"
	    "<url><lastmod>x</lastmod><loc>http://h/b</loc></url></urlset>", SITEMAP_URLSET, "http://h/a http://h/b " },
	{ "index", "<sitemapindex " NS "><sitemap><loc>/s1.xml</loc></sitemap></sitemapindex>", SITEMAP_INDEX, "/s1.xml " },
	{ "no namespace", "<urlset><url><loc>a</loc></url></urlset>", SITEMAP_URLSET, "a " },
	{ "prefixed", "<s:urlset xmlns:s='x'><s:url><s:loc>a</s:loc></s:url></s:urlset>", SITEMAP_URLSET, "a " },
	{ "image:loc is not a page", "<urlset><url><loc>a</loc><image:image><image:loc>b.png</image:loc>"
	    "</image:image></url></urlset>", SITEMAP_URLSET, "a " },
	{ "loc outside url", "<urlset><loc>a</loc><url><loc>b</loc></url><loc>c</loc></urlset>", SITEMAP_URLSET, "b " },
	{ "entities", "<urlset><url><loc>a?b=1&amp;c=2&#38;d&#x26;e</loc></url></urlset>", SITEMAP_URLSET, "a?b=1&c=2&d&e " },
	{ "unknown entity", "<urlset><url><loc>a&nbsp;b&</loc></url></urlset>", SITEMAP_URLSET, "a&nbsp;b& " },
	{ "CDATA", "<urlset><url><loc><![CDATA[a?b&c]]></loc></url></urlset>", SITEMAP_URLSET, "a?b&c " },
	{ "comment", "<!-- <urlset> --><urlset><url><!-- <loc>x</loc> --><loc>a<!-- y --></loc></url></urlset>", SITEMAP_URLSET, "a " },
	{ "doctype", "<!DOCTYPE urlset><urlset><url><loc>a</loc></url></urlset>", SITEMAP_URLSET, "a " },
	{ "stylesheet", "<?xml-stylesheet href=\"x\"?><urlset><url><loc>a</loc></url></urlset>", SITEMAP_URLSET, "a " },
	{ "byte order mark", "\xef\xbb\xbf<urlset><url><loc>a</loc></url></urlset>", SITEMAP_URLSET, "a " },
	{ "greater-than in an attribute", "<urlset a=\"x>y\"><url b='>'><loc>a</loc></url></urlset>", SITEMAP_URLSET, "a " },
	{ "empty loc", "<urlset><url><loc/></url><url><loc></loc></url><url><loc>a</loc></url></urlset>", SITEMAP_URLSET, "a " },
	{ "lastmod behind", "<urlset><url><loc>a</loc><lastmod>1970-01-02</lastmod></url><url><loc>b</loc></url></urlset>",
	    SITEMAP_URLSET, "a@86400 b " },
	{ "lastmod before", "<urlset><url><lastmod>\n1970-01-01T00:01Z </lastmod><loc>a</loc></url></urlset>", SITEMAP_URLSET, "a@60 " },
	{ "lastmod of another kind", "<urlset><url><loc>a</loc><x:lastmod>1970-01-02</x:lastmod></url></urlset>", SITEMAP_URLSET, "a " },
	{ "lastmod of no page", "<urlset><lastmod>1970-01-02</lastmod><url><lastmod>1970-01-02</lastmod></url><url><loc>a</loc></url>"
	    "</urlset>", SITEMAP_URLSET, "a " },
	{ "two locs", "<urlset><url><loc>a</loc><loc>b</loc><lastmod>1970-01-02</lastmod></url></urlset>", SITEMAP_URLSET, "a b@86400 " },
	{ "cut off", "<urlset><url><loc>a</loc></url><url><loc>b", SITEMAP_URLSET, "a b " },
	{ "HTML", "<!doctype html><html><body><url><loc>a</loc>", SITEMAP_NONE, NULL },
	{ "RSS", "<rss><channel><item><loc>a</loc></item></channel></rss>", SITEMAP_NONE, NULL },
	{ "text before", "hello <urlset>", SITEMAP_NONE, NULL },
	{ "nothing", "", SITEMAP_NONE, NULL },
};

static int
collect(const char *url, size_t len, uint32_t lastmod_s, void *arg)
{
	struct text *t = arg;

	text_put(t, url, len);
	if (lastmod_s != 0)
		text_printf(t, "@%u", lastmod_s);
	text_putc(t, ' ');
	return 0;
}

START_TEST(test_table)
{
	size_t len = strlen(rows[_i].xml);
	struct text got = { 0 };
	enum sitemap_kind kind = sitemap_sniff(rows[_i].xml, len);

	ck_assert_msg(kind == rows[_i].kind, "%s: kind %d", rows[_i].name, (int)kind);
	if (rows[_i].urls != NULL) {
		(void)sitemap_each(rows[_i].xml, len, collect, &got);
		ck_assert_msg(strcmp(text_str(&got), rows[_i].urls) == 0, "%s: %s", rows[_i].name, text_str(&got));
	}
	for (size_t n = 0; n < len; n++) {		/* each prefix in memory of its own */
		char *xml = malloc(n + 1);

		memcpy(xml, rows[_i].xml, n);
		text_clear(&got);
		(void)sitemap_sniff(xml, n);
		(void)sitemap_each(xml, n, collect, &got);
		free(xml);
	}
	text_fini(&got);
}
END_TEST

static const struct { const char *s; uint32_t want; } dates[] = {
	{ "2024", 1704067200 }, { "2024-05", 1714521600 }, { "2024-05-06", 1714953600 },
	{ "2024-05-06T07:08Z", 1714979280 }, { "2024-05-06T07:08:09Z", 1714979289 }, { "2024-05-06T07:08:09.123456789Z", 1714979289 },
	{ "2024-05-06T07:08:09+02:00", 1714972089 }, { "2024-05-06T07:08:09-0130", 1714984689 },
	{ "2024-05-06 07:08:09", 1714979289 }, { " 2024-05-06\n", 1714953600 }, { "1970-01-01", 0 }, { "1969-12-31", 0 },
	{ "2200-01-01", 0 }, { "", 0 }, { "now", 0 }, { "20", 0 }, { "2024-", 0 }, { "2024-13-01", 0 }, { "2024-02-30", 0 }, { "2024-00", 0 },
	{ "2024-05-06x", 0 }, { "2024-05-06T", 0 }, { "2024-05-06T25:00Z", 0 }, { "2024-05-06T07Z", 0 }, { "2024-05-06T07:08:09+2", 0 },
	{ "2024-05-06T07:08+24:00", 0 }, { "06 May 2024", 0 }, { "2024/05/06", 0 },
};

START_TEST(test_date)
{
	struct slice s = slice_of(dates[_i].s);

	ck_assert_msg(w3c_date_s(s) == dates[_i].want, "\"%s\": %u", s.p, w3c_date_s(s));
	for (size_t n = 0; n < s.len; n++) {
		char *part = malloc(n + 1);

		memcpy(part, s.p, n);
		(void)w3c_date_s((struct slice){ part, n });
		free(part);
	}
}
END_TEST

START_TEST(test_many)
{
	struct text xml = { 0 }, got = { 0 };

	text_puts(&xml, "<urlset>");
	for (int i = 0; i < SITEMAP_MAX_URLS + 5; i++)
		text_printf(&xml, "<url><loc>%d</loc></url>", i);
	ck_assert_int_eq(sitemap_each(xml.p, xml.len, collect, &got), SITEMAP_MAX_URLS);
	text_fini(&xml);
	text_fini(&got);
}
END_TEST

START_TEST(test_lists)
{
	static const char list[] = "# pages\nhttp://h/a\r\n\n  https://h/b  \n";
	struct text got = { 0 };

	ck_assert(url_list_sniff(list, sizeof list - 1));
	ck_assert_int_eq(url_list_each(list, sizeof list - 1, collect, &got), 2);
	ck_assert_str_eq(text_str(&got), "http://h/a https://h/b ");
	text_fini(&got);
	ck_assert(!url_list_sniff("", 0));
	ck_assert(!url_list_sniff("# only\n", 7));
	ck_assert(!url_list_sniff("http://h/a\nwords\n", 17));
	ck_assert(!url_list_sniff("http://h/a is a page\n", 21));
}
END_TEST

static size_t
gzip(void *out, size_t size, const void *in, size_t len)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in, .avail_in = (uInt)len, .next_out = out, .avail_out = (uInt)size };

	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	(void)deflateEnd(&z);
	return z.total_out;
}

START_TEST(test_gunzip)
{
	static const char xml[] = "<urlset><url><loc>a</loc></url></urlset>";
	static char zeros[1 << 20];
	unsigned char packed[4096];
	struct text out = { 0 };
	size_t n = gzip(packed, sizeof packed, xml, sizeof xml - 1);

	ck_assert(gzip_sniff(packed, n));
	ck_assert_int_eq(gunzip(&out, packed, n, 1000), 0);
	ck_assert_str_eq(text_str(&out), xml);
	text_clear(&out);
	ck_assert_int_eq(gunzip(&out, packed, n, 10), -EMSGSIZE);
	for (size_t k = 0; k < n; k++) {
		text_clear(&out);
		ck_assert_int_ne(gunzip(&out, packed, k, 1000), 0);
	}
	n = gzip(packed, sizeof packed, zeros, sizeof zeros);	/* a bomb */
	text_clear(&out);
	ck_assert_int_eq(gunzip(&out, packed, n, 65536), -EMSGSIZE);
	ck_assert_uint_le(out.len, 65536);
	text_fini(&out);
}
END_TEST

static const struct {
	const char *type, *path, *body;
	enum kind   kind;
} kinds[] = {
	{ "text/html", "/", "x", KIND_PAGE },
	{ "text/html; charset=utf-8", "/sitemap.xml", "<html>", KIND_PAGE },
	{ "TEXT/HTML", "/my-sitemap", "<!doctype html>", KIND_PAGE },
	{ "text/html", "/sitemap.xml", "<urlset></urlset>", KIND_SITEMAP },
	{ "application/xhtml+xml", "/a", "<?xml version='1.0'?><html xmlns='x'>", KIND_PAGE },
	{ "text/xml", "/sitemap.xml", "<?xml version='1.0'?><urlset></urlset>", KIND_SITEMAP },
	{ "application/xml", "/a.xml", "<note/>", KIND_OTHER },
	{ "application/xml", "/a.xml", "<?xml version='1.0'?>\n<!DOCTYPE html>\n<html>", KIND_PAGE },
	{ "image/svg+xml", "/a.svg", "<svg/>", KIND_OTHER },
	{ "text/plain", "/a.txt", "words", KIND_PLAIN },
	{ "text/plain", "/a.txt", "http://h/a\n", KIND_URL_LIST },
	{ "text/plain", "/README.md", "# a", KIND_MARKDOWN },
	{ "text/plain", "/llms.txt", "# a", KIND_MARKDOWN },
	{ "text/markdown", "/a", "# a", KIND_MARKDOWN },
	{ "application/octet-stream", "/a.md", "# a", KIND_MARKDOWN },
	{ "application/octet-stream", "/a.bin", "# a", KIND_OTHER },
	{ "", "/a", "<!-- x --> <HTML>", KIND_PAGE },
	{ "", "/a", "words", KIND_PLAIN },
	{ "image/png", "/a", "<html>", KIND_OTHER },
	{ "application/pdf", "/a", "%PDF", KIND_OTHER },
	{ "text/css", "/a", "a{}", KIND_OTHER },
};

START_TEST(test_kinds)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		enum kind k = kind_of(kinds[i].type, slice_of(kinds[i].path), kinds[i].body, strlen(kinds[i].body));

		ck_assert_msg(k == kinds[i].kind, "%s %s: %d", kinds[i].type, kinds[i].path, (int)k);
	}
}
END_TEST

START_TEST(test_charset)
{
	char out[16];

	kind_charset(out, sizeof out, "text/html; charset=ISO-8859-1");
	ck_assert_str_eq(out, "ISO-8859-1");
	kind_charset(out, sizeof out, "text/html;x=y; Charset=\"utf-8\"; z");
	ck_assert_str_eq(out, "utf-8");
	kind_charset(out, sizeof out, "text/html");
	ck_assert_str_eq(out, "");
	kind_charset(out, sizeof out, "text/html; charset=a-name-that-is-far-too-long");
	ck_assert_str_eq(out, "");
	kind_charset(out, sizeof out, NULL);
	ck_assert_str_eq(out, "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sitemap");
	TCase *tc = tcase_create("sitemap");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, test_table, 0, sizeof rows / sizeof rows[0]);
	tcase_add_loop_test(tc, test_date, 0, sizeof dates / sizeof dates[0]);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_lists);
	tcase_add_test(tc, test_gunzip);
	tcase_add_test(tc, test_kinds);
	tcase_add_test(tc, test_charset);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
