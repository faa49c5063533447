/*
 * The query side of the full-text index: chunks are found and scored, their pages
 * are scored by them, by what other pages call them and by their place among all
 * pages, and the best chunk of each page is the hit.
 */
#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/fuse.h"
#include "shared/ids.h"
#include "shared/store_rank.h"
#include "shared/store_sql.h"
#include "shared/text.h"

enum {
	CANDIDATES = 200,		/* chunks whose pages are looked at, and pages by their names */
	PAGES = 100,			/* whose place among all pages is looked at */
	COUNT_MAX = 5000,		/* of a word's chunks are counted, then it is guessed */
	FOUND_ENOUGH = 4000,		/* chunks: words more common than those that find so many need not find */
	SCAN_MAX = 60000,		/* chunks scored at most */
};

static const double next_part = 0.4, names_part = 0.6, links_part = 0.5, degree_part = 0.03;

/* -- how common a word is ------------------------------------------------------------------ */

static int
count_term(struct store *st, const struct query_term *t, int64_t last, int64_t *out)
{
	char quoted[QUERY_TERM_BYTES + 4];
	sqlite3_stmt *stmt;
	int64_t n, upto;
	int rc = 0;

	(void)snprintf(quoted, sizeof quoted, "\"%s\"%s", t->text, t->prefix ? "*" : "");
	stmt = store_stmt(st, &rc, "SELECT count(*), max(n) FROM (SELECT rowid AS n FROM chunks_fts"
	    " WHERE chunks_fts MATCH ?1 ORDER BY rowid LIMIT ?2)", "ti", quoted, (int64_t)COUNT_MAX);
	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc;
	n = sqlite3_column_int64(stmt, 0);
	upto = sqlite3_column_int64(stmt, 1);
	(void)sqlite3_reset(stmt);
	*out = n < COUNT_MAX || upto == 0 ? n : (int64_t)((double)n * (double)last / (double)upto);
	return 0;
}

/* Counts are kept for a while: they change little, and cost as much as a search. */
static int
term_count(struct store *st, struct query_term *t, int64_t last)
{
	uint64_t hash = id_hash(t->text, strlen(t->text)) ^ (t->prefix ? 1 : 0);
	struct word_count *w = &st->word_counts[hash % STORE_WORD_COUNTS];
	int rc;

	if (w->hash == hash && w->last > 0 && last >= w->last && last - w->last <= w->last / 16) {
		t->n = w->n;
		return 0;
	}
	if ((rc = count_term(st, t, last, &t->n)) < 0)
		return rc;
	*w = (struct word_count){ hash, last, t->n };
	return 0;
}

static int
by_count(const void *a, const void *b)
{
	const struct query_term *x = *(const struct query_term *const *)a, *y = *(const struct query_term *const *)b;

	return x->n != y->n ? (x->n < y->n ? -1 : 1) : strcmp(x->text, y->text);
}

/* How much each word tells, and which of them need not find anything. */
static int
weigh(struct store *st, struct query *q)
{
	struct query_term *t[QUERY_TERMS_MAX];
	int64_t last = 0, found = 0;
	int rc = store_int(st, &last, "SELECT ifnull(max(n), 0) FROM chunks", "");

	for (unsigned i = 0; rc >= 0 && i < q->n_terms; i++) {
		t[i] = &q->term[i];
		if ((rc = term_count(st, t[i], last)) < 0)
			break;
		t[i]->idf = log(1 + ((double)last - (double)t[i]->n + 0.5) / ((double)t[i]->n + 0.5));
		if (!(t[i]->idf > 0.1))
			t[i]->idf = 0.1;
	}
	if (rc < 0)
		return rc;
	qsort(t, q->n_terms, sizeof t[0], by_count);
	for (unsigned i = 0; i < q->n_terms && !(q->rules_off & 1u << RANK_OPTIONAL); i++) {
		t[i]->optional = found > 0 && found + t[i]->n > FOUND_ENOUGH;
		found += t[i]->n;
	}
	return 0;
}

/* -- what is looked through ----------------------------------------------------------------- */

static void
put_facet(struct text *out, const char *glue, const char *s)
{
	text_printf(out, "%sfacets : \"", glue);
	for (; *s != '\0'; s++)
		if (*s != '"')
			text_putc(out, *s);
	text_putc(out, '"');
}

