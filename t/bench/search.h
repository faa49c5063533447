/*
 * search - the highest rate of deliveries a target holds, found for every
 * target the same way: up a ladder of rates of publication, each twice the one
 * before, until two rungs are no better; then five rungs around the best, 19% apart,
 * all in turn several times, of which the best median counts; and last its own
 * best rung many times in turn with the others', there and back, so that what
 * else the machine does falls on all.  Medians count, and of ratios the median of
 * those to the floor of the same turn.  A rung that does not hold there is left
 * for a lower one.
 *
 * A rung holds when p99 is under SEARCH_P99_MS and no reader was told of a gap.
 * What conflates (the floor, progress) holds at rates above its best, only
 * delivers no more: so it is the rate of deliveries that is to be better.
 */
#ifndef SEARCH_H
#define SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "t/bench/crowd.h"

enum { SEARCH_P99_MS = 100, SEARCH_MEDIAN_OF = 16 };

struct step {
	double	 publications_s, rate;		/* asked for; deliveries a second */
	double	 cpu_us, nginx_us, driver_us;	/* CPU a delivery: of the target's own process, of nginx, of all that measures */
	double	 x, cpu_x;			/* rate and cpu_us against the floor's; 0: it did not take part */
	double	 p99_ns, gaps;
};

struct search {
	struct crowd crowd;
	struct step  best;
	double	     next;			/* publications a second: the ladder's next rung */
	bool	     on;			/* takes part */
};

/* One measurement; the delays are added to *d when that is not NULL. */
struct step search_measure(struct rig *g, struct crowd *c, double publications_s, int64_t ms, struct delays *d);

/* The median of n (up to SEARCH_MEDIAN_OF) doubles, so many bytes apart. */
double search_median(const void *field, size_t stride, unsigned n);
#define SEARCH_MEDIAN(v, n, field) search_median(&(v)[0].field, sizeof (v)[0], n)

/* s[t].on and s[t].crowd are set: fills s[t].best; best.rate 0: it holds no rung. */
void search_best(struct rig *g, struct search s[RIG_TARGETS]);

#endif
