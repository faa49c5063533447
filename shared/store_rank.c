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

struct phrases {
	int	 term[3 * QUERY_TERMS_MAX];
	unsigned n;
};

static void
phrases_of(const struct query *q, bool optional, struct phrases *out)
{
	for (unsigned i = 0; i < q->n_terms; i++)
		if (q->term[i].optional == optional)
			out->term[out->n++] = (int)i;
}

static void
phrases_all(const struct query *q, struct phrases *out)
{
	unsigned first;

	out->n = 0;
	phrases_of(q, false, out);
	first = out->n;
	if (first == q->n_terms)
		return;
	for (unsigned i = 0; i < first; i++)	/* said twice: they count once */
		out->term[out->n++] = -1;
	phrases_of(q, true, out);
}

/* -- one row --------------------------------------------------------------------------------- */

struct row {
	const struct query *q;
	double	 tf[QUERY_TERMS_MAX], pair[QUERY_TERMS_MAX];	/* how often; the pair with the one before */
	int	 last_col[QUERY_TERMS_MAX], last_off[QUERY_TERMS_MAX];	/* where it was last */
	double	 best_window;
	int	 columns;		/* of them is text: facets stand behind it */
	double	 k;			/* so many times a word counts half of what it can */
};

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

static double
row_score(const struct row *r)
{
	double sum = 0, all = 0;

	for (unsigned i = 0; i < r->q->n_terms; i++) {
		const struct query_term *t = &r->q->term[i];

		all += t->idf;
		sum += t->idf * r->tf[i] * (k1 + 1) / (r->tf[i] + r->k);
		if (t->after >= 0 && !(r->q->rules_off & 1u << RANK_PAIRS))
			sum += pair_part * (t->idf + r->q->term[t->after].idf) * r->pair[i] * (k1 + 1) / (r->pair[i] + r->k);
	}
	if (r->q->n_terms > 1 && !(r->q->rules_off & 1u << RANK_WINDOW) && all > 0)
		sum *= 1 + window_part * r->best_window / all;
	return sum;
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
	struct phrases ph;
	unsigned n = 0;

	for (unsigned i = 0; i < QUERY_TERMS_MAX; i++)
		r->last_col[i] = -1;
	phrases_all(r->q, &ph);
	for (unsigned i = 0; i < ph.n; i++) {
		struct instance *x = &in[n];
		int rc;

		if ((x->term = ph.term[i]) < 0)
			continue;
		if ((rc = api->xPhraseFirst(fts, (int)i, &x->at, &x->col, &x->off)) != SQLITE_OK)
			return rc;
		n += x->col >= 0 && x->col < r->columns;
	}
	see_all(api, fts, r, in, n);
	return SQLITE_OK;
}

static void
rank(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *ctx, struct row *r)
{
	int rc = row_read(api, fts, r);

	if (rc != SQLITE_OK)
		sqlite3_result_error_code(ctx, rc);
	else
		sqlite3_result_double(ctx, row_score(r));
}

/* Of a chunk or of a code example. */
static void
rank_text(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct row r = {
		.q = n == 1 ? sqlite3_value_pointer(v[0], RANK_QUERY_TYPE) : NULL, .k = k1, .columns = api->xColumnCount(fts) - 1,
	};

	if (r.q == NULL)
		sqlite3_result_error(ctx, "rank_text: no query", -1);
	else
		rank(api, fts, ctx, &r);
}

/* Names differ in length far more than chunks do: the more a page is called by, the less each says. */
static void
rank_names(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct row r = { .q = n == 1 ? sqlite3_value_pointer(v[0], RANK_QUERY_TYPE) : NULL, .columns = 1 };
	sqlite3_int64 all = 0, rows = 0;
	int len = 0;

	if (r.q == NULL || api->xColumnSize(fts, 0, &len) != SQLITE_OK || api->xColumnTotalSize(fts, 0, &all) != SQLITE_OK ||
	    api->xRowCount(fts, &rows) != SQLITE_OK) {
		sqlite3_result_error(ctx, "rank_names: no query, or no sizes", -1);
		return;
	}
	r.k = names_k1 * (1 - names_b + names_b * len * (double)rows / (double)(all > 0 ? all : 1));
	rank(api, fts, ctx, &r);
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
