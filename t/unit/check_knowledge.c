#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/catalogue.h"
#include "shared/clock.h"
#include "shared/ids.h"
#include "shared/knowledge.h"
#include "shared/mcp_state.h"

#include "api_call.h"

/* -- knowledge -------------------------------------------------------------------- */

static void
source_put(const char *url, const char *title, const char *tag, const char *text)
{
	struct crawl_params params;
	char id[ID_SOURCE_BYTES], hash[65];
	struct chunk chunk = { .headings = SLICE_LIT("Part > Section"), .body = slice_of(text) };
	struct page page = { .url = url, .title = title, .content_hash = hash, .fetched_ms = 1, .n_words = 3,
	    .n_bytes = 10, .chunks = &chunk, .n_chunks = 1 };

	crawl_params_defaults(&params);
	FIELD_SET(params.url, url);
	FIELD_SET(params.tags.item[0], tag);
	params.tags.n = 1;
	crawl_params_source(&params, id);
	id_sha256(hash, text, strlen(text));
	ck_assert_int_eq(store_source_begin(service.store, id, &params, 1700000000000), 0);
	ck_assert_int_eq(store_source_title(service.store, id, title, "about it"), 0);
	ck_assert_int_ge(store_page_put(service.store, id, &page), 0);
	ck_assert_int_eq(store_source_end(service.store, id, "active", 1700000001000), 0);
}

START_TEST(items)
{
	struct json_object *list, *item, *meta, *v;
	static const char *const keys[] = { "knowledge_type", "tags", "source_type", "status", "description",
	    "chunks_count", "word_count", "pages_count", "code_examples_count", "size_bytes", "last_scraped", "next_refresh",
	    "update_frequency", "file_name", "file_type" };

	api_go();
	ck_assert_int_eq(call("GET", "/api/knowledge-items", "", NULL), 200);
	ck_assert_int_eq(num("total"), 0);
	ck_assert_int_eq(num("pages"), 0);
	source_put("https://one.example/", "One", "api", "The quick brown fox");
	source_put("https://two.example/", "Two", "db", "jumps over the lazy dog");
	ck_assert_int_eq(call("GET", "/api/knowledge-items", "page=1&per_page=1", NULL), 200);
	ck_assert_int_eq(num("total"), 2);
	ck_assert_int_eq(num("pages"), 2);
	ck_assert_int_eq(num("per_page"), 1);
	ck_assert(json_object_object_get_ex(body, "items", &list));
	ck_assert_uint_eq(json_object_array_length(list), 1);
	item = json_object_array_get_idx(list, 0);
	ck_assert(json_object_object_get_ex(item, "metadata", &meta));
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		ck_assert_msg(json_object_object_get_ex(meta, keys[i], &v), "%s", keys[i]);
	ck_assert_int_eq(json_object_object_length(meta), (int)(sizeof keys / sizeof keys[0]));
	ck_assert(json_object_object_get_ex(meta, "next_refresh", &v));
	/* A week later, and up to a tenth of it more, so that not all come at once. */
	ck_assert_str_ge(json_object_get_string(v), "2023-11-21T22:13:21.000Z");
	ck_assert_str_le(json_object_get_string(v), "2023-11-22T15:01:21.000Z");
	ck_assert(json_object_object_get_ex(item, "created_at", &v));
	ck_assert_str_eq(json_object_get_string(v), "2023-11-14T22:13:20.000Z");
	ck_assert_int_eq(call("GET", "/api/knowledge-items", "search=TWO", NULL), 200);
	ck_assert_int_eq(num("total"), 1);
	ck_assert_int_eq(call("GET", "/api/knowledge-items", "tags=x,api", NULL), 200);
	ck_assert_int_eq(num("total"), 1);
	ck_assert_int_eq(call("GET", "/api/knowledge-items", "knowledge_type=business", NULL), 200);
	ck_assert_int_eq(num("total"), 0);
	ck_assert_int_eq(call("GET", "/api/knowledge-items", "search=&tags=&knowledge_type=", NULL), 200);
	ck_assert_int_eq(num("total"), 2);
	ck_assert_int_eq(call("GET", "/api/rag/sources", "", NULL), 200);
	ck_assert_int_eq(num("count"), 2);
	api_finish();
}
END_TEST

