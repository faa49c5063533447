/* The small ones: text and UTF-8, JSON writing, clock, ids, and the texts on the wire made of them. */
#include "config.h"

#include "shared/message.h"

#include <check.h>
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/ids.h"
#include "shared/json_text.h"
#include "shared/slice.h"

/* -- text and UTF-8 --------------------------------------------------------------------- */

START_TEST(text_grows)
{
	struct text t = { 0 };
	size_t len;
	char *all;

	ck_assert_str_eq(text_str(&t), "");
	for (unsigned i = 0; i < 10000; i++) {
		text_putc(&t, 'a');
		text_puts(&t, "bc");
		text_put(&t, "", 0);
		text_printf(&t, "%03u", i % 1000);
	}
	ck_assert_uint_eq(t.len, 60000);
	ck_assert_int_eq(strncmp(text_str(&t) + 60000 - 6, "abc999", 7), 0);
	text_clear(&t);
	ck_assert_str_eq(text_str(&t), "");
	text_put(&t, "x\0y", 3);
	all = text_take(&t, &len);
	ck_assert_uint_eq(len, 3);
	ck_assert_mem_eq(all, "x\0y", 4);
	ck_assert_ptr_null(t.p);
	free(all);
	text_fini(&t);
	text_fini(&t);
}
END_TEST

START_TEST(text_too_large)
{
	struct text t = { 0 };

	text_puts(&t, "x");
	text_put(&t, "y", SIZE_MAX - 3);	/* refused before anything is read */
	ck_assert(t.failed);
	text_puts(&t, "z");
	ck_assert_uint_eq(t.len, 1);
	ck_assert_ptr_null(text_str(&t));
	ck_assert_ptr_null(text_take(&t, NULL));
	ck_assert(!t.failed);
}
END_TEST

static const struct {
	const char *bytes;
	size_t	    len, ok;
} utf8[] = {
#define V(s, ok) { s, sizeof(s) - 1, ok }
	V("", 0), V("a", 1), V("abcdefgh", 8), V("abcdefghi\xc3\xa4z", 12), V("\xc3", 0), V("a\xc3", 1), V("\x80", 0), V("\xbf", 0),
	V("\xc0\x80", 0), V("\xc1\xbf", 0), V("\xc2\x80", 2), V("\xdf\xbf", 2), V("\xe0\x9f\xbf", 0), V("\xe0\xa0\x80", 3),
	V("\xed\x9f\xbf", 3), V("\xed\xa0\x80", 0), V("\xed\xbf\xbf", 0), V("\xee\x80\x80", 3), V("\xef\xbf\xbf", 3),
	V("\xe2\x82", 0), V("\xe2\x82\x28", 0), V("\xf0\x8f\xbf\xbf", 0), V("\xf0\x90\x80\x80", 4), V("\xf4\x8f\xbf\xbf", 4),
	V("\xf4\x90\x80\x80", 0), V("\xf5\x80\x80\x80", 0), V("\xff", 0), V("\xf0\x9f\x98", 0), V("12345678\xff", 8),
	V("1234567\xff" "8", 7), V("a\0b", 3), V("12345678\xe2\x82\xac", 11),
#undef V
};

START_TEST(utf8_valid)
{
	for (size_t shift = 0; shift < 9; shift++) {	/* wherever it stands against a word's stride */
		char *own = malloc(shift + utf8[_i].len + 1);
		char *exact;

		memset(own, 'x', shift);
		(void)memcpy(own + shift, utf8[_i].bytes, utf8[_i].len);
		exact = realloc(own, shift + utf8[_i].len > 0 ? shift + utf8[_i].len : 1);
		ck_assert_uint_eq(utf8_valid_len(exact, shift + utf8[_i].len), shift + utf8[_i].ok);
		free(exact);
	}
}
END_TEST

