/*
 * html_walk - the state of one walk over a page's main content, shared by
 * html_markdown.c (what each element becomes) and html_table.c (tables).
 */
#ifndef HTML_WALK_H
#define HTML_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/dom.h"
#include "crawler/links.h"
#include "crawler/maincontent.h"
#include "crawler/markdown.h"

enum {
	WALK_FRAMES_MAX = 1024,		/* open elements that have an end to write; deeper ones are transparent */
	TABS_MAX = 4,			/* sets of tabs within each other */
	TABLE_COLUMNS_MAX = 64,		/* wider ones become lists */
};

enum frame_kind {
	FRAME_BLOCK,			/* ends with a break */
	FRAME_LINE,			/* ends with a new line */
	FRAME_HEADING,
	FRAME_SPAN,			/* emphasis, link */
	FRAME_STRONG_BLOCK,		/* a title that is no heading */
	FRAME_CONTAINER,		/* quote, definition */
	FRAME_ADMONITION,
	FRAME_LIST,
	FRAME_LAYOUT_LIST,		/* its items are just blocks */
	FRAME_ITEM,
	FRAME_TERM,
	FRAME_QUOTE_MARK,		/* <q> */
	FRAME_BRACKET,			/* [1] */
	FRAME_TABLE,
	FRAME_ROW,
	FRAME_CELL,
	FRAME_GRID,			/* a table made of <div>s */
	FRAME_GRID_CELL,
};

struct frame {
	const struct dom_node *node;
	enum frame_kind kind;
	bool	 ordered;
	unsigned number;		/* of the next item */
	unsigned count;			/* items so far */
	size_t	 item_end;		/* of a list: where the output of its last item ends */
};

enum table_kind_html {
	TABLE_GRID,			/* a GFM table */
	TABLE_LAYOUT,			/* its cells are just blocks */
	TABLE_LIST,			/* too rich for GFM: a row is an item */
	TABLE_JOINED,			/* a row is an item of one line */
};

struct table_state {			/* of the table we are in; simple tables do not nest */
	enum table_kind_html kind;
	unsigned columns, column, row;
	bool	 has_header;
	uint16_t span[TABLE_COLUMNS_MAX];	/* rows that a cell above still covers */
};

struct tabs {				/* whose panels are still to come */
	const struct dom_node *list, *next;
};

struct walk {
	struct md      md;
	struct links  *links;
	const struct url *page;
	struct text    scratch;
	struct frame   frame[WALK_FRAMES_MAX];
	unsigned       n_frames, admonitions;
	struct table_state table;
	struct main_content content;
	struct tabs    tabs[TABS_MAX];
	unsigned       n_tabs;
};

bool walk_push(struct walk *w, const struct dom_node *n, enum frame_kind kind);	/* false: no room */

/* -- html_inline.c --------------------------------------------------------- */

void walk_span(struct walk *w, const struct dom_node *n, enum md_span kind);
void walk_anchor(struct walk *w, const struct dom_node *n);
bool walk_code(struct walk *w, const struct dom_node *n);
void walk_image(struct walk *w, const struct dom_node *n);
void walk_superscript(struct walk *w, const struct dom_node *n);
bool walk_math(struct walk *w, const struct dom_node *n, bool block);	/* true: it was, and is written */
void walk_tabs(struct walk *w, const struct dom_node *list);
void walk_tab_panel(struct walk *w, const struct dom_node *n);	/* its label, when it is a panel; n_tabs > 0 */

/* -- html_table.c ---------------------------------------------------------- */

bool html_table_enter(struct walk *w, const struct dom_node *n);	/* true: walk its children */
bool row_enter(struct walk *w, const struct dom_node *n);
bool cell_enter(struct walk *w, const struct dom_node *n);
void html_table_leave(struct walk *w);
void row_leave(struct walk *w);
void cell_leave(struct walk *w, const struct dom_node *n);

bool grid_enter(struct walk *w, const struct dom_node *n);	/* false: it is none */
bool grid_cell_enter(struct walk *w, const struct dom_node *n);
void grid_cell_leave(struct walk *w);
void grid_leave(struct walk *w);

#endif
