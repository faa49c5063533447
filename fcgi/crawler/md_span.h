/*
 * md_span - the marks of emphasis and links in a line of Markdown.  CommonMark
 * reads a mark by the characters around it: "*`a`*s" is no emphasis.  Marks that
 * would be read as text are not written, or taken back once it is known what
 * follows them.
 */
#ifndef MD_SPAN_H
#define MD_SPAN_H

#include "crawler/markdown.h"

void md_spans_open(struct md *m, char next);	/* next: the first byte of what they hold */
void md_span_close(struct md *m, struct md_open_span *s);
void md_spans_close(struct md *m);		/* marks do not reach across blocks; they are opened again */

/* next follows the closing marks at the end of the output, without a space: can they stay? */
void md_spans_settle(struct md *m, char next);

#endif
