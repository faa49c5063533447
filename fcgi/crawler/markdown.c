#include "config.h"

#include "crawler/markdown.h"

#include <stdint.h>
#include <string.h>

#include "crawler/md_escape.h"
#include "crawler/md_span.h"

/* What md_text() has to look at; everything else is copied in runs. */
enum { PLAIN, WHITE, MARK, WIDE, CONTROL };

static const uint8_t kind_of[256] = {
	[1 ... 8] = CONTROL, [0] = CONTROL, [14 ... 31] = CONTROL, [127] = CONTROL,
	[' '] = WHITE, ['\t'] = WHITE, ['\n'] = WHITE, ['\v'] = WHITE, ['\f'] = WHITE, ['\r'] = WHITE,
	['\\'] = MARK, ['*'] = MARK, ['_'] = MARK, ['`'] = MARK, ['<'] = MARK, ['&'] = MARK,
	['['] = MARK, [']'] = MARK, ['('] = MARK, [':'] = MARK, ['|'] = MARK, ['~'] = MARK,
	[0xc2] = WIDE, [0xe2] = WIDE, [0xef] = WIDE,	/* lead bytes of spaces that are not ASCII */
};

void
md_init(struct md *m)
{
	memset(m, 0, sizeof *m);
	m->at_start = true;
}

void
md_fini(struct md *m)
{
	text_fini(&m->out);
}

static char
last_char(const struct md *m)
{
	return m->out.len > 0 ? m->out.p[m->out.len - 1] : '\n';
}

/* -- lines and their prefixes ------------------------------------------------ */

static void
blank_line(struct md *m)		/* with the marks of what goes on: "> >" */
{
	unsigned last = 0;

	for (unsigned i = 0; i < m->n_containers; i++)
		if (m->container[i].used && m->container[i].rest[0] == '>')
			last = i + 1;
	for (unsigned i = 0; i < last && m->container[i].used; i++) {
		const char *rest = m->container[i].rest;

		if (i + 1 == last)
			text_putc(&m->out, '>');
		else
			text_puts(&m->out, rest);
	}
	text_putc(&m->out, '\n');
}

static void
line_prefix(struct md *m)
{
	for (unsigned i = 0; i < m->n_containers; i++) {
		struct md_container *c = &m->container[i];

		text_puts(&m->out, c->used ? c->rest : c->first);
		c->used = true;
	}
}

/* Before content: the breaks and the prefix that were held back. */
static void
flush(struct md *m)
{
	if (m->in_cell) {
		if (m->breaks > 0 && !m->cell_empty)
			text_puts(&m->out, "<br>");
		else if (m->space && !m->cell_empty)
			text_putc(&m->out, ' ');
		m->cell_empty = false;
		m->at_start = false;
	} else if (m->at_start) {
		if (m->out.len > 0)
			text_putc(&m->out, '\n');
		if (m->out.len > 0 && m->breaks > 1)
			blank_line(m);
		line_prefix(m);
		if (m->heading > 0) {
			text_put(&m->out, "######", m->heading);
			text_putc(&m->out, ' ');
			m->heading = 0;
		}
		m->at_start = false;
	} else if (m->space) {
		text_putc(&m->out, ' ');
	}
	m->breaks = 0;
	m->space = m->hard = false;
}

static void
content(struct md *m, char next)	/* something is about to be written on the line: next is its first byte */
{
	bool glued = !m->at_start && !m->space && !m->in_cell;

	if (!glued)
		m->last_mark = 0;
	if (!glued && !(m->in_cell && !m->cell_empty && !m->space && m->breaks == 0))
		m->n_closed = 0;
	else if (m->n_closed > 0)
		md_spans_settle(m, next);
	flush(m);
	if (m->n_spans > 0)
		md_spans_open(m, next);
	m->last_mark = 0;
	m->n_closed = 0;
}

/* -- blocks ---------------------------------------------------------------- */

static void
want_break(struct md *m, unsigned n)
{
	if (m->one_line) {
		m->space = !m->at_start;
		return;
	}
	if (m->hard) {			/* a <br> that ends a block says nothing */
		m->out.len--;
		m->hard = false;
	}
	md_spans_close(m);
	if (!m->in_cell)
		m->at_start = true;
	m->space = false;
	/* A list item's first block goes on its own line, not below it. */
	if (m->breaks < n && (m->n_containers == 0 || m->container[m->n_containers - 1].used || m->breaks == 0))
		m->breaks = n;
}

void
md_break(struct md *m)
{
	want_break(m, 2);
}

void
md_line(struct md *m)
{
	want_break(m, 1);
}

void
md_tight(struct md *m)
{
	want_break(m, 1);
	if (!m->one_line)
		m->breaks = 1;
}

