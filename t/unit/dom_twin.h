/*
 * dom_twin - is the tree that dom_parse() makes of a page the one that Gumbo
 * makes of the page as it is?  But for the <span>s of highlighted code, and those
 * around all that another one holds, which the one may lack (shorthand.h), and the
 * ends of texts they stand between.
 */
#ifndef DOM_TWIN_H
#define DOM_TWIN_H

#include <ctype.h>
#include <gumbo.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "shared/text.h"

#include "crawler/dom.h"

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
	const GumboVector *v = &((const GumboNode *)n)->v.element.attributes;
	const GumboAttribute *class = v->length == 1 ? v->data[0] : NULL;

	if (dom_tag(n) != DOM_SPAN || v->length > 1)
		return false;
	if (class == NULL)
		return true;
	for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++)
		if (strcmp(class->value, telling[i]) == 0)
			return false;
	for (const char *p = class->value; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) || p - class->value > 2)
			return false;
	return strcmp(class->name, "class") == 0 && class->value[0] != '\0';
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
twin_put_start(struct text *out, const GumboElement *e)
{
	text_printf(out, "\xff%d.%d", (int)e->tag, (int)e->tag_namespace);
	for (unsigned i = 0; i < e->attributes.length; i++) {
		const GumboAttribute *a = e->attributes.data[i];

		text_printf(out, "\xfd%s\xfd%s", a->name, a->value);
	}
}

/* The tree in writing, with bytes between that are in no UTF-8. */
static inline void
twin_write(struct text *out, const struct dom_node *root, bool as_read)
{
	unsigned code = 0;		/* open <pre> and <code> */

	for (const struct dom_node *n = root, *next; n != NULL; n = next) {
		if (dom_tag(n) == DOM_TEXT) {
			if (code == 0)
				text_puts(out, "\xfc");
			if (as_read)
				text_put(out, dom_text(n).p, dom_text(n).len);
			else
				text_puts(out, ((const GumboNode *)n)->v.text.text);
		} else if (dom_tag(n) == DOM_NONE) {
			text_printf(out, "\xfb%d", (int)((const GumboNode *)n)->type);
		} else if (!twin_may_lack(n, code)) {
			twin_put_start(out, &((const GumboNode *)n)->v.element);
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

	twin_write(&a, want, false);
	twin_write(&b, got, true);
	same = !a.failed && !b.failed && a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
	text_fini(&a);
	text_fini(&b);
	return same;
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
