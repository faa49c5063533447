/*
 * relay_fixture - one rig and three peers for a test program of the relay's
 * insides.  A test calls rig_start() when rig.conf says what it needs; at its
 * end everybody leaves, and nothing may be left of them.
 */
#ifndef RELAY_FIXTURE_H
#define RELAY_FIXTURE_H

#include <check.h>

#include "relay_peer.h"

#define ID "0b7f1c52-7d3f-4c63-9a55-1f1f6a1c2d3e"

static struct rig rig;
static struct peer p, q, r;

static void
relay_setup(void)
{
	rig_conf(&rig);
	rig.conf.conflate_ms = 0;
	p.fd = q.fd = r.fd = -1;
}

static void
relay_teardown(void)
{
	struct peer *all[] = { &p, &q, &r };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i]->fd != -1)
			peer_gone(all[i]);
	ck_assert(rig_empty(&rig));
	live_off(&rig.relay.live);	/* it is kept for who comes back */
	rig_turns(&rig, 1);
	ck_assert_uint_eq(rig.relay.server.n_clients, 0);
	ck_assert_uint_eq(rig.relay.topics.n, 0);
	for (unsigned w = 0; w < LOGS_WIRES; w++)
		for (unsigned v = 0; v < RING_N_LEVELS; v++)
			ck_assert_ptr_null(rig.relay.logs.tape[w][v]);	/* nobody follows: nothing is kept */
	rig_stop(&rig);
}

/* A case whose tests each have a fresh rig. */
static TCase *
relay_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, relay_setup, relay_teardown);
	suite_add_tcase(s, tc);
	return tc;
}

static int
relay_suite_run(Suite *s)			/* the end of a main() */
{
	SRunner *sr = srunner_create(s);
	int failed;

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}

#endif
