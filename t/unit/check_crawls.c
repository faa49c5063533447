#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/ids.h"
#include "shared/message.h"

#include "api_call.h"
#include "cancel_asked.h"

/* -- starting ------------------------------------------------------------------- */

START_TEST(accepts)
{
	struct crawl_progress row, kept;
	struct crawl_params params;
	char location[128];

	api_go();
	ck_assert_int_eq(call("POST", "/api/knowledge-items/crawl", "",
	    "{\"url\":\"HTTP://Docs.Example.com:80/a/../b#c\",\"tags\":[\"x\"],\"crawl_options\":{\"max_depth\":2},\"later\":1}"), 202);
	ck_assert(id_is_uuid(str("progressId"), strlen(str("progressId"))));
	ck_assert_str_eq(str("success"), "true");
	ck_assert_str_eq(str("message"), "Crawling started");
	(void)snprintf(location, sizeof location, "/api/crawl-progress/%s", str("progressId"));
	ck_assert_str_eq(header("Location"), location);
	ck_assert_int_eq(table_read_id(service.table, str("progressId"), &row), 0);
	ck_assert_int_eq(store_crawl_get(service.store, str("progressId"), &kept), 0);
	ck_assert_int_eq((int)row.phase, CRAWL_QUEUED);
	ck_assert_str_eq(row.url, "http://docs.example.com/b");
	ck_assert_str_eq(row.source_id, kept.source_id);
	ck_assert_int_eq(store_crawl_params(service.store, str("progressId"), &params), 0);
	ck_assert_uint_eq(params.max_depth, 2);
	api_finish();
}
END_TEST

#define CRAWL(s) "/api/knowledge-items/crawl", s
#define QUERY(s) "/api/rag/query", s
static const struct { const char *path, *send; int status; const char *field; } bad[] = {
	{ CRAWL("{"), 400, "" },
	{ CRAWL(""), 400, "" },
	{ CRAWL("[]"), 400, "" },
	{ CRAWL("\"url\""), 400, "" },
	{ CRAWL("{} {}"), 400, "" },
	{ CRAWL("{\"url\":\"https://a/\"}x"), 400, "" },
	{ CRAWL("{}"), 422, "url" },
	{ CRAWL("{\"url\":null}"), 422, "url" },
	{ CRAWL("{\"url\":7}"), 422, "url" },
	{ CRAWL("{\"url\":\"\"}"), 422, "url" },
	{ CRAWL("{\"url\":\"docs\"}"), 422, "url" },
	{ CRAWL("{\"url\":\"ftp://a/\"}"), 422, "url" },
	{ CRAWL("{\"url\":\"javascript:alert(1)\"}"), 422, "url" },
	{ CRAWL("{\"url\":\"https://a/\\u0000\"}"), 422, "url" },
	{ CRAWL("{\"url\":\"https://a/\",\"max_depth\":\"3\"}"), 422, "max_depth" },
	{ CRAWL("{\"url\":\"https://a/\",\"max_depth\":3.0}"), 422, "max_depth" },
	{ CRAWL("{\"url\":\"https://a/\",\"max_depth\":-1}"), 422, "max_depth" },
	{ CRAWL("{\"url\":\"https://a/\",\"max_depth\":51}"), 422, "max_depth" },
	{ CRAWL("{\"url\":\"https://a/\",\"max_concurrent\":0}"), 422, "max_concurrent" },
	{ CRAWL("{\"url\":\"https://a/\",\"max_pages\":18446744073709551615}"), 422, "max_pages" },
	{ CRAWL("{\"url\":\"https://a/\",\"chunk_size\":1}"), 422, "chunk_size" },
	{ CRAWL("{\"url\":\"https://a/\",\"tags\":\"x\"}"), 422, "tags" },
	{ CRAWL("{\"url\":\"https://a/\",\"tags\":[1]}"), 422, "tags" },
	{ CRAWL("{\"url\":\"https://a/\",\"knowledge_type\":\"other\"}"), 422, "knowledge_type" },
	{ CRAWL("{\"url\":\"https://a/\",\"extract_code_examples\":1}"), 422, "extract_code_examples" },
	{ CRAWL("{\"url\":\"https://a/\",\"progress_id\":\"mine\"}"), 422, "progress_id" },
	{ CRAWL("{\"url\":\"https://a/\",\"crawl_options\":{\"max_depth\":99}}"), 422, "max_depth" },
	{ QUERY("{"), 400, "" },
	{ QUERY(""), 400, "" },
	{ QUERY("[]"), 400, "" },
	{ QUERY("{\"query\":\"a\"} x"), 400, "" },
	{ QUERY("{}"), 422, "query" },
	{ QUERY("{\"query\":\"\"}"), 422, "query" },
	{ QUERY("{\"query\":\" \\n\"}"), 422, "query" },
	{ QUERY("{\"query\":1}"), 422, "query" },
	{ QUERY("{\"query\":\"a\\u0000b\"}"), 422, "query" },
	{ QUERY("{\"query\":\"a\",\"match_count\":0}"), 422, "match_count" },
	{ QUERY("{\"query\":\"a\",\"match_count\":51}"), 422, "match_count" },
	{ QUERY("{\"query\":\"a\",\"match_count\":\"5\"}"), 422, "match_count" },
	{ QUERY("{\"query\":\"a\",\"match_count\":5.5}"), 422, "match_count" },
	{ QUERY("{\"query\":\"a\",\"source\":[]}"), 422, "source" },
};

