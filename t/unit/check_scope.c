#include "config.h"

#include "crawler/scope.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/frontier.h"
#include "shared/guard.h"
#include "crawler/trap.h"

/* -- scope ----------------------------------------------------------------- */

static const struct {
	const char *start, *url;
	enum scope_verdict verdict;
} scopes[] = {
	{ "http://h/", "http://h/a/b", SCOPE_IN },
	{ "http://h/", "http://g/", SCOPE_OUTSIDE },
	{ "http://h/", "http://sub.h/", SCOPE_OUTSIDE },
	{ "http://h/", "https://h/a", SCOPE_IN },
	{ "http://h/", "http://h:8080/", SCOPE_OUTSIDE },
	{ "http://h:8080/", "https://h:8080/a", SCOPE_IN },
	{ "http://h:8080/", "http://h/a", SCOPE_OUTSIDE },
	{ "http://h/docs/", "http://h/docs/a", SCOPE_IN },
	{ "http://h/docs/", "http://h/doc", SCOPE_OUTSIDE },
	{ "http://h/docs", "http://h/docs/a", SCOPE_IN },
	{ "http://h/docs", "http://h/docs", SCOPE_IN },
	{ "http://h/docs", "http://h/docs?a", SCOPE_IN },
	{ "http://h/docs", "http://h/docsearch", SCOPE_OUTSIDE },
	{ "http://h/docs/index.html", "http://h/docs/a/b.html", SCOPE_IN },
	{ "http://h/docs/index.html", "http://h/a.html", SCOPE_OUTSIDE },
	{ "http://h/", "http://h/a.png", SCOPE_BINARY },
	{ "http://h/", "http://h/a.PDF", SCOPE_BINARY },
	{ "http://h/", "http://h/a.pdf?x", SCOPE_BINARY },
	{ "http://h/", "http://h/a.tar.gz", SCOPE_BINARY },
	{ "http://h/", "http://h/sitemap.xml.gz", SCOPE_IN },
	{ "http://h/", "http://h/a.pdf/b", SCOPE_IN },
	{ "http://h/", "http://h/png", SCOPE_IN },
	{ "http://h/", "http://h/a.", SCOPE_IN },
	{ "http://h/", "http://h/v1.zip.html", SCOPE_IN },
	{ "http://h/", "http://h/a.woff2", SCOPE_BINARY },
	{ "http://h/", "http://h/a.7z", SCOPE_BINARY },
	{ "http://h/", "http://h/a.zst", SCOPE_BINARY },
};

START_TEST(test_scope)
{
	static struct crawl_params none;
	struct url start, u;
	struct scope s;

	ck_assert_int_eq(url_parse(&start, scopes[_i].start), 0);
	ck_assert_int_eq(url_parse(&u, scopes[_i].url), 0);
	scope_init(&s, &start, &none);
	ck_assert_msg(scope_check(&s, &u) == scopes[_i].verdict, "%s from %s: %d", scopes[_i].url, scopes[_i].start,
	    (int)scope_check(&s, &u));
}
END_TEST

static const struct {
	const char *glob, *path;
	bool	    match;
} globs[] = {
	{ "/a", "/a", true },
	{ "/a", "/ab", false },
	{ "/a*", "/ab", true },
	{ "/a*", "/ab/c", false },
	{ "/a/*", "/a/", true },
	{ "/a/*/c", "/a/b/c", true },
	{ "/a/*/c", "/a/b/b/c", false },
	{ "/a/**", "/a/b/c", true },
	{ "/a/**", "/a", false },
	{ "**/print/**", "/print/x", true },
	{ "**/print/**", "/a/b/print/x", true },
	{ "**/print/**", "/a/printer/x", false },
	{ "/a/**/z", "/a/z", true },
	{ "/a/**/z", "/a/b/c/z", true },
	{ "/a/**/z", "/az", false },
	{ "/**/*.html", "/a.html", true },
	{ "/**/*.html", "/a/b/c.html", true },
	{ "/**/*.html", "/a/b/c.htm", false },
	{ "**", "", true },
	{ "*", "/", false },
	{ "", "", true },
	{ "*a*b*c", "xaxbxc", true },
	{ "*a*b*c", "xaxbx", false },
	{ "/x/**/*/y", "/x/a/y", true },
	{ "/x/**/*/y", "/x/y", false },
};

