/* The crawler whole: a real store and table, a real process, a site on loopback. */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

#include "crawl_fixture.h"
#include "scratch.h"

enum { TREE_PAGES = 150 };

/* -- the site ---------------------------------------------------------------- */

static void
page(struct text *out, const char *headers, const char *title, const char *body)
{
	struct text html = { 0 };

	text_printf(&html, "<!doctype html><html><head><title>%s</title></head><body><main><h1>%s</h1>%s</main></body></html>",
	    title, title, body);
	site_reply(out, "200 OK", "text/html", headers, text_str(&html));
	text_fini(&html);
}

static void
tree_page(struct text *out, unsigned i, unsigned pages)
{
	struct text body = { 0 };
	char title[32];

	(void)snprintf(title, sizeof title, "Page %u", i);
	text_printf(&body, "<p>This is what page %u has to say.</p>", i);
	for (unsigned k = 2 * i + 1; k <= 2 * i + 2 && k < pages; k++)
		text_printf(&body, "<a href=\"%u.html#x\">next</a> <a href='./%u.html?utm_source=y'>again</a>", k, k);
	text_puts(&body, "<a href='0.html'>home</a> <a href='/out'>outside</a> <a href='a.png'>picture</a>");
	page(out, "", title, text_str(&body));
	text_fini(&body);
}

static const struct {			/* %u: the port */
	const char *path, *status, *type, *headers, *body;
} replies[] = {
	{ "/404", "404 Not Found", "text/html", "", "gone" },
	{ "/500", "500 Oops", "text/html", "", "broken" },
	{ "/a.bin", "200 OK", "image/png", "", "x" },
	{ "/loop1", "302 Found", "text/html", "Location: /loop2\r\n", "" },
	{ "/loop2", "302 Found", "text/html", "Location: /loop1\r\n", "" },
	{ "/elsewhere", "302 Found", "text/html", "Location: mailto:a@b\r\n", "" },
	{ "/noindex", "200 OK", "text/html", "X-Robots-Tag: noindex\r\n", "<p>no</p>" },
	{ "/private/x", "200 OK", "text/html", "", "<p>no</p>" },
	{ "/hang", "", NULL, NULL, NULL },

	{ "/sitemap.xml", "200 OK", "text/xml", "", "<sitemapindex><sitemap><loc>/maps/1.xml</loc></sitemap></sitemapindex>" },
	{ "/maps/1.xml", "200 OK", "text/xml", "", "<urlset><url><loc>/s/a</loc></url><url><loc>/s/b?x&amp;y</loc></url>"
	    "<url><loc>http://other.invalid/</loc></url></urlset>" },
	{ "/s/a", "200 OK", "text/html", "", "<main><p>Listed a</p><a href='/s/c'>c</a></main>" },
	{ "/s/b?x&y", "200 OK", "text/html", "", "<main><p>Listed b</p></main>" },
	{ "/s/c", "200 OK", "text/html", "", "<main><p>Not listed</p></main>" },
	{ "/my-sitemap", "200 OK", "text/html", "", "<main><p>A page about sitemaps</p></main>" },
	{ "/llms.txt", "200 OK", "text/plain", "", "# Site\n\n- [a](/s/a): first\n- [b](/s/b?x&y)\n" },
	{ "/notes.txt", "200 OK", "text/plain", "", "Only words.\n" },
	{ "/empty.xml", "200 OK", "text/xml", "", "<urlset></urlset>" },

	{ "/m/", "200 OK", "text/html", "", "<main><p>Start</p><a href=moved>1</a><a href=target>2</a><a href=copy1>3</a>"
	    "<a href=copy2>4</a><a href=alias>5</a><a href=secret>6</a><a href=leaf rel=nofollow>7</a><a href=dead>8</a>"
	    "<a href='out'>9</a></main>" },
	{ "/m/moved", "301 Moved", "text/html", "Location: target\r\n", "" },
	{ "/m/target", "200 OK", "text/html", "", "<main><p>The target</p></main>" },
	{ "/m/copy1", "200 OK", "text/html", "", "<main><p>The same words</p></main>" },
	{ "/m/copy2", "200 OK", "text/html", "", "<main><p>The same words</p></main>" },
	{ "/m/alias", "200 OK", "text/html", "", "<link rel=canonical href='/m/real'><main><p>Real or alias</p></main>" },
	{ "/m/real", "200 OK", "text/html", "", "<link rel=canonical href='/m/real'><main><p>Real</p></main>" },
	{ "/m/secret", "200 OK", "text/html", "", "<meta name=robots content=noindex><main><p>Secret</p></main>" },
	{ "/m/leaf", "200 OK", "text/html", "", "<main><p>Leaf</p></main>" },
	{ "/m/out", "302 Found", "text/html", "Location: /elsewhere/out\r\n", "" },
	{ "/start", "302 Found", "text/html", "Location: /m/\r\n", "" },
};

