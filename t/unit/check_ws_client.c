/* The client against a scripted server on a unix socket, in a thread. */
#include "config.h"

#include "ctl/ws_client.h"

#include <check.h>
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/progress_row.h"
#include "shared/ws_frame.h"

enum { GOT_MAX = 4096, MESSAGES_MAX = 3 };

struct script {
	const char *name;
	const char *reply;		/* to the upgrade; NULL: the right one */
	const char *bytes;		/* then */
	size_t	    len;
	int	    open_rc;
	const char *message[MESSAGES_MAX];
	int	    end_rc;		/* what follows the messages */
	const char *answer;		/* unmasked payload of the first frame from the client */
	int	    answer_op;
};
#define B(s) s, sizeof(s) - 1

static const struct script scripts[] = {
	{ "one message", NULL, B("\x81\x02" "hi" "\x88\x02\x03\xe8"), 0, { "hi" }, -EPIPE, "\x03\xe8", WS_CLOSE },
	{ "two at once", NULL, B("\x81\x01" "a" "\x81\x01" "b" "\x88\x00"), 0, { "a", "b" }, -EPIPE, "", WS_CLOSE },
	{ "empty", NULL, B("\x81\x00\x88\x00"), 0, { "" }, -EPIPE, "", WS_CLOSE },
	{ "fragments", NULL, B("\x01\x02" "he" "\x89\x01" "p" "\x00\x02" "ll" "\x80\x01" "o" "\x88\x00"), 0, { "hello" }, -EPIPE, "p", WS_PONG },
	{ "ping only", NULL, B("\x89\x03" "abc" "\x88\x00"), 0, { NULL }, -EPIPE, "abc", WS_PONG },
	{ "pong is ignored", NULL, B("\x8a\x01x\x81\x01y\x88\x00"), 0, { "y" }, -EPIPE, "", WS_CLOSE },
	{ "masked by the server", NULL, B("\x81\x81" "\0\0\0\0" "x"), 0, { NULL }, -EPROTO, "\x03\xea", WS_CLOSE },
	{ "binary", NULL, B("\x82\x01x"), 0, { NULL }, -EPROTO, "\x03\xeb", WS_CLOSE },
	{ "continuation of nothing", NULL, B("\x80\x01x"), 0, { NULL }, -EPROTO, "\x03\xea", WS_CLOSE },
	{ "text within text", NULL, B("\x01\x01x\x81\x01y"), 0, { NULL }, -EPROTO, "\x03\xea", WS_CLOSE },
	{ "not UTF-8", NULL, B("\x81\x01\xff"), 0, { NULL }, -EPROTO, "\x03\xef", WS_CLOSE },
	{ "too large", NULL, B("\x81\x7f\0\0\0\0\x10\0\0\0"), 0, { NULL }, -EPROTO, "\x03\xf1", WS_CLOSE },
	{ "cut off", NULL, B("\x81\x05hel"), 0, { NULL }, -EPIPE, NULL, 0 },
	{ "refused", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", B(""), -EPROTO, { NULL }, 0, NULL, 0 },
	{ "wrong key", "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: AAAA\r\n\r\n", B(""), -EPROTO, { NULL }, 0, NULL, 0 },
	{ "no HTTP", "hello\r\n\r\n", B(""), -EPROTO, { NULL }, 0, NULL, 0 },
	{ "ends at once", "", B(""), -EPROTO, { NULL }, 0, NULL, 0 },
};

struct server {
	const struct script *script;
	int	fd;			/* listening */
	size_t	step;			/* bytes sent at a time */
	uint8_t	got[GOT_MAX];		/* what came after the request */
	size_t	n_got;
};

static void
put(int fd, const char *p, size_t len, size_t step)
{
	while (len > 0) {
		size_t n = len < step ? len : step;

		if (send(fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
			return;
		p += n;
		len -= n;
	}
}

static void *
serve(void *arg)
{
	struct server *sv = arg;
	char head[2048] = "", reply[512], accept[WS_ACCEPT_BYTES], *key;
	size_t n = 0;
	ssize_t got;
	int fd = accept4(sv->fd, NULL, NULL, SOCK_CLOEXEC);

	while (strstr(head, "\r\n\r\n") == NULL && (got = recv(fd, head + n, sizeof head - 1 - n, 0)) > 0)
		n += (size_t)got;
	key = strstr(head, "Sec-WebSocket-Key: ");
	if (sv->script->reply != NULL || key == NULL) {
		put(fd, sv->script->reply, strlen(sv->script->reply), sv->step);
	} else {
		ws_accept_key(accept, key + 19, WS_KEY_BYTES);
		snprintf(reply, sizeof reply, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		    "Connection: Upgrade\r\nsec-websocket-accept: %s\r\n\r\n", accept);
		put(fd, reply, strlen(reply), sv->step);
		put(fd, sv->script->bytes, sv->script->len, sv->step);
	}
	shutdown(fd, SHUT_WR);
	while ((got = recv(fd, sv->got + sv->n_got, sizeof sv->got - sv->n_got, 0)) > 0)
		sv->n_got += (size_t)got;
	close(fd);
	return NULL;
}

static void
check_answer(const struct server *sv)
{
	const struct script *sc = sv->script;
	struct ws_header h;
	uint8_t payload[WS_CONTROL_MAX];

	ck_assert_msg(ws_header_parse(sv->got, sv->n_got, WS_FROM_CLIENT, WS_CONTROL_MAX, &h) == 0, "%s: no frame", sc->name);
	ck_assert_msg(sv->n_got >= h.header_bytes + h.payload_bytes, "%s: half a frame", sc->name);
	memcpy(payload, sv->got + h.header_bytes, (size_t)h.payload_bytes);
	ws_mask(payload, (size_t)h.payload_bytes, h.mask, 0);
	ck_assert_msg((int)h.opcode == sc->answer_op, "%s: opcode %d", sc->name, (int)h.opcode);
	ck_assert_msg(h.payload_bytes == strlen(sc->answer) && memcmp(payload, sc->answer, strlen(sc->answer)) == 0,
	    "%s: payload", sc->name);
}

START_TEST(test_scripts)
{
	const struct script *sc = &scripts[_i / 2];
	struct server sv = { .script = sc, .step = _i % 2 == 0 ? SIZE_MAX : 1 };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	static struct ctl ctl;
	struct ws_client *ws = NULL;
	struct slice m;
	struct err e = { "" };
	pthread_t thread;
	int rc;

	snprintf(sun.sun_path, sizeof sun.sun_path, "/tmp/check_ws_client.%ld", (long)getpid());
	(void)unlink(sun.sun_path);		/* of an earlier process with our id */
	sv.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(sv.fd, (struct sockaddr *)&sun, sizeof sun), 0);
	ck_assert_int_eq(listen(sv.fd, 1), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, serve, &sv), 0);
	FIELD_SET(ctl.base, "http://localhost:8080");
	FIELD_SET(ctl.unix_path, sun.sun_path);

	rc = ws_client_open(&ws, &ctl, "/api/crawl-progress/x", 5000, &e);
	ck_assert_msg(rc == sc->open_rc, "%s: open %d %s", sc->name, rc, e.text);
	for (int i = 0; rc == 0 && i < MESSAGES_MAX && sc->message[i] != NULL; i++) {
		while ((rc = ws_client_next(ws, 5000, &m)) == 0)
			;
		ck_assert_msg(rc == 1 && slice_is(m, sc->message[i]), "%s: message %d: %d %.*s", sc->name, i, rc, (int)m.len, m.p);
		rc = 0;
	}
	if (rc == 0) {
		while ((rc = ws_client_next(ws, 5000, &m)) == 0)
			;
		ck_assert_msg(rc == sc->end_rc, "%s: end %d", sc->name, rc);
		ws_client_close(ws);
	}
	pthread_join(thread, NULL);
	if (sc->answer != NULL)
		check_answer(&sv);
	close(sv.fd);
	unlink(sun.sun_path);
}
END_TEST

START_TEST(test_nobody_there)
{
	static struct ctl ctl;
	struct ws_client *ws = NULL;
	struct err e = { "" };

	FIELD_SET(ctl.base, "http://localhost");
	FIELD_SET(ctl.unix_path, "/nonexistent/http.sock");
	ck_assert_int_eq(ws_client_open(&ws, &ctl, "/", 1000, &e), -ENOTCONN);
	ck_assert(strstr(e.text, "unix:/nonexistent/http.sock") != NULL);
	ws_client_close(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ws_client");
	TCase *tc = tcase_create("ws_client");
	SRunner *sr = srunner_create(s);
	int failed;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	tcase_add_loop_test(tc, test_scripts, 0, 2 * (int)(sizeof scripts / sizeof scripts[0]));
	tcase_add_test(tc, test_nobody_there);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	curl_global_cleanup();
	return failed != 0;
}
