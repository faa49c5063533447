#include "config.h"

#include "shared/lexeme.h"

#include <ctype.h>

enum { TARGET_BYTES_MAX = 2048 };	/* of a link: what goes on for longer is text */

/* 1: part of a word, which is letters, digits, and everything beyond ASCII; 2: may join words, or begin a name. */
static const unsigned char class_of[256] = {
	['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1, [0x80 ... 0xff] = 1,
	['_'] = 2, ['\\'] = 2, ['.'] = 2, ['-'] = 2, [':'] = 2,
};

static bool
is_word(unsigned char c)
{
	return class_of[c] == 1;
}

static bool
may_join(char c)
{
	return class_of[(unsigned char)c] == 2;
}

static bool
is_mark(char c)				/* what may stand within the whole of a name beside its words */
{
	return c == '_' || c == '\\';
}

/* Behind "](" at p: past the target, or p when there is none. */
static const char *
skip_target(const char *p, const char *end)
{
	const char *limit = end - p > TARGET_BYTES_MAX ? p + TARGET_BYTES_MAX : end;
	unsigned depth = 0;

	for (const char *q = p; q < limit; q++) {
		if (*q == '(')
			depth++;
		else if (*q == ')' && depth-- == 0)
			return q;
		else if ((unsigned char)*q < ' ')
			return p;
	}
	return p;
}

/* Where the part after a joint at p begins; p when nothing is joined there. */
static const char *
joined(const char *p, const char *end)
{
	const char *q = p;

	if (q == end)
		return p;
	if (is_mark(*q)) {
		while (q < end && is_mark(*q))
			q++;
	} else if (*q == '.' || *q == '-') {
		q++;
		if (q < end && q[-1] == '-' && *q == '>')
			q++;
	} else if (*q == ':' && end - q > 1 && q[1] == ':') {
		q += 2;
	}
	if (q > p && q < end && is_mark(*q))		/* object.__init__ */
		while (q < end && is_mark(*q))
			q++;
	return q > p && q < end && is_word((unsigned char)*q) ? q : p;
}

/* "--", "-" or underscores right before p, none of them before from. */
static const char *
leading_marks(const char *text, const char *from, const char *p)
{
	const char *q = p;

	while (q > from && is_mark(q[-1]))
		q--;
	if (q < p)
		return memchr(q, '_', (size_t)(p - q)) != NULL ? q : p;
	while (q > from && p - q < 2 && q[-1] == '-')
		q--;
	return q == text || (!is_word((unsigned char)q[-1]) && q[-1] != '-') ? q : p;
}

static bool
is_dunder(const char *text, const char *p)	/* __x: two underscores before it, escaped perhaps */
{
	return p - text >= 2 && p[-1] == '_' && is_mark(p[-2]);
}

bool
lexeme_next(struct slice text, size_t *at, struct lexeme *out)
{
	const char *start = text.p + *at, *end = text.p + text.len, *p = start, *part;

	for (; p < end && !is_word((unsigned char)*p); p++)
		if (*p == ']' && end - p > 1 && p[1] == '(') {
			p = skip_target(p + 2, end);
			start = p;
			if (p == end || is_word((unsigned char)*p))
				break;
		}
	if (p >= end) {
		*at = text.len;
		return false;
	}
	out->whole.p = p > start && may_join(p[-1]) ? leading_marks(text.p, start, p) : p;
	out->marked = out->whole.p < p;
	out->n_parts = 0;
	do {
		for (part = p; p < end && is_word((unsigned char)*p); p++)
			;
		out->part[out->n_parts++] = (struct slice){ part, (size_t)(p - part) };
		if (p == end || !may_join(*p) || (part = joined(p, end)) == p)
			break;
		if (out->n_parts < LEXEME_PARTS_MAX)
			p = part;
	} while (out->n_parts < LEXEME_PARTS_MAX);
	*at = (size_t)(p - text.p);
	if (is_dunder(text.p, out->part[out->n_parts - 1].p))
		while (p < end && is_mark(*p))
			p++;
	out->whole.len = (size_t)(p - out->whole.p);
	return true;
}

size_t
lexeme_name(const struct lexeme *lx, char out[LEXEME_WHOLE_BYTES])
{
	size_t n = 0;

	if (lx->n_parts == 1 && !lx->marked)
		return 0;
	for (size_t i = 0; i < lx->whole.len; i++) {
		unsigned char c = (unsigned char)lx->whole.p[i];

		if (c == '\\')
			continue;
		if (n == LEXEME_WHOLE_BYTES)
			return 0;
		out[n++] = (char)(c < 0x80 ? tolower(c) : c);
	}
	return n;
}

enum { JOINING_BYTES = 8 };

/* Is it one of these?  They stand by their length, each length in one string. */
static bool
is_one_of(struct slice s, const char *const words[JOINING_BYTES])
{
	char word[JOINING_BYTES] = "";
	const char *p;

	if (s.len >= JOINING_BYTES)
		return false;
	for (size_t i = 0; i < s.len; i++)
		word[i] = (char)tolower((unsigned char)s.p[i]);
	for (p = words[s.len]; *p != '\0'; p += s.len + (p[s.len] == ' '))
		if (memcmp(p, word, s.len) == 0)
			return true;
	return false;
}

bool
lexeme_is_filler(struct slice s)
{
	static const char *const words[JOINING_BYTES] = {
		"", "a", "an of to it be", "the are its was has can you", "that this have will your been were they", "which", "", "",
	};

	return is_one_of(s, words);
}

unsigned
lexeme_humps(struct slice s, struct slice out[LEXEME_PARTS_MAX])
{
	unsigned n = 0;
	size_t from = 0;

	for (size_t i = 1; i < s.len && n < LEXEME_PARTS_MAX - 1; i++) {
		bool before = isupper((unsigned char)s.p[i - 1]) != 0, here = isupper((unsigned char)s.p[i]) != 0;
		bool after = i + 1 < s.len && islower((unsigned char)s.p[i + 1]);

		if (!here || (before && !after) || i - from < 2)
			continue;
		out[n++] = (struct slice){ s.p + from, i - from };
		from = i;
	}
	if (n == 0)
		return 0;
	out[n++] = (struct slice){ s.p + from, s.len - from };
	return n;
}
