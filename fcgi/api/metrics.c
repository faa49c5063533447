/* How much there is, in rows and in bytes. */
#include "config.h"

#include "shared/clock.h"
#include "shared/json_text.h"

#include "api/api.h"
#include "api/routes.h"

int
metrics_show(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct text *t = &out->body;
	struct store_metrics m;
	char now[CLOCK_ISO_BYTES];
	int rc;

	if (st == NULL)
		return api_no_store(out);
	if ((rc = store_metrics(st, &m)) < 0)
		return api_store_failed(rq, out, rc);
	json_open(t, '{');
	json_kstr(t, "status", "healthy");	/* or it would not have answered */
	json_kstr(t, "database", "sqlite");
	json_key(t, "tables");
	json_open(t, '{');
	json_kint(t, "sources", m.n_sources);
	json_kint(t, "pages", m.n_pages);
	json_kint(t, "chunks", m.n_chunks);
	json_kint(t, "code_examples", m.n_code_examples);
	json_kint(t, "crawls", m.n_crawls);
	json_close(t, '}');
	json_kint(t, "total_records", m.n_sources + m.n_pages + m.n_chunks + m.n_code_examples + m.n_crawls);
	json_kdouble(t, "average_pages_per_source", m.n_sources > 0 ? (double)m.n_pages / (double)m.n_sources : 0, 2);
	json_kint(t, "size_bytes", m.file_bytes + m.wal_bytes);
	json_kint(t, "free_bytes", m.free_bytes);
	json_kint(t, "log_bytes", m.wal_bytes);
	json_kint(t, "text_bytes", m.stored_bytes);
	json_kint(t, "limit_bytes", api_conf(rq)->store_max_bytes);
	json_kint(t, "deleted_sources", m.n_deleted);
	json_kint(t, "schema", STORE_SCHEMA);
	out->etag_bytes = t->len;		/* a new time alone is no news */
	clock_iso(now, clock_wall_ms());
	json_kstr(t, "timestamp", now);
	json_close(t, '}');
	return 200;
}
