#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/route.h"

static int
h_ok(const struct request *rq, struct reply *out)
{
	text_puts(&out->body, "{\"id\":\"");
	text_put(&out->body, rq->id.p, rq->id.len);
	text_puts(&out->body, "\"}");
	return 200;
}

static const struct route_body octets = { .type = "application/octet-stream" };

static const struct route tbl[] = {
	{ "GET", "/a", SCOPE_READ, 0, h_ok, "a", NULL },
	{ "POST", "/a", SCOPE_READ, 10, h_ok, "a", NULL },
	{ "GET", "/a/", SCOPE_READ, 0, h_ok, "a", NULL },
	{ "GET", "/a/{id}", SCOPE_READ, 0, h_ok, "one a", NULL },
	{ "DELETE", "/a/{id}", SCOPE_READ, 0, h_ok, "no a", NULL },
	{ "POST", "/a/{id}/pause", SCOPE_READ, 0, h_ok, "pause", NULL },
	{ "POST", "/up", SCOPE_READ, 100, h_ok, "binary", &octets },
};
static const struct routes rs = { .tbl = tbl, .n = sizeof tbl / sizeof tbl[0] };

static const struct { const char *method, *path; int route; const char *id; bool known; } finds[] = {
	{ "GET", "/a", 0, "", true },
	{ "HEAD", "/a", 0, "", true },
	{ "POST", "/a", 1, "", true },
	{ "PUT", "/a", -1, "", true },
	{ "get", "/a", -1, "", true },
	{ "GET", "/a/", 2, "", true },
	{ "GET", "/a/x", 3, "x", true },
	{ "GET", "/a/x.y-z 1", 3, "x.y-z 1", true },
	{ "GET", "/a/x/", -1, "", false },
	{ "GET", "/a/x/y", -1, "", false },
	{ "DELETE", "/a/x", 4, "x", true },
	{ "POST", "/a/x/pause", 5, "x", true },
	{ "POST", "/a//pause", -1, "", false },
	{ "POST", "/a/x/y/pause", -1, "", false },
	{ "POST", "/a/pause", -1, "", true },
	{ "HEAD", "/a/x/pause", -1, "", true },
	{ "GET", "/b", -1, "", false },
	{ "GET", "", -1, "", false },
	{ "GET", "/", -1, "", false },
};

START_TEST(find)
{
	struct slice id;
	bool known;
	const struct route *r = route_find(&rs, finds[_i].method, finds[_i].path, &id, &known);

	ck_assert_msg((r == NULL ? -1 : (int)(r - tbl)) == finds[_i].route, "%s %s", finds[_i].method, finds[_i].path);
	ck_assert_msg(known == finds[_i].known, "%s %s", finds[_i].method, finds[_i].path);
	ck_assert(slice_is(id, finds[_i].id) || (id.len == 0 && finds[_i].id[0] == '\0'));
}
END_TEST

START_TEST(allow)
{
	char out[128];

	route_allow(&rs, "/a", out, sizeof out);
	ck_assert_str_eq(out, "GET, HEAD, POST");
	route_allow(&rs, "/a/1", out, sizeof out);
	ck_assert_str_eq(out, "GET, HEAD, DELETE");
	route_allow(&rs, "/b", out, sizeof out);
	ck_assert_str_eq(out, "");
}
END_TEST

#define JSON "application/json"
static const struct { const char *name, *method, *path, *type; long long length; const char *body; size_t len; int status; } rows[] = {
	{ "fine", "GET", "/a", "", -1, "", 0, 200 },
	{ "json", "POST", "/a", JSON, 2, "{}", 2, 200 },
	{ "json with charset", "POST", "/a", "Application/JSON; charset=utf-8", 2, "{}", 2, 200 },
	{ "no length", "POST", "/a", JSON, -1, "{}", 2, 200 },
	{ "no type", "POST", "/a", "", 2, "{}", 2, 415 },
	{ "form", "POST", "/a", "application/x-www-form-urlencoded", 2, "{}", 2, 415 },
	{ "json-like", "POST", "/a", "application/jsonp", 2, "{}", 2, 415 },
	{ "too long", "POST", "/a", JSON, 11, "", 0, 413 },
	{ "short", "POST", "/a", JSON, 3, "{}", 2, 400 },
	{ "nul", "POST", "/a", JSON, 3, "{\0}", 3, 400 },
	{ "latin 1", "POST", "/a", JSON, 3, "\"\xe9\"", 3, 400 },
	{ "cut utf-8", "POST", "/a", JSON, 3, "\"\xc3\"", 3, 400 },
	{ "overlong", "POST", "/a", JSON, 4, "\"\xc0\x80\"", 4, 400 },
	{ "binary where it may be", "POST", "/up", "application/octet-stream", 3, "\0\xff\xfe", 3, 200 },
	{ "json where binary is due", "POST", "/up", JSON, 2, "{}", 2, 415 },
	{ "unknown", "GET", "/b", "", -1, "", 0, 404 },
	{ "method", "PATCH", "/a", "", -1, "", 0, 405 },
	{ "path not utf-8", "GET", "/a/\xff", "", -1, "", 0, 400 },
	{ "path with newline", "GET", "/a/x\ny", "", -1, "", 0, 400 },
	{ "no path", "GET", "", "", -1, "", 0, 400 },
	{ "id in utf-8", "GET", "/a/\xc3\xa9", "", -1, "", 0, 200 },
};

