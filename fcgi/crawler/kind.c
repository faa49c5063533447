#include "config.h"

#include "crawler/kind.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "crawler/sitemap.h"

enum { SNIFF_BYTES = 1024 };

static bool
type_is(const char *type, const char *word)	/* without the parameters */
{
	size_t n = strlen(word);

	return strncasecmp(type, word, n) == 0 &&
	    (type[n] == '\0' || type[n] == ';' || isspace((unsigned char)type[n]));
}

static bool
type_ends(const char *type, const char *word)
{
	size_t len = strcspn(type, "; \t"), n = strlen(word);

	return len > n && strncasecmp(type + len - n, word, n) == 0;
}

static bool
path_ends(struct slice path, const char *word)
{
	size_t n = strlen(word);

	return path.len >= n && strncasecmp(path.p + path.len - n, word, n) == 0;
}

static bool
is_markdown_path(struct slice path)
{
	return path_ends(path, ".md") || path_ends(path, ".markdown") || path_ends(path, ".mdx") ||
	    kind_is_link_list(path) || kind_is_whole(path);
}

static bool
looks_like_html(const char *body, size_t len)
{
	static const char *const starts[] = { "<!doctype html", "<html", "<head", "<body" };
	size_t at = len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	for (;;) {
		while (at < len && isspace((unsigned char)body[at]))
			at++;
		for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
			if (len - at >= strlen(starts[i]) && strncasecmp(body + at, starts[i], strlen(starts[i])) == 0)
				return true;
		if (len - at >= 4 && memcmp(body + at, "<!--", 4) == 0) {
			const char *to = memmem(body + at, len - at, "-->", 3);

			if (to == NULL)
				return false;
			at = (size_t)(to - body) + 3;
		} else if (len - at >= 5 && memcmp(body + at, "<?xml", 5) == 0) {
			const char *to = memchr(body + at, '>', len - at);

			if (to == NULL)
				return false;
			at = (size_t)(to - body) + 1;
		} else {
			return false;
		}
	}
}

static enum kind
text_kind(struct slice path, const char *body, size_t len)
{
	if (is_markdown_path(path))
		return KIND_MARKDOWN;
	return url_list_sniff(body, len) ? KIND_URL_LIST : KIND_PLAIN;
}

bool
kind_is_foreign(const char *type)
{
	static const char *const major[] = { "image/", "audio/", "video/", "font/" };
	static const char *const whole[] = {
		"application/pdf", "application/zip", "application/javascript", "application/json",
		"application/wasm", "application/x-tar", "application/epub+zip", "text/css",
		"text/javascript", "text/csv", "application/rss+xml", "application/atom+xml",
	};

	if (type == NULL)
		return false;
	for (size_t i = 0; i < sizeof major / sizeof major[0]; i++)
		if (strncasecmp(type, major[i], strlen(major[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
		if (type_is(type, whole[i]))
			return true;
	return false;
}

enum kind
kind_of(const char *type, struct slice path, const char *body, size_t len)
{
	if (type == NULL)
		type = "";
	if (kind_is_foreign(type))
		return KIND_OTHER;
	if (gzip_sniff(body, len))
		return KIND_GZIP;
	if (sitemap_sniff(body, len) != SITEMAP_NONE)
		return KIND_SITEMAP;
	if (type_is(type, "text/html") || type_is(type, "application/xhtml+xml"))
		return KIND_PAGE;
	if (type_is(type, "text/markdown") || type_is(type, "text/x-markdown"))
		return KIND_MARKDOWN;
	if (type_is(type, "text/plain"))
		return text_kind(path, body, len);
	if (looks_like_html(body, len))
		return KIND_PAGE;
	if (type_is(type, "text/xml") || type_is(type, "application/xml") || type_ends(type, "+xml"))
		return KIND_OTHER;
	if (strncasecmp(type, "text/", 5) == 0)
		return text_kind(path, body, len);
	/* No type, or application/octet-stream, which servers send for names they do not know. */
	if ((*type == '\0' || type_is(type, "application/octet-stream")) &&
	    memchr(body, '\0', len < SNIFF_BYTES ? len : SNIFF_BYTES) == NULL &&
	    (*type == '\0' || is_markdown_path(path) || path_ends(path, ".txt") || path_ends(path, ".rst")))
		return text_kind(path, body, len);
	return KIND_OTHER;
}

void
kind_charset(char *out, size_t size, const char *type)
{
	const char *p = type != NULL ? type : "";
	size_t n = 0;

	while ((p = strchr(p, ';')) != NULL) {
		p++;
		p += strspn(p, " \t");
		if (strncasecmp(p, "charset=", 8) != 0)
			continue;
		p += 8;
		p += *p == '"' || *p == '\'';
		n = strcspn(p, "\"'; \t");
		break;
	}
	if (n >= size)
		n = 0;
	if (n > 0)
		memcpy(out, p, n);
	out[n] = '\0';
}

static struct slice
last_segment(struct slice path)
{
	size_t at = path.len;

	while (at > 0 && path.p[at - 1] != '/')
		at--;
	return (struct slice){ path.p + at, path.len - at };
}

bool
kind_is_link_list(struct slice path)
{
	return slice_is(last_segment(path), "llms.txt");
}

bool
kind_is_whole(struct slice path)
{
	return slice_is(last_segment(path), "llms-full.txt");
}
