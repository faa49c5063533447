/*
 * fuse - one list of results out of two that were made by different measures:
 * reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009).  Only places
 * count, so scores that cannot be compared need not be.  The second list counts less
 * than the first.
 */
#ifndef FUSE_H
#define FUSE_H

#include <stdint.h>

/*
 * How little the first places count beside later ones: 60 in the paper, for lists of one
 * worth.  What words find and what is near by meaning are not: see t/search/README.
 */
enum { FUSE_K = 10 };

struct ranked {
	int64_t key;		/* what is ranked: each once in a list */
	int64_t chunk;		/* of it, the best; when both lists have one, that of the first is kept */
	double	score;		/* of the fused list: 0..1, 1 is first in both */
};

/*
 * The best first; equal ones by chunk, then key.  out holds n_a + n_b and is
 * neither list; scores of a and b are not looked at.  How many there are.
 */
unsigned fuse(struct ranked *out, const struct ranked *a, unsigned n_a, const struct ranked *b, unsigned n_b);

#endif
