#include "config.h"

#include "shared/knowledge.h"

#include <errno.h>
#include <string.h>

#include "shared/catalogue.h"
#include "shared/clock.h"
#include "shared/crawl_params.h"
#include "shared/json_text.h"
#include "shared/log.h"
#include "shared/upload.h"

/* -- one item ------------------------------------------------------------------ */

static void
params_of(const struct source *s, struct crawl_params *params)
{
	const char *field;

	if (crawl_params_read(params, s->params, strlen(s->params), &field, NULL) < 0)
		crawl_params_defaults(params);	/* what an older archon wrote: better than no list */
}

static void
tags_put(struct text *t, const struct crawl_params *params)
{
	json_key(t, "tags");
	json_open(t, '[');
	for (unsigned i = 0; i < params->tags.n; i++)
		json_string(t, params->tags.item[i], strlen(params->tags.item[i]));
	json_close(t, ']');
}

static void
file_put(struct text *t, const struct source *s)
{
	char name[UPLOAD_NAME_BYTES];
	int type = -1;

	if (upload_is(s->url)) {
		upload_url_name(s->url, name);
		type = upload_type(name);
	}
	json_kstr(t, "file_name", upload_is(s->url) ? name : NULL);
	json_kstr(t, "file_type", type >= 0 ? upload_type_word((enum upload_type)type) : NULL);
}

static void
metadata_put(struct text *t, const struct source *s)
{
	struct crawl_params params;
	bool scraped = strcmp(s->status, "active") == 0;

	params_of(s, &params);
	json_key(t, "metadata");
	json_open(t, '{');
	json_kstr(t, "knowledge_type", params.knowledge_type);
	tags_put(t, &params);
	json_kstr(t, "source_type", upload_is(s->url) ? "file" : "url");
	json_kstr(t, "status", s->status);
	json_kstr(t, "description", s->description);
	json_kint(t, "chunks_count", s->n_chunks);
	json_kint(t, "word_count", s->n_words);
	json_kint(t, "pages_count", s->n_pages);
	json_kint(t, "code_examples_count", s->n_code_examples);
	json_kint(t, "size_bytes", s->stored_bytes);
	json_ktime(t, "last_scraped", scraped ? s->crawled_ms : 0);
	json_ktime(t, "next_refresh", store_source_due_ms(s, params.update_frequency));
	json_kint(t, "update_frequency", params.update_frequency);
	file_put(t, s);
	json_close(t, '}');
}

static const char *
title_of(const struct source *s)		/* a site that has not told its own */
{
	return s->title != NULL && s->title[0] != '\0' ? s->title : s->url;
}

int
knowledge_members_put(const struct source *s, void *arg)
{
	struct text *t = arg;

	json_kstr(t, "id", s->id);
	json_kstr(t, "source_id", s->id);
	json_kstr(t, "title", title_of(s));
	json_kstr(t, "url", s->url);
	metadata_put(t, s);
	json_ktime(t, "created_at", s->created_ms);
	json_ktime(t, "updated_at", s->updated_ms);
	return 0;
}

int
knowledge_item_put(const struct source *s, void *arg)
{
	struct text *t = arg;

	json_open(t, '{');
	(void)knowledge_members_put(s, t);	/* says always 0 */
	json_close(t, '}');
	return 0;
}

int
knowledge_source_put(const struct source *s, void *arg)
{
	struct text *t = arg;

	json_open(t, '{');
	json_kstr(t, "source_id", s->id);
	json_kstr(t, "title", title_of(s));
	json_kstr(t, "summary", s->description);
	metadata_put(t, s);
	json_kint(t, "total_words", s->n_words);
	json_ktime(t, "created_at", s->created_ms);
	json_ktime(t, "updated_at", s->updated_ms);
	json_close(t, '}');
	return 0;
}

/* -- a page of them ------------------------------------------------------------ */

int
knowledge_page(struct store *st, const struct source_filter *flt, int64_t page, int64_t per_page, struct text *out)
{
	struct source_filter f = *flt;
	int rc, total;

	if (f.limit > per_page)
		f.limit = (unsigned)per_page;
	f.offset = (unsigned)((page - 1) * per_page);
	json_open(out, '{');
	json_key(out, "items");
	json_open(out, '[');
	if ((total = store_sources_count(st, &f)) < 0)
		return total;
	if ((rc = store_sources_each(st, &f, knowledge_item_put, out)) < 0)
		return rc;
	json_close(out, ']');
	json_kint(out, "total", total);
	json_kint(out, "page", page);
	json_kint(out, "per_page", per_page);
	json_kint(out, "pages", (total + per_page - 1) / per_page);
	json_close(out, '}');
	return 0;
}

static int
first_page(struct text *out, unsigned max_items, void *arg)
{
	const struct source_filter every = { .limit = max_items };

	return knowledge_page(arg, &every, 1, KNOWLEDGE_PER_PAGE, out);
}

int
knowledge_publish(struct table *t, struct store *st, const struct text *event)
{
	return catalogue_publish(t, first_page, st, event);
}

int
knowledge_delete(struct table *t, struct store *st, const char *source_id)
{
	struct text event = { 0 };
	int rc = store_source_delete(st, source_id, clock_wall_ms());

	if (rc < 0 || t == NULL)
		return rc;
	catalogue_event_deleted(&event, source_id);
	if ((rc = knowledge_publish(t, st, &event)) < 0)	/* whoever publishes next makes the list good */
		log_event(LOG_WARNING, "catalogue not published source=%s errno=%d", source_id, -rc);
	text_fini(&event);
	table_signal(t, TABLE_CRAWLER);
	return 0;
}
