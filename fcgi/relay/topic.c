#include "config.h"

#include "relay/topic.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/ids.h"
#include "shared/message.h"

enum { BUCKETS_MIN = 256, TORN_FIRST_MS = 2, TORN_SHIFT_MAX = 8 };	/* 2 ms doubling to 512 */

static timer_f shown_timer;

/* -- the table of topics -------------------------------------------------------- */

int
topics_init(struct topics *ts, struct loop *lp, int64_t conflate_ms)
{
	*ts = (struct topics){ .loop = lp, .conflate_ns = conflate_ms * 1000000, .n_buckets = BUCKETS_MIN };
	ts->bucket = calloc(ts->n_buckets, sizeof *ts->bucket);
	return ts->bucket != NULL ? 0 : -ENOMEM;
}

void
topics_fini(struct topics *ts)
{
	assert(ts->n == 0);
	free(ts->bucket);
	text_fini(&ts->scratch);
	*ts = (struct topics){ 0 };
}

static struct topic **
bucket_of(const struct topics *ts, uint32_t hash)
{
	return &ts->bucket[hash & (ts->n_buckets - 1)];
}

static void
topics_grow(struct topics *ts)		/* failing is fine: chains get longer */
{
	struct topic **old = ts->bucket, *t;
	uint32_t n_old = ts->n_buckets;
	struct topic **wide = calloc((size_t)n_old * 2, sizeof *wide);

	if (wide == NULL)
		return;
	ts->bucket = wide;
	ts->n_buckets = n_old * 2;
	for (uint32_t i = 0; i < n_old; i++)
		while ((t = old[i]) != NULL) {
			struct topic **to = bucket_of(ts, t->hash);

			old[i] = t->chain;
			t->chain = *to;
			*to = t;
		}
	free(old);
}

