/* RFC 6455 and 7692 by cases, against the echo server; each in several splits. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/conn.h"
#include "relay/deflate.h"
#include "shared/clock.h"
#include "t/echo_stream.h"

enum { FRAMES = 8, OUT_BYTES = 1 << 21, PATIENCE_MS = 20000 };
enum split { WHOLE, FRAME_BY_FRAME, BYTE_BY_BYTE, N_SPLITS };

/* One frame from the client: first byte as it is, payload text, repeated `times' (0: once). */
struct in { int b0; const char *p; size_t len; unsigned times; };
#define F(b0, s)	{ b0, s, sizeof(s) - 1, 0 }
#define FX(b0, s, n)	{ b0, s, sizeof(s) - 1, n }

/* What must come back: 'T'ext, 'B'inary, p'O'ng with their payload, 'C'lose with its code (0: none). */
struct out { char kind; const char *p; size_t len; unsigned times; unsigned code; };
#define T(s)	 { 'T', s, sizeof(s) - 1, 0, 0 }
#define TX(s, n) { 'T', s, sizeof(s) - 1, n, 0 }
#define B(s)	 { 'B', s, sizeof(s) - 1, 0, 0 }
#define BX(s, n) { 'B', s, sizeof(s) - 1, n, 0 }
#define O(s)	 { 'O', s, sizeof(s) - 1, 0, 0 }
#define C(code)	 { 'C', NULL, 0, 0, code }

#define P125 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"

