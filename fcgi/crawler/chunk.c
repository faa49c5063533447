#include "config.h"

#include "crawler/chunk.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/md_lines.h"

enum {
	NAME_CHARS_MAX = 200,		/* of one heading within a path */
	CONTEXT_CHARS = 300,		/* of the text around a code example */
	EXAMPLE_BYTES_MAX = 64 * 1024,	/* what is longer is a listing: it is text, but shows nothing */
	SMALL_CHARS = 400,		/* shorter chunks join their neighbours, as long as the whole is no longer */
	SMALL_PART = 5,			/* but no more than this part of a chunk */
	TERMS_MAX = 4,			/* definitions within each other */
	TERMS_BYTES_MAX = 1000,		/* of a chunk's terms: what has more is a list */
	NAMES_SLACK = 64 * 1024,	/* names take no more than the Markdown and this */
};

/* Names are built while their buffer still moves: places now, pointers at the end. */
struct span {
	size_t at, len;
};

struct cut_chunk {
	struct span headings, terms;
	struct slice body;
	bool	 joins;			/* it is small, and may be one with the next */
};

struct term {				/* what is being defined */
	unsigned    indent;
	struct span name;
};

struct cut_example {
	struct slice language, code, before, after;
	struct span  own_code, heading;	/* own_code.len > 0: the code stands in names, free of its prefix */
};

struct cutter {
	unsigned size_chars, small_chars;
	bool	 want_examples;
	size_t	 names_max;

	struct text names;
	struct cut_chunk *chunk;
	struct cut_example *example;
	size_t	 n_chunks, cap_chunks, n_examples, cap_examples;
	bool	 failed;

	struct span heading[7];		/* the open heading of each level, plain text in names; 0: the title */
	struct term term[TERMS_MAX];
	unsigned n_terms;
	bool	 term_is_new;		/* the innermost is not told of yet */
	bool	 has_path;
	struct span path, deepest;	/* of this section or definition */

	const char *start, *end;	/* the chunk that grows; start NULL: none */
	size_t	 chars;
	struct span names_all;		/* the path of all that is in it */
	struct text terms;		/* what is defined in it, one a line */
	bool	 headings_only;		/* there is nothing but headings in it */

	struct slice paragraph;		/* the last one of this section */
	size_t	 first_waiting;		/* examples from here on wait for their "after" */
};

/* -- growing arrays ---------------------------------------------------------- */

static void *
one_more(struct cutter *c, void **p, size_t *n, size_t *cap, size_t size)
{
	if (*n == *cap) {
		size_t want = *cap != 0 ? *cap * 2 : 16;
		void *q = realloc(*p, want * size);

		if (q == NULL) {
			c->failed = true;
			return NULL;
		}
		*p = q;
		*cap = want;
	}
	return (char *)*p + (*n)++ * size;
}

/* -- headings ---------------------------------------------------------------- */

static struct span
keep(struct cutter *c, const char *p, size_t len)
{
	struct span s = { c->names.len, len };

	if (len == 0 || c->names.len + len > c->names_max)
		return (struct span){ 0, 0 };
	text_put(&c->names, p, len);
	return s;
}

static void
open_heading(struct cutter *c, unsigned level, struct slice s)
{
	char plain[4 * NAME_CHARS_MAX];
	size_t len = md_plain(plain, sizeof plain, s);

	c->heading[level] = keep(c, plain, md_first_chars(plain, len, NAME_CHARS_MAX));
	for (unsigned i = level + 1; i < 7; i++)
		c->heading[i] = (struct span){ 0, 0 };
	c->n_terms = 0;
	c->has_path = false;
	c->paragraph = (struct slice){ NULL, 0 };
	c->first_waiting = c->n_examples;
}

static bool
leaves_terms(const struct cutter *c, unsigned indent)	/* what stands no deeper than a term is not its meaning */
{
	return c->n_terms > 0 && c->term[c->n_terms - 1].indent >= indent;
}

static void
leave_terms(struct cutter *c, unsigned indent)
{
	for (; leaves_terms(c, indent); c->n_terms--)
		c->has_path = false;
}

static void
open_term(struct cutter *c, const struct md_block *b)
{
	char plain[4 * NAME_CHARS_MAX];
	size_t len = md_plain(plain, sizeof plain, b->text);

	if (c->n_terms == TERMS_MAX || len == 0)
		return;
	c->term[c->n_terms++] = (struct term){ b->indent, keep(c, plain, md_first_chars(plain, len, NAME_CHARS_MAX)) };
	c->term_is_new = true;
	c->has_path = false;
}

struct path {
	char   p[(4 * NAME_CHARS_MAX + 3) * (7 + TERMS_MAX)];
	size_t len;
	struct span last;
};

