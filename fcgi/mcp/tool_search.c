/* What the knowledge base says about a question. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/json_text.h"

#include "mcp/mcp.h"

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
		tool_no_source(said, asked);
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
	if ((rc = store_search(st, &(struct search){
		.query = query, .source_id = source, .limit = (unsigned)a->v[2].number,
	}, hit_put, &hits)) < 0) {
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
