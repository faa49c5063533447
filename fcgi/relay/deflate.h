/*
 * deflate - permessage-deflate (RFC 7692) without context takeover in either
 * direction: every message is compressed by itself, so that once is enough for
 * all who negotiated it, and nobody needs a window of his own.
 */
#ifndef DEFLATE_H
#define DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/frame.h"
#include "shared/slice.h"
#include "shared/text.h"

#define DEFLATE_ACCEPT	"permessage-deflate; server_no_context_takeover; client_no_context_takeover"

/* Is there an offer in this Sec-WebSocket-Extensions that DEFLATE_ACCEPT answers? */
bool deflate_is_offered(struct slice extensions);

/* A whole compressed text message (gives); NULL when memory ran out. */
struct frame *deflate_frame(const void *json, size_t len);

/* The same for any message, as wide as it was asked. */
struct frame *deflate_message(enum ws_opcode op, const void *p, size_t len);

/*
 * Open one compressed message, all of its fragments, onto *out.  0; -EBADMSG it
 * is no such thing, -EMSGSIZE it would be over max_bytes, -ENOMEM.
 */
int inflate_message(struct text *out, const void *p, size_t len, uint64_t max_bytes);

#endif
