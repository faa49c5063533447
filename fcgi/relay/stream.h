/*
 * stream - what a client can open: a path and how it is served.  Connections
 * know streams only by this table, so that another stream is another row.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/asked.h"
#include "relay/frame.h"
#include "relay/ws_in.h"
#include "shared/slice.h"

struct conn;
struct text;

enum { WAY_WS = 1, WAY_SSE = 2, WAY_POLL = 4 };

enum stream_kind { STREAM_PROGRESS, STREAM_LOGS, STREAM_ITEMS, STREAM_CRAWLS, STREAM_ECHO, N_STREAM_KINDS };

struct piece {				/* what goes out next: bytes from..to of a frame */
	struct frame *frame;		/* gives */
	uint32_t      from, to;
	bool	      last;		/* nothing is behind it now: next() need not be asked again */
};

struct stream {
	const char	*name;		/* "progress", for eyes */
	const char	*path;		/* whole, or up to the id */
	enum stream_kind kind;
	unsigned	 ways;		/* WAY_* */
	bool		 takes_id;	/* one more segment: the id, 1..128 printable bytes */
	const char	*beat;		/* its heartbeat message */

	/*
	 * A client is here: subscribe it.  0; an HTTP status to answer with (204: an
	 * event stream has nothing more to say; 422: what it asked for, why is filled);
	 * or -errno: 503.
	 */
	int (*open)(struct conn *c, const struct asked *a, const char **why);
	/* The next of the stream for c, whose socket is free: 1 *out is filled, 0 nothing, -ENOMEM. */
	int (*next)(struct conn *c, struct piece *out);
	/* What open() or next() asked for by conn_expire_in() has come: why, for Close 1000.  NULL: they never ask. */
	const char *(*expired)(struct conn *c);
	/* A long poll's wait is over: the status to answer with, 304 or 404.  May be NULL without WAY_POLL. */
	int (*lapsed)(struct conn *c);
	/* c goes: unsubscribe it. */
	void (*close)(struct conn *c);
	/* What clients say is for the stream.  May be NULL: it is counted.  False: memory ran out. */
	bool (*hear)(struct conn *c, enum ws_opcode op, const char *p, size_t len, bool first, bool last);
	/* For the process that takes over: open(), but c goes on where its cursor in *c stands. */
	int (*resume)(struct conn *c, struct slice id);
	/* Where it stands, for that process, when that is not c->sub.at; its mark is 0 there.  May be NULL. */
	uint64_t (*place)(const struct conn *c);
};

#endif
