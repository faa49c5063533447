/*
 * chunk - cut Markdown into pieces for search, at headings, at definitions when
 * the piece before is big enough, else at fence and paragraph bounds, never
 * inside a fence if the fence fits; and find its code examples.
 *
 * All text is in some chunk, in order; only a heading may be left out, when the
 * text below it does not fit beside it.  A chunk's headings name all that it
 * holds: "Title > Section > term" for one definition, less for several.  Short
 * neighbours below one name become one chunk.  Its terms are the definitions that
 * begin in it, and the one that it goes on with.
 */
#ifndef CHUNK_H
#define CHUNK_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/store.h"	/* struct chunk, struct code_example */

struct chunks {
	struct chunk	    *chunk;
	struct code_example *example;
	unsigned	     n_chunks, n_examples;
	char		    *names;	/* what headings point into */
};

/*
 * Cut md (borrowed: the slices point into it and into out->names) into chunks of
 * at most size_chars characters.  *out must be zeroed.  title heads the headings
 * path ("" or NULL: none).  0, -ENOMEM.
 */
int chunk_markdown(struct chunks *out, const char *md, size_t len, const char *title,
    unsigned size_chars, bool code_examples);
void chunks_fini(struct chunks *c);

size_t chunk_words(const char *md, size_t len);		/* words of running text */

#endif
