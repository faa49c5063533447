/* GET /metrics: all that is counted, for Prometheus. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "shared/mcp_state.h"
#include "shared/meters.h"
#include "shared/ring.h"

#include "api/api.h"
#include "api/exposition.h"
#include "api/routes.h"

static uint64_t
count(const _Atomic uint64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static void
one(struct expo *x, const char *name, const char *type, const char *help, uint64_t v)
{
	expo_family(x, name, type, help);
	expo_int(x, v);
}

static void
histogram(struct expo *x, const struct meter_latency *l)
{
	static const uint64_t bounds_us[] = { METER_BOUNDS_US };
	uint64_t bucket[METER_BUCKETS];

	for (unsigned i = 0; i < METER_BUCKETS; i++)
		bucket[i] = count(&l->bucket[i]);
	expo_histogram(x, bounds_us, bucket, METER_BUCKETS, count(&l->sum_us));
}

/* -- parts -------------------------------------------------------------------- */

static const char *
slot_word(char out[12], unsigned slot)
{
	(void)snprintf(out, 12, "%u", slot);
	return out;
}

static void
start(struct expo *x, const char *program, unsigned worker, int64_t wall_ms)
{
	char slot[12];

	if (wall_ms <= 0)
		return;
	expo_label(x, "program", program);
	expo_label(x, "worker", slot_word(slot, worker));
	expo_double(x, (double)wall_ms / 1000);
}

static void
starts(struct expo *x, const struct table *t, const struct meters_file *m, const struct relay_counters *relay)
{
	expo_family(x, "archon_process_start_time_seconds", "gauge", "When the process began to serve, in Unix time.");
	start(x, "archon-api", 0, atomic_load(&m->http[METER_API].started_wall_ms));
	if (t != NULL && mcp_is_alive(t))
		start(x, "archon-mcp", 0, atomic_load(&m->http[METER_MCP].started_wall_ms));
	for (unsigned i = 0; t != NULL && i < TABLE_CONSUMERS; i++) {
		if (table_is_alive(t, TABLE_RELAY, i))
			start(x, "archon-relay", i, (int64_t)count(&relay[i].since_wall_ms));
		if (table_is_alive(t, TABLE_CRAWLER, i))
			start(x, "archon-crawler", i, atomic_load(&m->crawler[i].started_wall_ms));
	}
}

static void
parts(struct expo *x, const struct table *t, const struct meters_file *m, const struct relay_counters *relay, bool store)
{
	const struct { const char *name; bool up; } part[] = {
		{ "table", t != NULL && table_is_current(t) },
		{ "store", store },
		{ "relay", t != NULL && table_n_alive(t, TABLE_RELAY) > 0 },
		{ "crawler", t != NULL && table_n_alive(t, TABLE_CRAWLER) > 0 },
		{ "mcp", t != NULL && mcp_is_alive(t) },
	};

	expo_family(x, "archon_build_info", "gauge", "Which archon this is; always 1.");
	expo_label(x, "version", PACKAGE_VERSION);
	expo_int(x, 1);
	expo_family(x, "archon_up", "gauge", "Is the part there?  As /health says.");
	for (unsigned i = 0; i < sizeof part / sizeof part[0]; i++) {
		expo_label(x, "part", part[i].name);
		expo_int(x, part[i].up);
	}
	starts(x, t, m, relay);
}

/* -- crawls -------------------------------------------------------------------- */

static void
live_crawls(struct expo *x, const struct table *t)
{
	uint64_t in[CRAWL_N_PHASES] = { 0 }, waiting = 0;
	struct crawl_progress p;
	bool live;

	for (unsigned i = 0; t != NULL && i < table_n_rows(t); i++) {
		if (table_row_hash(t, i, &live) == 0 || !live || table_read(t, i, &p) < 0)
			continue;
		in[p.phase]++;
		if (p.total_pages > p.processed_pages && !crawl_phase_is_terminal((enum crawl_phase)p.phase))
			waiting += p.total_pages - p.processed_pages;
	}
	expo_family(x, "archon_crawls", "gauge", "Crawls that have not ended, by what they do; queued ones wait for a crawler.");
	for (unsigned i = 0; i < CRAWL_N_PHASES && !crawl_phase_is_terminal((enum crawl_phase)i); i++) {
		expo_label(x, "state", crawl_phase_word((enum crawl_phase)i));
		expo_int(x, in[i]);
	}
	one(x, "archon_frontier_urls", "gauge", "URLs that crawls have met and not done with yet.", waiting);
}

