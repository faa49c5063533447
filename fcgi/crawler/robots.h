/*
 * robots - the Robots Exclusion Protocol, RFC 9309: the groups that name us (or
 * `*` when none does) joined into one list of rules; the longest matching rule
 * decides, allow wins a tie, no match allows.  Sitemap lines belong to no group.
 */
#ifndef ROBOTS_H
#define ROBOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/slice.h"

enum {
	ROBOTS_MAX_BYTES = 500 * 1024,	/* section 2.5: at least so much must be read; the rest is ignored */
	ROBOTS_MAX_RULES = 10000,
	ROBOTS_MAX_SITEMAPS = 64,
	ROBOTS_MAX_DELAY_MS = 30000,	/* a longer Crawl-delay is taken as this */
};

struct robots_rule {
	char *pattern;			/* normalised; owned */
	size_t len;
	bool  allow;
};

struct robots {
	struct robots_rule *rules;
	unsigned n_rules;
	char	*sitemaps[ROBOTS_MAX_SITEMAPS];	/* as written; owned */
	unsigned n_sitemaps;
	int64_t	 delay_ms;		/* 0: none given */
	bool	 disallow_all;		/* the file could not be had: section 2.3.1.4 */
};

/* *out must be zeroed.  agent: our User-Agent, of which the product token counts.  0, -ENOMEM. */
int robots_parse(struct robots *out, const char *body, size_t len, const char *agent);
void robots_fini(struct robots *r);

/* target: path with query, beginning with '/'. */
bool robots_allowed(const struct robots *r, struct slice target);

/*
 * The value of an X-Robots-Tag: rules separated by commas, where "name:" in front
 * of one means that it and those behind it are for the robot of that name only.
 * Sets *noindex and *nofollow when a rule for us (or for all) says so, else leaves
 * them alone.
 */
void robots_tag(struct slice value, const char *agent, bool *noindex, bool *nofollow);

#endif
