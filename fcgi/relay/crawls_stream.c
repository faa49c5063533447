#include "config.h"

#include "relay/crawls_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "relay/conn.h"
#include "relay/relay.h"

/* An event's id: "epoch-change".  Another epoch's numbers mean nothing to us. */
static bool
place_parse(struct slice s, uint64_t epoch, uint64_t *change)
{
	const char *dash = s.len > 0 ? memchr(s.p, '-', s.len) : NULL;
	uint64_t of;

	return dash != NULL && asked_number((struct slice){ s.p, (size_t)(dash - s.p) }, &of) && of == epoch &&
	    asked_number((struct slice){ dash + 1, s.len - (size_t)(dash - s.p) - 1 }, change);
}

static int
crawls_open(struct conn *c, const struct asked *a, const char **why)
{
	struct live *l = &relay_of(c)->live;

	(void)why;
	live_join(l, &c->sub);
	if (!place_parse(a->since, l->epoch, &c->sub.at) || c->sub.at > l->changes) {
		c->sub.at = 0;
		c->sub.mark = l->changes;	/* what ended up to here is not shown */
	}
	return 0;
}

static int
crawls_resume(struct conn *c, struct slice id)
{
	(void)id;
	live_join(&relay_of(c)->live, &c->sub);
	return 0;
}

static struct frame *
crawl_frame(const struct live *l, struct topic *t, enum wire w)
{
	struct shown *sh = t->shown;

	if (w != WIRE_SSE)
		return topic_frame(t, w);
	if (sh->as_live == NULL) {
		char id[64];
		size_t len;
		const uint8_t *json = frame_ws_payload(sh->as[WIRE_WS], &len);

		(void)snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, l->epoch, sh->change);
		sh->as_live = wire_frame(w, id, json, len);
	}
	return frame_ref(sh->as_live);
}

static int
crawls_next(struct conn *c, struct piece *out)
{
	const struct live *l = &relay_of(c)->live;
	struct topic *t;
	uint64_t change;

	while ((t = live_next(l, c->sub.at, &change)) != NULL) {
		struct frame *f;

		c->sub.at = change;
		if (t->terminal && change <= c->sub.mark)
			continue;
		if ((f = crawl_frame(l, t, c->wire)) == NULL)
			return -ENOMEM;
		*out = (struct piece){ .frame = f, .to = f->len };
		return 1;
	}
	return 0;
}

static void
crawls_close(struct conn *c)
{
	live_leave(&relay_of(c)->live, &c->sub);
}

const struct stream crawls_stream = {
	.name = "crawls",
	.path = "/api/crawl/stream",
	.kind = STREAM_CRAWLS,
	.ways = WAY_WS | WAY_SSE,
	.beat = "{\"type\":\"ping\"}",
	.open = crawls_open,
	.next = crawls_next,
	.close = crawls_close,
	.resume = crawls_resume,
};
