#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "relay/conn.h"
#include "relay_fixture.h"
#include "shared/clock.h"

/* -- handshake --------------------------------------------------------------- */

START_TEST(test_handshake_in_every_split)
{
	char rq[512];
	size_t len = peer_request(rq, sizeof rq, ID);

	memcpy(rq + len, "\x89\x80\1\2\3\4", 6);	/* a Ping right behind it */
	len += 6;
	rig_start(&rig, true);
	for (size_t cut = 0; cut <= len; cut++) {
		peer_connect(&rig, &p);
		peer_raw(&p, rq, cut);
		rig_turns(&rig, 0);
		peer_raw(&p, rq + cut, len - cut);
		ck_assert_msg(peer_head(&rig, &p), "cut at %zu", cut);
		ck_assert_ptr_nonnull(strstr(p.text, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
		EXPECT_TEXT(p, "\"connection_established\"");
		ck_assert_ptr_nonnull(strstr(p.text, "\"progressId\":\"" ID "\",\"status\":\"waiting\""));
		ck_assert_msg(peer_next(&rig, &p) == WS_PONG, "cut at %zu", cut);
		peer_gone(&p);
		ck_assert(rig_empty(&rig));
	}
}
END_TEST

#define ASK "GET /api/crawl-progress/a HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

#define EVENTS "GET /api/crawl-progress/a HTTP/1.1\r\nAccept: text/event-stream\r\n"

static const struct refused { const char *head; const char *status; } refused[] = {
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "404" },
	{ "GET /api/crawl-progress/ HTTP/1.1\r\nHost: a\r\n\r\n", "404" },
	{ "GET /api/crawl-progress/a/b HTTP/1.1\r\nHost: a\r\n\r\n", "404" },
	{ "POST /api/crawl-progress/a HTTP/1.1\r\nHost: a\r\n\r\n", "405" },
	{ "GET /api/crawl-progress/a%20b HTTP/1.1\r\nHost: a\r\n\r\n", "400" },
	{ "GET /api/crawl-progress/a%2fb HTTP/1.1\r\nHost: a\r\n\r\n", "400" },
	{ "GET /api/crawl-progress/a%4 HTTP/1.1\r\nHost: a\r\n\r\n", "400" },
	{ "GET /api/crawl-progress/a HTTP/1.1\r\nHost: a\r\n\r\n", "426" },
	{ ASK "Host: a\r\n" KEY "Sec-WebSocket-Version: 8\r\n\r\n", "426" },
	{ ASK KEY "Sec-WebSocket-Version: 13\r\n\r\n", "400" },
	{ ASK "Host: a\r\n" KEY KEY "Sec-WebSocket-Version: 13\r\n\r\n", "400" },
	{ ASK "Host: a\r\nSec-WebSocket-Version: 13\r\n\r\n", "400" },
	{ ASK "Host: a\r\n" KEY "Sec-WebSocket-Version: 13\r\nOrigin: http://evil.example\r\n\r\n", "403" },
	{ ASK "Host: a\r\n" KEY "Sec-WebSocket-Version: 13\r\nOrigin: http://a\r\nOrigin: http://a\r\n\r\n", "403" },
	{ EVENTS "\r\n", "400" },
	{ EVENTS "Host: a\r\nHost: a\r\n\r\n", "400" },
	{ EVENTS "Host: a\r\nContent-Length: 3\r\n\r\n", "400" },
	{ EVENTS "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n", "400" },
	{ EVENTS "Host: a\r\nOrigin: http://evil.example\r\n\r\n", "403" },
	{ "\x16\x03\x01", "400" },
};

START_TEST(test_refused)
{
	const char *head = refused[_i].head;
	size_t len = strlen(head);

	rig_start(&rig, false);
	for (size_t cut = 0; cut <= len; cut++) {
		peer_connect(&rig, &p);
		peer_raw(&p, head, cut);
		rig_turns(&rig, 0);
		(void)send(p.fd, head + cut, len - cut, MSG_NOSIGNAL);	/* its answer may be out already */
		ck_assert_msg(peer_head(&rig, &p), "%s, cut at %zu", head, cut);
		ck_assert_msg(strncmp(p.text + 9, refused[_i].status, 3) == 0, "%s, cut at %zu: %s", head, cut, p.text);
		ck_assert(peer_ended(&rig, &p));
		ck_assert_ptr_nonnull(memmem(p.buf, p.len, "\"code\":", 7));
		peer_gone(&p);
	}
	p.fd = -1;
}
END_TEST

START_TEST(test_head_too_large)
{
	char more[1000];

	memset(more, 'a', sizeof more);
	rig_start(&rig, false);
	peer_connect(&rig, &p);
	peer_raw(&p, "GET / HTTP/1.1\r\nHost: ", 22);
	while (send(p.fd, more, sizeof more, MSG_NOSIGNAL) > 0 && rig.relay.server.n_conns == 1 && p.len == 0) {
		rig_turns(&rig, 0);
		p.len = (size_t)(recv(p.fd, p.buf, 1, MSG_PEEK | MSG_DONTWAIT) == 1);
	}
	p.len = 0;
	ck_assert_uint_eq(peer_status(&rig, &p), 431);
	ck_assert(peer_ended(&rig, &p));
}
END_TEST

/* A client that has said all it will say still hears the answer, and is then let go. */
START_TEST(test_half_close)
{
	char rq[512];
	size_t len = peer_request(rq, sizeof rq, ID);
	int op;

	rig_start(&rig, true);
	memcpy(rq + len, "\x88\x82\0\0\0\0\x03\xe8", 8);	/* a Close right behind it */
	for (size_t cut = 0; cut <= len + 8; cut++) {
		peer_connect(&rig, &p);
		peer_raw(&p, rq, cut);
		rig_turns(&rig, 0);
		peer_raw(&p, rq + cut, len + 8 - cut);
		ck_assert_int_eq(shutdown(p.fd, SHUT_WR), 0);
		ck_assert_uint_eq(peer_status(&rig, &p), 101);
		while ((op = peer_next(&rig, &p)) == WS_TEXT)
			;
		ck_assert_msg(op == WS_CLOSE && peer_close_code(&p) == 1000, "cut at %zu: %d", cut, op);
		ck_assert(peer_ended(&rig, &p));
		peer_gone(&p);
		ck_assert(rig_empty(&rig));
	}
	peer_open(&rig, &p, ID);		/* no Close: it has gone */
	EXPECT_TEXT(p, "\"waiting\"");
	ck_assert_int_eq(shutdown(p.fd, SHUT_WR), 0);
	ck_assert(peer_ended(&rig, &p));
}
END_TEST

START_TEST(test_id_is_decoded)
{
	rig_start(&rig, true);
	rig_publish(&rig, "a-b", CRAWL_CRAWLING, 7);
	peer_open(&rig, &p, "a%2Db");
	EXPECT_TEXT(p, "\"percentage\":7");
}
END_TEST

START_TEST(test_handshake_timeout)
{
	rig.conf.handshake_ms = 50;
	rig_start(&rig, false);
	peer_connect(&rig, &p);		/* says nothing */
	peer_connect(&rig, &q);		/* says half */
	peer_raw(&q, "GET / HT", 8);
	ck_assert(peer_head(&rig, &q));
	ck_assert_int_eq(strncmp(q.text, "HTTP/1.1 408 ", 13), 0);
	ck_assert(peer_ended(&rig, &p));
	ck_assert_uint_eq(p.len, 0);
}
END_TEST

START_TEST(test_max_clients)
{
	rig.conf.max_clients = 1;
	rig_start(&rig, false);
	peer_open(&rig, &p, ID);
	peer_connect(&rig, &q);
	ck_assert(peer_head(&rig, &q));
	ck_assert_int_eq(strncmp(q.text, "HTTP/1.1 503 ", 13), 0);
	ck_assert(peer_ended(&rig, &q));
	peer_gone(&q);
	peer_gone(&p);
	ck_assert(rig_empty(&rig));
	peer_open(&rig, &p, ID);	/* the place is free again */
}
END_TEST

START_TEST(test_max_clients_of_all_workers)
{
	rig.conf.max_clients = 3;
	rig_start(&rig, false);
	rig.relay.server.n_elsewhere = 2;
	peer_open(&rig, &p, ID);
	peer_connect(&rig, &q);
	ck_assert_uint_eq(peer_status(&rig, &q), 503);
}
END_TEST

/* -- states of a crawl ------------------------------------------------------- */

START_TEST(test_waiting_then_everything)
{
	rig_start(&rig, true);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"status\":\"waiting\"");
	rig_publish(&rig, "some-other-crawl", CRAWL_CRAWLING, 1);
	rig_publish(&rig, ID, CRAWL_QUEUED, 0);
	EXPECT_TEXT(p, "\"status\":\"queued\"");
	rig_publish(&rig, ID, CRAWL_CRAWLING, 40);
	EXPECT_TEXT(p, "\"percentage\":40");
	ck_assert_int_eq(strncmp(p.text, "{\"type\":\"crawl_progress\",", 25), 0);
	rig_publish(&rig, ID, CRAWL_COMPLETED, 100);
	EXPECT_TEXT(p, "\"type\":\"crawl_completed\"");
	rig_publish(&rig, ID, CRAWL_COMPLETED, 100);	/* final is final: told once */
	rig_turns(&rig, 30);
	peer_text(&p, "ping");
	EXPECT_TEXT(p, "{\"type\":\"pong\"}");
}
END_TEST

