/* The same streams as events and long polls, and the stream of all crawls. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "relay/deflate.h"
#include "relay_fixture.h"
#include "shared/ring.h"

#define PATH "/api/crawl-progress/" ID

static void
event_id(const struct peer *peer, char out[64])
{
	ck_assert_msg(sscanf(peer->text, "id: %63s\n", out) == 1, "%s has no id", peer->text);
}

/* -- Server-Sent Events -------------------------------------------------------- */

START_TEST(test_events)
{
	char id[64];

	rig_start(&rig, true);
	peer_events(&rig, &p, PATH, NULL);
	EXPECT_EVENT(p, "\"status\":\"waiting\"");
	ck_assert_int_eq(strncmp(p.text, "data: {", 7), 0);	/* no id: nothing to go on from */
	rig_publish(&rig, ID, CRAWL_CRAWLING, 10);
	EXPECT_EVENT(p, "\"percentage\":10,");
	event_id(&p, id);
	peer_gone(&p);
	peer_events(&rig, &p, PATH, id);		/* it has seen this: nothing is said twice */
	rig_turns(&rig, 5);
	ck_assert_uint_eq(p.len, 0);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 11);
	EXPECT_EVENT(p, "\"percentage\":11,");
	peer_gone(&p);
	peer_events(&rig, &p, PATH, id);		/* it has missed one */
	EXPECT_EVENT(p, "\"percentage\":11,");
	rig_publish(&rig, ID, CRAWL_COMPLETED, 100);
	EXPECT_EVENT(p, "\"type\":\"crawl_completed\"");
	event_id(&p, id);
	peer_get(&rig, &q, PATH "?since=0", "Accept: text/html, text/event-stream;q=0.9\r\n");
	ck_assert_uint_eq(peer_status(&rig, &q), 200);
	EXPECT_EVENT(q, "retry: ");
	EXPECT_EVENT(q, "\"type\":\"crawl_completed\"");
	peer_gone(&q);
	peer_gone(&p);
	peer_get(&rig, &p, PATH "?since=3", "Accept: text/event-stream\r\nLast-Event-ID: 1\r\nLast-Event-ID: 2\r\n");
	ck_assert_uint_eq(peer_status(&rig, &p), 204);	/* of two none counts */
	peer_gone(&p);
	peer_get(&rig, &p, PATH "?since=1", "Accept: text/event-stream\r\nLast-Event-ID: 3\r\n");
	ck_assert_uint_eq(peer_status(&rig, &p), 204);	/* an EventSource stops asking */
	ck_assert(peer_ended(&rig, &p));
	ck_assert_uint_eq(p.len, 0);
}
END_TEST

/* What an event stream's client says behind its request is not kept. */
START_TEST(test_events_are_no_dialogue)
{
	rig_start(&rig, true);
	peer_events(&rig, &p, PATH, NULL);
	EXPECT_EVENT(p, "\"waiting\"");
	for (unsigned i = 0; i < 100; i++)
		peer_raw(&p, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
	rig_turns(&rig, 1);
	ck_assert_ptr_null(rig.relay.server.conns->held);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 10);
	EXPECT_EVENT(p, "\"percentage\":10,");
}
END_TEST

START_TEST(test_events_beat_and_end)
{
	rig.conf.heartbeat_ms = 100;
	rig.conf.waiting_ms = 600;
	rig_start(&rig, true);
	peer_events(&rig, &p, PATH, NULL);
	EXPECT_EVENT(p, "\"waiting\"");
	EXPECT_EVENT(p, ": ping\n");
	do
		ck_assert(p.eof || peer_event(&rig, &p) || p.eof);
	while (!p.eof);
	ck_assert(rig_empty(&rig));
}
END_TEST

/* -- long poll ------------------------------------------------------------------ */

