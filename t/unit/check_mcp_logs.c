#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/mcp_state.h"
#include "shared/mcp_tools.h"
#include "shared/ring.h"

#include "api_call.h"

static const char path[] = "/api/mcp/logs";

static struct json_object *
entry(int i)				/* of the last list; negative: from the end; borrowed */
{
	size_t n = json_object_array_length(body);

	ck_assert(json_object_is_type(body, json_type_array));
	return json_object_array_get_idx(body, i >= 0 ? (size_t)i : n - (size_t)-i);
}

static const char *
field(int i, const char *name)
{
	struct json_object *v;

	ck_assert_msg(json_object_object_get_ex(entry(i), name, &v), "%s", name);
	return json_object_get_string(v);
}

static int64_t
seq_of(int i)
{
	return strtoll(field(i, "seq"), NULL, 10);
}

static size_t
listed(const char *query)
{
	ck_assert_int_eq(call("GET", path, query, NULL), 200);
	return json_object_array_length(body);
}

START_TEST(empty_fed_cleared)
{
	int64_t seq;

	api_go();
	ck_assert_uint_eq(listed(""), 0);
	ck_assert_int_eq(call("POST", path, "", "{\"message\":\"Hello \\\"you\\\"\"}"), 200);
	ck_assert_str_eq(str("success"), "true");
	ck_assert_int_eq(num("count"), 1);
	seq = num("seq");
	ck_assert_int_eq(call("POST", path, "", "[{\"message\":\"two\",\"level\":\"warn\",\"logger\":\"me\","
	    "\"timestamp\":\"2025-06-01T19:36:03.45Z\",\"other\":[1]},{\"message\":\"three\",\"level\":\"DEBUG\",\"logger\":null}]"), 200);
	ck_assert_int_eq(num("seq"), seq + 2);
	ck_assert_uint_eq(listed(""), 3);
	ck_assert_str_eq(field(0, "message"), "Hello \"you\"");
	ck_assert_str_eq(field(0, "level"), "INFO");
	ck_assert_str_eq(field(0, "logger"), "mcp");
	ck_assert_int_eq(json_object_object_length(entry(0)), 5);
	ck_assert_int_eq(seq_of(0), seq);
	ck_assert_str_eq(field(1, "level"), "WARNING");
	ck_assert_str_eq(field(1, "logger"), "me");
	ck_assert_str_eq(field(1, "timestamp"), "2025-06-01T19:36:03.450Z");
	ck_assert_str_eq(field(2, "level"), "DEBUG");
	ck_assert_int_eq(call("POST", path, "", "[]"), 200);
	ck_assert_int_eq(num("count"), 0);
	ck_assert_int_eq(call("DELETE", path, "", NULL), 200);
	ck_assert_str_eq(str("message"), "Logs cleared");
	ck_assert_str_eq(str("success"), "true");
	ck_assert_uint_eq(listed(""), 1);
	ck_assert_str_eq(field(0, "message"), "Logs cleared");
	ck_assert_str_eq(field(0, "level"), "INFO");
	ck_assert_int_eq(seq_of(0), seq + 3);
	api_finish();
}
END_TEST

START_TEST(limit_since_level)
{
	char query[80];
	int64_t first;

	api_go();
	for (unsigned i = 0; i < 1100; i++) {
		const struct ring_line line = { .level = (enum ring_level)(i % 5), .message = SLICE_LIT("x") };

		ck_assert_int_gt(ring_append(service.table, &line, 1), 0);
	}
	first = (int64_t)ring_first(service.table);
	ck_assert_uint_eq(listed(""), 100);
	ck_assert_uint_eq(listed("limit=7"), 7);
	ck_assert_int_eq(seq_of(-1), (int64_t)ring_last(service.table));
	ck_assert_int_eq(seq_of(0), seq_of(-1) - 6);
	ck_assert_uint_eq(listed("limit=0"), 1000);
	ck_assert_int_eq(seq_of(0), first);
	ck_assert_uint_eq(listed("limit=-5"), 1000);
	ck_assert_uint_eq(listed("limit=3&level=critical"), 3);
	ck_assert_int_eq(seq_of(-1) - seq_of(0), 10);
	ck_assert_uint_eq(listed("limit=0&level=ERROR"), 400);
	(void)snprintf(query, sizeof query, "limit=10&since=%lld", (long long)first + 20);
	ck_assert_uint_eq(listed(query), 10);		/* the oldest: who pages on misses none */
	ck_assert_int_eq(seq_of(0), first + 21);
	(void)snprintf(query, sizeof query, "limit=0&since=%llu", (unsigned long long)ring_last(service.table));
	ck_assert_uint_eq(listed(query), 0);
	ck_assert_uint_eq(listed("limit=0&since=0"), 1000);
	ck_assert_uint_eq(listed("limit=0&since=9007199254740992"), 1000);	/* of another log: all anew */
	api_finish();
}
END_TEST