static void
add_name(struct cutter *c, struct path *path, struct span s)
{
	const char *p;

	if (s.len == 0 || c->names.failed)
		return;
	p = c->names.p + s.at;
	c->deepest = s;
	if (s.len == path->last.len && memcmp(p, c->names.p + path->last.at, s.len) == 0)
		return;
	if (path->len > 0) {
		memcpy(path->p + path->len, " > ", 3);
		path->len += 3;
	}
	memcpy(path->p + path->len, p, s.len);
	path->len += s.len;
	path->last = s;
}

static void
path_of_section(struct cutter *c)	/* "Title > H1 > H2 > term", made once a section */
{
	struct path path;

	if (c->has_path)
		return;
	path.len = 0;
	path.last = (struct span){ 0, 0 };
	c->has_path = true;
	for (unsigned i = 0; i < 7; i++)	/* 0 is the title */
		add_name(c, &path, c->heading[i]);
	for (unsigned i = 0; i < c->n_terms; i++)
		add_name(c, &path, c->term[i].name);
	c->path = keep(c, path.p, path.len);
}

static struct span
shared_path(const struct cutter *c, struct span a, struct span b)	/* of what both are below */
{
	const char *p, *q;
	size_t n = 0, end = 0;

	if (a.len == 0 || b.len == 0 || c->names.failed)
		return (struct span){ 0, 0 };
	p = c->names.p + a.at;
	q = c->names.p + b.at;
	for (;; n++) {
		bool a_ends = n == a.len || (a.len - n >= 3 && memcmp(p + n, " > ", 3) == 0);
		bool b_ends = n == b.len || (b.len - n >= 3 && memcmp(q + n, " > ", 3) == 0);

		if (a_ends && b_ends)
			end = n;
		if (n == a.len || n == b.len || p[n] != q[n])
			break;
	}
	return (struct span){ a.at, end };
}

/* -- chunks ------------------------------------------------------------------ */

static bool
trim(const char **start, const char **end)	/* blank lines around; false: nothing is left */
{
	const char *p = *start, *e = *end, *q;

	while (e > p && (e[-1] == '\n' || e[-1] == ' ' || e[-1] == '\t' || e[-1] == '\r'))
		e--;
	for (q = p; q < e && (*q == '\n' || *q == ' ' || *q == '\t' || *q == '\r'); q++)
		if (*q == '\n')
			p = q + 1;		/* the first line keeps its indent */
	*start = p;
	*end = e;
	return e > p;
}

static void
name_term(struct cutter *c)		/* the innermost definition is in the chunk that grows */
{
	struct span s;

	c->term_is_new = false;
	if (c->n_terms == 0 || (s = c->term[c->n_terms - 1].name).len == 0 || c->names.failed ||
	    c->terms.len > TERMS_BYTES_MAX)
		return;
	if (c->terms.len > 0)
		text_putc(&c->terms, '\n');
	text_put(&c->terms, c->names.p + s.at, s.len);
}

static struct span
join_terms(struct cutter *c, struct span before)	/* with those of the chunk that grows */
{
	struct span s = { c->names.len, before.len };

	if (before.len == 0 || c->terms.len == 0 || c->names.failed ||
	    c->names.len + before.len + 1 + c->terms.len > c->names_max)
		return before.len > 0 ? before : keep(c, c->terms.p, c->terms.len);
	for (size_t i = 0; i < before.len; i++)		/* the buffer may move under it */
		text_putc(&c->names, c->names.p[before.at + i]);
	text_putc(&c->names, '\n');
	text_put(&c->names, c->terms.p, c->terms.len);
	s.len += 1 + c->terms.len;
	return s;
}

/* Small neighbours below one name are one chunk.  False: they stay apart. */
static bool
join(struct cutter *c, const char *end, struct span names, bool small)
{
	struct cut_chunk *last = c->n_chunks > 0 ? &c->chunk[c->n_chunks - 1] : NULL;
	struct span shared;
	size_t bytes;

	if (last == NULL || !last->joins || !small)
		return false;
	bytes = (size_t)(end - last->body.p);
	if (bytes > 4 * (size_t)c->small_chars || md_chars(last->body.p, bytes) > c->small_chars)
		return false;
	shared = shared_path(c, last->headings, names);
	if (shared.len == 0)
		return false;
	last->headings = shared;
	last->terms = join_terms(c, last->terms);
	last->body.len = bytes;
	return true;
}

static void
put_chunk(struct cutter *c, const char *start, const char *end, struct span names)
{
	struct cut_chunk *chunk;
	bool small;

	if (!trim(&start, &end))
		return;
	small = (size_t)(end - start) <= 4 * (size_t)c->small_chars;
	if (join(c, end, names, small))
		return;
	chunk = one_more(c, (void **)&c->chunk, &c->n_chunks, &c->cap_chunks, sizeof *chunk);
	if (chunk != NULL)
		*chunk = (struct cut_chunk){ names, keep(c, c->terms.p, c->terms.len), { start, (size_t)(end - start) }, small };
}