START_TEST(test_glob)
{
	char hostile[128], path[1500];

	for (size_t i = 0; i < sizeof globs / sizeof globs[0]; i++)
		ck_assert_msg(glob_match(globs[i].glob, strlen(globs[i].glob), globs[i].path, strlen(globs[i].path)) ==
		    globs[i].match, "%s against %s", globs[i].glob, globs[i].path);
	for (size_t i = 0; i + 4 < sizeof hostile; i += 4)
		memcpy(hostile + i, "**/a", 5);
	for (size_t i = 0; i + 2 < sizeof path; i += 2)
		memcpy(path + i, "/a", 3);
	(void)glob_match(hostile, strlen(hostile), path, strlen(path));	/* ends, and soon */
}
END_TEST

START_TEST(test_lists)
{
	static struct crawl_params p;
	struct url start, u;
	struct scope s;

	p.include.n = 2;
	FIELD_SET(p.include.item[0], "/docs/**");
	FIELD_SET(p.include.item[1], "/**?page=*");
	p.exclude.n = 1;
	FIELD_SET(p.exclude.item[0], "**/old/**");
	ck_assert_int_eq(url_parse(&start, "http://h/"), 0);
	scope_init(&s, &start, &p);
	ck_assert_int_eq(url_parse(&u, "http://h/docs/a?b"), 0);
	ck_assert_int_eq(scope_check(&s, &u), SCOPE_IN);
	ck_assert_int_eq(url_parse(&u, "http://h/docs/old/a"), 0);
	ck_assert_int_eq(scope_check(&s, &u), SCOPE_EXCLUDED);
	ck_assert_int_eq(url_parse(&u, "http://h/other"), 0);
	ck_assert_int_eq(scope_check(&s, &u), SCOPE_EXCLUDED);
	ck_assert_int_eq(url_parse(&u, "http://h/other?page=2"), 0);
	ck_assert_int_eq(scope_check(&s, &u), SCOPE_IN);
}
END_TEST

static const struct {
	const char *start, *url, *want;
} canonicals[] = {
	{ "http://h/", "http://h/a?utm_source=x", "http://h/a" },
	{ "http://h/", "http://h/a?b=1&utm_source=x&c=2", "http://h/a?b=1&c=2" },
	{ "http://h/", "http://h/a?gclid=1&b", "http://h/a?b" },
	{ "http://h/", "http://h/a?b&fbclid=1", "http://h/a?b" },
	{ "http://h/", "http://h/a?", "http://h/a" },
	{ "http://h/", "http://h/a?&&", "http://h/a" },
	{ "http://h/", "http://h/a?b&&c&", "http://h/a?b&c" },
	{ "http://h/", "http://h/a?=b", "http://h/a?=b" },
	{ "http://h/", "http://h/a?PHPSESSID=1&id=2", "http://h/a?id=2" },
	{ "http://h/", "http://h/a;jsessionid=1?b", "http://h/a?b" },
	{ "http://h/", "http://h/a;jsessionid=1/b;c", "http://h/a/b;c" },
	{ "http://h/", "http://h/a?side=1", "http://h/a?side=1" },
	{ "https://h/", "http://h/a?b", "https://h/a?b" },
	{ "https://h/", "http://h:8080/a", "http://h:8080/a" },
	{ "https://h/", "http://g/a", "http://g/a" },
	{ "http://h/", "https://h/a", "https://h/a" },
};

START_TEST(test_canonical)
{
	static struct crawl_params none;
	struct url start, u, again;
	struct scope s;

	ck_assert_int_eq(url_parse(&start, canonicals[_i].start), 0);
	ck_assert_int_eq(url_parse(&u, canonicals[_i].url), 0);
	scope_init(&s, &start, &none);
	ck_assert_int_eq(scope_canonical(&s, &u), strcasestr(canonicals[_i].url, "sessid") != NULL || strstr(canonicals[_i].url, "sessionid") != NULL);
	ck_assert_str_eq(u.text, canonicals[_i].want);
	ck_assert_int_eq(url_parse(&again, u.text), 0);
	ck_assert(again.len == u.len && again.path_at == u.path_at && again.query_at == u.query_at &&
	    again.host_at == u.host_at && again.port == u.port && again.https == u.https);
}
END_TEST

/* -- traps ----------------------------------------------------------------- */

static unsigned
let_through(const char *fmt, unsigned from, unsigned n)
{
	struct traps t = { 0 };
	unsigned ok = 0;
	struct url u;
	char s[200];

	for (unsigned i = from; i < from + n; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(s, sizeof s, fmt, i, i % 12 + 1);
#pragma GCC diagnostic pop
		ck_assert_int_eq(url_parse(&u, s), 0);
		ok += trap_check(&t, &u) == TRAP_NONE;
	}
	traps_fini(&t);
	return ok;
}

