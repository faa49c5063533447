#include "config.h"

#include "crawler/dom.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include <myhtml/api.h>

static const unsigned char known[MyHTML_TAG_LAST_ENTRY] = {
#define DOM_TAG_OF(t) [MyHTML_TAG_##t] = DOM_##t,
	DOM_TAGS(DOM_TAG_OF)
#undef DOM_TAG_OF
	[MyHTML_TAG__TEXT] = DOM_TEXT,
};

struct dom {
	myhtml_t      *parser;
	myhtml_tree_t *tree;
};

static myhtml_tree_node_t *
node_of(const struct dom_node *n)
{
	return (myhtml_tree_node_t *)(uintptr_t)n;	/* MyHTML's getters take no const */
}

int
dom_parse(struct dom **out, const char *html, size_t len)
{
	struct dom *d = calloc(1, sizeof *d);

	if (d == NULL)
		return -ENOMEM;
	if ((d->parser = myhtml_create()) == NULL ||
	    myhtml_init(d->parser, MyHTML_OPTIONS_PARSE_MODE_SINGLE, 1, 0) != MyHTML_STATUS_OK ||
	    (d->tree = myhtml_tree_create()) == NULL ||
	    myhtml_tree_init(d->tree, d->parser) != MyHTML_STATUS_OK ||
	    myhtml_parse(d->tree, MyENCODING_UTF_8, html, len) != MyHTML_STATUS_OK) {
		dom_free(d);
		return -ENOMEM;		/* the only way to fail: all bytes are some page */
	}
	*out = d;
	return 0;
}

void
dom_free(struct dom *d)
{
	if (d == NULL)
		return;
	if (d->tree != NULL)
		(void)myhtml_tree_destroy(d->tree);
	if (d->parser != NULL)
		(void)myhtml_destroy(d->parser);
	free(d);
}

const struct dom_node *
dom_root(const struct dom *d)
{
	return (const struct dom_node *)myhtml_tree_get_node_html(d->tree);
}

enum dom_tag
dom_tag(const struct dom_node *dn)
{
	myhtml_tree_node_t *n = node_of(dn);
	myhtml_tag_id_t id = myhtml_node_tag_id(n);

	if (id == MyHTML_TAG__TEXT)
		return DOM_TEXT;
	if (id == MyHTML_TAG__UNDEF || id == MyHTML_TAG__COMMENT || id == MyHTML_TAG__DOCTYPE)
		return DOM_NONE;
	if (myhtml_node_namespace(n) != MyHTML_NAMESPACE_HTML)
		return id == MyHTML_TAG_SVG ? DOM_SVG : id == MyHTML_TAG_MATH ? DOM_MATH : DOM_UNKNOWN;
	if (id < MyHTML_TAG_LAST_ENTRY && known[id] != DOM_NONE)
		return (enum dom_tag)known[id];
	return DOM_UNKNOWN;
}

const struct dom_node *
dom_first(const struct dom_node *n)
{
	return (const struct dom_node *)myhtml_node_child(node_of(n));
}

const struct dom_node *
dom_next(const struct dom_node *n)
{
	return (const struct dom_node *)myhtml_node_next(node_of(n));
}

const struct dom_node *
dom_parent(const struct dom_node *n)
{
	return (const struct dom_node *)myhtml_node_parent(node_of(n));
}

struct slice
dom_text(const struct dom_node *n)
{
	size_t len = 0;
	const char *p = myhtml_node_text(node_of(n), &len);

	return p != NULL ? (struct slice){ p, len } : SLICE_LIT("");
}

bool
dom_has_attrs(const struct dom_node *n)
{
	return myhtml_node_attribute_first(node_of(n)) != NULL;
}

struct slice
dom_attr(const struct dom_node *n, const char *name)
{
	size_t len = strlen(name);

	for (myhtml_tree_attr_t *a = myhtml_node_attribute_first(node_of(n)); a != NULL;
	    a = myhtml_attribute_next(a)) {
		size_t key_len = 0, value_len = 0;
		const char *key = myhtml_attribute_key(a, &key_len), *value;

		if (key == NULL || key_len != len || memcmp(key, name, len) != 0)
			continue;
		value = myhtml_attribute_value(a, &value_len);
		return value != NULL ? (struct slice){ value, value_len } : SLICE_LIT("");
	}
	return (struct slice){ NULL, 0 };
}
