/*
 * Gumbo allocates each node, attribute and buffer by itself and frees them by
 * recursion.  Here it gets an arena: allocation is a pointer bump, freeing drops
 * the blocks, and no depth of nesting can exhaust the stack.
 *
 * It also takes each character of text through two state machines, which is half
 * of its time on most pages: it gets the page in shorthand (shorthand.h).
 */
#include "config.h"

#include "crawler/dom.h"

#include <ctype.h>
#include <errno.h>
#include <gumbo.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/text.h"

#include "crawler/shorthand.h"

static const unsigned char known[GUMBO_TAG_LAST + 1] = {
#define DOM_TAG_OF(t) [GUMBO_TAG_##t] = DOM_##t,
	DOM_TAGS(DOM_TAG_OF)
#undef DOM_TAG_OF
};

/*
 * Each block is as large as those before it together: the few of a large page are
 * beyond M_MMAP_THRESHOLD (crawler_main.c), and so go back to the kernel with it.
 */
enum { BLOCK_BYTES = 256 * 1024, BLOCK_MAX = 8 * 1024 * 1024 };

struct block {
	struct block *older;
	alignas(max_align_t) char p[];
};

struct dom {
	struct block *newest;
	struct block *big;		/* of one piece each, the newest first */
	struct text   safe;		/* the page, when it had to be changed */
	struct shorthand shorthand;	/* of the page: what Gumbo reads */
	size_t	      left;		/* in the newest block, from its end */
	size_t	      bytes;		/* of all blocks */
	GumboOutput  *out;
};

static struct block *
block_new(struct dom *d, size_t bytes)
{
	struct block *b = malloc(sizeof *b + bytes);

	if (b == NULL) {		/* Gumbo does not check: there is no way back through it */
		fputs("<3>crawler: out of memory in the HTML parser\n", stderr);
		abort();
	}
	d->bytes += bytes;
	return b;
}

static void *
arena_alloc(void *arg, size_t bytes)
{
	struct dom *d = arg;
	size_t need = (bytes + 7) & ~(size_t)7;	/* Gumbo has nothing that wants more */
	struct block *b;

	if (need > d->left && need > BLOCK_BYTES / 2) {
		b = block_new(d, need);
		b->older = d->big;
		d->big = b;
		return b->p;
	}
	if (need > d->left) {
		size_t block_bytes = d->bytes < BLOCK_BYTES ? BLOCK_BYTES : d->bytes < BLOCK_MAX ? d->bytes : BLOCK_MAX;

		b = block_new(d, block_bytes);
		b->older = d->newest;
		d->newest = b;
		d->left = block_bytes;
	}
	d->left -= need;
	return d->newest->p + d->left;
}

/* It goes with its block.  A growing buffer that is big is let go once it has moved: it was the last, or the one before. */
static void
arena_free(void *arg, void *p)
{
	struct dom *d = arg;
	struct block **at = &d->big, *b;

	for (unsigned tries = 2; tries > 0 && (b = *at) != NULL; tries--, at = &b->older)
		if (b->p == p) {
			*at = b->older;
			free(b);
			return;
		}
}

/*
 * "&#99999999999;": Gumbo counts such numbers in an int, which overflows to a
 * character that is none.  Any that is too big ends as U+FFFD, so one digit less
 * than an int holds says the same.  Returns where the digits to leave out start.
 */
static const char *
long_reference(const char *p, const char *end, const char **rest)
{
	for (; (p = memchr(p, '&', (size_t)(end - p))) != NULL; p++) {
		const char *q = p + 1, *digits;
		bool hex;

		if (q == end || *q++ != '#')
			continue;
		hex = q < end && (*q == 'x' || *q == 'X');
		q += hex;
		while (q < end && *q == '0')
			q++;
		for (digits = q; q < end && (hex ? isxdigit((unsigned char)*q) : isdigit((unsigned char)*q)); q++)
			;
		if (q - digits > 7) {
			*rest = q;
			return digits + 7;
		}
	}
	return NULL;
}

static void
shorten_references(struct text *out, const char *html, size_t len)	/* nothing when there are none */
{
	const char *p = html, *end = html + len, *cut, *rest;

	while ((cut = long_reference(p, end, &rest)) != NULL) {
		text_put(out, p, (size_t)(cut - p));
		p = rest;
	}
	if (p != html)
		text_put(out, p, (size_t)(end - p));
}

/* The text of a node: as Gumbo left it, or the only run of it, or put together in the arena. */
static struct slice
read_back(struct dom *d, struct slice t)
{
	struct slice rest = t, piece;
	size_t len = 0;
	char *p;

	while (shorthand_read(&d->shorthand, &rest, &piece)) {
		if (len == 0 && rest.len == 0)
			return piece;
		len += piece.len;
	}
	p = arena_alloc(d, len);
	for (rest = t, len = 0; shorthand_read(&d->shorthand, &rest, &piece); len += piece.len)
		memcpy(p + len, piece.p, piece.len);
	return (struct slice){ p, len };
}

static void
read_values(struct dom *d, const GumboVector *attributes)
{
	for (unsigned i = 0; i < attributes->length; i++) {
		GumboAttribute *a = attributes->data[i];
		struct slice value;
		char *p;

		if (!shorthand_begins(a->value))
			continue;
		value = read_back(d, slice_of(a->value));
		p = arena_alloc(d, value.len + 1);
		memcpy(p, value.p, value.len);
		p[value.len] = '\0';
		a->value = p;
	}
}

