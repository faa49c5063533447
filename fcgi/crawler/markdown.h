/*
 * markdown - write Markdown (CommonMark with GFM's tables) from blocks and runs
 * of text.  The writer collapses white space, escapes what would be read as
 * markup, and holds back breaks and opening marks until there is content, so
 * that empty paragraphs, items and emphasis leave no trace.
 */
#ifndef MARKDOWN_H
#define MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/slice.h"
#include "shared/text.h"

enum {
	MD_CONTAINERS_MAX = 24,		/* lists and quotes within each other; deeper ones are flat */
	MD_SPANS_MAX = 16,		/* emphasis and links within each other */
	MD_CLOSED_MAX = 4,		/* marks that end at the same place */
};

enum md_span { MD_EM, MD_STRONG, MD_DEL, MD_LINK };

struct md_container {
	char first[16], rest[16];	/* before its first line, before the others */
	bool used;			/* first has been written */
};

struct md_open_span {
	enum md_span kind;
	bool	     open, dead;	/* its mark is written; never to be written */
	size_t	     at;		/* where its content starts, when open */
	const char  *url;		/* of a link, borrowed */
	struct slice fragment;		/* with its '#' */
};

struct md_closed_span {
	size_t inner, close, end;	/* where its content, its closing mark, and what follows start */
	size_t mark_bytes;
};

struct md {
	struct text out;
	struct md_container container[MD_CONTAINERS_MAX];
	unsigned    n_containers, lost_containers;
	struct md_open_span span[MD_SPANS_MAX];
	unsigned    n_spans, lost_spans;
	struct md_closed_span closed[MD_CLOSED_MAX];	/* those whose closing mark ends out */
	unsigned    n_closed;
	unsigned    breaks;		/* held back: 1 new line, 2 blank line */
	unsigned    heading;		/* held back: its level, 0 none */
	bool	    space;		/* held back */
	bool	    hard;		/* out ends in the backslash of a <br> */
	bool	    at_start;		/* of a block: nothing written on this line */
	bool	    one_line;		/* heading or term: breaks become spaces */
	bool	    no_spans;		/* a heading is emphasis enough, and no link */
	bool	    in_cell, cell_empty;
	char	    last_mark;		/* what the closing mark at the end of out was, or 0 */
};

void md_init(struct md *m);
void md_fini(struct md *m);

/* -- blocks ---------------------------------------------------------------- */

void md_break(struct md *m);			/* what follows is another block */
void md_line(struct md *m);			/* what follows is another line, at least */
void md_tight(struct md *m);			/* another line, and no more */
void md_hard_break(struct md *m);		/* <br> */
void md_push(struct md *m, const char *first, const char *rest);	/* a container: "- " and "  " */
void md_pop(struct md *m);
void md_rule(struct md *m);
void md_heading(struct md *m, unsigned level);	/* one line until md_heading_end */
void md_heading_end(struct md *m);

/* A fenced block: its text to the letter.  language may be empty. */
void md_fence(struct md *m, const char *code, size_t len, struct slice language);

/* -- text ------------------------------------------------------------------ */

void md_text(struct md *m, const char *p, size_t len);		/* escaped, white space collapsed */
void md_code(struct md *m, const char *p, size_t len);		/* inline code */
void md_math(struct md *m, const char *tex, size_t len);	/* inline: $`x`$ */
void md_image(struct md *m, struct slice alt, const char *url);	/* alt has text; url NULL: alt alone */
void md_open(struct md *m, enum md_span kind, const char *url, struct slice fragment);
void md_close(struct md *m);

/* -- tables ---------------------------------------------------------------- */

void md_row(struct md *m);			/* a row starts */
void md_cell(struct md *m);			/* a cell starts, after md_row or md_cell_end */
void md_cell_end(struct md *m);
void md_row_end(struct md *m);
void md_header_end(struct md *m, unsigned columns);	/* the line below the header row */

#endif