static void
flush(struct cutter *c)
{
	if (c->start != NULL)
		put_chunk(c, c->start, c->end, c->names_all);
	c->start = NULL;
	c->chars = 0;
	c->headings_only = true;
}

static void
start_chunk(struct cutter *c, const char *p)
{
	path_of_section(c);
	c->start = p;
	c->names_all = c->path;
	text_clear(&c->terms);
	name_term(c);
}

/* Where to cut within a piece too long: behind a sentence, else a word, else anywhere. */
static size_t
cut_at(const char *p, size_t len)
{
	size_t floor = len / 2;

	for (size_t i = len; i > floor; i--)
		if (p[i - 1] == ' ' && i >= 2 && strchr(".!?;:", p[i - 2]) != NULL)
			return i;
	for (size_t i = len; i > floor; i--)
		if (p[i - 1] == ' ')
			return i;
	return len;
}

static void
make_room(struct cutter *c)		/* headings alone are no chunk: the path has them */
{
	if (c->headings_only)
		c->start = NULL;
	flush(c);
}

/* The chunk up to p, the blank lines before it included, leaves room for so many characters more? */
static bool
fits(struct cutter *c, const char *p, size_t chars)
{
	size_t gap = p > c->end ? md_chars(c->end, (size_t)(p - c->end)) : 0;

	if (c->chars + gap + chars > c->size_chars)
		return false;
	c->chars += gap;
	return true;
}

static void
add_long(struct cutter *c, const char *p, const char *end)	/* a piece over the size: by lines, then within */
{
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *next = nl != NULL ? nl + 1 : end;
		size_t chars = md_chars(p, (size_t)(next - p));

		if (c->start != NULL && !fits(c, p, chars))
			make_room(c);
		while (chars > c->size_chars) {
			size_t n = cut_at(p, md_first_chars(p, (size_t)(next - p), c->size_chars));

			start_chunk(c, p);
			c->end = p + n;
			flush(c);
			p += n;
			chars = md_chars(p, (size_t)(next - p) < 8 * (size_t)c->size_chars ? (size_t)(next - p) :
			    8 * (size_t)c->size_chars);
		}
		if (c->start == NULL)
			start_chunk(c, p);
		else if (c->term_is_new)
			name_term(c);
		c->end = next;
		c->chars += chars;
		c->headings_only = false;
		p = next;
	}
}

static void
add_piece(struct cutter *c, const char *p, const char *end, size_t chars, bool is_heading)
{
	if (chars > c->size_chars) {
		add_long(c, p, end);
		return;
	}
	if (c->start != NULL && !fits(c, p, chars))
		make_room(c);
	if (c->start == NULL)
		start_chunk(c, p);
	else if (c->term_is_new)
		name_term(c);
	c->end = end;
	c->chars += chars;
	c->headings_only = c->headings_only && is_heading;
}

/* A definition, or what comes after the last of them, is about to be added. */
static void
definition(struct cutter *c, const struct md_block *b)
{
	if (c->chars >= c->small_chars && !c->headings_only)
		flush(c);
	leave_terms(c, b->indent);
	if (b->defines)
		open_term(c, b);
	if (c->start == NULL)
		return;
	path_of_section(c);
	c->names_all = c->headings_only ? c->path : shared_path(c, c->names_all, c->path);
}

/* -- code examples ------------------------------------------------------------- */

static struct slice
context(struct slice s, bool last)	/* the end of what stands before, the start of what follows */
{
	size_t chars = s.len > 0 ? md_chars(s.p, s.len) : 0;

	if (chars <= CONTEXT_CHARS)
		return s;
	if (last) {
		size_t skip = md_first_chars(s.p, s.len, chars - CONTEXT_CHARS);

		return (struct slice){ s.p + skip, s.len - skip };
	}
	return (struct slice){ s.p, md_first_chars(s.p, s.len, CONTEXT_CHARS) };
}

