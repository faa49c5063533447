/*
 * fcgi_peek - look at the records of one FastCGI request (specification 1.0,
 * sections 3 and 5) before libfcgi reads them.  Two reasons:
 *
 *   A thread is taken only when a whole request is there, so a peer that sent
 *   half of one waits in epoll and not in read(2).
 *
 *   libfcgi 2.4.2 trusts its peer: a parameter of 2 GiB aborts the process
 *   (CVE-2025-23016 and what its first patch left), FCGI_GET_VALUES writes past
 *   a 64-byte buffer in some versions, padding after an empty record puts it
 *   out of step.  What passes here can do none of that.
 *
 * No I/O and no state: the answer depends on the bytes alone.
 */
#ifndef FCGI_PEEK_H
#define FCGI_PEEK_H

#include <stdbool.h>
#include <stddef.h>

enum { FCGI_PEEK_BYTES = 64 * 1024 };	/* parameters must fit; nginx's defaults stay below 41 KiB */

struct fcgi_shape {
	bool   params_whole;	/* the parameters have ended and are sound */
	size_t request_bytes;	/* all records up to the end of STDIN, 0: not all there yet */
};

/*
 * Look at the len bytes that wait.  0 and *out filled as far as they go, or
 * -EPROTO: this is no request a responder takes, close the connection.
 */
int fcgi_peek(const void *buf, size_t len, struct fcgi_shape *out);

#endif
