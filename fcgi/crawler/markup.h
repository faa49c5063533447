/*
 * markup - where tags begin and end, as the tokenizer of the HTML Standard
 * (section 13.2.5) finds it, without a tree.
 *
 * Two things only a tree can tell: whether "<![CDATA[" opens a section (within
 * SVG and MathML it does), and whether the start tag of a raw text element
 * counts (within those, or <select>, <frameset> or <template>, it may not).
 */
#ifndef MARKUP_H
#define MARKUP_H

#include <stdbool.h>
#include <stddef.h>

enum {
	MARKUP_NAME_MAX = 24,		/* longer names are cut: no known element is */
	MARKUP_VALUES_MAX = 8,		/* few tags have more */
};

enum markup_kind {
	MARKUP_CHARACTER,		/* a '<' like any other character */
	MARKUP_START, MARKUP_END,	/* tags */
	MARKUP_COMMENT,			/* also a doctype and what is taken for a comment */
	MARKUP_CDATA,			/* the same, but a section, if it is one, goes on behind end */
};

struct markup {
	enum markup_kind kind;
	char	 name[MARKUP_NAME_MAX];	/* of a tag, in lower case */
	size_t	 name_len;
	size_t	 end;			/* behind it: len when the page ends first */
	unsigned n_attrs, n_values;
	struct {			/* the first ones that stand in quotation marks, without them */
		size_t at, len;
	} value[MARKUP_VALUES_MAX];
	bool	 self_closing;
};

/* What stands at the '<' p[at]. */
void markup_read(struct markup *m, const char *p, size_t len, size_t at);

/* Does it start text in which tags do not count (<script>, <title>, not <plaintext>)? */
bool markup_is_raw(const struct markup *m);

/* Where the end tag of raw text that starts at p[at] begins; len when there is none. */
size_t markup_raw_end(const struct markup *start, const char *p, size_t len, size_t at);

#endif
