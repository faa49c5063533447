/* What one image of the relay knows of its clients, the next one knows: field by field. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relay/conn.h"
#include "relay/handover.h"
#include "relay_fixture.h"
#include "shared/ring.h"

static struct peer more[6];
static struct relay next;
static int listen_fd;

/* -- a crowd ------------------------------------------------------------------------- */

static void
turn_until_held(void)			/* everything that was sent has been read */
{
	for (unsigned i = 0; i < 20; i++)
		rig_turns(&rig, 0);
}

static struct frame *
words(const char *text)
{
	return frame_raw(text, strlen(text));
}

/*
 * Every state, every stream, and numbers nobody would have by chance.  Each has
 * something in flight, so that the next image does not send before we have looked.
 */
static void
crowd(void)
{
	const struct ring_line line = { .level = RING_ERROR, .message = SLICE_LIT("an entry") };
	unsigned n = 0;

	rig.conf.compress = true;
	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 5);
	ck_assert_int_gt(ring_append(rig.table, &line, 1), 0);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"percentage\":5");
	peer_frame(&p, WS_TEXT, false, "{\"type\":", 8);
	peer_raw(&p, "\x80\x84\0", 3);
	peer_events(&rig, &q, "/api/crawl/stream", NULL);
	EXPECT_EVENT(q, "\"percentage\":5");
	peer_open(&rig, &r, "/api/mcp/logs/stream?level=error");
	EXPECT_TEXT(r, "an entry");
	peer_open(&rig, &more[0], "nobody-has-started-it");
	EXPECT_TEXT(more[0], "\"waiting\"");
	peer_get(&rig, &more[1], "/api/crawl-progress/" ID "?wait=60&since=1", "X-Real-IP: 192.0.2.7\r\n");
	peer_connect(&rig, &more[2]);
	peer_raw(&more[2], "GET /half", 9);
	peer_open_packed(&rig, &more[3], "/api/knowledge-items/stream");
	EXPECT_TEXT(more[3], "knowledge_items_update");
	peer_raw(&more[3], "\x41\x83\0\0\0\0\xf2\x48\xcd", 9);		/* the first of two fragments */
	peer_open(&rig, &more[4], ID);
	EXPECT_TEXT(more[4], "\"percentage\":5");
	peer_open(&rig, &more[5], ID);
	EXPECT_TEXT(more[5], "\"percentage\":5");
	turn_until_held();
	for (struct conn *c = rig.relay.server.conns; c != NULL; c = c->next, n++) {
		if (n == 0)
			conn_close(c, 1012, "a last word");
		if (n == 1) {
			conn_finish(c);
			c->shut = c->peer_closed = true;
			c->last = words("the last");
		}
		c->out = words("in flight");
		c->out_at = n;
		c->out_end = c->out->len;
		c->reply = n % 2 == 0 ? words("a reply") : NULL;
		c->rate_second = (uint16_t)(1000 + n);
		c->rate_n = (uint16_t)(2000 + n);
		c->origin = (uint8_t)(n % 3);
		if (n % 3 == 1)			/* two tokens, one of them for ever */
			ck_assert_int_eq(grant_take(c->server, 5000 + n % 2, n % 2 == 0 ? 0 : INT64_MAX / 2, &c->grant), 0);
		c->want_ping = n & 1;
		c->want_beat = n & 2;
		for (unsigned i = 0; i < N_DUES; i++)
			conn_due_in(c, i, (n + i) % 4 == 0 ? -1 : (int64_t)(100000 + 1000 * n + i));
	}
	ck_assert_uint_eq(n, 9);
	rig.relay.server.counts = (struct server_counts){ .last_number = 77, .accepted = 3, .bytes_out = 1234567, .gaps = 5, .upgrades = 6, .missed = 9 };
	ck_assert_int_ge(listen_fd = open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
}

static void
crowd_goes(void)			/* its descriptors are closed already */
{
	struct conn *c;

	while ((c = rig.relay.server.conns) != NULL) {
		c->watch.fd = -1;
		conn_kill(c, "test");
	}
	for (unsigned i = 0; i < 6; i++)
		peer_gone(&more[i]);
	close(listen_fd);
}

/* -- told apart ------------------------------------------------------------------------ */

static const struct conn *
same_number(const struct conn *old)
{
	const struct conn *c = next.server.conns;

	while (c != NULL && c->number != old->number)
		c = c->next;
	ck_assert_msg(c != NULL, "conn %llu was lost", (unsigned long long)old->number);
	return c;
}

static void
same_bytes(const char *what, const void *a, size_t a_len, const void *b, size_t b_len)
{
	ck_assert_msg(a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0), "%s differs: %zu bytes, not %zu", what, b_len, a_len);
}

