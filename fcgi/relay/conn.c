#include "config.h"

#include "relay/conn.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "relay/http_head.h"
#include "shared/log.h"
#include "shared/trace.h"

enum { RECV_BYTES = 16384, CACHE_LINE_BYTES = 64 };	/* an event: nobody starves */
_Static_assert((int)HEAD_BYTES_MAX + (int)RECV_BYTES <= (int)LOOP_SCRATCH_BYTES,
    "what is held and what arrives fit together");
_Static_assert(sizeof(struct conn) <= 232, "20,000 of them: keep them small");

static const struct {
	const char  *name;
	conn_step_f *step;
	uint32_t     want;
} conn_state_tbl[] = {
#define X(name, step, want) [CONN_##name] = { #name, step, want },
	CONN_STATES(X)
#undef X
};

const char *
conn_state_name(const struct conn *c)
{
	return conn_state_tbl[c->state].name;
}

/* -- bytes in and out: the only recv() and send() of a client ---------------- */

static int
conn_fill(struct conn *c, bool readable, struct span *in)	/* what is held, and what is new behind it */
{
	struct loop *lp = c->server->loop;
	size_t room;
	ssize_t n;

	*in = (struct span){ lp->scratch, 0 };
	if (c->held != NULL) {
		memcpy(in->p, c->held->bytes, c->held->len);
		in->len = c->held->len;
		free(c->held);
		c->held = NULL;
	}
	room = sizeof lp->scratch - in->len;
	if (!readable || room == 0)
		return 0;
	n = recv(c->watch.fd, in->p + in->len, room < RECV_BYTES ? room : RECV_BYTES, 0);
	if (n == 0)
		c->peer_closed = true;
	else if (n > 0)
		in->len += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		return -errno;
	return 0;
}

static int
conn_hold(struct conn *c, const struct span *rest)	/* 0 or -ENOMEM */
{
	if (rest->len == 0)
		return 0;
	if ((c->held = malloc(sizeof *c->held + rest->len)) == NULL)
		return -ENOMEM;
	c->held->len = rest->len;
	memcpy(c->held->bytes, rest->p, rest->len);
	return 0;
}

static struct frame *
take(struct frame **slot)
{
	struct frame *f = *slot;

	*slot = NULL;
	return f;
}

static void
conn_out(struct conn *c, struct frame *f)	/* takes f: all of it goes out next */
{
	c->out = f;
	c->out_at = 0;
	c->out_end = f->len;
}

static int
conn_pick_stream(struct conn *c, bool *last)
{
	struct piece piece;
	int rc = c->stream->next(c, &piece);

	if (rc <= 0)
		return rc;
	c->out = piece.frame;
	c->out_at = piece.from;
	c->out_end = piece.to;
	*last = piece.last;
	TRACE2(message__send, c->number, piece.from);
	c->server->counts.messages_out++;
	if (c->wire == WIRE_POLL)
		conn_finish(c);		/* one answer is all it asked for */
	return 1;
}

/* What is to be sent next into c->out: 1, 0 nothing, -errno; *last is set when nothing is behind it. */
static int
conn_pick(struct conn *c, bool *last)
{
	struct server *sv = c->server;

	if (c->reply != NULL) {
		conn_out(c, take(&c->reply));
	} else if (c->last != NULL) {
		conn_out(c, take(&c->last));
	} else if (c->state != CONN_OPEN) {
		return 0;
	} else if (c->want_ping) {
		c->want_ping = false;
		conn_out(c, frame_ref(sv->ping));
	} else if (c->want_beat) {
		c->want_beat = false;
		conn_out(c, frame_ref(wire_is_ws(c->wire) ? sv->beat[conn_kind(c)] : sv->event_beat));
	} else {
		return conn_pick_stream(c, last);
	}
	return 1;
}

/*
 * Not send(): beside a second thread (wake_bridge.h) libc makes that a point of
 * cancellation, at the price of two locked instructions.  Nobody cancels us.
 */
static ssize_t
conn_send(const struct conn *c)
{
	return syscall(SYS_sendto, c->watch.fd, c->out->bytes + c->out_at, (size_t)(c->out_end - c->out_at),
	    MSG_NOSIGNAL, NULL, 0);
}

static int
conn_flush(struct conn *c)		/* 0 all is sent or the socket is full; -errno */
{
	struct server *sv = c->server;
	int rc;

	for (;;) {
		bool last = false;
		ssize_t n;

		if (c->out == NULL && (rc = conn_pick(c, &last)) <= 0)
			return rc;
		n = conn_send(c);
		if (n == -1) {
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN)
				return -errno;
			if (c->due[DUE_WRITE] == 0)
				conn_due_in(c, DUE_WRITE, sv->conf->write_ms);
			return 0;
		}
		sv->counts.bytes_out += (uint64_t)n;
		c->out_at += (uint32_t)n;
		if (c->out_at < c->out_end)
			continue;
		sv->counts.writes++;
		frame_unref(take(&c->out));
		if (c->due[DUE_WRITE] != 0)
			conn_due_in(c, DUE_WRITE, -1);
		if (last)
			return 0;
	}
}

/* -- the engine -------------------------------------------------------------- */

static bool
conn_arm(struct conn *c)		/* what epoll waits for: here only */
{
	uint32_t events = conn_state_tbl[c->state].want;

	if (c->reply != NULL || c->peer_closed)
		events &= ~(uint32_t)EPOLLIN;
	if (c->out != NULL)
		events |= EPOLLOUT;
	return events == c->watch.armed || loop_watch(c->server->loop, &c->watch, events) == 0;
}

