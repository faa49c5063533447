/*
 * The query side of the full-text index: chunks are found and scored, their pages
 * are scored by them, by what other pages call them and by their place among all
 * pages, and the best chunk of each page is the hit.
 */
#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shared/fuse.h"
#include "shared/ids.h"
#include "shared/store_find.h"
#include "shared/text.h"

enum { PAGES = 100 };			/* whose place among all pages is looked at, at most */

static const double next_part = 0.4, names_part = 0.6, degree_part = 0.03;
static const double length_part = 0.05;	/* less, for every time that a page is twice as long */
static const double length_words = 1000;	/* from about here on */
static const double cover_part = 0.5;	/* more, for a page that has all that was asked for */

/* -- chunks ------------------------------------------------------------------------------------ */

static int
find_pages(struct store *st, struct candidates *chunks)
{
	int rc = 0;

	for (unsigned i = 0; rc >= 0 && i < chunks->n; i++)
		rc = store_int(st, &chunks->c[i].page, "SELECT page FROM chunks INDEXED BY chunks_whose WHERE n = ?1", "i", chunks->c[i].n);
	return rc;
}

static int
find_chunks(struct store *st, const struct query *q, const char *match, struct candidates *out)
{
	int rc = find_best(st, "SELECT 1 FROM chunks_fts WHERE chunks_fts MATCH ?1 AND rank_text(chunks_fts, ?2)", match, q, false, NULL, out);

	return rc < 0 ? rc : find_pages(st, out);
}

/* -- pages ------------------------------------------------------------------------------------- */

struct found_page {
	int64_t	 page, chunk;		/* and its best chunk */
	double	 score, part;		/* part: what the next chunk counts for */
	uint32_t seen;			/* as in struct candidate, by all of it that was found */
};

struct found {
	struct found_page p[2 * CANDIDATES];
	unsigned n;
};

static struct found_page *
page_of(struct found *f, int64_t page)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->p[i].page == page)
			return &f->p[i];
	f->p[f->n] = (struct found_page){ .page = page, .part = 1 };
	return &f->p[f->n++];
}

static void
group(const struct candidates *c, const struct query *q, struct found *out)
{
	for (unsigned i = 0; i < c->n; i++) {
		struct found_page *p = page_of(out, c->c[i].page);

		if (p->chunk == 0)
			p->chunk = c->c[i].n;
		p->seen |= c->c[i].seen;
		p->score += p->part * c->c[i].score;
		p->part = q->rules_off & 1u << RANK_NEXT_CHUNKS ? 0 : p->part >= 1 ? next_part / 2 : p->part / 2;
	}
}

/* Pages that others call by these words; those found already get more, new ones come in. */
static int
find_names(struct store *st, const struct query *q, struct candidates *names, struct found *out)
{
	struct text match = { 0 };
	int rc;

	query_expression(q, true, &match);
	rc = match.failed ? -ENOMEM :
	    find_best(st, "SELECT 1 FROM names_fts WHERE names_fts MATCH ?1 AND rank_names(names_fts, ?2)", text_str(&match), q, true, NULL, names);
	for (unsigned i = 0; rc == 0 && i < names->n; i++) {
		struct found_page *p = page_of(out, names->c[i].n);

		p->score += names_part * names->c[i].score;
		p->seen |= names->c[i].seen;
	}
	text_fini(&match);
	return rc;
}

/* The more of what was asked for is somewhere on a page, the better. */
static void
cover(const struct query *q, struct found *f)
{
	double all = 0;

	for (unsigned k = 0; k < q->n_terms; k++)
		all += q->term[k].idf;
	for (unsigned i = 0; i < f->n; i++) {
		double has = 0;

		for (unsigned k = 0; k < q->n_terms; k++)
			has += f->p[i].seen & 1u << k ? q->term[k].idf : 0;
		f->p[i].score *= 1 + cover_part * has / all;
	}
}

/* Of a page that was found by its names alone: is it asked for?  1, 0, -errno. */
static int
page_fits(struct store *st, const struct search *s, int64_t page)
{
	int64_t fits = 0;
	int rc = store_int(st, &fits, "SELECT s.deleted_ms IS NULL"
	    " AND (?2 IS NULL OR s.id = ?2) AND (?3 IS NULL OR s.knowledge_type = ?3)"
	    " AND (?4 IS NULL OR instr(',' || ?4 || ',', ',' || s.id || ',') > 0)"
	    " AND (?5 IS NULL OR " STORE_LANGUAGE_FITS("p.language", "?5") ")"
	    " AND (?6 IS NULL OR EXISTS(SELECT 1 FROM source_tags t WHERE t.source = s.id"
	    "   AND instr(',' || ?6 || ',', ',' || t.tag || ',') > 0))"
	    " FROM pages p JOIN sources s ON s.id = p.source WHERE p.n = ?1", "ittttt",
	    page, s->source_id, s->knowledge_type, s->sources, s->language, s->tags);

	return rc == -ENOENT ? 0 : rc < 0 ? rc : fits != 0;
}

