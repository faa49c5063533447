/* archon-mcp without FastCGI: who may come in, versions, batches, tools, streams. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/mcp_state.h"
#include "shared/ring.h"

#include "mcp/door.h"
#include "mcp/mcp.h"

static char dir[] = "/tmp/check_mcp.XXXXXX";
static struct conf conf;
static struct service service;
static struct service_thread *thread;
static struct route tbl[RESPONDER_ROUTES_MAX];
static struct routes routes;
static struct reply out;
static struct json_object *body;

static void
start(void)
{
	struct err e;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	conf_defaults(&conf);
	FIELD_SET(conf.run_dir, dir);
	FIELD_SET(conf.state_dir, dir);
	conf.table_rows = 16;
	ck_assert_msg(service_open(&service, &conf, &e) == 0, "%s", e.text);
	ck_assert_ptr_nonnull(thread = service_thread_new(&service, &e));
	routes = mcp_routes(tbl, &conf);
}

static void
finish(void)
{
	char command[64];

	(void)json_object_put(body);
	body = NULL;
	text_fini(&out.body);
	service_thread_free(thread);
	service_close(&service);
	(void)snprintf(command, sizeof command, "rm -r '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

/* The status; params end with NULL. */
static int
post_with(const char *send, const char *const *more)
{
	const char *params[8] = { "SERVER_ADDR=127.0.0.1", "HTTP_HOST=localhost" };
	struct request rq = { .method = "POST", .path = "/mcp", .body = slice_of(send), .content_length = (long long)strlen(send),
	    .content_type = "application/json", .if_none_match = "", .request_id = "test", .params = (char *const *)params, .ctx = thread };
	const struct route *r;
	int status = 0;

	for (size_t i = 2; more != NULL && *more != NULL; i++)
		params[i] = *more++;
	reply_clear(&out);
	(void)json_object_put(body);
	body = NULL;
	if ((r = route_choose(&routes, &rq, &out, &status)) != NULL)
		status = route_run(r, &rq, &out);
	if (out.body.len > 0 && out.content_type == NULL)
		ck_assert_msg((body = json_tokener_parse(text_str(&out.body))) != NULL, "not JSON: %s", text_str(&out.body));
	return status;
}

static int
post(const char *send)
{
	return post_with(send, NULL);
}

static int
tool(const char *name, const char *args)
{
	char send[4096];

	(void)snprintf(send, sizeof send, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"%s\","
	    "\"arguments\":%s}}", name, args);
	return post_with(send, (const char *[]){ "HTTP_MCP_PROTOCOL_VERSION=2025-06-18", NULL });
}

/* A member by its way down, "result.content.0.text"; NULL when it is not there. */
static struct json_object *
at(const char *way)
{
	struct json_object *o = body;
	char step[64];

	for (size_t n; o != NULL && *way != '\0'; way += n + (way[n] == '.')) {
		n = strcspn(way, ".");
		(void)snprintf(step, sizeof step, "%.*s", (int)n, way);
		if (json_object_is_type(o, json_type_array))
			o = json_object_array_get_idx(o, strtoul(step, NULL, 10));
		else if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, step, &o))
			o = NULL;
	}
	return o;
}

static const char *
str(const char *way)
{
	struct json_object *o = at(way);

	return o != NULL ? json_object_get_string(o) : "";
}

static int
code(void)
{
	return json_object_get_int(at("error.code"));
}

#define PING "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"

/* -- the door ------------------------------------------------------------------------ */

START_TEST(stranger)		/* who that is, check_access says */
{
	ck_assert_int_eq(post_with(PING, (const char *[]){ "HTTP_ORIGIN=http://localhost", NULL }), 200);
	ck_assert_int_eq(post_with(PING, (const char *[]){ "HTTP_ORIGIN=http://evil.example", NULL }), 403);
	ck_assert_int_eq(code(), -32600);
	finish();
}
END_TEST

static const struct {
	const char *field;
	bool json, stream;
} accepts[] = {
	{ "", true, true },
	{ "*/*", true, true },
	{ "application/json, text/event-stream", true, true },
	{ "text/event-stream,application/json", true, true },
	{ "Application/JSON ; q=0.9 , TEXT/event-stream;q=0.1", true, true },
	{ "application/json", true, false },
	{ "text/event-stream", false, true },
	{ "text/*", false, true },
	{ "application/*;q=0.5", true, false },
	{ "application/json;q=0, text/event-stream", false, true },
	{ "text/html", false, false },
	{ "application/jsonp", false, false },
	{ "application/json;q=0.000", false, false },
	{ ", ,", true, true },
};

