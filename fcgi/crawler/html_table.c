#include "config.h"

#include <string.h>

#include "crawler/html_walk.h"
#include "crawler/words.h"

enum { CELL_BYTES_MAX = 4000 };		/* longer ones are no cells but pages */

/* What is read of a table before it is written. */
struct shape {
	unsigned rows, columns, n_th, n_lists, n_paragraphs;
	unsigned row_cells, row_th, row_td;	/* of the row that is read */
	bool	 first_is_header, rich;
	size_t	 cell_bytes, longest_cell;
	uint16_t span[TABLE_COLUMNS_MAX];	/* rows a cell still covers, this one included */
};

static unsigned
attr_number(const struct dom_node *n, const char *name)		/* 1 when there is none */
{
	struct slice v = dom_attr(n, name);
	unsigned x = 0;

	for (size_t i = 0; i < v.len && i < 4 && v.p[i] >= '0' && v.p[i] <= '9'; i++)
		x = x * 10 + (unsigned)(v.p[i] - '0');
	return x == 0 ? 1 : x;
}

static bool
has_class(const struct dom_node *n, const char *name)
{
	struct slice v = dom_attr(n, "class"), w;
	size_t at = 0;

	while (words_next(v.p, v.len, &at, &w.p, &w.len))
		if (slice_is(w, name))
			return true;
	return false;
}

static void
add_cell(struct shape *s, const struct dom_node *n)
{
	unsigned columns = attr_number(n, "colspan"), rows = attr_number(n, "rowspan");

	while (s->row_cells < TABLE_COLUMNS_MAX && s->span[s->row_cells] > 0)
		s->row_cells++;
	for (unsigned i = 0; rows > 1 && i < columns && s->row_cells + i < TABLE_COLUMNS_MAX; i++)
		s->span[s->row_cells + i] = (uint16_t)rows;
	s->row_cells += columns;
	s->cell_bytes = 0;
}

static void
end_row(struct shape *s)
{
	if (s->row_cells > s->columns)
		s->columns = s->row_cells;
	if (s->rows == 1 && s->row_th > 0 && s->row_td == 0)
		s->first_is_header = true;
	s->row_cells = s->row_th = s->row_td = 0;
	for (unsigned i = 0; i < TABLE_COLUMNS_MAX; i++)
		s->span[i] = (uint16_t)(s->span[i] - (s->span[i] > 0));
}

static void
read_shape(struct shape *s, const struct dom_node *table)
{
	const struct dom_node *n = dom_first(table);

	for (; n != NULL && !s->rich; n = dom_step(n, table)) {
		switch (dom_tag(n)) {
		case DOM_THEAD:
			s->first_is_header = s->first_is_header || s->rows == 0;
			break;
		case DOM_TR:
			end_row(s);
			s->rows += dom_first(n) != NULL;
			break;
		case DOM_TH:
			s->n_th++;
			s->row_th++;
			add_cell(s, n);
			break;
		case DOM_TD:
			s->row_td++;
			add_cell(s, n);
			break;
		case DOM_TEXT:
			s->cell_bytes += dom_text(n).len;
			if (s->cell_bytes > s->longest_cell)
				s->longest_cell = s->cell_bytes;
			break;
		case DOM_UL: case DOM_OL: case DOM_DL:
			s->n_lists++;
			break;
		case DOM_P:
			s->n_paragraphs++;
			break;
		case DOM_TABLE: case DOM_PRE: case DOM_LISTING: case DOM_XMP: case DOM_BLOCKQUOTE:
		case DOM_H1: case DOM_H2: case DOM_H3: case DOM_H4: case DOM_H5: case DOM_H6: case DOM_HR:
			s->rich = true;
			break;
		case DOM_DIV:
			s->rich = has_class(n, "fragment");
			break;
		default:
			break;
		}
	}
	end_row(s);
}