static int
compare_pages(const void *a, const void *b)
{
	const struct found_page *x = a, *y = b;

	return candidate_compare(&(struct candidate){ .n = x->chunk, .score = x->score },
	    &(struct candidate){ .n = y->chunk, .score = y->score });
}

/* What its place among all pages makes of its score; the more a page says, the more of it fits by chance. */
static double
page_worth(const struct query *q, double in_degree, double words)
{
	double worth = 1;

	if (!(q->rules_off & 1u << RANK_IN_DEGREE))
		worth *= 1 + degree_part * log2(1 + in_degree);
	if (!(q->rules_off & 1u << RANK_LENGTH))
		worth *= fmax(1 - length_part * log2(1 + words / length_words), 0.5);
	return worth;
}

/* And at most, when n_pages lead to it. */
static double
worth_most(double n_pages)
{
	return 1 + degree_part * log2(1 + n_pages);
}

/* A page that was found by its names alone shows its first chunk.  1; 0: it is no hit; -errno. */
static int
place_page(struct store *st, const struct query *q, const struct search *s, struct found_page *p)
{
	int rc = 0;
	sqlite3_stmt *stmt;

	if (p->chunk == 0 && ((rc = page_fits(st, s, p->page)) <= 0 ||
	    (rc = store_int(st, &p->chunk, "SELECT n FROM chunks WHERE page = ?1 ORDER BY number LIMIT 1", "i", p->page)) < 0))
		return rc == -ENOENT ? 0 : rc;
	stmt = store_stmt(st, &rc, "SELECT f.in_degree, p.words FROM page_facts f"
	    " JOIN pages p ON p.n = f.page WHERE f.page = ?1", "i", p->page);
	if (stmt == NULL || (rc = store_step(st, stmt)) < 0)
		return rc;
	if (rc > 0)
		p->score *= page_worth(q, sqlite3_column_double(stmt, 0), sqlite3_column_double(stmt, 1));
	(void)sqlite3_reset(stmt);
	return 1;
}

/* Into the first n, which are in order. */
static void
insert_page(struct found *f, unsigned n, struct found_page p)
{
	for (; n > 0 && compare_pages(&p, &f->p[n - 1]) < 0; n--)
		f->p[n] = f->p[n - 1];
	f->p[n] = p;
}

/* Leave the best, in order: as many as are asked for for certain, of others those looked at. */
static int
place(struct store *st, const struct query *q, const struct search *s, struct found *f)
{
	unsigned n = 0, want = s->vector != NULL || s->limit > PAGES ? PAGES : s->limit;
	int64_t n_pages;
	double most;
	int rc = store_int(st, &n_pages, "SELECT ifnull(max(n), 0) FROM pages", "");

	if (rc < 0)
		return rc;
	most = worth_most((double)n_pages);
	qsort(f->p, f->n, sizeof f->p[0], compare_pages);
	for (unsigned i = 0; i < f->n && n < PAGES; i++) {
		struct found_page p = f->p[i];

		if (n >= want && p.score * most < f->p[want - 1].score)
			break;		/* nor can any behind it */
		if ((rc = place_page(st, q, s, &p)) < 0)
			return rc;
		if (rc > 0)
			insert_page(f, n++, p);
	}
	f->n = n;
	return 0;
}

/* -- meaning ------------------------------------------------------------------------------------- */

static void
keep_near(int64_t chunk, double cosine, void *arg)
{
	if (cosine > 0)
		candidates_keep(arg, (struct candidate){ .n = chunk, .score = cosine });
}

/* Pages by the chunk that is nearest to the question; w->chunks is free by now. */
static int
find_near(struct store *st, const struct search *s, struct candidates *near, struct found *out)
{
	int rc;

	near->n = out->n = 0;
	if ((rc = store_vectors_each(st, s, keep_near, near)) < 0)
		return rc;
	candidates_sort(near);
	if ((rc = find_pages(st, near)) < 0)
		return rc;
	for (unsigned i = 0; i < near->n && out->n < PAGES; i++) {
		struct found_page *p = page_of(out, near->c[i].page);

		if (p->chunk == 0)
			p->chunk = near->c[i].n;
	}
	return 0;
}

static void
rank(const struct found *f, struct ranked *out)
{
	for (unsigned i = 0; i < f->n; i++)
		out[i] = (struct ranked){ f->p[i].page, f->p[i].chunk, 0 };
}

/* The pages found by words, in their order, and those found by the vector become one list. */
static int
fuse_near(struct store *st, const struct search *s, struct candidates *near, struct found *pages)
{
	struct ranked words[PAGES], meant[PAGES], both[2 * PAGES];
	struct found *found = malloc(sizeof *found);
	int rc;

	if (found == NULL)
		return -ENOMEM;
	if ((rc = find_near(st, s, near, found)) == 0) {
		rank(pages, words);
		rank(found, meant);
		pages->n = fuse(both, words, pages->n, meant, found->n);
		for (unsigned i = 0; i < pages->n; i++)
			pages->p[i] = (struct found_page){ .page = both[i].key, .chunk = both[i].chunk, .score = both[i].score };
	}
	free(found);
	return rc;
}

