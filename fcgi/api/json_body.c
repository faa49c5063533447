#include "config.h"

#include "api/json_body.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

static struct json_object *
body_parse(const struct request *rq, bool may_be_list, struct reply *out, int *status)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o = NULL;
	size_t end = 0;

	*status = 503;
	if (tok == NULL) {
		reply_header(out, "Retry-After", "1");
		(void)reply_error(out, 503, "out_of_memory", NULL, "The service is short of memory, try again");
		return NULL;
	}
	if (rq->body.len > 0 && rq->body.len <= INT_MAX) {
		o = json_tokener_parse_ex(tok, rq->body.p, (int)rq->body.len);
		end = json_tokener_get_parse_end(tok);
	}
	while (o != NULL && end < rq->body.len && isspace((unsigned char)rq->body.p[end]))
		end++;
	json_tokener_free(tok);
	if (o != NULL && end == rq->body.len && (json_object_is_type(o, json_type_object) ||
	    (may_be_list && json_object_is_type(o, json_type_array))))
		return o;
	(void)json_object_put(o);		/* NULL is fine */
	*status = reply_error(out, 400, "not_json", NULL, "The body must be one JSON object%s",
	    may_be_list ? " or an array of them" : "");
	return NULL;
}

struct json_object *
json_body(const struct request *rq, struct reply *out, int *status)
{
	return body_parse(rq, false, out, status);
}

struct json_object *
json_body_list(const struct request *rq, struct reply *out, int *status)
{
	return body_parse(rq, true, out, status);
}

int
json_member_string(struct json_object *o, const char *name, char *to, size_t bytes, struct reply *out)
{
	struct json_object *v;
	const char *s;
	size_t len;

	if (!json_object_object_get_ex(o, name, &v) || v == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_string)) {
		(void)reply_error(out, 422, "invalid", name, "%s must be a string", name);
		return -EINVAL;
	}
	s = json_object_get_string(v);
	len = (size_t)json_object_get_string_len(v);
	if (len >= bytes) {
		(void)reply_error(out, 422, "invalid", name, "%s: at most %zu bytes are accepted", name, bytes - 1);
		return -EINVAL;
	}
	if (strlen(s) != len || utf8_valid_len(s, len) != len) {	/* "\u0000" */
		(void)reply_error(out, 422, "invalid", name, "%s must be UTF-8 text without NUL", name);
		return -EINVAL;
	}
	memcpy(to, s, len + 1);
	return 1;
}

int
json_member_int(struct json_object *o, const char *name, int64_t min, int64_t max, int64_t *to, struct reply *out)
{
	struct json_object *v;
	int64_t n;

	if (!json_object_object_get_ex(o, name, &v) || v == NULL)
		return 0;
	n = json_object_get_int64(v);		/* clamped when it does not fit */
	if (!json_object_is_type(v, json_type_int) || n < min || n > max) {
		(void)reply_error(out, 422, "invalid", name, "%s must be a whole number from %lld to %lld",
		    name, (long long)min, (long long)max);
		return -EINVAL;
	}
	*to = n;
	return 1;
}
