#include "config.h"

#include "shared/plain.h"

#include <ctype.h>
#include <string.h>

enum { LINK_REACH = 300 };		/* bytes of a link's text, or of its target */

void
plain_init(struct plain *w, const char *body)
{
	*w = (struct plain){ .body = body, .at = body };
}

static void
put(struct text *out, char c)
{
	if (out == NULL)
		return;
	if ((unsigned char)c > ' ')
		text_putc(out, c);
	else if (out->len > 0 && out->p[out->len - 1] != ' ')
		text_putc(out, ' ');
}

/* The mark of a code fence at p, three or more: how many; 0: it is none. */
static size_t
fence_at(const char *p)
{
	size_t n = *p == '`' ? strspn(p, "`") : *p == '~' ? strspn(p, "~") : 0;

	return n >= 3 ? n : 0;
}

/* A fence ends with at least as many of its marks and nothing behind them (CommonMark 0.31, 4.5). */
static bool
ends_fence(const struct plain *w, size_t n)
{
	return n >= w->fence_len && *w->at == w->fence_mark && strchr("\n", w->at[n + strspn(w->at + n, " \t")]) != NULL;
}

/* Past what a line begins with: its quoting, the marks of a heading, a fence. */
static void
line_begin(struct plain *w)
{
	unsigned depth = 0;
	size_t n;

	w->skip = w->row = false;
	if (*w->at == '\n')
		w->span = 0;		/* nor does a code span go on into another paragraph */
	while (*w->at == ' ' || (*w->at == '>' && (w->fence == 0 || depth + 1 < w->fence)))
		depth += *w->at++ == '>';
	n = fence_at(w->at);
	if (n > 0 && w->fence == 0) {
		w->fence = depth + 1;
		w->fence_mark = *w->at;
		w->fence_len = n;
		w->skip = true;
	} else if (n > 0 && ends_fence(w, n)) {
		w->fence = 0;
		w->skip = true;
	} else if (w->fence == 0) {
		n = strspn(w->at, "#");
		w->row = *w->at == '|';
		w->skip = w->row && strchr("\n", w->at[strspn(w->at, "|-: ")]) != NULL;	/* below a table's head */
		w->at += n > 0 && w->at[n] == ' ' ? n : 0;
	}
}

/* Where the bracket at p is closed; NULL: it is not, or too far away. */
static const char *
closed(const char *p, char open, char close)
{
	unsigned depth = 0;

	for (const char *from = p; *p != '\0' && p - from < LINK_REACH; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == open)
			depth++;
		else if (*p == close && --depth == 0)
			return p;
	}
	return NULL;
}

static bool
is_link(const char *p)			/* [text](target) */
{
	const char *end = *p == '[' ? closed(p, '[', ']') : NULL;

	return end != NULL && end[1] == '(' && closed(end + 1, '(', ')') != NULL;
}

/* One piece of what is no code. */
static void
put_marked(struct plain *w, struct text *out)
{
	const char *p = w->at, *end;

	w->at++;
	if (*p == '\\' && ispunct((unsigned char)p[1])) {
		put(out, p[1]);
		w->at++;
	} else if (is_link(p) || (*p == '!' && is_link(p + 1)) || *p == '*' || (*p == '|' && w->row)) {
		return;
	} else if (*p == ']' && p[1] == '(' && (end = closed(p + 1, '(', ')')) != NULL) {
		w->at = end + 1;
	} else if (w->row && strncmp(p, "<br>", 4) == 0) {
		put(out, ' ');
		w->at = p + 4;
	} else {
		put(out, *p);
	}
}

void
plain_put(struct plain *w, size_t to, struct text *out)
{
	while (w->at < w->body + to) {
		if (w->at == w->body || w->at[-1] == '\n')
			line_begin(w);
		if (w->at >= w->body + to)
			return;
		if (w->skip || w->fence > 0 || (unsigned char)*w->at <= ' ') {
			put(out, w->skip ? ' ' : *w->at);
			w->at++;
		} else if (*w->at == '`') {
			size_t n = strspn(w->at, "`");

			w->span = w->span == 0 ? n : w->span == n ? 0 : w->span;
			w->at += n;
		} else if (w->span > 0) {
			put(out, *w->at++);
		} else {
			put_marked(w, out);
		}
	}
}
