#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "t/bench/rig.h"

/*
 * A TCP proxy that holds back what the server says for a fixed time, as a
 * distance would.   delay MILLISECONDS LISTEN-ADDRESS PORT SERVER-ADDRESS PORT
 *
 * What clients say passes at once.  Every piece of a reply has its own due
 * time, so a long reply is late once, not once a piece, and the connections do
 * not wait for each other.
 */

enum { PIECE_BYTES = 32768, PROXY_EVENTS = 256 };

struct piece {
	struct piece *next;		/* of all, in the order of their time: all have the same delay */
	struct pair  *pair;
	int64_t	      due_ns;
	size_t	      len;		/* len 0: the server closed */
	char	      bytes[];
};

struct end {
	struct pair *pair;
	int	     fd;
};

struct pair {
	struct end client, server;
	bool	   gone;
};

static struct piece *first, **last = &first;
static int64_t delay_ns;
static int ep;

static struct sockaddr_in
address(const char *host, const char *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };

	if (inet_pton(AF_INET, host, &sa.sin_addr) != 1)
		die("%s: not an address", host);
	return sa;
}

static void
watch(int fd, void *arg)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = arg };
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);	/* a hint */
	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == -1)
		die("epoll_ctl: %s", strerror(errno));
}

static void
pair_open(int listen_fd, const struct sockaddr_in *server)
{
	struct pair *p = calloc(1, sizeof *p);

	if (p == NULL)
		die("memory");
	p->client = (struct end){ p, accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC) };
	p->server = (struct end){ p, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	if (p->client.fd == -1 || p->server.fd == -1 ||
	    connect(p->server.fd, (const struct sockaddr *)server, sizeof *server) == -1)
		die("a connection: %s", strerror(errno));
	watch(p->client.fd, &p->client);
	watch(p->server.fd, &p->server);
}

static void
pair_close(struct pair *p)		/* its memory stays for pieces and events that name it; a bench is short */
{
	if (p->gone)
		return;
	p->gone = true;
	close(p->client.fd);
	close(p->server.fd);
}

static bool
send_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n == -1 && errno != EINTR)
			return false;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static void
pass(struct pair *p)			/* what the client says */
{
	static char buf[PIECE_BYTES];
	ssize_t n = recv(p->client.fd, buf, sizeof buf, MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || !send_all(p->server.fd, buf, (size_t)n))
		pair_close(p);
}

static void
hold(struct pair *p)			/* what the server says */
{
	struct piece *piece = malloc(sizeof *piece + PIECE_BYTES);
	ssize_t n;

	if (piece == NULL)
		die("memory");
	n = recv(p->server.fd, piece->bytes, PIECE_BYTES, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		free(piece);
		return;
	}
	if (n <= 0)
		(void)epoll_ctl(ep, EPOLL_CTL_DEL, p->server.fd, NULL);	/* it would stay readable */
	piece->next = NULL;
	piece->pair = p;
	piece->due_ns = clock_mono_ns() + delay_ns;
	piece->len = n > 0 ? (size_t)n : 0;
	*last = piece;
	last = &piece->next;
}

static void
let_go(void)
{
	while (first != NULL && first->due_ns <= clock_mono_ns()) {
		struct piece *piece = first;

		if ((first = piece->next) == NULL)
			last = &first;
		if (!piece->pair->gone && (piece->len == 0 || !send_all(piece->pair->client.fd, piece->bytes, piece->len)))
			pair_close(piece->pair);
		free(piece);
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in here, there;
	struct epoll_event ev[PROXY_EVENTS];
	int fd, on = 1;

	if (argc != 6)
		die("usage: delay MILLISECONDS LISTEN-ADDRESS PORT SERVER-ADDRESS PORT");
	delay_ns = (int64_t)(strtod(argv[1], NULL) * 1e6);
	here = address(argv[2], argv[3]);
	there = address(argv[4], argv[5]);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
	    bind(fd, (struct sockaddr *)&here, sizeof here) == -1 || listen(fd, 1024) == -1 ||
	    (ep = epoll_create1(EPOLL_CLOEXEC)) == -1)
		die("listen %s:%s: %s", argv[2], argv[3], strerror(errno));
	watch(fd, NULL);
	for (;;) {
		int64_t wait_ns = first != NULL ? first->due_ns - clock_mono_ns() : 1000000000;
		struct timespec ts = { 0, 0 };
		int n;

		if (wait_ns > 0)
			ts = (struct timespec){ wait_ns / 1000000000, wait_ns % 1000000000 };
		n = epoll_pwait2(ep, ev, PROXY_EVENTS, &ts, NULL);
		for (int i = 0; i < n; i++) {
			struct end *e = ev[i].data.ptr;

			if (e == NULL)
				pair_open(fd, &there);
			else if (!e->pair->gone && e == &e->pair->client)
				pass(e->pair);
			else if (!e->pair->gone)
				hold(e->pair);
		}
		let_go();
	}
}