START_TEST(test_poll)
{
	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 5);
	peer_get(&rig, &p, PATH "?wait=30", "");		/* no since: the state there is */
	ck_assert_uint_eq(peer_status(&rig, &p), 200);
	ck_assert_ptr_nonnull(strstr(p.text, "\r\nContent-Type: application/json\r\n"));
	ck_assert_ptr_nonnull(strstr(p.text, "\r\nETag: \""));
	ck_assert_ptr_nonnull(strstr(p.text, "\r\nX-Poll-Interval: 1000\r\n"));
	ck_assert(peer_ended(&rig, &p));
	ck_assert_ptr_nonnull(memmem(p.buf, p.len, "{\"progressId\":\"" ID "\"", 15 + sizeof ID));
	ck_assert_ptr_nonnull(memmem(p.buf, p.len, "\"seq\":1}", 8));
	ck_assert_int_eq(p.buf[0], '{');
	ck_assert_int_eq(p.buf[p.len - 1], '}');
	peer_gone(&p);
	peer_get(&rig, &p, PATH "?wait=30&since=1", "");	/* the next change, and two wait for it */
	peer_get(&rig, &q, PATH "?since=1&wait=30", "");
	rig_turns(&rig, 5);
	ck_assert_uint_eq(p.len + q.len, 0);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 6);
	ck_assert_uint_eq(peer_status(&rig, &p), 200);
	ck_assert_uint_eq(peer_status(&rig, &q), 200);
	ck_assert(peer_ended(&rig, &p));
	ck_assert_ptr_nonnull(memmem(p.buf, p.len, "\"seq\":2}", 8));
	peer_gone(&p);
	rig_publish(&rig, ID, CRAWL_COMPLETED, 100);
	peer_get(&rig, &p, PATH "?wait=30&since=2", "");
	ck_assert_uint_eq(peer_status(&rig, &p), 200);
	ck_assert_ptr_nonnull(strstr(p.text, "\r\nX-Poll-Interval: 0\r\n"));	/* there will be no more */
}
END_TEST

static const struct lapse { const char *name, *query; bool known; unsigned status; } lapses[] = {
	{ "nothing new", "?wait=0&since=1", true, 304 },
	{ "nothing new for a while", "?wait=1&since=1", true, 304 },
	{ "ahead of us", "?wait=0&since=9", true, 304 },
	{ "behind", "?wait=0&since=0", true, 200 },
	{ "in capitals", "?WAIT=0&Since=1", true, 304 },
	{ "no such crawl", "?wait=0", false, 404 },
	{ "no such crawl yet", "?wait=0&since=4", false, 404 },
	{ "no number", "?wait=x", true, 422 },
	{ "too long", "?wait=61", true, 422 },
	{ "since what?", "?wait=1&since=-1", true, 422 },
	{ "empty", "?wait=", true, 422 },
};

START_TEST(test_lapses)
{
	const struct lapse *l = &lapses[_i];
	char path[128];

	rig_start(&rig, true);
	if (l->known)
		rig_publish(&rig, ID, CRAWL_CRAWLING, 5);
	(void)snprintf(path, sizeof path, "%s%s", PATH, l->query);
	peer_get(&rig, &p, path, "");
	ck_assert_msg(peer_status(&rig, &p) == l->status, "%s: %s", l->name, p.text);
	ck_assert(peer_ended(&rig, &p));
	ck_assert_msg((p.len > 0) == (l->status != 304), "%s: %zu bytes", l->name, p.len);
}
END_TEST

START_TEST(test_poll_is_answered_when_it_starts)
{
	rig_start(&rig, true);
	peer_get(&rig, &p, PATH "?wait=60", "");
	rig_turns(&rig, 5);
	rig_publish(&rig, ID, CRAWL_QUEUED, 0);
	ck_assert_uint_eq(peer_status(&rig, &p), 200);
}
END_TEST

/* Who shuts its side down has gone, as for nginx; an answer that is there already still leaves. */
START_TEST(test_poll_is_half_closed)
{
	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 5);
	peer_get(&rig, &p, PATH "?wait=60&since=1", "");
	rig_turns(&rig, 0);
	ck_assert_int_eq(shutdown(p.fd, SHUT_WR), 0);
	ck_assert(rig_empty(&rig));
	ck_assert(peer_ended(&rig, &p));
	ck_assert_uint_eq(p.len, 0);
	peer_gone(&p);
	peer_get(&rig, &p, PATH "?wait=60", "");
	ck_assert_int_eq(shutdown(p.fd, SHUT_WR), 0);
	ck_assert_uint_eq(peer_status(&rig, &p), 200);
}
END_TEST

/* -- compressed messages ---------------------------------------------------------- */

struct frame *__real_deflate_frame(const void *json, size_t len);
struct frame *__wrap_deflate_frame(const void *json, size_t len);
static unsigned compressions;

struct frame *
__wrap_deflate_frame(const void *json, size_t len)
{
	compressions++;
	return __real_deflate_frame(json, len);
}

