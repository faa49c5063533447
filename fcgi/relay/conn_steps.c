#include "config.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "relay/conn.h"
#include "relay/deflate.h"
#include "shared/log.h"
#include "shared/trace.h"

/* -- endings ----------------------------------------------------------------- */

void
conn_leave_stream(struct conn *c)
{
	if (c->stream == NULL)
		return;
	c->server->clients[c->stream->kind][way_of(c->wire)]--;
	c->stream->close(c);
	c->stream = NULL;
}

void
conn_finish(struct conn *c)
{
	conn_leave_stream(c);
	c->state = CONN_DRAIN;
	conn_due_end(c, CONN_DRAIN_MS);
}

/* Close goes out as the last frame; an allocation that fails makes it a close without one. */
static void
conn_end(struct conn *c, enum conn_state state, unsigned code, const char *reason)
{
	conn_leave_stream(c);
	c->last = wire_is_ws(c->wire) ? frame_ws_close(code, reason) : NULL;
	c->state = (uint8_t)(c->last != NULL ? state : CONN_DRAIN);
	conn_due_end(c, c->state == CONN_CLOSING ? CONN_CLOSE_MS : CONN_DRAIN_MS);
}

void
conn_close(struct conn *c, unsigned code, const char *reason)
{
	if (c->state == CONN_OPEN)
		conn_end(c, CONN_CLOSING, code, reason);
}

static void
conn_broken(struct conn *c, unsigned code, const char *why)
{
	c->server->counts.broken_closes++;
	log_event(LOG_INFO, "close conn=%llu code=%u why=\"%s\"", (unsigned long long)c->number, code, why);
	if (c->state == CONN_OPEN)
		conn_end(c, CONN_DRAIN, code, why);
	c->state = CONN_DRAIN;
}

void
conn_in_free(struct conn_in *ci)
{
	if (ci != NULL)
		text_fini(&ci->packed);
	free(ci);
}

/* -- OPEN and CLOSING -------------------------------------------------------- */

static bool
text_is_ping(struct server *sv, const char *p, size_t len)
{
	struct json_object *root, *type;
	bool ping;

	if (len == 4 && memcmp(p, "ping", 4) == 0)
		return true;
	if (len < sizeof "{\"type\":\"ping\"}" - 1 || memchr(p, '{', len) == NULL)
		return false;
	json_tokener_reset(sv->json);
	root = json_tokener_parse_ex(sv->json, p, (int)len);
	ping = json_tokener_get_error(sv->json) == json_tokener_success &&
	    json_object_object_get_ex(root, "type", &type) &&
	    json_object_is_type(type, json_type_string) &&
	    strcmp(json_object_get_string(type), "ping") == 0;
	json_object_put(root);
	return ping;
}

static bool
conn_message(struct conn *c, enum ws_opcode op, const char *p, size_t len)
{
	struct server *sv = c->server;

	if (op == WS_TEXT && len <= CONN_TEXT_MAX && text_is_ping(sv, p, len))
		c->reply = frame_ref(sv->pong);
	else
		sv->counts.ignored_in++;
	return true;
}

static bool
conn_piece(struct conn *c, struct conn_in *ci, const struct ws_event *ev)
{
	if (c->stream->hear != NULL)
		return c->stream->hear(c, ev->op, (const char *)ev->p, ev->len, ev->first, ev->last);
	if (ev->first && ev->last)		/* the usual case is not copied */
		return conn_message(c, ev->op, (const char *)ev->p, ev->len);
	if (ev->first)
		ci->text_len = 0;
	if (ci->text_len <= CONN_TEXT_MAX && ev->len <= (size_t)(CONN_TEXT_MAX - ci->text_len)) {
		memcpy(ci->text + ci->text_len, ev->p, ev->len);
		ci->text_len = (uint16_t)(ci->text_len + ev->len);
	} else {
		ci->text_len = CONN_TEXT_MAX + 1;
	}
	return !ev->last || conn_message(c, ev->op, ci->text, ci->text_len);
}