START_TEST(cut)
{
	static char send[40000];
	size_t n;

	api_go();
	n = (size_t)snprintf(send, sizeof send, "{\"message\":\"");
	for (unsigned i = 0; i < 6000; i++)
		n += (size_t)snprintf(send + n, sizeof send - n, "\303\251");
	(void)snprintf(send + n, sizeof send - n, "\"}");
	ck_assert_int_eq(call("POST", path, "", send), 200);
	ck_assert_int_eq(num("truncated"), 1);
	ck_assert_uint_eq(listed(""), 1);
	ck_assert_uint_eq(strlen(field(0, "message")), RING_MESSAGE_BYTES - 2);
	api_finish();
}
END_TEST

static const struct { const char *method, *query, *send; int status; const char *field; } refused[] = {
	{ "GET", "limit=x", NULL, 422, "limit" },
	{ "GET", "since=-1", NULL, 422, "since" },
	{ "GET", "since=9007199254740993", NULL, 422, "since" },
	{ "GET", "level=LOUD", NULL, 422, "level" },
	{ "POST", "", "", 400, "" },
	{ "POST", "", "\"text\"", 400, "" },
	{ "POST", "", "[{\"message\":\"x\"}", 400, "" },
	{ "POST", "", "{}", 422, "message" },
	{ "POST", "", "[{\"message\":\"x\"},{\"message\":\"\"}]", 422, "message" },
	{ "POST", "", "{\"message\":\" \\n\\t\"}", 422, "message" },
	{ "POST", "", "{\"message\":5}", 422, "message" },
	{ "POST", "", "{\"message\":null}", 422, "message" },
	{ "POST", "", "[5]", 422, "" },
	{ "POST", "", "[[]]", 422, "" },
	{ "POST", "", "{\"message\":\"x\",\"level\":\"LOUD\"}", 422, "level" },
	{ "POST", "", "{\"message\":\"x\",\"level\":3}", 422, "level" },
	{ "POST", "", "{\"message\":\"x\",\"logger\":\"0123456789012345678901234567890123456789\"}", 422, "logger" },
	{ "POST", "", "{\"message\":\"x\",\"timestamp\":\"yesterday\"}", 422, "timestamp" },
	{ "POST", "", "{\"message\":\"x\",\"timestamp\":\"2025-02-31T00:00:00Z\"}", 422, "timestamp" },
	{ "POST", "", "{\"message\":\"x\",\"timestamp\":\"2025-02-28T00:00:00.Z\"}", 422, "timestamp" },
	{ "POST", "", "{\"message\":\"x\",\"timestamp\":\"2025-02-28T00:00:00+01:00\"}", 422, "timestamp" },
	{ "POST", "", "{\"message\":\"x\",\"timestamp\":\"1969-12-31T23:59:59Z\"}", 422, "timestamp" },
};

START_TEST(refusals)
{
	api_go();
	ck_assert_msg(call(refused[_i].method, path, refused[_i].query, refused[_i].send) == refused[_i].status,
	    "%s: %s", refused[_i].send, text_str(&out.body));
	ck_assert_str_eq(str("field"), refused[_i].field);
	ck_assert_str_ne(str("error"), "");
	ck_assert_uint_eq(listed(""), 0);		/* nothing of it was kept */
	api_finish();
}
END_TEST

START_TEST(too_many)
{
	static char send[RING_VISIBLE * 20 + 100];
	size_t n = 1;

	api_go();
	send[0] = '[';
	for (unsigned i = 0; i <= RING_VISIBLE; i++)
		n += (size_t)snprintf(send + n, sizeof send - n, "%s{\"message\":\"x\"}", i > 0 ? "," : "");
	(void)snprintf(send + n, sizeof send - n, "]");
	ck_assert_int_eq(call("POST", path, "", send), 422);
	ck_assert_uint_eq(listed(""), 0);
	(void)snprintf(send + n - sizeof ",{\"message\":\"x\"}" + 1, 2, "]");
	ck_assert_int_eq(call("POST", path, "", send), 200);
	ck_assert_uint_eq(listed("limit=0"), RING_VISIBLE);
	api_finish();
}
END_TEST

