/* Who is told of changes, and how a look at the whole table is taken. */
#include "config.h"

#include "shared/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/row_claim.h"
#include "shared/table_layout.h"
#include "shared/trace.h"

/* -- consumers ------------------------------------------------------------------- */

static int
join_relay(struct table *t, unsigned slot)	/* 0, -EAGAIN taken, -errno */
{
	int rc = table_counters_open(t);

	return rc < 0 ? rc : row_claim(t->relays_fd, slot);
}

static int
see_all(struct table *t, unsigned slot)		/* what changes from here on is new.  0, -ENOMEM */
{
	struct table_seen *seen = t->seen[slot];

	if (seen == NULL && (seen = t->seen[slot] = malloc(sizeof *seen + t->n_rows * sizeof seen->row[0])) == NULL)
		return -ENOMEM;
	memset(seen, 0, sizeof *seen);
	memset(seen->row, 0, t->n_rows * sizeof seen->row[0]);
	(void)table_take_news(t, slot);
	for (unsigned from = 0; table_take_dirty(t, slot, &from) >= 0; )
		;
	return 0;
}

int
table_join(struct table *t, enum table_kind kind)
{
	for (unsigned s = 0; s < TABLE_CONSUMERS; s++) {
		int rc;

		if ((atomic_fetch_or(&t->joined[kind], 1u << s) >> s & 1) != 0)
			continue;
		rc = kind == TABLE_RELAY ? join_relay(t, s) : row_claim(t->lock_fd, t->lock_base + LOCK_CRAWLER + s);
		if (rc == 0 && kind == TABLE_RELAY) {
			table_counters_clear(t, s);
			rc = see_all(t, s);
		}
		if (rc == 0)
			return (int)s;
		if (rc == -EAGAIN)
			atomic_fetch_and(&t->joined[kind], ~(1u << s));
		else
			table_leave(t, kind, s);
		if (rc != -EAGAIN)
			return rc;
	}
	return -ENOSPC;
}

void
table_leave(struct table *t, enum table_kind kind, unsigned slot)
{
	if (kind == TABLE_CRAWLER)
		(void)row_release(t->lock_fd, t->lock_base + LOCK_CRAWLER + slot);
	else if (t->relays_fd != -1)
		(void)row_release(t->relays_fd, slot);
	atomic_fetch_and(&t->joined[kind], ~(1u << slot));
}

struct wakeup *
table_wakeup(const struct table *t, enum table_kind kind)
{
	return &table_signals(t)->of[kind].wk;
}

void
table_signal(struct table *t, enum table_kind kind)
{
	TRACE1(wakeup__signal, kind == TABLE_RELAY ? 'r' : 'c');
	wakeup_signal(table_wakeup(t, kind));
}

bool
table_is_alive(const struct table *t, enum table_kind kind, unsigned slot)
{
	if ((atomic_load(&t->joined[kind]) >> slot & 1) != 0)
		return true;
	return kind == TABLE_RELAY ? table_counters_has_owner(t, slot) :
	    row_has_owner(t->lock_fd, t->lock_base + LOCK_CRAWLER + slot) == 1;
}

unsigned
table_n_alive(const struct table *t, enum table_kind kind)
{
	unsigned n = 0;

	for (unsigned s = 0; s < TABLE_CONSUMERS; s++)
		n += table_is_alive(t, kind, s);
	return n;
}

static void
look_for_changes(const struct table *t, struct table_seen *seen)
{
	const struct table_signals *sig = table_signals(t);
	const struct table_key *keys = table_keys(t);

	for (unsigned b = 0; b * BLOCK_ROWS < t->n_rows; b++) {
		/* Acquire, as below: pairs with table_tell_relays(), who counts the row before its block. */
		uint32_t now = atomic_load_explicit(&sig->changes[b], memory_order_acquire);

		if (now == seen->block[b])
			continue;
		seen->block[b] = now;
		for (unsigned i = b * BLOCK_ROWS; i < (b + 1) * BLOCK_ROWS && i < t->n_rows; i++) {
			uint32_t row = atomic_load_explicit(&keys[i].changes, memory_order_acquire);

			if (row != seen->row[i])
				seen->dirty[b] |= (uint64_t)1 << i % BLOCK_ROWS;
			seen->row[i] = row;
		}
	}
}

int
table_take_dirty(const struct table *t, unsigned slot, unsigned *from)
{
	struct table_seen *seen = t->seen[slot];

	if (*from == 0)
		look_for_changes(t, seen);
	while (*from < t->n_rows) {
		unsigned b = *from / BLOCK_ROWS;
		uint64_t bits = seen->dirty[b] & (~(uint64_t)0 << *from % BLOCK_ROWS);
		unsigned i;

		if (bits == 0) {
			*from = (b + 1) * BLOCK_ROWS;
			continue;
		}
		i = b * BLOCK_ROWS + (unsigned)__builtin_ctzll(bits);
		seen->dirty[b] &= ~((uint64_t)1 << i % BLOCK_ROWS);
		*from = i + 1;
		return (int)i;
	}
	return -1;
}

void
table_mark_dirty(const struct table *t, unsigned slot, unsigned i)
{
	t->seen[slot]->dirty[i / BLOCK_ROWS] |= (uint64_t)1 << i % BLOCK_ROWS;
}

unsigned
table_take_news(const struct table *t, unsigned slot)
{
	struct table_seen *seen = t->seen[slot];
	uint64_t last = ring_last(t), version = catalogue_version(t), revoked = revoked_count(t);
	unsigned news = (last != seen->ring_last ? TABLE_NEWS_RING : 0u)
	    | (version != seen->catalogue_version ? TABLE_NEWS_CATALOGUE : 0u)
	    | (revoked != seen->revoked ? TABLE_NEWS_REVOKED : 0u);

	seen->ring_last = last;
	seen->catalogue_version = version;
	seen->revoked = revoked;
	return news;
}

/* -- one at a time: those who append or publish ------------------------------------- */

enum { ENTER_BOUND_MS = 1000 };

int
table_enter(struct table *t, pthread_mutex_t *mutex, uint64_t lock)
{
	int rc;

	assert(t->writes);
	pthread_mutex_lock(mutex);
	if ((rc = row_claim_within(t->lock_fd, t->lock_base + lock, ENTER_BOUND_MS)) < 0)
		pthread_mutex_unlock(mutex);
	return rc;
}

void
table_exit(struct table *t, pthread_mutex_t *mutex, uint64_t lock)
{
	(void)row_release(t->lock_fd, t->lock_base + lock);		/* unlocking our own byte cannot fail */
	pthread_mutex_unlock(mutex);
}

/* -- eyes ------------------------------------------------------------------------ */

uint64_t
table_generation(const struct table *t)
{
	return ((const struct table_header *)(const void *)t->base)->generation;
}

void
table_info(const struct table *t, struct table_info *out)
{
	const struct table_header *h = (const struct table_header *)(const void *)t->base;
	const struct table_key *keys = table_keys(t);

	*out = (struct table_info){
		.layout_version = h->layout_version, .n_rows = t->n_rows,
		.generation = table_generation(t), .file_bytes = h->file_bytes, .row_bytes = h->row_bytes,
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
