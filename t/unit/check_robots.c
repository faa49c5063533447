#include "config.h"

#include "crawler/robots.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGENT "archon/1.0 (documentation crawler)"

static const struct {
	const char *name, *file, *target;
	bool	    allowed;
} rows[] = {
	{ "no file", "", "/a", true },
	{ "star", "User-agent: *\nDisallow: /a\n", "/a/b", false },
	{ "star, other path", "User-agent: *\nDisallow: /a\n", "/b", true },
	{ "prefix, not segment", "User-agent: *\nDisallow: /a\n", "/abc", false },
	{ "empty disallow", "User-agent: *\nDisallow:\n", "/a", true },
	{ "all", "User-agent: *\nDisallow: /\n", "/", false },
	{ "robots.txt itself", "User-agent: *\nDisallow: /\n", "/robots.txt", true },
	{ "rules before any group", "Disallow: /\n", "/a", true },
	{ "another's group", "User-agent: other\nDisallow: /\n", "/a", true },
	{ "our group", "User-agent: archon\nDisallow: /\n", "/a", false },
	{ "our group in any case", "USER-AGENT: ARCHON\ndisallow: /\n", "/a", false },
	{ "our group, version ignored", "User-agent: archon/9.9\nDisallow: /\n", "/a", false },
	{ "a longer name is another", "User-agent: archon-news\nDisallow: /\n", "/a", true },
	{ "a shorter name is another", "User-agent: arch\nDisallow: /\n", "/a", true },
	{ "our group replaces star", "User-agent: *\nDisallow: /\n\nUser-agent: archon\nDisallow: /x\n", "/a", true },
	{ "a blank line ends no group", "User-agent: archon\n\nUser-agent: *\nDisallow: /\n", "/a", false },
	{ "our group with nothing forbidden", "User-agent: archon\nDisallow:\nUser-agent: *\nDisallow: /\n", "/a", true },
	{ "groups of ours are joined", "User-agent: archon\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: archon\nDisallow: /b\n", "/b", false },
	{ "two agents, one group", "User-agent: x\nUser-agent: archon\nDisallow: /a\n", "/a", false },
	{ "sitemap does not end a group", "User-agent: archon\nSitemap: http://h/s\nDisallow: /a\n", "/a", false },
	{ "a rule ends the agents", "User-agent: archon\nDisallow: /a\nUser-agent: x\nDisallow: /b\n", "/b", true },
	{ "longest wins, allow", "User-agent: *\nDisallow: /a\nAllow: /a/b\n", "/a/b/c", true },
	{ "longest wins, disallow", "User-agent: *\nAllow: /a\nDisallow: /a/b\n", "/a/b", false },
	{ "order does not matter", "User-agent: *\nAllow: /a/b\nDisallow: /a\n", "/a/b", true },
	{ "tie: allow", "User-agent: *\nDisallow: /a\nAllow: /a\n", "/a", true },
	{ "case matters in paths", "User-agent: *\nDisallow: /A\n", "/a", true },
	{ "star within", "User-agent: *\nDisallow: /*/x\n", "/a/b/x", false },
	{ "star within, no match", "User-agent: *\nDisallow: /*/x\n", "/x", true },
	{ "star first", "User-agent: *\nDisallow: *.php\n", "/a/b.php?c", false },
	{ "dollar", "User-agent: *\nDisallow: /*.php$\n", "/b.php", false },
	{ "dollar, more behind", "User-agent: *\nDisallow: /*.php$\n", "/b.php?c", true },
	{ "dollar needs the last one", "User-agent: *\nDisallow: /*.php$\n", "/a.php/b.php", false },
	{ "dollar within is itself", "User-agent: *\nDisallow: /a$b\n", "/a$bc", false },
	{ "only the root", "User-agent: *\nDisallow: /$\n", "/a", true },
	{ "query", "User-agent: *\nDisallow: /*?s=\n", "/a?s=1", false },
	{ "percent: same letter", "User-agent: *\nDisallow: /%61\n", "/a", false },
	{ "percent: case", "User-agent: *\nDisallow: /%c3%a9\n", "/%C3%A9", false },
	{ "percent: as UTF-8", "User-agent: *\nDisallow: /\xc3\xa9\n", "/%C3%A9", false },
	{ "percent: slash is not a slash", "User-agent: *\nDisallow: /a%2Fb\n", "/a/b", true },
	{ "comments", "User-agent: * # all\nDisallow: /a # this\n", "/a", false },
	{ "spaces and tabs", " User-agent :\t*\n\tDisallow : /a \n", "/a", false },
	{ "CR LF", "User-agent: *\r\nDisallow: /a\r\n", "/a", false },
	{ "CR alone", "User-agent: *\rDisallow: /a\r", "/a", false },
	{ "byte order mark", "\xef\xbb\xbfUser-agent: *\nDisallow: /a\n", "/a", false },
	{ "no newline at the end", "User-agent: *\nDisallow: /a", "/a", false },
	{ "junk lines", "<html>\nUser-agent: *\nhello\nDisallow: /a\n", "/a", false },
	{ "unknown keys do not end the agents", "User-agent: archon\nNoindex: /x\nUser-agent: x\nDisallow: /a\n", "/a", false },
	{ "a pattern without a slash is nothing", "User-agent: *\nDisallow: a\n", "/a", true },
};

