#include "config.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/ws_in.h"

/* Check tells its parent of every ck_assert: in a hot loop only failures are worth that. */
#define MUST(cond, ...) do { if (!(cond)) ck_abort_msg(__VA_ARGS__); } while (0)

enum { LIMIT = 300, INPUT_MAX = 2048, STORY_MAX = 4096 };

/*
 * Input is written as tokens: "T:", "B:", "C:" begin a frame that is not the
 * last of its message, "T.", "B.", "C." one that is; "P." Ping, "O." Pong, "X."
 * Close; "R." a frame with an RSV bit.  The payload follows up to the next
 * space; %XX is a byte, *N repeats the byte before it N times.
 *
 * The story is what came out: t(text) b(binary), a message that is whole, p( )
 * ping, o( ) pong, x1000 close, !1002 broken.
 */
static const struct row {
	const char *name, *input, *story;
} rows[] = {
	{ "text", "T.hello", "t(hello)" },
	{ "empty text", "T.", "t()" },
	{ "binary", "B.%00%ff", "b(%00%ff)" },
	{ "two messages", "T.a B.b", "t(a)b(b)" },
	{ "fragments", "T:he C:l C.lo", "t(hello)" },
	{ "empty fragments", "T: C: C:a C: C.", "t(a)" },
	{ "all fragments empty", "T: C.", "t()" },
	{ "ping in the middle", "T:he P.now C.llo P.", "p(now)t(hello)p()" },
	{ "pong and ping in the middle", "B:1 O.x P.y C:2 P.z C.3", "o(x)p(y)p(z)b(123)" },
	{ "ping of 125", "P.a*125", "p(a*125)" },
	{ "16 bit length", "T.a*200", "t(a*200)" },
	{ "message at the limit", "T.a*300", "t(a*300)" },
	{ "message over the limit", "T.a*301", "!1009" },
	{ "fragments at the limit", "T:a*150 C.a*150", "t(a*300)" },
	{ "fragments over the limit", "T:a*150 C.a*151", "!1009" },
	{ "limit counts one message", "T.a*200 T.a*200", "t(a*200)t(a*200)" },
	{ "continuation of nothing", "C.a", "!1002" },
	{ "continuation after the end", "T.a C.b", "t(a)!1002" },
	{ "message inside a message", "T:a T.b", "!1002" },
	{ "binary inside a text", "T:a B.b", "!1002" },
	{ "rsv", "R.", "!1002" },
	{ "utf-8", "T.%ce%ba%f0%9f%9a%80", "t(%ce%ba%f0%9f%9a%80)" },
	{ "utf-8 over fragments", "T:%f0 C:%9f P. C:%9a C.%80", "p()t(%f0%9f%9a%80)" },
	{ "utf-8 long", "T.abcdefgh%e2%82%acabcdefghi", "t(abcdefgh%e2%82%acabcdefghi)" },
	{ "utf-8 ends early", "T.a%e2%82", "!1007" },
	{ "utf-8 ends early in the last fragment", "T:%e2 C.%82", "!1007" },
	{ "utf-8 ends early, then an empty fragment", "T:%e2%82 C.", "!1007" },
	{ "utf-8 overlong", "T.%c0%af", "!1007" },
	{ "utf-8 overlong of three", "T.%e0%80%80", "!1007" },
	{ "utf-8 overlong of four", "T.%f0%80%80%80", "!1007" },
	{ "utf-8 surrogate", "T.%ed%a0%80", "!1007" },
	{ "utf-8 too large", "T.%f4%90%80%80", "!1007" },
	{ "utf-8 ff", "T.abcdefgh%ff", "!1007" },
	{ "utf-8 lone continuation", "T.%80", "!1007" },
	{ "utf-8 state is one message's", "B.%e2 T.a", "b(%e2)t(a)" },
	{ "binary need not be utf-8", "B.%ff%fe", "b(%ff%fe)" },
	{ "bad utf-8 before a good ping", "T:%ff P. C.a", "!1007" },
	{ "close", "X.%03%e8", "x1000" },
	{ "close with a reason", "X.%03%e8bye", "x1000" },
	{ "close without a code", "X.", "x0" },
	{ "close within a message", "T:a X.%03%e9", "x1001" },
	{ "half a code", "X.%03", "!1002" },
	{ "reserved code", "X.%03%ed", "!1002" },
	{ "code of nobody", "X.%00%00", "!1002" },
	{ "private code", "X.%0b%b8", "x3000" },
	{ "reason not utf-8", "X.%03%e8%ff", "!1007" },
	{ "reason ends early", "X.%03%e8%e2%82", "!1007" },
	{ "longest reason", "X.%03%e8a*123", "x1000" },
	{ "message, then close", "T.a X.%03%e8", "t(a)x1000" },
};

