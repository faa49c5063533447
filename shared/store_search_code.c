/* Search over the code examples: each found one is a hit, ranked by its text alone. */
#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <stdlib.h>

#include "shared/store_find.h"
#include "shared/text.h"

struct work {				/* too large for a thread's stack */
	struct query q;
	struct candidates found;
};

static int
code_hit(struct store *st, const struct query *q, const struct candidate *c, store_code_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT x.n, x.language, x.code, x.before, x.after, x.heading, p.url, p.title,"
	    " p.source, s.knowledge_type FROM code_examples x JOIN pages p ON p.n = x.page JOIN sources s ON s.id = p.source"
	    " WHERE x.n = ?1", "i", c->n);

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc;
	rc = f(&(struct code_hit){
		.example_id = sqlite3_column_int64(stmt, 0), .language = column_str(stmt, 1), .code = column_str(stmt, 2),
		.before = column_str(stmt, 3), .after = column_str(stmt, 4), .heading = column_str(stmt, 5),
		.url = column_str(stmt, 6), .title = column_str(stmt, 7), .source_id = column_str(stmt, 8),
		.knowledge_type = column_str(stmt, 9), .score = find_score(q, c->score),
	}, arg);
	(void)sqlite3_reset(stmt);
	return rc < 0 ? rc : rc > 0 ? 2 : 1;
}

static int
find_code(struct store *st, const struct query *q, const char *match, const char *language, struct candidates *out)
{
	/* The index takes C++ and C# for C: they are told apart before they are scored. */
	const char *sql = language == NULL ? "SELECT 1 FROM code_fts WHERE code_fts MATCH ?1 AND rank_text(code_fts, ?2)" :
	    "SELECT 1 FROM code_fts WHERE code_fts MATCH ?1 AND CASE WHEN EXISTS(SELECT 1 FROM code_examples x"
	    " WHERE x.n = code_fts.rowid AND lower(x.language) = lower(?3)) THEN rank_text(code_fts, ?2) END";

	return find_best(st, sql, match, q, false, language, out);
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
	if (w->q.n_terms == 0 || s->limit == 0 || (rc = find_begin(st, &alone)) < 0)
		goto done;
	w->found.n = 0;
	if ((rc = find_weigh(st, &w->q)) == 0 && (rc = find_match(st, &w->q, s, &match)) > 0)
		rc = find_code(st, &w->q, text_str(&match), s->language, &w->found);
	for (unsigned i = 0; rc >= 0 && rc < 2 && i < w->found.n && (unsigned)n < s->limit; i++)
		if ((rc = code_hit(st, &w->q, &w->found.c[i], f, arg)) > 0)
			n++;
	find_end(st, alone);
done:
	text_fini(&match);
	free(w);
	return rc < 0 ? rc : n;
}
