#include "config.h"

#include "shared/url.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *base, *ref;
	int	    rc;
	const char *want;
} rows[] = {
	{ "plain", NULL, "http://example.com/a", 0, "http://example.com/a" },
	{ "path is never empty", NULL, "http://example.com", 0, "http://example.com/" },
	{ "query without path", NULL, "https://example.com?q=1", 0, "https://example.com/?q=1" },
	{ "scheme and host in lower case", NULL, "HTTPS://EXAMPLE.Com/A", 0, "https://example.com/A" },
	{ "spaces around", NULL, "  http://a/b \n", 0, "http://a/b" },
	{ "tabs and newlines within", NULL, "ht\ntp://a\t/b\r\nc", 0, "http://a/bc" },
	{ "one slash", NULL, "http:/example.com/", 0, "http://example.com/" },
	{ "no slash", NULL, "http:example.com/", 0, "http://example.com/" },
	{ "many slashes", NULL, "http:////example.com/", 0, "http://example.com/" },
	{ "backslashes", NULL, "http:\\\\x\\y\\z", 0, "http://x/y/z" },
	{ "no scheme, no base", NULL, "/a", -EINVAL, NULL },
	{ "empty, no base", NULL, "", -EINVAL, NULL },
	{ "ftp", NULL, "ftp://a/b", -EPROTONOSUPPORT, NULL },
	{ "mailto", "http://a/", "mailto:x@y.org", -EPROTONOSUPPORT, NULL },
	{ "javascript", "http://a/", "javascript:void(0)", -EPROTONOSUPPORT, NULL },
	{ "javascript, split", "http://a/", "java\nscript:void(0)", -EPROTONOSUPPORT, NULL },
	{ "host:port is a scheme", NULL, "localhost:8080/", -EPROTONOSUPPORT, NULL },
	{ "a digit is no scheme", "http://a/b/c", "1x:y", 0, "http://a/b/1x:y" },
	{ "no host", NULL, "http://", -EINVAL, NULL },
	{ "no host, query", NULL, "http://?q", -EINVAL, NULL },
	{ "no host, port", NULL, "http://:80/", -EINVAL, NULL },
	{ "no host, user", NULL, "http://user@/x", -EINVAL, NULL },

	{ "credentials", NULL, "http://user:pass@example.com/x", 0, "http://example.com/x" },
	{ "two at signs", NULL, "http://a@b@c/x", 0, "http://c/x" },
	{ "at sign in the path", NULL, "http://c/x@y", 0, "http://c/x@y" },
	{ "default port", NULL, "http://a:80/", 0, "http://a/" },
	{ "default port of https", NULL, "https://a:443/", 0, "https://a/" },
	{ "other scheme's port", NULL, "https://a:80/", 0, "https://a:80/" },
	{ "port", NULL, "http://a:08080/", 0, "http://a:8080/" },
	{ "empty port", NULL, "http://a:/b", 0, "http://a/b" },
	{ "largest port", NULL, "http://a:65535/", 0, "http://a:65535/" },
	{ "port too large", NULL, "http://a:65536/", -EINVAL, NULL },
	{ "port that wraps", NULL, "http://a:4294967376/", -EINVAL, NULL },
	{ "port not a number", NULL, "http://a:b/", -EINVAL, NULL },
	{ "two ports", NULL, "http://a:1:2/", -EINVAL, NULL },
	{ "space in host", NULL, "http://a b/", -EINVAL, NULL },
	{ "encoded space in host", NULL, "http://a%20b/", -EINVAL, NULL },
	{ "encoded NUL in host", NULL, "http://a%00b/", -EINVAL, NULL },
	{ "bad percent in host", NULL, "http://a%zz/", -EINVAL, NULL },
	{ "encoded letters in host", NULL, "http://%65xample.com/", 0, "http://example.com/" },
	{ "encoded slash in host", NULL, "http://a%2fb/", -EINVAL, NULL },
	{ "less-than in host", NULL, "http://a<b", -EINVAL, NULL },
	{ "caret in host", NULL, "http://a^b", -EINVAL, NULL },
	{ "pipe in host", NULL, "http://a|b/", -EINVAL, NULL },
	{ "underscore in host", NULL, "http://a_b/", 0, "http://a_b/" },
	{ "trailing dot", NULL, "http://example.com./", 0, "http://example.com./" },
	{ "other script", NULL, "http://m\xc3\xbcnchen.de/", -EINVAL, NULL },
	{ "punycode", NULL, "http://xn--mnchen-3ya.de/", 0, "http://xn--mnchen-3ya.de/" },

	{ "v4", NULL, "http://192.168.0.1/", 0, "http://192.168.0.1/" },
	{ "v4 with dot", NULL, "http://192.168.0.1./", 0, "http://192.168.0.1/" },
	{ "v4 hex", NULL, "http://0x7f.1/", 0, "http://127.0.0.1/" },
	{ "v4 octal", NULL, "http://0300.168.0.01/", 0, "http://192.168.0.1/" },
	{ "v4 one number", NULL, "http://2130706433/", 0, "http://127.0.0.1/" },
	{ "v4 one hex number", NULL, "http://0xA9FEA9FE/", 0, "http://169.254.169.254/" },
	{ "v4 three parts", NULL, "http://1.2.3/", 0, "http://1.2.0.3/" },
	{ "v4 empty hex", NULL, "http://0x/", 0, "http://0.0.0.0/" },
	{ "v4 encoded", NULL, "http://%30%78%63%30%2e%30%32%35%30.01", 0, "http://192.168.0.1/" },
	{ "v4 part too large", NULL, "http://256.0.0.1/", -EINVAL, NULL },
	{ "v4 last too large", NULL, "http://1.2.3.256/", -EINVAL, NULL },
	{ "v4 too large", NULL, "http://4294967296/", -EINVAL, NULL },
	{ "v4 far too large", NULL, "http://0x1ffffffffffffffffff/", -EINVAL, NULL },
	{ "v4 five parts", NULL, "http://1.2.3.4.5/", -EINVAL, NULL },
	{ "v4 empty part", NULL, "http://1..2/", -EINVAL, NULL },
	{ "v4 not octal", NULL, "http://09.1.1.1/", -EINVAL, NULL },
	{ "name ending in a number", NULL, "http://foo.0x4/", -EINVAL, NULL },
	{ "name beginning with numbers", NULL, "http://1.2.3.a/", 0, "http://1.2.3.a/" },
	{ "v6", NULL, "http://[::1]/", 0, "http://[::1]/" },
	{ "v6 long", NULL, "http://[1:0:0:0:0:0:0:1]:80/", 0, "http://[1::1]/" },
	{ "v6 case and zeros", NULL, "http://[2001:0DB8::00aB]:8080/x", 0, "http://[2001:db8::ab]:8080/x" },
	{ "v6 nothing", NULL, "http://[::]/", 0, "http://[::]/" },
	{ "v6 zeros at the end", NULL, "http://[1:2:0:0:0:0:0:0]/", 0, "http://[1:2::]/" },
	{ "v6 one zero is kept", NULL, "http://[1:0:2:3:4:5:6:7]/", 0, "http://[1:0:2:3:4:5:6:7]/" },
	{ "v6 first of two runs", NULL, "http://[1:0:0:2:0:0:3:4]/", 0, "http://[1::2:0:0:3:4]/" },
	{ "v6 longer run", NULL, "http://[1:0:0:2:0:0:0:4]/", 0, "http://[1:0:0:2::4]/" },
	{ "v6 mapped v4", NULL, "http://[::ffff:127.0.0.1]/", 0, "http://[::ffff:7f00:1]/" },
	{ "v6 open", NULL, "http://[::1/", -EINVAL, NULL },
	{ "v6 zone", NULL, "http://[fe80::1%25eth0]/", -EINVAL, NULL },
	{ "v6 junk behind", NULL, "http://[::1]x/", -EINVAL, NULL },
	{ "v6 empty", NULL, "http://[]/", -EINVAL, NULL },
	{ "v6 two gaps", NULL, "http://[1::2::3]/", -EINVAL, NULL },

	{ "dot", NULL, "http://a/b/./c", 0, "http://a/b/c" },
	{ "dots", NULL, "http://a/b/../c", 0, "http://a/c" },
	{ "dots at the end", NULL, "http://a/b/c/..", 0, "http://a/b/" },
	{ "dot at the end", NULL, "http://a/b/.", 0, "http://a/b/" },
	{ "dots past the root", NULL, "http://a/../../b", 0, "http://a/b" },
	{ "dots encoded", NULL, "http://a/b/%2e%2E/c/%2e/d/.%2e", 0, "http://a/c/" },
	{ "three dots", NULL, "http://a/b/.../c", 0, "http://a/b/.../c" },
	{ "dots over an empty segment", NULL, "http://a/b//../c", 0, "http://a/b/c" },
	{ "empty segments", NULL, "http://a//b///c", 0, "http://a//b///c" },
	{ "dots by backslash", NULL, "http://a/b\\..\\c", 0, "http://a/c" },
	{ "dots in the query", NULL, "http://a/b?/../c", 0, "http://a/b?/../c" },
	{ "encode in path", NULL, "http://a/b c\"<>`{}^", 0, "http://a/b%20c%22%3C%3E%60%7B%7D%5E" },
	{ "kept in path", NULL, "http://a/!$&'()*+,-.:;=@_|~[]", 0, "http://a/!$&'()*+,-.:;=@_|~[]" },
	{ "encode in query", NULL, "http://a/?b c\"<>'", 0, "http://a/?b%20c%22%3C%3E%27" },
	{ "kept in query", NULL, "http://a/?`{}^|?/\\", 0, "http://a/?`{}^|?/\\" },
	{ "UTF-8", NULL, "http://a/\xc3\xa9?\xc3\xa9", 0, "http://a/%C3%A9?%C3%A9" },
	{ "broken UTF-8", NULL, "http://a/\xff", 0, "http://a/%FF" },
	{ "percent in upper case", NULL, "http://a/%c3%a9?%2f", 0, "http://a/%C3%A9?%2F" },
	{ "percent alone", NULL, "http://a/%/%z/%2", 0, "http://a/%/%z/%2" },
	{ "fragment", NULL, "http://a/b#c?d#e", 0, "http://a/b" },
	{ "fragment after query", NULL, "http://a/b?q#c", 0, "http://a/b?q" },
	{ "empty query", NULL, "http://a/b?", 0, "http://a/b?" },
	{ "control bytes", NULL, "http://a/\x01\x7f", 0, "http://a/%01%7F" },

	{ "relative", "http://a/b/c?d", "e", 0, "http://a/b/e" },
	{ "relative up", "http://a/b/c/d", "../e", 0, "http://a/b/e" },
	{ "relative far up", "http://a/b", "../../../e", 0, "http://a/e" },
	{ "relative here", "http://a/b/c", ".", 0, "http://a/b/" },
	{ "relative, root", "http://a/b/c", "/", 0, "http://a/" },
	{ "relative, rooted", "http://a/b/c", "/d/./e", 0, "http://a/d/e" },
	{ "relative, backslash", "http://a/b/c", "\\d", 0, "http://a/d" },
	{ "relative, other host", "https://a/b", "//c/d", 0, "https://c/d" },
	{ "relative, other host, backslashes", "https://a/b", "\\/\\c\\d", 0, "https://c/d" },
	{ "relative, query", "http://a/b/c?x", "?y", 0, "http://a/b/c?y" },
	{ "relative, fragment", "http://a/b/c?x", "#y", 0, "http://a/b/c?x" },
	{ "relative, nothing", "http://a/b/c?x", "", 0, "http://a/b/c?x" },
	{ "relative, colon in path", "http://a/b/c", "./d:e", 0, "http://a/b/d:e" },
	{ "relative, same scheme", "http://a/b/c", "http:d", 0, "http://a/b/d" },
	{ "relative, same scheme, root", "http://a/b/c", "http:/d", 0, "http://a/d" },
	{ "absolute, other scheme", "https://a/b/c", "http:d", 0, "http://d/" },
	{ "absolute", "http://a/b", "https://c:444/d?e", 0, "https://c:444/d?e" },
	{ "base with port", "http://a:81/b", "c", 0, "http://a:81/c" },
	{ "no host in reference", "http://a/b", "//", -EINVAL, NULL },
	{ "three slashes", "http://a/b", "///c/d", 0, "http://c/d" },
	{ "spaces only", "http://a/b", "   ", 0, "http://a/b" },
};

