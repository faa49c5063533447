/*
 * The query side of the full-text index.  Any text is a valid query: its words
 * are taken out, quoted one by one and joined by OR; bm25 with weighted columns
 * ranks.  Words too common to tell pages apart are dropped unless nothing else
 * is left.
 */
#include "config.h"

#include "shared/store.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/store_sql.h"
#include "shared/text.h"

enum { QUERY_WORDS_MAX = 32 };	/* more tell nothing new and cost a list each */

/* Sorted: searched by bsearch(). */
static const char *const stop_words[] = {
	"a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "have", "how",
	"i", "if", "in", "is", "it", "me", "my", "not", "of", "on", "or", "should", "that", "the", "there",
	"this", "to", "use", "using", "was", "what", "when", "where", "which", "why", "will", "with", "you",
};

struct word {
	const char *p;
	size_t	    len;
};

static int
stop_compare(const void *key, const void *elem)
{
	const struct word *w = key;
	const char *s = *(const char *const *)elem;
	int c = strncasecmp(w->p, s, w->len);

	return c != 0 ? c : s[w->len] == '\0' ? 0 : -1;
}

static bool
is_stop_word(struct word w)
{
	return bsearch(&w, stop_words, sizeof stop_words / sizeof stop_words[0], sizeof stop_words[0],
	    stop_compare) != NULL;
}

/* The tokenizer's idea of a word: letters, digits and everything beyond ASCII. */
static bool
is_word_byte(char c)
{
	return isalnum((unsigned char)c) || ((unsigned char)c & 0x80) != 0;
}

static unsigned
words_split(const char *query, struct word *w)
{
	unsigned n = 0;

	for (const char *p = query; *p != '\0' && n < QUERY_WORDS_MAX; ) {
		const char *from;

		while (*p != '\0' && !is_word_byte(*p))
			p++;
		for (from = p; is_word_byte(*p); p++)
			;
		if (p > from)
			w[n++] = (struct word){ from, (size_t)(p - from) };
	}
	return n;
}

/* The FTS5 expression; an empty text when the query holds no word. */
static void
match_expression(const char *query, struct text *out)
{
	struct word w[QUERY_WORDS_MAX];
	unsigned n = words_split(query, w), content = 0;

	for (unsigned i = 0; i < n; i++)
		content += !is_stop_word(w[i]);
	for (unsigned i = 0; i < n; i++) {
		size_t ok = utf8_valid_len(w[i].p, w[i].len);

		if ((content > 0 && is_stop_word(w[i])) || ok == 0)
			continue;
		if (out->len > 0)
			text_puts(out, " OR ");
		text_putc(out, '"');		/* a word holds no quote */
		text_put(out, w[i].p, ok);
		text_putc(out, '"');
	}
}

static int
hits_each(struct store *st, sqlite3_stmt *stmt, store_hit_f *f, void *arg)
{
	int n = 0, rc;

	while ((rc = store_step(st, stmt)) > 0) {
		double rank = -sqlite3_column_double(stmt, 0);	/* bm25() is better the smaller */
		struct search_hit h = {
			.chunk_id = sqlite3_column_int64(stmt, 1),
			.chunk_number = (unsigned)sqlite3_column_int(stmt, 2),
			.url = column_str(stmt, 3), .title = column_str(stmt, 4), .headings = column_str(stmt, 5),
			.body = column_str(stmt, 6), .source_id = column_str(stmt, 7),
			.knowledge_type = column_str(stmt, 8), .n_words = sqlite3_column_int64(stmt, 9),
			/* 0..1 and in the same order; 10 is where a good match of two words lies. */
			.score = rank > 0 ? rank / (rank + 10) : 0,
		};

		n++;
		if ((rc = f(&h, arg)) != 0) {
			(void)sqlite3_reset(stmt);
			return rc < 0 ? rc : n;
		}
	}
	return rc < 0 ? rc : n;
}

int
store_search(struct store *st, const char *query, const char *source_id,
    const char *knowledge_type, unsigned limit, store_hit_f *f, void *arg)
{
	struct text match = { 0 };
	sqlite3_stmt *stmt;
	int rc = 0;

	match_expression(query, &match);
	if (match.failed || match.len == 0) {
		rc = match.failed ? -ENOMEM : 0;
		goto done;
	}
	/* Rank first, on the index alone; texts are fetched for the winners only. */
	stmt = store_stmt(st, &rc, "SELECT f.rank, c.n, c.number, p.url, p.title, c.headings, c.body, p.source,"
	    " s.knowledge_type, p.words FROM (SELECT rowid AS n, bm25(chunks_fts, 2.0, 1.0, 2.0, 3.0, 1.0, 0.0) AS rank"
	    "  FROM chunks_fts WHERE chunks_fts MATCH ?1"
	    "  AND (?2 IS NULL OR ?2 = (SELECT source FROM chunks JOIN pages ON pages.n = page WHERE chunks.n = chunks_fts.rowid))"
	    "  AND (?3 IS NULL OR ?3 = (SELECT knowledge_type FROM chunks JOIN pages ON pages.n = page"
	    "   JOIN sources ON sources.id = source WHERE chunks.n = chunks_fts.rowid))"
	    /* Deleted and not taken out yet: rare, so asked once whether there is any. */
	    "  AND (NOT EXISTS(SELECT 1 FROM sources WHERE deleted_ms IS NOT NULL) OR EXISTS(SELECT 1 FROM chunks"
	    "   JOIN pages ON pages.n = page JOIN sources ON sources.id = source"
	    "   WHERE chunks.n = chunks_fts.rowid AND deleted_ms IS NULL))"
	    "  ORDER BY rank, n LIMIT ?4) f"
	    " JOIN chunks c ON c.n = f.n JOIN pages p ON p.n = c.page JOIN sources s ON s.id = p.source"
	    " ORDER BY f.rank, c.n", "ttti", text_str(&match), source_id, knowledge_type, (int64_t)limit);
	if (stmt != NULL)
		rc = hits_each(st, stmt, f, arg);
done:
	text_fini(&match);
	return rc;
}
