#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shared/store_sql.h"
#include "shared/text.h"

/* The columns of a snapshot, in the order progress_from() reads them. */
#define SNAPSHOT \
	"id, source, phase, seq, percentage, total, processed, failed, skipped, chunks, words," \
	" examples, bytes, rate, started_ms, updated_ms, ended_ms, url, current_url, error, error_code, log, cancel, pause, outcomes"

static uint64_t
column_u64(sqlite3_stmt *stmt, int i)
{
	return (uint64_t)sqlite3_column_int64(stmt, i);
}

static void
log_from(struct crawl_progress *p, const char *lines)
{
	char line[ROW_LOG_BYTES];

	while (*lines != '\0') {
		size_t n = strcspn(lines, "\n"), m = n < sizeof line ? n : sizeof line - 1;

		memcpy(line, lines, m);
		line[m] = '\0';
		crawl_progress_log(p, line);
		lines += n + (lines[n] == '\n');
	}
}

/* "new 12 duplicate 3": by name, so that another version may know others. */
static void
outcomes_from(struct crawl_progress *p, const char *s)
{
	char word[32];
	unsigned long long n;
	int used;

	for (; sscanf(s, "%31s %llu%n", word, &n, &used) == 2; s += used)
		for (unsigned i = 0; i < OUTCOME_N; i++)
			if (strcmp(word, outcome_word((enum outcome)i)) == 0)
				p->outcome[i] = n;
}

static void
outcomes_put(struct text *out, const struct crawl_progress *p)
{
	for (unsigned i = 0; i < OUTCOME_N; i++)
		if (p->outcome[i] != 0)
			text_printf(out, "%s %llu ", outcome_word((enum outcome)i), (unsigned long long)p->outcome[i]);
}

static void
progress_from(sqlite3_stmt *stmt, struct crawl_progress *p)
{
	enum crawl_phase phase = CRAWL_ERROR;

	memset(p, 0, sizeof *p);
	(void)crawl_phase_parse(column_str(stmt, 2), &phase);	/* we wrote it; else error it is */
	FIELD_SET(p->id, column_str(stmt, 0));
	FIELD_SET(p->source_id, column_str(stmt, 1));
	p->phase = phase;
	p->seq = column_u64(stmt, 3);
	p->percentage = (uint32_t)sqlite3_column_int(stmt, 4);
	p->total_pages = column_u64(stmt, 5);
	p->processed_pages = column_u64(stmt, 6);
	p->failed_pages = column_u64(stmt, 7);
	p->skipped_pages = column_u64(stmt, 8);
	p->chunks_stored = column_u64(stmt, 9);
	p->word_count = column_u64(stmt, 10);
	p->code_examples = column_u64(stmt, 11);
	p->bytes_fetched = column_u64(stmt, 12);
	p->pages_per_ks = column_u64(stmt, 13);
	p->eta_ms = -1;
	p->started_wall_ms = sqlite3_column_int64(stmt, 14);
	p->updated_wall_ms = sqlite3_column_int64(stmt, 15);
	p->ended_wall_ms = sqlite3_column_int64(stmt, 16);
	FIELD_SET(p->url, column_str(stmt, 17));
	FIELD_SET(p->current_url, column_str(stmt, 18));
	FIELD_SET(p->error, column_str(stmt, 19));
	FIELD_SET(p->error_code, column_str(stmt, 20));
	log_from(p, column_str(stmt, 21));
	outcomes_from(p, column_str(stmt, 24));
}

static int
crawls_each(struct store *st, sqlite3_stmt *stmt, store_crawl_f *f, void *arg)
{
	struct crawl_progress p;
	int rc;

	while ((rc = store_step(st, stmt)) > 0) {
		struct crawl_entry c = {
			.progress = &p, .cancel_asked = sqlite3_column_int(stmt, 22) != 0,
			.pause_asked = sqlite3_column_int(stmt, 23) != 0,
		};

		progress_from(stmt, &p);
		if ((rc = f(&c, arg)) != 0) {
			(void)sqlite3_reset(stmt);
			return rc;
		}
	}
	return rc;
}

/* -- one crawl ------------------------------------------------------------------------- */

int
store_crawl_accept(struct store *st, const struct crawl_params *params, const struct crawl_progress *p)
{
	struct text json = { 0 };
	int rc;

	crawl_params_json(params, &json);
	if (json.failed)
		rc = -ENOMEM;
	else
		rc = store_run(st, "INSERT INTO crawls(id, source, params, phase, seq, percentage, total, processed,"
		    " failed, skipped, chunks, words, examples, bytes, rate, started_ms, updated_ms, url, current_url,"
		    " error, error_code, secrets, request)"
		    " VALUES(?1, ?2, ?3, ?4, ?5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?6, ?6, ?7, ?7, '', '', ?8, ?9)", "ttptiittt", p->id, p->source_id, json.p, json.len, crawl_phase_word((enum crawl_phase)p->phase),
		    (int64_t)p->seq, p->started_wall_ms, p->url, params->secrets, params->request_id);
	text_fini(&json);
	return rc < 0 ? rc : 0;
}

