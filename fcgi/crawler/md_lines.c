#include "config.h"

#include "crawler/md_lines.h"

#include <stdint.h>
#include <string.h>

enum {
	LANGUAGE_BYTES_MAX = 40,
	TERMS_MAX = 16,			/* that share one definition */
};

struct fence {
	char   c;
	size_t len, prefix_bytes;
};

void
md_lines_init(struct md_lines *l, const char *md, size_t len)
{
	if (len == 0)		/* md may be NULL then, to which nothing can be added */
		md = "";
	*l = (struct md_lines){ md, md + len };
}

static const char *
line_end(const char *p, const char *end)	/* past the newline */
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl != NULL ? nl + 1 : end;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_empty(const char *p, const char *end)	/* nothing but quote marks */
{
	while (p < end && (is_blank(*p) || *p == '>'))
		p++;
	return p == end;
}

static struct slice
trim(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	while (end > p && is_blank(end[-1]))
		end--;
	return (struct slice){ p, (size_t)(end - p) };
}

/* -- what a line is ---------------------------------------------------------- */

/* At a list's marker and the blanks behind it: past them, else p. */
static const char *
past_marker(const char *p, const char *end)
{
	const char *q = p;

	if (q < end && (*q == '-' || *q == '*' || *q == '+'))
		q++;
	else {
		while (q < end && q - p < 9 && *q >= '0' && *q <= '9')
			q++;
		if (q == p || q == end || (*q != '.' && *q != ')'))
			return p;
		q++;
	}
	if (q == end || *q != ' ')
		return p;
	while (q < end && *q == ' ')
		q++;
	return q;
}

/* Past the indent of a heading and the list items that start on its line; p when it is too deep for one. */
static const char *
past_markers(const char *p, const char *end)
{
	const char *q = p, *next;

	while (q < end && *q == ' ')
		q++;
	if ((next = past_marker(q, end)) == q)
		return q - p > 3 ? p : q;
	for (q = next; (next = past_marker(q, end)) > q; q = next)
		;
	return q;
}

static bool
atx_heading(const char *p, const char *end, struct md_block *b)
{
	const char *q, *hash, *close;

	q = past_markers(p, end);
	for (hash = q; q < end && *q == '#'; q++)
		;
	if (q == hash || q - hash > 6 || (q < end && !is_blank(*q)))
		return false;
	b->level = (unsigned)(q - hash);
	b->text = trim(q, end);
	for (close = b->text.p + b->text.len; close > b->text.p && close[-1] == '#'; close--)
		;
	if (close == b->text.p || is_blank(close[-1]))	/* "## Name ##" */
		b->text = trim(b->text.p, close);
	return true;
}

static bool
setext_heading(const char *p, const char *end, const char *next_end, struct md_block *b)
{
	struct slice line = trim(end, next_end);
	size_t n = 0;

	if (line.len == 0 || (line.p[0] != '=' && (line.p[0] != '-' || line.len < 2)) || is_blank(*end))
		return false;
	while (n < line.len && line.p[n] == line.p[0])
		n++;
	if (n < line.len)
		return false;
	b->level = line.p[0] == '=' ? 1 : 2;
	b->text = trim(p, end);
	return b->text.len > 0 && strchr("|>-*+#", b->text.p[0]) == NULL;
}

static size_t
run_of(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q == *p)
		q++;
	return (size_t)(q - p);
}

static bool
opens_fence(const char *p, const char *end, struct fence *f, struct slice *language)
{
	const char *q = p;
	struct slice info;
	size_t n = 0;

	while (q < end && (*q == ' ' || *q == '>'))
		q++;
	if (end - q > 2 && *q == ':' && q[1] == ' ')
		for (q++; q < end && *q == ' '; q++)
			;
	else
		q = past_marker(q, end);
	if (q == end || (*q != '`' && *q != '~') || (n = run_of(q, end)) < 3)
		return false;
	info = trim(q + n, end);
	if (*q == '`' && memchr(info.p, '`', info.len) != NULL)
		return false;		/* inline code */
	*f = (struct fence){ *q, n, (size_t)(q - p) };
	if (info.len > 1 && info.p[0] == '{' && info.p[1] == '.')	/* Pandoc: {.c .numberLines} */
		info.p += 2, info.len -= 2;
	for (n = 0; n < info.len && n < LANGUAGE_BYTES_MAX && !is_blank(info.p[n]) && info.p[n] != ',' &&
	    info.p[n] != '}' && info.p[n] != '{'; n++)
		;
	*language = (struct slice){ info.p, n };
	return true;
}

static const char *
past_prefix(const char *p, const char *end, size_t max)
{
	const char *q = p;

	while (q < end && (size_t)(q - p) < max && (*q == ' ' || *q == '>' || *q == '\t'))
		q++;
	return q;
}

