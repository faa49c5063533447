/* A question taken apart: any text is one. */
#include "config.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "shared/alike.h"
#include "shared/lexeme.h"
#include "shared/store_rank.h"
#include "shared/text.h"

static int
term_find(const struct query *q, const char *text, size_t len)
{
	for (unsigned i = 0; i < q->n_terms; i++)
		if (strncasecmp(q->term[i].text, text, len) == 0 && q->term[i].text[len] == '\0')
			return (int)i;
	return -1;
}

/* Its index; -1 when it is no term.  One that is there already is not added again. */
static int
term_add(struct query *q, const char *p, size_t len)
{
	size_t n = utf8_valid_len(p, len);
	int at;

	if (n == 0 || n > QUERY_TERM_BYTES || memchr(p, '\0', n) != NULL)
		return -1;
	if ((at = term_find(q, p, n)) >= 0 || q->n_terms == QUERY_TERMS_MAX)
		return at;
	q->term[q->n_terms] = (struct query_term){ .after = -1, .stands_for = -1 };
	memcpy(q->term[q->n_terms].text, p, n);
	return (int)q->n_terms++;
}

static void
put_word(struct query *q, struct slice w, bool plain, int *last)
{
	unsigned had = q->n_terms;
	int at;

	if (lexeme_is_filler(w))
		return;
	at = term_add(q, w.p, w.len);
	if (at == (int)had) {
		q->term[at].after = *last;
		q->term[at].plain = plain;
	}
	*last = at;
}

static bool
is_shouted(struct slice w)		/* SELECT: a keyword, no prose */
{
	return w.len > 1 && isupper((unsigned char)w.p[1]);
}

static bool
is_asked(const struct query *q, struct slice w)
{
	for (unsigned i = 0; i < q->n_words; i++)
		if (alike_is_form(w, slice_of(q->term[i].text)))
			return true;
	return false;
}

static void
put_lexeme(struct query *q, const struct lexeme *lx, int *last)
{
	char name[LEXEME_WHOLE_BYTES];
	struct slice hump[LEXEME_PARTS_MAX];
	size_t len = lexeme_name(lx, name);
	unsigned off = q->rules_off;

	if (len > 0 && !(off & 1u << RANK_WHOLE))
		(void)term_add(q, name, len);
	if (len > 0 && lx->n_parts > 1 && (off & 1u << RANK_PARTS))
		return;
	for (unsigned i = 0; i < lx->n_parts; i++) {
		unsigned n = lexeme_humps(lx->part[i], hump);

		put_word(q, lx->part[i], len == 0 && n == 0 && !is_shouted(lx->part[i]), last);
		for (unsigned k = 0; k < n && !(off & 1u << RANK_PARTS); k++)
			(void)term_add(q, hump[k].p, hump[k].len);
	}
}

/* Behind all that were asked for, as far as there is room. */
static void
put_alike(struct query *q)
{
	struct slice like[ALIKE_MAX];

	for (unsigned i = 0; i < q->n_terms; i++) {
		unsigned n = q->term[i].plain && !q->term[i].prefix ? alike_words(slice_of(q->term[i].text), like) : 0;

		for (unsigned k = 0; k < n && q->n_words < QUERY_TERMS_MAX; k++) {
			struct query_term *t = &q->term[q->n_words];

			if (is_asked(q, like[k]))
				continue;
			*t = (struct query_term){ .stands_for = (int)i, .after = -1 };
			memcpy(t->text, like[k].p, like[k].len);
			q->n_words++;
		}
	}
}

void
query_read(struct query *q, const char *text, bool as_you_type, unsigned rules_off)
{
	struct slice s = slice_of(text);
	struct lexeme lx;
	int last = -1;

	*q = (struct query){ .rules_off = rules_off };
	for (size_t at = 0; lexeme_next(s, &at, &lx);)
		put_lexeme(q, &lx, &last);
	if (as_you_type && last >= 0 && (unsigned char)s.p[s.len - 1] > ' ')
		q->term[last].prefix = true;
	q->n_words = q->n_terms;
	if (!(rules_off & 1u << RANK_ALIKE))
		put_alike(q);
}

bool
query_finds(const struct query_term *t, bool alike)
{
	return !t->optional && (t->stands_for < 0 || alike);
}

static void
put_any(const struct query *q, bool alike, bool finds, struct text *out)	/* OR of those that find, or of the others */
{
	bool first = true;

	text_putc(out, '(');
	for (unsigned i = 0; i < q->n_words; i++) {
		const struct query_term *t = &q->term[i];

		if (query_finds(t, alike) != finds)
			continue;
		text_printf(out, "%s\"%s\"%s", first ? "" : " OR ", t->text, t->prefix ? "*" : "");
		first = false;
	}
	text_putc(out, ')');
}

void
query_expression(const struct query *q, bool alike, struct text *out)
{
	bool any = false;

	for (unsigned i = 0; i < q->n_words; i++)
		any |= !query_finds(&q->term[i], alike);
	put_any(q, alike, true, out);
	if (!any)
		return;
	text_puts(out, " OR (");
	put_any(q, alike, true, out);
	text_puts(out, " AND ");
	put_any(q, alike, false, out);
	text_putc(out, ')');
}
