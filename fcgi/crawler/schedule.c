#include "config.h"

#include "crawler/schedule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/ids.h"
#include "shared/log.h"

enum { DUE_MAX = 256, SOURCES_MAX = 1000000 };

struct due {
	int64_t	 now_wall_ms;
	unsigned n;
	char	 id[DUE_MAX][ID_SOURCE_BYTES];
};

static int
note_due(const struct source *s, void *arg)
{
	struct due *due = arg;
	struct crawl_params params;
	const char *field;
	int64_t at_ms;

	if (crawl_params_read(&params, s->params, strlen(s->params), &field, NULL) < 0)
		return 0;
	at_ms = store_source_due_ms(s, params.update_frequency);
	if (at_ms == 0 || at_ms > due->now_wall_ms || strlen(s->id) >= ID_SOURCE_BYTES)
		return 0;
	memcpy(due->id[due->n++], s->id, strlen(s->id) + 1);
	return due->n == DUE_MAX;
}

/* One transaction: nobody accepts another between the look and this one. */
static int
accept_one(struct store *st, const char *source_id, int64_t now_wall_ms, struct crawl_progress *p)
{
	struct crawl_params params;
	int rc = store_begin(st);

	if (rc < 0)
		return rc;
	if ((rc = store_source_busy(st, source_id)) != 0 || (rc = store_source_params(st, source_id, &params)) < 0)
		goto undo;
	id_uuid(params.progress_id);
	*p = (struct crawl_progress){
		.seq = 1, .phase = CRAWL_QUEUED, .eta_ms = -1, .started_wall_ms = now_wall_ms, .updated_wall_ms = now_wall_ms,
	};
	FIELD_SET(p->id, params.progress_id);
	FIELD_SET(p->source_id, source_id);
	FIELD_SET(p->url, params.url);
	FIELD_SET(p->current_url, params.url);
	if ((rc = store_crawl_accept(st, &params, p)) < 0)
		goto undo;
	if ((rc = store_commit(st)) == 0)
		log_event(LOG_INFO, "crawl scheduled crawl=%s source=%s", p->id, source_id);
	return rc < 0 ? rc : 1;
undo:
	store_rollback(st);
	return rc < 0 && rc != -ENOENT ? rc : 0;
}

int
schedule(struct store *st, int64_t now_wall_ms)
{
	const struct source_filter every = { .limit = SOURCES_MAX };
	struct due *due = calloc(1, sizeof *due);
	struct crawl_progress *p = malloc(sizeof *p);
	int rc = -ENOMEM, n = 0;

	if (due == NULL || p == NULL)
		goto done;
	due->now_wall_ms = now_wall_ms;
	rc = store_sources_each(st, &every, note_due, due);
	for (unsigned i = 0; rc >= 0 && i < due->n; i++)
		if ((rc = accept_one(st, due->id[i], now_wall_ms, p)) > 0)
			n++;
done:
	if (rc < 0)
		log_event(LOG_WARNING, "schedule failed errno=%d", -rc);
	free(due);
	free(p);
	return rc < 0 ? rc : n;
}
