/*
 * store_fixture - a store in a scratch directory, and things to put in it.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "scratch.h"
#include "shared/store.h"

__attribute__((unused)) static struct store *
store_in(const char *dir)
{
	struct store *st = NULL;
	struct err e = { "" };

	ck_assert_msg(store_open(&st, dir, 0, false, &e) == 0, "%s", e.text);
	return st;
}

__attribute__((unused)) static struct store *
store_new(void)
{
	return store_in(scratch_dir());
}

__attribute__((unused)) static void
store_sound(struct store *st)
{
	struct err e = { "" };
	int rc = store_check(st, &e);

	ck_assert_msg(rc == 0, "%d: %s", rc, e.text);
}

__attribute__((unused)) static const struct crawl_params *
params_of(const char *url)		/* borrowed until the next call */
{
	static struct crawl_params p;

	crawl_params_defaults(&p);
	FIELD_SET(p.url, url);
	return &p;
}

__attribute__((unused)) static const struct crawl_progress *
snapshot(const char *id, enum crawl_phase phase, int64_t wall_ms)
{
	static struct crawl_progress p;

	memset(&p, 0, sizeof p);
	FIELD_SET(p.id, id);
	FIELD_SET(p.source_id, "0123456789abcdef");
	FIELD_SET(p.url, "http://127.0.0.1/");
	FIELD_SET(p.current_url, "http://127.0.0.1/");
	p.phase = phase;
	p.seq = 1;
	p.eta_ms = -1;
	p.started_wall_ms = 1000;
	p.updated_wall_ms = wall_ms;
	if (crawl_phase_is_terminal(phase))
		p.ended_wall_ms = wall_ms;
	return &p;
}

__attribute__((unused)) static void
accept_crawl(struct store *st, const char *id)
{
	ck_assert_int_eq(store_crawl_accept(st, params_of("http://127.0.0.1/"), snapshot(id, CRAWL_QUEUED, 1000)), 0);
}

__attribute__((unused)) static void
begin_source(struct store *st, const char *id)
{
	ck_assert_int_eq(store_source_begin(st, id, params_of("http://127.0.0.1/"), 1000), 0);
}

/* A page of one chunk and one example. */
__attribute__((unused)) static int
put_page(struct store *st, const char *source, const char *url, const char *title, struct slice body)
{
	struct chunk c = { .headings = SLICE_LIT("Part > Chapter"), .body = body };
	struct code_example x = { SLICE_LIT("c"), SLICE_LIT("return 0;"), SLICE_LIT("before"), SLICE_LIT("after"), SLICE_LIT("Chapter") };
	struct page p = {
		.url = url, .title = title, .content_hash = "00", .fetched_ms = 1, .n_words = 2, .n_bytes = 3,
		.chunks = &c, .n_chunks = 1, .examples = &x, .n_examples = 1,
	};

	return store_page_put(st, source, &p);
}

__attribute__((unused)) static int
count_hit(const struct search_hit *h, void *arg)
{
	(void)h;
	++*(int *)arg;
	return 0;
}

__attribute__((unused)) static int
hits(struct store *st, const char *query)
{
	int n = 0, rc = store_search(st, &(struct search){ .query = query, .limit = 1000 }, count_hit, &n);

	ck_assert_msg(rc == n, "\"%.40s\": %d, %s", query, rc, rc < 0 ? store_error(st) : "");
	return n;
}

#endif
