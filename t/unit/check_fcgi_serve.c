#include "config.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/fcgi_serve.h"

#include "fcgi_client.h"

/* -- the server under test --------------------------------------------------- */

static sem_t entered, leave;		/* the handler of /wait */

static int
h_hello(const struct request *rq, struct reply *out)
{
	text_printf(&out->body, "{\"ctx\":%d}", *(int *)rq->ctx);
	return 200;
}

static int
h_echo(const struct request *rq, struct reply *out)
{
	text_put(&out->body, rq->body.p, rq->body.len);
	return 200;
}

static int
h_big(const struct request *rq, struct reply *out)
{
	char piece[1 << 13];

	(void)rq;
	memset(piece, '8', sizeof piece);
	for (int i = 0; i < 1 << 7; i++)
		text_put(&out->body, piece, sizeof piece);
	return 200;
}

static int
h_wait(const struct request *rq, struct reply *out)
{
	(void)rq;
	(void)sem_post(&entered);
	while (sem_wait(&leave) != 0)
		;
	text_puts(&out->body, "{}");
	return 200;
}

static const struct route tbl[] = {
	{ "GET", "/hello", SCOPE_READ, 0, h_hello, "hello", NULL },
	{ "POST", "/echo", SCOPE_READ, 200000, h_echo, "echo", NULL },
	{ "GET", "/big", SCOPE_READ, 0, h_big, "a mebibyte", NULL },
	{ "GET", "/wait", SCOPE_READ, 0, h_wait, "waits to be let go", NULL },
};
static const struct routes routes = { .tbl = tbl, .n = sizeof tbl / sizeof tbl[0] };

static struct fcgi_server srv;
static pthread_t server_thread;
static sigset_t stop_set;
static char dir[] = "/tmp/check_fcgi.XXXXXX", sock[64];
static int server_rc, ctx_value = 42, tick_rc;
static atomic_int n_ticks, n_ctx;

static void *
make_ctx(void *arg, struct err *e)
{
	(void)e;
	n_ctx++;
	return arg;
}

static void
free_ctx(void *ctx)
{
	(void)ctx;
	n_ctx--;
}

static int
tick(void *arg)
{
	(void)arg;
	n_ticks++;
	return tick_rc;
}

static void *
server_main(void *arg)
{
	struct err e;

	(void)arg;
	server_rc = fcgi_serve(&srv, &stop_set, &e);
	return NULL;
}

static void
start(unsigned n_threads, int read_ms)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&stop_set);
	(void)sigaddset(&stop_set, SIGTERM);
	ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &stop_set, NULL), 0);
	(void)sem_init(&entered, 0, 0);
	(void)sem_init(&leave, 0, 0);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(sock, sizeof sock, "%s/s", dir);
	srv = (struct fcgi_server){ .routes = &routes, .n_threads = n_threads, .read_ms = read_ms,
	    .thread_ctx = make_ctx, .thread_ctx_free = free_ctx, .tick = tick, .arg = &ctx_value };
	srv.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s", sock);
	ck_assert_int_eq(bind(srv.listen_fd, (struct sockaddr *)&sa, sizeof sa), 0);
	ck_assert_int_eq(listen(srv.listen_fd, 128), 0);
	ck_assert_int_eq(pthread_create(&server_thread, NULL, server_main, NULL), 0);
}

static void
ended(int rc)
{
	ck_assert_int_eq(pthread_join(server_thread, NULL), 0);
	ck_assert_int_eq(server_rc, rc);
	ck_assert_int_eq(n_ctx, 0);
	(void)close(srv.listen_fd);
	(void)unlink(sock);
	(void)rmdir(dir);
}

static void
stop(void)
{
	ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
	ended(0);
}

/* -- asking ------------------------------------------------------------------ */

static void
ask(int fd, const char *method, const char *uri, bool keep)
{
	struct text t = { 0 };

	fc_request(&t, method, uri, NULL, NULL, 0, keep);
	fc_send(fd, t.p, t.len);
	text_fini(&t);
}

static void
hello(int fd, bool keep)		/* ask and check */
{
	struct fc_answer a = { 0 };

	ask(fd, "GET", "/hello", keep);
	ck_assert(fc_answer(fd, &a));
	ck_assert_int_eq(a.status, 200);
	ck_assert_str_eq(a.body, "{\"ctx\":42}");
	text_fini(&a.text);
}

static void
hello_anew(void)
{
	int fd = fc_connect(sock);

	hello(fd, false);
	(void)close(fd);
}

/* -- tests ------------------------------------------------------------------- */

