/*
 * scope - which URLs belong to a crawl: the start URL's origin and path prefix,
 * other hosts that were asked for (whole), narrowed by include and exclude globs, without what no page ever is.  Fixed
 * while workers use it.
 *
 * Globs match the whole path (with the query when the glob has a '?'): `*` any
 * bytes but '/', `**` any bytes.
 */
#ifndef SCOPE_H
#define SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/crawl_params.h"
#include "shared/slice.h"
#include "shared/url.h"

struct scope {
	struct url base;		/* the start */
	size_t	   prefix_len;		/* of base's path */
	const struct crawl_params *params;	/* borrowed for the scope's life */
};

enum scope_verdict {
	SCOPE_IN,
	SCOPE_OUTSIDE,			/* other host or path */
	SCOPE_EXCLUDED,			/* by a glob */
	SCOPE_BINARY,			/* by its extension */
};

/* A start path that ends in a file ("/docs/index.html") opens its directory. */
void scope_init(struct scope *s, const struct url *start, const struct crawl_params *params);

enum scope_verdict scope_check(const struct scope *s, const struct url *u);

/* The same for what a sitemap or list names: the site counts, not the prefix. */
enum scope_verdict scope_check_listed(const struct scope *s, const struct url *u);

/*
 * The one form of u under which it is fetched and stored: tracking parameters,
 * session ids and an empty query dropped; http on a site that has https becomes
 * https.  *u keeps being a valid url.  True: a session id was among what was dropped.
 */
bool scope_canonical(const struct scope *s, struct url *u);

bool scope_same_site(const struct scope *s, const struct url *u);
bool glob_match(const char *glob, size_t glob_len, const char *s, size_t len);

#endif
