/*
 * wire - the forms one message takes on its way: a WebSocket frame, the same
 * compressed, an event of an event stream.  Each is made once, when somebody
 * needs it, and shared by all who do.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "relay/frame.h"

enum wire {
	WIRE_WS,
	WIRE_DEFLATE,			/* WebSocket with permessage-deflate */
	WIRE_SSE,
	WIRE_POLL,			/* one HTTP answer: made by the stream that gives it */
	N_WIRES
};

static inline bool
wire_is_ws(enum wire w)
{
	return w <= WIRE_DEFLATE;
}

/*
 * One text message (one line of JSON) in the form w, which is not WIRE_POLL; id
 * is the event's id, NULL: none, and WebSocket has none.  Gives; NULL when
 * memory ran out.
 */
struct frame *wire_frame(enum wire w, const char *id, const void *json, size_t len);

#endif
