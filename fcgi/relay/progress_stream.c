#include "config.h"

#include "relay/progress_stream.h"

#include <errno.h>
#include <string.h>

#include "relay/conn.h"
#include "relay/relay.h"
#include "relay/ws_handshake.h"
#include "shared/ids.h"
#include "shared/message.h"

/* -- who comes -------------------------------------------------------------------- */

static int
progress_join(struct conn *c, struct slice id)
{
	struct relay *r = relay_of(c);
	int rc = topic_join(&r->topics, id.p, id.len, &c->sub);
	struct topic *t;

	if (rc == 0 && !topic_has_message(t = topic_of(&c->sub))) {
		follow_topic(&r->follow, t);
		topic_unpace(t);
	}
	return rc;
}

static int
progress_open(struct conn *c, const struct asked *a, const char **why)
{
	struct topic *t;
	uint64_t since;
	int rc;

	*why = "since";
	if (a->since.len > 0 && !asked_number(a->since, &since))
		return c->wire == WIRE_POLL ? 422 : progress_join(c, a->id);	/* another's id: from the start */
	if ((rc = progress_join(c, a->id)) < 0 || a->since.len == 0)
		return rc;
	t = topic_of(&c->sub);
	c->sub.at = since + 1;
	if (!topic_has_message(t))
		return 0;
	if (t->terminal && since == t->shown->seq && c->wire == WIRE_SSE) {
		topic_leave(&c->sub);
		return 204;		/* all was said: an EventSource stops asking */
	}
	if (since > t->shown->seq && !t->terminal)
		c->sub.at = t->shown->seq + 1;	/* ours is older than what it has seen: what comes next */
	return 0;
}

/* -- what it is given --------------------------------------------------------------- */

static struct frame *
waiting_frame(const struct topic *t, enum wire w)
{
	struct text text = { 0 };
	struct frame *f = NULL;

	message_waiting(&text, t->id, t->id_len);
	if (!text.failed)
		f = wire_frame(w, NULL, text.p, text.len);
	text_fini(&text);
	return f;
}

/* What a plain poll would be answered: the message's data, without its envelope. */
static struct frame *
poll_frame_make(const struct topic *t, const struct conf *conf, unsigned origin)
{
	static const char key[] = "\"data\":";
	struct text text = { 0 };
	const char *json, *data;
	struct frame *f;
	char hex[65];
	size_t len;

	json = (const char *)frame_ws_payload(t->shown->as[WIRE_WS], &len);
	if ((data = memmem(json, len, key, sizeof key - 1)) == NULL)
		return NULL;		/* never: message_progress() wrote it */
	data += sizeof key - 1;
	len -= (size_t)(data - json) + 1;
	id_sha256(hex, data, len);
	text_printf(&text, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
	    "ETag: \"%.32s\"\r\nCache-Control: no-cache\r\nX-Poll-Interval: %d\r\nConnection: close\r\n",
	    len, hex, t->terminal ? 0 : 1000);
	http_cors(&text, conf, origin);
	text_puts(&text, "\r\n");
	text_put(&text, data, len);
	f = text.failed ? NULL : frame_raw(text.p, text.len);
	text_fini(&text);
	return f;
}

/* One for all, but for a page of another origin, whose head names it. */
static struct frame *
poll_frame(struct topic *t, const struct conf *conf, unsigned origin)
{
	struct frame **made = &t->shown->as[WIRE_POLL];

	if (origin != 0)
		return poll_frame_make(t, conf, origin);
	if (*made == NULL)
		*made = poll_frame_make(t, conf, 0);
	return frame_ref(*made);
}

static int
give(struct frame *f, struct piece *out)
{
	if (f == NULL)
		return -ENOMEM;
	*out = (struct piece){ f, 0, f->len, .last = true };
	return 1;
}

static int
progress_next(struct conn *c, struct piece *out)
{
	const struct conf *conf = c->server->conf;
	struct topic *t = topic_of(&c->sub);

	if (topic_has_message(t)) {
		if (c->sub.at == t->shown->seq + 1)
			return 0;
		if (c->wire == WIRE_POLL)
			return give(poll_frame(t, conf, c->origin), out);
		if (t->terminal)
			conn_expire_in(c, conf->linger_ms);
		else if (c->greeted || c->sub.at == 0)
			conn_expire_in(c, -1);
		c->greeted = false;
		c->sub.at = t->shown->seq + 1;
		return give(topic_frame(t, c->wire), out);
	}
	if (c->greeted || c->wire == WIRE_POLL || !topic_is_settled(t))
		return 0;
	c->greeted = true;
	conn_expire_in(c, conf->waiting_ms);
	return give(waiting_frame(t, c->wire), out);
}

static const char *
progress_expired(struct conn *c)
{
	return topic_has_message(topic_of(&c->sub)) ? "the crawl has ended" : "no such crawl";
}

static int
progress_lapsed(struct conn *c)
{
	return topic_has_message(topic_of(&c->sub)) ? 304 : 404;
}

static void
progress_close(struct conn *c)
{
	topic_leave(&c->sub);
}

const struct stream progress_stream = {
	.name = "progress",
	.path = "/api/crawl-progress/",
	.kind = STREAM_PROGRESS,
	.ways = WAY_WS | WAY_SSE | WAY_POLL,
	.takes_id = true,
	.beat = "{\"type\":\"ping\"}",
	.open = progress_open,
	.next = progress_next,
	.expired = progress_expired,
	.lapsed = progress_lapsed,
	.close = progress_close,
	.resume = progress_join,
};
