#include "config.h"

#include "crawler/html_markdown.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/html_walk.h"
#include "crawler/preformatted.h"
#include "crawler/words.h"

bool
walk_push(struct walk *w, const struct dom_node *n, enum frame_kind kind)
{
	if (w->n_frames == WALK_FRAMES_MAX)
		return false;
	w->frame[w->n_frames++] = (struct frame){ .node = n, .kind = kind };
	return true;
}

/* -- classes --------------------------------------------------------------- */

enum role {				/* what the classes of a block say it is */
	ROLE_NONE, ROLE_ADMONITION, ROLE_TITLE, ROLE_PAGE_TITLE, ROLE_SIGNATURE, ROLE_FRAGMENT, ROLE_GRID,
};

static const char *const admonition_class[WORD_MAX + 1] = {
	[3] = "tip", [4] = "note" "hint", [5] = "alert", [6] = "danger", [7] = "warning" "caution" "callout" "seealso",
	[9] = "important" "attention", [10] = "admonition", [12] = "custom-block", [14] = "markdown-alert",
	[15] = "admonitionblock" "starlight-aside", [16] = "theme-admonition",
};
static const char *const title_class[WORD_MAX + 1] = {
	[5] = "title", [6] = "rubric", [11] = "topic-title", [13] = "sidebar-title", [16] = "admonition-title",
	[18] = "custom-block-title", [20] = "markdown-alert-title",
};

static bool
starts(struct slice w, const char *prefix)
{
	size_t n = strlen(prefix);

	return w.len >= n && memcmp(w.p, prefix, n) == 0;
}

static bool
is_badge(const struct dom_node *span)	/* rustdoc: "Deprecated", right behind the name */
{
	return starts(dom_attr(span, "class"), "stab");
}

static enum role
role_of(const struct dom_node *n, enum dom_tag tag)
{
	struct slice v = dom_has_attrs(n) ? dom_attr(n, "class") : (struct slice){ NULL, 0 }, w;
	size_t at = 0;

	while (words_next(v.p, v.len, &at, &w.p, &w.len)) {
		if (tag != DOM_P && words_have(admonition_class, w.p, w.len))
			return ROLE_ADMONITION;
		if (words_have(title_class, w.p, w.len))
			return words_include(dom_attr(dom_parent(n), "class"), "headertitle") ? ROLE_PAGE_TITLE : ROLE_TITLE;
		if (tag == DOM_DIV && slice_is(w, "fancy_title"))	/* sqlite.org */
			return ROLE_PAGE_TITLE;
		if (starts(w, "admonitionHeading") || slice_is(w, "starlight-aside__title"))
			return ROLE_TITLE;
		if (tag == DOM_DIV && (slice_is(w, "memproto") || slice_is(w, "member-signature") || slice_is(w, "type-signature")))
			return ROLE_SIGNATURE;
		if (tag == DOM_DIV && (slice_is(w, "fragment") || slice_is(w, "phpcode")))
			return ROLE_FRAGMENT;
		if (tag == DOM_DIV && slice_is(w, "summary-table"))
			return ROLE_GRID;
	}
	return ROLE_NONE;
}

/* -- blocks ---------------------------------------------------------------- */

static void
strong_block(struct walk *w, const struct dom_node *n)
{
	md_break(&w->md);
	if (walk_push(w, n, FRAME_STRONG_BLOCK))
		md_open(&w->md, MD_STRONG, NULL, (struct slice){ NULL, 0 });
}

static void
container(struct walk *w, const struct dom_node *n, enum frame_kind kind, const char *first, const char *rest)
{
	if (walk_push(w, n, kind))
		md_push(&w->md, first, rest);
}

static void
strong_text(struct walk *w, struct slice s)	/* a block of its own */
{
	md_break(&w->md);
	md_open(&w->md, MD_STRONG, NULL, (struct slice){ NULL, 0 });
	md_text(&w->md, s.p, s.len);
	md_close(&w->md);
	md_break(&w->md);
}

