/* What stands within a line: emphasis, links, code, images, mathematics; and the labels of tabs. */
#include "config.h"

#include <string.h>

#include "crawler/html_walk.h"
#include "crawler/preformatted.h"
#include "crawler/words.h"

/* -- runs of text ------------------------------------------------------------ */

void
walk_span(struct walk *w, const struct dom_node *n, enum md_span kind)
{
	if (walk_push(w, n, FRAME_SPAN))
		md_open(&w->md, kind, NULL, (struct slice){ NULL, 0 });
}

void
walk_anchor(struct walk *w, const struct dom_node *n)
{
	struct slice href = dom_attr(n, "href"), fragment = { NULL, 0 };
	const char *hash, *url;

	while (href.len > 0 && (unsigned char)href.p[0] <= ' ')
		href.p++, href.len--;
	if (href.len == 0 || href.p[0] == '#' || w->md.no_spans)
		return;
	if ((url = links_resolve(w->links, href, true)) == NULL || strcmp(url, w->page->text) == 0)
		return;
	if ((hash = memchr(href.p, '#', href.len)) != NULL)
		fragment = (struct slice){ hash, href.len - (size_t)(hash - href.p) };
	if (walk_push(w, n, FRAME_SPAN))
		md_open(&w->md, MD_LINK, url, fragment);
}

bool
walk_code(struct walk *w, const struct dom_node *n)
{
	const struct dom_node *only = dom_first(n);
	bool linked = only != NULL && dom_next(only) == NULL && dom_tag(only) == DOM_A;
	unsigned frames = w->n_frames;

	if (linked)			/* `x` that is a link as a whole */
		walk_anchor(w, only);
	inline_code_text(&w->scratch, n);
	md_code(&w->md, w->scratch.p, w->scratch.len);
	if (w->n_frames > frames) {
		w->n_frames--;
		md_close(&w->md);
	}
	return false;
}

void
walk_image(struct walk *w, const struct dom_node *n)
{
	struct slice alt = dom_attr(n, "alt"), src = dom_attr(n, "src");
	struct url u;

	while (alt.len > 0 && (unsigned char)alt.p[0] <= ' ')
		alt.p++, alt.len--;
	while (alt.len > 0 && (unsigned char)alt.p[alt.len - 1] <= ' ')
		alt.len--;
	if (alt.len > 0)
		md_image(&w->md, alt, src.len > 0 && url_resolve(&u, &w->links->base, src.p, src.len) == 0 ? u.text : NULL);
}

static bool
is_number(const struct dom_node *n)	/* an element that holds a number and nothing else */
{
	const struct dom_node *t = dom_first(n);
	struct slice s;

	if (t == NULL || dom_next(t) != NULL || dom_tag(t) != DOM_TEXT)
		return false;
	s = dom_text(t);
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.len > 0 && s.len < 6;
}

static bool
leads_within(const struct dom_node *a)
{
	struct slice href = dom_attr(a, "href");

	return href.len > 1 && href.p[0] == '#';
}

void
walk_superscript(struct walk *w, const struct dom_node *n)
{
	const struct dom_node *t = dom_first(n), *up = dom_parent(n);
	struct slice s = t != NULL && dom_tag(t) == DOM_TEXT ? dom_text(t) : (struct slice){ NULL, 0 };
	char prev = w->md.out.len > 0 && !w->md.at_start && !w->md.space ? w->md.out.p[w->md.out.len - 1] : ' ';

	/* The number of a footnote is no part of the word before it. */
	if ((t != NULL && dom_tag(t) == DOM_A && dom_next(t) == NULL && leads_within(t) && is_number(t)) ||
	    (dom_tag(up) == DOM_A && leads_within(up) && is_number(n))) {
		if (walk_push(w, n, FRAME_BRACKET))
			md_text(&w->md, "[", 1);
		return;
	}
	if (s.len > 0 && s.len < 8 && ((s.p[0] >= '0' && s.p[0] <= '9') || s.p[0] == '-' || s.p[0] == '+') &&
	    ((prev >= '0' && prev <= '9') || (prev >= 'a' && prev <= 'z') || prev == ')' || prev == '`'))
		md_text(&w->md, "^", 1);	/* 10^6 is not 106 */
}

/* -- mathematics --------------------------------------------------------------- */

