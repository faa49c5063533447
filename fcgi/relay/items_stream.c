#include "config.h"

#include "relay/items_stream.h"

#include <errno.h>

#include "relay/conn.h"
#include "relay/relay.h"

/*
 * Cursor: c->sub.at is one more than the version of the page given last, 0 none;
 * c->sub.mark the last version whose event was given, or is not to be.
 */
static void
items_join(struct conn *c)
{
	struct items *it = &relay_of(c)->items;
	bool first = it->audience.first == NULL;

	audience_join(&it->audience, &c->sub);
	if (first)
		items_look(it);		/* nobody has, for a while */
}

static int
items_open(struct conn *c, const struct asked *a, const char **why)
{
	struct items *it = &relay_of(c)->items;
	uint64_t since;

	(void)why;
	items_join(c);
	c->sub.mark = it->version;
	if (asked_number(a->since, &since) && since <= it->version) {
		c->sub.at = since + 1;
		c->sub.mark = it->version - since < CATALOGUE_EVENTS ? since : it->version - CATALOGUE_EVENTS;
	}
	return 0;
}

static int
items_resume(struct conn *c, struct slice id)
{
	(void)id;
	items_join(c);
	return 0;
}

static int
items_next_event(struct conn *c, struct frame **out)	/* 0, *out is NULL when none is left; the mark stands before it */
{
	struct items *it = &relay_of(c)->items;
	bool none = true;

	if (c->sub.mark + CATALOGUE_EVENTS < it->version)
		c->sub.mark = it->version - CATALOGUE_EVENTS;	/* older events are gone */
	for (*out = NULL; c->sub.mark < it->version; c->sub.mark++) {
		*out = items_event(it, (enum wire)c->wire, c->sub.mark + 1, &none);
		if (!none)
			return *out != NULL ? 0 : -ENOMEM;
	}
	return 0;
}

static int
items_next(struct conn *c, struct piece *out)
{
	struct items *it = &relay_of(c)->items;
	struct frame *f = NULL;
	int rc;

	if (c->sub.at != 0 && (rc = items_next_event(c, &f)) < 0)
		return rc;
	if (c->sub.at != it->version + 1) {	/* the page first, then what changed it */
		bool more = f != NULL;

		frame_unref(f);
		if ((f = items_update(it, (enum wire)c->wire, more)) == NULL)
			return it->update[WIRE_WS] != NULL ? -ENOMEM : 0;	/* torn: items_look() comes again */
		if (c->sub.at == 0)
			c->sub.mark = it->version;
		c->sub.at = it->version + 1;
	} else if (f == NULL) {
		return 0;
	} else {
		c->sub.mark++;
	}
	*out = (struct piece){ .frame = f, .to = f->len };
	return 1;
}

static void
items_close(struct conn *c)
{
	audience_leave(&c->sub);
}

const struct stream items_stream = {
	.name = "knowledge",
	.path = "/api/knowledge-items/stream",
	.kind = STREAM_ITEMS,
	.ways = WAY_WS | WAY_SSE,
	.beat = "{\"type\":\"heartbeat\"}",
	.open = items_open,
	.next = items_next,
	.close = items_close,
	.resume = items_resume,
};