static bool
closes_fence(const char *p, const char *end, const struct fence *f)
{
	struct slice s;

	p = past_prefix(p, end, f->prefix_bytes);
	s = trim(p, end);
	return s.len >= f->len && s.p - p <= 3 && s.p[0] == f->c && run_of(s.p, s.p + s.len) == s.len;
}

/* -- blocks ---------------------------------------------------------------- */

static void
read_fence(struct md_lines *l, const struct fence *f, const char *first_end, struct md_block *b)
{
	const char *p = first_end, *next, *code_end = l->end;

	b->kind = MD_FENCE;
	b->end = l->end;
	for (; p < l->end; p = next) {
		next = line_end(p, l->end);
		if (closes_fence(p, next, f)) {
			code_end = p;
			b->end = next;
			break;
		}
	}
	if (code_end > first_end && code_end[-1] == '\n')
		code_end--;
	b->code = (struct slice){ first_end, (size_t)(code_end - first_end) };
	b->prefix_bytes = f->prefix_bytes;
	b->prefixed = f->prefix_bytes > 0;
	l->p = b->end;
}

static unsigned
indent_of(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q == ' ')
		q++;
	return (unsigned)(q - p);
}

static void
read_term(struct md_block *b)		/* of a definition: the first of the lines before ": " */
{
	const char *p = b->start, *next;

	if (b->start + b->indent < b->end && b->start[b->indent] == ':')
		return;			/* another meaning of the term before */
	for (unsigned n = 0; p < b->end && n < TERMS_MAX; n++, p = next) {
		next = line_end(p, b->end);
		if (n > 0 && (size_t)(next - p) > b->indent + 2 && indent_of(p, next) == b->indent &&
		    p[b->indent] == ':' && p[b->indent + 1] == ' ') {
			b->defines = true;
			b->text = trim(b->start, line_end(b->start, b->end));
			return;
		}
	}
}

bool
md_next_block(struct md_lines *l, struct md_block *b)
{
	const char *end, *next_end;
	struct fence f;
	struct md_block heading;

	while (l->p < l->end && is_empty(l->p, end = line_end(l->p, l->end)))
		l->p = end;
	if (l->p >= l->end)
		return false;
	*b = (struct md_block){ .kind = MD_PARAGRAPH, .start = l->p, .indent = indent_of(l->p, l->end) };
	end = line_end(l->p, l->end);
	next_end = line_end(end, l->end);
	if (opens_fence(l->p, end, &f, &b->language)) {
		read_fence(l, &f, end, b);
		return true;
	}
	if (atx_heading(l->p, end, b)) {
		b->kind = MD_HEADING;
		l->p = b->end = end;
		return true;
	}
	if (end < l->end && setext_heading(l->p, end, next_end, b)) {
		b->kind = MD_HEADING;
		l->p = b->end = next_end;
		return true;
	}
	for (l->p = end; l->p < l->end; l->p = end) {
		struct slice unused;

		end = line_end(l->p, l->end);
		if (is_empty(l->p, end) || opens_fence(l->p, end, &f, &unused) || atx_heading(l->p, end, &heading))
			break;
	}
	b->end = l->p;
	read_term(b);
	return true;
}

void
md_unprefixed(struct text *out, const struct md_block *b)
{
	const char *p = b->code.p, *end = p + b->code.len, *next;

	for (; p < end; p = next) {
		next = line_end(p, end);
		p = past_prefix(p, next, b->prefix_bytes);
		text_put(out, p, (size_t)(next - p));
	}
}

/* -- characters ------------------------------------------------------------ */

size_t
md_plain(char *out, size_t cap, struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len && n < cap; i++) {
		char c = s.p[i];

		if (c == '\\' && i + 1 < s.len && strchr("\\`*_{}[]()#+-.!|<>~&:=", s.p[i + 1]) != NULL) {
			out[n++] = s.p[++i];
		} else if (c == ']' && i + 1 < s.len && s.p[i + 1] == '(') {
			while (i < s.len && s.p[i] != ')')
				i += 1 + (s.p[i] == '\\');
		} else if (c != '`' && c != '*' && c != '[' && c != ']') {
			out[n++] = c;
		}
	}
	return utf8_cut(out, n, n < cap ? n : cap - 4);
}

size_t
md_chars(const char *p, size_t len)
{
	size_t n = 0, i = 0;

	for (; i + 8 <= len; i += 8) {		/* bytes 10xxxxxx go on, all others start a character */
		uint64_t w;

		memcpy(&w, p + i, 8);
		w = (w >> 7) & ~(w >> 6) & 0x0101010101010101u;
		n += 8 - (size_t)__builtin_popcountll(w);
	}
	for (; i < len; i++)
		n += ((unsigned char)p[i] & 0xc0) != 0x80;
	return n;
}

size_t
md_first_chars(const char *p, size_t len, size_t n)
{
	size_t i = 0;

	if (len <= n)
		return len;
	for (; i < len; i++)
		if (((unsigned char)p[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	return i;
}
