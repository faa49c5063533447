/*
 * maincontent - where the documentation stands on a page, and what around and
 * within it is furniture: navigation, footers, permalinks, buttons, cookie bars.
 *
 * The content is what the page's generator marks as such (a table of ids,
 * classes and roles in maincontent.c); failing that, the body less the
 * furniture.
 */
#ifndef MAINCONTENT_H
#define MAINCONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "crawler/dom.h"

enum { CONTENT_CANDIDATES_MAX = 32 };

struct content_candidate {
	const struct dom_node *node;
	unsigned	       rank;		/* how sure the mark is */
	enum dom_tag	       tag;
	size_t		       text_bytes;
	unsigned	       n_h1;
	bool		       open;
};

struct content_survey {			/* one walk over the body fills it */
	struct content_candidate candidate[CONTENT_CANDIDATES_MAX];
	unsigned     n, n_open;
	size_t	     text_bytes, toc_bytes;	/* outside and inside of tables of contents */
	bool	     in_gap;			/* between words, as far as counted */
	unsigned     n_h1, n_articles;
	const struct dom_node *furniture;	/* we are within it; NULL: no */
	const struct dom_node *toc;
};

struct main_content {
	const struct dom_node *node;
	bool keep_toc;			/* the page is little else */
	bool marked;			/* by its generator; false: all of the body */
};

/* Called by a walk for each node at its start and its end, in document order. */
void content_enter(struct content_survey *s, const struct dom_node *n, enum dom_tag tag);
void content_leave(struct content_survey *s, const struct dom_node *n);

struct main_content content_choose(const struct content_survey *s, const struct dom_node *body);

/* Is this element (with all it holds) not content?  within: it stands in marked content. */
enum content_kind {
	CONTENT_TEXT,
	CONTENT_FURNITURE,
	CONTENT_TOC,
	CONTENT_TABS,			/* the labels of the panels that follow */
};
enum content_kind content_kind(const struct dom_node *n, enum dom_tag tag, bool within);

#endif
