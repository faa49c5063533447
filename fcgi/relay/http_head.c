#include "config.h"

#include "relay/http_head.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static bool
is_token_char(char c)		/* RFC 9110, 5.6.2 */
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_token(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.len > 0;
}

bool
slice_is_nocase(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.p, b.p, a.len) == 0);
}

struct slice
slice_trim(struct slice s)
{
	while (s.len > 0 && (*s.p == ' ' || *s.p == '\t'))
		s.p++, s.len--;
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

struct slice
slice_split(struct slice *rest, char c)
{
	const char *at = rest->len > 0 ? memchr(rest->p, c, rest->len) : NULL;
	struct slice first = *rest;

	if (at == NULL) {
		*rest = (struct slice){ rest->p + rest->len, 0 };
		return first;
	}
	first.len = (size_t)(at - rest->p);
	rest->p = at + 1;
	rest->len -= first.len + 1;
	return first;
}

static bool
target_parse(struct slice target, struct http_head *h)
{
	static const char scheme[] = "http://";

	if (target.len > sizeof scheme - 1 && strncasecmp(target.p, scheme, sizeof scheme - 1) == 0) {
		/* absolute form: servers must take it (RFC 9112, 3.2.2) */
		const char *from = target.p + sizeof scheme - 1, *end = target.p + target.len;
		const char *slash = memchr(from, '/', (size_t)(end - from));

		if (slash == NULL)
			return false;
		target = (struct slice){ slash, (size_t)(end - slash) };
	}
	if (target.len == 0 || target.p[0] != '/')
		return false;
	for (size_t i = 0; i < target.len; i++)
		if (target.p[i] <= ' ' || target.p[i] > '~')
			return false;
	h->query = target;
	h->path = slice_split(&h->query, '?');
	return true;
}

static bool
request_line_parse(struct slice line, struct http_head *h)
{
	struct slice target;

	h->method = slice_split(&line, ' ');
	target = slice_split(&line, ' ');
	if (!is_token(h->method) || !target_parse(target, h))
		return false;
	if (line.len != 8 || memcmp(line.p, "HTTP/1.", 7) != 0 || line.p[7] < '0' || line.p[7] > '9')
		return false;
	h->minor = (unsigned)(line.p[7] - '0');
	return true;
}

static bool
field_parse(struct slice line, struct http_field *f)
{
	if (memchr(line.p, ':', line.len) == NULL)
		return false;
	f->name = slice_split(&line, ':');
	f->value = slice_trim(line);
	if (!is_token(f->name))
		return false;
	for (size_t i = 0; i < f->value.len; i++) {
		unsigned char c = (unsigned char)f->value.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

int
http_head_parse(const void *buf, size_t len, struct http_head *h)
{
	struct slice rest = { buf, len < HEAD_BYTES_MAX ? len : HEAD_BYTES_MAX };
	const char *end;

	if (len > 0 && !is_token_char(rest.p[0]))
		return -EBADMSG;	/* TLS, an empty line, noise: no need to wait for more */
	if (len == 0 || (end = memmem(rest.p, rest.len, "\r\n\r\n", 4)) == NULL)
		return len >= HEAD_BYTES_MAX ? -EMSGSIZE : -EAGAIN;
	rest.len = (size_t)(end - rest.p) + 2;	/* each line with its CRLF */
	memset(h, 0, offsetof(struct http_head, field));
	h->head_bytes = rest.len + 2;

	for (bool first = true; rest.len > 0; first = false) {
		struct slice line = slice_split(&rest, '\n');

		if (line.len == 0 || line.p[--line.len] != '\r' || memchr(line.p, '\r', line.len) != NULL)
			return -EBADMSG;
		if (first) {
			if (!request_line_parse(line, h))
				return -EBADMSG;
			continue;
		}
		if (h->n_fields == HEAD_FIELDS_MAX)
			return -EMSGSIZE;
		if (line.len == 0 || !field_parse(line, &h->field[h->n_fields++]))
			return -EBADMSG;
	}
	return 0;
}

struct slice
http_field(const struct http_head *h, const char *name, unsigned *count)
{
	struct slice found = { NULL, 0 };
	unsigned n = 0;

	for (unsigned i = 0; i < h->n_fields; i++)
		if (slice_is_nocase(h->field[i].name, slice_of(name)) && n++ == 0)
			found = h->field[i].value;
	if (count != NULL)
		*count = n;
	return found;
}

bool
http_field_has(const struct http_head *h, const char *name, const char *token)
{
	for (unsigned i = 0; i < h->n_fields; i++) {
		struct slice list = h->field[i].value;

		if (!slice_is_nocase(h->field[i].name, slice_of(name)))
			continue;
		while (list.len > 0)
			if (slice_is_nocase(slice_trim(slice_split(&list, ',')), slice_of(token)))
				return true;
	}
	return false;
}
