#include "config.h"

#include "shared/fuse.h"

#include <stdlib.h>

static const double second_part = 0.4;	/* of what a place in the first list is worth */

static double
worth(double part, unsigned place)	/* from 0; the first of both lists comes to 1 */
{
	return part / (1 + second_part) * (FUSE_K + 1) / (FUSE_K + 1 + place);
}

static int
compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->score > y->score || x->score < y->score)
		return x->score > y->score ? -1 : 1;
	if (x->chunk != y->chunk)
		return x->chunk < y->chunk ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

unsigned
fuse(struct ranked *out, const struct ranked *a, unsigned n_a, const struct ranked *b, unsigned n_b)
{
	unsigned n = n_a;

	for (unsigned i = 0; i < n_a; i++)
		out[i] = (struct ranked){ a[i].key, a[i].chunk, worth(1, i) };
	for (unsigned i = 0; i < n_b; i++) {
		unsigned at = 0;

		while (at < n_a && out[at].key != b[i].key)
			at++;
		if (at < n_a)
			out[at].score += worth(second_part, i);
		else
			out[n++] = (struct ranked){ b[i].key, b[i].chunk, worth(second_part, i) };
	}
	qsort(out, n, sizeof out[0], compare);
	return n;
}
