#include "config.h"

#include <stdio.h>
#include <string.h>

#include "t/bench/search.h"

/*
 * One topic, many clients: the highest rate of deliveries with p99 under 100 ms
 * (search.h) and what CPU each costs, the delay from publication to read at a
 * quarter of the floor's rate, the memory of idle clients.  First the floor and
 * the relay on its own socket, in turn; then the relay behind nginx.
 *
 * Publisher, target and readers share the machine's cores, so a target that
 * costs the readers less reaches more: "driver" is what they take a delivery.
 */

enum {
	GROUPS = 7, QUICK_GROUPS = 5, ALONE_GROUPS = 3,	/* the ratio of each is taken, and the median of those */
	GROUP_SWEEPS = 40, QUICK_GROUP_SWEEPS = 12, GROUP_TURNS = 2,
	GROUP_MS_MIN = 500,			/* so much is measured in a group at least */
	READERS = 2, IDLE_CLIENTS = 20000, IDLE_READERS = 4, IDLE_SPARE = 128,
	NGINX_IDLE_CLIENTS = 5000,
};

static const unsigned sizes[] = { 1000, 10000 };

static void
print_head(const struct rig *g)
{
	printf("fanout: %s%s, frames of %zu bytes; x: against the floor of this run; us: CPU a delivery (s a million)\n"
	    "                             with p99 < %d ms                CPU us                         at a quarter of the floor's\n"
	    "clients  target              deliveries/s     x  p99 ms    own     x  nginx  driver   p50 ms p99 ms  x p50 x p99\n",
	    g->logs ? "log" : "progress", g->self ? ", of a second floor in the relay's place" : "", g->frame_len, SEARCH_P99_MS);
}

struct quarter {			/* at a quarter of the floor's rate: medians of its groups */
	double p50_ns, p99_ns, x50, x99;
};

static void
print_row(enum rig_target t, unsigned n_clients, const struct step *s, const struct quarter *q)
{
	char nginx[16] = "", best[80] = "          none                                          ";

	if (t == RIG_NGINX)
		(void)snprintf(nginx, sizeof nginx, "%.2f", s->nginx_us);
	if (s->rate > 0)
		(void)snprintf(best, sizeof best, "%13.0f %5.2f %7.1f %6.2f %5.2f %6s %7.2f", s->rate, s->x,
		    s->p99_ns / 1e6, s->cpu_us, s->cpu_x, nginx, s->driver_us);
	printf("%7u  %-18s %-56s %8.2f %6.2f  %5.2f %5.2f\n", n_clients, rig_name(t), best, q->p50_ns / 1e6, q->p99_ns / 1e6, q->x50, q->x99);
	(void)fflush(stdout);
}

/* In each group the targets take turns, there and back. */
static void
quarter_group(struct rig *g, struct search s[], double publications_s, struct delays d[])
{
	double ms = 1e3 * (g->quick ? QUICK_GROUP_SWEEPS : GROUP_SWEEPS) / publications_s / GROUP_TURNS;

	memset(d, 0, RIG_TARGETS * sizeof d[0]);
	if (ms < GROUP_MS_MIN / GROUP_TURNS)
		ms = GROUP_MS_MIN / GROUP_TURNS;
	for (unsigned i = 0; i < GROUP_TURNS; i++)
		for (unsigned k = 0; k < RIG_TARGETS; k++) {
			unsigned t = i % 2 == 0 ? k : RIG_TARGETS - 1 - k;

			if (s[t].on)
				(void)search_measure(g, &s[t].crowd, publications_s, (int64_t)ms, &d[t]);
		}
}

