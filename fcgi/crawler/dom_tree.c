#include "config.h"

#include "crawler/dom_tree.h"

#include <limits.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct dom_node) == 24, "a page may have a million");
_Static_assert(DOM_N_TAGS <= 256, "they have 8 bits");

enum { NODES_MIN = 256, NODES_MAX = INT_MAX, NAME_TRIES = 4 };

static bool
grow(struct dom_tree *t, uint32_t cap)
{
	struct dom_node *more = reallocarray(t->node, cap, sizeof *more);

	if (more == NULL)
		return false;
	t->node = more;
	t->cap = cap;
	return true;
}

void
dom_tree_reserve(struct dom_tree *t, uint32_t nodes)
{
	if (nodes > t->cap && nodes <= NODES_MAX)
		(void)grow(t, nodes);	/* else it grows as it goes */
}

void
dom_tree_fini(struct dom_tree *t)
{
	arena_fini(&t->kept);
	free(t->node);
	memset(t, 0, sizeof *t);
}

uint32_t
dom_tree_add(struct dom_tree *t, enum dom_tag tag, uint32_t parent, uint32_t prev)
{
	uint32_t i = t->n;

	if (i == t->cap && (t->failed || i > NODES_MAX / 2 || !grow(t, i < NODES_MIN ? NODES_MIN : 2 * i))) {
		t->failed = true;
		return DOM_TREE_NONE;
	}
	t->node[i] = (struct dom_node){ .tag = tag, .parent = parent != DOM_TREE_NONE ? (int32_t)parent - (int32_t)i : 0 };
	if (prev != DOM_TREE_NONE)
		t->node[prev].next = (int32_t)(i - prev);
	else if (parent != DOM_TREE_NONE)
		t->node[parent].first = (int32_t)(i - parent);
	t->n++;
	return i;
}

void
dom_tree_back_to(struct dom_tree *t, uint32_t last)
{
	t->n = last + 1;
	t->node[last].first = 0;
	for (uint32_t i = last; t->node[i].parent != 0; i = dom_tree_parent(t, i))
		t->node[i].next = 0;
}

struct dom_attribute *
dom_tree_attributes(struct dom_tree *t, uint32_t node, unsigned n)
{
	struct dom_attribute *a = arena_alloc(&t->kept, n * sizeof *a, alignof(struct dom_attribute));

	if (a == NULL) {
		t->failed = true;
		return NULL;
	}
	t->node[node].p = a;
	t->node[node].n_attrs = n & 0xffffff;
	return a;
}

struct slice
dom_tree_copy(struct dom_tree *t, struct slice s)
{
	char *p = arena_alloc(&t->kept, s.len, 1);

	if (p == NULL) {
		t->failed = true;
		return SLICE_LIT("");
	}
	memcpy(p, s.p, s.len);
	return (struct slice){ p, s.len };
}

/* There are few: most are found at the first look. */
const char *
dom_tree_name(struct dom_tree *t, const char *name)
{
	size_t len = strlen(name);
	unsigned hash = ((unsigned char)name[0] * 31U + (unsigned char)name[len / 2]) * 7U + (unsigned)len;

	for (unsigned i = 0; i < NAME_TRIES; i++) {
		const char **at = &t->name[(hash + i) % DOM_TREE_NAMES];

		if (*at == NULL)
			return *at = dom_tree_copy(t, (struct slice){ name, len + 1 }).p;
		if (strcmp(*at, name) == 0)
			return *at;
	}
	return dom_tree_copy(t, (struct slice){ name, len + 1 }).p;
}

/* -- dom.h -------------------------------------------------------------------------- */

enum dom_tag
dom_tag(const struct dom_node *n)
{
	return (enum dom_tag)n->tag;
}

const struct dom_node *
dom_first(const struct dom_node *n)
{
	return n->tag != DOM_TEXT && n->first != 0 ? n + n->first : NULL;
}

const struct dom_node *
dom_next(const struct dom_node *n)
{
	return n->next != 0 ? n + n->next : NULL;
}

const struct dom_node *
dom_parent(const struct dom_node *n)
{
	return n->parent != 0 ? n + n->parent : NULL;
}

struct slice
dom_text(const struct dom_node *n)
{
	return (struct slice){ n->p, n->text_bytes };
}

bool
dom_has_attrs(const struct dom_node *n)
{
	return n->n_attrs > 0;
}

struct slice
dom_attr(const struct dom_node *n, const char *name)
{
	const struct dom_attribute *a = n->p;

	for (unsigned i = 0; i < n->n_attrs; i++)
		if (*a[i].name == *name && strcmp(a[i].name, name) == 0)
			return a[i].value;
	return (struct slice){ NULL, 0 };
}