static enum table_kind_html
kind_of_shape(const struct walk *w, const struct dom_node *n, const struct shape *s)
{
	struct slice role = dom_attr(n, "role");

	if (w->admonitions > 0 && (s->n_th == 0 ? s->rows <= 1 : s->rows <= 2 && dom_attr(n, "summary").p != NULL))
		return TABLE_LAYOUT;		/* beside an icon */
	if (slice_is(role, "presentation") || slice_is(role, "none") || has_class(n, "highlighttable"))
		return TABLE_LAYOUT;
	if (has_class(n, "memberdecls"))
		return TABLE_JOINED;
	if (s->rich || s->longest_cell > CELL_BYTES_MAX)
		return s->n_th > 0 ? TABLE_LIST : TABLE_LAYOUT;
	if (s->columns == 0 || (s->rows <= 1 && s->columns <= 1) || s->columns > TABLE_COLUMNS_MAX)
		return s->columns > TABLE_COLUMNS_MAX ? TABLE_LIST : TABLE_LAYOUT;
	if (s->n_th == 0 && (s->n_lists > 0 || s->columns == 1))
		return TABLE_LAYOUT;
	return TABLE_GRID;
}

static void
empty_header(struct md *m, unsigned columns)	/* GFM knows no table without a header */
{
	md_row(m);
	for (unsigned i = 0; i < columns; i++) {
		md_cell(m);
		md_cell_end(m);
	}
	md_row_end(m);
	md_header_end(m, columns);
}

bool
html_table_enter(struct walk *w, const struct dom_node *n)
{
	struct shape s = { 0 };
	enum table_kind_html kind;

	if (w->md.in_cell || w->md.one_line)
		return true;
	read_shape(&s, n);
	kind = kind_of_shape(w, n, &s);
	md_break(&w->md);
	if (kind == TABLE_LAYOUT) {
		(void)walk_push(w, n, FRAME_BLOCK);
		return true;
	}
	if (!walk_push(w, n, FRAME_TABLE))
		return true;
	w->frame[w->n_frames - 1].count = (unsigned)w->table.kind;	/* of the table around, for its end */
	w->frame[w->n_frames - 1].number = w->table.columns;
	memset(&w->table, 0, sizeof w->table);
	w->table.kind = kind;
	w->table.columns = s.columns;
	w->table.has_header = s.first_is_header;
	return true;
}

void
html_table_leave(struct walk *w)
{
	const struct frame *f = &w->frame[w->n_frames - 1];

	memset(&w->table, 0, sizeof w->table);
	w->table.kind = (enum table_kind_html)f->count;
	w->table.columns = w->table.kind == TABLE_GRID ? 0 : f->number;	/* a grid holds no tables */
	md_break(&w->md);
}

/* The table that a row or cell belongs to: false when it stands in a layout. */
static bool
in_table(const struct walk *w, const struct dom_node *n)
{
	for (unsigned up = 0; up < 3 && (n = dom_parent(n)) != NULL; up++)
		if (dom_tag(n) == DOM_TABLE)
			break;
	for (unsigned i = w->n_frames; i-- > 0 && i + 4 > w->n_frames;)
		if (w->frame[i].kind == FRAME_TABLE)
			return w->frame[i].node == n;
	return false;
}

static bool
has_cells(const struct dom_node *row)
{
	for (const struct dom_node *n = dom_first(row); n != NULL; n = dom_next(n))
		if (dom_tag(n) == DOM_TD || dom_tag(n) == DOM_TH)
			return true;
	return false;
}

bool
row_enter(struct walk *w, const struct dom_node *n)
{
	struct table_state *t = &w->table;

	if (w->md.in_cell || w->md.one_line || !in_table(w, n)) {
		md_break(&w->md);
		return true;
	}
	if (t->kind != TABLE_GRID) {
		if (has_class(n, "heading"))
			return true;
		md_line(&w->md);
		if (t->row++ > 0)
			md_tight(&w->md);
		if (walk_push(w, n, FRAME_ITEM))
			md_push(&w->md, "- ", "  ");
		return true;
	}
	if (!has_cells(n))
		return false;
	if (!walk_push(w, n, FRAME_ROW))
		return true;
	if (t->row == 0 && !t->has_header) {
		empty_header(&w->md, t->columns);
		t->row++;
	}
	md_row(&w->md);
	t->column = 0;
	return true;
}

