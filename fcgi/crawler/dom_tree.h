/*
 * dom_tree - the tree behind dom.h where the parser's own nodes would be too many
 * bytes to keep: 24 for a node, 24 for an attribute, in place of 128 and 120.
 *
 * A tree is written in document order, from its root on.  Texts and values are
 * borrowed: from the page or from `kept`, which goes with the tree.
 */
#ifndef DOM_TREE_H
#define DOM_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/slice.h"

#include "crawler/arena.h"
#include "crawler/dom.h"

enum { DOM_TREE_NAMES = 256 };		/* names of attributes that are kept once, about */

#define DOM_TREE_NONE UINT32_MAX

struct dom_attribute {
	const char  *name;
	struct slice value;		/* p is never NULL */
};

struct dom_node {			/* others as the distance to them in nodes; 0: there is none */
	int32_t	 parent, next;
	union {
		int32_t	 first;		/* child */
		uint32_t text_bytes;	/* of a DOM_TEXT */
	};
	uint32_t tag : 8, n_attrs : 24;
	const void *p;			/* of a DOM_TEXT its bytes, of an element struct dom_attribute[n_attrs] */
};

struct dom_tree {			/* zero: empty */
	struct dom_node *node;
	uint32_t n, cap;
	struct arena kept;
	const char *name[DOM_TREE_NAMES];
	bool	 failed;		/* memory ran out: what was added since is not whole */
};

void dom_tree_reserve(struct dom_tree *t, uint32_t nodes);	/* a guess at how many there will be */
void dom_tree_fini(struct dom_tree *t);

/* A node behind prev (an index), or as the first child of parent; its index, or DOM_TREE_NONE when failed. */
uint32_t dom_tree_add(struct dom_tree *t, enum dom_tag tag, uint32_t parent, uint32_t prev);

/* Drop what was added behind node `last`, which had no children then. */
void dom_tree_back_to(struct dom_tree *t, uint32_t last);

struct dom_attribute *dom_tree_attributes(struct dom_tree *t, uint32_t node, unsigned n);	/* to fill in; NULL when failed */
const char *dom_tree_name(struct dom_tree *t, const char *name);	/* a copy that stays */
struct slice dom_tree_copy(struct dom_tree *t, struct slice s);

static inline uint32_t
dom_tree_parent(const struct dom_tree *t, uint32_t node)
{
	return node + (uint32_t)t->node[node].parent;
}

#endif