/* What the relay streams and what GET answers are the same bytes. */
START_TEST(catalogue_is_the_first_page)
{
	struct text page = { 0 };
	uint64_t version, before;

	api_go();
	for (unsigned n = 0; n <= 25; n += 25) {
		for (unsigned i = 0; i < n; i++) {
			char url[64];

			(void)snprintf(url, sizeof url, "https://%u.example/", i);
			source_put(url, "T\"itle\"", "a", url);
		}
		before = catalogue_version(service.table);
		ck_assert_int_eq(knowledge_publish(service.table, service.store, NULL), 0);
		text_clear(&page);
		ck_assert_int_eq(catalogue_page(service.table, &page, &version), 0);
		ck_assert_uint_eq(version, before + 1);
		ck_assert_int_eq(call("GET", "/api/knowledge-items", "", NULL), 200);
		ck_assert_uint_eq(page.len, out.body.len);
		ck_assert_mem_eq(page.p, out.body.p, page.len);
		ck_assert_int_eq(num("total"), n);
	}
	text_fini(&page);
	api_finish();
}
END_TEST

static const struct { const char *query, *field; } pages[] = {
	{ "page=0", "page" }, { "page=-1", "page" }, { "page=x", "page" }, { "page=1x", "page" },
	{ "page=99999999999999999999", "page" }, { "page=%", "page" }, { "page=+1", "page" },
	{ "per_page=0", "per_page" }, { "per_page=201", "per_page" }, { "per_page=1e2", "per_page" },
	{ "search=%00", "search" }, { "search=%ff", "search" }, { "source_type=disk", "source_type" },
};

START_TEST(paging)
{
	api_go();
	ck_assert_msg(call("GET", "/api/knowledge-items", pages[_i].query, NULL) == 422, "%s", pages[_i].query);
	ck_assert_str_eq(str("field"), pages[_i].field);
	api_finish();
}
END_TEST

START_TEST(searches)
{
	struct json_object *list, *hit, *v;

	api_go();
	source_put("https://one.example/", "One", "api", "The quick brown fox");
	source_put("https://two.example/", "Two", "db", "jumps over the lazy dog");
	ck_assert_int_eq(call("POST", "/api/rag/query", "", "{\"query\":\"brown fox\",\"match_count\":50,\"source\":null}"), 200);
	ck_assert_str_eq(str("success"), "true");
	ck_assert_str_eq(str("query"), "brown fox");
	ck_assert_str_eq(str("search_mode"), "keyword");
	ck_assert_str_eq(str("reranking_applied"), "false");
	ck_assert(json_object_object_get_ex(body, "source_filter", &v) && v == NULL);
	ck_assert_int_eq(num("count"), 1);
	ck_assert(json_object_object_get_ex(body, "results", &list));
	hit = json_object_array_get_idx(list, 0);
	ck_assert(json_object_object_get_ex(hit, "url", &v));
	ck_assert_str_eq(json_object_get_string(v), "https://one.example/");
	ck_assert(json_object_object_get_ex(hit, "content", &v));
	ck_assert_str_eq(json_object_get_string(v), "The quick brown fox");
	ck_assert(json_object_object_get_ex(hit, "metadata", &v) && json_object_object_get_ex(v, "source", &v));
	ck_assert_int_eq(call("POST", "/api/rag/query", "", "{\"query\":\"fox\",\"source\":\"nosuch\"}"), 200);
	ck_assert_int_eq(num("count"), 0);
	ck_assert_str_eq(str("source_filter"), "nosuch");
	ck_assert_int_eq(call("POST", "/api/rag/query", "", "{\"query\":\"\\\" AND ( NEAR/ * :\"}"), 200);
	api_finish();
}
END_TEST

/* A page of three chunks and an example, in German, of a source of business. */
static void
guide_put(char id[ID_SOURCE_BYTES])
{
	const struct chunk chunks[] = {
		{ .headings = SLICE_LIT("Guide > A"), .body = SLICE_LIT("alpha") },
		{ .headings = SLICE_LIT("Guide > B"), .body = SLICE_LIT("The fox is in the middle") },
		{ .headings = SLICE_LIT("Guide > C"), .body = SLICE_LIT("omega") },
	};
	const struct code_example x = { .language = SLICE_LIT("c"), .code = SLICE_LIT("fox();"), .heading = SLICE_LIT("B") };
	struct page page = { .url = "https://three.example/", .title = "Guide", .language = "de", .content_hash = "h", .fetched_ms = 1,
	    .n_words = 7, .n_bytes = 10, .chunks = chunks, .n_chunks = 3, .examples = &x, .n_examples = 1 };
	struct crawl_params params;

	crawl_params_defaults(&params);
	FIELD_SET(params.url, page.url);
	FIELD_SET(params.knowledge_type, "business");
	crawl_params_source(&params, id);
	ck_assert_int_eq(store_source_begin(service.store, id, &params, 1700000000000), 0);
	ck_assert_int_ge(store_page_put(service.store, id, &page), 0);
	ck_assert_int_eq(store_source_end(service.store, id, "active", 1700000001000), 0);
}

