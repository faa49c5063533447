/*
 * badsite - a web server for tests that behaves as its paths say:
 *
 *	/site/NAME/PAGESxMS/pK.html	page K of PAGES, a binary tree from p0.html
 *					(also at /), each after MS ms
 *	/flat/N/			a page that links to N others, /flat/N/K
 *	/status/CODE			that status
 *	/slow/MS			a page, after MS ms
 *	/hang				takes the request and never answers
 *	/reset				a TCP reset instead of an answer
 *	/half				half of the promised body, then the end
 *	/loop/N				redirects to /loop/N+1, round after LOOP
 *	/deep/N				redirects to /deep/N+1 without end
 *	/self				redirects to itself
 *	/to/URL				redirects to URL
 *	/bytes/N			a page of N bytes
 *	/image				an image
 *	/empty				200 and no body
 *	/mark/X				logged after everything that was sent before it
 *
 * badsite DIR: listens on 127.0.0.1, writes the port to DIR/port when it is
 * ready, and to DIR/deaf the port of a socket that takes no connection any more.
 * DIR/log gets a line a request, its path, when it arrives; DIR/heads the
 * headers of those to /site/secret/.  TERM ends it.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CLIENTS = 256,
	HEAD_BYTES = 4096,
	BODY_BYTES = 4 << 20,
	LOOP = 3,
	MARK_MS = 30,
	DEAF_CLIENTS = 4,	/* more than its backlog holds */
};

enum then { KEEP, END, RESET };

struct client {
	int	  fd;
	char	  in[HEAD_BYTES];
	size_t	  in_len;
	char	 *out;			/* NULL: nothing is due */
	size_t	  out_len, out_at;
	int64_t	  due_ms;
	enum then then;
	char	  late[64];		/* logged when it is answered */
};

static struct client clients[CLIENTS];
static struct pollfd fds[CLIENTS + 1];
static nfds_t n_fds = 1;		/* fds[i + 1] is of clients[i] */
static FILE *trace, *heads;
static volatile sig_atomic_t over;
static char body[BODY_BYTES + 1];

