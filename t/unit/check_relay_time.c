#include "config.h"

#include <check.h>
#include <string.h>

#include "relay_fixture.h"

START_TEST(test_silent_client_is_closed_1011)
{
	rig.conf.ping_ms = 100;
	rig.conf.pong_ms = 100;
	rig_start(&rig, false);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	ck_assert_int_eq(peer_next(&rig, &p), WS_PING);
	for (;;) {
		int op = peer_next(&rig, &p);

		if (op == WS_PING)
			continue;
		ck_assert_int_eq(op, WS_CLOSE);
		break;
	}
	ck_assert_uint_eq(peer_close_code(&p), 1011);
}
END_TEST

START_TEST(test_answering_client_stays)
{
	unsigned pings = 0, beats = 0;

	rig.conf.ping_ms = 100;
	rig.conf.pong_ms = 1500;
	rig.conf.heartbeat_ms = 120;
	rig_start(&rig, false);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	while (pings < 20 || beats < 4)	/* for longer than a Pong may take */ {
		int op = peer_next(&rig, &p);

		if (op == WS_PING) {
			peer_frame(&p, WS_PONG, true, NULL, 0);
			pings++;
		} else {
			ck_assert_int_eq(op, WS_TEXT);
			ck_assert_str_eq(p.text, "{\"type\":\"ping\"}");
			beats++;
		}
	}
}
END_TEST

START_TEST(test_waiting_ends)
{
	rig.conf.waiting_ms = 500;
	rig_start(&rig, true);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	peer_open(&rig, &q, "that-starts");
	EXPECT_TEXT(q, "\"waiting\"");
	rig_publish(&rig, "that-starts", CRAWL_QUEUED, 0);
	EXPECT_TEXT(q, "\"queued\"");
	EXPECT_CLOSE(p, 1000);
	ck_assert_str_eq(p.text + 2, "no such crawl");
	peer_frame(&p, WS_CLOSE, true, "\x03\xe8", 2);
	ck_assert(peer_ended(&rig, &p));
	rig_turns(&rig, 600);
	peer_text(&q, "ping");
	EXPECT_TEXT(q, "pong");			/* its time no longer runs */
}
END_TEST

START_TEST(test_linger_ends)
{
	rig.conf.linger_ms = 100;
	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CANCELLED, 30);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"cancelled\"");
	EXPECT_CLOSE(p, 1000);
}
END_TEST

START_TEST(test_stop)
{
	rig_start(&rig, false);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	peer_connect(&rig, &q);
	peer_raw(&q, "GET", 3);
	rig_turns(&rig, 0);
	server_stop(&rig.relay.server, 1012, "the server is restarting", 0);
	EXPECT_CLOSE(p, 1012);
	ck_assert(peer_head(&rig, &q));
	ck_assert_int_eq(strncmp(q.text, "HTTP/1.1 503 ", 13), 0);
	peer_frame(&p, WS_CLOSE, true, "\x03\xf4", 2);
	ck_assert(peer_ended(&rig, &p));
}
END_TEST

START_TEST(test_close_is_not_answered)
{
	rig_start(&rig, false);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	server_stop(&rig.relay.server, 1001, "bye", 0);
	EXPECT_CLOSE(p, 1001);
	ck_assert(rig_empty(&rig));		/* dropped, though the client holds on */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay_time");
	TCase *tc = relay_case(s, "deadlines");

	tcase_add_test(tc, test_silent_client_is_closed_1011);
	tcase_add_test(tc, test_answering_client_stays);
	tcase_add_test(tc, test_waiting_ends);
	tcase_add_test(tc, test_linger_ends);
	tcase_add_test(tc, test_stop);
	tcase_add_test(tc, test_close_is_not_answered);
	return relay_suite_run(s);
}
