#include "config.h"

#include <errno.h>

#include "shared/text.h"

#include "store_fixture.h"

static const char source[] = "0123456789abcdef";

static struct page
page_of(const char *url, const char *hash, const char *crawl, const struct chunk *c)
{
	return (struct page){
		.url = url, .title = "T", .content_hash = hash, .fetched_ms = 1, .n_words = 2, .n_bytes = 3, .chunks = c,
		.n_chunks = 1, .crawl_id = crawl, .recipe = "r", .etag = "\"e\"", .index_later = true,
	};
}

START_TEST(seen_again)
{
	struct store *st = store_new();
	const struct chunk c = { .headings = SLICE_LIT("H"), .body = SLICE_LIT("apple pie") };
	struct page p = page_of("http://h/a", "1", "one", &c);
	struct page_known known = { 0 };
	struct page_counts n;

	begin_source(st, source);
	accept_crawl(st, "one");
	ck_assert_int_eq(store_page_see(st, source, &p), PAGE_NEW);
	ck_assert_int_eq(hits(st, "apple"), 0);		/* later */
	store_sound(st);
	ck_assert_int_eq(store_index(st, 0), 0);
	ck_assert_int_eq(hits(st, "apple"), 1);
	ck_assert_int_eq(store_page_see(st, source, &p), PAGE_UNCHANGED);
	ck_assert_int_eq(store_page_known(st, source, p.url, "r", &known), 1);
	ck_assert_str_eq(known.etag, "\"e\"");
	ck_assert_int_eq(store_page_known(st, source, p.url, "other", &known), 0);
	p.recipe = "other";
	ck_assert_int_eq(store_page_see(st, source, &p), PAGE_CHANGED);
	p.content_hash = "2";
	ck_assert_int_eq(store_page_see(st, source, &p), PAGE_CHANGED);	/* replaced before it was indexed */
	store_sound(st);
	ck_assert_int_eq(store_index(st, 1), 0);
	ck_assert_int_eq(hits(st, "apple"), 1);
	ck_assert_int_eq(store_page_keep(st, source, p.url, "one", &n), 0);
	ck_assert_int_eq(n.n_chunks, 1);
	ck_assert_int_eq(store_page_keep(st, source, "http://h/none", "one", &n), -ENOENT);
	store_sound(st);
	store_close(st);
}
END_TEST

static const char *const link_sets[] = {
	"", "http://h/a\0", "http://h/a\0http://h/ab\0http://h/b\0", "a\0\0b\0",
};
static const size_t link_lens[] = { 0, 11, 34, 5 };

START_TEST(links_come_back)
{
	struct store *st = store_new();
	const struct chunk c = { .headings = SLICE_LIT("H"), .body = SLICE_LIT("x") };
	struct page p = page_of("http://h/a", "1", NULL, &c);
	struct text t = { 0 };

	begin_source(st, source);
	p.links = (struct slice){ link_sets[_i], link_lens[_i] };
	ck_assert_int_eq(store_page_see(st, source, &p), PAGE_NEW);
	ck_assert_int_eq(store_page_links(st, source, p.url, &t), 0);
	ck_assert_uint_eq(t.len, link_lens[_i]);
	ck_assert(t.len == 0 || memcmp(t.p, link_sets[_i], t.len) == 0);
	text_fini(&t);
	store_close(st);
}
END_TEST

static void
see(struct store *st, const char *url, const char *hash, const char *crawl)
{
	const struct chunk c = { .headings = SLICE_LIT("H"), .body = SLICE_LIT("x") };
	struct page p = page_of(url, hash, crawl, &c);

	ck_assert_int_ge(store_page_see(st, source, &p), 0);
	ck_assert_int_ge(store_frontier_add(st, crawl, url, 0), 0);
	ck_assert_int_eq(store_frontier_set(st, crawl, url, FRONTIER_DONE, NULL), 0);
}