/* Kept until it is whole, then opened at once: no client owns a window. */
static bool
conn_packed(struct conn *c, struct conn_in *ci, const struct ws_event *ev)
{
	struct text plain = { 0 };
	bool ok = true;
	int rc;

	text_put(&ci->packed, ev->p, ev->len);
	if (ci->packed.failed)
		return false;
	if (!ev->last)
		return true;
	rc = inflate_message(&plain, ci->packed.p, ci->packed.len, (uint64_t)c->server->conf->message_max_bytes);
	text_fini(&ci->packed);
	if (rc == -EMSGSIZE)
		conn_broken(c, 1009, "message over the limit");
	else if (rc == -EBADMSG)
		conn_broken(c, 1007, "not compressed data");
	else if (rc == 0 && ev->op == WS_TEXT && utf8_valid_len(plain.p, plain.len) != plain.len)
		conn_broken(c, 1007, "text is not UTF-8");
	else if (rc == 0)
		ok = conn_piece(c, ci, &(struct ws_event){ .kind = WS_PIECE, .op = ev->op,
		    .p = (const uint8_t *)(plain.p != NULL ? plain.p : ""), .len = plain.len, .first = true, .last = true });
	else
		ok = false;
	text_fini(&plain);
	return ok;
}

static bool
conn_may_speak(struct conn *c)		/* one more message, Ping or Pong */
{
	uint16_t second = (uint16_t)(c->server->loop->now_ns / 1000000000);

	if (c->rate_second != second) {
		c->rate_second = second;
		c->rate_n = 0;
	}
	if (c->server->conf->max_messages == 0 || c->rate_n < c->server->conf->max_messages) {
		c->rate_n++;
		return true;
	}
	conn_broken(c, 1008, "too many messages");
	return false;
}

static bool
conn_event(struct conn *c, struct conn_in *ci, const struct ws_event *ev)	/* false: out of memory */
{
	bool open = c->state == CONN_OPEN;

	switch (ev->kind) {
	case WS_NEED_MORE:
		break;
	case WS_PIECE:
		c->server->counts.messages_in += ev->last;
		if (open && (!ev->first || conn_may_speak(c)))
			return ev->packed ? conn_packed(c, ci, ev) : conn_piece(c, ci, ev);
		break;
	case WS_GOT_PING:
		if (open && conn_may_speak(c) && (c->reply = frame_ws(WS_PONG, ev->p, ev->len)) == NULL)
			return false;
		break;
	case WS_GOT_PONG:
		if (open && conn_may_speak(c))
			conn_due_in(c, DUE_PONG, -1);
		break;
	case WS_GOT_CLOSE:
		if (open) {
			conn_end(c, CONN_DRAIN, ev->code, "");	/* echoed, RFC 6455, 5.5.1 */
		} else {
			c->state = CONN_DRAIN;
			conn_due_end(c, CONN_DRAIN_MS);
		}
		break;
	case WS_BROKEN:
		conn_broken(c, ev->code, ev->why);
		break;
	}
	if (ev->kind != WS_NEED_MORE)
		TRACE2(frame__recv, c->number, ev->kind);
	return true;
}

static enum conn_next
conn_frames(struct conn *c, struct span *in)
{
	struct conn_in fresh, *ci = c->in;
	unsigned state = c->state;
	struct ws_event ev;

	if (in->len == 0)
		return CONN_WAIT;
	if (ci == NULL) {
		ci = &fresh;
		ci->ws = (struct ws_in){ .deflate = c->wire == WIRE_DEFLATE };
		ci->packed = (struct text){ 0 };
		ci->text_len = 0;
	}
	while (in->len > 0 && c->reply == NULL && c->state == state) {
		ws_in_next(&ci->ws, &in->p, &in->len, (uint64_t)c->server->conf->message_max_bytes, &ev);
		if (!conn_event(c, ci, &ev)) {
			if (ci == &fresh)
				text_fini(&fresh.packed);
			c->why = "memory";
			return CONN_DROP;
		}
	}
	if (!ws_in_is_idle(&ci->ws) && c->state == state) {
		if (ci == &fresh && (c->in = malloc(sizeof *c->in)) == NULL) {
			text_fini(&fresh.packed);
			c->why = "memory";
			return CONN_DROP;
		}
		if (ci == &fresh)
			*c->in = fresh;
	} else if (ci == &fresh) {
		text_fini(&fresh.packed);
	} else {
		conn_in_free(c->in);
		c->in = NULL;
	}
	return in->len > 0 ? CONN_MORE : CONN_WAIT;
}

enum conn_next
conn_open(struct conn *c, struct span *in)
{
	if (wire_is_ws(c->wire))
		return conn_frames(c, in);
	in->len = 0;			/* a second request behind the first: we said Connection: close */
	return CONN_WAIT;
}

enum conn_next
conn_closing(struct conn *c, struct span *in)
{
	return conn_frames(c, in);
}

/* -- DRAIN ------------------------------------------------------------------- */

enum conn_next
conn_drain(struct conn *c, struct span *in)
{
	(void)c;
	in->len = 0;			/* read, so that closing does not reset what we sent */
	return CONN_WAIT;
}