static bool
is_gutter(const struct dom_node *n, const char *p, size_t len)	/* the numbers of the code in the next cell */
{
	const struct dom_node *cell = dom_parent(n);

	if (dom_tag(cell) != DOM_TD || dom_next(cell) == NULL)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(p[i] >= '0' && p[i] <= '9') && p[i] != ' ' && p[i] != '\n')
			return false;
	return true;
}

static bool
preformatted(struct walk *w, const struct dom_node *n)
{
	const char *p;
	size_t len;

	preformatted_text(&w->scratch, n);
	p = w->scratch.p;
	len = w->scratch.len;
	for (size_t i = 0;; i++) {
		if (i == len)
			return false;		/* nothing but white space */
		if (p[i] != ' ' && p[i] != '\n' && p[i] != '\t' && p[i] != '\r')
			break;
	}
	if (!is_gutter(n, p, len))
		md_fence(&w->md, p, len, preformatted_language(n));
	return false;
}

static bool
block(struct walk *w, const struct dom_node *n, enum dom_tag tag)
{
	if (w->n_frames > 0 && w->frame[w->n_frames - 1].kind == FRAME_GRID && tag == DOM_DIV &&
	    grid_cell_enter(w, n))
		return true;
	switch (role_of(n, tag)) {
	case ROLE_ADMONITION:
		md_break(&w->md);
		container(w, n, FRAME_ADMONITION, "> ", "> ");
		w->admonitions += w->frame[w->n_frames - 1].node == n;
		return true;
	case ROLE_TITLE:
		strong_block(w, n);
		return true;
	case ROLE_PAGE_TITLE:
		if (walk_push(w, n, FRAME_HEADING))
			md_heading(&w->md, 1);
		return true;
	case ROLE_SIGNATURE:
		inline_code_text(&w->scratch, n);
		md_break(&w->md);
		md_code(&w->md, w->scratch.p, w->scratch.len);
		md_break(&w->md);
		return false;
	case ROLE_FRAGMENT:
		return preformatted(w, n);
	case ROLE_GRID:
		if (grid_enter(w, n))
			return true;
		break;
	case ROLE_NONE:
		break;
	}
	md_break(&w->md);
	(void)walk_push(w, n, FRAME_BLOCK);
	return true;
}

static bool
heading(struct walk *w, const struct dom_node *n, enum dom_tag tag)
{
	if (w->admonitions > 0) {
		strong_block(w, n);
		return true;
	}
	md_heading(&w->md, 1 + (unsigned)(tag - DOM_H1));
	if (words_include(dom_attr(n, "class"), "code-header")) {	/* rustdoc: a signature */
		inline_code_text(&w->scratch, n);
		md_code(&w->md, w->scratch.p, w->scratch.len);
		md_heading_end(&w->md);
		return false;
	}
	if (!walk_push(w, n, FRAME_HEADING))
		md_heading_end(&w->md);
	return true;
}

static bool
is_layout_list(const struct dom_node *n)	/* javadoc: each section is an item */
{
	static const char *const layout_class[WORD_MAX + 1] = {
		[9] = "blockList", [11] = "member-list", [12] = "summary-list" "details-list", [13] = "blockListLast",
	};
	struct slice v = dom_attr(n, "class");

	return words_have(layout_class, v.p, v.len);
}

static void
list(struct walk *w, const struct dom_node *n, enum dom_tag tag)
{
	struct slice start = dom_attr(n, "start");
	bool nested = false;

	if (tag == DOM_UL && is_layout_list(n)) {
		md_break(&w->md);
		(void)walk_push(w, n, FRAME_LAYOUT_LIST);
		return;
	}
	for (unsigned i = w->n_frames; !nested && i-- > 0 && i + 3 > w->n_frames;)
		nested = w->frame[i].kind == FRAME_ITEM;
	if (nested)
		md_line(&w->md);
	else
		md_break(&w->md);
	if (!walk_push(w, n, FRAME_LIST))
		return;
	w->frame[w->n_frames - 1].ordered = tag == DOM_OL;
	w->frame[w->n_frames - 1].number = 1;
	if (start.len > 0 && start.len < 9 && start.p[0] >= '0' && start.p[0] <= '9') {
		unsigned x = 0;

		for (size_t i = 0; i < start.len && start.p[i] >= '0' && start.p[i] <= '9'; i++)
			x = x * 10 + (unsigned)(start.p[i] - '0');
		w->frame[w->n_frames - 1].number = x;
	}
}

