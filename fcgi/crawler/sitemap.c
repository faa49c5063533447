#include "config.h"

#include "crawler/sitemap.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#define ZLIB_CONST
#include <zlib.h>

#include "shared/clock.h"
#include "shared/progress_row.h"
#include "shared/slice.h"

struct xml {				/* where the scanner is */
	const char *p, *end;
};

struct tag {
	struct slice prefix, name;	/* of prefix:name */
	bool close, empty;		/* </x>, <x/> */
};

/* -- XML, as far as needed --------------------------------------------------- */

static const char *
find(const char *p, const char *end, const char *word)
{
	return memmem(p, (size_t)(end - p), word, strlen(word));
}

static bool
begins(const struct xml *x, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(x->end - x->p) >= n && memcmp(x->p, word, n) == 0;
}

static bool
skip_past(struct xml *x, const char *word)
{
	const char *at = find(x->p, x->end, word);

	x->p = at != NULL ? at + strlen(word) : x->end;
	return at != NULL;
}

static bool
read_tag(struct xml *x, struct tag *t)	/* x is at '<' */
{
	const char *p = x->p + 1, *start;
	char quote = 0;

	*t = (struct tag){ .close = p < x->end && *p == '/' };
	p += t->close;
	start = p;
	while (p < x->end && !isspace((unsigned char)*p) && *p != '>' && *p != '/' && *p != '<')
		p++;
	t->name = (struct slice){ start, (size_t)(p - start) };
	for (const char *c = start; c < p; c++)
		if (*c == ':') {
			t->prefix = (struct slice){ start, (size_t)(c - start) };
			t->name = (struct slice){ c + 1, (size_t)(p - c - 1) };
			break;
		}
	for (; p < x->end && (quote != 0 || *p != '>'); p++) {	/* attributes may hold '>' */
		if (quote != 0)
			quote = *p == quote ? 0 : quote;
		else if (*p == '"' || *p == '\'')
			quote = *p;
	}
	if (p == x->end)
		return false;
	t->empty = p[-1] == '/';
	x->p = p + 1;
	return true;
}

/* The next element's tag; comments, declarations, instructions and text are passed over. */
static bool
next_tag(struct xml *x, struct tag *t)
{
	while ((x->p = memchr(x->p, '<', (size_t)(x->end - x->p))) != NULL) {
		if (begins(x, "<!--")) {
			if (!skip_past(x, "-->"))
				return false;
		} else if (begins(x, "<![CDATA[")) {
			if (!skip_past(x, "]]>"))
				return false;
		} else if (begins(x, "<?") || begins(x, "<!")) {
			if (!skip_past(x, ">"))
				return false;
		} else {
			return read_tag(x, t);
		}
	}
	x->p = x->end;
	return false;
}

static size_t
put_utf8(char out[4], unsigned long c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The entity at s ("&amp;"): its bytes to out, how many it took from s; 0 when it is none. */
static size_t
entity(const char *s, size_t len, char out[4], size_t *n)
{
	static const struct { const char *name; char c; } named[] = {
		{ "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' },
	};
	unsigned long c = 0;
	unsigned base = 10;
	size_t i = 2;

	for (size_t k = 0; k < sizeof named / sizeof named[0]; k++)
		if (len >= strlen(named[k].name) && memcmp(s, named[k].name, strlen(named[k].name)) == 0) {
			out[0] = named[k].c;
			*n = 1;
			return strlen(named[k].name);
		}
	if (len < 4 || s[1] != '#')
		return 0;
	if (s[2] == 'x') {
		base = 16;
		i = 3;
	}
	for (; i < len && i < 12 && s[i] != ';'; i++) {
		int d = isdigit((unsigned char)s[i]) ? s[i] - '0' :
		    base == 16 && isxdigit((unsigned char)s[i]) ? tolower((unsigned char)s[i]) - 'a' + 10 : -1;

		if (d < 0)
			return 0;
		c = c * base + (unsigned)d;
	}
	if (i >= len || s[i] != ';' || c == 0 || c > 0x10ffff)
		return 0;
	*n = put_utf8(out, c);
	return i + 1;
}

/* The text up to the next tag, decoded; too long a text gives none. */
static size_t
read_text(struct xml *x, char *out, size_t size)
{
	size_t n = 0, k = 0, took;
	char c[4];

	while (x->p < x->end && n < size) {
		if (begins(x, "<![CDATA[")) {
			const char *from = x->p + 9, *to = find(from, x->end, "]]>");

			if (to == NULL)
				break;
			if ((size_t)(to - from) > size - n)
				return 0;
			memcpy(out + n, from, (size_t)(to - from));
			n += (size_t)(to - from);
			x->p = to + 3;
		} else if (begins(x, "<!--")) {
			if (!skip_past(x, "-->"))
				break;
		} else if (*x->p == '<') {
			break;
		} else if (*x->p == '&' && (took = entity(x->p, (size_t)(x->end - x->p), c, &k)) > 0) {
			if (k > size - n)
				return 0;
			memcpy(out + n, c, k);
			n += k;
			x->p += took;
		} else {
			out[n++] = *x->p++;
		}
	}
	return n < size ? n : 0;
}

/* -- XML sitemaps ---------------------------------------------------------- */

enum sitemap_kind
sitemap_sniff(const char *body, size_t len)
{
	struct xml x = { body, body + len };
	struct tag t;

	if (len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0)
		x.p += 3;
	while (x.p < x.end && isspace((unsigned char)*x.p))
		x.p++;
	if (x.p == x.end || *x.p != '<' || !next_tag(&x, &t) || t.close)
		return SITEMAP_NONE;
	if (slice_is(t.name, "urlset"))
		return SITEMAP_URLSET;
	return slice_is(t.name, "sitemapindex") ? SITEMAP_INDEX : SITEMAP_NONE;
}

/* Two digits at *p behind mark (0: none), moved past; -1: not so. */
static int
two_digits(const char **p, const char *end, char mark)
{
	const char *s = *p + (mark != 0);

	if (end - s < 2 || (mark != 0 && **p != mark) || !isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]))
		return -1;
	*p = s + 2;
	return (s[0] - '0') * 10 + s[1] - '0';
}

