#include "config.h"

#include "ctl/log_line.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static size_t
sequence_len(const char *s, size_t len)		/* a terminal sequence at s: ECMA-48, 5.4; len >= 1 */
{
	size_t n = 2;

	if (len < 2)
		return 1;
	if (s[1] == ']') {			/* to the operator: up to BEL or ESC \ */
		while (n < len && s[n] != '\a' && s[n] != '\033')
			n++;
		return n < len && s[n] == '\033' ? (n + 2 < len ? n + 2 : len) : n < len ? n + 1 : len;
	}
	if (s[1] != '[')
		return 2;
	while (n < len && (s[n] < '@' || s[n] > '~'))
		n++;
	return n < len ? n + 1 : len;
}

static size_t
clean(char *s, size_t len)			/* what is left */
{
	size_t to = 0;

	for (size_t i = 0; i < len; ) {
		if (s[i] == '\033') {
			i += sequence_len(s + i, len - i);
			continue;
		}
		s[to++] = s[i] == '\0' ? ' ' : s[i];
		i++;
	}
	while (to > 0 && isspace((unsigned char)s[to - 1]))
		to--;
	return to;
}

static bool
bracketed(struct slice *s, enum ring_level *level)
{
	const char *end = s->len > 0 && s->p[0] == '[' ? memchr(s->p, ']', s->len) : NULL;
	struct slice rest;

	if (end == NULL || !ring_level_parse((struct slice){ s->p + 1, (size_t)(end - s->p - 1) }, level))
		return false;
	rest = (struct slice){ end + 1, s->len - (size_t)(end + 1 - s->p) };
	while (rest.len > 0 && isspace((unsigned char)rest.p[0])) {
		rest.p++;
		rest.len--;
	}
	if (rest.len > 0)			/* else the word is all there is to say */
		*s = rest;
	return true;
}

static bool
leading(struct slice s, enum ring_level *level)
{
	size_t n = 0;
	bool upper = true, colon;

	while (n < s.len && isalpha((unsigned char)s.p[n])) {
		upper &= isupper((unsigned char)s.p[n]) != 0;
		n++;
	}
	if (n < s.len && (isdigit((unsigned char)s.p[n]) || s.p[n] == '_' || (s.p[n] & 0x80) != 0))
		return false;			/* part of a longer word */
	colon = n < s.len && s.p[n] == ':';
	if (!colon && (!upper || (n == 4 && memcmp(s.p, "INFO", 4) == 0)))
		return false;
	return ring_level_parse((struct slice){ s.p, n }, level);
}

static bool
reads_like_a_failure(struct slice s)
{
	static const char *const words[] = { "error", "exception", "traceback", "fail", "fatal", "panic", "critical", "abort" };

	for (size_t at = 0; at < s.len; at++)
		for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
			size_t n = strlen(words[i]);

			if (s.len - at >= n && strncasecmp(s.p + at, words[i], n) == 0)
				return true;
		}
	return false;
}

bool
log_line_read(char *line, size_t len, bool from_stderr, enum ring_level *level, struct slice *message)
{
	struct slice s = { line, clean(line, len) };

	if (s.len == 0)
		return false;
	if (!bracketed(&s, level) && !leading(s, level))
		*level = from_stderr && reads_like_a_failure(s) ? RING_ERROR : RING_INFO;
	*message = s;
	return true;
}
