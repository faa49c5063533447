/*
 * progress - one crawl's report to the world.  The crawl calls progress_*() as
 * things happen; only this module publishes rows.  The numbers count what the
 * store has, so that nothing ever falls back, whoever is killed when.  Used by
 * the scheduler's thread alone.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/meters.h"
#include "shared/progress_row.h"
#include "shared/table.h"

enum {
	PROGRESS_EVERY_MS = 50,		/* at most 20 times a second, but for phases and stored batches */
	PROGRESS_RATE_SLOTS = 32,
};

struct progress {
	struct crawl_progress p;
	struct table *table;		/* borrowed */
	struct meters *meters;		/* borrowed; NULL: not counted */
	unsigned row;			/* claimed */
	bool	 changed;
	uint64_t waiting;		/* URLs not begun yet */
	int64_t	 published_mono_ns;
	/* rate: what was done at some moments of the last seconds */
	struct { int64_t mono_ns; uint64_t done; } at[PROGRESS_RATE_SLOTS];
	unsigned at_next, at_n;
	double	 new_per_page;		/* new URLs a page brings, lately: how far the end may move */
};

/* What happened to the store, to be added up. */
struct progress_delta {
	uint64_t total, processed, failed, skipped, chunks, words, examples, bytes, removed;
	enum outcome outcome;		/* of what was processed */
};
void crawl_progress_add(struct crawl_progress *p, const struct progress_delta *d);	/* any thread's own copy */

void progress_init(struct progress *pr, struct table *t, unsigned row, const struct crawl_progress *p);

/* The phase changes: published at once. */
void progress_phase(struct progress *pr, enum crawl_phase phase);

/* A line for people. */
__attribute__((format(printf, 2, 3)))
void progress_log(struct progress *pr, const char *fmt, ...);

void progress_current(struct progress *pr, const char *url);
void progress_add(struct progress *pr, const struct progress_delta *d);

/* Rate, percentage and ETA as of now; publishing brings them up to date. */
void progress_estimate(struct progress *pr, int64_t now_mono_ns);

/* Publish if something changed and it is time, or now. */
void progress_publish(struct progress *pr, bool now);
void progress_publish_end(struct progress *pr, const struct crawl_progress *end);

#endif