/* Sources that fit the filter, as facets joined by OR.  How many. */
static int
put_sources(struct store *st, const struct search *s, bool deleted, struct text *out)
{
	int rc = 0, n = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT id FROM sources WHERE (deleted_ms IS NOT NULL) = ?5"
	    " AND (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR knowledge_type = ?2)"
	    " AND (?3 IS NULL OR EXISTS(SELECT 1 FROM source_tags t WHERE t.source = sources.id"
	    "   AND instr(',' || ?3 || ',', ',' || t.tag || ',') > 0))"
	    " AND (?4 IS NULL OR instr(',' || ?4 || ',', ',' || id || ',') > 0) ORDER BY id", "tttti",
	    s->source_id, s->knowledge_type, s->tags, s->sources, (int64_t)deleted);

	if (stmt == NULL)
		return rc;
	for (; (rc = store_step(st, stmt)) > 0; n++)
		put_facet(out, n > 0 ? " OR " : "", column_str(stmt, 0));
	return rc < 0 ? rc : n;
}

int
store_search_sources(struct store *st, const struct search *s)
{
	struct text t = { 0 };
	int n = put_sources(st, s, false, &t);

	text_fini(&t);
	return n;
}

/* " AND (...)" for what is asked for, " NOT (...)" for what is being deleted.  0: nothing can fit. */
static int
put_filter(struct store *st, const struct search *s, struct text *out)
{
	bool narrow = s->source_id != NULL || s->knowledge_type != NULL || s->tags != NULL || s->sources != NULL;
	struct text t = { 0 };
	int n = put_sources(st, s, !narrow, &t);

	if (n > 0)
		text_printf(out, " %s (%s)", narrow ? "AND" : "NOT", text_str(&t));
	if (t.failed)
		n = -ENOMEM;
	text_fini(&t);
	if (n >= 0 && s->language != NULL)
		put_facet(out, " AND ", s->language);
	return n < 0 ? n : n > 0 || !narrow;
}

/* The whole FTS5 expression.  1; 0: nothing can fit. */
static int
put_match(struct store *st, const struct query *q, const char *columns, const struct search *s, struct text *out)
{
	int rc;

	text_printf(out, "({%s} : (", columns);
	query_expression(q, out);
	text_puts(out, "))");
	rc = put_filter(st, s, out);
	return text_str(out) == NULL ? -ENOMEM : rc;
}

/* -- chunks ------------------------------------------------------------------------------------ */

struct candidate {
	int64_t	 chunk, page;
	double	 score;
};

struct candidates {
	struct candidate c[CANDIDATES];		/* a heap with the worst on top, until it is sorted */
	unsigned n;
};

static int
compare(const struct candidate *a, const struct candidate *b)	/* the better first */
{
	if (a->score > b->score || a->score < b->score)
		return a->score > b->score ? -1 : 1;
	return a->chunk < b->chunk ? -1 : a->chunk > b->chunk;
}

static int
compare_any(const void *a, const void *b)
{
	return compare(a, b);
}

static void
sift_down(struct candidates *h, unsigned at)
{
	for (unsigned kid; (kid = 2 * at + 1) < h->n; at = kid) {
		struct candidate t = h->c[at];

		if (kid + 1 < h->n && compare(&h->c[kid + 1], &h->c[kid]) > 0)
			kid++;
		if (compare(&h->c[kid], &t) <= 0)
			return;
		h->c[at] = h->c[kid];
		h->c[kid] = t;
	}
}

static void
keep(struct candidates *h, struct candidate c)
{
	if (h->n < CANDIDATES) {
		h->c[h->n++] = c;
		if (h->n == CANDIDATES)
			for (unsigned i = CANDIDATES / 2; i-- > 0;)
				sift_down(h, i);
		return;
	}
	if (compare(&c, &h->c[0]) >= 0)
		return;
	h->c[0] = c;
	sift_down(h, 0);
}

static int
find_chunks(struct store *st, const struct query *q, const char *match, struct candidates *out)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT rowid, rank_text(chunks_fts, ?2) FROM chunks_fts"
	    " WHERE chunks_fts MATCH ?1 LIMIT ?3", "tqi", match, q, (int64_t)SCAN_MAX);

	out->n = 0;
	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0)
		keep(out, (struct candidate){ sqlite3_column_int64(stmt, 0), 0, sqlite3_column_double(stmt, 1) });
	qsort(out->c, out->n, sizeof out->c[0], compare_any);
	for (unsigned i = 0; rc >= 0 && i < out->n; i++)
		rc = store_int(st, &out->c[i].page, "SELECT page FROM chunks WHERE n = ?1", "i", out->c[i].chunk);
	return rc;
}

/* -- pages ------------------------------------------------------------------------------------- */

struct found_page {
	int64_t	 page, chunk;		/* and its best chunk */
	double	 score, part;		/* part: what the next chunk counts for */
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
			p->chunk = c->c[i].chunk;
		p->score += p->part * c->c[i].score;
		p->part = q->rules_off & 1u << RANK_NEXT_CHUNKS ? 0 : p->part >= 1 ? next_part / 2 : p->part / 2;
	}
}