static void
item(struct walk *w, const struct dom_node *n)
{
	char first[16] = "- ", rest[16] = "  ";
	struct frame *f = NULL;

	if (w->n_frames > 0 && w->frame[w->n_frames - 1].kind == FRAME_LAYOUT_LIST) {
		md_break(&w->md);
		(void)walk_push(w, n, FRAME_BLOCK);
		return;
	}
	for (unsigned i = w->n_frames; f == NULL && i-- > 0 && i + 4 > w->n_frames;)
		if (w->frame[i].kind == FRAME_LIST)
			f = &w->frame[i];
	md_line(&w->md);
	if (f != NULL && f->count++ > 0) {
		if (f->item_end == w->md.out.len)
			md_tight(&w->md);
		else			/* text between items: without a blank line it would go on */
			md_break(&w->md);
	}
	if (f != NULL && f->ordered) {
		int len = snprintf(first, sizeof first, "%u. ", f->number++);

		memset(rest, ' ', (size_t)len);
		rest[len] = '\0';
	}
	if (w->md.in_cell)
		md_text(&w->md, "\u2022 ", 4);
	container(w, n, FRAME_ITEM, first, rest);
}

static bool
has_term(const struct dom_node *dd)	/* is it not the first of its list? */
{
	const struct dom_node *n = dom_first(dom_parent(dd));

	while (n != NULL && (dom_tag(n) == DOM_TEXT || dom_tag(n) == DOM_NONE))
		n = dom_next(n);
	return n != dd;
}

static bool
term(struct walk *w, const struct dom_node *n)
{
	md_line(&w->md);
	if (words_include(dom_attr(n, "class"), "sig")) {	/* Sphinx: a signature */
		inline_code_text(&w->scratch, n);
		md_code(&w->md, w->scratch.p, w->scratch.len);
		md_line(&w->md);
		return false;
	}
	if (!w->md.one_line && !w->md.in_cell && walk_push(w, n, FRAME_TERM))
		w->md.one_line = true;
	return true;
}

/* -- the walk ---------------------------------------------------------------- */

/* Does n belong to what is written, as far as its place on the page says? */
static bool
is_content(struct walk *w, const struct dom_node *n, enum dom_tag tag)
{
	switch (content_kind(n, tag, w->content.marked)) {
	case CONTENT_FURNITURE:
		return false;
	case CONTENT_TABS:
		walk_tabs(w, n);
		return false;
	case CONTENT_TOC:
		return w->content.keep_toc;
	default:
		return true;
	}
}

