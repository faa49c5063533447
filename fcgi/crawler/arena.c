#include "config.h"

#include "crawler/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 256 * 1024, BLOCK_MAX = 8 * 1024 * 1024 };

struct arena_block {
	struct arena_block *older;
	alignas(max_align_t) char p[];
};

static struct arena_block *
block_new(struct arena *a, struct arena_block **list, size_t bytes)
{
	struct arena_block *b = malloc(sizeof *b + bytes);

	if (b == NULL)
		return NULL;
	a->bytes += bytes;
	b->older = *list;
	*list = b;
	return b;
}

void *
arena_alloc_anew(struct arena *a, size_t bytes, size_t align)
{
	size_t block_bytes = a->bytes < BLOCK_BYTES ? BLOCK_BYTES : a->bytes < BLOCK_MAX ? a->bytes & ~(size_t)15 : BLOCK_MAX;
	struct arena_block *b;

	if (bytes > BLOCK_BYTES / 2)
		return (b = block_new(a, &a->big, bytes)) != NULL ? b->p : NULL;
	if ((b = block_new(a, &a->newest, block_bytes)) == NULL)
		return NULL;
	a->p = b->p;
	a->left = block_bytes;
	return arena_alloc(a, bytes, align);
}

void
arena_free(struct arena *a, void *p)
{
	struct arena_block **at = &a->big, *b;

	for (unsigned tries = 2; tries > 0 && (b = *at) != NULL; tries--, at = &b->older)
		if (b->p == p) {
			*at = b->older;
			free(b);
			return;
		}
}

static void
blocks_free(struct arena_block *b)
{
	for (struct arena_block *older; b != NULL; b = older) {
		older = b->older;
		free(b);
	}
}

void
arena_fini(struct arena *a)
{
	blocks_free(a->newest);
	blocks_free(a->big);
	memset(a, 0, sizeof *a);
}