START_TEST(kept_and_not)
{
	struct fc_answer a = { 0 };
	int fd;

	start(2, 0);
	fd = fc_connect(sock);
	for (int i = 0; i < 50; i++)
		hello(fd, true);
	ask(fd, "GET", "/nothing", true);
	ck_assert(fc_answer(fd, &a));
	ck_assert_int_eq(a.status, 404);
	ask(fd, "DELETE", "/hello", true);
	ck_assert(fc_answer(fd, &a));
	ck_assert_int_eq(a.status, 405);
	ck_assert(strncmp(fc_header(&a, "Allow: "), "GET, HEAD\r\n", 11) == 0);
	ask(fd, "HEAD", "/hello", true);
	ck_assert(fc_answer(fd, &a));
	ck_assert_int_eq(a.status, 200);
	ck_assert(strncmp(fc_header(&a, "Content-Length: "), "10\r\n", 4) == 0);
	ck_assert_uint_eq(a.body_len, 0);
	hello(fd, false);
	ck_assert(fc_is_closed(fd));
	(void)close(fd);
	ck_assert_int_ge(n_ticks, 1);
	text_fini(&a.text);
	stop();
}
END_TEST

static const size_t sizes[] = { 0, 1, 7, 8, 8184, 8192, 32768, 60000, 65536, 100000, 199999 };

START_TEST(bodies)		/* across libfcgi's buffer and over the window we peek into */
{
	struct text t = { 0 };
	struct fc_answer a = { 0 };
	char *body = malloc(200000);
	int fd;

	memset(body, 'x', 200000);
	start(1, 0);
	fd = fc_connect(sock);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		text_clear(&t);
		fc_request(&t, "POST", "/echo", NULL, body, sizes[i], true);
		fc_send(fd, t.p, t.len);
		ck_assert(fc_answer(fd, &a));
		ck_assert_int_eq(a.status, 200);
		ck_assert_uint_eq(a.body_len, sizes[i]);
	}
	ask(fd, "GET", "/big", true);
	ck_assert(fc_answer(fd, &a));
	ck_assert_uint_eq(a.body_len, 1 << 20);
	hello(fd, true);
	(void)close(fd);
	free(body);
	text_fini(&t);
	text_fini(&a.text);
	stop();
}
END_TEST

START_TEST(half_a_request_holds_no_thread)
{
	struct text t = { 0 };
	struct fc_answer a = { 0 };
	int half[20], idle, fd;

	start(1, 0);
	fc_request(&t, "POST", "/echo", NULL, "[1,2,3]", 7, true);
	idle = fc_connect(sock);
	fd = fc_connect(sock);
	for (int i = 0; i < 20; i++) {
		half[i] = fc_connect(sock);
		fc_send(half[i], t.p, 1 + (t.len - 2) * (size_t)i / 20);
		hello(fd, true);
	}
	for (int i = 19; i >= 0; i--) {
		size_t at = 1 + (t.len - 2) * (size_t)i / 20;

		for (; at < t.len; at++)		/* the rest, a byte at a time */
			fc_send(half[i], t.p + at, 1);
		ck_assert(fc_answer(half[i], &a));
		ck_assert_str_eq(a.body, "[1,2,3]");
		hello(half[i], true);
		(void)close(half[i]);
	}
	hello(idle, true);
	(void)close(idle);
	(void)close(fd);
	text_fini(&t);
	text_fini(&a.text);
	stop();
}
END_TEST

#define BEGIN "\1\1\0\1\0\10\0\0" "\0\1\1\0\0\0\0\0"
#define BYTES(s) "" s, sizeof(s) - 1

static const struct { const char *name, *p; size_t len; } rubbish[] = {
	{ "http", BYTES("GET / HTTP/1.1\r\nHost: x\r\n\r\n") },
	{ "one byte", BYTES("\200") },
	{ "get values", BYTES("\1\11\0\0\0\20\0\0" "\16\0FCGI_MAX_CONNS") },
	{ "authorizer", BYTES("\1\1\0\1\0\10\0\0" "\0\2\1\0\0\0\0\0") },
	{ "INT_MAX - 1", BYTES(BEGIN "\1\4\0\1\0\10\0\0" "\377\377\377\376\377\377\377\376") },
	{ "stdin first", BYTES(BEGIN "\1\5\0\1\0\0\0\0") },
	{ "abort in a body", BYTES(BEGIN "\1\4\0\1\0\0\0\0" "\1\5\0\1\0\1\0\0x" "\1\2\0\1\0\0\0\0") },
};