START_TEST(control)			/* archon-mcp comes, is stopped and started, and dies */
{
	static const struct { const char *path, *message, *status; bool on; } steps[] = {
		{ "/api/mcp/start", "MCP server is already running", "running", true },
		{ "/api/mcp/stop", "MCP server stopped", "stopped", false },
		{ "/api/mcp/stop", "MCP server is already stopped", "stopped", false },
		{ "/api/mcp/start", "MCP server is starting", "starting", true },
		{ "/api/mcp/start", "MCP server is already running", "running", true },
	};
	struct json_object *logs;
	struct ring_entry last;
	struct table *other;
	struct err e;

	api_go();
	for (unsigned i = 0; i < 12; i++) {
		char send[64];

		(void)snprintf(send, sizeof send, "{\"message\":\"line %u\",\"level\":\"ERROR\"}", i);
		ck_assert_int_eq(call("POST", path, "", send), 200);
	}
	ck_assert_int_eq(call("GET", "/api/mcp/status", "", NULL), 200);
	ck_assert_str_eq(str("status"), "stopped");
	ck_assert(json_object_object_get_ex(body, "uptime", &logs) && logs == NULL);
	ck_assert(json_object_object_get_ex(body, "logs", &logs));
	ck_assert_uint_eq(json_object_array_length(logs), 10);
	ck_assert_str_eq(json_object_get_string(json_object_array_get_idx(logs, 9)), "[ERROR] line 11");
	ck_assert_int_eq(call("POST", "/api/mcp/start", "", NULL), 503);
	ck_assert_str_eq(str("code"), "mcp_down");
	ck_assert_int_eq(table_open(&other, api_dir, &e), 0);
	ck_assert_int_eq(mcp_join(other), 0);
	ck_assert_int_eq(mcp_join(other), 0);
	ck_assert_int_eq(call("GET", "/api/mcp/status", "", NULL), 200);
	ck_assert_str_eq(str("status"), "running");
	ck_assert_int_ge(num("uptime"), 0);
	for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		ck_assert_int_eq(call("POST", steps[i].path, "", NULL), 200);
		ck_assert_str_eq(str("message"), steps[i].message);
		ck_assert_str_eq(str("status"), steps[i].status);
		ck_assert(json_object_object_get_ex(body, "success", &logs) && json_object_get_boolean(logs));
		ck_assert_int_eq(mcp_is_on(other), steps[i].on);
		ck_assert_int_eq(call("GET", "/api/mcp/status", "", NULL), 200);
		ck_assert_str_eq(str("status"), steps[i].on ? "running" : "stopped");
	}
	ck_assert_int_eq(ring_read(service.table, ring_last(service.table), &last), 0);
	ck_assert_str_eq(last.message, "MCP server started");	/* switching is seen live */
	table_close(other);
	ck_assert_int_eq(call("GET", "/api/mcp/status", "", NULL), 200);
	ck_assert_str_eq(str("status"), "stopped");
	ck_assert_int_eq(call("POST", "/api/mcp/stop", "", NULL), 200);
	ck_assert_str_eq(str("message"), "MCP server is already stopped");
	api_finish();
}
END_TEST

START_TEST(how_to_connect)
{
	struct json_object *v;

	api_go();
	ck_assert_int_eq(call("GET", "/api/mcp/config", "", NULL), 200);
	ck_assert_str_eq(str("url"), "http://localhost:8080/mcp");		/* public_url */
	ck_assert_str_eq(str("transport"), "streamable-http");
	ck_assert_int_eq(num("port"), 8080);
	ck_assert(json_object_object_get_ex(body, "clients", &v));
	ck_assert_uint_eq(json_object_array_length(v), 3);
	ck_assert_int_eq(call("GET", "/api/mcp/tools", "", NULL), 200);
	ck_assert_int_eq(num("count"), MCP_N_TOOLS);
	ck_assert(json_object_object_get_ex(body, "tools", &v));
	ck_assert_uint_eq(json_object_array_length(v), MCP_N_TOOLS);
	api_finish();
}
END_TEST

START_TEST(no_table)
{
	api_go();
	table_close(service.table);
	service.table = NULL;
	ck_assert_int_eq(call("GET", path, "", NULL), 503);
	ck_assert_str_eq(str("code"), "table_down");
	ck_assert_int_eq(call("POST", path, "", "{\"message\":\"x\"}"), 503);
	ck_assert_int_eq(call("DELETE", path, "", NULL), 503);
	ck_assert_int_eq(call("GET", "/api/mcp/status", "", NULL), 503);
	api_finish();
}
END_TEST

static void
add(void *tcase)
{
	TCase *tc = tcase;

	tcase_add_test(tc, empty_fed_cleared);
	tcase_add_test(tc, limit_since_level);
	tcase_add_test(tc, cut);
	tcase_add_loop_test(tc, refusals, 0, sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, too_many);
	tcase_add_test(tc, control);
	tcase_add_test(tc, how_to_connect);
	tcase_add_test(tc, no_table);
}

int
main(void)
{
	return suite_run("mcp logs", add);
}
