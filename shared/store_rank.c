/*
 * The ranking functions: BM25 without the length of the text (chunks are much of
 * one size) and with what words do together.  All columns count alike: weights were
 * measured and gained nothing (t/search/README).  FTS5 gives the instances of all
 * phrases in the order of the text; which phrase is which term follows from their
 * order in query_expression().
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/store_find.h"
#include "shared/store_rank.h"
#include "shared/store_sql.h"

enum { WINDOW_WORDS = 30 };

static const double k1 = 2.5;
static const double names_k1 = 0.8, names_b = 0.3;
static const double pair_part = 0.4;	/* of what both words are worth */
static const double window_part = 0.3;	/* more, when all words are within one window */

void
store_rank_without(struct store *st, unsigned rules)
{
	st->rank_off = rules;
}

/* -- which phrase is which term ---------------------------------------------------------- */

static void
phrases_of(struct scan *s, bool alike, bool finds, unsigned from)
{
	for (unsigned i = 0, n = 0; i < s->q->n_words; i++)
		if (query_finds(&s->q->term[i], alike) == finds)
			s->phrase[i] = (int)(from + n++);
}

void
scan_start(struct scan *s, const struct query *q, bool alike, struct candidates *best)
{
	unsigned found = 0;

	*s = (struct scan){ .q = q, .best = best, .rows_left = SCAN_MAX };
	for (unsigned i = 0; i < q->n_words; i++)
		found += query_finds(&q->term[i], alike);
	phrases_of(s, alike, true, 0);
	phrases_of(s, alike, false, 2 * found);		/* those that find are said twice: they count once */
	best->n = 0;
}

/* -- one row --------------------------------------------------------------------------------- */

struct row {
	const struct scan *scan;
	const struct query *q;
	double	 tf[QUERY_TERMS_MAX], pair[QUERY_TERMS_MAX];	/* how often; the pair with the one before */
	int	 last_col[QUERY_TERMS_MAX], last_off[QUERY_TERMS_MAX];	/* where it was last */
	double	 best_window;
	int	 columns;		/* of them is text: facets stand behind it */
};

/* Of each term only what the query has is set, and when it is read: there are many rows. */
static void
row_start(struct row *r, const struct scan *s, int columns)
{
	r->scan = s;
	r->q = s->q;
	r->best_window = 0;
	r->columns = columns;
}

static void
see_window(struct row *r, int col, int off)
{
	double sum = 0;

	for (unsigned i = 0; i < r->q->n_terms; i++)
		if (r->last_col[i] == col && r->last_off[i] > off - WINDOW_WORDS)
			sum += r->q->term[i].idf;
	if (sum > r->best_window)
		r->best_window = sum;
}

static void
see(struct row *r, int term, int col, int off)
{
	int before = r->q->term[term].after;

	if (r->last_col[term] == col && r->last_off[term] == off)
		return;			/* a word and the whole it is part of, at one place */
	r->tf[term]++;
	r->last_col[term] = col;
	r->last_off[term] = off;
	if (before >= 0 && r->last_col[before] == col && r->last_off[before] == off - 1)
		r->pair[term]++;
	see_window(r, col, off);
}

/* A word is worth what it tells, or what the best of those that stand in for it tells. */
static double
words_score(const struct row *r, double k)
{
	double worth[QUERY_TERMS_MAX], sum = 0;

	for (unsigned i = 0; i < r->q->n_words; i++) {
		const struct query_term *t = &r->q->term[i];
		int to = t->stands_for;

		worth[i] = t->idf * r->tf[i] * (k1 + 1) / (r->tf[i] + k);
		if (to >= 0 && worth[i] > worth[to])
			worth[to] = worth[i];
	}
	for (unsigned i = 0; i < r->q->n_terms; i++)
		sum += worth[i];
	return sum;
}

/* k: so many times a word counts half of what it can. */
static double
row_score(const struct row *r, double k)
{
	double sum = words_score(r, k), all = 0;

	for (unsigned i = 0; i < r->q->n_terms; i++) {
		const struct query_term *t = &r->q->term[i];

		all += t->idf;
		if (t->after >= 0 && !(r->q->rules_off & 1u << RANK_PAIRS))
			sum += pair_part * (t->idf + r->q->term[t->after].idf) * r->pair[i] * (k1 + 1) / (r->pair[i] + k);
	}
	if (r->q->n_terms > 1 && !(r->q->rules_off & 1u << RANK_WINDOW) && all > 0)
		sum *= 1 + window_part * r->best_window / all;
	return sum;
}

