#include "config.h"

#include "shared/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
text_fini(struct text *t)
{
	free(t->p);
	*t = (struct text){ 0 };
}

void
text_clear(struct text *t)
{
	t->len = 0;
	t->failed = false;
}

static bool
text_reserve(struct text *t, size_t more)	/* room for more bytes and a NUL */
{
	size_t cap = t->cap != 0 ? t->cap : 256;
	char *p;

	if (t->failed || more > SIZE_MAX / 4 - t->len) {
		t->failed = true;
		return false;
	}
	if (t->len + more + 1 <= t->cap)
		return true;
	while (cap < t->len + more + 1)
		cap *= 2;
	if ((p = realloc(t->p, cap)) == NULL) {
		t->failed = true;
		return false;
	}
	t->p = p;
	t->cap = cap;
	return true;
}

void
text_put(struct text *t, const void *p, size_t len)
{
	if (len == 0 || !text_reserve(t, len))
		return;
	memcpy(t->p + t->len, p, len);
	t->len += len;
}

void
text_puts(struct text *t, const char *s)
{
	text_put(t, s, strlen(s));
}

void
text_putc(struct text *t, char c)
{
	if (!text_reserve(t, 1))
		return;
	t->p[t->len++] = c;
}

void
text_printf(struct text *t, const char *fmt, ...)
{
	size_t room;
	va_list ap;
	int n;

	if (!text_reserve(t, 0))
		return;
	room = t->cap - t->len;
	va_start(ap, fmt);
	n = vsnprintf(t->p + t->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || !text_reserve(t, (size_t)n)) {
		t->failed = true;
		return;
	}
	if ((size_t)n >= room) {	/* cut: measured now, so it fits */
		va_start(ap, fmt);
		(void)vsnprintf(t->p + t->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	t->len += (size_t)n;
}

void
text_html(struct text *t, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		switch (s[i]) {
		case '&': text_puts(t, "&amp;"); break;
		case '<': text_puts(t, "&lt;"); break;
		case '>': text_puts(t, "&gt;"); break;
		case '"': text_puts(t, "&quot;"); break;
		default:  text_putc(t, s[i]);
		}
}

const char *
text_str(struct text *t)
{
	if (!text_reserve(t, 0))
		return NULL;
	t->p[t->len] = '\0';
	return t->p;
}

char *
text_take(struct text *t, size_t *len)
{
	char *p = NULL;

	if (text_str(t) != NULL) {
		p = t->p;
		if (len != NULL)
			*len = t->len;
		t->p = NULL;
	}
	text_fini(t);
	return p;
}

static size_t
utf8_sequence(const uint8_t *s, size_t left)	/* bytes of the valid sequence at s, 0 when none */
{
	uint8_t b = s[0], lo = 0x80, hi = 0xbf;
	size_t n;

	if (b < 0x80)
		return 1;
	if (b >= 0xc2 && b <= 0xdf)
		n = 2;
	else if (b >= 0xe0 && b <= 0xef)
		n = 3;
	else if (b >= 0xf0 && b <= 0xf4)
		n = 4;
	else
		return 0;
	if (b == 0xe0)
		lo = 0xa0;		/* overlong */
	if (b == 0xed)
		hi = 0x9f;		/* surrogates */
	if (b == 0xf0)
		lo = 0x90;
	if (b == 0xf4)
		hi = 0x8f;		/* past U+10FFFF */
	if (n > left || s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

size_t
utf8_valid_len(const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t i = 0;

	while (i < len) {
		uint64_t w;
		size_t n;

		if (len - i >= sizeof w) {		/* eight ASCII bytes at a stride */
			memcpy(&w, p + i, sizeof w);
			if ((w & 0x8080808080808080u) == 0) {
				i += sizeof w;
				continue;
			}
		}
		if ((n = utf8_sequence(p + i, len - i)) == 0)
			break;
		i += n;
	}
	return i;
}

size_t
utf8_cut(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((uint8_t)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}
