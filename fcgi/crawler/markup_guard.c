#include "config.h"

#include "crawler/markup_guard.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "crawler/words.h"

enum { NAME_MAX_BYTES = 24 };		/* longer names are cut: no known element is */

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
static const char *const raw_text[WORD_MAX + 1] = {
	[3] = "xmp", [5] = "styletitle", [6] = "scriptiframe", [7] = "noembed", [8] = "noframestextarea",
};

struct name {
	char   p[NAME_MAX_BYTES];
	size_t len;
};

struct open_element {
	uint32_t hash;
	bool	 is_barrier, is_ordinary;
};

struct guard {
	const char *p;
	size_t	    len, at;
	unsigned    depth, n_format, n_foreign;
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

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static void
read_name(struct guard *g, struct name *n)	/* at a letter; stops behind the name */
{
	n->len = 0;
	for (; g->at < g->len; g->at++) {
		char c = g->p[g->at];

		if (is_space(c) || c == '>' || c == '/')
			break;
		if (n->len < NAME_MAX_BYTES)
			n->p[n->len++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	if (n->len == 2 && n->p[0] == 'h' && n->p[1] >= '1' && n->p[1] <= '6')
		n->p[1] = '1';			/* each one's end tag closes the others */
}

/* Past the attributes and '>'.  False when there are too many of them. */
static bool
skip_attributes(struct guard *g, bool *self_closing)
{
	const char *p = g->p, *quote;
	size_t i = g->at, len = g->len;
	unsigned n = 0;

	*self_closing = false;
	for (; i < len && p[i] != '>'; n++) {
		if (is_space(p[i]) || p[i] == '/') {
			*self_closing = p[i] == '/';
			i++;
			n--;
			continue;
		}
		*self_closing = false;
		for (i++; i < len && !is_space(p[i]) && p[i] != '/' && p[i] != '>' && p[i] != '='; i++)
			;
		while (i < len && is_space(p[i]))
			i++;
		if (i >= len || p[i] != '=')
			continue;
		for (i++; i < len && is_space(p[i]); i++)
			;
		if (i < len && (p[i] == '"' || p[i] == '\'')) {
			quote = memchr(p + i + 1, p[i], len - i - 1);
			i = quote != NULL ? (size_t)(quote - p) + 1 : len;
		} else {
			while (i < len && !is_space(p[i]) && p[i] != '>')
				i++;
		}
	}
	g->at = i < len ? i + 1 : len;
	return n <= MARKUP_ATTRS_MAX;
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
close_element(struct guard *g, const struct name *n, uint32_t hash, bool is_format)
{
	bool is_ordinary = !is_format && words_have(ordinary, n->p, n->len);
	bool is_barrier = words_have(barrier, n->p, n->len);

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

static void
skip_raw(struct guard *g, const struct name *n)		/* up to its end tag; nothing when there is none */
{
	const char *p = g->p + g->at, *end = g->p + g->len;

	while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		size_t i = 0;

		if ((size_t)(end - p) < n->len + 2)
			return;
		if (p[1] == '/')
			while (i < n->len && (p[2 + i] | 32) == n->p[i])
				i++;
		if (i == n->len) {
			g->at = (size_t)(p - g->p);
			return;
		}
		p++;
	}
}

static bool
start_tag(struct guard *g)
{
	size_t start = g->at;
	struct name n;
	uint32_t hash;
	bool self_closing, is_format, foreign;

	read_name(g, &n);
	if (!skip_attributes(g, &self_closing))
		return false;
	hash = hash_of(n.p, n.len);
	g->nodes += 1 + g->n_format;
	if (g->nodes > MARKUP_NODES_MAX)
		return false;
	if (words_have(uncounted, n.p, n.len))
		return true;
	is_format = words_have(formatting, n.p, n.len);
	if (is_format && n.len == 1 && n.p[0] == 'a') {	/* links do not nest: a new one ends the old */
		close_format(g, hash);
		close_element(g, &n, hash, true);
	}
	if (is_format && !open_format(g, hash, hash_of(g->p + start, g->at - start)))
		return false;
	foreign = (n.len == 3 && memcmp(n.p, "svg", 3) == 0) || (n.len == 4 && memcmp(n.p, "math", 4) == 0);
	if (self_closing && (foreign || g->n_foreign > 0))
		return true;
	g->n_foreign += foreign;
	if (g->n_foreign == 0 && words_have(raw_text, n.p, n.len))
		skip_raw(g, &n);
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
end_tag(struct guard *g)
{
	struct name n;
	uint32_t hash;
	bool unused, is_format;

	read_name(g, &n);
	(void)skip_attributes(g, &unused);	/* a parser drops those of an end tag */
	hash = hash_of(n.p, n.len);
	is_format = words_have(formatting, n.p, n.len);
	if (is_format)
		close_format(g, hash);
	close_element(g, &n, hash, is_format);
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

size_t
markup_guard(const char *html, size_t len)
{
	struct guard g;
	const char *p;

	g.p = html;
	g.len = len;
	g.at = 0;
	g.depth = g.n_format = g.n_foreign = 0;
	g.nodes = 0;
	while (g.at < len && (p = memchr(html + g.at, '<', len - g.at)) != NULL) {
		size_t tag_at = (size_t)(p - html);

		g.at = tag_at + 1;
		if (len - g.at >= 3 && memcmp(p, "<!--", 4) == 0) {
			const char *end = memmem(p + 4, len - tag_at - 4, "-->", 3);

			if (end == NULL)
				break;
			g.at = (size_t)(end - html) + 3;
		} else if (g.at < len && is_letter(p[1])) {
			if (!start_tag(&g))
				return tag_at;
		} else if (g.at + 1 < len && p[1] == '/' && is_letter(p[2])) {
			g.at++;
			end_tag(&g);
		}
	}
	return len;
}
