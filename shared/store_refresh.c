/* What a crawl of a source that is there already needs to know of its pages. */
#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <string.h>

#include "shared/ids.h"
#include "shared/store_sql.h"
#include "shared/text.h"

int64_t
store_source_due_ms(const struct source *s, unsigned update_frequency)
{
	const int64_t day_ms = 86400000, period_ms = (int64_t)update_frequency * day_ms;

	if (update_frequency == 0 || s->crawled_ms == 0)
		return 0;
	return s->crawled_ms + period_ms + (int64_t)(id_hash(s->id, strlen(s->id)) % (uint64_t)(period_ms / 10));
}

/* -- links ------------------------------------------------------------------------- */

/*
 * The links of a page are much alike, so each is kept as how many bytes it has in
 * common with the one before (one byte) and the rest, ended by NUL.
 */
void
store_links_pack(struct text *out, struct slice links)
{
	const char *before = "";

	for (size_t at = 0; at < links.len; ) {
		const char *url = links.p + at;
		size_t len = strnlen(url, links.len - at), same = 0;

		while (same < len && same < UINT8_MAX && before[same] == url[same])
			same++;
		text_putc(out, (char)same);
		text_put(out, url + same, len - same);
		text_putc(out, '\0');
		before = url;
		at += len + 1;
	}
}

static int
links_unpack(struct text *out, const char *p, size_t len)
{
	size_t before = 0, before_len = 0;	/* where the last one stands in out */

	for (size_t at = 0; at < len; ) {
		size_t same = (unsigned char)p[at], rest = strnlen(p + at + 1, len - at - 1), from = out->len;

		if (same > before_len || at + 1 + rest >= len)
			return -EIO;		/* not what we wrote */
		for (size_t i = 0; i < same; i++)
			text_putc(out, out->p[before + i]);
		text_put(out, p + at + 1, rest + 1);
		if (out->failed)
			return -ENOMEM;
		before = from;
		before_len = out->len - from - 1;
		at += rest + 2;
	}
	return 0;
}

int
store_page_links(struct store *st, const char *source_id, const char *url, struct text *out)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT links FROM pages WHERE source = ?1 AND url = ?2", "tt",
	    source_id, url);

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc < 0 ? rc : -ENOENT;
	rc = links_unpack(out, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
	(void)sqlite3_reset(stmt);
	return rc;
}

/* -- pages that are there ------------------------------------------------------------ */

static void
column_field(sqlite3_stmt *stmt, int i, char *field, size_t bytes)	/* whole or not at all */
{
	const char *s = column_str(stmt, i);

	field_set(field, bytes, strlen(s) < bytes ? s : "");
}

int
store_page_known(struct store *st, const char *source_id, const char *url, const char *recipe, struct page_known *out)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT etag, last_modified FROM pages"
	    " WHERE source = ?1 AND url = ?2 AND recipe = ?3", "ttt", source_id, url, recipe);

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc;
	column_field(stmt, 0, out->etag, sizeof out->etag);
	column_field(stmt, 1, out->last_modified, sizeof out->last_modified);
	(void)sqlite3_reset(stmt);
	return out->etag[0] != '\0' || out->last_modified[0] != '\0';
}

int
store_page_see(struct store *st, const char *source_id, const struct page *p)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT n, hash = ?3 AND recipe = ifnull(?4, '') FROM pages"
	    " WHERE source = ?1 AND url = ?2", "tttt", source_id, p->url, p->content_hash, p->recipe);
	struct text links = { 0 };
	bool same;
	int64_t n;

	if (stmt == NULL || (rc = store_step(st, stmt)) < 0)
		return rc;
	if (rc == 0) {
		rc = store_page_put(st, source_id, p);
		return rc < 0 ? rc : PAGE_NEW;
	}
	n = sqlite3_column_int64(stmt, 0);
	same = sqlite3_column_int(stmt, 1) != 0;
	(void)sqlite3_reset(stmt);
	if (!same) {
		rc = store_page_put(st, source_id, p);
		return rc < 0 ? rc : PAGE_CHANGED;
	}
	store_links_pack(&links, p->links);
	if (links.failed)
		rc = -ENOMEM;
	else
		rc = store_run(st, "UPDATE pages SET etag = ?2, last_modified = ?3, fetched_ms = ?4, bytes = ?5,"
		    " links = CAST(?6 AS BLOB), crawl = max(crawl, ifnull((SELECT n FROM crawls WHERE id = ?7), 0))"
		    " WHERE n = ?1", "ittiipt", n, p->etag, p->last_modified, p->fetched_ms, (int64_t)p->n_bytes,
		    links.p, links.len, p->crawl_id);
	text_fini(&links);
	return rc < 0 ? rc : PAGE_UNCHANGED;
}