int
store_crawl_forget(struct store *st, const char *id)
{
	int rc = store_run(st, "DELETE FROM crawls WHERE id = ?1", "t", id);

	return rc < 0 ? rc : rc == 0 ? -ENOENT : 0;
}

static int
crawl_why_untouched(struct store *st, const char *id)	/* an UPDATE of a live crawl met no row */
{
	int64_t n;
	int rc = store_int(st, &n, "SELECT n FROM crawls WHERE id = ?1", "t", id);

	return rc < 0 ? rc : -EALREADY;
}

int
store_crawl_cancel(struct store *st, const char *id, int64_t wall_ms)
{
	int rc = store_run(st, "UPDATE crawls SET cancel = 1, updated_ms = max(updated_ms, ?2)"
	    " WHERE id = ?1 AND ended_ms IS NULL", "ti", id, wall_ms);

	return rc > 0 ? 0 : rc < 0 ? rc : crawl_why_untouched(st, id);
}

int
store_crawl_pause(struct store *st, const char *id, bool pause, int64_t wall_ms)
{
	int rc = store_run(st, "UPDATE crawls SET pause = ?2, updated_ms = max(updated_ms, ?3)"
	    " WHERE id = ?1 AND ended_ms IS NULL", "tii", id, (int64_t)pause, wall_ms);

	return rc > 0 ? 0 : rc < 0 ? rc : crawl_why_untouched(st, id);
}

int
store_crawl_partial(struct store *st, const char *id)
{
	int rc = store_run(st, "UPDATE crawls SET partial = 1 WHERE id = ?1", "t", id);

	return rc < 0 ? rc : 0;
}

int
store_source_busy(struct store *st, const char *source_id)
{
	int64_t n = 0;
	int rc = store_int(st, &n, "SELECT count(*) FROM crawls WHERE source = ?1 AND ended_ms IS NULL", "t", source_id);

	return rc < 0 ? rc : n > 0;
}

int
store_source_live(struct store *st, const char *source_id, char id[ROW_ID_BYTES])
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT id FROM crawls WHERE source = ?1 AND ended_ms IS NULL"
	    " AND NOT cancel ORDER BY n LIMIT 1", "t", source_id);

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc;
	field_set(id, ROW_ID_BYTES, column_str(stmt, 0));
	(void)sqlite3_reset(stmt);
	return 1;
}

int
store_crawl_save(struct store *st, const struct crawl_progress *p)
{
	struct text log = { 0 }, outcomes = { 0 };
	int rc;

	/* The lines are for those who look later; while it lives they stand in the row. */
	for (unsigned i = 0; p->ended_wall_ms != 0 && i < p->log_count; i++) {
		text_puts(&log, crawl_progress_line(p, i));
		text_putc(&log, '\n');
	}
	outcomes_put(&outcomes, p);
	if (log.failed || outcomes.failed) {
		text_fini(&log);
		text_fini(&outcomes);
		return -ENOMEM;
	}
	rc = store_run(st, "UPDATE crawls SET phase = ?2, seq = ?3, percentage = ?4, total = ?5, processed = ?6,"
	    " failed = ?7, skipped = ?8, chunks = ?9, words = ?10, examples = ?11, bytes = ?12, rate = ?13,"
	    " updated_ms = ?14, ended_ms = nullif(?15, 0), current_url = ?16, error = ?17, error_code = ?18, log = ?19, outcomes = ?20"
	    " WHERE id = ?1 AND ended_ms IS NULL", "ttiiiiiiiiiiiiitttpp",
	    p->id, crawl_phase_word((enum crawl_phase)p->phase), (int64_t)p->seq, (int64_t)p->percentage,
	    (int64_t)p->total_pages, (int64_t)p->processed_pages, (int64_t)p->failed_pages,
	    (int64_t)p->skipped_pages, (int64_t)p->chunks_stored, (int64_t)p->word_count,
	    (int64_t)p->code_examples, (int64_t)p->bytes_fetched, (int64_t)p->pages_per_ks,
	    p->updated_wall_ms, p->ended_wall_ms, p->current_url, p->error, p->error_code, log.p, log.len,
	    outcomes.p, outcomes.len);
	text_fini(&log);
	text_fini(&outcomes);
	return rc > 0 ? 0 : rc < 0 ? rc : crawl_why_untouched(st, p->id);
}

int
store_crawl_get(struct store *st, const char *id, struct crawl_progress *out)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT " SNAPSHOT " FROM crawls WHERE id = ?1", "t", id);

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc < 0 ? rc : -ENOENT;
	progress_from(stmt, out);
	(void)sqlite3_reset(stmt);
	return 0;
}