static size_t
payload_of(const char **s, uint8_t *out)
{
	size_t n = 0;
	unsigned v;

	while (**s != '\0' && **s != ' ' && **s != ')') {
		if (**s == '%') {
			MUST(sscanf(*s, "%%%2x", &v) == 1, "bad row");
			out[n++] = (uint8_t)v;
			*s += 3;
		} else if (**s == '*') {
			size_t times = strtoul(*s + 1, (char **)(uintptr_t)s, 10);

			while (--times > 0)
				out[n] = out[n - 1], n++;
		} else {
			out[n++] = (uint8_t)*(*s)++;
		}
	}
	return n;
}

static size_t
input_of(const char *s, uint8_t out[INPUT_MAX])
{
	static const char kinds[] = "CTB.....XPO";	/* the place is the opcode */
	static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
	size_t n = 0;

	while (*s != '\0') {
		unsigned op = *s == 'R' ? 0x41 : (unsigned)(strchr(kinds, *s) - kinds);
		bool fin = s[1] == '.';
		uint8_t payload[INPUT_MAX];
		size_t at = n, len;

		s += 2;
		len = payload_of(&s, payload);
		n += ws_header_write(out + n, (enum ws_opcode)op, len, mask);
		if (!fin)
			out[at] &= 0x7f;
		ws_mask(payload, len, mask, 0);
		memcpy(out + n, payload, len);
		n += len;
		MUST(n <= INPUT_MAX, "input too long");
		s += *s == ' ';
	}
	return n;
}

struct story {
	size_t len;
	char   text[STORY_MAX];
};

__attribute__((format(printf, 2, 3)))
static void
tell(struct story *st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	st->len += (size_t)vsnprintf(st->text + st->len, STORY_MAX - st->len, fmt, ap);
	va_end(ap);
	MUST(st->len < STORY_MAX, "story too long");
}

static void
tell_bytes(struct story *st, const uint8_t *p, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	MUST(st->len + 2 * len < STORY_MAX, "story too long");
	for (size_t i = 0; i < len; i++) {
		st->text[st->len++] = hex[p[i] >> 4];
		st->text[st->len++] = hex[p[i] & 15];
	}
	st->text[st->len] = '\0';
}

/* One piece of input, in memory of exactly its size.  false: it is over. */
static bool
feed(struct ws_in *in, const uint8_t *bytes, size_t len, struct story *st)
{
	uint8_t *buf = malloc(len != 0 ? len : 1), *p = buf;
	struct ws_event ev;

	memcpy(buf, bytes, len);
	do {
		ws_in_next(in, &p, &len, LIMIT, &ev);
		switch (ev.kind) {
		case WS_PIECE:
			if (ev.first)
				tell(st, "%c(", ev.op == WS_TEXT ? 't' : 'b');
			tell_bytes(st, ev.p, ev.len);
			if (ev.last)
				tell(st, ")");
			break;
		case WS_GOT_PING:
		case WS_GOT_PONG:
			tell(st, "%c<", ev.kind == WS_GOT_PING ? 'p' : 'o');
			tell_bytes(st, ev.p, ev.len);
			tell(st, ">");
			break;
		case WS_GOT_CLOSE:
			tell(st, "x%u", ev.code);
			break;
		case WS_BROKEN:
			tell(st, "!%u", ev.code);
			MUST(ev.why != NULL, "no reason");
			break;
		case WS_NEED_MORE:
			MUST(len == 0, "bytes left");
			break;
		}
	} while (ev.kind < WS_GOT_CLOSE && ev.kind != WS_NEED_MORE);
	free(buf);
	return ev.kind < WS_GOT_CLOSE;
}

