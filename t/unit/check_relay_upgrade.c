/* A real relay executes its file again under clients in every state. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relay_peer.h"
#include "shared/clock.h"
#include "shared/revoked.h"
#include "shared/ring.h"

#define RELAY	"fcgi/relay/archon-relay"
#define ID	"0b7f1c52-7d3f-4c63-9a55-1f1f6a1c2d3e"

enum { PATIENCE_MS = 20000, BIG_FRAMES = 60, UPGRADES = 10 };

static struct rig rig;
static struct peer p, q, waiting, half, events, poller, slow;
static char program[128], conf_path[128], log_path[128], notify_path[108], real[4096];
static int notify_fd;

/* -- the process ------------------------------------------------------------------ */

static void
conf_write(const char *more)
{
	FILE *f = fopen(conf_path, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(f, "run_dir = %s\naccess = off\nconflate = 0ms\ndrain = 0s\n%s", rig.dir, more);
	ck_assert_int_eq(fclose(f), 0);
}

static unsigned
log_count(const char *what)		/* lines of the relay's log that hold it */
{
	static char line[4096];
	FILE *f = fopen(log_path, "r");
	unsigned n = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof line, f) != NULL)
		n += strstr(line, what) != NULL;
	fclose(f);
	return n;
}

static void
log_await(const char *what, unsigned n)
{
	int64_t end_ns = clock_mono_ns() + PATIENCE_MS * 1000000LL;

	while (log_count(what) < n) {
		ck_assert_msg(clock_mono_ns() < end_ns, "the log has no \"%s\" for the %u. time", what, n);
		ck_assert_msg(waitpid(rig.pid, NULL, WNOHANG) == 0, "the relay ended");
		rig_turns(&rig, 2);
	}
}

static void
notify_listen(void)			/* as the supervisor does */
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	(void)snprintf(notify_path, sizeof notify_path, "%s/notify", rig.dir);
	memcpy(sun.sun_path, notify_path, sizeof sun.sun_path);
	ck_assert_int_ge(notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), 0);
	ck_assert_int_eq(bind(notify_fd, (struct sockaddr *)&sun, sizeof sun), 0);
}

static void
notify_await(const char *what)		/* the next such message; those before it are dropped */
{
	int64_t end_ns = clock_mono_ns() + PATIENCE_MS * 1000000LL;
	char said[256];

	for (;;) {
		ssize_t n = recv(notify_fd, said, sizeof said - 1, 0);

		said[n > 0 ? n : 0] = '\0';
		if (strstr(said, what) != NULL)
			return;
		ck_assert_msg(clock_mono_ns() < end_ns, "the supervisor was not told %s", what);
		if (n <= 0)
			rig_turns(&rig, 2);
	}
}

static void
start(void)
{
	rig_conf(&rig);
	(void)snprintf(program, sizeof program, "%s/archon-relay", rig.dir);
	(void)snprintf(conf_path, sizeof conf_path, "%s/archon.conf", rig.dir);
	(void)snprintf(log_path, sizeof log_path, "%s/log", rig.dir);
	(void)snprintf(rig.socket_path, sizeof rig.socket_path, "%s/relay.sock", rig.dir);
	if (realpath(RELAY, real) == NULL)
		ck_abort_msg("no " RELAY " here");
	ck_assert_int_eq(symlink(real, program), 0);
	conf_write("");
	rig_table(&rig);
	notify_listen();
	rig.pid = fork();
	ck_assert_int_ge(rig.pid, 0);
	if (rig.pid == 0) {
		int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

		if (fd == -1 || dup2(fd, STDERR_FILENO) == -1)
			_exit(126);
		(void)setenv("NOTIFY_SOCKET", notify_path, 1);
		(void)setenv("WATCHDOG_USEC", "400000", 1);
		execl(program, program, "--config", conf_path, (char *)NULL);
		_exit(127);
	}
	while (access(log_path, F_OK) != 0)
		rig_turns(&rig, 1);
	log_await("start max_clients", 1);
}

static void
stop(void)
{
	static const char *const files[] = { "archon-relay", "archon.conf", "log", "relay.sock", "notify" };
	struct peer *all[] = { &p, &q, &waiting, &half, &events, &poller, &slow };
	char path[128];
	int status;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (all[i]->fd > 0)
			peer_gone(all[i]);
		all[i]->fd = 0;
	}
	ck_assert_int_eq(kill(rig.pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(rig.pid, &status, 0), rig.pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	ck_assert_uint_eq(log_count("Sanitizer"), 0);
	close(notify_fd);
	table_close(rig.table);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", rig.dir, files[i]);
		(void)unlink(path);
	}
	rig_remove(&rig);
}

