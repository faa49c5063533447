/*
 * arena - memory for many small things that go together: to allocate is to move a
 * mark, to free is to drop the blocks.
 *
 * Each block is as large as those before it together: the few of a large page are
 * beyond M_MMAP_THRESHOLD (crawler_main.c), and so go back to the kernel with it.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena {				/* zero: empty */
	struct arena_block *newest;
	struct arena_block *big;	/* of one piece each, the newest first */
	char  *p;			/* the newest block */
	size_t left;			/* in it, from its end */
	size_t bytes;			/* of all blocks */
};

void *arena_alloc_anew(struct arena *a, size_t bytes, size_t align);	/* with a further block */

/* bytes (uninitialised) at a multiple of align, a power of two up to 16; NULL: out of memory. */
static inline void *
arena_alloc(struct arena *a, size_t bytes, size_t align)
{
	if (bytes >= a->left)		/* also when there is none yet */
		return arena_alloc_anew(a, bytes, align);
	a->left = (a->left - bytes) & ~(align - 1);
	return a->p + a->left;
}

/*
 * p goes with the arena; if it has a block of its own and was the last such, or
 * the one before, now: a growing buffer lets go of what it has moved from.
 */
void arena_free(struct arena *a, void *p);
void arena_fini(struct arena *a);	/* frees all; a may be used again */

#endif
