#include "config.h"

#include "api/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/ids.h"
#include "shared/knowledge.h"
#include "shared/log.h"

/* -- the way to table and store ------------------------------------------------ */

struct service_thread *
api_thread(const struct request *rq)
{
	return rq->ctx;
}

const struct conf *
api_conf(const struct request *rq)
{
	return api_thread(rq)->service->conf;
}

struct store *
api_store(const struct request *rq)
{
	return service_store(api_thread(rq), rq->request_id);
}

struct table *
api_table_get(const struct request *rq)
{
	return service_table_get(api_thread(rq));
}

void
api_table_put(const struct request *rq)
{
	service_table_put(api_thread(rq));
}

int
api_table_alive(const struct request *rq, enum table_kind kind)
{
	const struct table *t = api_table_get(rq);
	int n = t != NULL && table_is_current(t) ? (int)table_n_alive(t, kind) : -ENODEV;

	api_table_put(rq);
	return n;
}

int
api_table_ask(const struct request *rq, const char *id, enum table_control what)
{
	return service_table_ask(api_thread(rq), id, what);
}

void
api_signal_crawlers(const struct request *rq)
{
	service_signal_crawlers(api_thread(rq));
}

/* -- answers ------------------------------------------------------------------- */

int
api_refused(struct reply *out, const struct refusal *why)
{
	if (why->retry_after_s > 0)
		reply_header(out, "Retry-After", "%u", why->retry_after_s);
	return reply_error(out, why->status, why->code, why->field, "%s", why->sentence);
}

void
api_publish(const struct request *rq)
{
	struct store *st = api_store(rq);
	struct table *t = api_table_get(rq);
	int rc = t == NULL || st == NULL ? -ENODEV : knowledge_publish(t, st, NULL);

	api_table_put(rq);
	if (rc < 0)		/* whoever publishes next, or fills a new table, makes it good */
		log_event(LOG_WARNING, "catalogue not published id=%s errno=%d", rq->request_id, -rc);
}

int
api_table_down(struct reply *out)
{
	struct refusal why;

	(void)refuse_no_table(&why);
	return api_refused(out, &why);
}

int
api_no_store(struct reply *out)
{
	struct refusal why;

	(void)refuse_no_store(&why);
	return api_refused(out, &why);
}

int
api_store_failed(const struct request *rq, struct reply *out, int rc)
{
	struct refusal why;

	(void)refuse_store(&why, api_thread(rq)->store, rc, rq->path, rq->request_id);
	return api_refused(out, &why);
}

bool
api_id(const struct request *rq, char *out, size_t bytes)
{
	if (!id_is_topic(rq->id.p, rq->id.len) || rq->id.len >= bytes)
		return false;
	memcpy(out, rq->id.p, rq->id.len);
	out[rq->id.len] = '\0';
	return true;
}

int
api_no_crawl(struct reply *out)
{
	return reply_error(out, 404, "no_such_crawl", NULL, "No crawl has this id");
}

int
api_no_source(struct reply *out)
{
	return reply_error(out, 404, "no_such_source", NULL, "No source has this id");
}

bool
api_query_number(const struct request *rq, const char *name, int64_t min, int64_t max,
    int64_t initial, int64_t *out, struct reply *out_reply, int *status)
{
	char text[24], *end = text;
	int rc = query_param(rq->query, name, text, sizeof text);
	long long v = initial;

	if (rc == -ENOENT || rc == 0) {		/* "page=" is absent as well */
		*out = initial;
		return true;
	}
	errno = 0;
	if (rc > 0 && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')))
		v = strtoll(text, &end, 10);
	if (rc < 0 || end == text || *end != '\0' || errno != 0 || v < min || v > max) {
		*status = reply_error(out_reply, 422, "invalid", name, "%s: %lld to %lld are accepted",
		    name, (long long)min, (long long)max);
		return false;
	}
	*out = v;
	return true;
}

bool
api_query_text(const struct request *rq, const char *name, char *out, size_t bytes, const char **used,
    struct reply *out_reply, int *status)
{
	int rc = query_param(rq->query, name, out, bytes);

	*used = NULL;
	if (rc == -ENOENT || rc == 0)
		return true;
	if (rc < 0 || utf8_valid_len(out, (size_t)rc) != (size_t)rc) {
		*status = reply_error(out_reply, 422, "invalid", name, "%s: UTF-8 text of at most %zu bytes is accepted",
		    name, bytes - 1);
		return false;
	}
	*used = out;
	return true;
}
