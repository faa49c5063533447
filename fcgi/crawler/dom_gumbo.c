/*
 * Gumbo allocates each node, attribute and buffer by itself and frees them by
 * recursion.  Here it gets an arena: allocation is a pointer bump, freeing drops
 * the blocks, and no depth of nesting can exhaust the stack.
 *
 * It also takes each character of text through two state machines, which is half
 * of its time on most pages: it gets the page in shorthand (shorthand.h).
 *
 * And its nodes are large: what it made is copied to a tree of our own (dom_tree.h),
 * of large pages piece by piece (dom_piece.h).
 */
#include "config.h"

#include "crawler/dom.h"

#include <ctype.h>
#include <errno.h>
#include <gumbo.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/text.h"

#include "crawler/arena.h"
#include "crawler/dom_gumbo.h"
#include "crawler/dom_piece.h"
#include "crawler/dom_tree.h"
#include "crawler/markup_guard.h"
#include "crawler/shorthand.h"

static const unsigned char known[GUMBO_TAG_LAST + 1] = {
#define DOM_TAG_OF(t) [GUMBO_TAG_##t] = DOM_##t,
	DOM_TAGS(DOM_TAG_OF)
#undef DOM_TAG_OF
};

enum {
	PIECE_NODES = 16384,		/* elements and attributes: five megabytes of Gumbo's, and few pages have as many */
	WHOLE_NODES = 8 * PIECE_NODES,	/* at once, of a page that cannot be cut: 40 megabytes */
	SMALL_BYTES = 1 << 20,		/* of a page whose copy in shorthand is no matter */
};

struct dom {
	struct dom_tree tree;
	struct text	safe;		/* the page, when it had to be changed */
	struct shorthand shorthand;	/* of the page: what Gumbo reads */
};

/* What is parsed at once. */
struct parse {
	struct dom *d;
	const char *html;		/* what Gumbo reads: all of it */
	size_t	    len;
	struct arena arena;		/* Gumbo's, until a piece is copied */
	GumboOutput *out;
	struct dom_piece piece, next;
	struct text buffer;		/* a piece, what is open before it */
	unsigned    lingering;		/* see dom_piece_lingers() */
};

static void *
gumbo_alloc(void *arg, size_t bytes)
{
	void *p = arena_alloc(arg, bytes, 8);	/* it has nothing that wants more */

	if (p == NULL) {		/* Gumbo does not check: there is no way back through it */
		fputs("<3>crawler: out of memory in the HTML parser\n", stderr);
		abort();
	}
	return p;
}

static void
gumbo_free(void *arg, void *p)
{
	arena_free(arg, p);
}

/* -- the page ------------------------------------------------------------------- */

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

/* -- Gumbo's nodes to ours --------------------------------------------------------- */

/* A text or value of the tree: the only run of it, or put together. */
static struct slice
read_back(struct dom *d, const char *s)
{
	struct slice all = slice_of(s), rest = all, piece;
	size_t len = 0;
	char *p;

	if (d->shorthand.n_runs == 0)
		return dom_tree_copy(&d->tree, all);
	while (shorthand_read(&d->shorthand, &rest, &piece)) {
		if (len == 0 && rest.len == 0 && piece.p != s)
			return piece;
		len += piece.len;
	}
	if ((p = arena_alloc(&d->tree.kept, len, 1)) == NULL) {
		d->tree.failed = true;
		return SLICE_LIT("");
	}
	for (rest = all, len = 0; shorthand_read(&d->shorthand, &rest, &piece); len += piece.len)
		memcpy(p + len, piece.p, piece.len);
	return (struct slice){ p, len };
}

static struct slice
value_of(struct dom *d, const char *s)
{
	if (shorthand_begins(s))
		return read_back(d, s);
	return *s == '\0' ? SLICE_LIT("") : dom_tree_copy(&d->tree, slice_of(s));
}

static void
copy_attributes(struct dom *d, uint32_t node, const GumboVector *v)
{
	struct dom_attribute *a = v->length > 0 ? dom_tree_attributes(&d->tree, node, v->length) : NULL;

	for (unsigned i = 0; a != NULL && i < v->length; i++) {
		const GumboAttribute *g = v->data[i];

		a[i].name = dom_tree_name(&d->tree, g->name);
		a[i].value = value_of(d, g->value);
	}
}

