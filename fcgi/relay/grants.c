#include "config.h"

#include "relay/grants.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "relay/conn.h"
#include "relay/server.h"
#include "shared/clock.h"
#include "shared/log.h"
#include "shared/revoked.h"

enum {
	FIRST_PLACES = 16,
	LOOK_MS = 60 * 60 * 1000,	/* the clock may be set meanwhile: look each hour */
	AGAIN_MS = 15000,		/* archon-api said yes to nginx (5 s), which then came to us (5 s) */
};

static const char over[] = "access has ended: the token was revoked, or has expired";

void
grants_fini(struct server *sv)
{
	timer_stop(&sv->loop->timers, &sv->grants.ends);
	timer_stop(&sv->loop->timers, &sv->grants.again);
	free(sv->grants.v);
	sv->grants = (struct grants){ .n = 0 };
}

/* -- taking ------------------------------------------------------------------------ */

static void
grants_arm(struct server *sv, int64_t until_wall_ms)	/* look then, or earlier if that was meant already */
{
	int64_t left_ms = until_wall_ms - clock_wall_ms();
	struct timer *t = &sv->grants.ends;
	int64_t at_ns;

	left_ms = left_ms < 0 ? 0 : left_ms > LOOK_MS ? LOOK_MS : left_ms;
	at_ns = sv->loop->now_ns + left_ms * 1000000 + 1000000;
	if (t->at == 0 || at_ns < t->due_ns)
		timer_set(&sv->loop->timers, t, at_ns);
}

static int
grants_grow(struct grants *g)
{
	uint32_t cap = g->cap > 0 ? 2 * g->cap : FIRST_PLACES;
	struct grant *v;

	cap = cap < GRANTS_MAX ? cap : GRANTS_MAX;
	if (g->n == cap)
		return -ENOSPC;
	if ((v = realloc(g->v, cap * sizeof *v)) == NULL)
		return -ENOMEM;
	g->v = v;
	g->cap = cap;
	return 0;
}

int
grant_take(struct server *sv, uint64_t key, int64_t until_wall_ms, uint16_t *number)
{
	struct grants *g = &sv->grants;
	uint32_t place = g->n;
	int rc;

	/* One after the other: tokens and sessions are few. */
	for (uint32_t i = 0; i < g->n; i++) {
		if (g->v[i].n == 0)
			place = i;
		else if (g->v[i].key == key && g->v[i].until_wall_ms == until_wall_ms) {
			place = i;
			break;
		}
	}
	if (place == g->cap && (rc = grants_grow(g)) < 0)
		return rc;
	if (place == g->n)
		g->v[g->n++] = (struct grant){ .n = 0 };
	if (g->v[place].n == 0)
		g->v[place] = (struct grant){ .key = key, .until_wall_ms = until_wall_ms };
	g->v[place].n++;
	if (until_wall_ms != 0)
		grants_arm(sv, until_wall_ms);
	*number = (uint16_t)(place + 1);
	return 0;
}

void
grant_drop(struct server *sv, uint16_t number)
{
	struct grants *g = &sv->grants;

	if (number == GRANT_NONE)
		return;
	g->v[number - 1].n--;
	while (g->n > 0 && g->v[g->n - 1].n == 0)
		g->n--;
}

/* -- ending ------------------------------------------------------------------------ */

typedef bool is_over_f(const struct grant *g, const void *arg);

static void
grants_end(struct server *sv, is_over_f *is_over, const void *arg, const char *why)
{
	unsigned n = 0;
	struct conn *next;

	for (struct conn *c = sv->conns; c != NULL; c = next) {
		next = c->next;		/* one step may kill c, and no other */
		if (c->state != CONN_OPEN || c->grant == GRANT_NONE || !is_over(&sv->grants.v[c->grant - 1], arg))
			continue;
		n++;
		if (c->wire == WIRE_POLL)
			conn_refuse(c, 401, "access_ended", over);
		else
			conn_close(c, 1008, over);
		conn_kick(c);
	}
	if (n > 0)
		log_event(LOG_NOTICE, "access ended clients=%u why=%s", n, why);
}

static bool
is_any(const struct grant *g, const void *arg)
{
	(void)g;
	(void)arg;
	return true;
}

struct keys {
	const uint64_t *v;
	int		n;
};

static bool
is_revoked(const struct grant *g, const void *arg)
{
	const struct keys *k = arg;

	for (int i = 0; i < k->n; i++)
		if (k->v[i] == g->key)
			return true;
	return false;
}

static int
grants_part(struct server *sv, uint64_t *seen)	/* with who was told after *seen; how many, or -EOVERFLOW: with all */
{
	uint64_t key[REVOKED_SLOTS];
	struct keys keys = { .v = key };

	if ((keys.n = revoked_since(sv->grants.table, seen, key)) < 0)
		grants_end(sv, is_any, NULL, "too-many-revoked");
	else if (keys.n > 0)
		grants_end(sv, is_revoked, &keys, "revoked");
	return keys.n;
}

void
grants_look(struct server *sv)
{
	struct grants *g = &sv->grants;
	uint64_t from = g->seen;

	if (g->table == NULL || grants_part(sv, &g->seen) == 0)
		return;
	/* Who was let through just before, and comes here only now, has to go as well. */
	if (g->again.at == 0)
		g->again_from = from;
	timer_set(&sv->loop->timers, &g->again, sv->loop->now_ns + AGAIN_MS * INT64_C(1000000));
}

void
grants_again(struct timer *timer, int64_t now_ns)
{
	struct server *sv = OWNER_OF(timer, struct server, grants.again);

	(void)now_ns;
	if (sv->grants.table != NULL)
		(void)grants_part(sv, &sv->grants.again_from);
}

void
grants_attach(struct server *sv, const struct table *t)
{
	struct grants *g = &sv->grants;
	uint64_t before = g->generation;

	g->table = t;
	if (t == NULL || (g->generation = table_generation(t)) == before) {
		grants_look(sv);
		return;
	}
	g->seen = revoked_count(t);
	timer_stop(&sv->loop->timers, &g->again);
	if (before != 0)
		grants_end(sv, is_any, NULL, "other-table");
}

static bool
is_expired(const struct grant *g, const void *arg)
{
	return g->until_wall_ms != 0 && g->until_wall_ms <= *(const int64_t *)arg;
}

void
grants_due(struct timer *timer, int64_t now_ns)
{
	struct server *sv = OWNER_OF(timer, struct server, grants.ends);
	int64_t now_ms = clock_wall_ms();

	(void)now_ns;
	grants_end(sv, is_expired, &now_ms, "expired");
	for (uint32_t i = 0; i < sv->grants.n; i++) {
		const struct grant *g = &sv->grants.v[i];

		if (g->n > 0 && g->until_wall_ms > now_ms)
			grants_arm(sv, g->until_wall_ms);
	}
}
