#include "config.h"

#include <stdio.h>
#include <string.h>

#include "t/bench/crowd.h"

/*
 * From the publication of a row to a WebSocket client's read: the floor, the
 * relay on its own socket, the relay behind nginx.  The three take turns, so
 * that what else the machine does falls on all of them.
 */

enum { PERIOD_US = 2500, ROUNDS = 6, PUBLICATIONS = 600, QUICK_ROUNDS = 2, QUICK_PUBLICATIONS = 300 };

static void
latency_with(struct rig *g, unsigned n_clients)
{
	static struct delays d[RIG_TARGETS];
	unsigned rounds = g->quick ? QUICK_ROUNDS : ROUNDS, publications = g->quick ? QUICK_PUBLICATIONS : PUBLICATIONS;

	memset(d, 0, sizeof d);
	for (unsigned i = 0; i < rounds; i++)
		for (unsigned t = 0; t < RIG_TARGETS; t++) {
			struct crowd c;

			if (!rig_has(g, t))
				continue;
			crowd_start(&c, g, t, n_clients, 1);
			crowd_record(&c);
			child_wait(rig_publisher(g, t, PERIOD_US * 1000, 0.5, publications));
			crowd_stop_recording(&c);
			crowd_take(&c, &d[t]);
			crowd_stop(&c, g);
		}
	for (unsigned t = 0; t < RIG_TARGETS; t++) {
		double p50 = (double)delays_at_ns(&d[t], 0.5) / 1e3, p99 = (double)delays_at_ns(&d[t], 0.99) / 1e3;
		double read = 100.0 * (double)d[t].n / ((double)rounds * publications * n_clients);

		if (!rig_has(g, t))
			continue;
		printf("%7u  %-18s %8.0f %8.0f %9.0f   %6.2f %6.2f   %7llu (%.1f%%)\n", n_clients, rig_name(t), p50, p99,
		    (double)d[t].max_ns / 1e3, p50 / ((double)delays_at_ns(&d[RIG_FLOOR], 0.5) / 1e3),
		    p99 / ((double)delays_at_ns(&d[RIG_FLOOR], 0.99) / 1e3), (unsigned long long)d[t].n, read);
	}
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct rig g;

	rig_start(&g, argc, argv);
	printf("latency: from publication to read, frames of %zu bytes, one every %.1f ms +- half\n",
	    g.frame_len, PERIOD_US / 1e3);
	printf("clients  target               p50 us   p99 us    max us   x p50  x p99   reads\n");
	latency_with(&g, 1);
	latency_with(&g, 100);
	rig_stop(&g);
	return 0;
}
