/* A question taken apart: any text is one. */
#include "config.h"

#include <string.h>
#include <strings.h>

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
	q->term[q->n_terms] = (struct query_term){ .after = -1 };
	memcpy(q->term[q->n_terms].text, p, n);
	return (int)q->n_terms++;
}

static void
put_word(struct query *q, struct slice w, int *last)
{
	unsigned had = q->n_terms;
	int at;

	if (lexeme_is_filler(w))
		return;
	at = term_add(q, w.p, w.len);
	if (at == (int)had)
		q->term[at].after = *last;
	*last = at;
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
		unsigned n = off & 1u << RANK_PARTS ? 0 : lexeme_humps(lx->part[i], hump);

		put_word(q, lx->part[i], last);
		for (unsigned k = 0; k < n; k++)
			(void)term_add(q, hump[k].p, hump[k].len);
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
}

static void
put_any(const struct query *q, bool optional, struct text *out)	/* OR of these */
{
	bool first = true;

	text_putc(out, '(');
	for (unsigned i = 0; i < q->n_terms; i++) {
		const struct query_term *t = &q->term[i];

		if (t->optional != optional)
			continue;
		text_printf(out, "%s\"%s\"%s", first ? "" : " OR ", t->text, t->prefix ? "*" : "");
		first = false;
	}
	text_putc(out, ')');
}

void
query_expression(const struct query *q, struct text *out)
{
	bool any = false;

	for (unsigned i = 0; i < q->n_terms; i++)
		any |= q->term[i].optional;
	put_any(q, false, out);
	if (!any)
		return;
	text_puts(out, " OR (");
	put_any(q, false, out);
	text_puts(out, " AND ");
	put_any(q, true, out);
	text_putc(out, ')');
}
