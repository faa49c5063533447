#include "config.h"

#include "shared/store.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cancel_asked.h"
#include "store_fixture.h"

/* -- crawls ------------------------------------------------------------------------------ */

START_TEST(crawl_life)
{
	struct store *st = store_new();
	struct crawl_progress out, end;

	ck_assert_int_eq(store_crawl_get(st, "a", &out), -ENOENT);
	ck_assert_int_eq(store_crawl_save(st, snapshot("a", CRAWL_CRAWLING, 5)), -ENOENT);
	ck_assert_int_eq(store_crawl_cancel(st, "a", 5), -ENOENT);
	ck_assert_int_eq(cancel_asked(st, "a"), -ENOENT);
	ck_assert_int_eq(store_crawl_forget(st, "a"), -ENOENT);
	accept_crawl(st, "a");
	ck_assert_int_eq(store_crawl_accept(st, params_of("http://b/"), snapshot("a", CRAWL_QUEUED, 1)), -EEXIST);
	ck_assert_int_eq(cancel_asked(st, "a"), 0);
	ck_assert_int_eq(store_crawls_count(st, false), 1);

	ck_assert_int_eq(store_crawl_save(st, snapshot("a", CRAWL_CRAWLING, 5)), 0);
	ck_assert_int_eq(store_crawl_cancel(st, "a", 6), 0);
	ck_assert_int_eq(store_crawl_cancel(st, "a", 7), 0);		/* asking twice is no error */
	ck_assert_int_eq(cancel_asked(st, "a"), 1);
	ck_assert_int_eq(store_crawl_save(st, snapshot("a", CRAWL_STORING, 8)), 0);
	ck_assert_int_eq(cancel_asked(st, "a"), 1);		/* a snapshot does not take it back */

	end = *snapshot("a", CRAWL_CANCELLED, 9);
	crawl_progress_log(&end, "first line");
	crawl_progress_log(&end, "");
	crawl_progress_log(&end, "last line");
	ck_assert_int_eq(store_crawl_save(st, &end), 0);
	ck_assert_int_eq(store_crawl_get(st, "a", &out), 0);
	ck_assert_mem_eq(&out, &end, sizeof out);
	store_close(st);
}
END_TEST

START_TEST(ends_exactly_once)
{
	static const enum crawl_phase ends[] = { CRAWL_COMPLETED, CRAWL_ERROR, CRAWL_CANCELLED };
	struct store *st = store_new();
	struct crawl_progress out;

	accept_crawl(st, "a");
	ck_assert_int_eq(store_crawl_save(st, snapshot("a", ends[_i], 9)), 0);
	for (unsigned phase = 0; phase < CRAWL_N_PHASES; phase++)
		ck_assert_int_eq(store_crawl_save(st, snapshot("a", (enum crawl_phase)phase, 10)), -EALREADY);
	ck_assert_int_eq(store_crawl_cancel(st, "a", 11), -EALREADY);
	ck_assert_int_eq(store_crawl_get(st, "a", &out), 0);
	ck_assert_uint_eq(out.phase, ends[_i]);
	ck_assert_int_eq(out.ended_wall_ms, 9);
	ck_assert_int_eq(store_crawls_count(st, false), 0);
	ck_assert_int_eq(store_crawls_count(st, true), 1);
	store_close(st);
}
END_TEST

START_TEST(forgotten)
{
	struct store *st = store_new();
	struct crawl_progress out;

	accept_crawl(st, "a");
	ck_assert_int_eq(store_frontier_add(st, "a", "http://a/", 0), 1);
	ck_assert_int_eq(store_crawl_forget(st, "a"), 0);
	ck_assert_int_eq(store_crawl_get(st, "a", &out), -ENOENT);
	accept_crawl(st, "a");			/* the id is free, and nothing hangs on it */
	ck_assert_int_eq(store_frontier_add(st, "a", "http://a/", 0), 1);
	store_close(st);
}
END_TEST

struct ids {
	char	 text[512];
	unsigned stop_after;
};

static int
collect_id(const struct crawl_entry *c, void *arg)
{
	struct ids *ids = arg;

	(void)strncat(ids->text, c->progress->id, sizeof ids->text - strlen(ids->text) - 1);
	if (c->cancel_asked)
		(void)strncat(ids->text, "!", sizeof ids->text - strlen(ids->text) - 1);
	return ids->stop_after != 0 && --ids->stop_after == 0 ? 7 : 0;
}

