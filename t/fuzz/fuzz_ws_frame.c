/*
 * fuzz_ws_frame - whatever a client may send: frame headers, frames with all
 * that follows from them, with and without permessage-deflate, request heads,
 * handshakes and what else a request asks for.  The first byte chooses
 * what, the second how the rest is cut into pieces.
 *
 *	make CC=clang t/fuzz/fuzz_ws_frame
 *	t/fuzz/fuzz_ws_frame -max_total_time=600 -max_len=4096 CORPUS t/fuzz/ws_frame
 *
 * Besides memory errors it looks for answers that depend on the cuts.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/asked.h"
#include "relay/deflate.h"
#include "relay/http_head.h"
#include "relay/ws_handshake.h"
#include "relay/ws_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what) do { if (!(what)) abort(); } while (0)

enum { LIMIT = 1000 };

static void
fuzz_header(const uint8_t *p, size_t len)
{
	for (int from = 0; from < 2; from++) {
		struct ws_header h, again;
		int rc = ws_header_parse(p, len, (enum ws_peer)from, LIMIT, &h);

		for (size_t n = 0; n < len && n <= WS_HEADER_MAX; n++) {
			int part = ws_header_parse(p, n, (enum ws_peer)from, LIMIT, &again);

			MUST(part == -EAGAIN || part == rc);
			MUST(part != 0 || n >= h.header_bytes);
		}
		if (rc == 0) {
			uint8_t out[WS_HEADER_MAX];
			size_t n = ws_header_write(out, h.opcode, h.payload_bytes, h.masked ? h.mask : NULL);

			out[0] = (uint8_t)(out[0] & (h.fin ? 0xff : 0x7f));
			MUST(n == h.header_bytes && memcmp(out, p, n) == 0);
		}
	}
}

struct result {			/* what must not depend on the cuts */
	uint64_t data;		/* hash of message bytes, in order */
	uint64_t control;
	unsigned messages, controls, code;
	enum ws_event_kind last;
};

static uint64_t
mix(uint64_t h, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static uint64_t
inflated(struct text *packed)
{
	struct text plain = { 0 };
	int rc = inflate_message(&plain, packed->p, packed->len, LIMIT);
	uint64_t h = mix((uint64_t)(unsigned)rc, (const uint8_t *)plain.p, plain.len);

	MUST(rc == 0 || rc == -EBADMSG || rc == -EMSGSIZE);
	MUST(plain.len <= LIMIT);
	text_fini(&plain);
	text_clear(packed);
	return h;
}

/* What is compressed comes back, whatever it is. */
static void
fuzz_deflate(const uint8_t *p, size_t len)
{
	struct frame *f = deflate_message(WS_BINARY, p, len);
	struct text plain = { 0 };
	const uint8_t *packed;
	size_t n;

	MUST(f != NULL && (f->bytes[0] & 0x40) != 0);
	f->bytes[0] &= 0xbf;
	packed = frame_ws_payload(f, &n);
	MUST(inflate_message(&plain, packed, n, len) == 0);
	MUST(plain.len == len && memcmp(plain.p != NULL ? plain.p : "", p, len) == 0);
	text_fini(&plain);
	frame_unref(f);
}

static struct result
run(const uint8_t *p, size_t len, size_t piece, bool deflate)
{
	struct result r = { .last = WS_NEED_MORE };
	struct ws_in in = { .deflate = deflate };
	struct text packed = { 0 };
	uint64_t message = 0;

	while (len > 0 && r.last < WS_GOT_CLOSE) {
		size_t n = piece < len ? piece : len;
		uint8_t *buf = malloc(n), *at = buf;
		size_t left = n;
		struct ws_event ev;

		memcpy(buf, p, n);
		do {
			ws_in_next(&in, &at, &left, LIMIT, &ev);
			r.last = ev.kind;
			if (ev.kind == WS_PIECE) {
				message = mix(ev.first ? (uint64_t)ev.op : message, ev.p, ev.len);
				MUST(deflate || !ev.packed);
				if (ev.packed)
					text_put(&packed, ev.p, ev.len);
				if (ev.packed && ev.last)
					message = inflated(&packed);
				if (ev.last) {
					r.messages++;
					r.data = mix(r.data, (const uint8_t *)&message, sizeof message);
				}
			} else if (ev.kind == WS_GOT_PING || ev.kind == WS_GOT_PONG) {
				MUST(ev.len <= WS_CONTROL_MAX);
				r.controls++;
				r.control = mix(r.control + ev.kind, ev.p, ev.len);
			} else if (ev.kind == WS_GOT_CLOSE) {
				MUST(ev.code == 0 || ws_close_code_valid(ev.code));
				r.code = ev.code;
			} else if (ev.kind == WS_BROKEN) {
				MUST(ev.code == 1002 || ev.code == 1007 || ev.code == 1009);
				r.code = ev.code;
			} else {
				MUST(left == 0);
			}
		} while (ev.kind != WS_NEED_MORE && ev.kind < WS_GOT_CLOSE);
		free(buf);
		p += n;
		len -= n;
	}
	text_fini(&packed);
	return r;
}

static void
fuzz_frames(const uint8_t *p, size_t len, size_t piece, bool deflate)
{
	struct result whole = run(p, len, len, deflate), cut = run(p, len, piece, deflate);

	MUST(whole.messages == cut.messages && whole.data == cut.data && whole.controls == cut.controls &&
	    whole.control == cut.control && whole.code == cut.code);
	MUST((whole.last < WS_GOT_CLOSE) == (cut.last < WS_GOT_CLOSE));
}

static void
fuzz_head(const uint8_t *p, size_t len)
{
	static struct http_head h;
	struct refusal why;
	struct text t = { 0 };
	struct asked asked;
	int status;

	if (http_head_parse(p, len, &h) != 0)
		return;
	MUST(h.head_bytes <= len && h.n_fields <= HEAD_FIELDS_MAX && h.path.len > 0 && h.path.p[0] == '/');
	status = ws_handshake_check(&h, &why);
	if (status == HTTP_SWITCHING)
		ws_handshake_accept(&t, &h, deflate_is_offered(http_field(&h, "Sec-WebSocket-Extensions", NULL)) ? DEFLATE_ACCEPT : NULL);
	else
		http_refuse(&t, status, &why, "");
	MUST(t.failed || t.len > 0);
	text_fini(&t);
	MUST(asked_wire(&h) < N_WIRES);
	MUST(asked_read(&asked, &h) != NULL || asked.wait_ms <= WAIT_MAX_S * 1000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact;

	if (size < 3)
		return 0;
	exact = malloc(size - 2);
	memcpy(exact, data + 2, size - 2);
	if (data[0] % 4 == 0)
		fuzz_header(exact, size - 2);
	else if (data[0] % 4 == 1)
		fuzz_head(exact, size - 2);
	else if (data[0] == 255)
		fuzz_deflate(exact, size - 2);
	else if (data[0] == 254)
		(void)deflate_is_offered((struct slice){ (const char *)exact, size - 2 });
	else
		fuzz_frames(exact, size - 2, (size_t)data[1] + 1, data[0] % 4 == 3);
	free(exact);
	return 0;
}
