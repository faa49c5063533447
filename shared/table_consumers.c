/* Who is told of changes, and how a look at the whole table is taken. */
#include "config.h"

#include "shared/table.h"

#include <errno.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/row_claim.h"
#include "shared/table_layout.h"
#include "shared/trace.h"

/* -- consumers ------------------------------------------------------------------- */

static void
counters_clear(struct relay_counters *n)
{
	_Atomic uint64_t *word = (_Atomic uint64_t *)(void *)n;	/* it has nothing else */

	for (size_t i = 0; i < sizeof *n / sizeof *word; i++)
		atomic_store_explicit(&word[i], 0, memory_order_relaxed);
	atomic_store_explicit(&n->since_wall_ms, (uint64_t)clock_wall_ms(), memory_order_relaxed);
}

int
table_join(struct table *t, enum table_kind kind)
{
	for (unsigned s = 0; s < TABLE_CONSUMERS; s++) {
		struct table_consumer *c = table_consumer(t, kind, s);
		int rc;

		if ((atomic_fetch_or(&t->joined[kind], 1u << s) >> s & 1) != 0)
			continue;
		if ((rc = row_claim(t->fd, consumer_lock(kind, s))) < 0) {
			atomic_fetch_and(&t->joined[kind], ~(1u << s));
			if (rc == -EAGAIN)
				continue;
			return rc;
		}
		if (kind == TABLE_RELAY)
			counters_clear(table_counters(t, s));
		(void)atomic_exchange_explicit(&c->news, 0, memory_order_acq_rel);
		/* By exchange, not store: it pairs with table_mark_dirty(), so the scan to follow sees what was marked. */
		for (unsigned w = 0; w < BITMAP_WORDS; w++)
			(void)atomic_exchange_explicit(&c->dirty[w], 0, memory_order_acq_rel);
		/*
		 * By exchange too: a signaller that found the dead one's word set wakes
		 * nobody, but then the scan to follow sees what it published.
		 */
		(void)atomic_exchange_explicit(&c->wk.pending, 0, memory_order_acq_rel);
		atomic_store_explicit(&c->joined, 1, memory_order_release);
		return (int)s;
	}
	return -ENOSPC;
}

void
table_leave(struct table *t, enum table_kind kind, unsigned slot)
{
	atomic_store_explicit(&table_consumer(t, kind, slot)->joined, 0, memory_order_release);
	(void)row_release(t->fd, consumer_lock(kind, slot));
	atomic_fetch_and(&t->joined[kind], ~(1u << slot));
}

struct wakeup *
table_wakeup(struct table *t, enum table_kind kind, unsigned slot)
{
	return &table_consumer(t, kind, slot)->wk;
}

void
table_signal(struct table *t, enum table_kind kind)
{
	for (unsigned s = 0; s < TABLE_CONSUMERS; s++) {
		struct table_consumer *c = table_consumer(t, kind, s);

		if (atomic_load_explicit(&c->joined, memory_order_acquire) == 0)
			continue;
		TRACE2(wakeup__signal, kind == TABLE_RELAY ? 'r' : 'c', s);
		wakeup_signal(&c->wk);
	}
}

bool
table_is_alive(const struct table *t, enum table_kind kind, unsigned slot)
{
	return (atomic_load(&t->joined[kind]) >> slot & 1) != 0 || row_has_owner(t->fd, consumer_lock(kind, slot)) == 1;
}

unsigned
table_n_alive(const struct table *t, enum table_kind kind)
{
	unsigned n = 0;

	for (unsigned s = 0; s < TABLE_CONSUMERS; s++)
		n += table_is_alive(t, kind, s);
	return n;
}

int
table_take_dirty(struct table *t, unsigned slot, unsigned *from)
{
	struct table_consumer *c = table_consumer(t, TABLE_RELAY, slot);

	while (*from < t->n_rows) {
		unsigned w = *from / 64;
		uint64_t bits = atomic_load_explicit(&c->dirty[w], memory_order_acquire)
		    & (~(uint64_t)0 << *from % 64);
		unsigned i;

		if (bits == 0) {
			*from = (w + 1) * 64;
			continue;
		}
		i = w * 64 + (unsigned)__builtin_ctzll(bits);
		/* The mark is taken before the row is read: a later change sets it again. */
		atomic_fetch_and_explicit(&c->dirty[w], ~((uint64_t)1 << i % 64), memory_order_acq_rel);
		*from = i + 1;
		if (i < t->n_rows)
			return (int)i;
	}
	return -1;
}

