/*
 * meters - what the processes count for /metrics, beside what the table, the
 * relays' counters and the store know already: a mapped file of its own on tmpfs,
 * meters-2 beside the table.  Every writer adds to the same cells, so sums are over all
 * processes and threads, and go on when one of them is replaced; they begin anew
 * with the next boot, and a program's when another release has other routes.
 *
 * Zeros are empty meters and nothing in it decides anything: no lock, no header,
 * and what a broken writer leaves is a wrong number at worst.  Another layout has
 * another name.  All functions take NULL and then do nothing.
 */
#ifndef METERS_H
#define METERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "shared/err.h"
#include "shared/outcome.h"
#include "shared/progress_row.h"
#include "shared/route.h"
#include "shared/table.h"

/* Bounds of the latency histograms, in microseconds; one more is open. */
#define METER_BOUNDS_US 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000
enum { METER_BUCKETS = 15, METER_ROUTES = 96 };

struct meter_latency {
	_Atomic uint64_t bucket[METER_BUCKETS];	/* each for itself: they are summed when shown */
	_Atomic uint64_t sum_us;
};

/* Programs that answer requests. */
enum meter_program { METER_API, METER_MCP, METER_N_PROGRAMS };

struct meter_route {
	struct meter_latency took;	/* from the first byte read to the last one written */
	_Atomic uint64_t status[6];	/* by the first digit; 0: the client had gone */
};

struct meter_http {
	_Atomic int64_t	 started_wall_ms;	/* the newest process; 0: never */
	_Atomic uint64_t shape;			/* which routes these are */
	struct meter_route route[METER_ROUTES];	/* as in the program's table */
	struct meter_route none;		/* paths it does not have */
};

/* How an exchange with a site went: by the first digit of the status, or without one. */
#define METER_RESULTS(X) X(FAILED, "failed") X(1XX, "1xx") X(2XX, "2xx") X(3XX, "3xx") X(4XX, "4xx") X(5XX, "5xx")
enum meter_result {
#define X(name, word) METER_##name,
	METER_RESULTS(X)
#undef X
	METER_N_RESULTS
};

struct meter_crawler {			/* by its slot in the table; its owner stores, now and then */
	_Atomic int64_t	 started_wall_ms;
	_Atomic uint64_t crawls, fetches, held_pages, held_bytes;	/* now */
	_Atomic uint64_t store_full;	/* 1: it waits for space */
};

struct meters_file {
	struct meter_http http[METER_N_PROGRAMS];
	struct meter_latency fetch;	/* exchanges that were answered */
	_Atomic uint64_t fetches[METER_N_RESULTS];
	_Atomic uint64_t fetched_bytes;		/* bodies, as they came */
	_Atomic uint64_t pages[OUTCOME_N];	/* URLs, by what became of them */
	_Atomic uint64_t crawls_ended[CRAWL_N_PHASES];	/* terminal ones */
	struct meter_crawler crawler[TABLE_CONSUMERS];
};

struct meters;

/* The table is there already, and its directory.  0 and *out (gives); -errno with e filled. */
int meters_open(struct meters **out, const char *run_dir, struct err *e);
void meters_close(struct meters *m);
int meters_reopen(struct meters *m);	/* the run directory was emptied: map the file that is there now; 0 or -errno */
const struct meters_file *meters_read(const struct meters *m);

/* A program begins to serve these routes. */
void meters_serving(struct meters *m, enum meter_program program, const struct routes *rs);
/* r: of those routes, or NULL for a path that has none; status 0: nobody to tell. */
void meters_request(struct meters *m, enum meter_program program, const struct routes *rs, const struct route *r, int status,
    int64_t took_ns);

void meters_fetch(struct meters *m, long status, uint64_t bytes, int64_t took_us);	/* status 0: no reply */
void meters_pages(struct meters *m, enum outcome outcome, uint64_t n);
void meters_crawl_ended(struct meters *m, enum crawl_phase phase);
struct meter_crawler *meters_crawler(struct meters *m, unsigned slot);	/* NULL when m is */

const char *meter_result_word(enum meter_result r);	/* static */

#endif