START_TEST(test_compressed_once_for_all)
{
	static const char *const paths[] = { ID, "/api/crawl/stream", "/api/mcp/logs/stream" };
	const struct ring_line line = { .message = SLICE_LIT("an entry of the log") };

	rig.conf.compress = true;
	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 0);
	ck_assert_int_gt(ring_append(rig.table, &line, 1), 0);
	for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		const char *part = i == 2 ? "an entry of the log" : "\"percentage\"";

		peer_open(&rig, &r, paths[i]);			/* did not ask for it */
		EXPECT_TEXT(r, part);
		peer_open_packed(&rig, &p, paths[i]);
		EXPECT_TEXT(p, part);
		peer_open_packed(&rig, &q, paths[i]);
		EXPECT_TEXT(q, part);
		compressions = 0;
		if (i == 2)
			ck_assert_int_gt(ring_append(rig.table, &line, 1), 0);
		else
			rig_publish(&rig, ID, CRAWL_CRAWLING, i + 1);
		EXPECT_TEXT(r, part);
		EXPECT_TEXT(p, part);
		ck_assert(p.was_packed);
		EXPECT_TEXT(q, part);
		ck_assert(q.was_packed);
		ck_assert_uint_eq(compressions, 1);
		peer_gone(&p);
		peer_gone(&q);
		peer_gone(&r);
		ck_assert(rig_empty(&rig));
	}
}
END_TEST

/* Off by default: what is offered is not taken. */
START_TEST(test_not_compressed)
{
	rig_start(&rig, true);
	peer_get(&rig, &p, PATH, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n");
	ck_assert_uint_eq(peer_status(&rig, &p), 101);
	ck_assert_ptr_null(strstr(p.text, "Sec-WebSocket-Extensions"));
	EXPECT_TEXT(p, "\"waiting\"");
}
END_TEST

/* -- many followers ----------------------------------------------------------------- */

enum { PLENTY = 1000000, MANY = 20 };

/* How many allocations a change of each stream takes in the relay, up to the last client's read. */
static unsigned
allocations(struct peer *last, const char *path, unsigned n)
{
	const struct ring_line line = { .message = SLICE_LIT("an entry") };
	uint64_t sent = rig.relay.server.counts.messages_out;

	rig_fail_in = PLENTY;
	if (strcmp(path, "/api/mcp/logs/stream") == 0)
		ck_assert_int_gt(ring_append(rig.table, &line, 1), 0);
	else
		rig_publish(&rig, ID, CRAWL_CRAWLING, n % 100);
	EXPECT_TEXT(*last, "seq");
	while (rig.relay.server.counts.messages_out < sent + n)
		rig_turns(&rig, 0);
	n = PLENTY - rig_fail_in;
	rig_fail_in = 0;
	return n;
}

START_TEST(test_nothing_is_allocated_for_a_client)
{
	static const char *const paths[] = { ID, "/api/crawl/stream", "/api/mcp/logs/stream" };
	static struct peer many[MANY];

	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 0);
	for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		unsigned for_one = 0;

		for (unsigned k = 0; k < MANY; k++) {
			peer_open(&rig, &many[k], paths[i]);
			rig_turns(&rig, 0);
			while (many[k].len > 0)
				ck_assert_int_eq(peer_next(&rig, &many[k]), WS_TEXT);
			if (k == 0) {
				(void)allocations(&many[0], paths[i], 1);	/* buffers that are kept have grown */
				for_one = allocations(&many[0], paths[i], 1);
			}
		}
		ck_assert_uint_eq(allocations(&many[0], paths[i], MANY), for_one);
		for (unsigned k = 0; k < MANY; k++)
			peer_gone(&many[k]);
		ck_assert(rig_empty(&rig));
	}
}
END_TEST

/* -- all crawls ------------------------------------------------------------------- */

START_TEST(test_all_crawls)
{
	rig_start(&rig, true);
	rig_publish(&rig, "one", CRAWL_CRAWLING, 1);
	rig_publish(&rig, "two", CRAWL_QUEUED, 0);
	rig_publish(&rig, "over", CRAWL_CANCELLED, 50);
	peer_open(&rig, &p, "/api/crawl/stream");
	EXPECT_TEXT(p, "\"progressId\":\"one\"");
	EXPECT_TEXT(p, "\"progressId\":\"two\"");
	rig_publish(&rig, "three", CRAWL_STARTING, 0);
	EXPECT_TEXT(p, "\"progressId\":\"three\"");
	rig_publish(&rig, "one", CRAWL_COMPLETED, 100);
	EXPECT_TEXT(p, "\"type\":\"crawl_completed\"");
	peer_open(&rig, &q, "/api/crawl/stream");		/* is not shown what has ended */
	EXPECT_TEXT(q, "\"progressId\":\"two\"");
	EXPECT_TEXT(q, "\"progressId\":\"three\"");
	rig_publish(&rig, "two", CRAWL_ERROR, 0);
	EXPECT_TEXT(q, "\"status\":\"error\"");
	EXPECT_TEXT(p, "\"status\":\"error\"");
	peer_gone(&q);
	peer_open(&rig, &q, "three");				/* one topic, followed both ways */
	EXPECT_TEXT(q, "\"progressId\":\"three\"");
	rig_publish(&rig, "three", CRAWL_CRAWLING, 9);
	EXPECT_TEXT(q, "\"percentage\":9,");
	EXPECT_TEXT(p, "\"percentage\":9,");
	rig.relay.live.keep_ns = 0;
	peer_gone(&p);
	rig_publish(&rig, "three", CRAWL_CRAWLING, 10);
	EXPECT_TEXT(q, "\"percentage\":10,");
	rig_turns(&rig, 1);
	ck_assert_uint_eq(rig.relay.topics.n, 1);		/* nobody looks at the others */
	ck_assert(!rig.relay.follow.all_live);
}
END_TEST