static void
same_frame(const char *what, const struct frame *a, const struct frame *b)
{
	same_bytes(what, a != NULL ? a->bytes : NULL, a != NULL ? a->len : 0, b != NULL ? b->bytes : NULL, b != NULL ? b->len : 0);
}

static void
same_input(const struct conn *a, const struct conn *b)
{
	same_bytes("held", a->held != NULL ? a->held->bytes : NULL, a->held != NULL ? a->held->len : 0,
	    b->held != NULL ? b->held->bytes : NULL, b->held != NULL ? b->held->len : 0);
	ck_assert_int_eq(a->in != NULL, b->in != NULL);
	if (a->in == NULL)
		return;
	same_bytes("the frame under way", &a->in->ws, sizeof a->in->ws, &b->in->ws, sizeof b->in->ws);
	same_bytes("the message under way", a->in->text, a->in->text_len, b->in->text, b->in->text_len);
	same_bytes("the compressed message", a->in->packed.p, a->in->packed.len, b->in->packed.p, b->in->packed.len);
}

static const struct grant *
grant_of(const struct conn *c)
{
	static const struct grant none;

	return c->grant != GRANT_NONE ? &c->server->grants.v[c->grant - 1] : &none;
}

static void
same_conn(const struct conn *a, const struct conn *b)
{
	ck_assert_int_eq(a->watch.fd, b->watch.fd);
	ck_assert_uint_eq(a->state, b->state);
	ck_assert_uint_eq(a->wire, b->wire);
	ck_assert_uint_eq(a->choice, b->choice);
	ck_assert_uint_eq(a->rate_second, b->rate_second);
	ck_assert_uint_eq(a->rate_n, b->rate_n);
	ck_assert_uint_eq(a->origin, b->origin);
	ck_assert_int_eq(a->peer_closed, b->peer_closed);
	ck_assert_int_eq(a->shut, b->shut);
	ck_assert_int_eq(a->counted, b->counted);
	ck_assert_int_eq(a->want_ping, b->want_ping);
	ck_assert_int_eq(a->want_beat, b->want_beat);
	ck_assert_int_eq(a->greeted, b->greeted);
	ck_assert_ptr_eq(a->stream, b->stream);
	ck_assert_uint_eq(address_key(&a->server->addresses, a->address), address_key(&b->server->addresses, b->address));
	ck_assert_uint_eq(grant_of(a)->key, grant_of(b)->key);
	ck_assert_int_eq(grant_of(a)->until_wall_ms, grant_of(b)->until_wall_ms);
	ck_assert_uint_eq(grant_of(a)->n, grant_of(b)->n);
	for (unsigned i = 0; i < N_DUES; i++)
		ck_assert_int_eq(conn_due_left_ms(a, i), conn_due_left_ms(b, i));
	same_bytes("what is in flight", a->out->bytes + a->out_at, a->out_end - a->out_at, b->out->bytes + b->out_at, b->out_end - b->out_at);
	same_frame("the reply", a->reply, b->reply);
	same_frame("the last word", a->last, b->last);
	same_input(a, b);
	if (a->stream == NULL)
		return;
	ck_assert_uint_eq(a->stream->place != NULL ? a->stream->place(a) : a->sub.at, b->sub.at);
	ck_assert_uint_eq(a->stream->place != NULL ? 0 : a->sub.mark, b->sub.mark);
	if (a->stream->takes_id)
		ck_assert_str_eq(topic_of(&a->sub)->id, topic_of(&b->sub)->id);
}

