/*
 * fcgi_serve - a FastCGI responder (FastCGI specification 1.0) around a route
 * table.  libfcgi speaks the protocol; accepting and waiting are ours: one epoll
 * holds the listening socket and every kept connection, and a small pool of
 * threads takes those on which a whole request waits.  So a kept connection never
 * owns a thread, a peer that sends half a request or rubbish never gets one, and
 * stopping is immediate.  SIGPIPE must be ignored (daemon_signals() does that).
 */
#ifndef FCGI_SERVE_H
#define FCGI_SERVE_H

#include <signal.h>

#include "shared/err.h"
#include "shared/route.h"

enum {
	FCGI_READ_MS = 10000,		/* from the first byte of a request to its last; for each further MiB as long again */
	FCGI_STUCK_MS = 60000,		/* a handler that takes longer hangs */
	FCGI_CONNS_MAX = 4096,		/* beyond them nobody is accepted until one goes */
};

struct fcgi_server {
	const struct routes *routes;
	int	 listen_fd;		/* borrowed */
	unsigned n_threads;
	int	 read_ms;		/* 0: FCGI_READ_MS */
	/* Make and unmake a thread's context (request.ctx); unmake may be NULL. */
	void  *(*thread_ctx)(void *arg, struct err *e);	/* NULL with e filled: the server gives up */
	void   (*thread_ctx_free)(void *ctx);
	/*
	 * Once when the threads stand, then once a second, in the loop thread;
	 * non-zero ends the server with that status.  It is not called while a
	 * handler hangs, so a watchdog ping sent from it means what it says.
	 */
	int    (*tick)(void *arg);
	void	*arg;
};

/*
 * Serve until a signal of *stop arrives (blocked by daemon_signals()); requests
 * under way are finished.  0, what tick returned, or -errno with e filled.
 */
int fcgi_serve(const struct fcgi_server *srv, const sigset_t *stop, struct err *e);

#endif
