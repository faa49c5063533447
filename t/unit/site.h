/*
 * site - a web site on loopback for tests: one process that answers what a
 * function of the test says, and counts what was asked for.
 */
#ifndef SITE_H
#define SITE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "shared/text.h"

enum { SITE_PATHS = 2048, SITE_PATH_BYTES = 120 };

struct site_hit {
	char	    path[SITE_PATH_BYTES];
	atomic_uint n;
};

struct site {
	pid_t	 pid;
	unsigned port;
	struct site_hit *hits;		/* shared with the server; by first come */
};

/* Write a whole reply to path: head, blank line, body.  Leave out empty: never answer. */
typedef void site_f(struct text *out, const char *path, unsigned port);

void site_reply(struct text *out, const char *status, const char *type, const char *headers, const char *body);

void site_start(struct site *s, site_f *f);
void site_stop(struct site *s);
unsigned site_hits(const struct site *s, const char *path);
unsigned site_closed_port(void);	/* one where nobody listens */

#endif
