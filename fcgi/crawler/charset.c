#include "config.h"

#include "crawler/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum {
	SNIFF_BYTES = 1024,		/* where the HTML Standard looks for meta */
	LABEL_BYTES = 40,
	OUT_BYTES = 16 * 1024,
};

/* Labels whose meaning on the web is not what iconv(3) takes them for. */
static const struct { const char *label, *name; } web_name[] = {
	{ "iso-8859-1", "CP1252" }, { "iso8859-1", "CP1252" }, { "iso88591", "CP1252" }, { "latin1", "CP1252" },
	{ "l1", "CP1252" }, { "ascii", "CP1252" }, { "us-ascii", "CP1252" }, { "windows-1252", "CP1252" },
	{ "x-cp1252", "CP1252" }, { "iso-8859-9", "CP1254" }, { "latin5", "CP1254" }, { "iso-8859-11", "CP874" },
	{ "tis-620", "CP874" }, { "gb2312", "GB18030" }, { "gbk", "GB18030" }, { "x-gbk", "GB18030" },
	{ "gb_2312-80", "GB18030" }, { "ks_c_5601-1987", "CP949" }, { "euc-kr", "CP949" }, { "korean", "CP949" },
	{ "shift_jis", "CP932" }, { "shift-jis", "CP932" }, { "sjis", "CP932" }, { "x-sjis", "CP932" },
	{ "windows-31j", "CP932" }, { "big5", "BIG5-HKSCS" }, { "x-x-big5", "BIG5-HKSCS" }, { "macintosh", "MACINTOSH" },
	{ "unicode", "UTF-16LE" }, { "utf-16", "UTF-16LE" }, { "ucs-2", "UTF-16LE" }, { "iso-10646-ucs-2", "UTF-16LE" },
	{ "utf8", "UTF-8" }, { "unicode-1-1-utf-8", "UTF-8" }, { "x-user-defined", "CP1252" },
};

struct label {
	char text[LABEL_BYTES];		/* "" when there is none */
};

static void
set_label(struct label *l, const char *p, size_t len)
{
	while (len > 0 && ((unsigned char)*p <= ' ' || *p == '"' || *p == '\''))
		p++, len--;
	while (len > 0 && ((unsigned char)p[len - 1] <= ' ' || p[len - 1] == '"' || p[len - 1] == '\''))
		len--;
	l->text[0] = '\0';
	if (len >= LABEL_BYTES)
		return;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c <= ' ' || c >= 127 || c == '/') {	/* iconv would take "x//IGNORE" for an order */
			l->text[0] = '\0';
			return;
		}
		l->text[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	l->text[len] = '\0';
	if (len > 0)
		for (size_t i = 0; i < sizeof web_name / sizeof web_name[0]; i++)
			if (strcmp(l->text, web_name[i].label) == 0) {
				memccpy(l->text, web_name[i].name, '\0', LABEL_BYTES);
				return;
			}
}

/* -- meta ------------------------------------------------------------------ */

static const char *
find_any_case(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	for (; (size_t)(end - p) >= n; p++)
		if (strncasecmp(p, word, n) == 0)
			return p;
	return NULL;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* "charset = x" within a tag, as an attribute or in that of http-equiv. */
static bool
charset_in(const char *p, const char *end, struct label *l)
{
	while ((p = find_any_case(p, end, "charset")) != NULL) {
		const char *start;
		char quote = 0;

		for (p += 7; p < end && is_space(*p); p++)
			;
		if (p == end || *p != '=')
			continue;
		for (p++; p < end && is_space(*p); p++)
			;
		if (p < end && (*p == '"' || *p == '\''))
			quote = *p++;
		for (start = p; p < end && (quote != 0 ? *p != quote : !is_space(*p) && *p != ';' && *p != '"' &&
		    *p != '\'' && *p != '/'); p++)
			;
		set_label(l, start, (size_t)(p - start));
		return l->text[0] != '\0';
	}
	return false;
}

static void
sniff_meta(const char *in, size_t len, struct label *l)
{
	const char *p = in, *end = in + (len < SNIFF_BYTES ? len : SNIFF_BYTES);

	while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		if (end - p > 4 && memcmp(p, "<!--", 4) == 0) {
			if ((p = memmem(p, (size_t)(end - p), "-->", 3)) == NULL)
				return;
		} else if (end - p > 6 && strncasecmp(p, "<meta", 5) == 0 && (is_space(p[5]) || p[5] == '/')) {
			const char *close = memchr(p, '>', (size_t)(end - p));

			if (charset_in(p + 5, close != NULL ? close : end, l)) {
				if (strncmp(l->text, "UTF-16", 6) == 0)	/* it could not have been read */
					memcpy(l->text, "UTF-8", 6);
				return;
			}
		}
		p++;
	}
}

