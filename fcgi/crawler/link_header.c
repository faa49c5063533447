#include "config.h"

#include "crawler/link_header.h"

#include <stdbool.h>
#include <strings.h>

#include "crawler/words.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip(struct slice *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

static void
skip_blanks(struct slice *s)
{
	while (s->len > 0 && is_blank(*s->p))
		skip(s, 1);
}

/* What stands before one of the bytes in stop, moved past. */
static struct slice
take_until(struct slice *s, const char *stop)
{
	struct slice out = { s->p, 0 };

	while (out.len < s->len && strchr(stop, s->p[out.len]) == NULL)
		out.len++;
	skip(s, out.len);
	while (out.len > 0 && is_blank(out.p[out.len - 1]))
		out.len--;
	return out;
}

/* Behind a '=': between quotes, or up to the next delimiter.  A backslash keeps the quote behind it. */
static struct slice
take_value(struct slice *s)
{
	struct slice out;

	skip_blanks(s);
	if (s->len == 0 || *s->p != '"')
		return take_until(s, ";,");
	skip(s, 1);
	for (out = (struct slice){ s->p, 0 }; s->len > 0 && *s->p != '"'; out.len = (size_t)(s->p - out.p))
		skip(s, *s->p == '\\' && s->len > 1 ? 2 : 1);
	if (s->len > 0)
		skip(s, 1);
	(void)take_until(s, ";,");
	return out;
}

static bool
is_name(struct slice s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

/* The parameters of one link, up to the comma behind it: the first rel counts (section 3.3). */
static bool
is_canonical(struct slice *s)
{
	bool canonical = false, rel = false, elsewhere = false;

	while (skip_blanks(s), s->len > 0 && *s->p == ';') {
		struct slice name, value = { s->p, 0 };

		skip(s, 1);
		skip_blanks(s);
		name = take_until(s, "=;,");
		if (s->len > 0 && *s->p == '=') {
			skip(s, 1);
			value = take_value(s);
		}
		if (is_name(name, "rel") && !rel) {
			canonical = words_include(value, "canonical");
			rel = true;
		}
		elsewhere |= is_name(name, "anchor");
	}
	return canonical && !elsewhere;
}

struct slice
link_header_canonical(struct slice value)
{
	struct slice s = value, to;

	while (s.len > 0) {
		(void)take_until(&s, "<");
		if (s.len == 0)
			break;
		skip(&s, 1);
		skip_blanks(&s);
		to = take_until(&s, ">");
		if (s.len == 0)
			break;
		skip(&s, 1);
		if (is_canonical(&s))
			return to;
		(void)take_until(&s, ",");	/* what does not belong there */
	}
	return (struct slice){ value.p, 0 };
}
