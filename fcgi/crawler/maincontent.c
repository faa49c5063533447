#include "config.h"

#include "crawler/maincontent.h"

#include <stdint.h>
#include <string.h>

#include "crawler/words.h"

/* -- what furniture is called ------------------------------------------------ */

static const char *const furniture_class[WORD_MAX + 1] = {
	[2] = "ln",
	[3] = "ttc" "src" "lnt",
	[6] = "hideme" "topNav" "lineno" "gutter" "navbar" "footer" "subNav",
	[7] = "tooltip" "navpath" "srclink" "sr-only" "skipNav" "copybtn" "noprint" "linenos" "related",
	[8] = "catlinks",
	[9] = "legalCopy" "dynheader" "nav-panel" "navheader" "bottomNav" "linenodiv" "skip-link" "clipboard" "permalink" "hash-link"
	    "navfooter",
	[10] = "legal-copy" "page-tools" "sharedaddy" "pagination" "copybutton" "dyncontent" "navigation" "headerlink" "md-sidebar"
	    "footer-nav" "nav-header" "doc-anchor" "nav-footer" "newsletter" "mobile-nav"
	    "breadcrumb",
	[11] = "printfooter" "sub-heading" "page-footer" "out-of-band" "site-footer" "line-number" "copy-button" "nav-wrapper"
	    "site-header" "breadcrumbs",
	[12] = "mw-jump-link" "last-updated" "nav-chapters",
	[13] = "footnote-back" "listing_lines" "viewcode-link" "sphinxsidebar" "header-anchor" "anchorjs-link",
	[14] = "mw-editsection" "heading-anchor" "prev-next-area" "edit-this-page" "pagination-nav" "md-source-file"
	    "wy-breadcrumbs",
	[15] = "reversefootnote" "inheritanceTree" "skip-to-content" "visually-hidden",
	[16] = "footnote-backref" "mw-cite-backlink" "prev-next-footer" "theme-doc-footer",
	[18] = "theme-last-updated" "rst-footer-buttons" "md-content__button",
	[19] = "mobile-nav-chapters" "edit-this-page-link" "rustdoc-breadcrumbs",
	[20] = "theme-doc-toc-mobile" "theme-edit-this-page",
	[21] = "td-page-meta__lastmod" "data-footnote-backref" "theme-doc-breadcrumbs",
	[23] = "theme-doc-version-badge",
	[24] = "theme-doc-version-banner",
};
static const char *const furniture_id[WORD_MAX + 1] = {
	[3] = "nav",
	[4] = "menu",
	[6] = "footer",
	[7] = "sidebar",
	[8] = "nav-path" "side-nav" "menu-bar" "comments" "main-nav",
	[9] = "titlearea" "skip-link" "main-menu",
	[10] = "navigation",
	[11] = "breadcrumbs",
	[13] = "disqus_thread",
	[19] = "MSearchSelectWindow",
	[20] = "MSearchResultsWindow",
	[21] = "mdbook-help-container",
};
static const char *const furniture_role[WORD_MAX + 1] = {
	[4] = "menu",
	[6] = "search" "dialog",
	[7] = "doc-toc" "menubar",
	[10] = "navigation",
	[11] = "alertdialog" "contentinfo",
	[13] = "complementary",
};
static const char *const toc_class[WORD_MAX + 1] = {
	[3] = "toc",
	[6] = "bd-toc",
	[8] = "toc-list",
	[9] = "fancy_toc",
	[13] = "toc-container",
	[17] = "table-of-contents",
};
/* An aside is content when it has one of these classes. */
static const char *const aside_class[WORD_MAX + 1] = {
	[3] = "tip",
	[4] = "note" "hint",
	[5] = "alert" "topic",
	[6] = "danger",
	[7] = "caution" "callout" "sidebar" "warning",
	[8] = "footnote",
	[9] = "important",
	[10] = "admonition",
	[13] = "footnote-list",
	[14] = "system-message",
};

/* -- what content is called -------------------------------------------------- */

struct mark {
	const char *name;
	unsigned    rank;
};

static const struct mark content_class[] = {
	{ "theme-doc-markdown", 100 },		/* Docusaurus */
	{ "md-content__inner", 100 },		/* Material for MkDocs */
	{ "sl-markdown-content", 90 },		/* Starlight; its h1 stands outside */
	{ "vp-doc", 100 },			/* VitePress */
	{ "markdown-body", 90 },
	{ "bd-article", 95 },			/* PyData's Sphinx theme */
	{ "manual-text", 90 },			/* mandoc */
	{ "bodywrapper", 70 },			/* Sphinx before it had roles */
};
static const struct mark content_id[] = {
	{ "furo-main-content", 95 },
	{ "doc-content", 85 },			/* Doxygen; holds the title, too */
	{ "main-content", 82 },			/* rustdoc, Confluence */
	{ "mw-content-text", 75 },
	{ "layout-content", 60 },		/* php.net */
	{ "main", 50 },
	{ "content", 45 },
};

