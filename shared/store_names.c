/*
 * By which texts the pages of a source lead to each other, gathered from the
 * Markdown that is stored, once a crawl is over: how a page is called, and what
 * it says first, says what it is about, how many lead to it that it matters.
 */
#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/ids.h"
#include "shared/store_rank.h"
#include "shared/store_sql.h"
#include "shared/text.h"

enum {
	TEXT_TARGETS_MAX = 8,		/* a text that leads to more pages ("next", "here") names none */
	TEXT_BYTES_MAX = 200,		/* what is longer is no name */
	NAMES_BYTES_MAX = 8000,		/* of one page */
	SAYS_BYTES_MIN = 20,		/* what is shorter is no sentence */
	SAYS_BYTES_MAX = 80,		/* the further a sentence goes, the less it says what the page is */
	LINKS_MAX = 1000000,		/* of one source: bounds the memory */
};

struct gather_page {
	int64_t	 n;
	size_t	 url;			/* in urls */
	uint32_t in_degree;
	uint32_t last_from;		/* index + 1 of the page that led to it last */
	struct text names;
};

struct gather_link {			/* one text that leads to one page */
	uint64_t text_hash;
	uint32_t text, len;		/* in texts */
	uint32_t to;
};

struct gather {
	struct text urls, texts;
	struct gather_page *page;
	size_t	 n_pages, cap_pages;
	uint32_t *by_url;		/* index + 1; slots a power of two, as below */
	size_t	 url_slots;
	struct gather_link *link;
	size_t	 n_links, cap_links;
	uint32_t *by_link;
	size_t	 link_slots;
	bool	 failed;
};

static void *
one_more(struct gather *g, void **p, size_t *n, size_t *cap, size_t size)
{
	if (*n == *cap) {
		size_t want = *cap != 0 ? *cap * 2 : 256;
		void *q = realloc(*p, want * size);

		if (q == NULL) {
			g->failed = true;
			return NULL;
		}
		*p = q;
		*cap = want;
	}
	return (char *)*p + (*n)++ * size;
}

/* -- pages ------------------------------------------------------------------------------ */

static int
load_pages(struct store *st, struct gather *g, const char *source)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT n, url FROM pages WHERE source = ?1 ORDER BY n", "t", source);

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0) {
		struct gather_page *p = one_more(g, (void **)&g->page, &g->n_pages, &g->cap_pages, sizeof *p);
		const char *url = column_str(stmt, 1);

		if (p == NULL)
			break;
		*p = (struct gather_page){ .n = sqlite3_column_int64(stmt, 0), .url = g->urls.len };
		text_put(&g->urls, url, strlen(url) + 1);
	}
	(void)sqlite3_reset(stmt);
	if (rc < 0)
		return rc;
	for (g->url_slots = 256; g->url_slots < 2 * g->n_pages; g->url_slots *= 2)
		;
	if (g->failed || g->urls.failed || (g->by_url = calloc(g->url_slots, sizeof *g->by_url)) == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < g->n_pages; i++) {
		const char *url = g->urls.p + g->page[i].url;
		size_t at = id_hash(url, strlen(url)) & (g->url_slots - 1);

		while (g->by_url[at] != 0)
			at = (at + 1) & (g->url_slots - 1);
		g->by_url[at] = (uint32_t)i + 1;
	}
	return 0;
}

static uint32_t
page_at(const struct gather *g, struct slice url)	/* index + 1; 0: no page of this source */
{
	size_t at = id_hash(url.p, url.len) & (g->url_slots - 1);

	for (; g->by_url[at] != 0; at = (at + 1) & (g->url_slots - 1))
		if (slice_is(url, g->urls.p + g->page[g->by_url[at] - 1].url))
			return g->by_url[at];
	return 0;
}

/* -- links ------------------------------------------------------------------------------- */

static bool
spread_links(struct gather *g)		/* make room in the table for one more */
{
	size_t want = g->link_slots != 0 ? g->link_slots * 2 : 1024;
	uint32_t *t;

	if (2 * g->n_links < g->link_slots)
		return true;
	if ((t = calloc(want, sizeof *t)) == NULL) {
		g->failed = true;
		return false;
	}
	for (size_t i = 0; i < g->n_links; i++) {
		size_t at = (g->link[i].text_hash + g->link[i].to) & (want - 1);

		while (t[at] != 0)
			at = (at + 1) & (want - 1);
		t[at] = (uint32_t)i + 1;
	}
	free(g->by_link);
	g->by_link = t;
	g->link_slots = want;
	return true;
}

