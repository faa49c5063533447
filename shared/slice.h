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

/* The value of a hexadecimal digit, as in a percent-encoding; -1: it is none. */
static inline int
hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

#endif