static bool
conn_settle(struct conn *c)		/* after a flush: false when c has reached its end */
{
	if (c->state == CONN_OPEN && c->watch.armed == EPOLLIN && c->out == NULL && c->reply == NULL && !c->peer_closed)
		return true;		/* most of all: it was sent its message */
	if (c->state == CONN_DRAIN && c->out == NULL) {
		if (!c->shut)
			(void)shutdown(c->watch.fd, SHUT_WR);	/* failing: the peer has gone, recv() tells */
		c->shut = true;
		if (c->peer_closed) {
			c->why = "done";
			return false;
		}
	} else if (c->peer_closed && c->state != CONN_DRAIN) {
		c->why = "peer-closed";
		return false;
	}
	if (!conn_arm(c)) {
		c->why = "epoll";
		return false;
	}
	return true;
}

static void
conn_run(struct conn *c, bool readable)
{
	enum conn_next next = CONN_MORE;
	unsigned state = c->state;
	struct span in;

	c->why = "socket";
	if (conn_fill(c, readable, &in) < 0) {
		conn_kill(c, c->why);
		return;
	}
	c->server->running = c;
	while (next == CONN_MORE && c->reply == NULL) {
		next = conn_state_tbl[c->state].step(c, &in);
		if (next != CONN_DROP && conn_flush(c) < 0)
			next = CONN_DROP;
	}
	if (next != CONN_DROP && conn_hold(c, &in) < 0) {
		c->why = "memory";
		next = CONN_DROP;
	}
	c->server->running = NULL;
	if (state != c->state)
		TRACE2(conn__state, c->number, c->state);
	if (next == CONN_DROP || !conn_settle(c))
		conn_kill(c, c->why);
}

static void
conn_ready(struct watch *w, uint32_t events)
{
	struct conn *c = OWNER_OF(w, struct conn, watch);

	assert(c->magic == CONN_MAGIC && c->state != CONN_DEAD);
	if (events & EPOLLERR || (events & EPOLLHUP && !(events & EPOLLIN))) {
		conn_kill(c, "peer-gone");
		return;
	}
	if (events & EPOLLOUT && conn_flush(c) < 0) {
		conn_kill(c, "socket");
		return;
	}
	conn_run(c, events & EPOLLIN);
}

void
conn_kick(struct conn *c)
{
	if (c->state == CONN_DEAD || c->out != NULL || c->server->running == c)
		return;			/* the engine flushes when it comes to it */
	c->why = "socket";
	if (conn_flush(c) < 0 || !conn_settle(c))
		conn_kill(c, c->why);
}

void
conn_kick_subscriber(struct subscriber *s)
{
	struct conn *c = OWNER_OF(s, struct conn, sub);

	if (s->next != NULL) {		/* its turn comes next: fetched while the kernel sends to this one */
		const char *next = (const char *)OWNER_OF(s->next, struct conn, sub);

		for (size_t at = 0; at < sizeof *c; at += CACHE_LINE_BYTES)
			__builtin_prefetch(next + at);
	}
	conn_kick(c);
}

/* -- life -------------------------------------------------------------------- */

static void
conn_free(struct grave *g)
{
	struct conn *c = OWNER_OF(g, struct conn, grave);

	assert(c->magic == CONN_MAGIC);
	c->magic = 0;
	free(c);
}

void
conn_kill(struct conn *c, const char *why)
{
	struct server *sv = c->server;

	if (c->state == CONN_DEAD)
		return;
	log_event(LOG_DEBUG, "drop conn=%llu state=%s why=%s", (unsigned long long)c->number,
	    conn_state_name(c), why);
	conn_leave_stream(c);
	loop_unwatch(sv->loop, &c->watch);
	timer_stop(&sv->loop->timers, &c->timer);
	timers_drop(&sv->loop->timers, 1);
	frame_unref(take(&c->out));
	frame_unref(take(&c->reply));
	frame_unref(take(&c->last));
	free(c->held);
	conn_in_free(c->in);
	address_drop(&sv->addresses, c->address);
	grant_drop(sv, c->grant);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		sv->conns = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	sv->n_conns--;
	sv->n_clients -= c->counted;
	c->state = CONN_DEAD;
	TRACE2(conn__state, c->number, c->state);
	loop_bury(sv->loop, &c->grave, conn_free);
}

int
conn_new(struct server *sv, int fd, struct conn **out)
{
	struct conn *c;

	if (timers_add(&sv->loop->timers, 1) < 0) {
		close(fd);
		return -ENOMEM;
	}
	if ((c = calloc(1, sizeof *c)) == NULL) {
		timers_drop(&sv->loop->timers, 1);
		close(fd);
		return -ENOMEM;
	}
	c->magic = CONN_MAGIC;
	c->watch = (struct watch){ .fd = fd, .ready = conn_ready };
	c->timer.fire = conn_due_fire;
	c->server = sv;
	c->number = ++sv->counts.last_number;
	c->next = sv->conns;
	if (c->next != NULL)
		c->next->prev = c;
	sv->conns = c;
	sv->n_conns++;
	if (out != NULL)
		*out = c;
	return 0;
}

void
conn_begin(struct conn *c)
{
	struct server *sv = c->server;

	conn_due_in(c, DUE_STATE, sv->conf->handshake_ms);
	if (sv->n_clients >= sv->max_clients || (int64_t)sv->n_clients + sv->n_elsewhere >= sv->conf->max_clients) {
		sv->counts.refused++;
		conn_refuse(c, 503, "too_many_clients", "Too many clients are connected: try again later.");
	} else {
		c->counted = true;
		sv->n_clients++;
	}
	conn_resume(c);
}

void
conn_resume(struct conn *c)
{
	c->why = "epoll";
	if (!conn_arm(c))
		conn_kill(c, c->why);
	else
		conn_kick(c);		/* what came while nobody served it */
}
