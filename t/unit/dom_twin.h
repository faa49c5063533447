/*
 * dom_twin - is the tree that dom_parse() makes of a page, in pieces or not, the one that
 * Gumbo makes of the page as it is?  But for the <span>s of highlighted code, and those
 * around all that another one holds, which the one may lack (shorthand.h), and the
 * ends of texts they stand between.
 */
#ifndef DOM_TWIN_H
#define DOM_TWIN_H

#include <ctype.h>
#include <gumbo.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "shared/text.h"

#include "crawler/dom_gumbo.h"
#include "crawler/dom_tree.h"

/* What Gumbo made, as a tree of ours. */
static inline uint32_t
twin_add(struct dom_tree *t, const GumboNode *n, uint32_t parent, uint32_t prev)
{
	static const unsigned char known[GUMBO_TAG_LAST + 1] = {
#define TWIN_TAG(tag) [GUMBO_TAG_##tag] = DOM_##tag,
		DOM_TAGS(TWIN_TAG)
#undef TWIN_TAG
	};
	bool is_element = n->type == GUMBO_NODE_ELEMENT || n->type == GUMBO_NODE_TEMPLATE;
	bool is_text = n->type == GUMBO_NODE_TEXT || n->type == GUMBO_NODE_CDATA || n->type == GUMBO_NODE_WHITESPACE;
	unsigned tag = is_text ? DOM_TEXT : DOM_NONE;
	struct dom_attribute *a;
	uint32_t i;

	if (is_element) {
		tag = known[n->v.element.tag];
		if (tag == DOM_NONE || (n->v.element.tag_namespace != GUMBO_NAMESPACE_HTML && tag != DOM_SVG && tag != DOM_MATH))
			tag = DOM_UNKNOWN;
	}
	i = dom_tree_add(t, (enum dom_tag)tag, parent, prev);
	if (is_text) {
		t->node[i].p = n->v.text.text;
		t->node[i].text_bytes = (uint32_t)strlen(n->v.text.text);
	} else if (is_element && n->v.element.attributes.length > 0) {
		a = dom_tree_attributes(t, i, n->v.element.attributes.length);
		for (unsigned k = 0; k < n->v.element.attributes.length; k++) {
			const GumboAttribute *g = n->v.element.attributes.data[k];

			a[k] = (struct dom_attribute){ g->name, slice_of(g->value) };
		}
	}
	return i;
}

static inline void
twin_copy(struct dom_tree *t, const GumboNode *root)
{
	const GumboNode *n = root;
	uint32_t i = twin_add(t, root, DOM_TREE_NONE, DOM_TREE_NONE);

	for (;;) {
		const GumboVector *v = n->type == GUMBO_NODE_ELEMENT || n->type == GUMBO_NODE_TEMPLATE ? &n->v.element.children : NULL;

		if (v != NULL && v->length > 0) {
			n = v->data[0];
			i = twin_add(t, n, i, DOM_TREE_NONE);
			continue;
		}
		for (; n != root && n->index_within_parent + 1 == n->parent->v.element.children.length; n = n->parent)
			i = dom_tree_parent(t, i);
		if (n == root)
			return;
		n = n->parent->v.element.children.data[n->index_within_parent + 1];
		i = twin_add(t, n, dom_tree_parent(t, i), i);
	}
}

static inline bool
twin_is_code(const struct dom_node *n)
{
	return dom_tag(n) == DOM_PRE || dom_tag(n) == DOM_CODE;
}

/* Without attributes, or with nothing but a class that no highlighter gives a meaning to. */
static inline bool
twin_is_idle(const struct dom_node *n)
{
	static const char *const telling[] = { "ln", "lno", "lnt", "src", "toc", "ttc" };
	struct slice class = dom_attr(n, "class");

	if (dom_tag(n) != DOM_SPAN || n->n_attrs > 1)
		return false;
	if (n->n_attrs == 0)
		return true;
	for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++)
		if (slice_is(class, telling[i]))
			return false;
	for (size_t i = 0; i < class.len; i++)
		if (!isalnum((unsigned char)class.p[i]) || i > 2)
			return false;
	return class.len > 0;
}

/* In code, or around all the text of another <span>, which is not of mathematics. */
static inline bool
twin_may_lack(const struct dom_node *n, unsigned code)
{
	const struct dom_node *up = dom_parent(n), *text = dom_first(n);
	struct slice class;

	if (!twin_is_idle(n) || code > 0)
		return code > 0 && twin_is_idle(n);
	if (dom_tag(up) != DOM_SPAN || dom_first(up) != n || dom_next(n) != NULL || text == NULL || dom_tag(text) != DOM_TEXT || dom_next(text) != NULL)
		return false;
	class = dom_attr(up, "class");
	return memmem(class.p != NULL ? class.p : "", class.len, "math", 4) == NULL && !slice_is(class, "arithmatex");
}

static inline void
twin_put_start(struct text *out, const struct dom_node *n)
{
	const struct dom_attribute *a = n->p;

	text_printf(out, "\xff%d", (int)dom_tag(n));
	for (unsigned i = 0; i < n->n_attrs; i++) {
		text_printf(out, "\xfd%s\xfd", a[i].name);
		text_put(out, a[i].value.p, a[i].value.len);
	}
}

/* The tree in writing, with bytes between that are in no UTF-8. */
static inline void
twin_write(struct text *out, const struct dom_node *root)
{
	unsigned code = 0;		/* open <pre> and <code> */

	for (const struct dom_node *n = root, *next; n != NULL; n = next) {
		if (dom_tag(n) == DOM_TEXT) {
			if (code == 0)
				text_puts(out, "\xfc");
			text_put(out, dom_text(n).p, dom_text(n).len);
		} else if (dom_tag(n) == DOM_NONE) {
			text_puts(out, "\xfb");
		} else if (!twin_may_lack(n, code)) {
			twin_put_start(out, n);
		}
		code += twin_is_code(n);
		if ((next = dom_first(n)) != NULL)
			continue;
		for (; n != NULL && next == NULL; n = n == root ? NULL : dom_parent(n)) {
			code -= twin_is_code(n);
			if (dom_tag(n) != DOM_TEXT && !twin_may_lack(n, code))
				text_puts(out, "\xfe");
			next = n == root ? NULL : dom_next(n);
		}
	}
}

static inline bool
twin_tree(const struct dom_node *want, const struct dom_node *got)
{
	struct text a = { 0 }, b = { 0 };
	bool same;

	twin_write(&a, want);
	twin_write(&b, got);
	same = !a.failed && !b.failed && a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
	text_fini(&a);
	text_fini(&b);
	return same;
}

/* In pieces of so many nodes.  No NULs, no reference that overflows an int. */
static inline bool
dom_is_twin(const char *html, size_t len, unsigned nodes)
{
	GumboOptions options = kGumboDefaultOptions;
	struct dom_tree tree = { 0 };
	GumboOutput *want;
	struct dom *got;
	bool same;

	options.max_errors = DOM_ERRORS_MAX + 1;
	want = gumbo_parse_with_options(&options, html, len);
	twin_copy(&tree, want->root);
	same = dom_parse_in_pieces(&got, html, len, nodes, UINT_MAX) == 0;
	if (same) {		/* beyond so many errors a repeated attribute takes what is behind it along */
		same = want->errors.length > DOM_ERRORS_MAX || twin_tree(tree.node, dom_root(got));
		dom_free(got);
	}
	dom_tree_fini(&tree);
	gumbo_destroy_output(&options, want);
	return same;
}

#endif