static void
site(struct text *out, const char *path, unsigned port)
{
	unsigned i;
	int end = 0;

	(void)port;
	if (strcmp(path, "/robots.txt") == 0) {
		site_reply(out, "200 OK", "text/plain", "", "User-agent: *\nDisallow: /private/\n");
	} else if (sscanf(path, "/tree/%u.html%n", &i, &end) == 1 && end > 0 && path[end] == '\0' && i < TREE_PAGES) {
		tree_page(out, i, TREE_PAGES);
	} else {
		for (i = 0; i < sizeof replies / sizeof replies[0]; i++)
			if (strcmp(replies[i].path, path) == 0) {
				if (replies[i].type != NULL)
					site_reply(out, replies[i].status, replies[i].type, replies[i].headers, replies[i].body);
				return;
			}
		site_reply(out, "404 Not Found", "text/html", "", "no such page");
	}
}

static void
setup(void)
{
	crawl_setup(site);
}

/* -- tests -------------------------------------------------------------------- */

static void
tree_is_whole(const struct crawl_progress *p)
{
	ck_assert_msg(p->phase == CRAWL_COMPLETED, "%s: %s", crawl_phase_word((enum crawl_phase)p->phase), p->error);
	ck_assert_uint_eq(p->total_pages, TREE_PAGES);
	ck_assert_uint_eq(p->processed_pages, TREE_PAGES);
	ck_assert_uint_eq(p->failed_pages + p->skipped_pages, 0);
	ck_assert_int_eq(store_pages_count(store, p->source_id), TREE_PAGES);
}

START_TEST(test_tree)
{
	struct crawl_progress p;
	pid_t pid = child_start(crawler_child, NULL);
	char path[32];
	struct err e;

	start(&p, the_site.port, "/my-sitemap", "");	/* opens "/my-sitemap/...": nothing else is in it */
	finish(&p);
	ck_assert_uint_eq(p.total_pages, 1);
	start(&p, the_site.port, "/tree/", "");
	finish(&p);
	ck_assert_uint_eq(p.phase, CRAWL_ERROR);
	ck_assert_str_eq(p.error_code, "http_404");
	start(&p, the_site.port, "/tree/0.html", ",\"max_concurrent\":8");
	finish(&p);
	tree_is_whole(&p);
	for (unsigned i = 1; i < TREE_PAGES; i++) {
		(void)snprintf(path, sizeof path, "/tree/%u.html", i);
		ck_assert_uint_eq(site_hits(&the_site, path), 1);
	}
	ck_assert_uint_eq(site_hits(&the_site, "/out"), 0);
	ck_assert_uint_eq(site_hits(&the_site, "/tree/a.png"), 0);
	ck_assert_uint_eq(site_hits(&the_site, "/robots.txt"), 1);
	ck_assert_msg(store_check(store, &e) == 0, "%s", e.text);
	stop(pid);
}
END_TEST