int
store_page_keep(struct store *st, const char *source_id, const char *url, const char *crawl_id, struct page_counts *out)
{
	sqlite3_stmt *stmt;
	int rc = store_run(st, "UPDATE pages SET crawl = max(crawl, (SELECT n FROM crawls WHERE id = ?3))"
	    " WHERE source = ?1 AND url = ?2", "ttt", source_id, url, crawl_id);

	if (rc <= 0)
		return rc < 0 ? rc : -ENOENT;
	stmt = store_stmt(st, &rc, "SELECT words, (SELECT count(*) FROM chunks WHERE page = p.n),"
	    " (SELECT count(*) FROM code_examples WHERE page = p.n) FROM pages p WHERE source = ?1 AND url = ?2", "tt",
	    source_id, url);
	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc < 0 ? rc : -ENOENT;
	out->n_words = sqlite3_column_int64(stmt, 0);
	out->n_chunks = sqlite3_column_int64(stmt, 1);
	out->n_examples = sqlite3_column_int64(stmt, 2);
	(void)sqlite3_reset(stmt);
	return 0;
}

int
store_page_find_twin(struct store *st, const char *source_id, const char *crawl_id, const char *content_hash,
    const char *not_url, char url[ROW_URL_BYTES])
{
	int rc = 0;
	int64_t page, crawl = 0;
	sqlite3_stmt *stmt;

	if ((rc = store_int(st, &crawl, "SELECT n FROM crawls WHERE id = ?1", "t", crawl_id)) < 0)
		return rc;
	stmt = store_stmt(st, &rc, "SELECT n, url FROM pages p WHERE source = ?1 AND hash = ?2"
	    " AND url <> ?3 AND (crawl >= ?4 OR NOT EXISTS(SELECT 1 FROM frontier f WHERE f.crawl = ?4"
	    "   AND f.url = p.url AND f.state > 1)) LIMIT 1", "ttti", source_id, content_hash, not_url, crawl);
	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc;
	page = sqlite3_column_int64(stmt, 0);
	field_set(url, ROW_URL_BYTES, column_str(stmt, 1));
	(void)sqlite3_reset(stmt);
	/* Its content is alive, whatever becomes of its URL. */
	rc = store_run(st, "UPDATE pages SET crawl = ?2 WHERE n = ?1 AND crawl < ?2", "ii", page, crawl);
	return rc < 0 ? rc : 1;
}

/* -- pages that are gone -------------------------------------------------------------- */

static int
vanished_find(struct store *st, const char *source_id, int64_t crawl, bool complete, struct text *pages)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT n FROM pages p WHERE source = ?1 AND crawl < ?2"
	    " AND NOT EXISTS(SELECT 1 FROM frontier f WHERE f.crawl = ?2 AND f.url = p.url AND f.state = ?3)"
	    " AND (?4 <> 0 OR EXISTS(SELECT 1 FROM frontier f WHERE f.crawl = ?2 AND f.url = p.url AND f.state IN (?5, ?6)))",
	    "tiiiii", source_id, crawl, (int64_t)FRONTIER_FAILED, (int64_t)complete,
	    (int64_t)FRONTIER_SKIPPED, (int64_t)FRONTIER_GONE);

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0) {
		int64_t n = sqlite3_column_int64(stmt, 0);

		text_put(pages, &n, sizeof n);
	}
	return rc < 0 ? rc : pages->failed ? -ENOMEM : 0;
}

int
store_pages_vanished(struct store *st, const char *source_id, const char *crawl_id, bool complete)
{
	struct text pages = { 0 };
	int64_t crawl, partial;
	bool alone;
	int rc, n = 0;

	/* A page that could not be had this time may be the only one that leads to others. */
	if ((rc = store_int(st, &crawl, "SELECT n FROM crawls WHERE id = ?1", "t", crawl_id)) < 0 ||
	    (rc = store_int(st, &partial, "SELECT partial OR EXISTS(SELECT 1 FROM frontier WHERE crawl = ?1 AND state = ?2)"
	    " FROM crawls WHERE n = ?1", "ii", crawl, (int64_t)FRONTIER_FAILED)) < 0 ||
	    (rc = store_part_begin(st, &alone)) < 0)
		return rc;
	rc = vanished_find(st, source_id, crawl, complete && partial == 0, &pages);
	for (size_t at = 0; rc >= 0 && at < pages.len; at += sizeof(int64_t), n++) {
		int64_t page;

		memcpy(&page, pages.p + at, sizeof page);
		rc = store_page_remove(st, page);
	}
	text_fini(&pages);
	rc = store_part_end(st, alone, rc);
	return rc < 0 ? rc : n;
}
