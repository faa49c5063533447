/*
 * conn - one client.  Its state has a step function, which looks at buffers
 * only; one engine (conn.c) moves bytes between them and the socket, and one
 * function there tells epoll what to wait for.
 *
 * What is to be sent is never a queue.  In this order: the frame in flight, one
 * reply (handshake, Pong), the last frame (Close), a ping or heartbeat that is
 * due, the next piece of the stream.  While a reply waits for a client that
 * does not read, nothing is read from it either.
 */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "relay/audience.h"
#include "relay/loop.h"
#include "relay/server.h"
#include "relay/stream.h"
#include "relay/wire.h"
#include "relay/ws_in.h"
#include "shared/text.h"

/* name, step function, events waited for when its step says WAIT */
#define CONN_STATES(X)						\
	X(HANDSHAKE,	conn_handshake,	EPOLLIN)		\
	X(OPEN,		conn_open,	EPOLLIN)		\
	X(CLOSING,	conn_closing,	EPOLLIN)	/* we said Close, the client has not */	\
	X(DRAIN,	conn_drain,	EPOLLIN)	/* the rest leaves, then the end */	\
	X(DEAD,		NULL,		0)

enum conn_state {
#define X(name, step, want) CONN_##name,
	CONN_STATES(X)
#undef X
};

enum conn_next { CONN_MORE, CONN_WAIT, CONN_DROP };

/* Deadlines; the first is the state's own, the others run while OPEN (WRITE: always). */
enum conn_due { DUE_STATE, DUE_PING, DUE_PONG, DUE_BEAT, DUE_WRITE, N_DUES };

enum {
	CONN_TEXT_MAX = 256,		/* a {"type":"ping"} is shorter; longer messages are only counted */
	CONN_CLOSE_MS = 2000,		/* for the client's answer to our Close */
	CONN_DRAIN_MS = 2000,		/* for the rest to leave and the client's end of file */
	CONN_RETRY_MS = 2000,		/* an EventSource comes back after so long */
};

struct conn_in {			/* only while a frame or message is unfinished */
	struct ws_in ws;
	struct text  packed;		/* of a compressed message, so far */
	uint16_t     text_len;		/* over CONN_TEXT_MAX: it was too long to look at */
	char	     text[CONN_TEXT_MAX];
};

struct held {				/* bytes that arrived and could not be taken yet */
	size_t	len;
	uint8_t bytes[];
};

struct span {				/* the input a step may take from */
	uint8_t *p;
	size_t	 len;
};

struct conn {
	struct watch	     watch;
	unsigned	     magic;
#define CONN_MAGIC	     0x3ca95e17
	uint8_t		     state;	/* enum conn_state */
	uint8_t		     wire;	/* enum wire */
	uint8_t		     choice;	/* the stream's own: what was asked for */
	bool		     peer_closed : 1;
	bool		     shut : 1;		/* our side is shut down */
	bool		     counted : 1;	/* against max_clients */
	bool		     want_ping : 1, want_beat : 1;
	bool		     greeted : 1;	/* the stream's own: told that it waits */
	struct server	    *server;
	const struct stream *stream;	/* NULL: none is open */
	struct conn	    *prev, *next;
	struct frame	    *out;	/* in flight: bytes out_at..out_end of it */
	uint32_t	     out_at, out_end;
	struct frame	    *reply, *last;
	struct held	    *held;
	struct conn_in	    *in;
	struct subscriber    sub;
	uint64_t	     number;
	uint32_t	     due[N_DUES];	/* milliseconds of the loop's clock, cut to 32 bits; 0: none */
	uint32_t	     address;	/* its place in server.addresses */
	uint16_t	     rate_second, rate_n;	/* messages of that second */
	uint8_t		     origin;	/* a page of which of allow_origins, counted from 1; 0: of none */
	uint16_t	     grant;	/* whose token let it in (grants.h) */
	struct timer	     timer;	/* the earliest of due */
	union {
		struct grave grave;
		const char  *why;	/* drop reason, static, for the log */
	};
};

/* -- conn.c: the engine ------------------------------------------------------ */

int conn_new(struct server *sv, int fd, struct conn **out);	/* takes fd; 0 or -errno; out may be NULL */
void conn_begin(struct conn *c);		/* a fresh one: its handshake may begin; may kill c */
void conn_resume(struct conn *c);		/* one that was handed over, whole again; may kill c */
void conn_kick(struct conn *c);			/* there is something to send; may kill c */
void conn_kill(struct conn *c, const char *why);	/* at once; freed when the turn is over */
kick_f conn_kick_subscriber;			/* for audiences */
const char *conn_state_name(const struct conn *c);

/* -- conn_request.c: HANDSHAKE ------------------------------------------------- */

typedef enum conn_next conn_step_f(struct conn *c, struct span *in);
conn_step_f conn_handshake;

/* Not inside a step, as the next two: follow with conn_kick().  Answer by HTTP and drain. */
void conn_refuse(struct conn *c, int status, const char *code, const char *sentence);

/* -- conn_steps.c: the protocol, once it is open -------------------------------- */

conn_step_f conn_open, conn_closing, conn_drain;

void conn_close(struct conn *c, unsigned code, const char *reason);	/* OPEN: begin the closing handshake */
void conn_finish(struct conn *c);		/* no more of the stream: the rest leaves, then the end */
void conn_leave_stream(struct conn *c);
void conn_in_free(struct conn_in *ci);		/* NULL is fine */

/* -- conn_due.c: deadlines --------------------------------------------------- */

void conn_due_in(struct conn *c, enum conn_due which, int64_t ms);	/* from now; < 0: none */
int64_t conn_due_left_ms(const struct conn *c, enum conn_due which);	/* < 0: none */
void conn_due_open(struct conn *c);		/* pings and heartbeats begin */
void conn_due_end(struct conn *c, int64_t ms);	/* only the state's own is left */
timer_f conn_due_fire;

/* For streams: end in so many ms with Close 1000 (stream.h, expired); < 0: never mind. */
void conn_expire_in(struct conn *c, int64_t ms);

static inline enum stream_kind
conn_kind(const struct conn *c)
{
	return c->stream->kind;
}

#endif
