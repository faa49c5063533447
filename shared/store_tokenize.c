/*
 * The tokenizer of the full-text index, known to FTS5 as "lexeme": each part of a
 * lexeme goes through the tokenizer it is made over ("porter unicode61"); beside
 * the last part, at the same position, stand the lexeme as a whole, and beside
 * each part the words its capitals set apart.  In a query a lexeme of several
 * parts is its whole alone: the query asks for the parts by themselves.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/lexeme.h"
#include "shared/store_sql.h"

enum {
	STEM_BYTES = 23,		/* longer words are rare */
	STEMS = 4096,			/* a power of two */
};

/*
 * What is known of a word: text is the same words over and over, and folding and
 * stemming them is half of what reading it costs.
 */
struct stem {
	unsigned char word_len, token_len;	/* word_len 0: none */
	bool	      filler, humped;		/* see lexeme.h */
	char	      word[STEM_BYTES], token[STEM_BYTES];	/* as it stands; what the inner tokenizer made of it */
};

struct tokenizer {
	fts5_tokenizer	inner;
	Fts5Tokenizer  *it;
	struct stem	stem[STEMS];	/* by hash, each in one place: the newest stays */
	struct stem	rare;		/* for the one in hand that has none */
};

typedef int token_f(void *, int, const char *, int, int, int);

struct emit {
	void	*arg;
	token_f *f;
	int	 from, to;		/* bytes of the whole text that what is emitted stands for */
	bool	 beside;		/* at the position of the token before */
	struct stem *keep;		/* what the inner tokenizer makes of all of it, or NULL */
};

static int
on_inner(void *arg, int flags, const char *token, int len, int from, int to)
{
	struct emit *e = arg;

	if (e->keep != NULL)		/* a second token, or one of a part: not to be kept */
		e->keep->token_len = from == 0 && to == e->to - e->from && len <= STEM_BYTES ? (unsigned char)len : 0;
	if (e->keep != NULL && e->keep->token_len > 0)
		memcpy(e->keep->token, token, (size_t)len);
	return e->f(e->arg, e->beside ? FTS5_TOKEN_COLOCATED : flags, token, len, e->from + from,
	    e->beside ? e->to : e->from + to);
}

static uint32_t
hash_of(struct slice s)			/* of at most STEM_BYTES; their middle does not count */
{
	uint64_t first = 0, last = 0;
	size_t n = s.len < sizeof first ? s.len : sizeof first;

	memcpy(&first, s.p, n);
	memcpy(&last, s.p + s.len - n, n);
	first = (first ^ last * 0x9e3779b97f4a7c15u ^ s.len) * 0xff51afd7ed558ccdu;
	return (uint32_t)(first >> 40);
}

/* What is known of s.  Its token is, too, unless token_len is 0. */
static struct stem *
stem_of(struct tokenizer *t, struct slice s)
{
	struct slice hump[LEXEME_PARTS_MAX];
	struct stem *stem = s.len <= STEM_BYTES ? &t->stem[hash_of(s) & (STEMS - 1)] : &t->rare;

	if (stem != &t->rare && stem->word_len == s.len && memcmp(stem->word, s.p, s.len) == 0)
		return stem;
	*stem = (struct stem){ .filler = lexeme_is_filler(s), .humped = lexeme_humps(s, hump) > 0 };
	if (stem != &t->rare) {
		stem->word_len = (unsigned char)s.len;
		memcpy(stem->word, s.p, s.len);
	}
	return stem;
}

static int
put_part(struct tokenizer *t, struct emit *e, int flags, struct slice s, struct stem *stem, const char *text, bool beside)
{
	int rc;

	e->from = (int)(s.p - text);
	e->to = e->from + (int)s.len;
	e->beside = beside;
	if (stem->token_len > 0)
		return e->f(e->arg, beside ? FTS5_TOKEN_COLOCATED : 0, stem->token, stem->token_len, e->from, e->to);
	e->keep = stem != &t->rare ? stem : NULL;
	rc = t->inner.xTokenize(t->it, e, flags, s.p, (int)s.len, on_inner);
	if (rc != SQLITE_OK)
		stem->token_len = 0;
	e->keep = NULL;
	return rc;
}

