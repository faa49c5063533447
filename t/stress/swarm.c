#include "config.h"

#include "t/stress/swarm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/daemon.h"
#include "shared/ring.h"
#include "shared/ws_frame.h"

enum { BUF_BYTES = 1 << 18, RECV_BYTES = 1 << 17, BATCH_MAX = 100, EVENTS = 256, BACKLOG = 4096 };

struct held {
	size_t	len;
	uint8_t bytes[];
};

static uint8_t buf[BUF_BYTES];		/* one client's at a time */

void
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

enum { PATH_BYTES = sizeof ((struct swarm *)NULL)->socket_path };

static void
file_of(const struct swarm *s, const char *name, char path[PATH_BYTES])
{
	(void)snprintf(path, PATH_BYTES, "%s/%s", s->dir, name);
}

void
swarm_relay_start(struct swarm *s)
{
	char conf[PATH_BYTES], log[PATH_BYTES], pid[16];

	file_of(s, "conf", conf);
	file_of(s, "log", log);
	if ((s->relay = fork()) == -1)
		die("fork: %s", strerror(errno));
	if (s->relay > 0)
		return;
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
	(void)setenv("LISTEN_PID", pid, 1);
	(void)setenv("LISTEN_FDS", "1", 1);
	(void)setenv("ASAN_OPTIONS", "quarantine_size_mb=1", 0);
	if (fd == -1 || dup2(fd, STDERR_FILENO) == -1 || dup2(s->listen_fd, DAEMON_LISTEN_FD) == -1 ||
	    fcntl(DAEMON_LISTEN_FD, F_SETFD, 0) == -1)
		_exit(126);
	execl(s->program, s->program, "--config", conf, (char *)NULL);
	_exit(127);
}

bool
swarm_relay_ended(struct swarm *s, int *status)
{
	if (waitpid(s->relay, status, WNOHANG) != s->relay)
		return false;
	s->relay = 0;
	return true;
}

long
swarm_relay_kb(const struct swarm *s)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", (long)s->relay);
	if ((f = fopen(path, "r")) == NULL)
		die("the relay is gone");
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "Pss_Anon: %ld", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

unsigned
swarm_log_count(const struct swarm *s, const char *what)
{
	char path[PATH_BYTES], line[1024];
	unsigned n = 0;
	FILE *f;

	file_of(s, "log", path);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	while (fgets(line, sizeof line, f) != NULL)
		n += strstr(line, what) != NULL;
	fclose(f);
	return n;
}

/* -- life ------------------------------------------------------------------------------- */

static void
swarm_listen(struct swarm *s)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	file_of(s, "relay.sock", s->socket_path);
	(void)snprintf(sun.sun_path, sizeof sun.sun_path, "%s", s->socket_path);
	s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listen_fd == -1 || bind(s->listen_fd, (struct sockaddr *)&sun, sizeof sun) == -1 ||
	    listen(s->listen_fd, BACKLOG) == -1)
		die("%s: %s", s->socket_path, strerror(errno));
}

void
swarm_init(struct swarm *s, const char *program, const char *conf, unsigned n_clients)
{
	const char *tmp = getenv("TMPDIR");
	char path[PATH_BYTES];
	struct err e;
	uint64_t last;
	FILE *f;

	*s = (struct swarm){ .program = program, .conf = conf, .n_clients = n_clients };
	(void)snprintf(s->dir, sizeof s->dir, "%s/t.XXXXXX", tmp != NULL ? tmp : "/tmp");
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)daemon_raise_nofile();
	if (mkdtemp(s->dir) == NULL || table_create(s->dir, 2 * SWARM_TOPICS, NULL, NULL, &e) < 0 ||
	    table_open(&s->table, s->dir, &e) < 0)
		die("%s: no table can be made", s->dir);
	file_of(s, "conf", path);
	if ((f = fopen(path, "w")) == NULL)
		die("%s: %s", path, strerror(errno));
	fprintf(f, "run_dir = %s\naccess = off\nheartbeat = 1h\nping_interval = 1h\npong_timeout = 1h\nconflate = 0ms\n%s", s->dir, conf);
	fclose(f);
	swarm_listen(s);
	if ((s->epfd = epoll_create1(EPOLL_CLOEXEC)) == -1 || (s->clients = calloc(n_clients, sizeof *s->clients)) == NULL)
		die("no memory for %u clients", n_clients);
	swarm_publish(s);
	swarm_append(s, 1);		/* an empty log has no number to go on from */
	last = ring_last(s->table);
	for (unsigned i = 0; i < n_clients; i++) {
		bool log = i % N_CLIENT_KINDS >= LOG_WS;

		s->clients[i] = (struct client){ .fd = -1, .kind = (uint8_t)(i % N_CLIENT_KINDS),
		    .topic = i / N_CLIENT_KINDS % SWARM_TOPICS, .seen = log ? last : 0 };
	}
}