START_TEST(test_table)
{
	struct url base, out;
	const char *name = rows[_i].name;
	char *ref;
	int rc;

	if (rows[_i].base != NULL)
		ck_assert_msg(url_parse(&base, rows[_i].base) == 0, "%s: base", name);
	memset(&out, 0x5a, sizeof out);
	rc = url_resolve(&out, rows[_i].base != NULL ? &base : NULL, rows[_i].ref, strlen(rows[_i].ref));
	ck_assert_msg(rc == rows[_i].rc, "%s: %d, not %d", name, rc, rows[_i].rc);
	if (rc < 0) {
		ck_assert_msg(out.text[0] == 0x5a && out.len == 0x5a5a, "%s: out was touched", name);
	} else {
		struct url again;

		ck_assert_msg(strcmp(out.text, rows[_i].want) == 0, "%s: %s", name, out.text);
		ck_assert_msg(out.len == strlen(out.text), "%s: len", name);
		ck_assert_msg(out.text[out.path_at] == '/', "%s: path_at", name);
		ck_assert_msg(out.query_at == out.len || out.text[out.query_at] == '?', "%s: query_at", name);
		ck_assert_msg(url_parse(&again, out.text) == 0 && strcmp(again.text, out.text) == 0 &&
		    again.path_at == out.path_at && again.query_at == out.query_at && again.port == out.port &&
		    again.host_at == out.host_at && again.host_len == out.host_len,
		    "%s: the canonical form is not stable: %s", name, again.text);
	}
	for (size_t n = 0; n < strlen(rows[_i].ref); n++) {	/* each prefix in memory of its own */
		ref = malloc(n + 1);
		memcpy(ref, rows[_i].ref, n);
		(void)url_resolve(&out, rows[_i].base != NULL ? &base : NULL, ref, n);
		free(ref);
	}
}
END_TEST