static int
put_humps(struct tokenizer *t, struct emit *e, int flags, struct slice part, const char *text)
{
	struct slice hump[LEXEME_PARTS_MAX];
	unsigned n = lexeme_humps(part, hump);
	int rc = SQLITE_OK;

	for (unsigned k = 0; rc == SQLITE_OK && k < n; k++)
		rc = put_part(t, e, flags, hump[k], stem_of(t, hump[k]), text, true);
	return rc;
}

static int
put_lexeme(struct tokenizer *t, struct emit *e, int flags, const struct lexeme *lx, const char *text)
{
	char name[LEXEME_WHOLE_BYTES];
	size_t name_len = lexeme_name(lx, name);
	bool asked = (flags & FTS5_TOKENIZE_QUERY) != 0;
	int rc = SQLITE_OK, from = (int)(lx->whole.p - text), to = from + (int)lx->whole.len;

	for (unsigned i = 0; rc == SQLITE_OK && i < lx->n_parts && (!asked || name_len == 0); i++) {
		struct stem *stem = stem_of(t, lx->part[i]);
		bool humped = stem->humped && !asked;	/* what it says of another, when humps take its place */

		if (name_len == 0 && stem->filler)
			continue;
		rc = put_part(t, e, flags, lx->part[i], stem, text, false);
		if (rc == SQLITE_OK && humped)
			rc = put_humps(t, e, flags, lx->part[i], text);
	}
	if (rc == SQLITE_OK && name_len > 0)
		rc = e->f(e->arg, asked ? 0 : FTS5_TOKEN_COLOCATED, name, (int)name_len, from, to);
	return rc;
}

static int
tokenize(Fts5Tokenizer *it, void *arg, int flags, const char *text, int len, token_f *f)
{
	struct tokenizer *t = (void *)it;
	struct emit e = { .arg = arg, .f = f };
	struct lexeme lx;
	size_t at = 0;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && lexeme_next((struct slice){ text, (size_t)len }, &at, &lx))
		rc = put_lexeme(t, &e, flags, &lx, text);
	return rc;
}

static void
tokenizer_delete(Fts5Tokenizer *it)
{
	struct tokenizer *t = (void *)it;

	if (t->it != NULL)
		t->inner.xDelete(t->it);
	free(t);
}

static int
tokenizer_create(void *arg, const char **word, int n, Fts5Tokenizer **out)
{
	static const char *inner_word[] = { "unicode61" };
	fts5_api *api = arg;
	struct tokenizer *t = calloc(1, sizeof *t);
	void *inner_arg;
	int rc;

	(void)word;
	(void)n;
	if (t == NULL)
		return SQLITE_NOMEM;
	if ((rc = api->xFindTokenizer(api, "porter", &inner_arg, &t->inner)) == SQLITE_OK)
		rc = t->inner.xCreate(inner_arg, inner_word, 1, &t->it);
	if (rc != SQLITE_OK) {
		free(t);
		return rc;
	}
	*out = (void *)t;
	return SQLITE_OK;
}

int
store_fts5(struct store *st, fts5_api **out)
{
	sqlite3_stmt *stmt;
	int src = sqlite3_prepare_v2(st->db, "SELECT fts5(?1)", -1, &stmt, NULL);

	*out = NULL;
	if (src != SQLITE_OK)
		return store_errno(st, src);
	if ((src = sqlite3_bind_pointer(stmt, 1, out, "fts5_api_ptr", NULL)) == SQLITE_OK)
		(void)sqlite3_step(stmt);	/* its result is *out */
	(void)sqlite3_finalize(stmt);
	return *out != NULL ? 0 : store_errno(st, src != SQLITE_OK ? src : SQLITE_ERROR);
}

int
store_tokenizer_register(struct store *st)
{
	static fts5_tokenizer lexeme = { tokenizer_create, tokenizer_delete, tokenize };
	fts5_api *api;
	int rc = store_fts5(st, &api);

	if (rc < 0)
		return rc;
	rc = api->xCreateTokenizer(api, "lexeme", api, &lexeme, NULL);
	return rc == SQLITE_OK ? 0 : store_errno(st, rc);
}
