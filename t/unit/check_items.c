#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/catalogue.h"
#include "shared/ids.h"

#include "api_call.h"
#include "cancel_asked.h"

static char id[ID_SOURCE_BYTES];

/* Three pages of two chunks and an example each. */
static void
source_put(const char *url)
{
	struct crawl_params params;
	char hash[65], at[64];
	struct chunk chunks[] = {
		{ .headings = SLICE_LIT("Part > One"), .body = SLICE_LIT("The quick brown fox") }, { .headings = SLICE_LIT("Part > Two"), .body = SLICE_LIT("jumps") },
	};
	struct code_example x = { .language = SLICE_LIT("c"), .code = SLICE_LIT("return 0;"), .heading = SLICE_LIT("One") };
	struct page page = { .url = at, .title = "A page", .content_hash = hash, .language = "en-GB", .fetched_ms = 1, .n_words = 5,
	    .n_bytes = 10, .chunks = chunks, .n_chunks = 2, .examples = &x, .n_examples = 1 };

	crawl_params_defaults(&params);
	FIELD_SET(params.url, url);
	crawl_params_source(&params, id);
	ck_assert_int_eq(store_source_begin(service.store, id, &params, 1700000000000), 0);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(at, sizeof at, "%s%d", url, i);
		id_sha256(hash, at, strlen(at));
		ck_assert_int_ge(store_page_put(service.store, id, &page), 0);
	}
	ck_assert_int_eq(store_source_end(service.store, id, "active", 1700000001000), 0);
}

static int
ask(const char *method, const char *below, const char *query, const char *send)
{
	char path[256];

	(void)snprintf(path, sizeof path, "/api/knowledge-items/%s%s", id, below);
	return call(method, path, query, send);
}

static struct json_object *
member(struct json_object *o, const char *name)
{
	struct json_object *v = NULL;

	ck_assert_msg(json_object_object_get_ex(o, name, &v), "no %s in %s", name, json_object_to_json_string(o));
	return v;
}

static struct json_object *
nth(const char *list, size_t i)
{
	return json_object_array_get_idx(member(body, list), i);
}

START_TEST(shown)
{
	api_go();
	source_put("https://one.example/");
	ck_assert_int_eq(ask("GET", "", "", NULL), 200);
	ck_assert_str_eq(str("id"), id);
	ck_assert_str_eq(str("url"), "https://one.example/");
	/* Not the words, as it was once. */
	ck_assert_int_eq(json_object_get_int(member(member(body, "metadata"), "chunks_count")), 6);
	ck_assert_int_eq(json_object_get_int(member(member(body, "metadata"), "word_count")), 15);
	/* Of each page: the address, heading paths and texts, the example with its language and heading. */
	ck_assert_int_eq(json_object_get_int(member(member(body, "metadata"), "size_bytes")), 3 * (21 + 10 + 19 + 10 + 5 + 1 + 9 + 3));
	api_finish();
}
END_TEST

START_TEST(details)
{
	struct json_object *chunk;

	api_go();
	source_put("https://one.example/");
	ck_assert_int_eq(ask("GET", "/details", "page=2&per_page=5", NULL), 200);
	ck_assert_str_eq(str("source_id"), id);
	ck_assert_str_eq(str("title"), "https://one.example/");
	(void)member(body, "metadata");
	ck_assert_int_eq(num("total"), 6);
	ck_assert_int_eq(num("pages"), 2);
	ck_assert_uint_eq(json_object_array_length(member(body, "chunks")), 1);
	chunk = nth("chunks", 0);
	ck_assert_int_eq(json_object_get_int(member(chunk, "chunk_number")), 1);
	ck_assert_str_eq(json_object_get_string(member(chunk, "content")), "jumps");
	ck_assert_str_eq(json_object_get_string(member(chunk, "url")), "https://one.example/2");
	ck_assert(json_object_is_type(member(chunk, "id"), json_type_int));
	api_finish();
}
END_TEST

static const struct { const char *below, *query; int total; } languages[] = {
	{ "/pages", "language=de", 0 }, { "/pages", "language=en", 3 }, { "/pages", "language=EN-gb", 3 },
	{ "/pages", "language=e", 0 }, { "/pages", "language=en-US", 0 }, { "/pages", "language=%25", 0 },
	{ "/chunks", "language=en", 6 }, { "/details", "language=fr", 0 },
	{ "/code-examples", "language=C", 3 }, { "/code-examples", "language=d", 0 },
};

