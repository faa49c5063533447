#include "config.h"

#include "crawler/markup_guard.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/slice.h"

#include "crawler/markup.h"
#include "crawler/words.h"

enum { RAW_NAMES = 8 };			/* of markup_is_raw() */

/* Their end tag may be left out, and a next one closes them: they do not nest by themselves. */
static const char *const uncounted[WORD_MAX + 1] = {
	[1] = "p", [2] = "lidtddtrtdthbrhr", [3] = "imgcolwbr", [4] = "htmlheadbodylinkmetabasearea",
	[5] = "inputtbodytfoottheadembedparamtrackframe", [6] = "optionsource", [8] = "colgroup",
};
static const char *const formatting[WORD_MAX + 1] = {
	[1] = "abisu", [2] = "emtt", [3] = "big", [4] = "codefontnobr", [5] = "small",
	[6] = "strikestrong",
};
/* What an end tag does not reach across (the standard's "scope"). */
static const char *const barrier[WORD_MAX + 1] = {
	[2] = "tdth", [3] = "svg", [4] = "math", [5] = "table", [6] = "appletobject",
	[7] = "captionmarquee", [8] = "template",
};
/* Ordinary elements: their end tag does not close a block that is open within. */
static const char *const ordinary[WORD_MAX + 1] = {
	[1] = "q", [2] = "rtrprb", [3] = "bdibdodeldfninskbdmapsubsupvar",
	[4] = "abbrcitedatamarkrubysampspantime", [5] = "audiolabelmeter",
	[6] = "canvasoutput", [7] = "acronympicture", [8] = "datalistprogress",
};

/* Where a page may be cut: any large one has many of some, and they mean to a parser what their tags say. */
static const char *const plain[WORD_MAX + 1] = {
	[1] = "pabi", [2] = "lidtddtrtdulolem" "h1", [3] = "div", [4] = "spancode", [5] = "table", [6] = "strong", [7] = "sectionarticle",
};

struct open_element {
	uint32_t hash;
	bool	 is_barrier, is_ordinary;
};

struct markup_scan {
	const char *p;
	size_t	    len, at;
	unsigned    depth, n_format, n_foreign, n_unended;
	uint32_t    unended[RAW_NAMES];
	uint64_t    nodes;
	struct open_element open[MARKUP_DEPTH_MAX];
	struct { uint32_t name, tag; } format[MARKUP_FORMAT_MAX];
};

static uint32_t
hash_of(const char *p, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)p[i]) * 16777619u;
	return h;
}

static struct slice
name_of(struct markup *m)
{
	struct slice n = { m->name, m->name_len };

	if (n.len == 2 && n.p[0] == 'h' && n.p[1] >= '1' && n.p[1] <= '6')
		m->name[1] = '1';		/* each one's end tag closes the others */
	return n;
}

static void
close_format(struct markup_scan *g, uint32_t name)
{
	for (unsigned i = g->n_format; i-- > 0;)
		if (g->format[i].name == name) {
			memmove(&g->format[i], &g->format[i + 1], (g->n_format - i - 1) * sizeof g->format[0]);
			g->n_format--;
			return;
		}
}

static void
close_element(struct markup_scan *g, struct slice n, uint32_t hash, bool is_format)
{
	bool is_ordinary = !is_format && words_have(ordinary, n.p, n.len);
	bool is_barrier = words_have(barrier, n.p, n.len);

	for (unsigned i = g->depth; i-- > 0;) {
		if (g->open[i].hash == hash) {
			if (is_format) {	/* it alone leaves; what it holds stays open */
				memmove(&g->open[i], &g->open[i + 1], (g->depth - i - 1) * sizeof g->open[0]);
				g->depth--;
			} else {
				g->depth = i;
			}
			return;
		}
		if ((g->open[i].is_barrier && !is_barrier) || (is_ordinary && !g->open[i].is_ordinary))
			return;
	}
}

static bool
open_format(struct markup_scan *g, uint32_t name, uint32_t tag)
{
	unsigned same = 0;

	for (unsigned i = 0; i < g->n_format; i++)
		same += g->format[i].tag == tag;
	if (same >= 3)				/* the standard keeps three that are equal */
		return true;
	if (g->n_format == MARKUP_FORMAT_MAX)
		return false;
	g->format[g->n_format].name = name;
	g->format[g->n_format++].tag = tag;
	return true;
}