START_TEST(test_traps)
{
	ck_assert_uint_eq(let_through("http://h/page-%u.html", 0, 5000), 5000);
	ck_assert_uint_eq(let_through("http://h/a?p=%u", 0, 5000), 500);
	ck_assert_uint_eq(let_through("http://h/a%u?p=%u", 0, 5000), 5000);
	ck_assert_uint_eq(let_through("http://h/cal/%04u/%02u", 1000, 5000), 400);
	ck_assert_uint_eq(let_through("http://h/cal?d=%04u-%02u", 1000, 5000), 400);
	ck_assert_uint_eq(let_through("http://h/cal/%04u-%02u-07/day", 1000, 5000), 400);
	ck_assert_uint_eq(let_through("http://h/2023/1/p%u.html", 0, 5000), 5000);
	ck_assert_uint_eq(let_through("http://h/3000/0/p%u.html", 0, 5000), 5000);
	ck_assert_uint_eq(let_through("http://h/%u/a/a/a/b", 0, 10), 10);
	ck_assert_uint_eq(let_through("http://h/%u/a/a/a/a", 0, 10), 0);
	ck_assert_uint_eq(let_through("http://h/%u/a/b/a/b/a/b/a/b", 0, 10), 0);
	ck_assert_uint_eq(let_through("http://h/%u?a&b&c&d&e&f&g&h", 0, 10), 10);
	ck_assert_uint_eq(let_through("http://h/%u?a&b&c&d&e&f&g&h&i", 0, 10), 0);
	ck_assert_uint_eq(let_through("http://h/%u/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4", 0, 10), 0);
}
END_TEST

/* -- frontier -------------------------------------------------------------- */

START_TEST(test_frontier)
{
	struct frontier_entry *e, *first = NULL;
	struct frontier f;
	char url[64];

	frontier_init(&f);
	ck_assert_ptr_null(frontier_take(&f));
	ck_assert_ptr_null(frontier_find(&f, "x", 1));
	for (unsigned i = 0; i < 20000; i++) {
		int n = snprintf(url, sizeof url, "http://h/%u", i);

		ck_assert_int_eq(frontier_add(&f, url, (size_t)n, i % 7, &e), 1);
		first = first != NULL ? first : e;
		frontier_queue(&f, e);
		ck_assert_int_eq(frontier_add(&f, url, (size_t)n, 0, &e), 0);
		ck_assert_uint_eq(e->depth, i % 7);
	}
	ck_assert_str_eq(first->url, "http://h/0");	/* nothing moved */
	ck_assert_uint_eq(f.n_waiting, 20000);
	for (unsigned i = 0; i < 20000; i++) {		/* first in, first out */
		(void)snprintf(url, sizeof url, "http://h/%u", i);
		ck_assert_str_eq(frontier_take(&f)->url, url);
	}
	ck_assert_ptr_null(frontier_take(&f));
	frontier_queue(&f, first);
	ck_assert_ptr_eq(frontier_take(&f), first);
	frontier_fini(&f);
}
END_TEST

/* -- guard ----------------------------------------------------------------- */

static bool
allows(const struct guard *g, const char *address, const char *host, uint16_t port)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;

	if (strchr(address, ':') != NULL) {
		ss.ss_family = AF_INET6;
		ck_assert_int_eq(inet_pton(AF_INET6, address, &in6->sin6_addr), 1);
	} else {
		ss.ss_family = AF_INET;
		ck_assert_int_eq(inet_pton(AF_INET, address, &in->sin_addr), 1);
	}
	return guard_allows(g, (struct sockaddr *)&ss, slice_of(host), port);
}

START_TEST(test_guard)
{
	static const char *const closed[] = {
		"0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.0.9", "169.254.169.254", "172.16.0.1",
		"172.31.255.255", "192.168.1.1", "198.19.0.1", "224.0.0.1", "239.255.255.250", "255.255.255.255",
		"240.0.0.1", "192.0.2.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
		"fe80::1", "febf::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "64:ff9b::7f00:1",
		"64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:db8::1", "2001::1", "100::1",
		"fd00:ec2::254",
	};
	static const char *const open[] = {
		"8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "169.253.0.1", "198.17.0.1",
		"198.20.0.1", "223.255.255.255", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
		"2002:808:808::1",
	};
	struct guard g;
	struct err e;

	ck_assert_int_eq(guard_init(&g, "", &e), 0);
	for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
		ck_assert_msg(!allows(&g, closed[i], "h", 80), "%s is open", closed[i]);
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
		ck_assert_msg(allows(&g, open[i], "h", 80), "%s is closed", open[i]);
}
END_TEST