static const struct {
	const char *path, *code;
} failures[] = {
	{ "/404", "http_404" },
	{ "/500", "http_500" },
	{ "/a.bin", "unsupported_type" },
	{ "/loop1", "redirect_loop" },
	{ "/elsewhere", "redirected_outside" },
	{ "/noindex", "noindex" },
	{ "/private/x", "robots_disallowed" },
	{ "/empty.xml", "nothing_found" },
};

START_TEST(test_failures)
{
	struct crawl_progress p;
	pid_t pid = child_start(crawler_child, NULL);

	for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
		start(&p, the_site.port, failures[i].path, "");
		finish(&p);
		ck_assert_msg(p.phase == CRAWL_ERROR, "%s: %s", failures[i].path, crawl_phase_word((enum crawl_phase)p.phase));
		ck_assert_msg(strcmp(p.error_code, failures[i].code) == 0, "%s: %s: %s", failures[i].path, p.error_code, p.error);
		ck_assert_uint_gt(strlen(p.error), 10);
		ck_assert_int_eq(store_pages_count(store, p.source_id), 0);
	}
	start(&p, site_closed_port(), "/", "");
	finish(&p);
	ck_assert_str_eq(p.error_code, "connection_refused");
	stop(pid);
}
END_TEST

START_TEST(test_hang)
{
	struct crawl_progress p;
	pid_t pid;

	conf.fetch_ms = 300;
	pid = child_start(crawler_child, NULL);
	start(&p, the_site.port, "/hang", "");
	finish(&p);
	ck_assert_uint_eq(p.phase, CRAWL_ERROR);
	ck_assert_str_eq(p.error_code, "timeout");
	stop(pid);
}
END_TEST

START_TEST(test_guard)
{
	struct crawl_progress p;
	pid_t pid;

	conf.allow_private[0] = '\0';
	pid = child_start(crawler_child, NULL);
	start(&p, the_site.port, "/tree/0.html", "");
	finish(&p);
	ck_assert_uint_eq(p.phase, CRAWL_ERROR);
	ck_assert_str_eq(p.error_code, "address_refused");
	ck_assert_ptr_nonnull(strstr(p.error, "127.0.0.1"));
	ck_assert_uint_eq(site_hits(&the_site, "/robots.txt"), 0);
	stop(pid);
}
END_TEST

START_TEST(test_port)			/* one that the operator does not open */
{
	struct crawl_progress p;
	pid_t pid;

	FIELD_SET(conf.allow_private, "127.0.0.0/8");
	FIELD_SET(conf.ports, "80 443");
	pid = child_start(crawler_child, NULL);
	start(&p, the_site.port, "/tree/0.html", "");
	finish(&p);
	ck_assert_uint_eq(p.phase, CRAWL_ERROR);
	ck_assert_str_eq(p.error_code, "port_refused");
	ck_assert_ptr_nonnull(strstr(p.error, "ports in archon.conf"));
	ck_assert_uint_eq(site_hits(&the_site, "/robots.txt"), 0);
	stop(pid);
}
END_TEST

static const struct {
	const char *path, *more, *stored, *phase_log;
	unsigned    skipped, failed;
} crawls[] = {
	{ "/sitemap.xml", "", "/s/a /s/b?x&y ", "sitemap index", 2, 0 },
	{ "/maps/1.xml", "", "/s/a /s/b?x&y ", "sitemap", 1, 0 },
	{ "/my-sitemap", "", "/my-sitemap ", "web page", 0, 0 },
	{ "/llms.txt", "", "/llms.txt /s/a /s/b?x&y ", "link list", 0, 0 },
	{ "/notes.txt", "", "/notes.txt ", "text file", 0, 0 },
	{ "/m/", "", "/m/ /m/copy1 /m/real /m/target ", "web page", 5, 1 },
	{ "/m/", ",\"exclude\":[\"**/copy*\",\"/m/dead\"]", "/m/ /m/real /m/target ", "web page", 4, 0 },
	{ "/m/", ",\"max_depth\":0", "/m/ ", "web page", 0, 0 },
	{ "/m/", ",\"max_pages\":1", "/m/ ", "web page", 0, 0 },
	{ "/start", ",\"max_depth\":0", "/m/ ", "web page", 0, 0 },
};