START_TEST(test_every_field)
{
	const struct server *was = &rig.relay.server, *is = &next.server;
	bool packed = false;
	struct err e = { "" };
	int memfd;

	crowd();
	ck_assert_int_ge(memfd = handover_write(&rig.relay, listen_fd, false), 0);
	ck_assert_int_eq(relay_init(&next, &rig.conf, 1024, &e), 0);
	ck_assert_msg(handover_read(&next, memfd, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(is->n_conns, was->n_conns);
	ck_assert_uint_eq(is->n_clients, was->n_clients);
	same_bytes("who follows what", was->clients, sizeof was->clients, is->clients, sizeof is->clients);
	ck_assert_uint_eq(is->counts.bytes_out, was->counts.bytes_out);
	ck_assert_uint_eq(is->counts.upgrades, was->counts.upgrades);
	ck_assert_uint_eq(is->counts.missed, was->counts.missed);
	ck_assert(next.live.on);
	ck_assert_uint_eq(next.live.epoch, rig.relay.live.epoch);
	ck_assert_uint_eq(next.live.changes, rig.relay.live.changes);
	for (const struct conn *c = was->conns; c != NULL; c = c->next) {
		same_conn(c, same_number(c));
		packed = packed || (c->in != NULL && c->in->packed.len > 0);
	}
	ck_assert(packed);			/* the crowd is what it was meant to be */
	close(memfd);
	relay_fini(&next);
	crowd_goes();
}
END_TEST

/* An EventSource that has just left is on its way back: what it will have missed is kept for it. */
START_TEST(test_live_without_followers)
{
	struct err e = { "" };
	int memfd;

	rig_start(&rig, true);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 5);
	peer_events(&rig, &q, "/api/crawl/stream", NULL);
	EXPECT_EVENT(q, "\"percentage\":5");
	peer_gone(&q);
	q.fd = -1;
	ck_assert(rig_empty(&rig));
	ck_assert(rig.relay.live.on);
	ck_assert_int_ge(listen_fd = open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	ck_assert_int_ge(memfd = handover_write(&rig.relay, listen_fd, false), 0);
	ck_assert_int_eq(relay_init(&next, &rig.conf, 1024, &e), 0);
	ck_assert_msg(handover_read(&next, memfd, &e) == 0, "%s", e.text);
	ck_assert(next.live.on);
	ck_assert_uint_eq(next.live.n_topics, 1);
	close(memfd);
	close(listen_fd);
	relay_fini(&next);
}
END_TEST

/* -- what cannot be read -------------------------------------------------------------------- */

/* In a process of its own, as it closes everybody's descriptor: its answer, and is nobody left? */
static int
refused(int memfd)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct err e;
		int rc = relay_init(&next, &rig.conf, 1024, &e) == 0 ? handover_read(&next, memfd, &e) : 0;

		for (const struct conn *c = rig.relay.server.conns; c != NULL; c = c->next)
			if (fcntl(c->watch.fd, F_GETFD) != -1)
				_exit(200);	/* its client would wait for ever */
		_exit(rc < 0 && next.server.n_conns == 0 ? -rc : 201);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(test_another_version)
{
	struct handover_head head;
	const off_t rest = sizeof head + 9 * sizeof(int32_t);	/* behind the descriptors */
	uint64_t struct_bytes, other;
	int memfd;

	crowd();
	ck_assert_int_ge(memfd = handover_write(&rig.relay, listen_fd, false), 0);
	ck_assert_int_eq(pread(memfd, &struct_bytes, sizeof struct_bytes, rest), sizeof struct_bytes);
	other = struct_bytes + 1;
	ck_assert_int_eq(pwrite(memfd, &other, sizeof other, rest), sizeof other);
	ck_assert_int_eq(refused(memfd), ESTALE);	/* another build's structures */
	ck_assert_int_eq(pwrite(memfd, &struct_bytes, sizeof struct_bytes, rest), sizeof struct_bytes);
	ck_assert_int_eq(pread(memfd, &head, sizeof head, 0), sizeof head);
	head.version++;
	ck_assert_int_eq(pwrite(memfd, &head, sizeof head, 0), sizeof head);
	ck_assert_int_eq(refused(memfd), ESTALE);
	close(memfd);
	server_fini(&rig.relay.server);
	for (unsigned i = 0; i < 6; i++)
		peer_gone(&more[i]);
	close(listen_fd);
}
END_TEST

START_TEST(test_cut_short)
{
	struct stat sb;
	off_t step;
	int memfd;

	crowd();
	ck_assert_int_ge(memfd = handover_write(&rig.relay, listen_fd, false), 0);
	ck_assert_int_eq(fstat(memfd, &sb), 0);
	step = sb.st_size / 60 + 1;
	for (off_t len = sb.st_size - 1; len > (off_t)(sizeof(struct handover_head) + 9 * sizeof(int32_t)); len -= step) {
		int rc;

		ck_assert_int_eq(ftruncate(memfd, len), 0);
		rc = refused(memfd);
		ck_assert_msg(rc == EBADMSG || rc == ENOMEM || rc == ESTALE, "%ld bytes: %d", (long)len, rc);
	}
	close(memfd);
	server_fini(&rig.relay.server);
	for (unsigned i = 0; i < 6; i++)
		peer_gone(&more[i]);
	close(listen_fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("handover");
	TCase *tc = relay_case(s, "handover");

	tcase_add_test(tc, test_every_field);
	tcase_add_test(tc, test_live_without_followers);
	tcase_add_test(tc, test_another_version);
	tcase_add_test(tc, test_cut_short);
	return relay_suite_run(s);
}
