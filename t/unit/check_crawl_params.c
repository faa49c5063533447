#include "config.h"

#include "shared/crawl_params.h"

#include <check.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
parse(struct crawl_params *p, const char *json, size_t len, const char **field, struct err *e)
{
	char *own = malloc(len > 0 ? len : 1);	/* its own, without NUL: ASan sees a step too far */
	int rc;

	(void)memcpy(own, json, len);
	rc = crawl_params_parse(p, own, len, field, e);
	free(own);
	return rc;
}

/* -- what is refused ---------------------------------------------------------------------- */

#define U "\"url\":\"http://a/\""
#if JSON_C_VERSION_NUM < 17 << 8
#define BEYOND -EINVAL, "max_depth"
#else				/* json-c itself refuses numbers of more than 64 bits */
#define BEYOND -EBADMSG, NULL
#endif

static const struct {
	const char *json;
	int	    rc;
	const char *field;		/* NULL: none */
} rows[] = {
	{ "", -EBADMSG, NULL }, { " ", -EBADMSG, NULL }, { "{", -EBADMSG, NULL }, { "[]", -EBADMSG, NULL },
	{ "\"x\"", -EBADMSG, NULL }, { "1", -EBADMSG, NULL }, { "null", -EBADMSG, NULL }, { "{" U "}x", -EBADMSG, NULL },
	{ "{" U "}{}", -EBADMSG, NULL }, { "{" U ",}", -EBADMSG, NULL }, { "{'url':'http://a/'}", -EBADMSG, NULL },
	{ "{\"url\":\"http://a/\xff\"}", -EBADMSG, NULL }, { "<url>", -EBADMSG, NULL }, { "// {" U "}", -EBADMSG, NULL },
	{ "{" U "}", 0, NULL }, { " {" U "} \r\n\t ", 0, NULL }, { "\n{" U "}\n", 0, NULL },

	{ "{}", -EINVAL, "url" }, { "{\"url\":null}", -EINVAL, "url" }, { "{\"url\":\"\"}", -EINVAL, "url" },
	{ "{\"url\":1}", -EINVAL, "url" }, { "{\"url\":[\"http://a/\"]}", -EINVAL, "url" }, { "{\"URL\":\"http://a/\"}", -EINVAL, "url" },
	{ "{\"url\":\"/a\"}", -EINVAL, "url" }, { "{\"url\":\"ftp://a/\"}", -EINVAL, "url" },
	{ "{\"url\":\"javascript:alert(1)\"}", -EINVAL, "url" }, { "{\"url\":\"http://\"}", -EINVAL, "url" },
	{ "{\"url\":\"http://a/\\u0000b\"}", -EINVAL, "url" },
	{ "{\"url\":\"http://me:secret@a/\"}", -EINVAL, "url" }, { "{\"url\":\"http://me@a\"}", -EINVAL, "url" },
	{ "{\"url\":\"http://a/b@c\"}", 0, NULL },

	{ "{" U ",\"max_depth\":0}", 0, NULL }, { "{" U ",\"max_depth\":50}", 0, NULL }, { "{" U ",\"max_depth\":null}", 0, NULL },
	{ "{" U ",\"max_depth\":51}", -EINVAL, "max_depth" }, { "{" U ",\"max_depth\":-1}", -EINVAL, "max_depth" },
	{ "{" U ",\"max_depth\":1.5}", -EINVAL, "max_depth" }, { "{" U ",\"max_depth\":\"3\"}", -EINVAL, "max_depth" },
	{ "{" U ",\"max_depth\":true}", -EINVAL, "max_depth" }, { "{" U ",\"max_depth\":[]}", -EINVAL, "max_depth" },
	{ "{" U ",\"max_depth\":4294967296}", -EINVAL, "max_depth" },
	{ "{" U ",\"max_depth\":18446744073709551615}", -EINVAL, "max_depth" },
	{ "{" U ",\"max_depth\":18446744073709551616}", BEYOND },
	{ "{" U ",\"max_depth\":-99999999999999999999}", BEYOND },
	{ "{" U ",\"max_concurrent\":0}", -EINVAL, "max_concurrent" }, { "{" U ",\"max_concurrent\":65}", -EINVAL, "max_concurrent" },
	{ "{" U ",\"max_concurrent\":64}", 0, NULL }, { "{" U ",\"max_pages\":0}", -EINVAL, "max_pages" },
	{ "{" U ",\"max_pages\":1000001}", -EINVAL, "max_pages" }, { "{" U ",\"chunk_size\":199}", -EINVAL, "chunk_size" },
	{ "{" U ",\"chunk_size\":50001}", -EINVAL, "chunk_size" }, { "{" U ",\"update_frequency\":3651}", -EINVAL, "update_frequency" },

	{ "{" U ",\"tags\":\"a\"}", -EINVAL, "tags" }, { "{" U ",\"tags\":[1]}", -EINVAL, "tags" }, { "{" U ",\"tags\":[null]}", -EINVAL, "tags" },
	{ "{" U ",\"tags\":[\"\"]}", -EINVAL, "tags" }, { "{" U ",\"tags\":[\"a\\u0000b\"]}", -EINVAL, "tags" },
	{ "{" U ",\"tags\":[]}", 0, NULL }, { "{" U ",\"include\":{}}", -EINVAL, "include" }, { "{" U ",\"exclude\":[[]]}", -EINVAL, "exclude" },
	{ "{" U ",\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\",\"18\",\"19\",\"20\"]}", 0, NULL },
	{ "{" U ",\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\",\"18\",\"19\",\"20\",\"21\"]}", -EINVAL, "tags" },

	{ "{" U ",\"knowledge_type\":\"technical\"}", 0, NULL }, { "{" U ",\"knowledge_type\":\"business\"}", 0, NULL },
	{ "{" U ",\"knowledge_type\":\"Technical\"}", -EINVAL, "knowledge_type" }, { "{" U ",\"knowledge_type\":\"\"}", -EINVAL, "knowledge_type" },
	{ "{" U ",\"knowledge_type\":3}", -EINVAL, "knowledge_type" },
	{ "{" U ",\"extract_code_examples\":false}", 0, NULL }, { "{" U ",\"extract_code_examples\":0}", -EINVAL, "extract_code_examples" },
	{ "{" U ",\"extract_code_examples\":\"true\"}", -EINVAL, "extract_code_examples" },
	{ "{" U ",\"progress_id\":\"123e4567-e89b-42d3-a456-426614174000\"}", 0, NULL },
	{ "{" U ",\"progress_id\":\"123e4567-e89b-42d3-a456-42661417400\"}", -EINVAL, "progress_id" },
	{ "{" U ",\"progress_id\":\"123e4567ae89b-42d3-a456-426614174000\"}", -EINVAL, "progress_id" },
	{ "{" U ",\"progress_id\":\"\"}", -EINVAL, "progress_id" }, { "{" U ",\"progress_id\":7}", -EINVAL, "progress_id" },
	{ "{" U ",\"unknown\":{\"deep\":[1,2,{\"er\":null}]}}", 0, NULL },
	{ "{" U ",\"crawl_options\":1}", -EINVAL, "crawl_options" }, { "{" U ",\"crawl_options\":null}", 0, NULL },
	{ "{" U ",\"crawl_options\":{\"max_depth\":51}}", -EINVAL, "max_depth" }, { "{" U ",\"crawl_options\":{}}", 0, NULL },
	{ "{\"url\":\"ftp://a/\"," U "}", 0, NULL },		/* JSON: the last of a name counts */
};