#define QUERY "/api/rag/query"
#define ITEMS "/api/knowledge-items/search"
#define CODE  "/api/rag/code-examples"

static const struct {			/* %s: the guide's id */
	const char *path, *send;
	int	    want;
	const char *has;
} questions[] = {
	{ QUERY, "{\"query\":\"fox\"}", 2, "\"content\":\"The fox is in the middle\"" },
	{ QUERY, "{\"query\":\"fox\",\"match_count\":1}", 1, "" },
	{ QUERY, "{\"query\":\"fox\",\"source\":\"%s\"}", 1, "three.example" },
	{ QUERY, "{\"query\":\"fox\",\"sources\":[\"nosuch\",\"%s\"]}", 1, "three.example" },
	{ QUERY, "{\"query\":\"fox\",\"sources\":[\"nosuch\"]}", 0, "" },
	{ QUERY, "{\"query\":\"fox\",\"tags\":[\"x\",\"api\"]}", 1, "one.example" },
	{ QUERY, "{\"query\":\"fox\",\"tags\":[\"x\"]}", 0, "" },
	{ QUERY, "{\"query\":\"fox\",\"knowledge_type\":\"business\"}", 1, "three.example" },
	{ QUERY, "{\"query\":\"fox\",\"knowledge_type\":\"technical\"}", 1, "one.example" },
	{ QUERY, "{\"query\":\"fox\",\"language\":\"de\"}", 1, "three.example" },
	{ QUERY, "{\"query\":\"fox\",\"language\":\"fr\"}", 0, "" },
	{ QUERY, "{\"query\":\"middl\"}", 1, "<mark>middle</mark>" },
	{ QUERY, "{\"query\":\"mid\"}", 0, "" },
	{ QUERY, "{\"query\":\"mid\",\"as_you_type\":true}", 1, "three.example" },
	{ QUERY, "{\"query\":\"mid fox\",\"as_you_type\":true,\"tags\":[\"api\"]}", 1, "one.example" },
	{ QUERY, "{\"query\":\"middle\",\"neighbours\":1}", 1, "\"before\":\"alpha\",\"after\":\"omega\"" },
	{ ITEMS, "{\"query\":\"fox\",\"limit\":1}", 1, "\"sources_searched\":3" },
	{ ITEMS, "{\"query\":\"fox\",\"sources\":[\"%s\"]}", 1, "\"sources_searched\":1" },
	{ ITEMS, "{\"query\":\"fox\",\"knowledge_type\":\"business\",\"language\":\"de\",\"neighbours\":1}", 1, "\"after\":\"omega\"" },
	{ CODE, "{\"query\":\"fox\"}", 1, "\"code\":\"fox();\"" },
	{ CODE, "{\"query\":\"fox\",\"source_id\":\"%s\",\"language\":\"c\",\"knowledge_type\":\"business\"}", 1, "three.example" },
	{ CODE, "{\"query\":\"fox\",\"source_id\":\"nosuch\"}", 0, "" },
	{ CODE, "{\"query\":\"fox\",\"language\":\"de\"}", 0, "" },
	{ CODE, "{\"query\":\"fox\",\"knowledge_type\":\"technical\"}", 0, "" },
	{ CODE, "{\"query\":\"fox\",\"tags\":[\"api\"]}", 0, "" },
};

START_TEST(each_member_of_a_question_counts)
{
	char id[ID_SOURCE_BYTES], send[256];
	const char *of_guide = strstr(questions[_i].send, "%s"), *text;

	api_go();
	source_put("https://one.example/", "One", "api", "The quick brown fox");
	source_put("https://two.example/", "Two", "db", "jumps over the lazy dog");
	guide_put(id);
	if (of_guide != NULL)
		(void)snprintf(send, sizeof send, "%.*s%s%s", (int)(of_guide - questions[_i].send), questions[_i].send, id, of_guide + 2);
	else
		FIELD_SET(send, questions[_i].send);
	ck_assert_int_eq(call("POST", questions[_i].path, "", send), 200);
	text = json_object_to_json_string_ext(body, JSON_C_TO_STRING_NOSLASHESCAPE);
	ck_assert_msg(num(strcmp(questions[_i].path, ITEMS) == 0 ? "total_results" : "count") == questions[_i].want, "%s: %s", send, text);
	ck_assert_msg(strstr(text, questions[_i].has) != NULL, "%s: %s", send, text);
	if (strcmp(questions[_i].path, CODE) != 0)	/* whose examples have what stands behind them */
		ck_assert_int_eq(strstr(text, "\"after\"") != NULL, strstr(send, "neighbours") != NULL);
	api_finish();
}
END_TEST

