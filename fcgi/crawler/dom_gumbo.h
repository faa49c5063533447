/*
 * dom_gumbo - dom_parse() with limits for tests: pieces of so many nodes (elements
 * and attributes), and at most `limit` at once where the page cannot be cut.
 */
#ifndef DOM_GUMBO_H
#define DOM_GUMBO_H

#include <stddef.h>

struct dom;

int dom_parse_in_pieces(struct dom **out, const char *html, size_t len, unsigned nodes, unsigned limit);

#endif