START_TEST(body)
{
	struct crawl_params p, before;
	const char *field = "?";
	struct err e = { "" };
	int rc;

	memset(&p, 0x5a, sizeof p);
	before = p;
	rc = parse(&p, rows[_i].json, strlen(rows[_i].json), &field, &e);
	ck_assert_msg(rc == rows[_i].rc, "%s: %d, %s", rows[_i].json, rc, e.text);
	ck_assert_msg(rows[_i].field == NULL ? field == NULL : field != NULL && strcmp(field, rows[_i].field) == 0,
	    "%s: field %s", rows[_i].json, field != NULL ? field : "none");
	ck_assert_msg((rc < 0) == (e.text[0] != '\0'), "%s: \"%s\"", rows[_i].json, e.text);
	if (rc < 0)
		ck_assert_mem_eq(&p, &before, sizeof p);
}
END_TEST

START_TEST(every_prefix)
{
	static const char json[] = "{\"url\":\"http://a/\xc3\xa4\",\"tags\":[\"x\",\"\\u00e4\"],\"max_depth\":3,"
	    "\"extract_code_examples\":false,\"crawl_options\":{\"max_pages\":7}}";
	struct crawl_params p;
	const char *field;
	struct err e;

	for (size_t len = 0; len < sizeof json - 1; len++)
		ck_assert_int_eq(parse(&p, json, len, &field, &e), -EBADMSG);
	ck_assert_int_eq(parse(&p, json, sizeof json - 1, &field, &e), 0);
	for (size_t at = 0; at < sizeof json - 1; at++) {	/* a NUL anywhere is no JSON */
		char copy[sizeof json];

		(void)memcpy(copy, json, sizeof json);
		copy[at] = '\0';
		ck_assert_int_lt(parse(&p, copy, sizeof json - 1, &field, &e), 0);
	}
}
END_TEST

