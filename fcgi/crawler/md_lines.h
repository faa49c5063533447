/*
 * md_lines - Markdown read as blocks, line by line: headings (in lists, too),
 * fenced code, and everything else (paragraphs, lists, tables, definitions),
 * which ends at a blank line.
 * Nothing is copied; every block is a piece of the input.
 */
#ifndef MD_LINES_H
#define MD_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/slice.h"
#include "shared/text.h"

enum md_block_kind { MD_HEADING, MD_FENCE, MD_PARAGRAPH };

struct md_block {
	enum md_block_kind kind;
	const char  *start, *end;	/* whole lines, the last newline included */
	unsigned     level;		/* of a heading, 1..6 */
	struct slice text;		/* of a heading or a term, still with its marks */
	unsigned     indent;		/* of its first line */
	bool	     defines;		/* a paragraph that starts with a term, ": " and what it means */
	struct slice language, code;	/* of a fence; code without the last newline */
	size_t	     prefix_bytes;	/* "> " or indent before each line of the fence */
	bool	     prefixed;
};

struct md_lines {
	const char *p, *end;
};

void md_lines_init(struct md_lines *l, const char *md, size_t len);
bool md_next_block(struct md_lines *l, struct md_block *b);	/* false: that was all */

/* Appends the code of a fence to out, without what stands before each line. */
void md_unprefixed(struct text *out, const struct md_block *b);

/* Text without marks ("`x` **y** [z](u)" is "x y z"), at most cap bytes; its length. */
size_t md_plain(char *out, size_t cap, struct slice s);

size_t md_chars(const char *p, size_t len);			/* code points */
size_t md_first_chars(const char *p, size_t len, size_t n);	/* bytes of the first n of them */

#endif
