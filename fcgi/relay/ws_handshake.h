/*
 * ws_handshake - the opening handshake of RFC 6455, section 4.2, and the small
 * HTTP answers for everything that is not one.  Pure: a request head in, bytes
 * to send out.
 */
#ifndef WS_HANDSHAKE_H
#define WS_HANDSHAKE_H

#include "relay/http_head.h"
#include "shared/access.h"
#include "shared/text.h"

enum { HTTP_SWITCHING = 101 };

struct refusal {			/* why not, for the client */
	const char *code, *sentence;	/* static */
};

/*
 * May this request become a WebSocket?  HTTP_SWITCHING, or the status to answer
 * with and *why filled: 400 broken handshake, 426 none, or another version.
 */
int ws_handshake_check(const struct http_head *h, struct refusal *why);

/* The 101; extensions: what was agreed on, NULL: nothing. */
void ws_handshake_accept(struct text *out, const struct http_head *h, const char *extensions);
/* An answer without a stream; of a 422 the sentence is the name of the parameter.  more: further header lines. */
void http_refuse(struct text *out, int status, const struct refusal *why, const char *more);

/* The header lines by which a page of an allowed origin (access_allowed(); 0: none) may read the answer. */
void http_cors(struct text *out, const struct conf *conf, unsigned origin);

#endif
