/*
 * The search indexes, written explicitly: pages are indexed in larger batches
 * than they are put, and what is taken out is told as it was put in.
 */
#include "config.h"

#include "shared/store.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "shared/store_sql.h"
#include "shared/text.h"

/* -- the name of a page --------------------------------------------------------------- */

enum {
	SUFFIX_SAMPLE = 32,		/* titles of the source are looked at ... */
	SUFFIX_LEAST = 3,		/* ... and so many must end like this one, and half of them */
};

/* Where " - The Manual" begins, behind the last of the usual separators; 0: nowhere. */
static size_t
suffix_at(struct slice title)
{
	static const char *const separators[] = { " - ", " | ", " :: ", " \u2014 ", " \u2013 ", " \u00b7 ", " \u2022 ", " \u00ab " };

	for (size_t i = title.len; i-- > 1;)
		for (unsigned k = 0; title.p[i] == ' ' && k < sizeof separators / sizeof separators[0]; k++) {
			size_t n = strlen(separators[k]);

			if (title.len - i > n && memcmp(title.p + i, separators[k], n) == 0)
				return i;
		}
	return 0;
}

static size_t
blank_len(struct slice s, size_t at)	/* of the space at at, which may be one that does not break */
{
	if (s.len - at > 2 && memcmp(s.p + at, "\u00a0", 2) == 0)
		return 2;
	return s.len - at > 1 && s.p[at] == ' ';
}

/* "8.4. ", "F.10. ", "Chapter 5. ", "Appendix B. ": bytes of it. */
static size_t
number_len(struct slice s)
{
	static const char *const word[] = { "Chapter", "Appendix", "Part", "Section" };
	size_t at = 0, from, n;

	for (unsigned k = 0; at == 0 && k < sizeof word / sizeof word[0]; k++) {
		n = strlen(word[k]);
		if (s.len > n && memcmp(s.p, word[k], n) == 0 && blank_len(s, n) > 0)
			at = n + blank_len(s, n);
	}
	for (from = at; at < s.len && (isdigit((unsigned char)s.p[at]) || isupper((unsigned char)s.p[at])); at++) {
		for (n = at; at < s.len && (isdigit((unsigned char)s.p[at]) || isupper((unsigned char)s.p[at])); at++)
			;
		if (at - n > 4 || at == s.len || s.p[at] != '.')
			return 0;
	}
	return at > from && blank_len(s, at) > 0 ? at + blank_len(s, at) : 0;
}

/* Do titles of this source commonly end so?  1, 0. */
static int
is_site_suffix(struct store *st, const char *source, struct slice suffix)
{
	int64_t common = 0;
	int rc;

	if (suffix.len < sizeof st->suffix.text && strcmp(st->suffix.source, source) == 0 &&
	    slice_is(suffix, st->suffix.text))
		return st->suffix.common;
	rc = store_int(st, &common, "SELECT sum(ends) >= ?4 AND 2 * sum(ends) >= count(*) FROM"
	    " (SELECT substr(title, -length(?2)) = ?2 AS ends FROM pages WHERE source = ?1 LIMIT ?3)", "tpii",
	    source, suffix.p, suffix.len, (int64_t)SUFFIX_SAMPLE, (int64_t)SUFFIX_LEAST);
	if (rc < 0)
		return rc;
	if (common && suffix.len < sizeof st->suffix.text) {	/* the next page most likely asks the same */
		field_set(st->suffix.source, sizeof st->suffix.source, source);
		memcpy(st->suffix.text, suffix.p, suffix.len);
		st->suffix.text[suffix.len] = '\0';
		st->suffix.common = true;
	}
	return (int)common;
}

/* What of the title is the page's own. */
static int
page_name(struct store *st, const char *source, struct slice *title)
{
	size_t at = suffix_at(*title), n;
	int rc = 0;

	if (at > 0 && (rc = is_site_suffix(st, source, (struct slice){ title->p + at, title->len - at })) > 0)
		title->len = at;
	n = number_len(*title);
	title->p += n;
	title->len -= n;
	return rc < 0 ? rc : 0;
}

