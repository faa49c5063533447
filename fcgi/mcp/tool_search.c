/* What the knowledge base says about a question, and the code it has. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/embed_ask.h"
#include "shared/json_text.h"

#include "mcp/mcp.h"

/* Both searches have these arguments, in this order. */
enum { ARG_QUERY, ARG_SOURCE, ARG_COUNT };

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

/* The store to search and what to look for in it, and the answer begun; false, said, when it cannot be. */
static bool
search_open(const struct call *c, const struct tool_args *a, struct store **st, struct search *s, struct tool_out *out)
{
	struct refusal why;

	*s = (struct search){ .query = a->v[ARG_QUERY].text, .limit = (unsigned)a->v[ARG_COUNT].number };
	if ((*st = service_store(c->thread, c->rq->request_id)) == NULL) {
		(void)refuse_no_store(&why);
		tool_refused(out, &why);
		return false;
	}
	if (!source_of(*st, a->v[ARG_SOURCE].text, &s->source_id, c, out))
		return false;
	json_open(&out->data, '{');
	json_kstr(&out->data, "query", s->query);
	json_key(&out->data, "results");
	json_open(&out->data, '[');
	return true;
}

static void
search_close(const struct call *c, struct store *st, int rc, const struct hits *hits)
{
	struct tool_out *out = hits->out;
	struct refusal why;

	if (rc < 0) {
		(void)refuse_store(&why, st, rc, "search", c->rq->request_id);
		tool_refused(out, &why);
		return;
	}
	json_close(&out->data, ']');
	json_kint(&out->data, "count", hits->n);
	json_close(&out->data, '}');
	if (hits->n == 0)
		text_puts(&out->said, "Nothing was found. Try fewer or other words, or crawl the documentation with "
		    "smart_crawl_url; get_available_sources says what is there.");
}

void
tool_rag_query(const struct call *c, const struct tool_args *a, struct tool_out *out)
{
	struct hits hits = { .out = out };
	struct store *st;
	struct search s;
	struct vector v;

	if (!search_open(c, a, &st, &s, out))
		return;
	(void)embed_search(c->thread->service->conf, st, &s, &v);
	search_close(c, st, store_search(st, &s, hit_put, &hits), &hits);
	if (!out->is_error)
		tool_gist(out, "%u passages for \"%.80s\"", hits.n, s.query);
}

/* -- search_code_examples ----------------------------------------------------------------- */

/* A fence longer than any run of backticks in the code. */
static void
fenced_put(struct text *t, const char *language, const char *code)
{
	size_t longest = 2;

	for (const char *p = code; (p = strchr(p, '`')) != NULL;) {
		size_t n = strspn(p, "`");

		longest = n > longest ? n : longest;
		p += n;
	}
	for (size_t i = 0; i <= longest; i++)
		text_putc(t, '`');
	text_printf(t, "%s\n%s\n", language, code);
	for (size_t i = 0; i <= longest; i++)
		text_putc(t, '`');
}

static int
code_put(const struct code_hit *h, void *arg)
{
	struct hits *hits = arg;
	struct text *t = &hits->out->said;

	text_printf(t, "%s## %u. %s\n", hits->n > 0 ? "\n\n---\n\n" : "", hits->n + 1, h->title);
	if (*h->heading != '\0')
		text_printf(t, "%s\n", h->heading);
	text_printf(t, "%s\n\n", h->url);
	if (*h->before != '\0')
		text_printf(t, "%s\n\n", h->before);
	fenced_put(t, h->language, h->code);

	t = &hits->out->data;
	json_open(t, '{');
	json_kstr(t, "url", h->url);
	json_kstr(t, "title", h->title);
	json_kstr(t, "headers", h->heading);
	json_kstr(t, "language", h->language);
	json_kstr(t, "before", h->before);
	json_kstr(t, "code", h->code);
	json_kstr(t, "source_id", h->source_id);
	json_kdouble(t, "score", h->score, 4);
	json_close(t, '}');
	hits->n++;
	return 0;
}

void
tool_code_examples(const struct call *c, const struct tool_args *a, struct tool_out *out)
{
	struct hits hits = { .out = out };
	struct store *st;
	struct search s;

	if (!search_open(c, a, &st, &s, out))
		return;
	search_close(c, st, store_search_code(st, &s, code_put, &hits), &hits);
	if (!out->is_error)
		tool_gist(out, "%u examples for \"%.80s\"", hits.n, s.query);
}