START_TEST(test_known_id)
{
	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_STORING, 80);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"status\":\"storing\"");
	rig_publish(&rig, ID, CRAWL_ERROR, 80);
	EXPECT_TEXT(p, "\"status\":\"error\"");
	ck_assert_int_eq(strncmp(p.text, "{\"type\":\"crawl_progress\",", 25), 0);
	peer_open(&rig, &q, ID);	/* comes after the end */
	EXPECT_TEXT(q, "\"status\":\"error\"");
	peer_gone(&q);
}
END_TEST

START_TEST(test_conflation)
{
	int64_t began_ns, took_ms;

	rig.conf.conflate_ms = 3600000;
	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_STARTING, 0);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"percentage\":0");
	began_ns = clock_mono_ns();
	rig_publish(&rig, ID, CRAWL_CRAWLING, 1);	/* a snapshot was no change: this is the first, and waits no hour */
	EXPECT_TEXT(p, "\"percentage\":1,");
	rig.relay.topics.conflate_ns = 300 * 1000000LL;
	for (unsigned i = 2; i <= 50; i++) {
		rig_publish(&rig, ID, CRAWL_CRAWLING, i);
		rig_turns(&rig, 0);
	}
	EXPECT_TEXT(p, "\"percentage\":50,");		/* the newest, nothing between */
	took_ms = (clock_mono_ns() - began_ns) / 1000000;
	ck_assert_msg(took_ms >= 300, "after %lld ms", (long long)took_ms);
	rig.relay.topics.conflate_ns = 3600 * 1000000000LL;
	rig_publish(&rig, ID, CRAWL_CRAWLING, 60);
	rig_turns(&rig, 10);
	rig_publish(&rig, ID, CRAWL_COMPLETED, 100);	/* does not wait the hour, and replaces what does */
	EXPECT_TEXT(p, "\"crawl_completed\"");
	peer_text(&p, "ping");
	EXPECT_TEXT(p, "pong");				/* the conflated one never came */
}
END_TEST