START_TEST(rubbish_is_closed)
{
	int fd, kept;

	start(1, 0);
	kept = fc_connect(sock);
	hello(kept, true);
	fd = fc_connect(sock);
	fc_send(fd, rubbish[_i].p, rubbish[_i].len);
	ck_assert_msg(fc_is_closed(fd), "%s", rubbish[_i].name);
	(void)close(fd);
	hello(kept, true);
	hello_anew();
	(void)close(kept);
	stop();
}
END_TEST

static const struct { const char *name, *length; size_t body; int status; } lengths[] = {
	{ "huge", "99999999999999999999999", 0, 413 },
	{ "over", "200001", 0, 413 },
	{ "no number", "12x", 0, 400 },
	{ "negative", "-1", 0, 400 },
	{ "more than came", "10", 9, 400 },
	{ "less than came", "8", 9, 400 },
	{ "not announced, over", "", 200001, 413 },
	{ "not announced", "", 9, 200 },
	{ "as much as fits", "200000", 200000, 200 },
};

START_TEST(content_length)
{
	struct fc_param params[] = { { "CONTENT_LENGTH", lengths[_i].length }, { "CONTENT_TYPE", "application/json" }, { NULL, NULL } };
	struct text t = { 0 };
	struct fc_answer a = { 0 };
	char *body = malloc(300000);
	int fd;

	memset(body, ' ', 300000);
	start(1, 0);
	fc_request(&t, "POST", "/echo", params, NULL, 0, true);
	t.len -= 8;				/* the end of STDIN comes later */
	for (size_t at = 0; at < lengths[_i].body; at += 50000)
		fc_record(&t, 5, 1, body, lengths[_i].body - at < 50000 ? lengths[_i].body - at : 50000, 0);
	fc_record(&t, 5, 1, NULL, 0, 0);
	fd = fc_connect(sock);
	fc_send(fd, t.p, t.len);
	ck_assert_msg(fc_answer(fd, &a) && a.status == lengths[_i].status, "%s: %d", lengths[_i].name, a.status);
	hello(fd, true);			/* still in step */
	(void)close(fd);
	free(body);
	text_fini(&t);
	text_fini(&a.text);
	stop();
}
END_TEST

START_TEST(silent_peers_are_cut)
{
	struct text t = { 0 };
	char *body = malloc(150000);
	int head, upload, kept;

	memset(body, ' ', 150000);
	start(1, 300);
	kept = fc_connect(sock);
	hello(kept, true);
	head = fc_connect(sock);
	fc_send(head, "\1\1\0\1\0\10\0\0", 8);
	upload = fc_connect(sock);
	fc_request(&t, "POST", "/echo", NULL, body, 150000, true);
	fc_send(upload, t.p, t.len / 2);	/* over the window: a thread is on it */
	ck_assert(fc_is_closed(upload));
	ck_assert(fc_is_closed(head));
	hello(kept, true);			/* idle for longer than that is fine */
	(void)close(kept);
	(void)close(head);
	(void)close(upload);
	free(body);
	text_fini(&t);
	stop();
}
END_TEST

START_TEST(peers_that_leave)
{
	struct text t = { 0 };

	start(2, 0);
	fc_request(&t, "GET", "/big", NULL, NULL, 0, true);
	for (size_t i = 0; i < 300; i++) {
		int fd = fc_connect(sock);

		fc_send(fd, t.p, i % 3 == 0 ? t.len : i % t.len);
		if (i % 5 == 0)
			(void)shutdown(fd, SHUT_WR);
		(void)close(fd);		/* before the answer */
	}
	hello_anew();
	text_fini(&t);
	stop();
}
END_TEST

START_TEST(half_closed_peers_are_answered)
{
	struct fc_answer a = { 0 };
	int fd;

	start(1, 0);
	fd = fc_connect(sock);
	ask(fd, "GET", "/hello", true);
	(void)shutdown(fd, SHUT_WR);
	ck_assert(fc_answer(fd, &a));
	ck_assert(fc_is_closed(fd));
	(void)close(fd);
	text_fini(&a.text);
	fd = fc_connect(sock);
	fc_send(fd, "\1\1\0\1", 4);
	(void)shutdown(fd, SHUT_WR);
	ck_assert(fc_is_closed(fd));
	(void)close(fd);
	stop();
}
END_TEST

