/* JSON-RPC messages: what each kind of text is taken for, and how ids come back. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mcp/rpc.h"

#define BEYOND (JSON_C_VERSION_NUM < 17 << 8 ? 0 : -EBADMSG)	/* 64 bits: json-c itself refuses such numbers now */

static const struct {
	const char *text;
	int	    rc;
	enum rpc_kind kind;
	const char *id;			/* as it is given back */
} rows[] = {
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", 0, RPC_REQUEST, "1" },
	{ " {\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"ping\",\"params\":{}}\r\n ", 0, RPC_REQUEST, "\"a\"" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\"}", 0, RPC_REQUEST, "0" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":-7,\"method\":\"ping\"}", 0, RPC_REQUEST, "-7" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":9223372036854775807,\"method\":\"ping\"}", 0, RPC_REQUEST, "9223372036854775807" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":\"\",\"method\":\"ping\"}", 0, RPC_REQUEST, "\"\"" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":\"\\u0000\\\"\\n\xc3\xa9\",\"method\":\"ping\"}", 0, RPC_REQUEST, "\"\\u0000\\\"\\n\xc3\xa9\"" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999999,\"method\":\"ping\"}", BEYOND, RPC_INVALID, "null" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":-99999999999999999999999,\"method\":\"ping\"}", BEYOND, RPC_INVALID, "null" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":18446744073709551615,\"method\":\"ping\"}", 0, RPC_INVALID, "null" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":-9223372036854775808,\"method\":\"ping\"}", 0, RPC_INVALID, "null" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", 0, RPC_INVALID, "null" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", 0, RPC_INVALID, "null" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", 0, RPC_INVALID, "null" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"ping\"}", 0, RPC_INVALID, "null" },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", 0, RPC_NOTIFICATION, "null" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}", 0, RPC_RESPONSE, "3" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":1}}", 0, RPC_RESPONSE, "3" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{},\"error\":{}}", 0, RPC_INVALID, "3" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":3}", 0, RPC_INVALID, "3" },
	{ "{\"jsonrpc\":\"2.0\",\"result\":{}}", 0, RPC_INVALID, "null" },
	{ "{\"jsonrpc\":\"2.0\"}", 0, RPC_INVALID, "null" },
	{ "{\"jsonrpc\":\"1.0\",\"id\":4,\"method\":\"ping\"}", 0, RPC_INVALID, "4" },
	{ "{\"jsonrpc\":2.0,\"id\":4,\"method\":\"ping\"}", 0, RPC_INVALID, "4" },
	{ "{\"id\":4,\"method\":\"ping\"}", 0, RPC_INVALID, "4" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":5}", 0, RPC_INVALID, "4" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":null}", 0, RPC_INVALID, "4" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"pi\\u0000ng\"}", 0, RPC_INVALID, "4" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\",\"params\":[]}", 0, RPC_INVALID, "4" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\",\"params\":null}", 0, RPC_INVALID, "4" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\",\"params\":\"x\"}", 0, RPC_INVALID, "4" },
	{ "null", 0, RPC_INVALID, "null" },
	{ "17", 0, RPC_INVALID, "null" },
	{ "\"text\"", 0, RPC_INVALID, "null" },
	{ "{}", 0, RPC_INVALID, "null" },
	{ "", -EBADMSG, RPC_INVALID, NULL },
	{ "  ", -EBADMSG, RPC_INVALID, NULL },
	{ "{", -EBADMSG, RPC_INVALID, NULL },
	{ "{\"jsonrpc\":\"2.0\",}", -EBADMSG, RPC_INVALID, NULL },
	{ "{'jsonrpc':'2.0'}", -EBADMSG, RPC_INVALID, NULL },
	{ "{} {}", -EBADMSG, RPC_INVALID, NULL },
	{ "{\"a\":\"\xff\"}", -EBADMSG, RPC_INVALID, NULL },
	{ "{\"a\":\"\xf7\x96\x99\x96\"}", -EBADMSG, RPC_INVALID, NULL },	/* beyond U+10FFFF */
	{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", -EBADMSG, RPC_INVALID, NULL },
	{ "// a comment\n{}", -EBADMSG, RPC_INVALID, NULL },
};

START_TEST(kinds)
{
	struct json_object *o = NULL;
	struct rpc_message m;
	struct text t = { 0 };

	ck_assert_msg(rpc_parse(rows[_i].text, strlen(rows[_i].text), &o) == rows[_i].rc, "%s", rows[_i].text);
	if (rows[_i].rc < 0)
		return;
	rpc_read(o, &m);
	ck_assert_msg(m.kind == rows[_i].kind, "%s: kind %d", rows[_i].text, m.kind);
	ck_assert(m.kind != RPC_INVALID || m.why != NULL);
	ck_assert(m.kind == RPC_INVALID || m.kind == RPC_RESPONSE || m.method != NULL);
	rpc_value_put(&t, m.id);
	ck_assert_msg(strcmp(text_str(&t), rows[_i].id) == 0, "%s: id %s", rows[_i].text, text_str(&t));
	text_fini(&t);
	(void)json_object_put(o);
}
END_TEST

START_TEST(every_prefix)		/* each in memory of its own, so that reading past it is seen */
{
	for (size_t len = 0; len < strlen(rows[_i].text); len++) {
		struct json_object *o = NULL;
		struct rpc_message m;
		char *p = malloc(len + 1);

		ck_assert_ptr_nonnull(p);
		memcpy(p, rows[_i].text, len);
		p = realloc(p, len > 0 ? len : 1);
		if (rpc_parse(p, len, &o) == 0) {
			rpc_read(o, &m);
			(void)json_object_put(o);
		}
		free(p);
	}
}
END_TEST

START_TEST(answers)
{
	struct json_object *id = json_object_new_string("x\"y");
	struct text t = { 0 };

	rpc_result_open(&t, id);
	json_object_put(id);
	text_puts(&t, "{}");
	rpc_result_close(&t);
	ck_assert_str_eq(text_str(&t), "{\"jsonrpc\":\"2.0\",\"id\":\"x\\\"y\",\"result\":{}}");
	text_clear(&t);
	rpc_error(&t, NULL, RPC_PARSE_ERROR, "no %s", "\"JSON\"");
	ck_assert_str_eq(text_str(&t), "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"no \\\"JSON\\\"\"}}");
	text_fini(&t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rpc");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, kinds, 0, sizeof rows / sizeof rows[0]);
	tcase_add_loop_test(tc, every_prefix, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, answers);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
