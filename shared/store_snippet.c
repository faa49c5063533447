/*
 * The place in a chunk that answers best, as a line of text with the words that
 * were asked for marked.  Words are compared by how they begin, not by their
 * stems: to have FTS5 find them again takes as long as the search itself.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "shared/lexeme.h"
#include "shared/plain.h"
#include "shared/store_rank.h"
#include "shared/text.h"

enum {
	PLACES_MAX = 200,		/* words looked at in one chunk */
	BEFORE_BYTES = 40,		/* shown before the first word, about */
	SNIPPET_BYTES = 280,		/* in all, about */
};

static const double telling_part = 0.2;	/* of what the word that tells most is worth: what tells less is not marked */

struct place {
	size_t	 from, to;
	unsigned term;
};

/* "grazing" and "grazes", but not "in" and "index"; anything that goes on like a word that is not whole yet. */
static bool
is_like(struct slice word, const struct query_term *t)
{
	const char *term = t->text;
	size_t len, same = 0, need;

	if (((word.p[0] ^ term[0]) & ~('a' ^ 'A')) != 0)	/* most words differ here already */
		return false;
	len = strlen(term);
	if (t->prefix)
		return word.len >= len && strncasecmp(word.p, term, len) == 0;
	need = len > 7 ? len - 3 : len > 4 ? 4 : len;
	if (word.len > len + 4)
		return false;
	while (same < len && same < word.len && strncasecmp(word.p + same, term + same, 1) == 0)
		same++;
	return same >= need && (len > 3 || word.len == len) && same + 4 > word.len;
}

static double
telling_least(const struct query *q)
{
	double most = 0;

	for (unsigned i = 0; i < q->n_words; i++)
		if (q->term[i].idf > most)
			most = q->term[i].idf;
	return telling_part * most;
}

static unsigned
places_find(const struct query *q, struct slice body, struct place *out)
{
	double least = telling_least(q);
	struct lexeme lx;
	unsigned n = 0;

	for (size_t at = 0; lexeme_next(body, &at, &lx);)
		for (unsigned i = 0; i < lx.n_parts; i++)
			for (unsigned k = 0; k < q->n_words; k++)
				if (q->term[k].idf >= least && is_like(lx.part[i], &q->term[k])) {
					size_t from = (size_t)(lx.part[i].p - body.p);

					if (n == PLACES_MAX)
						return n;
					out[n++] = (struct place){ from, from + lx.part[i].len, k };
					break;
				}
	return n;
}

static unsigned
best_place(const struct query *q, const struct place *p, unsigned n)
{
	double best = 0;
	unsigned at = 0;

	for (unsigned i = 0; i < n; i++) {
		bool seen[QUERY_TERMS_MAX] = { false };
		double sum = 0;

		for (unsigned k = i; k < n && p[k].to < p[i].from + SNIPPET_BYTES - BEFORE_BYTES; k++)
			if (!seen[p[k].term]) {
				seen[p[k].term] = true;
				sum += q->term[p[k].term].idf;
			}
		if (sum > best) {
			best = sum;
			at = i;
		}
	}
	return at;
}

static size_t
blank_from(const char *body, size_t at, size_t end)	/* where the next word begins */
{
	while (at < end && (unsigned char)body[at] > ' ')
		at++;
	return at;
}

/* Marked, if anything of it is shown: the name of a fence's language is not. */
static void
put_place(struct plain *w, size_t to, struct text *out)
{
	size_t before = out->len;

	text_putc(out, SNIPPET_OPEN);
	plain_put(w, to, out);
	if (out->len > before + 1 && out->p[out->len - 1] != ' ')
		text_putc(out, SNIPPET_CLOSE);
	else if (!out->failed)
		out->len = before;
}

void
query_snippet(const struct query *q, const char *body, struct text *out)
{
	struct place place[PLACES_MAX];
	size_t len = strlen(body), at = 0, end;
	unsigned n = places_find(q, (struct slice){ body, len }, place), i = best_place(q, place, n);
	struct plain w;

	if (n > 0 && place[i].from > BEFORE_BYTES) {
		at = blank_from(body, place[i].from - BEFORE_BYTES, place[i].from);
		text_puts(out, "\u2026");
	}
	end = len - at > SNIPPET_BYTES ? blank_from(body, at + SNIPPET_BYTES, len) : len;
	plain_init(&w, body);
	plain_put(&w, at, NULL);
	for (; i < n && place[i].to <= end; i++) {
		plain_put(&w, place[i].from, out);
		put_place(&w, place[i].to, out);
	}
	plain_put(&w, end, out);
	if (end < len)
		text_puts(out, "\u2026");
}
