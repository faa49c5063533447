/*
 * dom_piece - parse a page piece by piece with Gumbo, and get the tree of the whole.
 *
 * A piece ends behind a start tag.  If all that the parser knew there was which elements
 * are open, the next piece begins with their start tags: the parser then is where it was.
 * That is so when the element was put where it stands, within elements that their tags tell
 * all about; when no form was left open, and no formatting element that is closed by now, which the
 * parser would open anew; and when the next piece left them as they were, which is seen
 * once it is parsed.
 */
#ifndef DOM_PIECE_H
#define DOM_PIECE_H

#include <gumbo.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/text.h"

enum { PIECE_OPEN_MAX = 64 };		/* elements that are open at a cut; pages have ten */

struct dom_piece {			/* zero: the first, with nothing open */
	struct text open;		/* start tags to begin with */
	size_t	 at[PIECE_OPEN_MAX];	/* of each, in there */
	unsigned depth;
};

/*
 * May the parser have more to know of this node than that it is open?  Of a formatting element
 * that is open, it has not.
 */
bool dom_piece_lingers(const GumboNode *n);

/*
 * Make `next` begin where this piece, parsed to out, ends: with the element whose start
 * tag, of len bytes, is at `tag`; so many nodes linger.  false: it cannot; next is of no
 * use.  next->open.failed: no memory.
 */
bool dom_piece_follow(struct dom_piece *next, const GumboOutput *out, const char *tag, size_t len, unsigned lingering);

/*
 * The innermost of the elements that were open, in the tree of the text at `begin`; NULL:
 * they are not as they were.  So many of them linger.
 */
const GumboNode *dom_piece_innermost(const struct dom_piece *p, const GumboOutput *out, const char *begin, unsigned *lingering);

#endif