/* -- hits -------------------------------------------------------------------------------------- */

/* The chunks right before or behind this one on its page, in their order. */
static int
beside(struct store *st, int64_t chunk, int from, int to, struct text *out)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT b.body FROM chunks a JOIN chunks b ON b.page = a.page"
	    " AND b.number BETWEEN a.number + ?2 AND a.number + ?3 WHERE a.n = ?1 ORDER BY b.number", "iii",
	    chunk, (int64_t)from, (int64_t)to);

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0)
		text_printf(out, "%s%s", out->len > 0 ? "\n\n" : "", column_str(stmt, 0));
	return rc < 0 ? rc : text_str(out) != NULL ? 0 : -ENOMEM;
}

static int
hit(struct store *st, const struct query *q, const struct search *s, const struct found_page *p, store_hit_f *f, void *arg)
{
	struct text shown = { 0 }, before = { 0 }, after = { 0 };
	int rc = 0, n = (int)s->neighbours;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT c.n, c.number, p.url, p.title, c.headings, c.body, p.source,"
	    " s.knowledge_type, p.words, p.language FROM chunks c JOIN pages p ON p.n = c.page JOIN sources s ON s.id = p.source"
	    " WHERE c.n = ?1", "i", p->chunk);
	struct search_hit h;

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc;		/* 0: a page without text */
	h = (struct search_hit){
		.chunk_id = sqlite3_column_int64(stmt, 0), .chunk_number = (unsigned)sqlite3_column_int(stmt, 1),
		.url = column_str(stmt, 2), .title = column_str(stmt, 3), .headings = column_str(stmt, 4),
		.body = column_str(stmt, 5), .source_id = column_str(stmt, 6), .knowledge_type = column_str(stmt, 7),
		.n_words = sqlite3_column_int64(stmt, 8), .language = column_str(stmt, 9),
		.score = s->vector != NULL ? p->score : find_score(q, p->score),
		.snippet = "", .before = "", .after = "",
	};
	query_snippet(q, h.body, &shown);
	if ((h.snippet = text_str(&shown)) == NULL)
		rc = -ENOMEM;
	else if (n == 0)
		rc = 0;
	else if ((rc = beside(st, p->chunk, -n, -1, &before)) == 0)
		rc = beside(st, p->chunk, 1, n, &after);
	if (rc == 0) {
		h.before = n > 0 ? text_str(&before) : "";
		h.after = n > 0 ? text_str(&after) : "";
		rc = f(&h, arg);
	}
	(void)sqlite3_reset(stmt);
	text_fini(&shown);
	text_fini(&before);
	text_fini(&after);
	return rc < 0 ? rc : rc > 0 ? 2 : 1;
}

struct work {				/* too large for a thread's stack */
	struct query q;
	struct candidates chunks;
	struct found pages;
};

static int
search(struct store *st, struct work *w, const struct search *s, struct text *match)
{
	int rc;

	if ((rc = find_weigh(st, &w->q)) < 0 ||
	    (rc = find_match(st, &w->q, s, match)) <= 0)
		return rc;
	if ((rc = find_chunks(st, &w->q, text_str(match), &w->chunks)) < 0)
		return rc;
	group(&w->chunks, &w->q, &w->pages);
	if (!(w->q.rules_off & 1u << RANK_NAMES) && (rc = find_names(st, &w->q, &w->chunks, &w->pages)) < 0)
		return rc;
	if (!(w->q.rules_off & 1u << RANK_COVER))
		cover(&w->q, &w->pages);
	if ((rc = place(st, &w->q, s, &w->pages)) < 0)
		return rc;
	return s->vector != NULL ? fuse_near(st, s, &w->chunks, &w->pages) : 0;
}

int
store_search(struct store *st, const struct search *s, store_hit_f *f, void *arg)
{
	struct work *w = malloc(sizeof *w);
	struct text match = { 0 };
	int n = 0, rc = 0;
	bool alone;

	if (w == NULL)
		return -ENOMEM;
	w->pages.n = 0;
	query_read(&w->q, s->query, s->as_you_type, st->rank_off);
	if (w->q.n_terms == 0 || s->limit == 0 || (rc = find_begin(st, &alone)) < 0)
		goto done;
	rc = search(st, w, s, &match);
	for (unsigned i = 0; rc >= 0 && rc < 2 && i < w->pages.n && (unsigned)n < s->limit; i++)
		if ((rc = hit(st, &w->q, s, &w->pages.p[i], f, arg)) > 0)
			n++;
	find_end(st, alone);
done:
	text_fini(&match);
	free(w);
	return rc < 0 ? rc : n;
}
