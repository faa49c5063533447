/* A page with all that hangs on it, as it was put: what an export is made of. */
#include "config.h"

#include "shared/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/store_sql.h"
#include "shared/text.h"

/* Texts are gathered in one buffer, which moves while it grows: first where each begins, then the slices. */
struct pile {
	struct text text, ends;		/* ends: size_t, where each text ends */
};

static void
pile_put(struct pile *pl, sqlite3_stmt *stmt, int column)
{
	text_put(&pl->text, sqlite3_column_text(stmt, column), (size_t)sqlite3_column_bytes(stmt, column));
	text_put(&pl->ends, &pl->text.len, sizeof pl->text.len);
}

static struct slice
pile_slice(const struct pile *pl, size_t i)
{
	size_t from = 0, end;

	memcpy(&end, pl->ends.p + i * sizeof end, sizeof end);
	if (i > 0)
		memcpy(&from, pl->ends.p + (i - 1) * sizeof from, sizeof from);
	return (struct slice){ pl->text.p + from, end - from };
}

/* The first n_columns of each row; how many rows, or -errno. */
static int
pile_rows(struct store *st, sqlite3_stmt *stmt, int rc, int n_columns, struct pile *pl)
{
	int n = 0;

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0) {
		for (int i = 0; i < n_columns; i++)
			pile_put(pl, stmt, i);
		n++;
	}
	return rc < 0 ? rc : pl->text.failed || pl->ends.failed ? -ENOMEM : n;
}

static void
pile_fini(struct pile *pl)
{
	text_fini(&pl->text);
	text_fini(&pl->ends);
}

enum { CHUNK_COLUMNS = 3, EXAMPLE_COLUMNS = 5 };

static int
hand_over(struct page *p, const struct pile *chunks, const struct pile *examples, store_page_dump_f *f, void *arg)
{
	struct chunk *c = calloc(p->n_chunks + 1, sizeof *c);
	struct code_example *x = calloc(p->n_examples + 1, sizeof *x);
	int rc = -ENOMEM;

	if (c == NULL || x == NULL)
		goto done;
	for (size_t i = 0; i < p->n_chunks; i++)
		c[i] = (struct chunk){ .headings = pile_slice(chunks, CHUNK_COLUMNS * i),
		    .body = pile_slice(chunks, CHUNK_COLUMNS * i + 1), .terms = pile_slice(chunks, CHUNK_COLUMNS * i + 2) };
	for (size_t i = 0; i < p->n_examples; i++)
		x[i] = (struct code_example){ .language = pile_slice(examples, EXAMPLE_COLUMNS * i),
		    .code = pile_slice(examples, EXAMPLE_COLUMNS * i + 1), .before = pile_slice(examples, EXAMPLE_COLUMNS * i + 2),
		    .after = pile_slice(examples, EXAMPLE_COLUMNS * i + 3), .heading = pile_slice(examples, EXAMPLE_COLUMNS * i + 4) };
	p->chunks = c;
	p->examples = x;
	rc = f(p, arg);
done:
	free(c);
	free(x);
	return rc;
}

int
store_page_dump(struct store *st, const char *source_id, const char *url, store_page_dump_f *f, void *arg)
{
	struct pile page = { .text = { 0 } }, chunks = { .text = { 0 } }, examples = { .text = { 0 } };
	struct text links = { 0 };
	struct page p = { .url = url };
	int64_t n;
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT title || char(0), description || char(0), language || char(0),"
	    " ifnull(etag, '') || char(0), ifnull(last_modified, '') || char(0), hash || char(0), recipe || char(0),"
	    " n, fetched_ms, words, bytes FROM pages WHERE source = ?1 AND url = ?2", "tt", source_id, url);

	if (stmt == NULL || (rc = store_step(st, stmt)) <= 0)
		return rc < 0 ? rc : -ENOENT;
	for (int i = 0; i < 7; i++)
		pile_put(&page, stmt, i);
	n = sqlite3_column_int64(stmt, 7);
	p.fetched_ms = sqlite3_column_int64(stmt, 8);
	p.n_words = (uint64_t)sqlite3_column_int64(stmt, 9);
	p.n_bytes = (uint64_t)sqlite3_column_int64(stmt, 10);
	(void)sqlite3_reset(stmt);
	rc = page.text.failed || page.ends.failed ? -ENOMEM : store_page_links(st, source_id, url, &links);
	if (rc < 0)
		goto done;
	stmt = store_stmt(st, &rc, "SELECT headings, body, terms FROM chunks WHERE page = ?1 ORDER BY number", "i", n);
	if ((rc = pile_rows(st, stmt, rc, CHUNK_COLUMNS, &chunks)) < 0)
		goto done;
	p.n_chunks = (unsigned)rc;
	stmt = store_stmt(st, &rc, "SELECT language, code, before, after, heading FROM code_examples"
	    " WHERE page = ?1 ORDER BY number", "i", n);
	if ((rc = pile_rows(st, stmt, rc, EXAMPLE_COLUMNS, &examples)) < 0)
		goto done;
	p.n_examples = (unsigned)rc;
	p.title = pile_slice(&page, 0).p;
	p.description = pile_slice(&page, 1).p;
	p.language = pile_slice(&page, 2).p;
	p.etag = *pile_slice(&page, 3).p != '\0' ? pile_slice(&page, 3).p : NULL;
	p.last_modified = *pile_slice(&page, 4).p != '\0' ? pile_slice(&page, 4).p : NULL;
	p.content_hash = pile_slice(&page, 5).p;
	p.recipe = pile_slice(&page, 6).p;
	p.links = (struct slice){ links.p, links.len };
	rc = hand_over(&p, &chunks, &examples, f, arg);
done:
	text_fini(&links);
	pile_fini(&page);
	pile_fini(&chunks);
	pile_fini(&examples);
	return rc;
}