START_TEST(listings)
{
	struct store *st = store_new();
	struct ids ids = { "", 0 };
	char id[2] = "a";

	for (; *id <= 'h'; ++*id)
		accept_crawl(st, id);
	ck_assert_int_eq(store_crawl_cancel(st, "b", 1), 0);
	ck_assert_int_eq(store_crawl_save(st, snapshot("c", CRAWL_COMPLETED, 30)), 0);
	ck_assert_int_eq(store_crawl_save(st, snapshot("a", CRAWL_COMPLETED, 20)), 0);
	ck_assert_int_eq(store_crawl_save(st, snapshot("f", CRAWL_ERROR, 30)), 0);
	ck_assert_int_eq(store_crawl_save(st, snapshot("h", CRAWL_ERROR, 10)), 0);

	ck_assert_int_eq(store_crawls_live(st, collect_id, &ids), 0);
	ck_assert_str_eq(ids.text, "b!deg");
	ids = (struct ids){ "", 2 };
	ck_assert_int_eq(store_crawls_live(st, collect_id, &ids), 7);
	ck_assert_str_eq(ids.text, "b!d");
	ids = (struct ids){ "", 0 };
	ck_assert_int_eq(store_crawls_ended(st, 0, 100, collect_id, &ids), 0);
	ck_assert_str_eq(ids.text, "fcah");		/* newest first; of one time the later accepted */
	ids = (struct ids){ "", 0 };
	ck_assert_int_eq(store_crawls_ended(st, 1, 2, collect_id, &ids), 0);
	ck_assert_str_eq(ids.text, "ca");
	ck_assert_int_eq(store_crawls_count(st, true), 4);
	store_close(st);
}
END_TEST

START_TEST(params_come_back)
{
	struct store *st = store_new();
	struct crawl_params in = *params_of("https://a/x?q=1"), out;

	in.max_depth = 3;
	in.tags.n = 2;
	FIELD_SET(in.tags.item[0], "a \"b\"");
	FIELD_SET(in.tags.item[1], "\xc3\xa4");
	in.extract_code_examples = false;
	ck_assert_int_eq(store_crawl_accept(st, &in, snapshot("a", CRAWL_QUEUED, 1)), 0);
	ck_assert_int_eq(store_crawl_params(st, "a", &out), 0);
	ck_assert_mem_eq(&in, &out, sizeof in);
	ck_assert_int_eq(store_crawl_params(st, "b", &out), -ENOENT);
	store_close(st);
}
END_TEST

/* -- frontier ------------------------------------------------------------------------------ */

static int
collect_url(const char *url, unsigned depth, enum frontier_state state, void *arg)
{
	char *text = arg;
	size_t len = strlen(text);

	(void)snprintf(text + len, 512 - len, "%s:%u:%d ", url, depth, (int)state);
	return 0;
}

START_TEST(frontier)
{
	struct store *st = store_new();
	char text[512] = "";

	accept_crawl(st, "a");
	accept_crawl(st, "b");
	ck_assert_int_eq(store_frontier_add(st, "a", "z", 0), 1);
	ck_assert_int_eq(store_frontier_add(st, "a", "y", 1), 1);
	ck_assert_int_eq(store_frontier_add(st, "a", "x", 1), 1);
	ck_assert_int_eq(store_frontier_add(st, "a", "y", 9), 0);
	ck_assert_int_eq(store_frontier_add(st, "b", "y", 2), 1);
	ck_assert_int_le(store_frontier_add(st, "nobody", "y", 2), 0);
	ck_assert_int_eq(store_frontier_set(st, "a", "z", FRONTIER_DONE, NULL), 0);
	ck_assert_int_eq(store_frontier_set(st, "a", "x", FRONTIER_FAILED, "404"), 0);
	ck_assert_int_eq(store_frontier_set(st, "a", "w", FRONTIER_DONE, NULL), -ENOENT);
	ck_assert_int_eq(store_frontier_each(st, "a", collect_url, text), 0);
	ck_assert_str_eq(text, "z:0:1 y:1:0 x:1:2 ");
	ck_assert_int_eq(store_frontier_clear(st, "a"), 0);
	text[0] = '\0';
	ck_assert_int_eq(store_frontier_each(st, "a", collect_url, text), 0);
	ck_assert_str_eq(text, "x:1:2 ");
	text[0] = '\0';
	ck_assert_int_eq(store_frontier_each(st, "b", collect_url, text), 0);
	ck_assert_str_eq(text, "y:2:0 ");
	store_close(st);
}
END_TEST

