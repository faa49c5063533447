#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crawler/document.h"
#include "crawler/links.h"
#include "crawler/md_lines.h"

enum {
	TITLE_BYTES_MAX = 1000,
	FRONT_BYTES_MAX = 64 * 1024,
	CODE_BYTES_MAX = 4096,		/* inline code is looked for so far, so that a line is read in linear time */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct slice
trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.p[0]))
		s.p++, s.len--;
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* -- links ----------------------------------------------------------------- */

static size_t
bare_url_len(const char *p, size_t len)		/* at "http": up to what cannot belong to it */
{
	size_t n = 0, open = 0;

	while (n < len && (unsigned char)p[n] > ' ' && !strchr("<>\"`\\^{}|", p[n])) {
		open += p[n] == '(';
		if (p[n] == ')' && open-- == 0)
			break;
		n++;
	}
	while (n > 0 && strchr(".,;:!?'*_~]", p[n - 1]) != NULL)
		n--;				/* the sentence's, not the URL's */
	return n;
}

static bool
is_url(const char *p, size_t len)
{
	return (len > 8 && strncasecmp(p, "https://", 8) == 0) || (len > 7 && strncasecmp(p, "http://", 7) == 0);
}

static void
bare_links(struct links *l, struct slice line)
{
	const char *p = line.p, *end = line.p + line.len;

	while (p < end && (p = memmem(p, (size_t)(end - p), "://", 3)) != NULL) {
		const char *start = p;

		while (start > line.p && p - start < 5 && ((start[-1] | 32) >= 'a' && (start[-1] | 32) <= 'z'))
			start--;
		p += 3;
		if (is_url(start, (size_t)(end - start))) {
			size_t n = bare_url_len(start, (size_t)(end - start));

			(void)links_resolve(l, (struct slice){ start, n }, false);
			if (start + n > p)
				p = start + n;
		}
	}
}

/* At '(' of "](...)": the target, in <> or bare, before a title.  Returns where it ends. */
static const char *
inline_target(const char *p, const char *end, struct slice *target)
{
	const char *start;
	unsigned open = 0;

	for (p++; p < end && is_blank(*p); p++)
		;
	if (p < end && *p == '<') {
		for (start = ++p; p < end && *p != '>'; p++)
			;
	} else {
		for (start = p; p < end && (unsigned char)*p > ' ' && !(*p == ')' && open == 0); p++) {
			if (*p == '\\' && p + 1 < end)
				p++;
			else if (*p == '(')
				open++;
			else if (*p == ')')
				open--;
		}
	}
	if (p > end)
		p = end;
	*target = (struct slice){ start, (size_t)(p - start) };
	return p;
}

/* The target of a link, to out: absolute, when it leads anywhere. */
static void
put_target(struct text *out, struct links *l, const struct url *page, struct slice target)
{
	const char *url = links_resolve(l, target, false), *hash = target.len > 0 ? memchr(target.p, '#', target.len) : NULL;

	if (url == NULL && hash == target.p && target.len > 1)
		url = page->text;
	if (url == NULL || is_url(target.p, target.len)) {
		text_put(out, target.p, target.len);
		return;
	}
	for (; *url != '\0'; url++) {
		if (*url == '(' || *url == ')')
			text_putc(out, '\\');
		text_putc(out, *url);
	}
	if (hash != NULL)
		text_put(out, hash, target.len - (size_t)(hash - target.p));
}

static const char *
past_code(const char *p, const char *end)	/* at '`': up to as many ticks, or past these */
{
	const char *ticks = p, *q;
	size_t n, left;

	while (p < end && *p == '`')
		p++;
	n = (size_t)(p - ticks);
	left = (size_t)(end - p) < CODE_BYTES_MAX ? (size_t)(end - p) : CODE_BYTES_MAX;
	if ((q = memmem(p, left, ticks, n)) == NULL)
		return p;
	for (p = q; p < end && *p == '`'; p++)
		;
	return p;
}

static bool
is_definition(struct slice line, const char *bracket)	/* "[name]: target" */
{
	struct slice name = trim((struct slice){ line.p, (size_t)(bracket - line.p) });

	return name.len > 0 && name.p[0] == '[' && bracket[1] == ':';
}

/* Finds the links of a line, and appends it to out with absolute ones.  *open: brackets that are, also from lines before. */
static void
inline_links(struct text *out, struct links *l, const struct url *page, struct slice line, unsigned *open)
{
	const char *p = line.p, *end = line.p + line.len, *copied = p, *next;
	struct slice target;

	while (p < end) {
		switch (*p) {
		case '\\':
			p += 2;
			continue;
		case '`':
			p = past_code(p, end);
			continue;
		case '[':
			++*open;
			p++;
			continue;
		case ']':
			if (*open == 0 || p + 1 == end || (p[1] != '(' && !is_definition(line, p))) {
				*open -= *open > 0;
				p++;
				continue;
			}
			--*open;
			next = inline_target(p + 1, end, &target);
			text_put(out, copied, (size_t)(target.p - copied));
			put_target(out, l, page, target);
			copied = target.p + target.len;
			p = next;
			continue;
		case 'h': case 'H':
			if (is_url(p, (size_t)(end - p))) {
				size_t n = bare_url_len(p, (size_t)(end - p));

				(void)links_resolve(l, (struct slice){ p, n }, false);
				p += n > 0 ? n : 1;
				continue;
			}
			/* fall through */
		default:
			p++;
		}
	}
	if (copied < end)
		text_put(out, copied, (size_t)(end - copied));
}

