#include "config.h"

#include "shared/revoked.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "shared/ids.h"
#include "shared/table_layout.h"

static struct revoked_head *
revoked_head(const struct table *t)
{
	return (struct revoked_head *)(void *)(t->base + revoked_at(t->n_rows));
}

uint64_t
revoked_key(struct slice name)
{
	return id_hash(name.p, name.len);
}

int
revoked_tell(struct table *t, const char *name)
{
	struct revoked_head *h = revoked_head(t);
	uint64_t n;
	int rc;

	if ((rc = table_enter(t, &t->revoked_lock, LOCK_REVOKED)) < 0)
		return rc;
	n = atomic_load_explicit(&h->n, memory_order_relaxed) + 1;
	/* Both release: pair with the acquires of revoked_since(), where who reads this key also sees the count before it. */
	atomic_store_explicit(&h->key[n % REVOKED_SLOTS], revoked_key(slice_of(name)), memory_order_release);
	atomic_store_explicit(&h->n, n, memory_order_release);
	table_exit(t, &t->revoked_lock, LOCK_REVOKED);
	table_signal(t, TABLE_RELAY);
	return 0;
}

uint64_t
revoked_count(const struct table *t)
{
	return atomic_load_explicit(&revoked_head(t)->n, memory_order_acquire);
}

int
revoked_since(const struct table *t, uint64_t *seen, uint64_t out[REVOKED_SLOTS])
{
	const struct revoked_head *h = revoked_head(t);
	uint64_t from = *seen, to = revoked_count(t);
	int n = 0;

	*seen = to;
	/* Not equality alone: a damaged count may have gone back. */
	if (to - from >= REVOKED_SLOTS)
		return -EOVERFLOW;
	for (uint64_t k = from + 1; k <= to; k++)
		out[n++] = atomic_load_explicit(&h->key[k % REVOKED_SLOTS], memory_order_acquire);
	/* One that is being written takes the place of the oldest before it is counted. */
	return revoked_count(t) - from >= REVOKED_SLOTS ? -EOVERFLOW : n;
}
