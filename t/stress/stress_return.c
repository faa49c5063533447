/*
 * stress_return - the relay goes and comes under many clients that come back at
 * once: told good-bye (USR2) and killed (KILL), in turn.  Each has the state of
 * the moment again, none gets stuck, and no sequence number falls.  Then the
 * relay is executed anew in place under the same load: no socket closes, and
 * each state and each entry of the log comes exactly once.
 *
 *	stress_return [-b MS] RELAY-PROGRAM CLIENTS RESTARTS UPGRADES
 *
 * -b MS: everybody must have it within so many milliseconds of the new relay's
 * start.  Status 0 when it is so, 1 when not.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.h"
#include "t/stress/swarm.h"

enum { ENTRIES = 10, NS_PER_MS = 1000000 };

static void
news(struct swarm *s)
{
	swarm_publish(s);
	swarm_append(s, ENTRIES);
}

static void
await_current(struct swarm *s)
{
	int64_t end_ns = clock_mono_ns() + (int64_t)SWARM_PATIENCE_MS * NS_PER_MS;

	do {
		if (s->stay)
			swarm_come(s);
		swarm_turn(s, 5);
		for (unsigned i = 0; clock_mono_ns() > end_ns && i < s->n_clients; i++)
			if (s->clients[i].seen < s->state)
				die("client %u is stuck: it has %llu of %llu", i, (unsigned long long)s->clients[i].seen,
				    (unsigned long long)s->state);
		if (clock_mono_ns() > end_ns)
			die("a client of the log is stuck");
	} while (!swarm_is_current(s));
}

static int64_t
restart(struct swarm *s, int signo)		/* ms until everybody had the newest state */
{
	unsigned ended = s->n_ended;
	int status = 0;
	int64_t from_ns;

	s->stay = true;
	news(s);
	if (kill(s->relay, signo) == -1)
		die("the relay is gone");
	while (!swarm_relay_ended(s, &status)) {
		swarm_come(s);
		swarm_turn(s, 1);
	}
	if (signo == SIGKILL ? !WIFSIGNALED(status) : !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("the relay ended with %x: see %s/log", status, s->dir);
	news(s);				/* nobody has seen this */
	swarm_relay_start(s);
	from_ns = clock_mono_ns();
	await_current(s);
	if (s->n_ended - ended < s->n_clients)
		die("only %u clients noticed", s->n_ended - ended);
	s->stay = false;
	return (clock_mono_ns() - from_ns) / NS_PER_MS;
}

static void
upgrade(struct swarm *s, bool busy)		/* not busy: nothing is new meanwhile, so nothing may be told */
{
	unsigned n = swarm_log_count(s, "handover clients=");
	int64_t end_ns = clock_mono_ns() + (int64_t)SWARM_PATIENCE_MS * NS_PER_MS;

	if (busy)
		news(s);
	if (kill(s->relay, SIGHUP) == -1)
		die("the relay is gone");
	do {				/* before, in the middle and after: each is awaited, so none is passed over */
		await_current(s);
		if (busy)
			news(s);
		if (clock_mono_ns() > end_ns)
			die("it is not executed anew: see %s/log", s->dir);
	} while (swarm_log_count(s, "handover clients=") == n);
	news(s);
	await_current(s);
}

int
main(int argc, char **argv)
{
	static struct swarm s;
	int64_t bound_ms = 0, took_ms, worst_ms = 0;
	unsigned restarts, upgrades, lost;
	int option;

	while ((option = getopt(argc, argv, "b:")) == 'b')
		bound_ms = strtoll(optarg, NULL, 10);
	if (option != -1 || argc - optind != 4)
		die("usage: stress_return [-b MS] RELAY-PROGRAM CLIENTS RESTARTS UPGRADES");
	argv += optind;
	restarts = (unsigned)strtoul(argv[2], NULL, 10);
	upgrades = (unsigned)strtoul(argv[3], NULL, 10);
	swarm_init(&s, argv[0], "drain = 500ms\n", (unsigned)strtoul(argv[1], NULL, 10));
	swarm_relay_start(&s);
	s.stay = true;
	await_current(&s);
	for (unsigned i = 0; i < restarts; i++) {
		took_ms = restart(&s, i % 2 == 0 ? SIGUSR2 : SIGKILL);
		printf("# %s: everybody has the newest state %lld ms after the start\n", i % 2 == 0 ? "good-bye" : "killed", (long long)took_ms);
		worst_ms = took_ms > worst_ms ? took_ms : worst_ms;
	}
	if (bound_ms > 0 && worst_ms > bound_ms)
		die("%lld ms are too long", (long long)worst_ms);
	s.stay = false;
	for (unsigned i = 0; i < upgrades; i++)
		upgrade(&s, i % 2 == 0);
	lost = upgrades - swarm_log_count(&s, " lost=0");
	if (lost > 0)
		die("%u upgrades lost clients: see %s/log", lost, s.dir);
	printf("%u clients, %u restarts, the worst %lld ms, %u upgrades, %llu states\n", s.n_clients, restarts,
	    (long long)worst_ms, upgrades, (unsigned long long)s.state);
	swarm_fini(&s);
	return 0;
}