START_TEST(contents)
{
	api_go();
	source_put("https://one.example/");
	ck_assert_int_eq(ask("GET", "/pages", "", NULL), 200);
	ck_assert_int_eq(num("total"), 3);
	ck_assert_str_eq(json_object_get_string(member(nth("items", 1), "url")), "https://one.example/1");
	ck_assert_int_eq(json_object_get_int(member(nth("items", 1), "chunks_count")), 2);
	for (unsigned i = 0; i < sizeof languages / sizeof languages[0]; i++) {
		ck_assert_int_eq(ask("GET", languages[i].below, languages[i].query, NULL), 200);
		ck_assert_msg(num("total") == languages[i].total, "%s?%s", languages[i].below, languages[i].query);
	}
	ck_assert_int_eq(ask("GET", "/chunks", "url=https://one.example/1", NULL), 200);
	ck_assert_int_eq(num("total"), 2);
	ck_assert_str_eq(json_object_get_string(member(nth("chunks", 0), "headers")), "Part > One");
	ck_assert_int_eq(ask("GET", "/code-examples", "language=c&per_page=2", NULL), 200);
	ck_assert_int_eq(num("total"), 3);
	ck_assert_uint_eq(json_object_array_length(member(body, "code_examples")), 2);
	ck_assert_str_eq(json_object_get_string(member(nth("code_examples", 0), "code")), "return 0;");
	api_finish();
}
END_TEST

static const struct { const char *method, *below, *send; } unknown[] = {
	{ "GET", "", NULL }, { "PUT", "", "{}" }, { "DELETE", "", NULL }, { "GET", "/details", NULL },
	{ "GET", "/pages", NULL }, { "GET", "/chunks", NULL }, { "GET", "/code-examples", NULL }, { "POST", "/refresh", NULL },
};

START_TEST(unknown_id)
{
	static const char *const ids[] = { "0123456789abcdef", "x", "%00", "' OR 1=1" };

	api_go();
	source_put("https://one.example/");
	for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		(void)snprintf(id, sizeof id, "%s", ids[i]);
		ck_assert_msg(ask(unknown[_i].method, unknown[_i].below, "", unknown[_i].send) == 404, "%s", ids[i]);
		ck_assert_str_eq(str("code"), "no_such_source");
	}
	api_finish();
}
END_TEST

static const struct { const char *below, *query, *field; } wrong[] = {
	{ "/details", "page=0", "page" }, { "/details", "per_page=0", "per_page" }, { "/pages", "per_page=201", "per_page" },
	{ "/chunks", "url=%ff", "url" }, { "/chunks", "page=x", "page" }, { "/code-examples", "language=%00", "language" },
};

START_TEST(wrong_query)
{
	api_go();
	source_put("https://one.example/");
	ck_assert_msg(ask("GET", wrong[_i].below, wrong[_i].query, NULL) == 422, "%s", wrong[_i].query);
	ck_assert_str_eq(str("field"), wrong[_i].field);
	api_finish();
}
END_TEST

START_TEST(edited)
{
	struct text page = { 0 };
	struct json_object *meta;
	uint64_t version;

	api_go();
	source_put("https://one.example/");
	ck_assert_int_eq(ask("PUT", "", "", "{\"title\":\"M\xc3\xafne\",\"tags\":[\"a\",\"b\"],\"knowledge_type\":\"business\","
	    "\"update_frequency\":0,\"description\":\"\",\"colour\":1,\"url\":\"http://other/\"}"), 200);
	ck_assert_str_eq(str("success"), "true");
	ck_assert_int_eq(ask("GET", "", "", NULL), 200);
	ck_assert_str_eq(str("title"), "M\xc3\xafne");
	ck_assert_str_eq(str("url"), "https://one.example/");
	meta = member(body, "metadata");
	ck_assert_str_eq(json_object_get_string(member(meta, "knowledge_type")), "business");
	ck_assert_uint_eq(json_object_array_length(member(meta, "tags")), 2);
	ck_assert_int_eq(json_object_get_int(member(meta, "update_frequency")), 0);
	ck_assert_ptr_null(member(meta, "next_refresh"));
	ck_assert_int_eq(catalogue_page(service.table, &page, &version), 0);	/* the stream shows it, too */
	ck_assert_ptr_nonnull(strstr(text_str(&page), "M\xc3\xafne"));
	text_fini(&page);
	ck_assert_int_eq(ask("PUT", "", "", "{\"title\":null}"), 200);
	ck_assert_str_eq(str("title"), "M\xc3\xafne");
	api_finish();
}
END_TEST

