#include "config.h"

#include "ctl/top_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/snapshot.h"
#include "shared/clock.h"
#include "shared/mcp_state.h"

static uint64_t
count(const _Atomic uint64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static void
take_relays(struct top_sample *s, const struct table *t)
{
	for (unsigned slot = 0; slot < TABLE_CONSUMERS; slot++) {
		struct relay_counters n;

		if (!table_is_alive(t, TABLE_RELAY, slot))
			continue;
		table_counters_read(t, slot, &n);
		for (unsigned i = 0; i < RELAY_N_STREAMS; i++)
			for (unsigned k = 0; k < RELAY_N_KINDS; k++)
				s->clients[i][k] += count(&n.clients[i][k]);
		s->messages += count(&n.messages);
		s->bytes += count(&n.bytes);
		s->conflated += count(&n.conflated);
		s->gaps += count(&n.gaps);
		s->slow_closes += count(&n.slow_closes);
		if (count(&n.loop_lag_p99_us) > s->lag_p99_us)
			s->lag_p99_us = count(&n.loop_lag_p99_us);
	}
}

static void
take_row(struct top_sample *s, const struct table *t, unsigned row)
{
	static struct crawl_progress p;		/* 16 KiB: not on the stack */
	struct top_crawl *c;

	if (table_read(t, row, &p) != 0)
		return;
	if (!crawl_phase_is_terminal((enum crawl_phase)p.phase)) {
		s->n_live++;
		s->n_queued += p.phase == CRAWL_QUEUED;
		s->pages_per_s += (double)p.pages_per_ks / 1000;
	}
	if (s->n_crawls == TOP_CRAWLS_MAX)
		return;
	c = &s->crawl[s->n_crawls++];
	*c = (struct top_crawl){
		.phase = (enum crawl_phase)p.phase, .percentage = p.percentage, .processed = p.processed_pages, .total = p.total_pages,
		.failed = p.failed_pages, .eta_ms = p.eta_ms, .started_wall_ms = p.started_wall_ms,
		.pages_per_s = crawl_phase_is_terminal((enum crawl_phase)p.phase) ? 0 : (double)p.pages_per_ks / 1000,
	};
	printable(c->id, sizeof c->id, p.id);
	printable(c->url, sizeof c->url, p.url);
}

static int
by_interest(const void *a, const void *b)
{
	const struct top_crawl *x = a, *y = b;
	bool x_ended = crawl_phase_is_terminal(x->phase), y_ended = crawl_phase_is_terminal(y->phase);

	if (x_ended != y_ended)
		return x_ended ? 1 : -1;
	if (x->started_wall_ms != y->started_wall_ms)
		return x->started_wall_ms < y->started_wall_ms ? 1 : -1;
	return strcmp(x->id, y->id);
}

static int64_t
store_bytes(const struct conf *conf)
{
	static const char *const names[] = { "archon.db", "archon.db-wal" };
	int64_t bytes = -1;

	for (unsigned i = 0; i < 2; i++) {
		char path[CONF_TEXT_BYTES + 16];
		struct stat sb;

		(void)snprintf(path, sizeof path, "%s/%s", conf->state_dir, names[i]);
		if (stat(path, &sb) == 0)
			bytes = (bytes < 0 ? 0 : bytes) + sb.st_size;
	}
	return bytes;
}

int
top_sample(struct top_sample *out, const struct conf *conf, struct err *e)
{
	struct table *t;
	bool live;
	int rc = table_open(&t, conf->run_dir, e);

	if (rc < 0)
		return rc;
	memset(out, 0, sizeof *out);
	out->wall_ms = clock_wall_ms();
	out->mono_ns = clock_mono_ns();
	table_info(t, &out->table);
	out->mcp = mcp_uptime_ms(t) >= 0;
	take_relays(out, t);
	for (int ended = 0; ended <= 1; ended++)	/* live ones first: there may be more than are shown */
		for (unsigned i = 0; i < table_n_rows(t); i++)
			if (table_row_hash(t, i, &live) != 0 && live == (ended == 0))
				take_row(out, t, i);
	qsort(out->crawl, out->n_crawls, sizeof out->crawl[0], by_interest);
	out->store_bytes = store_bytes(conf);
	table_close(t);
	return 0;
}

double
top_rate(const struct top_sample *before, const struct top_sample *now, uint64_t from, uint64_t to)
{
	int64_t span_ns = now->mono_ns - before->mono_ns;

	return span_ns > 0 && to > from ? (double)(to - from) * 1e9 / (double)span_ns : 0;
}

/* -- for programs ----------------------------------------------------------------- */

static void
clients_json(struct text *out, const struct top_sample *s)
{
	json_key(out, "clients");
	json_open(out, '{');
	for (unsigned i = 0; i < RELAY_N_STREAMS; i++) {
		json_key(out, relay_stream_word((enum relay_stream)i));
		json_open(out, '{');
		for (unsigned k = 0; k < RELAY_N_KINDS; k++)
			json_kint(out, relay_kind_word((enum relay_kind)k), (int64_t)s->clients[i][k]);
		json_close(out, '}');
	}
	json_close(out, '}');
}

static void
crawl_json(struct text *out, const struct top_crawl *c)
{
	json_open(out, '{');
	json_kstr(out, "progressId", c->id);
	json_kstr(out, "status", crawl_phase_word(c->phase));
	json_kint(out, "percentage", c->percentage);
	json_kint(out, "processedPages", (int64_t)c->processed);
	json_kint(out, "totalPages", (int64_t)c->total);
	json_kint(out, "failedPages", (int64_t)c->failed);
	json_kdouble(out, "pagesPerSecond", c->pages_per_s, 1);
	json_kstr(out, "url", c->url);
	json_close(out, '}');
}

void
top_json(struct text *out, const struct top_sample *before, const struct top_sample *now)
{
	json_open(out, '{');
	json_ktime(out, "timestamp", now->wall_ms);
	json_kint(out, "relays", now->table.relays);
	json_kint(out, "crawlers", now->table.crawlers);
	json_kbool(out, "mcp", now->mcp);
	json_kint(out, "rows", now->table.n_rows);
	json_kint(out, "rowsUsed", now->table.used);
	json_kint(out, "crawlsLive", now->n_live);
	json_kint(out, "crawlsQueued", now->n_queued);
	json_kdouble(out, "pagesPerSecond", now->pages_per_s, 1);
	clients_json(out, now);
	json_kint(out, "messages", (int64_t)now->messages);
	json_kdouble(out, "messagesPerSecond", top_rate(before, now, before->messages, now->messages), 1);
	json_kdouble(out, "bytesPerSecond", top_rate(before, now, before->bytes, now->bytes), 0);
	json_kint(out, "conflated", (int64_t)now->conflated);
	json_kint(out, "gaps", (int64_t)now->gaps);
	json_kint(out, "slowCloses", (int64_t)now->slow_closes);
	json_kdouble(out, "loopLagMs", (double)now->lag_p99_us / 1000, 3);
	if (now->store_bytes >= 0)
		json_kint(out, "storeBytes", now->store_bytes);
	else
		json_kstr(out, "storeBytes", NULL);
	json_key(out, "crawls");
	json_open(out, '[');
	for (unsigned i = 0; i < now->n_crawls; i++)
		crawl_json(out, &now->crawl[i]);
	json_close(out, ']');
	json_close(out, '}');
}
