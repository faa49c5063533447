#include "config.h"

#include "relay_peer.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "relay/conn.h"
#include "relay/deflate.h"
#include "shared/clock.h"
#include "shared/log.h"

enum { PATIENCE_MS = 20000, TABLE_ROWS = 16 };

/* -- memory that runs out (the linker's --wrap) ------------------------------ */

unsigned rig_fail_in;
static bool in_relay;

void *__real_malloc(size_t n), *__real_calloc(size_t n, size_t size), *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n), *__wrap_calloc(size_t n, size_t size), *__wrap_realloc(void *p, size_t n);

static bool
fails(void)
{
	return in_relay && rig_fail_in > 0 && --rig_fail_in == 0;
}

void *
__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

static int
rig_turn(struct rig *g, int ms)
{
	int rc;

	if (g->pid != 0)
		return poll(NULL, 0, ms < 2 ? ms : 2);
	in_relay = true;
	rc = loop_turn(&g->relay.loop, ms);
	in_relay = false;
	return rc;
}

/* -- the relay and its table ------------------------------------------------- */

void
rig_conf(struct rig *g)
{
	memset(g, 0, sizeof *g);
	conf_defaults(&g->conf);
	g->conf.max_messages = 0;
	g->conf.access = ACCESS_OFF;	/* no nginx says where they come from */
	g->conf.drain_ms = 0;
	log_init("check_relay", LOG_CRIT);
	(void)snprintf(g->dir, sizeof g->dir, "/tmp/t.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(g->dir));
	(void)snprintf(g->conf.run_dir, sizeof g->conf.run_dir, "%s", g->dir);
}

void
rig_table(struct rig *g)
{
	struct err e;

	table_close(g->table);
	g->table = NULL;
	ck_assert_msg(table_create(g->dir, TABLE_ROWS, NULL, NULL, &e) == 0, "%s", e.text);
	ck_assert_msg(table_open(&g->table, g->dir, &e) == 0, "%s", e.text);
}

void
rig_start(struct rig *g, bool with_table)
{
	struct err e;

	if (with_table)
		rig_table(g);
	ck_assert_msg(relay_init(&g->relay, &g->conf, 1024, &e) == 0, "%s", e.text);
	if (with_table)
		ck_assert_ptr_nonnull(g->relay.follow.table);
}

void
rig_remove(struct rig *g)
{
	static const char *const made[] = {
		"/" TABLE_FILE, "/" TABLE_FILE ".lock", "/" TABLE_DIR, "/live", "/" TABLE_COUNTERS, "/" TABLE_COUNTERS_DIR, "",
	};
	char path[128];

	for (unsigned i = 0; i < sizeof made / sizeof made[0]; i++) {
		(void)snprintf(path, sizeof path, "%s%s", g->dir, made[i]);
		ck_assert_msg(remove(path) == 0 || errno == ENOENT, "%s: %s", path, strerror(errno));
	}
}

void
rig_stop(struct rig *g)
{
	relay_fini(&g->relay);
	table_close(g->table);
	rig_remove(g);
}

void
rig_publish(struct rig *g, const char *id, enum crawl_phase phase, unsigned percentage)
{
	int i = table_find(g->table, id);

	if (i < 0)
		g->row = (struct crawl_progress){ .eta_ms = -1, .started_wall_ms = clock_wall_ms() };
	FIELD_SET(g->row.id, id);
	g->row.phase = phase;
	g->row.percentage = percentage;
	g->row.seq++;
	g->row.updated_wall_ms = clock_wall_ms();
	if (crawl_phase_is_terminal(phase))
		g->row.ended_wall_ms = g->row.updated_wall_ms;
	if (i < 0)
		ck_assert_int_ge(table_add(g->table, &g->row), 0);
	else
		table_publish(g->table, (unsigned)i, &g->row);
}

void
rig_tear(struct rig *g, bool torn)
{
	char path[128];
	struct table_info info;
	uint32_t *count;
	uint8_t *map;
	int fd;

	(void)snprintf(path, sizeof path, "%s/" TABLE_FILE, g->dir);
	table_info(g->table, &info);
	ck_assert_int_ge(fd = open(path, O_RDWR | O_CLOEXEC), 0);
	map = mmap(NULL, info.file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	close(fd);
	count = memmem(map, info.file_bytes, g->row.id, sizeof g->row.id);	/* the payload begins with it */
	ck_assert_ptr_nonnull(count);
	count -= 2;			/* changecount and reserved */
	*count = torn ? *count | 1 : (*count | 1) + 1;
	(void)munmap(map, info.file_bytes);
}

/* -- turning ----------------------------------------------------------------- */

typedef bool until_f(struct rig *g, struct peer *p);

static bool
turn_until(struct rig *g, struct peer *p, until_f *done)
{
	int64_t end_ns = clock_mono_ns() + PATIENCE_MS * 1000000LL;

	while (!done(g, p)) {
		if (clock_mono_ns() > end_ns)
			return false;
		if (rig_turn(g, 5) < 0)
			ck_abort_msg("the loop failed");
	}
	return true;
}

static void
peer_fill(struct peer *p)
{
	ssize_t n;

	while (!p->eof && p->len < sizeof p->buf) {
		n = recv(p->fd, p->buf + p->len, sizeof p->buf - p->len, MSG_DONTWAIT);
		if (n == -1 && errno == EAGAIN)
			return;
		if (n <= 0)
			p->eof = true;
		else
			p->len += (size_t)n;
	}
}

static void
peer_eat(struct peer *p, size_t skip, size_t len)	/* what follows skip becomes p->text */
{
	ck_assert_uint_lt(len, sizeof p->text);
	memcpy(p->text, p->buf + skip, len);
	p->text[len] = '\0';
	p->text_len = len;
	p->len -= skip + len;
	memmove(p->buf, p->buf + skip + len, p->len);
}

static bool
has_head(struct rig *g, struct peer *p)
{
	(void)g;
	peer_fill(p);
	return memmem(p->buf, p->len, "\r\n\r\n", 4) != NULL || p->eof;
}

static int
header_of(struct peer *p, struct ws_header *h)	/* of the frame in buf; its compressed bit is none of the parser's */
{
	uint8_t b0 = p->buf[0];
	int rc;

	p->was_packed = p->packed && p->len > 0 && (b0 & 0x40) != 0;
	if (p->was_packed)
		p->buf[0] = (uint8_t)(b0 & ~0x40);
	rc = ws_header_parse(p->buf, p->len, WS_FROM_SERVER, sizeof p->buf, h);
	p->buf[0] = b0;
	return rc;
}

static bool
has_frame(struct rig *g, struct peer *p)
{
	struct ws_header h;
	int rc;

	(void)g;
	peer_fill(p);
	rc = header_of(p, &h);
	if (rc != 0 && rc != -EAGAIN)
		ck_abort_msg("the relay sent a bad frame: %d", rc);
	return p->eof || (rc == 0 && p->len >= h.header_bytes + h.payload_bytes);
}

static bool
has_eof(struct rig *g, struct peer *p)
{
	(void)g;
	peer_fill(p);
	return p->eof;
}

static bool
no_conns(struct rig *g, struct peer *p)
{
	(void)p;
	return g->relay.server.n_conns == 0;
}

static bool
follows(struct rig *g, struct peer *p)
{
	(void)p;
	return g->relay.follow.table != NULL && table_is_current(g->relay.follow.table);
}

bool
rig_attached(struct rig *g)
{
	return turn_until(g, NULL, follows);
}

bool
rig_empty(struct rig *g)
{
	return turn_until(g, NULL, no_conns);
}

void
rig_turns(struct rig *g, int ms)
{
	int64_t end_ns = clock_mono_ns() + ms * 1000000LL;

	do
		if (rig_turn(g, 2) < 0)
			ck_abort_msg("the loop failed");
	while (clock_mono_ns() < end_ns);
}

/* -- the client -------------------------------------------------------------- */

void
peer_connect(struct rig *g, struct peer *p)
{
	int fd[2];

	if (g->pid != 0) {
		struct sockaddr_un sun = { .sun_family = AF_UNIX };

		(void)snprintf(sun.sun_path, sizeof sun.sun_path, "%s", g->socket_path);
		*p = (struct peer){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
		ck_assert_int_eq(connect(p->fd, (struct sockaddr *)&sun, sizeof sun), 0);
		return;
	}
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd), 0);
	*p = (struct peer){ .fd = fd[0] };
	in_relay = true;
	(void)server_adopt(&g->relay.server, fd[1]);	/* failing closes it: the test sees its end */
	in_relay = false;
}

size_t
peer_request(char *out, size_t size, const char *id)
{
	return (size_t)snprintf(out, size, "GET %s%s HTTP/1.1\r\nHost: localhost\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "Sec-WebSocket-Version: 13\r\n\r\n", id[0] == '/' ? "" : "/api/crawl-progress/", id);
}

void
peer_open(struct rig *g, struct peer *p, const char *id)
{
	char rq[512];

	peer_connect(g, p);
	peer_raw(p, rq, peer_request(rq, sizeof rq, id));
	ck_assert(peer_head(g, p));
	ck_assert_msg(strncmp(p->text, "HTTP/1.1 101 ", 13) == 0, "%s", p->text);
}

void
peer_open_packed(struct rig *g, struct peer *p, const char *id)
{
	char rq[512];
	size_t len = peer_request(rq, sizeof rq, id) - 2;

	peer_connect(g, p);
	p->packed = true;
	peer_raw(p, rq, len + (size_t)snprintf(rq + len, sizeof rq - len, "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"));
	ck_assert_uint_eq(peer_status(g, p), 101);
	ck_assert_msg(strstr(p->text, "\r\nSec-WebSocket-Extensions: permessage-deflate;") != NULL, "%s", p->text);
}

void
peer_get(struct rig *g, struct peer *p, const char *path, const char *fields)
{
	char rq[512];

	peer_connect(g, p);
	peer_raw(p, rq, (size_t)snprintf(rq, sizeof rq, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", path, fields));
}

unsigned
peer_status(struct rig *g, struct peer *p)
{
	return peer_head(g, p) && strncmp(p->text, "HTTP/1.1 ", 9) == 0 ? (unsigned)strtoul(p->text + 9, NULL, 10) : 0;
}

void
peer_events(struct rig *g, struct peer *p, const char *path, const char *last_id)
{
	char fields[256];

	(void)snprintf(fields, sizeof fields, "Accept: text/event-stream\r\n%s%s%s", last_id != NULL ? "Last-Event-ID: " : "",
	    last_id != NULL ? last_id : "", last_id != NULL ? "\r\n" : "");
	peer_get(g, p, path, fields);
	ck_assert_uint_eq(peer_status(g, p), 200);
	ck_assert_ptr_nonnull(strstr(p->text, "\r\nContent-Type: text/event-stream\r\n"));
	ck_assert(peer_event(g, p));
	ck_assert_int_eq(strncmp(p->text, "retry: ", 7), 0);
}

static bool
has_event(struct rig *g, struct peer *p)
{
	(void)g;
	peer_fill(p);
	return memmem(p->buf, p->len, "\n\n", 2) != NULL || p->eof;
}

bool
peer_event(struct rig *g, struct peer *p)
{
	uint8_t *end;

	if (!turn_until(g, p, has_event) || (end = memmem(p->buf, p->len, "\n\n", 2)) == NULL)
		return false;
	peer_eat(p, 0, (size_t)(end - p->buf) + 2);
	return true;
}

void
peer_gone(struct peer *p)
{
	close(p->fd);
	p->fd = -1;
}

void
peer_raw(struct peer *p, const void *bytes, size_t len)
{
	ck_assert_int_eq(send(p->fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

void
peer_frame(struct peer *p, enum ws_opcode op, bool fin, const void *payload, size_t len)
{
	static const uint8_t mask[4] = { 9, 8, 7, 6 };
	uint8_t *buf = malloc(WS_HEADER_MAX + len);
	size_t n = ws_header_write(buf, op, len, mask);

	if (!fin)
		buf[0] &= 0x7f;
	if (len > 0)
		memcpy(buf + n, payload, len);
	ws_mask(buf + n, len, mask, 0);
	peer_raw(p, buf, n + len);
	free(buf);
}

void
peer_text(struct peer *p, const char *text)
{
	peer_frame(p, WS_TEXT, true, text, strlen(text));
}

bool
peer_head(struct rig *g, struct peer *p)
{
	uint8_t *end;

	if (!turn_until(g, p, has_head) || (end = memmem(p->buf, p->len, "\r\n\r\n", 4)) == NULL)
		return false;
	peer_eat(p, 0, (size_t)(end - p->buf) + 4);
	return true;
}

static void
peer_unpack(struct peer *p)
{
	struct text plain = { 0 };

	ck_assert_int_eq(inflate_message(&plain, p->text, p->text_len, sizeof p->text - 1), 0);
	p->text_len = plain.len;
	memcpy(p->text, text_str(&plain), plain.len + 1);
	text_fini(&plain);
}

int
peer_next(struct rig *g, struct peer *p)
{
	struct ws_header h;

	if (!turn_until(g, p, has_frame))
		return -2;
	if (header_of(p, &h) != 0 || p->len < h.header_bytes + h.payload_bytes)
		return -1;
	peer_eat(p, h.header_bytes, (size_t)h.payload_bytes);
	if (p->was_packed)
		peer_unpack(p);
	return (int)h.opcode;
}

bool
peer_ended(struct rig *g, struct peer *p)
{
	return turn_until(g, p, has_eof);
}

unsigned
peer_close_code(const struct peer *p)
{
	return p->text_len < 2 ? 0 : (unsigned)(uint8_t)p->text[0] << 8 | (uint8_t)p->text[1];
}