/* -- sources and pages ----------------------------------------------------------------------- */

static int
copy_source(const struct source *s, void *arg)
{
	struct source *out = arg;

	ck_assert_str_eq(s->url, "http://127.0.0.1/");
	out->n_pages = s->n_pages;
	out->n_chunks = s->n_chunks;
	out->n_words = s->n_words;
	out->n_code_examples = s->n_code_examples;
	out->created_ms = s->created_ms;
	out->updated_ms = s->updated_ms;
	return 0;
}

START_TEST(page_replaced)	/* with all that hangs on it; the index forgets the old words */
{
	struct store *st = store_new();
	struct source_filter all = { .limit = 10 };
	struct source s;

	begin_source(st, "s");
	ck_assert_int_eq(put_page(st, "s", "http://a/1", "Penguins", SLICE_LIT("old zebra text")), 0);
	ck_assert_int_eq(put_page(st, "s", "http://a/2", "Other", SLICE_LIT("other zebra")), 0);
	ck_assert_int_eq(hits(st, "zebra"), 2);
	ck_assert_int_eq(hits(st, "penguin"), 1);	/* stemmed */
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(put_page(st, "s", "http://a/1", "Walrus", SLICE_LIT("new giraffe text")), 0);
		store_sound(st);
	}
	ck_assert_int_eq(hits(st, "zebra"), 1);
	ck_assert_int_eq(hits(st, "penguin"), 0);
	ck_assert_int_eq(hits(st, "giraffe"), 1);
	ck_assert_int_eq(hits(st, "walrus"), 1);
	ck_assert_int_eq(store_pages_count(st, "s"), 2);
	ck_assert_int_eq(store_source_end(st, "s", "active", 2000), 0);
	ck_assert_int_eq(store_sources_each(st, &all, copy_source, &s), 0);
	ck_assert_int_eq(s.n_pages, 2);
	ck_assert_int_eq(s.n_chunks, 2);
	ck_assert_int_eq(s.n_words, 4);
	ck_assert_int_eq(s.n_code_examples, 2);
	ck_assert_int_eq(s.created_ms, 1000);
	ck_assert_int_eq(s.updated_ms, 2000);
	store_close(st);
}
END_TEST

static const struct {
	const char  *name;
	struct slice body;
} bodies[] = {
	{ "empty", SLICE_LIT("") },
	{ "NUL within", SLICE_LIT("before\0after zebra") },
	{ "NUL first", SLICE_LIT("\0zebra") },
	{ "not UTF-8", SLICE_LIT("zebra \xff\xfe\xc3( \x80") },
	{ "cut sequence", SLICE_LIT("zebra \xe2\x82") },
	{ "overlong", SLICE_LIT("\xc0\xaf zebra") },
	{ "quotes", SLICE_LIT("zebra ' \" '' \"\" ; DROP TABLE chunks; --") },
	{ "soft hyphen, joiners", SLICE_LIT("ze\xc2\xad" "bra \xe2\x80\x8d zebra") },
};

START_TEST(body_of_any_bytes)	/* what cannot be told to the index cannot be taken out of it again */
{
	struct store *st = store_new();

	begin_source(st, "s");
	ck_assert_int_eq(put_page(st, "s", "http://a/1", "t", bodies[_i].body), 0);
	store_sound(st);
	ck_assert_int_eq(put_page(st, "s", "http://a/1", "t", SLICE_LIT("plain")), 0);
	store_sound(st);
	ck_assert_msg(hits(st, "zebra after") == 0, "%s", bodies[_i].name);
	store_close(st);
}
END_TEST

START_TEST(no_such_source)
{
	struct store *st = store_new();

	ck_assert_int_eq(put_page(st, "nobody", "http://a/1", "t", SLICE_LIT("zebra")), -ENOENT);
	ck_assert_int_eq(hits(st, "zebra"), 0);
	ck_assert_int_eq(store_source_end(st, "nobody", "active", 1), -ENOENT);
	ck_assert_int_eq(store_source_title(st, "nobody", "t", NULL), -ENOENT);
	store_sound(st);
	store_close(st);
}
END_TEST

