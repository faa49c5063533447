#include "config.h"

#include "t/bench/crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/ws_frame.h"

enum { READ_BYTES = 65536, MESSAGE_MAX = 65536, READER_EVENTS = 512, SETTLE_MS = 50, ARRIVE_STEP_MS = 10, ARRIVE_STEPS = 50, ARRIVE_STILL = 2 };

struct reader_shared {		/* written by its reader only */
	_Atomic uint64_t count[DELAY_BUCKETS];
	_Atomic uint64_t n, max_ns, reads, gaps, taken;
	atomic_uint	 ready;
};

struct crowd_shared {
	_Atomic uint64_t from, until;	/* stamps that are recorded; until 0: none */
	_Atomic uint64_t turn;		/* a new one: readers forget what they have */
	struct reader_shared reader[];
};

struct client {
	int	 fd;
	size_t	 held_len;
	uint8_t *held;			/* the beginning of a frame */
};

struct reader {
	struct crowd_shared  *shared;
	struct reader_shared *mine;
	const char *key;		/* of the stamp */
	size_t	 key_len;
	size_t	 at;		/* where the stamp stood in the last message: mostly it stands there again */
	uint64_t turn;
	int	 ep;
	uint8_t	 buf[READ_BYTES + MESSAGE_MAX];
};

/* -- delays -------------------------------------------------------------------- */

static unsigned
bucket_of(uint64_t ns)
{
	unsigned e;

	if (ns < 32)
		return (unsigned)ns;
	e = 63 - (unsigned)__builtin_clzll(ns);
	return (e - 4) * 32 + (unsigned)(ns >> (e - 5) & 31);
}

static uint64_t
bucket_ns(unsigned i)		/* its middle */
{
	unsigned e = i / 32 + 4;

	return i < 32 ? i : (((uint64_t)(i % 32) + 32) << (e - 5)) + (((uint64_t)1 << (e - 5)) >> 1);
}

void
delays_add(struct delays *sum, const struct delays *d)
{
	for (unsigned i = 0; i < DELAY_BUCKETS; i++)
		sum->count[i] += d->count[i];
	sum->n += d->n;
	sum->reads += d->reads;
	sum->gaps += d->gaps;
	if (d->max_ns > sum->max_ns)
		sum->max_ns = d->max_ns;
}

uint64_t
delays_at_ns(const struct delays *d, double share)
{
	uint64_t want = (uint64_t)((double)d->n * share), seen = 0;

	for (unsigned i = 0; i < DELAY_BUCKETS; i++)
		if ((seen += d->count[i]) > want)
			return bucket_ns(i) < d->max_ns ? bucket_ns(i) : d->max_ns;
	return d->max_ns;
}

/* -- a reader ------------------------------------------------------------------ */

static void
add_own(_Atomic uint64_t *n)		/* one writer: no locked instruction is needed */
{
	atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1, memory_order_relaxed);
}

static size_t
reader_find(struct reader *r, const uint8_t *p, size_t len)	/* where the stamp begins; 0: there is none */
{
	const uint8_t *key;

	if (r->at != 0 && r->at + STAMP_DIGITS <= len && memcmp(p + r->at - r->key_len, r->key, r->key_len) == 0)
		return r->at;
	if ((key = memmem(p, len, r->key, r->key_len)) == NULL || (size_t)(key - p) + r->key_len + STAMP_DIGITS > len)
		return 0;
	return r->at = (size_t)(key - p) + r->key_len;
}

static bool
reader_records(const struct reader *r, uint64_t stamp)
{
	return stamp >= atomic_load_explicit(&r->shared->from, memory_order_relaxed) &&
	    stamp < atomic_load_explicit(&r->shared->until, memory_order_relaxed);
}

