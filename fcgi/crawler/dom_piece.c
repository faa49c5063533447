#include "config.h"

#include "crawler/dom_piece.h"

#include <string.h>

/* The parser opens them anew, with their attributes, where they were not closed. */
static const unsigned char formatting[GUMBO_TAG_LAST + 1] = {
	[GUMBO_TAG_A] = 1, [GUMBO_TAG_B] = 1, [GUMBO_TAG_BIG] = 1, [GUMBO_TAG_CODE] = 1, [GUMBO_TAG_EM] = 1,
	[GUMBO_TAG_FONT] = 1, [GUMBO_TAG_I] = 1, [GUMBO_TAG_NOBR] = 1, [GUMBO_TAG_S] = 1, [GUMBO_TAG_SMALL] = 1,
	[GUMBO_TAG_STRIKE] = 1, [GUMBO_TAG_STRONG] = 1, [GUMBO_TAG_TT] = 1, [GUMBO_TAG_U] = 1,
};
/* They set more than who contains whom. */
static const unsigned char telling[GUMBO_TAG_LAST + 1] = {
	[GUMBO_TAG_APPLET] = 1, [GUMBO_TAG_BUTTON] = 1, [GUMBO_TAG_FORM] = 1, [GUMBO_TAG_FRAMESET] = 1,
	[GUMBO_TAG_HEAD] = 1, [GUMBO_TAG_HTML] = 1, [GUMBO_TAG_BODY] = 1, [GUMBO_TAG_MARQUEE] = 1,
	[GUMBO_TAG_OBJECT] = 1, [GUMBO_TAG_OPTGROUP] = 1, [GUMBO_TAG_OPTION] = 1, [GUMBO_TAG_SELECT] = 1,
	[GUMBO_TAG_TEMPLATE] = 1,
};

/* The depth of <body>.  It is left to open by itself: then a <frameset> takes its place, which is seen. */
enum { BODY = 1 };

enum { BY_ITSELF = GUMBO_INSERTION_BY_PARSER | GUMBO_INSERTION_IMPLIED };

static bool
is_html(const GumboNode *n)
{
	return n->type == GUMBO_NODE_ELEMENT && n->v.element.tag_namespace == GUMBO_NAMESPACE_HTML;
}

bool
dom_piece_lingers(const GumboNode *n)
{
	if (!is_html(n))
		return false;
	return (formatting[n->v.element.tag] && (n->parse_flags & ~(unsigned)BY_ITSELF) != 0) ||
	    (n->v.element.tag == GUMBO_TAG_FORM && (n->parse_flags & GUMBO_INSERTION_IMPLICIT_END_TAG) != 0);
}

/* Is all about an element that is open in its tag, at that depth? */
static bool
is_told_by_tag(const GumboNode *n, unsigned depth)
{
	GumboTag tag;

	if (!is_html(n) || (n->parse_flags & ~(unsigned)(BY_ITSELF | GUMBO_INSERTION_IMPLICIT_END_TAG)) != 0)
		return false;
	tag = n->v.element.tag;
	if (depth <= BODY)
		return tag == (depth == 0 ? GUMBO_TAG_HTML : GUMBO_TAG_BODY);
	return !telling[tag];
}

static bool
put_tag(struct text *t, const GumboElement *e)
{
	GumboStringPiece name = e->original_tag;

	if (formatting[e->tag]) {
		text_put(t, name.data, name.length);
		return true;
	}
	if (e->tag != GUMBO_TAG_UNKNOWN) {
		text_printf(t, "<%s>", gumbo_normalized_tagname(e->tag));
		return true;
	}
	if (name.length == 0)
		return false;
	gumbo_tag_from_original_text(&name);
	text_printf(t, "<%.*s>", (int)name.length, name.data);
	return name.length > 0;
}

bool
dom_piece_follow(struct dom_piece *next, const GumboOutput *out, const char *tag, size_t len, unsigned lingering)
{
	unsigned open = 0;

	text_clear(&next->open);
	next->depth = 0;
	if (out->document->v.document.doc_type_quirks_mode != GUMBO_DOCTYPE_QUIRKS)
		text_puts(&next->open, "<!DOCTYPE html>");
	for (const GumboNode *n = out->root;;) {
		const GumboElement *e = &n->v.element;

		if (next->depth == PIECE_OPEN_MAX || !is_told_by_tag(n, next->depth))
			return false;
		open += dom_piece_lingers(n);
		next->at[next->depth] = next->open.len;
		if (next->depth != BODY && !put_tag(&next->open, e))
			return false;
		if (next->depth++ == 0)
			text_puts(&next->open, "<head></head>");
		if (e->original_tag.data == tag)
			return e->original_tag.length == len && e->children.length == 0 && next->depth > BODY + 1 && open == lingering && !next->open.failed;
		if (e->children.length == 0)
			return false;
		n = e->children.data[e->children.length - 1];
	}
}

const GumboNode *
dom_piece_innermost(const struct dom_piece *p, const GumboOutput *out, const char *begin, unsigned *lingering)
{
	const GumboNode *n = out->root;

	*lingering = 0;
	for (unsigned depth = 0;; depth++) {
		const GumboVector *children = &n->v.element.children;
		unsigned first = depth == 0 ? 1 : 0;	/* <html> has a <head> before */
		bool is_there = is_html(n) && (depth == BODY ? n->v.element.tag == GUMBO_TAG_BODY && n->v.element.original_tag.length == 0 :
		    n->v.element.original_tag.data == begin + p->at[depth]);

		if (!is_there || (depth <= BODY && n->v.element.attributes.length > 0))
			return NULL;
		*lingering += dom_piece_lingers(n);
		if (depth + 1 == p->depth)
			return n;
		if (children->length <= first)
			return NULL;
		n = children->data[first];
	}
}
