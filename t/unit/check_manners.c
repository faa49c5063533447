/* What a crawl owes a site, and what a site may say to it: robots, redirects, twins, limits, and turns. */
#include "config.h"

#include <check.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

#include "crawl_fixture.h"
#include "crawler/host.h"
#include "scratch.h"

#define S INT64_C(1000000000)
#define MS INT64_C(1000000)

enum { BIG_BYTES = 300000 };

/* -- the site ------------------------------------------------------------------ */

static const struct {
	const char *path, *status, *type, *headers, *body;
} replies[] = {
	{ "/tag/", "200 OK", "text/html", "", "<main><p>Start</p><a href=ours>1</a><a href=theirs>2</a><a href=leads>3</a>"
	    "<a href=meta>4</a><a href=both>5</a></main>" },
	{ "/tag/ours", "200 OK", "text/html", "X-Robots-Tag: archon: noindex\r\n", "<main><p>Not for us</p></main>" },
	{ "/tag/theirs", "200 OK", "text/html", "X-Robots-Tag: otherbot: noindex, nofollow\r\n",
	    "<main><p>Not for them</p><a href=below>b</a></main>" },
	{ "/tag/below", "200 OK", "text/html", "", "<main><p>Below theirs</p></main>" },
	{ "/tag/leads", "200 OK", "text/html", "X-Robots-Tag: nofollow\r\n", "<main><p>Leads</p><a href=hidden1>h</a></main>" },
	{ "/tag/meta", "200 OK", "text/html", "", "<meta name=robots content='NoFollow'><main><p>Meta</p><a href=hidden2>h</a></main>" },
	{ "/tag/both", "200 OK", "text/html", "X-Robots-Tag: otherbot: none\r\nX-Robots-Tag: none\r\n",
	    "<main><p>Both</p><a href=hidden3>h</a></main>" },
	{ "/tag/hidden1", "200 OK", "text/html", "", "<main><p>Hidden 1</p></main>" },
	{ "/tag/hidden2", "200 OK", "text/html", "", "<main><p>Hidden 2</p></main>" },
	{ "/tag/hidden3", "200 OK", "text/html", "", "<main><p>Hidden 3</p></main>" },

	{ "/go/", "200 OK", "text/html", "", "<main><p>Start</p><a href=r301>1</a><a href=r302>2</a><a href=r303>3</a>"
	    "<a href=r307>4</a><a href=r308>5</a><a href=refresh>6</a><a href=there#x>7</a></main>" },
	{ "/go/r301", "301 Moved", "text/html", "Location: there\r\n", "" },
	{ "/go/r302", "302 Found", "text/html", "Location: /go/there\r\n", "" },
	{ "/go/r303", "303 See", "text/html", "Location: ./there#y\r\n", "" },
	{ "/go/r307", "307 Keep", "text/html", "Location: there?utm_source=z\r\n", "" },
	{ "/go/r308", "308 Moved", "text/html", "Location: ../go/there\r\n", "" },
	{ "/go/refresh", "200 OK", "text/html", "", "<meta http-equiv=refresh content='0; url=there'><p>It moved</p>" },
	{ "/go/there", "200 OK", "text/html", "", "<main><p>There it is</p></main>" },

	{ "/twin/", "200 OK", "text/html", "", "<main><p>Start</p><a href=a/>1</a><a href=a/index.html>2</a>"
	    "<a href=b/index.html>3</a><a href=b/>4</a><a href=c/index.html>5</a><a href=c/>6</a></main>" },
	{ "/twin/a/index.html", "200 OK", "text/html", "", "<main><p>Only by its file</p></main>" },
	{ "/twin/b/", "200 OK", "text/html", "", "<main><p>Only by its directory</p></main>" },
	{ "/twin/c/", "200 OK", "text/html", "", "<main><p>By both names</p></main>" },
	{ "/twin/c/index.html", "200 OK", "text/html", "", "<main><p>By both names</p></main>" },

	{ "/deep/0.html", "200 OK", "text/html", "", "<main><p>Deep 0</p><a href=1.html>1</a></main>" },
	{ "/deep/1.html", "200 OK", "text/html", "", "<main><p>Deep 1</p><a href=2.html>2</a></main>" },
	{ "/deep/2.html", "200 OK", "text/html", "", "<main><p>Deep 2</p><a href=3.html>3</a></main>" },
	{ "/deep/3.html", "200 OK", "text/html", "", "<main><p>Deep 3</p><a href=4.html>4</a></main>" },

	{ "/traps/", "200 OK", "text/html", "", "<main><p>Start</p>"
	    "<a href='x?a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9'>many</a>"
	    "<a href='d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/aa/bb'>deep</a>"
	    "<a href='r/r/r/r/r'>again</a>"
	    "<a href='s?PHPSESSID=a1'>1</a><a href='s?PHPSESSID=b2'>2</a><a href='s;jsessionid=c3'>3</a></main>" },
	{ "/traps/s", "200 OK", "text/html", "", "<main><p>One page of many sessions</p></main>" },

	{ "/forbidden/", "200 OK", "text/html", "", "<main><p>Forbidden</p></main>" },
	{ "/sitemaps/about.html", "200 OK", "text/html", "", "<main><p>About sitemap.xml</p></main>" },
	{ "/sitemap-howto", "200 OK", "text/html", "", "<main><p>How to write a sitemap</p></main>" },
};

