/*
 * cursor - read bytes without stepping past their end.  The first short read
 * marks the cursor bad; every later read gives zeros, so that a parser reads a
 * group of fields and asks once.  The cursor owns no memory.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *p, *end;
	bool	       bad;
};

static inline struct cursor
cursor_of(const void *buf, size_t len)
{
	const uint8_t *p = buf;

	return (struct cursor){ .p = p, .end = p + len };
}

static inline size_t
cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* The next len bytes, borrowed from the buffer; NULL when there are fewer. */
static inline const uint8_t *
cursor_take(struct cursor *c, size_t len)
{
	const uint8_t *at = c->p;

	if (c->bad || len > cursor_left(c)) {	/* lengths are compared, never p + len */
		c->bad = true;
		return NULL;
	}
	c->p += len;
	return at;
}

/* A big-endian number of len <= 8 bytes. */
static inline uint64_t
cursor_be(struct cursor *c, size_t len)
{
	const uint8_t *at = cursor_take(c, len);
	uint64_t v = 0;

	for (size_t i = 0; at != NULL && i < len; i++)
		v = v << 8 | at[i];
	return v;
}

#endif
