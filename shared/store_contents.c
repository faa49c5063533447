/* What a source holds, page by page, as people look at it. */
#include "config.h"

#include "shared/store.h"

#include "shared/store_sql.h"

/*
 * By URL, which is the order of an index: no page of a listing sorts.  Whoever
 * asks has seen that the source is there (store_source_get()).
 */
#define OF_SOURCE " WHERE p.source = ?1 AND (?2 IS NULL OR p.url = ?2)"

static int
count(struct store *st, const char *sql, const struct content_filter *flt)
{
	int64_t n = 0;
	int rc = store_int(st, &n, sql, "ttt", flt->source_id, flt->url, flt->language);

	return rc < 0 ? rc : (int)n;
}

static sqlite3_stmt *
list(struct store *st, int *rc, const char *sql, const struct content_filter *flt)
{
	return store_stmt(st, rc, sql, "tttii", flt->source_id, flt->url, flt->language,
	    (int64_t)flt->limit, (int64_t)flt->offset);
}

/* -- pages ------------------------------------------------------------------------- */

int
store_page_list_count(struct store *st, const struct content_filter *flt)
{
	return count(st, "SELECT count(*) FROM pages p" OF_SOURCE " AND (?3 IS NULL OR " STORE_LANGUAGE_FITS("p.language", "?3") ")", flt);
}

int
store_page_list(struct store *st, const struct content_filter *flt, store_page_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = list(st, &rc, "SELECT url, title, description, language, fetched_ms, words, bytes,"
	    " (SELECT count(*) FROM chunks WHERE page = p.n), (SELECT count(*) FROM code_examples WHERE page = p.n)"
	    " FROM pages p" OF_SOURCE " AND (?3 IS NULL OR " STORE_LANGUAGE_FITS("p.language", "?3") ") ORDER BY p.url LIMIT ?4 OFFSET ?5", flt);

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0) {
		struct page_entry p = {
			.url = column_str(stmt, 0), .title = column_str(stmt, 1), .description = column_str(stmt, 2),
			.language = column_str(stmt, 3), .fetched_ms = sqlite3_column_int64(stmt, 4),
			.n_words = sqlite3_column_int64(stmt, 5), .n_bytes = sqlite3_column_int64(stmt, 6),
			.n_chunks = sqlite3_column_int64(stmt, 7), .n_examples = sqlite3_column_int64(stmt, 8),
		};

		if ((rc = f(&p, arg)) != 0) {
			(void)sqlite3_reset(stmt);
			return rc;
		}
	}
	return rc;
}

/* -- chunks ------------------------------------------------------------------------ */

int
store_chunk_list_count(struct store *st, const struct content_filter *flt)
{
	return count(st, "SELECT count(*) FROM pages p JOIN chunks c ON c.page = p.n" OF_SOURCE
	    " AND (?3 IS NULL OR " STORE_LANGUAGE_FITS("p.language", "?3") ")", flt);
}

int
store_chunk_list(struct store *st, const struct content_filter *flt, store_chunk_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = list(st, &rc, "SELECT c.n, c.number, p.url, p.title, c.headings, c.body"
	    " FROM pages p JOIN chunks c ON c.page = p.n" OF_SOURCE
	    " AND (?3 IS NULL OR " STORE_LANGUAGE_FITS("p.language", "?3") ") ORDER BY p.url, c.number LIMIT ?4 OFFSET ?5", flt);

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0) {
		struct chunk_entry c = {
			.id = sqlite3_column_int64(stmt, 0), .number = sqlite3_column_int64(stmt, 1),
			.url = column_str(stmt, 2), .title = column_str(stmt, 3),
			.headings = column_str(stmt, 4), .body = column_str(stmt, 5),
		};

		if ((rc = f(&c, arg)) != 0) {
			(void)sqlite3_reset(stmt);
			return rc;
		}
	}
	return rc;
}

/* -- code examples ------------------------------------------------------------------- */

int
store_example_list_count(struct store *st, const struct content_filter *flt)
{
	return count(st, "SELECT count(*) FROM pages p JOIN code_examples x ON x.page = p.n" OF_SOURCE
	    " AND (?3 IS NULL OR lower(x.language) = lower(?3))", flt);
}

int
store_example_list(struct store *st, const struct content_filter *flt, store_example_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = list(st, &rc, "SELECT x.n, x.number, p.url, p.title, x.language, x.code, x.before,"
	    " x.after, x.heading FROM pages p JOIN code_examples x ON x.page = p.n" OF_SOURCE
	    " AND (?3 IS NULL OR lower(x.language) = lower(?3)) ORDER BY p.url, x.number LIMIT ?4 OFFSET ?5", flt);

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0) {
		struct example_entry x = {
			.id = sqlite3_column_int64(stmt, 0), .number = sqlite3_column_int64(stmt, 1),
			.url = column_str(stmt, 2), .title = column_str(stmt, 3), .language = column_str(stmt, 4),
			.code = column_str(stmt, 5), .before = column_str(stmt, 6), .after = column_str(stmt, 7),
			.heading = column_str(stmt, 8),
		};

		if ((rc = f(&x, arg)) != 0) {
			(void)sqlite3_reset(stmt);
			return rc;
		}
	}
	return rc;
}
