#include "config.h"

#include "crawler/markup.h"

#include <string.h>
#include <strings.h>

#include "crawler/words.h"

static const char *const raw_text[WORD_MAX + 1] = {
	[3] = "xmp", [5] = "styletitle", [6] = "scriptiframe", [7] = "noembed", [8] = "noframestextarea",
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
ends_name(char c)
{
	return is_space(c) || c == '>' || c == '/';
}

/* -- tags ---------------------------------------------------------------------- */

static size_t
past_value(struct markup *m, const char *p, size_t len, size_t i)	/* behind the '=' */
{
	const char *quote;

	while (i < len && is_space(p[i]))
		i++;
	if (i < len && (p[i] == '"' || p[i] == '\'')) {
		if ((quote = memchr(p + i + 1, p[i], len - i - 1)) == NULL)
			return len;
		if (m->n_values < MARKUP_VALUES_MAX) {
			m->value[m->n_values].at = i + 1;
			m->value[m->n_values++].len = (size_t)(quote - p) - i - 1;
		}
		return (size_t)(quote - p) + 1;
	}
	while (i < len && !is_space(p[i]) && p[i] != '>')
		i++;
	return i;
}

static void
read_attributes(struct markup *m, const char *p, size_t len, size_t i)
{
	while (i < len && p[i] != '>') {
		if (is_space(p[i]) || p[i] == '/') {
			m->self_closing = p[i++] == '/';
			continue;
		}
		m->self_closing = false;
		m->n_attrs++;
		for (i++; i < len && !ends_name(p[i]) && p[i] != '='; i++)
			;
		while (i < len && is_space(p[i]))
			i++;
		if (i < len && p[i] == '=')
			i = past_value(m, p, len, i + 1);
	}
	m->end = i < len ? i + 1 : len;
}

static void
read_tag(struct markup *m, const char *p, size_t len, size_t i)		/* at the name */
{
	for (; i < len && !ends_name(p[i]); i++)
		if (m->name_len < MARKUP_NAME_MAX)
			m->name[m->name_len++] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + 32) : p[i];
	read_attributes(m, p, len, i);
}

/* -- what is no tag -------------------------------------------------------------- */

static size_t
past(const char *p, size_t len, size_t i, const char *mark)
{
	const char *at = memmem(p + i, len - i, mark, strlen(mark));

	return at != NULL ? (size_t)(at - p) + strlen(mark) : len;
}

/* Behind "<!--".  "<!-->" and "<!--->" are whole, and "--!>" ends one, too. */
static size_t
past_comment(const char *p, size_t len, size_t i)
{
	if (i < len && p[i] == '>')
		return i + 1;
	if (len - i >= 2 && p[i] == '-' && p[i + 1] == '>')
		return i + 2;
	while ((i = past(p, len, i, "--")) < len) {
		while (i < len && p[i] == '-')
			i++;
		if (i < len && p[i] == '>')
			return i + 1;
		if (len - i >= 2 && p[i] == '!' && p[i + 1] == '>')
			return i + 2;
	}
	return len;
}

void
markup_read(struct markup *m, const char *p, size_t len, size_t at)
{
	size_t left = len - at;

	m->kind = MARKUP_CHARACTER;
	m->name_len = 0;
	m->n_attrs = m->n_values = 0;
	m->self_closing = false;
	m->end = at + 1;
	if (left >= 2 && is_letter(p[at + 1])) {
		m->kind = MARKUP_START;
		read_tag(m, p, len, at + 1);
	} else if (left >= 3 && p[at + 1] == '/' && is_letter(p[at + 2])) {
		m->kind = MARKUP_END;
		read_tag(m, p, len, at + 2);
	} else if (left >= 4 && memcmp(p + at, "<!--", 4) == 0) {
		m->kind = MARKUP_COMMENT;
		m->end = past_comment(p, len, at + 4);
	} else if (left >= 3 && (p[at + 1] == '!' || p[at + 1] == '?' || p[at + 1] == '/')) {
		m->kind = MARKUP_COMMENT;
		m->end = past(p, len, at + 2, ">");
		if (left >= 9 && memcmp(p + at, "<![CDATA[", 9) == 0 &&
		    (m->end - at < 12 || memcmp(p + m->end - 3, "]]>", 3) != 0))
			m->kind = MARKUP_CDATA;
	}
}

/* -- raw text -------------------------------------------------------------------- */

bool
markup_is_raw(const struct markup *m)
{
	return m->kind == MARKUP_START && words_have(raw_text, m->name, m->name_len);
}

static bool
is_name_at(const struct markup *m, const char *p, size_t len, size_t i)	/* and nothing longer */
{
	return len - i > m->name_len && strncasecmp(p + i, m->name, m->name_len) == 0 && ends_name(p[i + m->name_len]);
}

/*
 * Within a script "<!--" opens a part that "-->" ends, and in that part another
 * <script> has an end tag of its own: a page may carry a script as a comment.
 */
static size_t
script_end(const struct markup *m, const char *p, size_t len, size_t at)
{
	bool nested = false;
	size_t i = at, escaped_end = 0;		/* of the part: 0 outside of it */

	for (const char *lt; (lt = memchr(p + i, '<', len - i)) != NULL; i++) {
		i = (size_t)(lt - p);
		if (i >= escaped_end) {
			nested = false;
			escaped_end = 0;
		}
		if (escaped_end == 0 && len - i >= 4 && memcmp(lt, "<!--", 4) == 0)
			escaped_end = past(p, len, i + 2, "-->");
		else if (len - i >= 2 && p[i + 1] == '/' && is_name_at(m, p, len, i + 2)) {
			if (!nested)
				return i;
			nested = false;
		} else if (escaped_end > 0 && is_name_at(m, p, len, i + 1))
			nested = true;
	}
	return len;
}

size_t
markup_raw_end(const struct markup *start, const char *p, size_t len, size_t at)
{
	if (start->name_len == 6 && memcmp(start->name, "script", 6) == 0)
		return script_end(start, p, len, at);
	for (const char *lt; (lt = memchr(p + at, '<', len - at)) != NULL; at++) {
		at = (size_t)(lt - p);
		if (len - at >= 2 && p[at + 1] == '/' && is_name_at(start, p, len, at + 2))
			return at;
	}
	return len;
}