static const struct dom_node *
annotation_of(const struct dom_node *math)	/* its TeX, when the page holds it */
{
	unsigned steps = 0;

	for (const struct dom_node *n = dom_first(math); n != NULL && steps < 1000; n = dom_step(n, math), steps++)
		if (dom_tag(n) == DOM_UNKNOWN && slice_is(dom_attr(n, "encoding"), "application/x-tex"))
			return dom_first(n);
	return NULL;
}

static void
trim(struct slice *s)
{
	while (s->len > 0 && (unsigned char)s->p[0] <= ' ')
		s->p++, s->len--;
	while (s->len > 0 && (unsigned char)s->p[s->len - 1] <= ' ')
		s->len--;
}

static bool
is_delimited(struct slice *s, char open, char close)	/* \( ... \), which is then taken off */
{
	trim(s);
	if (s->len < 5 || s->p[0] != '\\' || s->p[1] != open || s->p[s->len - 2] != '\\' || s->p[s->len - 1] != close)
		return false;
	s->p += 2;
	s->len -= 4;
	return true;
}

static bool
is_math_class(struct slice class)
{
	return (class.len >= 4 && memcmp(class.p, "math", 4) == 0) || slice_is(class, "arithmatex");
}

bool
walk_math(struct walk *w, const struct dom_node *n, bool block)
{
	const struct dom_node *t = dom_first(n);
	struct slice tex = { NULL, 0 };

	if (dom_tag(n) == DOM_MATH) {
		tex = dom_attr(n, "alttext");
		if (tex.len == 0 && (t = annotation_of(n)) != NULL && dom_tag(t) == DOM_TEXT)
			tex = dom_text(t);
		block = slice_is(dom_attr(n, "display"), "block");
	} else if (t != NULL && dom_tag(t) == DOM_TEXT && dom_next(t) == NULL && is_math_class(dom_attr(n, "class"))) {
		tex = dom_text(t);
		if (!is_delimited(&tex, '[', ']') && !is_delimited(&tex, '(', ')'))
			return false;
	}
	trim(&tex);
	if (tex.len == 0)
		return false;
	if (block && !w->md.in_cell && !w->md.one_line)
		md_fence(&w->md, tex.p, tex.len, SLICE_LIT("math"));
	else
		md_math(&w->md, tex.p, tex.len);
	return true;
}

/* -- tabs ------------------------------------------------------------------------ */

static bool
is_tab(const struct dom_node *n)
{
	enum dom_tag tag = dom_tag(n);

	return tag == DOM_LABEL || (tag == DOM_LI && slice_is(dom_attr(n, "class"), "tab")) ||
	    (tag > DOM_UNKNOWN && slice_is(dom_attr(n, "role"), "tab"));
}

static const struct dom_node *
first_tab(const struct dom_node *n, const struct dom_node *list)
{
	while (n != NULL && !is_tab(n))
		n = dom_step(n, list);
	return n;
}

void
walk_tabs(struct walk *w, const struct dom_node *list)
{
	const struct dom_node *tab = first_tab(dom_first(list), list);

	if (tab == NULL)
		return;
	if (w->n_tabs == TABS_MAX) {
		memmove(&w->tabs[0], &w->tabs[1], (TABS_MAX - 1) * sizeof w->tabs[0]);
		w->n_tabs--;
	}
	w->tabs[w->n_tabs++] = (struct tabs){ list, tab };
}

static bool
is_panel(const struct dom_node *n)
{
	static const char *const panel_class[WORD_MAX + 1] = { [8] = "tabpanel", [12] = "tabbed-block" };
	struct slice v = dom_attr(n, "class"), c;
	size_t at = 0;

	if (slice_is(dom_attr(n, "role"), "tabpanel") || slice_is(dom_attr(dom_parent(n), "class"), "blocks"))
		return true;
	while (words_next(v.p, v.len, &at, &c.p, &c.len))
		if (words_have(panel_class, c.p, c.len))
			return true;
	return false;
}

void
walk_tab_panel(struct walk *w, const struct dom_node *n)
{
	struct tabs *t = &w->tabs[w->n_tabs - 1];

	if (!is_panel(n))
		return;
	md_break(&w->md);
	md_open(&w->md, MD_STRONG, NULL, (struct slice){ NULL, 0 });
	for (const struct dom_node *x = dom_first(t->next); x != NULL; x = dom_step(x, t->next))
		if (dom_tag(x) == DOM_TEXT)
			md_text(&w->md, dom_text(x).p, dom_text(x).len);
	md_close(&w->md);
	md_break(&w->md);
	if ((t->next = first_tab(dom_skip(t->next, t->list), t->list)) == NULL)
		w->n_tabs--;
}
