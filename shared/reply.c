#include "config.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "shared/ids.h"
#include "shared/message.h"
#include "shared/route.h"

static const struct { int status; const char *words; } reasons[] = {
	{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" }, { 304, "Not Modified" },
	{ 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
	{ 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 409, "Conflict" }, { 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" }, { 422, "Unprocessable Content" }, { 429, "Too Many Requests" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" }, { 503, "Service Unavailable" },
};

static const char *
reason(int status)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return reasons[i].words;
	return "Status";
}

void
reply_clear(struct reply *out)
{
	struct text body = out->body;

	text_clear(&body);
	*out = (struct reply){ .body = body };
}

void
reply_header(struct reply *out, const char *name, const char *fmt, ...)
{
	char *value;
	va_list ap;

	if (out->n_headers == REPLY_HEADERS_MAX)
		return;
	out->header[out->n_headers].name = name;
	value = out->header[out->n_headers].value;
	va_start(ap, fmt);
	(void)vsnprintf(value, sizeof out->header[0].value, fmt, ap);	/* cut, as promised */
	va_end(ap);
	for (; *value != '\0'; value++)		/* nobody ends our header for us */
		if ((unsigned char)*value < ' ' || *value == 0x7f)
			*value = '?';
	out->n_headers++;
}

int
reply_error(struct reply *out, int status, const char *code, const char *field, const char *fmt, ...)
{
	char sentence[640];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sentence, sizeof sentence, fmt, ap);	/* cut: a sentence */
	va_end(ap);
	text_clear(&out->body);
	message_error(&out->body, code, field, sentence);
	return status;
}

bool
etag_matches(const char *field, const char *etag)
{
	size_t len = strlen(etag);

	for (;;) {
		const char *end;

		field += strspn(field, " \t,");
		if (*field == '\0')
			return false;
		if (*field == '*')
			return field[1 + strspn(field + 1, " \t")] == '\0';
		if (strncmp(field, "W/", 2) == 0)
			field += 2;		/* weak comparison: RFC 9110, 8.8.3.2 */
		if (*field != '"' || (end = strchr(field + 1, '"')) == NULL)
			return false;		/* not a list of entity tags */
		end++;
		if ((size_t)(end - field) == len && memcmp(field, etag, len) == 0)
			return true;
		field = end;
	}
}

void
reply_etag(char out[REPLY_ETAG_BYTES], const void *p, size_t len)
{
	char hex[65];

	id_sha256(hex, p, len);
	(void)snprintf(out, REPLY_ETAG_BYTES, "\"%.32s\"", hex);
}

static void
etag_make(struct reply *r)
{
	size_t len = r->etag_bytes != 0 && r->etag_bytes < r->body.len ? r->etag_bytes : r->body.len;

	if (r->etag[0] == '\0')
		reply_etag(r->etag, len > 0 ? r->body.p : "", len);
}

bool
reply_write(struct text *http, const struct request *rq, int status, struct reply *out)
{
	bool head = strcmp(rq->method, "HEAD") == 0, get = head || strcmp(rq->method, "GET") == 0;

	if (out->body.failed) {			/* memory ran out under the handler */
		reply_clear(out);
		reply_header(out, "Retry-After", "1");
		status = reply_error(out, 503, "out_of_memory", NULL, "The service is short of memory, try again");
	}
	if (get && status == 200 && !out->no_etag) {
		etag_make(out);
		if (etag_matches(rq->if_none_match, out->etag))
			status = 304;
	} else {
		out->etag[0] = '\0';
	}
	text_printf(http, "Status: %d %s\r\n", status, reason(status));
	if (status != 304 && status != 204)
		text_printf(http, "Content-Type: %s\r\n", out->content_type != NULL ? out->content_type : "application/json");
	if (status != 304 && status != 204 && out->stream == NULL)
		text_printf(http, "Content-Length: %zu\r\n", out->body.len);
	if (out->etag[0] != '\0')
		text_printf(http, "ETag: %s\r\n", out->etag);
	text_puts(http, "Cache-Control: no-cache\r\n");
	if (out->cors.varies)
		text_puts(http, "Vary: Origin\r\n");
	if (out->cors.origin.len > 0)
		text_printf(http, ACCESS_CORS_FORMAT, (int)out->cors.origin.len, out->cors.origin.p);
	if (rq->request_id[0] != '\0')
		text_printf(http, "X-Request-Id: %s\r\n", rq->request_id);
	for (unsigned i = 0; i < out->n_headers; i++)
		text_printf(http, "%s: %s\r\n", out->header[i].name, out->header[i].value);
	text_puts(http, "\r\n");
	if (status != 304 && !head)
		text_put(http, out->body.p, out->body.len);
	return !http->failed && !out->body.failed;
}