static const struct {
	const char *knowledge_type, *search, *tags;
	int	    n;
} filters[] = {
	{ NULL, NULL, NULL, 3 },
	{ "technical", NULL, NULL, 2 },
	{ "business", NULL, NULL, 1 },
	{ "other", NULL, NULL, 0 },
	{ NULL, "HTTP://B", NULL, 1 },
	{ NULL, "%", NULL, 0 },
	{ NULL, "'", NULL, 0 },
	{ NULL, "", NULL, 3 },
	{ NULL, NULL, "c", 2 },
	{ NULL, NULL, "c++", 1 },
	{ NULL, NULL, "x,c++,y", 1 },
	{ NULL, NULL, "c+", 0 },
	{ "business", NULL, "c", 1 },
};

static int
count_source(const struct source *s, void *arg)
{
	(void)s;
	++*(int *)arg;
	return 0;
}

START_TEST(source_filters)
{
	struct store *st = store_new();
	struct crawl_params p = *params_of("http://a/");
	struct source_filter f = { .knowledge_type = filters[_i].knowledge_type, .search = filters[_i].search,
	    .tags = filters[_i].tags, .limit = 100 };
	int n = 0;

	p.tags.n = 1;
	FIELD_SET(p.tags.item[0], "c");
	ck_assert_int_eq(store_source_begin(st, "1", &p, 1), 0);
	FIELD_SET(p.url, "http://b/");
	FIELD_SET(p.knowledge_type, "business");
	ck_assert_int_eq(store_source_begin(st, "2", &p, 2), 0);
	FIELD_SET(p.url, "http://c/");
	FIELD_SET(p.knowledge_type, "technical");
	FIELD_SET(p.tags.item[0], "old");
	ck_assert_int_eq(store_source_begin(st, "3", &p, 2), 0);
	FIELD_SET(p.tags.item[0], "c++");
	ck_assert_int_eq(store_source_begin(st, "3", &p, 2), 0);	/* its tags are the newest */

	ck_assert_int_eq(store_sources_count(st, &f), filters[_i].n);
	ck_assert_int_eq(store_sources_each(st, &f, count_source, &n), 0);
	ck_assert_int_eq(n, filters[_i].n);
	store_close(st);
}
END_TEST

/* -- search ------------------------------------------------------------------------------------ */

static const struct {
	const char *query;
	int	    n;
} queries[] = {
	{ "zebra", 1 }, { "ZEBRA", 1 }, { "zebras", 1 }, { "", 0 }, { " ", 0 }, { "\"", 0 }, { "\"zebra", 1 },
	{ "zebra\"\"\"", 1 }, { "zebra AND nothing", 1 }, { "NOT zebra", 1 }, { "NEAR(zebra stripe, 1)", 1 },
	{ "zebra*", 1 }, { "^zebra", 1 }, { "title:zebra", 1 }, { "title : nothing", 0 }, { "{title body}: zebra", 1 },
	{ "-zebra", 1 }, { "zebra + stripe", 1 }, { "(zebra", 1 }, { "zebra)", 1 }, { "';DROP TABLE chunks;--", 0 },
	{ "zebra\n\t\r stripe", 1 }, { "\xe2\x80\x94 zebra \xe2\x80\x94", 1 }, { "\xe2\x80\x94", 0 }, { "\xff\xfe zebra", 1 },
	{ "\xc3", 0 }, { "zebra\xff", 1 }, { "the", 0 }, { "is the zebra", 1 }, { "caf\xc3\xa9", 1 }, { "cafe", 1 },
	{ "\xef\xbf\xbd", 0 }, { "\xf0\x9f\x98\x80", 0 }, { "\x01\x02\x7f", 0 }, { "'zebra'", 1 }, { "a\"b\"c zebra", 1 },
};

START_TEST(any_text_is_a_query)
{
	struct store *st = store_new();
	int n;

	begin_source(st, "s");
	ck_assert_int_eq(put_page(st, "s", "http://a/1", "t", SLICE_LIT("one zebra stripe in a caf\xc3\xa9")), 0);
	n = hits(st, queries[_i].query);
	ck_assert_msg(n == queries[_i].n, "\"%s\": %d hits", queries[_i].query, n);
	store_close(st);
}
END_TEST

