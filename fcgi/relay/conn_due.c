#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "relay/conn.h"
#include "shared/log.h"

enum { NS_PER_MS = 1000000 };

static int64_t
now_ms(const struct conn *c)
{
	return c->server->loop->now_ns / NS_PER_MS;
}

/* Deadlines are at most days away, 32 bits go round in seven weeks: the sign tells past from future. */
static int32_t
due_left(const struct conn *c, enum conn_due which)
{
	return (int32_t)(c->due[which] - (uint32_t)now_ms(c));
}

int64_t
conn_due_left_ms(const struct conn *c, enum conn_due which)
{
	int32_t left = due_left(c, which);

	return c->due[which] == 0 ? -1 : left > 0 ? left : 0;
}

static void
conn_due_arm(struct conn *c)
{
	int32_t first = INT32_MAX;

	for (unsigned i = 0; i < N_DUES; i++)
		if (c->due[i] != 0 && due_left(c, i) < first)
			first = due_left(c, i);
	if (first == INT32_MAX)
		timer_stop(&c->server->loop->timers, &c->timer);
	else
		timer_set(&c->server->loop->timers, &c->timer, (now_ms(c) + first) * NS_PER_MS);
}

void
conn_due_in(struct conn *c, enum conn_due which, int64_t ms)
{
	uint32_t at = (uint32_t)(now_ms(c) + ms);

	c->due[which] = ms < 0 ? 0 : at != 0 ? at : 1;
	conn_due_arm(c);
}

void
conn_expire_in(struct conn *c, int64_t ms)
{
	conn_due_in(c, DUE_STATE, ms);
}

/* Somewhere in the second half of the period: clients that came together drift apart. */
static int64_t
spread_ms(int64_t ms)
{
	return ms - (int64_t)((double)(ms / 2) * ((double)random() / 2147483648.0));
}

void
conn_due_open(struct conn *c)
{
	const struct conf *conf = c->server->conf;

	if (c->wire == WIRE_POLL)
		return;
	if (wire_is_ws(c->wire))
		conn_due_in(c, DUE_PING, spread_ms(conf->ping_ms));
	conn_due_in(c, DUE_BEAT, spread_ms(conf->heartbeat_ms));
}

void
conn_due_end(struct conn *c, int64_t ms)
{
	c->due[DUE_PING] = c->due[DUE_PONG] = c->due[DUE_BEAT] = 0;
	conn_due_in(c, DUE_STATE, ms);
}

static void
open_over(struct conn *c)
{
	struct server *sv = c->server;
	int status;

	if (sv->stopping != 0) {
		conn_close(c, sv->stopping, sv->stop_reason);
		return;
	}
	if (c->wire != WIRE_POLL) {
		conn_close(c, 1000, c->stream->expired != NULL ? c->stream->expired(c) : "");
		return;
	}
	status = c->stream->lapsed(c);
	conn_refuse(c, status, "not_found", "There is no crawl with this id.");
}

static void
state_over(struct conn *c)
{
	switch ((enum conn_state)c->state) {
	case CONN_HANDSHAKE:
		if (c->held == NULL)
			conn_kill(c, "silent");
		else
			conn_refuse(c, 408, "handshake_timeout", "The request did not arrive in time.");
		break;
	case CONN_OPEN:
		open_over(c);
		break;
	case CONN_CLOSING:
	case CONN_DRAIN:
		conn_kill(c, "close-timeout");
		break;
	case CONN_DEAD:
		break;
	}
}

static void
due(struct conn *c, enum conn_due which)
{
	struct server *sv = c->server;

	switch (which) {
	case DUE_STATE:
		state_over(c);
		break;
	case DUE_PING:
		c->want_ping = true;
		conn_due_in(c, DUE_PING, sv->conf->ping_ms);
		if (c->due[DUE_PONG] == 0)
			conn_due_in(c, DUE_PONG, sv->conf->pong_ms);
		break;
	case DUE_PONG:
		if (c->out != NULL) {	/* it may not have seen our ping: DUE_WRITE judges */
			conn_due_in(c, DUE_PONG, sv->conf->pong_ms);
			break;
		}
		sv->counts.pong_closes++;
		log_event(LOG_INFO, "close conn=%llu code=1011 why=no-pong", (unsigned long long)c->number);
		conn_close(c, 1011, "no pong");
		break;
	case DUE_BEAT:
		c->want_beat = true;
		conn_due_in(c, DUE_BEAT, sv->conf->heartbeat_ms);
		break;
	case DUE_WRITE:
		sv->counts.slow_closes++;
		log_event(LOG_INFO, "drop conn=%llu state=%s why=slow-reader out_bytes=%u",
		    (unsigned long long)c->number, conn_state_name(c), c->out_end - c->out_at);
		conn_kill(c, "slow-reader");
		break;
	case N_DUES:
		break;
	}
}

void
conn_due_fire(struct timer *t, int64_t now_ns)
{
	struct conn *c = OWNER_OF(t, struct conn, timer);

	assert(c->magic == CONN_MAGIC);
	(void)now_ns;
	for (unsigned i = 0; i < N_DUES && c->state != CONN_DEAD; i++)
		if (c->due[i] != 0 && due_left(c, i) <= 0) {
			c->due[i] = 0;
			due(c, (enum conn_due)i);
		}
	if (c->state == CONN_DEAD)
		return;
	conn_due_arm(c);
	conn_kick(c);
}