static void
reader_message(struct reader *r, const uint8_t *p, size_t len, uint64_t now)
{
	size_t at = reader_find(r, p, len);
	uint64_t stamp = 0, ns;

	if (at == 0) {			/* a heartbeat, a client that waits, or a gap */
		if (memmem(p, len, "\"gap\"", 5) != NULL)
			add_own(&r->mine->gaps);
		return;
	}
	for (unsigned i = 0; i < STAMP_DIGITS; i++)
		stamp = stamp * 10 + (uint64_t)(p[at + i] - '0');
	if (reader_records(r, now))
		add_own(&r->mine->reads);
	if (!reader_records(r, stamp))
		return;
	ns = now > stamp ? now - stamp : 0;
	add_own(&r->mine->n);
	add_own(&r->mine->count[bucket_of(ns)]);
	if (ns > atomic_load_explicit(&r->mine->max_ns, memory_order_relaxed))
		atomic_store_explicit(&r->mine->max_ns, ns, memory_order_relaxed);
}

static void
reader_take(struct reader *r, struct client *c)
{
	size_t len = c->held_len, at = 0;
	uint64_t now;
	ssize_t n;

	if (len > 0)
		memcpy(r->buf, c->held, len);
	n = recv(c->fd, r->buf + len, READ_BYTES, MSG_DONTWAIT);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		die("a client lost its connection: %s", n == 0 ? "closed" : strerror(errno));
	if (n == -1)
		return;
	now = rig_stamp();
	len += (size_t)n;
	while (at < len) {
		struct ws_header h;
		int rc = ws_header_parse(r->buf + at, len - at, WS_FROM_SERVER, MESSAGE_MAX / 2, &h);

		if (rc == -EAGAIN || (rc == 0 && len - at - h.header_bytes < h.payload_bytes))
			break;
		if (rc < 0 || h.opcode == WS_CLOSE)
			die("a client got %s", rc < 0 ? "a broken frame" : "a Close");
		if (h.opcode == WS_TEXT)
			reader_message(r, r->buf + at + h.header_bytes, h.payload_bytes, now);
		at += h.header_bytes + h.payload_bytes;
	}
	c->held_len = len - at;
	if (c->held_len == 0) {
		free(c->held);
		c->held = NULL;
	} else {
		if ((c->held = realloc(c->held, c->held_len)) == NULL)
			die("memory");
		memcpy(c->held, r->buf + at, c->held_len);
	}
}

static void
client_shake_hands(int fd, const char *path)
{
	char text[512], head[2048];
	int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path);
	const char *end = NULL;

	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		die("handshake: %s", strerror(errno));
	while (end == NULL) {		/* look, then take the head and nothing more */
		ssize_t got = recv(fd, head, sizeof head, MSG_PEEK);

		if (got <= 0)
			die("handshake: %s", got == 0 ? "closed" : strerror(errno));
		if ((end = memmem(head, (size_t)got, "\r\n\r\n", 4)) == NULL && (size_t)got == sizeof head)
			die("handshake: the head is too long");
	}
	if (recv(fd, head, (size_t)(end + 4 - head), 0) != end + 4 - head || memcmp(head, "HTTP/1.1 101", 12) != 0)
		die("handshake: %.12s", head);
}

static void
reader_main(struct rig *g, struct reader *r, enum rig_target t, unsigned n)
{
	struct client *clients = calloc(n, sizeof *clients);

	if (clients == NULL || (r->ep = epoll_create1(EPOLL_CLOEXEC)) == -1)
		die("epoll: %s", strerror(errno));
	r->key = rig_stamp_key(g);
	r->key_len = strlen(r->key);
	for (unsigned i = 0; i < n; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &clients[i] };

		clients[i].fd = unix_connect(rig_socket(g, t));
		if (!rig_is_floor(g, t))
			client_shake_hands(clients[i].fd, rig_path(g, t));
		if (epoll_ctl(r->ep, EPOLL_CTL_ADD, clients[i].fd, &ev) == -1)
			die("epoll: %s", strerror(errno));
		atomic_store(&r->mine->ready, i + 1);
	}
	for (;;) {
		struct epoll_event ev[READER_EVENTS];
		int got = epoll_wait(r->ep, ev, READER_EVENTS, 10);
		uint64_t turn = atomic_load(&r->shared->turn);

		if (turn != r->turn) {
			for (unsigned i = 0; i < DELAY_BUCKETS; i++)
				atomic_store_explicit(&r->mine->count[i], 0, memory_order_relaxed);
			atomic_store(&r->mine->n, 0);
			atomic_store(&r->mine->max_ns, 0);
			atomic_store(&r->mine->reads, 0);
			atomic_store(&r->mine->gaps, 0);
			r->turn = turn;
		}
		for (int i = 0; i < got; i++)
			reader_take(r, ev[i].data.ptr);
		atomic_store(&r->mine->taken, turn);
	}
}