static void
on_term(int signo)
{
	(void)signo;
	over = 1;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* -- answers ----------------------------------------------------------------- */

static void
answer(struct client *c, int status, const char *type, const char *extra, size_t promised, int64_t delay_ms)
{
	size_t len = strlen(body), cap = len + 1024;
	int n;

	if ((c->out = malloc(cap)) == NULL)
		abort();
	n = snprintf(c->out, cap, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n%s",
	    status, status < 400 ? "OK" : "Not OK", type, promised != 0 ? promised : len, extra, body);
	c->out_len = (size_t)n;
	c->out_at = 0;
	c->due_ms = now_ms() + delay_ms;
	c->then = promised != 0 ? END : KEEP;
}

static void
redirect(struct client *c, const char *fmt, const char *text, unsigned long n)
{
	char extra[512], to[448];

	if (text != NULL)
		(void)snprintf(to, sizeof to, "%s", text);
	else
		(void)snprintf(to, sizeof to, "/%s/%lu", fmt, n);
	(void)snprintf(extra, sizeof extra, "Location: %s\r\n", to);
	(void)snprintf(body, sizeof body, "<p>elsewhere</p>");
	answer(c, 302, "text/html", extra, 0, 0);
}

/* A page of its own words, so that no two are the same; K links to 2K+1 and 2K+2. */
static void
tree_page(struct client *c, const char *rest)
{
	char name[64];
	unsigned long pages, delay_ms, k = 0, at = 0;
	int used = 0;

	if (sscanf(rest, "%63[^/]/%lux%lu/%n", name, &pages, &delay_ms, &used) != 3 || used == 0)
		goto none;
	if (rest[used] != '\0' && sscanf(rest + used, "p%lu.html", &k) != 1)
		goto none;
	if (k >= pages)
		goto none;
	at = (unsigned long)snprintf(body, sizeof body, "<!DOCTYPE html><html><head><title>Page %lu of %s</title></head><body><main>"
	    "<h1>Page %lu</h1><p>The word of this page is word%lux%s, and it stands here among some others.</p>", k, name, k, k, name);
	for (unsigned long to = 2 * k + 1; to <= 2 * k + 2; to++)
		if (to < pages)
			at += (unsigned long)snprintf(body + at, sizeof body - at, "<a href=\"p%lu.html\">page %lu</a> ", to, to);
	(void)snprintf(body + at, sizeof body - at, "<a href=\"./\">home</a></main></body></html>");
	answer(c, 200, "text/html; charset=utf-8", "", 0, (int64_t)delay_ms);
	return;
none:
	(void)snprintf(body, sizeof body, "<p>none</p>");
	answer(c, 404, "text/html", "", 0, 0);
}

static void
flat_page(struct client *c, const char *rest)
{
	unsigned long pages = 0, k = 0;
	size_t at = 0;
	int n = sscanf(rest, "%lu/%lu", &pages, &k);

	if (n == 2) {
		(void)snprintf(body, sizeof body, "<title>Leaf %lu</title><main><p>The word of this page is leaf%lu.</p></main>", k, k);
	} else {
		at = (size_t)snprintf(body, sizeof body, "<title>All</title><main><h1>All of them</h1>");
		for (k = 0; k < pages && sizeof body - at > 64; k++)
			at += (size_t)snprintf(body + at, sizeof body - at, "<a href=%lu>leaf %lu</a> ", k, k);
	}
	answer(c, 200, "text/html", "", 0, 0);
}

static void
plain_page(struct client *c, size_t bytes, int64_t delay_ms)
{
	size_t len = (size_t)snprintf(body, sizeof body, "<title>Plain</title><main><h1>Plain</h1><p>A page with a few words.</p></main>");

	if (bytes > BODY_BYTES)
		bytes = BODY_BYTES;
	if (bytes > len) {
		memset(body + len, ' ', bytes - len);
		body[bytes] = '\0';
	}
	answer(c, 200, "text/html", "", 0, delay_ms);
}

static const char *
after(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(path, prefix, n) == 0 ? path + n : NULL;
}

static void
serve(struct client *c, const char *path)
{
	const char *rest;

	body[0] = '\0';
	if ((rest = after(path, "/mark/")) != NULL) {
		(void)snprintf(c->late, sizeof c->late, "%.60s", path);
		answer(c, 200, "text/plain", "", 0, MARK_MS);
		return;
	}
	fprintf(trace, "%s\n", path);
	fflush(trace);
	if ((rest = after(path, "/site/")) != NULL) {
		tree_page(c, rest);
	} else if ((rest = after(path, "/flat/")) != NULL) {
		flat_page(c, rest);
	} else if ((rest = after(path, "/status/")) != NULL) {
		(void)snprintf(body, sizeof body, "<title>No</title><p>This is no page to keep.</p>");
		answer(c, (int)strtol(rest, NULL, 10), "text/html", "", 0, 0);
	} else if ((rest = after(path, "/slow/")) != NULL) {
		plain_page(c, 0, strtol(rest, NULL, 10));
	} else if ((rest = after(path, "/bytes/")) != NULL) {
		plain_page(c, strtoul(rest, NULL, 10), 0);
	} else if ((rest = after(path, "/loop/")) != NULL) {
		redirect(c, "loop", NULL, (strtoul(rest, NULL, 10) + 1) % LOOP);
	} else if ((rest = after(path, "/deep/")) != NULL) {
		redirect(c, "deep", NULL, strtoul(rest, NULL, 10) + 1);
	} else if (strcmp(path, "/self") == 0) {
		redirect(c, NULL, "/self", 0);
	} else if ((rest = after(path, "/to/")) != NULL) {
		redirect(c, NULL, rest, 0);
	} else if (strcmp(path, "/reset") == 0) {
		c->then = RESET;
	} else if (strcmp(path, "/half") == 0) {
		(void)snprintf(body, sizeof body, "<p>The first half of a page");
		answer(c, 200, "text/html", "", 1000, 0);
	} else if (strcmp(path, "/image") == 0) {
		(void)snprintf(body, sizeof body, "GIF89a");
		answer(c, 200, "image/gif", "", 0, 0);
	} else if (strcmp(path, "/empty") == 0) {
		answer(c, 200, "text/html", "", 0, 0);
	} else if (strcmp(path, "/hang") != 0) {
		(void)snprintf(body, sizeof body, "<p>none</p>");
		answer(c, 404, "text/html", "", 0, 0);
	}
}

/* -- clients ----------------------------------------------------------------- */

static void
client_end(nfds_t i, bool reset)
{
	struct client *c = &clients[i];
	struct linger hard = { .l_onoff = 1 };

	if (reset)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	close(c->fd);
	free(c->out);
	n_fds--;
	clients[i] = clients[n_fds - 1];
	fds[i + 1] = fds[n_fds];
}

static bool
client_read(struct client *c)		/* false: gone */
{
	ssize_t n = read(c->fd, c->in + c->in_len, sizeof c->in - 1 - c->in_len);
	char path[512], *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	c->in_len += (size_t)n;
	c->in[c->in_len] = '\0';
	if ((end = strstr(c->in, "\r\n\r\n")) == NULL)
		return c->in_len < sizeof c->in - 1;
	if (sscanf(c->in, "%*s %511s", path) != 1)
		return false;
	if (strncmp(path, "/site/secret/", 13) == 0) {
		for (const char *p = c->in; p < end + 2; p++)
			if (*p != '\r')
				(void)putc(*p, heads);
		fflush(heads);
	}
	c->in_len -= (size_t)(end + 4 - c->in);
	memmove(c->in, end + 4, c->in_len);
	serve(c, path);
	return true;
}

static bool
client_write(struct client *c)
{
	ssize_t n = write(c->fd, c->out + c->out_at, c->out_len - c->out_at);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->out_at += (size_t)n;
	if (c->out_at < c->out_len)
		return true;
	if (c->late[0] != '\0') {
		fprintf(trace, "%s\n", c->late);
		fflush(trace);
		c->late[0] = '\0';
	}
	free(c->out);
	c->out = NULL;
	return c->then != END;
}

static void
clients_turn(int64_t now)
{
	for (nfds_t i = n_fds - 1; i-- > 0; ) {	/* the last takes the place of one that ends */
		struct client *c = &clients[i];
		bool there = true, due;

		if (fds[i + 1].revents != 0 && c->out == NULL && c->then != RESET)
			there = client_read(c);
		else if (fds[i + 1].revents & (POLLERR | POLLHUP))
			there = false;
		due = c->due_ms <= now;
		if (there && c->then == RESET) {
			client_end(i, true);
			continue;
		}
		if (there && c->out != NULL && due)
			there = client_write(c);
		if (!there)
			client_end(i, false);
	}
}

static int
turn(int64_t now)			/* what to poll for; how long, in ms */
{
	int64_t wait_ms = 60000;

	for (nfds_t i = 0; i + 1 < n_fds; i++) {
		struct client *c = &clients[i];
		bool due = c->due_ms <= now;

		fds[i + 1].events = c->out == NULL ? POLLIN : due ? POLLOUT : 0;
		if (c->out != NULL && !due && c->due_ms - now < wait_ms)
			wait_ms = c->due_ms - now;
	}
	fds[0].events = n_fds <= CLIENTS ? POLLIN : 0;
	return (int)wait_ms;
}

static void
accept_all(void)
{
	int fd;

	while (n_fds <= CLIENTS && (fd = accept4(fds[0].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		clients[n_fds - 1] = (struct client){ .fd = fd };
		fds[n_fds++] = (struct pollfd){ .fd = fd };
	}
}

/* -- start ------------------------------------------------------------------- */

static int
listen_on(int backlog, const char *dir, const char *name, struct sockaddr_in *a)
{
	socklen_t len = sizeof *a;
	char path[512], tmp[512 + 8];
	FILE *f;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*a = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd == -1 || bind(fd, (struct sockaddr *)a, sizeof *a) != 0 || listen(fd, backlog) != 0 ||
	    getsockname(fd, (struct sockaddr *)a, &len) != 0)
		return -1;
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	(void)snprintf(tmp, sizeof tmp, "%s.new", path);
	if ((f = fopen(tmp, "w")) == NULL)
		return -1;
	fprintf(f, "%u\n", (unsigned)ntohs(a->sin_port));
	return fclose(f) == 0 && rename(tmp, path) == 0 ? fd : -1;
}

int
main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_term };
	struct sockaddr_in a;
	char path[512];

	if (argc != 2) {
		fputs("usage: badsite DIR\n", stderr);
		return 64;
	}
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(path, sizeof path, "%s/log", argv[1]);
	if ((trace = fopen(path, "a")) == NULL || listen_on(0, argv[1], "deaf", &a) < 0) {
		perror("badsite");
		return 1;
	}
	(void)snprintf(path, sizeof path, "%s/heads", argv[1]);
	if ((heads = fopen(path, "a")) == NULL) {
		perror("badsite");
		return 1;
	}
	for (int i = 0; i < DEAF_CLIENTS; i++) {	/* they fill its backlog and stay */
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		(void)connect(fd, (struct sockaddr *)&a, sizeof a);
	}
	if ((fds[0].fd = listen_on(CLIENTS, argv[1], "port", &a)) < 0) {
		perror("badsite");
		return 1;
	}
	while (!over) {
		int wait_ms = turn(now_ms());

		if (poll(fds, n_fds, wait_ms) < 0)
			continue;			/* EINTR: TERM, or nothing */
		clients_turn(now_ms());
		if (fds[0].revents != 0)
			accept_all();
	}
	while (n_fds > 1)
		client_end(0, false);
	return fclose(trace) == 0 && fclose(heads) == 0 ? 0 : 1;
}