static void
client_away(struct client *c)
{
	if (c->fd != -1)
		close(c->fd);
	free(c->held);
	c->held = NULL;
	c->fd = -1;
	c->open = false;
}

void
swarm_fini(struct swarm *s)
{
	static const char *const files[] = {
		TABLE_FILE, TABLE_FILE ".lock", TABLE_DIR, "live", TABLE_COUNTERS, TABLE_COUNTERS_DIR, "conf", "log", "relay.sock",
	};
	int status = 0;
	char path[PATH_BYTES];

	s->stay = true;
	(void)kill(s->relay, SIGTERM);
	for (unsigned i = 0; i < s->n_clients; i++)
		client_away(&s->clients[i]);
	if (waitpid(s->relay, &status, 0) != s->relay || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("the relay ended with %x: see %s/log", status, s->dir);
	if (swarm_log_count(s, "Sanitizer") + swarm_log_count(s, "runtime error") > 0)
		die("a sanitizer reported: see %s/log", s->dir);
	table_close(s->table);
	close(s->listen_fd);
	close(s->epfd);
	free(s->clients);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		file_of(s, files[i], path);
		(void)remove(path);
	}
	(void)rmdir(s->dir);
}

/* -- what is new --------------------------------------------------------------------------- */

void
swarm_publish(struct swarm *s)
{
	s->state++;
	for (unsigned i = 0; i < SWARM_TOPICS; i++) {
		struct crawl_progress p = { .eta_ms = -1, .phase = CRAWL_CRAWLING, .seq = s->state,
		    .started_wall_ms = clock_wall_ms(), .updated_wall_ms = clock_wall_ms() };
		int row;

		(void)snprintf(p.id, sizeof p.id, "crawl-%u", i);
		if ((row = table_find(s->table, p.id)) >= 0)
			table_publish(s->table, (unsigned)row, &p);
		else if ((row = table_add(s->table, &p)) < 0)
			die("table_add: %s", strerror(-row));
	}
}

void
swarm_append(struct swarm *s, unsigned n)
{
	char text[BATCH_MAX][128];
	struct ring_line lines[BATCH_MAX];

	for (unsigned i = 0; i < n && i < BATCH_MAX; i++) {
		int len = snprintf(text[i], sizeof text[i], "entry %u of many, with words enough to fill a socket after some time", i);

		lines[i] = (struct ring_line){ .level = RING_INFO, .message = { text[i], (size_t)len } };
	}
	if (ring_append(s->table, lines, n) < 0)
		die("ring_append");
}

bool
swarm_is_current(const struct swarm *s)
{
	uint64_t last = ring_last(s->table);

	for (unsigned i = 0; i < s->n_clients; i++) {
		const struct client *c = &s->clients[i];

		if (!c->deaf && c->seen < (c->kind >= LOG_WS ? last : s->state))
			return false;
	}
	return true;
}

uint64_t
swarm_log_behind(const struct swarm *s, bool deaf_too)
{
	uint64_t last = ring_last(s->table), least = last;

	for (unsigned i = 0; i < s->n_clients; i++)
		if (s->clients[i].kind >= LOG_WS && (deaf_too || !s->clients[i].deaf) && s->clients[i].seen < least)
			least = s->clients[i].seen;
	return last - least;
}

