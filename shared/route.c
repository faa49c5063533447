#include "config.h"

#include "shared/route.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/trace.h"

enum { ALLOW_BYTES = 128, PREFLIGHT_S = 600 };

const char *
request_param(const struct request *rq, const char *name)
{
	size_t len = strlen(name);

	for (char *const *at = rq->params; at != NULL && *at != NULL; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
			return *at + len + 1;
	return "";
}

/* -- table ----------------------------------------------------------------- */

static bool
pattern_match(const char *pattern, const char *path, struct slice *id)
{
	size_t len, tail_len;

	*id = (struct slice){ 0 };
	for (; *pattern != '{' && *pattern == *path; pattern++, path++)
		if (*pattern == '\0')
			return true;
	if (*pattern != '{')
		return false;
	pattern += strlen("{id}");
	len = strlen(path);
	tail_len = strlen(pattern);
	if (len <= tail_len || strcmp(pattern, path + len - tail_len) != 0 || memchr(path, '/', len - tail_len) != NULL)
		return false;		/* an id is one segment */
	*id = (struct slice){ path, len - tail_len };
	return true;
}

static bool
method_match(const char *route_method, const char *method)
{
	return strcmp(route_method, method) == 0 ||
	    (strcmp(method, "HEAD") == 0 && strcmp(route_method, "GET") == 0);
}

const struct route *
route_find(const struct routes *rs, const char *method, const char *path,
    struct slice *id, bool *path_known)
{
	struct slice at;

	*path_known = false;
	*id = (struct slice){ 0 };
	for (size_t i = 0; i < rs->n; i++) {
		if (!pattern_match(rs->tbl[i].pattern, path, &at))
			continue;
		*path_known = true;
		if (method_match(rs->tbl[i].method, method)) {
			*id = at;
			return &rs->tbl[i];
		}
	}
	return NULL;
}

static void
allow_add(char *out, size_t bytes, const char *method)
{
	size_t len = strlen(out);

	if (strstr(out, method) == NULL)	/* no method's name is part of another's */
		(void)snprintf(out + len, bytes - len, "%s%s", len > 0 ? ", " : "", method);
}

void
route_allow(const struct routes *rs, const char *path, char *out, size_t bytes)
{
	struct slice id;

	out[0] = '\0';
	for (size_t i = 0; i < rs->n; i++) {
		if (!pattern_match(rs->tbl[i].pattern, path, &id))
			continue;
		allow_add(out, bytes, rs->tbl[i].method);
		if (strcmp(rs->tbl[i].method, "GET") == 0)
			allow_add(out, bytes, "HEAD");
	}
}

void
route_list(const struct routes *rs)
{
	for (size_t i = 0; i < rs->n; i++)
		if (rs->tbl[i].what != NULL)
			(void)printf("%-7s %-40s %s\n", rs->tbl[i].method, rs->tbl[i].pattern, rs->tbl[i].what);
}

/* -- before the handler ---------------------------------------------------- */

static bool
path_is_sound(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || utf8_valid_len(path, len) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)path[i] < ' ' || path[i] == 0x7f)
			return false;
	return true;
}

/* "application/json; charset=utf-8" is application/json. */
static bool
media_type_is(const char *field, const char *type)
{
	size_t len = strlen(type);

	field += strspn(field, " \t");
	return strncasecmp(field, type, len) == 0 &&
	    (field[len] == '\0' || strchr("; \t", field[len]) != NULL);
}

static const char *
route_body_type(const struct route *r)
{
	return r->body != NULL ? r->body->type : "application/json";
}

/* -- who asks ---------------------------------------------------------------- */

static bool
method_reads(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "OPTIONS") == 0;
}

