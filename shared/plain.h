/*
 * plain - Markdown as one line of text, a piece at a time: no link targets, no marks
 * of headings, emphasis, quotations and tables; code as it is.  No I/O.
 */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/text.h"

struct plain {
	const char *body, *at;		/* Markdown, NUL-terminated, borrowed; how far it has been read */
	unsigned    fence;		/* of the open code fence: how deeply it is quoted, and 1; 0: none is */
	char	    fence_mark;		/* what it was opened with, and how many of them */
	size_t	    fence_len;
	size_t	    span;		/* the backticks that end the open code span; 0: none is */
	bool	    row, skip;		/* of the line: it is a table's; no more of it is text */
};

void plain_init(struct plain *w, const char *body);

/* Append what is up to that byte of the body; out NULL: only read past it.  A little further, where a mark goes on. */
void plain_put(struct plain *w, size_t to, struct text *out);

#endif
