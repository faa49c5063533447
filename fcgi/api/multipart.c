#include "config.h"

#include "api/multipart.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "shared/slice.h"

enum state {
	PREAMBLE,
	DELIMITED,		/* after a delimiter: what kind was it? */
	CLOSING,		/* after "-": another makes it the last */
	LINE_END,		/* after the delimiter's CR */
	HEAD, DATA,
	EPILOGUE,
	BROKEN,			/* for good */
};

/* -- words ----------------------------------------------------------------- */

static struct slice
blanks_off(struct slice s)
{
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s.p++, s.len--;
	return s;
}

/* Take "name" off the front of s, in any case. */
static bool
take_word(struct slice *s, const char *word)
{
	size_t n = strlen(word);

	if (s->len < n || strncasecmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	s->len -= n;
	return true;
}

/*
 * Take a parameter's value off the front of s, a token or a quoted string, and
 * copy it, cut to fit.  Within quotes only \" and \\ are escapes: old browsers
 * send C:\dir\file.txt as it is.
 */
static void
take_value(struct slice *s, char *out, size_t bytes)
{
	bool quoted = s->len > 0 && s->p[0] == '"';
	size_t i = quoted, n = 0;

	for (; i < s->len; i++) {
		char c = s->p[i];

		if (quoted ? c == '"' : c == ';' || c == ' ' || c == '\t')
			break;
		if (quoted && c == '\\' && i + 1 < s->len && (s->p[i + 1] == '"' || s->p[i + 1] == '\\'))
			c = s->p[++i];
		if (n + 1 < bytes)
			out[n++] = c;
	}
	out[n] = '\0';
	i += quoted && i < s->len;
	s->p += i;
	s->len -= i;
}

/* The next of "; name=value": its name is at the front of s then.  false: no more. */
static bool
next_param(struct slice *s)
{
	const char *semicolon = s->len > 0 ? memchr(s->p, ';', s->len) : NULL;

	if (semicolon == NULL)
		return false;
	s->len -= (size_t)(semicolon + 1 - s->p);
	s->p = semicolon + 1;
	*s = blanks_off(*s);
	return true;
}

static bool
is_boundary_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("'()+_,-./:=? ", c) != NULL);
}

int
multipart_init(struct multipart *m, const char *content_type, const struct multipart_user *user)
{
	struct slice s = slice_of(content_type);
	char boundary[MULTIPART_BOUNDARY_MAX + 2] = "";
	size_t len;

	while (next_param(&s))
		if (take_word(&s, "boundary=")) {
			take_value(&s, boundary, sizeof boundary);
			break;
		}
	len = strlen(boundary);
	if (len == 0 || len > MULTIPART_BOUNDARY_MAX || boundary[len - 1] == ' ')
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (!is_boundary_char(boundary[i]))
			return -EINVAL;
	m->user = *user;
	m->state = PREAMBLE;
	m->matched = 2;			/* the first delimiter may come without a line before it */
	m->head_len = 0;
	m->n_parts = 0;
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary, len + 1);
	m->delimiter_len = len + 4;
	return 0;
}

bool
multipart_is_whole(const struct multipart *m)
{
	return m->state == EPILOGUE;
}

/* -- heads ----------------------------------------------------------------- */

static void
read_disposition(struct slice s, struct multipart_part *part)
{
	while (next_param(&s))
		if (take_word(&s, "name=")) {
			take_value(&s, part->name, sizeof part->name);
		} else if (take_word(&s, "filename=")) {
			take_value(&s, part->file_name, sizeof part->file_name);
			part->is_file = true;
		} else {		/* its value may hold a semicolon */
			char unused[1];
			const char *is = s.len > 0 ? memchr(s.p, '=', s.len) : NULL;

			if (is == NULL)
				continue;
			s.len -= (size_t)(is + 1 - s.p);
			s.p = is + 1;
			take_value(&s, unused, sizeof unused);
		}
}

