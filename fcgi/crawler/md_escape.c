#include "config.h"

#include "crawler/md_escape.h"

#include <stdint.h>
#include <string.h>

static bool
is_ascii_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
is_alnum(char c)
{
	return is_ascii_alnum(c) || (unsigned char)c >= 0x80;
}

static bool
is_entity(const char *p, const char *end)	/* at '&': would it be decoded? */
{
	const char *q = p + 1;

	if (q < end && *q == '#')
		q++;
	for (; q < end && q - p < 32 && is_alnum(*q) && (unsigned char)*q < 0x80; q++)
		;
	return q < end && *q == ';' && q - p > 1;
}

/* "_" within a word, all its neighbours counted as one: snake_case, a__b. */
static bool
joins_word(const struct md *m, const char *p, const char *end, bool first)
{
	size_t i = m->out.len;

	while (p < end && *p == '_')
		p++;
	if (first || p == end || !is_ascii_alnum(*p))
		return false;
	while (i > 0 && m->out.p[i - 1] == '_')
		i--;
	return i > 0 && is_ascii_alnum(m->out.p[i - 1]);
}

static bool
starts_with_bracket(const struct md *m)	/* "[a]: b" defines a link, at the start of a line only */
{
	size_t i = m->out.len;

	while (i > 0 && m->out.p[i - 1] != '\n' && m->out.len - i < 1000)
		i--;
	while (i < m->out.len && strchr(" >-0123456789.:", m->out.p[i]) != NULL)
		i++;
	return i < m->out.len && m->out.p[i] == '[';
}

bool
md_needs_escape(const struct md *m, const char *p, const char *end, bool first)
{
	/* At the end of a run nobody knows what comes: assume the worst. */
	char next = p + 1 < end ? p[1] : '!', prev = first || m->out.len == 0 ? ' ' : m->out.p[m->out.len - 1];

	switch (*p) {
	case '\\':
		return next != ' ' && !is_alnum(next);
	case '`':
		return true;
	case '*':
		return first || (next != ' ' && next != '\n') || (prev != ' ' && m->n_spans > 0);
	case '_':
		return next != ' ' && next != '\n' && !joins_word(m, p, end, first);	/* what opens nothing closes nothing */
	case '<':
		return p + 1 == end || (next | 32) >= 'a' ? p + 1 == end || (next | 32) <= 'z' : next == '/' || next == '!' || next == '?';
	case '&':
		return is_entity(p, end);
	case '[':
	case ']':
		for (unsigned i = 0; i < m->n_spans; i++)
			if (m->span[i].kind == MD_LINK && m->span[i].open)
				return true;
		return false;
	case '(':
		return prev == ']';
	case ':':
		return prev == ']' && starts_with_bracket(m);
	case '|':
		return m->in_cell;
	case '~':			/* one is enough to strike out: HEAD~5 ... HEAD~4 */
		return next != ' ' && next != '\n';
	default:
		return false;
	}
}

size_t
md_wide_space(const char *p, const char *end, bool *visible)
{
	size_t left = (size_t)(end - p);

	*visible = false;
	if (left >= 2 && (uint8_t)p[0] == 0xc2) {
		if ((uint8_t)p[1] == 0xad)		/* soft hyphen */
			return 2;
		*visible = (uint8_t)p[1] == 0xa0;	/* no-break space */
		return *visible ? 2 : 0;
	}
	if (left >= 3 && (uint8_t)p[0] == 0xe2 && (uint8_t)p[1] == 0x80) {
		*visible = ((uint8_t)p[2] >= 0x80 && (uint8_t)p[2] <= 0x8a) ||	/* en quad ... hair space */
		    (uint8_t)p[2] == 0xa8 || (uint8_t)p[2] == 0xa9 || (uint8_t)p[2] == 0xaf;
		return *visible || (uint8_t)p[2] == 0x8b ? 3 : 0;	/* zero width space */
	}
	return left >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;	/* byte order mark */
}
