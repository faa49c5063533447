/* Starting crawls. */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>

#include "shared/clock.h"
#include "shared/crawl_accept.h"
#include "shared/json_text.h"

#include "api/api.h"
#include "api/routes.h"

/* What the body asks for.  0, or the status of the refusal. */
static int
params_read(const struct request *rq, struct crawl_params *params, struct reply *out)
{
	const char *field = NULL;
	struct err e;

	switch (crawl_params_parse(params, rq->body.p, rq->body.len, &field, &e)) {
	case 0:
		return 0;
	case -EINVAL:
		return reply_error(out, 422, "invalid", field, "%s", e.text);
	case -ENOMEM:
		return api_store_failed(rq, out, -ENOMEM);
	default:
		return reply_error(out, 400, "not_json", NULL, "The body must be one JSON object");
	}
}

int
crawl_start(const struct request *rq, struct reply *out)
{
	struct crawl_params params;
	int status = params_read(rq, &params, out);

	return status != 0 ? status : crawl_begin(rq, &params, "Crawling started", out);
}

static int
started(const struct crawl_progress *p, const char *message, struct reply *out)
{
	reply_header(out, "Location", "/api/crawl-progress/%s", p->id);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "progressId", p->id);
	json_kstr(&out->body, "message", message);
	json_close(&out->body, '}');
	return 202;
}

int
crawl_begin(const struct request *rq, struct crawl_params *params, const char *message, struct reply *out)
{
	struct crawl_progress p;
	struct refusal why;

	if (crawl_accept(api_thread(rq), params, rq->request_id, &p, &why) != 0)
		return api_refused(out, &why);
	return started(&p, message, out);
}

/* -- and waiting for them ------------------------------------------------------- */

/*
 * The old blocking calls.  Who waits keeps a thread, so at most half of them may;
 * the others are told at once where to look.
 */
enum { WAIT_MS = 15000, LOOK_MS = 100 };	/* nginx gives up after 20 s */

static atomic_uint n_waiting;

static bool
has_ended(const struct request *rq, struct crawl_progress *p)
{
	struct store *st = api_store(rq);

	return st != NULL && service_progress(api_thread(rq), st, p->id, p) == 0 &&
	    crawl_phase_is_terminal((enum crawl_phase)p->phase);
}

static bool
wait_for_end(const struct request *rq, struct crawl_progress *p)
{
	int64_t until_mono_ns = clock_mono_ns() + WAIT_MS * INT64_C(1000000);
	bool ended = false;

	if (atomic_fetch_add(&n_waiting, 1) < (unsigned)api_conf(rq)->api_threads / 2)
		while (!(ended = has_ended(rq, p)) && clock_mono_ns() < until_mono_ns && rq->client->wait(rq->client, LOOK_MS))
			;
	atomic_fetch_sub(&n_waiting, 1);
	return ended;
}

static void
totals_put(struct text *t, const struct crawl_progress *p)
{
	json_open(t, '{');
	json_kbool(t, "success", p->phase == CRAWL_COMPLETED);
	json_kstr(t, "message", p->phase == CRAWL_COMPLETED ? "Crawl completed" : p->error[0] != '\0' ? p->error : "Crawl was cancelled");
	json_kstr(t, "progressId", p->id);
	json_kstr(t, "source_id", p->source_id);
	json_kstr(t, "url", p->url);
	json_kstr(t, "status", crawl_phase_word((enum crawl_phase)p->phase));
	json_kint(t, "total_pages", (int64_t)p->total_pages);
	json_kint(t, "pages_crawled", (int64_t)(p->processed_pages - p->failed_pages - p->skipped_pages));
	json_kint(t, "pages_failed", (int64_t)p->failed_pages);
	json_kint(t, "chunks_stored", (int64_t)p->chunks_stored);
	json_kint(t, "word_count", (int64_t)p->word_count);
	json_kint(t, "code_examples_stored", (int64_t)p->code_examples);
	json_kstr(t, "error", p->error[0] != '\0' ? p->error : NULL);
	json_close(t, '}');
}

static int
crawl_and_wait(const struct request *rq, struct crawl_params *params, struct reply *out)
{
	struct crawl_progress p;
	struct refusal why;

	if (crawl_accept(api_thread(rq), params, rq->request_id, &p, &why) != 0)
		return api_refused(out, &why);
	if (!wait_for_end(rq, &p))
		return started(&p, "It goes on: ask for its progress", out);
	totals_put(&out->body, &p);
	return 200;
}

int
crawl_single(const struct request *rq, struct reply *out)
{
	struct crawl_params params;
	int status = params_read(rq, &params, out);

	if (status != 0)
		return status;
	params.max_pages = 1;
	params.max_depth = 1;		/* not 0: what is linked has not vanished from a source with more pages */
	return crawl_and_wait(rq, &params, out);
}

int
crawl_smart(const struct request *rq, struct reply *out)
{
	struct crawl_params params;
	int status = params_read(rq, &params, out);

	return status != 0 ? status : crawl_and_wait(rq, &params, out);
}
