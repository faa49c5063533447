/*
 * search_fixture - pages to search in, and what a search over them finds.
 */
#ifndef SEARCH_FIXTURE_H
#define SEARCH_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "shared/store.h"
#include "shared/text.h"

#include "store_fixture.h"

struct got {
	struct text urls;		/* their last parts, by blanks */
	char	    snippet[400], before[100], after[100];
	double	    last;
};

__attribute__((unused)) static int
see(const char *url, double score, struct got *g)
{
	ck_assert(score >= 0 && score <= 1 && score <= g->last);
	g->last = score;
	text_printf(&g->urls, "%s%s", g->urls.len > 0 ? " " : "", strrchr(url, '/') + 1);
	return 0;
}

__attribute__((unused)) static int
on_hit(const struct search_hit *h, void *arg)
{
	struct got *g = arg;

	if (g->snippet[0] == '\0') {
		(void)snprintf(g->snippet, sizeof g->snippet, "%s", h->snippet);
		(void)snprintf(g->before, sizeof g->before, "%s", h->before);
		(void)snprintf(g->after, sizeof g->after, "%s", h->after);
	}
	return see(h->url, h->score, g);
}

__attribute__((unused)) static int
on_code(const struct code_hit *h, void *arg)
{
	return see(h->url, h->score, arg);
}

/* Which pages a search finds; the rest of got is of the first. */
__attribute__((unused)) static const char *
found(struct store *st, struct search s, struct got *got)
{
	static char urls[1000];
	struct got g = { .last = 1 };
	int rc;

	s.limit = s.limit > 0 ? s.limit : 10;
	rc = store_search(st, &s, on_hit, &g);
	ck_assert_msg(rc >= 0, "%s: %s", s.query, store_error(st));
	(void)snprintf(urls, sizeof urls, "%s", g.urls.len > 0 ? text_str(&g.urls) : "");
	text_fini(&g.urls);
	g.urls.p = NULL;
	if (got != NULL)
		*got = g;
	return urls;
}

__attribute__((unused)) static void
put(struct store *st, const char *source, const char *name, const char *title, const char *language,
    const struct chunk *c, unsigned n)
{
	static unsigned hash;
	char url[64], hex[65];

	(void)snprintf(url, sizeof url, "http://h.test/%s", name);
	(void)snprintf(hex, sizeof hex, "%064u", ++hash);
	ck_assert_int_eq(store_page_put(st, source, &(struct page){
		.url = url, .title = title, .language = language, .content_hash = hex, .fetched_ms = 1, .chunks = c, .n_chunks = n,
	}), 0);
}

#define PUT(st, name, title, text) \
	put(st, "s", name, title, "en", &(struct chunk){ .headings = SLICE_LIT(title " > H"), .body = SLICE_LIT(text) }, 1)

#endif
