#include "config.h"

#include "relay/logs_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "relay/conn.h"
#include "relay/relay.h"

enum { REPLAY = 50 };

/*
 * Cursor: c->sub.at is the sequence number given last, for the process that
 * takes over and for who comes back; c->sub.mark the ordinal on the tape.
 */
static int
logs_open(struct conn *c, const struct asked *a, const char **why)
{
	struct logs *l = &relay_of(c)->logs;
	enum ring_level level = RING_DEBUG;
	uint64_t since = 0;
	struct tape *t;
	bool known;
	int rc;

	*why = "level";
	if (a->level.len > 0 && !ring_level_parse(a->level, &level))
		return 422;
	*why = "since";
	known = asked_number(a->since, &since);
	if (!known && a->since.len > 0 && c->wire == WIRE_POLL)
		return 422;
	c->choice = (uint8_t)level;
	if ((rc = logs_join(l, (enum wire)c->wire, level, &c->sub)) < 0)
		return rc;
	t = logs_tape(&c->sub);
	c->sub.at = since;
	if (!known || since >= l->next_seq)	/* now, or what is not of this log */
		c->sub.mark = tape_recent(t, REPLAY);
	if (c->sub.mark != 0)
		c->sub.at = tape_seq(t, c->sub.mark, l->next_seq - 1);
	return 0;
}

static int
logs_resume(struct conn *c, struct slice id)
{
	(void)id;
	if (c->choice >= RING_N_LEVELS)
		return -EBADMSG;
	return logs_join(&relay_of(c)->logs, (enum wire)c->wire, (enum ring_level)c->choice, &c->sub);
}

/* Its id stands behind what was missed: who comes back is not told again. */
static int
gap(struct conn *c, uint64_t missed, struct piece *out)
{
	uint64_t seq = tape_seq(logs_tape(&c->sub), c->sub.mark, relay_of(c)->logs.next_seq - 1);
	char json[64], id[24];
	int n = snprintf(json, sizeof json, "{\"type\":\"gap\",\"missed\":%" PRIu64 "}", missed);
	struct frame *f;

	(void)snprintf(id, sizeof id, "%" PRIu64, seq);
	f = wire_frame((enum wire)c->wire, id, json, (size_t)n);
	if (f == NULL)
		return -ENOMEM;
	c->server->counts.gaps++;
	c->server->counts.missed += missed;
	*out = (struct piece){ .frame = f, .to = f->len };
	return 1;
}

/* Where a sequence number stands on the tape; what is between it and the oldest entry there was missed. */
static uint64_t
logs_seek(struct conn *c)
{
	const struct logs *l = &relay_of(c)->logs;
	uint64_t begin = c->sub.at + 1, first = l->first;

	c->sub.mark = tape_seek(logs_tape(&c->sub), c->sub.at);
	if (begin < l->floor)
		begin = l->floor;
	return begin < first ? first - begin : 0;
}

static int
logs_next(struct conn *c, struct piece *out)
{
	struct tape *t = logs_tape(&c->sub);
	uint64_t missed = c->sub.mark == 0 ? logs_seek(c) : 0;

	if (missed == 0) {
		int rc = tape_next(t, &c->sub.mark, &c->sub.at, out, &missed);

		if (rc > 0 || missed == 0)
			return rc;
	}
	return gap(c, missed, out);
}

/* In numbers that mean the same on another tape. */
static uint64_t
logs_place(const struct conn *c)
{
	const struct tape *t = logs_tape(&c->sub);

	if (c->sub.mark == 0 || c->sub.mark + 1 < t->begin)
		return c->sub.at;	/* the gap is yet to be told */
	return tape_seq(t, c->sub.mark, relay_of(c)->logs.next_seq - 1);
}

static void
logs_close(struct conn *c)
{
	logs_leave(&relay_of(c)->logs, &c->sub);
}

const struct stream logs_stream = {
	.name = "logs",
	.path = "/api/mcp/logs/stream",
	.kind = STREAM_LOGS,
	.ways = WAY_WS | WAY_SSE,
	.beat = "{\"type\":\"ping\"}",
	.open = logs_open,
	.next = logs_next,
	.close = logs_close,
	.resume = logs_resume,
	.place = logs_place,
};