static int
params_from(struct store *st, sqlite3_stmt *stmt, int rc, struct crawl_params *out)	/* params, secrets, request */
{
	const char *field;
	struct err e;

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc < 0 ? rc : -ENOENT;
	rc = crawl_params_read(out, column_str(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0), &field, &e);
	out->chosen = 0;		/* this time */
	if (rc == 0)
		FIELD_SET(out->secrets, column_str(stmt, 1));
	if (rc == 0)
		FIELD_SET(out->request_id, column_str(stmt, 2));
	(void)sqlite3_reset(stmt);
	return rc < 0 ? -EIO : 0;	/* what we wrote ourselves must read back */
}

int
store_crawl_params(struct store *st, const char *id, struct crawl_params *out)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT params, secrets, request FROM crawls WHERE id = ?1", "t", id);

	return params_from(st, stmt, rc, out);
}

int
store_source_params(struct store *st, const char *source_id, struct crawl_params *out)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT params, secrets, '' FROM sources"
	    " WHERE id = ?1 AND deleted_ms IS NULL", "t", source_id);

	return params_from(st, stmt, rc, out);
}

/* -- many ------------------------------------------------------------------------------ */

int
store_crawls_live(struct store *st, store_crawl_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc,
	    "SELECT " SNAPSHOT " FROM crawls WHERE ended_ms IS NULL ORDER BY n", "");

	return stmt == NULL ? rc : crawls_each(st, stmt, f, arg);
}

int
store_crawls_ended(struct store *st, unsigned offset, unsigned limit, store_crawl_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT " SNAPSHOT " FROM crawls WHERE ended_ms IS NOT NULL"
	    " ORDER BY ended_ms DESC, n DESC LIMIT ?1 OFFSET ?2", "ii", (int64_t)limit, (int64_t)offset);

	return stmt == NULL ? rc : crawls_each(st, stmt, f, arg);
}

int
store_crawls_count(struct store *st, bool ended)
{
	int64_t n = 0;
	int rc = ended ? store_int(st, &n, "SELECT count(*) FROM crawls WHERE ended_ms IS NOT NULL", "")
	    : store_int(st, &n, "SELECT count(*) FROM crawls WHERE ended_ms IS NULL", "");

	return rc < 0 ? rc : (int)n;
}

/* -- frontier -------------------------------------------------------------------------- */

int
store_frontier_add(struct store *st, const char *crawl_id, const char *url, unsigned depth)
{
	return store_run(st, "INSERT INTO frontier(crawl, url, depth)"
	    " SELECT n, ?2, ?3 FROM crawls WHERE id = ?1 ON CONFLICT DO NOTHING", "tti", crawl_id, url, (int64_t)depth);
}

int
store_frontier_set(struct store *st, const char *crawl_id, const char *url,
    enum frontier_state state, const char *reason)
{
	int rc = store_run(st, "UPDATE frontier SET state = ?3, reason = ?4"
	    " WHERE crawl = (SELECT n FROM crawls WHERE id = ?1) AND url = ?2", "ttit",
	    crawl_id, url, (int64_t)state, reason);

	return rc < 0 ? rc : rc == 0 ? -ENOENT : 0;
}

int
store_frontier_each(struct store *st, const char *crawl_id, store_frontier_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT url, depth, state FROM frontier"
	    " WHERE crawl = (SELECT n FROM crawls WHERE id = ?1) ORDER BY n", "t", crawl_id);

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0) {
		int state = sqlite3_column_int(stmt, 2);

		rc = f(column_str(stmt, 0), (unsigned)sqlite3_column_int(stmt, 1), (enum frontier_state)state, arg);
		if (rc != 0) {
			(void)sqlite3_reset(stmt);
			return rc;
		}
	}
	return rc;
}

int
store_failures_count(struct store *st, const char *crawl_id)
{
	int64_t n = 0;
	int rc = store_int(st, &n, "SELECT count(*) FROM frontier WHERE crawl = (SELECT n FROM crawls WHERE id = ?1)"
	    " AND state IN (?2, ?3)", "tii", crawl_id, (int64_t)FRONTIER_FAILED, (int64_t)FRONTIER_GONE);

	return rc < 0 ? rc : (int)n;
}

int
store_failures_each(struct store *st, const char *crawl_id, unsigned offset, unsigned limit,
    store_failure_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT url, reason FROM frontier"
	    " WHERE crawl = (SELECT n FROM crawls WHERE id = ?1) AND state IN (?2, ?3) ORDER BY n LIMIT ?4 OFFSET ?5",
	    "tiiii", crawl_id, (int64_t)FRONTIER_FAILED, (int64_t)FRONTIER_GONE, (int64_t)limit, (int64_t)offset);

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0)
		if ((rc = f(column_str(stmt, 0), column_str(stmt, 1), arg)) != 0) {
			(void)sqlite3_reset(stmt);
			return rc;
		}
	return rc;
}

int
store_frontier_clear(struct store *st, const char *crawl_id)
{
	int rc = store_run(st, "DELETE FROM frontier WHERE crawl = (SELECT n FROM crawls WHERE id = ?1)"
	    " AND state NOT IN (?2, ?3)", "tii", crawl_id, (int64_t)FRONTIER_FAILED, (int64_t)FRONTIER_GONE);

	return rc < 0 ? rc : 0;
}