/* Pages that others call by these words; those found already get more, new ones come in. */
static int
find_names(struct store *st, const struct query *q, const struct search *s, struct found *out)
{
	struct text match = { 0 };
	sqlite3_stmt *stmt = NULL;
	int rc = 0;

	query_expression(q, &match);
	if (match.failed)
		rc = -ENOMEM;
	else
		stmt = store_stmt(st, &rc, "SELECT r.n, r.score FROM (SELECT rowid AS n, rank_names(names_fts, ?2) AS score"
		    " FROM names_fts WHERE names_fts MATCH ?1 ORDER BY score DESC, n LIMIT ?3) r"
		    " JOIN pages p ON p.n = r.n JOIN sources s ON s.id = p.source WHERE s.deleted_ms IS NULL"
		    " AND (?4 IS NULL OR s.id = ?4) AND (?5 IS NULL OR s.knowledge_type = ?5)"
		    " AND (?6 IS NULL OR instr(',' || ?6 || ',', ',' || s.id || ',') > 0)"
		    " AND (?7 IS NULL OR p.language LIKE ?7 || '%')"
		    " AND (?8 IS NULL OR EXISTS(SELECT 1 FROM source_tags t WHERE t.source = s.id"
		    "   AND instr(',' || ?8 || ',', ',' || t.tag || ',') > 0)) ORDER BY r.score DESC, r.n", "tqittttt",
		    text_str(&match), q, (int64_t)CANDIDATES, s->source_id, s->knowledge_type, s->sources, s->language, s->tags);
	while (stmt != NULL && (rc = store_step(st, stmt)) > 0)
		page_of(out, sqlite3_column_int64(stmt, 0))->score += names_part * sqlite3_column_double(stmt, 1);
	text_fini(&match);
	return rc;
}

static int
compare_pages(const void *a, const void *b)
{
	const struct found_page *x = a, *y = b;

	return compare(&(struct candidate){ x->chunk, 0, x->score }, &(struct candidate){ y->chunk, 0, y->score });
}

/* Its place among all pages; a page that was found by its names alone shows its first chunk. */
static int
place(struct store *st, const struct query *q, struct found *f)
{
	qsort(f->p, f->n, sizeof f->p[0], compare_pages);
	f->n = f->n < PAGES ? f->n : PAGES;
	for (unsigned i = 0; i < f->n; i++) {
		struct found_page *p = &f->p[i];
		int rc = 0;
		sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT link_share, in_degree, CASE WHEN ?2 <> 0 THEN ?2 ELSE"
		    " (SELECT n FROM chunks WHERE page = ?1 ORDER BY number LIMIT 1) END"
		    " FROM page_facts WHERE page = ?1", "ii", p->page, p->chunk);

		if (stmt == NULL || (rc = store_step(st, stmt)) < 0)
			return rc;
		if (rc == 0)
			continue;
		if (!(q->rules_off & 1u << RANK_LINK_LISTS))
			p->score *= 1 - links_part * sqlite3_column_double(stmt, 0);
		if (!(q->rules_off & 1u << RANK_IN_DEGREE))
			p->score *= 1 + degree_part * log2(1 + sqlite3_column_double(stmt, 1));
		p->chunk = sqlite3_column_int64(stmt, 2);
		(void)sqlite3_reset(stmt);
	}
	return 0;
}

/* -- meaning ------------------------------------------------------------------------------------- */

static void
keep_near(int64_t chunk, double cosine, void *arg)
{
	if (cosine > 0)
		keep(arg, (struct candidate){ chunk, 0, cosine });
}

