#include "config.h"

#include "crawler/shorthand.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "shared/ids.h"

#include "crawler/markup.h"
#include "crawler/words.h"

enum {
	RUN_MIN_BYTES = 6,		/* a character that stands for it has four */
	FIRST_SIGN = 0xf0000,
	PLANE_SIGNS = 0xfffe,		/* its last two are no characters */
	RUNS_MAX = 2 * PLANE_SIGNS,
	SIGN_BYTES = 4,
	IDLE_CLASS_MAX = 3,		/* highlighters have short ones, and Sphinx "pre" */
	BUCKETS = 1024,			/* of values, a power of two */
	BUCKET_MAX = 32,		/* so many in one: further ones stay as they are, wherever they stand */
};

/* In these the start tag of a raw text element may not count, or be an ordinary one. */
static const char *const doubtful[WORD_MAX + 1] = {
	[3] = "svg", [4] = "math", [6] = "select", [8] = "template",
};
/* Behind <plaintext> no tag counts; of text in <frameset> the white space stays and the rest is dropped. */
static const char *const the_last[WORD_MAX + 1] = { [8] = "frameset", [9] = "plaintext" };

/* In these start tags and text may be dropped. */
static const char *const dropping[WORD_MAX + 1] = { [6] = "select", [8] = "template" };
/* Who reads their text asks for no <span> within, but for one of these classes. */
static const char *const code_names[WORD_MAX + 1] = { [3] = "pre", [4] = "code" };
static const char *const telling_class[WORD_MAX + 1] = { [2] = "ln", [3] = "lno" "lnt" "src" "toc" "ttc" };

/* Gumbo looks into their values. */
static const char *const read_by_parser[WORD_MAX + 1] = { [5] = "input", [7] = "isindex", [14] = "annotation-xml" };

struct writing {
	struct shorthand *s;
	const char *html;
	size_t	    len, at, copied;	/* of html, into the page */
	bool	    in_doubt, may_drop;
};

/* -- signs ---------------------------------------------------------------------- */

static void
put_sign(struct text *out, unsigned i)
{
	uint32_t c = FIRST_SIGN + i + (i >= PLANE_SIGNS ? 2 : 0);
	const char utf8[SIGN_BYTES] = {
		(char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3f)), (char)(0x80 | (c >> 6 & 0x3f)), (char)(0x80 | (c & 0x3f)),
	};

	text_put(out, utf8, sizeof utf8);
}

static unsigned
sign_at(const char *p)			/* RUNS_MAX or more: none */
{
	uint32_t c = ((uint32_t)p[0] & 7) << 18 | ((uint32_t)p[1] & 0x3f) << 12 | ((uint32_t)p[2] & 0x3f) << 6 | ((uint32_t)p[3] & 0x3f);

	if (c < FIRST_SIGN)
		return RUNS_MAX;
	c -= FIRST_SIGN;
	return c >= PLANE_SIGNS + 2 ? c - 2 : c;
}

/* "&#xF0000;" and above, at what follows "&#". */
static bool
refers_to_sign(const char *p, const char *end)
{
	bool hex = p < end && (*p == 'x' || *p == 'X');
	const char *digits;
	size_t n;

	p += hex;
	while (p < end && *p == '0')
		p++;
	for (digits = p; p < end && (hex ? isxdigit((unsigned char)*p) : isdigit((unsigned char)*p)); p++)
		;
	n = (size_t)(p - digits);
	return hex ? n > 5 || (n == 5 && (*digits | 32) == 'f') : n > 6 || (n == 6 && memcmp(digits, "983040", 6) >= 0);
}

static bool
has_signs(const char *html, size_t len)
{
	const char *end = html + len;

	if (memchr(html, '\xf3', len) != NULL || memchr(html, '\xf4', len) != NULL)
		return true;
	for (const char *p = html; (p = memchr(p, '&', (size_t)(end - p))) != NULL; p++)
		if (end - p > 2 && p[1] == '#' && refers_to_sign(p + 2, end))
			return true;
	return false;
}