START_TEST(utf8_cuts)		/* a cut prefix of valid text is valid, and the longest such */
{
	static const char s[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
	size_t len = sizeof s - 1;

	for (size_t max = 0; max <= len + 1; max++) {
		size_t n = utf8_cut(s, len, max);

		ck_assert_uint_le(n, max < len ? max : len);
		ck_assert_uint_eq(utf8_valid_len(s, n), n);
		for (size_t m = n + 1; m <= max && m <= len; m++)
			ck_assert_uint_ne(utf8_valid_len(s, m), m);
	}
}
END_TEST

START_TEST(slices)
{
	ck_assert(slice_is(slice_of(NULL), ""));
	ck_assert(!slice_is(slice_of(NULL), "a"));
	ck_assert(slice_is(SLICE_LIT("ab"), "ab"));
	ck_assert(!slice_is(SLICE_LIT("ab"), "abc"));
	ck_assert(!slice_is(SLICE_LIT("ab\0"), "ab"));
}
END_TEST

/* -- JSON ------------------------------------------------------------------------------------ */

START_TEST(json_shape)
{
	struct text t = { 0 };

	json_open(&t, '{');
	json_kstr(&t, "a", "1");
	json_kstr(&t, "b", NULL);
	json_key(&t, "c");
	json_open(&t, '[');
	json_string(&t, "{", 1);
	json_string(&t, "[:", 2);
	json_open(&t, '{');
	json_close(&t, '}');
	json_open(&t, '[');
	json_close(&t, ']');
	json_raw(&t, "7", 1);
	json_close(&t, ']');
	json_kint(&t, "d", INT64_MIN);
	json_kbool(&t, "e", true);
	json_kdouble(&t, "f", 1.25, 1);
	json_kdouble(&t, "g", NAN, 2);
	json_kdouble(&t, "h", -INFINITY, 0);
	json_ktime(&t, "i", 0);
	json_ktime(&t, "j", 1);
	json_close(&t, '}');
	ck_assert_str_eq(text_str(&t), "{\"a\":\"1\",\"b\":null,\"c\":[\"{\",\"[:\",{},[],7],\"d\":-9223372036854775808,"
	    "\"e\":true,\"f\":1.2,\"g\":0.00,\"h\":0,\"i\":null,\"j\":\"1970-01-01T00:00:00.001Z\"}");
	text_fini(&t);
}
END_TEST

static const struct {
	struct slice in;
	const char  *want;
} strings[] = {
	{ SLICE_LIT(""), "\"\"" },
	{ SLICE_LIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"" },
	{ SLICE_LIT("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"" },
	{ SLICE_LIT("\0\1\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\"" },
	{ SLICE_LIT("\xc3\xa4\xf0\x9f\x98\x80"), "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
	{ SLICE_LIT("a\xff" "b\xc3"), "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\"" },
	{ SLICE_LIT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ SLICE_LIT("</script>"), "\"</script>\"" },
};

START_TEST(json_strings)
{
	struct text t = { 0 };

	json_string(&t, strings[_i].in.p, strings[_i].in.len);
	ck_assert_str_eq(text_str(&t), strings[_i].want);
	text_fini(&t);
}
END_TEST

START_TEST(json_of_any_bytes)		/* what comes out is JSON, and every valid string comes back */
{
	unsigned short seed[3] = { 9, 8, 7 };

	for (unsigned round = 0; round < 3000; round++) {
		struct text t = { 0 };
		char in[64];
		size_t len = (size_t)nrand48(seed) % sizeof in;
		struct json_object *o;

		for (size_t i = 0; i < len; i++)
			in[i] = (char)(nrand48(seed) % (round % 2 == 0 ? 256 : 128));
		json_string(&t, in, len);
		ck_assert_ptr_nonnull(o = json_tokener_parse(text_str(&t)));
		ck_assert(json_object_is_type(o, json_type_string));
		if (utf8_valid_len(in, len) == len) {
			ck_assert_int_eq(json_object_get_string_len(o), (int)len);
			ck_assert_int_eq(memcmp(json_object_get_string(o), in, len), 0);
		}
		json_object_put(o);
		text_fini(&t);
	}
}
END_TEST

/* -- clock and ids ----------------------------------------------------------------------------- */

static const struct {
	int64_t	    wall_ms;
	const char *want;
} times[] = {
	{ 0, "1970-01-01T00:00:00.000Z" }, { 1748806563450, "2025-06-01T19:36:03.450Z" },
	{ 951782400000, "2000-02-29T00:00:00.000Z" }, { 4102444799999, "2099-12-31T23:59:59.999Z" },
	{ 253402300799999, "9999-12-31T23:59:59.999Z" }, { 253402300800000, "1970-01-01T00:00:00.000Z" },
	{ -1, "1970-01-01T00:00:00.000Z" }, { INT64_MIN, "1970-01-01T00:00:00.000Z" }, { INT64_MAX, "1970-01-01T00:00:00.000Z" },
};

START_TEST(iso_times)
{
	char out[CLOCK_ISO_BYTES];

	clock_iso(out, times[_i].wall_ms);
	ck_assert_str_eq(out, times[_i].want);
}
END_TEST

START_TEST(uuids)
{
	char a[ID_UUID_BYTES], b[ID_UUID_BYTES];

	for (unsigned i = 0; i < 1000; i++) {
		id_uuid(a);
		id_uuid(b);
		ck_assert_str_ne(a, b);
		ck_assert(id_is_uuid(a, strlen(a)));
		ck_assert_int_eq(a[14], '4');
		ck_assert_ptr_nonnull(strchr("89ab", a[19]));
	}
	ck_assert(id_is_uuid("123E4567-e89B-42d3-a456-426614174000", 36));
	ck_assert(!id_is_uuid("123E4567-e89B-42d3-a456-42661417400g", 36));
	ck_assert(!id_is_uuid("123e4567-e89b-42d3-a456-4266141740000", 37));
	ck_assert(!id_is_uuid("123e4567-e89b-42d3a-456-426614174000", 36));
	ck_assert(!id_is_uuid("", 0));
}
END_TEST

START_TEST(topics)
{
	char id[ID_TOPIC_MAX + 2];

	memset(id, 'x', sizeof id);
	ck_assert(id_is_topic(id, ID_TOPIC_MAX));
	ck_assert(!id_is_topic(id, ID_TOPIC_MAX + 1));
	ck_assert(!id_is_topic(id, 0));
	for (unsigned c = 0; c < 256; c++) {
		id[1] = (char)c;
		ck_assert_msg(id_is_topic(id, 3) == (c > ' ' && c < 0x7f && c != '/'), "byte %u", c);
	}
}
END_TEST

START_TEST(hashes)
{
	char sha[65], source[ID_SOURCE_BYTES];

	id_sha256(sha, "abc", 3);
	ck_assert_str_eq(sha, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");	/* FIPS 180-2 */
	id_sha256(sha, "", 0);
	ck_assert_str_eq(sha, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	id_source(source, "abc", 3);
	ck_assert_str_eq(source, "ba7816bf8f01cfea");
	ck_assert(id_hash("", 0) == UINT64_C(0xcbf29ce484222325));
	ck_assert(id_hash("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));	/* FNV-1a test vector */
}
END_TEST

/* -- messages ----------------------------------------------------------------------------------- */

static struct crawl_progress
example(void)
{
	struct crawl_progress p = { .phase = CRAWL_CRAWLING, .percentage = 42, .seq = 7, .total_pages = 100,
		.processed_pages = 42, .failed_pages = 1, .skipped_pages = 2, .chunks_stored = 300, .word_count = 5000,
		.code_examples = 9, .bytes_fetched = 12345, .pages_per_ks = 12345, .eta_ms = 4001,
		.started_wall_ms = 1748806560330, .updated_wall_ms = 1748806563450 };

	FIELD_SET(p.id, "id-1");
	FIELD_SET(p.source_id, "0123456789abcdef");
	FIELD_SET(p.url, "http://a/");
	crawl_progress_log(&p, "one");
	crawl_progress_log(&p, "two");
	return p;
}

static struct json_object *
parsed(struct text *t)
{
	struct json_object *o = json_tokener_parse(text_str(t));

	ck_assert_msg(o != NULL && json_object_is_type(o, json_type_object), "%s", text_str(t));
	text_clear(t);
	return o;
}

#define assert_member(o, name, want)	ck_assert_str_eq(json_object_to_json_string_ext(json_object_object_get(o, name), JSON_C_TO_STRING_NOSLASHESCAPE), want)

START_TEST(snapshot_members)
{
	struct crawl_progress p = example();
	struct text t = { 0 }, same = { 0 };
	struct json_object *o;

	message_snapshot(&t, &p);
	message_snapshot(&same, &p);		/* equal rows give equal bytes */
	ck_assert_str_eq(text_str(&t), text_str(&same));
	o = parsed(&t);
	assert_member(o, "progressId", "\"id-1\"");
	assert_member(o, "status", "\"crawling\"");
	assert_member(o, "percentage", "42");
	assert_member(o, "progress", "42");
	assert_member(o, "currentUrl", "\"http://a/\"");
	assert_member(o, "totalPages", "100");
	assert_member(o, "processedPages", "42");
	assert_member(o, "pagesPerSecond", "12.3");
	assert_member(o, "eta", "\"5 s\"");
	assert_member(o, "etaSeconds", "5");
	assert_member(o, "log", "\"two\"");
	ck_assert_uint_eq(json_object_array_length(json_object_object_get(o, "logs")), 2);
	assert_member(o, "startTime", "\"2025-06-01T19:36:00.330Z\"");
	assert_member(o, "updatedAt", "\"2025-06-01T19:36:03.450Z\"");
	assert_member(o, "duration", "\"0:00:03.120\"");
	assert_member(o, "seq", "7");
	ck_assert(!json_object_object_get_ex(o, "completedAt", NULL));
	ck_assert(!json_object_object_get_ex(o, "error", NULL));
	json_object_put(o);

	p.phase = CRAWL_ERROR;
	p.ended_wall_ms = p.started_wall_ms + 3 * 3600000 + 4 * 60000 + 5006;
	p.eta_ms = -1;
	FIELD_SET(p.error, "It broke: \"x\"");
	FIELD_SET(p.error_code, "dns");
	message_snapshot(&t, &p);
	o = parsed(&t);
	assert_member(o, "duration", "\"3:04:05.006\"");
	assert_member(o, "eta", "null");
	assert_member(o, "etaSeconds", "null");
	assert_member(o, "error", "\"It broke: \\\"x\\\"\"");
	assert_member(o, "errorCode", "\"dns\"");
	ck_assert(json_object_object_get_ex(o, "completedAt", NULL));
	json_object_put(o);
	text_fini(&t);
	text_fini(&same);
}
END_TEST

START_TEST(message_types)
{
	struct crawl_progress p = example();
	struct text t = { 0 };
	struct json_object *o;

	for (unsigned phase = 0; phase < CRAWL_N_PHASES; phase++) {
		p.phase = phase;
		message_progress(&t, &p);
		o = parsed(&t);
		assert_member(o, "type", phase == CRAWL_COMPLETED ? "\"crawl_completed\"" : "\"crawl_progress\"");
		ck_assert(json_object_object_get_ex(o, "data", NULL));
		json_object_put(o);
	}
	message_waiting(&t, "a\"b", 3);
	ck_assert_str_eq(text_str(&t), "{\"type\":\"connection_established\",\"data\":{\"progressId\":\"a\\\"b\",\"status\":\"waiting\"}}");
	text_clear(&t);
	message_error(&t, "bad", NULL, "No \"x\".");
	ck_assert_str_eq(text_str(&t), "{\"error\":\"No \\\"x\\\".\",\"detail\":{\"error\":\"No \\\"x\\\".\"},\"code\":\"bad\"}");
	text_clear(&t);
	message_error(&t, "bad", "url", "No.");
	ck_assert_str_eq(text_str(&t), "{\"error\":\"No.\",\"detail\":{\"error\":\"No.\"},\"code\":\"bad\",\"field\":\"url\"}");
	text_fini(&t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("message");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, text_grows);
	tcase_add_test(tc, text_too_large);
	tcase_add_loop_test(tc, utf8_valid, 0, sizeof utf8 / sizeof utf8[0]);
	tcase_add_test(tc, utf8_cuts);
	tcase_add_test(tc, slices);
	tcase_add_test(tc, json_shape);
	tcase_add_loop_test(tc, json_strings, 0, sizeof strings / sizeof strings[0]);
	tcase_add_test(tc, json_of_any_bytes);
	tcase_add_loop_test(tc, iso_times, 0, sizeof times / sizeof times[0]);
	tcase_add_test(tc, uuids);
	tcase_add_test(tc, topics);
	tcase_add_test(tc, hashes);
	tcase_add_test(tc, snapshot_members);
	tcase_add_test(tc, message_types);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
