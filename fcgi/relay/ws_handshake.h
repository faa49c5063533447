/*
 * ws_handshake - the opening handshake of RFC 6455, section 4.2, and the small
 * HTTP answers for everything that is not one.  Pure: a request head in, bytes
 * to send out.
 */
#ifndef WS_HANDSHAKE_H
#define WS_HANDSHAKE_H

#include "relay/http_head.h"
#include "shared/text.h"

enum { HTTP_SWITCHING = 101 };

struct refusal {			/* why not, for the client */
	const char *code, *sentence;	/* static */
};

/*
 * May this request become a WebSocket?  HTTP_SWITCHING, or the status to answer
 * with and *why filled: 400 broken handshake, 403 foreign Origin, 426 none, or
 * another version.  allow_origins: space separated, beside the own one.
 */
int ws_handshake_check(const struct http_head *h, const char *allow_origins, struct refusal *why);

/* Is the page allowed to call?  No Origin (not a browser), the own host, or one of the list. */
bool origin_is_allowed(const struct http_head *h, const char *allow_origins);

/* The 101; extensions: what was agreed on, NULL: nothing. */
void ws_handshake_accept(struct text *out, const struct http_head *h, const char *extensions);
/* An answer without a stream; of a 422 the sentence is the name of the parameter. */
void http_refuse(struct text *out, int status, const struct refusal *why);

#endif
