#include "config.h"

#include "shared/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#ifdef HAVE_IDN2
#include <idn2.h>
#endif

enum {
	REF_BYTES = 2 * ROW_URL_BYTES,	/* dot segments and credentials may make a reference longer than its URL */
	HOST_MAX = 255,			/* a DNS name has at most 253 bytes */
};

enum encode_set { ENCODE_PATH, ENCODE_QUERY };

struct builder {			/* what becomes *out */
	struct url u;
	size_t	   len;			/* of u.text so far */
	bool	   full;
};

/* -- characters ------------------------------------------------------------ */

static bool
is_slash(char c)			/* special schemes take both for the same */
{
	return c == '/' || c == '\\';
}

static bool
is_ascii_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The percent-encode sets of the standard, section 1.3. */
static bool
must_encode(uint8_t c, enum encode_set set)
{
	if (c <= 0x20 || c > 0x7e || c == '"' || c == '#' || c == '<' || c == '>')
		return true;
	if (set == ENCODE_QUERY)
		return c == '\'';
	return c == '?' || c == '^' || c == '`' || c == '{' || c == '}';
}

/* -- building -------------------------------------------------------------- */

static void
put(struct builder *b, const char *p, size_t len)
{
	if (b->full || len > sizeof b->u.text - 1 - b->len) {
		b->full = true;
		return;
	}
	memcpy(b->u.text + b->len, p, len);
	b->len += len;
}

static void
put_encoded(struct builder *b, const char *p, size_t len, enum encode_set set)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)p[i];

		if (c == '%' && len - i > 2 && hex_value(p[i + 1]) >= 0 && hex_value(p[i + 2]) >= 0) {
			put(b, (char[]){ '%', (char)toupper((unsigned char)p[i + 1]),
			    (char)toupper((unsigned char)p[i + 2]) }, 3);
			i += 2;
		} else if (must_encode(c, set)) {
			put(b, (char[]){ '%', hex[c >> 4], hex[c & 15] }, 3);
		} else {
			put(b, p + i, 1);
		}
	}
}

static int
dots(const char *s, size_t len)		/* 1 for ".", 2 for "..", also as %2e; else 0 */
{
	int n = 0;

	for (size_t i = 0; i < len; n++) {
		if (s[i] == '.')
			i++;
		else if (len - i >= 3 && s[i] == '%' && s[i + 1] == '2' && (s[i + 2] == 'e' || s[i + 2] == 'E'))
			i += 3;
		else
			return 0;
	}
	return n <= 2 ? n : 0;
}

/* Append the segments of path, which has no slash in front, to the path built so far. */
static void
put_path(struct builder *b, const char *path, size_t len)
{
	size_t at = 0, end;

	do {
		for (end = at; end < len && !is_slash(path[end]); end++)
			continue;
		switch (dots(path + at, end - at)) {
		case 2:
			while (b->len > b->u.path_at && b->u.text[--b->len] != '/')
				continue;
			/* FALLTHROUGH */
		case 1:
			if (end == len)
				put(b, "/", 1);
			break;
		default:
			put(b, "/", 1);
			put_encoded(b, path + at, end - at, ENCODE_PATH);
		}
		at = end + 1;
	} while (end < len);
}

/* -- hosts ----------------------------------------------------------------- */

/* One part of an IPv4 address: decimal, 0 octal, 0x hexadecimal. */
static bool
ipv4_number(const char *s, size_t len, uint64_t *out)
{
	unsigned base = 10;
	uint64_t v = 0;

	if (len == 0)
		return false;
	if (len >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
		len -= 2;
	} else if (len >= 2 && s[0] == '0') {
		base = 8;
		s++;
		len--;
	}
	for (size_t i = 0; i < len; i++) {
		int d = hex_value(s[i]);

		if (d < 0 || (unsigned)d >= base)
			return false;
		if (v <= UINT32_MAX)		/* what is too large already stays so */
			v = v * base + (unsigned)d;
	}
	*out = v;
	return true;
}

