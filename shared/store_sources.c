/* Sources: what was crawled or uploaded, as people see it, edit it and throw it away. */
#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <string.h>

#include "shared/json_text.h"
#include "shared/log.h"
#include "shared/store_sql.h"
#include "shared/text.h"
#include "shared/upload.h"

enum { EDITED_TITLE = 1, EDITED_DESCRIPTION = 2 };	/* bits of sources.edited */

/* -- as a crawl writes them ------------------------------------------------------- */

static int
tags_write(struct store *st, const char *source_id, const struct crawl_params *params)
{
	int rc = store_run(st, "DELETE FROM source_tags WHERE source = ?1", "t", source_id);

	for (unsigned i = 0; rc >= 0 && i < params->tags.n; i++)
		rc = store_run(st, "INSERT INTO source_tags VALUES(?1, ?2) ON CONFLICT DO NOTHING", "tt",
		    source_id, params->tags.item[i]);
	return rc;
}

int
store_source_begin(struct store *st, const char *source_id, const struct crawl_params *params, int64_t wall_ms)
{
	char name[UPLOAD_NAME_BYTES];
	struct text json = { 0 };
	bool alone;
	int rc;

	if (upload_is(params->url))
		upload_url_name(params->url, name);
	crawl_params_json(params, &json);
	if (json.failed || (rc = store_part_begin(st, &alone)) < 0) {
		rc = json.failed ? -ENOMEM : rc;
		text_fini(&json);
		return rc;
	}
	rc = store_run(st, "INSERT INTO sources(id, url, title, knowledge_type, params, status, created_ms, updated_ms,"
	    " secrets) VALUES(?1, ?2, ?7, ?3, ?4, 'crawling', ?5, ?5, ?6) ON CONFLICT(id) DO UPDATE SET"
	    " knowledge_type = excluded.knowledge_type, params = excluded.params, status = 'crawling',"
	    " updated_ms = excluded.updated_ms, secrets = excluded.secrets, url = excluded.url", "tttpitt",
	    source_id, params->url, params->knowledge_type, json.p, json.len, wall_ms, params->secrets,
	    upload_is(params->url) ? name : params->url);
	text_fini(&json);
	if (rc >= 0)
		rc = tags_write(st, source_id, params);
	return store_part_end(st, alone, rc);
}

int
store_source_known(struct store *st, const char *source_id, struct text *title)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT title FROM sources WHERE id = ?1 AND status = 'active' AND pages > 0"
	    " AND deleted_ms IS NULL", "t", source_id);

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc;
	text_puts(title, column_str(stmt, 0));
	(void)sqlite3_reset(stmt);
	return 1;
}

int
store_source_title(struct store *st, const char *source_id, const char *title, const char *description)
{
	/* What people have chosen stays. */
	int rc = store_run(st, "UPDATE sources SET title = iif(edited & ?4, title, ?2),"
	    " description = iif(edited & ?5, description, ?3) WHERE id = ?1", "tttii", source_id, title,
	    description != NULL ? description : "", (int64_t)EDITED_TITLE, (int64_t)EDITED_DESCRIPTION);

	return rc < 0 ? rc : rc == 0 ? -ENOENT : 0;
}

int
store_source_end(struct store *st, const char *source_id, const char *status, int64_t wall_ms)
{
	int rc = store_run(st, "UPDATE sources SET status = ?2, updated_ms = ?3, crawled_ms = ?3,"
	    " (pages, words, stored_bytes) = (SELECT count(*), ifnull(sum(words), 0), ifnull(sum(stored_bytes), 0)"
	    "   FROM pages WHERE source = ?1),"
	    " chunks = (SELECT count(*) FROM pages p JOIN chunks c ON c.page = p.n WHERE p.source = ?1),"
	    " examples = (SELECT count(*) FROM pages p JOIN code_examples e ON e.page = p.n WHERE p.source = ?1)"
	    " WHERE id = ?1", "tti", source_id, status, wall_ms);

	return rc < 0 ? rc : rc == 0 ? -ENOENT : 0;
}

/* -- as people see them ------------------------------------------------------------- */

#define SOURCE_COLUMNS \
	"id, url, title, description, params, status, created_ms, updated_ms, pages, chunks, words, examples," \
	" crawled_ms, stored_bytes, edited"