START_TEST(refuses)
{
	api_go();
	ck_assert_msg(call("POST", bad[_i].path, "", bad[_i].send) == bad[_i].status, "%s: %s", bad[_i].send, text_str(&http));
	ck_assert_msg(strcmp(str("field"), bad[_i].field) == 0, "%s: %s", bad[_i].send, out.body.p);
	ck_assert(str("error")[0] != '\0');
	ck_assert(str("code")[0] != '\0');
	ck_assert_int_eq(store_crawls_count(service.store, false), 0);
	api_finish();
}
END_TEST

START_TEST(chosen_id)
{
	const char *send = "{\"url\":\"https://a/\",\"progress_id\":\"123e4567-e89b-42d3-a456-426614174000\"}";

	api_go();
	ck_assert_int_eq(call("POST", "/api/knowledge-items/crawl", "", send), 202);
	ck_assert_str_eq(str("progressId"), "123e4567-e89b-42d3-a456-426614174000");
	ck_assert_int_eq(call("POST", "/api/knowledge-items/crawl", "", send), 409);
	ck_assert_str_eq(str("field"), "progress_id");
	end_it("123e4567-e89b-42d3-a456-426614174000", CRAWL_COMPLETED);
	ck_assert_int_eq(call("POST", "/api/knowledge-items/crawl", "", send), 409);
	ck_assert_int_eq(store_crawls_count(service.store, false), 0);
	api_finish();
}
END_TEST

START_TEST(table_full)
{
	char id[ID_UUID_BYTES];

	api_go();
	for (int i = 0; i < 16; i++)
		crawl(id);
	ck_assert_int_eq(call("POST", "/api/knowledge-items/crawl", "", "{\"url\":\"https://a/\"}"), 503);
	ck_assert_str_eq(str("code"), "table_full");
	ck_assert(header("Retry-After")[0] != '\0');
	ck_assert_int_eq(store_crawls_count(service.store, false), 16);
	api_finish();
}
END_TEST

START_TEST(no_row_takes_the_word_back)	/* room went between the look and the row */
{
	struct crawl_progress p = { .phase = CRAWL_CRAWLING, .seq = 1 };

	api_go();
	for (int i = 0; i < 16; i++) {
		id_uuid(p.id);
		ck_assert_int_ge(table_add(service.table, &p), 0);
	}
	ck_assert_int_eq(call("POST", "/api/knowledge-items/crawl", "", "{\"url\":\"https://a/\"}"), 503);
	ck_assert_str_eq(str("code"), "table_full");
	ck_assert_int_eq(store_crawls_count(service.store, false), 0);
	api_finish();
}
END_TEST

START_TEST(too_many)
{
	char id[ID_UUID_BYTES];

	conf.max_queued = 2;
	api_go();
	crawl(id);
	crawl(id);
	ck_assert_int_eq(call("POST", "/api/knowledge-items/crawl", "", "{\"url\":\"https://a/\"}"), 429);
	ck_assert(header("Retry-After")[0] != '\0');
	end_it(id, CRAWL_CANCELLED);
	crawl(id);
	api_finish();
}
END_TEST

