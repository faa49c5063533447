/* Clients that came in under a token, and what becomes of them when it is no longer good. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "relay_fixture.h"
#include "shared/clock.h"
#include "shared/revoked.h"

#define LOGS "/api/mcp/logs/stream"

enum { LONG_MS = 60 * 60 * 1000 };

/* As nginx passes on what archon-api said; until 0: no such header. */
static const char *
proof(const char *name, int64_t until_wall_ms, const char *more)
{
	static char fields[256];
	int at = snprintf(fields, sizeof fields, "X-Archon-Access: read bearer %s\r\n%s", name, more);

	if (until_wall_ms != 0)
		(void)snprintf(fields + at, sizeof fields - (size_t)at, "X-Archon-Until: %lld\r\n", (long long)until_wall_ms);
	return fields;
}

static void
socket_open(struct peer *peer, const char *name, int64_t until_wall_ms)
{
	peer_get(&rig, peer, LOGS, proof(name, until_wall_ms, "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
	ck_assert_uint_eq(peer_status(&rig, peer), 101);
}

static void
still_there(struct peer *peer)
{
	peer_text(peer, "ping");
	EXPECT_TEXT(*peer, "pong");
}

static void
told_to_go(struct peer *peer)
{
	EXPECT_CLOSE(*peer, 1008);
	ck_assert_ptr_nonnull(strstr(peer->text + 2, "access has ended"));
	peer_frame(peer, WS_CLOSE, true, "\x03\xf0", 2);
	ck_assert(peer_ended(&rig, peer));
}

START_TEST(test_revoked)
{
	rig_start(&rig, true);
	socket_open(&p, "laptop", 0);
	socket_open(&q, "ci", 0);
	peer_open(&rig, &r, LOGS);		/* on loopback, under no token */
	ck_assert_int_eq(revoked_tell(rig.table, "nobody"), 0);
	rig_turns(&rig, 20);
	still_there(&p);
	ck_assert_int_eq(revoked_tell(rig.table, "laptop"), 0);
	told_to_go(&p);
	still_there(&q);
	still_there(&r);
	peer_gone(&p);
	socket_open(&p, "laptop", 0);		/* a new token of that name, or another session of it */
	rig_turns(&rig, 20);
	still_there(&p);
}
END_TEST

START_TEST(test_other_ways)
{
	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 10);
	peer_get(&rig, &p, LOGS, proof("laptop", 0, "Accept: text/event-stream\r\n"));
	ck_assert_uint_eq(peer_status(&rig, &p), 200);
	ck_assert(peer_event(&rig, &p));
	peer_get(&rig, &q, "/api/crawl-progress/" ID "?wait=60&since=1", proof("laptop", 0, ""));
	rig_turns(&rig, 50);
	ck_assert_int_eq(revoked_tell(rig.table, "laptop"), 0);
	ck_assert(peer_ended(&rig, &p));
	ck_assert_uint_eq(peer_status(&rig, &q), 401);
	ck_assert(peer_ended(&rig, &q));
	ck_assert_ptr_nonnull(memmem(q.buf, q.len, "\"code\":\"access_ended\"", 21));
}
END_TEST

START_TEST(test_expired)
{
	int64_t now_ms = clock_wall_ms();

	rig_start(&rig, true);
	socket_open(&q, "laptop", now_ms + LONG_MS);
	socket_open(&p, "laptop", now_ms + 300);
	socket_open(&r, "ci", 0);
	told_to_go(&p);
	ck_assert_int_ge(clock_wall_ms(), now_ms + 300);
	still_there(&q);
	still_there(&r);
	peer_gone(&p);
	socket_open(&p, "late", now_ms - 5);	/* between nginx's question and our answer */
	told_to_go(&p);
}
END_TEST

/* Let through by nginx before it was revoked, and here only after. */
START_TEST(test_between)
{
	rig_start(&rig, true);
	rig_turns(&rig, 20);
	ck_assert_int_eq(revoked_tell(rig.table, "laptop"), 0);
	rig_turns(&rig, 20);
	socket_open(&p, "laptop", 0);
	socket_open(&q, "ci", 0);
	ck_assert_uint_ne(rig.relay.server.grants.again.at, 0);
	timer_set(&rig.relay.loop.timers, &rig.relay.server.grants.again, 1);		/* not to wait for it */
	told_to_go(&p);
	still_there(&q);
}
END_TEST

/* Nobody knows what was told in a table that has gone. */
START_TEST(test_another_table)
{
	rig_start(&rig, true);
	socket_open(&p, "laptop", 0);
	peer_open(&rig, &q, LOGS);
	rig_table(&rig);
	told_to_go(&p);
	still_there(&q);
}
END_TEST

START_TEST(test_more_than_are_kept)
{
	rig_start(&rig, true);
	socket_open(&p, "laptop", 0);
	for (int i = 0; i < REVOKED_SLOTS; i++)
		ck_assert_int_eq(revoked_tell(rig.table, "ci"), 0);
	told_to_go(&p);
}
END_TEST

START_TEST(test_bad_time)
{
	rig_start(&rig, true);
	peer_get(&rig, &p, LOGS, "Accept: text/event-stream\r\nX-Archon-Access: read bearer laptop\r\nX-Archon-Until: soon\r\n");
	ck_assert_uint_eq(peer_status(&rig, &p), 400);
}
END_TEST

START_TEST(test_places)		/* one for each name and end, used again when nobody holds it */
{
	struct grants *g = &rig.relay.server.grants;
	uint16_t a, b, c, d;

	rig_start(&rig, false);
	ck_assert_int_eq(grant_take(&rig.relay.server, 1, 0, &a), 0);
	ck_assert_int_eq(grant_take(&rig.relay.server, 2, 0, &b), 0);
	ck_assert_int_eq(grant_take(&rig.relay.server, 1, 0, &c), 0);
	ck_assert_uint_ne(a, GRANT_NONE);
	ck_assert_uint_eq(a, c);
	ck_assert_uint_ne(a, b);
	grant_drop(&rig.relay.server, a);
	grant_drop(&rig.relay.server, c);
	ck_assert_int_eq(grant_take(&rig.relay.server, 1, clock_wall_ms() + LONG_MS, &d), 0);
	ck_assert_uint_eq(d, a);
	for (uint64_t k = 10; k < 300; k++)
		ck_assert_int_eq(grant_take(&rig.relay.server, k, 0, &c), 0);
	ck_assert_uint_eq(g->n, 292);
	for (uint16_t i = 1; i <= 292; i++)
		grant_drop(&rig.relay.server, i);
	ck_assert_uint_eq(g->n, 0);
	grant_drop(&rig.relay.server, GRANT_NONE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("grants");
	TCase *tc = relay_case(s, "grants");

	tcase_add_test(tc, test_revoked);
	tcase_add_test(tc, test_other_ways);
	tcase_add_test(tc, test_expired);
	tcase_add_test(tc, test_between);
	tcase_add_test(tc, test_another_table);
	tcase_add_test(tc, test_more_than_are_kept);
	tcase_add_test(tc, test_bad_time);
	tcase_add_test(tc, test_places);
	return relay_suite_run(s);
}