static struct source
source_from(sqlite3_stmt *stmt)
{
	return (struct source){
		.id = column_str(stmt, 0), .url = column_str(stmt, 1), .title = column_str(stmt, 2),
		.description = column_str(stmt, 3), .params = column_str(stmt, 4), .status = column_str(stmt, 5),
		.created_ms = sqlite3_column_int64(stmt, 6), .updated_ms = sqlite3_column_int64(stmt, 7),
		.n_pages = sqlite3_column_int64(stmt, 8), .n_chunks = sqlite3_column_int64(stmt, 9),
		.n_words = sqlite3_column_int64(stmt, 10), .n_code_examples = sqlite3_column_int64(stmt, 11),
		.crawled_ms = sqlite3_column_int64(stmt, 12), .stored_bytes = sqlite3_column_int64(stmt, 13),
		.title_chosen = (sqlite3_column_int(stmt, 14) & EDITED_TITLE) != 0,
		.description_chosen = (sqlite3_column_int(stmt, 14) & EDITED_DESCRIPTION) != 0,
	};
}

#define SOURCE_FILTER \
	" deleted_ms IS NULL AND (?1 IS NULL OR knowledge_type = ?1)" \
	" AND (?2 IS NULL OR instr(lower(title), lower(?2)) > 0 OR instr(lower(url), lower(?2)) > 0)" \
	" AND (?3 IS NULL OR EXISTS(SELECT 1 FROM source_tags t WHERE t.source = sources.id" \
	"      AND instr(',' || ?3 || ',', ',' || t.tag || ',') > 0))" \
	" AND (?4 IS NULL OR ?4 = iif(url GLOB 'file:*', 'file', 'url'))"

/* In the order of enum source_sort. */
#define SOURCE_KEY \
	" CASE ?7 WHEN 0 THEN updated_ms WHEN 1 THEN created_ms WHEN 2 THEN lower(ifnull(nullif(title, ''), url))" \
	" WHEN 3 THEN url WHEN 4 THEN words WHEN 5 THEN chunks WHEN 6 THEN pages ELSE stored_bytes END"

int
store_sources_each(struct store *st, const struct source_filter *flt, store_source_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT " SOURCE_COLUMNS " FROM sources WHERE" SOURCE_FILTER
	    " ORDER BY iif(?8," SOURCE_KEY ", NULL), iif(?8, NULL," SOURCE_KEY ") DESC, id LIMIT ?5 OFFSET ?6", "ttttiiii",
	    flt->knowledge_type, flt->search, flt->tags, flt->source_type, (int64_t)flt->limit, (int64_t)flt->offset,
	    (int64_t)flt->sort, (int64_t)flt->ascending);

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0) {
		struct source s = source_from(stmt);

		if ((rc = f(&s, arg)) != 0) {
			(void)sqlite3_reset(stmt);
			return rc;
		}
	}
	return rc;
}

int
store_sources_count(struct store *st, const struct source_filter *flt)
{
	int64_t n = 0;
	int rc = store_int(st, &n, "SELECT count(*) FROM sources WHERE" SOURCE_FILTER, "tttt",
	    flt->knowledge_type, flt->search, flt->tags, flt->source_type);

	return rc < 0 ? rc : (int)n;
}

int
store_source_get(struct store *st, const char *source_id, store_source_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT " SOURCE_COLUMNS " FROM sources"
	    " WHERE id = ?1 AND deleted_ms IS NULL", "t", source_id);
	struct source s;

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc < 0 ? rc : -ENOENT;
	s = source_from(stmt);
	rc = f(&s, arg);
	(void)sqlite3_reset(stmt);
	return rc;
}

/* -- as people edit them ----------------------------------------------------------- */

/* A crawl that is accepted brings its own parameters: they learn of it, too. */
static int
crawls_edit(struct store *st, const char *source_id, const struct crawl_params *params)
{
	struct text tags = { 0 };
	int rc;

	json_open(&tags, '[');
	for (unsigned i = 0; i < params->tags.n; i++)
		json_string(&tags, params->tags.item[i], strlen(params->tags.item[i]));
	json_close(&tags, ']');
	if (tags.failed)
		rc = -ENOMEM;
	else
		rc = store_run(st, "UPDATE crawls SET params = json_set(params, '$.knowledge_type', ?2, '$.tags', json(?3),"
		    " '$.update_frequency', ?4) WHERE source = ?1 AND ended_ms IS NULL", "ttpi", source_id,
		    params->knowledge_type, tags.p, tags.len, (int64_t)params->update_frequency);
	text_fini(&tags);
	return rc;
}

