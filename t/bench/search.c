#include "config.h"

#include "t/bench/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

enum {
	STEP_MS = 600, QUICK_STEP_MS = 200, WARM_MS = 60, SOME = 6, SOME_MS_MAX = 1500,
	RUNGS_MAX = 12, MISSES_MAX = 2,	/* so many rungs without a better rate end the ladder: one may be a hiccup of the machine */
	NEAR = 5, NEAR_BELOW = 1, NEAR_ROUNDS = 5, QUICK_NEAR_ROUNDS = 2,
	FINALS = 15, QUICK_FINALS = 9, DESCENTS_MAX = 6,
	ALONE_ROUNDS = 1, ALONE_FINALS = 5,	/* without a floor beside it there is no ratio to find */
};

static const double rung_up = 2, near_up = 1.19, descent = 0.84, better = 1.02, first_deliveries_s = 80000, least_deliveries_s = 20000;

struct step
search_measure(struct rig *g, struct crowd *c, double publications_s, int64_t ms, struct delays *sum)
{
	static struct delays d;
	pid_t publisher = rig_publisher(g, c->target, (int64_t)(1e9 / publications_s), 0, 0);
	int64_t from_ns, cpu_ns, nginx_ns, driver_ns;
	double us;

	pause_ms(WARM_MS);
	memset(&d, 0, sizeof d);
	crowd_record(c);
	from_ns = clock_mono_ns();
	cpu_ns = process_cpu_ns(rig_pid(g, c->target));
	nginx_ns = c->target == RIG_NGINX ? rig_nginx_sum(g, process_cpu_ns) : 0;
	driver_ns = crowd_cpu_ns(c) + process_cpu_ns(publisher);
	pause_ms(ms);
	cpu_ns = process_cpu_ns(rig_pid(g, c->target)) - cpu_ns;
	nginx_ns = c->target == RIG_NGINX ? rig_nginx_sum(g, process_cpu_ns) - nginx_ns : 0;
	driver_ns = crowd_cpu_ns(c) + process_cpu_ns(publisher) - driver_ns;
	from_ns = clock_mono_ns() - from_ns;
	crowd_stop_recording(c);
	rig_publisher_stop(g, publisher);
	crowd_take(c, &d);
	if (sum != NULL)
		delays_add(sum, &d);
	us = d.reads > 0 ? 1e3 * (double)d.reads : 1;
	return (struct step){
		.publications_s = publications_s, .rate = (double)d.reads / ((double)from_ns / 1e9), .gaps = (double)d.gaps,
		.cpu_us = (double)cpu_ns / us, .nginx_us = (double)nginx_ns / us, .driver_us = (double)driver_ns / us,
		.p99_ns = (double)delays_at_ns(&d, 0.99),
	};
}

static int64_t
step_ms(const struct rig *g, double publications_s)	/* long enough for some of them */
{
	double ms = g->quick ? QUICK_STEP_MS : STEP_MS, some_ms = 1e3 * SOME / publications_s;

	return (int64_t)(some_ms > SOME_MS_MAX ? SOME_MS_MAX : some_ms > ms ? some_ms : ms);
}

static struct step
measure(struct rig *g, struct search *s, double publications_s)
{
	return search_measure(g, &s->crowd, publications_s, step_ms(g, publications_s), NULL);
}

static bool
holds(const struct step *s)
{
	return s->rate > 0 && s->gaps == 0 && s->p99_ns < SEARCH_P99_MS * 1e6;
}

static void
ladder(struct rig *g, struct search s[])	/* roughly where the best rung is */
{
	unsigned misses[RIG_TARGETS] = { 0 };

	for (unsigned t = 0; t < RIG_TARGETS; t++) {
		s[t].best = (struct step){ 0 };
		s[t].next = first_deliveries_s / s[t].crowd.n_clients;
	}
	for (unsigned i = 0; i < RUNGS_MAX; i++)
		for (unsigned t = 0; t < RIG_TARGETS; t++) {
			struct step step;

			if (!s[t].on || misses[t] == MISSES_MAX || s[t].next * s[t].crowd.n_clients < least_deliveries_s)
				continue;
			step = measure(g, &s[t], s[t].next);
			if (holds(&step) && step.rate > s[t].best.rate * better) {
				s[t].best = step;
				misses[t] = 0;
			} else if (s[t].best.rate > 0) {
				misses[t]++;
			}
			s[t].next *= s[t].best.rate > 0 ? rung_up : 1 / rung_up;	/* slower, when not even the first held */
		}
}

