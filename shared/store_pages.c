#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <string.h>

#include "shared/store_sql.h"
#include "shared/trace.h"
#include "shared/text.h"

/* -- pages ----------------------------------------------------------------------------- */

int
store_page_remove(struct store *st, int64_t page)
{
	int rc = store_page_unindex(st, page);

	if (rc >= 0)
		rc = store_run(st, "DELETE FROM pages WHERE n = ?1", "i", page);	/* the rest cascades */
	return rc;
}

static int64_t
stored_bytes(const struct page *p)
{
	size_t n = p->links.len + strlen(p->url);

	for (unsigned i = 0; i < p->n_chunks; i++)
		n += p->chunks[i].headings.len + p->chunks[i].body.len;
	for (unsigned i = 0; i < p->n_examples; i++) {
		const struct code_example *x = &p->examples[i];

		n += x->language.len + x->code.len + x->before.len + x->after.len + x->heading.len;
	}
	return (int64_t)n;
}

static int
page_insert(struct store *st, const char *source_id, const struct page *p, int64_t *page)
{
	struct text links = { 0 };
	int rc;

	store_links_pack(&links, p->links);
	if (links.failed)
		rc = -ENOMEM;
	else
		rc = store_run(st, "INSERT INTO pages(source, url, title, description, language, etag, last_modified,"
		    " hash, fetched_ms, words, bytes, crawl, recipe, links, stored_bytes) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
		    " ifnull((SELECT n FROM crawls WHERE id = ?12), 0), ifnull(?13, ''), CAST(?14 AS BLOB), ?15)",
		    "ttttttttiiittpi", source_id, p->url, p->title != NULL ? p->title : "",
		    p->description != NULL ? p->description : "", p->language != NULL ? p->language : "",
		    p->etag, p->last_modified, p->content_hash, p->fetched_ms, (int64_t)p->n_words, (int64_t)p->n_bytes,
		    p->crawl_id, p->recipe, links.p, links.len, stored_bytes(p));
	text_fini(&links);

	*page = sqlite3_last_insert_rowid(st->db);
	return rc;
}

static int
chunk_insert(struct store *st, int64_t page, unsigned number, const struct chunk *c)
{
	return store_run(st, "INSERT INTO chunks(page, number, headings, terms, body) VALUES(?1, ?2, ?3, ?4, ?5)", "iippp",
	    page, (int64_t)number, c->headings.p, c->headings.len, c->terms.p, c->terms.len, c->body.p, c->body.len);
}

static int
example_insert(struct store *st, int64_t page, unsigned number, const struct code_example *x)
{
	return store_run(st, "INSERT INTO code_examples(page, number, language, code, before, after, heading)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", "iippppp", page, (int64_t)number,
	    x->language.p, x->language.len, x->code.p, x->code.len, x->before.p, x->before.len,
	    x->after.p, x->after.len, x->heading.p, x->heading.len);
}

int
store_page_put(struct store *st, const char *source_id, const struct page *p)
{
	int64_t page;
	bool alone;
	int rc = store_part_begin(st, &alone);

	if (rc < 0)
		return rc;
	rc = store_int(st, &page, "SELECT n FROM pages WHERE source = ?1 AND url = ?2", "tt", source_id, p->url);
	if (rc == 0)
		rc = store_page_remove(st, page);
	if (rc >= 0 || rc == -ENOENT)
		rc = page_insert(st, source_id, p, &page);
	for (unsigned i = 0; rc >= 0 && i < p->n_chunks; i++)
		rc = chunk_insert(st, page, i, &p->chunks[i]);
	for (unsigned i = 0; rc >= 0 && i < p->n_examples; i++)
		rc = example_insert(st, page, i, &p->examples[i]);
	if (rc >= 0)
		rc = p->index_later ? store_run(st, "INSERT INTO unindexed VALUES(?1)", "i", page) : store_page_index(st, page);
	if (rc >= 0)
		TRACE2(page__stored, source_id, p->url);
	return store_part_end(st, alone, rc);
}

int
store_pages_count(struct store *st, const char *source_id)
{
	int64_t n = 0;
	int rc = store_int(st, &n, "SELECT count(*) FROM pages WHERE source = ?1", "t", source_id);

	return rc < 0 ? rc : (int)n;
}

int
store_pages_each(struct store *st, const char *source_id, store_page_url_f *f, void *arg)
{
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT url FROM pages WHERE source = ?1 ORDER BY url", "t", source_id);

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0)
		if ((rc = f(column_str(stmt, 0), arg)) != 0) {
			(void)sqlite3_reset(stmt);
			return rc;
		}
	return rc;
}