START_TEST(choose_and_run)
{
	struct request rq = { .method = rows[_i].method, .path = rows[_i].path, .content_type = rows[_i].type,
	    .content_length = rows[_i].length, .if_none_match = "", .request_id = "r" };
	struct reply out = { 0 };
	int status = 0;
	const struct route *r = route_choose(&rs, &rq, &out, &status);

	if (r != NULL) {
		rq.body = (struct slice){ rows[_i].body, rows[_i].len };
		status = route_run(r, &rq, &out);
	}
	ck_assert_msg(status == rows[_i].status, "%s: %d", rows[_i].name, status);
	if (status != 200)
		ck_assert_ptr_nonnull(strstr(text_str(&out.body), "\"detail\":{\"error\":"));
	text_fini(&out.body);
}
END_TEST

static const struct { const char *field; bool matches; } etags[] = {
	{ "", false },
	{ "\"abc\"", true },
	{ "W/\"abc\"", true },
	{ "\"x\", \"abc\"", true },
	{ "\"x\",W/\"abc\" , \"y\"", true },
	{ "\"x,\", \"abc\"", true },
	{ "*", true },
	{ " * ", true },
	{ "*, \"x\"", false },
	{ "abc", false },
	{ "\"ab\"", false },
	{ "\"abcd\"", false },
	{ "\"abc", false },
	{ "\"x\" \"abc\"", true },
	{ "w/\"abc\"", false },
	{ ",,, \"abc\"", true },
	{ "\"\", \"abc\"", true },
	{ "W/", false },
	{ "\"", false },
};

START_TEST(etag)
{
	size_t len = strlen(etags[_i].field);

	ck_assert_msg(etag_matches(etags[_i].field, "\"abc\"") == etags[_i].matches, "%s", etags[_i].field);
	for (size_t n = 0; n < len; n++) {		/* no prefix reads past its end */
		char *p = strndup(etags[_i].field, n);

		(void)etag_matches(p, "\"abc\"");
		free(p);
	}
}
END_TEST

static const struct { const char *query, *name; int rc; const char *value; } params[] = {
	{ "", "a", -ENOENT, "" },
	{ "a=1", "a", 1, "1" },
	{ "a", "a", 0, "" },
	{ "a=", "a", 0, "" },
	{ "aa=1&a=2", "a", 1, "2" },
	{ "a=1&a=2", "a", 1, "1" },
	{ "&&a=x+y&", "a", 3, "x y" },
	{ "a=%41%2b%C3%a9", "a", 4, "A+\xc3\xa9" },
	{ "a=1=2", "a", 3, "1=2" },
	{ "a=%4", "a", -EBADMSG, "" },
	{ "a=%", "a", -EBADMSG, "" },
	{ "a=%zz", "a", -EBADMSG, "" },
	{ "a=%00", "a", -EBADMSG, "" },
	{ "a=1234567", "a", 7, "1234567" },
	{ "a=12345678", "a", -EMSGSIZE, "" },
	{ "b=1", "a", -ENOENT, "" },
};

START_TEST(query)
{
	size_t len = strlen(params[_i].query);
	char *q = malloc(len > 0 ? len : 1), out[8];

	memcpy(q, params[_i].query, len);	/* not NUL-terminated */
	ck_assert_msg(query_param((struct slice){ q, len }, params[_i].name, out, sizeof out) == params[_i].rc,
	    "%s", params[_i].query);
	if (params[_i].rc >= 0)
		ck_assert_str_eq(out, params[_i].value);
	free(q);
}
END_TEST

START_TEST(paths)
{
	char out[16];

	ck_assert_int_eq(path_decode(SLICE_LIT("/a%20b+c"), out, sizeof out), 6);
	ck_assert_str_eq(out, "/a b+c");
	ck_assert_int_eq(path_decode(SLICE_LIT("/%00"), out, sizeof out), -EBADMSG);
	ck_assert_int_eq(path_decode(SLICE_LIT("/%2"), out, sizeof out), -EBADMSG);
	ck_assert_int_eq(path_decode(SLICE_LIT("/234567890123456"), out, sizeof out), -EMSGSIZE);
	ck_assert_int_eq(path_decode(SLICE_LIT(""), out, sizeof out), 0);
}
END_TEST

/* -- the answer's text --------------------------------------------------------- */

