/*
 * shorthand - a page as it is given to a parser that takes its time over every
 * character: each longer run of plain text, and each longer value of an attribute,
 * becomes one character, which stands for it; the texts and values of the tree are
 * read back into the runs.
 *
 * What is in a <pre> or <code> becomes one, too, when it is nothing but text and
 * the <span>s of a highlighter: of these a manual may have more than of all other
 * elements, and who reads code asks for none of them.  So does nobody for one that is
 * all that another <span> holds.
 *
 * Else the tree is the one the page itself gives: a run holds no markup, no reference
 * and nothing a tokenizer changes, begins with no white space (whose place in the
 * tree may be another), and is taken only from where the tokenizer reads ordinary
 * text.  A value is one that no parser looks into, and equal ones become the same
 * character, for a parser compares some.  Where that is in doubt (markup.h) the rest of the page stays as it is.
 * The characters are of the last two planes of Unicode, for private use; a page
 * that uses these itself stays as it is, too.
 */
#ifndef SHORTHAND_H
#define SHORTHAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/slice.h"
#include "shared/text.h"

struct shorthand_run {
	struct slice text;
	uint32_t     next;		/* index + 1 of the next value in its bucket; 0: the last */
};

struct shorthand {
	struct text   page;		/* what to parse; empty: the page as it was */
	struct shorthand_run *run;	/* of the page, borrowed */
	unsigned      n_runs, cap;
	char	     *code;		/* the text of code with tags and references, these read: as long as the page at most */
	size_t	      code_len;
	uint32_t     *value;		/* by hash: index + 1 of the first in a bucket */
};

/* Write len bytes of UTF-8 (borrowed until shorthand_fini).  0 or -ENOMEM; s is to be zero. */
int shorthand_write(struct shorthand *s, const char *html, size_t len);
void shorthand_end(struct shorthand *s);	/* free all but what pieces given by shorthand_read() point to */
void shorthand_fini(struct shorthand *s);

/* May s, a text or value of the tree, begin with what stands for a run? */
static inline bool
shorthand_begins(const char *s)
{
	return *s == '\xf3' || *s == '\xf4';
}

/*
 * The next piece of t: a run, or what stands as it is.  false: t is read.
 * *piece holds what it says there until shorthand_fini() or as long as t does.
 */
bool shorthand_read(const struct shorthand *s, struct slice *t, struct slice *piece);

#endif