int
store_source_edit(struct store *st, const char *source_id, const struct source_edit *edit, int64_t wall_ms)
{
	struct text json = { 0 };
	bool alone;
	int rc;

	crawl_params_json(edit->params, &json);
	if (json.failed || (rc = store_part_begin(st, &alone)) < 0) {
		rc = json.failed ? -ENOMEM : rc;
		text_fini(&json);
		return rc;
	}
	rc = store_run(st, "UPDATE sources SET title = ifnull(?2, title), description = ifnull(?3, description),"
	    " edited = edited | iif(?2 IS NULL, 0, ?4) | iif(?3 IS NULL, 0, ?5), knowledge_type = ?6, params = ?7,"
	    " updated_ms = max(?8, updated_ms + 1) WHERE id = ?1 AND deleted_ms IS NULL", "tttiitpi", source_id,
	    edit->title, edit->description, (int64_t)EDITED_TITLE, (int64_t)EDITED_DESCRIPTION,
	    edit->params->knowledge_type, json.p, json.len, wall_ms);
	text_fini(&json);
	if (rc == 0)
		rc = -ENOENT;
	if (rc > 0)
		rc = tags_write(st, source_id, edit->params);
	if (rc >= 0)
		rc = crawls_edit(st, source_id, edit->params);
	return store_part_end(st, alone, rc);
}

/* -- and throw them away ------------------------------------------------------------ */

int
store_source_delete(struct store *st, const char *source_id, int64_t wall_ms)
{
	bool alone;
	int rc = store_part_begin(st, &alone);

	if (rc < 0)
		return rc;
	rc = store_run(st, "UPDATE sources SET deleted_ms = ?2 WHERE id = ?1 AND deleted_ms IS NULL", "ti", source_id, wall_ms);
	if (rc == 0)
		rc = -ENOENT;
	if (rc > 0)
		rc = store_run(st, "UPDATE crawls SET cancel = 1, updated_ms = max(updated_ms, ?2)"
		    " WHERE source = ?1 AND ended_ms IS NULL", "ti", source_id, wall_ms);
	return store_part_end(st, alone, rc);
}

int
store_source_is_deleted(struct store *st, const char *source_id)
{
	int64_t n = 0;
	int rc = store_int(st, &n, "SELECT count(*) FROM sources WHERE id = ?1 AND deleted_ms IS NOT NULL", "t", source_id);

	return rc < 0 ? rc : n > 0;
}

/*
 * The row goes last, when no crawl of it is left that may still write: those were
 * cancelled with it.  A crawl accepted since waits (store_source_is_deleted()).
 */
/* Its document, unless that came again since the source was deleted. */
static void
source_file_remove(struct store *st, const char *id)
{
	int64_t deleted_ms = 0;
	int rc = store_int(st, &deleted_ms, "SELECT deleted_ms FROM sources WHERE id = ?1", "t", id);

	if (rc == 0 && (rc = upload_remove(st->state_dir, id, deleted_ms)) < 0)
		log_event(LOG_WARNING, "upload not removed source=%s why=\"%s\"", id, strerror(-rc));
}

static int
source_purge(struct store *st, const char *id, unsigned max_pages)
{
	int64_t page;
	int rc;

	for (unsigned i = 0; i < max_pages; i++) {
		rc = store_int(st, &page, "SELECT n FROM pages WHERE source = ?1 LIMIT 1", "t", id);
		if (rc == -ENOENT) {
			source_file_remove(st, id);
			return store_run(st, "DELETE FROM sources WHERE id = ?1 AND NOT EXISTS(SELECT 1 FROM crawls"
			    " WHERE source = ?1 AND ended_ms IS NULL AND cancel)", "t", id) < 0 ? -EIO : 0;
		}
		if (rc < 0 || (rc = store_page_remove(st, page)) < 0)
			return rc;
	}
	return 0;
}

int
store_purge(struct store *st, unsigned max_pages)
{
	int64_t left = 0;
	char id[ID_SOURCE_BYTES];
	bool alone;
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT id FROM sources s WHERE deleted_ms IS NOT NULL AND (EXISTS(SELECT 1"
	    " FROM pages WHERE source = s.id) OR NOT EXISTS(SELECT 1 FROM crawls c WHERE c.source = s.id"
	    "   AND c.ended_ms IS NULL AND c.cancel)) LIMIT 1", "");

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc;
	FIELD_SET(id, column_str(stmt, 0));
	(void)sqlite3_reset(stmt);
	if ((rc = store_part_begin(st, &alone)) < 0)
		return rc;
	rc = source_purge(st, id, max_pages);
	if (rc >= 0)
		rc = store_int(st, &left, "SELECT count(*) FROM sources WHERE deleted_ms IS NOT NULL", "");
	rc = store_part_end(st, alone, rc);
	return rc < 0 ? rc : left > 0;
}
