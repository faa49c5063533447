#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/http_head.h"
#include "relay/ws_handshake.h"

/* Check tells its parent of every ck_assert: in a hot loop only failures are worth that. */
#define MUST(cond, ...) do { if (!(cond)) ck_abort_msg(__VA_ARGS__); } while (0)

#define GET "GET /api/crawl-progress/a HTTP/1.1\r\n"
#define HOST "Host: archon.example:8080\r\n"
#define UP "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define V13 "Sec-WebSocket-Version: 13\r\n"
#define GOOD GET HOST UP KEY V13

static const struct row {
	const char *name, *head;
	int	    parse;		/* of the whole */
	int	    status;		/* when it parses */
} rows[] = {
	{ "good", GOOD "\r\n", 0, 101 },
	{ "any case, any order", "GET /x HTTP/1.1\r\nSEC-WEBSOCKET-VERSION: 13\r\nconnection: keep-alive , uPgRaDe\r\n"
	    "sec-websocket-key:dGhlIHNhbXBsZSBub25jZQ==  \r\nupgrade: h2c, WebSocket\r\nHOST: a\r\n\r\n", 0, 101 },
	{ "two Connection fields", GET HOST "Upgrade: websocket\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n" KEY V13 "\r\n", 0, 101 },
	{ "absolute form", "GET http://archon.example/api/crawl-progress/a HTTP/1.1\r\n" HOST UP KEY V13 "\r\n", 0, 101 },
	{ "HTTP/1.2", "GET / HTTP/1.2\r\n" HOST UP KEY V13 "\r\n", 0, 101 },
	{ "an extension is offered", GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", 0, 101 },
	{ "length 0", GOOD "Content-Length: 0\r\n\r\n", 0, 101 },
	{ "no upgrade", GET HOST "\r\n", 0, 426 },
	{ "other upgrade", GET HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 0, 426 },
	{ "websocket is only a part", GET HOST "Upgrade: websockets\r\nConnection: Upgrade\r\n" KEY V13 "\r\n", 0, 426 },
	{ "version 8", GET HOST UP KEY "Sec-WebSocket-Version: 8\r\n\r\n", 0, 426 },
	{ "no version", GET HOST UP KEY "\r\n", 0, 426 },
	{ "a list of versions", GET HOST UP KEY "Sec-WebSocket-Version: 13, 8\r\n\r\n", 0, 426 },
	{ "two Upgrade fields", GET HOST "Upgrade: h2c\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" KEY V13 "\r\n", 0, 101 },
	{ "two versions", GOOD V13 "\r\n", 0, 400 },
	{ "HTTP/1.0", "GET / HTTP/1.0\r\n" HOST UP KEY V13 "\r\n", 0, 400 },
	{ "no host", GET UP KEY V13 "\r\n", 0, 400 },
	{ "empty host", GET "Host:\r\n" UP KEY V13 "\r\n", 0, 400 },
	{ "two hosts", GOOD HOST "\r\n", 0, 400 },
	{ "no Connection", GET HOST "Upgrade: websocket\r\n" KEY V13 "\r\n", 0, 400 },
	{ "no key", GET HOST UP V13 "\r\n", 0, 400 },
	{ "two keys", GOOD KEY "\r\n", 0, 400 },
	{ "short key", GET HOST UP V13 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n\r\n", 0, 400 },
	{ "long key", GET HOST UP V13 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==AAAA\r\n\r\n", 0, 400 },
	{ "key without padding", GET HOST UP V13 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA\r\n\r\n", 0, 400 },
	{ "key not base64", GET HOST UP V13 "Sec-WebSocket-Key: dGhlIHNh-XBsZSBub25jZQ==\r\n\r\n", 0, 400 },
	{ "a body", GOOD "Content-Length: 5\r\n\r\n", 0, 400 },
	{ "a chunked body", GOOD "Transfer-Encoding: chunked\r\n\r\n", 0, 400 },
	{ "no version of HTTP", "GET /\r\n\r\n", -EBADMSG, 0 },
	{ "HTTP/2", "GET / HTTP/2.0\r\n\r\n", -EBADMSG, 0 },
	{ "two spaces", "GET  / HTTP/1.1\r\n\r\n", -EBADMSG, 0 },
	{ "target without slash", "GET x HTTP/1.1\r\n\r\n", -EBADMSG, 0 },
	{ "control byte in the target", "GET /\x01 HTTP/1.1\r\n\r\n", -EBADMSG, 0 },
	{ "folded field", GET "A: b\r\n c\r\n\r\n", -EBADMSG, 0 },
	{ "space before the colon", GET "A : b\r\n\r\n", -EBADMSG, 0 },
	{ "no colon", GET "A\r\n\r\n", -EBADMSG, 0 },
	{ "no name", GET ": b\r\n\r\n", -EBADMSG, 0 },
	{ "bare LF", "GET / HTTP/1.1\nHost: a\r\n\r\n", -EBADMSG, 0 },
	{ "bare CR", GET "A: b\rc\r\n\r\n", -EBADMSG, 0 },
	{ "control byte in a value", GET "A: b\x02\r\n\r\n", -EBADMSG, 0 },
};

static int
parse_exact(const char *bytes, size_t len, struct http_head *h)	/* in memory of just that size */
{
	char *buf = malloc(len != 0 ? len : 1);
	int rc;

	memcpy(buf, bytes, len);
	rc = http_head_parse(buf, len, h);
	free(buf);
	return rc;
}

START_TEST(test_every_prefix)
{
	const struct row *r = &rows[_i];
	size_t len = strlen(r->head);
	struct refusal why;
	struct http_head h;

	for (size_t n = 0; n < len; n++)
		MUST(parse_exact(r->head, n, &h) == -EAGAIN, "%s: %zu bytes", r->name, n);
	ck_assert_msg(parse_exact(r->head, len, &h) == r->parse, "%s", r->name);
	if (r->parse != 0)
		return;
	ck_assert_int_eq(http_head_parse(r->head, len, &h), 0);
	ck_assert_uint_eq(h.head_bytes, len);
	ck_assert_msg(ws_handshake_check(&h, &why) == r->status, "%s: %d, not %d: %s",
	    r->name, ws_handshake_check(&h, &why), r->status, why.sentence);
}
END_TEST

START_TEST(test_parts)
{
	static const char head[] = "GET /a/b?x=1&y HTTP/1.1\r\nA: 1\r\nb:\t2 \r\nA: 3\r\n\r\nrest";
	struct http_head h;
	unsigned n;

	ck_assert_int_eq(http_head_parse(head, sizeof head - 1, &h), 0);
	ck_assert(slice_is(h.method, "GET") && slice_is(h.path, "/a/b") && slice_is(h.query, "x=1&y"));
	ck_assert_uint_eq(h.head_bytes, sizeof head - 1 - 4);
	ck_assert(slice_is(http_field(&h, "B", &n), "2"));
	ck_assert_uint_eq(n, 1);
	ck_assert(slice_is(http_field(&h, "a", &n), "1"));
	ck_assert_uint_eq(n, 2);
	http_field(&h, "c", &n);
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(test_limits)
{
	char *big = malloc(HEAD_BYTES_MAX + 1);
	struct http_head h;
	int n;

	memset(big, 'a', HEAD_BYTES_MAX + 1);
	ck_assert_int_eq(http_head_parse(big, HEAD_BYTES_MAX - 1, &h), -EAGAIN);
	ck_assert_int_eq(http_head_parse(big, HEAD_BYTES_MAX, &h), -EMSGSIZE);
	n = snprintf(big, HEAD_BYTES_MAX, "GET / HTTP/1.1\r\n");
	for (unsigned i = 0; i < HEAD_FIELDS_MAX; i++)
		n += snprintf(big + n, (size_t)(HEAD_BYTES_MAX - n), "a: b\r\n");
	memcpy(big + n, "\r\n", 2);
	ck_assert_int_eq(http_head_parse(big, (size_t)n + 2, &h), 0);
	memcpy(big + n, "a: b\r\n\r\n", 8);
	ck_assert_int_eq(http_head_parse(big, (size_t)n + 8, &h), -EMSGSIZE);
	free(big);
	ck_assert_int_eq(http_head_parse("\x16\x03", 2, &h), -EBADMSG);	/* TLS */
	ck_assert_int_eq(http_head_parse("\r\n", 2, &h), -EBADMSG);
}
END_TEST

START_TEST(test_answers)
{
	static const struct refusal why = { "some_code", "A sentence." };
	static const int statuses[] = { 400, 403, 404, 405, 408, 426, 431, 503 };
	struct http_head h;
	struct text t = { 0 };

	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		char want[64];
		size_t length;
		const char *s;

		text_clear(&t);
		http_refuse(&t, statuses[i], &why, "");
		s = text_str(&t);
		(void)snprintf(want, sizeof want, "HTTP/1.1 %d ", statuses[i]);
		ck_assert_int_eq(strncmp(s, want, strlen(want)), 0);
		ck_assert_int_eq(sscanf(strstr(s, "Content-Length: "), "Content-Length: %zu", &length), 1);
		ck_assert_uint_eq(strlen(strstr(s, "\r\n\r\n") + 4), length);
		ck_assert_ptr_nonnull(strstr(s, "\r\nConnection: close"));
		ck_assert_ptr_nonnull(strstr(s, "\"code\":\"some_code\""));
		ck_assert_msg((strstr(s, "\r\nSec-WebSocket-Version: 13\r\n") != NULL) == (statuses[i] == 426), "%s", s);
		ck_assert_msg((strstr(s, "\r\nAllow: GET\r\n") != NULL) == (statuses[i] == 405), "%s", s);
		ck_assert_msg((strstr(s, "\r\nRetry-After: ") != NULL) == (statuses[i] == 503), "%s", s);
	}
	text_clear(&t);
	ck_assert_int_eq(http_head_parse(rows[0].head, strlen(rows[0].head), &h), 0);
	ws_handshake_accept(&t, &h, NULL);
	ck_assert_str_eq(text_str(&t), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
	text_fini(&t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ws_handshake");
	TCase *tc = tcase_create("head");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, test_every_prefix, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, test_parts);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_answers);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
