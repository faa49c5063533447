#include "config.h"

#include "t/bench/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

enum {
	STEP_MS = 1500, QUICK_STEP_MS = 400, WARM_MS = 200,
	RUNGS_MAX = 16, MISSES_MAX = 2,	/* so many rungs without a better rate end the ladder */
	TRIES = 2,			/* a hiccup of the machine is not the target's */
	HALVINGS = 2,
	FINALS = 9, QUICK_FINALS = 5, DESCENTS_MAX = 6,
};

static const double rung_up = 1.6, descent = 0.9, better = 1.02, first_deliveries_s = 80000;

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
	crowd_take(c, &d);
	rig_publisher_stop(g, publisher);
	if (sum != NULL)
		delays_add(sum, &d);
	us = d.n > 0 ? 1e3 * (double)d.n : 1;
	return (struct step){
		.publications_s = publications_s, .rate = (double)d.n / ((double)from_ns / 1e9), .gaps = d.gaps,
		.cpu_us = (double)cpu_ns / us, .nginx_us = (double)nginx_ns / us, .driver_us = (double)driver_ns / us,
		.p99_ns = delays_at_ns(&d, 0.99),
	};
}

static int64_t
step_ms(const struct rig *g)
{
	return g->quick ? QUICK_STEP_MS : STEP_MS;
}

static bool
holds(const struct step *s)
{
	return s->rate > 0 && s->gaps == 0 && s->p99_ns < (uint64_t)SEARCH_P99_MS * 1000000;
}

static void
try(struct rig *g, struct search *s, double publications_s)
{
	for (unsigned i = 0; i < TRIES; i++) {
		struct step step = search_measure(g, &s->crowd, publications_s, step_ms(g), NULL);

		if (holds(&step) && step.rate > s->best.rate * better) {
			s->best = step;
			s->misses = 0;
			return;
		}
	}
	s->misses++;
	if (publications_s > s->best.publications_s && publications_s < s->bad)
		s->bad = publications_s;
}

static void
ladder(struct rig *g, struct search s[])
{
	for (unsigned t = 0; t < RIG_TARGETS; t++) {
		s[t].best = (struct step){ 0 };
		s[t].misses = 0;
		s[t].bad = INFINITY;
		s[t].next = first_deliveries_s / s[t].crowd.n_clients;
	}
	for (unsigned i = 0; i < RUNGS_MAX; i++)
		for (unsigned t = 0; t < RIG_TARGETS; t++)
			if (s[t].on && s[t].misses < MISSES_MAX) {
				try(g, &s[t], s[t].next);
				s[t].next *= s[t].best.rate > 0 ? rung_up : 1 / rung_up;	/* slower, when not even the first held */
			}
}

static void
between(struct rig *g, struct search s[])
{
	for (unsigned i = 0; i < HALVINGS; i++)
		for (unsigned t = 0; t < RIG_TARGETS; t++) {
			/* A later rung may have been the better one, by chance or for good. */
			if (!s[t].on || s[t].best.rate == 0)
				continue;
			if (s[t].bad <= s[t].best.publications_s || s[t].bad == INFINITY)
				s[t].bad = s[t].best.publications_s * rung_up;
			try(g, &s[t], sqrt(s[t].best.publications_s * s[t].bad));
		}
}

static void
others(struct rig *g, struct search s[])	/* the rung that is another's best may be better than one's own */
{
	double publications_s[RIG_TARGETS];

	for (unsigned t = 0; t < RIG_TARGETS; t++)
		publications_s[t] = s[t].on ? s[t].best.publications_s : 0;
	for (unsigned t = 0; t < RIG_TARGETS; t++)
		for (unsigned u = 0; u < RIG_TARGETS; u++)
			if (t != u && s[t].on && s[t].best.rate > 0 && publications_s[u] > 0)
				try(g, &s[t], publications_s[u]);
}

/* -- the last measurements ----------------------------------------------------- */

static int
by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

#define MEDIAN_OF(steps, n, field) __extension__ ({		\
	double of_[FINALS];					\
	for (unsigned k_ = 0; k_ < (n); k_++)			\
		of_[k_] = (double)(steps)[k_].field;		\
	qsort(of_, (n), sizeof of_[0], by_double);		\
	of_[(n) / 2];						\
})

static struct step
middle(const struct step *s, unsigned n)
{
	return (struct step){
		.publications_s = s[0].publications_s, .rate = MEDIAN_OF(s, n, rate), .gaps = (uint64_t)MEDIAN_OF(s, n, gaps),
		.cpu_us = MEDIAN_OF(s, n, cpu_us), .nginx_us = MEDIAN_OF(s, n, nginx_us), .driver_us = MEDIAN_OF(s, n, driver_us),
		.x = MEDIAN_OF(s, n, x), .cpu_x = MEDIAN_OF(s, n, cpu_x), .p99_ns = (uint64_t)MEDIAN_OF(s, n, p99_ns),
	};
}

static void
turn(struct rig *g, struct search s[], const bool open[], struct step out[][FINALS], unsigned i)
{
	for (unsigned t = 0; t < RIG_TARGETS; t++) {
		if (!open[t] && !(t == RIG_FLOOR && s[t].on))
			continue;		/* the floor is there every time, to be compared with */
		out[t][i] = search_measure(g, &s[t].crowd, s[t].best.publications_s, step_ms(g), NULL);
		if (s[RIG_FLOOR].on && out[RIG_FLOOR][i].rate > 0 && out[RIG_FLOOR][i].cpu_us > 0) {
			out[t][i].x = out[t][i].rate / out[RIG_FLOOR][i].rate;
			out[t][i].cpu_x = out[t][i].cpu_us / out[RIG_FLOOR][i].cpu_us;
		}
	}
}

static void
finals(struct rig *g, struct search s[])
{
	unsigned n = g->quick ? QUICK_FINALS : FINALS;
	struct step step[RIG_TARGETS][FINALS];
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
	between(g, s);
	others(g, s);
	finals(g, s);
}
