/* What a knowledge item holds: its pages, chunks and code examples, page by page. */
#include "config.h"

#include <errno.h>

#include "shared/json_text.h"
#include "shared/knowledge.h"

#include "api/api.h"
#include "api/routes.h"

enum { PER_PAGE = 50, PER_PAGE_MAX = 200, PAGE_MAX = 1000000, LANGUAGE_BYTES = 64 };

struct asked {
	struct store *st;
	char	id[ROW_ID_BYTES], url[ROW_URL_BYTES], language[LANGUAGE_BYTES];
	int64_t page, per_page;
	struct content_filter flt;
};

static int
ignore(const struct source *s, void *arg)
{
	(void)s;
	(void)arg;
	return 0;
}

/*
 * The parameters, and is there such a source?  put: appends of it what the answer
 * begins with.  0, or the status of the refusal.
 */
static int
asked_read(const struct request *rq, struct asked *a, store_source_f *put, struct reply *out)
{
	int rc, status;

	*a = (struct asked){ .st = api_store(rq), .flt.source_id = a->id };
	if (!api_query_number(rq, "page", 1, PAGE_MAX, 1, &a->page, out, &status) ||
	    !api_query_number(rq, "per_page", 1, PER_PAGE_MAX, PER_PAGE, &a->per_page, out, &status) ||
	    !api_query_text(rq, "url", a->url, sizeof a->url, &a->flt.url, out, &status) ||
	    !api_query_text(rq, "language", a->language, sizeof a->language, &a->flt.language, out, &status))
		return status;
	if (!api_id(rq, a->id, sizeof a->id))
		return api_no_source(out);
	if (a->st == NULL)
		return api_no_store(out);
	a->flt.limit = (unsigned)a->per_page;
	a->flt.offset = (unsigned)((a->page - 1) * a->per_page);
	json_open(&out->body, '{');
	if ((rc = store_source_get(a->st, a->id, put, &out->body)) == 0)
		return 0;
	text_clear(&out->body);
	return rc == -ENOENT ? api_no_source(out) : api_store_failed(rq, out, rc);
}

/* The end of every list; rc is what listing came to, total what counting did. */
static int
finish(const struct request *rq, const struct asked *a, int rc, int total, struct reply *out)
{
	if (rc < 0 || total < 0) {
		text_clear(&out->body);
		return api_store_failed(rq, out, rc < 0 ? rc : total);
	}
	json_close(&out->body, ']');
	json_kint(&out->body, "total", total);
	json_kint(&out->body, "page", a->page);
	json_kint(&out->body, "per_page", a->per_page);
	json_kint(&out->body, "pages", (total + a->per_page - 1) / a->per_page);
	json_close(&out->body, '}');
	return 200;
}

static void
list_open(struct reply *out, const struct asked *a, const char *name)
{
	json_kstr(&out->body, "source_id", a->id);
	json_key(&out->body, name);
	json_open(&out->body, '[');
}

/* -- chunks ----------------------------------------------------------------------- */

static int
chunk_put(const struct chunk_entry *c, void *arg)
{
	struct text *t = arg;

	json_open(t, '{');
	json_kint(t, "id", c->id);
	json_kint(t, "chunk_number", c->number);
	json_kstr(t, "content", c->body);
	json_kstr(t, "url", c->url);
	json_kstr(t, "title", c->title);
	json_kstr(t, "headers", c->headings);
	json_close(t, '}');
	return 0;
}

static int
chunks_finish(const struct request *rq, const struct asked *a, struct reply *out)
{
	return finish(rq, a, store_chunk_list(a->st, &a->flt, chunk_put, &out->body),
	    store_chunk_list_count(a->st, &a->flt), out);
}

int
item_chunks(const struct request *rq, struct reply *out)
{
	struct asked a;
	int status = asked_read(rq, &a, ignore, out);

	if (status != 0)
		return status;
	list_open(out, &a, "chunks");
	return chunks_finish(rq, &a, out);
}

int
item_details(const struct request *rq, struct reply *out)
{
	struct asked a;
	int status = asked_read(rq, &a, knowledge_members_put, out);

	if (status != 0)
		return status;
	json_key(&out->body, "chunks");
	json_open(&out->body, '[');
	return chunks_finish(rq, &a, out);
}

/* -- pages and code examples -------------------------------------------------------- */

static int
page_put(const struct page_entry *p, void *arg)
{
	struct text *t = arg;

	json_open(t, '{');
	json_kstr(t, "url", p->url);
	json_kstr(t, "title", p->title);
	json_kstr(t, "description", p->description);
	json_kstr(t, "language", p->language);
	json_ktime(t, "fetched_at", p->fetched_ms);
	json_kint(t, "word_count", p->n_words);
	json_kint(t, "size_bytes", p->n_bytes);
	json_kint(t, "chunks_count", p->n_chunks);
	json_kint(t, "code_examples_count", p->n_examples);
	json_close(t, '}');
	return 0;
}

int
item_pages(const struct request *rq, struct reply *out)
{
	struct asked a;
	int status = asked_read(rq, &a, ignore, out);

	if (status != 0)
		return status;
	list_open(out, &a, "items");
	return finish(rq, &a, store_page_list(a.st, &a.flt, page_put, &out->body),
	    store_page_list_count(a.st, &a.flt), out);
}

static int
example_put(const struct example_entry *x, void *arg)
{
	struct text *t = arg;

	json_open(t, '{');
	json_kint(t, "id", x->id);
	json_kint(t, "number", x->number);
	json_kstr(t, "url", x->url);
	json_kstr(t, "title", x->title);
	json_kstr(t, "language", x->language);
	json_kstr(t, "code", x->code);
	json_kstr(t, "before", x->before);
	json_kstr(t, "after", x->after);
	json_kstr(t, "heading", x->heading);
	json_close(t, '}');
	return 0;
}

int
item_examples(const struct request *rq, struct reply *out)
{
	struct asked a;
	int status = asked_read(rq, &a, ignore, out);

	if (status != 0)
		return status;
	list_open(out, &a, "code_examples");
	return finish(rq, &a, store_example_list(a.st, &a.flt, example_put, &out->body),
	    store_example_list_count(a.st, &a.flt), out);
}