START_TEST(test_guard_rules)
{
	struct guard g;
	struct err e;

	ck_assert_int_eq(guard_init(&g, "10.1.0.0/16, ::1  localhost:8080 [::1]:81 192.168.7.0/30", &e), 0);
	ck_assert(allows(&g, "10.1.255.1", "h", 80));
	ck_assert(allows(&g, "::ffff:10.1.0.1", "h", 80));
	ck_assert(!allows(&g, "10.2.0.1", "h", 80));
	ck_assert(allows(&g, "::1", "h", 80));
	ck_assert(allows(&g, "192.168.7.3", "h", 80));
	ck_assert(!allows(&g, "192.168.7.4", "h", 80));
	ck_assert(allows(&g, "127.0.0.1", "localhost", 8080));
	ck_assert(!allows(&g, "127.0.0.1", "localhost", 80));
	ck_assert(!allows(&g, "127.0.0.1", "h", 8080));
	ck_assert_int_eq(guard_init(&g, "10.0.0.0/33", &e), -EINVAL);
	ck_assert_int_eq(guard_init(&g, "10.0.0.0/", &e), -EINVAL);
	ck_assert_int_eq(guard_init(&g, "host", &e), -EINVAL);
	ck_assert_int_eq(guard_init(&g, "host:0", &e), -EINVAL);
	ck_assert_int_eq(guard_init(&g, "host:99999", &e), -EINVAL);
	ck_assert_int_eq(guard_init(&g, "host/8", &e), -EINVAL);
	ck_assert(strstr(e.text, "host/8") != NULL || strstr(e.text, "host") != NULL);
}
END_TEST

START_TEST(test_ports)
{
	struct slice h = SLICE_LIT("h"), other = SLICE_LIT("other");
	struct guard g;
	struct err e;

	ck_assert_int_eq(guard_init(&g, "h:25", &e), 0);
	ck_assert(guard_allows_port(&g, other, 25));	/* until it is told */
	ck_assert_int_eq(guard_init_ports(&g, "80 443, 1024-65535", &e), 0);
	ck_assert(guard_allows_port(&g, other, 80) && guard_allows_port(&g, other, 1024) && guard_allows_port(&g, other, 65535));
	ck_assert(!guard_allows_port(&g, other, 25) && !guard_allows_port(&g, other, 1023));
	ck_assert(guard_allows_port(&g, h, 25));
	ck_assert_int_eq(guard_init_ports(&g, "80-70", &e), -EINVAL);
	ck_assert_int_eq(guard_init_ports(&g, "0", &e), -EINVAL);
	ck_assert_int_eq(guard_init_ports(&g, "http", &e), -EINVAL);
	ck_assert_int_eq(guard_init_ports(&g, "80-", &e), -EINVAL);
}
END_TEST

static const struct {
	const char *url;
	bool in, in_below;		/* with subdomains */
} further[] = {
	{ "http://docs.example.com/guide/x", true, true },
	{ "http://docs.example.com/other", false, false },
	{ "http://api.docs.example.com/any", false, true },
	{ "http://xdocs.example.com/", false, false },
	{ "http://example.com/", false, false },
	{ "http://wiki.example.org/", true, true },
	{ "http://a.wiki.example.org/", false, true },
	{ "http://wiki.example.org:81/", true, true },
	{ "http://ported.example.org:81/", true, true },
	{ "http://ported.example.org/", false, false },
};

START_TEST(test_further_hosts)
{
	static struct crawl_params p;
	struct url start, u;
	struct scope s;

	p.hosts.n = 2;
	FIELD_SET(p.hosts.item[0], "wiki.example.org");
	FIELD_SET(p.hosts.item[1], "ported.example.org:81");
	ck_assert_int_eq(url_parse(&start, "http://docs.example.com/guide/"), 0);
	ck_assert_int_eq(url_parse(&u, further[_i].url), 0);
	scope_init(&s, &start, &p);
	ck_assert_msg((scope_check(&s, &u) == SCOPE_IN) == further[_i].in, "%s", further[_i].url);
	p.subdomains = true;
	ck_assert_msg((scope_check(&s, &u) == SCOPE_IN) == further[_i].in_below, "%s with subdomains", further[_i].url);
	p.subdomains = false;
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("scope");
	TCase *tc = tcase_create("scope");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, test_scope, 0, sizeof scopes / sizeof scopes[0]);
	tcase_add_test(tc, test_glob);
	tcase_add_test(tc, test_lists);
	tcase_add_loop_test(tc, test_canonical, 0, sizeof canonicals / sizeof canonicals[0]);
	tcase_add_test(tc, test_traps);
	tcase_add_test(tc, test_frontier);
	tcase_add_test(tc, test_guard);
	tcase_add_test(tc, test_guard_rules);
	tcase_add_test(tc, test_ports);
	tcase_add_loop_test(tc, test_further_hosts, 0, sizeof further / sizeof further[0]);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