static size_t
nested(char *out, size_t bytes, unsigned depth)
{
	size_t n = (size_t)snprintf(out, bytes, "{" U ",\"x\":");

	memset(out + n, '[', depth);
	memset(out + n + depth, ']', depth);
	out[n + 2 * depth] = '}';
	return n + 2 * depth + 1;
}

START_TEST(deep_and_long)
{
	struct crawl_params p;
	const char *field;
	struct err e;
	char *json = malloc(70000);
	size_t n;

	for (unsigned depth = 1; depth < 5000; depth *= 3) {
		n = nested(json, 70000, depth);
		ck_assert_int_eq(parse(&p, json, n, &field, &e), depth < 14 ? 0 : -EBADMSG);
	}
	for (size_t len = ROW_URL_BYTES - 40; len < ROW_URL_BYTES + 40; len++) {
		int rc;

		n = (size_t)snprintf(json, 70000, "{\"url\":\"http://a/%0*d\"}", (int)(len - 9), 0);
		rc = parse(&p, json, n, &field, &e);
		ck_assert_msg(rc == (len < ROW_URL_BYTES ? 0 : -EINVAL), "%zu: %d", len, rc);
	}
	for (size_t len = 1; len < PARAMS_ITEM_BYTES + 3; len++) {
		n = (size_t)snprintf(json, 70000, "{" U ",\"tags\":[\"%0*d\"]}", (int)len, 0);
		ck_assert_int_eq(parse(&p, json, n, &field, &e), len < PARAMS_ITEM_BYTES ? 0 : -EINVAL);
	}
	free(json);
}
END_TEST

/* -- what is read --------------------------------------------------------------------------- */

START_TEST(defaults)
{
	struct crawl_params p;
	const char *field;
	struct err e;

	ck_assert_int_eq(parse(&p, "{" U "}", strlen("{" U "}"), &field, &e), 0);
	ck_assert_str_eq(p.url, "http://a/");
	ck_assert_str_eq(p.progress_id, "");
	ck_assert_str_eq(p.knowledge_type, "technical");
	ck_assert_uint_eq(p.max_depth, 10);
	ck_assert_uint_eq(p.max_concurrent, 10);
	ck_assert_uint_eq(p.max_pages, 5000);
	ck_assert_uint_eq(p.chunk_size, 2000);
	ck_assert_uint_eq(p.update_frequency, 7);
	ck_assert(p.extract_code_examples);
	ck_assert_uint_eq(p.tags.n + p.include.n + p.exclude.n, 0);
}
END_TEST

