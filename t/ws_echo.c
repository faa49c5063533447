/*
 * ws_echo - an echo server made of the relay's own connection code, for
 * conformance suites such as Autobahn's:
 *
 *	ws_echo --socket PATH | --port N [--compress] [--max-message BYTES]
 *
 * Port 0 picks one; "listening on ..." is printed when it does.  TERM ends it.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/conn.h"
#include "shared/daemon.h"
#include "t/echo_stream.h"

static const struct stream *const streams[] = { &echo_stream };
static bool ended;

static void
signalled(struct watch *w, uint32_t events)
{
	struct signalfd_siginfo si;

	(void)events;
	if (read(w->fd, &si, sizeof si) == (ssize_t)sizeof si && (si.ssi_signo == SIGTERM || si.ssi_signo == SIGINT))
		ended = true;
}

static int
listen_port(unsigned port, struct err *e)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
	socklen_t len = sizeof sa;

	if (fd == -1)
		return err_set(e, -errno, "socket: %s", strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);	/* a convenience */
	if (bind(fd, (struct sockaddr *)&sa, sizeof sa) == -1 || listen(fd, 1024) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) == -1) {
		int rc = err_set(e, -errno, "port %u: %s", port, strerror(errno));

		close(fd);
		return rc;
	}
	printf("listening on ws://127.0.0.1:%u/\n", ntohs(sa.sin_port));
	return fd;
}

static int
echo(int fd, const struct conf *conf, const sigset_t *stop)
{
	static struct loop loop;
	static struct server server;
	struct watch signals = { .fd = signalfd(-1, stop, SFD_NONBLOCK | SFD_CLOEXEC), .ready = signalled };
	int rc = loop_init(&loop);

	if (rc == 0)
		rc = server_init(&server, &loop, conf, streams, 1, NULL, daemon_raise_nofile());
	server.behind_proxy = false;
	if (rc == 0)
		rc = loop_watch(&loop, &signals, EPOLLIN);
	if (rc == 0)
		rc = server_listen(&server, fd);
	(void)fflush(stdout);
	while (rc >= 0 && !ended)
		rc = loop_turn(&loop, -1);
	server_fini(&server);
	loop_unwatch(&loop, &signals);
	loop_fini(&loop);
	return rc;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' }, { "port", required_argument, NULL, 'p' },
		{ "compress", no_argument, NULL, 'c' }, { "max-message", required_argument, NULL, 'm' }, { NULL, 0, NULL, 0 },
	};
	const char *path = NULL, *port = NULL;
	static struct conf conf;
	struct err e = { "" };
	sigset_t stop;
	int o, fd, rc;

	conf_defaults(&conf);
	conf.message_max_bytes = 64 << 20;
	conf.max_messages = 0;
	conf.heartbeat_ms = 86400000;	/* what it says unasked is no echo, and a slow suite takes it for one */
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {
		case 's': path = optarg; break;
		case 'p': port = optarg; break;
		case 'c': conf.compress = true; break;
		case 'm': conf.message_max_bytes = strtoll(optarg, NULL, 10); break;
		default: return 64;
		}
	if ((path == NULL) == (port == NULL)) {
		fprintf(stderr, "usage: ws_echo --socket PATH | --port N [--compress] [--max-message BYTES]\n");
		return 64;
	}
	log_init("ws_echo", LOG_WARNING);
	daemon_signals(&stop);
	fd = path != NULL ? daemon_listen(path, &e) : listen_port((unsigned)strtoul(port, NULL, 10), &e);
	if (fd < 0) {
		fprintf(stderr, "ws_echo: %s\n", e.text);
		return 1;
	}
	if (path != NULL)
		printf("listening on %s\n", path);
	rc = echo(fd, &conf, &stop);
	if (path != NULL)
		daemon_unlisten(path, fd);
	else
		close(fd);
	if (rc < 0)
		fprintf(stderr, "ws_echo: %s\n", strerror(-rc));
	return rc < 0;
}
