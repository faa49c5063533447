/* The log in the table: read, fed and cleared over HTTP. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/json_text.h"
#include "shared/log.h"
#include "shared/message.h"
#include "shared/ring.h"

#include "api/api.h"
#include "api/json_body.h"
#include "api/routes.h"

#define SEQ_MAX ((int64_t)1 << 53)		/* JavaScript can count so far */

enum { LIMIT = 100, LIMIT_MAX = 1000000000, LEVEL_BYTES = 16, TIME_BYTES = 48 };

/* -- reading --------------------------------------------------------------------- */

struct asked {
	int64_t limit, since;		/* limit 0: all; since -1: not given */
	enum ring_level level;
};

static bool
asked_read(const struct request *rq, struct asked *a, struct reply *out, int *status)
{
	char level[LEVEL_BYTES];
	int rc;

	a->level = RING_DEBUG;
	if (!api_query_number(rq, "limit", -LIMIT_MAX, LIMIT_MAX, LIMIT, &a->limit, out, status) ||
	    !api_query_number(rq, "since", 0, SEQ_MAX, -1, &a->since, out, status))
		return false;
	if (a->limit < 0)
		a->limit = 0;
	rc = query_param(rq->query, "level", level, sizeof level);
	if (rc == -ENOENT || rc == 0 || (rc > 0 && ring_level_parse((struct slice){ level, (size_t)rc }, &a->level)))
		return true;
	*status = reply_error(out, 422, "invalid", "level", "level: DEBUG, INFO, WARNING, ERROR and CRITICAL are accepted");
	return false;
}

/* Where to begin, so that no more than a->limit entries up to last are let through. */
static uint64_t
begin_at(const struct table *t, const struct asked *a, uint64_t first, uint64_t last)
{
	struct ring_entry e;
	uint64_t at = last + 1;
	int64_t n = 0;

	if (a->since >= 0 || a->limit == 0)
		return a->since >= (int64_t)first && a->since <= (int64_t)last ? (uint64_t)a->since + 1 : first;
	while (at > first && n < a->limit)
		n += ring_read(t, --at, &e) == 0 && e.level >= a->level;
	return at;
}

int
logs_list(const struct request *rq, struct reply *out)
{
	const struct table *t;
	struct ring_entry e;
	uint64_t first, last;
	struct asked a;
	int64_t n = 0;
	int status;

	if (!asked_read(rq, &a, out, &status))
		return status;
	if ((t = api_table_get(rq)) == NULL) {
		api_table_put(rq);
		return api_table_down(out);
	}
	first = ring_first(t);
	last = ring_last(t);
	json_open(&out->body, '[');
	for (uint64_t at = begin_at(t, &a, first, last); at <= last && (a.limit == 0 || n < a.limit); at++)
		if (ring_read(t, at, &e) == 0 && e.level >= a.level) {
			message_log(&out->body, &e);
			n++;
		}
	json_close(&out->body, ']');
	api_table_put(rq);
	return 200;
}

/* -- feeding --------------------------------------------------------------------- */

struct entry {				/* its strings, for a struct ring_line to borrow */
	char level[LEVEL_BYTES], logger[RING_LOGGER_BYTES], time[TIME_BYTES];
};

/* 0, or the status of the refusal. */
static int
message_of(struct json_object *o, struct slice *message, struct reply *out)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, "message", &v) || v == NULL)
		return reply_error(out, 422, "invalid", "message", "message is missing");
	if (!json_object_is_type(v, json_type_string))
		return reply_error(out, 422, "invalid", "message", "message must be a string");
	*message = (struct slice){ json_object_get_string(v), (size_t)json_object_get_string_len(v) };
	if (message->len == 0 || message->p[strspn(message->p, " \t\r\n")] == '\0')
		return reply_error(out, 422, "invalid", "message", "message must not be empty");
	return 0;
}

