/*
 * markup_guard - how much of a page may be given to an HTML5 parser.
 *
 * The parsing rules of HTML5 cost time and memory far beyond the size of the
 * page when it is made for that: each start tag walks the open elements, every
 * open <b x=1>, <b x=2> ... is made anew in each paragraph, each attribute is
 * compared with those before it.  A quick scan of the tags follows nesting,
 * formatting elements and attributes, and stops before the tag that would pass
 * a limit no written page comes near to.
 */
#ifndef MARKUP_GUARD_H
#define MARKUP_GUARD_H

#include <stddef.h>

enum {
	MARKUP_DEPTH_MAX = 512,		/* open elements */
	MARKUP_FORMAT_MAX = 64,		/* open formatting elements that differ */
	MARKUP_NODES_MAX = 1000000,	/* elements, those made anew included */
	MARKUP_ATTRS_MAX = 256,		/* of one tag */
};

size_t markup_guard(const char *html, size_t len);	/* bytes that are safe: len for nearly all pages */

#endif