static bool
rank_of(const struct mark *mark, size_t n, struct slice word, unsigned *rank)
{
	for (size_t i = 0; i < n; i++)
		if (word.len > 0 && mark[i].name[0] == word.p[0] && slice_is(word, mark[i].name)) {
			if (*rank < mark[i].rank)
				*rank = mark[i].rank;
			return true;
		}
	return false;
}

#define N_OF(a) (sizeof (a) / sizeof (a)[0])

static unsigned
content_rank(const struct dom_node *n, enum dom_tag tag)	/* 0: no mark */
{
	unsigned rank = tag == DOM_MAIN ? 80 : tag == DOM_ARTICLE ? 60 : 0;
	struct slice value, word;
	size_t at = 0;

	if (!dom_has_attrs(n))
		return rank;
	value = dom_attr(n, "class");
	while (words_next(value.p, value.len, &at, &word.p, &word.len))
		(void)rank_of(content_class, N_OF(content_class), word, &rank);
	value = dom_attr(n, "id");
	(void)rank_of(content_id, N_OF(content_id), value, &rank);
	value = dom_attr(n, "role");
	if (value.len == 4 && memcmp(value.p, "main", 4) == 0 && rank < 80)
		rank = 80;
	return rank;
}

/* -- furniture --------------------------------------------------------------- */

static bool
is_permalink(const struct dom_node *a)		/* "¶", "#" and the like, leading to where it stands */
{
	static const char *const sign[WORD_MAX + 1] = {
		[1] = "#", [2] = "\u00b6" "\u00a7", [3] = "\u200b" "\u221e", [4] = "\U0001f517",
		[6] = "\u21a9\ufe0e",
	};
	struct slice href = dom_attr(a, "href"), text;
	const struct dom_node *t = dom_first(a);

	if (href.len < 2 || href.p[0] != '#')
		return false;
	if (t == NULL || dom_next(t) != NULL || dom_tag(t) != DOM_TEXT)
		return false;
	text = dom_text(t);
	while (text.len > 0 && text.p[0] == ' ')
		text.p++, text.len--;
	return text.len <= 6 && words_have(sign, text.p, text.len);
}

static bool
starts(struct slice w, const char *prefix)
{
	size_t n = strlen(prefix);

	return w.len >= n && memcmp(w.p, prefix, n) == 0;
}

static bool
holds_menu(const struct dom_node *top)
{
	for (const struct dom_node *n = dom_first(top); n != NULL; n = dom_next(n))
		if (dom_tag(n) == DOM_DIV && starts(dom_attr(n, "class"), "menu"))
			return true;
	return false;
}

static bool
is_section_class(struct slice v)
{
	struct slice w;
	size_t at = 0;

	while (words_next(v.p, v.len, &at, &w.p, &w.len))
		if (starts(w, "sect") || starts(w, "level"))
			return true;
	return false;
}

/* Headings, and sections whose id is made of their title: "comments", "cookie-objects". */
static bool
names_its_text(const struct dom_node *n, enum dom_tag tag)
{
	const struct dom_node *c;

	switch (tag) {
	case DOM_DIV:
	case DOM_SECTION:
		for (c = dom_first(n); c != NULL && (dom_tag(c) == DOM_TEXT || dom_tag(c) == DOM_SPAN ||
		    dom_tag(c) == DOM_NONE); c = dom_next(c))
			;
		return c != NULL && dom_tag(c) >= DOM_H1 && dom_tag(c) <= DOM_H6 &&
		    (tag == DOM_SECTION || is_section_class(dom_attr(n, "class")));
	case DOM_H1: case DOM_H2: case DOM_H3: case DOM_H4: case DOM_H5: case DOM_H6:
	case DOM_P: case DOM_SPAN: case DOM_A: case DOM_DT: case DOM_DD: case DOM_LI: case DOM_TD: case DOM_TH:
		return true;
	default:
		return false;
	}
}

