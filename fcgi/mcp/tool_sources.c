/* What is there, and taking it out again. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/json_text.h"
#include "shared/knowledge.h"
#include "shared/log.h"

#include "mcp/mcp.h"

enum { SOURCES_MAX = 200 };	/* in one answer: more than an agent wants to read */

void
tool_no_source(struct tool_out *out, const char *asked)
{
	tool_failed(out, "There is no source %.60s: get_available_sources lists them with their source_id.", asked);
}

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

void
tool_delete(const struct call *c, const struct tool_args *a, struct tool_out *out)
{
	struct store *st = service_store(c->thread, c->rq->request_id);
	const char *id = a->v[0].text;
	struct refusal why;
	int rc;

	if (st == NULL) {
		(void)refuse_no_store(&why);
		tool_refused(out, &why);
		return;
	}
	rc = knowledge_delete(service_table_get(c->thread), st, id);
	service_table_put(c->thread);
	if (rc == -ENOENT) {
		tool_no_source(out, id);
		return;
	}
	if (rc < 0) {
		(void)refuse_store(&why, st, rc, "delete", c->rq->request_id);
		tool_refused(out, &why);
		return;
	}
	log_event(LOG_INFO, "item deleted source=%s id=%s", id, c->rq->request_id);
	text_printf(&out->said, "Source `%s` is deleted, with all that it held.", id);
	json_open(&out->data, '{');
	json_kstr(&out->data, "source_id", id);
	json_kbool(&out->data, "deleted", true);
	json_close(&out->data, '}');
	tool_gist(out, "%.60s", id);
}
