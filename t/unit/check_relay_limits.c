/* What one client, or one address, may take; and good-byes spread over time. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "relay/addresses.h"
#include "relay/counters.h"
#include "relay_fixture.h"
#include "shared/clock.h"
#include "shared/daemon.h"

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
	for (unsigned i = 0; i < 5; i++) {		/* each in a second of its own */
		peer_frame(&p, WS_PING, true, "x", 1);
		ck_assert_int_eq(peer_next(&rig, &p), WS_PONG);
		ck_assert_uint_le(rig.relay.server.conns->rate_n, 1);
		rig.relay.server.conns->rate_second--;
	}
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
	peer_open(&rig, &r, "x");			/* nor may anybody send Pongs without end */
	EXPECT_TEXT(r, "\"waiting\"");
	for (unsigned i = 0; i < 20; i++)
		peer_frame(&r, WS_PONG, true, "x", 1);
	EXPECT_CLOSE(r, 1008);
}
END_TEST

/* No more clients than there are descriptors for, beside those the relay needs itself. */
START_TEST(test_descriptors_bound_clients)
{
	static struct relay small;
	struct err e;

	rig_start(&rig, false);
	ck_assert_int_eq(relay_init(&small, &rig.conf, 200, &e), 0);
	ck_assert_uint_gt(small.server.max_clients, 0);
	ck_assert_uint_le(small.server.max_clients, 200 - 20);
	relay_fini(&small);
}
END_TEST

/* So many over the limit are told so; of a flood beyond that nothing is kept. */
START_TEST(test_flood)
{
	enum { FLOOD = 300 };
	int fd[FLOOD][2], told = 0;

	rig.conf.max_clients = 1;
	rig_start(&rig, false);
	peer_open(&rig, &p, "x");
	for (unsigned i = 0; i < FLOOD; i++) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd[i]), 0);
		told += server_adopt(&rig.relay.server, fd[i][1]) == 0;
	}
	ck_assert_int_lt(told, FLOOD);
	ck_assert_uint_eq(rig.relay.server.counts.refused, FLOOD);
	for (unsigned i = 0; i < FLOOD; i++) {
		char answer[16];
		ssize_t n = recv(fd[i][0], answer, sizeof answer, 0);

		ck_assert_int_eq(n, i < (unsigned)told ? (ssize_t)sizeof answer : 0);
		close(fd[i][0]);
	}
	EXPECT_TEXT(p, "\"waiting\"");
}
END_TEST

/* -- descriptors --------------------------------------------------------------------- */

static void
knock(struct peer *peer)		/* at the listening socket: taken, or in its queue */
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char rq[512];

	(void)snprintf(sun.sun_path, sizeof sun.sun_path, "%s/relay.sock", rig.dir);
	*peer = (struct peer){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	ck_assert_int_eq(connect(peer->fd, (struct sockaddr *)&sun, sizeof sun), 0);
	peer_raw(peer, rq, peer_request(rq, sizeof rq, "x"));
}

static void
descriptors(rlim_t most)
{
	struct rlimit rl;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &rl), 0);
	rl.rlim_cur = most < rl.rlim_max ? most : rl.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &rl), 0);
}

/* Out of descriptors: nobody is dropped, who comes waits, and is served when there are some. */
START_TEST(test_out_of_descriptors)
{
	char path[108];
	struct err e;
	int fd, next;

	(void)snprintf(path, sizeof path, "%s/relay.sock", rig.dir);
	rig_start(&rig, false);
	ck_assert_int_ge(fd = daemon_listen(path, &e), 0);
	ck_assert_int_eq(server_listen(&rig.relay.server, fd), 0);
	knock(&p);
	ck_assert_uint_eq(peer_status(&rig, &p), 101);
	EXPECT_TEXT(p, "\"waiting\"");
	knock(&q);
	ck_assert_int_ge(next = dup(q.fd), 0);
	close(next);
	descriptors((rlim_t)next);			/* not one more */
	while (rig.relay.server.counts.pauses == 0)
		rig_turns(&rig, 1);
	peer_text(&p, "ping");
	EXPECT_TEXT(p, "{\"type\":\"pong\"}");		/* who is there is served */
	rig_turns(&rig, 20);
	ck_assert_uint_eq(rig.relay.server.counts.pauses, 1);	/* it does not try again all the while */
	ck_assert_uint_eq(rig.relay.server.n_conns, 1);
	descriptors(1024);
	ck_assert_uint_eq(peer_status(&rig, &q), 101);
	EXPECT_TEXT(q, "\"waiting\"");
	ck_assert_int_eq(loop_watch(&rig.relay.loop, &rig.relay.server.listener, 0), 0);
	rig.relay.server.listener.fd = -1;
	daemon_unlisten(path, fd);
}
END_TEST

/* -- counters ------------------------------------------------------------------------- */