START_TEST(test_slow_client)
{
	int small = 4096, op;
	char line[ROW_LOG_BYTES];
	unsigned terminal = 0, frames = 0;

	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 0);
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	for (unsigned i = 0; i < ROW_LOG_LINES; i++)
		crawl_progress_log(&rig.row, line);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"percentage\":0");
	(void)setsockopt(rig.relay.server.conns->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	peer_open(&rig, &q, ID);
	EXPECT_TEXT(q, "\"percentage\":0");
	for (unsigned i = 1; i <= 60; i++) {		/* p does not read, q misses nothing */
		char want[32];

		rig_publish(&rig, ID, CRAWL_CRAWLING, i);
		(void)snprintf(want, sizeof want, "\"percentage\":%u,", i);
		EXPECT_TEXT(q, want);
	}
	rig_publish(&rig, ID, CRAWL_COMPLETED, 100);
	EXPECT_TEXT(q, "\"crawl_completed\"");
	while (terminal == 0 && (op = peer_next(&rig, &p)) >= 0) {
		frames++;
		terminal += strstr(p.text, "\"crawl_completed\"") != NULL;
	}
	ck_assert_uint_eq(terminal, 1);
	ck_assert_msg(frames < 20, "%u frames were queued for it", frames);
	peer_text(&p, "ping");
	EXPECT_TEXT(p, "pong");				/* and nothing after the terminal one */
	for (const struct conn *c = rig.relay.server.conns; c != NULL; c = c->next)
		ck_assert_uint_eq(c->due[DUE_WRITE], 0);	/* it has caught up: its time to drain no longer runs */
}
END_TEST

