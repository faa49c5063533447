#include "config.h"

#include "shared/json_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "shared/clock.h"

static void
json_comma(struct text *t)
{
	char last = t->len > 0 ? t->p[t->len - 1] : '{';

	if (last != '{' && last != '[' && last != ':')
		text_putc(t, ',');
}

void
json_open(struct text *t, char bracket)
{
	json_comma(t);
	text_putc(t, bracket);
}

void
json_close(struct text *t, char bracket)
{
	text_putc(t, bracket);
}

void
json_key(struct text *t, const char *key)
{
	json_comma(t);
	text_putc(t, '"');
	text_puts(t, key);
	text_put(t, "\":", 2);
}

/* 0: as it is; 1: \u00XX; else: backslash and that letter */
static const char json_escape[256] = {
	[0x00] = 1, 1, 1, 1, 1, 1, 1, 1, 'b', 't', 'n', 1, 'f', 'r', 1, 1,
	[0x10] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['"'] = '"', ['\\'] = '\\', [0x7f] = 1,
};

static void
json_chars(struct text *t, const char *s, size_t len)	/* valid UTF-8 */
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		char e = json_escape[c];

		if (e == 0)
			continue;
		text_put(t, s + from, i - from);
		from = i + 1;
		if (e == 1) {
			text_printf(t, "\\u%04x", c);
		} else {
			text_putc(t, '\\');
			text_putc(t, e);
		}
	}
	text_put(t, s + from, len - from);
}

void
json_string(struct text *t, const char *s, size_t len)
{
	json_comma(t);
	text_putc(t, '"');
	while (len > 0) {
		size_t ok = utf8_valid_len(s, len);

		json_chars(t, s, ok);
		s += ok;
		len -= ok;
		if (len > 0) {
			text_puts(t, "\xef\xbf\xbd");
			s++;
			len--;
		}
	}
	text_putc(t, '"');
}

void
json_raw(struct text *t, const char *s, size_t len)
{
	json_comma(t);
	text_put(t, s, len);
}

void
json_kstr(struct text *t, const char *key, const char *s)
{
	json_key(t, key);
	if (s == NULL)
		text_puts(t, "null");
	else
		json_string(t, s, strlen(s));
}

void
json_kint(struct text *t, const char *key, int64_t v)
{
	char digits[20];		/* not by printf: counts are most of a message */
	uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left != 0);
	if (v < 0)
		digits[--at] = '-';
	json_key(t, key);
	text_put(t, digits + at, sizeof digits - at);
}

void
json_kbool(struct text *t, const char *key, bool v)
{
	json_key(t, key);
	text_puts(t, v ? "true" : "false");
}

void
json_kdouble(struct text *t, const char *key, double v, int decimals)
{
	json_key(t, key);
	text_printf(t, "%.*f", decimals, isfinite(v) ? v : 0.0);
}

void
json_ktime(struct text *t, const char *key, int64_t wall_ms)
{
	char iso[CLOCK_ISO_BYTES];

	if (wall_ms == 0) {
		json_kstr(t, key, NULL);
		return;
	}
	clock_iso(iso, wall_ms);
	json_kstr(t, key, iso);
}
