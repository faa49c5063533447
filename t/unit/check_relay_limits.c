/* What one client, or one address, may take; and good-byes spread over time. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "relay/addresses.h"
#include "relay_fixture.h"
#include "shared/clock.h"

#define PATH "/api/crawl-progress/x"

static unsigned
status_from(struct peer *peer, const char *ip)
{
	char fields[128];

	(void)snprintf(fields, sizeof fields, "Accept: text/event-stream\r\nX-Real-IP: %s\r\n", ip);
	peer_get(&rig, peer, PATH, fields);
	return peer_status(&rig, peer);
}

START_TEST(test_per_address)
{
	rig.conf.max_per_address = 1;
	rig_start(&rig, false);
	ck_assert_uint_eq(status_from(&p, "192.0.2.1"), 200);
	ck_assert_uint_eq(status_from(&q, "192.0.2.1"), 429);
	peer_gone(&q);
	ck_assert_uint_eq(status_from(&q, "::ffff:192.0.2.1"), 429);		/* the same, through an IPv6 socket */
	ck_assert_ptr_nonnull(strstr(q.text, "\r\nRetry-After: "));
	peer_gone(&q);
	ck_assert_uint_eq(status_from(&q, "2001:db8:1:2::1"), 200);
	ck_assert_uint_eq(status_from(&r, "2001:db8:1:2:ffff::9"), 429);	/* the same /64 */
	peer_gone(&r);
	ck_assert_uint_eq(status_from(&r, "2001:db8:1:3::1"), 200);
	peer_gone(&r);
	ck_assert_uint_eq(status_from(&r, "unix:"), 200);			/* nobody's address is not counted */
	peer_gone(&p);
	peer_gone(&r);
	while (rig.relay.server.n_clients > 1)
		rig_turns(&rig, 1);
	ck_assert_uint_eq(status_from(&p, "192.0.2.1"), 200);			/* the place is free again */
}
END_TEST

START_TEST(test_addresses)
{
	struct addresses as = { .seed = 42 };
	uint32_t place[300], again;
	char ip[32];

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 300; i++) {
			(void)snprintf(ip, sizeof ip, "10.0.%u.%u", i / 250, i % 250);
			ck_assert_int_eq(address_take(&as, slice_of(ip), 2, &place[i]), 0);
			ck_assert_uint_ne(place[i], ADDRESS_NONE);
			ck_assert_int_eq(address_take(&as, slice_of(ip), 2, &again), 0);
			ck_assert_uint_eq(again, place[i]);
			ck_assert_int_eq(address_take(&as, slice_of(ip), 2, &again), -EUSERS);
		}
		for (unsigned i = 0; i < 300; i++) {
			address_drop(&as, place[i]);
			address_drop(&as, place[i]);
		}
		ck_assert_uint_le(as.n, 300);		/* places are used again */
	}
	ck_assert_int_eq(address_take(&as, slice_of("32.1.13.184"), 1, &again), 0);
	ck_assert_int_eq(address_take(&as, slice_of("2001:db8:100:80::1"), 1, &again), 0);	/* its own, whatever the byte order */
	ck_assert_int_eq(address_take(&as, slice_of("10.0.0.1x"), 2, &again), 0);
	ck_assert_uint_eq(again, ADDRESS_NONE);
	addresses_fini(&as);
}
END_TEST

START_TEST(test_messages_a_second)
{
	rig.conf.max_messages = 5;
	rig_start(&rig, false);
	peer_open(&rig, &p, "x");
	EXPECT_TEXT(p, "\"waiting\"");
	for (unsigned i = 0; i < 20; i++)		/* in at most two seconds' shares */
		peer_text(&p, "anything");
	EXPECT_CLOSE(p, 1008);
	ck_assert(peer_ended(&rig, &p));
	peer_open(&rig, &q, "x");			/* nobody else is the worse for it */
	EXPECT_TEXT(q, "\"waiting\"");
	for (unsigned i = 0; i < 20; i++)
		peer_frame(&q, WS_PING, true, "x", 1);
	for (;;) {
		int op = peer_next(&rig, &q);

		if (op == WS_PONG)
			continue;
		ck_assert_int_eq(op, WS_CLOSE);
		break;
	}
	ck_assert_uint_eq(peer_close_code(&q), 1008);
}
END_TEST

START_TEST(test_good_byes_are_spread)
{
	static struct peer many[40];
	uint32_t *open = &rig.relay.server.clients[STREAM_PROGRESS][BY_WS], left = 40;
	int64_t began_ns, took_ms;
	unsigned steps = 0;

	rig_start(&rig, false);
	for (unsigned i = 0; i < 40; i++) {
		peer_open(&rig, &many[i], "x");
		ck_assert_int_eq(peer_next(&rig, &many[i]), WS_TEXT);
	}
	began_ns = clock_mono_ns();
	server_stop(&rig.relay.server, 1012, "bye", 400);
	while (*open > 0) {
		rig_turns(&rig, 0);
		steps += *open != left;
		left = *open;
	}
	took_ms = (clock_mono_ns() - began_ns) / 1000000;
	ck_assert_msg(steps >= 2 && took_ms >= 300, "in %u steps and %lld ms: a herd", steps, (long long)took_ms);
	for (unsigned i = 0; i < 40; i++) {
		EXPECT_CLOSE(many[i], 1012);
		peer_gone(&many[i]);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay limits");
	TCase *tc = relay_case(s, "limits");

	tcase_add_test(tc, test_per_address);
	tcase_add_test(tc, test_messages_a_second);
	tcase_add_test(tc, test_good_byes_are_spread);
	tc = tcase_create("addresses");
	tcase_add_test(tc, test_addresses);
	suite_add_tcase(s, tc);
	return relay_suite_run(s);
}