static int
head_read(struct multipart *m)		/* it is whole: lines, each ended by CR LF, and an empty one */
{
	struct multipart_part part = { .is_file = false };
	struct slice rest = { m->head, m->head_len };
	bool named = false;
	const char *end;

	if (memchr(rest.p, '\0', rest.len) != NULL || ++m->n_parts > MULTIPART_PARTS_MAX)
		return -EBADMSG;
	while ((end = memmem(rest.p, rest.len, "\r\n", 2)) != NULL) {
		struct slice line = { rest.p, (size_t)(end - rest.p) };

		rest.len -= line.len + 2;
		rest.p = end + 2;
		if (!take_word(&line, "content-disposition:"))
			continue;
		line = blanks_off(line);
		if (!take_word(&line, "form-data"))
			return -EBADMSG;
		read_disposition(line, &part);
		named = true;
	}
	return named ? m->user.begin(m->user.arg, &part) : -EBADMSG;
}

static int
head_byte(struct multipart *m, char c)
{
	static const char end[] = "\r\n\r\n";
	size_t n = m->head_len;
	int rc;

	if (n == sizeof m->head)
		return -EBADMSG;
	m->head[n++] = c;
	m->head_len = n;
	if (c != '\n' || !((n == 2 && m->head[0] == '\r') || (n >= 4 && memcmp(m->head + n - 4, end, 4) == 0)))
		return 0;
	if ((rc = head_read(m)) != 0)
		return rc;
	m->head_len = 0;
	m->matched = 0;
	m->state = DATA;
	return 0;
}

/* -- the rest -------------------------------------------------------------- */

static int
give(struct multipart *m, const char *p, size_t len)
{
	return m->state == DATA && len > 0 ? m->user.data(m->user.arg, p, len) : 0;
}

/*
 * Look for the delimiter, which begins with CR and has no other: so what turns
 * out not to be one can only begin again at the byte that did not fit.
 */
static int
seek(struct multipart *m, const char **at, const char *end)
{
	const char *p = *at;
	int rc = 0;

	while (p < end && rc == 0) {
		if (m->matched == 0) {
			const char *cr = memchr(p, '\r', (size_t)(end - p));

			rc = give(m, p, (size_t)((cr != NULL ? cr : end) - p));
			p = cr != NULL ? cr + 1 : end;
			m->matched = cr != NULL;
		} else if (*p == m->delimiter[m->matched]) {
			p++;
			if (++m->matched < m->delimiter_len)
				continue;
			rc = m->state == DATA ? m->user.end(m->user.arg) : 0;
			m->state = DELIMITED;
			break;
		} else {		/* p is looked at again */
			rc = give(m, m->delimiter, m->matched);
			m->matched = 0;
		}
	}
	*at = p;
	return rc;
}

static int
between_byte(struct multipart *m, char c)	/* what follows a delimiter on its line */
{
	switch (m->state) {
	case DELIMITED:
		if (c == ' ' || c == '\t')
			return 0;
		m->state = c == '-' ? CLOSING : c == '\r' ? LINE_END : BROKEN;
		break;
	case CLOSING:
		m->state = c == '-' ? EPILOGUE : BROKEN;
		break;
	default:
		m->state = c == '\n' ? HEAD : BROKEN;
	}
	return m->state == BROKEN ? -EBADMSG : 0;
}

int
multipart_feed(struct multipart *m, const char *p, size_t len)
{
	const char *end = p + len;
	int rc = 0;

	while (p < end && rc == 0)
		switch (m->state) {
		case PREAMBLE:
		case DATA:
			rc = seek(m, &p, end);
			break;
		case HEAD:
			rc = head_byte(m, *p++);
			break;
		case EPILOGUE:
			return 0;
		case BROKEN:
			return -EBADMSG;
		default:
			rc = between_byte(m, *p++);
		}
	if (rc != 0)
		m->state = BROKEN;
	return rc;
}
