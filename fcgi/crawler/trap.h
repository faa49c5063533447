/*
 * trap - ends what a site could go on with for ever: calendars, endless query
 * strings, paths that repeat themselves.  Each rule counts per crawl, by a hash
 * of what it is about, and is named in the progress log when it first strikes.
 */
#ifndef TRAP_H
#define TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/url.h"

#define TRAP_RULES(X)									\
	X(NONE,	    "none")								\
	X(DEEP,	    "path of more than 24 segments")					\
	X(REPEAT,   "path that repeats its segments")					\
	X(PARAMS,   "query of more than 8 parameters")					\
	X(QUERIES,  "more than 500 queries on one path")				\
	X(CALENDAR, "more than 400 dates in one place")

enum trap_rule {
#define X(name, word) TRAP_##name,
	TRAP_RULES(X)
#undef X
	TRAP_N_RULES
};

struct trap_count {
	uint64_t hash;			/* 0: free */
	uint32_t n;
};

struct traps {
	struct trap_count *slot;
	size_t	 n_slots, used;		/* n_slots is a power of two */
	uint64_t struck[TRAP_N_RULES];	/* URLs dropped by each rule */
};

void traps_fini(struct traps *t);

/* Does a rule forbid to add u, which was not seen before?  Counts it if not. */
enum trap_rule trap_check(struct traps *t, const struct url *u);
const char *trap_word(enum trap_rule r);	/* static */

#endif
