/*
 * stress_relay - many clients of the log, one in twenty of which stops reading.
 * The others lose nothing and get everything in order; those who stopped are
 * told of the gap when they read again, or were closed; the relay's memory does
 * not follow the number of entries.  -u: the relay is executed anew in place
 * again and again meanwhile, and no socket closes.
 *
 *	stress_relay [-u] RELAY-PROGRAM CLIENTS ENTRIES
 *
 * Status 0 when it is so, 1 when not.  Its negative controls are relays that
 * are broken on purpose: broken_relay.c.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/ring.h"
#include "t/stress/swarm.h"

enum {
	SLOW_IN = 20, BATCH = 20, AHEAD = 400,	/* entries the good ones may be behind: the ring has 1,000 */
	UPGRADES = 10, SHORT = 5000,		/* so few entries may fit into a socket */
};

static void
open_all(struct swarm *s)
{
	int64_t end_ns = clock_mono_ns() + SWARM_PATIENCE_MS * 1000000LL;
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_clients; i++) {
		struct client *c = &s->clients[i];

		c->kind = i % 3 == 0 ? LOG_EVENTS : LOG_WS;
		c->deaf = i % SLOW_IN == 0;
		c->seen = ring_first(s->table);
	}
	while (n < s->n_clients) {
		swarm_come(s);
		swarm_turn(s, 1);
		for (n = 0; n < s->n_clients && (s->clients[n].deaf ? s->clients[n].fd != -1 : s->clients[n].open); n++)
			;
		if (clock_mono_ns() > end_ns)
			die("client %u does not come in", n);
	}
}

static unsigned
judge_the_slow(struct swarm *s, bool must)
{
	int64_t end_ns = clock_mono_ns() + SWARM_PATIENCE_MS * 1000000LL;
	unsigned closed = 0;

	swarm_hear(s);
	while (swarm_log_behind(s, true) > 0) {
		swarm_turn(s, 20);
		if (clock_mono_ns() > end_ns)
			die("a slow one got stuck");
	}
	for (unsigned i = 0; i < s->n_clients; i++) {
		const struct client *c = &s->clients[i];

		closed += c->deaf && c->fd == -1;
		if (must && c->deaf && c->fd != -1 && !c->gap)
			die("client %u did not read, and was neither told nor closed", i);
	}
	return closed;
}

static void
run(struct swarm *s, uint64_t entries, bool upgrade)
{
	int64_t end_ns = clock_mono_ns() + SWARM_PATIENCE_MS * 1000000LL;
	uint64_t sent = 0, behind, next = 0;
	long before_kb = 0, after_kb;
	unsigned closed;

	while ((behind = swarm_log_behind(s, false)) > 0 || sent < entries) {
		for (; sent < entries && behind < AHEAD; sent += BATCH, behind += BATCH)
			swarm_append(s, BATCH);
		if (before_kb == 0 && sent >= entries / 4)
			before_kb = swarm_relay_kb(s);
		if (upgrade && sent >= next) {
			if (kill(s->relay, SIGHUP) == -1)
				die("the relay is gone");
			next += entries / UPGRADES;
		}
		swarm_turn(s, 20);
		if (swarm_log_behind(s, false) < behind)
			end_ns = clock_mono_ns() + SWARM_PATIENCE_MS * 1000000LL;
		else if (clock_mono_ns() > end_ns)
			die("nothing comes any more: %llu of %llu were sent", (unsigned long long)sent, (unsigned long long)entries);
	}
	after_kb = swarm_relay_kb(s);
	if (after_kb > before_kb + SWARM_GROWTH_KB)
		die("the relay grew from %ld to %ld KB", before_kb, after_kb);
	closed = judge_the_slow(s, entries > SHORT);
	printf("%u clients, %llu entries, %llu missed by slow ones, %u of them closed, %u upgrades, %ld KB after a quarter, %ld KB at the end\n",
	    s->n_clients, (unsigned long long)entries, (unsigned long long)s->missed, closed, swarm_log_count(s, "handover clients="), before_kb, after_kb);
}

int
main(int argc, char **argv)
{
	bool upgrade = argc > 1 && strcmp(argv[1], "-u") == 0;
	static struct swarm s;

	if (argc - upgrade != 4)
		die("usage: stress_relay [-u] RELAY-PROGRAM CLIENTS ENTRIES");
	argv += upgrade;
	swarm_init(&s, argv[1], "drain = 0s\n", (unsigned)strtoul(argv[2], NULL, 10));
	swarm_relay_start(&s);
	open_all(&s);
	run(&s, strtoull(argv[3], NULL, 10) / BATCH * BATCH, upgrade);
	swarm_fini(&s);
	return 0;
}