START_TEST(vanished)			/* _i: 0 complete, 1 left URLs out, 2 one page failed */
{
	struct store *st = store_new();
	char url[ROW_URL_BYTES];

	begin_source(st, source);
	accept_crawl(st, "one");
	see(st, "http://h/a", "1", "one");
	see(st, "http://h/gone", "2", "one");
	see(st, "http://h/unlinked", "3", "one");
	ck_assert_int_eq(store_pages_vanished(st, source, "one", true), 0);
	ck_assert_int_eq(store_index(st, 2), 1);
	accept_crawl(st, "two");
	see(st, "http://h/a", "1", "two");
	ck_assert_int_eq(store_frontier_add(st, "two", "http://h/gone", 0), 1);
	ck_assert_int_eq(store_page_find_twin(st, source, "two", "2", "http://h/b", url), 1);
	ck_assert_int_eq(store_frontier_set(st, "two", "http://h/gone", FRONTIER_GONE, "404"), 0);
	ck_assert_int_eq(store_failures_count(st, "two"), 1);
	if (_i == 1)
		ck_assert_int_eq(store_crawl_partial(st, "two"), 0);
	if (_i == 2) {
		ck_assert_int_eq(store_frontier_add(st, "two", "http://h/down", 0), 1);
		ck_assert_int_eq(store_frontier_set(st, "two", "http://h/down", FRONTIER_FAILED, "503"), 0);
	}
	/* The twin kept "gone" alive by its content. */
	ck_assert_int_eq(store_pages_vanished(st, source, "two", true), _i == 0 ? 1 : 0);
	ck_assert_int_eq(store_pages_count(st, source), _i == 0 ? 2 : 3);
	ck_assert_int_eq(store_index(st, 0), 0);
	store_sound(st);
	store_close(st);
}
END_TEST

enum { JITTERED = 300 };

START_TEST(due)
{
	struct source s = { .id = source };
	int64_t day = 86400000, at;
	unsigned n_early = 0;

	ck_assert_int_eq(store_source_due_ms(&s, 7), 0);	/* never crawled */
	s.crawled_ms = 1000 * day;
	ck_assert_int_eq(store_source_due_ms(&s, 0), 0);
	at = store_source_due_ms(&s, 7);
	ck_assert(at >= 1007 * day && at <= 1007 * day + 7 * day / 10);
	ck_assert_int_eq(store_source_due_ms(&s, 7), at);
	/* Sources that came at once do not come back at once: half of them within each half of the tenth. */
	for (unsigned i = 0; i < JITTERED; i++) {
		char id[32];
		int64_t late;

		(void)snprintf(id, sizeof id, "src_%016x", i);
		s.id = id;
		late = store_source_due_ms(&s, 7) - 1007 * day;
		ck_assert(late >= 0 && late < 7 * day / 10);
		n_early += late < 7 * day / 20;
	}
	ck_assert_uint_gt(n_early, JITTERED / 3);
	ck_assert_uint_lt(n_early, JITTERED * 2 / 3);
}
END_TEST

START_TEST(paused_and_secret)
{
	struct store *st = store_new();
	struct crawl_params p = *params_of("http://h/");
	struct text json = { 0 };

	FIELD_SET(p.secrets, "X-Token: hush\n");
	crawl_params_json(&p, &json);
	ck_assert_ptr_null(strstr(text_str(&json), "hush"));
	ck_assert_int_eq(store_crawl_accept(st, &p, snapshot("one", CRAWL_QUEUED, 1000)), 0);
	ck_assert_int_eq(store_crawl_params(st, "one", &p), 0);
	ck_assert_str_eq(p.secrets, "X-Token: hush\n");
	ck_assert_int_eq(store_source_begin(st, source, &p, 1), 0);
	ck_assert_int_eq(store_source_params(st, source, &p), 0);
	ck_assert_str_eq(p.secrets, "X-Token: hush\n");
	ck_assert_int_eq(store_crawl_pause(st, "one", true, 2), 0);
	ck_assert_int_eq(store_crawl_pause(st, "none", true, 2), -ENOENT);
	ck_assert_int_eq(store_source_busy(st, snapshot("one", CRAWL_QUEUED, 1)->source_id), 1);
	text_fini(&json);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store_refresh");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, seen_again);
	tcase_add_loop_test(tc, links_come_back, 0, sizeof link_sets / sizeof link_sets[0]);
	tcase_add_loop_test(tc, vanished, 0, 3);
	tcase_add_test(tc, due);
	tcase_add_test(tc, paused_and_secret);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