static bool
ends_in_number(const char *host, size_t len)
{
	size_t at, digits = 0;
	uint64_t v;

	if (len > 0 && host[len - 1] == '.')
		len--;
	for (at = len; at > 0 && host[at - 1] != '.'; at--)
		continue;
	for (size_t i = at; i < len; i++)
		digits += is_ascii_digit(host[i]);
	if (at == len)
		return false;
	return digits == len - at || ipv4_number(host + at, len - at, &v);
}

static int
put_ipv4(struct builder *b, const char *host, size_t len)
{
	uint64_t part[4], address = 0;
	unsigned n = 0;
	char text[16];
	size_t at = 0, end;

	if (len > 0 && host[len - 1] == '.')
		len--;
	do {
		for (end = at; end < len && host[end] != '.'; end++)
			continue;
		if (n == 4 || !ipv4_number(host + at, end - at, &part[n]))
			return -EINVAL;
		n++;
		at = end + 1;
	} while (end < len);
	for (unsigned i = 0; i < n - 1; i++) {
		if (part[i] > 255)
			return -EINVAL;
		address |= part[i] << (8 * (3 - i));
	}
	if (part[n - 1] >= UINT64_C(1) << (8 * (5 - n)))
		return -EINVAL;
	address |= part[n - 1];
	(void)snprintf(text, sizeof text, "%u.%u.%u.%u", (unsigned)(address >> 24) & 255,
	    (unsigned)(address >> 16) & 255, (unsigned)(address >> 8) & 255, (unsigned)address & 255);
	put(b, text, strlen(text));
	return 0;
}

/* Written as the standard says: the first longest run of zeros, if two or more, becomes "::". */
static int
put_ipv6(struct builder *b, const char *host, size_t len)
{
	char text[64];
	uint8_t raw[16];
	uint16_t piece[8];
	int run_at = -1, run_len = 1;

	if (len >= sizeof text)
		return -EINVAL;
	memcpy(text, host, len);
	text[len] = '\0';
	if (memchr(text, '\0', len) != NULL || inet_pton(AF_INET6, text, raw) != 1)
		return -EINVAL;
	for (int i = 0; i < 8; i++)
		piece[i] = (uint16_t)(raw[2 * i] << 8 | raw[2 * i + 1]);
	for (int i = 0, end; i < 8; i = end + 1) {
		for (end = i; end < 8 && piece[end] == 0; end++)
			continue;
		if (end - i > run_len) {
			run_at = i;
			run_len = end - i;
		}
	}
	put(b, "[", 1);
	for (int i = 0; i < 8; i++) {
		if (i == run_at) {
			put(b, i == 0 ? "::" : ":", i == 0 ? 2 : 1);
			i += run_len - 1;
			continue;
		}
		(void)snprintf(text, sizeof text, "%x%s", piece[i], i < 7 ? ":" : "");
		put(b, text, strlen(text));
	}
	put(b, "]", 1);
	return 0;
}

static bool
is_forbidden(char c)			/* in a host, once what is encoded is decoded */
{
	return (uint8_t)c <= 0x20 || c == 0x7f || strchr("#/:<>?@[\\]^|%", c) != NULL;
}