/* -- the crowd ----------------------------------------------------------------- */

void
crowd_start(struct crowd *c, struct rig *g, enum rig_target t, unsigned n_clients, unsigned n_readers)
{
	struct crowd_shared *sh = shared_memory(sizeof *sh + n_readers * sizeof sh->reader[0]);

	*c = (struct crowd){ .target = t, .n_clients = n_clients, .n_readers = n_readers, .shared = sh };
	for (unsigned i = 0; i < n_readers; i++) {
		unsigned share = n_clients / n_readers + (i < n_clients % n_readers);
		struct reader *r;

		if ((c->reader[i] = child()) == 0) {
			if ((r = calloc(1, sizeof *r)) == NULL)
				die("memory");
			r->shared = sh;
			r->mine = &sh->reader[i];
			reader_main(g, r, t, share);
		}
		while (atomic_load(&sh->reader[i].ready) < share) {
			if (waitpid(c->reader[i], NULL, WNOHANG) != 0)
				die("a reader ended early");
			pause_ms(1);
		}
	}
	while (rig_is_floor(g, t) && atomic_load(&g->shared->floor[t].clients) < n_clients)
		pause_ms(1);
	pause_ms(SETTLE_MS);
}

void
crowd_stop(struct crowd *c, struct rig *g)
{
	for (unsigned i = 0; i < c->n_readers; i++) {
		(void)kill(c->reader[i], SIGKILL);
		(void)waitpid(c->reader[i], NULL, 0);
	}
	while (rig_is_floor(g, c->target) && atomic_load(&g->shared->floor[c->target].clients) > 0)
		pause_ms(1);
	pause_ms(SETTLE_MS);
}

int64_t
crowd_cpu_ns(const struct crowd *c)
{
	int64_t ns = 0;

	for (unsigned i = 0; i < c->n_readers; i++)
		ns += process_cpu_ns(c->reader[i]);
	return ns;
}

void
crowd_record(struct crowd *c)
{
	uint64_t turn = atomic_fetch_add(&c->shared->turn, 1) + 1;

	for (unsigned i = 0; i < c->n_readers; i++)
		while (atomic_load(&c->shared->reader[i].taken) != turn) {
			if (waitpid(c->reader[i], NULL, WNOHANG) != 0)
				die("a reader of %s ended early", rig_name(c->target));
			pause_ms(1);
		}
	atomic_store(&c->shared->from, rig_stamp());
	atomic_store(&c->shared->until, UINT64_MAX);
}

void
crowd_stop_recording(struct crowd *c)
{
	atomic_store(&c->shared->until, rig_stamp());
}

static void
crowd_arrive(const struct crowd *c)	/* what is under way is counted too, so slow ones are not left out */
{
	uint64_t n = 0, was = UINT64_MAX;

	for (unsigned i = 0, still = 0; i < ARRIVE_STEPS && still < ARRIVE_STILL; i++, was = n) {
		pause_ms(ARRIVE_STEP_MS);
		n = 0;
		for (unsigned k = 0; k < c->n_readers; k++)
			n += atomic_load(&c->shared->reader[k].n);
		still = n == was ? still + 1 : 0;
	}
}

void
crowd_take(struct crowd *c, struct delays *out)
{
	crowd_arrive(c);
	for (unsigned i = 0; i < c->n_readers; i++) {
		struct reader_shared *r = &c->shared->reader[i];
		uint64_t max_ns = atomic_load(&r->max_ns);

		if (waitpid(c->reader[i], NULL, WNOHANG) != 0)
			die("a reader of %s ended early", rig_name(c->target));
		for (unsigned b = 0; b < DELAY_BUCKETS; b++) {
			uint64_t n = atomic_load_explicit(&r->count[b], memory_order_relaxed);

			out->count[b] += n;
			out->n += n;
		}
		out->reads += atomic_load(&r->reads);
		if (max_ns > out->max_ns)
			out->max_ns = max_ns;
		out->gaps += atomic_load(&r->gaps);
	}
	atomic_store(&c->shared->until, 0);
}