static const struct row { const char *name; bool deflate; struct in in[FRAMES]; struct out out[FRAMES]; } rows[] = {
	{ "1.1 empty text", false, { F(0x81, "") }, { T("") } },
	{ "1.1 text 125", false, { FX(0x81, "*", 125) }, { TX("*", 125) } },
	{ "1.1 text 126", false, { FX(0x81, "*", 126) }, { TX("*", 126) } },
	{ "1.1 text 65535", false, { FX(0x81, "*", 65535) }, { TX("*", 65535) } },
	{ "1.1 text 65536", false, { FX(0x81, "*", 65536) }, { TX("*", 65536) } },
	{ "1.2 binary 127", false, { FX(0x82, "\xfe", 127) }, { BX("\xfe", 127) } },
	{ "1.2 binary 65536", false, { FX(0x82, "\x00", 65536) }, { BX("\x00", 65536) } },
	{ "2.1 empty ping", false, { F(0x89, "") }, { O("") } },
	{ "2.3 binary ping", false, { F(0x89, "\x00\xff\xfe\xfd") }, { O("\x00\xff\xfe\xfd") } },
	{ "2.4 ping 124", false, { F(0x89, P125) }, { O(P125) } },
	{ "2.5 ping 126", false, { FX(0x89, "x", 126) }, { C(1002) } },
	{ "2.7 pong unasked", false, { F(0x8a, ""), F(0x8a, "x"), F(0x89, "y") }, { O("y") } },
	{ "2.10 pings in order", false, { F(0x89, "1"), F(0x89, "2"), F(0x89, "3"), F(0x89, "4") }, { O("1"), O("2"), O("3"), O("4") } },
	{ "3.1 rsv3", false, { F(0x91, "x") }, { C(1002) } },
	{ "3.2 rsv2 after a message", false, { F(0x81, "x"), F(0xa1, "y") }, { T("x"), C(1002) } },
	{ "3.4 rsv1 without an extension", false, { F(0xc1, "x") }, { C(1002) } },
	{ "3.7 rsv on a close", false, { F(0xf8, "") }, { C(1002) } },
	{ "4.1 reserved data opcodes", false, { F(0x83, "") }, { C(1002) } },
	{ "4.1 another", false, { F(0x81, "a"), F(0x87, "x"), F(0x89, "") }, { T("a"), C(1002) } },
	{ "4.2 reserved control opcodes", false, { F(0x8b, "") }, { C(1002) } },
	{ "4.2 the last", false, { F(0x8f, "x") }, { C(1002) } },
	{ "5.1 ping in two", false, { F(0x09, "a"), F(0x80, "b") }, { C(1002) } },
	{ "5.3 text in two", false, { F(0x01, "fragment1"), F(0x80, "fragment2") }, { T("fragment1fragment2") } },
	{ "5.6 ping between", false, { F(0x01, "fragment1"), F(0x89, "p"), F(0x80, "fragment2") }, { O("p"), T("fragment1fragment2") } },
	{ "5.9 nothing to continue", false, { F(0x80, "x"), F(0x81, "y") }, { C(1002) } },
	{ "5.12 nor this", false, { F(0x00, "x"), F(0x81, "y") }, { C(1002) } },
	{ "5.15 a second end", false, { F(0x01, "a"), F(0x80, "b"), F(0x00, "c") }, { T("ab"), C(1002) } },
	{ "5.18 text in a text", false, { F(0x01, "a"), F(0x81, "b") }, { C(1002) } },
	{ "5.19 pings and fragments", false, { F(0x01, "1"), F(0x00, "2"), F(0x89, "p1"), F(0x00, "3"), F(0x00, "4"), F(0x89, "p2"), F(0x80, "5") },
	    { O("p1"), O("p2"), T("12345") } },
	{ "6.1 empty fragments", false, { F(0x01, ""), F(0x00, ""), F(0x80, "") }, { T("") } },
	{ "6.1 empty around", false, { F(0x01, ""), F(0x00, "middle"), F(0x80, "") }, { T("middle") } },
	{ "6.2 utf-8", false, { F(0x81, "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!") }, { T("Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!") } },
	{ "6.2 utf-8 cut anywhere", false, { F(0x01, "\xce"), F(0x00, "\xba\xe1\xbd"), F(0x80, "\xb9") }, { T("\xce\xba\xe1\xbd\xb9") } },
	{ "6.3 invalid", false, { F(0x81, "\xce\xba\xed\xa0\x80x") }, { C(1007) } },
	{ "6.4 fails fast", false, { F(0x01, "\xf4\x90"), F(0x00, "\x80") }, { C(1007) } },
	{ "6.6 unfinished", false, { F(0x81, "\xce") }, { C(1007) } },
	{ "6.6 unfinished fragments", false, { F(0x01, "ab\xe2"), F(0x80, "\x82") }, { C(1007) } },
	{ "6.9 U+10FFFF", false, { F(0x81, "\xf4\x8f\xbf\xbf") }, { T("\xf4\x8f\xbf\xbf") } },
	{ "6.10 beyond it", false, { F(0x81, "\xf4\x90\x80\x80") }, { C(1007) } },
	{ "6.12 fe", false, { F(0x81, "\xfe") }, { C(1007) } },
	{ "6.15 overlong", false, { F(0x81, "\xc0\xaf") }, { C(1007) } },
	{ "6.18 surrogate", false, { F(0x81, "\xed\xbf\xbf") }, { C(1007) } },
	{ "6.22 not a character is one", false, { F(0x81, "\xef\xbf\xbe") }, { T("\xef\xbf\xbe") } },
	{ "6.x binary is any bytes", false, { F(0x82, "\xff\xfe\xc0") }, { B("\xff\xfe\xc0") } },
	{ "7.1.1 close", false, { F(0x81, "x"), F(0x88, "\x03\xe8") }, { T("x"), C(1000) } },
	{ "7.1.3 ping after close", false, { F(0x88, "\x03\xe8"), F(0x89, "") }, { C(1000) } },
	{ "7.1.5 close in a message", false, { F(0x01, "a"), F(0x88, "\x03\xe8"), F(0x80, "b") }, { C(1000) } },
	{ "7.3.1 empty close", false, { F(0x88, "") }, { C(0) } },
	{ "7.3.2 one byte", false, { F(0x88, "a") }, { C(1002) } },
	{ "7.3.4 with a reason", false, { F(0x88, "\x03\xe8Hello World!") }, { C(1000) } },
	{ "7.3.5 the longest", false, { F(0x88, "\x03\xe8" "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012") }, { C(1000) } },
	{ "7.5.1 reason is not utf-8", false, { F(0x88, "\x03\xe8\xce\xba\xed\xa0\x80") }, { C(1007) } },
	{ "7.7 1001", false, { F(0x88, "\x03\xe9") }, { C(1001) } },
	{ "7.7 1011", false, { F(0x88, "\x03\xf3") }, { C(1011) } },
	{ "7.7 1014", false, { F(0x88, "\x03\xf6") }, { C(1014) } },
	{ "7.7 3000", false, { F(0x88, "\x0b\xb8") }, { C(3000) } },
	{ "7.7 4999", false, { F(0x88, "\x13\x87") }, { C(4999) } },
	{ "7.9 0", false, { F(0x88, "\x00\x00") }, { C(1002) } },
	{ "7.9 999", false, { F(0x88, "\x03\xe7") }, { C(1002) } },
	{ "7.9 1004", false, { F(0x88, "\x03\xec") }, { C(1002) } },
	{ "7.9 1005", false, { F(0x88, "\x03\xed") }, { C(1002) } },
	{ "7.9 1006", false, { F(0x88, "\x03\xee") }, { C(1002) } },
	{ "7.9 1015", false, { F(0x88, "\x03\xf7") }, { C(1002) } },
	{ "7.9 1016", false, { F(0x88, "\x03\xf8") }, { C(1002) } },
	{ "7.9 2999", false, { F(0x88, "\x0b\xb7") }, { C(1002) } },
	{ "7.13 5000", false, { F(0x88, "\x13\x88") }, { C(1002) } },
	{ "9 over the limit", false, { FX(0x82, "x", 70001) }, { C(1009) } },
	{ "9 over it in fragments", false, { FX(0x02, "x", 40000), FX(0x80, "x", 40000) }, { C(1009) } },
	{ "12 hello, RFC 7692 7.2.3.1", true, { F(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00") }, { T("Hello") } },
	{ "12 in two frames", true, { F(0x41, "\xf2\x48\xcd"), F(0x80, "\xc9\xc9\x07\x00") }, { T("Hello") } },
	{ "12 no compression, 7.2.3.3", true, { F(0xc1, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00") }, { T("Hello") } },
	{ "12 final block, 7.2.3.4", true, { F(0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00") }, { T("Hello") } },
	{ "12 two blocks, 7.2.3.5", true, { F(0xc1, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00") }, { T("Hello") } },
	{ "12 empty", true, { F(0xc1, "\x00") }, { T("") } },
	{ "12 plain ones too", true, { F(0x81, "plain"), F(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00") }, { T("plain"), T("Hello") } },
	{ "12 ping between", true, { F(0x41, "\xf2\x48\xcd"), F(0x89, "p"), F(0x80, "\xc9\xc9\x07\x00") }, { O("p"), T("Hello") } },
	{ "13 rsv1 on what continues", true, { F(0x41, "\xf2\x48\xcd"), F(0xc0, "\xc9\xc9\x07\x00") }, { C(1002) } },
	{ "13 rsv1 on a ping", true, { F(0xc9, "") }, { C(1002) } },
	{ "13 not deflated", true, { F(0xc1, "\xff\xff\xff\xff") }, { C(1007) } },
	{ "13 deflated, not utf-8", true, { F(0xc1, "\xfa\x0f\x00") }, { C(1007) } },
};

static struct loop loop;
static struct server server;
static struct conf conf;
static int fd;
static uint8_t *got;
static size_t n_got;
static bool eof;

static void
setup(void)
{
	static const struct stream *const streams[] = { &echo_stream };

	conf_defaults(&conf);
	conf.access = ACCESS_OFF;	/* no nginx says where it comes from */
	conf.message_max_bytes = 70000;
	conf.max_messages = 0;
	conf.compress = true;
	log_init("check_conformance", LOG_CRIT);
	ck_assert_int_eq(loop_init(&loop), 0);
	ck_assert_int_eq(server_init(&server, &loop, &conf, streams, 1, NULL, 1024), 0);
	got = malloc(OUT_BYTES);
	ck_assert_ptr_nonnull(got);
}

static void
teardown(void)
{
	server_fini(&server);
	loop_fini(&loop);
	free(got);
}

static void
turn(void)
{
	ssize_t n;

	ck_assert_int_ge(loop_turn(&loop, 1), 0);
	n = recv(fd, got + n_got, OUT_BYTES - n_got, MSG_DONTWAIT);
	if (n == 0)
		eof = true;
	if (n > 0)
		n_got += (size_t)n;
}

static void
say(const uint8_t *p, size_t len)	/* all of it, however long the relay takes */
{
	int64_t end_ns = clock_mono_ns() + PATIENCE_MS * 1000000LL;

	while (len > 0 && !eof) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n == -1 && errno != EAGAIN)
			return;			/* it has hung up: what came is judged */
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
		turn();
		ck_assert_int_lt(clock_mono_ns(), end_ns);
	}
}

static void
shake_hands(bool deflate)
{
	char rq[512];
	int sv[2], n;
	uint8_t *end = NULL;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv), 0);
	fd = sv[0];
	eof = false;
	n_got = 0;
	ck_assert_int_eq(server_adopt(&server, sv[1]), 0);
	n = snprintf(rq, sizeof rq, "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
	    deflate ? "Sec-WebSocket-Extensions: x-other\r\nsec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n" : "");
	say((uint8_t *)rq, (size_t)n);
	while (!eof && (end = memmem(got, n_got, "\r\n\r\n", 4)) == NULL)
		turn();
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	ck_assert_msg(strncmp((char *)got, "HTTP/1.1 101 ", 13) == 0, "%s", (char *)got);
	ck_assert_int_eq(strstr((char *)got, "Sec-WebSocket-Extensions: permessage-deflate; server_no") != NULL, deflate);
	end += 4;
	n_got -= (size_t)(end - got);
	memmove(got, end, n_got);
}

static size_t
frame(uint8_t *out, const struct in *in)
{
	static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
	size_t len = in->len * (in->times > 0 ? in->times : 1);
	size_t n = ws_header_write(out, WS_TEXT, len, mask);

	out[0] = (uint8_t)in->b0;
	for (size_t i = 0; i < len; i++)
		out[n + i] = (uint8_t)in->p[i % in->len];
	ws_mask(out + n, len, mask, 0);
	return n + len;
}

static void
expect(const struct row *r, const struct out *o)
{
	static const char kinds[] = { [WS_TEXT] = 'T', [WS_BINARY] = 'B', [WS_PONG] = 'O', [WS_CLOSE] = 'C' };
	int64_t end_ns = clock_mono_ns() + PATIENCE_MS * 1000000LL;
	size_t len = o->len * (o->times > 0 ? o->times : 1), have;
	struct text plain = { 0 };
	struct ws_header h;
	const uint8_t *p;
	bool packed;

	for (;;) {
		packed = n_got > 0 && (got[0] & 0x40) != 0;
		if (packed)
			got[0] &= 0xbf;
		if (ws_header_parse(got, n_got, WS_FROM_SERVER, OUT_BYTES, &h) == 0 && n_got >= h.header_bytes + h.payload_bytes)
			break;
		if (packed)
			got[0] |= 0x40;
		ck_assert_msg(!eof && clock_mono_ns() < end_ns, "%s: %c did not come", r->name, o->kind);
		turn();
	}
	p = got + h.header_bytes;
	have = (size_t)h.payload_bytes;
	ck_assert_msg(kinds[h.opcode] == o->kind, "%s: %c, not %c", r->name, kinds[h.opcode], o->kind);
	ck_assert_msg(packed == (r->deflate && h.opcode < WS_CLOSE), "%s: compressed or not", r->name);
	if (packed) {
		ck_assert_int_eq(inflate_message(&plain, p, have, OUT_BYTES), 0);
		p = (const uint8_t *)plain.p;
		have = plain.len;
	}
	if (o->kind == 'C') {
		unsigned code = have < 2 ? 0 : (unsigned)p[0] << 8 | p[1];

		ck_assert_msg(code == o->code, "%s: code %u, not %u", r->name, code, o->code);
	} else {
		ck_assert_msg(have == len, "%s: %zu bytes, not %zu", r->name, have, len);
		for (have = 0; have < len && p[have] == (uint8_t)o->p[have % o->len];)
			have++;
		ck_assert_msg(have == len, "%s: byte %zu differs", r->name, have);
	}
	text_fini(&plain);
	n_got -= h.header_bytes + h.payload_bytes;
	memmove(got, got + h.header_bytes + h.payload_bytes, n_got);
}

START_TEST(test_case)
{
	const struct row *r = &rows[_i];
	uint8_t *buf = malloc(1 << 18);

	ck_assert_ptr_nonnull(buf);
	for (enum split s = WHOLE; s < N_SPLITS; s++) {
		size_t len = 0;
		bool closes = false;

		shake_hands(r->deflate);
		for (unsigned i = 0; i < FRAMES && r->in[i].p != NULL; i++) {
			size_t n = frame(buf + len, &r->in[i]);

			if (s == WHOLE) {
				len += n;
				continue;
			}
			for (size_t at = 0; at < n; at += s == FRAME_BY_FRAME || n > 4096 ? n : 1)
				say(buf + at, s == FRAME_BY_FRAME || n > 4096 ? n : 1);
		}
		say(buf, len);
		for (unsigned i = 0; i < FRAMES && r->out[i].kind != 0; i++) {
			expect(r, &r->out[i]);
			closes = r->out[i].kind == 'C';
		}
		if (!closes)
			say((const uint8_t *)"\x88\x80\0\0\0\0", 6);
		for (int64_t end_ns = clock_mono_ns() + PATIENCE_MS * 1000000LL; !eof; turn())
			ck_assert_msg(clock_mono_ns() < end_ns, "%s: it does not end", r->name);
		ck_assert_msg(closes ? n_got == 0 : n_got == 2, "%s: %zu bytes more than it should say", r->name, n_got);
		close(fd);
	}
	free(buf);
}
END_TEST

/* 1 MB of zeros in a kilobyte: closed 1009, and never held. */
START_TEST(test_bomb)
{
	static const struct row bomb = { .name = "bomb" };
	static char zeros[1 << 20];
	struct frame *f = deflate_message(WS_BINARY, zeros, sizeof zeros);
	size_t len;
	const uint8_t *p;
	struct in in;
	uint8_t *buf = malloc(1 << 18);

	ck_assert_ptr_nonnull(f);
	f->bytes[0] &= 0xbf;
	p = frame_ws_payload(f, &len);
	ck_assert_uint_lt(len, 4096);
	in = (struct in){ 0xc2, (const char *)p, len, 0 };
	shake_hands(true);
	say(buf, frame(buf, &in));
	expect(&bomb, &(struct out)C(1009));
	frame_unref(f);
	free(buf);
	close(fd);
}
END_TEST

static const struct offer { const char *text; bool taken; } offers[] = {
	{ "permessage-deflate", true },
	{ "permessage-deflate; client_max_window_bits", true },
	{ "permessage-deflate; client_max_window_bits=15; server_no_context_takeover", true },
	{ "x-webkit-deflate-frame, permessage-deflate;client_no_context_takeover", true },
	{ "permessage-deflate; server_max_window_bits=10", false },
	{ "permessage-deflate; server_max_window_bits=10, permessage-deflate", true },
	{ "permessage-deflate; server_max_window_bits=\"15\"", true },
	{ "permessage-deflate; client_max_window_bits=7", false },
	{ "permessage-deflate; client_max_window_bits=16", false },
	{ "permessage-deflate; server_no_context_takeover=1", false },
	{ "permessage-deflate; server_no_context_takeover; server_no_context_takeover", false },
	{ "permessage-deflate; unknown", false },
	{ "permessage-deflate;", true },
	{ "permessage-deflat", false },
	{ ",,;,", false },
	{ "", false },
};

START_TEST(test_offers)
{
	const struct offer *o = &offers[_i];

	ck_assert_msg(deflate_is_offered(slice_of(o->text)) == o->taken, "%s", o->text);
	for (size_t len = strlen(o->text); len > 0; len--) {	/* each prefix in memory of its own */
		char *p = malloc(len);

		ck_assert_ptr_nonnull(p);
		memcpy(p, o->text, len);
		(void)deflate_is_offered((struct slice){ p, len });
		free(p);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conformance");
	TCase *tc = tcase_create("cases");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_case, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, test_bomb);
	tcase_add_loop_test(tc, test_offers, 0, sizeof offers / sizeof offers[0]);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
