/*
 * What chunks are about, as an embedding model says it (vector.h).  A vector goes
 * with its chunk: the table refers to it.
 */
#include "config.h"

#include "shared/store.h"

#include <errno.h>

#include "shared/store_sql.h"

enum { SCAN_MAX = 200000 };		/* vectors looked at for one search */

int
store_vectors_of(struct store *st, const char *model)
{
	int64_t same = 0;
	bool alone;
	int rc = store_int(st, &same, "SELECT model = ?1 FROM vector_space", "t", model);

	if (same || (rc < 0 && rc != -ENOENT) || (rc = store_part_begin(st, &alone)) < 0)
		return rc < 0 ? rc : 0;
	if ((rc = store_run(st, "DELETE FROM vectors", "")) >= 0)
		rc = store_run(st, "REPLACE INTO vector_space(one, model, dims) VALUES(1, ?1, 0)", "t", model);
	return store_part_end(st, alone, rc);
}

int
store_vectors_dims(struct store *st)
{
	int64_t dims = 0;
	int rc = store_int(st, &dims, "SELECT dims FROM vector_space", "");

	return rc == -ENOENT ? 0 : rc < 0 ? rc : (int)dims;
}

int
store_vectors_missing(struct store *st)
{
	int64_t n = 0;
	int rc = store_int(st, &n, "SELECT (SELECT count(*) FROM chunks) - (SELECT count(*) FROM vectors)", "");

	return rc < 0 ? rc : n < 0 ? 0 : (int)n;
}

int
store_vectors_count(struct store *st, const char *source_id, int64_t *n_chunks)
{
	int64_t n = 0;
	int rc = store_int(st, n_chunks, "SELECT count(*) FROM pages p JOIN chunks c ON c.page = p.n WHERE p.source = ?1", "t",
	    source_id);

	if (rc >= 0)
		rc = store_int(st, &n, "SELECT count(*) FROM vectors WHERE source = ?1", "t", source_id);
	return rc < 0 ? rc : (int)n;
}

int
store_vectors_next(struct store *st, int64_t after, unsigned limit, store_text_f *f, void *arg)
{
	int rc = 0, n = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT c.n, p.title, c.headings, c.body FROM chunks c JOIN pages p ON p.n = c.page"
	    " WHERE c.n > ?1 AND NOT EXISTS(SELECT 1 FROM vectors v WHERE v.chunk = c.n) ORDER BY c.n LIMIT ?2", "ii",
	    after, (int64_t)limit);

	if (stmt == NULL)
		return rc;
	for (; (rc = store_step(st, stmt)) > 0; n++)
		if ((rc = f(&(struct chunk_entry){
			.id = sqlite3_column_int64(stmt, 0), .title = column_str(stmt, 1),
			.headings = column_str(stmt, 2), .body = column_str(stmt, 3), .url = "",
		}, arg)) != 0) {
			(void)sqlite3_reset(stmt);
			return rc;
		}
	return rc < 0 ? rc : n;
}

int
store_vectors_put(struct store *st, int64_t chunk, const char *body, const struct vector *v)
{
	bool alone;
	int rc = store_part_begin(st, &alone);

	if (rc < 0)
		return rc;
	rc = store_run(st, "UPDATE vector_space SET dims = ?1 WHERE dims = 0", "i", (int64_t)(v->len - VECTOR_HEAD_BYTES));
	/* Meanwhile the page may have changed, and the number be that of another chunk. */
	if (rc >= 0)
		rc = store_run(st, "REPLACE INTO vectors(chunk, source, v) SELECT c.n, p.source, CAST(?3 AS BLOB)"
		    " FROM chunks c JOIN pages p ON p.n = c.page WHERE c.n = ?1 AND c.body = ?2", "itp",
		    chunk, body, (const char *)v->p, v->len);
	return store_part_end(st, alone, rc);
}

#define FITS " WHERE v.source IN (SELECT id FROM sources s WHERE s.deleted_ms IS NULL" \
	" AND (?1 IS NULL OR s.id = ?1) AND (?2 IS NULL OR s.knowledge_type = ?2)" \
	" AND (?3 IS NULL OR instr(',' || ?3 || ',', ',' || s.id || ',') > 0)" \
	" AND (?4 IS NULL OR EXISTS(SELECT 1 FROM source_tags t WHERE t.source = s.id" \
	"   AND instr(',' || ?4 || ',', ',' || t.tag || ',') > 0)))" \
	" AND (?5 IS NULL OR EXISTS(SELECT 1 FROM chunks c JOIN pages p ON p.n = c.page" \
	"   WHERE c.n = v.chunk AND " STORE_LANGUAGE_FITS("p.language", "?5") ")) LIMIT ?6"

int
store_vectors_each(struct store *st, const struct search *s, store_near_f *f, void *arg)
{
	/* One source is found by the index; all of them are read faster as they lie. */
	const char *sql = s->source_id != NULL ? "SELECT v.chunk, v.v FROM vectors v" FITS :
	    "SELECT v.chunk, v.v FROM vectors v NOT INDEXED" FITS;
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, sql, "ttttti", s->source_id, s->knowledge_type, s->sources, s->tags,
	    s->language, (int64_t)SCAN_MAX);

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0) {
		const void *p = sqlite3_column_blob(stmt, 1);
		size_t len = (size_t)sqlite3_column_bytes(stmt, 1);

		if (len == s->vector->len && vector_is_sane(p, len))
			f(sqlite3_column_int64(stmt, 0), vector_cosine(p, s->vector->p, len), arg);
	}
	return rc;
}
