/*
 * store_rank - how well text fits a question; between the files of the store and
 * the bench of the ranking, nobody else includes it.
 */
#ifndef STORE_RANK_H
#define STORE_RANK_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/store.h"

/* What may be left out of the ranking, to see that it is there for a reason. */
#define RANK_RULES(X) \
	X(WHOLE,	"names asked for as a whole") \
	X(PARTS,	"and by their parts") \
	X(PAIRS,	"neighbouring words count together") \
	X(WINDOW,	"words near each other count more") \
	X(NEXT_CHUNKS,	"further chunks of a page count") \
	X(NAMES,	"by which texts other pages lead to it") \
	X(IN_DEGREE,	"pages that many lead to raised") \
	X(OPTIONAL,	"common words score but find nothing") \
	X(LENGTH,	"long pages lowered") \
	X(SAYS,		"what a page says it is, beside its names") \
	X(ALIKE,	"words of like meaning stand in") \
	X(COVER,	"pages that have more of the words raised")

enum rank_rule {
#define X(name, text) RANK_##name,
	RANK_RULES(X)
#undef X
	RANK_N_RULES
};

/* Leave out the rules whose bits (1 << rule) are set. */
void store_rank_without(struct store *st, unsigned rules);

enum {
	QUERY_TERMS_MAX = 32,		/* more tell nothing new and cost a list each */
	QUERY_TERM_BYTES = 64,		/* what is longer is no word */
};

struct query_term {
	char	 text[QUERY_TERM_BYTES + 1];	/* as asked; holds no quote */
	bool	 prefix;		/* the word goes on */
	bool	 optional;		/* it is so common that it alone finds nothing */
	bool	 plain;			/* a word of prose: another may stand in for it */
	int	 stands_for;		/* the term that was asked for in its place; -1: it was itself */
	int	 after;			/* the term that stands before it in the question, -1: none */
	int64_t	 n;			/* chunks it is in, about */
	double	 idf;
};

struct query {
	struct query_term term[QUERY_TERMS_MAX];
	unsigned n_terms;		/* asked for */
	unsigned n_words;		/* and those that stand in for them, behind them */
	unsigned rules_off;
};

/* Any text.  A query of no words has n_terms 0.  as_you_type: the last word may go on. */
void query_read(struct query *q, const char *text, bool as_you_type, unsigned rules_off);

/*
 * What of the terms is to be looked for, as an FTS5 expression without columns: those
 * that only score beside those that find.  alike: what stands in for a word finds, too.
 */
void query_expression(const struct query *q, bool alike, struct text *out);
bool query_finds(const struct query_term *t, bool alike);

/* The place in body (Markdown) that fits best: struct search_hit says how it is marked. */
void query_snippet(const struct query *q, const char *body, struct text *out);

/*
 * Known to FTS5 as rank_text(t, scan) and rank_names(t, scan), scan a pointer of this type
 * (see store_find.h).  Each is a condition that keeps the row if it is among the best, and
 * holds for the last one that is to be looked at alone: no row has to be handed out.
 */
#define RANK_SCAN_TYPE "archon scan"
int store_rank_register(struct store *st);

#endif