void
request_ask(const struct request *rq, struct access_ask *ask)
{
	static const struct { struct slice name; size_t at; } wanted[] = {
#define PARAM(name, member) { SLICE_LIT(name), offsetof(struct access_ask, member) }
		PARAM("SERVER_ADDR", server_addr), PARAM("SERVER_NAME", server_name), PARAM("ARCHON_ACCESS", proof),
		PARAM("ARCHON_PROXIED", proxied),
		PARAM("HTTP_HOST", host), PARAM("HTTP_ORIGIN", origin), PARAM("HTTP_SEC_FETCH_SITE", fetch_site),
#undef PARAM
	};

	for (char *const *at = rq->params; at != NULL && *at != NULL; at++) {	/* one pass: every request pays it */
		size_t len = strcspn(*at, "=");

		for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
			if (wanted[i].name.len == len && memcmp(wanted[i].name.p, *at, len) == 0) {
				struct slice *said = (void *)((char *)ask + wanted[i].at);

				/* Said twice it is none that we know: what others make of it may not be what we do. */
				*said = said->len > 0 ? SLICE_LIT("null") : slice_of(*at + len + ((*at)[len] == '='));
				break;
			}
	}
}

/* May it?  0, or the refusal's status.  r: NULL when there is nothing at the path. */
static int
route_guard(const struct routes *rs, const struct route *r, struct request *rq, struct reply *out)
{
	struct access_no why = { 0 };
	struct access_ask ask = {
		.query = rq->query,
		.kind = method_reads(rq->method) ? ACCESS_READS : ACCESS_CHANGES,
		.need = r != NULL ? r->need : SCOPE_READ,
	};
	int status;

	request_ask(rq, &ask);
	if ((status = access_judge(rs->conf, &ask, &rq->scope, &why)) == 0)
		return 0;
	log_event(LOG_INFO, "access refused id=%s address=%s code=%s", rq->request_id, request_param(rq, "REMOTE_ADDR"), why.code);
	if (strcmp(why.code, "scope_too_small") == 0)	/* RFC 6750, 3.1 */
		reply_header(out, "WWW-Authenticate", "Bearer realm=\"archon\", error=\"insufficient_scope\", scope=\"%s\"",
		    access_scope_word(ask.need));
	if (rs->refuse == NULL)
		return reply_error(out, status, why.code, NULL, "%s", why.sentence);
	rs->refuse(out, why.sentence);
	return status;
}

/* A browser asks whether a page of an allowed origin may ask: Fetch Standard, CORS-preflight. */
static bool
is_preflight(const struct request *rq, const struct reply *out)
{
	return out->cors.origin.len > 0 && strcmp(rq->method, "OPTIONS") == 0 &&
	    request_param(rq, "HTTP_ACCESS_CONTROL_REQUEST_METHOD")[0] != '\0';
}

static int
preflight(const struct routes *rs, const struct request *rq, struct reply *out)
{
	char allow[ALLOW_BYTES];

	route_allow(rs, rq->path, allow, sizeof allow);
	reply_header(out, "Access-Control-Allow-Methods", "%s", allow);
	reply_header(out, "Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match, Last-Event-ID, "
	    "MCP-Protocol-Version, Mcp-Session-Id, X-Request-Id");
	reply_header(out, "Access-Control-Max-Age", "%d", PREFLIGHT_S);
	return 204;
}

static void
cors_fill(const struct conf *conf, const struct request *rq, struct reply *out)
{
	const char *origin;

	if (!(out->cors.varies = conf->allow_origins[0] != '\0'))
		return;
	origin = request_param(rq, "HTTP_ORIGIN");
	if (access_allowed(conf, slice_of(origin)) != 0)
		out->cors.origin = slice_of(origin);
}

/* -- before the handler, all of it ------------------------------------------- */