/* Pages by the chunk that is nearest to the question; w->chunks is free by now. */
static int
find_near(struct store *st, const struct search *s, struct candidates *near, struct found *out)
{
	int rc;

	near->n = out->n = 0;
	if ((rc = store_vectors_each(st, s, keep_near, near)) < 0)
		return rc;
	qsort(near->c, near->n, sizeof near->c[0], compare_any);
	for (unsigned i = 0; i < near->n && out->n < PAGES; i++) {
		struct found_page *p;

		if ((rc = store_int(st, &near->c[i].page, "SELECT page FROM chunks WHERE n = ?1", "i", near->c[i].chunk)) < 0)
			return rc;
		p = page_of(out, near->c[i].page);
		if (p->chunk == 0)
			p->chunk = near->c[i].chunk;
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

static double
score_of(const struct query *q, double score)	/* 0..1 in the same order: half is a good match of all words */
{
	double all = 0;

	for (unsigned i = 0; i < q->n_terms; i++)
		all += q->term[i].idf;
	return score > 0 ? score / (score + 1.5 * all) : 0;
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
		.score = s->vector != NULL ? p->score : score_of(q, p->score),
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

	if ((rc = weigh(st, &w->q)) < 0 ||
	    (rc = put_match(st, &w->q, "title path headings terms body", s, match)) <= 0)
		return rc;
	if ((rc = find_chunks(st, &w->q, text_str(match), &w->chunks)) < 0)
		return rc;
	group(&w->chunks, &w->q, &w->pages);
	if (!(w->q.rules_off & 1u << RANK_NAMES) && (rc = find_names(st, &w->q, s, &w->pages)) < 0)
		return rc;
	if ((rc = place(st, &w->q, &w->pages)) < 0)
		return rc;
	qsort(w->pages.p, w->pages.n, sizeof w->pages.p[0], compare_pages);
	return s->vector != NULL ? fuse_near(st, s, &w->chunks, &w->pages) : 0;
}

/* All that a search reads is of one moment, and its many small reads are one transaction. */
static int
read_begin(struct store *st, bool *alone)
{
	int rc = 0;

	if ((*alone = sqlite3_get_autocommit(st->db) != 0))
		rc = store_run(st, "BEGIN", "");
	return rc < 0 ? rc : 0;
}

static void
read_end(struct store *st, bool alone)
{
	if (alone && sqlite3_get_autocommit(st->db) == 0)	/* without memory SQLite has ended it by itself */
		(void)store_run(st, "COMMIT", "");		/* nothing was written */
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
	if (w->q.n_terms == 0 || s->limit == 0 || (rc = read_begin(st, &alone)) < 0)
		goto done;
	rc = search(st, w, s, &match);
	for (unsigned i = 0; rc >= 0 && rc < 2 && i < w->pages.n && (unsigned)n < s->limit; i++)
		if ((rc = hit(st, &w->q, s, &w->pages.p[i], f, arg)) > 0)
			n++;
	read_end(st, alone);
done:
	text_fini(&match);
	free(w);
	return rc < 0 ? rc : n;
}

/* -- code examples ------------------------------------------------------------------------------- */

static int
code_hit(struct store *st, const struct query *q, const struct candidate *c, store_code_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT x.n, x.language, x.code, x.before, x.after, x.heading, p.url, p.title,"
	    " p.source, s.knowledge_type FROM code_examples x JOIN pages p ON p.n = x.page JOIN sources s ON s.id = p.source"
	    " WHERE x.n = ?1", "i", c->chunk);

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc;
	rc = f(&(struct code_hit){
		.example_id = sqlite3_column_int64(stmt, 0), .language = column_str(stmt, 1), .code = column_str(stmt, 2),
		.before = column_str(stmt, 3), .after = column_str(stmt, 4), .heading = column_str(stmt, 5),
		.url = column_str(stmt, 6), .title = column_str(stmt, 7), .source_id = column_str(stmt, 8),
		.knowledge_type = column_str(stmt, 9), .score = score_of(q, c->score),
	}, arg);
	(void)sqlite3_reset(stmt);
	return rc < 0 ? rc : rc > 0 ? 2 : 1;
}

static int
find_code(struct store *st, const struct query *q, const char *match, struct candidates *out)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT rowid, rank_text(code_fts, ?2) FROM code_fts"
	    " WHERE code_fts MATCH ?1 LIMIT ?3", "tqi", match, q, (int64_t)SCAN_MAX);

	out->n = 0;
	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0)
		keep(out, (struct candidate){ sqlite3_column_int64(stmt, 0), 0, sqlite3_column_double(stmt, 1) });
	qsort(out->c, out->n, sizeof out->c[0], compare_any);
	return rc;
}

int
store_search_code(struct store *st, const struct search *s, store_code_f *f, void *arg)
{
	struct work *w = malloc(sizeof *w);
	struct text match = { 0 };
	int n = 0, rc = 0;
	bool alone;

	if (w == NULL)
		return -ENOMEM;
	query_read(&w->q, s->query, s->as_you_type, st->rank_off);
	if (w->q.n_terms == 0 || s->limit == 0 || (rc = read_begin(st, &alone)) < 0)
		goto done;
	w->chunks.n = 0;
	if ((rc = weigh(st, &w->q)) == 0 && (rc = put_match(st, &w->q, "heading before code", s, &match)) > 0)
		rc = find_code(st, &w->q, text_str(&match), &w->chunks);
	for (unsigned i = 0; rc >= 0 && rc < 2 && i < w->chunks.n && (unsigned)n < s->limit; i++)
		if ((rc = code_hit(st, &w->q, &w->chunks.c[i], f, arg)) > 0)
			n++;
	read_end(st, alone);
done:
	text_fini(&match);
	free(w);
	return rc < 0 ? rc : n;
}