static const char *robots_status = "404 Not Found", *robots_body = "";	/* set before the site is started */

static void
site(struct text *out, const char *path, unsigned port)
{
	unsigned i;

	if (strcmp(path, "/robots.txt") == 0) {
		site_reply(out, robots_status, "text/plain", robots_status[0] == '3' ? "Location: /elsewhere.txt\r\n" : "", robots_body);
		return;
	}
	if (strcmp(path, "/elsewhere.txt") == 0) {
		site_reply(out, "200 OK", "text/plain", "", "User-agent: *\nDisallow: /forbidden/\n");
		return;
	}
	if (strcmp(path, "/hosts/") == 0) {
		struct text body = { 0 };

		text_printf(&body, "<main><p>Start</p><a href=\"http://localhost:%u/twin/c/\">c</a></main>", port);
		site_reply(out, "200 OK", "text/html", "", text_str(&body));
		text_fini(&body);
		return;
	}
	if (sscanf(path, "/big/%u.html", &i) == 1 && i < 10) {
		struct text body = { 0 };

		text_printf(&body, "<main><p>Big %u</p><a href=%u.html>next</a></main><!--", i, i + 1);
		while (body.len < BIG_BYTES)
			text_puts(&body, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
		text_puts(&body, "-->");
		site_reply(out, "200 OK", "text/html", "", text_str(&body));
		text_fini(&body);
		return;
	}
	for (i = 0; i < sizeof replies / sizeof replies[0]; i++)
		if (strcmp(replies[i].path, path) == 0) {
			site_reply(out, replies[i].status, replies[i].type, replies[i].headers, replies[i].body);
			return;
		}
	site_reply(out, "404 Not Found", "text/html", "", "no such page");
}

static void
setup(void)
{
	robots_status = "404 Not Found";
	robots_body = "";
	crawl_setup(site);
}

/* -- crawls ---------------------------------------------------------------------- */

static const struct {
	const char *path, *more, *stored, *log;
} crawls[] = {
	{ "/tag/", "", "/tag/ /tag/below /tag/leads /tag/meta /tag/theirs ", "2 noindex" },
	{ "/go/", "", "/go/ /go/there ", "redirect" },
	{ "/twin/", "", "/twin/ /twin/a/index.html /twin/b/ /twin/c/index.html ", NULL },
	{ "/deep/0.html", "", "/deep/0.html /deep/1.html /deep/2.html /deep/3.html ", NULL },
	{ "/deep/0.html", ",\"max_depth\":2", "/deep/0.html /deep/1.html /deep/2.html ", NULL },
	{ "/deep/0.html", ",\"max_pages\":2", "/deep/0.html /deep/1.html ", "The limit of 2 pages is reached" },
	{ "/deep/0.html", ",\"include\":[\"/deep/0*\",\"**/1.*\"]", "/deep/0.html /deep/1.html ", NULL },
	{ "/deep/0.html", ",\"exclude\":[\"/deep/2.html\"]", "/deep/0.html /deep/1.html ", NULL },
	{ "/traps/", "", "/traps/ /traps/s ", "Left out: query of more than 8 parameters" },
	{ "/traps/", "", "/traps/ /traps/s ", "Left out: path of more than 24 segments" },
	{ "/traps/", "", "/traps/ /traps/s ", "Left out: path that repeats its segments" },
	{ "/traps/", "", "/traps/ /traps/s ", "Left out of URLs: session ids" },
	{ "/traps/", "", "/traps/ /traps/s ", "Left out by rule: 1 of path that repeats its segments" },
	{ "/sitemaps/about.html", "", "/sitemaps/about.html ", "The start URL is a web page" },
	{ "/sitemap-howto", "", "/sitemap-howto ", "The start URL is a web page" },
};

START_TEST(test_crawls)
{
	pid_t pid = child_start(crawler_child, NULL);
	struct crawl_progress p;
	struct text t = { 0 };

	start(&p, the_site.port, crawls[_i].path, crawls[_i].more);
	finish(&p);
	ck_assert_msg(strcmp(pages(&p, &t), crawls[_i].stored) == 0, "%s: %s", crawls[_i].path, t.p);
	ck_assert_msg(crawls[_i].log == NULL || logged(&p, crawls[_i].log), "%s: the log does not say %s", crawls[_i].path, crawls[_i].log);
	text_fini(&t);
	stop(pid);
}
END_TEST

START_TEST(test_hosts)			/* one more host, because it was asked for */
{
	pid_t pid = child_start(crawler_child, NULL);
	struct crawl_progress p;
	char more[64];

	start(&p, the_site.port, "/hosts/", "");
	finish(&p);
	ck_assert_int_eq(store_pages_count(store, p.source_id), 1);
	(void)snprintf(more, sizeof more, ",\"hosts\":[\"localhost:%u\"]", the_site.port);
	start(&p, the_site.port, "/hosts/", more);
	finish(&p);
	ck_assert_int_eq(store_pages_count(store, p.source_id), 2);
	stop(pid);
}
END_TEST

static const struct {
	const char *more;
	int64_t	    crawl_max_bytes;
	unsigned    n_pages;
	const char *log;
} sizes[] = {
	{ ",\"max_size_mb\":1", 0, 4, "The limit of 1 MiB is reached" },
	{ ",\"max_size_mb\":4", 2 << 20, 7, "The limit of 2 MiB is reached" },
};

START_TEST(test_size)			/* what is over the limit of all pages is left out, and counted */
{
	struct crawl_progress p;
	uint64_t stored;
	pid_t pid;
	char more[64];

	conf.crawl_max_bytes = sizes[_i].crawl_max_bytes;
	pid = child_start(crawler_child, NULL);
	(void)snprintf(more, sizeof more, ",\"max_concurrent\":1%s", sizes[_i].more);
	start(&p, the_site.port, "/big/0.html", more);
	finish(&p);
	stored = p.processed_pages - p.skipped_pages - p.failed_pages;
	ck_assert_uint_eq(p.phase, CRAWL_COMPLETED);
	ck_assert_uint_eq(stored, sizes[_i].n_pages);
	ck_assert_uint_eq(p.outcome[OUTCOME_LIMIT], 1);		/* each leads to one more */
	ck_assert(logged(&p, sizes[_i].log));
	stop(pid);
}
END_TEST

/* -- robots.txt -------------------------------------------------------------------- */

static const struct {
	const char *status, *body;
	const char *code;		/* of the crawl's error; NULL: it is crawled */
	enum outcome outcome;
} robots[] = {
	{ "200 OK", "", NULL, 0 },
	{ "200 OK", "User-agent: *\nDisallow: /forbidden/\n", "robots_disallowed", OUTCOME_ROBOTS },
	{ "200 OK", "User-agent: otherbot\nDisallow: /\n", NULL, 0 },
	{ "302 Found", "", "robots_disallowed", OUTCOME_ROBOTS },	/* to /elsewhere.txt */
	{ "401 Unauthorized", "User-agent: *\nDisallow: /\n", NULL, 0 },
	{ "403 Forbidden", "User-agent: *\nDisallow: /\n", NULL, 0 },
	{ "404 Not Found", "User-agent: *\nDisallow: /\n", NULL, 0 },
	{ "410 Gone", "", NULL, 0 },
	{ "429 Too Many", "", "http_429", OUTCOME_UNREADABLE },
	{ "500 Oops", "", "http_500", OUTCOME_UNREADABLE },
	{ "503 Later", "", "http_503", OUTCOME_UNREADABLE },
};

START_TEST(test_robots)
{
	struct crawl_progress p;
	pid_t pid;

	site_stop(&the_site);
	robots_status = robots[_i].status;
	robots_body = robots[_i].body;
	site_start(&the_site, site);
	pid = child_start(crawler_child, NULL);
	start(&p, the_site.port, "/forbidden/", "");
	finish(&p);
	if (robots[_i].code == NULL) {
		ck_assert_msg(p.phase == CRAWL_COMPLETED, "%s: %s", robots[_i].status, p.error);
	} else {
		ck_assert_msg(strcmp(p.error_code, robots[_i].code) == 0, "%s: %s", robots[_i].status, p.error_code);
		ck_assert_uint_eq(p.outcome[robots[_i].outcome], 1);
		ck_assert_uint_eq(site_hits(&the_site, "/forbidden/"), 0);
	}
	stop(pid);
}
END_TEST

START_TEST(test_no_robots)		/* the operator's own site */
{
	struct crawl_progress p;
	pid_t pid;

	site_stop(&the_site);
	robots_status = "200 OK";
	robots_body = "User-agent: *\nDisallow: /\n";
	site_start(&the_site, site);
	conf.obey_robots = false;
	pid = child_start(crawler_child, NULL);
	start(&p, the_site.port, "/forbidden/", ",\"obey_robots\":true");	/* no client's business */
	finish(&p);
	ck_assert_uint_eq(p.phase, CRAWL_COMPLETED);
	ck_assert_uint_eq(site_hits(&the_site, "/robots.txt"), 0);
	stop(pid);
}
END_TEST

START_TEST(test_unreachable)		/* no robots.txt either, but that is not what is wrong */
{
	struct crawl_progress p;
	pid_t pid = child_start(crawler_child, NULL);

	start(&p, site_closed_port(), "/", "");
	finish(&p);
	ck_assert_uint_eq(p.outcome[OUTCOME_CONNECT], 1);
	ck_assert_uint_eq(p.outcome[OUTCOME_UNREADABLE], 0);
	stop(pid);
}
END_TEST

/* -- rows ----------------------------------------------------------------------------- */

static struct crawl_progress victim;

static int
write_for_ever(void *arg)
{
	struct table *own;		/* locks belong to who opened it */
	struct err e;
	int row;

	(void)arg;
	if (table_open(&own, conf.run_dir, &e) < 0 || (row = table_find(own, victim.id)) < 0 || table_claim(own, (unsigned)row) < 0)
		return 1;
	for (;;) {
		victim.seq++;
		table_publish(own, (unsigned)row, &victim);
	}
}

static void
tear(const struct crawl_progress *p)	/* its owner dies in mid-write */
{
	struct crawl_progress copy;
	unsigned row = (unsigned)table_find(table, p->id);

	victim = *p;
	for (unsigned i = 0; i < 1000; i++) {
		pid_t pid = child_start(write_for_ever, NULL);

		while (!table_has_owner(table, row))
			(void)sched_yield();
		child_kill(pid);
		if (table_read(table, row, &copy) == -EAGAIN)
			return;
	}
	ck_abort_msg("no kill met an open window");
}

static void
mended(const char *id, struct crawl_progress *out)	/* wait until it can be read again */
{
	int64_t end_ns = clock_mono_ns() + PATIENCE_MS * MS;

	while (table_read_id(table, id, out) < 0) {
		ck_assert_msg(clock_mono_ns() < end_ns, "the row stays torn");
		(void)sched_yield();
	}
}

START_TEST(test_torn)			/* a crawler that comes back mends such rows, of live crawls and of ended ones */
{
	struct crawl_progress p, q, copy, ended;
	pid_t pid = child_start(crawler_child, NULL);

	start(&p, the_site.port, "/go/", "");
	finish(&p);
	stop(pid);
	start(&q, the_site.port, "/twin/", "");
	tear(&p);
	tear(&q);
	pid = child_start(crawler_child, NULL);
	mended(q.id, &copy);
	finish(&q);
	ck_assert_uint_eq(q.phase, CRAWL_COMPLETED);
	mended(p.id, &ended);
	ck_assert_uint_eq(ended.phase, CRAWL_COMPLETED);
	ck_assert_uint_eq(ended.processed_pages, p.processed_pages);
	ck_assert_uint_gt(ended.seq, p.seq);
	stop(pid);
}
END_TEST

/* -- one host ------------------------------------------------------------------------- */

START_TEST(test_backoff)
{
	int64_t first = backoff_ns(3, -1);
	bool differ = false;

	for (unsigned n = 1; n < 40; n++)
		for (unsigned i = 0; i < 200; i++) {
			int64_t base = n > 8 ? 64000 : 500 << (n - 1), ns = backoff_ns(n, -1);

			ck_assert_msg(ns >= base / 2 * MS && ns < (base / 2 + base) * MS, "attempt %u: %lld ms", n, (long long)(ns / MS));
			differ |= n == 3 && ns != first;
		}
	ck_assert_msg(differ, "no jitter");
	ck_assert_int_eq(backoff_ns(1, 7000), 7 * S);	/* what the server asks for is the least */
	ck_assert_int_ge(backoff_ns(9, 1000), 30 * S);
}
END_TEST

START_TEST(test_host_limit)
{
	struct fetch good = { .status = 200 }, busy = { .status = 503, .retry_after_ms = 3000 },
	    many = { .status = 429, .retry_after_ms = 5000 };
	struct host h = { 0 };
	int64_t next = INT64_MAX;

	for (unsigned i = 0; i < 3; i++) {		/* three by one crawl ... */
		ck_assert(host_may_fetch(&h, 3, 0, &next));
		host_began(&h, 0);
	}
	ck_assert(!host_may_fetch(&h, 3, 0, &next));
	ck_assert(!host_may_fetch(&h, 2, 0, &next));	/* ... are three to another, too */
	ck_assert(host_may_fetch(&h, 4, 0, &next));
	ck_assert_int_eq(next, INT64_MAX);		/* the end of a fetch asks again */
	host_ended(&h, &good, 0);
	ck_assert(host_may_fetch(&h, 2, 0, &next));
	host_ended(&h, &busy, 0);			/* it is overloaded: nobody begins before its time */
	ck_assert(!host_may_fetch(&h, 3, S, &next));
	ck_assert_int_eq(next, 3 * S);
	ck_assert(host_may_fetch(&h, 3, 3 * S, &next));
	host_began(&h, 3 * S);
	host_ended(&h, &many, 3 * S);
	ck_assert(!host_may_fetch(&h, 3, 7 * S, &next));
	ck_assert(host_may_fetch(&h, 3, 8 * S, &next));
	host_ended(&h, &good, 8 * S);
	h.robots.delay_ms = 2000;			/* Crawl-delay: one at a time, so far apart */
	ck_assert(host_may_fetch(&h, 9, 10 * S, &next));
	host_began(&h, 10 * S);
	ck_assert(!host_may_fetch(&h, 9, 13 * S, &next));
	host_ended(&h, &good, 10 * S);
	next = INT64_MAX;
	ck_assert(!host_may_fetch(&h, 9, 11 * S, &next));
	ck_assert_int_eq(next, 12 * S);
	ck_assert(host_may_fetch(&h, 9, 12 * S, &next));
}
END_TEST

START_TEST(test_host_cache)		/* RFC 9309, section 2.4: a day; what could not be had is asked for again soon */
{
	struct hosts hs = { .conf = &conf };
	struct fetcher *ft = NULL;
	struct guard guard;
	struct host *h;
	struct fetch *f;
	struct url u;
	struct err e;

	conf_defaults(&conf);
	ck_assert_int_eq(curl_global_init(CURL_GLOBAL_DEFAULT), 0);
	ck_assert_int_eq(guard_init(&guard, "", &e), 0);
	ck_assert_int_eq(fetcher_new(&ft, &conf, &guard, &e), 0);
	hs.fetcher = ft;
	ck_assert_int_eq(url_parse(&u, "http://127.0.0.1:1/x"), 0);
	ck_assert_ptr_nonnull(h = hosts_find(&hs, &u));
	f = fetch_new(ft);
	f->host = h;
	f->status = 200;
	text_puts(&f->body, "User-agent: *\nDisallow: /x\n");
	host_fetched(&hs, f, 5 * S);
	ck_assert(host_is_ready(&hs, h, 5 * S + 24 * 3600 * S - 1));
	ck_assert_uint_eq(fetcher_n_active(ft), 0);
	ck_assert(!host_is_ready(&hs, h, 5 * S + 24 * 3600 * S));
	ck_assert_uint_eq(fetcher_n_active(ft), 1);	/* it is asked for */
	for (unsigned i = 0; i < 3; i++) {
		static const struct { long status; int64_t retry_after_ms; } busy[] = { { 500, -1 }, { 429, 3000 }, { 503, 60000 } };

		f = fetch_new(ft);
		f->host = h;
		f->status = busy[i].status;
		f->retry_after_ms = busy[i].retry_after_ms;
		host_fetched(&hs, f, 5 * S);
		if (i == 2)				/* so long a wait, or a third try: not now */
			break;
		ck_assert(!host_is_ready(&hs, h, 5 * S + 200 * MS));
		ck_assert_uint_eq(fetcher_n_active(ft), i + 1);		/* nobody asks before its time */
		ck_assert(!host_is_ready(&hs, h, 9 * S));
		ck_assert_uint_eq(fetcher_n_active(ft), i + 2);
	}
	ck_assert(host_is_ready(&hs, h, 14 * S));
	ck_assert(h->robots.disallow_all);
	ck_assert(!host_is_ready(&hs, h, 15 * S));
	fetcher_free(ft);
	hosts_fini(&hs);
	curl_global_cleanup();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("manners");
	TCase *tc = tcase_create("manners"), *alone = tcase_create("host");

	tcase_set_timeout(tc, PATIENCE_MS / 1000 + 10);
	tcase_add_checked_fixture(tc, setup, crawl_teardown);
	tcase_add_loop_test(tc, test_crawls, 0, sizeof crawls / sizeof crawls[0]);
	tcase_add_test(tc, test_hosts);
	tcase_add_loop_test(tc, test_size, 0, sizeof sizes / sizeof sizes[0]);
	tcase_add_loop_test(tc, test_robots, 0, sizeof robots / sizeof robots[0]);
	tcase_add_test(tc, test_no_robots);
	tcase_add_test(tc, test_unreachable);
	tcase_add_test(tc, test_torn);
	suite_add_tcase(s, tc);
	tcase_add_test(alone, test_backoff);
	tcase_add_test(alone, test_host_limit);
	tcase_add_test(alone, test_host_cache);
	suite_add_tcase(s, alone);
	return scratch_run(s);
}
