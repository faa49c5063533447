#include "config.h"

#include "relay/ws_in.h"

#include <errno.h>
#include <string.h>

_Static_assert((int)WS_CONTROL_MAX >= (int)WS_HEADER_MAX, "held takes either");

enum { B0_RSV1 = 0x40 };

enum {
	CODE_PROTOCOL = 1002, CODE_NOT_UTF8 = 1007, CODE_TOO_BIG = 1009,	/* RFC 6455, 7.4.1 */
};

static bool
utf8_lead(struct utf8_check *u, uint8_t b)
{
	u->lo = 0x80;
	u->hi = 0xbf;
	if (b >= 0xc2 && b <= 0xdf)
		u->need = 1;
	else if (b >= 0xe0 && b <= 0xef)
		u->need = 2;
	else if (b >= 0xf0 && b <= 0xf4)
		u->need = 3;
	else
		return false;
	if (b == 0xe0)
		u->lo = 0xa0;		/* overlong */
	else if (b == 0xed)
		u->hi = 0x9f;		/* surrogates */
	else if (b == 0xf0)
		u->lo = 0x90;
	else if (b == 0xf4)
		u->hi = 0x8f;		/* past U+10FFFF */
	return true;
}

bool
utf8_check_feed(struct utf8_check *u, const uint8_t *p, size_t len)
{
	uint64_t w;

	for (size_t i = 0; i < len; i++) {
		if (u->need > 0) {
			if (p[i] < u->lo || p[i] > u->hi)
				return false;
			u->need--;
			u->lo = 0x80;
			u->hi = 0xbf;
			continue;
		}
		while (len - i >= sizeof w) {	/* eight ASCII bytes at a stride */
			memcpy(&w, p + i, sizeof w);
			if ((w & 0x8080808080808080u) != 0)
				break;
			i += sizeof w;
		}
		if (i < len && p[i] >= 0x80 && !utf8_lead(u, p[i]))
			return false;
	}
	return true;
}

static void
broken(struct ws_event *ev, unsigned code, const char *why)
{
	ev->kind = WS_BROKEN;
	ev->code = code;
	ev->why = why;
}

/* Does this header fit what came before it?  Opens the message it begins. */
static bool
frame_begin(struct ws_in *in, uint64_t message_max_bytes, struct ws_event *ev)
{
	bool control = in->h.opcode >= WS_CLOSE;

	in->at = 0;
	in->held_len = 0;
	in->in_payload = true;
	if (control)
		return true;
	if ((in->h.opcode == WS_CONT) != (in->message_op != 0)) {
		broken(ev, CODE_PROTOCOL, in->message_op != 0 ? "a message inside a message" : "nothing to continue");
		return false;
	}
	if (in->h.opcode != WS_CONT) {
		in->message_op = (uint8_t)in->h.opcode;
		in->packed = in->rsv1;
		in->message_bytes = 0;
		in->utf8 = (struct utf8_check){ 0 };
		in->started = false;
	}
	if (in->h.payload_bytes > message_max_bytes - in->message_bytes) {
		broken(ev, CODE_TOO_BIG, "message over the limit");
		return false;
	}
	in->message_bytes += in->h.payload_bytes;
	return true;
}

static bool
takes_rsv1(uint8_t b0)			/* on the first frame of a message, RFC 7692, section 6 */
{
	unsigned op = b0 & 0x0f;

	return (b0 & B0_RSV1) != 0 && (op == WS_TEXT || op == WS_BINARY);
}