/* Domain to ASCII (section 3.3): a name with letters of other scripts as "xn--...", in place. */
static int
to_ascii(char host[HOST_MAX + 1], size_t *n)
{
#ifdef HAVE_IDN2
	char *ascii = NULL;
	int rc;

	host[*n] = '\0';
	rc = idn2_to_ascii_8z(host, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return rc == IDN2_MALLOC ? -ENOMEM : -EINVAL;
	*n = strlen(ascii);
	rc = *n == 0 || *n > HOST_MAX ? -EINVAL : 0;
	for (size_t i = 0; rc == 0 && i < *n; i++) {
		if ((uint8_t)ascii[i] >= 0x80 || is_forbidden(ascii[i]))	/* such as a wide slash */
			rc = -EINVAL;
		host[i] = ascii[i];
	}
	idn2_free(ascii);
	return rc;
#else
	(void)host;
	(void)n;
	return -EOPNOTSUPP;
#endif
}

static int
put_host(struct builder *b, const char *s, size_t len)
{
	char host[HOST_MAX + 1];
	bool ascii = true;
	size_t n = 0;
	int rc;

	if (len >= 2 && s[0] == '[')
		return s[len - 1] == ']' ? put_ipv6(b, s + 1, len - 2) : -EINVAL;
	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (c == '%' && len - i > 2 && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0) {
			c = (char)(hex_value(s[i + 1]) << 4 | hex_value(s[i + 2]));
			i += 2;
		}
		if (is_forbidden(c) || n == HOST_MAX)
			return -EINVAL;
		ascii &= (uint8_t)c < 0x80;
		host[n++] = (char)tolower((unsigned char)c);
	}
	if (n == 0)
		return -EINVAL;
	if (!ascii && (rc = to_ascii(host, &n)) < 0)
		return rc;
	if (ends_in_number(host, n))
		return put_ipv4(b, host, n);
	put(b, host, n);
	return 0;
}

/* [credentials@]host[:port], without the slashes. */
static int
put_authority(struct builder *b, const char *s, size_t len)
{
	uint32_t port = b->u.https ? 443 : 80, given = 0;
	size_t host_len = len;
	char text[8];
	int rc;

	for (size_t i = len; i > 0; i--)
		if (s[i - 1] == '@') {		/* the last one ends the credentials */
			s += i;
			len -= i;
			break;
		}
	host_len = len;
	for (size_t i = len; i > 0 && s[i - 1] != ']'; i--)
		if (s[i - 1] == ':')
			host_len = i - 1;
	b->u.host_at = (uint16_t)b->len;
	if ((rc = put_host(b, s, host_len)) < 0)
		return rc;
	b->u.host_len = (uint16_t)(b->len - b->u.host_at);
	for (size_t i = host_len + 1; i < len; i++) {
		if (!is_ascii_digit(s[i]) || (given = given * 10 + (uint32_t)(s[i] - '0')) > UINT16_MAX)
			return -EINVAL;
	}
	if (len > host_len + 1 && given != port) {
		port = given;
		(void)snprintf(text, sizeof text, ":%u", (unsigned)port);
		put(b, text, strlen(text));
	}
	b->u.port = (uint16_t)port;
	return 0;
}

/* -- the whole ------------------------------------------------------------- */

/* Control bytes and spaces around, tabs and newlines within, and the fragment go. */
static int
clean(char out[REF_BYTES], const char *ref, size_t len, size_t *n)
{
	size_t at = 0, k = 0;

	while (at < len && (uint8_t)ref[at] <= 0x20)
		at++;
	while (len > at && (uint8_t)ref[len - 1] <= 0x20)
		len--;
	for (; at < len && ref[at] != '#'; at++) {
		if (ref[at] == '\t' || ref[at] == '\n' || ref[at] == '\r')
			continue;
		if (k == REF_BYTES)
			return -EMSGSIZE;
		out[k++] = ref[at];
	}
	*n = k;
	return 0;
}

static size_t
scheme_len(const char *s, size_t len)	/* of "scheme:", colon included; 0 when there is none */
{
	if (len == 0 || !is_ascii_alpha(s[0]))
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (s[i] == ':')
			return i + 1;
		if (!is_ascii_alpha(s[i]) && !is_ascii_digit(s[i]) && s[i] != '+' && s[i] != '-' && s[i] != '.')
			return 0;
	}
	return 0;
}

static bool
word_is(const char *s, size_t len, const char *word)	/* ASCII, in any case */
{
	if (len != strlen(word))
		return false;
	for (size_t i = 0; i < len; i++)
		if (tolower((unsigned char)s[i]) != word[i])
			return false;
	return true;
}

static void
put_base(struct builder *b, const struct url *base, size_t upto)
{
	memcpy(b->u.text, base->text, upto);
	b->len = upto;
	b->u.host_at = base->host_at;
	b->u.host_len = base->host_len;
	b->u.port = base->port;
	b->u.path_at = base->path_at;
}

