/*
 * top_sample - what `archonctl top' shows, read from the table and the store's
 * files at one moment; nobody is asked, so it works while daemons hang.
 */
#ifndef TOP_SAMPLE_H
#define TOP_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/conf.h"
#include "shared/err.h"
#include "shared/json_text.h"
#include "shared/progress_row.h"
#include "shared/table.h"

enum { TOP_CRAWLS_MAX = 200 };		/* more than a screen has lines */

struct top_crawl {
	char	 id[ROW_ID_BYTES], url[300];
	enum crawl_phase phase;
	uint32_t percentage;
	uint64_t processed, total, failed;
	double	 pages_per_s;		/* 0 of one that has ended */
	int64_t	 eta_ms, started_wall_ms;	/* eta: -1 not known */
};

struct top_sample {
	int64_t	 wall_ms, mono_ns;
	struct table_info table;
	bool	 mcp;			/* it answers agents */
	uint64_t clients[RELAY_N_STREAMS][RELAY_N_KINDS];
	uint64_t messages, bytes, conflated, gaps, slow_closes;	/* sums of the relays that live */
	uint64_t lag_p99_us;		/* of the slowest */
	int64_t	 store_bytes;		/* -1: not to be seen from here */
	unsigned n_live, n_queued;
	double	 pages_per_s;		/* of all */
	unsigned n_crawls;		/* in crawl[]: live ones first, then the newest */
	struct top_crawl crawl[TOP_CRAWLS_MAX];
};

int top_sample(struct top_sample *out, const struct conf *conf, struct err *e);	/* 0, or as table_open() */

/* Growth a second from before to now; 0 when it fell, because a relay began anew. */
double top_rate(const struct top_sample *before, const struct top_sample *now, uint64_t from, uint64_t to);

void top_json(struct text *out, const struct top_sample *before, const struct top_sample *now);

/* A screen of so many lines and columns, or with lines 0 all there is to say; lines end in "\n". */
void top_draw(struct text *out, const struct top_sample *before, const struct top_sample *now, unsigned lines, unsigned columns);

#endif
