#include "config.h"

#include "crawler/rst.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	TAB = 8,
	DEPTH_MAX = 24,			/* blocks within blocks; deeper ones are literal */
	TITLES_MAX = 16,		/* kinds of underlining */
	COLUMNS_MAX = 24,
};

struct line {
	struct slice s;			/* without its indent and trailing blanks */
	size_t	     indent;		/* columns; of a blank line SIZE_MAX */
};

struct rst {
	struct text *out;
	struct line *line;
	size_t	     n;
	char	     title[TITLES_MAX];	/* characters of underlining, outermost first; with an overline the top bit */
	unsigned     n_titles, depth;
};

static void blocks(struct rst *r, size_t from, size_t to, size_t indent);

/* -- lines --------------------------------------------------------------------- */

static bool
is_blank(const struct rst *r, size_t i)
{
	return r->line[i].s.len == 0;
}

/* The first line from which on, up to to, something is indented less than indent; blank lines at the end are not in it. */
static size_t
block_end(const struct rst *r, size_t from, size_t to, size_t indent)
{
	size_t end = from;

	for (size_t i = from; i < to && r->line[i].indent >= indent; i++)
		if (!is_blank(r, i))
			end = i + 1;
	return end;
}

static size_t
skip_blank(const struct rst *r, size_t i, size_t to)
{
	while (i < to && is_blank(r, i))
		i++;
	return i;
}

/* A line of one punctuation character over and over: that, else 0. */
static char
rule_char(struct slice s)
{
	if (s.len < 2 || !ispunct((unsigned char)s.p[0]))
		return '\0';
	for (size_t i = 1; i < s.len; i++)
		if (s.p[i] != s.p[0])
			return '\0';
	return s.p[0];
}

static size_t
columns(struct slice s)			/* characters, as far as UTF-8 has them */
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* -- literal text -------------------------------------------------------------- */

static void
put_literal(struct rst *r, size_t from, size_t to, struct slice language, struct slice first)
{
	size_t indent = SIZE_MAX;

	for (size_t i = from; i < to; i++)
		if (r->line[i].indent < indent)
			indent = r->line[i].indent;
	text_puts(r->out, "<pre><code");
	if (language.len > 0) {
		text_puts(r->out, " class=\"language-");
		text_html(r->out, language.p, language.len);
		text_putc(r->out, '"');
	}
	text_putc(r->out, '>');
	text_html(r->out, first.p, first.len);
	if (first.len > 0)
		text_putc(r->out, '\n');
	for (size_t i = from; i < to; i++) {
		for (size_t k = indent; !is_blank(r, i) && k < r->line[i].indent; k++)
			text_putc(r->out, ' ');
		text_html(r->out, r->line[i].s.p, r->line[i].s.len);
		text_putc(r->out, '\n');
	}
	text_puts(r->out, "</code></pre>\n");
}

/* -- sections ------------------------------------------------------------------ */

static unsigned
title_level(struct rst *r, char c, bool overline)
{
	char kind = (char)(overline ? c | 0x80 : c);

	for (unsigned i = 0; i < r->n_titles; i++)
		if (r->title[i] == kind)
			return i + 1;
	if (r->n_titles < TITLES_MAX)
		r->title[r->n_titles++] = kind;
	return r->n_titles;
}

static void
put_title(struct rst *r, struct slice s, char c, bool overline)
{
	unsigned level = title_level(r, c, overline);

	text_printf(r->out, "<h%u>", level < 6 ? level : 6);
	rst_inline(r->out, s);
	text_printf(r->out, "</h%u>\n", level < 6 ? level : 6);
}