static bool
enter_phrase(struct walk *w, const struct dom_node *n, enum dom_tag tag)
{
	switch (tag) {
	case DOM_BR:
		md_hard_break(&w->md);
		return false;
	case DOM_IMG:
		walk_image(w, n);
		return false;
	case DOM_A:
		walk_anchor(w, n);
		return true;
	case DOM_CODE: case DOM_TT: case DOM_SAMP: case DOM_KBD:
		return walk_code(w, n);
	case DOM_I:
		if (w->admonitions > 0 && dom_first(n) == NULL && dom_attr(n, "title").len > 0) {
			strong_text(w, dom_attr(n, "title"));	/* Asciidoctor: the icon says which kind */
			return false;
		}
		/* fall through */
	case DOM_EM: case DOM_CITE: case DOM_DFN: case DOM_VAR:
		walk_span(w, n, MD_EM);
		return true;
	case DOM_STRONG: case DOM_B:
		walk_span(w, n, MD_STRONG);
		return true;
	case DOM_DEL: case DOM_S: case DOM_STRIKE:
		walk_span(w, n, MD_DEL);
		return true;
	case DOM_Q:
		md_text(&w->md, "\"", 1);
		(void)walk_push(w, n, FRAME_QUOTE_MARK);
		return true;
	case DOM_MATH:
		return !walk_math(w, n, false);
	case DOM_SPAN:
		if (walk_math(w, n, false))
			return false;
		if (is_badge(n))
			md_text(&w->md, " ", 1);
		return true;
	case DOM_LABEL:
		if (words_include(dom_attr(n, "class"), "sd-tab-label"))
			strong_block(w, n);
		return true;
	case DOM_SUP:
		walk_superscript(w, n);
		return true;
	default:
		return true;
	}
}

static bool
enter_definition(struct walk *w, const struct dom_node *dd)
{
	if (has_term(dd))
		md_tight(&w->md);
	else
		md_break(&w->md);
	container(w, dd, FRAME_CONTAINER, ": ", "  ");
	return true;
}

static bool
enter_quote(struct walk *w, const struct dom_node *n, enum dom_tag tag)
{
	md_break(&w->md);
	if (role_of(n, tag) == ROLE_ADMONITION)
		return block(w, n, tag);
	container(w, n, FRAME_CONTAINER, "> ", "> ");
	return true;
}

static bool
enter_flow(struct walk *w, const struct dom_node *n, enum dom_tag tag)
{
	switch (tag) {
	case DOM_DIV: case DOM_SECTION:
		if (w->n_tabs > 0)
			walk_tab_panel(w, n);
		if (tag == DOM_DIV && walk_math(w, n, true))
			return false;
		/* fall through */
	case DOM_P: case DOM_ASIDE: case DOM_DETAILS:
		return block(w, n, tag);
	case DOM_ARTICLE: case DOM_MAIN: case DOM_BODY: case DOM_HEADER: case DOM_FOOTER: case DOM_ADDRESS:
	case DOM_CENTER: case DOM_FIGURE: case DOM_FIGCAPTION: case DOM_FORM: case DOM_FIELDSET: case DOM_HGROUP:
	case DOM_DL:
		md_break(&w->md);
		(void)walk_push(w, n, FRAME_BLOCK);
		return true;
	case DOM_H1: case DOM_H2: case DOM_H3: case DOM_H4: case DOM_H5: case DOM_H6:
		return heading(w, n, tag);
	case DOM_CAPTION: case DOM_SUMMARY: case DOM_LEGEND:
		strong_block(w, n);
		return true;
	case DOM_PRE: case DOM_LISTING: case DOM_XMP: case DOM_PLAINTEXT:
		return preformatted(w, n);
	case DOM_BLOCKQUOTE:
		return enter_quote(w, n, tag);
	case DOM_UL: case DOM_OL: case DOM_MENU: case DOM_DIR:
		list(w, n, tag);
		return true;
	case DOM_LI:
		item(w, n);
		return true;
	case DOM_DT:
		return term(w, n);
	case DOM_DD:
		return enter_definition(w, n);
	case DOM_TABLE:
		return html_table_enter(w, n);
	case DOM_TR:
		return row_enter(w, n);
	case DOM_TD: case DOM_TH:
		return cell_enter(w, n);
	case DOM_HR:
		md_rule(&w->md);
		return false;
	default:
		return enter_phrase(w, n, tag);
	}
}

/* True when the children of n are to be walked, too. */
static bool
enter(struct walk *w, const struct dom_node *n)
{
	enum dom_tag tag = dom_tag(n);

	if (tag == DOM_TEXT) {
		struct slice s = dom_text(n);

		md_text(&w->md, s.p, s.len);
		return false;
	}
	return (n == w->content.node || is_content(w, n, tag)) && enter_flow(w, n, tag);
}