static void
crawl_sums(struct expo *x, const struct meters_file *m)
{
	expo_family(x, "archon_crawls_ended_total", "counter", "Crawls that have ended, by how.");
	for (unsigned i = 0; i < CRAWL_N_PHASES; i++)
		if (crawl_phase_is_terminal((enum crawl_phase)i)) {
			expo_label(x, "state", crawl_phase_word((enum crawl_phase)i));
			expo_int(x, count(&m->crawls_ended[i]));
		}
	expo_family(x, "archon_pages_total", "counter", "URLs done with, by what became of them.");
	for (unsigned i = 0; i < OUTCOME_N; i++) {
		expo_label(x, "outcome", outcome_word((enum outcome)i));
		expo_int(x, count(&m->pages[i]));
	}
	expo_family(x, "archon_fetches_total", "counter", "HTTP exchanges with sites, by status; failed: without one.");
	for (unsigned i = 0; i < METER_N_RESULTS; i++) {
		expo_label(x, "result", meter_result_word((enum meter_result)i));
		expo_int(x, count(&m->fetches[i]));
	}
	one(x, "archon_fetched_bytes_total", "counter", "Bytes of bodies that came from sites.", count(&m->fetched_bytes));
	expo_family(x, "archon_fetch_duration_seconds", "histogram", "How long exchanges took that were answered.");
	histogram(x, &m->fetch);
}

static void
crawlers(struct expo *x, const struct table *t, const struct meters_file *m)
{
	static const struct { const char *name, *help; size_t at; } gauge[] = {
		{ "archon_crawler_crawls", "Crawls a crawler has taken up.", offsetof(struct meter_crawler, crawls) },
		{ "archon_crawler_fetches", "HTTP exchanges it has under way.", offsetof(struct meter_crawler, fetches) },
		{ "archon_crawler_held_pages", "Pages between fetch and store.", offsetof(struct meter_crawler, held_pages) },
		{ "archon_crawler_held_bytes", "Bytes of those pages.", offsetof(struct meter_crawler, held_bytes) },
		{ "archon_crawler_store_full", "1: it has pages and waits for space to store them.", offsetof(struct meter_crawler, store_full) },
	};
	char slot[12];

	for (unsigned g = 0; g < sizeof gauge / sizeof gauge[0]; g++) {
		expo_family(x, gauge[g].name, "gauge", gauge[g].help);
		for (unsigned i = 0; t != NULL && i < TABLE_CONSUMERS; i++) {
			if (!table_is_alive(t, TABLE_CRAWLER, i))
				continue;
			expo_label(x, "worker", slot_word(slot, i));
			expo_int(x, count((const _Atomic uint64_t *)(const void *)((const char *)&m->crawler[i] + gauge[g].at)));
		}
	}
}

/* -- relays -------------------------------------------------------------------- */

static void
clients(struct expo *x, const struct table *t, const struct relay_counters *relay)
{
	uint64_t n[RELAY_N_STREAMS][RELAY_N_KINDS] = { { 0 } };

	for (unsigned slot = 0; t != NULL && slot < TABLE_CONSUMERS; slot++) {
		if (!table_is_alive(t, TABLE_RELAY, slot))
			continue;
		for (unsigned s = 0; s < RELAY_N_STREAMS; s++)
			for (unsigned k = 0; k < RELAY_N_KINDS; k++)
				n[s][k] += count(&relay[slot].clients[s][k]);
	}
	expo_family(x, "archon_relay_clients", "gauge", "Clients that follow something live, by what and how.");
	for (unsigned s = 0; s < RELAY_N_STREAMS; s++)
		for (unsigned k = 0; k < RELAY_N_KINDS; k++) {
			expo_label(x, "stream", relay_stream_word((enum relay_stream)s));
			expo_label(x, "kind", relay_kind_word((enum relay_kind)k));
			expo_int(x, n[s][k]);
		}
}

/* Each worker's own: one that starts anew begins at 0, and Prometheus knows how to read that. */
static void
relay_sums(struct expo *x, const struct table *t, const struct relay_counters *relay)
{
	static const struct { const char *name, *help; size_t at; } sum[] = {
#define X(field, what) { "archon_relay_" #field "_total", "Of a relay worker: " what ".", offsetof(struct relay_counters, field) },
		RELAY_COUNTERS(X)
#undef X
	};
	char slot[12];

	for (unsigned c = 0; c < sizeof sum / sizeof sum[0]; c++) {
		if (sum[c].at == offsetof(struct relay_counters, loop_lag_p99_us))
			continue;		/* no sum */
		expo_family(x, sum[c].name, "counter", sum[c].help);
		for (unsigned i = 0; i < TABLE_CONSUMERS; i++) {
			if (count(&relay[i].since_wall_ms) == 0)
				continue;	/* nobody was ever there */
			expo_label(x, "worker", slot_word(slot, i));
			expo_int(x, count((const _Atomic uint64_t *)(const void *)((const char *)&relay[i] + sum[c].at)));
		}
	}
	expo_family(x, "archon_relay_loop_lag_p99_seconds", "gauge", "99 of 100 turns of a relay worker's loop took at most so long, lately.");
	for (unsigned i = 0; t != NULL && i < TABLE_CONSUMERS; i++)
		if (table_is_alive(t, TABLE_RELAY, i)) {
			expo_label(x, "worker", slot_word(slot, i));
			expo_double(x, (double)count(&relay[i].loop_lag_p99_us) / 1e6);
		}
}

/* -- table and store --------------------------------------------------------------- */