static bool
take_header(struct ws_in *in, uint8_t **p, size_t *len, uint64_t message_max_bytes, struct ws_event *ev)
{
	uint64_t max = message_max_bytes > WS_CONTROL_MAX ? message_max_bytes : WS_CONTROL_MAX;
	size_t had = in->held_len, n = WS_HEADER_MAX - had;
	int rc;

	if (n > *len)
		n = *len;
	memcpy(in->held + had, *p, n);
	if (had == 0)
		in->rsv1 = in->deflate && takes_rsv1(in->held[0]);
	if (had == 0 && in->rsv1)
		in->held[0] = (uint8_t)(in->held[0] & ~B0_RSV1);
	rc = ws_header_parse(in->held, had + n, WS_FROM_CLIENT, max, &in->h);
	if (rc == 0)
		n = in->h.header_bytes - had;
	*p += n;
	*len -= n;
	if (rc == -EAGAIN) {
		in->held_len = (uint8_t)(had + n);
		return false;
	}
	if (rc == -EMSGSIZE)
		broken(ev, CODE_TOO_BIG, "frame over the limit");
	else if (rc < 0)
		broken(ev, CODE_PROTOCOL, "bad frame header");
	return rc == 0 && frame_begin(in, message_max_bytes, ev);
}

static void
close_event(const uint8_t *p, size_t len, struct ws_event *ev)
{
	struct utf8_check u = { 0 };

	ev->kind = WS_GOT_CLOSE;
	ev->code = 0;
	if (len == 0)
		return;
	if (len < 2) {
		broken(ev, CODE_PROTOCOL, "half a close code");
		return;
	}
	ev->code = (unsigned)p[0] << 8 | p[1];
	if (!ws_close_code_valid(ev->code))
		broken(ev, CODE_PROTOCOL, "bad close code");
	else if (!utf8_check_feed(&u, p + 2, len - 2) || u.need > 0)
		broken(ev, CODE_NOT_UTF8, "close reason is not UTF-8");
}

static void
control_payload(struct ws_in *in, uint8_t *p, size_t n, struct ws_event *ev)
{
	memcpy(in->held + in->held_len, p, n);
	in->held_len = (uint8_t)(in->held_len + n);
	if (in->at < in->h.payload_bytes)
		return;
	in->in_payload = false;
	in->held_len = 0;			/* the bytes stay till the next call */
	ev->p = in->held;
	ev->len = (size_t)in->h.payload_bytes;
	if (in->h.opcode == WS_CLOSE)
		close_event(ev->p, ev->len, ev);
	else
		ev->kind = in->h.opcode == WS_PING ? WS_GOT_PING : WS_GOT_PONG;
}

static void
data_payload(struct ws_in *in, uint8_t *p, size_t n, struct ws_event *ev)
{
	bool ended = in->at == in->h.payload_bytes;

	ev->op = (enum ws_opcode)in->message_op;
	ev->p = p;
	ev->len = n;
	ev->first = !in->started;
	ev->last = ended && in->h.fin;
	ev->packed = in->packed;
	if (in->message_op == WS_TEXT && !in->packed &&
	    (!utf8_check_feed(&in->utf8, p, n) || (ev->last && in->utf8.need > 0))) {
		broken(ev, CODE_NOT_UTF8, "text is not UTF-8");
		return;
	}
	if (ended)
		in->in_payload = false;
	if (ev->last)
		in->message_op = 0;
	if (n > 0 || ev->last) {		/* an empty fragment says nothing */
		ev->kind = WS_PIECE;
		in->started = true;
	}
}

void
ws_in_next(struct ws_in *in, uint8_t **p, size_t *len, uint64_t message_max_bytes,
    struct ws_event *ev)
{
	*ev = (struct ws_event){ .kind = WS_NEED_MORE };
	while (ev->kind == WS_NEED_MORE) {
		uint8_t *from;
		size_t n;

		if (!in->in_payload) {
			if (*len == 0 || !take_header(in, p, len, message_max_bytes, ev))
				return;
		} else if (*len == 0) {
			return;
		}
		from = *p;
		n = *len;
		if (n > in->h.payload_bytes - in->at)
			n = (size_t)(in->h.payload_bytes - in->at);
		ws_mask(from, n, in->h.mask, in->at);
		in->at += n;
		*p += n;
		*len -= n;
		if (in->h.opcode >= WS_CLOSE)
			control_payload(in, from, n, ev);
		else
			data_payload(in, from, n, ev);
	}
}

bool
ws_in_is_idle(const struct ws_in *in)
{
	return !in->in_payload && in->held_len == 0 && in->message_op == 0;
}
