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
	size_t left;			/* in the newest block, from its end */
	size_t bytes;			/* of all blocks */
};

/* bytes (uninitialised) at a multiple of align, a power of two up to 16; NULL: out of memory. */
void *arena_alloc(struct arena *a, size_t bytes, size_t align);

/*
 * p goes with the arena; if it has a block of its own and was the last such, or
 * the one before, now: a growing buffer lets go of what it has moved from.
 */
void arena_free(struct arena *a, void *p);
void arena_fini(struct arena *a);	/* frees all; a may be used again */

#endif
