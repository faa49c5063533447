/*
 * stress_relay - a real archon-relay, many clients of the log, one in twenty of
 * which stops reading.  The others lose nothing and get everything in order;
 * those who stopped are told of the gap when they read again, or were closed;
 * the relay's memory does not follow the number of entries.  -u: the relay is
 * executed anew in place again and again meanwhile.
 *
 *	stress_relay [-u] RELAY-PROGRAM CLIENTS ENTRIES
 *
 * Status 0 when it is so, 1 when not.  BROKEN_CURSOR is the negative control:
 * the judge takes every tenth entry away from one good client.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/ring.h"
#include "shared/ws_frame.h"

enum {
	BUF_BYTES = 1 << 17, SLOW_IN = 20, BATCH = 20, AHEAD = 400,	/* entries the good ones may be behind: the ring has 1,000 */
	PATIENCE_MS = 60000, UPGRADE_MS = 300, GROWTH_KB = 16 * 1024,
};

struct client {
	int	 fd;
	bool	 slow, gap;
	uint64_t next;			/* the entry that must come */
	size_t	 len;
	uint8_t *buf;
};

static char dir[] = "/tmp/t.XXXXXX";
static struct client *clients;
static unsigned n_clients;
static uint64_t missed_by_slow;
static unsigned n_closed;

__attribute__((noreturn, format(printf, 1, 2)))
static void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)putchar('\n');
	exit(1);
}

/* -- the relay ------------------------------------------------------------------------ */

static pid_t
relay_start(const char *program, const char *socket_path)
{
	char conf[64], log[64];
	pid_t pid;
	FILE *f;

	(void)snprintf(conf, sizeof conf, "%s/conf", dir);
	(void)snprintf(log, sizeof log, "%s/log", dir);
	if ((f = fopen(conf, "w")) == NULL)
		die("%s: %s", conf, strerror(errno));
	fprintf(f, "run_dir = %s\nheartbeat = 1h\nping_interval = 1h\npong_timeout = 1h\ndrain = 0s\n", dir);
	fclose(f);
	if ((pid = fork()) == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(fd, STDERR_FILENO);
		execl(program, program, "--config", conf, "--socket", socket_path, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static long
relay_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	if ((f = fopen(path, "r")) == NULL)
		die("the relay is gone");
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "RssAnon: %ld", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

/* -- clients --------------------------------------------------------------------------- */

static void
client_open(struct client *c, const char *path)
{
	static const char rq[] = "GET /api/mcp/logs/stream HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int64_t end_ns = clock_mono_ns() + PATIENCE_MS * 1000000LL;
	uint8_t *end = NULL;

	(void)snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (connect(c->fd, (struct sockaddr *)&sun, sizeof sun) == -1) {
		if (clock_mono_ns() > end_ns)
			die("connect: %s", strerror(errno));
		(void)usleep(1000);
	}
	if ((c->buf = malloc(BUF_BYTES)) == NULL || send(c->fd, rq, sizeof rq - 1, MSG_NOSIGNAL) != sizeof rq - 1)
		die("handshake");
	while (end == NULL) {
		ssize_t n = recv(c->fd, c->buf + c->len, BUF_BYTES - c->len, 0);

		if (n <= 0)
			die("handshake: %s", n == 0 ? "closed" : strerror(errno));
		c->len += (size_t)n;
		end = memmem(c->buf, c->len, "\r\n\r\n", 4);
	}
	end += 4;
	c->len -= (size_t)(end - c->buf);
	memmove(c->buf, end, c->len);
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) == -1)
		die("fcntl");
}

static void
judge(struct client *c, const char *p, size_t len)
{
	static const char gap[] = "{\"type\":\"gap\",\"missed\":", entry[] = "\"message\":\"entry ";
	const char *at = memmem(p, len, entry, sizeof entry - 1);
	unsigned who = (unsigned)(c - clients);
	uint64_t n;

	if (len > sizeof gap && memcmp(p, gap, sizeof gap - 1) == 0) {
		n = strtoull(p + sizeof gap - 1, NULL, 10);
		c->gap = true;
		c->next += n;
		missed_by_slow += n;
		if (!c->slow)
			die("client %u reads, and missed %llu", who, (unsigned long long)n);
		return;
	}
	if (at == NULL)
		return;
	n = strtoull(at + sizeof entry - 1, NULL, 10);
#ifdef BROKEN_CURSOR
	if (who == 1 && n % 10 == 0)
		return;
#endif
	if (n != c->next)
		die("client %u got entry %llu, not %llu", who, (unsigned long long)n, (unsigned long long)c->next);
	c->next++;
}

static void
client_read(struct client *c)
{
	size_t at = 0;
	ssize_t n = recv(c->fd, c->buf + c->len, BUF_BYTES - c->len, 0);

	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0 && c->slow) {	/* it did not drain for write_timeout: that is fair */
		c->next = UINT64_MAX;
		n_closed++;
		close(c->fd);
		c->fd = -1;
		return;
	}
	if (n <= 0)
		die("client %u was closed", (unsigned)(c - clients));
	c->len += (size_t)n;
	while (at < c->len) {
		struct ws_header h;

		if (ws_header_parse(c->buf + at, c->len - at, WS_FROM_SERVER, BUF_BYTES / 2, &h) != 0 ||
		    c->len - at - h.header_bytes < h.payload_bytes)
			break;
		judge(c, (const char *)c->buf + at + h.header_bytes, (size_t)h.payload_bytes);
		at += h.header_bytes + (size_t)h.payload_bytes;
	}
	c->len -= at;
	memmove(c->buf, c->buf + at, c->len);
}