START_TEST(test_crawls)
{
	struct crawl_progress p;
	struct text t = { 0 };
	pid_t pid = child_start(crawler_child, NULL);
	char *copy;

	start(&p, the_site.port, crawls[_i].path, crawls[_i].more);
	finish(&p);
	ck_assert_msg(p.phase == CRAWL_COMPLETED, "%s: %s", crawls[_i].path, p.error);
	/* Of two equal pages the first to arrive is stored. */
	if ((copy = strstr(pages(&p, &t), "/m/copy2 ")) != NULL && strstr(t.p, "/m/copy1 ") == NULL)
		copy[7] = '1';
	ck_assert_msg(strcmp(t.p, crawls[_i].stored) == 0, "%s%s: %s", crawls[_i].path, crawls[_i].more, t.p);
	ck_assert_uint_eq(p.failed_pages, crawls[_i].failed);
	ck_assert_uint_eq(p.skipped_pages, crawls[_i].skipped);
	ck_assert_uint_eq(p.total_pages, p.processed_pages);
	ck_assert_msg(logged(&p, crawls[_i].phase_log), "%s: the log does not say %s", crawls[_i].path, crawls[_i].phase_log);
	text_fini(&t);
	stop(pid);
}
END_TEST

START_TEST(test_again)			/* the same crawl once more: the same pages, each once */
{
	struct crawl_progress p;
	pid_t pid = child_start(crawler_child, NULL);

	for (unsigned i = 0; i < 2; i++) {
		start(&p, the_site.port, "/tree/0.html", "");
		finish(&p);
		tree_is_whole(&p);
	}
	stop(pid);
}
END_TEST

START_TEST(test_cancel)
{
	struct crawl_progress p, q;
	int64_t asked_ms;
	pid_t pid;

	conf.max_crawls = 1;
	pid = child_start(crawler_child, NULL);
	start(&p, the_site.port, "/hang", "");
	start(&q, the_site.port, "/hang", ",\"max_depth\":1");		/* has to wait */
	while (site_hits(&the_site, "/hang") == 0)
		look(&p);
	asked_ms = clock_wall_ms();
	ck_assert_int_eq(store_crawl_cancel(store, q.id, clock_wall_ms()), 0);
	ck_assert_int_eq(store_crawl_cancel(store, p.id, clock_wall_ms()), 0);
	table_signal(table, TABLE_CRAWLER);
	finish(&q);
	finish(&p);
	ck_assert_uint_eq(p.phase, CRAWL_CANCELLED);
	ck_assert_uint_eq(q.phase, CRAWL_CANCELLED);
	ck_assert_int_le(p.ended_wall_ms - asked_ms, 1000);
	ck_assert_int_le(q.ended_wall_ms - asked_ms, 1000);
	stop(pid);
}
END_TEST

START_TEST(test_stop_and_resume)
{
	struct crawl_progress p;
	pid_t pid = child_start(crawler_child, NULL);
	char path[32];

	start(&p, the_site.port, "/tree/0.html", ",\"max_concurrent\":2");
	ck_assert(!until(&p, 5));
	stop(pid);
	look(&p);
	ck_assert(!crawl_phase_is_terminal((enum crawl_phase)p.phase));
	pid = child_start(crawler_child, NULL);
	finish(&p);
	tree_is_whole(&p);
	for (unsigned i = 1; i < TREE_PAGES; i++) {
		(void)snprintf(path, sizeof path, "/tree/%u.html", i);
		ck_assert_uint_le(site_hits(&the_site, path), 2);
	}
	stop(pid);
}
END_TEST