static void
table_use(struct expo *x, const struct table *t)
{
	uint64_t first = ring_first(t), last = ring_last(t);
	struct table_info in;

	table_info(t, &in);
	one(x, "archon_table_rows_max", "gauge", "Rows of the table: so many crawls may wait and run.", in.n_rows);
	expo_family(x, "archon_table_rows", "gauge", "Rows in use; live: of crawls that have not ended; owned: that a crawler works on.");
	expo_label(x, "state", "used");
	expo_int(x, in.used);
	expo_label(x, "state", "live");
	expo_int(x, in.live);
	expo_label(x, "state", "owned");
	expo_int(x, in.owned);
	one(x, "archon_log_entries", "gauge", "Log entries that are kept.", last >= first && last - first < RING_VISIBLE ? last - first + 1 : 0);
}

static void
store_size(struct expo *x, const struct store_metrics *m)
{
	const struct { const char *word; int64_t n; } size[] = {
		{ "file", m->file_bytes }, { "free", m->free_bytes }, { "log", m->wal_bytes }, { "text", m->stored_bytes },
	}, rows[] = {
		{ "sources", m->n_sources }, { "pages", m->n_pages }, { "chunks", m->n_chunks },
		{ "code_examples", m->n_code_examples }, { "crawls", m->n_crawls },
	};

	expo_family(x, "archon_store_bytes", "gauge", "Size of the store: its file, what is free within it, its write-ahead log, and the text it holds.");
	for (unsigned i = 0; i < sizeof size / sizeof size[0]; i++) {
		expo_label(x, "part", size[i].word);
		expo_int(x, (uint64_t)size[i].n);
	}
	expo_family(x, "archon_store_rows", "gauge", "What the store holds.");
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		expo_label(x, "kind", rows[i].word);
		expo_int(x, (uint64_t)rows[i].n);
	}
}

/* -- requests -------------------------------------------------------------------- */

static bool
was_asked(const struct meter_route *r)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < METER_BUCKETS; i++)
		n += count(&r->took.bucket[i]);
	return n > 0;
}

static void
codes(struct expo *x, const struct meter_route *r)
{
	static const char *const word[6] = { "gone", "1xx", "2xx", "3xx", "4xx", "5xx" };

	for (unsigned i = 0; i < 6; i++)
		if (count(&r->status[i]) > 0) {
			expo_label(x, "code", word[i]);
			expo_int(x, count(&r->status[i]));
		}
}

typedef void route_put_f(struct expo *x, const struct meter_route *r);

static void
took(struct expo *x, const struct meter_route *r)
{
	histogram(x, &r->took);
}

/* Of each route that was asked for: a route nobody uses is no series. */
static void
by_route(struct expo *x, const struct meters_file *m, route_put_f *put)
{
	struct route tbl[RESPONDER_ROUTES_MAX];
	struct routes rs = api_routes(tbl, NULL);

	for (unsigned i = 0; i <= rs.n; i++) {
		const struct meter_http *h = &m->http[METER_API];
		const struct meter_route *r = i < rs.n ? &h->route[i] : &h->none;

		if (!was_asked(r))
			continue;
		x->label[0].name = NULL;
		expo_label(x, "program", "archon-api");
		expo_label(x, "method", i < rs.n ? tbl[i].method : "other");
		expo_label(x, "route", i < rs.n ? tbl[i].pattern : "other");
		put(x, r);
	}
	if (!was_asked(&m->http[METER_MCP].route[0]))
		return;
	x->label[0].name = NULL;
	expo_label(x, "program", "archon-mcp");
	expo_label(x, "method", "POST");
	expo_label(x, "route", "/mcp");
	put(x, &m->http[METER_MCP].route[0]);
}

static void
requests(struct expo *x, const struct meters_file *m)
{
	expo_family(x, "archon_http_requests_total", "counter", "Requests answered, by route and status; gone: the client had left.");
	by_route(x, m, codes);
	expo_family(x, "archon_http_request_duration_seconds", "histogram", "From the request's first byte read to its answer's last one written.");
	by_route(x, m, took);
}

int
prometheus_show(const struct request *rq, struct reply *out)
{
	struct expo x = { .to = &out->body };
	struct store *st = api_store(rq);
	struct store_metrics sm;
	bool store = st != NULL && store_metrics(st, &sm) == 0;
	const struct meters_file *m = meters_read(api_thread(rq)->service->meters);
	const struct table *t = api_table_get(rq);
	struct relay_counters relay[TABLE_CONSUMERS];

	memset(relay, 0, sizeof relay);
	for (unsigned i = 0; t != NULL && i < TABLE_CONSUMERS; i++)
		table_counters_read(t, i, &relay[i]);
	parts(&x, t, m, relay, store);
	live_crawls(&x, t);
	crawl_sums(&x, m);
	crawlers(&x, t, m);
	clients(&x, t, relay);
	relay_sums(&x, t, relay);
	if (t != NULL)
		table_use(&x, t);
	api_table_put(rq);
	if (store)
		store_size(&x, &sm);
	requests(&x, m);
	out->content_type = EXPOSITION_TYPE;
	out->no_etag = true;
	return 200;
}