/* -- front matter ------------------------------------------------------------ */

static const char *
line_end(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl != NULL ? nl : end;
}

static struct slice
unquote(struct slice v)
{
	v = trim(v);
	if (v.len >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.len - 1] == v.p[0])
		v = (struct slice){ v.p + 1, v.len - 2 };
	return v;
}

/* "key: value" (YAML) or "key = value" (TOML) at the start of a line. */
static bool
key_value(struct slice line, char mark, struct slice *key, struct slice *value)
{
	const char *at = line.len > 0 ? memchr(line.p, mark, line.len) : NULL;

	if (at == NULL || at == line.p || is_blank(line.p[0]) || line.p[0] == '-' || line.p[0] == '#')
		return false;
	*key = trim((struct slice){ line.p, (size_t)(at - line.p) });
	*value = unquote((struct slice){ at + 1, line.len - (size_t)(at + 1 - line.p) });
	for (size_t i = 0; i < key->len; i++)
		if (is_blank(key->p[i]))
			return false;
	return true;
}

static bool
set_name(char **name, struct slice value)	/* false: memory ran out */
{
	/* "|", ">" and the like: the value is in the lines below */
	if (*name != NULL || value.len == 0 || value.len > TITLE_BYTES_MAX || strchr("|>[{&*", value.p[0]) != NULL)
		return true;
	return (*name = strndup(value.p, value.len)) != NULL;
}

/* What the text says of itself in a block at its start; returns where that ends. */
static const char *
front_matter(struct document *doc, const char *md, const char *end, bool *failed)
{
	const char *p = line_end(md, end), *eol;
	struct slice first = trim((struct slice){ md, (size_t)(p - md) }), key, value;
	bool yaml = slice_is(first, "---"), any = false;
	char mark = yaml ? ':' : '=';

	if ((!yaml && !slice_is(first, "+++")) || p == end)
		return md;
	for (p++; p < end && p - md < FRONT_BYTES_MAX; p = eol + (eol < end)) {	/* is there one? */
		struct slice line;

		eol = line_end(p, end);
		line = trim((struct slice){ p, (size_t)(eol - p) });
		if (slice_is(line, yaml ? "---" : "+++") || (yaml && slice_is(line, "...")))
			break;
		if (any || line.len == 0 || line.p[0] == '#')
			continue;
		any = key_value((struct slice){ p, (size_t)(eol - p) }, mark, &key, &value);
		if (!any)
			return md;		/* a rule and text */
	}
	if (!any || p >= end || p - md >= FRONT_BYTES_MAX)
		return md;
	end = p;
	for (p = line_end(md, end) + 1; p < end; p = eol + 1) {
		eol = line_end(p, end);
		if (!key_value((struct slice){ p, (size_t)(eol - p) }, mark, &key, &value))
			continue;
		if ((slice_is(key, "title") && !set_name(&doc->title, value)) ||
		    (slice_is(key, "description") && !set_name(&doc->description, value)) ||
		    ((slice_is(key, "lang") || slice_is(key, "language")) && !set_name(&doc->language, value)))
			*failed = true;
	}
	return end;
}

/* -- documents ------------------------------------------------------------- */

static int
finish(struct document *doc, struct links *l, bool failed)
{
	int rc = failed || l->failed || doc->markdown.failed ? -ENOMEM : l->full ? -EMSGSIZE : 0;

	links_take(l, doc);
	links_fini(l);
	return rc;
}

int
extract_markdown(struct document *doc, const char *md, size_t len, const struct url *url)
{
	const char *end, *copied;
	struct md_lines lines;
	struct md_block b;
	struct links l;
	unsigned open;
	bool failed = false;

	if (len == 0)
		md = "";
	end = md + len;
	if ((copied = front_matter(doc, md, end, &failed)) > md) {
		copied = line_end(copied, end);
		while (copied < end && (is_blank(*copied) || *copied == '\n'))
			copied++;
	}
	links_init(&l, url);
	md_lines_init(&lines, copied, (size_t)(end - copied));
	while (md_next_block(&lines, &b)) {
		if (b.kind == MD_FENCE)
			continue;
		if (b.kind == MD_HEADING && doc->title == NULL) {
			char plain[TITLE_BYTES_MAX];
			size_t n = md_plain(plain, sizeof plain, b.text);

			if (n > 0 && (doc->title = strndup(plain, n)) == NULL)
				failed = true;
		}
		text_put(&doc->markdown, copied, (size_t)(b.start - copied));
		open = 0;
		for (const char *p = b.start, *eol; p < b.end; p = eol + 1) {
			eol = line_end(p, b.end);
			inline_links(&doc->markdown, &l, url, (struct slice){ p, (size_t)(eol - p) }, &open);
			if (eol < b.end)
				text_putc(&doc->markdown, '\n');
		}
		copied = b.end;
	}
	text_put(&doc->markdown, copied, (size_t)(end - copied));
	return finish(doc, &l, failed);
}

int
extract_plain(struct document *doc, const char *txt, size_t len, const struct url *url)
{
	const char *end, *eol;
	struct links l;

	if (len == 0)
		txt = "";
	end = txt + len;
	links_init(&l, url);
	for (const char *p = txt; p < end; p = eol + 1) {
		eol = line_end(p, end);
		bare_links(&l, (struct slice){ p, (size_t)(eol - p) });
	}
	text_put(&doc->markdown, txt, len);
	return finish(doc, &l, false);
}
