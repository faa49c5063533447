/*
 * links - the links of one page: each reference is resolved once however often
 * it occurs, each URL is kept once, in document order.
 */
#ifndef LINKS_H
#define LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/document.h"
#include "shared/slice.h"
#include "shared/url.h"

enum { LINKS_MAX = 200000 };		/* of a page; far beyond any index, and bounds the memory */

struct link_ref;			/* a reference as it is written, and where it leads */

struct links {
	struct url	 base;
	struct doc_link *link;		/* owned, see links_take() */
	uint32_t	*link_hash;
	size_t		 n, cap;
	struct link_ref *ref;
	size_t		 n_refs, ref_cap;
	uint32_t	*by_url, *by_ref;	/* hash tables: index + 1, 0 free */
	size_t		 url_slots, ref_slots;
	uint64_t	 seed;		/* a page cannot foresee which of its links collide */
	bool		 full, failed;	/* LINKS_MAX passed; memory ran out */
};

void links_init(struct links *l, const struct url *base);
void links_fini(struct links *l);

/*
 * The absolute URL that href (borrowed until links_fini) leads to, without its
 * fragment; NULL when it is no http(s) URL or only a fragment.  Borrowed until
 * links_fini.  A URL counts as nofollow when every one of its links said so.
 */
const char *links_resolve(struct links *l, struct slice href, bool nofollow);

/* Moves the kept links to doc. */
void links_take(struct links *l, struct document *doc);

#endif