static void
upgrade(void)				/* and wait until it is done */
{
	unsigned n = log_count("handover clients=");

	ck_assert_int_eq(kill(rig.pid, SIGHUP), 0);
	log_await("handover clients=", n + 1);
}

static unsigned
seq_of(const struct peer *peer)
{
	const char *at = strstr(peer->text, "\"seq\":");

	ck_assert_msg(at != NULL, "no seq in %s", peer->text);
	return (unsigned)strtoul(at + 6, NULL, 10);
}

/* -- tests --------------------------------------------------------------------------- */

START_TEST(test_every_state)
{
	char rq[512], line[ROW_LOG_BYTES];
	size_t len = peer_request(rq, sizeof rq, ID);
	unsigned last = 0, ends = 0, frames = 0;
	int op;

	rig_publish(&rig, "slow", CRAWL_CRAWLING, 0);
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	for (unsigned i = 0; i < ROW_LOG_LINES; i++)
		crawl_progress_log(&rig.row, line);
	peer_open(&rig, &slow, "slow");			/* does not read */
	peer_open(&rig, &q, "slow");			/* does */
	EXPECT_TEXT(q, "\"percentage\":0,");
	for (unsigned i = 1; i <= BIG_FRAMES; i++) {
		char want[32];

		rig_publish(&rig, "slow", CRAWL_CRAWLING, i);
		(void)snprintf(want, sizeof want, "\"percentage\":%u,", i);
		EXPECT_TEXT(q, want);
	}
	peer_gone(&q);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 1);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"percentage\":1,");
	peer_open(&rig, &waiting, "not-yet");
	EXPECT_TEXT(waiting, "\"waiting\"");
	peer_connect(&rig, &half);
	peer_raw(&half, rq, 40);
	peer_open(&rig, &q, ID);
	EXPECT_TEXT(q, "\"percentage\":1,");
	peer_frame(&q, WS_TEXT, false, "{\"type\":\"p", 10);
	peer_raw(&q, "\x80\x84\0\0", 4);		/* half a header */
	peer_events(&rig, &events, "/api/crawl/stream", NULL);
	EXPECT_EVENT(events, "\"progressId\":\"slow\"");
	EXPECT_EVENT(events, "\"percentage\":1,");
	peer_get(&rig, &poller, "/api/crawl-progress/" ID "?wait=60&since=1000", "");
	rig_turns(&rig, 20);

	upgrade();

	ck_assert_uint_eq(log_count(" lost=0"), 1);
	peer_raw(&half, rq + 40, len - 40);
	ck_assert_uint_eq(peer_status(&rig, &half), 101);
	EXPECT_TEXT(half, "\"percentage\":1,");
	peer_raw(&q, "\0\0ing\"", 6);
	peer_frame(&q, WS_CONT, true, "}", 1);
	rig_turns(&rig, 20);
	rig_publish(&rig, "not-yet", CRAWL_QUEUED, 0);
	EXPECT_TEXT(waiting, "\"queued\"");
	EXPECT_EVENT(events, "\"queued\"");		/* and neither of the others again */
	rig.row.seq = 5000;
	rig_publish(&rig, ID, CRAWL_CRAWLING, 2);
	EXPECT_TEXT(p, "\"percentage\":2,");		/* nothing twice */
	EXPECT_EVENT(events, "\"percentage\":2,");
	ck_assert_uint_eq(peer_status(&rig, &poller), 200);
	rig.row.seq = 6000;
	rig_publish(&rig, "slow", CRAWL_COMPLETED, 100);
	EXPECT_EVENT(events, "\"crawl_completed\"");
	while (ends == 0 && (op = peer_next(&rig, &slow)) >= 0) {
		if (op == WS_PING)
			continue;
		ck_assert_int_eq(op, WS_TEXT);
		ck_assert_msg(seq_of(&slow) > last, "%u after %u", seq_of(&slow), last);
		last = seq_of(&slow);
		frames++;
		ends += strstr(slow.text, "crawl_completed") != NULL;
	}
	ck_assert_uint_eq(ends, 1);
	ck_assert_msg(frames > 2 && frames < BIG_FRAMES, "%u frames: it was to be slow", frames);
	peer_text(&slow, "ping");
	EXPECT_TEXT(slow, "pong");
}
END_TEST

