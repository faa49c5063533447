#include "config.h"

#include "relay/live.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { PLACES_MIN = 64 };

static timer_f live_idle;

void
live_init(struct live *l, struct topics *ts, int64_t keep_ms)
{
	*l = (struct live){ .topics = ts, .keep_ns = keep_ms * 1000000, .idle = { .fire = live_idle } };
	if (getrandom(&l->epoch, sizeof l->epoch, GRND_NONBLOCK) != (ssize_t)sizeof l->epoch)
		l->epoch = (uint64_t)ts->loop->now_ns;	/* early at boot: it only has to differ */
	l->epoch >>= 16;
}

void
live_fini(struct live *l)
{
	if (l->topics != NULL) {
		timer_stop(&l->topics->loop->timers, &l->idle);
		live_off(l);
	}
	free(l->v);
	*l = (struct live){ 0 };
}

static void
live_close_up(struct live *l)		/* take the empty places out */
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i].t != NULL) {
			l->v[n] = l->v[i];
			l->v[n].t->shown->live_at = n;
			n++;
		}
	l->n = n;
}

static bool
live_room(struct live *l)
{
	uint32_t cap = l->cap > 0 ? l->cap * 2 : PLACES_MIN;
	struct live_entry *v;

	if (l->n == l->cap && l->n_topics <= l->cap / 2)
		live_close_up(l);	/* at least half were empty: cheap on the average */
	if (l->n < l->cap)
		return true;
	if ((v = realloc(l->v, cap * sizeof *v)) == NULL)
		return false;
	l->v = v;
	l->cap = cap;
	return true;
}

void
live_put(struct live *l, struct topic *t, uint64_t change)
{
	struct shown *sh = t->shown;
	struct loop *lp = l->topics->loop;

	if (!live_room(l))
		return;			/* its next change is shown */
	if (sh->change != 0)
		l->v[sh->live_at].t = NULL;
	else
		l->n_topics++;
	sh->change = change != 0 ? change : ++l->changes;
	sh->live_at = l->n;
	l->v[l->n++] = (struct live_entry){ sh->change, t };
	if (t->terminal)
		timer_set(&lp->timers, &sh->timer, lp->now_ns + l->keep_ns);
}

void
live_changed(struct live *l, struct topic *t)
{
	if (!l->on || (t->shown->change == 0 && t->terminal))
		return;
	live_put(l, t, 0);
	audience_kick(&l->audience, l->topics->kick);
}

void
live_resume(struct live *l, uint64_t epoch, uint64_t changes)
{
	l->epoch = epoch;
	l->changes = changes;
}

void
live_drop(struct live *l, struct topic *t)
{
	if (t->shown == NULL || t->shown->change == 0)
		return;
	assert(l->v[t->shown->live_at].t == t);
	l->v[t->shown->live_at].t = NULL;
	t->shown->change = 0;
	l->n_topics--;
	topic_release(t);
}

void
live_off(struct live *l)
{
	l->on = false;
	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i].t != NULL)
			live_drop(l, l->v[i].t);
	l->n = 0;
}

static void
live_idle(struct timer *timer, int64_t now_ns)
{
	struct live *l = OWNER_OF(timer, struct live, idle);

	(void)now_ns;
	live_off(l);
	l->watch(l, false);
}

static void
live_rest(struct live *l)		/* an EventSource comes back after a moment, and wants what it missed */
{
	if (l->audience.first == NULL)
		timer_set(&l->topics->loop->timers, &l->idle, l->topics->loop->now_ns + l->keep_ns);
}

void
live_on(struct live *l)
{
	l->on = true;
	l->watch(l, true);
	live_rest(l);
}

void
live_join(struct live *l, struct subscriber *s)
{
	if (!l->on)
		live_on(l);
	timer_stop(&l->topics->loop->timers, &l->idle);
	audience_join(&l->audience, s);
}

void
live_leave(struct live *l, struct subscriber *s)
{
	audience_leave(s);
	live_rest(l);
}

struct topic *
live_next(const struct live *l, uint64_t at, uint64_t *change)
{
	uint32_t lo = 0, hi = l->n;

	if (hi == 0 || l->v[hi - 1].change <= at)
		return NULL;		/* the usual case: nothing new */
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (l->v[mid].change <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo < l->n && l->v[lo].t == NULL)
		lo++;
	if (lo == l->n)
		return NULL;
	*change = l->v[lo].change;
	return l->v[lo].t;
}