START_TEST(test_all_crawls_as_events)
{
	char id[64];

	rig_start(&rig, true);
	rig_publish(&rig, "one", CRAWL_CRAWLING, 1);
	rig_publish(&rig, "two", CRAWL_CRAWLING, 2);
	peer_events(&rig, &p, "/api/crawl/stream", NULL);
	EXPECT_EVENT(p, "\"progressId\":\"one\"");
	EXPECT_EVENT(p, "\"progressId\":\"two\"");
	event_id(&p, id);
	peer_gone(&p);
	rig_publish(&rig, "one", CRAWL_COMPLETED, 100);
	rig_turns(&rig, 5);
	peer_events(&rig, &p, "/api/crawl/stream", id);		/* the end it missed, and nothing else */
	EXPECT_EVENT(p, "\"crawl_completed\"");
	event_id(&p, id);
	rig_turns(&rig, 5);
	ck_assert_uint_eq(p.len, 0);
	peer_gone(&p);
	id[0] = id[0] == '1' ? '2' : '1';			/* somebody else's numbers */
	peer_events(&rig, &p, "/api/crawl/stream", id);
	EXPECT_EVENT(p, "\"progressId\":\"two\"");
}
END_TEST

/* Slow, and 40 crawls change 50 times each: it gets every newest state, and every end. */
START_TEST(test_all_crawls_slow)
{
	unsigned ends = 0, frames = 0;
	int small = 4096, op;

	rig_start(&rig, true);
	for (unsigned i = 0; i < 10; i++) {
		char id[16];

		(void)snprintf(id, sizeof id, "c%u", i);
		rig_publish(&rig, id, CRAWL_CRAWLING, 0);
	}
	peer_open(&rig, &p, "/api/crawl/stream");
	(void)setsockopt(rig.relay.server.conns->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	for (unsigned k = 1; k <= 50; k++)
		for (unsigned i = 0; i < 10; i++) {
			char id[16];

			(void)snprintf(id, sizeof id, "c%u", i);
			rig_publish(&rig, id, k < 50 ? CRAWL_CRAWLING : CRAWL_COMPLETED, k < 50 ? k : 100);
			rig_turns(&rig, 0);
		}
	while (ends < 10 && (op = peer_next(&rig, &p)) >= 0) {
		frames++;
		ends += strstr(p.text, "\"crawl_completed\"") != NULL;
	}
	ck_assert_uint_eq(ends, 10);
	ck_assert_msg(frames < 60, "%u frames were queued for it", frames);
	rig_turns(&rig, 2);
	ck_assert_uint_eq(p.len, 0);
}
END_TEST

START_TEST(test_all_crawls_and_another_table)
{
	rig_start(&rig, true);
	rig_publish(&rig, "one", CRAWL_CRAWLING, 1);
	peer_open(&rig, &p, "/api/crawl/stream");
	EXPECT_TEXT(p, "\"progressId\":\"one\"");
	rig_table(&rig);
	rig_publish(&rig, "other", CRAWL_CRAWLING, 2);
	EXPECT_TEXT(p, "\"progressId\":\"other\"");
	rig_turns(&rig, 1);
	ck_assert_uint_eq(rig.relay.topics.n, 1);		/* "one" is no more */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay ways");
	TCase *tc = relay_case(s, "ways");

	tcase_add_test(tc, test_events);
	tcase_add_test(tc, test_events_are_no_dialogue);
	tcase_add_test(tc, test_events_beat_and_end);
	tcase_add_test(tc, test_poll);
	tcase_add_loop_test(tc, test_lapses, 0, sizeof lapses / sizeof lapses[0]);
	tcase_add_test(tc, test_poll_is_answered_when_it_starts);
	tcase_add_test(tc, test_poll_is_half_closed);
	tcase_add_test(tc, test_compressed_once_for_all);
	tcase_add_test(tc, test_not_compressed);
	tcase_add_test(tc, test_nothing_is_allocated_for_a_client);
	tcase_add_test(tc, test_all_crawls);
	tcase_add_test(tc, test_all_crawls_as_events);
	tcase_add_test(tc, test_all_crawls_slow);
	tcase_add_test(tc, test_all_crawls_and_another_table);
	return relay_suite_run(s);
}