/* Each reaches the table under its own name. */
START_TEST(test_counters)
{
	struct server *sv = &rig.relay.server;
	struct relay_counters shown;
	uint64_t n = 1000;

	rig_start(&rig, true);
	sv->counts = (struct server_counts){
		.messages_out = 1, .bytes_out = 2, .gaps = 4, .missed = 5, .opened = 6, .refused = 7,
		.slow_closes = 8, .pong_closes = 9, .ignored_in = 10, .upgrades = 11,
	};
	rig.relay.topics.conflated = 3;
	for (unsigned k = 0; k < N_STREAM_KINDS; k++)
		for (unsigned w = 0; w < N_WAYS; w++)
			sv->clients[k][w] = (uint32_t)n++;
	counters_publish(&rig.relay);
	table_counters_read(rig.table, rig.relay.follow.slot, &shown);
	ck_assert_uint_eq(shown.messages, 1);
	ck_assert_uint_eq(shown.bytes, 2);
	ck_assert_uint_eq(shown.conflated, 3);
	ck_assert_uint_eq(shown.gaps, 4);
	ck_assert_uint_eq(shown.missed, 5);
	ck_assert_uint_eq(shown.opened, 6);
	ck_assert_uint_eq(shown.refused, 7);
	ck_assert_uint_eq(shown.slow_closes, 8);
	ck_assert_uint_eq(shown.dead_closes, 9);
	ck_assert_uint_eq(shown.ignored, 10);
	ck_assert_uint_eq(shown.upgrades, 11);
	ck_assert_uint_eq(shown.clients[RELAY_PROGRESS][RELAY_WS], sv->clients[STREAM_PROGRESS][BY_WS]);
	ck_assert_uint_eq(shown.clients[RELAY_PROGRESS][RELAY_POLL], sv->clients[STREAM_PROGRESS][BY_POLL]);
	ck_assert_uint_eq(shown.clients[RELAY_LOGS][RELAY_WS], sv->clients[STREAM_LOGS][BY_WS]);
	ck_assert_uint_eq(shown.clients[RELAY_LOGS][RELAY_SSE], sv->clients[STREAM_LOGS][BY_SSE]);
	ck_assert_uint_eq(shown.clients[RELAY_KNOWLEDGE][RELAY_WS], sv->clients[STREAM_ITEMS][BY_WS]);
	ck_assert_uint_eq(shown.clients[RELAY_CRAWLS][RELAY_SSE], sv->clients[STREAM_CRAWLS][BY_SSE]);
}
END_TEST

/* And each counts what it says it does. */
START_TEST(test_what_is_counted)
{
	const struct server_counts *n = &rig.relay.server.counts;
	uint64_t bytes;

	rig.conf.conflate_ms = 3600000;
	rig.conf.max_per_address = 1;
	rig_start(&rig, true);
	rig_publish(&rig, "x", CRAWL_CRAWLING, 0);
	peer_open(&rig, &p, "x");
	EXPECT_TEXT(p, "\"percentage\":0");
	ck_assert_uint_eq(n->opened, 1);
	ck_assert_uint_eq(n->messages_out, 1);
	bytes = n->bytes_out;
	peer_text(&p, "neither a ping");
	peer_text(&p, "ping");
	EXPECT_TEXT(p, "{\"type\":\"pong\"}");
	ck_assert_uint_eq(n->bytes_out, bytes + 2 + p.text_len);
	ck_assert_uint_eq(n->ignored_in, 1);
	rig_publish(&rig, "x", CRAWL_CRAWLING, 1);
	EXPECT_TEXT(p, "\"percentage\":1,");
	rig_publish(&rig, "x", CRAWL_CRAWLING, 2);	/* waits for the hour to pass, and is not seen */
	while (rig.relay.topics.conflated == 0)
		rig_turns(&rig, 1);
	rig_publish(&rig, "x", CRAWL_COMPLETED, 100);
	EXPECT_TEXT(p, "\"crawl_completed\"");
	ck_assert_uint_eq(rig.relay.topics.conflated, 1);
	ck_assert_uint_eq(n->refused, 0);
	ck_assert_uint_eq(status_from(&q, "192.0.2.1"), 200);
	ck_assert_uint_eq(n->opened, 2);
	ck_assert_uint_eq(status_from(&r, "192.0.2.1"), 429);
	ck_assert_uint_eq(n->refused, 1);
}
END_TEST

/* Of 200 turns that took a moment one took longer: not the 99th of 100; of ten, one does. */
START_TEST(test_lag)
{
	static struct loop lp;

	memset(lp.lag, 0, sizeof lp.lag);
	lp.lag[4] = 199;			/* 4 us */
	lp.lag[60] = 1;
	ck_assert_uint_eq(loop_lag_us(&lp, 99), 4);
	memset(lp.lag, 0, sizeof lp.lag);
	lp.lag[4] = 9;
	lp.lag[60] = 1;
	ck_assert_uint_ge(loop_lag_us(&lp, 99), 10000);
	rig_start(&rig, false);
	rig_turns(&rig, 3);
	for (unsigned i = 0; i < LOOP_LAGS; i++)
		lp.lag[i] = rig.relay.loop.lag[i];
	ck_assert_uint_gt(rig.relay.loop.turns, 0);
	ck_assert_mem_ne(lp.lag, (uint32_t[LOOP_LAGS]){ 0 }, sizeof lp.lag);	/* each turn is counted */
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
	tcase_add_test(tc, test_descriptors_bound_clients);
	tcase_add_test(tc, test_flood);
	tcase_add_test(tc, test_out_of_descriptors);
	tcase_add_test(tc, test_counters);
	tcase_add_test(tc, test_what_is_counted);
	tcase_add_test(tc, test_lag);
	tcase_add_test(tc, test_good_byes_are_spread);
	tc = tcase_create("addresses");
	tcase_add_test(tc, test_addresses);
	suite_add_tcase(s, tc);
	return relay_suite_run(s);
}