static void
leave(struct walk *w, const struct dom_node *n)
{
	struct frame *f = &w->frame[w->n_frames - 1];

	switch (f->kind) {
	case FRAME_BLOCK:
	case FRAME_LAYOUT_LIST:
		md_break(&w->md);
		break;
	case FRAME_BRACKET:
		md_text(&w->md, "]", 1);
		break;
	case FRAME_LINE:
		md_line(&w->md);
		break;
	case FRAME_HEADING:
		md_heading_end(&w->md);
		break;
	case FRAME_SPAN:
		md_close(&w->md);
		break;
	case FRAME_STRONG_BLOCK:
		md_close(&w->md);
		md_break(&w->md);
		break;
	case FRAME_ADMONITION:
		w->admonitions--;
		/* fall through */
	case FRAME_CONTAINER:
		md_break(&w->md);
		md_pop(&w->md);
		break;
	case FRAME_LIST:
		if (w->n_frames > 1 && w->frame[w->n_frames - 2].kind == FRAME_ITEM)
			md_line(&w->md);
		else
			md_break(&w->md);
		break;
	case FRAME_ITEM:
		md_line(&w->md);
		md_pop(&w->md);
		if (w->n_frames > 1 && w->frame[w->n_frames - 2].kind == FRAME_LIST)
			w->frame[w->n_frames - 2].item_end = w->md.out.len;
		break;
	case FRAME_TERM:
		w->md.one_line = false;
		md_line(&w->md);
		break;
	case FRAME_QUOTE_MARK:
		md_text(&w->md, "\"", 1);
		break;
	case FRAME_TABLE:
		html_table_leave(w);
		break;
	case FRAME_ROW:
		row_leave(w);
		break;
	case FRAME_CELL:
		cell_leave(w, n);
		break;
	case FRAME_GRID:
		grid_leave(w);
		break;
	case FRAME_GRID_CELL:
		grid_cell_leave(w);
		break;
	}
	w->n_frames--;
}

static void
walk(struct walk *w, const struct dom_node *top)
{
	const struct dom_node *n = top, *next;

	for (;;) {
		if (enter(w, n) && (next = dom_first(n)) != NULL) {
			n = next;
			continue;
		}
		for (;;) {
			if (w->n_frames > 0 && w->frame[w->n_frames - 1].node == n)
				leave(w, n);
			if (n == top)
				return;
			if ((next = dom_next(n)) != NULL)
				break;
			n = dom_parent(n);
		}
		n = next;
	}
}

static void
drop_last_rule(struct text *out)	/* it parted the content from what was left out */
{
	static const char rule[] = "\n\n---";
	const size_t len = sizeof rule - 1;

	while (out->len >= len && memcmp(out->p + out->len - len, rule, len) == 0)
		out->len -= len;
}

int
html_markdown(struct text *out, const struct main_content *content, struct links *links, const struct url *page)
{
	struct walk *w = malloc(sizeof *w);	/* some 40 KiB: too much for a thread's stack */
	int rc = 0;

	if (w == NULL)
		return -ENOMEM;
	md_init(&w->md);
	w->links = links;
	w->page = page;
	w->scratch = (struct text){ 0 };
	w->n_frames = w->admonitions = w->n_tabs = 0;
	memset(&w->table, 0, sizeof w->table);
	w->content = *content;
	walk(w, content->node);
	md_break(&w->md);			/* a last <br> leaves no mark */
	drop_last_rule(&w->md.out);
	if (w->md.out.len > 0)
		text_putc(&w->md.out, '\n');
	if (w->md.out.failed || w->scratch.failed)
		rc = -ENOMEM;
	else if (out->len == 0) {
		text_fini(out);
		*out = w->md.out;
		w->md.out = (struct text){ 0 };
	} else
		text_put(out, w->md.out.p, w->md.out.len);
	text_fini(&w->scratch);
	md_fini(&w->md);
	free(w);
	return rc;
}