/* -- judging --------------------------------------------------------------------------------- */

static uint64_t
number_after(const char *p, size_t len, const char *key)	/* the last of them; 0: none */
{
	size_t n = strlen(key);

	for (size_t at = len; at-- > 0; )
		if (len - at > n && memcmp(p + at, key, n) == 0)
			return strtoull(p + at + n, NULL, 10);	/* a brace follows */
	return 0;
}

static void
judge(struct swarm *s, struct client *c, const char *p, size_t len)
{
	static const char gap[] = "{\"type\":\"gap\",\"missed\":";
	unsigned who = (unsigned)(c - s->clients);
	uint64_t seq = number_after(p, len, "\"seq\":");

	if (len > sizeof gap && memcmp(p, gap, sizeof gap - 1) == 0) {
		seq = strtoull(p + sizeof gap - 1, NULL, 10);
		if (!c->deaf)
			die("client %u reads, and missed %llu", who, (unsigned long long)seq);
		c->gap = true;
		c->seen += seq;
		s->missed += seq;
		return;
	}
	if (seq == 0)
		die("client %u was sent what has no number: %.*s", who, (int)len, p);
	if (c->kind >= LOG_WS && seq != c->seen + 1)
		die("client %u got entry %llu after %llu", who, (unsigned long long)seq, (unsigned long long)c->seen);
	if (seq < c->seen || (seq == c->seen && !c->fresh))
		die("client %u got state %llu after %llu", who, (unsigned long long)seq, (unsigned long long)c->seen);
	c->seen = seq;
	c->fresh = false;
}

static void
client_ended(struct swarm *s, struct client *c, const char *how)
{
	if (!s->stay && !c->deaf)
		die("client %u was ended: %s", (unsigned)(c - s->clients), how);
	client_away(c);
	s->n_ended++;
	if (c->deaf)
		c->seen = UINT64_MAX;	/* it did not drain for write_timeout: that is fair, and it stays away */
}

/* -- bytes --------------------------------------------------------------------------------------- */

static size_t
take_head(struct client *c, const uint8_t *p, size_t len)
{
	const uint8_t *end = memmem(p, len, "\r\n\r\n", 4);

	if (end == NULL)
		return 0;
	if (memcmp(p, "HTTP/1.1 101 ", 13) != 0 && memcmp(p, "HTTP/1.1 200 ", 13) != 0)
		die("refused: %.*s", (int)len, (const char *)p);
	c->open = true;
	return (size_t)(end - p) + 4;
}

static size_t
take_event(struct swarm *s, struct client *c, const uint8_t *p, size_t len)
{
	const uint8_t *end = memmem(p, len, "\n\n", 2), *data;

	if (end == NULL)
		return 0;
	if ((data = memmem(p, (size_t)(end - p), "data: ", 6)) != NULL)
		judge(s, c, (const char *)data + 6, (size_t)(end - data) - 6);
	return (size_t)(end - p) + 2;
}

static size_t
take_frame(struct swarm *s, struct client *c, const uint8_t *p, size_t len)	/* a Close ends c */
{
	struct ws_header h;
	int rc = ws_header_parse(p, len, WS_FROM_SERVER, RECV_BYTES, &h);
	size_t n;

	if (rc != 0 && rc != -EAGAIN)
		die("client %u got a bad frame", (unsigned)(c - s->clients));
	if (rc != 0 || len - h.header_bytes < h.payload_bytes)
		return 0;
	n = h.header_bytes + (size_t)h.payload_bytes;
	if (h.opcode == WS_TEXT)
		judge(s, c, (const char *)p + h.header_bytes, (size_t)h.payload_bytes);
	else if (h.opcode == WS_CLOSE && h.payload_bytes >= 2) {
		uint8_t answer[8] = { 0x88, 0x82, 0, 0, 0, 0, p[h.header_bytes], p[h.header_bytes + 1] };

		(void)send(c->fd, answer, sizeof answer, MSG_NOSIGNAL);	/* it may have gone: it is over anyway */
		client_ended(s, c, "a Close");
	}
	return n;
}