START_TEST(written_is_read_back)
{
	static const char json[] = "{\"url\":\"HTTPS://Example.com:443/a b\",\"tags\":[\"a\\\"b\",\"a\\\"b\",\"\\u00e4\",\"a\\\"b\"],\"include\":[\"*/x/*\"],"
	    "\"exclude\":[\"\\\\\",\"\\t\"],\"knowledge_type\":\"business\",\"crawl_options\":{\"max_depth\":1,\"max_pages\":2},"
	    "\"max_depth\":3,\"chunk_size\":200,\"update_frequency\":0,\"max_concurrent\":1,\"extract_code_examples\":false}";
	struct crawl_params p, back;
	struct text t = { 0 }, again = { 0 };
	const char *field;
	struct err e;

	ck_assert_int_eq(parse(&p, json, sizeof json - 1, &field, &e), 0);
	ck_assert_str_eq(p.url, "https://example.com/a%20b");
	ck_assert_uint_eq(p.max_depth, 3);		/* the outer one counts */
	ck_assert_uint_eq(p.max_pages, 2);
	ck_assert_uint_eq(p.tags.n, 2);			/* each once */
	ck_assert_str_eq(p.tags.item[0], "a\"b");
	ck_assert_str_eq(p.tags.item[1], "\xc3\xa4");
	crawl_params_json(&p, &t);
	ck_assert(!t.failed);
	ck_assert_int_eq(parse(&back, t.p, t.len, &field, &e), 0);
	ck_assert_mem_eq(&p, &back, sizeof p);
	crawl_params_json(&back, &again);
	ck_assert_uint_eq(t.len, again.len);
	ck_assert_mem_eq(t.p, again.p, t.len);
	text_fini(&t);
	text_fini(&again);
}
END_TEST

START_TEST(source_ids)		/* depth and speed make no other source, scope does */
{
	struct crawl_params p;
	char first[ID_SOURCE_BYTES], other[ID_SOURCE_BYTES];

	crawl_params_defaults(&p);
	FIELD_SET(p.url, "http://a/");
	crawl_params_source(&p, first);
	ck_assert_uint_eq(strlen(first), 16);
	p.max_depth = 1;
	p.max_pages = 3;
	p.tags.n = 1;
	FIELD_SET(p.tags.item[0], "x");
	crawl_params_source(&p, other);
	ck_assert_str_eq(first, other);
	p.include = p.tags;
	crawl_params_source(&p, other);
	ck_assert_str_ne(first, other);
	(void)memcpy(first, other, sizeof first);
	p.exclude = p.include;
	p.include.n = 0;
	crawl_params_source(&p, other);
	ck_assert_str_ne(first, other);
	FIELD_SET(p.url, "http://b/");
	p.exclude.n = 0;
	crawl_params_source(&p, other);
	ck_assert_str_ne(first, other);
}
END_TEST

#ifdef HAVE_IDN2
START_TEST(other_scripts)		/* names in the one form that URLs have them in */
{
	static const char json[] = "{\"url\":\"http://B\xc3\xbc" "cher.example/a\",\"hosts\":[\"m\xc3\xbcnchen.example:81\",\"Docs.Example\"]}";
	struct crawl_params p;
	const char *field;
	struct err e;

	ck_assert_int_eq(parse(&p, json, sizeof json - 1, &field, &e), 0);
	ck_assert_str_eq(p.url, "http://xn--bcher-kva.example/a");
	ck_assert_str_eq(p.hosts.item[0], "xn--mnchen-3ya.example:81");
	ck_assert_str_eq(p.hosts.item[1], "docs.example");
}
END_TEST
#endif

int
main(void)
{
	Suite *s = suite_create("crawl_params");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, body, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, every_prefix);
	tcase_add_test(tc, deep_and_long);
	tcase_add_test(tc, defaults);
	tcase_add_test(tc, written_is_read_back);
	tcase_add_test(tc, source_ids);
#ifdef HAVE_IDN2
	tcase_add_test(tc, other_scripts);
#endif
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
