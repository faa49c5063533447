#include "config.h"

#include "shared/mcp_state.h"

#include <stdatomic.h>

#include "shared/clock.h"
#include "shared/row_claim.h"
#include "shared/table_layout.h"

static struct mcp_head *
mcp_head(const struct table *t)
{
	return (struct mcp_head *)(void *)(t->base + mcp_at(t->n_rows));
}

int
mcp_join(struct table *t)
{
	int rc;

	if (atomic_load(&t->mcp_joined))
		return 0;
	if ((rc = row_claim(t->lock_fd, t->lock_base + LOCK_MCP)) < 0)
		return rc;
	atomic_store_explicit(&mcp_head(t)->since_mono_ns, clock_mono_ns(), memory_order_relaxed);
	atomic_store(&t->mcp_joined, true);
	return 0;
}

bool
mcp_is_alive(const struct table *t)
{
	return atomic_load(&t->mcp_joined) || row_has_owner(t->lock_fd, t->lock_base + LOCK_MCP) == 1;
}

bool
mcp_is_on(const struct table *t)
{
	return atomic_load_explicit(&mcp_head(t)->off, memory_order_relaxed) == 0;
}

bool
mcp_switch(struct table *t, bool on)
{
	/* The time first: nobody sees it on with the time of an earlier run. */
	if (on && !mcp_is_on(t))
		atomic_store_explicit(&mcp_head(t)->since_mono_ns, clock_mono_ns(), memory_order_relaxed);
	return atomic_exchange(&mcp_head(t)->off, on ? 0 : 1) == 0;
}

int64_t
mcp_uptime_ms(const struct table *t)
{
	int64_t since = atomic_load_explicit(&mcp_head(t)->since_mono_ns, memory_order_relaxed), now = clock_mono_ns();

	if (!mcp_is_on(t) || !mcp_is_alive(t))
		return -1;
	return since > 0 && since < now ? (now - since) / 1000000 : 0;
}