static unsigned
tree_hits(void)
{
	unsigned hits = 0;

	for (unsigned i = 0; i < SITE_PATHS; i++)
		if (strncmp(the_site.hits[i].path, "/tree/", 6) == 0)
			hits += atomic_load(&the_site.hits[i].n);
	return hits;
}

START_TEST(test_kill)			/* at any moment, again and again */
{
	enum { KILLS = 12, CONCURRENT = 4 };
	struct crawl_progress p;
	pid_t pid;
	struct err e;

	start(&p, the_site.port, "/tree/0.html", ",\"max_concurrent\":4");
	for (unsigned i = 0; i < KILLS; i++) {
		pid = child_start(crawler_child, NULL);
		(void)until(&p, p.processed_pages + 1 + i % 3);
		child_kill(pid);
	}
	pid = child_start(crawler_child, NULL);
	finish(&p);
	tree_is_whole(&p);
	ck_assert_msg(store_check(store, &e) == 0, "%s", e.text);
	/* What was under way is fetched again, and never were more than CONCURRENT. */
	ck_assert_uint_le(tree_hits(), TREE_PAGES + KILLS * CONCURRENT);
	stop(pid);
}
END_TEST

START_TEST(test_kill_far_ahead)		/* of a store that can take nothing: neither pages nor where they were met */
{
	enum { CONCURRENT = 4, AHEAD = 40 };
	struct crawl_progress p;
	pid_t pid;

	start(&p, the_site.port, "/tree/0.html", ",\"max_concurrent\":4");
	pid = child_start(crawler_child, NULL);
	ck_assert(!until(&p, 1));
	ck_assert_int_eq(store_begin(store), 0);
	while (tree_hits() < p.processed_pages + AHEAD)
		(void)usleep(1000);
	child_kill(pid);
	store_rollback(store);
	pid = child_start(crawler_child, NULL);
	finish(&p);
	tree_is_whole(&p);
	ck_assert_uint_le(tree_hits(), TREE_PAGES + CONCURRENT);
	stop(pid);
}
END_TEST

START_TEST(test_two)			/* two crawlers, many crawls: each is done once */
{
	enum { CRAWLS = 4 };
	struct crawl_progress p[CRAWLS];
	pid_t a = child_start(crawler_child, NULL), b = child_start(crawler_child, NULL);
	char more[64], path[32];

	for (unsigned i = 0; i < CRAWLS; i++) {
		(void)snprintf(more, sizeof more, ",\"max_concurrent\":4,\"tags\":[\"%u\"],\"max_pages\":%u", i, 1000 + i);
		start(&p[i], the_site.port, "/tree/0.html", more);
	}
	for (unsigned i = 0; i < CRAWLS; i++) {
		finish(&p[i]);
		tree_is_whole(&p[i]);
	}
	for (unsigned i = 1; i < TREE_PAGES; i++) {
		(void)snprintf(path, sizeof path, "/tree/%u.html", i);
		ck_assert_uint_eq(site_hits(&the_site, path), CRAWLS);
	}
	stop(a);
	stop(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crawler");
	TCase *tc = tcase_create("crawler");

	tcase_set_timeout(tc, PATIENCE_MS / 1000 + 10);
	tcase_add_checked_fixture(tc, setup, crawl_teardown);
	tcase_add_test(tc, test_tree);
	tcase_add_test(tc, test_failures);
	tcase_add_test(tc, test_hang);
	tcase_add_test(tc, test_guard);
	tcase_add_test(tc, test_port);
	tcase_add_loop_test(tc, test_crawls, 0, sizeof crawls / sizeof crawls[0]);
	tcase_add_test(tc, test_again);
	tcase_add_test(tc, test_cancel);
	tcase_add_test(tc, test_stop_and_resume);
	tcase_add_test(tc, test_kill);
	tcase_add_test(tc, test_kill_far_ahead);
	tcase_add_test(tc, test_two);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