static void
see_link(struct gather *g, uint32_t from, uint32_t to, struct slice text)
{
	struct gather_page *p = &g->page[to];
	struct gather_link *l;
	uint64_t hash = id_hash(text.p, text.len);
	size_t at;

	if (p->last_from != from + 1) {
		p->last_from = from + 1;
		p->in_degree++;
	}
	if (text.len == 0 || text.len > TEXT_BYTES_MAX || g->n_links == LINKS_MAX || !spread_links(g))
		return;
	for (at = (hash + to) & (g->link_slots - 1); g->by_link[at] != 0; at = (at + 1) & (g->link_slots - 1)) {
		l = &g->link[g->by_link[at] - 1];
		if (l->text_hash == hash && l->to == to)
			return;
	}
	if ((l = one_more(g, (void **)&g->link, &g->n_links, &g->cap_links, sizeof *l)) == NULL)
		return;
	*l = (struct gather_link){ hash, (uint32_t)g->texts.len, (uint32_t)text.len, to };
	text_put(&g->texts, text.p, text.len);
	g->by_link[at] = (uint32_t)g->n_links;
}

/* Back from "](" to the "[" that belongs to it; NULL when there is none on the line. */
static const char *
link_start(const char *from, const char *close)
{
	unsigned depth = 0;

	for (const char *p = close; p-- > from && *p != '\n';) {
		if (*p == ']')
			depth++;
		else if (*p == '[' && depth-- == 0)
			return p;
	}
	return NULL;
}

static void
scan(struct gather *g, uint32_t from, const char *md, size_t len)
{
	const char *end = md + len, *p = md, *close;

	while ((close = memchr(p, ']', (size_t)(end - p))) != NULL) {
		const char *start, *url = close + 2, *url_end;
		struct slice text;
		uint32_t to;

		p = close + 1;
		if (p == end || *p != '(')
			continue;
		for (url_end = url; url_end < end && (unsigned char)*url_end > ' ' && *url_end != ')' && *url_end != '#'; url_end++)
			;
		if ((start = link_start(md, close)) == NULL || (start > md && start[-1] == '!'))
			continue;
		text = (struct slice){ start + 1, (size_t)(close - start - 1) };
		to = page_at(g, (struct slice){ url, (size_t)(url_end - url) });
		if (to != 0 && to - 1 != from)
			see_link(g, from, to - 1, text);
	}
}

static void
put_words(struct text *out, const char *p, const char *end)	/* whole ones, without where links lead */
{
	size_t from = out->len, fits = from;

	for (; p < end && out->len - from < SAYS_BYTES_MAX; p++) {
		const char *close;

		if (*p == ']' && end - p > 1 && p[1] == '(' && (close = memchr(p, ')', (size_t)(end - p))) != NULL)
			p = close;
		else
			text_putc(out, *p);
		if (p + 1 == end || *p == ' ')
			fits = out->len;
	}
	out->len = fits;
}

/* What a page says it is: its first line that is no heading, list, table, quotation or code. */
static void
put_says(struct text *out, const char *md, size_t len)
{
	const char *end = md + len, *p, *line_end;
	bool code = false;

	for (p = md; p < end; p = line_end + 1) {
		if ((line_end = memchr(p, '\n', (size_t)(end - p))) == NULL)
			line_end = end;
		if (line_end - p >= 3 && memcmp(p, "```", 3) == 0)
			code = !code;
		else if (!code && line_end - p >= SAYS_BYTES_MIN && memchr("#-|>*+`", p[0], 7) == NULL)
			break;
	}
	if (p < end)
		put_words(out, p, line_end);
}

