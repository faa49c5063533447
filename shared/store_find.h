/*
 * store_find - what the searches of the store have in common: how much each word of
 * a question tells, which sources are looked through, and the best matches out of
 * an index.  The store's own.
 */
#ifndef STORE_FIND_H
#define STORE_FIND_H

#include "shared/store_rank.h"
#include "shared/store_sql.h"

enum {
	CANDIDATES = 200,		/* matches that are looked at further */
	SCAN_MAX = 60000,		/* matches scored at most */
};

struct candidate {
	int64_t	 n, page;		/* a chunk and its page; or a code example, and 0 */
	double	 score;
	uint32_t seen;			/* a bit for each term asked for: it, or what stands in for it, is there */
};
_Static_assert(QUERY_TERMS_MAX <= 32, "a bit for each");

struct candidates {
	struct candidate c[CANDIDATES];		/* a heap with the worst on top, until it is sorted */
	unsigned n;
};

struct scan {				/* what the ranking functions fill */
	const struct query *q;
	int	 phrase[QUERY_TERMS_MAX];	/* which of query_expression() each term is */
	struct candidates *best;
	unsigned rows_left;
};

/* alike: as in query_expression(). */
void scan_start(struct scan *s, const struct query *q, bool alike, struct candidates *best);

int candidate_compare(const struct candidate *a, const struct candidate *b);	/* the better first */
bool candidates_want(const struct candidates *h, struct candidate c);		/* would it be kept? */
void candidates_keep(struct candidates *h, struct candidate c);			/* unless it is worse than all CANDIDATES */
void candidates_sort(struct candidates *h);					/* the best first; nothing is kept after it */

/* Fill in what each word tells, and which of them need not find any.  0 or -errno. */
int find_weigh(struct store *st, struct query *q);

/* The FTS5 expression for the words and what s asks for.  1; 0: nothing can fit; -errno. */
int find_match(struct store *st, const struct query *q, const struct search *s, struct text *out);

/*
 * The best of what sql finds, in order.  Its parameters: the match, which has alike as it is here, the scan of
 * a ranking function, and more unless that is NULL.
 */
int find_best(struct store *st, const char *sql, const char *match, const struct query *q, bool alike, const char *more,
    struct candidates *out);

double find_score(const struct query *q, double score);	/* 0..1 in the same order: half is a good match of all words */

/* All that a search reads is of one moment, and its many small reads are one transaction. */
int find_begin(struct store *st, bool *alone);
void find_end(struct store *st, bool alone);

#endif