static enum dom_tag
tag_of(const GumboNode *n)
{
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

static uint32_t
copy_node(struct parse *p, const GumboNode *n, uint32_t parent, uint32_t prev)
{
	struct dom_tree *t = &p->d->tree;
	enum dom_tag tag = tag_of(n);
	uint32_t i = dom_tree_add(t, tag, parent, prev);

	if (i == DOM_TREE_NONE)
		return i;
	if (tag == DOM_TEXT) {
		struct slice s = read_back(p->d, n->v.text.text);

		t->node[i].p = s.p;
		t->node[i].text_bytes = (uint32_t)s.len;
	} else if (tag != DOM_NONE) {
		copy_attributes(p->d, i, &n->v.element.attributes);
		p->lingering += dom_piece_lingers(n);
	}
	return i;
}

static const GumboNode *
child(const GumboNode *n, size_t i)		/* NULL: there are less */
{
	bool is_element = n->type == GUMBO_NODE_ELEMENT || n->type == GUMBO_NODE_TEMPLATE;

	return is_element && i < n->v.element.children.length ? n->v.element.children.data[i] : NULL;
}

/* All behind node n, which is our node i. */
static int
copy_from(struct parse *p, const GumboNode *n, uint32_t i)
{
	const struct dom_tree *t = &p->d->tree;
	const GumboNode *next;

	while (!t->failed) {
		if ((next = child(n, 0)) != NULL) {
			i = copy_node(p, next, i, DOM_TREE_NONE);
			n = next;
			continue;
		}
		while (n != p->out->root && (next = child(n->parent, n->index_within_parent + 1)) == NULL) {
			n = n->parent;
			i = dom_tree_parent(t, i);
		}
		if (n == p->out->root)
			return 0;
		i = copy_node(p, next, dom_tree_parent(t, i), i);
		n = next;
	}
	return -ENOMEM;
}

/* -- pieces ------------------------------------------------------------------------ */

static void
gumbo(struct parse *p, const char *html, size_t len)
{
	GumboOptions options = kGumboDefaultOptions;

	options.allocator = gumbo_alloc;
	options.deallocator = gumbo_free;
	options.userdata = &p->arena;
	/*
	 * Nobody reads the errors, but Gumbo forgets the name of a repeated attribute
	 * by way of the error: without it "<a x x href=y>" has no href.  Each takes some
	 * bytes for each element that is open: the bound is for what a site can choose.
	 */
	options.max_errors = DOM_ERRORS_MAX;
	p->lingering = 0;
	p->out = gumbo_parse_with_options(&options, html, len);
}

enum { CHANGED = 1 };

/* What is in html[from, to) joins the tree.  0, -ENOMEM, or CHANGED: so do the elements it is in; the tree is as it was. */
static int
join(struct parse *p, size_t from, size_t to)
{
	struct dom_tree *t = &p->d->tree;
	const GumboNode *n;

	if (p->piece.depth == 0) {
		gumbo(p, p->html + from, to - from);
		return copy_from(p, p->out->root, copy_node(p, p->out->root, DOM_TREE_NONE, DOM_TREE_NONE));
	}
	text_clear(&p->buffer);
	text_put(&p->buffer, p->piece.open.p, p->piece.open.len);
	text_put(&p->buffer, p->html + from, to - from);
	if (p->buffer.failed)
		return -ENOMEM;
	gumbo(p, p->buffer.p, p->buffer.len);
	if ((n = dom_piece_innermost(&p->piece, p->out, p->buffer.p, &p->lingering)) == NULL)
		return CHANGED;
	return copy_from(p, n, t->n - 1);
}

/* Where html[at] is in what Gumbo read last, a piece from `from` on. */
static const char *
as_parsed(const struct parse *p, size_t from, size_t at)
{
	return p->piece.depth == 0 ? p->html + at : p->buffer.p + p->piece.open.len + (at - from);
}

static void
swap_pieces(struct parse *p)
{
	struct dom_piece old = p->piece;

	p->piece = p->next;
	p->next = old;
}

/* The page up to where the scan ends or may be cut, or to the limit.  0, DOM_CUT, CHANGED or -ENOMEM. */
static int
parse_pieces(struct parse *p, struct markup_scan *scan, unsigned nodes, unsigned limit)
{
	struct dom_tree *t = &p->d->tree;
	uint64_t before = 0, step = nodes;
	size_t from = 0, tag, end;
	uint32_t last = 0;
	int rc;

	for (;;) {
		enum markup_stop stop = markup_scan_to_plain(scan, before + step, before + limit, &tag, &end);

		rc = join(p, from, end);
		if (rc != 0 || stop != MARKUP_AT_PLAIN)
			return rc != 0 ? rc : stop == MARKUP_AT_LIMIT ? DOM_CUT : 0;
		if (dom_piece_follow(&p->next, p->out, as_parsed(p, from, tag), end - tag, p->lingering)) {
			swap_pieces(p);
			before = markup_scan_nodes(scan);
			step = nodes;
			from = end;
			last = t->n - 1;
		} else if (p->next.open.failed) {
			return -ENOMEM;
		} else {		/* once more, and more of it */
			dom_tree_back_to(t, last);
			t->n -= p->piece.depth == 0;
			step *= 2;
		}
		arena_fini(&p->arena);
	}
}

static int
parse_large(struct parse *p, unsigned nodes, unsigned limit)
{
	struct markup_scan *scan = markup_scan_new(p->html, p->len);
	int rc = scan != NULL ? parse_pieces(p, scan, nodes, limit) : -ENOMEM;

	markup_scan_free(scan);
	if (rc != CHANGED)
		return rc;
	dom_tree_fini(&p->d->tree);	/* then in one piece, as much of it as may be */
	arena_fini(&p->arena);
	p->piece.depth = 0;
	if ((scan = markup_scan_new(p->html, p->len)) == NULL)
		return -ENOMEM;
	rc = parse_pieces(p, scan, limit, limit);
	markup_scan_free(scan);
	return rc;
}

static size_t
count_tags(const char *html, size_t len)
{
	const char *end = html + len;
	size_t n = 0;

	for (const char *p = html; (p = memchr(p, '<', (size_t)(end - p))) != NULL; p++)
		n++;
	return n;
}

/* -- dom.h -------------------------------------------------------------------------- */

int
dom_parse_in_pieces(struct dom **out, const char *html, size_t len, unsigned nodes, unsigned limit)
{
	struct dom *d = calloc(1, sizeof *d);
	struct parse p = { .d = d, .html = html, .len = len };
	size_t tags;
	int rc = -ENOMEM;

	if (d == NULL)
		return -ENOMEM;
	shorten_references(&d->safe, html, len);
	if (d->safe.len > 0) {
		p.html = d->safe.p;
		p.len = d->safe.len;
	}
	if (d->safe.failed || shorthand_write(&d->shorthand, p.html, p.len) < 0)
		goto done;
	if (p.len > SMALL_BYTES && d->shorthand.page.len > p.len - p.len / 8)
		shorthand_fini(&d->shorthand);	/* little text: it would cost more than it saves */
	if (d->shorthand.n_runs > 0) {
		p.html = d->shorthand.page.p;
		p.len = d->shorthand.page.len;
	}
	tags = count_tags(p.html, p.len);
	dom_tree_reserve(&d->tree, (uint32_t)(tags + tags / 2 + 16));
	rc = tags > nodes ? parse_large(&p, nodes, limit) : join(&p, 0, p.len);
	if (d->tree.failed)
		rc = -ENOMEM;
done:
	arena_fini(&p.arena);
	text_fini(&p.piece.open);
	text_fini(&p.next.open);
	text_fini(&p.buffer);
	shorthand_end(&d->shorthand);		/* all of it that counts is in the tree */
	if (rc < 0)
		dom_free(d);
	else
		*out = d;
	return rc;
}

int
dom_parse(struct dom **out, const char *html, size_t len)
{
	return dom_parse_in_pieces(out, html, len, PIECE_NODES, WHOLE_NODES);
}

void
dom_free(struct dom *d)
{
	if (d == NULL)
		return;
	dom_tree_fini(&d->tree);
	shorthand_fini(&d->shorthand);
	text_fini(&d->safe);
	free(d);
}

const struct dom_node *
dom_root(const struct dom *d)
{
	return d->tree.node;
}
