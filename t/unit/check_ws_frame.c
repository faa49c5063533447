#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/ws_frame.h"

/* Check tells its parent of every ck_assert: in a hot loop only failures are worth that. */
#define MUST(cond, ...) do { if (!(cond)) ck_abort_msg(__VA_ARGS__); } while (0)

#define BYTES(s) (s), sizeof(s) - 1
#define MASK "\x01\x02\x03\x04"

static const struct row {
	const char   *name;
	enum ws_peer  from;
	const char   *bytes;
	size_t	      len;
	int	      rc;
	size_t	      decided;		/* bytes after which the answer is known; 0: all */
	enum ws_opcode op;
	bool	      fin;
	uint64_t      payload;
} rows[] = {
	{ "text 5", WS_FROM_CLIENT, BYTES("\x81\x85" MASK), 0, 0, WS_TEXT, true, 5 },
	{ "empty text", WS_FROM_CLIENT, BYTES("\x81\x80" MASK), 0, 0, WS_TEXT, true, 0 },
	{ "first fragment", WS_FROM_CLIENT, BYTES("\x01\x83" MASK), 0, 0, WS_TEXT, false, 3 },
	{ "continuation", WS_FROM_CLIENT, BYTES("\x00\x83" MASK), 0, 0, WS_CONT, false, 3 },
	{ "last fragment", WS_FROM_CLIENT, BYTES("\x80\x83" MASK), 0, 0, WS_CONT, true, 3 },
	{ "binary 125", WS_FROM_CLIENT, BYTES("\x82\xfd" MASK), 0, 0, WS_BINARY, true, 125 },
	{ "16 bit least", WS_FROM_CLIENT, BYTES("\x82\xfe\x00\x7e" MASK), 0, 0, WS_BINARY, true, 126 },
	{ "16 bit most", WS_FROM_CLIENT, BYTES("\x82\xfe\xff\xff" MASK), 0, 0, WS_BINARY, true, 65535 },
	{ "64 bit least", WS_FROM_CLIENT, BYTES("\x82\xff\0\0\0\0\0\1\0\0" MASK), 0, 0, WS_BINARY, true, 65536 },
	{ "at the limit", WS_FROM_CLIENT, BYTES("\x82\xff\0\0\0\0\0\x10\0\0" MASK), 0, 0, WS_BINARY, true, 1 << 20 },
	{ "ping", WS_FROM_CLIENT, BYTES("\x89\x80" MASK), 0, 0, WS_PING, true, 0 },
	{ "pong 125", WS_FROM_CLIENT, BYTES("\x8a\xfd" MASK), 0, 0, WS_PONG, true, 125 },
	{ "close", WS_FROM_CLIENT, BYTES("\x88\x82" MASK), 0, 0, WS_CLOSE, true, 2 },
	{ "server text", WS_FROM_SERVER, BYTES("\x81\x05"), 0, 0, WS_TEXT, true, 5 },
	{ "server 16 bit", WS_FROM_SERVER, BYTES("\x81\x7e\x01\x00"), 0, 0, WS_TEXT, true, 256 },
	{ "server 64 bit", WS_FROM_SERVER, BYTES("\x81\x7f\0\0\0\0\0\1\0\0"), 0, 0, WS_TEXT, true, 65536 },
	{ "over the limit", WS_FROM_CLIENT, BYTES("\x82\xff\0\0\0\0\0\x10\0\1" MASK), -EMSGSIZE, 10, 0, 0, 0 },
	{ "largest length", WS_FROM_CLIENT, BYTES("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff" MASK), -EMSGSIZE, 10, 0, 0, 0 },
	{ "top bit of the length", WS_FROM_CLIENT, BYTES("\x82\xff\x80\0\0\0\0\0\0\0" MASK), -EPROTO, 10, 0, 0, 0 },
	{ "16 bit not shortest", WS_FROM_CLIENT, BYTES("\x82\xfe\x00\x7d" MASK), -EPROTO, 4, 0, 0, 0 },
	{ "64 bit not shortest", WS_FROM_CLIENT, BYTES("\x82\xff\0\0\0\0\0\0\xff\xff" MASK), -EPROTO, 10, 0, 0, 0 },
	{ "client without mask", WS_FROM_CLIENT, BYTES("\x81\x05hello"), -EPROTO, 2, 0, 0, 0 },
	{ "server with mask", WS_FROM_SERVER, BYTES("\x81\x85" MASK), -EPROTO, 2, 0, 0, 0 },
	{ "rsv1", WS_FROM_CLIENT, BYTES("\xc1\x80" MASK), -EPROTO, 1, 0, 0, 0 },
	{ "rsv2", WS_FROM_CLIENT, BYTES("\xa1\x80" MASK), -EPROTO, 1, 0, 0, 0 },
	{ "rsv3", WS_FROM_CLIENT, BYTES("\x91\x80" MASK), -EPROTO, 1, 0, 0, 0 },
	{ "opcode 3", WS_FROM_CLIENT, BYTES("\x83\x80" MASK), -EPROTO, 1, 0, 0, 0 },
	{ "opcode 7", WS_FROM_CLIENT, BYTES("\x87\x80" MASK), -EPROTO, 1, 0, 0, 0 },
	{ "opcode 11", WS_FROM_CLIENT, BYTES("\x8b\x80" MASK), -EPROTO, 1, 0, 0, 0 },
	{ "opcode 15", WS_FROM_CLIENT, BYTES("\x8f\x80" MASK), -EPROTO, 1, 0, 0, 0 },
	{ "fragmented ping", WS_FROM_CLIENT, BYTES("\x09\x80" MASK), -EPROTO, 1, 0, 0, 0 },
	{ "fragmented close", WS_FROM_CLIENT, BYTES("\x08\x80" MASK), -EPROTO, 1, 0, 0, 0 },
	{ "ping of 126", WS_FROM_CLIENT, BYTES("\x89\xfe\x00\x7e" MASK), -EPROTO, 2, 0, 0, 0 },
	{ "close of 64 bit", WS_FROM_SERVER, BYTES("\x88\x7f\0\0\0\0\0\0\0\1"), -EPROTO, 2, 0, 0, 0 },
};

