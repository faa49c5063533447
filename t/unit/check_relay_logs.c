/* The log and the catalogue, as clients of the relay see them. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "relay_fixture.h"
#include "shared/catalogue.h"
#include "shared/ring.h"

static uint64_t first_seq;	/* of entry 1 */

#define LOGS	"/api/mcp/logs/stream"
#define ITEMS	"/api/knowledge-items/stream"

/* -- the log ------------------------------------------------------------------------ */

static void
add(enum ring_level level, unsigned from, unsigned to)	/* entries called "entry <n>." */
{
	for (unsigned i = from; i <= to; i++) {
		char text[32];
		int n = snprintf(text, sizeof text, "entry %u.", i);
		struct ring_line line = { .level = level, .message = { text, (size_t)n } };
		int64_t seq = ring_append(rig.table, &line, 1);

		ck_assert_int_gt(seq, 0);
		if (i == 1)
			first_seq = (uint64_t)seq;
	}
}

static unsigned
number(const struct peer *peer)
{
	const char *at = strstr(peer->text, "\"message\":\"entry ");

	ck_assert_msg(at != NULL, "no entry: %s", peer->text);
	return (unsigned)strtoul(at + 17, NULL, 10);
}

static void
expect_entries(struct peer *peer, unsigned from, unsigned to)
{
	for (unsigned i = from; i <= to; i++) {
		ck_assert_int_eq(peer_next(&rig, peer), WS_TEXT);
		ck_assert_msg(number(peer) == i, "entry %u, not %u", number(peer), i);
	}
}

static void
expect_nothing(struct peer *peer)
{
	rig_turns(&rig, 5);
	peer_text(peer, "ping");
	EXPECT_TEXT(*peer, "{\"type\":\"pong\"}");
}

START_TEST(test_replay_then_live)
{
	uint64_t writes;

	rig_start(&rig, true);
	add(RING_INFO, 1, 70);
	peer_open(&rig, &p, LOGS);
	expect_entries(&p, 21, 70);				/* the last 50 */
	ck_assert_int_eq(strncmp(p.text, "{\"timestamp\":\"20", 16), 0);	/* no envelope */
	writes = rig.relay.server.counts.writes;
	add(RING_ERROR, 71, 90);
	expect_entries(&p, 71, 90);
	ck_assert_msg(rig.relay.server.counts.writes == writes + 1, "%llu writes for 20 entries that were there",
	    (unsigned long long)(rig.relay.server.counts.writes - writes));
	ck_assert_ptr_nonnull(strstr(p.text, "\"level\":\"ERROR\""));
	peer_open(&rig, &q, LOGS);
	expect_entries(&q, 41, 90);
	add(RING_INFO, 91, 91);
	expect_entries(&p, 91, 91);
	expect_entries(&q, 91, 91);
	expect_nothing(&p);
}
END_TEST

START_TEST(test_since_and_level)
{
	char path[96];

	rig_start(&rig, true);
	add(RING_INFO, 1, 100);
	add(RING_ERROR, 101, 103);
	add(RING_DEBUG, 104, 200);
	(void)snprintf(path, sizeof path, LOGS "?since=%llu", (unsigned long long)(first_seq + 99));
	peer_open(&rig, &p, path);
	expect_entries(&p, 101, 200);
	peer_open(&rig, &q, LOGS "?level=warning");
	expect_entries(&q, 101, 103);
	add(RING_INFO, 201, 202);
	add(RING_CRITICAL, 203, 203);
	expect_entries(&q, 203, 203);
	expect_entries(&p, 201, 203);
	expect_nothing(&q);
	peer_gone(&q);
	peer_get(&rig, &q, LOGS "?level=loud", "Accept: text/event-stream\r\n");
	ck_assert_uint_eq(peer_status(&rig, &q), 422);
	peer_gone(&q);
	peer_open(&rig, &q, LOGS "?since=1");			/* long gone */
	EXPECT_TEXT(q, "entry 1.");				/* the ring began there: nothing is missed */
	expect_entries(&q, 2, 203);
	peer_gone(&q);
	peer_open(&rig, &q, LOGS "?since=999999999999999999");	/* of no entry of ours: as without one */
	expect_entries(&q, 154, 203);
	peer_gone(&q);
	peer_events(&rig, &q, LOGS "?level=error", "crawl-7");	/* another's id: as without one */
	EXPECT_EVENT(q, "entry 101.");
}
END_TEST