static uint32_t
fold(uint64_t h)
{
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t
hash_of(const char *id, size_t len)
{
	return fold(id_hash(id, len));
}

bool
topics_has(const struct topics *ts, uint64_t h)
{
	struct topic *t = *bucket_of(ts, fold(h));

	while (t != NULL && t->hash != fold(h))
		t = t->chain;
	return t != NULL;
}

struct topic *
topics_find(const struct topics *ts, const char *id, size_t len)
{
	uint32_t hash = hash_of(id, len);
	struct topic *t = *bucket_of(ts, hash);

	while (t != NULL && !(t->hash == hash && t->id_len == len && memcmp(t->id, id, len) == 0))
		t = t->chain;
	return t;
}

struct topic *
topics_get(struct topics *ts, const char *id, size_t len)
{
	struct topic *t = topics_find(ts, id, len);

	assert(len <= ID_TOPIC_MAX);
	if (t != NULL)
		return t;
	if (ts->n >= ts->n_buckets * 2)
		topics_grow(ts);
	if ((t = calloc(1, sizeof *t + len + 1)) == NULL)
		return NULL;
	t->magic = TOPIC_MAGIC;
	t->topics = ts;
	t->hash = hash_of(id, len);
	t->id_len = (uint8_t)len;
	memcpy(t->id, id, len);
	t->chain = *bucket_of(ts, t->hash);
	*bucket_of(ts, t->hash) = t;
	ts->n++;
	return t;
}

void
topics_each(struct topics *ts, void (*f)(struct topic *t, void *arg), void *arg)
{
	for (uint32_t i = 0; i < ts->n_buckets; i++)
		for (struct topic *t = ts->bucket[i]; t != NULL; t = t->chain)	/* empty ones stay linked */
			if (!t->empty)
				f(t, arg);
}

/* -- what is shown ---------------------------------------------------------------- */

static struct shown *
shown_of(struct topic *t)		/* NULL: no memory */
{
	struct timers *timers = &t->topics->loop->timers;

	if (t->shown != NULL)
		return t->shown;
	if (timers_add(timers, 1) < 0)
		return NULL;
	if ((t->shown = calloc(1, sizeof *t->shown)) == NULL) {
		timers_drop(timers, 1);
		return NULL;
	}
	t->shown->topic = t;
	t->shown->timer.fire = shown_timer;
	return t->shown;
}

static void
shown_forget(struct shown *sh)		/* the forms of its message */
{
	for (unsigned w = 0; w < N_WIRES; w++) {
		frame_unref(sh->as[w]);
		sh->as[w] = NULL;
	}
	frame_unref(sh->as_live);
	sh->as_live = NULL;
}

static void
shown_free(struct topic *t)
{
	if (t->shown == NULL)
		return;
	timer_stop(&t->topics->loop->timers, &t->shown->timer);
	timers_drop(&t->topics->loop->timers, 1);
	shown_forget(t->shown);
	free(t->shown);
	t->shown = NULL;
}

/* -- who follows ------------------------------------------------------------------ */

static bool
topic_is_followed(const struct topic *t)
{
	return t->audience.first != NULL || (t->shown != NULL && t->shown->change != 0);
}

static void
topic_free(struct topic *t)
{
	struct topics *ts = t->topics;
	struct topic **at = bucket_of(ts, t->hash);

	assert(t->magic == TOPIC_MAGIC);
	while (*at != t)
		at = &(*at)->chain;
	*at = t->chain;
	ts->n--;
	shown_free(t);
	t->magic = 0;
	free(t);
}

static void
topics_sweep(struct grave *g)
{
	struct topics *ts = OWNER_OF(g, struct topics, grave);
	struct topic *t;

	ts->buried = false;
	while ((t = ts->empties) != NULL) {
		ts->empties = t->next_empty;
		t->empty = false;
		if (!topic_is_followed(t))	/* somebody may have come in the same turn */
			topic_free(t);
	}
}

void
topic_release(struct topic *t)
{
	struct topics *ts = t->topics;

	if (t->empty || topic_is_followed(t))
		return;
	t->empty = true;
	t->next_empty = ts->empties;
	ts->empties = t;
	if (!ts->buried)
		loop_bury(ts->loop, &ts->grave, topics_sweep);
	ts->buried = true;
}

int
topic_join(struct topics *ts, const char *id, size_t len, struct subscriber *s)
{
	struct topic *t = topics_get(ts, id, len);

	if (t == NULL)
		return -ENOMEM;
	audience_join(&t->audience, s);
	return 0;
}

void
topic_leave(struct subscriber *s)
{
	struct topic *t;

	if (s->audience == NULL)
		return;
	t = topic_of(s);
	audience_leave(s);
	topic_release(t);
}

/* -- news ------------------------------------------------------------------------- */

static void
shown_again(struct shown *sh, int64_t at_ns)
{
	if (sh->timer.at == 0)
		timer_set(&sh->topic->topics->loop->timers, &sh->timer, at_ns);
}

static void
shown_timer(struct timer *timer, int64_t now_ns)
{
	struct topic *t = OWNER_OF(timer, struct shown, timer)->topic;

	(void)now_ns;
	assert(t->magic == TOPIC_MAGIC);
	if (topic_is_followed(t))
		t->topics->refresh(t->topics, t);
}

static struct frame *
topic_encode(struct topics *ts, const struct crawl_progress *p)
{
	text_clear(&ts->scratch);
	message_progress(&ts->scratch, p);
	return ts->scratch.failed ? NULL : frame_ws(WS_TEXT, ts->scratch.p, ts->scratch.len);
}

void
topic_update(struct topic *t, const struct crawl_progress *p)
{
	struct topics *ts = t->topics;
	bool known = topic_has_message(t), terminal = crawl_phase_is_terminal((enum crawl_phase)p->phase);
	int64_t now_ns = ts->loop->now_ns;
	struct shown *sh = shown_of(t);
	struct frame *f;

	t->torn_tries = 0;
	if (sh == NULL || t->terminal || (known && p->seq == sh->seq && !terminal))
		return;
	if (known && now_ns < sh->published_ns + ts->conflate_ns && !terminal) {
		ts->conflated++;
		shown_again(sh, sh->published_ns + ts->conflate_ns);
		return;
	}
	if ((f = topic_encode(ts, p)) == NULL) {	/* out of memory: the next look may do better */
		sh->published_ns = now_ns;
		shown_again(sh, now_ns + ts->conflate_ns + 1000000);
		return;
	}
	timer_stop(&ts->loop->timers, &sh->timer);
	shown_forget(sh);
	sh->as[WIRE_WS] = f;
	sh->seq = p->seq;
	t->terminal = terminal;
	sh->published_ns = now_ns;
	ts->published++;
	ts->changed(ts, t);
	audience_kick(&t->audience, ts->kick);
}

void
topic_unknown(struct topic *t)
{
	if (topic_has_message(t))
		t->topics->gone(t->topics, t);
	if (t->torn_tries == 0)
		return;
	t->torn_tries = 0;
	audience_kick(&t->audience, t->topics->kick);	/* they were kept from being told that they wait */
}

void
topic_unpace(struct topic *t)
{
	if (t->shown != NULL)
		t->shown->published_ns = 0;
}

void
topic_torn(struct topic *t)
{
	unsigned shift = t->torn_tries < TORN_SHIFT_MAX ? t->torn_tries : TORN_SHIFT_MAX;
	struct shown *sh = shown_of(t);

	if (sh == NULL)
		return;
	if (t->torn_tries < UINT8_MAX)
		t->torn_tries++;
	shown_again(sh, t->topics->loop->now_ns + ((int64_t)TORN_FIRST_MS << shift) * 1000000);
	if (t->torn_tries == TOPIC_TORN_TRIES)
		audience_kick(&t->audience, t->topics->kick);
}

bool
topic_is_settled(const struct topic *t)
{
	return topic_has_message(t) || t->torn_tries == 0 || t->torn_tries >= TOPIC_TORN_TRIES;
}

struct frame *
topic_frame_make(struct topic *t, enum wire w)
{
	struct shown *sh = t->shown;
	char id[24];
	size_t len;
	const uint8_t *json = frame_ws_payload(sh->as[WIRE_WS], &len);

	(void)snprintf(id, sizeof id, "%" PRIu64, sh->seq);
	sh->as[w] = wire_frame(w, id, json, len);
	return frame_ref(sh->as[w]);
}