/* From here on original_text, of no use in shorthand, is the text of a node. */
static void
read_texts(struct dom *d)
{
	const struct dom_node *root = dom_root(d);

	for (const struct dom_node *n = root; n != NULL; n = dom_step(n, root)) {
		GumboNode *node = (GumboNode *)(uintptr_t)n;

		if (dom_tag(n) == DOM_TEXT) {
			struct slice t = slice_of(node->v.text.text);

			if (d->shorthand.n_runs > 0 && t.len > 0)
				t = read_back(d, t);
			node->v.text.original_text = (GumboStringPiece){ t.p, t.len };
		} else if (d->shorthand.n_runs > 0 && dom_tag(n) != DOM_NONE) {
			read_values(d, &node->v.element.attributes);
		}
	}
}

int
dom_parse(struct dom **out, const char *html, size_t len)
{
	struct dom *d = calloc(1, sizeof *d);
	GumboOptions options = kGumboDefaultOptions;

	if (d == NULL)
		return -ENOMEM;
	shorten_references(&d->safe, html, len);
	if (d->safe.failed) {
		dom_free(d);
		return -ENOMEM;
	}
	if (d->safe.len > 0) {
		html = d->safe.p;
		len = d->safe.len;
	}
	if (shorthand_write(&d->shorthand, html, len) < 0) {
		dom_free(d);
		return -ENOMEM;
	}
	if (d->shorthand.n_runs > 0) {
		html = d->shorthand.page.p;
		len = d->shorthand.page.len;
	}
	options.allocator = arena_alloc;
	options.deallocator = arena_free;
	options.userdata = d;
	/*
	 * Nobody reads the errors, but Gumbo forgets the name of a repeated attribute
	 * by way of the error: without it "<a x x href=y>" has no href.  Each takes some
	 * bytes for each element that is open: the bound is for what a site can choose.
	 */
	options.max_errors = DOM_ERRORS_MAX;
	d->out = gumbo_parse_with_options(&options, html, len);
	text_fini(&d->shorthand.page);		/* all of it that counts is in the tree */
	read_texts(d);
	*out = d;
	return 0;
}

static void
blocks_free(struct block *b)
{
	for (struct block *older; b != NULL; b = older) {
		older = b->older;
		free(b);
	}
}

void
dom_free(struct dom *d)
{
	if (d == NULL)
		return;
	blocks_free(d->newest);
	blocks_free(d->big);
	shorthand_fini(&d->shorthand);
	text_fini(&d->safe);
	free(d);
}

const struct dom_node *
dom_root(const struct dom *d)
{
	return (const struct dom_node *)d->out->root;
}

enum dom_tag
dom_tag(const struct dom_node *dn)
{
	const GumboNode *n = (const GumboNode *)dn;

	switch (n->type) {
	case GUMBO_NODE_TEXT:
	case GUMBO_NODE_CDATA:
	case GUMBO_NODE_WHITESPACE:
		return DOM_TEXT;
	case GUMBO_NODE_ELEMENT:
	case GUMBO_NODE_TEMPLATE:
		break;
	default:
		return DOM_NONE;
	}
	if (n->v.element.tag_namespace != GUMBO_NAMESPACE_HTML)
		return n->v.element.tag == GUMBO_TAG_SVG ? DOM_SVG :
		    n->v.element.tag == GUMBO_TAG_MATH ? DOM_MATH : DOM_UNKNOWN;
	return known[n->v.element.tag] != DOM_NONE ? (enum dom_tag)known[n->v.element.tag] : DOM_UNKNOWN;
}

static const GumboVector *
children_of(const GumboNode *n)		/* NULL: it cannot have any */
{
	switch (n->type) {
	case GUMBO_NODE_DOCUMENT:
		return &n->v.document.children;
	case GUMBO_NODE_ELEMENT:
	case GUMBO_NODE_TEMPLATE:
		return &n->v.element.children;
	default:
		return NULL;
	}
}

const struct dom_node *
dom_first(const struct dom_node *n)
{
	const GumboVector *v = children_of((const GumboNode *)n);

	return v != NULL && v->length > 0 ? v->data[0] : NULL;
}

const struct dom_node *
dom_next(const struct dom_node *dn)
{
	const GumboNode *n = (const GumboNode *)dn;
	const GumboVector *v = n->parent != NULL ? children_of(n->parent) : NULL;

	return v != NULL && n->index_within_parent + 1 < v->length ?
	    v->data[n->index_within_parent + 1] : NULL;
}

const struct dom_node *
dom_parent(const struct dom_node *n)
{
	return (const struct dom_node *)((const GumboNode *)n)->parent;
}

struct slice
dom_text(const struct dom_node *n)
{
	const GumboStringPiece *t = &((const GumboNode *)n)->v.text.original_text;

	return (struct slice){ t->data, t->length };
}

bool
dom_has_attrs(const struct dom_node *n)
{
	return ((const GumboNode *)n)->v.element.attributes.length > 0;
}

struct slice
dom_attr(const struct dom_node *n, const char *name)
{
	const GumboVector *v = &((const GumboNode *)n)->v.element.attributes;

	for (unsigned i = 0; i < v->length; i++) {
		const GumboAttribute *a = v->data[i];

		if (strcmp(a->name, name) == 0)
			return slice_of(a->value);
	}
	return (struct slice){ NULL, 0 };
}