static const char *
answer(struct text *http, const char *method, const char *if_none_match, int status, const char *body, size_t etag_bytes)
{
	struct request rq = { .method = method, .path = "/a", .content_type = "", .if_none_match = if_none_match, .request_id = "rid-1" };
	struct reply out = { .etag_bytes = etag_bytes };

	text_puts(&out.body, body);
	reply_header(&out, "X-Poll-Interval", "%d", 1000);
	text_clear(http);
	ck_assert(reply_write(http, &rq, status, &out));
	text_fini(&out.body);
	return text_str(http);
}

static void
etag_take(const char *http, char out[64])
{
	const char *at = strstr(http, "\r\nETag: ");

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "\r\nETag: %63[^\r]", out), 1);
}

START_TEST(answers)
{
	struct text http = { 0 };
	char tag[64], other[64], list[160];
	const char *s = answer(&http, "GET", "", 200, "{\"a\":1}", 0);

	ck_assert(strncmp(s, "Status: 200 OK\r\n", 16) == 0);
	ck_assert_ptr_nonnull(strstr(s, "\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"));
	ck_assert_ptr_nonnull(strstr(s, "\r\nCache-Control: no-cache\r\n"));
	ck_assert_ptr_nonnull(strstr(s, "\r\nX-Request-Id: rid-1\r\n"));
	ck_assert_ptr_nonnull(strstr(s, "\r\nX-Poll-Interval: 1000\r\n\r\n{\"a\":1}"));
	etag_take(s, tag);
	ck_assert(tag[0] == '"');

	s = answer(&http, "HEAD", "", 200, "{\"a\":1}", 0);
	etag_take(s, other);
	ck_assert_str_eq(tag, other);
	ck_assert_ptr_nonnull(strstr(s, "Content-Length: 7\r\n"));
	ck_assert_str_eq(strstr(s, "\r\n\r\n"), "\r\n\r\n");

	(void)snprintf(list, sizeof list, "\"no\", W/%s", tag);
	s = answer(&http, "GET", list, 200, "{\"a\":1}", 0);
	ck_assert(strncmp(s, "Status: 304 Not Modified\r\n", 26) == 0);
	ck_assert_ptr_null(strstr(s, "Content-"));
	ck_assert_ptr_nonnull(strstr(s, "X-Poll-Interval: 1000"));
	ck_assert_str_eq(strstr(s, "\r\n\r\n"), "\r\n\r\n");

	s = answer(&http, "GET", tag, 200, "{\"a\":2}", 0);
	ck_assert(strncmp(s, "Status: 200", 11) == 0);
	s = answer(&http, "GET", "*", 404, "{}", 0);		/* only what exists is unchanged */
	ck_assert(strncmp(s, "Status: 404", 11) == 0);
	ck_assert_ptr_null(strstr(s, "ETag"));
	s = answer(&http, "POST", "*", 200, "{}", 0);
	ck_assert(strncmp(s, "Status: 200", 11) == 0);
	ck_assert_ptr_null(strstr(s, "ETag"));

	etag_take(answer(&http, "GET", "", 200, "same, 12:00", 5), tag);
	etag_take(answer(&http, "GET", "", 200, "same, 12:01", 5), other);
	ck_assert_str_eq(tag, other);
	text_fini(&http);
}
END_TEST

START_TEST(headers_stay_headers)
{
	struct request rq = { .method = "GET", .path = "/", .if_none_match = "", .request_id = "" };
	struct reply out = { 0 };
	struct text http = { 0 };

	reply_header(&out, "Location", "/x\r\nSet-Cookie: a=%s", "b");
	for (int i = 0; i < 2 * REPLY_HEADERS_MAX; i++)
		reply_header(&out, "X-N", "%d", i);
	ck_assert(reply_write(&http, &rq, 200, &out));
	ck_assert_ptr_null(strstr(text_str(&http), "\r\nSet-Cookie"));
	ck_assert_ptr_nonnull(strstr(text_str(&http), "Location: /x??Set-Cookie: a=b\r\n"));
	text_fini(&out.body);
	text_fini(&http);
}
END_TEST

START_TEST(no_memory)
{
	struct request rq = { .method = "GET", .path = "/", .if_none_match = "*", .request_id = "" };
	struct reply out = { 0 };
	struct text http = { 0 };

	text_puts(&out.body, "{\"half\":");
	out.body.failed = true;
	ck_assert(reply_write(&http, &rq, 200, &out));
	ck_assert(strncmp(text_str(&http), "Status: 503", 11) == 0);
	ck_assert_ptr_null(strstr(text_str(&http), "half"));
	text_fini(&out.body);
	text_fini(&http);
}
END_TEST

#define N(a) (int)(sizeof a / sizeof a[0])

int
main(void)
{
	Suite *s = suite_create("route");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, find, 0, N(finds));
	tcase_add_test(tc, allow);
	tcase_add_loop_test(tc, choose_and_run, 0, N(rows));
	tcase_add_loop_test(tc, etag, 0, N(etags));
	tcase_add_loop_test(tc, query, 0, N(params));
	tcase_add_test(tc, paths);
	tcase_add_test(tc, answers);
	tcase_add_test(tc, headers_stay_headers);
	tcase_add_test(tc, no_memory);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