static int
scan_all(struct store *st, struct gather *g)
{
	bool says = !(st->rank_off & 1u << RANK_SAYS);


	for (size_t i = 0; i < g->n_pages; i++) {
		int rc = 0;
		sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT body FROM chunks WHERE page = ?1 ORDER BY number", "i", g->page[i].n);

		if (stmt == NULL)
			return rc;
		for (unsigned k = 0; (rc = store_step(st, stmt)) > 0; k++) {
			const char *body = column_str(stmt, 0);
			size_t len = (size_t)sqlite3_column_bytes(stmt, 0);

			if (k == 0 && says)
				put_says(&g->page[i].names, body, len);
			scan(g, (uint32_t)i, body, len);
		}
		if (rc < 0)
			return rc;
	}
	return g->failed || g->texts.failed ? -ENOMEM : 0;
}

/* -- names --------------------------------------------------------------------------------- */

static int
by_text(const void *a, const void *b)
{
	const struct gather_link *x = a, *y = b;

	if (x->text_hash != y->text_hash)
		return x->text_hash < y->text_hash ? -1 : 1;
	return x->text < y->text ? -1 : x->text > y->text;
}

static int
by_place(const void *a, const void *b)
{
	const struct gather_link *x = a, *y = b;

	return x->text < y->text ? -1 : x->text > y->text;
}

static int
name_pages(struct gather *g)
{
	size_t kept = 0, run;

	if (g->n_links > 0)
		qsort(g->link, g->n_links, sizeof *g->link, by_text);
	for (size_t i = 0; i < g->n_links; i += run) {
		for (run = 1; i + run < g->n_links && g->link[i + run].text_hash == g->link[i].text_hash; run++)
			;
		for (size_t k = 0; run <= TEXT_TARGETS_MAX && k < run; k++)
			g->link[kept++] = g->link[i + k];
	}
	if (kept > 0)			/* in the order of the pages they stand in */
		qsort(g->link, kept, sizeof *g->link, by_place);
	for (size_t i = 0; i < kept; i++) {
		struct text *t = &g->page[g->link[i].to].names;

		if (t->len + g->link[i].len >= NAMES_BYTES_MAX)
			continue;
		if (t->len > 0)
			text_putc(t, '\n');
		text_put(t, g->texts.p + g->link[i].text, g->link[i].len);
		if (t->failed)
			return -ENOMEM;
	}
	return 0;
}

static int
save_page(struct store *st, const struct gather_page *p)
{
	int64_t same;
	int rc = store_int(st, &same, "SELECT names = ?2 AND in_degree = ?3 FROM page_facts WHERE page = ?1",
	    "ipi", p->n, p->names.p, p->names.len, (int64_t)p->in_degree);

	if (rc == -ENOENT || (rc == 0 && same))	/* not indexed yet; nothing new */
		return 0;
	if (rc == 0)
		rc = store_names_unindex(st, p->n);
	if (rc >= 0)
		rc = store_run(st, "UPDATE page_facts SET names = ?2, in_degree = ?3 WHERE page = ?1",
		    "ipi", p->n, p->names.p, p->names.len, (int64_t)p->in_degree);
	if (rc >= 0)
		rc = store_names_index(st, p->n);
	return rc;
}

int
store_gather_names(struct store *st, const char *source_id)
{
	struct gather g = { 0 };
	bool alone;
	int rc = store_part_begin(st, &alone);

	if (rc < 0)
		return rc;
	if ((rc = load_pages(st, &g, source_id)) == 0 && (rc = scan_all(st, &g)) == 0)
		rc = name_pages(&g);
	for (size_t i = 0; rc >= 0 && i < g.n_pages; i++)
		rc = save_page(st, &g.page[i]);
	if (rc >= 0)
		rc = store_run(st, "UPDATE sources SET gathered = 1 WHERE id = ?1", "t", source_id);
	for (size_t i = 0; i < g.n_pages; i++)
		text_fini(&g.page[i].names);
	text_fini(&g.urls);
	text_fini(&g.texts);
	free(g.page);
	free(g.by_url);
	free(g.link);
	free(g.by_link);
	return store_part_end(st, alone, rc);
}

int
store_gather_left(struct store *st)
{
	char id[ID_SOURCE_BYTES];
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT id FROM sources WHERE gathered = 0 AND pages > 0"
	    " AND status <> 'crawling' AND deleted_ms IS NULL LIMIT 1", "");

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc;
	(void)snprintf(id, sizeof id, "%s", column_str(stmt, 0));
	(void)sqlite3_reset(stmt);
	rc = store_gather_names(st, id);
	return rc < 0 ? rc : 1;
}
