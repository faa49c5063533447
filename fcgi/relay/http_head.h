/*
 * http_head - the head of one HTTP/1.1 request, taken apart: request line and
 * fields (RFC 9112, sections 3 and 5).  Pure: everything is borrowed from the
 * buffer.  Strict where leniency has been used for smuggling: CRLF only, no
 * folding, no space before the colon, no control bytes.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/slice.h"

enum {
	HEAD_BYTES_MAX = 8192,		/* nginx's own large_client_header_buffers */
	HEAD_FIELDS_MAX = 64,		/* browsers send some 20 */
};

struct http_head {
	struct slice method, path, query;	/* query without '?'; empty when there is none */
	unsigned     minor;			/* HTTP/1.minor */
	size_t	     head_bytes;		/* what follows begins here */
	unsigned     n_fields;
	struct http_field { struct slice name, value; } field[HEAD_FIELDS_MAX];
};

/*
 *	0		*h is filled
 *	-EAGAIN		the end of the head has not arrived
 *	-EBADMSG	not an HTTP/1.x request: 400
 *	-EMSGSIZE	over a limit above: 431
 */
int http_head_parse(const void *buf, size_t len, struct http_head *h);

/* The value of the only field of that name; *count (may be NULL) tells how often it is there. */
struct slice http_field(const struct http_head *h, const char *name, unsigned *count);

/* Is the token in the comma-separated list, over all fields of that name?  Case does not matter. */
bool http_field_has(const struct http_head *h, const char *name, const char *token);

bool slice_is_nocase(struct slice a, struct slice b);	/* ASCII */
struct slice slice_trim(struct slice s);		/* blanks and tabs off both ends */
/* What stands before c is given and taken off *rest together with c; all of it when there is no c. */
struct slice slice_split(struct slice *rest, char c);

#endif