/* -- parts that come and go ------------------------------------------------------- */

START_TEST(health)
{
	struct table *other;
	struct err e;
	char path[128];
	int relay, crawler;

	api_go();
	ck_assert_int_eq(call("GET", "/health", "", NULL), 200);
	ck_assert_str_eq(str("status"), "degraded");
	ck_assert_int_eq(table_open(&other, api_dir, &e), 0);
	ck_assert_int_ge(relay = table_join(other, TABLE_RELAY), 0);
	ck_assert_int_eq(call("GET", "/health", "", NULL), 200);
	ck_assert_str_eq(str("status"), "degraded");
	ck_assert_int_ge(crawler = table_join(other, TABLE_CRAWLER), 0);
	ck_assert_int_eq(call("GET", "/health", "", NULL), 200);
	ck_assert_str_eq(str("status"), "degraded");
	ck_assert_int_eq(mcp_join(other), 0);
	ck_assert_int_eq(call("GET", "/api/health", "", NULL), 200);
	ck_assert_str_eq(str("status"), "healthy");
	ck_assert_str_eq(str("service"), "archon");
	ck_assert_ptr_null(strstr(text_str(&http), "ETag"));
	table_close(other);			/* all died */
	ck_assert_int_eq(call("GET", "/health", "", NULL), 200);
	ck_assert_str_eq(str("status"), "degraded");
	(void)snprintf(path, sizeof path, "%s/" TABLE_FILE, api_dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(call("GET", "/health", "", NULL), 503);
	ck_assert_str_eq(str("status"), "unhealthy");
	service_tick(&service);
	ck_assert_int_eq(call("GET", "/health", "", NULL), 200);
	api_finish();
}
END_TEST

START_TEST(table_made_anew)
{
	char id[ID_UUID_BYTES], path[128];

	api_go();
	crawl(id);
	(void)snprintf(path, sizeof path, "%s/" TABLE_FILE, api_dir);
	ck_assert_int_eq(unlink(path), 0);
	service_tick(&service);
	ck_assert(table_is_current(service.table));
	ck_assert_int_ge(table_find(service.table, id), 0);
	crawl(id);
	ck_assert_int_ge(table_find(service.table, id), 0);
	api_finish();
}
END_TEST

START_TEST(killed_before_the_row)
{
	struct crawl_params params;
	struct crawl_progress p = { .phase = CRAWL_QUEUED, .seq = 1, .eta_ms = -1 };
	struct err e;
	char id[ID_UUID_BYTES];

	api_go();
	crawl(id);
	crawl_params_defaults(&params);
	FIELD_SET(params.url, "https://docs.example.com/");
	id_uuid(p.id);
	ck_assert_int_eq(store_crawl_accept(service.store, &params, &p), 0);
	ck_assert_int_lt(table_find(service.table, p.id), 0);
	service_close(&service);
	ck_assert_msg(service_open(&service, &conf, &e) == 0, "%s", e.text);
	ck_assert_int_ge(table_find(service.table, p.id), 0);
	ck_assert_int_ge(table_find(service.table, id), 0);
	api_finish();
}
END_TEST

START_TEST(store_replaced)
{
	char id[ID_UUID_BYTES], path[128], command[256];

	api_go();
	crawl(id);
	(void)snprintf(command, sizeof command, "rm '%s'/archon.db*", api_dir);
	ck_assert_int_eq(system(command), 0);
	service_tick(&service);
	(void)snprintf(path, sizeof path, "/api/knowledge-items/stop/%s", id);
	ck_assert_int_eq(call("POST", path, "", NULL), 404);	/* another store, another truth */
	crawl(id);
	ck_assert_int_eq(store_crawls_count(service.store, false), 1);
	api_finish();
}
END_TEST

#define N(a) (int)(sizeof a / sizeof a[0])

static void
add(void *tc)
{
	tcase_add_test(tc, items);
	tcase_add_test(tc, catalogue_is_the_first_page);
	tcase_add_loop_test(tc, paging, 0, N(pages));
	tcase_add_test(tc, searches);
	tcase_add_loop_test(tc, each_member_of_a_question_counts, 0, N(questions));
	tcase_add_test(tc, health);
	tcase_add_test(tc, table_made_anew);
	tcase_add_test(tc, killed_before_the_row);
	tcase_add_test(tc, store_replaced);
}

int
main(void)
{
	return suite_run("knowledge", add);
}