START_TEST(store_full)
{
	int status, n = 0;

	conf.table_rows = 4096;
	conf.max_queued = 4000;
	conf.store_max_bytes = 256 * 1024;
	api_go();
	while ((status = call("POST", "/api/knowledge-items/crawl", "", "{\"url\":\"https://a/\"}")) == 202)
		ck_assert_int_lt(++n, 4000);
	ck_assert_int_eq(status, 503);
	ck_assert_str_eq(str("code"), "store_full");
	ck_assert(header("Retry-After")[0] != '\0');
	ck_assert_int_eq(store_crawls_count(service.store, false), n);
	ck_assert_int_eq(call("GET", "/api/crawl-progress", "", NULL), 200);
	ck_assert_int_eq(num("count"), n);
	api_finish();
}
END_TEST

/* -- progress -------------------------------------------------------------------- */

START_TEST(shows)
{
	static const char *const paths[] = { "crawl-progress", "progress" };
	struct crawl_progress p;
	struct text snapshot = { 0 };
	char id[ID_UUID_BYTES], path[128], tag[64];

	api_go();
	crawl(id);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof path, "/api/%s/%s", paths[i], id);
		ck_assert_int_eq(call("GET", path, "", NULL), 200);
		ck_assert_int_eq(table_read_id(service.table, id, &p), 0);
		text_clear(&snapshot);
		message_snapshot(&snapshot, &p);
		ck_assert_str_eq(text_str(&out.body), text_str(&snapshot));
		ck_assert_str_eq(header("X-Poll-Interval"), "1000");
	}
	ck_assert_int_eq(sscanf(strstr(text_str(&http), "\r\nETag: "), "\r\nETag: %63[^\r]", tag), 1);
	ck_assert_int_eq(call_with("GET", path, "", NULL, tag), 304);
	ck_assert_int_eq(call_with("HEAD", path, "", NULL, tag), 304);
	ck_assert_int_eq(call("HEAD", path, "", NULL), 200);
	end_it(id, CRAWL_COMPLETED);
	ck_assert_int_eq(call_with("GET", path, "", NULL, tag), 200);
	ck_assert_str_eq(str("status"), "completed");
	ck_assert_str_eq(header("X-Poll-Interval"), "0");
	text_fini(&snapshot);
	api_finish();
}
END_TEST

