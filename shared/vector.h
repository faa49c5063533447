/*
 * vector - what a text is about, as an embedding model says it: a direction in
 * some hundred dimensions.  Only the direction counts, so it is kept in a byte a
 * dimension, which moves a cosine by less than 0.01:
 *
 *	4 bytes		sum of the squares of the rest, little-endian
 *	dims bytes	-127..127, the largest of them 127 or -127
 */
#ifndef VECTOR_H
#define VECTOR_H

#include <stdbool.h>
#include <stddef.h>

enum {
	VECTOR_DIMS_MAX = 4096,		/* the largest models known have as many */
	VECTOR_HEAD_BYTES = 4,
	VECTOR_BYTES_MAX = VECTOR_HEAD_BYTES + VECTOR_DIMS_MAX,
};

struct vector {
	size_t	      len;		/* 0: none */
	unsigned char p[VECTOR_BYTES_MAX];
};

/* false: it is no direction (all zero, not finite, no dimension or too many). */
bool vector_pack(struct vector *out, const double *x, unsigned dims);

/* Could these bytes be a packed vector?  Its numbers are not looked at. */
bool vector_is_sane(const void *p, size_t len);

/* -1..1; both of len bytes and sane. */
double vector_cosine(const unsigned char *a, const unsigned char *b, size_t len);

#endif
