/*
 * slice - a piece of somebody else's bytes: borrowed, not NUL-terminated.
 */
#ifndef SLICE_H
#define SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *p;
	size_t	    len;
};

#define SLICE_LIT(s) ((struct slice){ "" s, sizeof(s) - 1 })

static inline struct slice
slice_of(const char *s)		/* NULL gives the empty slice */
{
	return (struct slice){ s, s != NULL ? strlen(s) : 0 };
}

static inline bool
slice_is(struct slice a, const char *s)
{
	return a.len == strlen(s) && (a.len == 0 || memcmp(a.p, s, a.len) == 0);
}

#endif
