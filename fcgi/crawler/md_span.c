#include "config.h"

#include "crawler/md_span.h"

#include <string.h>

static const char *const mark_of[] = { [MD_EM] = "*", [MD_STRONG] = "**", [MD_DEL] = "~~", [MD_LINK] = "[" };

static bool
is_letter(char c)			/* of what is not ASCII nothing is known: it may be one */
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static bool
may_be_mark(char c)			/* punctuation, to CommonMark */
{
	return !is_letter(c) || (unsigned char)c >= 0x80;
}

static void
take_out(struct md *m, size_t at, size_t len)
{
	memmove(m->out.p + at, m->out.p + at + len, m->out.len - at - len);
	m->out.len -= len;
}

static bool
has_letters(const struct md *m, size_t at)
{
	for (size_t i = at; i < m->out.len; i++)
		if (is_letter(m->out.p[i]))
			return true;
	return false;
}

static void
close_link(struct md *m, struct md_open_span *s)
{
	size_t len = strlen(s->url);

	m->n_closed = 0;
	if (s->fragment.len == 0 && m->out.len - s->at == len && !m->out.failed &&
	    memcmp(m->out.p + s->at, s->url, len) == 0) {	/* its text is its address */
		m->out.p[s->at - 1] = '<';
		text_putc(&m->out, '>');
		return;
	}
	text_puts(&m->out, "](");
	for (const char *p = s->url, *end = s->url + len; p < end; p++) {
		if (*p == '(' || *p == ')')
			text_putc(&m->out, '\\');
		text_putc(&m->out, *p);
	}
	for (size_t i = 0; i < s->fragment.len; i++) {
		unsigned char c = (unsigned char)s->fragment.p[i];

		if (c <= ' ' || c == '(' || c == ')' || c == '<' || c == '>' || c == '\\')
			text_printf(&m->out, "%%%02X", c);
		else
			text_putc(&m->out, (char)c);
	}
	text_putc(&m->out, ')');
	s->dead = true;				/* one link, however many blocks it holds */
}

void
md_span_close(struct md *m, struct md_open_span *s)
{
	const char *mark = mark_of[s->kind];
	size_t len = strlen(mark);

	if (!s->open)
		return;
	s->open = false;
	m->last_mark = 0;
	if (s->kind == MD_LINK) {
		close_link(m, s);
		return;
	}
	if (m->out.failed)
		return;
	if (!has_letters(m, s->at)) {		/* "*[*": not worth it, and often not read as one */
		take_out(m, s->at - len, len);
		m->n_closed = 0;
		return;
	}
	if (m->n_closed == 0 || m->closed[m->n_closed - 1].end != m->out.len || m->n_closed == MD_CLOSED_MAX)
		m->n_closed = 0;
	m->closed[m->n_closed++] = (struct md_closed_span){
		.inner = s->at, .close = m->out.len, .end = m->out.len + len, .mark_bytes = len,
	};
	text_puts(&m->out, mark);
	m->last_mark = (char)('1' + s->kind);
}

void
md_spans_close(struct md *m)
{
	for (unsigned i = m->n_spans; i-- > 0;)
		md_span_close(m, &m->span[i]);
}

void
md_spans_settle(struct md *m, char next)
{
	size_t close = m->closed[0].close;

	if (m->out.failed || m->closed[m->n_closed - 1].end != m->out.len || !is_letter(next) ||
	    !may_be_mark(m->out.p[close - 1]))
		return;
	m->out.len = close;
	for (unsigned i = 0; i < m->n_closed; i++)	/* the innermost was closed first */
		take_out(m, m->closed[i].inner - m->closed[i].mark_bytes, m->closed[i].mark_bytes);
	m->n_closed = 0;
	m->last_mark = 0;
}

void
md_spans_open(struct md *m, char next)
{
	char prev = m->out.len > 0 ? m->out.p[m->out.len - 1] : ' ', follows[MD_SPANS_MAX];

	for (unsigned i = m->n_spans; i-- > 0;) {
		follows[i] = next;
		if (m->span[i].kind == MD_LINK && !m->span[i].open && !m->span[i].dead)
			next = '[';
	}
	for (unsigned i = 0; i < m->n_spans && !m->out.failed; i++) {
		struct md_open_span *s = &m->span[i];
		size_t len = strlen(mark_of[s->kind]);

		if (s->open || s->dead || (m->no_spans && s->kind != MD_LINK))
			continue;
		if (m->last_mark == (char)('1' + s->kind) && m->n_closed > 0) {	/* **a****b** is **ab** */
			m->out.len -= len;
			s->at = m->closed[--m->n_closed].inner;
			s->open = true;
			m->last_mark = 0;
			continue;
		}
		if (s->kind == MD_LINK)
			prev = '[';
		else if (is_letter(prev) && may_be_mark(follows[i])) {
			s->dead = true;
			continue;
		}
		text_puts(&m->out, mark_of[s->kind]);
		s->open = true;
		s->at = m->out.len;
	}
}