void
md_hard_break(struct md *m)
{
	if (m->one_line) {
		m->space = !m->at_start;
	} else if (m->in_cell) {
		if (m->breaks == 0)
			m->breaks = 1;
	} else if (m->hard) {			/* two of them make a paragraph */
		want_break(m, 2);
	} else if (!m->at_start) {
		text_putc(&m->out, '\\');
		m->hard = m->at_start = !m->out.failed;
		m->space = false;
		m->last_mark = 0;
		m->breaks = 1;
	}
}

void
md_push(struct md *m, const char *first, const char *rest)
{
	struct md_container *c;

	if (m->n_containers == MD_CONTAINERS_MAX || m->in_cell || m->one_line) {
		m->lost_containers++;
		return;
	}
	c = &m->container[m->n_containers++];
	memccpy(c->first, first, '\0', sizeof c->first - 1);
	memccpy(c->rest, rest, '\0', sizeof c->rest - 1);
	c->first[sizeof c->first - 1] = c->rest[sizeof c->rest - 1] = '\0';
	c->used = false;
}

void
md_pop(struct md *m)
{
	if (m->lost_containers > 0)
		m->lost_containers--;
	else if (m->n_containers > 0)
		m->n_containers--;
}

void
md_rule(struct md *m)
{
	if (m->in_cell || m->one_line)
		return;
	md_break(m);
	if (m->out.len > 0) {
		flush(m);
		text_puts(&m->out, "---");
	}
	md_break(m);
}

void
md_heading(struct md *m, unsigned level)
{
	md_break(m);
	if (!m->in_cell && !m->one_line) {
		m->heading = level;
		m->one_line = m->no_spans = true;
	}
}

void
md_heading_end(struct md *m)
{
	m->heading = 0;
	m->one_line = m->no_spans = false;
	md_break(m);
}

static size_t
longest_run(const char *p, size_t len, char c)
{
	size_t best = 0, run = 0;
	const char *end = p + len;

	while ((p = memchr(p, c, (size_t)(end - p))) != NULL) {
		for (run = 0; p < end && *p == c; p++)
			run++;
		if (run > best)
			best = run;
	}
	return best;
}

static void
put_run(struct md *m, char c, size_t n)
{
	while (n-- > 0)
		text_putc(&m->out, c);
}

void
md_fence(struct md *m, const char *code, size_t len, struct slice language)
{
	size_t ticks = longest_run(code, len, '`') + 1;
	const char *end = code + len, *nl;

	if (m->in_cell || m->one_line) {
		md_code(m, code, len);
		return;
	}
	md_break(m);
	flush(m);
	put_run(m, '`', ticks < 3 ? 3 : ticks);
	text_put(&m->out, language.p, language.len);
	text_putc(&m->out, '\n');
	for (; code < end; code = nl + 1) {
		if ((nl = memchr(code, '\n', (size_t)(end - code))) == NULL)
			nl = end;
		if (nl > code) {
			line_prefix(m);
			text_put(&m->out, code, (size_t)(nl - code));
			text_putc(&m->out, '\n');
		} else {
			blank_line(m);
		}
	}
	line_prefix(m);
	put_run(m, '`', ticks < 3 ? 3 : ticks);
	md_break(m);
}

/* -- text ------------------------------------------------------------------ */

/* At the start of a line some plain characters are marks, too.  Returns how many bytes it wrote of p. */
static size_t
line_start(struct md *m, const char *p, const char *end)
{
	char next = p + 1 < end ? p[1] : ' ';
	size_t n = 0;

	if (m->in_cell || m->one_line)
		return 0;
	switch (*p) {
	case '#': case '>': case '=':
		text_putc(&m->out, '\\');
		break;
	case '+': case '-':
		if (next == ' ' || next == '\n' || next == '\t' || next == *p)
			text_putc(&m->out, '\\');
		break;
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		while (p + n < end && n < 9 && p[n] >= '0' && p[n] <= '9')
			n++;
		if (p + n >= end || (p[n] != '.' && p[n] != ')') ||
		    (p + n + 1 < end && kind_of[(uint8_t)p[n + 1]] != WHITE))
			return 0;
		text_put(&m->out, p, n);
		text_putc(&m->out, '\\');
		break;
	default:
		return 0;
	}
	text_putc(&m->out, p[n]);
	return n + 1;
}

