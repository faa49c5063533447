#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "t/bench/crowd.h"

/*
 * One topic, many clients: the highest rate of deliveries whose p99 is under
 * 100 ms, what the CPU time of a million of them is, the delay at a quarter of
 * the floor's rate, and the memory of idle clients.  Publications come faster
 * and faster; a target that falls behind sends the newest state less often, so
 * beyond its best the rate of deliveries no longer grows.
 */

enum {
	STEP_MS = 1500, QUICK_STEP_MS = 500, WARM_MS = 200,
	STEPS_MAX = 16, FLAT_STEPS = 3,		/* so many without a better rate: that was the best */
	FINALS = 5, QUICK_FINALS = 3,		/* at each one's best, in turn: their median counts */
	READERS = 2, IDLE_CLIENTS = 20000, IDLE_READERS = 4, IDLE_SPARE = 128,
	P99_MS = 100,
};

static const double step_up = 1.3, first_deliveries_s = 100000;

struct step {
	double	      publications_s, rate;	/* asked for; deliveries a second */
	double	      cpu_s_per_million;
	uint64_t      p50_ns, p99_ns;
};

static struct step
measure(struct rig *g, struct crowd *c, double publications_s, int64_t ms)
{
	static struct delays d;
	pid_t publisher = rig_publisher(g, c->target, (int64_t)(1e9 / publications_s), 0, 0);
	int64_t from_ns, cpu_ns;
	struct step s;

	pause_ms(WARM_MS);
	memset(&d, 0, sizeof d);
	crowd_record(c);
	from_ns = clock_mono_ns();
	cpu_ns = target_cpu_ns(g, c->target);
	pause_ms(ms);
	cpu_ns = target_cpu_ns(g, c->target) - cpu_ns;
	from_ns = clock_mono_ns() - from_ns;
	crowd_take(c, &d);
	rig_publisher_stop(g, publisher);
	s = (struct step){
		.publications_s = publications_s, .rate = (double)d.n / ((double)from_ns / 1e9), .p50_ns = delays_at_ns(&d, 0.5), .p99_ns = delays_at_ns(&d, 0.99),
		.cpu_s_per_million = d.n > 0 ? (double)cpu_ns / 1e9 / ((double)d.n / 1e6) : 0,
	};
	return s;
}

static int
by_rate(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return x->rate < y->rate ? -1 : x->rate > y->rate;
}

/* What else the machine does falls on all: they take turns, and the middle one counts. */
static void
finals(struct rig *g, struct crowd crowd[], struct step best[], unsigned n_targets)
{
	unsigned n = g->quick ? QUICK_FINALS : FINALS;
	struct step s[RIG_TARGETS][FINALS];

	for (unsigned i = 0; i < n; i++)
		for (unsigned t = 0; t < n_targets; t++)
			if (best[t].rate > 0) {
				s[t][i] = measure(g, &crowd[t], best[t].publications_s, g->quick ? QUICK_STEP_MS : STEP_MS);
				if (s[t][i].p99_ns >= (uint64_t)P99_MS * 1000000)
					s[t][i].rate = 0;
			}
	for (unsigned t = 0; t < n_targets; t++)
		if (best[t].rate > 0) {
			qsort(s[t], n, sizeof s[t][0], by_rate);
			best[t] = s[t][n / 2];
		}
}

static void
fanout_to(struct rig *g, unsigned n_clients, unsigned n_targets)
{
	struct crowd crowd[RIG_TARGETS];
	struct step best[RIG_TARGETS] = { 0 }, quarter[RIG_TARGETS] = { 0 };
	unsigned flat[RIG_TARGETS] = { 0 };
	double publications_s = first_deliveries_s / n_clients;
	int64_t ms = g->quick ? QUICK_STEP_MS : STEP_MS;

	for (unsigned t = 0; t < n_targets; t++)
		if (rig_has(g, t))
			crowd_start(&crowd[t], g, t, n_clients, READERS);
	for (unsigned i = 0; i < STEPS_MAX; i++, publications_s *= step_up)
		for (unsigned t = 0; t < n_targets; t++) {
			struct step s;

			if (!rig_has(g, t) || flat[t] >= FLAT_STEPS)
				continue;
			s = measure(g, &crowd[t], publications_s, ms);
			if (s.p99_ns < (uint64_t)P99_MS * 1000000 && s.rate > best[t].rate) {
				flat[t] = s.rate > best[t].rate * 1.02 ? 0 : flat[t] + 1;
				best[t] = s;
			} else {
				flat[t]++;
			}
		}
	finals(g, crowd, best, n_targets);
	for (unsigned t = 0; t < n_targets; t++)
		if (rig_has(g, t)) {
			quarter[t] = measure(g, &crowd[t], best[RIG_FLOOR].rate / n_clients / 4, ms * 2);
			printf("%7u  %-18s %10.0f %6.2f  %8.1f %8.1f  %8.2f %6.2f  %8.0f %8.0f  %6.2f %6.2f\n", n_clients, rig_name(t),
			    best[t].rate, best[t].rate / best[RIG_FLOOR].rate,
			    (double)best[t].p50_ns / 1e6, (double)best[t].p99_ns / 1e6,
			    best[t].cpu_s_per_million, best[t].cpu_s_per_million / best[RIG_FLOOR].cpu_s_per_million,
			    (double)quarter[t].p50_ns / 1e3, (double)quarter[t].p99_ns / 1e3,
			    (double)quarter[t].p50_ns / (double)quarter[RIG_FLOOR].p50_ns,
			    (double)quarter[t].p99_ns / (double)quarter[RIG_FLOOR].p99_ns);
			(void)fflush(stdout);
		}
	for (unsigned t = 0; t < n_targets; t++)
		if (rig_has(g, t))
			crowd_stop(&crowd[t], g);
}

static void
idle_memory(struct rig *g)
{
	unsigned long files = files_limit();
	unsigned n = files < IDLE_CLIENTS + IDLE_SPARE ? (unsigned)files - IDLE_SPARE : IDLE_CLIENTS;

	rig_relay_stop(g);		/* a new one: none of its memory has been used before */
	rig_relay_start(g);
	for (unsigned t = RIG_FLOOR; t <= RIG_RELAY; t++) {
		pid_t pid = t == RIG_FLOOR ? g->floor_pid : g->relay_pid;
		int64_t pss = process_pss_bytes(pid);
		struct crowd c;

		crowd_start(&c, g, t, n, IDLE_READERS);
		pause_ms(500);
		pss = process_pss_bytes(pid) - pss;
		printf("%7u  %-18s %8.0f bytes of its own memory a client (PSS)\n", n, rig_name(t), (double)pss / n);
		(void)fflush(stdout);
		crowd_stop(&c, g);
	}
}

int
main(int argc, char **argv)
{
	struct rig g;

	rig_start(&g, argc, argv);
	printf("fanout: %s, frames of %zu bytes; x: against the floor of this run\n", g.logs ? "log" : "progress", g.frame_len);
	printf("                            deliveries with p99 < %d ms             CPU s of    at a quarter of the floor's rate\n", P99_MS);
	printf("clients  target               a second      x    p50 ms   p99 ms   a million      x    p50 us   p99 us   x p50  x p99\n");
	fanout_to(&g, 1000, g.logs ? RIG_NGINX : RIG_TARGETS);	/* one log: nginx's clients would be sent the relay's */
	fanout_to(&g, g.quick ? 5000 : 9900, RIG_NGINX);
	if (!g.logs)
		idle_memory(&g);
	rig_stop(&g);
	return 0;
}