static bool
read_zone(const char **p, const char *end, int *minutes)	/* Z, +hh:mm, -hhmm or nothing */
{
	int sign, h, m;

	if (*p < end && (**p == 'Z' || **p == 'z')) {
		(*p)++;
	} else if (*p < end && (**p == '+' || **p == '-')) {
		sign = **p == '-' ? -1 : 1;
		h = two_digits(p, end, **p);
		m = two_digits(p, end, *p < end && **p == ':' ? ':' : 0);
		if (h < 0 || h > 23 || m < 0 || m > 59)
			return false;
		*minutes = sign * (h * 60 + m);
	}
	return true;
}

uint32_t
w3c_date_s(struct slice s)
{
	const char *p = s.p, *end = s.p + s.len;
	int century, year, month = 1, day = 1, hour = 0, minute = 0, second = 0, zone_minutes = 0;
	char iso[96];			/* as long as gcc fears */
	int64_t ms, at_s;

	while (p < end && isspace((unsigned char)*p))
		p++;
	while (end > p && isspace((unsigned char)end[-1]))
		end--;
	century = two_digits(&p, end, 0);
	year = two_digits(&p, end, 0);
	if (century < 0 || year < 0)
		return 0;
	if (p < end && (month = two_digits(&p, end, '-')) > 0 && p < end && *p == '-')
		day = two_digits(&p, end, '-');
	if (p < end && (*p == 'T' || *p == 't' || *p == ' ')) {
		hour = two_digits(&p, end, *p);
		minute = two_digits(&p, end, ':');
		if (p < end && *p == ':')
			second = two_digits(&p, end, ':');
		if (p < end && *p == '.')
			for (p++; p < end && isdigit((unsigned char)*p); p++)
				continue;
		if (!read_zone(&p, end, &zone_minutes))
			return 0;
	}
	if (p != end || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0)
		return 0;
	(void)snprintf(iso, sizeof iso, "%02d%02d-%02d-%02dT%02d:%02d:%02dZ", century, year, month, day, hour, minute, second);
	if (!clock_iso_parse(iso, strlen(iso), &ms))
		return 0;
	at_s = ms / 1000 - zone_minutes * 60;
	return at_s > 0 && at_s <= UINT32_MAX ? (uint32_t)at_s : 0;
}

struct entry {				/* of <url> or <sitemap> */
	char	 url[ROW_URL_BYTES], date[64];
	size_t	 url_len, date_len;	/* url_len 0: has none (yet) */
};

static int
entry_put(struct entry *e, int *n, sitemap_f *f, void *arg)
{
	int rc = 0;

	if (e->url_len > 0) {
		rc = f(e->url, e->url_len, w3c_date_s((struct slice){ e->date, e->date_len }), arg);
		(*n)++;
	}
	e->url_len = e->date_len = 0;
	return rc;
}

