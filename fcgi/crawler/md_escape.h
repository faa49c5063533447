/*
 * md_escape - which characters of running text Markdown would take for markup,
 * and which are spaces though they are not ASCII.
 */
#ifndef MD_ESCAPE_H
#define MD_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "crawler/markdown.h"

/* Would the mark at p be read as markup?  What stands before it is in m->out, unless it is the first of its line. */
bool md_needs_escape(const struct md *m, const char *p, const char *end, bool first);

/* How long the space or invisible character at p is, 0 when it is text; *visible: it is a space. */
size_t md_wide_space(const char *p, const char *end, bool *visible);

#endif