static const char *const strangers[] = { "x", "123e4567-e89b-42d3-a456-426614174000", "a b", "\xc3\xa9",
	"' OR 1=1 --", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

START_TEST(unknown)
{
	char path[256];

	api_go();
	(void)snprintf(path, sizeof path, "/api/crawl-progress/%s", strangers[_i]);
	ck_assert_int_eq(call("GET", path, "", NULL), 404);
	ck_assert_int_eq(call("DELETE", path, "", NULL), 404);
	(void)snprintf(path, sizeof path, "/api/progress/%s", strangers[_i]);
	ck_assert_int_eq(call("GET", path, "", NULL), 404);
	(void)snprintf(path, sizeof path, "/api/knowledge-items/stop/%s", strangers[_i]);
	ck_assert_int_eq(call("POST", path, "", NULL), 404);
	ck_assert_int_eq(call("GET", path, "", NULL), 405);
	ck_assert_str_eq(header("Allow"), "POST");
	api_finish();
}
END_TEST

START_TEST(shows_what_lost_its_row)
{
	char ids[20][ID_UUID_BYTES], path[128];

	api_go();
	for (int i = 0; i < 16; i++) {
		struct crawl_progress p;
		int row;

		crawl(ids[i]);
		end_it(ids[i], CRAWL_COMPLETED);
		ck_assert_int_eq(table_read_id(service.table, ids[i], &p), 0);	/* long ago */
		p.ended_wall_ms -= 10 * TABLE_RECENT_MS;
		row = table_find(service.table, ids[i]);
		table_publish(service.table, (unsigned)row, &p);
	}
	for (int i = 16; i < 20; i++)
		crawl(ids[i]);
	ck_assert_int_lt(table_find(service.table, ids[0]), 0);
	(void)snprintf(path, sizeof path, "/api/crawl-progress/%s", ids[0]);
	ck_assert_int_eq(call("GET", path, "", NULL), 200);
	ck_assert_str_eq(str("status"), "completed");
	ck_assert_str_eq(header("X-Poll-Interval"), "0");
	api_finish();
}
END_TEST

static const char *
operation(int i)			/* progressId of the i-th */
{
	struct json_object *list, *v;

	ck_assert(json_object_object_get_ex(body, "operations", &list));
	if (i >= (int)json_object_array_length(list))
		return "";
	ck_assert(json_object_object_get_ex(json_object_array_get_idx(list, (size_t)i), "progressId", &v));
	return json_object_get_string(v);
}

START_TEST(lists)
{
	static const char *const paths[] = { "/api/crawl-progress", "/api/progress", "/api/progress/" };
	char ids[8][ID_UUID_BYTES], tag[64];

	api_go();
	for (int i = 0; i < 8; i++)
		crawl(ids[i]);
	for (int i = 0; i < 5; i++)
		end_it(ids[i], CRAWL_COMPLETED);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(call("GET", paths[i], "", NULL), 200);
		ck_assert_int_eq(num("count"), 3);
		ck_assert_str_eq(operation(0), ids[7]);
		ck_assert_str_eq(operation(2), ids[5]);
		ck_assert_str_eq(operation(3), "");
		ck_assert_uint_eq(strlen(str("timestamp")), 24);
	}
	ck_assert_int_eq(sscanf(strstr(text_str(&http), "\r\nETag: "), "\r\nETag: %63[^\r]", tag), 1);
	ck_assert_int_eq(call_with("GET", "/api/progress", "", NULL, tag), 304);
	ck_assert_int_eq(call("GET", "/api/progress", "all=1", NULL), 200);
	ck_assert_int_eq(num("count"), 8);
	ck_assert_int_eq(num("total"), 8);
	for (int page = 1; page <= 4; page++) {		/* 3 + 3 + 2: live to ended within the first */
		char query[64];

		(void)snprintf(query, sizeof query, "all=1&per_page=2&page=%d", page);
		ck_assert_int_eq(call("GET", "/api/progress", query, NULL), 200);
		ck_assert_int_eq(num("pages"), 4);
		ck_assert_int_eq(num("count"), 2);
		ck_assert_str_eq(operation(0), ids[page == 1 ? 7 : page == 2 ? 5 : 8 - 2 * page + 1]);
		ck_assert_str_eq(operation(1), ids[8 - 2 * page]);
	}
	ck_assert_int_eq(call("GET", "/api/progress", "all=1&per_page=2&page=5", NULL), 200);
	ck_assert_int_eq(num("count"), 0);
	ck_assert_int_eq(call("GET", "/api/progress", "all=1&page=0", NULL), 422);
	ck_assert_str_eq(str("field"), "page");
	ck_assert_int_eq(call("GET", "/api/progress", "per_page=201", NULL), 422);
	ck_assert_int_eq(call("GET", "/api/progress", "all=x", NULL), 422);
	api_finish();
}
END_TEST

START_TEST(stops)
{
	char id[ID_UUID_BYTES], path[128];

	api_go();
	crawl(id);
	(void)snprintf(path, sizeof path, "/api/knowledge-items/stop/%s", id);
	ck_assert_int_eq(call("POST", path, "", NULL), 200);
	ck_assert_str_eq(str("success"), "true");
	ck_assert_str_eq(str("progressId"), id);
	ck_assert_int_eq(cancel_asked(service.store, id), 1);
	ck_assert_int_eq(call("POST", path, "", "{}"), 200);	/* once more does no harm */
	end_it(id, CRAWL_CANCELLED);
	ck_assert_int_eq(call("POST", path, "", NULL), 409);
	(void)snprintf(path, sizeof path, "/api/crawl-progress/%s", id);
	ck_assert_int_eq(call("DELETE", path, "", NULL), 409);
	crawl(id);
	(void)snprintf(path, sizeof path, "/api/crawl-progress/%s", id);
	ck_assert_int_eq(call("DELETE", path, "", NULL), 200);
	api_finish();
}
END_TEST

#define N(a) (int)(sizeof a / sizeof a[0])

static void
add(void *tc)
{
	tcase_add_test(tc, accepts);
	tcase_add_loop_test(tc, refuses, 0, N(bad));
	tcase_add_test(tc, chosen_id);
	tcase_add_test(tc, table_full);
	tcase_add_test(tc, no_row_takes_the_word_back);
	tcase_add_test(tc, too_many);
	tcase_add_test(tc, store_full);
	tcase_add_test(tc, shows);
	tcase_add_loop_test(tc, unknown, 0, N(strangers));
	tcase_add_test(tc, shows_what_lost_its_row);
	tcase_add_test(tc, lists);
	tcase_add_test(tc, stops);
}

int
main(void)
{
	return suite_run("crawls", add);
}