START_TEST(test_write_timeout)
{
	struct conn *const *c = &rig.relay.server.conns;
	int small = 4096;

	rig.conf.write_ms = 100;
	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 0);
	for (unsigned i = 0; i < ROW_LOG_LINES; i++)
		crawl_progress_log(&rig.row, "a line of some length, so that a few frames fill a socket");
	peer_open(&rig, &p, ID);
	(void)setsockopt((*c)->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	for (unsigned i = 1; *c != NULL && (*c)->out == NULL; i++) {	/* until its socket takes no more */
		rig_publish(&rig, ID, CRAWL_CRAWLING, i % 100);
		rig_turns(&rig, 1);
	}
	ck_assert(rig_empty(&rig));
	ck_assert_uint_eq(rig.relay.server.counts.slow_closes, 1);
}
END_TEST

/* One that takes a little now and then has no more time for a message than one that takes nothing. */
START_TEST(test_write_timeout_is_not_prolonged)
{
	int small = 1;				/* as small as the kernel has them: a message goes in pieces */
	uint32_t due = 0, at = 0;
	const struct frame *out = NULL;
	char line[ROW_LOG_BYTES];
	const struct conn *c;

	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 0);
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	for (unsigned i = 0; i < ROW_LOG_LINES; i++)
		crawl_progress_log(&rig.row, line);
	peer_open(&rig, &p, ID);
	c = rig.relay.server.conns;
	(void)setsockopt(c->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	for (unsigned i = 1; c->out == NULL || c->out != out || c->out_at == at; i++) {	/* more of the same has left */
		char some[256];

		if (c->out == NULL)
			rig_publish(&rig, ID, CRAWL_CRAWLING, i % 100);
		else if (c->out == out)
			(void)recv(p.fd, some, sizeof some, 0);
		out = c->out;
		at = c->out_at;
		due = c->due[DUE_WRITE];
		rig_turns(&rig, 2);		/* so that a later deadline would be another number */
	}
	ck_assert_uint_ne(due, 0);
	ck_assert_uint_eq(c->due[DUE_WRITE], due);
}
END_TEST

START_TEST(test_table_comes_later_and_is_replaced)
{
	rig_start(&rig, false);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	rig_table(&rig);
	rig_publish(&rig, ID, CRAWL_QUEUED, 0);		/* before the relay has attached */
	EXPECT_TEXT(p, "\"queued\"");
	rig_table(&rig);
	ck_assert(rig_attached(&rig));
	rig_publish(&rig, ID, CRAWL_CRAWLING, 30);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 31);
	EXPECT_TEXT(p, "\"percentage\":3");
}
END_TEST

START_TEST(test_deaths_in_one_fanout)
{
	rig_start(&rig, true);
	peer_open(&rig, &p, ID);
	peer_open(&rig, &q, ID);
	peer_gone(&q);
	peer_gone(&p);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 1);
	ck_assert(rig_empty(&rig));
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"percentage\":1");
}
END_TEST

START_TEST(test_torn_row)
{
	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 12);
	rig_tear(&rig, true);
	peer_open(&rig, &p, ID);
	rig_turns(&rig, 20);
	ck_assert_uint_eq(p.len, 0);			/* neither the state nor "waiting" */
	rig_tear(&rig, false);
	EXPECT_TEXT(p, "\"percentage\":12");
	rig_publish(&rig, ID, CRAWL_CRAWLING, 13);	/* changed, then torn before we looked */
	rig_tear(&rig, true);
	rig_turns(&rig, 20);
	rig_tear(&rig, false);
	EXPECT_TEXT(p, "\"percentage\":13");
	rig_tear(&rig, true);				/* its writer died: a newcomer waits */
	peer_open(&rig, &q, ID);
	EXPECT_TEXT(q, "\"percentage\":13");		/* the last good one is kept for it */
	peer_gone(&q);
	peer_gone(&p);
	ck_assert(rig_empty(&rig));
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	rig_publish(&rig, ID, CRAWL_CRAWLING, 14);	/* taken over by another */
	EXPECT_TEXT(p, "\"percentage\":14");
}
END_TEST

