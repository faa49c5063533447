/* Are all parts alive?  Asked now, not remembered. */
#include "config.h"

#include <stdatomic.h>

#include "shared/clock.h"
#include "shared/json_text.h"
#include "shared/mcp_state.h"

#include "api/api.h"
#include "api/routes.h"

static bool
mcp_lives(const struct request *rq)	/* its program; whether it is switched on is /api/mcp/status's */
{
	const struct table *t = api_table_get(rq);
	bool lives = t != NULL && mcp_is_alive(t);

	api_table_put(rq);
	return lives;
}

/* Who follows what, now; and how many messages the relays that live have given. */
static void
clients_put(const struct request *rq, struct text *to)
{
	const struct table *t = api_table_get(rq);
	uint64_t n[RELAY_N_STREAMS] = { 0 }, messages = 0;
	struct relay_counters c;

	for (unsigned slot = 0; t != NULL && slot < TABLE_CONSUMERS; slot++) {
		if (!table_is_alive(t, TABLE_RELAY, slot))
			continue;
		table_counters_read(t, slot, &c);
		messages += atomic_load_explicit(&c.messages, memory_order_relaxed);
		for (unsigned s = 0; s < RELAY_N_STREAMS; s++)
			for (unsigned k = 0; k < RELAY_N_KINDS; k++)
				n[s] += atomic_load_explicit(&c.clients[s][k], memory_order_relaxed);
	}
	api_table_put(rq);
	json_key(to, "clients");
	json_open(to, '{');
	for (unsigned s = 0; s < RELAY_N_STREAMS; s++)
		json_kint(to, relay_stream_word((enum relay_stream)s), (int64_t)n[s]);
	json_close(to, '}');
	json_kint(to, "messages", (int64_t)messages);
}

int
health_show(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	int relays = api_table_alive(rq, TABLE_RELAY), crawlers = api_table_alive(rq, TABLE_CRAWLER);
	bool table = relays >= 0, store = st != NULL && store_crawls_count(st, false) >= 0;
	const struct { const char *name; bool up, vital; } parts[] = {
		{ "table", table, true },
		{ "store", store, true },
		{ "relay", relays > 0, false },
		{ "crawler", crawlers > 0, false },
		{ "mcp", mcp_lives(rq), false },
	};
	bool healthy = true, usable = true;
	char now[CLOCK_ISO_BYTES];

	for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		healthy &= parts[i].up;
		usable &= parts[i].up || !parts[i].vital;
	}
	clock_iso(now, clock_wall_ms());
	json_open(&out->body, '{');
	json_kstr(&out->body, "status", healthy ? "healthy" : usable ? "degraded" : "unhealthy");
	json_kstr(&out->body, "service", "archon");
	json_kstr(&out->body, "version", PACKAGE_VERSION);
	json_kstr(&out->body, "timestamp", now);
	json_key(&out->body, "parts");
	json_open(&out->body, '{');
	for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
		json_kstr(&out->body, parts[i].name, parts[i].up ? "up" : "down");
	json_close(&out->body, '}');
	clients_put(rq, &out->body);
	json_close(&out->body, '}');
	out->no_etag = true;
	if (usable)
		return 200;
	reply_header(out, "Retry-After", "2");
	return 503;
}