/* Past raw text, up to its end tag; nothing when there is none, which is looked for once. */
static void
skip_raw(struct markup_scan *g, const struct markup *m, uint32_t hash)
{
	size_t end;

	for (unsigned i = 0; i < g->n_unended; i++)
		if (g->unended[i] == hash)
			return;
	if ((end = markup_raw_end(m, g->p, g->len, g->at)) < g->len)
		g->at = end;
	else if (g->n_unended < RAW_NAMES)
		g->unended[g->n_unended++] = hash;
}

static bool
start_tag(struct markup_scan *g, struct markup *m, size_t start)
{
	struct slice n = name_of(m);
	uint32_t hash = hash_of(n.p, n.len);
	bool is_format, foreign;

	if (m->n_attrs > MARKUP_ATTRS_MAX)
		return false;
	g->nodes += 1 + g->n_format + m->n_attrs;
	if (g->nodes > MARKUP_NODES_MAX)
		return false;
	if (words_have(uncounted, n.p, n.len))
		return true;
	is_format = words_have(formatting, n.p, n.len);
	if (is_format && n.len == 1 && n.p[0] == 'a') {	/* links do not nest: a new one ends the old */
		close_format(g, hash);
		close_element(g, n, hash, true);
	}
	if (is_format && !open_format(g, hash, hash_of(g->p + start + 1, g->at - start - 1)))
		return false;
	foreign = slice_is(n, "svg") || slice_is(n, "math");
	if (m->self_closing && (foreign || g->n_foreign > 0))
		return true;
	g->n_foreign += foreign;
	if (g->n_foreign == 0 && markup_is_raw(m))
		skip_raw(g, m, hash);
	if (g->depth == MARKUP_DEPTH_MAX)
		return false;
	g->open[g->depth++] = (struct open_element){
		.hash = hash,
		.is_barrier = words_have(barrier, n.p, n.len),
		.is_ordinary = is_format || words_have(ordinary, n.p, n.len),
	};
	return true;
}

static void
end_tag(struct markup_scan *g, struct markup *m)
{
	struct slice n = name_of(m);
	uint32_t hash = hash_of(n.p, n.len);
	bool is_format = words_have(formatting, n.p, n.len);

	if (is_format)
		close_format(g, hash);
	close_element(g, n, hash, is_format);
}

static void
begin(struct markup_scan *g, const char *html, size_t len)
{
	g->p = html;
	g->len = len;
	g->at = 0;
	g->depth = g->n_format = g->n_foreign = g->n_unended = 0;
	g->nodes = 0;
}

/* Past the next tag; false: there is none, or a limit is passed by what stands at *start. */
static bool
next_tag(struct markup_scan *g, struct markup *m, size_t *start)
{
	const char *p;

	while (g->at < g->len && (p = memchr(g->p + g->at, '<', g->len - g->at)) != NULL) {
		*start = (size_t)(p - g->p);
		markup_read(m, g->p, g->len, *start);
		g->at = m->end;
		if (m->kind == MARKUP_END)
			end_tag(g, m);
		else if (m->kind == MARKUP_START)
			return start_tag(g, m, *start);
	}
	*start = g->at = g->len;
	return false;
}

size_t
markup_guard(const char *html, size_t len)
{
	struct markup_scan g;
	struct markup m;
	size_t start;

	begin(&g, html, len);
	while (next_tag(&g, &m, &start))
		;
	return start;
}

struct markup_scan *
markup_scan_new(const char *html, size_t len)
{
	struct markup_scan *s = malloc(sizeof *s);

	if (s != NULL)
		begin(s, html, len);
	return s;
}

void
markup_scan_free(struct markup_scan *s)
{
	free(s);
}

uint64_t
markup_scan_nodes(const struct markup_scan *s)
{
	return s->nodes;
}

enum markup_stop
markup_scan_to_plain(struct markup_scan *s, uint64_t nodes, uint64_t limit, size_t *tag, size_t *end)
{
	struct markup m;

	while (next_tag(s, &m, tag)) {
		*end = m.end;
		if (s->nodes > limit) {
			*end = *tag;
			return MARKUP_AT_LIMIT;
		}
		if (s->nodes > nodes && words_have(plain, m.name, m.name_len))
			return MARKUP_AT_PLAIN;
	}
	*end = *tag;
	return *tag < s->len ? MARKUP_AT_LIMIT : MARKUP_AT_END;
}