static uint32_t
row_seen(const struct row *r)
{
	uint32_t seen = 0;

	for (unsigned i = 0; i < r->q->n_words; i++)
		if (r->tf[i] > 0)
			seen |= 1u << (r->q->term[i].stands_for >= 0 ? (unsigned)r->q->term[i].stands_for : i);
	return seen;
}

struct instance {			/* of a phrase in this row, and how to come to the next one */
	Fts5PhraseIter at;
	int	 term, col, off;	/* col -1: there is none */
};

static bool
is_before(const struct instance *a, const struct instance *b)
{
	return a->col != b->col ? a->col < b->col : a->off != b->off ? a->off < b->off : a->term < b->term;
}

/* See what stands in the row in its order.  Few of the terms do, so the next one is soon found. */
static void
see_all(const Fts5ExtensionApi *api, Fts5Context *fts, struct row *r, struct instance *in, unsigned n)
{
	while (n > 0) {
		struct instance *next = in;

		for (unsigned i = 1; i < n; i++)
			if (is_before(&in[i], next))
				next = &in[i];
		see(r, next->term, next->col, next->off);
		api->xPhraseNext(fts, &next->at, &next->col, &next->off);
		if (next->col < 0 || next->col >= r->columns)
			*next = in[--n];
	}
}

static int
row_read(const Fts5ExtensionApi *api, Fts5Context *fts, struct row *r)
{
	struct instance in[QUERY_TERMS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < r->q->n_words; i++) {
		struct instance *x = &in[n];
		int rc = api->xPhraseFirst(fts, r->scan->phrase[i], &x->at, &x->col, &x->off);

		if (rc != SQLITE_OK)
			return rc;
		x->term = (int)i;
		n += x->col >= 0 && x->col < r->columns;
		r->tf[i] = r->pair[i] = 0;
		r->last_col[i] = -1;
	}
	see_all(api, fts, r, in, n);
	return SQLITE_OK;
}

/* -- all rows -------------------------------------------------------------------------------- */

static struct scan *
scan_of(int n, sqlite3_value **v, sqlite3_context *ctx)
{
	struct scan *s = n == 1 ? sqlite3_value_pointer(v[0], RANK_SCAN_TYPE) : NULL;

	if (s == NULL)
		sqlite3_result_error(ctx, "ranking: no scan", -1);
	else
		sqlite3_result_int(ctx, --s->rows_left == 0);
	return s;
}

/* Of a chunk or of a code example.  Where its facets alone fit it scores nothing: to have FTS5 see to that is slower. */
static void
rank_text(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct scan *s = scan_of(n, v, ctx);
	struct row r;
	double score;
	int rc;

	if (s == NULL)
		return;
	row_start(&r, s, api->xColumnCount(fts) - 1);
	if ((rc = row_read(api, fts, &r)) != SQLITE_OK)
		sqlite3_result_error_code(ctx, rc);
	else if ((score = row_score(&r, k1)) > 0)
		candidates_keep(s->best, (struct candidate){ .n = api->xRowid(fts), .score = score, .seen = row_seen(&r) });
}

/*
 * Names differ in length far more than chunks do: the more a page is called by, the
 * less each says.  How much that is costs a look elsewhere, so first it is as if it were
 * nothing.
 */
static void
rank_names(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct scan *s = scan_of(n, v, ctx);
	struct candidate c = { .n = api->xRowid(fts) };
	struct row r;
	sqlite3_int64 all = 0, rows = 0;
	int len = 0, rc;

	if (s == NULL)
		return;
	row_start(&r, s, 1);
	if ((rc = row_read(api, fts, &r)) == SQLITE_OK) {
		c.score = row_score(&r, names_k1 * (1 - names_b));
		if (!candidates_want(s->best, c))
			return;
		rc = api->xColumnSize(fts, 0, &len);
	}
	if (rc != SQLITE_OK || (rc = api->xColumnTotalSize(fts, 0, &all)) != SQLITE_OK || (rc = api->xRowCount(fts, &rows)) != SQLITE_OK) {
		sqlite3_result_error_code(ctx, rc);
		return;
	}
	c.score = row_score(&r, names_k1 * (1 - names_b + names_b * len * (double)rows / (double)(all > 0 ? all : 1)));
	c.seen = row_seen(&r);
	candidates_keep(s->best, c);
}

int
store_rank_register(struct store *st)
{
	fts5_api *api;
	int rc = store_fts5(st, &api);

	if (rc < 0)
		return rc;
	if ((rc = api->xCreateFunction(api, "rank_text", NULL, rank_text, NULL)) == SQLITE_OK)
		rc = api->xCreateFunction(api, "rank_names", NULL, rank_names, NULL);
	return rc == SQLITE_OK ? 0 : store_errno(st, rc);
}
