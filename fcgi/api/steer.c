/* Steering a crawl: cancel, pause, resume; the same once more; what failed. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/json_text.h"
#include "shared/log.h"

#include "api/api.h"
#include "api/routes.h"

enum { PER_PAGE = 100, PER_PAGE_MAX = 1000, PAGE_MAX = 1000000 };

struct steer {
	enum table_control what;
	const char *word;		/* for the log */
	const char *message;
};

static int
write_down(struct store *st, const char *id, enum table_control what)
{
	if (what == TABLE_CONTROL_CANCEL)
		return store_crawl_cancel(st, id, clock_wall_ms());
	return store_crawl_pause(st, id, what == TABLE_CONTROL_PAUSE, clock_wall_ms());
}

/*
 * The store has the last word and keeps it over a restart.  When it cannot be
 * written, the word beside the row is what the crawler hears: a full disk is
 * when crawls have to be cancelled most.
 */
static int
steer(const struct request *rq, struct reply *out, const struct steer *s)
{
	struct store *st = api_store(rq);
	char id[ROW_ID_BYTES];
	int rc, told;

	if (!api_id(rq, id, sizeof id))
		return api_no_crawl(out);
	if (st == NULL)
		return api_no_store(out);
	rc = write_down(st, id, s->what);
	if (rc == -ENOENT)
		return api_no_crawl(out);
	if (rc == -EALREADY)
		return reply_error(out, 409, "already_ended", NULL, "This crawl has ended already");
	told = api_table_ask(rq, id, s->what);
	if (rc < 0 && told < 0)
		return api_store_failed(rq, out, rc);
	if (rc < 0)
		log_event(LOG_WARNING, "told the crawler only crawl=%s id=%s what=%s why=\"%s\"", id, rq->request_id,
		    s->word, store_error(st));
	api_signal_crawlers(rq);
	log_event(LOG_INFO, "crawl steered crawl=%s id=%s what=%s", id, rq->request_id, s->word);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "message", s->message);
	json_kstr(&out->body, "progressId", id);
	json_close(&out->body, '}');
	return 200;
}

int
crawl_stop(const struct request *rq, struct reply *out)
{
	return steer(rq, out, &(struct steer){ TABLE_CONTROL_CANCEL, "cancel", "Crawl is being cancelled" });
}

int
crawl_pause(const struct request *rq, struct reply *out)
{
	return steer(rq, out, &(struct steer){ TABLE_CONTROL_PAUSE, "pause", "Crawl is being paused" });
}

int
crawl_resume(const struct request *rq, struct reply *out)
{
	return steer(rq, out, &(struct steer){ TABLE_CONTROL_RUN, "resume", "Crawl goes on" });
}

/* -- once more ----------------------------------------------------------------- */

int
crawl_retry(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct crawl_params params;
	struct crawl_progress p;
	char id[ROW_ID_BYTES];
	int rc;

	if (!api_id(rq, id, sizeof id))
		return api_no_crawl(out);
	if (st == NULL)
		return api_no_store(out);
	if ((rc = store_crawl_get(st, id, &p)) == 0)
		rc = store_crawl_params(st, id, &params);
	if (rc == -ENOENT)
		return api_no_crawl(out);
	if (rc < 0)
		return api_store_failed(rq, out, rc);
	if (!crawl_phase_is_terminal((enum crawl_phase)p.phase))
		return reply_error(out, 409, "not_ended", NULL, "This crawl has not ended: cancel it first, or resume it");
	params.progress_id[0] = '\0';
	return crawl_begin(rq, &params, "Crawling started again", out);
}

int
source_refresh(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct crawl_params params;
	char id[ROW_ID_BYTES];
	int rc;

	if (!api_id(rq, id, sizeof id))
		return api_no_source(out);
	if (st == NULL)
		return api_no_store(out);
	rc = store_source_params(st, id, &params);
	if (rc == -ENOENT)
		return api_no_source(out);
	if (rc < 0 || (rc = store_source_busy(st, id)) < 0)
		return api_store_failed(rq, out, rc);
	if (rc > 0)
		return reply_error(out, 409, "already_crawling", NULL, "This source is being crawled, or waits for it, already");
	params.progress_id[0] = '\0';
	return crawl_begin(rq, &params, "Refresh started", out);
}

/* -- what failed ------------------------------------------------------------------ */

static int
failure_put(const char *url, const char *reason, void *arg)
{
	struct text *t = arg;

	json_open(t, '{');
	json_kstr(t, "url", url);
	json_kstr(t, "reason", reason);
	json_close(t, '}');
	return 0;
}

int
crawl_failures(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct crawl_progress p;
	char id[ROW_ID_BYTES];
	int64_t page, per_page;
	int rc, total = 0, status;

	if (!api_query_number(rq, "page", 1, PAGE_MAX, 1, &page, out, &status) ||
	    !api_query_number(rq, "per_page", 1, PER_PAGE_MAX, PER_PAGE, &per_page, out, &status))
		return status;
	if (!api_id(rq, id, sizeof id))
		return api_no_crawl(out);
	if (st == NULL)
		return api_no_store(out);
	if ((rc = store_crawl_get(st, id, &p)) == -ENOENT)
		return api_no_crawl(out);
	json_open(&out->body, '{');
	json_key(&out->body, "failures");
	json_open(&out->body, '[');
	if (rc == 0)
		rc = total = store_failures_count(st, id);
	if (rc >= 0)
		rc = store_failures_each(st, id, (unsigned)((page - 1) * per_page), (unsigned)per_page, failure_put, &out->body);
	if (rc < 0) {
		text_clear(&out->body);
		return api_store_failed(rq, out, rc);
	}
	json_close(&out->body, ']');
	json_kint(&out->body, "total", total);
	json_kint(&out->body, "page", page);
	json_kint(&out->body, "per_page", per_page);
	json_kint(&out->body, "pages", (total + per_page - 1) / per_page);
	json_close(&out->body, '}');
	return 200;
}