START_TEST(test_table)
{
	struct slice target = slice_of(rows[_i].target);
	size_t len = strlen(rows[_i].file);
	struct robots r = { 0 };
	bool allowed;

	ck_assert_int_eq(robots_parse(&r, rows[_i].file, len, AGENT), 0);
	allowed = robots_allowed(&r, target);
	robots_fini(&r);
	ck_assert_msg(allowed == rows[_i].allowed, "%s: %d", rows[_i].name, allowed);
	for (size_t n = 0; n < len; n++) {		/* each prefix in memory of its own */
		char *file = malloc(n + 1);

		memcpy(file, rows[_i].file, n);
		ck_assert_int_eq(robots_parse(&r, file, n, AGENT), 0);
		(void)robots_allowed(&r, target);
		robots_fini(&r);
		free(file);
	}
}
END_TEST

START_TEST(test_delay)
{
	static const struct { const char *file; int64_t ms; } delays[] = {
		{ "User-agent: *\nCrawl-delay: 2\n", 2000 },
		{ "User-agent: *\nCrawl-delay: 0.5\n", 500 },
		{ "User-agent: *\nCrawl-delay: 86400\n", ROBOTS_MAX_DELAY_MS },
		{ "User-agent: *\nCrawl-delay: -1\n", 0 },
		{ "User-agent: *\nCrawl-delay: nan\n", 0 },
		{ "User-agent: *\nCrawl-delay: soon\n", 0 },
		{ "User-agent: *\nCrawl-delay: 9\nUser-agent: archon\nCrawl-delay: 1\n", 1000 },
		{ "User-agent: *\nCrawl-delay: 9\nUser-agent: archon\nDisallow:\n", 0 },
	};

	for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
		struct robots r = { 0 };

		ck_assert_int_eq(robots_parse(&r, delays[i].file, strlen(delays[i].file), AGENT), 0);
		ck_assert_int_eq(r.delay_ms, delays[i].ms);
		robots_fini(&r);
	}
}
END_TEST

START_TEST(test_sitemaps)
{
	static const char file[] = "Sitemap: http://h/a.xml\nUser-agent: x\nSITEMAP:  /b.xml \n";
	struct robots r = { 0 };

	ck_assert_int_eq(robots_parse(&r, file, sizeof file - 1, AGENT), 0);
	ck_assert_uint_eq(r.n_sitemaps, 2);
	ck_assert_str_eq(r.sitemaps[0], "http://h/a.xml");
	ck_assert_str_eq(r.sitemaps[1], "/b.xml");
	robots_fini(&r);
}
END_TEST

START_TEST(test_limits)
{
	size_t size = ROBOTS_MAX_BYTES + 100, len = 0;
	char *file = malloc(size);
	struct robots r = { 0 };

	len += (size_t)snprintf(file, size, "User-agent: *\n");
	for (unsigned i = 0; len + 32 < ROBOTS_MAX_BYTES; i++)
		len += (size_t)snprintf(file + len, size - len, "Disallow: /%u/\n", i);
	memset(file + len, '\n', ROBOTS_MAX_BYTES - len);
	len = ROBOTS_MAX_BYTES;
	len += (size_t)snprintf(file + len, size - len, "Disallow: /late\n");
	ck_assert_int_eq(robots_parse(&r, file, len, AGENT), 0);
	ck_assert_uint_eq(r.n_rules, ROBOTS_MAX_RULES);
	ck_assert(!robots_allowed(&r, SLICE_LIT("/77/x")));
	ck_assert(robots_allowed(&r, SLICE_LIT("/late")));
	robots_fini(&r);
	free(file);
	r.disallow_all = true;
	ck_assert(!robots_allowed(&r, SLICE_LIT("/")));
	ck_assert(robots_allowed(&r, SLICE_LIT("/robots.txt")));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("robots");
	TCase *tc = tcase_create("robots");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, test_table, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, test_delay);
	tcase_add_test(tc, test_sitemaps);
	tcase_add_test(tc, test_limits);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