/* s begins after the scheme; relative: without an authority of its own it takes base's. */
static int
build(struct builder *b, const struct url *base, const char *s, size_t len, bool relative)
{
	size_t end = 0, query, at;
	int rc;

	for (query = 0; query < len && s[query] != '?'; query++)
		continue;
	if (relative && !(query >= 2 && is_slash(s[0]) && is_slash(s[1]))) {
		if (query == 0) {
			put_base(b, base, len == 0 ? base->len : base->query_at);
			b->u.query_at = base->query_at;
			if (len == 0)
				return 0;
		} else if (is_slash(s[0])) {
			put_base(b, base, base->path_at);
			put_path(b, s + 1, query - 1);
		} else {
			for (at = base->query_at; base->text[at - 1] != '/'; at--)
				continue;
			put_base(b, base, at - 1);
			put_path(b, s, query);
		}
	} else {
		while (len > 0 && is_slash(s[0])) {
			s++;
			len--;
			query -= query > 0;
		}
		while (end < query && !is_slash(s[end]))
			end++;
		put(b, b->u.https ? "https://" : "http://", b->u.https ? 8 : 7);
		if ((rc = put_authority(b, s, end)) < 0)
			return rc;
		b->u.path_at = (uint16_t)b->len;
		at = end < query ? end + 1 : end;
		put_path(b, s + at, query - at);
	}
	b->u.query_at = (uint16_t)b->len;
	if (query < len) {
		put(b, "?", 1);
		put_encoded(b, s + query + 1, len - query - 1, ENCODE_QUERY);
	}
	return 0;
}

int
url_resolve(struct url *out, const struct url *base, const char *ref, size_t len)
{
	char s[REF_BYTES];
	struct builder b;
	size_t n, scheme;
	bool relative;
	int rc;

	b.len = 0;			/* b.u.text is filled as far as b.len says */
	b.full = false;
	if (base != NULL && base->len == 0)
		base = NULL;
	if ((rc = clean(s, ref, len, &n)) < 0)
		return rc;
	if ((scheme = scheme_len(s, n)) > 0) {
		if (word_is(s, scheme, "http:"))
			b.u.https = false;
		else if (word_is(s, scheme, "https:"))
			b.u.https = true;
		else
			return -EPROTONOSUPPORT;
		/* "http:x" is relative when the base has the same scheme. */
		relative = base != NULL && base->https == b.u.https &&
		    !(n - scheme >= 2 && s[scheme] == '/' && s[scheme + 1] == '/');
	} else {
		if (base == NULL)
			return -EINVAL;
		b.u.https = base->https;
		relative = true;
	}
	if ((rc = build(&b, base, s + scheme, n - scheme, relative)) < 0)
		return rc;
	if (b.full)
		return -EMSGSIZE;
	b.u.text[b.len] = '\0';
	b.u.len = (uint16_t)b.len;
	memcpy(out->text, b.u.text, b.len + 1);
	out->len = b.u.len;
	out->host_at = b.u.host_at;
	out->host_len = b.u.host_len;
	out->port = b.u.port;
	out->path_at = b.u.path_at;
	out->query_at = b.u.query_at;
	out->https = b.u.https;
	return 0;
}

int
url_parse(struct url *out, const char *s)
{
	return url_resolve(out, NULL, s, strlen(s));
}

/* -- parts ----------------------------------------------------------------- */

struct slice
url_host(const struct url *u)
{
	return (struct slice){ u->text + u->host_at, u->host_len };
}

struct slice
url_path(const struct url *u)
{
	return (struct slice){ u->text + u->path_at, (size_t)(u->query_at - u->path_at) };
}

struct slice
url_origin(const struct url *u)
{
	return (struct slice){ u->text, u->path_at };
}

bool
url_same_origin(const struct url *a, const struct url *b)
{
	return a->path_at == b->path_at && memcmp(a->text, b->text, a->path_at) == 0;
}