/* The n-th allocation fails, for every n: one client may be lost, never more. */
START_TEST(test_out_of_memory)
{
	bool happened = true;
	unsigned n;

	rig_start(&rig, true);
	peer_open(&rig, &q, "good");
	EXPECT_TEXT(q, "\"waiting\"");
	rig_publish(&rig, "good", CRAWL_CRAWLING, 0);
	EXPECT_TEXT(q, "\"percentage\":0");
	for (n = 1; happened; n++) {
		char rq[512], id[16];
		size_t len;

		(void)snprintf(id, sizeof id, "id-%u", n);
		len = peer_request(rq, sizeof rq, id);
		rig_fail_in = n;
		peer_connect(&rig, &p);
		if (send(p.fd, rq, 20, MSG_NOSIGNAL) == 20) {
			rig_turns(&rig, 0);
			(void)send(p.fd, rq + 20, len - 20, MSG_NOSIGNAL);
			rig_turns(&rig, 0);
			(void)send(p.fd, "\x01\x82\0\0\0\0pi\x89\x81\0\0\0\0x\x80\x82\0\0", 19, MSG_NOSIGNAL);
			rig_turns(&rig, 0);
			rig_publish(&rig, "good", CRAWL_CRAWLING, n % 100);
			rig_turns(&rig, 0);
			(void)send(p.fd, "\0\0ng\x88\x80\0\0\0\0", 10, MSG_NOSIGNAL);
			rig_turns(&rig, 0);
		}
		happened = rig_fail_in == 0;
		rig_fail_in = 0;
		peer_gone(&p);
		p.fd = -1;
		while (rig.relay.server.n_conns > 1)
			rig_turns(&rig, 0);
		rig_publish(&rig, "good", CRAWL_STORING, n % 100);
		do
			ck_assert_msg(peer_next(&rig, &q) == WS_TEXT, "failure %u hit the other client", n);
		while (strstr(q.text, "\"storing\"") == NULL);
	}
	ck_assert_uint_gt(n, 8);
}
END_TEST

/* -- what clients send ------------------------------------------------------- */

START_TEST(test_pings)
{
	static const char *const pings[] = { "ping", "{\"type\":\"ping\"}", " { \"x\" : [1], \"type\" : \"p\\u0069ng\" } " };
	static const char *const others[] = { "pong", "{\"type\":\"pong\"}", "{\"type\":[\"ping\"]}", "[\"ping\"]",
	    "{\"type\":\"ping\"", "", "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{" };
	char longer[1000];

	rig_start(&rig, false);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	for (size_t i = 0; i < sizeof pings / sizeof pings[0]; i++) {
		for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
			peer_text(&p, others[k]);
		peer_text(&p, pings[i]);
		EXPECT_TEXT(p, "{\"type\":\"pong\"}");
	}
	peer_frame(&p, WS_TEXT, false, "{\"ty", 4);
	peer_frame(&p, WS_PING, true, "between", 7);
	ck_assert_int_eq(peer_next(&rig, &p), WS_PONG);
	ck_assert_str_eq(p.text, "between");
	peer_frame(&p, WS_CONT, false, "pe\":\"pi", 7);
	rig_turns(&rig, 1);
	peer_frame(&p, WS_CONT, true, "ng\"}", 4);
	EXPECT_TEXT(p, "{\"type\":\"pong\"}");
	memset(longer, ' ', sizeof longer);
	peer_frame(&p, WS_TEXT, false, longer, sizeof longer);
	peer_frame(&p, WS_CONT, true, "ping", 4);
	peer_frame(&p, WS_TEXT, false, "ping", 4);
	peer_frame(&p, WS_CONT, true, longer, sizeof longer);
	peer_frame(&p, WS_BINARY, true, "ping", 4);
	for (char i = '0'; i <= '9'; i++)		/* all answered, in order */
		peer_frame(&p, WS_PING, true, &i, 1);
	for (char i = '0'; i <= '9'; i++) {
		ck_assert_int_eq(peer_next(&rig, &p), WS_PONG);
		ck_assert(p.text_len == 1 && p.text[0] == i);
	}
}
END_TEST