/* A title at i?  So many lines of it, 0: it is none. */
static size_t
try_title(struct rst *r, size_t i, size_t to)
{
	const struct line *l = &r->line[i];
	char c;

	if (to - i >= 3 && (c = rule_char(l->s)) != '\0' && !is_blank(r, i + 1) && rule_char(l[1].s) == '\0' &&
	    rule_char(l[2].s) == c && l[2].s.len == l->s.len && l->s.len >= 3) {
		put_title(r, l[1].s, c, true);
		return 3;
	}
	if (to - i >= 2 && rule_char(l->s) == '\0' && l[1].indent == l->indent && (c = rule_char(l[1].s)) != '\0' &&
	    (l[1].s.len >= columns(l->s) || l[1].s.len >= 4)) {
		put_title(r, l->s, c, false);
		return 2;
	}
	return 0;
}

/* -- tables -------------------------------------------------------------------- */

static bool
is_table_border(struct slice s)		/* "====  ===" */
{
	bool gap = false;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '=' && s.p[i] != ' ')
			return false;
		gap |= s.p[i] == ' ';
	}
	return gap && s.len > 2;
}

struct table {
	size_t	 start[COLUMNS_MAX + 1];	/* of each column, in bytes of the line */
	unsigned n;
	struct text cell[COLUMNS_MAX];
	bool	 open;			/* a row has begun */
};

static void
row_end(struct rst *r, struct table *t, const char *tag)
{
	if (!t->open)
		return;
	text_puts(r->out, "<tr>");
	for (unsigned k = 0; k < t->n; k++) {
		text_printf(r->out, "<%s>", tag);
		rst_inline(r->out, (struct slice){ t->cell[k].p, t->cell[k].len });
		text_printf(r->out, "</%s>", tag);
		text_clear(&t->cell[k]);
	}
	text_puts(r->out, "</tr>\n");
	t->open = false;
}

static void
row_line(struct table *t, struct slice s)
{
	for (unsigned k = 0; k < t->n && t->start[k] < s.len; k++) {
		size_t end = k + 1 < t->n && t->start[k + 1] < s.len ? t->start[k + 1] : s.len;
		struct slice c = { s.p + t->start[k], end - t->start[k] };

		while (c.len > 0 && c.p[c.len - 1] == ' ')
			c.len--;
		if (c.len > 0 && t->cell[k].len > 0)
			text_putc(&t->cell[k], ' ');
		text_put(&t->cell[k], c.p, c.len);
	}
	t->open = true;
}

/* A simple table at i; the line after it. */
static size_t
put_table(struct rst *r, size_t i, size_t to)
{
	struct slice border = r->line[i].s;
	size_t indent = r->line[i].indent, borders = 0, end = i;
	struct table t = { .n = 0 };

	for (size_t k = 0; k < border.len; k++)
		if (border.p[k] == '=' && (k == 0 || border.p[k - 1] == ' ') && t.n < COLUMNS_MAX)
			t.start[t.n++] = k;
	while (end < to && borders < 3) {	/* two or three of them, the last before a blank line */
		borders += is_table_border(r->line[end].s);
		end++;
		if (borders >= 2 && (end == to || is_blank(r, end)))
			break;
	}
	text_puts(r->out, "<table>\n");
	for (size_t k = i + 1, seen = 1; k < end; k++) {
		const struct line *l = &r->line[k];

		if (is_table_border(l->s)) {
			row_end(r, &t, ++seen < borders ? "th" : "td");
		} else if (!is_blank(r, k) && rule_char(l->s) == '\0') {
			if (l->indent == indent)
				row_end(r, &t, seen == 1 && borders == 3 ? "th" : "td");
			if (l->indent >= indent)	/* the blanks stand before its text */
				row_line(&t, (struct slice){ l->s.p - (l->indent - indent), l->s.len + (l->indent - indent) });
		}
	}
	row_end(r, &t, "td");
	text_puts(r->out, "</table>\n");
	for (unsigned k = 0; k < t.n; k++) {
		r->out->failed |= t.cell[k].failed;
		text_fini(&t.cell[k]);
	}
	return end;
}

/* -- directives and their like ------------------------------------------------- */

static void
put_admonition(struct rst *r, struct slice name, struct slice args)
{
	text_puts(r->out, "<p><strong>");
	text_putc(r->out, (char)toupper((unsigned char)name.p[0]));
	text_html(r->out, name.p + 1, name.len - 1);
	text_puts(r->out, ":</strong> ");
	rst_inline(r->out, args);
	text_puts(r->out, "</p>\n");
}