/* -- medians -------------------------------------------------------------------- */

static int
by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double
search_median(const void *field, size_t stride, unsigned n)
{
	double v[SEARCH_MEDIAN_OF];

	for (unsigned k = 0; k < n; k++)
		memcpy(&v[k], (const char *)field + k * stride, sizeof v[k]);
	qsort(v, n, sizeof v[0], by_double);
	return v[n / 2];
}

static struct step
middle(const struct step *s, unsigned n)
{
	return (struct step){
		.publications_s = s[0].publications_s, .rate = SEARCH_MEDIAN(s, n, rate), .gaps = SEARCH_MEDIAN(s, n, gaps),
		.cpu_us = SEARCH_MEDIAN(s, n, cpu_us), .nginx_us = SEARCH_MEDIAN(s, n, nginx_us), .driver_us = SEARCH_MEDIAN(s, n, driver_us),
		.x = SEARCH_MEDIAN(s, n, x), .cpu_x = SEARCH_MEDIAN(s, n, cpu_x), .p99_ns = SEARCH_MEDIAN(s, n, p99_ns),
	};
}

static void
near(struct rig *g, struct search s[])		/* the best of the rungs around it, all in turn several times */
{
	static struct step step[RIG_TARGETS][NEAR][FINALS];
	unsigned rounds = !s[RIG_FLOOR].on ? ALONE_ROUNDS : g->quick ? QUICK_NEAR_ROUNDS : NEAR_ROUNDS;

	for (unsigned i = 0; i < rounds; i++)
		for (unsigned k = 0; k < NEAR; k++)
			for (unsigned t = 0; t < RIG_TARGETS; t++)
				if (s[t].on && s[t].best.rate > 0)
					step[t][k][i] = measure(g, &s[t],
					    s[t].best.publications_s * pow(near_up, (double)k - NEAR_BELOW));
	for (unsigned t = 0; t < RIG_TARGETS; t++) {
		struct step best = { 0 };

		for (unsigned k = 0; s[t].on && s[t].best.rate > 0 && k < NEAR; k++) {
			struct step m = middle(step[t][k], rounds);

			if (holds(&m) && m.rate > best.rate)
				best = m;
		}
		if (best.rate > 0)
			s[t].best = best;
	}
}

/* -- the last measurements ------------------------------------------------------- */

static void
turn(struct rig *g, struct search s[], const bool open[], struct step out[][FINALS], unsigned i)
{
	for (unsigned k = 0; k < RIG_TARGETS; k++) {
		unsigned t = i % 2 == 0 ? k : RIG_TARGETS - 1 - k;	/* there and back: what drifts falls on all */

		if (!open[t] && !(t == RIG_FLOOR && s[t].on))
			continue;		/* the floor is there every time, to be compared with */
		out[t][i] = measure(g, &s[t], s[t].best.publications_s);
	}
	for (unsigned t = 0; t < RIG_TARGETS; t++)
		if (s[RIG_FLOOR].on && out[RIG_FLOOR][i].rate > 0 && out[RIG_FLOOR][i].cpu_us > 0) {
			out[t][i].x = out[t][i].rate / out[RIG_FLOOR][i].rate;
			out[t][i].cpu_x = out[t][i].cpu_us / out[RIG_FLOOR][i].cpu_us;
		}
}

static void
finals(struct rig *g, struct search s[])
{
	unsigned n = !s[RIG_FLOOR].on ? ALONE_FINALS : g->quick ? QUICK_FINALS : FINALS;
	static struct step step[RIG_TARGETS][FINALS];
	bool open[RIG_TARGETS], any = true;

	for (unsigned t = 0; t < RIG_TARGETS; t++)
		open[t] = s[t].on && s[t].best.rate > 0;
	for (unsigned round = 0; any && round < DESCENTS_MAX; round++) {
		any = false;
		for (unsigned i = 0; i < n; i++)
			turn(g, s, open, step, i);
		for (unsigned t = 0; t < RIG_TARGETS; t++) {
			if (!open[t])
				continue;
			s[t].best = middle(step[t], n);
			if (holds(&s[t].best)) {
				open[t] = false;
				continue;
			}
			any = true;
			s[t].best.publications_s *= descent;
			s[t].best.rate = 0;	/* a rung that does not hold gives no figure */
		}
	}
}

void
search_best(struct rig *g, struct search s[RIG_TARGETS])
{
	ladder(g, s);
	near(g, s);
	finals(g, s);
}
