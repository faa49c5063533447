/* Starting crawls. */
#include "config.h"

#include <errno.h>

#include "shared/crawl_accept.h"
#include "shared/json_text.h"

#include "api/api.h"
#include "api/routes.h"

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
	struct refusal why;

	if (crawl_accept(api_thread(rq), params, rq->request_id, &p, &why) != 0)
		return api_refused(out, &why);
	reply_header(out, "Location", "/api/crawl-progress/%s", p.id);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "progressId", p.id);
	json_kstr(&out->body, "message", message);
	json_close(&out->body, '}');
	return 202;
}
