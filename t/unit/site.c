#include "config.h"

#include "site.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNS = 128, HEAD_BYTES = 8192 };

struct peer {
	int	    fd;			/* -1: free */
	char	    head[HEAD_BYTES];
	size_t	    n;
	struct text out;
	size_t	    sent;
};

static struct peer peers[CONNS];

void
site_reply(struct text *out, const char *status, const char *type, const char *headers, const char *body)
{
	text_printf(out, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n%s", status, type,
	    strlen(body), headers, body);
}

static void
count(struct site_hit *hits, const char *path)
{
	for (unsigned i = 0; i < SITE_PATHS; i++) {
		if (hits[i].path[0] == '\0')
			(void)snprintf(hits[i].path, sizeof hits[i].path, "%s", path);
		if (strcmp(hits[i].path, path) == 0) {
			(void)atomic_fetch_add(&hits[i].n, 1);
			return;
		}
	}
}

static void
drop(struct peer *p)
{
	close(p->fd);
	p->fd = -1;
	text_fini(&p->out);
}

static void
on_readable(struct peer *p, struct site *s, site_f *f)
{
	ssize_t n = recv(p->fd, p->head + p->n, sizeof p->head - 1 - p->n, 0);
	char path[SITE_PATH_BYTES], *end;

	if (n <= 0) {
		drop(p);
		return;
	}
	p->n += (size_t)n;
	p->head[p->n] = '\0';
	while ((end = strstr(p->head, "\r\n\r\n")) != NULL) {
		size_t used = (size_t)(end + 4 - p->head);

		if (sscanf(p->head, "GET %119s", path) == 1) {
			count(s->hits, path);
			f(&p->out, path, s->port);
		}
		memmove(p->head, p->head + used, p->n - used + 1);
		p->n -= used;
	}
}

static void
on_writable(struct peer *p)
{
	ssize_t n = send(p->fd, p->out.p + p->sent, p->out.len - p->sent, MSG_NOSIGNAL);

	if (n < 0) {
		drop(p);
		return;
	}
	p->sent += (size_t)n;
	if (p->sent == p->out.len) {
		text_clear(&p->out);
		p->sent = 0;
	}
}

static void
serve(int listen_fd, struct site *s, site_f *f)
{
	struct pollfd fds[CONNS + 1];

	for (unsigned i = 0; i < CONNS; i++)
		peers[i].fd = -1;
	for (;;) {
		fds[CONNS] = (struct pollfd){ .fd = listen_fd, .events = POLLIN };
		for (unsigned i = 0; i < CONNS; i++)
			fds[i] = (struct pollfd){ .fd = peers[i].fd, .events = (short)(POLLIN | (peers[i].out.len > 0 ? POLLOUT : 0)) };
		if (poll(fds, CONNS + 1, -1) < 0)
			continue;
		for (unsigned i = 0; i < CONNS; i++) {
			if (peers[i].fd >= 0 && (fds[i].revents & POLLOUT) != 0)
				on_writable(&peers[i]);
			if (peers[i].fd >= 0 && (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
				on_readable(&peers[i], s, f);
		}
		if (fds[CONNS].revents != 0)
			for (unsigned i = 0; i < CONNS; i++)
				if (peers[i].fd < 0) {
					peers[i] = (struct peer){ .fd = accept(listen_fd, NULL, NULL) };
					break;
				}
	}
}

static int
listen_somewhere(unsigned *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof in;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof in) < 0 || listen(fd, 128) < 0 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) < 0)
		abort();
	*port = ntohs(in.sin_port);
	return fd;
}

void
site_start(struct site *s, site_f *f)
{
	pid_t parent = getpid();
	int fd = listen_somewhere(&s->port);

	s->hits = mmap(NULL, SITE_PATHS * sizeof *s->hits, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->hits == MAP_FAILED || (s->pid = fork()) < 0)
		abort();
	if (s->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		serve(fd, s, f);
	}
	close(fd);
}

void
site_stop(struct site *s)
{
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	(void)munmap(s->hits, SITE_PATHS * sizeof *s->hits);
}

unsigned
site_hits(const struct site *s, const char *path)
{
	for (unsigned i = 0; i < SITE_PATHS; i++)
		if (strcmp(s->hits[i].path, path) == 0)
			return atomic_load(&s->hits[i].n);
	return 0;
}

unsigned
site_closed_port(void)
{
	unsigned port;

	close(listen_somewhere(&port));
	return port;
}