START_TEST(test_gap)
{
	char path[96], want[64];
	int small = 4096;
	unsigned next;

	rig_start(&rig, true);
	add(RING_INFO, 1, 1);
	peer_open(&rig, &p, LOGS);
	expect_entries(&p, 1, 1);
	(void)setsockopt(rig.relay.server.conns->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	for (unsigned i = 2; i <= 3001; i += 10) {		/* p does not read */
		add(RING_INFO, i, i + 9);
		rig_turns(&rig, 0);
	}
	while (rig.relay.logs.next_seq <= ring_last(rig.table))	/* its wake-up comes by another thread */
		rig_turns(&rig, 1);
	(void)snprintf(path, sizeof path, LOGS "?since=%llu", (unsigned long long)(first_seq + 999));
	peer_open(&rig, &q, path);
	EXPECT_TEXT(q, "{\"type\":\"gap\",\"missed\":1001}");
	expect_entries(&q, 2002, 3001);
	for (next = 2; peer_next(&rig, &p) == WS_TEXT && strstr(p.text, "gap") == NULL; next++)
		ck_assert_msg(number(&p) == next, "%u, not %u", number(&p), next);
	(void)snprintf(want, sizeof want, "{\"type\":\"gap\",\"missed\":%u}", 2002 - next);
	ck_assert_str_eq(p.text, want);				/* to the entry */
	expect_entries(&p, 2002, 3001);
	ck_assert_uint_eq(rig.relay.server.counts.gaps, 2);
	ck_assert_uint_eq(rig.relay.server.counts.missed, 1001 + 2002 - next);
	expect_nothing(&p);
}
END_TEST

START_TEST(test_relay_is_overrun)
{
	rig_start(&rig, true);
	add(RING_INFO, 1, 1);
	peer_open(&rig, &p, LOGS);
	peer_open(&rig, &q, LOGS "?level=ERROR");
	expect_entries(&p, 1, 1);
	add(RING_INFO, 2, 1501);				/* at one go: it saw none of the first 500 */
	EXPECT_TEXT(p, "{\"type\":\"gap\",\"missed\":500}");
	expect_entries(&p, 502, 1501);
}
END_TEST

START_TEST(test_cleared)
{
	rig_start(&rig, true);
	add(RING_INFO, 1, 10);
	peer_open(&rig, &p, LOGS);
	expect_entries(&p, 1, 10);
	ck_assert_int_gt(ring_clear(rig.table), 0);
	EXPECT_TEXT(p, "\"message\":\"Logs cleared\"");
	peer_open(&rig, &q, LOGS "?since=3");
	EXPECT_TEXT(q, "\"message\":\"Logs cleared\"");		/* and no gap: nothing was missed */
	add(RING_INFO, 1, 2);
	expect_entries(&q, 1, 2);
	expect_entries(&p, 1, 2);
	rig_table(&rig);					/* another table goes on with the numbers */
	ck_assert(rig_attached(&rig));
	add(RING_INFO, 3, 3);
	expect_entries(&p, 3, 3);
}
END_TEST

START_TEST(test_log_events)
{
	char id[64];

	rig_start(&rig, true);
	add(RING_INFO, 1, 3);
	peer_events(&rig, &p, LOGS, NULL);
	EXPECT_EVENT(p, "\"message\":\"entry 1.\"");
	EXPECT_EVENT(p, "\"message\":\"entry 2.\"");
	ck_assert_int_eq(sscanf(p.text, "id: %63s\ndata: {", id), 1);
	peer_gone(&p);
	add(RING_INFO, 4, 4);
	peer_events(&rig, &p, LOGS, id);			/* exactly where it was */
	EXPECT_EVENT(p, "\"message\":\"entry 3.\"");
	EXPECT_EVENT(p, "\"message\":\"entry 4.\"");
	add(RING_INFO, 5, 5);
	EXPECT_EVENT(p, "\"message\":\"entry 5.\"");
}
END_TEST

START_TEST(test_gap_is_told_once)
{
	char id[64];

	rig_start(&rig, true);
	add(RING_ERROR, 1, 1);
	peer_events(&rig, &p, LOGS "?level=ERROR", NULL);
	EXPECT_EVENT(p, "\"message\":\"entry 1.\"");
	ck_assert_int_eq(sscanf(p.text, "id: %63s\ndata: {", id), 1);
	peer_gone(&p);
	add(RING_INFO, 2, 1501);				/* nothing for it among the last thousand */
	peer_events(&rig, &p, LOGS "?level=ERROR", id);
	EXPECT_EVENT(p, "{\"type\":\"gap\",\"missed\":500}");
	ck_assert_int_eq(sscanf(p.text, "id: %63s\ndata: {", id), 1);
	peer_gone(&p);
	peer_events(&rig, &p, LOGS "?level=ERROR", id);
	add(RING_ERROR, 1502, 1502);
	EXPECT_EVENT(p, "\"message\":\"entry 1502.\"");
}
END_TEST

/* -- the catalogue -------------------------------------------------------------------- */

static int
page(struct text *out, unsigned max, void *arg)
{
	(void)max;
	text_printf(out, "{\"items\":[],\"total\":%u}", *(unsigned *)arg);
	return 0;
}

static void
change(unsigned total, const char *deleted)
{
	struct text event = { 0 };

	catalogue_event_deleted(&event, deleted);
	ck_assert_int_eq(catalogue_publish(rig.table, page, &total, deleted != NULL ? &event : NULL), 0);
	text_fini(&event);
}

START_TEST(test_items)
{
	rig.conf.heartbeat_ms = 1000;
	rig_start(&rig, true);
	peer_open(&rig, &p, ITEMS);
	EXPECT_TEXT(p, "{\"type\":\"knowledge_items_update\",\"data\":{\"items\":[],\"total\":0,");
	change(7, "aa");
	EXPECT_TEXT(p, "{\"type\":\"knowledge_items_update\",\"data\":{\"items\":[],\"total\":7}}");
	EXPECT_TEXT(p, "{\"type\":\"knowledge_item_deleted\"");
	ck_assert_ptr_nonnull(strstr(p.text, "\"sourceId\":\"aa\""));
	peer_open(&rig, &q, ITEMS);
	EXPECT_TEXT(q, "\"total\":7}}");			/* and not the event: it is old */
	change(8, NULL);
	EXPECT_TEXT(q, "\"total\":8}}");
	EXPECT_TEXT(p, "\"total\":8}}");
	change(9, "bb");					/* the page twice new, each event once */
	change(10, "cc");
	do
		EXPECT_TEXT(p, "\"knowledge_items_update\"");
	while (strstr(p.text, "\"total\":10}") == NULL);
	EXPECT_TEXT(p, "\"bb\"");
	EXPECT_TEXT(p, "\"cc\"");
	do
		ck_assert_int_ge(peer_next(&rig, &p), 0);
	while (strcmp(p.text, "{\"type\":\"heartbeat\"}") != 0);
}
END_TEST

START_TEST(test_items_events)
{
	char id[64];

	rig_start(&rig, true);
	change(1, "aa");
	peer_events(&rig, &p, ITEMS, NULL);
	EXPECT_EVENT(p, "\"total\":1}}");
	ck_assert_int_eq(sscanf(p.text, "id: %63s\ndata: {", id), 1);
	peer_gone(&p);
	peer_events(&rig, &p, ITEMS, id);			/* nothing has changed */
	rig_turns(&rig, 5);
	ck_assert_uint_eq(p.len, 0);
	peer_gone(&p);
	change(2, "bb");
	change(3, "cc");
	peer_events(&rig, &p, ITEMS, id);
	EXPECT_EVENT(p, "\"total\":3}}");
	ck_assert_int_eq(strncmp(p.text, "data: {", 7), 0);	/* no id: its events are yet to come */
	EXPECT_EVENT(p, "\"bb\"");
	ck_assert_int_eq(sscanf(p.text, "id: %63s\ndata: {", id), 1);
	peer_gone(&p);
	peer_events(&rig, &p, ITEMS, id);			/* it had not got the second */
	EXPECT_EVENT(p, "\"total\":3}}");
	EXPECT_EVENT(p, "\"cc\"");
	ck_assert_int_eq(sscanf(p.text, "id: %63s\ndata: {", id), 1);
	peer_gone(&p);
	peer_events(&rig, &p, ITEMS, id);
	rig_turns(&rig, 5);
	ck_assert_uint_eq(p.len, 0);
	for (unsigned i = 0; i < 2 * CATALOGUE_EVENTS; i++)
		change(4 + i, "dd");
	EXPECT_EVENT(p, "\"total\"");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay logs");
	TCase *tc = relay_case(s, "logs");

	tcase_add_test(tc, test_replay_then_live);
	tcase_add_test(tc, test_since_and_level);
	tcase_add_test(tc, test_gap);
	tcase_add_test(tc, test_relay_is_overrun);
	tcase_add_test(tc, test_cleared);
	tcase_add_test(tc, test_log_events);
	tcase_add_test(tc, test_gap_is_told_once);
	tcase_add_test(tc, test_items);
	tcase_add_test(tc, test_items_events);
	return relay_suite_run(s);
}
