/* Words weighed, sources filtered, the best matches kept: what both searches begin with. */
#include "config.h"

#include "shared/store_find.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/ids.h"
#include "shared/text.h"

enum {
	COUNT_MIN = 50,			/* fewer chunks are few, however small the store */
	COUNT_MAX = 5000,		/* of a word's chunks are counted, then it is guessed */
	FOUND_ENOUGH = 4000,		/* chunks: words more common than those that find so many need not find */
	ALIKE_COMMON = 12,		/* what is in more than one chunk of so many stands in for nothing */
};

static const double alike_part = 0.8;	/* of what the word itself is worth */

/* -- how common a word is ------------------------------------------------------------------ */

static int
count_term(struct store *st, const struct query_term *t, int64_t last, int64_t *out)
{
	char quoted[QUERY_TERM_BYTES + 4];
	sqlite3_stmt *stmt;
	int64_t n, upto;
	int rc = 0;

	(void)snprintf(quoted, sizeof quoted, "\"%s\"%s", t->text, t->prefix ? "*" : "");
	stmt = store_stmt(st, &rc, "SELECT count(*), max(n) FROM"
	    " (SELECT rowid AS n FROM chunks_fts WHERE chunks_fts MATCH ?1 ORDER BY rowid LIMIT ?2)", "ti", quoted, (int64_t)COUNT_MAX);
	if (stmt == NULL || (rc = store_step(st, stmt)) < 0)
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

static double
term_idf(const struct query_term *t, int64_t last)
{
	double idf = log(1 + ((double)last - (double)t->n + 0.5) / ((double)t->n + 0.5));

	return idf > 0.1 ? idf : 0.1;
}

/* What stands in tells less than the word that was asked for, and what tells next to nothing is left out. */
static void
weigh_alike(struct query *q, int64_t last)
{
	unsigned n = q->n_terms;

	for (unsigned i = n; i < q->n_words; i++) {
		struct query_term *t = &q->term[i];

		if (t->n == 0 || (t->n > COUNT_MIN && t->n > last / ALIKE_COMMON))
			continue;
		t->idf = alike_part * fmin(t->idf, q->term[t->stands_for].idf);
		q->term[n++] = *t;
	}
	q->n_words = n;
}

int
find_weigh(struct store *st, struct query *q)
{
	struct query_term *t[QUERY_TERMS_MAX];
	int64_t last = 0, found = 0;
	int rc = store_int(st, &last, "SELECT ifnull(max(n), 0) FROM chunks", "");

	for (unsigned i = 0; rc >= 0 && i < q->n_words; i++) {
		t[i] = &q->term[i];
		if ((rc = term_count(st, t[i], last)) == 0)
			t[i]->idf = term_idf(t[i], last);
	}
	if (rc < 0)
		return rc;
	qsort(t, q->n_terms, sizeof t[0], by_count);
	for (unsigned i = 0; i < q->n_terms && !(q->rules_off & 1u << RANK_OPTIONAL); i++) {
		t[i]->optional = found > 0 && found + t[i]->n > FOUND_ENOUGH;
		found += t[i]->n;
	}
	weigh_alike(q, last);
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

int
find_match(struct store *st, const struct query *q, const struct search *s, struct text *out)
{
	int rc;

	text_putc(out, '(');
	query_expression(q, false, out);
	text_putc(out, ')');
	rc = put_filter(st, s, out);
	return text_str(out) == NULL ? -ENOMEM : rc;
}

/* -- the best ------------------------------------------------------------------------------ */

int
candidate_compare(const struct candidate *a, const struct candidate *b)
{
	if (a->score > b->score || a->score < b->score)
		return a->score > b->score ? -1 : 1;
	return a->n < b->n ? -1 : a->n > b->n;
}

static int
compare_any(const void *a, const void *b)
{
	return candidate_compare(a, b);
}

static void
sift_down(struct candidates *h, unsigned at)
{
	for (unsigned kid; (kid = 2 * at + 1) < h->n; at = kid) {
		struct candidate t = h->c[at];

		if (kid + 1 < h->n && candidate_compare(&h->c[kid + 1], &h->c[kid]) > 0)
			kid++;
		if (candidate_compare(&h->c[kid], &t) <= 0)
			return;
		h->c[at] = h->c[kid];
		h->c[kid] = t;
	}
}

bool
candidates_want(const struct candidates *h, struct candidate c)
{
	return h->n < CANDIDATES || candidate_compare(&c, &h->c[0]) < 0;
}

void
candidates_keep(struct candidates *h, struct candidate c)
{
	if (h->n < CANDIDATES) {
		h->c[h->n++] = c;
		if (h->n == CANDIDATES)
			for (unsigned i = CANDIDATES / 2; i-- > 0;)
				sift_down(h, i);
		return;
	}
	if (!candidates_want(h, c))
		return;
	h->c[0] = c;
	sift_down(h, 0);
}

void
candidates_sort(struct candidates *h)
{
	qsort(h->c, h->n, sizeof h->c[0], compare_any);
}

int
find_best(struct store *st, const char *sql, const char *match, const struct query *q, bool alike, const char *more,
    struct candidates *out)
{
	struct scan scan;
	sqlite3_stmt *stmt;
	int rc = 0;

	scan_start(&scan, q, alike, out);
	if ((stmt = store_stmt(st, &rc, sql, more != NULL ? "tqt" : "tq", match, &scan, more)) == NULL)
		return rc;
	if ((rc = store_step(st, stmt)) > 0)		/* all that may be looked at */
		(void)sqlite3_reset(stmt);
	candidates_sort(out);
	return rc < 0 ? rc : 0;
}

double
find_score(const struct query *q, double score)
{
	double all = 0;

	for (unsigned i = 0; i < q->n_terms; i++)
		all += q->term[i].idf;
	return score > 0 ? score / (score + 1.5 * all) : 0;
}

/* -- one moment ---------------------------------------------------------------------------- */

int
find_begin(struct store *st, bool *alone)
{
	int rc = 0;

	if ((*alone = sqlite3_get_autocommit(st->db) != 0))
		rc = store_run(st, "BEGIN", "");
	return rc < 0 ? rc : 0;
}

void
find_end(struct store *st, bool alone)
{
	if (alone && sqlite3_get_autocommit(st->db) == 0)	/* without memory SQLite has ended it by itself */
		(void)store_run(st, "COMMIT", "");		/* nothing was written */
}
