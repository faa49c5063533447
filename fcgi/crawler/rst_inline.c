#include "config.h"

#include "crawler/rst.h"

#include <ctype.h>
#include <stdbool.h>

enum { REACH_BYTES = 2000 };	/* how far an end is looked for: else many openings without one would be slow */

static void
put_in(struct text *out, const char *tag, struct slice s)
{
	text_printf(out, "<%s>", tag);
	text_html(out, s.p, s.len);
	text_printf(out, "</%s>", tag);
}

/* The text up to mark, which must not follow a blank; *s then begins behind it.  false: it has no such end. */
static bool
take_until(struct slice *s, const char *mark, struct slice *inner)
{
	size_t n = strlen(mark), reach = s->len < REACH_BYTES ? s->len : REACH_BYTES;
	const char *end = reach > 0 ? memmem(s->p, reach, mark, n) : NULL;

	if (end == NULL || end == s->p || isspace((unsigned char)s->p[0]) || isspace((unsigned char)end[-1]))
		return false;
	*inner = (struct slice){ s->p, (size_t)(end - s->p) };
	s->len -= inner->len + n;
	s->p = end + n;
	return true;
}

/* "text <target>": the text, and the target if there is one. */
static struct slice
split_target(struct slice s, struct slice *target)
{
	const char *open = s.len > 1 && s.p[s.len - 1] == '>' ? memrchr(s.p, '<', s.len) : NULL;

	*target = (struct slice){ 0 };
	if (open == NULL)
		return s;
	*target = (struct slice){ open + 1, (size_t)(s.p + s.len - 1 - (open + 1)) };
	if (open == s.p)
		return *target;
	s.len = (size_t)(open - s.p);
	while (s.len > 0 && isspace((unsigned char)s.p[s.len - 1]))
		s.len--;
	return s;
}

/* Roles that name something of a program. */
static bool
is_code_role(struct slice role)
{
	static const char *const words[] = {
		"func", "class", "meth", "mod", "data", "attr", "exc", "obj", "const", "option", "envvar", "keyword", "file",
		"command", "program", "samp", "code", "literal", "kbd", "macro", "type", "member", "var", "struct", "enum",
		"enumerator", "union", "function", "token", "program", "opcode", "confval", "setting", "djadmin",
	};
	const char *colon = role.len > 0 ? memrchr(role.p, ':', role.len) : NULL;

	if (colon != NULL) {		/* "py:func" */
		role.len -= (size_t)(colon + 1 - role.p);
		role.p = colon + 1;
	}
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (slice_is(role, words[i]))
			return true;
	return false;
}

/* ":role:" before a backquote at the front of s; its length, 0: there is none. */
static size_t
role_len(struct slice s)
{
	size_t i = 1;

	if (s.len < 4 || s.p[0] != ':' || !isalpha((unsigned char)s.p[1]))
		return 0;
	while (i < s.len && i < 40 && (isalnum((unsigned char)s.p[i]) || strchr("-_.+:", s.p[i]) != NULL) && s.p[i] != '`' && s.p[i] != '\0')
		i++;
	return i + 1 < s.len && s.p[i - 1] == ':' && s.p[i] == '`' && i > 2 ? i : 0;
}

static void
put_interpreted(struct text *out, struct slice role, struct slice inner, bool link)
{
	struct slice target, name = split_target(inner, &target);

	if (name.len > 1 && (name.p[0] == '~' || name.p[0] == '!') && role.len > 0) {
		name.p++;		/* Sphinx: short form; no link */
		name.len--;
	}
	if (link && target.len > 0 && target.p[target.len - 1] != '_') {
		text_puts(out, "<a href=\"");
		text_html(out, target.p, target.len);
		text_puts(out, "\">");
		text_html(out, name.p, name.len);
		text_puts(out, "</a>");
	} else if (is_code_role(role)) {
		put_in(out, "code", name);
	} else {
		text_html(out, name.p, name.len);
	}
}

/* What begins at a mark.  false: the mark means nothing here. */
static bool
put_marked(struct text *out, struct slice *s)
{
	struct slice rest = *s, inner, role = { 0 };
	size_t n = role_len(rest);

	if (n > 0)
		role = (struct slice){ rest.p + 1, n - 2 };
	rest.p += n;
	rest.len -= n;
	if (n == 0 && rest.len > 4 && memcmp(rest.p, "``", 2) == 0) {
		rest.p += 2;
		rest.len -= 2;
		if (!take_until(&rest, "``", &inner))
			return false;
		put_in(out, "code", inner);
	} else if (rest.len > 2 && rest.p[0] == '`') {
		bool link;

		rest.p++;
		rest.len--;
		if (!take_until(&rest, "`", &inner))
			return false;
		link = rest.len > 0 && rest.p[0] == '_';
		while (rest.len > 0 && rest.p[0] == '_')
			rest.p++, rest.len--;
		put_interpreted(out, role, inner, link);
	} else if (rest.len > 4 && memcmp(rest.p, "**", 2) == 0) {
		rest.p += 2;
		rest.len -= 2;
		if (!take_until(&rest, "**", &inner))
			return false;
		put_in(out, "strong", inner);
	} else if (rest.len > 2 && rest.p[0] == '*') {
		rest.p++;
		rest.len--;
		if (!take_until(&rest, "*", &inner))
			return false;
		put_in(out, "em", inner);
	} else {
		return false;
	}
	*s = rest;
	return true;
}

void
rst_inline(struct text *out, struct slice s)
{
	char before = ' ';

	while (s.len > 0) {
		bool may = !isalnum((unsigned char)before) && before != '`' && before != '*' && (before & 0x80) == 0;

		if (s.p[0] == '\\' && s.len > 1) {	/* the next is itself; a blank vanishes */
			if (!isspace((unsigned char)s.p[1]))
				text_html(out, s.p + 1, 1);
			before = ' ';
			s.p += 2;
			s.len -= 2;
			continue;
		}
		if (may && (s.p[0] == '`' || s.p[0] == '*' || s.p[0] == ':') && put_marked(out, &s)) {
			before = ')';
			continue;
		}
		text_html(out, s.p, 1);
		before = s.p[0];
		s.p++;
		s.len--;
	}
}
