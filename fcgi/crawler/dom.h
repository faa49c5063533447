/*
 * dom - a read-only view of the tree an HTML5 parser made: of the parser's own nodes,
 * but for Gumbo's (dom_tree.h).  One of dom_lexbor.c, dom_myhtml.c and dom_gumbo.c
 * is compiled in.
 *
 * Nodes and slices live until dom_free().  Foreign elements (SVG, MathML) are
 * DOM_UNKNOWN, but for their roots.  The depth of the tree is bounded by what
 * markup_guard() lets through, its walk here is iterative all the same.
 */
#ifndef DOM_H
#define DOM_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/slice.h"

/* The HTML elements that every one of the parsers has a number for. */
#define DOM_TAGS(X) \
	X(A) X(ABBR) X(ADDRESS) X(AREA) X(ARTICLE) X(ASIDE) X(AUDIO) X(B) X(BASE) X(BIG) \
	X(BLOCKQUOTE) X(BODY) X(BR) X(BUTTON) X(CANVAS) X(CAPTION) X(CENTER) X(CITE) X(CODE) \
	X(COL) X(COLGROUP) X(DD) X(DEL) X(DETAILS) X(DFN) X(DIR) X(DIV) X(DL) X(DT) X(EM) \
	X(EMBED) X(FIELDSET) X(FIGCAPTION) X(FIGURE) X(FONT) X(FOOTER) X(FORM) X(FRAME) \
	X(FRAMESET) X(H1) X(H2) X(H3) X(H4) X(H5) X(H6) X(HEAD) X(HEADER) X(HGROUP) X(HR) \
	X(HTML) X(I) X(IFRAME) X(IMG) X(INPUT) X(INS) X(KBD) X(LABEL) X(LEGEND) X(LI) \
	X(LINK) X(LISTING) X(MAIN) X(MAP) X(MARK) X(MATH) X(MENU) X(META) X(NAV) X(NOFRAMES) \
	X(NOSCRIPT) X(OBJECT) X(OL) X(OPTGROUP) X(OPTION) X(OUTPUT) X(P) X(PLAINTEXT) X(PRE) \
	X(PROGRESS) X(Q) X(RP) X(RT) X(RUBY) X(S) X(SAMP) X(SCRIPT) X(SECTION) X(SELECT) \
	X(SMALL) X(SPAN) X(STRIKE) X(STRONG) X(STYLE) X(SUB) X(SUMMARY) X(SUP) X(SVG) \
	X(TABLE) X(TBODY) X(TD) X(TEMPLATE) X(TEXTAREA) X(TFOOT) X(TH) X(THEAD) X(TIME) \
	X(TITLE) X(TR) X(TT) X(U) X(UL) X(VAR) X(VIDEO) X(WBR) X(XMP)

enum dom_tag {
	DOM_NONE,			/* comment, doctype, document: of no interest */
	DOM_TEXT,			/* characters; see dom_text() */
	DOM_UNKNOWN,			/* an element that is not in the list */
#define DOM_TAG_NAME(t) DOM_##t,
	DOM_TAGS(DOM_TAG_NAME)
#undef DOM_TAG_NAME
	DOM_N_TAGS
};

enum { DOM_ERRORS_MAX = 1000 };	/* of a page, that Gumbo keeps; see dom_gumbo.c */

struct dom;
struct dom_node;			/* the parser's; defined in dom_tree.h alone */

enum { DOM_CUT = 2 };

/*
 * Parse len bytes of UTF-8 (borrowed until dom_free).  0 and *out (gives), DOM_CUT and
 * *out: a tree of the page's begin, more would have taken too much memory; or -ENOMEM.
 */
int dom_parse(struct dom **out, const char *html, size_t len);
void dom_free(struct dom *d);		/* NULL is fine */

const struct dom_node *dom_root(const struct dom *d);	/* <html>; NULL: there is none */
enum dom_tag dom_tag(const struct dom_node *n);
const struct dom_node *dom_first(const struct dom_node *n);	/* child; NULL: none */
const struct dom_node *dom_next(const struct dom_node *n);	/* sibling */
const struct dom_node *dom_parent(const struct dom_node *n);
struct slice dom_text(const struct dom_node *n);		/* of a DOM_TEXT */

bool dom_has_attrs(const struct dom_node *n);	/* of an element: quicker than to ask for each */

/* The value of an attribute (name in lower case).  p is NULL when there is none. */
struct slice dom_attr(const struct dom_node *n, const char *name);

/* The node after n in document order that is not below n, within top; NULL at the end. */
static inline const struct dom_node *
dom_skip(const struct dom_node *n, const struct dom_node *top)
{
	const struct dom_node *next;

	for (; n != NULL && n != top; n = dom_parent(n))
		if ((next = dom_next(n)) != NULL)
			return next;
	return NULL;
}

/* The node after n in document order, within top. */
static inline const struct dom_node *
dom_step(const struct dom_node *n, const struct dom_node *top)
{
	const struct dom_node *child = dom_first(n);

	return child != NULL ? child : dom_skip(n, top);
}

#endif