START_TEST(queries_of_any_bytes)
{
	struct store *st = store_new();
	unsigned short seed[3] = { 3, 1, 4 };
	char *q = malloc(200002);

	begin_source(st, "s");
	ck_assert_int_eq(put_page(st, "s", "http://a/1", "t", SLICE_LIT("zebra")), 0);
	for (unsigned round = 0; round < 2000; round++) {
		size_t len = (size_t)nrand48(seed) % 60;

		for (size_t i = 0; i < len; i++)
			q[i] = (char)(nrand48(seed) % 255 + 1);
		q[len] = '\0';
		(void)hits(st, q);
	}
	for (unsigned i = 0; i < 10000; i++)		/* 10,000 words, and one of 200,000 letters */
		(void)snprintf(q + (size_t)i * 6, 7, "w%04u ", i);
	ck_assert_int_eq(hits(st, q), 0);
	(void)memcpy(q, "zebra ", 6);
	ck_assert_int_eq(hits(st, q), 1);
	memset(q, 'x', 200000);
	q[200000] = '\0';
	ck_assert_int_eq(hits(st, q), 0);
	memset(q, '"', 200000);
	ck_assert_int_eq(hits(st, q), 0);
	free(q);
	store_close(st);
}
END_TEST

struct order {
	int64_t	 id[200];
	double	 score[200];
	unsigned n;
};

static int
collect_hit(const struct search_hit *h, void *arg)
{
	struct order *o = arg;

	ck_assert(h->score >= 0 && h->score <= 1);
	o->id[o->n] = h->chunk_id;
	o->score[o->n++] = h->score;
	return 0;
}

START_TEST(order_is_the_same_every_time)
{
	const char *dir = scratch_dir();
	struct store *st = store_in(dir);
	struct order a = { .n = 0 }, b = { .n = 0 }, c = { .n = 0 };
	char url[32];

	begin_source(st, "s");
	for (unsigned i = 0; i < 100; i++) {		/* many are equal: ties by chunk_id */
		(void)snprintf(url, sizeof url, "http://a/%u", i);
		ck_assert_int_eq(put_page(st, "s", url, i % 10 == 0 ? "zebra" : "t", SLICE_LIT("a zebra and more")), 0);
	}
	ck_assert_int_eq(store_search(st, &(struct search){ .query = "zebra", .limit = 200 }, collect_hit, &a), 100);
	ck_assert_int_eq(store_search(st, &(struct search){ .query = "zebra", .source_id = "s", .knowledge_type = "technical", .limit = 200 }, collect_hit, &b), 100);
	ck_assert_mem_eq(a.id, b.id, sizeof a.id);
	for (unsigned i = 1; i < a.n; i++) {
		ck_assert(a.score[i - 1] >= a.score[i]);
		if (a.score[i - 1] <= a.score[i])
			ck_assert_int_lt(a.id[i - 1], a.id[i]);
	}
	ck_assert_int_eq(store_search(st, &(struct search){ .query = "zebra", .limit = 7 }, collect_hit, &c), 7);
	ck_assert_mem_eq(a.id, c.id, 7 * sizeof a.id[0]);	/* a shorter list is the beginning of it */
	ck_assert_int_eq(store_search(st, &(struct search){ .query = "zebra", .source_id = "other", .limit = 7 }, collect_hit, &c), 0);
	ck_assert_int_eq(store_search(st, &(struct search){ .query = "zebra", .knowledge_type = "business", .limit = 7 }, collect_hit, &c), 0);
	ck_assert_int_eq(store_search(st, &(struct search){ .query = "zebra", .limit = 0 }, collect_hit, &c), 0);
	store_close(st);

	st = store_in(dir);
	b.n = 0;
	ck_assert_int_eq(store_search(st, &(struct search){ .query = "zebra", .limit = 200 }, collect_hit, &b), 100);
	ck_assert_mem_eq(a.id, b.id, sizeof a.id);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, crawl_life);
	tcase_add_loop_test(tc, ends_exactly_once, 0, 3);
	tcase_add_test(tc, forgotten);
	tcase_add_test(tc, listings);
	tcase_add_test(tc, params_come_back);
	tcase_add_test(tc, frontier);
	tcase_add_test(tc, page_replaced);
	tcase_add_loop_test(tc, body_of_any_bytes, 0, sizeof bodies / sizeof bodies[0]);
	tcase_add_test(tc, no_such_source);
	tcase_add_loop_test(tc, source_filters, 0, sizeof filters / sizeof filters[0]);
	tcase_add_loop_test(tc, any_text_is_a_query, 0, sizeof queries / sizeof queries[0]);
	tcase_add_test(tc, queries_of_any_bytes);
	tcase_add_test(tc, order_is_the_same_every_time);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
