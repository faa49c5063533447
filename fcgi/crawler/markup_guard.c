#include "config.h"

#include "crawler/markup_guard.h"

#include <stdbool.h>
#include <stdint.h>
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

struct open_element {
	uint32_t hash;
	bool	 is_barrier, is_ordinary;
};

struct guard {
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
close_format(struct guard *g, uint32_t name)
{
	for (unsigned i = g->n_format; i-- > 0;)
		if (g->format[i].name == name) {
			memmove(&g->format[i], &g->format[i + 1], (g->n_format - i - 1) * sizeof g->format[0]);
			g->n_format--;
			return;
		}
}

static void
close_element(struct guard *g, struct slice n, uint32_t hash, bool is_format)
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
open_format(struct guard *g, uint32_t name, uint32_t tag)
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
skip_raw(struct guard *g, const struct markup *m, uint32_t hash)
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
start_tag(struct guard *g, struct markup *m, size_t start)
{
	struct slice n = name_of(m);
	uint32_t hash = hash_of(n.p, n.len);
	bool is_format, foreign;

	if (m->n_attrs > MARKUP_ATTRS_MAX)
		return false;
	g->nodes += 1 + g->n_format;
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
end_tag(struct guard *g, struct markup *m)
{
	struct slice n = name_of(m);
	uint32_t hash = hash_of(n.p, n.len);
	bool is_format = words_have(formatting, n.p, n.len);

	if (is_format)
		close_format(g, hash);
	close_element(g, n, hash, is_format);
}

size_t
markup_guard(const char *html, size_t len)
{
	struct guard g;
	struct markup m;
	const char *p;

	g.p = html;
	g.len = len;
	g.at = 0;
	g.depth = g.n_format = g.n_foreign = g.n_unended = 0;
	g.nodes = 0;
	while (g.at < len && (p = memchr(html + g.at, '<', len - g.at)) != NULL) {
		size_t start = (size_t)(p - html);

		markup_read(&m, html, len, start);
		g.at = m.end;
		if (m.kind == MARKUP_END)
			end_tag(&g, &m);
		else if (m.kind == MARKUP_START && !start_tag(&g, &m, start))
			return start;
	}
	return len;
}