START_TEST(a_second_request_unasked)
{
	struct text t = { 0 };
	struct fc_answer a = { 0 };
	int fd;

	start(1, 0);
	fc_request(&t, "GET", "/hello", NULL, NULL, 0, true);
	fc_request(&t, "GET", "/hello", NULL, NULL, 0, true);
	fd = fc_connect(sock);
	fc_send(fd, t.p, t.len);
	ck_assert(fc_answer(fd, &a));
	ck_assert_int_eq(a.status, 200);
	ck_assert(fc_is_closed(fd));		/* no multiplexing, and nobody is left waiting */
	(void)close(fd);
	text_fini(&t);
	text_fini(&a.text);
	stop();
}
END_TEST

START_TEST(stopping_finishes_what_is_under_way)
{
	struct fc_answer a = { 0 };
	int busy, queued, idle;

	start(1, 0);
	idle = fc_connect(sock);
	hello(idle, true);
	queued = fc_connect(sock);
	hello(queued, true);
	busy = fc_connect(sock);
	ask(busy, "GET", "/wait", true);
	while (sem_wait(&entered) != 0)
		;
	ask(queued, "GET", "/hello", true);	/* came in time, waits for the thread */
	ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
	(void)sem_post(&leave);
	ck_assert(fc_answer(busy, &a));
	ck_assert_int_eq(a.status, 200);
	ck_assert(fc_answer(queued, &a));
	ck_assert_int_eq(a.status, 200);
	ck_assert(fc_is_closed(busy));
	ck_assert(fc_is_closed(idle));
	ended(0);
	(void)close(busy);
	(void)close(queued);
	(void)close(idle);
	text_fini(&a.text);
}
END_TEST

START_TEST(no_descriptors_left)
{
	struct fc_answer a = { 0 };
	struct rlimit rl;
	int fill[64], n = 0, kept, fd;

	start(1, 0);
	kept = fc_connect(sock);
	hello(kept, true);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &rl), 0);
	fill[n++] = dup(0);
	rl.rlim_cur = (rlim_t)fill[0] + 8;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &rl), 0);
	while (n < 64 && (fill[n] = dup(0)) >= 0)
		n++;
	ck_assert_int_eq(errno, EMFILE);
	(void)close(fill[--n]);
	fd = fc_connect(sock);			/* takes the last: accept(2) fails */
	ask(fd, "GET", "/hello", true);
	hello(kept, true);			/* what is open goes on */
	while (n > 0)
		(void)close(fill[--n]);
	ck_assert(fc_answer(fd, &a));
	ck_assert_int_eq(a.status, 200);
	text_fini(&a.text);
	(void)close(fd);
	(void)close(kept);
	stop();
}
END_TEST

START_TEST(tick_ends_it)
{
	tick_rc = 7;
	start(1, 0);
	ended(7);
}
END_TEST

START_TEST(signal_handlers_stay_ours)
{
	static const int sig[] = { SIGPIPE, SIGUSR1, SIGTERM };
	struct sigaction before[3], after;

	(void)signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(sigaction(sig[i], NULL, &before[i]), 0);
	start(1, 0);
	hello_anew();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(sigaction(sig[i], NULL, &after), 0);
		ck_assert_msg(after.sa_handler == before[i].sa_handler, "signal %d", sig[i]);
	}
	stop();
}
END_TEST

static void *
client_main(void *arg)
{
	int fd = fc_connect(sock);

	(void)arg;
	for (int i = 0; i < 200; i++) {
		hello(fd, true);
		if (i % 20 == 19) {
			(void)close(fd);
			fd = fc_connect(sock);
		}
	}
	(void)close(fd);
	return NULL;
}

START_TEST(many_clients)
{
	pthread_t c[8];

	start(3, 0);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&c[i], NULL, client_main, NULL), 0);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_join(c[i], NULL), 0);
	stop();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fcgi_serve");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, kept_and_not);
	tcase_add_test(tc, bodies);
	tcase_add_test(tc, half_a_request_holds_no_thread);
	tcase_add_loop_test(tc, rubbish_is_closed, 0, sizeof rubbish / sizeof rubbish[0]);
	tcase_add_loop_test(tc, content_length, 0, sizeof lengths / sizeof lengths[0]);
	tcase_add_test(tc, silent_peers_are_cut);
	tcase_add_test(tc, peers_that_leave);
	tcase_add_test(tc, half_closed_peers_are_answered);
	tcase_add_test(tc, a_second_request_unasked);
	tcase_add_test(tc, stopping_finishes_what_is_under_way);
	tcase_add_test(tc, no_descriptors_left);
	tcase_add_test(tc, tick_ends_it);
	tcase_add_test(tc, signal_handlers_stay_ours);
	tcase_add_test(tc, many_clients);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