const struct route *
route_choose(const struct routes *rs, struct request *rq, struct reply *out, int *status)
{
	const struct route *r;
	char allow[ALLOW_BYTES];
	bool known;

	if (!path_is_sound(rq->path)) {
		*status = reply_error(out, 400, "bad_path", NULL, "The path is not valid UTF-8 text");
		return NULL;
	}
	r = route_find(rs, rq->method, rq->path, &rq->id, &known);
	rq->scope = SCOPE_ADMIN;
	if (rs->conf != NULL)
		cors_fill(rs->conf, rq, out);
	if (rs->conf != NULL && (r == NULL || r->what != NULL)) {
		if (known && is_preflight(rq, out)) {
			*status = preflight(rs, rq, out);
			return NULL;
		}
		if ((*status = route_guard(rs, r, rq, out)) != 0)
			return NULL;
	}
	if (r == NULL && !known) {
		*status = reply_error(out, 404, "not_found", NULL, "There is nothing at %.200s", rq->path);
		return NULL;
	}
	if (r == NULL) {
		route_allow(rs, rq->path, allow, sizeof allow);
		reply_header(out, "Allow", "%s", allow);
		*status = reply_error(out, 405, "method_not_allowed", NULL, "This path takes %s", allow);
		return NULL;
	}
	if (r->max_body_bytes == 0)
		return r;
	if (rq->content_length > 0 && (unsigned long long)rq->content_length > r->max_body_bytes) {
		*status = reply_error(out, 413, "body_too_large", NULL,
		    "The body is larger than the %zu bytes taken here", r->max_body_bytes);
		return NULL;
	}
	if (!media_type_is(rq->content_type, route_body_type(r))) {
		*status = reply_error(out, 415, "unsupported_media_type", NULL,
		    "Send the body with Content-Type: %s", route_body_type(r));
		return NULL;
	}
	return r;
}

/* -- the handler ----------------------------------------------------------- */

int
route_run(const struct route *r, const struct request *rq, struct reply *out)
{
	int64_t start_mono_ns, took_ms;
	int status;

	if (rq->content_length >= 0 && r->max_body_bytes > 0 &&
	    (size_t)rq->content_length != (rq->taken != NULL ? rq->body_bytes : rq->body.len))
		return reply_error(out, 400, "body_cut", NULL, "The body is not as long as its Content-Length says");
	if (r->max_body_bytes > 0 && r->body == NULL && rq->body.len > 0 &&
	    (utf8_valid_len(rq->body.p, rq->body.len) != rq->body.len ||
	    memchr(rq->body.p, '\0', rq->body.len) != NULL))
		return reply_error(out, 400, "bad_encoding", NULL, "The body is not valid UTF-8 text");

	start_mono_ns = clock_mono_ns();
	TRACE2(request__begin, rq->request_id, r->pattern);
	status = r->handler(rq, out);
	TRACE2(request__end, rq->request_id, status);
	took_ms = (clock_mono_ns() - start_mono_ns) / 1000000;
	if (took_ms > ROUTE_SLOW_MS)
		log_event(LOG_WARNING, "slow request id=%s method=%s route=%s status=%d ms=%lld",
		    rq->request_id, rq->method, r->pattern, status, (long long)took_ms);
	return status;
}

/* -- decoding -------------------------------------------------------------- */

/* Percent-decode s; plus: '+' is a space.  Length, -EBADMSG, -EMSGSIZE. */
static int
percent_decode(struct slice s, bool plus, char *out, size_t bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '+' && plus) {
			c = ' ';
		} else if (c == '%') {
			int hi, lo;

			if (s.len - i < 3 || (hi = hex_value(s.p[i + 1])) < 0 || (lo = hex_value(s.p[i + 2])) < 0)
				return -EBADMSG;
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		if (c == '\0')
			return -EBADMSG;
		if (n + 1 >= bytes)
			return -EMSGSIZE;
		out[n++] = c;
	}
	if (n >= bytes)
		return -EMSGSIZE;
	out[n] = '\0';
	return (int)n;
}

int
path_decode(struct slice raw, char *out, size_t bytes)
{
	return percent_decode(raw, false, out, bytes);
}

int
query_param(struct slice query, const char *name, char *out, size_t bytes)
{
	size_t name_len = strlen(name);

	while (query.len > 0) {
		const char *amp = memchr(query.p, '&', query.len);
		struct slice item = { query.p, amp != NULL ? (size_t)(amp - query.p) : query.len };

		if (item.len >= name_len && memcmp(item.p, name, name_len) == 0 &&
		    (item.len == name_len || item.p[name_len] == '=')) {
			size_t skip = item.len == name_len ? name_len : name_len + 1;

			return percent_decode((struct slice){ item.p + skip, item.len - skip }, true, out, bytes);
		}
		query.p += item.len + (amp != NULL);
		query.len -= item.len + (amp != NULL);
	}
	return -ENOENT;
}