static void
quarters(struct rig *g, struct search s[], double publications_s, struct quarter q[])
{
	unsigned n = !s[RIG_FLOOR].on ? ALONE_GROUPS : g->quick ? QUICK_GROUPS : GROUPS;
	static struct delays d[RIG_TARGETS];
	struct quarter of[RIG_TARGETS][GROUPS];

	for (unsigned i = 0; i < n; i++) {
		quarter_group(g, s, publications_s, d);
		for (unsigned t = 0; t < RIG_TARGETS; t++) {
			struct quarter *o = &of[t][i];

			if (!s[t].on)
				continue;
			o->p50_ns = (double)delays_at_ns(&d[t], 0.5);
			o->p99_ns = (double)delays_at_ns(&d[t], 0.99);
			o->x50 = o->p50_ns / (s[RIG_FLOOR].on ? of[RIG_FLOOR][i].p50_ns : q[RIG_FLOOR].p50_ns);
			o->x99 = o->p99_ns / (s[RIG_FLOOR].on ? of[RIG_FLOOR][i].p99_ns : q[RIG_FLOOR].p99_ns);
		}
	}
	for (unsigned t = 0; t < RIG_TARGETS; t++)
		if (s[t].on)
			q[t] = (struct quarter){ SEARCH_MEDIAN(of[t], n, p50_ns), SEARCH_MEDIAN(of[t], n, p99_ns),
			    SEARCH_MEDIAN(of[t], n, x50), SEARCH_MEDIAN(of[t], n, x99) };
}

static void
crowds(struct rig *g, struct search s[], unsigned n_clients, enum rig_target from, enum rig_target to)
{
	for (unsigned t = 0; t < RIG_TARGETS; t++)
		if ((s[t].on = t >= from && t <= to && rig_has(g, t)))
			crowd_start(&s[t].crowd, g, t, n_clients, READERS);
}

static void
crowds_leave(struct rig *g, struct search s[])
{
	for (unsigned t = 0; t < RIG_TARGETS; t++)
		if (s[t].on)
			crowd_stop(&s[t].crowd, g);
}

static void
fanout_to(struct rig *g, unsigned n_clients)
{
	struct quarter q[RIG_TARGETS] = { 0 };
	struct search s[RIG_TARGETS] = { 0 };
	struct step floor;
	double quarter_s;

	crowds(g, s, n_clients, RIG_FLOOR, RIG_RELAY);
	search_best(g, s);
	floor = s[RIG_FLOOR].best;
	if (floor.rate == 0)
		die("the floor holds no rate at all: is the machine busy with something else?");
	quarter_s = floor.rate / n_clients / 4;
	quarters(g, s, quarter_s, q);
	print_row(RIG_FLOOR, n_clients, &floor, &q[RIG_FLOOR]);
	print_row(RIG_RELAY, n_clients, &s[RIG_RELAY].best, &q[RIG_RELAY]);
	crowds_leave(g, s);
	if (!rig_has(g, RIG_NGINX))
		return;
	crowds(g, s, n_clients, RIG_NGINX, RIG_NGINX);	/* alone: there is one log, both would be sent it */
	search_best(g, s);
	quarters(g, s, quarter_s, q);
	s[RIG_NGINX].best.x = s[RIG_NGINX].best.rate / floor.rate;
	s[RIG_NGINX].best.cpu_x = s[RIG_NGINX].best.cpu_us / floor.cpu_us;
	print_row(RIG_NGINX, n_clients, &s[RIG_NGINX].best, &q[RIG_NGINX]);
	crowds_leave(g, s);
}

static int64_t
pss_bytes(const struct rig *g, enum rig_target t)
{
	return t == RIG_NGINX ? rig_nginx_sum(g, process_pss_bytes) : process_pss_bytes(rig_pid(g, t));
}

static void
idle_memory(struct rig *g)		/* first of all: freed memory would be used again unseen */
{
	unsigned long files = files_limit();
	unsigned most = files < IDLE_CLIENTS + IDLE_SPARE ? (unsigned)files - IDLE_SPARE : IDLE_CLIENTS;

	for (unsigned t = 0; t < RIG_TARGETS; t++) {
		unsigned n = t == RIG_NGINX ? NGINX_IDLE_CLIENTS : most;
		struct crowd c;
		int64_t bytes;

		if (!rig_has(g, t))
			continue;
		bytes = pss_bytes(g, t);
		crowd_start(&c, g, t, n, IDLE_READERS);
		pause_ms(500);
		bytes = pss_bytes(g, t) - bytes;
		printf("%7u  %-18s %6.0f bytes of its own memory an idle client (PSS)\n", n,
		    t == RIG_NGINX ? "nginx" : rig_name(t), (double)bytes / n);
		(void)fflush(stdout);
		crowd_stop(&c, g);
	}
}

int
main(int argc, char **argv)
{
	struct rig g;

	rig_start(&g, argc, argv);
	if (!g.logs && !g.self)
		idle_memory(&g);
	print_head(&g);
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		fanout_to(&g, sizes[i]);
	rig_stop(&g);
	return 0;
}