void
md_text(struct md *m, const char *p, size_t len)
{
	const char *end = p + len, *run;
	bool visible, first;
	size_t n;

	while (p < end) {
		uint8_t kind = kind_of[(uint8_t)*p];

		if (kind == WHITE) {
			m->space = !(m->in_cell ? m->cell_empty || m->breaks > 0 : m->at_start);
			p++;
			continue;
		}
		if (kind == CONTROL) {
			p++;
			continue;
		}
		if (kind == WIDE && (n = md_wide_space(p, end, &visible)) > 0) {
			if (visible)
				m->space = !(m->in_cell ? m->cell_empty || m->breaks > 0 : m->at_start);
			p += n;
			continue;
		}
		first = m->at_start;
		content(m, *p);
		if (first && (n = line_start(m, p, end)) > 0) {
			p += n;
			continue;
		}
		if (kind == MARK) {
			if (md_needs_escape(m, p, end, first))
				text_putc(&m->out, '\\');
			text_putc(&m->out, *p++);
			continue;
		}
		for (run = p++; p < end && kind_of[(uint8_t)*p] == PLAIN; p++)
			;
		text_put(&m->out, run, (size_t)(p - run));
	}
}

void
md_code(struct md *m, const char *p, size_t len)
{
	const char *end, *run;
	bool trailing = false, pad;
	size_t ticks;

	if (len == 0)			/* p may be NULL then */
		return;
	end = p + len;
	while (p < end && kind_of[(uint8_t)*p] == WHITE) {
		m->space = m->space || !(m->in_cell ? m->cell_empty : m->at_start);
		p++;
	}
	while (end > p && kind_of[(uint8_t)end[-1]] == WHITE)
		end--, trailing = true;
	if (p == end)
		return;
	content(m, '`');
	ticks = longest_run(p, (size_t)(end - p), '`');
	ticks = ticks == 0 ? 1 : ticks + 1;
	pad = *p == '`' || end[-1] == '`';
	if (last_char(m) == '`')		/* two in a row would be one */
		text_putc(&m->out, ' ');
	put_run(m, '`', ticks);
	if (pad)
		text_putc(&m->out, ' ');
	while (p < end) {
		for (run = p; p < end && kind_of[(uint8_t)*p] != WHITE && *p != '|'; p++)
			;
		text_put(&m->out, run, (size_t)(p - run));
		if (p == end)
			break;
		if (*p == '|') {
			text_puts(&m->out, m->in_cell ? "\\|" : "|");
			p++;
			continue;
		}
		text_putc(&m->out, ' ');
		while (p < end && kind_of[(uint8_t)*p] == WHITE)
			p++;
	}
	if (pad)
		text_putc(&m->out, ' ');
	put_run(m, '`', ticks);
	m->space = trailing;
}

void
md_math(struct md *m, const char *tex, size_t len)
{
	bool space;

	while (len > 0 && kind_of[(uint8_t)*tex] == WHITE)
		tex++, len--;
	if (len == 0)
		return;
	content(m, '$');
	text_putc(&m->out, '$');
	md_code(m, tex, len);
	space = m->space;
	m->space = false;
	text_putc(&m->out, '$');
	m->space = space;
}

void
md_image(struct md *m, struct slice alt, const char *url)
{
	bool plain = url == NULL || m->no_spans || m->n_spans == MD_SPANS_MAX;

	for (unsigned i = 0; i < m->n_spans; i++)
		plain = plain || m->span[i].kind == MD_LINK;
	if (plain) {
		md_text(m, alt.p, alt.len);
		return;
	}
	content(m, '!');
	text_putc(&m->out, '!');
	md_open(m, MD_LINK, url, (struct slice){ NULL, 0 });
	md_text(m, alt.p, alt.len);
	md_close(m);
}

void
md_open(struct md *m, enum md_span kind, const char *url, struct slice fragment)
{
	bool dead = m->no_spans;

	if (m->n_spans == MD_SPANS_MAX) {
		m->lost_spans++;
		return;
	}
	for (unsigned i = 0; i < m->n_spans; i++)
		dead = dead || m->span[i].kind == kind;
	m->span[m->n_spans++] = (struct md_open_span){
		.kind = kind, .dead = dead, .url = url, .fragment = fragment,
	};
}

void
md_close(struct md *m)
{
	if (m->lost_spans > 0)
		m->lost_spans--;
	else if (m->n_spans > 0)
		md_span_close(m, &m->span[--m->n_spans]);
}

/* -- tables ---------------------------------------------------------------- */

void
md_row(struct md *m)
{
	md_line(m);
	flush(m);
	text_putc(&m->out, '|');
}

void
md_cell(struct md *m)
{
	text_putc(&m->out, ' ');
	m->in_cell = m->cell_empty = true;
	m->breaks = 0;
	m->space = false;
}

void
md_cell_end(struct md *m)
{
	md_spans_close(m);
	m->in_cell = false;
	m->at_start = m->space = false;
	m->breaks = 0;
	m->last_mark = 0;
	text_puts(&m->out, " |");
}

void
md_row_end(struct md *m)
{
	md_line(m);
}

void
md_header_end(struct md *m, unsigned columns)
{
	md_line(m);
	flush(m);
	text_putc(&m->out, '|');
	while (columns-- > 0)
		text_puts(&m->out, " --- |");
	md_line(m);
}