/* Every prefix, each in memory of exactly its size: one byte too far is seen. */
START_TEST(test_header)
{
	const struct row *r = &rows[_i];
	size_t decided = r->decided != 0 ? r->decided : r->len;

	for (size_t len = 0; len <= r->len; len++) {
		struct ws_header h = { .payload_bytes = 77 };
		uint8_t *buf = malloc(len != 0 ? len : 1);
		int rc, want = len < decided ? -EAGAIN : r->rc;

		memcpy(buf, r->bytes, len);
		rc = ws_header_parse(buf, len, r->from, 1 << 20, &h);
		free(buf);
		MUST(rc == want, "%s: %zu bytes gave %d, not %d", r->name, len, rc, want);
		if (rc != 0) {
			MUST(h.payload_bytes == 77, "%s: out-parameter touched", r->name);
			continue;
		}
		MUST(h.opcode == r->op && h.fin == r->fin && h.payload_bytes == r->payload &&
		    h.masked == (r->from == WS_FROM_CLIENT) && h.header_bytes == r->len, "%s: wrong header", r->name);
		if (h.masked)
			ck_assert_mem_eq(h.mask, MASK, 4);
	}
}
END_TEST

START_TEST(test_write_is_read)
{
	static const uint64_t sizes[] = { 0, 1, 125, 126, 127, 65535, 65536, 1u << 31, (uint64_t)1 << 40 };
	static const uint8_t mask[4] = MASK;

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for (int masked = 0; masked < 2; masked++) {
			uint8_t out[WS_HEADER_MAX];
			size_t n = ws_header_write(out, WS_BINARY, sizes[i], masked ? mask : NULL);
			struct ws_header h;

			ck_assert_int_eq(ws_header_parse(out, n, masked ? WS_FROM_CLIENT : WS_FROM_SERVER, UINT64_MAX, &h), 0);
			ck_assert_uint_eq(h.payload_bytes, sizes[i]);
			ck_assert_uint_eq(h.header_bytes, n);
			ck_assert(h.fin && h.opcode == WS_BINARY);
		}
}
END_TEST

START_TEST(test_mask_in_pieces)
{
	static const uint8_t mask[4] = { 0xde, 0xad, 0xbe, 0xef };

	for (size_t len = 0; len < 40; len++)
		for (size_t cut = 0; cut <= len; cut++) {
			uint8_t *p = malloc(len + 1);

			for (size_t i = 0; i < len; i++)
				p[i] = (uint8_t)i;
			ws_mask(p, cut, mask, 0);
			ws_mask(p + cut, len - cut, mask, cut);
			for (size_t i = 0; i < len; i++)
				MUST(p[i] == ((uint8_t)i ^ mask[i % 4]), "byte %zu of %zu, cut at %zu", i, len, cut);
			free(p);
		}
}
END_TEST

START_TEST(test_close_codes)
{
	static const struct { unsigned from, to; bool valid; } ranges[] = {
		{ 0, 999, false }, { 1000, 1003, true }, { 1004, 1006, false }, { 1007, 1014, true },
		{ 1015, 2999, false }, { 3000, 4999, true }, { 5000, 65535, false },
	};

	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
		for (unsigned c = ranges[i].from; c <= ranges[i].to; c++)
			MUST(ws_close_code_valid(c) == ranges[i].valid, "code %u", c);
}
END_TEST

START_TEST(test_accept_key)		/* the example of RFC 6455, 1.3 */
{
	char out[WS_ACCEPT_BYTES];

	ws_accept_key(out, BYTES("dGhlIHNhbXBsZSBub25jZQ=="));
	ck_assert_str_eq(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ws_frame");
	TCase *tc = tcase_create("bytes");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, test_header, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, test_write_is_read);
	tcase_add_test(tc, test_mask_in_pieces);
	tcase_add_test(tc, test_close_codes);
	tcase_add_test(tc, test_accept_key);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