static void
put_directive(struct rst *r, struct slice name, struct slice args, size_t from, size_t to)
{
	size_t indent;

	while (from < to && r->line[from].s.len > 1 && r->line[from].s.p[0] == ':')
		from++;			/* options */
	from = skip_blank(r, from, to);
	indent = from < to ? r->line[from].indent : 0;
	switch (rst_directive(name)) {
	case RST_CODE:
		put_literal(r, from, to, args, (struct slice){ 0 });
		return;
	case RST_LITERAL:
		put_literal(r, from, to, (struct slice){ 0 }, args);
		return;
	case RST_DROP:
		return;
	case RST_ADMONITION:
		put_admonition(r, name, args);
		break;
	case RST_CONTENT:
		break;
	case RST_UNKNOWN:
		if (args.len == 0)
			break;
		text_puts(r->out, "<dl><dt><code>");
		text_html(r->out, args.p, args.len);
		text_puts(r->out, "</code></dt><dd>\n");
		blocks(r, from, to, indent);
		text_puts(r->out, "</dd></dl>\n");
		return;
	}
	blocks(r, from, to, indent);
}

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("-_:.+", c) != NULL);
}

/* Explicit markup, ".. ", at i; the line after it. */
static size_t
put_explicit(struct rst *r, size_t i, size_t to)
{
	struct slice s = r->line[i].s, name, args;
	size_t end = block_end(r, i + 1, to, r->line[i].indent + 1), n;

	s.p += s.len > 2 ? 3 : 2;
	s.len -= s.len > 2 ? 3 : 2;
	for (n = 0; n < s.len && is_name_char(s.p[n]); n++)
		;
	if (n > 2 && s.p[n - 1] == ':' && s.p[n - 2] == ':') {
		name = (struct slice){ s.p, n - 2 };
		args = (struct slice){ s.p + n, s.len - n };
		while (args.len > 0 && args.p[0] == ' ')
			args.p++, args.len--;
		put_directive(r, name, args, i + 1, end);
	} else if (s.len > 2 && s.p[0] == '[') {	/* a footnote, a citation */
		text_puts(r->out, "<p>");
		rst_inline(r->out, s);
		text_puts(r->out, "</p>\n");
		if (end > i + 1)
			blocks(r, i + 1, end, r->line[i + 1].indent);
	}
	return end > i ? end : i + 1;	/* targets, substitutions, comments go */
}

/* -- lists --------------------------------------------------------------------- */

/* The length of a list marker and the blanks after it, 0: it is none.  *ordered tells which list. */
static size_t
marker_len(struct slice s, bool *ordered)
{
	size_t n = 0;

	*ordered = false;
	if (s.len > 1 && strchr("-*+", s.p[0]) != NULL && s.p[0] != '\0' && s.p[1] == ' ') {
		n = 1;
	} else {
		size_t open = s.len > 0 && s.p[0] == '(', k = open;

		while (k < s.len && k < open + 4 && isdigit((unsigned char)s.p[k]))
			k++;
		if (k == open && k < s.len && (s.p[k] == '#' || isalpha((unsigned char)s.p[k])))
			k++;
		if (k > open && k + 1 < s.len && (open != 0 ? s.p[k] == ')' : s.p[k] == '.' || s.p[k] == ')') && s.p[k + 1] == ' ')
			n = k + 1;
		*ordered = true;
	}
	while (n > 0 && n < s.len && s.p[n] == ' ')
		n++;
	return n;
}

