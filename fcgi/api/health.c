/* Are all parts alive?  Asked now, not remembered. */
#include "config.h"

#include <stdatomic.h>

#include "shared/clock.h"
#include "shared/disk.h"
#include "shared/json_text.h"
#include "shared/mcp_state.h"
#include "shared/meters.h"

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

/* -- parts ----------------------------------------------------------------------- */

enum state { UP, DOWN, FULL };

/* Full is what a crawler says that waits for space (the store's own limit too), and the disk. */
static enum state
store_state(const struct request *rq)
{
	struct store *st = api_store(rq);
	const struct meters_file *m = meters_read(api_thread(rq)->service->meters);
	const struct table *t;
	struct disk_facts disk;
	bool full = false;

	if (st == NULL || store_crawls_count(st, false) < 0)
		return DOWN;
	t = api_table_get(rq);
	for (unsigned slot = 0; t != NULL && m != NULL && slot < TABLE_CONSUMERS; slot++)
		full |= atomic_load(&m->crawler[slot].store_full) != 0 && table_is_alive(t, TABLE_CRAWLER, slot);
	api_table_put(rq);
	return full || (disk_look(api_conf(rq)->state_dir, &disk) == 0 && disk_is_full(&disk)) ? FULL : UP;
}

struct part {
	const char *name;
	enum state  state;
	bool	    vital;		/* nothing can be read without it */
	const char *code, *error;	/* of it being down */
};

static void
part_problem_put(const struct part *p, struct text *to)
{
	json_open(to, '{');
	json_kstr(to, "part", p->name);
	json_kstr(to, "code", p->state == FULL ? "store_full" : p->code);
	json_kstr(to, "error", p->state == FULL ? "The disk (or store_max_size) is full: make room or delete sources; "
	    "crawls wait and go on by themselves" : p->error);
	json_close(to, '}');
}

static void
parts_put(const struct part *part, unsigned n, struct text *to)
{
	static const char *const words[] = { [UP] = "up", [DOWN] = "down", [FULL] = "full" };

	json_key(to, "parts");
	json_open(to, '{');
	for (unsigned i = 0; i < n; i++)
		json_kstr(to, part[i].name, words[part[i].state]);
	json_close(to, '}');
	json_key(to, "problems");
	json_open(to, '[');
	for (unsigned i = 0; i < n; i++)
		if (part[i].state != UP)
			part_problem_put(&part[i], to);
	json_close(to, ']');
}

int
health_show(const struct request *rq, struct reply *out)
{
	int relays = api_table_alive(rq, TABLE_RELAY), crawlers = api_table_alive(rq, TABLE_CRAWLER);
	const struct part parts[] = {
		{ "table", relays >= 0 ? UP : DOWN, true, "table_down", "The progress table is not there: look at run_dir, restart archon-crawler" },
		{ "store", store_state(rq), true, "store_down", "The store cannot be opened: `archonctl doctor' says why" },
		{ "relay", relays > 0 ? UP : DOWN, false, "relay_down", "archon-relay does not run: start it, its log says why it ended" },
		{ "crawler", crawlers > 0 ? UP : DOWN, false, "crawler_down", "archon-crawler does not run: start it, its log says why it ended" },
		{ "mcp", mcp_lives(rq) ? UP : DOWN, false, "mcp_down", "archon-mcp does not run: start it, its log says why it ended" },
	};
	enum { N_PARTS = sizeof parts / sizeof parts[0] };
	bool healthy = true, usable = true;
	char now[CLOCK_ISO_BYTES];

	for (unsigned i = 0; i < N_PARTS; i++) {
		healthy &= parts[i].state == UP;
		usable &= parts[i].state != DOWN || !parts[i].vital;
	}
	clock_iso(now, clock_wall_ms());
	json_open(&out->body, '{');
	json_kstr(&out->body, "status", healthy ? "healthy" : usable ? "degraded" : "unhealthy");
	json_kstr(&out->body, "service", "archon");
	json_kstr(&out->body, "version", PACKAGE_VERSION);
	json_kstr(&out->body, "timestamp", now);
	parts_put(parts, N_PARTS, &out->body);
	clients_put(rq, &out->body);
	json_close(&out->body, '}');
	out->no_etag = true;
	if (usable)
		return 200;
	reply_header(out, "Retry-After", "2");
	return 503;
}
