#include "config.h"

#include "ctl/stat_live.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/catalogue.h"
#include "shared/clock.h"
#include "shared/json_text.h"
#include "shared/mcp_state.h"
#include "shared/revoked.h"
#include "shared/ring.h"

#include "ctl/snapshot.h"

static uint64_t
count(const _Atomic uint64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static uint64_t
entries(const struct table *t)
{
	uint64_t first = ring_first(t), last = ring_last(t);

	return last >= first && last - first < RING_VISIBLE ? last - first + 1 : 0;
}

static int
page_bytes(const struct table *t, uint64_t *version)	/* -1: none */
{
	struct text page = { 0 };
	int n = catalogue_page(t, &page, version) == 0 ? (int)page.len : -1;

	text_fini(&page);
	return n;
}

/* -- for people ---------------------------------------------------------------------- */

static void
print_relay(const struct table *t, unsigned slot)
{
	struct relay_counters c, *n = &c;
	char bytes[24];

	table_counters_read(t, slot, &c);
	people_bytes(bytes, (int64_t)count(&n->bytes));
	printf("relay %u:", slot);
	for (unsigned s = 0; s < RELAY_N_STREAMS; s++) {
		printf("  %s", relay_stream_word((enum relay_stream)s));
		for (unsigned k = 0; k < RELAY_N_KINDS; k++)
			printf("%c%" PRIu64, k == 0 ? ' ' : '/', count(&n->clients[s][k]));
	}
	printf(" (ws/sse/poll)\n         %" PRIu64 " messages  %s  %" PRIu64 " conflated  %" PRIu64 " gaps (%" PRIu64 " entries)  %"
	    PRIu64 " slow and %" PRIu64 " dead closed  lag p99 %.1f ms  %" PRIu64 " upgrades\n",
	    count(&n->messages), bytes, count(&n->conflated), count(&n->gaps), count(&n->missed), count(&n->slow_closes),
	    count(&n->dead_closes), (double)count(&n->loop_lag_p99_us) / 1000, count(&n->upgrades));
}

void
stat_live_print(const struct table *t)
{
	uint64_t version = catalogue_version(t);
	int bytes = page_bytes(t, &version);

	printf("log: %" PRIu64 " entries, last %" PRIu64 "   knowledge items: version %" PRIu64, entries(t), ring_last(t), version);
	if (bytes >= 0)
		printf(", %d bytes\n", bytes);
	else
		printf(", none published\n");
	if (mcp_uptime_ms(t) >= 0)
		printf("mcp: running for %" PRId64 " s\n", mcp_uptime_ms(t) / 1000);
	else
		printf("mcp: %s\n", mcp_is_on(t) ? "not running" : "stopped by an operator");
	for (unsigned i = 0; i < TABLE_CONSUMERS; i++)
		if (table_is_alive(t, TABLE_RELAY, i))
			print_relay(t, i);
}

/* -- every field --------------------------------------------------------------------- */

static void
dump_relay(const struct table *t, unsigned slot)
{
	struct relay_counters c, *n = &c;

	table_counters_read(t, slot, &c);
	if (count(&n->since_wall_ms) == 0)		/* nobody was ever there */
		return;
	printf("relay.%u.alive = %s\nrelay.%u.since_wall_ms = %" PRIu64 "\n", slot,
	    table_is_alive(t, TABLE_RELAY, slot) ? "yes" : "no", slot, count(&n->since_wall_ms));
	for (unsigned s = 0; s < RELAY_N_STREAMS; s++)
		for (unsigned k = 0; k < RELAY_N_KINDS; k++)
			printf("relay.%u.clients.%s.%s = %" PRIu64 "\n", slot, relay_stream_word((enum relay_stream)s),
			    relay_kind_word((enum relay_kind)k), count(&n->clients[s][k]));
#define X(name, what) printf("relay.%u." #name " = %" PRIu64 "\n", slot, count(&n->name));
	RELAY_COUNTERS(X)
#undef X
}

void
stat_live_dump(const struct table *t)
{
	uint64_t version = catalogue_version(t);
	int bytes = page_bytes(t, &version);

	printf("ring.first = %" PRIu64 "\nring.last = %" PRIu64 "\nring.floor = %" PRIu64 "\n", ring_first(t), ring_last(t),
	    ring_floor(t));
	printf("catalogue.version = %" PRIu64 "\ncatalogue.bytes = %d\n", version, bytes);
	printf("mcp.alive = %s\nmcp.on = %s\nmcp.uptime_ms = %" PRId64 "\n", mcp_is_alive(t) ? "yes" : "no",
	    mcp_is_on(t) ? "yes" : "no", mcp_uptime_ms(t));
	printf("revoked.told = %" PRIu64 "\n", revoked_count(t));
	for (unsigned i = 0; i < TABLE_CONSUMERS; i++)
		dump_relay(t, i);
}

/* -- for programs ---------------------------------------------------------------------- */

static void
json_relay(struct text *out, const struct table *t, unsigned slot)
{
	struct relay_counters c, *n = &c;

	table_counters_read(t, slot, &c);
	if (count(&n->since_wall_ms) == 0)
		return;
	json_open(out, '{');
	json_kint(out, "slot", slot);
	json_kbool(out, "alive", table_is_alive(t, TABLE_RELAY, slot));
	json_ktime(out, "since", (int64_t)count(&n->since_wall_ms));
	json_key(out, "clients");
	json_open(out, '{');
	for (unsigned s = 0; s < RELAY_N_STREAMS; s++) {
		json_key(out, relay_stream_word((enum relay_stream)s));
		json_open(out, '{');
		for (unsigned k = 0; k < RELAY_N_KINDS; k++)
			json_kint(out, relay_kind_word((enum relay_kind)k), (int64_t)count(&n->clients[s][k]));
		json_close(out, '}');
	}
	json_close(out, '}');
#define X(name, what) json_kint(out, #name, (int64_t)count(&n->name));
	RELAY_COUNTERS(X)
#undef X
	json_close(out, '}');
}

void
stat_live_json(struct text *out, const struct table *t)
{
	uint64_t version = catalogue_version(t);
	int bytes = page_bytes(t, &version);

	json_key(out, "ring");
	json_open(out, '{');
	json_kint(out, "first", (int64_t)ring_first(t));
	json_kint(out, "last", (int64_t)ring_last(t));
	json_kint(out, "floor", (int64_t)ring_floor(t));
	json_kint(out, "entries", (int64_t)entries(t));
	json_close(out, '}');
	json_key(out, "catalogue");
	json_open(out, '{');
	json_kint(out, "version", (int64_t)version);
	json_kint(out, "bytes", bytes);
	json_close(out, '}');
	json_key(out, "mcp");
	json_open(out, '{');
	json_kbool(out, "alive", mcp_is_alive(t));
	json_kbool(out, "on", mcp_is_on(t));
	json_kint(out, "uptime_ms", mcp_uptime_ms(t));
	json_close(out, '}');
	json_key(out, "counters");
	json_open(out, '[');
	for (unsigned i = 0; i < TABLE_CONSUMERS; i++)
		json_relay(out, t, i);
	json_close(out, ']');
}
