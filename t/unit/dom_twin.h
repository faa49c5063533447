/*
 * dom_twin - is the tree that dom_parse() makes of a page the one that Gumbo
 * makes of the page as it is?
 */
#ifndef DOM_TWIN_H
#define DOM_TWIN_H

#include <gumbo.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "crawler/dom.h"

static inline bool
twin_text(const GumboText *t, struct slice got)
{
	size_t len = strlen(t->text);

	return got.len == len && memcmp(got.p, t->text, len) == 0;
}

static inline bool
twin_element(const GumboElement *e, const struct dom_node *n)
{
	const GumboElement *x = &((const GumboNode *)n)->v.element;

	if (x->tag != e->tag || x->tag_namespace != e->tag_namespace || x->attributes.length != e->attributes.length)
		return false;
	for (unsigned i = 0; i < e->attributes.length; i++) {
		const GumboAttribute *a = e->attributes.data[i], *b = x->attributes.data[i];

		if (strcmp(a->name, b->name) != 0 || strcmp(a->value, b->value) != 0)
			return false;
	}
	return true;
}

/* Both in document order, so that one walk finds any difference of shape, too. */
static inline bool
twin_tree(const struct dom_node *want, const struct dom_node *got)
{
	const struct dom_node *w_top = want, *g_top = got;

	while (want != NULL && got != NULL) {
		const GumboNode *n = (const GumboNode *)want;

		if (n->type != ((const GumboNode *)got)->type || (dom_first(want) == NULL) != (dom_first(got) == NULL) ||
		    (want != w_top && (dom_next(want) == NULL) != (dom_next(got) == NULL)))
			return false;
		if (dom_tag(want) == DOM_TEXT ? !twin_text(&n->v.text, dom_text(got)) :
		    dom_tag(want) != DOM_NONE && !twin_element(&n->v.element, got))
			return false;
		want = dom_step(want, w_top);
		got = dom_step(got, g_top);
	}
	return want == got;
}

static inline bool
dom_is_twin(const char *html, size_t len)	/* no NULs, no reference that overflows an int */
{
	GumboOptions options = kGumboDefaultOptions;
	GumboOutput *want;
	struct dom *got;
	bool same;

	options.max_errors = DOM_ERRORS_MAX + 1;
	want = gumbo_parse_with_options(&options, html, len);
	same = dom_parse(&got, html, len) == 0;
	if (same) {		/* beyond so many errors a repeated attribute takes what is behind it along */
		same = want->errors.length > DOM_ERRORS_MAX || twin_tree((const struct dom_node *)want->root, dom_root(got));
		dom_free(got);
	}
	gumbo_destroy_output(&options, want);
	return same;
}

#endif