START_TEST(accept)
{
	struct door_accept a = door_accept(accepts[_i].field);
	char field[128];

	ck_assert_msg(a.json == accepts[_i].json && a.stream == accepts[_i].stream, "%s", accepts[_i].field);
	(void)snprintf(field, sizeof field, "HTTP_ACCEPT=%s", accepts[_i].field);
	ck_assert_int_eq(post_with(PING, (const char *[]){ field, NULL }), a.json || a.stream ? 200 : 406);
	if (!a.json && a.stream) {
		ck_assert_str_eq(out.content_type, "text/event-stream");
		ck_assert_str_eq(text_str(&out.body), "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n");
	}
	finish();
}
END_TEST

/* -- the protocol ---------------------------------------------------------------------- */

START_TEST(versions)
{
	static const char *const asked[][2] = {
		{ "2024-11-05", "2024-11-05" }, { "2025-03-26", "2025-03-26" }, { "2025-06-18", "2025-06-18" },
		{ "2025-11-25", "2025-11-25" }, { "2099-01-01", "2025-11-25" }, { "1.0", "2025-11-25" },
	};
	char send[256];

	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		(void)snprintf(send, sizeof send, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
		    "\"protocolVersion\":\"%s\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}", asked[i][0]);
		ck_assert_int_eq(post(send), 200);
		ck_assert_str_eq(str("result.protocolVersion"), asked[i][1]);
		ck_assert_str_eq(str("result.serverInfo.name"), "archon");
		ck_assert_ptr_nonnull(at("result.capabilities.tools"));
		ck_assert_ptr_null(at("result.capabilities.resources"));
	}
	ck_assert_int_eq(post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}"), 200);
	ck_assert_int_eq(code(), RPC_INVALID_PARAMS);
	ck_assert_int_eq(post_with(PING, (const char *[]){ "HTTP_MCP_PROTOCOL_VERSION=2025-06-18", NULL }), 200);
	ck_assert_int_eq(post_with(PING, (const char *[]){ "HTTP_MCP_PROTOCOL_VERSION=2020-01-01", NULL }), 400);
	ck_assert_int_eq(code(), RPC_INVALID_REQUEST);
	finish();
}
END_TEST

START_TEST(answers)
{
	ck_assert_int_eq(post(PING), 200);
	ck_assert_str_eq(text_str(&out.body), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
	ck_assert_int_eq(post("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"), 202);
	ck_assert_uint_eq(out.body.len, 0);
	ck_assert_int_eq(post("{\"jsonrpc\":\"2.0\",\"method\":\"no/such/notification\"}"), 202);
	ck_assert_int_eq(post("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"), 202);
	ck_assert_int_eq(post("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"resources/list\"}"), 200);
	ck_assert_int_eq(code(), RPC_METHOD_NOT_FOUND);
	ck_assert_str_eq(str("id"), "x");
	ck_assert_int_eq(post("{\"jsonrpc\":\"2.0\",\"id\":1,"), 400);
	ck_assert_int_eq(code(), RPC_PARSE_ERROR);
	ck_assert_int_eq(post("{\"id\":5,\"method\":\"ping\"}"), 400);
	ck_assert_int_eq(code(), RPC_INVALID_REQUEST);
	ck_assert_str_eq(str("id"), "5");
	finish();
}
END_TEST

START_TEST(batches)
{
	const char *newer[] = { "HTTP_MCP_PROTOCOL_VERSION=2025-06-18", NULL };
	struct text many = { 0 };

	ck_assert_int_eq(post("[" PING ",{\"jsonrpc\":\"2.0\",\"method\":\"n\"},{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"x\"},7]"), 200);
	ck_assert_uint_eq(json_object_array_length(body), 3);
	ck_assert_str_eq(str("0.id"), "1");
	ck_assert_int_eq(json_object_get_int(at("1.error.code")), RPC_METHOD_NOT_FOUND);
	ck_assert_int_eq(json_object_get_int(at("2.error.code")), RPC_INVALID_REQUEST);
	ck_assert_int_eq(post("[{\"jsonrpc\":\"2.0\",\"method\":\"n\"}]"), 202);
	ck_assert_uint_eq(out.body.len, 0);
	ck_assert_int_eq(post("[]"), 400);
	ck_assert_int_eq(code(), RPC_INVALID_REQUEST);
	ck_assert_int_eq(post("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-03-26\"}}]"), 200);
	ck_assert_int_eq(json_object_get_int(at("0.error.code")), RPC_INVALID_REQUEST);
	ck_assert_int_eq(post_with("[" PING "]", newer), 400);
	for (unsigned i = 0; i <= MCP_BATCH_MAX; i++)
		text_printf(&many, "%c" PING, i == 0 ? '[' : ',');
	text_putc(&many, ']');
	ck_assert_int_eq(post(text_str(&many)), 400);
	text_fini(&many);
	finish();
}
END_TEST

START_TEST(stopped)
{
	(void)mcp_switch(service.table, false);
	ck_assert_int_eq(post(PING), 503);
	ck_assert_int_eq(code(), RPC_UNAVAILABLE);
	ck_assert_str_eq(str("id"), "1");
	ck_assert_int_eq(post("[" PING "]"), 503);
	(void)mcp_switch(service.table, true);
	ck_assert_int_eq(post(PING), 200);
	finish();
}
END_TEST

/* -- tools ----------------------------------------------------------------------------- */

START_TEST(list)
{
	ck_assert_int_eq(post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{}}"), 200);
	ck_assert_uint_eq(json_object_array_length(at("result.tools")), MCP_N_TOOLS);
	for (unsigned i = 0; i < MCP_N_TOOLS; i++) {
		struct json_object *tools = at("result.tools"), *t = json_object_array_get_idx(tools, i), *v;

		ck_assert(json_object_object_get_ex(t, "inputSchema", &v) && json_object_object_get_ex(v, "type", &v));
		ck_assert_str_eq(json_object_get_string(v), "object");
		ck_assert(json_object_object_get_ex(t, "description", &v) && json_object_get_string_len(v) > 40);
	}
	ck_assert_int_eq(post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":\"x\"}}"), 200);
	ck_assert_int_eq(code(), RPC_INVALID_PARAMS);
	finish();
}
END_TEST