/* -- runs ----------------------------------------------------------------------- */

static bool
continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Bytes of a character that every tokenizer leaves as it is; 0: perhaps it is not one. */
static size_t
plain_bytes(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p;

	if (c < 0x80)
		return (c >= ' ' && c != '&' && c != 0x7f) || c == '\n' || c == '\t';
	if (c < 0xc2)
		return 0;
	if (c < 0xe0)			/* U+0080 to U+009F are controls */
		return end - p >= 2 && continues(p[1]) && (c > 0xc2 || (unsigned char)p[1] >= 0xa0) ? 2 : 0;
	if (c == 0xe0 || c == 0xed || c > 0xee)
		return 0;		/* some are not valid or no characters: not worth a look */
	return end - p >= 3 && continues(p[1]) && continues(p[2]) ? 3 : 0;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static const char *
past_reference(const char *p, const char *end)		/* and what might be part of one */
{
	for (p++; p < end && (isalnum((unsigned char)*p) || *p == '#'); p++)
		;
	return p < end && *p == ';' ? p + 1 : p;
}

static void
copy_to(struct writing *w, size_t at)
{
	text_put(&w->s->page, w->html + w->copied, at - w->copied);
	w->copied = at;
}

static bool
add_run(struct shorthand *s, const char *p, size_t len)
{
	if (s->n_runs == RUNS_MAX)
		return false;
	if (s->n_runs == s->cap) {
		unsigned cap = s->cap != 0 ? 2 * s->cap : 256;
		struct shorthand_run *more = reallocarray(s->run, cap, sizeof *more);

		if (more == NULL) {
			s->page.failed = true;
			return false;
		}
		s->run = more;
		s->cap = cap;
	}
	s->run[s->n_runs++] = (struct shorthand_run){ .text = { p, len } };
	return true;
}

static void
hide(struct writing *w, const char *p, size_t len, unsigned run)
{
	copy_to(w, (size_t)(p - w->html));
	put_sign(&w->s->page, run);
	w->copied += len;
}

/* The run of a value, a new one if there is none like it; RUNS_MAX: it stays as it is. */
static unsigned
value_run(struct shorthand *s, const char *p, size_t len)
{
	uint32_t *at;

	if (s->value == NULL && (s->value = calloc(BUCKETS, sizeof *s->value)) == NULL) {
		s->page.failed = true;
		return RUNS_MAX;
	}
	at = &s->value[id_hash(p, len) & (BUCKETS - 1)];
	for (unsigned n = 0; *at != 0; n++, at = &s->run[*at - 1].next)
		if (s->run[*at - 1].text.len == len && memcmp(s->run[*at - 1].text.p, p, len) == 0)
			return *at - 1;
		else if (n == BUCKET_MAX)
			return RUNS_MAX;
	*at = s->n_runs + 1;		/* before the array may move */
	if (add_run(s, p, len))
		return s->n_runs - 1;
	*at = 0;			/* it has not moved */
	return RUNS_MAX;
}

static void
write_values(struct writing *w, const struct markup *m)
{
	for (unsigned i = 0; i < m->n_values; i++) {
		const char *p = w->html + m->value[i].at, *end = p + m->value[i].len, *q = p;
		unsigned run;
		size_t n;

		if (m->value[i].len < RUN_MIN_BYTES)
			continue;
		while (q < end && (n = plain_bytes(q, end)) > 0)
			q += n;
		if (q == end && (run = value_run(w->s, p, m->value[i].len)) < RUNS_MAX)
			hide(w, p, m->value[i].len, run);
	}
}

static void
write_text(struct writing *w, const char *p, const char *end)
{
	while (p < end) {
		const char *start = p;
		size_t n;

		if (is_space(*p)) {
			p++;
			continue;
		}
		if (*p == '&') {
			p = past_reference(p, end);
			continue;
		}
		while (p < end && (n = plain_bytes(p, end)) > 0)
			p += n;
		if (p == start)
			p++;
		else if (p - start >= RUN_MIN_BYTES && add_run(w->s, start, (size_t)(p - start)))
			hide(w, start, (size_t)(p - start), w->s->n_runs - 1);
	}
}

/* -- highlighted code ----------------------------------------------------------------- */

static size_t
literal_bytes(const char *p, const char *end, struct slice literal)
{
	return (size_t)(end - p) >= literal.len && memcmp(p, literal.p, literal.len) == 0 ? literal.len : 0;
}

/* Bytes of a start tag that says nothing: <span>, <span class="kn">; 0: another one. */
static size_t
idle_span_bytes(const char *p, const char *end)
{
	const char *class;
	size_t n;

	if ((n = literal_bytes(p, end, SLICE_LIT("<span>"))) > 0)
		return n;
	if ((n = literal_bytes(p, end, SLICE_LIT("<span class=\""))) == 0)
		return 0;
	for (class = p += n; p < end && isalnum((unsigned char)*p); p++)
		;
	if (p == class || p - class > IDLE_CLASS_MAX || words_have(telling_class, class, (size_t)(p - class)))
		return 0;
	return literal_bytes(p, end, SLICE_LIT("\">")) > 0 ? n + (size_t)(p - class) + 2 : 0;
}

static size_t
reference_bytes(const char *p, const char *end, char *c)	/* of one that is whole, whatever is behind it */
{
	static const struct { struct slice name; char c; } known[] = {
		{ SLICE_LIT("&lt;"), '<' }, { SLICE_LIT("&gt;"), '>' }, { SLICE_LIT("&amp;"), '&' }, { SLICE_LIT("&quot;"), '"' },
		{ SLICE_LIT("&#39;"), '\'' }, { SLICE_LIT("&#x27;"), '\'' },
	};
	size_t n;

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if ((n = literal_bytes(p, end, known[i].name)) > 0) {
			*c = known[i].c;
			return n;
		}
	return 0;
}

/*
 * The text of code at p without its tags; returns where they end.  NULL: something is in
 * there that counts, or it begins with what an element's begin may swallow or leave elsewhere.
 */
static const char *
read_code(const char *p, const char *end, char *out, size_t *out_len)
{
	unsigned open = 0;
	bool tags = false;
	size_t n, more, len = 0;

	for (; p < end; p += n) {
		if (*p == '<') {
			if ((n = idle_span_bytes(p, end)) > 0)
				open++;
			else if (open > 0 && (n = literal_bytes(p, end, SLICE_LIT("</span>"))) > 0)
				open--;
			else
				break;
			tags = true;
		} else if (*p == '&') {
			if ((n = reference_bytes(p, end, &out[len])) == 0)
				return NULL;
			len++;
		} else {
			for (n = 0; p + n < end && p[n] != '<' && (more = plain_bytes(p + n, end)) > 0; n += more)
				;
			if (n == 0)
				return NULL;
			memcpy(out + len, p, n);
			len += n;
		}
	}
	*out_len = len;
	return (tags || len >= RUN_MIN_BYTES) && open == 0 && len > 0 && !is_space(*out) ? p : NULL;
}

/* All that is in the element behind its start tag m becomes one run, if it is text and idle spans. */
static void
write_code(struct writing *w, const struct markup *m)
{
	struct shorthand *s = w->s;
	const char *from = w->html + m->end, *end = w->html + w->len, *to;
	size_t len;
	bool is_as_it_was;

	if (s->code == NULL && (s->code = malloc(w->len)) == NULL) {
		s->page.failed = true;
		return;
	}
	to = read_code(from, end, s->code + s->code_len, &len);
	if (to == NULL || (size_t)(end - to) < m->name_len + 3 || to[1] != '/' || memcmp(to + 2, m->name, m->name_len) != 0 ||
	    to[2 + m->name_len] != '>')
		return;
	is_as_it_was = len == (size_t)(to - from);	/* then of a listing of megabytes there need be no second one */
	if (!add_run(s, is_as_it_was ? from : s->code + s->code_len, len))
		return;
	s->code_len += is_as_it_was ? 0 : len;
	hide(w, from, (size_t)(to - from), s->n_runs - 1);
	w->at = (size_t)(to - w->html);
}

/*
 * <span class="sig-name"><span class="pre">x</span></span>, behind the first tag: the one
 * within goes.  Of mathematics it is asked whether its text stands in nothing more.
 */
static void
write_only_span(struct writing *w, const struct markup *m, size_t start)
{
	const char *from = w->html + m->end, *end = w->html + w->len, *text, *to;
	size_t tag = idle_span_bytes(from, end), n;

	if (tag == 0 || memmem(w->html + start, m->end - start, "mat", 3) != NULL)
		return;
	for (text = to = from + tag; to < end && *to != '<' && (n = plain_bytes(to, end)) > 0; to += n)
		;
	if (to == text || is_space(*text) || literal_bytes(to, end, SLICE_LIT("</span></span>")) == 0)
		return;
	copy_to(w, m->end);
	w->copied += tag;
	write_text(w, text, to);
	copy_to(w, (size_t)(to - w->html));
	w->copied += sizeof "</span>" - 1;
	w->at = w->copied;
}

/* -- the page --------------------------------------------------------------------- */

/* Past what stands at the '<' at w->at; false: what follows is not known to be text. */
static bool
write_markup(struct writing *w)
{
	struct markup m;
	size_t start = w->at, end;

	markup_read(&m, w->html, w->len, start);
	w->at = m.end;
	if (m.kind == MARKUP_CDATA)
		return !w->in_doubt;
	if (m.kind != MARKUP_START)
		return true;
	if (!words_have(read_by_parser, m.name, m.name_len))
		write_values(w, &m);
	w->in_doubt |= words_have(doubtful, m.name, m.name_len);
	w->may_drop |= words_have(dropping, m.name, m.name_len);
	if (!w->may_drop && words_have(code_names, m.name, m.name_len))
		write_code(w, &m);
	else if (!w->may_drop && m.name_len == 4 && memcmp(m.name, "span", 4) == 0)
		write_only_span(w, &m, start);
	if (words_have(the_last, m.name, m.name_len))
		return false;
	if (!markup_is_raw(&m))
		return true;
	end = markup_raw_end(&m, w->html, w->len, m.end);
	if (w->in_doubt && memchr(w->html + m.end, '<', end - m.end) != NULL)
		return false;
	w->at = end;
	return true;
}

int
shorthand_write(struct shorthand *s, const char *html, size_t len)
{
	struct writing w = { .s = s, .html = html, .len = len };
	bool go_on = !has_signs(html, len);

	while (go_on && w.at < len) {
		const char *lt = memchr(html + w.at, '<', len - w.at);

		write_text(&w, html + w.at, lt != NULL ? lt : html + len);
		if (lt == NULL)
			break;
		w.at = (size_t)(lt - html);
		go_on = write_markup(&w);
	}
	if (s->n_runs > 0)
		copy_to(&w, len);
	return s->page.failed ? -ENOMEM : 0;
}

void
shorthand_end(struct shorthand *s)
{
	text_fini(&s->page);
	free(s->run);
	free(s->value);
	s->run = NULL;
	s->value = NULL;
	s->n_runs = s->cap = 0;
}

void
shorthand_fini(struct shorthand *s)
{
	shorthand_end(s);
	free(s->code);
	s->code = NULL;
	s->code_len = 0;
}

bool
shorthand_read(const struct shorthand *s, struct slice *t, struct slice *piece)
{
	unsigned i;
	size_t n = 0;

	if (t->len == 0)
		return false;
	if (shorthand_begins(t->p) && t->len >= SIGN_BYTES && (i = sign_at(t->p)) < s->n_runs) {
		*piece = s->run[i].text;
		n = SIGN_BYTES;
	} else {
		for (n = 1; n < t->len && !shorthand_begins(t->p + n); n++)
			;
		*piece = (struct slice){ t->p, n };
	}
	t->p += n;
	t->len -= n;
	return true;
}
