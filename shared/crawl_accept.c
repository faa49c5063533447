#include "config.h"

#include "shared/crawl_accept.h"

#include <errno.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/ids.h"
#include "shared/log.h"

static int
table_full(struct refusal *why, const char *request_id)
{
	log_event(LOG_WARNING, "crawl refused id=%s why=table-full", request_id);
	return refuse(why, 503, "table_full", 10,
	    "As many crawls are under way as the progress table holds, try again when some have ended");
}

static int
id_taken(struct refusal *why)
{
	(void)refuse(why, 409, "progress_id_in_use", 0, "A crawl with this progress_id exists already");
	why->field = "progress_id";
	return why->status;
}

/* Is there room for one more?  0, or the status of the refusal. */
static int
room_check(struct service_thread *t, struct store *st, const char *request_id, struct refusal *why)
{
	int live = store_crawls_count(st, false), rows = service_table_rows(t);

	if (live < 0)
		return refuse_store(why, st, live, "crawls-count", request_id);
	if (rows < 0)
		return refuse_no_table(why);
	if (live >= rows)
		return table_full(why, request_id);
	if (live >= t->service->conf->max_queued) {
		log_event(LOG_WARNING, "crawl refused id=%s why=max_queued live=%d", request_id, live);
		return refuse(why, 429, "too_many_crawls", 10,
		    "%d crawls are waiting or under way, try again when some have ended", live);
	}
	return 0;
}

/*
 * Give the accepted crawl its row.  0, or the status of the refusal; the store
 * has then forgotten the crawl.
 */
static int
row_give(struct service_thread *t, struct store *st, const struct crawl_progress *p, const char *request_id,
    struct refusal *why)
{
	struct crawl_progress there;
	int rc = service_table_add(t, p), rc2;

	if (rc == -EEXIST && service_table_read(t, p->id, &there) == 0 && !crawl_phase_is_terminal(there.phase))
		return 0;		/* a crawler found it in the store and was quicker */
	if (rc >= 0)
		return 0;
	if ((rc2 = store_crawl_forget(st, p->id)) < 0 && rc2 != -ENOENT)
		return refuse_store(why, st, rc2, "crawl-forget", request_id);	/* it may run: not told to be accepted is no lie */
	switch (rc) {
	case -ENOSPC:
		return table_full(why, request_id);
	case -EEXIST:			/* ended, and older than the store we have now */
		return id_taken(why);
	case -ENODEV:
		return refuse_no_table(why);
	default:
		log_event(LOG_ERR, "no row for a crawl id=%s crawl=%s errno=%d", request_id, p->id, -rc);
		return refuse_no_table(why);
	}
}

/* What people chose for a source stays when it is crawled again, unless this request says otherwise.  0, -errno. */
static int
keep_choices(struct store *st, struct crawl_params *params)
{
	char source[ID_SOURCE_BYTES];
	struct crawl_params there;
	int rc;

	crawl_params_source(params, source);
	if ((rc = store_source_params(st, source, &there)) == 0)
		crawl_params_keep(params, &there);
	return rc == -ENOENT ? 0 : rc;
}

static void
first_snapshot(struct crawl_progress *p, const struct crawl_params *params)
{
	memset(p, 0, sizeof *p);
	FIELD_SET(p->id, params->progress_id);
	crawl_params_source(params, p->source_id);
	p->seq = 1;
	p->phase = CRAWL_QUEUED;
	p->eta_ms = -1;
	p->started_wall_ms = p->updated_wall_ms = clock_wall_ms();
	FIELD_SET(p->url, params->url);
	FIELD_SET(p->current_url, params->url);
	crawl_progress_log(p, "Accepted, waiting for a crawler");
}

/*
 * The order: room is looked for first, so that a full table costs no write; then
 * the store has the crawl on the disk; then its row is readable; only then is the
 * client told.  Killed after the first write, the next start finds the crawl in
 * the store and gives it its row (service.c): it runs though nobody was told, which a
 * client that lists can see.  The other order would show a row, and perhaps start
 * a crawler on it, for a crawl that the next power cut makes undone.  Room can go
 * between the look and the row: then the store takes its word back, before
 * anybody heard it.
 */
int
crawl_accept(struct service_thread *t, struct crawl_params *params, const char *request_id,
    struct crawl_progress *p, struct refusal *why)
{
	struct store *st = service_store(t, request_id);
	int rc;

	if (st == NULL)
		return refuse_no_store(why);
	if (params->progress_id[0] == '\0')
		id_uuid(params->progress_id);
	FIELD_SET(params->request_id, request_id);	/* of a crawl that is started again: the new one */
	first_snapshot(p, params);
	if ((rc = room_check(t, st, request_id, why)) != 0)
		return rc;
	if ((rc = keep_choices(st, params)) < 0)
		return refuse_store(why, st, rc, "source-params", request_id);
	if ((rc = store_crawl_accept(st, params, p)) < 0)
		return rc == -EEXIST ? id_taken(why) : refuse_store(why, st, rc, "crawl-accept", request_id);
	if ((rc = row_give(t, st, p, request_id, why)) != 0)
		return rc;
	service_signal_crawlers(t);
	log_event(LOG_INFO, "crawl accepted crawl=%s id=%s url=%s", p->id, request_id, p->url);
	return 0;
}