static size_t
put_list(struct rst *r, size_t i, size_t to, bool ordered)
{
	size_t indent = r->line[i].indent, n;
	bool same = true;

	text_puts(r->out, ordered ? "<ol>\n" : "<ul>\n");
	while (i < to && r->line[i].indent == indent && (n = marker_len(r->line[i].s, &same)) > 0 && same == ordered) {
		size_t end = block_end(r, i + 1, to, indent + 1);

		/* The item's text is where its marker ended; what hangs differently is taken, too. */
		r->line[i].s.p += n;
		r->line[i].s.len -= n;
		r->line[i].indent += n;
		text_puts(r->out, "<li>");
		blocks(r, i, end, r->line[i].indent);
		text_puts(r->out, "</li>\n");
		i = skip_blank(r, end, to);
	}
	text_puts(r->out, ordered ? "</ol>\n" : "</ul>\n");
	return i;
}

static size_t
put_definitions(struct rst *r, size_t i, size_t to)
{
	size_t end = block_end(r, i + 1, to, r->line[i].indent + 1);

	text_puts(r->out, "<dl><dt>");
	rst_inline(r->out, r->line[i].s);
	text_puts(r->out, "</dt><dd>\n");
	blocks(r, i + 1, end, r->line[i + 1].indent);
	text_puts(r->out, "</dd></dl>\n");
	return end;
}

/* ":name: value"; the length of its name with the colons, 0: it is none. */
static size_t
field_len(struct slice s)
{
	const char *end = s.len > 2 && s.p[0] == ':' && s.p[1] != ' ' && s.p[1] != ':' ? memchr(s.p + 1, ':', s.len - 1) : NULL;
	size_t n = end != NULL ? (size_t)(end + 1 - s.p) : 0;

	return n > 0 && (n == s.len || s.p[n] == ' ') ? n : 0;
}

static size_t
put_field(struct rst *r, size_t i, size_t to)
{
	size_t n = field_len(r->line[i].s), end = block_end(r, i + 1, to, r->line[i].indent + 1);
	struct slice value = { r->line[i].s.p + n, r->line[i].s.len - n };

	text_puts(r->out, "<dl><dt>");
	rst_inline(r->out, (struct slice){ r->line[i].s.p + 1, n - 2 });
	text_puts(r->out, "</dt><dd>");
	rst_inline(r->out, value);
	if (end > i + 1)
		blocks(r, i + 1, end, r->line[i + 1].indent);
	text_puts(r->out, "</dd></dl>\n");
	return end > i ? end : i + 1;
}

/* -- paragraphs ---------------------------------------------------------------- */

static size_t
put_paragraph(struct rst *r, size_t i, size_t to)
{
	size_t indent = r->line[i].indent, end = i, code, code_end;
	struct text t = { 0 };
	bool lines = r->line[i].s.p[0] == '|', literal;

	while (end < to && !is_blank(r, end) && r->line[end].indent == indent) {
		struct slice s = r->line[end++].s;

		if (t.len > 0)
			text_putc(&t, '\n');
		if (lines && s.len > 1 && s.p[0] == '|')
			s.p += 2, s.len -= 2;
		text_put(&t, s.p, s.len);
	}
	literal = t.len >= 2 && memcmp(t.p + t.len - 2, "::", 2) == 0;
	if (literal)
		t.len -= t.len == 2 || t.p[t.len - 3] == ' ' || t.p[t.len - 3] == '\n' ? 2 : 1;
	if (t.len > 0) {
		text_puts(r->out, "<p>");
		rst_inline(r->out, (struct slice){ t.p, t.len });
		text_puts(r->out, "</p>\n");
	}
	r->out->failed |= t.failed;
	text_fini(&t);
	code = skip_blank(r, end, to);
	if (!literal || code == to || r->line[code].indent <= indent)
		return end;
	code_end = block_end(r, code, to, indent + 1);
	put_literal(r, code, code_end, (struct slice){ 0 }, (struct slice){ 0 });
	return code_end;
}

static size_t
until_blank(const struct rst *r, size_t i, size_t to)
{
	while (i < to && !is_blank(r, i))
		i++;
	return i;
}

