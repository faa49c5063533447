/*
 * PDF knows where letters stand, not what they mean.  pdftotext gives lines in
 * reading order, blank lines between blocks and a form feed after each page.  What
 * can be told from that: blocks are paragraphs (one that a page break cuts is
 * joined), a word split at a line's end is joined, running heads that return on
 * most pages are left out, and a short block that begins like "3.1.4 " or
 * "Chapter 7" is a heading.
 */
#include "config.h"

#include "crawler/pdf_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/ids.h"
#include "shared/slice.h"

enum {
	HEADING_MAX = 120,		/* bytes; more is a sentence that begins with a number */
	RUNNING_PAGES = 4,		/* fewer pages have no running heads to speak of */
	HEADS_MAX = 16384,		/* different first and last lines that are counted */
};

struct heads {				/* how often lines stood first or last on a page */
	struct { uint64_t hash; unsigned n; } *slot;	/* HEADS_MAX of them, by hash; NULL: none are counted */
	unsigned n, pages;
};

/* -- lines --------------------------------------------------------------------- */

static struct slice
trimmed(struct slice s)
{
	while (s.len > 0 && isspace((unsigned char)s.p[0]))
		s.p++, s.len--;
	while (s.len > 0 && isspace((unsigned char)s.p[s.len - 1]))
		s.len--;
	return s;
}

/* Take the next line off s, up to '\n', or to '\f', which stays as a line of its own. */
static bool
next_line(struct slice *s, struct slice *line)
{
	size_t n = 0;

	if (s->len == 0)
		return false;
	while (n < s->len && s->p[n] != '\n' && s->p[n] != '\f')
		n++;
	*line = (struct slice){ s->p, n };
	if (n == 0 && s->p[0] == '\f')
		line->len = n = 1;
	else if (n < s->len && s->p[n] == '\n')
		n++;
	s->p += n;
	s->len -= n;
	return true;
}

static bool
is_page_end(struct slice line)
{
	return line.len == 1 && line.p[0] == '\f';
}

/* -- running heads ------------------------------------------------------------- */

static uint64_t
head_hash(struct slice line)		/* digits are left out: page numbers differ */
{
	char s[HEADING_MAX * 2];
	size_t n = 0;

	line = trimmed(line);
	for (size_t i = 0; i < line.len && n < sizeof s; i++)
		if (!isdigit((unsigned char)line.p[i]))
			s[n++] = line.p[i];
	return id_hash(s, n);
}

static unsigned *
head_count(struct heads *h, uint64_t hash, bool make)	/* NULL: not there */
{
	for (size_t i = hash % HEADS_MAX, k = 0; h->slot != NULL && k < HEADS_MAX; k++, i = (i + 1) % HEADS_MAX) {
		if (h->slot[i].hash == hash)
			return &h->slot[i].n;
		if (h->slot[i].hash == 0) {
			if (!make || h->n == HEADS_MAX / 2)
				return NULL;
			h->n++;
			h->slot[i].hash = hash;
			return &h->slot[i].n;
		}
	}
	return NULL;
}

static void
count_heads(struct heads *h, struct slice text)
{
	struct slice line, first = { 0 }, last = { 0 };
	unsigned *n;

	while (next_line(&text, &line)) {
		if (!is_page_end(line)) {
			if (trimmed(line).len == 0)
				continue;
			if (first.p == NULL)
				first = line;
			last = line;
			continue;
		}
		h->pages++;
		if (first.p != NULL && (n = head_count(h, head_hash(first), true)) != NULL)
			++*n;
		if (first.p != last.p && (n = head_count(h, head_hash(last), true)) != NULL)
			++*n;
		first = last = (struct slice){ 0 };
	}
}

static bool
is_running(struct heads *h, struct slice line)
{
	unsigned *n;

	return h->pages >= RUNNING_PAGES && (n = head_count(h, head_hash(line), false)) != NULL && *n * 2 > h->pages;
}

/* -- blocks -------------------------------------------------------------------- */

/* Is the block a heading by its number?  Its level, 1 to 6; 0: it is none. */
static unsigned
heading_level(struct slice s)
{
	size_t i = 0;
	unsigned level = 0;

	if (s.len > HEADING_MAX || s.len < 3 || memchr(s.p, '\n', s.len) != NULL || strchr(".,;:", s.p[s.len - 1]) != NULL)
		return 0;
	if ((s.len > 8 && strncasecmp(s.p, "chapter ", 8) == 0) || (s.len > 9 && strncasecmp(s.p, "appendix ", 9) == 0))
		return 1;
	while (i < s.len && isdigit((unsigned char)s.p[i])) {
		size_t from = i;

		while (i < s.len && isdigit((unsigned char)s.p[i]))
			i++;
		if (i - from > 3)
			return 0;	/* a year, an amount */
		level++;
		if (i < s.len && s.p[i] == '.')
			i++;
	}
	if (level == 0 || i >= s.len || s.p[i] != ' ')
		return 0;
	while (i < s.len && s.p[i] == ' ')
		i++;
	if (i == s.len || !(isupper((unsigned char)s.p[i]) || (s.p[i] & 0x80) != 0))
		return 0;
	return level < 6 ? level : 6;
}

