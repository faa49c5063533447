#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/store.h"
#include "cancel_asked.h"
#include "store_fixture.h"

static const char A[] = "000000000000000a", B[] = "000000000000000b";

struct seen {
	char title[64], description[64], params[2048];
	int64_t bytes, updated_ms;
	unsigned n;
	char order[8];			/* last digits of ids, as they came */
};

static int
see(const struct source *s, void *arg)
{
	struct seen *seen = arg;

	FIELD_SET(seen->title, s->title);
	FIELD_SET(seen->description, s->description);
	FIELD_SET(seen->params, s->params);
	seen->bytes = s->stored_bytes;
	seen->updated_ms = s->updated_ms;
	seen->order[seen->n++] = s->id[strlen(s->id) - 1];
	return 0;
}

static int
see_one(struct store *st, const char *id, struct seen *seen)
{
	*seen = (struct seen){ .n = 0 };
	return store_source_get(st, id, see, seen);
}

static const char *
order(struct store *st, enum source_sort sort, bool ascending)
{
	static struct seen seen;
	const struct source_filter f = { .limit = 7, .sort = sort, .ascending = ascending };

	seen = (struct seen){ .n = 0 };
	ck_assert_int_eq(store_sources_each(st, &f, see, &seen), 0);
	return seen.order;
}

/* A has the larger text, B the later title, URL and time. */
static struct store *
two(void)
{
	struct store *st = store_new();

	ck_assert_int_eq(store_source_begin(st, A, params_of("http://a/"), 1000), 0);
	ck_assert_int_eq(put_page(st, A, "http://a/1", "One", SLICE_LIT("a zebra and a longer text")), 0);
	ck_assert_int_eq(put_page(st, A, "http://a/2", "Two", SLICE_LIT("another zebra")), 0);
	ck_assert_int_eq(store_source_title(st, A, "Alpha", "first"), 0);
	ck_assert_int_eq(store_source_end(st, A, "active", 2000), 0);
	ck_assert_int_eq(store_source_begin(st, B, params_of("http://b/"), 3000), 0);
	ck_assert_int_eq(put_page(st, B, "http://b/1", "Bee", SLICE_LIT("zebra")), 0);
	ck_assert_int_eq(store_source_title(st, B, "beta", "second"), 0);
	ck_assert_int_eq(store_source_end(st, B, "active", 4000), 0);
	return st;
}

START_TEST(sorted)
{
	struct store *st = two();

	for (int i = SORT_UPDATED; i <= SORT_BYTES; i++) {
		bool a_is_more = i >= SORT_WORDS;

		ck_assert_msg(strcmp(order(st, (enum source_sort)i, true), a_is_more ? "ba" : "ab") == 0, "%d up", i);
		ck_assert_msg(strcmp(order(st, (enum source_sort)i, false), a_is_more ? "ab" : "ba") == 0, "%d down", i);
	}
	store_close(st);
}
END_TEST

START_TEST(size_is_what_is_kept)
{
	struct store *st = two();
	struct seen seen;

	ck_assert_int_eq(see_one(st, B, &seen), 0);
	/* URL, heading path and body of the chunk, and the example of put_page() */
	ck_assert_int_eq(seen.bytes, 10 + 14 + 5 + 1 + 9 + 6 + 5 + 7);
	store_close(st);
}
END_TEST

START_TEST(edited)		/* outlives the next crawl; what was not edited does not */
{
	struct store *st = two();
	struct crawl_params p = *params_of("http://a/");
	struct source_edit e = { .title = "Mine", .params = &p };
	struct source_filter f = { .tags = "mine", .limit = 9 };
	struct seen seen;

	FIELD_SET(p.knowledge_type, "business");
	FIELD_SET(p.tags.item[0], "mine");
	p.tags.n = 1;
	p.update_frequency = 30;
	ck_assert_int_eq(store_crawl_accept(st, params_of("http://a/"), snapshot("waits", CRAWL_QUEUED, 1)), 0);
	ck_assert_int_eq(store_source_edit(st, "0123456789abcdef", &e, 5000), -ENOENT);
	ck_assert_int_eq(store_source_edit(st, A, &e, 5000), 0);
	ck_assert_int_eq(store_source_title(st, A, "The site's", "its own"), 0);
	ck_assert_int_eq(see_one(st, A, &seen), 0);
	ck_assert_str_eq(seen.title, "Mine");
	ck_assert_str_eq(seen.description, "its own");
	ck_assert_int_eq(seen.updated_ms, 5000);
	ck_assert_int_eq(store_sources_count(st, &f), 1);
	ck_assert_int_eq(store_source_params(st, A, &p), 0);
	ck_assert_str_eq(p.knowledge_type, "business");
	ck_assert_uint_eq(p.update_frequency, 30);
	e = (struct source_edit){ .description = "said by me", .params = &p };
	ck_assert_int_eq(store_source_edit(st, A, &e, 1), 0);
	ck_assert_int_eq(store_source_title(st, A, "The site's", "its own"), 0);
	ck_assert_int_eq(see_one(st, A, &seen), 0);
	ck_assert_str_eq(seen.title, "Mine");
	ck_assert_str_eq(seen.description, "said by me");
	ck_assert_int_eq(seen.updated_ms, 5001);	/* grows, whatever the clock does */
	store_close(st);
}
END_TEST