START_TEST(test_into_base)
{
	struct url u;

	ck_assert_int_eq(url_parse(&u, "http://a/b/c/d"), 0);
	ck_assert_int_eq(url_resolve(&u, &u, "../e?f", 6), 0);
	ck_assert_str_eq(u.text, "http://a/b/e?f");
}
END_TEST

START_TEST(test_parts)
{
	struct url u, v;

	ck_assert_int_eq(url_parse(&u, "https://User@[::1]:8443/p/q?r=s"), 0);
	ck_assert(slice_is(url_host(&u), "[::1]"));
	ck_assert(slice_is(url_path(&u), "/p/q"));
	ck_assert(slice_is(url_origin(&u), "https://[::1]:8443"));
	ck_assert_uint_eq(u.port, 8443);
	ck_assert(u.https);
	ck_assert_int_eq(url_parse(&v, "https://[0::1]:8443/"), 0);
	ck_assert(url_same_origin(&u, &v));
	ck_assert_int_eq(url_parse(&v, "http://[::1]:8443/"), 0);
	ck_assert(!url_same_origin(&u, &v));
	ck_assert_int_eq(url_parse(&v, "https://a"), 0);
	ck_assert_uint_eq(v.port, 443);
}
END_TEST

START_TEST(test_length)
{
	static char s[4 * ROW_URL_BYTES];
	struct url u;
	size_t n = 0;

	n = (size_t)snprintf(s, sizeof s, "http://a/");
	memset(s + n, 'x', sizeof s - n - 1);
	ck_assert_int_eq(url_resolve(&u, NULL, s, ROW_URL_BYTES - 1), 0);
	ck_assert_uint_eq(u.len, ROW_URL_BYTES - 1);
	ck_assert_int_eq(url_resolve(&u, NULL, s, ROW_URL_BYTES), -EMSGSIZE);
	ck_assert_int_eq(url_resolve(&u, NULL, s, sizeof s - 1), -EMSGSIZE);
	s[100] = '#';			/* a fragment does not count */
	ck_assert_int_eq(url_resolve(&u, NULL, s, sizeof s - 1), 0);
	s[100] = ' ';			/* what grows by encoding counts */
	ck_assert_int_eq(url_resolve(&u, NULL, s, ROW_URL_BYTES - 1), -EMSGSIZE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("url");
	TCase *tc = tcase_create("url");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, test_table, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, test_into_base);
	tcase_add_test(tc, test_parts);
	tcase_add_test(tc, test_length);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