/* -- in and out ------------------------------------------------------------------------ */

static int
page_facts(struct store *st, int64_t page)
{
	char source[ID_SOURCE_BYTES];
	struct text title = { 0 };
	struct slice name;
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT source, title FROM pages WHERE n = ?1", "i", page);

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc < 0 ? rc : -ENOENT;
	field_set(source, sizeof source, column_str(stmt, 0));
	text_puts(&title, column_str(stmt, 1));
	(void)sqlite3_reset(stmt);
	name = (struct slice){ title.p, title.len };
	if (title.failed)
		rc = -ENOMEM;
	else if ((rc = page_name(st, source, &name)) == 0)
		rc = store_run(st, "INSERT OR REPLACE INTO page_facts(page, name) VALUES(?1, ?2)", "ip", page, name.p, name.len);
	text_fini(&title);
	return rc;
}

/*
 * Put what select gives of the page, a number and texts, into an index by insert,
 * row by row.  In one statement it would be undone by itself if it failed, and at
 * the end of each such statement FTS5 writes out all it has gathered: a piece of
 * the index for every page, merged again and again.
 */
static int
fill(struct store *st, const char *select, const char *insert, int64_t page)
{
	int rc = 0;
	sqlite3_stmt *from = store_stmt(st, &rc, select, "i", page), *to;

	if (from == NULL)
		return rc;
	while ((rc = store_step(st, from)) > 0) {
		if ((to = store_stmt(st, &rc, insert, "i", sqlite3_column_int64(from, 0))) == NULL)
			break;
		for (int i = 1, src = SQLITE_OK; i < sqlite3_column_count(from); i++) {
			const char *s = column_str(from, i);

			if ((src = sqlite3_bind_text(to, i + 1, s, sqlite3_column_bytes(from, i), SQLITE_STATIC)) != SQLITE_OK)
				rc = store_errno(st, src);
		}
		if (rc < 0 || (rc = store_step(st, to)) < 0)
			break;
	}
	(void)sqlite3_reset(from);
	return rc;
}

#define CHUNKS_OF_PAGE "SELECT n, title, path, headings, terms, body, facets FROM chunks_all WHERE page = ?1"
#define CODE_OF_PAGE   "SELECT n, heading, before, code, facets FROM code_all WHERE page = ?1"
#define NAMES_OF_PAGE  "SELECT page, names FROM names_text WHERE page = ?1"

static int
page_texts(struct store *st, int64_t page)
{
	int rc = fill(st, CHUNKS_OF_PAGE, "INSERT INTO chunks_fts(rowid, title, path, headings, terms, body, facets)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", page);

	if (rc >= 0)
		rc = fill(st, CODE_OF_PAGE, "INSERT INTO code_fts(rowid, heading, before, code, facets)"
		    " VALUES(?1, ?2, ?3, ?4, ?5)", page);
	return rc;
}

int
store_page_index(struct store *st, int64_t page)
{
	int rc = page_facts(st, page);

	return rc < 0 ? rc : page_texts(st, page);
}

int
store_names_index(struct store *st, int64_t page)
{
	return fill(st, NAMES_OF_PAGE, "INSERT INTO names_fts(rowid, names) VALUES(?1, ?2)", page);
}

int
store_names_unindex(struct store *st, int64_t page)
{
	return fill(st, NAMES_OF_PAGE, "INSERT INTO names_fts(names_fts, rowid, names) VALUES('delete', ?1, ?2)", page);
}