START_TEST(edit_reaches_crawls)	/* accepted before, begun after: it would bring the old tags back */
{
	struct store *st = store_new();
	struct crawl_params p = *params_of("http://127.0.0.1/"), got;
	struct source_edit e = { .params = &p };

	begin_source(st, "0123456789abcdef");
	accept_crawl(st, "waits");
	p.max_pages = 7;
	p.update_frequency = 3;
	FIELD_SET(p.tags.item[0], "q\"uote");
	p.tags.n = 1;
	ck_assert_int_eq(store_source_edit(st, "0123456789abcdef", &e, 1), 0);
	ck_assert_int_eq(store_crawl_params(st, "waits", &got), 0);
	ck_assert_uint_eq(got.tags.n, 1);
	ck_assert_str_eq(got.tags.item[0], "q\"uote");
	ck_assert_uint_eq(got.update_frequency, 3);
	ck_assert_uint_eq(got.max_pages, params_of("http://127.0.0.1/")->max_pages);	/* its own */
	store_close(st);
}
END_TEST

static int
count_page(const struct page_entry *p, void *arg)
{
	ck_assert_int_eq(p->n_chunks, 1);
	ck_assert_int_eq(p->n_examples, 1);
	++*(int *)arg;
	return 0;
}

START_TEST(deleted)		/* hidden at once, in one step; then taken out little by little */
{
	struct store *st = two();
	struct source_filter all = { .limit = 9 };
	struct content_filter of_b = { .source_id = B, .limit = 9 };
	struct crawl_params p;
	struct seen seen;
	int n = 0;

	ck_assert_int_eq(store_purge(st, 100), 0);
	ck_assert_int_eq(store_source_delete(st, A, 9), 0);
	ck_assert_int_eq(store_source_delete(st, A, 9), -ENOENT);
	ck_assert_int_eq(see_one(st, A, &seen), -ENOENT);
	ck_assert_int_eq(store_source_params(st, A, &p), -ENOENT);
	ck_assert_int_eq(store_sources_count(st, &all), 1);
	ck_assert_int_eq(hits(st, "zebra"), 1);
	ck_assert_int_eq(store_source_is_deleted(st, A), 1);
	ck_assert_int_eq(store_source_is_deleted(st, B), 0);
	ck_assert_int_eq(store_pages_count(st, A), 2);
	ck_assert_int_eq(store_purge(st, 1), 1);
	ck_assert_int_eq(store_pages_count(st, A), 1);
	store_sound(st);
	while (store_purge(st, 1) == 1)
		;
	ck_assert_int_eq(store_pages_count(st, A), 0);
	ck_assert_int_eq(store_source_is_deleted(st, A), 0);
	ck_assert_int_eq(hits(st, "zebra"), 1);
	store_sound(st);
	ck_assert_int_eq(store_page_list(st, &of_b, count_page, &n), 0);
	ck_assert_int_eq(n, 1);
	store_close(st);
}
END_TEST

START_TEST(deleted_under_a_crawl)	/* which may write until it has heard of it */
{
	struct store *st = store_new();
	static const char S[] = "0123456789abcdef";

	accept_crawl(st, "first");
	begin_source(st, S);
	ck_assert_int_eq(put_page(st, S, "http://a/1", "t", SLICE_LIT("zebra")), 0);
	ck_assert_int_eq(store_source_delete(st, S, 9), 0);
	ck_assert_int_eq(cancel_asked(st, "first"), 1);
	while (store_purge(st, 10) == 1)
		;
	ck_assert_int_eq(put_page(st, S, "http://a/2", "t", SLICE_LIT("zebra")), 0);	/* a late one: no error */
	ck_assert_int_eq(hits(st, "zebra"), 0);
	accept_crawl(st, "second");
	ck_assert_int_eq(cancel_asked(st, "second"), 0);
	ck_assert_int_eq(store_source_is_deleted(st, S), 1);		/* so the second waits */
	ck_assert_int_eq(store_crawl_save(st, snapshot("first", CRAWL_CANCELLED, 9)), 0);
	while (store_purge(st, 10) == 1)
		;
	ck_assert_int_eq(store_source_is_deleted(st, S), 0);
	begin_source(st, S);
	ck_assert_int_eq(store_pages_count(st, S), 0);
	store_sound(st);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store_sources");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, sorted);
	tcase_add_test(tc, size_is_what_is_kept);
	tcase_add_test(tc, edited);
	tcase_add_test(tc, edit_reaches_crawls);
	tcase_add_test(tc, deleted);
	tcase_add_test(tc, deleted_under_a_crawl);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