static void
paragraph(struct cutter *c, struct slice s)
{
	while (s.len > 0 && (s.p[s.len - 1] == '\n' || s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\r'))
		s.len--;
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\n'))
		s.p++, s.len--;
	if (s.len == 0)
		return;
	c->paragraph = s;
	if (c->first_waiting == c->n_examples)
		return;
	s = context(s, false);
	for (; c->first_waiting < c->n_examples; c->first_waiting++)
		c->example[c->first_waiting].after = s;
}

static void
example(struct cutter *c, const struct md_block *b)
{
	struct cut_example *e;
	struct span own = { 0, 0 };

	if (!c->want_examples || b->code.len == 0 || b->code.len > EXAMPLE_BYTES_MAX)
		return;
	path_of_section(c);
	if (b->prefixed && c->names.len + b->code.len <= c->names_max) {
		own.at = c->names.len;
		md_unprefixed(&c->names, b);
		own.len = c->names.len - own.at;
	}
	e = one_more(c, (void **)&c->example, &c->n_examples, &c->cap_examples, sizeof *e);
	if (e != NULL)
		*e = (struct cut_example){
			.language = b->language, .code = b->code, .own_code = own, .heading = c->deepest,
			.before = c->paragraph.len > 0 ? context(c->paragraph, true) : (struct slice){ NULL, 0 },
		};
}

/* -- all of it --------------------------------------------------------------- */

static int
finish(struct cutter *c, struct chunks *out)
{
	const char *names = text_str(&c->names);

	if (c->failed || names == NULL)
		return -ENOMEM;
	out->chunk = calloc(c->n_chunks > 0 ? c->n_chunks : 1, sizeof *out->chunk);
	out->example = calloc(c->n_examples > 0 ? c->n_examples : 1, sizeof *out->example);
	if (out->chunk == NULL || out->example == NULL)
		return -ENOMEM;
	out->names = text_take(&c->names, NULL);
	for (size_t i = 0; i < c->n_chunks; i++)
		out->chunk[i] = (struct chunk){
			.headings = { out->names + c->chunk[i].headings.at, c->chunk[i].headings.len },
			.terms = { out->names + c->chunk[i].terms.at, c->chunk[i].terms.len },
			.body = c->chunk[i].body,
		};
	for (size_t i = 0; i < c->n_examples; i++) {
		const struct cut_example *e = &c->example[i];

		out->example[i] = (struct code_example){
			.language = e->language, .before = e->before, .after = e->after,
			.code = e->own_code.len > 0 ? (struct slice){ out->names + e->own_code.at, e->own_code.len } : e->code,
			.heading = { out->names + e->heading.at, e->heading.len },
		};
	}
	out->n_chunks = (unsigned)c->n_chunks;
	out->n_examples = (unsigned)c->n_examples;
	return 0;
}

int
chunk_markdown(struct chunks *out, const char *md, size_t len, const char *title, unsigned size_chars,
    bool code_examples)
{
	struct cutter c = {
		.size_chars = size_chars > 0 ? size_chars : 1, .want_examples = code_examples,
		.names_max = 2 * len + NAMES_SLACK, .headings_only = true,
	};
	struct md_lines lines;
	struct md_block b;
	int rc;

	c.small_chars = c.size_chars / SMALL_PART < SMALL_CHARS ? c.size_chars / SMALL_PART : SMALL_CHARS;
	if (title != NULL)
		c.heading[0] = keep(&c, title, md_first_chars(title, strlen(title), NAME_CHARS_MAX));
	md_lines_init(&lines, md, len);
	while (!c.failed && md_next_block(&lines, &b)) {
		size_t chars = md_chars(b.start, (size_t)(b.end - b.start));

		if (b.kind == MD_HEADING) {
			if (!c.headings_only)
				flush(&c);
			open_heading(&c, b.level, b.text);
			if (c.start != NULL) {		/* only headings so far: this one says most */
				path_of_section(&c);
				c.names_all = c.path;
			}
		} else {
			b.defines = b.defines && b.text.p[b.text.len - 1] != ':';	/* "Returns:" names nothing */
			if (b.defines || leaves_terms(&c, b.indent))
				definition(&c, &b);
		}
		add_piece(&c, b.start, b.end, chars, b.kind == MD_HEADING);
		if (b.kind == MD_FENCE)
			example(&c, &b);
		else if (b.kind == MD_PARAGRAPH)
			paragraph(&c, (struct slice){ b.start, (size_t)(b.end - b.start) });
	}
	flush(&c);
	rc = finish(&c, out);
	free(c.chunk);
	free(c.example);
	text_fini(&c.names);
	text_fini(&c.terms);
	if (rc < 0)
		chunks_fini(out);
	return rc;
}

void
chunks_fini(struct chunks *c)
{
	free(c->chunk);
	free(c->example);
	free(c->names);
	*c = (struct chunks){ 0 };
}

size_t
chunk_words(const char *md, size_t len)
{
	struct md_lines lines;
	struct md_block b;
	size_t n = 0;

	md_lines_init(&lines, md, len);
	while (md_next_block(&lines, &b)) {
		bool in_word = false;

		if (b.kind == MD_FENCE)
			continue;
		for (const char *p = b.start; p < b.end; p++) {
			unsigned char ch = (unsigned char)*p;
			bool letter = (ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'z') || ch >= 0x80;

			if (ch <= ' ')
				in_word = false;
			else if (letter && !in_word) {
				in_word = true;
				n++;
			}
		}
	}
	return n;
}
