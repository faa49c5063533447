/*
 * fcgi_exchange - one request and its answer on a connection that is readable.
 * The only place that calls libfcgi.
 *
 * Which parameter names the path: DOCUMENT_URI, nginx's normalised URI, decoded
 * once and with its dot segments gone.  It is what nginx's own locations, limits
 * and auth_request decided on, so nothing can pass the door under one name and be
 * routed here under another.  It must not be decoded again.  REQUEST_URI, the raw
 * form, is used (and decoded here) only when a server sends no DOCUMENT_URI.
 */
#ifndef FCGI_EXCHANGE_H
#define FCGI_EXCHANGE_H

#include <stdbool.h>

#include <fcgiapp.h>

#include "shared/route.h"

enum {
	EXCHANGE_ID_BYTES = 129,	/* longest X-Request-Id taken, and NUL */
	EXCHANGE_PATH_BYTES = 4096,
};

struct exchange {		/* a thread's own; its memory is used again */
	FCGX_Request rq;
	struct reply reply;
	struct text  body, http;
	char	     request_id[EXCHANGE_ID_BYTES];
	char	     path[EXCHANGE_PATH_BYTES];	/* decoded REQUEST_URI */
	/* Another megabyte has come; the request is read: what follows is ours to be slow in.  May be NULL. */
	void	   (*read_goes_on)(void *arg);
	void	   (*read_done)(void *arg);
	void	    *arg;
	int	     stop_fd;	/* readable when this process is to end; borrowed */
};

int exchange_init(void);	/* once a process: libfcgi, keeping our signal handlers; 0 or -errno */

/*
 * Read a request from fd, answer it.  true: the connection is kept.  Takes fd
 * otherwise: it is closed.
 */
bool exchange_serve(struct exchange *x, int fd, const struct routes *rs, void *ctx);
void exchange_fini(struct exchange *x);

#endif