static void
client_read(struct swarm *s, struct client *c)
{
	size_t len = c->held != NULL ? c->held->len : 0, at = 0, n;
	ssize_t got;

	if (len > 0)
		memcpy(buf, c->held->bytes, len);
	got = recv(c->fd, buf + len, RECV_BYTES, 0);
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		client_ended(s, c, got == 0 ? "end of file" : strerror(errno));
		return;
	}
	free(c->held);
	c->held = NULL;
	len += (size_t)got;
	do {
		const uint8_t *p = buf + at;

		n = !c->open ? take_head(c, p, len - at) :
		    c->kind == CRAWL_WS || c->kind == LOG_WS ? take_frame(s, c, p, len - at) : take_event(s, c, p, len - at);
		at += n;
	} while (n > 0 && c->fd != -1);
	if (c->fd == -1 || at == len)
		return;
	if (len - at > BUF_BYTES - RECV_BYTES || (c->held = malloc(sizeof *c->held + len - at)) == NULL)
		die("a message of more than %zu bytes", len - at);
	c->held->len = len - at;
	memcpy(c->held->bytes, buf + at, len - at);
}

void
swarm_turn(struct swarm *s, int ms)
{
	struct epoll_event ev[EVENTS];
	int n = epoll_wait(s->epfd, ev, EVENTS, ms);

	for (int i = 0; i < n; i++)
		client_read(s, ev[i].data.ptr);
}

/* -- coming ------------------------------------------------------------------------------------------ */

int
swarm_connect(const struct swarm *s)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(sun.sun_path, sizeof sun.sun_path, "%s", s->socket_path);
	if (fd == -1)
		die("socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0)
		return fd;
	if (errno != EAGAIN)
		die("connect: %s", strerror(errno));
	close(fd);
	return -1;
}

size_t
swarm_request(char *out, size_t size, const char *path, bool upgrade, const char *fields)
{
	int n = snprintf(out, size, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n", path, upgrade ?
	    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" : "", fields);

	return (size_t)n;
}

static void
client_watch(struct swarm *s, struct client *c)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	if (epoll_ctl(s->epfd, EPOLL_CTL_ADD, c->fd, &ev) == -1)
		die("epoll: %s", strerror(errno));
}

static bool
client_come(struct swarm *s, struct client *c)		/* false: the backlog is full */
{
	bool log = c->kind >= LOG_WS, events = c->kind == CRAWL_EVENTS || c->kind == LOG_EVENTS;
	char path[64], fields[96] = "", rq[512];
	size_t n;

	if ((c->fd = swarm_connect(s)) == -1)
		return false;
	if (log && !events)
		(void)snprintf(path, sizeof path, "/api/mcp/logs/stream?since=%llu", (unsigned long long)c->seen);
	else if (log)
		(void)snprintf(path, sizeof path, "/api/mcp/logs/stream");
	else
		(void)snprintf(path, sizeof path, "/api/crawl-progress/crawl-%u", c->topic);
	if (events && c->seen > 0)
		(void)snprintf(fields, sizeof fields, "Accept: text/event-stream\r\nLast-Event-ID: %llu\r\n", (unsigned long long)c->seen);
	else if (events)
		(void)snprintf(fields, sizeof fields, "Accept: text/event-stream\r\n");
	n = swarm_request(rq, sizeof rq, path, !events, fields);
	if (send(c->fd, rq, n, MSG_NOSIGNAL) != (ssize_t)n)	/* a fresh socket has room */
		die("send: %s", strerror(errno));
	c->fresh = !log && !events;
	if (!c->deaf)
		client_watch(s, c);
	return true;
}

void
swarm_come(struct swarm *s)
{
	for (unsigned i = 0; i < s->n_clients; i++)
		if (s->clients[i].fd == -1 && s->clients[i].seen != UINT64_MAX && !client_come(s, &s->clients[i]))
			return;
}

void
swarm_hear(struct swarm *s)
{
	for (unsigned i = 0; i < s->n_clients; i++)
		if (s->clients[i].deaf && s->clients[i].fd != -1)
			client_watch(s, &s->clients[i]);
}