static int
entry_read(struct json_object *o, struct entry *en, struct ring_line *line, struct reply *out)
{
	int rc;

	*line = (struct ring_line){ .level = RING_INFO };
	if (!json_object_is_type(o, json_type_object))
		return reply_error(out, 422, "invalid", NULL, "Each entry must be an object: {\"message\":\"...\",\"level\":\"INFO\"}");
	if ((rc = message_of(o, &line->message, out)) != 0)
		return rc;
	if ((rc = json_member_string(o, "level", en->level, sizeof en->level, out)) < 0)
		return 422;
	if (rc == 1 && !ring_level_parse(slice_of(en->level), &line->level))
		return reply_error(out, 422, "invalid", "level", "level: DEBUG, INFO, WARNING, ERROR and CRITICAL are accepted");
	if ((rc = json_member_string(o, "logger", en->logger, sizeof en->logger, out)) < 0)
		return 422;
	if (rc == 1)
		line->logger = slice_of(en->logger);
	if ((rc = json_member_string(o, "timestamp", en->time, sizeof en->time, out)) < 0)
		return 422;
	if (rc == 1 && !clock_iso_parse(en->time, strlen(en->time), &line->wall_ms))
		return reply_error(out, 422, "invalid", "timestamp", "timestamp: UTC is accepted, as 2025-06-01T19:36:03.450Z");
	return 0;
}

static int
append_failed(const struct request *rq, int64_t rc, struct reply *out)
{
	log_event(LOG_ERR, "log ring refused id=%s errno=%d", rq->request_id, (int)-rc);
	reply_header(out, "Retry-After", "1");
	if (rc == -ENOSPC)
		return reply_error(out, 503, "run_dir_full", NULL, "There is no memory left for the log (run_dir is full)");
	return reply_error(out, 503, "log_busy", NULL, "The log is busy, try again");
}

static int
append(const struct request *rq, const struct ring_line *line, unsigned n, struct reply *out)
{
	struct table *t = api_table_get(rq);
	int64_t seq = t == NULL ? -ENODEV : n == 0 ? 0 : ring_append(t, line, n);
	unsigned cut = 0;

	api_table_put(rq);
	if (seq == -ENODEV)
		return api_table_down(out);
	if (seq < 0)
		return append_failed(rq, seq, out);
	for (unsigned i = 0; i < n; i++)
		cut += line[i].message.len >= RING_MESSAGE_BYTES;
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kint(&out->body, "count", n);
	json_kint(&out->body, "truncated", cut);
	if (n > 0)
		json_kint(&out->body, "seq", seq);
	json_close(&out->body, '}');
	return 200;
}

int
logs_add(const struct request *rq, struct reply *out)
{
	struct json_object *body;
	struct ring_line *line = NULL;
	struct entry *en = NULL;
	size_t n;
	bool list;
	int status;

	if ((body = json_body_list(rq, out, &status)) == NULL)
		return status;
	list = json_object_is_type(body, json_type_array);
	n = list ? json_object_array_length(body) : 1;
	status = 0;
	if (n > RING_VISIBLE) {
		status = reply_error(out, 422, "invalid", NULL, "%zu entries: at most %d are accepted at once", n, RING_VISIBLE);
		goto done;
	}
	line = calloc(n > 0 ? n : 1, sizeof *line);
	en = calloc(n > 0 ? n : 1, sizeof *en);
	if (line == NULL || en == NULL) {
		status = api_store_failed(rq, out, -ENOMEM);
		goto done;
	}
	for (size_t i = 0; i < n && status == 0; i++)
		status = entry_read(list ? json_object_array_get_idx(body, i) : body, &en[i], &line[i], out);
	if (status == 0)
		status = append(rq, line, (unsigned)n, out);
done:
	free(en);
	free(line);
	(void)json_object_put(body);
	return status;
}

int
logs_clear(const struct request *rq, struct reply *out)
{
	struct table *t = api_table_get(rq);
	int64_t seq = t != NULL ? ring_clear(t) : -ENODEV;

	api_table_put(rq);
	if (seq == -ENODEV)
		return api_table_down(out);
	if (seq < 0)
		return append_failed(rq, seq, out);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "message", "Logs cleared");
	json_close(&out->body, '}');
	return 200;
}