static void
empty_cell(struct walk *w)
{
	md_cell(&w->md);
	md_cell_end(&w->md);
	w->table.column++;
}

static void
covered_cells(struct walk *w)		/* what a cell of a row above reaches down to */
{
	struct table_state *t = &w->table;

	while (t->column < t->columns && t->span[t->column] > 0) {
		t->span[t->column]--;
		empty_cell(w);
	}
}

void
row_leave(struct walk *w)
{
	struct table_state *t = &w->table;

	while (t->column < t->columns) {
		if (t->span[t->column] > 0)
			t->span[t->column]--;
		empty_cell(w);
	}
	md_row_end(&w->md);
	if (t->row++ == 0)
		md_header_end(&w->md, t->columns);
}

bool
cell_enter(struct walk *w, const struct dom_node *n)
{
	struct table_state *t = &w->table;
	bool in_row = w->n_frames > 0 && w->frame[w->n_frames - 1].node == dom_parent(n);

	if (w->md.in_cell || w->md.one_line) {
		md_text(&w->md, " ", 1);
		return true;
	}
	if (in_row && w->frame[w->n_frames - 1].kind == FRAME_ITEM && t->kind == TABLE_JOINED) {
		md_text(&w->md, " ", 1);
		return true;
	}
	if (!in_row || w->frame[w->n_frames - 1].kind != FRAME_ROW) {
		md_break(&w->md);
		(void)walk_push(w, n, FRAME_BLOCK);
		return true;
	}
	covered_cells(w);
	if (t->column >= t->columns || !walk_push(w, n, FRAME_CELL))
		return false;
	md_cell(&w->md);
	return true;
}

void
cell_leave(struct walk *w, const struct dom_node *n)
{
	struct table_state *t = &w->table;
	unsigned columns = attr_number(n, "colspan"), rows = attr_number(n, "rowspan");

	md_cell_end(&w->md);
	if (rows > 1)
		for (unsigned i = t->column; i < t->columns && i < t->column + columns; i++)
			t->span[i] = (uint16_t)(rows - 1);
	t->column++;
	for (unsigned i = 1; i < columns && t->column < t->columns; i++)
		empty_cell(w);
}

/* -- grids: javadoc's summary tables are <div>s -------------------------------- */

bool
grid_enter(struct walk *w, const struct dom_node *n)
{
	unsigned columns = has_class(n, "two-column-summary") ? 2 : has_class(n, "three-column-summary") ? 3 :
	    has_class(n, "four-column-summary") ? 4 : 0;

	if (columns == 0 || w->md.in_cell || w->md.one_line)
		return false;
	md_break(&w->md);
	if (!walk_push(w, n, FRAME_GRID))
		return false;
	memset(&w->table, 0, sizeof w->table);
	w->table.columns = columns;
	return true;
}

bool
grid_cell_enter(struct walk *w, const struct dom_node *n)
{
	if (w->n_frames == 0 || w->frame[w->n_frames - 1].kind != FRAME_GRID ||
	    w->frame[w->n_frames - 1].node != dom_parent(n) || !walk_push(w, n, FRAME_GRID_CELL))
		return false;
	if (w->table.column == 0)
		md_row(&w->md);
	md_cell(&w->md);
	return true;
}

static void
grid_row_end(struct walk *w)
{
	md_row_end(&w->md);
	w->table.column = 0;
	if (w->table.row++ == 0)
		md_header_end(&w->md, w->table.columns);
}

void
grid_cell_leave(struct walk *w)
{
	md_cell_end(&w->md);
	if (++w->table.column == w->table.columns)
		grid_row_end(w);
}

void
grid_leave(struct walk *w)
{
	if (w->table.column > 0) {
		while (w->table.column < w->table.columns)
			empty_cell(w);
		grid_row_end(w);
	}
	memset(&w->table, 0, sizeof w->table);
	md_break(&w->md);
}