static const struct { const char *name, *args, *says; } failing[] = {
	{ "perform_rag_query", "{}", "query is missing" },
	{ "perform_rag_query", "{\"query\":\"  \"}", "query must not be empty" },
	{ "perform_rag_query", "{\"query\":5}", "query must be a text" },
	{ "perform_rag_query", "{\"query\":\"a\\u0000b\"}", "without NUL" },
	{ "perform_rag_query", "{\"query\":\"x\",\"match_count\":0}", "match_count must be a whole number from 1 to 50" },
	{ "perform_rag_query", "{\"query\":\"x\",\"match_count\":51}", "from 1 to 50" },
	{ "perform_rag_query", "{\"query\":\"x\",\"match_count\":2.5}", "from 1 to 50" },
	{ "perform_rag_query", "{\"query\":\"x\",\"match_count\":\"3\"}", "from 1 to 50" },
	{ "perform_rag_query", "{\"query\":\"x\",\"match_count\":18446744073709551615}", "from 1 to 50" },
	{ "perform_rag_query", "{\"query\":\"x\",\"source\":\"nosuch\"}", "no source nosuch" },
	{ "search_code_examples", "{}", "query is missing" },
	{ "search_code_examples", "{\"query\":\"x\",\"match_count\":51}", "from 1 to 50" },
	{ "search_code_examples", "{\"query\":\"x\",\"source_id\":\"nosuch\"}", "no source nosuch" },
	{ "crawl_single_page", "{}", "url is missing" },
	{ "crawl_single_page", "{\"url\":\"ftp://x/\"}", "url" },
	{ "crawl_single_page", "{\"url\":\"not a url\"}", "url" },
	{ "smart_crawl_url", "{\"url\":\"http://x/\",\"max_depth\":51}", "max_depth must be a whole number from 0 to 50" },
	{ "smart_crawl_url", "{\"url\":\"http://x/\",\"chunk_size\":1}", "chunk_size" },
	{ "delete_source", "{}", "source_id is missing" },
	{ "delete_source", "{\"source_id\":\"nosuch\"}", "no source nosuch" },
	{ "upload_document", "{\"file_content\":\"x\"}", "filename is missing" },
	{ "upload_document", "{\"file_content\":\"x\",\"filename\":\"a.exe\"}", "not read" },
	{ "upload_document", "{\"file_content\":\"x!\",\"filename\":\"a.pdf\"}", "base64" },
	{ "upload_document", "{\"file_content\":\"eHh4\",\"filename\":\"a.pdf\"}", "" },
	{ "upload_document", "{\"file_content\":\"x\",\"filename\":\"a.md\",\"tags\":\"t\"}", "tags must be an array" },
	{ "upload_document", "{\"file_content\":\"x\",\"filename\":\"a.md\",\"tags\":[1]}", "tags" },
	{ "upload_document", "{\"file_content\":\"x\",\"filename\":\"a.md\",\"knowledge_type\":\"odd\"}", "knowledge_type" },
	{ "get_crawl_progress", "{\"progress_id\":\"nosuch\"}", "no crawl nosuch" },
	{ "get_crawl_progress", "{\"progress_id\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}", "no crawl" },
};