/*
 * Put the story in the order of ends: a control frame comes out of the message
 * it interrupted, and a message that never ended is not told, because how much
 * of it was given out before it broke depends on the cuts.
 */
static void
order_by_end(struct story *st)
{
	char whole[STORY_MAX], message[STORY_MAX];
	size_t w = 0, m = 0;

	for (const char *s = st->text; *s != '\0'; s++) {
		if (*s == 'x' || *s == '!') {
			memcpy(whole + w, s, strlen(s));	/* the last there is */
			w += strlen(s);
			break;
		}
		if (*s == 'p' || *s == 'o') {
			size_t n = strcspn(s, ">") + 1;

			memcpy(whole + w, s, n);
			w += n;
			s += n - 1;
			continue;
		}
		message[m++] = *s;
		if (*s == ')') {
			memcpy(whole + w, message, m);
			w += m;
			m = 0;
		}
	}
	memcpy(st->text, whole, w);
	st->text[w] = '\0';
	st->len = w;
}

static void
want_of(const char *s, struct story *st)	/* the row's story with payloads in hex */
{
	uint8_t payload[INPUT_MAX];

	st->len = 0;
	while (*s != '\0') {
		char kind = *s++;

		if (kind == 'x' || kind == '!') {
			tell(st, "%c%s", kind, s);
			return;
		}
		s++;
		tell(st, "%c%c", kind, kind == 'p' || kind == 'o' ? '<' : '(');
		tell_bytes(st, payload, payload_of(&s, payload));
		tell(st, "%c", kind == 'p' || kind == 'o' ? '>' : ')');
		s++;
	}
}

static void
check_cut(const struct row *r, const uint8_t *input, size_t len, size_t a, size_t b)
{
	struct story got = { 0 }, want = { 0 };
	struct ws_in in = { 0 };

	if (feed(&in, input, a, &got) && feed(&in, input + a, b - a, &got) &&
	    feed(&in, input + b, len - b, &got))
		MUST(ws_in_is_idle(&in), "%s: not idle at its end", r->name);
	order_by_end(&got);
	want_of(r->story, &want);
	MUST(strcmp(got.text, want.text) == 0, "%s, cut at %zu and %zu: %s, not %s",
	    r->name, a, b, got.text, want.text);
}

START_TEST(test_every_split)
{
	const struct row *r = &rows[_i];
	uint8_t input[INPUT_MAX];
	size_t len = input_of(r->input, input), step = len > 64 ? 29 : 1;

	for (size_t a = 0; a <= len; a++)
		for (size_t b = a; b <= len; b += step)
			check_cut(r, input, len, a, b);
}
END_TEST

START_TEST(test_byte_by_byte)
{
	const struct row *r = &rows[_i];
	struct story got = { 0 }, want = { 0 };
	struct ws_in in = { 0 };
	uint8_t input[INPUT_MAX];
	size_t len = input_of(r->input, input);

	for (size_t i = 0; i < len && feed(&in, input + i, 1, &got); i++)
		;
	order_by_end(&got);
	want_of(r->story, &want);
	MUST(strcmp(got.text, want.text) == 0, "%s: %s, not %s", r->name, got.text, want.text);
}
END_TEST

START_TEST(test_unfinished_is_not_idle)
{
	static const char *const begun[] = { "T:", "T:a", "T: P.", "B:%00" };
	struct story st = { 0 };
	uint8_t input[INPUT_MAX];

	for (size_t i = 0; i < sizeof begun / sizeof begun[0]; i++) {
		struct ws_in in = { 0 };

		ck_assert(ws_in_is_idle(&in));
		ck_assert(feed(&in, input, input_of(begun[i], input), &st));
		MUST(!ws_in_is_idle(&in), "%s", begun[i]);
	}
	for (size_t n = 1; n < input_of("P.abc", input); n++) {
		struct ws_in in = { 0 };

		ck_assert(feed(&in, input, n, &st));
		MUST(!ws_in_is_idle(&in), "%zu bytes of a ping", n);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ws_in");
	TCase *tc = tcase_create("frames");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_every_split, 0, sizeof rows / sizeof rows[0]);
	tcase_add_loop_test(tc, test_byte_by_byte, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, test_unfinished_is_not_idle);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
