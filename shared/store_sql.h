/*
 * store_sql - what the store's own files share; nobody else includes it.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <sqlite3.h>

#include "shared/conf.h"
#include "shared/store.h"

enum { STORE_STATEMENTS = 128, STORE_WORD_COUNTS = 4096 };

struct store {
	sqlite3 *db;
	struct {
		const char   *sql;	/* a literal: known by its address */
		sqlite3_stmt *stmt;
	} prepared[STORE_STATEMENTS];
	unsigned n_prepared;
	int	 doomed;		/* -errno: the transaction under way can only be rolled back */
	char	 error[256];
	unsigned rank_off;		/* see store_rank_without() */
	struct word_count {		/* how many chunks a word was in when chunks reached to last */
		uint64_t hash;
		int64_t	 last, n;
	} word_counts[STORE_WORD_COUNTS];
	struct {			/* the last one found to end most titles of its source */
		char source[ID_SOURCE_BYTES], text[128];
		bool common;
	} suffix;
	char	 state_dir[CONF_TEXT_BYTES];
};

/*
 * The prepared statement of a literal, reset and with args bound by fmt:
 * t  const char * (NULL is SQL NULL)   i  int64_t   p  const char *, size_t
 * q  struct scan *, for the ranking functions
 * NULL on failure, with *rc set.  Strings are borrowed until the next reset.
 */
sqlite3_stmt *store_stmt(struct store *st, int *rc, const char *sql, const char *fmt, ...);

/* The same, run to its end and reset.  Rows changed, or -errno. */
int store_run(struct store *st, const char *sql, const char *fmt, ...);

/* One integer out of one row; -ENOENT when there is none. */
int store_int(struct store *st, int64_t *out, const char *sql, const char *fmt, ...);

/* Is a page in the language that is asked for?  "en" is also "en-GB"; in any case. */
#define STORE_LANGUAGE_FITS(have, want) \
	"instr(replace(lower(" have "), '_', '-') || '-', replace(lower(" want "), '_', '-') || '-') = 1"

/* 1 a row stands in stmt, 0 the end (reset), -errno (reset). */
int store_step(struct store *st, sqlite3_stmt *stmt);

/* Around several statements that are one change; rc is what they came to.  0 or -errno. */
int store_part_begin(struct store *st, bool *alone);
int store_part_end(struct store *st, bool alone, int rc);

int store_page_remove(struct store *st, int64_t page);
int store_page_index(struct store *st, int64_t page);		/* into the search indexes, as it stands in the store */
int store_page_unindex(struct store *st, int64_t page);		/* and out of them, if it is in */
int store_names_index(struct store *st, int64_t page);		/* the texts that lead to it, alone */
int store_names_unindex(struct store *st, int64_t page);
/* How near (-1..1) each chunk is to s->vector that fits the filters of s and has a vector of as many dimensions. */
typedef void store_near_f(int64_t chunk, double cosine, void *arg);
int store_vectors_each(struct store *st, const struct search *s, store_near_f *f, void *arg);
int store_check_index(struct store *st, struct err *e);
void store_links_pack(struct text *out, struct slice links);

/* A store in any file, as store_open() does it. */
int store_open_file(struct store **out, const char *path, int64_t max_bytes, bool durable, struct err *e);
int store_exec(struct store *st, const char *sql);		/* several statements, none with parameters */
int store_migrate(struct store *st, const char *path, struct err *e);	/* to STORE_SCHEMA; e is set for -ESTALE alone */
int store_version_refuse(const char *path, int64_t version, struct err *e);	/* -ESTALE: it is not one we know */
int store_fts5(struct store *st, fts5_api **out);		/* what FTS5 is extended by */
int store_tokenizer_register(struct store *st);

int store_errno(struct store *st, int sqlite_rc);	/* -errno, kept and logged */
const char *column_str(sqlite3_stmt *stmt, int i);	/* never NULL */

#endif
