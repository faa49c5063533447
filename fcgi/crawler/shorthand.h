/*
 * shorthand - a page as it is given to a parser that takes its time over every
 * character: each longer run of plain text becomes one character, which stands
 * for it, and the text of the tree is read back into the runs.
 *
 * The tree is the one the page itself gives: a run holds no markup, no reference
 * and nothing a tokenizer changes, begins with no white space (whose place in the
 * tree may be another), and is taken only from where the tokenizer reads ordinary
 * text.  Where that is in doubt (markup.h) the rest of the page stays as it is.
 * The characters are of the last two planes of Unicode, for private use; a page
 * that uses these itself stays as it is, too.
 */
#ifndef SHORTHAND_H
#define SHORTHAND_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/slice.h"
#include "shared/text.h"

struct shorthand {
	struct text   page;		/* what to parse; empty: the page as it was */
	struct slice *run;		/* of the page, borrowed */
	unsigned      n_runs, cap;
};

/* Write len bytes of UTF-8 (borrowed until shorthand_fini).  0 or -ENOMEM; s is to be zero. */
int shorthand_write(struct shorthand *s, const char *html, size_t len);
void shorthand_fini(struct shorthand *s);

/*
 * The next piece of t: a run, or what stands as it is.  false: t is read.
 * *piece holds what it says there until shorthand_fini() or as long as t does.
 */
bool shorthand_read(const struct shorthand *s, struct slice *t, struct slice *piece);

#endif