static const struct { const char *send; int status; const char *field; } refused[] = {
	{ "{\"title\":\"\"}", 422, "title" }, { "{\"title\":\" \\t\"}", 422, "title" }, { "{\"title\":7}", 422, "title" },
	{ "{\"title\":\"a\\u0000b\"}", 422, "title" }, { "{\"description\":[]}", 422, "description" },
	{ "{\"tags\":\"a\"}", 422, "tags" }, { "{\"tags\":[\"\"]}", 422, "tags" }, { "{\"tags\":[1]}", 422, "tags" },
	{ "{\"knowledge_type\":\"x\"}", 422, "knowledge_type" }, { "{\"update_frequency\":-1}", 422, "update_frequency" },
	{ "{\"update_frequency\":3651}", 422, "update_frequency" }, { "{\"update_frequency\":\"7\"}", 422, "update_frequency" },
	{ "[]", 400, "" }, { "", 400, "" }, { "{\"title\":", 400, "" },
};

START_TEST(edit_refused)	/* and then nothing of it is kept */
{
	api_go();
	source_put("https://one.example/");
	ck_assert_msg(ask("PUT", "", "", refused[_i].send) == refused[_i].status, "%s", refused[_i].send);
	ck_assert_str_eq(str("field"), refused[_i].field);
	ck_assert_int_eq(ask("GET", "", "", NULL), 200);
	ck_assert_str_eq(str("updated_at"), "2023-11-14T22:13:21.000Z");
	ck_assert_int_eq(ask("PUT", "", "", "{\"title\":\"sound\"}"), 200);	/* no transaction was left open */
	api_finish();
}
END_TEST

START_TEST(deleted)
{
	struct text event = { 0 }, page = { 0 };
	uint64_t version;
	char crawl_id[ID_UUID_BYTES], path[128];

	api_go();
	crawl(crawl_id);		/* waits for a crawler */
	source_put("https://docs.example.com/");
	ck_assert_int_eq(ask("DELETE", "", "", NULL), 200);
	ck_assert_str_eq(str("source_id"), id);
	ck_assert_int_eq(catalogue_page(service.table, &page, &version), 0);
	ck_assert_int_eq(catalogue_event(service.table, version, &event), 0);
	ck_assert_ptr_nonnull(strstr(text_str(&event), "knowledge_item_deleted"));
	ck_assert_ptr_nonnull(strstr(text_str(&event), id));
	ck_assert_ptr_nonnull(strstr(text_str(&page), "\"total\":0"));
	text_fini(&event);
	text_fini(&page);
	ck_assert_int_eq(cancel_asked(service.store, crawl_id), 1);
	ck_assert_int_eq(ask("GET", "", "", NULL), 404);
	ck_assert_int_eq(ask("GET", "/chunks", "", NULL), 404);
	ck_assert_int_eq(ask("DELETE", "", "", NULL), 404);
	ck_assert_int_eq(call("GET", "/api/rag/sources", "", NULL), 200);
	ck_assert_int_eq(num("count"), 0);
	ck_assert_int_eq(call("POST", "/api/rag/query", "", "{\"query\":\"fox\"}"), 200);
	ck_assert_int_eq(num("count"), 0);
	(void)snprintf(path, sizeof path, "/api/crawl-progress/%s", crawl_id);
	ck_assert_int_eq(call("GET", path, "", NULL), 200);
	api_finish();
}
END_TEST

START_TEST(listed)
{
	api_go();
	source_put("https://one.example/");
	source_put("https://two.example/");
	ck_assert_int_eq(call("GET", "/api/knowledge-items", "sort=-url", NULL), 200);
	ck_assert_str_eq(json_object_get_string(member(nth("items", 0), "url")), "https://two.example/");
	ck_assert_int_eq(call("GET", "/api/knowledge-items", "sort=url&per_page=1&page=2", NULL), 200);
	ck_assert_str_eq(json_object_get_string(member(nth("items", 0), "url")), "https://two.example/");
	ck_assert_int_eq(call("GET", "/api/knowledge-items", "source_type=file", NULL), 200);
	ck_assert_int_eq(num("total"), 0);
	ck_assert_int_eq(call("GET", "/api/knowledge-items", "source_type=url", NULL), 200);
	ck_assert_int_eq(num("total"), 2);
	ck_assert_int_eq(call("GET", "/api/knowledge-items", "sort=colour", NULL), 422);
	ck_assert_str_eq(str("field"), "sort");
	api_finish();
}
END_TEST

#define N(a) (int)(sizeof a / sizeof a[0])

static void
add(void *tc)
{
	tcase_add_test(tc, shown);
	tcase_add_test(tc, details);
	tcase_add_test(tc, contents);
	tcase_add_loop_test(tc, unknown_id, 0, N(unknown));
	tcase_add_loop_test(tc, wrong_query, 0, N(wrong));
	tcase_add_test(tc, edited);
	tcase_add_loop_test(tc, edit_refused, 0, N(refused));
	tcase_add_test(tc, deleted);
	tcase_add_test(tc, listed);
}

int
main(void)
{
	return suite_run("items", add);
}