START_TEST(test_pongs_wait_for_a_client_that_does_not_read)
{
	char payload[125] = { 0 };
	int small = 4096;
	unsigned sent = 0, got = 0;

	rig_start(&rig, false);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	(void)setsockopt(rig.relay.server.conns->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	for (; sent < 2000; sent++) {
		uint8_t frame[6 + 125] = { 0x89, 0xfd };	/* mask 0 */

		memcpy(frame + 6, payload, sizeof payload);
		memcpy(frame + 6, &sent, sizeof sent);
		if (send(p.fd, frame, sizeof frame, MSG_NOSIGNAL) != (ssize_t)sizeof frame)
			break;
		rig_turns(&rig, 0);
	}
	ck_assert_uint_lt(sent, 2000);			/* it stopped reading from us */
	for (; got < sent; got++) {
		unsigned number;

		ck_assert_int_eq(peer_next(&rig, &p), WS_PONG);
		memcpy(&number, p.text, sizeof number);
		ck_assert_uint_eq(number, got);
	}
}
END_TEST

static const struct ending { const char *name, *bytes; size_t len; unsigned code; } endings[] = {
	{ "close", "\x88\x82\0\0\0\0\x03\xe8", 8, 1000 },
	{ "close without a code", "\x88\x80\0\0\0\0", 6, 0 },
	{ "private code", "\x88\x82\0\0\0\0\x0f\xa0", 8, 4000 },
	{ "bad code", "\x88\x82\0\0\0\0\x03\xed", 8, 1002 },
	{ "not masked", "\x81\x01x", 3, 1002 },
	{ "reserved bit", "\xc1\x80\0\0\0\0", 6, 1002 },
	{ "not utf-8", "\x81\x81\0\0\0\0\xff", 7, 1007 },
	{ "too big", "\x82\xfe\x20\x00\0\0\0\0", 8, 1009 },
	{ "more behind a close", "\x88\x80\0\0\0\0\x81\x85\0\0\0\0hello", 17, 0 },
	{ "more behind an error", "\x83\x80\0\0\0\0\x81\x85\0\0\0\0hello", 17, 1002 },
};

START_TEST(test_endings)
{
	const struct ending *e = &endings[_i];

	rig_start(&rig, false);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	for (size_t i = 0; i < e->len; i++) {
		peer_raw(&p, e->bytes + i, 1);
		rig_turns(&rig, 0);
	}
	EXPECT_CLOSE(p, e->code);
	ck_assert(peer_ended(&rig, &p));
	ck_assert_uint_eq(p.len, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay");
	TCase *tc = relay_case(s, "clients");

	tcase_add_test(tc, test_handshake_in_every_split);
	tcase_add_loop_test(tc, test_refused, 0, sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, test_head_too_large);
	tcase_add_test(tc, test_half_close);
	tcase_add_test(tc, test_id_is_decoded);
	tcase_add_test(tc, test_handshake_timeout);
	tcase_add_test(tc, test_max_clients);
	tcase_add_test(tc, test_max_clients_of_all_workers);
	tcase_add_test(tc, test_waiting_then_everything);
	tcase_add_test(tc, test_known_id);
	tcase_add_test(tc, test_conflation);
	tcase_add_test(tc, test_slow_client);
	tcase_add_test(tc, test_write_timeout);
	tcase_add_test(tc, test_write_timeout_is_not_prolonged);
	tcase_add_test(tc, test_table_comes_later_and_is_replaced);
	tcase_add_test(tc, test_deaths_in_one_fanout);
	tcase_add_test(tc, test_torn_row);
	tcase_add_test(tc, test_out_of_memory);
	tcase_add_test(tc, test_pings);
	tcase_add_test(tc, test_pongs_wait_for_a_client_that_does_not_read);
	tcase_add_loop_test(tc, test_endings, 0, sizeof endings / sizeof endings[0]);
	return relay_suite_run(s);
}
