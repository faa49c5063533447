/*
 * link_header - the Link header of a reply (RFC 8288), as far as a crawl asks:
 * which URL it names as the page's own.
 */
#ifndef LINK_HEADER_H
#define LINK_HEADER_H

#include "shared/slice.h"

/*
 * Of the value of a Link header: the target of its first link with rel=canonical
 * that is about the page itself (has no anchor), as written.  Borrowed from value;
 * of length 0 when there is none.
 */
struct slice link_header_canonical(struct slice value);

#endif