START_TEST(test_again_and_again)
{
	unsigned seen_p = 0, seen_q = 0;

	rig_publish(&rig, ID, CRAWL_CRAWLING, 1);
	peer_open(&rig, &p, ID);
	peer_open(&rig, &q, "/api/crawl/stream");
	EXPECT_TEXT(p, "\"seq\":1}");
	EXPECT_TEXT(q, "\"seq\":1}");
	for (unsigned i = 0; i < UPGRADES; i++) {
		ck_assert_int_eq(kill(rig.pid, SIGHUP), 0);
		rig_publish(&rig, ID, CRAWL_CRAWLING, 2 + i);	/* before, in the middle or after */
		log_await("handover clients=", i + 1);
		EXPECT_TEXT(p, "\"seq\":");
		EXPECT_TEXT(q, "\"seq\":");
		ck_assert_uint_eq(seq_of(&p), 2 + i);		/* each once: none is missed, none comes twice */
		ck_assert_uint_eq(seq_of(&q), 2 + i);
		seen_p++;
		seen_q++;
	}
	ck_assert_uint_eq(seen_p + seen_q, 2 * UPGRADES);
	ck_assert_uint_eq(log_count(" lost=0"), UPGRADES);
}
END_TEST

/* The first of its topic that is taken over makes the new image read the row: no news for it. */
START_TEST(test_a_state_is_not_told_again)
{
	rig_publish(&rig, ID, CRAWL_CRAWLING, 1);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"percentage\":1,");
	peer_events(&rig, &events, "/api/crawl-progress/" ID, NULL);
	EXPECT_EVENT(events, "\"percentage\":1,");
	upgrade();
	rig_publish(&rig, ID, CRAWL_CRAWLING, 2);
	EXPECT_TEXT(p, "\"percentage\":2,");
	EXPECT_EVENT(events, "\"percentage\":2,");
}
END_TEST

START_TEST(test_bad_configuration_keeps_the_old)
{
	rig_publish(&rig, ID, CRAWL_CRAWLING, 1);
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"percentage\":1,");
	conf_write("ping_interval = soon\n");
	ck_assert_int_eq(kill(rig.pid, SIGHUP), 0);
	log_await("upgrade kept=old why=\"the configuration is bad\"", 1);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 2);
	EXPECT_TEXT(p, "\"percentage\":2,");
	ck_assert_int_eq(unlink(program), 0);			/* nothing to execute */
	ck_assert_int_eq(kill(rig.pid, SIGHUP), 0);
	log_await("upgrade kept=old", 2);
	rig_publish(&rig, ID, CRAWL_CRAWLING, 3);
	EXPECT_TEXT(p, "\"percentage\":3,");
	conf_write("log_level = debug\n");			/* and a good one is taken up */
	ck_assert_int_eq(symlink(real, program), 0);
	upgrade();
	peer_open(&rig, &q, ID);
	EXPECT_TEXT(q, "\"percentage\":3,");
	log_await("path=/api/crawl-progress/" ID, 1);
}
END_TEST

START_TEST(test_another_version_starts_afresh)
{
	FILE *f;

	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	ck_assert_int_eq(unlink(program), 0);
	f = fopen(program, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "#!/bin/sh\nfor a; do [ \"$a\" != --takes ] || exit 64; done\nexec %s \"$@\"\n", real);
	ck_assert_int_eq(fchmod(fileno(f), 0755), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(kill(rig.pid, SIGHUP), 0);
	EXPECT_CLOSE(p, 1012);
	peer_frame(&p, WS_CLOSE, true, "\x03\xf4", 2);
	log_await("start max_clients", 2);			/* the same process, the same socket */
	peer_open(&rig, &q, ID);
	EXPECT_TEXT(q, "\"waiting\"");
}
END_TEST

/* What is revoked while nobody looks is found by the one who takes over, and by him later. */
START_TEST(test_whose_token)
{
	static const char laptop[] = "Accept: text/event-stream\r\nX-Archon-Access: read bearer laptop\r\n";
	static const char ci[] = "Accept: text/event-stream\r\nX-Archon-Access: read cookie ci\r\n";

	peer_get(&rig, &events, "/api/mcp/logs/stream", laptop);
	ck_assert_uint_eq(peer_status(&rig, &events), 200);
	peer_get(&rig, &poller, "/api/mcp/logs/stream", ci);
	ck_assert_uint_eq(peer_status(&rig, &poller), 200);
	ck_assert_int_eq(kill(rig.pid, SIGSTOP), 0);
	ck_assert_int_eq(revoked_tell(rig.table, "laptop"), 0);
	ck_assert_int_eq(kill(rig.pid, SIGHUP), 0);
	ck_assert_int_eq(kill(rig.pid, SIGCONT), 0);
	log_await("handover clients=", 1);
	ck_assert(peer_ended(&rig, &events));
	log_await("access ended clients=1 why=revoked", 1);
	upgrade();
	ck_assert(!poller.eof);
	ck_assert_int_eq(revoked_tell(rig.table, "ci"), 0);
	ck_assert(peer_ended(&rig, &poller));
	log_await("access ended clients=1 why=revoked", 2);
}
END_TEST

/* Told to stop, it does, though somebody reloads it meanwhile. */
START_TEST(test_a_stop_is_not_forgotten)
{
	siginfo_t end;

	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	ck_assert_int_eq(kill(rig.pid, SIGTERM), 0);
	EXPECT_CLOSE(p, 1001);				/* and is not answered, so that it waits a little */
	ck_assert_int_eq(kill(rig.pid, SIGHUP), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)rig.pid, &end, WEXITED | WNOWAIT), 0);
	ck_assert_uint_eq(log_count("upgrade clients="), 0);
}
END_TEST