/* One block at i, which is not blank; the line after it. */
static size_t
block(struct rst *r, size_t i, size_t to)
{
	struct slice s = r->line[i].s;
	bool ordered;
	size_t n;

	if (s.len >= 2 && memcmp(s.p, "..", 2) == 0 && (s.len == 2 || s.p[2] == ' '))
		return put_explicit(r, i, to);
	if (is_table_border(s))
		return put_table(r, i, to);
	if (r->depth <= 1 && (n = try_title(r, i, to)) > 0)
		return i + n;
	if (rule_char(s) != '\0' && s.len >= 4)
		return i + 1;			/* a transition */
	if (s.len > 3 && (memcmp(s.p, ">>>", 3) == 0 || (s.p[0] == '+' && s.p[1] == '-' && s.p[s.len - 1] == '+'))) {
		n = until_blank(r, i, to);	/* a session, a drawn table */
		put_literal(r, i, n, memcmp(s.p, ">>>", 3) == 0 ? SLICE_LIT("pycon") : (struct slice){ 0 }, (struct slice){ 0 });
		return n;
	}
	if (marker_len(s, &ordered) > 0)
		return put_list(r, i, to, ordered);
	if (field_len(s) > 0)
		return put_field(r, i, to);
	if (i + 1 < to && !is_blank(r, i + 1) && r->line[i + 1].indent > r->line[i].indent && !(s.len >= 2 && memcmp(s.p + s.len - 2, "::", 2) == 0))
		return put_definitions(r, i, to);
	return put_paragraph(r, i, to);
}

static void
blocks(struct rst *r, size_t from, size_t to, size_t indent)
{
	if (++r->depth > DEPTH_MAX) {
		put_literal(r, from, to, (struct slice){ 0 }, (struct slice){ 0 });
		r->depth--;
		return;
	}
	for (size_t i = from; i < to; ) {
		size_t end;

		if (is_blank(r, i)) {
			i++;
		} else if (r->line[i].indent > indent && (end = block_end(r, i, to, indent + 1)) > i) {
			text_puts(r->out, "<blockquote>\n");
			blocks(r, i, end, r->line[i].indent);
			text_puts(r->out, "</blockquote>\n");
			i = end;
		} else {
			i = block(r, i, to);
		}
	}
	r->depth--;
}

/* -- all of it ----------------------------------------------------------------- */

/* Tabs as blanks; the lines are found afterwards, for the text moves while it grows. */
static void
expand(struct text *out, const char *in, size_t len)
{
	size_t column = 0;

	for (size_t i = 0; i < len; i++) {
		if (in[i] == '\t') {
			do
				text_putc(out, ' ');
			while (++column % TAB != 0);
		} else if (in[i] != '\r') {
			text_putc(out, in[i] == '\f' || in[i] == '\v' ? ' ' : in[i]);
			column = in[i] == '\n' ? 0 : column + 1;
		}
	}
}

static bool
split(struct rst *r, const struct text *t)
{
	const char *p = t->p, *end = t->p + t->len;
	size_t n = 1;

	for (size_t i = 0; i < t->len; i++)
		n += t->p[i] == '\n';
	if ((r->line = calloc(n, sizeof *r->line)) == NULL)
		return false;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *eol = nl != NULL ? nl : end;
		struct line *l = &r->line[r->n++];

		for (l->s.p = p; l->s.p < eol && *l->s.p == ' '; l->s.p++)
			l->indent++;
		l->s.len = (size_t)(eol - l->s.p);
		while (l->s.len > 0 && l->s.p[l->s.len - 1] == ' ')
			l->s.len--;
		if (l->s.len == 0)
			l->indent = SIZE_MAX;
		p = nl != NULL ? nl + 1 : end;
	}
	return true;
}

void
rst_html(struct text *out, const char *in, size_t len)
{
	struct rst r = { .out = out };
	struct text t = { 0 };

	expand(&t, in, len);
	text_puts(out, "<!doctype html><html><body><main>\n");
	if (t.failed || (t.len > 0 && !split(&r, &t)))
		out->failed = true;
	else
		blocks(&r, 0, r.n, 0);
	text_puts(out, "</main></body></html>\n");
	free(r.line);
	text_fini(&t);
}
