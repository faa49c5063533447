#include "config.h"

#include "crawler/dom.h"

#include <errno.h>

#include <lexbor/dom/dom.h>
#include <lexbor/html/html.h>

static const unsigned char known[LXB_TAG__LAST_ENTRY] = {
#define DOM_TAG_OF(t) [LXB_TAG_##t] = DOM_##t,
	DOM_TAGS(DOM_TAG_OF)
#undef DOM_TAG_OF
	[LXB_TAG__TEXT] = DOM_TEXT,
};

struct dom;	/* is the lxb_html_document_t */

static lxb_dom_node_t *
node_of(const struct dom_node *n)
{
	return (lxb_dom_node_t *)(uintptr_t)n;	/* lexbor's getters take no const */
}

int
dom_parse(struct dom **out, const char *html, size_t len)
{
	lxb_html_document_t *doc = lxb_html_document_create();

	if (doc == NULL)
		return -ENOMEM;
	if (lxb_html_document_parse(doc, (const lxb_char_t *)html, len) != LXB_STATUS_OK) {
		(void)lxb_html_document_destroy(doc);
		return -ENOMEM;		/* the only way to fail: all bytes are some page */
	}
	*out = (struct dom *)doc;
	return 0;
}

void
dom_free(struct dom *d)
{
	if (d != NULL)
		(void)lxb_html_document_destroy((lxb_html_document_t *)d);
}

const struct dom_node *
dom_root(const struct dom *d)
{
	lxb_html_document_t *doc = (lxb_html_document_t *)(uintptr_t)d;

	return (const struct dom_node *)lxb_dom_document_element(&doc->dom_document);
}

enum dom_tag
dom_tag(const struct dom_node *dn)
{
	const lxb_dom_node_t *n = (const lxb_dom_node_t *)dn;

	if (n->type == LXB_DOM_NODE_TYPE_TEXT || n->type == LXB_DOM_NODE_TYPE_CDATA_SECTION)
		return DOM_TEXT;
	if (n->type != LXB_DOM_NODE_TYPE_ELEMENT)
		return DOM_NONE;
	if (n->ns != LXB_NS_HTML)
		return n->local_name == LXB_TAG_SVG ? DOM_SVG :
		    n->local_name == LXB_TAG_MATH ? DOM_MATH : DOM_UNKNOWN;
	if (n->local_name < LXB_TAG__LAST_ENTRY && known[n->local_name] != DOM_NONE)
		return (enum dom_tag)known[n->local_name];
	return DOM_UNKNOWN;
}

const struct dom_node *
dom_first(const struct dom_node *n)
{
	return (const struct dom_node *)((const lxb_dom_node_t *)n)->first_child;
}

const struct dom_node *
dom_next(const struct dom_node *n)
{
	return (const struct dom_node *)((const lxb_dom_node_t *)n)->next;
}

const struct dom_node *
dom_parent(const struct dom_node *n)
{
	return (const struct dom_node *)((const lxb_dom_node_t *)n)->parent;
}

struct slice
dom_text(const struct dom_node *n)
{
	const lxb_dom_character_data_t *c = (const lxb_dom_character_data_t *)n;

	return (struct slice){ (const char *)c->data.data, c->data.length };
}

bool
dom_has_attrs(const struct dom_node *n)
{
	return lxb_dom_element_first_attribute(lxb_dom_interface_element(node_of(n))) != NULL;
}

/* Those asked for most are found by their number, without a look at their name. */
static lxb_dom_attr_t *
known_attr(const struct dom_node *n, const char *name)
{
	lxb_dom_element_t *e = lxb_dom_interface_element(node_of(n));

	return name[0] == 'c' ? lxb_dom_element_class_attribute(e) : lxb_dom_element_id_attribute(e);
}

static struct slice
value_of(lxb_dom_attr_t *a)
{
	const lxb_char_t *value;
	size_t len;

	if (a == NULL)
		return (struct slice){ NULL, 0 };
	value = lxb_dom_attr_value(a, &len);
	return value != NULL ? (struct slice){ (const char *)value, len } : SLICE_LIT("");
}

struct slice
dom_attr(const struct dom_node *n, const char *name)
{
	size_t len = strlen(name);

	if (strcmp(name, "class") == 0 || strcmp(name, "id") == 0)
		return value_of(known_attr(n, name));
	for (lxb_dom_attr_t *a = lxb_dom_element_first_attribute(lxb_dom_interface_element(node_of(n)));
	    a != NULL; a = lxb_dom_element_next_attribute(a)) {
		size_t key_len;
		const lxb_char_t *key = lxb_dom_attr_qualified_name(a, &key_len);

		if (key_len == len && memcmp(key, name, len) == 0)
			return value_of(a);
	}
	return (struct slice){ NULL, 0 };
}