int
store_page_unindex(struct store *st, int64_t page)
{
	int64_t waits;
	int rc = store_int(st, &waits, "SELECT count(*) FROM unindexed WHERE page = ?1", "i", page);

	if (rc < 0 || waits)
		return rc;
	rc = fill(st, CHUNKS_OF_PAGE, "INSERT INTO chunks_fts(chunks_fts, rowid, title, path, headings, terms, body, facets)"
	    " VALUES('delete', ?1, ?2, ?3, ?4, ?5, ?6, ?7)", page);
	if (rc >= 0)
		rc = fill(st, CODE_OF_PAGE, "INSERT INTO code_fts(code_fts, rowid, heading, before, code, facets)"
		    " VALUES('delete', ?1, ?2, ?3, ?4, ?5)", page);
	if (rc >= 0)
		rc = store_names_unindex(st, page);
	if (rc >= 0)
		rc = store_run(st, "DELETE FROM page_facts WHERE page = ?1", "i", page);
	return rc;
}

/* Do f with the first pages (0: all) that wait for the index; *last: the last of them. */
static int
each_unindexed(struct store *st, unsigned max_pages, int (*f)(struct store *, int64_t), int64_t *last)
{
	int rc = 0;

	*last = INT64_MIN;
	for (unsigned i = 0; rc >= 0 && (max_pages == 0 || i < max_pages); i++) {
		rc = store_int(st, last, "SELECT page FROM unindexed WHERE page > ?1 ORDER BY page LIMIT 1", "i", *last);
		if (rc >= 0)
			rc = f(st, *last);
	}
	return rc == -ENOENT ? 0 : rc;
}

int
store_index(struct store *st, unsigned max_pages)
{
	int64_t last, left = 0;
	bool alone;
	int rc = store_part_begin(st, &alone);

	if (rc < 0)
		return rc;
	/* Not page by page: writing a fact is a statement that could be undone, see fill(). */
	rc = each_unindexed(st, max_pages, page_facts, &last);
	if (rc >= 0)
		rc = each_unindexed(st, max_pages, page_texts, &last);
	if (rc >= 0)
		rc = store_run(st, "DELETE FROM unindexed WHERE page <= ?1", "i", last);
	if (rc >= 0)
		rc = store_int(st, &left, "SELECT count(*) FROM unindexed", "");
	rc = store_part_end(st, alone, rc);
	return rc < 0 ? rc : (int)left;
}

int
store_index_tidy(struct store *st)
{
	static const char *const merges[] = {
		"INSERT INTO chunks_fts(chunks_fts, rank) VALUES('merge', 500)",
		"INSERT INTO names_fts(names_fts, rank) VALUES('merge', 500)",
		"INSERT INTO code_fts(code_fts, rank) VALUES('merge', 500)",
	};
	int rc = 0;

	for (unsigned i = 0; i < sizeof merges / sizeof merges[0]; i++) {
		int before = sqlite3_total_changes(st->db);

		if ((rc = store_run(st, merges[i], "")) < 0)
			return rc;
		if (sqlite3_total_changes(st->db) - before > 1)	/* FTS5: one is the command itself */
			return 1;
	}
	return 0;
}

int
store_check_index(struct store *st, struct err *e)
{
	/* rank 1: compare the index with the text, not only with itself. */
	static const char *const checks[] = {
		"INSERT INTO chunks_fts(chunks_fts, rank) VALUES('integrity-check', 1)",
		"INSERT INTO code_fts(code_fts, rank) VALUES('integrity-check', 1)",
		"INSERT INTO names_fts(names_fts, rank) VALUES('integrity-check', 1)",
	};
	int rc = 0;

	for (unsigned i = 0; rc >= 0 && i < sizeof checks / sizeof checks[0]; i++)
		rc = store_run(st, checks[i], "");
	if (rc == -EIO && sqlite3_errcode(st->db) == SQLITE_CORRUPT_VTAB)
		return err_set(e, -EBADMSG, "store: the search index does not fit its text: %s", st->error);
	return rc < 0 ? err_set(e, rc, "store: cannot be checked: %s", st->error) : 0;
}
