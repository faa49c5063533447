/*
 * ws_in - what a client sends, after the handshake: bytes in, events out.  RFC
 * 6455, sections 5 to 8: fragments, control frames between them, masks, UTF-8
 * across fragments, close codes, limits.  Pure; no payload is kept but that of
 * an unfinished control frame.
 */
#ifndef WS_IN_H
#define WS_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/ws_frame.h"

struct utf8_check {		/* RFC 3629 over any number of pieces; zero to begin */
	uint8_t need;		/* bytes the sequence still lacks */
	uint8_t lo, hi;		/* what the next of them may be */
};
bool utf8_check_feed(struct utf8_check *u, const uint8_t *p, size_t len);	/* false: not UTF-8 */

struct ws_in {			/* zero to begin */
	struct ws_header h;
	uint64_t at;			/* payload bytes of h seen */
	uint64_t message_bytes;		/* of the message under way, all fragments */
	struct utf8_check utf8;
	uint8_t	 message_op;		/* WS_TEXT or WS_BINARY; 0: no message under way */
	bool	 deflate;		/* set by the caller: permessage-deflate was negotiated */
	bool	 rsv1, packed;		/* of this frame; this message is compressed */
	bool	 in_payload;		/* h is whole */
	bool	 started;		/* a piece of the message was given out */
	uint8_t	 held_len;
	uint8_t	 held[WS_CONTROL_MAX];	/* an unfinished header, or control payload */
};

enum ws_event_kind {
	WS_NEED_MORE,			/* all of the input was taken */
	WS_PIECE,			/* part of a message: op, p, len, first, last */
	WS_GOT_PING, WS_GOT_PONG,	/* p, len */
	WS_GOT_CLOSE,			/* code, 0 when there was none; what to answer with */
	WS_BROKEN,			/* code to close with, why */
};

struct ws_event {
	enum ws_event_kind kind;
	enum ws_opcode	op;
	const uint8_t  *p;		/* borrowed until the next call */
	size_t		len;
	bool		first, last;
	bool		packed;		/* compressed: it is not known yet whether it is UTF-8 */
	unsigned	code;
	const char     *why;		/* static */
};

/*
 * Take bytes off the front of *p (unmasking in place) until there is something
 * to tell.  After WS_GOT_CLOSE and WS_BROKEN nothing more may be fed.
 */
void ws_in_next(struct ws_in *in, uint8_t **p, size_t *len, uint64_t message_max_bytes,
    struct ws_event *ev);

bool ws_in_is_idle(const struct ws_in *in);	/* nothing unfinished: it may be forgotten */

#endif