/* Somebody logs all the while; nothing is missed, nothing comes twice, on a slow client neither. */
START_TEST(test_logs_go_on)
{
	uint64_t first, next_p, next_slow, last = 0;
	char end[32];

	first = (uint64_t)ring_append(rig.table, &(struct ring_line){ .message = SLICE_LIT("the first") }, 1);
	peer_open(&rig, &p, "/api/mcp/logs/stream");
	peer_open(&rig, &slow, "/api/mcp/logs/stream?since=1");
	next_p = next_slow = first;
	for (unsigned i = 0; i < UPGRADES; i++) {
		struct ring_line lines[40];

		for (unsigned k = 0; k < 40; k++)
			lines[k] = (struct ring_line){ .level = k % 5, .message = SLICE_LIT("one of many entries, long enough to fill sockets") };
		for (unsigned k = 0; k < 2; k++)
			ck_assert_int_gt(ring_append(rig.table, lines, 40), 0);
		ck_assert_int_eq(kill(rig.pid, SIGHUP), 0);
		last = (uint64_t)ring_append(rig.table, lines, 10);
		log_await("handover clients=", i + 1);
		while (next_p <= last) {
			ck_assert_int_eq(peer_next(&rig, &p), WS_TEXT);
			(void)snprintf(end, sizeof end, "\"seq\":%llu}", (unsigned long long)next_p++);
			ck_assert_msg(strstr(p.text, end) != NULL, "%s: want %s", p.text, end);
		}
	}
	while (next_slow <= last) {
		ck_assert_int_eq(peer_next(&rig, &slow), WS_TEXT);
		(void)snprintf(end, sizeof end, "\"seq\":%llu}", (unsigned long long)next_slow++);
		ck_assert_msg(strstr(slow.text, end) != NULL, "%s: want %s", slow.text, end);
	}
}
END_TEST

/* systemd hears of each step, and that the loop turns, from the new image as from the old. */
START_TEST(test_supervised)
{
	notify_await("READY=1");
	notify_await("WATCHDOG=1");
	notify_await("WATCHDOG=1");
	peer_open(&rig, &p, ID);
	EXPECT_TEXT(p, "\"waiting\"");
	notify_await("STATUS=1 clients");
	upgrade();
	notify_await("RELOADING=1\nMONOTONIC_USEC=");
	notify_await("READY=1");
	notify_await("WATCHDOG=1");
	conf_write("ping_interval = soon\n");
	ck_assert_int_eq(kill(rig.pid, SIGHUP), 0);
	notify_await("RELOADING=1");
	notify_await("READY=1");			/* the old one serves on */
	notify_await("WATCHDOG=1");
	ck_assert_int_eq(kill(rig.pid, SIGTERM), 0);
	notify_await("STOPPING=1");
	EXPECT_CLOSE(p, 1001);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay upgrade");
	TCase *tc = tcase_create("upgrade");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 100);
	tcase_add_checked_fixture(tc, start, stop);
	tcase_add_test(tc, test_every_state);
	tcase_add_test(tc, test_again_and_again);
	tcase_add_test(tc, test_a_state_is_not_told_again);
	tcase_add_test(tc, test_whose_token);
	tcase_add_test(tc, test_logs_go_on);
	tcase_add_test(tc, test_bad_configuration_keeps_the_old);
	tcase_add_test(tc, test_another_version_starts_afresh);
	tcase_add_test(tc, test_a_stop_is_not_forgotten);
	tcase_add_test(tc, test_supervised);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