START_TEST(a_tool_that_fails_says_why)
{
	ck_assert_int_eq(tool(failing[_i].name, failing[_i].args), 200);
	ck_assert_msg(json_object_get_boolean(at("result.isError")), "%s", text_str(&out.body));
	ck_assert_msg(strstr(str("result.content.0.text"), failing[_i].says) != NULL, "%s", text_str(&out.body));
	ck_assert_ptr_null(at("result.structuredContent"));
	finish();
}
END_TEST

START_TEST(calls)
{
	struct ring_entry last;
	char id[64], args[128];

	ck_assert_int_eq(tool("nosuch", "{}"), 200);
	ck_assert_int_eq(code(), RPC_INVALID_PARAMS);
	ck_assert_int_eq(tool("perform_rag_query", "[]"), 200);
	ck_assert_int_eq(code(), RPC_INVALID_PARAMS);
	ck_assert_int_eq(post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}"), 200);
	ck_assert_int_eq(code(), RPC_INVALID_PARAMS);

	ck_assert_int_eq(tool("get_available_sources", "null"), 200);
	ck_assert(!json_object_get_boolean(at("result.isError")));
	ck_assert_str_eq(str("result.structuredContent.total"), "0");
	ck_assert_int_eq(tool("perform_rag_query", "{\"query\":\"timeout\",\"match_count\":3.0,\"unknown\":1}"), 200);
	ck_assert_str_eq(str("result.structuredContent.count"), "0");
	ck_assert_ptr_nonnull(strstr(str("result.content.0.text"), "Nothing was found"));

	ck_assert_int_eq(tool("search_code_examples", "{\"query\":\"timeout\"}"), 200);
	ck_assert_str_eq(str("result.structuredContent.count"), "0");
	ck_assert_ptr_nonnull(strstr(str("result.content.0.text"), "Nothing was found"));

	ck_assert_int_eq(tool("smart_crawl_url", "{\"url\":\"https://docs.example.com/\",\"max_depth\":2}"), 200);
	(void)snprintf(id, sizeof id, "%s", str("result.structuredContent.progress_id"));
	ck_assert_int_ge(table_find(service.table, id), 0);
	ck_assert_str_eq(str("result.structuredContent.status"), "queued");
	ck_assert_int_eq(ring_read(service.table, ring_last(service.table), &last), 0);
	ck_assert_ptr_nonnull(strstr(last.message, "smart_crawl_url: https://docs.example.com/"));
	(void)snprintf(args, sizeof args, "{\"progress_id\":\"%s\"}", id);
	ck_assert_int_eq(tool("get_crawl_progress", args), 200);
	ck_assert_str_eq(str("result.structuredContent.progress_id"), id);
	/* the older revisions know no structuredContent */
	ck_assert_int_eq(post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"get_available_sources\"}}"), 200);
	ck_assert_ptr_null(at("result.structuredContent"));
	ck_assert_ptr_nonnull(at("result.content.0.text"));
	finish();
}
END_TEST

/* -- streams ---------------------------------------------------------------------------- */

struct fake {				/* a client; its crawl goes on with each wait */
	struct sink sink;
	struct text got;
	unsigned    n_waits, gone_after;	/* 0: never */
	char	    crawl[ROW_ID_BYTES];
};

static bool
fake_put(struct sink *to, const void *p, size_t len)
{
	text_put(&((struct fake *)(void *)to)->got, p, len);
	return true;
}