void
table_mark_dirty(struct table *t, unsigned slot, unsigned i)
{
	struct table_consumer *c = table_consumer(t, TABLE_RELAY, slot);

	/* Release: pairs with the taker's acq_rel, which then sees the row. */
	atomic_fetch_or_explicit(&c->dirty[i / 64], (uint64_t)1 << i % 64, memory_order_release);
}

void
table_tell_news(struct table *t, enum table_news news)
{
	/* Release: pairs with the taker's acq_rel, which then sees what is new.  Every slot, as for rows. */
	for (unsigned s = 0; s < TABLE_CONSUMERS; s++)
		atomic_fetch_or_explicit(&table_consumer(t, TABLE_RELAY, s)->news, (uint32_t)news, memory_order_release);
	table_signal(t, TABLE_RELAY);
}

unsigned
table_take_news(struct table *t, unsigned slot)
{
	_Atomic uint32_t *news = &table_consumer(t, TABLE_RELAY, slot)->news;

	if (atomic_load_explicit(news, memory_order_relaxed) == 0)
		return 0;
	return atomic_exchange_explicit(news, 0, memory_order_acq_rel);
}

/* -- one at a time: those who append or publish ------------------------------------- */

enum { ENTER_BOUND_MS = 1000 };

int
table_enter(struct table *t, pthread_mutex_t *mutex, uint64_t lock)
{
	int rc;

	pthread_mutex_lock(mutex);
	if ((rc = row_claim_within(t->fd, lock, ENTER_BOUND_MS)) < 0)
		pthread_mutex_unlock(mutex);
	return rc;
}

void
table_exit(struct table *t, pthread_mutex_t *mutex, uint64_t lock)
{
	(void)row_release(t->fd, lock);		/* unlocking our own byte cannot fail */
	pthread_mutex_unlock(mutex);
}

/* -- counters -------------------------------------------------------------------- */

struct relay_counters *
table_counters(const struct table *t, unsigned slot)
{
	assert(slot < TABLE_CONSUMERS);
	return (struct relay_counters *)(void *)(t->base + counters_at(t->n_rows)) + slot;
}

const char *
relay_stream_word(enum relay_stream stream)
{
	static const char *const words[RELAY_N_STREAMS] = {
#define X(name, word) [RELAY_##name] = word,
		RELAY_STREAMS(X)
#undef X
	};

	return words[stream];
}

const char *
relay_kind_word(enum relay_kind kind)
{
	static const char *const words[RELAY_N_KINDS] = {
#define X(name, word) [RELAY_##name] = word,
		RELAY_KINDS(X)
#undef X
	};

	return words[kind];
}

/* -- eyes ------------------------------------------------------------------------ */

void
table_info(const struct table *t, struct table_info *out)
{
	const struct table_header *h = (const struct table_header *)(const void *)t->base;
	const struct table_key *keys = table_keys(t);

	*out = (struct table_info){
		.layout_version = h->layout_version, .n_rows = t->n_rows,
		.generation = h->generation, .file_bytes = h->file_bytes, .row_bytes = h->row_bytes,
		.created_wall_ms = h->created_wall_ms,
		.relays = table_n_alive(t, TABLE_RELAY), .crawlers = table_n_alive(t, TABLE_CRAWLER),
	};
	for (unsigned i = 0; i < t->n_rows; i++) {
		if (atomic_load_explicit(&keys[i].id_hash, memory_order_relaxed) == 0)
			continue;
		out->used++;
		out->live += atomic_load_explicit(&keys[i].ended_wall_ms, memory_order_relaxed) == 0;
		out->owned += table_has_owner(t, i);
	}
}

uint64_t
table_row_hash(const struct table *t, unsigned i, bool *live)
{
	const struct table_key *key = &table_keys(t)[i];
	uint64_t hash = atomic_load_explicit(&key->id_hash, memory_order_acquire);

	*live = hash != 0 && atomic_load_explicit(&key->ended_wall_ms, memory_order_relaxed) == 0;
	return hash;
}

uint32_t
table_changecount(const struct table *t, unsigned i)
{
	/* A row that was never given away has no memory: to look would take some, or SIGBUS on a full tmpfs. */
	if (atomic_load_explicit(&table_keys(t)[i].id_hash, memory_order_acquire) == 0)
		return 0;
	/* Acquire: as R1 (progress_row.h), for those who read the row after it. */
	return atomic_load_explicit(&table_row(t, i)->changecount, memory_order_acquire);
}