/* The same for a line that has text right below it: "2.1 Title" is one, "2. Item" may be a list's. */
static bool
is_numbered(struct slice line)
{
	struct slice s = trimmed(line);
	size_t i = 0;

	while (i < s.len && (isdigit((unsigned char)s.p[i]) || s.p[i] == '.'))
		i++;
	return i > 0 && s.p[i - 1] != '.' && heading_level(s) > 0;
}

static void
put_block(struct text *out, struct text *block)
{
	struct slice s = trimmed((struct slice){ block->p, block->len });
	unsigned level = heading_level(s);

	if (s.len > 0) {
		text_printf(out, level > 0 ? "<h%u>" : "<p>", level);
		text_html(out, s.p, s.len);
		text_printf(out, level > 0 ? "</h%u>\n" : "</p>\n", level);
	}
	text_clear(block);
}

static void
add_line(struct text *block, struct slice line)
{
	line = trimmed(line);
	if (block->len > 1 && block->p[block->len - 1] == '-' && isalpha((unsigned char)block->p[block->len - 2]) &&
	    islower((unsigned char)line.p[0]))
		block->len--;		/* a word that was split */
	else if (block->len > 0)
		text_putc(block, '\n');
	text_put(block, line.p, line.len);
}

/* A page ends in the middle of a sentence: the next goes on with it. */
static bool
goes_on(const struct text *block)
{
	return block->len > 0 && strchr(".:;!?", block->p[block->len - 1]) == NULL &&
	    heading_level((struct slice){ block->p, block->len }) == 0;
}

static void
put_blocks(struct text *out, struct slice text, struct heads *heads)
{
	struct text block = { 0 };
	bool turned = false;		/* a page has ended, and the block is open */
	struct slice line;

	while (next_line(&text, &line)) {
		bool blank = !is_page_end(line) && trimmed(line).len == 0;

		if (is_page_end(line)) {
			if (!goes_on(&block))
				put_block(out, &block);
			turned = block.len > 0;
		} else if (blank && !turned) {
			put_block(out, &block);
		} else if (!blank && is_numbered(line) && block.len == 0) {
			add_line(&block, line);
			put_block(out, &block);
		} else if (!blank && !is_running(heads, line)) {
			if (turned && !islower((unsigned char)trimmed(line).p[0]))
				put_block(out, &block);
			turned = false;
			add_line(&block, line);
		}
	}
	put_block(out, &block);
	if (block.failed)
		out->failed = true;
	text_fini(&block);
}

/* What is between the first of the one and the last of the other, or nothing. */
static struct slice
between(struct slice s, const char *open, const char *close)
{
	size_t n = strlen(close);
	const char *from = s.len > 0 ? memmem(s.p, s.len, open, strlen(open)) : NULL, *end = s.p + s.len;

	if (from == NULL)
		return (struct slice){ s.p, 0 };
	from += strlen(open);
	for (const char *to = end; (size_t)(to - from) >= n; to--)
		if (memcmp(to - n, close, n) == 0)
			return (struct slice){ from, (size_t)(to - n - from) };
	return (struct slice){ from, (size_t)(end - from) };
}

/* "Microsoft Word - guide.doc", "untitled", "guide.dvi" are no titles. */
static bool
is_title(struct slice s)
{
	static const char *const ends[] = { ".doc", ".docx", ".dvi", ".tex", ".indd", ".odt", ".ps", ".pdf" };

	s = trimmed(s);
	if (s.len == 0 || (s.len == 8 && strncasecmp(s.p, "untitled", 8) == 0))
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (s.len > strlen(ends[i]) && strncasecmp(s.p + s.len - strlen(ends[i]), ends[i], strlen(ends[i])) == 0)
			return false;
	return true;
}

/* The title the document does not name: the first line of its first page, if it is a short one. */
static struct slice
first_line(struct slice text)
{
	struct slice line;

	while (next_line(&text, &line)) {
		struct slice s = trimmed(line);

		if (s.len > 0)
			return s.len <= HEADING_MAX ? s : (struct slice){ s.p, 0 };
	}
	return (struct slice){ text.p, 0 };
}

void
pdf_text_html(struct text *out, const char *in, size_t len)
{
	/* In its head pdftotext escapes what the document says, in its <pre> it does not. */
	struct slice text = between((struct slice){ in, len }, "<pre>", "</pre>");
	struct slice title = between((struct slice){ in, (size_t)(text.p - in) }, "<title>", "</title>");
	struct heads heads = { .slot = calloc(HEADS_MAX, sizeof *heads.slot) };

	count_heads(&heads, text);
	text_puts(out, "<!doctype html><html><head><title>");
	if (is_title(title)) {
		title = trimmed(title);
		text_put(out, title.p, title.len);
	} else {
		title = first_line(text);
		text_html(out, title.p, title.len);
	}
	text_puts(out, "</title></head><body><main>\n");
	put_blocks(out, text, &heads);
	text_puts(out, "</main></body></html>\n");
	free(heads.slot);
}