static uint64_t
furthest_behind(bool slow_too)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < n_clients; i++)
		if ((slow_too || !clients[i].slow) && clients[i].next < least)
			least = clients[i].next;
	return least;
}

static void
read_some(int ep, bool slow_too)
{
	struct epoll_event ev[256];
	int n = epoll_wait(ep, ev, 256, 20);

	for (int i = 0; i < n; i++) {
		struct client *c = ev[i].data.ptr;

		if (!c->slow || slow_too)
			client_read(c);
	}
}

static void
watch(int ep, struct client *c)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev) == -1)
		die("epoll: %s", strerror(errno));
}

/* -- the run ----------------------------------------------------------------------------- */

static void
append(struct table *t, uint64_t from, unsigned n)
{
	char text[BATCH][128];
	struct ring_line lines[BATCH];

	for (unsigned i = 0; i < n; i++) {
		int len = snprintf(text[i], sizeof text[i], "entry %llu of many, with words enough to fill a socket after some time",
		    (unsigned long long)(from + i));

		lines[i] = (struct ring_line){ .level = RING_INFO, .message = { text[i], (size_t)len } };
	}
	if (ring_append(t, lines, n) < 0)
		die("ring_append");
}

static void
run(struct table *t, pid_t relay, int ep, uint64_t entries, bool upgrade)
{
	int64_t end_ns = clock_mono_ns() + PATIENCE_MS * 1000000LL, next_ns = 0;
	uint64_t sent = 0, behind = 0;
	unsigned upgrades = 0;
	long kb = 0;

	while ((behind = furthest_behind(false)) < entries) {
		uint64_t was = behind;

		while (sent < entries && sent < behind + AHEAD) {
			append(t, sent, BATCH);
			sent += BATCH;
		}
		if (kb == 0 && behind >= entries / 4)
			kb = relay_kb(relay);
		if (upgrade && clock_mono_ns() > next_ns) {
			if (kill(relay, SIGHUP) == -1)
				die("the relay is gone");
			upgrades++;
			next_ns = clock_mono_ns() + UPGRADE_MS * 1000000LL;
		}
		read_some(ep, false);
		if (furthest_behind(false) > was)
			end_ns = clock_mono_ns() + PATIENCE_MS * 1000000LL;
		else if (clock_mono_ns() > end_ns)
			die("nothing comes any more: %llu of %llu", (unsigned long long)was, (unsigned long long)sent);
	}
	if (relay_kb(relay) > kb + GROWTH_KB)
		die("the relay grew from %ld to %ld KB", kb, relay_kb(relay));
	for (unsigned i = 0; i < n_clients; i++)	/* now they read again */
		if (clients[i].slow)
			watch(ep, &clients[i]);
	for (end_ns = clock_mono_ns() + PATIENCE_MS * 1000000LL; furthest_behind(true) < entries; read_some(ep, true))
		if (clock_mono_ns() > end_ns)
			die("a slow one got stuck");
	if (missed_by_slow == 0 && n_closed == 0 && entries > 5000)
		die("nobody was slow: nothing was shown");
	printf("%u clients, %llu entries, %llu missed by slow ones, %u of them closed, %u upgrades, %ld KB\n", n_clients,
	    (unsigned long long)entries, (unsigned long long)missed_by_slow, n_closed, upgrades, relay_kb(relay));
}

int
main(int argc, char **argv)
{
	bool upgrade = argc > 1 && strcmp(argv[1], "-u") == 0;
	char socket_path[64], path[64];
	uint64_t entries;
	struct table *t;
	struct err e;
	int ep, status;
	pid_t relay;

	if (argc - upgrade != 4)
		die("usage: stress_relay [-u] RELAY-PROGRAM CLIENTS ENTRIES");
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	argv += upgrade;
	n_clients = (unsigned)strtoul(argv[2], NULL, 10);
	entries = strtoull(argv[3], NULL, 10) / BATCH * BATCH;
	if (mkdtemp(dir) == NULL || table_create(dir, TABLE_ROWS_MIN, NULL, NULL, &e) < 0 || table_open(&t, dir, &e) < 0)
		die("table");
	(void)snprintf(socket_path, sizeof socket_path, "%s/relay.sock", dir);
	relay = relay_start(argv[1], socket_path);
	ep = epoll_create1(EPOLL_CLOEXEC);
	if ((clients = calloc(n_clients, sizeof *clients)) == NULL)
		die("memory");
	for (unsigned i = 0; i < n_clients; i++) {
		client_open(&clients[i], socket_path);
		clients[i].slow = i % SLOW_IN == 0;
		if (!clients[i].slow)
			watch(ep, &clients[i]);
	}
	run(t, relay, ep, entries, upgrade);
	(void)kill(relay, SIGTERM);
	for (unsigned i = 0; i < n_clients; i++)
		if (clients[i].fd != -1)
			close(clients[i].fd);
	if (waitpid(relay, &status, 0) != relay || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("the relay ended with %x", status);
	table_close(t);
	for (unsigned i = 0; i < 4; i++) {
		static const char *const files[] = { "table", "conf", "log", "relay.sock" };

		(void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
	return 0;
}
