#include "config.h"

#include "relay/items.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { RETRY_MS = 5 };

static const char update_head[] = "{\"type\":\"knowledge_items_update\",\"data\":";
static const char empty_page[] = "{\"items\":[],\"total\":0,\"page\":1,\"per_page\":20,\"pages\":0}";

static void
frames_forget(struct frame **as)
{
	for (unsigned w = 0; w < N_WIRES; w++) {
		frame_unref(as[w]);
		as[w] = NULL;
	}
}

static void
page_forget(struct items *it)
{
	frames_forget(it->update);
	frame_unref(it->update_before);
	it->update_before = NULL;
}

static void
items_retry(struct timer *timer, int64_t now_ns)
{
	(void)now_ns;
	items_look(OWNER_OF(timer, struct items, retry));
}

void
items_init(struct items *it, struct loop *lp, kick_f *kick)
{
	*it = (struct items){ .loop = lp, .kick = kick, .retry = { .fire = items_retry } };
}

void
items_fini(struct items *it)
{
	if (it->loop == NULL)
		return;
	timer_stop(&it->loop->timers, &it->retry);
	page_forget(it);
	for (unsigned i = 0; i < CATALOGUE_EVENTS; i++)
		frames_forget(it->event[i].as);
	text_fini(&it->scratch);
}

/* The page there is, as the message.  0, or -errno: what is kept is as it was. */
static int
items_read(struct items *it)
{
	uint64_t version = 0;
	struct frame *f;
	int rc;

	text_clear(&it->scratch);
	text_puts(&it->scratch, update_head);
	rc = it->table != NULL ? catalogue_page(it->table, &it->scratch, &version) : -ENOENT;
	if (rc == -ENOENT) {
		if (it->update[WIRE_WS] != NULL)
			return 0;	/* a new table, and nothing in it yet: what we have is newer */
		text_puts(&it->scratch, empty_page);
		rc = 0;
	}
	if (rc < 0)
		return rc;
	text_putc(&it->scratch, '}');
	if (it->scratch.failed || (f = frame_ws(WS_TEXT, it->scratch.p, it->scratch.len)) == NULL)
		return -ENOMEM;
	page_forget(it);
	it->update[WIRE_WS] = f;
	it->version = version;
	return 0;
}

void
items_look(struct items *it)
{
	uint64_t was = it->version;
	int rc;

	if (it->audience.first == NULL)
		return;			/* nobody: read when somebody comes */
	if ((rc = items_read(it)) < 0) {
		timer_set(&it->loop->timers, &it->retry, it->loop->now_ns + RETRY_MS * 1000000LL);
		return;
	}
	if (it->version != was)
		audience_kick(&it->audience, it->kick);
}

void
items_attach(struct items *it, struct table *t)
{
	it->table = t;
	if (t != NULL)
		items_look(it);
}

struct frame *
items_update(struct items *it, enum wire w, bool before)
{
	bool bare = before && w == WIRE_SSE;
	struct frame **made = bare ? &it->update_before : &it->update[w];

	if (it->update[WIRE_WS] == NULL && items_read(it) < 0)
		return NULL;
	if (*made == NULL) {
		char id[24];
		size_t len;
		const uint8_t *json = frame_ws_payload(it->update[WIRE_WS], &len);

		(void)snprintf(id, sizeof id, "%" PRIu64, it->version);
		*made = wire_frame(w, bare ? NULL : id, json, len);
	}
	return frame_ref(*made);
}

struct frame *
items_event(struct items *it, enum wire w, uint64_t version, bool *none)
{
	struct items_event *ev = &it->event[version % CATALOGUE_EVENTS];
	char id[24];
	int rc;

	*none = false;
	if (ev->version != version) {
		frames_forget(ev->as);
		ev->version = version;
	}
	if (ev->as[w] != NULL)
		return frame_ref(ev->as[w]);
	text_clear(&it->scratch);
	rc = it->table != NULL ? catalogue_event(it->table, version, &it->scratch) : -ENOENT;
	*none = rc == -ENOENT || rc == -EAGAIN;
	(void)snprintf(id, sizeof id, "%" PRIu64, version);
	if (rc == 0 && !it->scratch.failed)
		ev->as[w] = wire_frame(w, id, it->scratch.p, it->scratch.len);
	return frame_ref(ev->as[w]);
}
