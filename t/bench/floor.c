#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/bench/rig.h"

/*
 * The floor: one epoll loop, one prebuilt frame, one send() to each socket when
 * the eventfd says so.  No handshake, no parsing, no timers; a socket that is
 * full misses the frame, and the readers count what arrives.
 */

enum { FLOOR_EVENTS = 256 };

static unsigned self;			/* which of the rig's floors */
static int *clients;
static unsigned n_clients, cap_clients;

static void
floor_accept(struct rig *g, int listen_fd, int ep)
{
	int fd;

	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

		if (n_clients == cap_clients) {
			cap_clients = cap_clients > 0 ? cap_clients * 2 : 64;
			if ((clients = realloc(clients, cap_clients * sizeof *clients)) == NULL)
				die("memory");
		}
		if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == -1)
			die("epoll_ctl: %s", strerror(errno));
		clients[n_clients++] = fd;
		atomic_store(&g->shared->floor[self].clients, n_clients);
	}
	if (errno != EAGAIN)
		die("floor: accept: %s", strerror(errno));
}

static void
floor_drop(struct rig *g, int fd)	/* clients say nothing: readable means gone */
{
	for (unsigned i = 0; i < n_clients; i++)
		if (clients[i] == fd) {
			clients[i] = clients[--n_clients];
			break;
		}
	close(fd);
	atomic_store(&g->shared->floor[self].clients, n_clients);
}

static void
floor_broadcast(struct rig *g)
{
	char digits[STAMP_DIGITS + 1];

	(void)snprintf(digits, sizeof digits, "%016llu", (unsigned long long)atomic_load(&g->shared->floor[self].stamp) % 10000000000000000ULL);
	memcpy(g->frame + g->stamp_at, digits, STAMP_DIGITS);
	for (unsigned i = 0; i < n_clients; i++) {
		ssize_t n = send(clients[i], g->frame, g->frame_len, MSG_NOSIGNAL);

		if (n != -1 && (size_t)n != g->frame_len)
			die("floor: a frame was cut");
	}
}

void
floor_main(struct rig *g, unsigned which, int listen_fd)
{
	struct epoll_event ev[FLOOR_EVENTS];
	int ep = epoll_create1(EPOLL_CLOEXEC), efd = g->floor[which].efd;

	self = which;
	ev[0] = (struct epoll_event){ .events = EPOLLIN, .data.fd = listen_fd };
	ev[1] = (struct epoll_event){ .events = EPOLLIN, .data.fd = efd };
	if (ep == -1 || epoll_ctl(ep, EPOLL_CTL_ADD, listen_fd, &ev[0]) == -1 ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, efd, &ev[1]) == -1)
		die("epoll: %s", strerror(errno));
	for (;;) {
		int n = epoll_wait(ep, ev, FLOOR_EVENTS, -1);

		for (int i = 0; i < n; i++) {
			eventfd_t count;

			if (ev[i].data.fd == listen_fd)
				floor_accept(g, listen_fd, ep);
			else if (ev[i].data.fd != efd)
				floor_drop(g, ev[i].data.fd);
			else if (eventfd_read(efd, &count) == 0)
				floor_broadcast(g);
		}
	}
}