int
sitemap_each(const char *xml, size_t len, sitemap_f *f, void *arg)
{
	struct xml x = { xml, xml + len };
	struct slice ns = { NULL, 0 };	/* the root's prefix: image:loc is not ours */
	bool root = true, inside = false;
	struct entry e;
	int n = 0, rc;
	struct tag t;

	e.url_len = e.date_len = 0;
	while (n < SITEMAP_MAX_URLS && next_tag(&x, &t)) {
		if (root) {
			ns = t.prefix;
			root = false;
			continue;
		}
		if (t.prefix.len != ns.len || (ns.len > 0 && memcmp(t.prefix.p, ns.p, ns.len) != 0))
			continue;
		if (slice_is(t.name, "url") || slice_is(t.name, "sitemap")) {
			if ((rc = entry_put(&e, &n, f, arg)) != 0)
				return rc;
			inside = !t.close && !t.empty;
		} else if (!inside || t.close || t.empty) {
			continue;
		} else if (slice_is(t.name, "loc")) {
			if (e.url_len > 0 && (rc = entry_put(&e, &n, f, arg)) != 0)	/* a second one */
				return rc;
			e.url_len = read_text(&x, e.url, sizeof e.url);
		} else if (slice_is(t.name, "lastmod")) {
			e.date_len = read_text(&x, e.date, sizeof e.date);
		}
	}
	if (n < SITEMAP_MAX_URLS && (rc = entry_put(&e, &n, f, arg)) != 0)	/* cut off */
		return rc;
	return n;
}

/* -- text lists ------------------------------------------------------------ */

static bool
next_line(struct xml *x, struct slice *line)	/* not blank, trimmed, no comment */
{
	while (x->p < x->end) {
		const char *eol = memchr(x->p, '\n', (size_t)(x->end - x->p)), *p = x->p, *q;

		q = eol != NULL ? eol : x->end;
		x->p = eol != NULL ? eol + 1 : x->end;
		while (p < q && isspace((unsigned char)*p))
			p++;
		while (q > p && isspace((unsigned char)q[-1]))
			q--;
		if (p == q || *p == '#')
			continue;
		*line = (struct slice){ p, (size_t)(q - p) };
		return true;
	}
	return false;
}

static bool
is_absolute_url(struct slice line)
{
	bool https = line.len > 8 && strncasecmp(line.p, "https://", 8) == 0;

	if (!https && !(line.len > 7 && strncasecmp(line.p, "http://", 7) == 0))
		return false;
	for (size_t i = 0; i < line.len; i++)
		if (isspace((unsigned char)line.p[i]))
			return false;
	return true;
}

static struct xml
lines_of(const char *txt, size_t len)
{
	size_t bom = len >= 3 && memcmp(txt, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	return (struct xml){ txt + bom, txt + len };
}

bool
url_list_sniff(const char *txt, size_t len)
{
	struct xml x = lines_of(txt, len);
	struct slice line;
	bool any = false;

	while (next_line(&x, &line)) {
		if (!is_absolute_url(line))
			return false;
		any = true;
	}
	return any;
}

int
url_list_each(const char *txt, size_t len, sitemap_f *f, void *arg)
{
	struct xml x = lines_of(txt, len);
	struct slice line;
	int n = 0, rc;

	while (n < SITEMAP_MAX_URLS && next_line(&x, &line)) {
		if ((rc = f(line.p, line.len, 0, arg)) != 0)
			return rc;
		n++;
	}
	return n;
}

/* -- gzip ------------------------------------------------------------------ */

bool
gzip_sniff(const void *in, size_t len)
{
	return len >= 18 && memcmp(in, "\x1f\x8b\x08", 3) == 0;
}

int
gunzip(struct text *out, const void *in, size_t len, size_t max_bytes)
{
	unsigned char buf[16384];
	z_stream z = { .next_in = in, .avail_in = (uInt)len };
	int rc = 0, zrc = Z_OK;

	if (len > INT32_MAX)
		return -EMSGSIZE;
	if (inflateInit2(&z, 15 + 16) != Z_OK)		/* 16: a gzip header */
		return -ENOMEM;
	while (rc == 0 && zrc != Z_STREAM_END) {
		size_t n;

		z.next_out = buf;
		z.avail_out = sizeof buf;
		zrc = inflate(&z, Z_NO_FLUSH);
		n = sizeof buf - z.avail_out;
		if ((zrc != Z_OK && zrc != Z_STREAM_END) || (zrc == Z_OK && n == 0))
			rc = zrc == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
		else if (n > max_bytes - out->len)
			rc = -EMSGSIZE;
		else
			text_put(out, buf, n);
	}
	(void)inflateEnd(&z);
	return rc == 0 && out->failed ? -ENOMEM : rc;
}
