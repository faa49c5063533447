#include "config.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>

#include "relay/conn.h"
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

/* What was sent before the Ping has not left yet: it may be slow, and is not taken for dead. */
START_TEST(test_slow_is_not_dead)
{
	struct conn *c;
	int small = 4096;
	uint32_t due = 0;

	rig.conf.ping_ms = 40;
	rig.conf.pong_ms = 40;
	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 0);
	for (unsigned i = 0; i < ROW_LOG_LINES; i++)
		crawl_progress_log(&rig.row, "a line of some length, so that a few frames fill a socket");
	peer_open(&rig, &p, ID);
	c = rig.relay.server.conns;
	(void)setsockopt(c->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	for (unsigned i = 1; c->out == NULL; i++) {
		rig_publish(&rig, ID, CRAWL_CRAWLING, i % 100);
		rig_turns(&rig, 0);
	}
	for (unsigned put_off = 0; put_off < 3; due = c->due[DUE_PONG]) {
		rig_turns(&rig, 0);
		ck_assert_uint_eq(rig.relay.server.n_conns, 1);
		ck_assert_uint_eq(c->state, CONN_OPEN);
		put_off += due != 0 && c->due[DUE_PONG] != due;
	}
	ck_assert_uint_eq(rig.relay.server.counts.pong_closes, 0);
}
END_TEST

/* With what ships: a Ping, the time for its Pong, and the time for the answer to our Close. */
START_TEST(test_dead_are_gone_within_45_s)
{
	struct conf shipped;

	conf_defaults(&shipped);
	ck_assert_int_le(shipped.ping_ms + shipped.pong_ms + CONN_CLOSE_MS, 45000);
	rig_start(&rig, false);
}
END_TEST

/* Many who come at once are not sent their Pings, nor their heartbeats, at once. */
START_TEST(test_pings_are_spread)
{
	static struct peer many[40];
	int64_t least[2] = { INT64_MAX, INT64_MAX }, most[2] = { 0, 0 };
	const int64_t period[2] = { 20000, 25000 };

	rig.conf.ping_ms = period[0];
	rig.conf.heartbeat_ms = period[1];
	rig_start(&rig, false);
	for (unsigned i = 0; i < 40; i++)
		peer_open(&rig, &many[i], ID);
	for (const struct conn *c = rig.relay.server.conns; c != NULL; c = c->next)
		for (unsigned k = 0; k < 2; k++) {
			int64_t left = conn_due_left_ms(c, k == 0 ? DUE_PING : DUE_BEAT);

			ck_assert_msg(left > 0 && left <= period[k], "in %lld ms", (long long)left);
			least[k] = left < least[k] ? left : least[k];
			most[k] = left > most[k] ? left : most[k];
		}
	for (unsigned k = 0; k < 2; k++)
		ck_assert_msg(most[k] - least[k] > period[k] / 4, "all between %lld and %lld ms: a herd",
		    (long long)least[k], (long long)most[k]);
	for (unsigned i = 0; i < 40; i++)
		peer_gone(&many[i]);
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

/* After our Close nothing is answered any more, whatever comes; the client's own Close ends it. */
START_TEST(test_nothing_follows_a_close)
{
	rig_start(&rig, true);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	server_stop(&rig.relay.server, 1012, "bye", 0);
	EXPECT_CLOSE(p, 1012);
	peer_text(&p, "ping");
	peer_frame(&p, WS_PING, true, "x", 1);
	peer_frame(&p, WS_TEXT, false, "{\"type\":", 8);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 1);
	peer_frame(&p, WS_CONT, true, "\"ping\"}", 7);
	peer_frame(&p, WS_CLOSE, true, "\x03\xf4", 2);
	ck_assert(peer_ended(&rig, &p));
	ck_assert_uint_eq(p.len, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay_time");
	TCase *tc = relay_case(s, "deadlines");

	tcase_add_test(tc, test_silent_client_is_closed_1011);
	tcase_add_test(tc, test_answering_client_stays);
	tcase_add_test(tc, test_slow_is_not_dead);
	tcase_add_test(tc, test_dead_are_gone_within_45_s);
	tcase_add_test(tc, test_pings_are_spread);
	tcase_add_test(tc, test_waiting_ends);
	tcase_add_test(tc, test_linger_ends);
	tcase_add_test(tc, test_stop);
	tcase_add_test(tc, test_close_is_not_answered);
	tcase_add_test(tc, test_nothing_follows_a_close);
	return relay_suite_run(s);
}
