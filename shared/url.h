/*
 * url - http and https URLs in the one form we store and compare, after the
 * WHATWG URL Standard as far as crawling needs it: resolution against a base,
 * dot segments, default ports, host in lower case, percent-encoding in upper
 * case, fragment and credentials dropped.  Host names in other scripts become
 * "xn--..." by UTS #46 (libidn2: libcurl does it, too, but reads them in the
 * process's locale); "xn--" labels are taken as they are.
 */
#ifndef URL_H
#define URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/progress_row.h"
#include "shared/slice.h"

struct url {				/* a value; text is NUL-terminated */
	char	 text[ROW_URL_BYTES];
	uint16_t len;
	uint16_t host_at, host_len;	/* without port; "[::1]" keeps its brackets */
	uint16_t port;			/* always set: 80 or 443 when the text has none */
	uint16_t path_at;		/* starts with '/' */
	uint16_t query_at;		/* at '?', or len */
	bool	 https;
};

/*
 * Resolve ref against base (NULL, or of length 0: ref must be absolute).  0, or
 *	-EINVAL		not a URL
 *	-EPROTONOSUPPORT  a URL, but not http or https (mailto:, javascript: ...)
 *	-EMSGSIZE	longer than we accept
 *	-EOPNOTSUPP	a host in another script, and libidn2 was missing when this was built
 *	-ENOMEM		only for such a host
 * *out is untouched on failure and may be base itself.
 */
int url_resolve(struct url *out, const struct url *base, const char *ref, size_t len);
int url_parse(struct url *out, const char *s);		/* absolute, NUL-terminated */

struct slice url_host(const struct url *u);		/* all borrowed from u */
struct slice url_path(const struct url *u);		/* without the query */
struct slice url_origin(const struct url *u);		/* "https://host:port" as written */
bool url_same_origin(const struct url *a, const struct url *b);

#endif
