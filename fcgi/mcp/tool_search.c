/* What is there, and where it says something about a question. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/json_text.h"
#include "shared/knowledge.h"

#include "mcp/mcp.h"

enum { SOURCES_MAX = 200 };	/* in one answer: more than an agent wants to read */

/* The source's id when it is one of ours, NULL for "" - and false, said, when it is unknown. */
static bool
source_of(struct store *st, const char *asked, const char **out, const struct call *c, struct tool_out *said)
{
	struct crawl_params params;
	struct refusal why;
	int rc;

	*out = NULL;
	if (*asked == '\0')
		return true;
	if ((rc = store_source_params(st, asked, &params)) == 0) {
		*out = asked;
		return true;
	}
	if (rc == -ENOENT) {
		tool_failed(said, "There is no source %.60s: get_available_sources lists them with their source_id.", asked);
	} else {
		(void)refuse_store(&why, st, rc, "source", c->rq->request_id);
		tool_refused(said, &why);
	}
	return false;
}

/* -- perform_rag_query ------------------------------------------------------------------ */

struct hits {
	struct tool_out *out;
	unsigned n;
};

static int
hit_put(const struct search_hit *h, void *arg)
{
	struct hits *hits = arg;
	struct text *t = &hits->out->said;

	text_printf(t, "%s## %u. %s\n", hits->n > 0 ? "\n\n---\n\n" : "", hits->n + 1, h->title);
	if (*h->headings != '\0')
		text_printf(t, "%s\n", h->headings);
	text_printf(t, "%s\n\n", h->url);
	text_puts(t, h->body);

	t = &hits->out->data;
	json_open(t, '{');
	json_kstr(t, "url", h->url);
	json_kstr(t, "title", h->title);
	json_kstr(t, "headers", h->headings);
	json_kstr(t, "content", h->body);
	json_kstr(t, "source_id", h->source_id);
	json_kdouble(t, "score", h->score, 4);
	json_close(t, '}');
	hits->n++;
	return 0;
}

void
tool_rag_query(const struct call *c, const struct tool_args *a, struct tool_out *out)
{
	const char *query = a->v[0].text, *source;
	struct store *st = service_store(c->thread, c->rq->request_id);
	struct hits hits = { .out = out };
	struct refusal why;
	int rc;

	if (st == NULL) {
		(void)refuse_no_store(&why);
		tool_refused(out, &why);
		return;
	}
	if (!source_of(st, a->v[1].text, &source, c, out))
		return;
	json_open(&out->data, '{');
	json_kstr(&out->data, "query", query);
	json_key(&out->data, "results");
	json_open(&out->data, '[');
	if ((rc = store_search(st, query, source, NULL, (unsigned)a->v[2].number, hit_put, &hits)) < 0) {
		(void)refuse_store(&why, st, rc, "search", c->rq->request_id);
		tool_refused(out, &why);
		return;
	}
	json_close(&out->data, ']');
	json_kint(&out->data, "count", hits.n);
	json_close(&out->data, '}');
	if (hits.n == 0)
		text_puts(&out->said, "Nothing was found. Try fewer or other words, or crawl the documentation with "
		    "smart_crawl_url; get_available_sources says what is there.");
	tool_gist(out, "%u passages for \"%.80s\"", hits.n, query);
}

/* -- get_available_sources ---------------------------------------------------------------- */

static int
source_put(const struct source *s, void *arg)
{
	struct tool_out *out = arg;
	bool titled = s->title != NULL && s->title[0] != '\0';

	text_printf(&out->said, "- `%s` %s\n  %s, %s: %lld pages, %lld passages, %lld code examples\n", s->id,
	    titled ? s->title : s->url, s->url, s->status, (long long)s->n_pages, (long long)s->n_chunks,
	    (long long)s->n_code_examples);
	return knowledge_source_put(s, &out->data);
}

void
tool_sources(const struct call *c, const struct tool_args *a, struct tool_out *out)
{
	const struct source_filter every = { .limit = SOURCES_MAX };
	struct store *st = service_store(c->thread, c->rq->request_id);
	struct refusal why;
	int rc, total;

	(void)a;
	if (st == NULL) {
		(void)refuse_no_store(&why);
		tool_refused(out, &why);
		return;
	}
	json_open(&out->data, '{');
	json_key(&out->data, "sources");
	json_open(&out->data, '[');
	total = rc = store_sources_count(st, &every);
	if (rc >= 0)
		rc = store_sources_each(st, &every, source_put, out);
	if (rc < 0) {
		(void)refuse_store(&why, st, rc, "sources", c->rq->request_id);
		tool_refused(out, &why);
		return;
	}
	json_close(&out->data, ']');
	json_kint(&out->data, "total", total);
	json_close(&out->data, '}');
	if (total == 0)
		text_puts(&out->said, "Nothing has been crawled yet: smart_crawl_url crawls a documentation site.");
	else if (total > SOURCES_MAX)
		text_printf(&out->said, "... and %d more.\n", total - SOURCES_MAX);
	tool_gist(out, "%d sources", total);
}