static enum content_kind
kind_by_attributes(const struct dom_node *n, enum dom_tag tag, bool within)
{
	struct slice v = dom_attr(n, "class"), w;
	bool is_aside = tag == DOM_ASIDE && !within, is_toc = false, is_section = names_its_text(n, tag);
	size_t at = 0;

	while (words_next(v.p, v.len, &at, &w.p, &w.len)) {
		if (words_have(furniture_class, w.p, w.len) && !(w.len == 3 && tag != DOM_A && tag != DOM_TD && w.p[0] != 't') &&
		    !(tag == DOM_A && slice_is(w, "permalink")))	/* mandoc: around a heading's text */
			return CONTENT_FURNITURE;
		if (slice_is(w, "tabbed-labels") || slice_is(w, "tablist") ||
		    (slice_is(w, "tabs") && starts(dom_attr(dom_parent(n), "class"), "vp-code-group")))
			return CONTENT_TABS;
		if (slice_is(w, "lang") && tag == DOM_SPAN && starts(dom_attr(dom_parent(n), "class"), "language-"))
			return CONTENT_FURNITURE;	/* VitePress: the fence says it */
		if (slice_is(w, "nosearch") && holds_menu(n))	/* sqlite.org: the page's title is in one, too */
			return CONTENT_FURNITURE;
		if (slice_is(w, "summary") && slice_is(dom_attr(dom_parent(n), "class"), "header"))
			return CONTENT_FURNITURE;	/* Doxygen: links to parts of the page */
		if (starts(w, "headerlink") || (starts(w, "cookie") && !is_section))
			return CONTENT_FURNITURE;
		is_toc = is_toc || words_have(toc_class, w.p, w.len);
		if (tag == DOM_ASIDE && words_have(aside_class, w.p, w.len) && (within || w.len != 7 || w.p[0] != 's'))
			is_aside = false;
		else if (w.len == 8 && memcmp(w.p, "contents", 8) == 0)	/* docutils: in-page contents */
			for (size_t i = at; words_next(v.p, v.len, &i, &w.p, &w.len);)
				is_toc = is_toc || slice_is(w, "topic") || slice_is(w, "local");
	}
	if (is_aside)
		return CONTENT_FURNITURE;
	v = is_section ? (struct slice){ NULL, 0 } : dom_attr(n, "id");
	if (v.len > 0 && (words_have(furniture_id, v.p, v.len) || starts(v, "navrow") || starts(v, "cookie")))
		return CONTENT_FURNITURE;
	is_toc = is_toc || (v.len == 3 && memcmp(v.p, "toc", 3) == 0);
	v = dom_attr(n, "role");
	if (v.len > 0 && words_have(furniture_role, v.p, v.len))
		return CONTENT_FURNITURE;
	if (slice_is(v, "tablist"))
		return CONTENT_TABS;
	if (dom_attr(n, "hidden").p != NULL && !(v.len == 8 && memcmp(v.p, "tabpanel", 8) == 0))
		return CONTENT_FURNITURE;
	v = dom_attr(n, "aria-hidden");
	if (tag != DOM_P && v.len == 4 && memcmp(v.p, "true", 4) == 0)
		return CONTENT_FURNITURE;
	return is_toc ? CONTENT_TOC : CONTENT_TEXT;
}

static bool
holds_h1(const struct dom_node *top)
{
	unsigned steps = 0;

	for (const struct dom_node *n = dom_first(top); n != NULL && steps < 200; n = dom_step(n, top), steps++)
		if (dom_tag(n) == DOM_H1)
			return true;
	return false;
}

enum content_kind
content_kind(const struct dom_node *n, enum dom_tag tag, bool within)
{
	switch (tag) {
	/* Their classes name layout and languages. */
	case DOM_TEXT: case DOM_BODY: case DOM_MAIN: case DOM_ARTICLE: case DOM_THEAD: case DOM_TBODY:
	case DOM_TR: case DOM_PRE: case DOM_CODE: case DOM_BR: case DOM_EM: case DOM_B: case DOM_STRONG:
		return CONTENT_TEXT;
	case DOM_NONE: case DOM_HEAD: case DOM_SCRIPT: case DOM_STYLE: case DOM_TEMPLATE: case DOM_SVG:
	case DOM_BUTTON: case DOM_SELECT: case DOM_INPUT: case DOM_TEXTAREA: case DOM_IFRAME: case DOM_OBJECT:
	case DOM_EMBED: case DOM_AUDIO: case DOM_VIDEO: case DOM_CANVAS: case DOM_NOSCRIPT: case DOM_PROGRESS:
	case DOM_NAV:
		return CONTENT_FURNITURE;
	case DOM_FOOTER:
		return dom_tag(dom_parent(n)) == DOM_BLOCKQUOTE ? CONTENT_TEXT : CONTENT_FURNITURE;
	case DOM_HEADER:
		if (!within && !holds_h1(n))
			return CONTENT_FURNITURE;
		break;
	case DOM_TABLE:
		return slice_is(dom_attr(n, "class"), "navigation") ? CONTENT_FURNITURE : CONTENT_TEXT;
	case DOM_A:
		if (is_permalink(n))
			return CONTENT_FURNITURE;
		break;
	case DOM_FORM:
		if (!within && slice_is(dom_attr(n, "role"), "search"))
			return CONTENT_FURNITURE;
		break;
	default:
		break;
	}
	if (tag != DOM_ASIDE && !dom_has_attrs(n))
		return CONTENT_TEXT;
	return kind_by_attributes(n, tag, within);
}

