/* Starting crawls and asking after them. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/crawl_accept.h"
#include "shared/json_text.h"

#include "mcp/mcp.h"

enum { LOG_LINES = 5 };		/* the newest: what an agent can use */

/* -- how far it is ------------------------------------------------------------------- */

static void
crawl_say(struct text *t, const struct crawl_progress *p)
{
	const char *word = crawl_phase_word((enum crawl_phase)p->phase);

	text_printf(t, "%s: %s, %u %%\n\n", p->url, word, p->percentage);
	text_printf(t, "- progress_id: `%s`\n- source_id: `%s`\n", p->id, p->source_id);
	text_printf(t, "- pages: %llu of %llu done, %llu failed, %llu skipped\n", (unsigned long long)p->processed_pages,
	    (unsigned long long)p->total_pages, (unsigned long long)p->failed_pages, (unsigned long long)p->skipped_pages);
	text_printf(t, "- stored: %llu passages, %llu code examples\n", (unsigned long long)p->chunks_stored,
	    (unsigned long long)p->code_examples);
	if (p->error[0] != '\0')
		text_printf(t, "- error: %s\n", p->error);
	if (p->phase == CRAWL_COMPLETED)
		text_puts(t, "\nIt can be searched now with perform_rag_query.\n");
	else if (!crawl_phase_is_terminal((enum crawl_phase)p->phase))
		text_puts(t, "\nIt goes on: ask again with get_crawl_progress.\n");
}

static void
crawl_data(struct text *t, const struct crawl_progress *p)
{
	json_open(t, '{');
	json_kstr(t, "progress_id", p->id);
	json_kstr(t, "source_id", p->source_id);
	json_kstr(t, "url", p->url);
	json_kstr(t, "status", crawl_phase_word((enum crawl_phase)p->phase));
	json_kbool(t, "ended", crawl_phase_is_terminal((enum crawl_phase)p->phase));
	json_kint(t, "percentage", p->percentage);
	json_kint(t, "total_pages", (int64_t)p->total_pages);
	json_kint(t, "processed_pages", (int64_t)p->processed_pages);
	json_kint(t, "failed_pages", (int64_t)p->failed_pages);
	json_kint(t, "skipped_pages", (int64_t)p->skipped_pages);
	json_kint(t, "chunks_stored", (int64_t)p->chunks_stored);
	json_kint(t, "code_examples", (int64_t)p->code_examples);
	if (p->error[0] != '\0')
		json_kstr(t, "error", p->error);
	json_key(t, "log");
	json_open(t, '[');
	for (unsigned i = p->log_count > LOG_LINES ? p->log_count - LOG_LINES : 0; i < p->log_count; i++)
		json_string(t, crawl_progress_line(p, i), strlen(crawl_progress_line(p, i)));
	json_close(t, ']');
	json_close(t, '}');
}

void
tool_crawl_put(struct tool_out *out, const struct crawl_progress *p)
{
	crawl_say(&out->said, p);
	crawl_data(&out->data, p);
	out->is_error = p->phase == CRAWL_ERROR;
	memcpy(out->crawl, p->id, sizeof out->crawl);
	tool_gist(out, "%.90s: %s, %u %%", p->url, crawl_phase_word((enum crawl_phase)p->phase), p->percentage);
}

void
tool_progress(const struct call *c, const struct tool_args *a, struct tool_out *out)
{
	struct store *st = service_store(c->thread, c->rq->request_id);
	const char *id = a->v[0].text;
	struct crawl_progress p;
	struct refusal why;
	int rc;

	if (st == NULL) {
		(void)refuse_no_store(&why);
		tool_refused(out, &why);
		return;
	}
	if (strlen(id) >= ROW_ID_BYTES || (rc = service_progress(c->thread, st, id, &p)) == -ENOENT) {
		tool_failed(out, "There is no crawl %.60s: progress_id comes from crawl_single_page or smart_crawl_url.", id);
		return;
	}
	if (rc < 0) {
		(void)refuse_store(&why, st, rc, "progress", c->rq->request_id);
		tool_refused(out, &why);
		return;
	}
	tool_crawl_put(out, &p);
}

/* -- starting -------------------------------------------------------------------------- */

/*
 * One page whose address a whole site was crawled from would be the same source,
 * and the site would be kept up as one page from then on.
 */
static bool
is_site(const struct call *c, const struct crawl_params *page, struct tool_out *out)
{
	struct store *st = service_store(c->thread, c->rq->request_id);
	char source[ID_SOURCE_BYTES];
	struct crawl_params there;

	crawl_params_source(page, source);
	if (st == NULL || store_source_params(st, source, &there) != 0 || there.max_pages <= page->max_pages)
		return false;
	tool_failed(out, "A whole site was crawled from this address, source %s: search it, or crawl it again with smart_crawl_url.",
	    source);
	return true;
}

/* As a client of the HTTP API would ask for it: one place knows names, limits and defaults. */
static void
crawl_begin(const struct call *c, struct text *body, struct tool_out *out)
{
	struct crawl_params params;
	struct crawl_progress p;
	struct refusal why;
	const char *field;
	struct err e;
	int rc = body->failed ? -ENOMEM : crawl_params_parse(&params, body->p, body->len, &field, &e);

	text_fini(body);
	if (rc == -EINVAL)
		tool_failed(out, "%s.", e.text);
	else if (rc < 0)
		tool_failed(out, "The service is short of memory, try again.");
	else if (params.max_pages == 1 && is_site(c, &params, out))
		return;
	else if (crawl_accept(c->thread, &params, c->rq->request_id, &p, &why) != 0)
		tool_refused(out, &why);
	else
		tool_crawl_put(out, &p);
}

void
tool_crawl_page(const struct call *c, const struct tool_args *a, struct tool_out *out)
{
	struct text body = { 0 };

	json_open(&body, '{');
	json_kstr(&body, "url", a->v[0].text);
	/* Not depth 0: links that are seen and left out tell a source with more pages that these have not gone. */
	json_kint(&body, "max_depth", 1);
	json_kint(&body, "max_pages", 1);
	json_close(&body, '}');
	crawl_begin(c, &body, out);
}

void
tool_crawl_site(const struct call *c, const struct tool_args *a, struct tool_out *out)
{
	const struct mcp_arg *about = mcp_tool_about(MCP_SMART_CRAWL_URL)->args;
	struct text body = { 0 };

	json_open(&body, '{');
	json_kstr(&body, "url", a->v[0].text);
	for (unsigned i = 1; i < MCP_ARGS_MAX && about[i].name != NULL; i++)
		json_kint(&body, about[i].name, a->v[i].number);
	json_close(&body, '}');
	crawl_begin(c, &body, out);
}
