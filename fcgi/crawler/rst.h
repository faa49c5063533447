/*
 * rst - reStructuredText as HTML: sections, paragraphs, lists, definitions, code,
 * simple tables, inline markup, and what Sphinx adds to it.  Directives and roles
 * nobody knows keep their text.  Nothing is executed, included or fetched; any
 * text is taken.  No I/O.
 *
 * Why not docutils: it is a Python program for each document, and to Sphinx's
 * directives it has error messages to say where the text should be.
 */
#ifndef RST_H
#define RST_H

#include <stddef.h>

#include "shared/slice.h"
#include "shared/text.h"

void rst_html(struct text *out, const char *in, size_t len);	/* UTF-8; out.failed says that memory ran out */

/* rst_inline.c: a run of text with its inline markup, escaped. */
void rst_inline(struct text *out, struct slice s);

/* rst_directive.c: what the name of a directive means for its content. */
enum rst_directive {
	RST_UNKNOWN,			/* its arguments name what its content explains */
	RST_CODE,			/* argument: language */
	RST_LITERAL,			/* code of no language; the argument is its first line */
	RST_ADMONITION,			/* "Note", then the content */
	RST_CONTENT,			/* only its content */
	RST_DROP,
};
enum rst_directive rst_directive(struct slice name);

#endif
