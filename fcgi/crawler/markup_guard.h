/*
 * markup_guard - how much of a page may be given to an HTML5 parser.
 *
 * The parsing rules of HTML5 cost time and memory far beyond the size of the
 * page when it is made for that: each start tag walks the open elements, every
 * open <b x=1>, <b x=2> ... is made anew in each paragraph, each attribute is
 * compared with those before it.  A quick scan of the tags follows nesting,
 * formatting elements and attributes, and stops before the tag that would pass
 * a limit no written page comes near to.
 *
 * The same scan finds where a large page may be parsed piece by piece (dom_piece.h).
 */
#ifndef MARKUP_GUARD_H
#define MARKUP_GUARD_H

#include <stddef.h>
#include <stdint.h>

enum {
	MARKUP_DEPTH_MAX = 512,		/* open elements */
	MARKUP_FORMAT_MAX = 64,		/* open formatting elements that differ */
	MARKUP_NODES_MAX = 1000000,	/* elements, those made anew included, and attributes */
	MARKUP_ATTRS_MAX = 256,		/* of one tag */
};

size_t markup_guard(const char *html, size_t len);	/* bytes that are safe: len for nearly all pages */

enum markup_stop { MARKUP_AT_END, MARKUP_AT_PLAIN, MARKUP_AT_LIMIT };

struct markup_scan;

/* A scan of len bytes, borrowed until markup_scan_free(); NULL: out of memory. */
struct markup_scan *markup_scan_new(const char *html, size_t len);
void markup_scan_free(struct markup_scan *s);		/* NULL is fine */
uint64_t markup_scan_nodes(const struct markup_scan *s);	/* so far */

/*
 * Go on to the start tag of a plain element (<p>, <tr>, <a> ..., not <select>) past which there
 * are more than `nodes` nodes: *tag is where it begins, *end where it ends.  MARKUP_AT_LIMIT:
 * it would be past `limit`, or what markup_guard() lets through; both are where to stop.
 * MARKUP_AT_END: there is none; both are len.
 */
enum markup_stop markup_scan_to_plain(struct markup_scan *s, uint64_t nodes, uint64_t limit, size_t *tag, size_t *end);

#endif