/* -- the survey -------------------------------------------------------------- */

/* Of a text, a gap between words as one: the sum does not depend on how the texts are cut into nodes. */
static size_t
text_bytes(struct content_survey *s, struct slice t)
{
	size_t bytes = 0;

	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)t.p[i] > ' ') {
			bytes += 1 + s->in_gap;
			s->in_gap = false;
		} else {
			s->in_gap = true;
		}
	return bytes;
}

void
content_enter(struct content_survey *s, const struct dom_node *n, enum dom_tag tag)
{
	unsigned rank = 0;

	if (s->furniture != NULL)
		return;
	if (tag == DOM_TEXT) {
		*(s->toc != NULL ? &s->toc_bytes : &s->text_bytes) += text_bytes(s, dom_text(n));
		return;
	}
	if (tag == DOM_H1)
		s->n_h1++;
	if (tag == DOM_DIV || tag == DOM_MAIN || tag == DOM_ARTICLE || tag == DOM_SECTION)
		rank = content_rank(n, tag);
	if (rank == 0 || (rank < 80 && tag != DOM_ARTICLE)) {
		switch (content_kind(n, tag, s->n_open > 0)) {
		case CONTENT_FURNITURE:
			s->furniture = n;
			return;
		case CONTENT_TOC:
			if (s->toc == NULL)
				s->toc = n;
			break;
		default:
			break;
		}
	}
	if (tag == DOM_ARTICLE)
		s->n_articles++;
	if (rank == 0 || s->n == CONTENT_CANDIDATES_MAX)
		return;
	s->n_open++;
	s->candidate[s->n++] = (struct content_candidate){
		.node = n, .rank = rank, .tag = tag, .text_bytes = s->text_bytes, .n_h1 = s->n_h1, .open = true,
	};
}

void
content_leave(struct content_survey *s, const struct dom_node *n)
{
	if (n == s->furniture)
		s->furniture = NULL;
	if (n == s->toc)
		s->toc = NULL;
	for (unsigned i = s->n; i-- > 0;) {
		struct content_candidate *c = &s->candidate[i];

		if (c->open && c->node == n) {
			c->open = false;
			s->n_open--;
			c->text_bytes = s->text_bytes - c->text_bytes;
			c->n_h1 = s->n_h1 - c->n_h1;
			break;
		}
	}
}

static bool
holds(const struct dom_node *outer, const struct dom_node *n)
{
	for (; n != NULL; n = dom_parent(n))
		if (n == outer)
			return true;
	return false;
}

static bool
is_asciidoc(const struct dom_node *body)	/* its title stands beside #content, in #header */
{
	struct slice v = dom_attr(body, "class");

	return starts(v, "manpage") || starts(v, "article") || starts(v, "book");
}

struct main_content
content_choose(const struct content_survey *s, const struct dom_node *body)
{
	struct main_content m = { .node = body };
	const struct content_candidate *best = NULL;

	if (is_asciidoc(body)) {
		m.keep_toc = s->text_bytes < 200;
		return m;
	}
	for (unsigned i = 0; i < s->n; i++) {
		const struct content_candidate *c = &s->candidate[i];
		bool sure = c->rank >= 70;

		if (c->text_bytes == 0 && s->text_bytes > 0)
			continue;
		if (!sure && c->tag == DOM_ARTICLE && (s->n_articles > 1 || c->text_bytes < 200))
			continue;
		if (!sure && c->tag != DOM_ARTICLE && c->text_bytes < s->text_bytes / 4)
			continue;
		if (best == NULL || c->rank > best->rank)
			best = c;
	}
	if (best != NULL) {
		/* <main> often holds more than the one article: crumbs, pagers, "on this page". */
		for (unsigned i = 0; i < s->n && s->n_articles == 1; i++) {
			const struct content_candidate *c = &s->candidate[i];

			if (c->tag == DOM_ARTICLE && c->node != best->node && c->n_h1 >= best->n_h1 &&
			    c->text_bytes * 2 > best->text_bytes && holds(best->node, c->node))
				best = c;
		}
		/* The title may stand in what is around a very exact mark. */
		for (unsigned i = 0; i < s->n && best->n_h1 == 0; i++) {
			const struct content_candidate *c = &s->candidate[i];

			if (c->rank >= 70 && c->n_h1 == 1 && holds(c->node, best->node))
				best = c;
		}
		m.node = best->node;
		m.marked = true;
	}
	m.keep_toc = (best != NULL ? best->text_bytes : s->text_bytes) < 200;
	return m;
}
