#include "config.h"

#include "relay/counters.h"

#include "relay/relay.h"
#include "relay/workers.h"
#include "shared/table.h"

static const enum relay_stream table_stream[N_STREAM_KINDS] = {
	[STREAM_PROGRESS] = RELAY_PROGRESS, [STREAM_LOGS] = RELAY_LOGS,
	[STREAM_ITEMS] = RELAY_KNOWLEDGE, [STREAM_CRAWLS] = RELAY_CRAWLS,
};
static const enum relay_kind table_way[N_WAYS] = { [BY_WS] = RELAY_WS, [BY_SSE] = RELAY_SSE, [BY_POLL] = RELAY_POLL };

static void
set(_Atomic uint64_t *to, uint64_t v)
{
	atomic_store_explicit(to, v, memory_order_relaxed);
}

static uint32_t
clients_elsewhere(const struct relay *r)	/* of the other workers, as they said last */
{
	const struct table *t = r->follow.table;
	struct relay_counters c;
	uint64_t n = 0;

	for (unsigned s = 0; s < TABLE_CONSUMERS; s++) {
		if (s == r->follow.slot || !table_is_alive(t, TABLE_RELAY, s))
			continue;
		table_counters_read(t, s, &c);
		for (unsigned i = 0; i < RELAY_N_STREAMS; i++)
			for (unsigned k = 0; k < RELAY_N_KINDS; k++)
				n += atomic_load_explicit(&c.clients[i][k], memory_order_relaxed);
	}
	return (uint32_t)n;
}

void
counters_publish(struct relay *r)
{
	struct server *sv = &r->server;
	const struct server_counts *n = &sv->counts;
	struct relay_counters *t;

	if (r->follow.table == NULL)
		return;
	t = table_counters(r->follow.table, r->follow.slot);
	for (unsigned i = 0; i < sv->n_streams; i++)
		for (unsigned w = 0; w < N_WAYS; w++) {
			enum stream_kind kind = sv->streams[i]->kind;

			set(&t->clients[table_stream[kind]][table_way[w]], sv->clients[kind][w]);
		}
	set(&t->messages, n->messages_out);
	set(&t->bytes, n->bytes_out);
	set(&t->conflated, r->topics.conflated);
	set(&t->gaps, n->gaps);
	set(&t->missed, n->missed);
	set(&t->opened, n->opened);
	set(&t->refused, n->refused);
	set(&t->slow_closes, n->slow_closes);
	set(&t->dead_closes, n->pong_closes);
	set(&t->ignored, n->ignored_in);
	set(&t->upgrades, n->upgrades);
	set(&t->loop_turns, r->loop.turns);
	set(&t->loop_lag_p99_us, loop_lag_us(&r->loop, 99));
	sv->n_elsewhere = workers_am_one() ? clients_elsewhere(r) : 0;
}
