/*
 * guard - which addresses we connect to.  Asked with the address a connection
 * is about to be made to, so names that resolve to something else a moment
 * later, redirects and odd spellings change nothing.  What is not public is
 * refused unless allow_private lists its network or the URL's host:port.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "shared/err.h"
#include "shared/slice.h"

enum { GUARD_MAX_RULES = 64 };

struct guard_rule {
	uint8_t	 net[16];		/* v4 as ::ffff:a.b.c.d */
	unsigned bits;
	char	 host[256];		/* not empty: a host:port rule */
	uint16_t port;
};

struct guard_ports {
	uint16_t first, last;
};

struct guard {
	struct guard_ports ports[GUARD_MAX_RULES];
	unsigned n_ports;
	struct guard_rule rule[GUARD_MAX_RULES];
	unsigned n_rules;
};

/* allow: CIDR (or address) and host:port, space separated.  0, -EINVAL with e filled. */
int guard_init(struct guard *g, const char *allow, struct err *e);

/* ports: numbers and ranges, space separated; any port until it is called.  0, -EINVAL with e filled. */
int guard_init_ports(struct guard *g, const char *ports, struct err *e);
bool guard_allows_port(const struct guard *g, struct slice host, uint16_t port);

/* May we connect to sa for a URL of this host (as in the URL) and port? */
bool guard_allows(const struct guard *g, const struct sockaddr *sa, struct slice host, uint16_t port);

#endif
