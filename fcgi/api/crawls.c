/* Starting crawls. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/crawl_params.h"
#include "shared/ids.h"
#include "shared/json_text.h"
#include "shared/log.h"

#include "api/api.h"
#include "api/routes.h"

static int
table_full(const struct request *rq, struct reply *out)
{
	log_event(LOG_WARNING, "crawl refused id=%s why=table-full", rq->request_id);
	reply_header(out, "Retry-After", "10");
	return reply_error(out, 503, "table_full", NULL,
	    "As many crawls are under way as the progress table holds, try again when some have ended");
}

static int
id_taken(struct reply *out)
{
	return reply_error(out, 409, "progress_id_in_use", "progress_id", "A crawl with this progress_id exists already");
}

/* Is there room for one more?  0, or the status of the refusal. */
static int
room_check(const struct request *rq, struct store *st, struct reply *out)
{
	const struct conf *conf = ((struct api_thread *)rq->ctx)->api->conf;
	int live = store_crawls_count(st, false), rows = api_table_rows(rq);

	if (live < 0)
		return api_store_failed(rq, out, live);
	if (rows < 0)
		return api_table_down(out);
	if (live >= rows)
		return table_full(rq, out);
	if (live >= conf->max_queued) {
		log_event(LOG_WARNING, "crawl refused id=%s why=max_queued live=%d", rq->request_id, live);
		reply_header(out, "Retry-After", "10");
		return reply_error(out, 429, "too_many_crawls", NULL,
		    "%d crawls are waiting or under way, try again when some have ended", live);
	}
	return 0;
}

/*
 * Give the accepted crawl its row.  0, or the status of the refusal; the store
 * has then forgotten the crawl.
 */
static int
row_give(const struct request *rq, struct store *st, const struct crawl_progress *p, struct reply *out)
{
	struct crawl_progress there;
	int rc = api_table_add(rq, p), rc2;

	if (rc == -EEXIST && api_table_read(rq, p->id, &there) == 0 && !crawl_phase_is_terminal(there.phase))
		return 0;		/* a crawler found it in the store and was quicker */
	if (rc >= 0)
		return 0;
	if ((rc2 = store_crawl_forget(st, p->id)) < 0 && rc2 != -ENOENT)
		return api_store_failed(rq, out, rc2);	/* it may run: not told to be accepted is no lie */
	switch (rc) {
	case -ENOSPC:
		return table_full(rq, out);
	case -EEXIST:			/* ended, and older than the store we have now */
		return id_taken(out);
	case -ENODEV:
		return api_table_down(out);
	default:
		log_event(LOG_ERR, "no row for a crawl id=%s crawl=%s errno=%d", rq->request_id, p->id, -rc);
		return api_table_down(out);
	}
}

/*
 * The order: room is looked for first, so that a full table costs no write; then
 * the store has the crawl on the disk; then its row is readable; only then is the
 * client told.  Killed after the first write, the next start finds the crawl in
 * the store and gives it its row (api.c): it runs though nobody was told, which a
 * client that lists can see.  The other order would show a row, and perhaps start
 * a crawler on it, for a crawl that the next power cut makes undone.  Room can go
 * between the look and the row: then the store takes its word back, before
 * anybody heard it.
 */
static int
crawl_accept(const struct request *rq, const struct crawl_params *params, struct crawl_progress *p, struct reply *out)
{
	struct store *st = api_store(rq);
	int rc;

	if (st == NULL)
		return api_no_store(out);
	if ((rc = room_check(rq, st, out)) != 0)
		return rc;
	if ((rc = store_crawl_accept(st, params, p)) < 0)
		return rc == -EEXIST ? id_taken(out) : api_store_failed(rq, out, rc);
	if ((rc = row_give(rq, st, p, out)) != 0)
		return rc;
	api_signal_crawlers(rq);
	return 0;
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

int
crawl_start(const struct request *rq, struct reply *out)
{
	struct crawl_params params;
	const char *field = NULL;
	struct err e;

	switch (crawl_params_parse(&params, rq->body.p, rq->body.len, &field, &e)) {
	case 0:
		break;
	case -EINVAL:
		return reply_error(out, 422, "invalid", field, "%s", e.text);
	case -ENOMEM:
		return api_store_failed(rq, out, -ENOMEM);
	default:
		return reply_error(out, 400, "not_json", NULL, "The body must be one JSON object");
	}
	return crawl_begin(rq, &params, "Crawling started", out);
}

int
crawl_begin(const struct request *rq, struct crawl_params *params, const char *message, struct reply *out)
{
	struct crawl_progress p;
	int rc;

	if (params->progress_id[0] == '\0')
		id_uuid(params->progress_id);
	first_snapshot(&p, params);
	if ((rc = crawl_accept(rq, params, &p, out)) != 0)
		return rc;

	log_event(LOG_INFO, "crawl accepted crawl=%s id=%s url=%s", p.id, rq->request_id, p.url);
	reply_header(out, "Location", "/api/crawl-progress/%s", p.id);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "progressId", p.id);
	json_kstr(&out->body, "message", message);
	json_close(&out->body, '}');
	return 202;
}