static void
crawl_step(const char *id, unsigned n)
{
	struct crawl_progress p;

	ck_assert_int_eq(table_read_id(service.table, id, &p), 0);
	p.seq++;
	p.total_pages = 3;
	p.processed_pages = n;
	p.phase = n < 3 ? CRAWL_CRAWLING : CRAWL_COMPLETED;
	p.percentage = n < 3 ? 30 * n : 100;
	p.ended_wall_ms = n < 3 ? 0 : clock_wall_ms();
	table_publish(service.table, (unsigned)table_find(service.table, id), &p);
}

static bool
fake_wait(struct sink *to, int ms)
{
	struct fake *f = (struct fake *)(void *)to;

	(void)ms;
	f->n_waits++;
	if (f->n_waits <= 3)
		crawl_step(f->crawl, f->n_waits);
	return f->gone_after == 0 || f->n_waits < f->gone_after;
}

static void
stream_call(struct fake *f, unsigned gone_after)
{
	const char *params[] = { "HTTP_ACCEPT=application/json, text/event-stream", "HTTP_MCP_PROTOCOL_VERSION=2025-06-18", NULL };
	struct crawl_progress p;

	*f = (struct fake){ .sink = { fake_put, fake_wait }, .gone_after = gone_after };
	ck_assert_int_eq(post_with("{\"jsonrpc\":\"2.0\",\"id\":\"s\",\"method\":\"tools/call\",\"params\":{\"name\":"
	    "\"smart_crawl_url\",\"arguments\":{\"url\":\"https://docs.example.com/\"},\"_meta\":{\"progressToken\":\"tok\"}}}", params), 200);
	ck_assert_ptr_nonnull(out.stream);
	ck_assert_str_eq(out.content_type, "text/event-stream");
	ck_assert_uint_eq(out.body.len, 0);
	for (unsigned i = 0; i < 16; i++)
		if (table_read(service.table, i, &p) == 0 && !crawl_phase_is_terminal((enum crawl_phase)p.phase))
			FIELD_SET(f->crawl, p.id);
	out.stream(&f->sink, out.stream_arg);
}

START_TEST(a_stream_ends_with_the_crawl)
{
	struct fake f;
	const char *first, *last;

	stream_call(&f, 0);
	first = strstr(text_str(&f.got), "\"method\":\"notifications/progress\",\"params\":{\"progressToken\":\"tok\",\"progress\":1,\"total\":3");
	ck_assert_msg(first != NULL, "%s", text_str(&f.got));
	last = strstr(first, "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"s\",\"result\":");
	ck_assert_ptr_nonnull(last);
	ck_assert_ptr_nonnull(strstr(last, "\"status\":\"completed\""));
	ck_assert_ptr_null(strstr(last, "notifications/progress"));	/* none after the answer */
	text_fini(&f.got);
	finish();
}
END_TEST

START_TEST(a_stream_that_must_end_early_answers)
{
	struct fake f;

	stream_call(&f, 2);
	ck_assert_ptr_nonnull(strstr(text_str(&f.got), "\"id\":\"s\",\"result\":"));
	ck_assert_ptr_nonnull(strstr(text_str(&f.got), "ask again with get_crawl_progress"));
	text_fini(&f.got);
	finish();
}
END_TEST

START_TEST(streams_are_bounded)
{
	unsigned n = 0;

	while (n < 100 && watch_may_start())
		n++;
	ck_assert_uint_eq(n, MCP_STREAMS);
	ck_assert_int_lt(MCP_STREAMS, MCP_THREADS);
	ck_assert_int_eq(post_with("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
	    "\"smart_crawl_url\",\"arguments\":{\"url\":\"https://docs.example.com/\"},\"_meta\":{\"progressToken\":1}}}",
	    (const char *[]){ "HTTP_ACCEPT=*/*", NULL }), 200);
	ck_assert_ptr_null(out.stream);			/* answered at once */
	ck_assert_ptr_nonnull(strstr(str("result.content.0.text"), "progress_id"));
	finish();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mcp");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, stranger);
	tcase_add_loop_test(tc, accept, 0, sizeof accepts / sizeof accepts[0]);
	tcase_add_test(tc, versions);
	tcase_add_test(tc, answers);
	tcase_add_test(tc, batches);
	tcase_add_test(tc, stopped);
	tcase_add_test(tc, list);
	tcase_add_loop_test(tc, a_tool_that_fails_says_why, 0, sizeof failing / sizeof failing[0]);
	tcase_add_test(tc, calls);
	tcase_add_test(tc, a_stream_ends_with_the_crawl);
	tcase_add_test(tc, a_stream_that_must_end_early_answers);
	tcase_add_test(tc, streams_are_bounded);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
