#include "config.h"

#include "t/echo_stream.h"

#include <stdlib.h>

#include "relay/conn.h"
#include "relay/deflate.h"

static int
echo_open(struct conn *c, const struct asked *a, const char **why)
{
	(void)c;
	(void)a;
	(void)why;
	return 0;
}

static int
echo_next(struct conn *c, struct piece *out)	/* it speaks only when spoken to */
{
	(void)c;
	(void)out;
	return 0;
}

static const char *
echo_expired(struct conn *c)
{
	(void)c;
	return "";
}

static void
echo_forget(struct conn *c)
{
	struct text *t = c->sub.own;

	if (t != NULL)
		text_fini(t);
	free(t);
	c->sub.own = NULL;
}

static bool
echo_hear(struct conn *c, enum ws_opcode op, const char *p, size_t len, bool first, bool last)
{
	struct text *t = c->sub.own;

	if (first && last) {
		c->reply = c->wire == WIRE_DEFLATE ? deflate_message(op, p, len) : frame_ws(op, p, len);
		return c->reply != NULL;
	}
	if (t == NULL && (t = c->sub.own = calloc(1, sizeof *t)) == NULL)
		return false;
	text_put(t, p, len);
	if (t->failed)
		return false;
	if (!last)
		return true;
	c->reply = c->wire == WIRE_DEFLATE ? deflate_message(op, t->p, t->len) : frame_ws(op, t->p, t->len);
	echo_forget(c);
	return c->reply != NULL;
}

const struct stream echo_stream = {
	.name = "echo",
	.path = "/",
	.kind = STREAM_ECHO,
	.ways = WAY_WS,
	.beat = "{\"type\":\"ping\"}",
	.open = echo_open,
	.next = echo_next,
	.expired = echo_expired,
	.close = echo_forget,
	.hear = echo_hear,
};