/* <?xml version="1.0" encoding="x"?> */
static void
sniff_xml(const char *in, size_t len, struct label *l)
{
	const char *end, *p;
	char quote;

	if (len < 6 || memcmp(in, "<?xml ", 6) != 0)
		return;
	end = memchr(in, '>', len < 200 ? len : 200);
	if (end == NULL || (p = find_any_case(in, end, "encoding=")) == NULL || p + 10 >= end)
		return;
	p += 9;
	quote = *p++;
	if ((quote == '"' || quote == '\'') && (end = memchr(p, quote, (size_t)(end - p))) != NULL)
		set_label(l, p, (size_t)(end - p));
}

static bool
is_wide(const char *label)
{
	return strcasecmp(label, "UTF-16LE") == 0 || strcasecmp(label, "UTF-16BE") == 0;	/* set_label() knows the other names */
}

/* Which UTF-16 its byte order mark says it is; NULL: it has none. */
static const char *
wide_mark(const char *in, size_t len)
{
	if (len < 2 || (memcmp(in, "\xff\xfe", 2) != 0 && memcmp(in, "\xfe\xff", 2) != 0))
		return NULL;
	return in[0] == '\xff' ? "UTF-16LE" : "UTF-16BE";
}

bool
charset_is_wide(const char *in, size_t len, const char *header_charset)
{
	struct label l = { "" };

	if (wide_mark(in, len) != NULL)
		return true;
	set_label(&l, header_charset, strlen(header_charset));
	return is_wide(l.text);
}

/* -- conversion ------------------------------------------------------------ */

static int
convert(struct text *out, const char *in, size_t len, const char *from)
{
	iconv_t cd = iconv_open("UTF-8", from);
	char buf[OUT_BYTES];
	char *src = (char *)(uintptr_t)in;	/* iconv(3) does not write there */
	size_t unit = is_wide(from) ? 2 : 1;

	if (cd == (iconv_t)-1)
		return -EINVAL;
	while (len > 0) {
		char *dst = buf;
		size_t left = sizeof buf, before = len;
		size_t rc = iconv(cd, &src, &len, &dst, &left);
		int err = rc == (size_t)-1 ? errno : 0;

		text_put(out, buf, sizeof buf - left);
		if (err == EILSEQ || err == EINVAL) {	/* a bad sequence, or one cut by the end */
			text_puts(out, "\xef\xbf\xbd");
			src += len < unit ? len : unit;
			len -= len < unit ? len : unit;
			(void)iconv(cd, NULL, NULL, NULL, NULL);
		} else if (err != 0 && err != E2BIG) {
			break;
		} else if (len == before) {
			break;			/* no progress: it will not come */
		}
	}
	(void)iconv_close(cd);
	return 0;
}

static void
repair(struct text *out, const char *in, size_t len)	/* UTF-8, its bad bytes replaced */
{
	while (len > 0) {
		size_t good = utf8_valid_len(in, len);

		text_put(out, in, good);
		in += good;
		len -= good;
		if (len == 0)
			return;
		text_puts(out, "\xef\xbf\xbd");
		do {				/* one mark for a sequence, however long it was to be */
			in++;
			len--;
		} while (len > 0 && ((unsigned char)*in & 0xc0) == 0x80);
	}
}

static int
done(const struct text *out)
{
	return out->failed ? -ENOMEM : 0;
}

int
charset_to_utf8(struct text *out, const char *in, size_t len, const char *header_charset, int is_html)
{
	struct label l = { "" };
	const char *wide;

	if (len >= 3 && memcmp(in, "\xef\xbb\xbf", 3) == 0) {
		repair(out, in + 3, len - 3);
		return done(out);
	}
	if ((wide = wide_mark(in, len)) != NULL) {
		(void)convert(out, in + 2, len - 2, wide);
		return done(out);
	}
	if (header_charset != NULL)
		set_label(&l, header_charset, strlen(header_charset));
	if (l.text[0] == '\0' && is_html)
		sniff_meta(in, len, &l);
	if (l.text[0] == '\0')
		sniff_xml(in, len, &l);
	if (l.text[0] == '\0' || strcasecmp(l.text, "utf-8") == 0) {
		if (utf8_valid_len(in, len) == len)
			return 1;
		if (l.text[0] != '\0') {
			repair(out, in, len);
			return done(out);
		}
		(void)convert(out, in, len, "CP1252");
		return done(out);
	}
	if (convert(out, in, len, l.text) < 0) {	/* a label nobody knows: as if it had none */
		if (utf8_valid_len(in, len) == len)
			return 1;
		(void)convert(out, in, len, "CP1252");
	}
	return done(out);
}
