/* Crawled sites, as the pages list them. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/json_text.h"
#include "shared/knowledge.h"

#include "api/api.h"
#include "api/routes.h"

enum {
	PER_PAGE_MAX = 200,
	PAGE_MAX = 1000000,
	SOURCES_MAX = 1000,		/* in one answer of sources_list() */
	FILTER_BYTES = 256,
};

/* -- lists --------------------------------------------------------------------- */

struct filter {
	char knowledge_type[FILTER_BYTES], search[FILTER_BYTES], tags[FILTER_BYTES], source_type[FILTER_BYTES];
	struct source_filter store;
	int64_t page, per_page;
};

static bool
sort_read(const struct request *rq, struct source_filter *f, struct reply *out, int *status)
{
	static const char *const words[] = {
		[SORT_UPDATED] = "updated_at", [SORT_CREATED] = "created_at", [SORT_TITLE] = "title", [SORT_URL] = "url",
		[SORT_WORDS] = "word_count", [SORT_CHUNKS] = "chunks_count", [SORT_PAGES] = "pages_count",
		[SORT_BYTES] = "size_bytes",
	};
	char text[32];
	int rc = query_param(rq->query, "sort", text, sizeof text);
	const char *word = text + (rc > 0 && text[0] == '-');

	if (rc == -ENOENT || rc == 0)		/* the newest first */
		return true;
	for (unsigned i = 0; rc > 0 && i < sizeof words / sizeof words[0]; i++)
		if (strcmp(word, words[i]) == 0) {
			f->sort = (enum source_sort)i;
			f->ascending = word == text;
			return true;
		}
	*status = reply_error(out, 422, "invalid", "sort", "sort: updated_at, created_at, title, url, word_count,"
	    " chunks_count, pages_count and size_bytes are accepted; a - before it turns the order round");
	return false;
}

static bool
filter_read(const struct request *rq, struct filter *f, struct reply *out, int *status)
{
	*f = (struct filter){ 0 };
	if (!api_query_number(rq, "page", 1, PAGE_MAX, 1, &f->page, out, status) ||
	    !api_query_number(rq, "per_page", 1, PER_PAGE_MAX, KNOWLEDGE_PER_PAGE, &f->per_page, out, status) ||
	    !api_query_text(rq, "knowledge_type", f->knowledge_type, FILTER_BYTES, &f->store.knowledge_type, out, status) ||
	    !api_query_text(rq, "search", f->search, FILTER_BYTES, &f->store.search, out, status) ||
	    !api_query_text(rq, "tags", f->tags, FILTER_BYTES, &f->store.tags, out, status) ||
	    !api_query_text(rq, "source_type", f->source_type, FILTER_BYTES, &f->store.source_type, out, status) ||
	    !sort_read(rq, &f->store, out, status))
		return false;
	if (f->store.source_type != NULL && strcmp(f->source_type, "url") != 0 && strcmp(f->source_type, "file") != 0) {
		*status = reply_error(out, 422, "invalid", "source_type", "source_type: url and file are accepted");
		return false;
	}
	f->store.limit = (unsigned)f->per_page;
	return true;
}

int
knowledge_list(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct filter f;
	int rc, status;

	if (!filter_read(rq, &f, out, &status))
		return status;
	if (st == NULL)
		return api_no_store(out);
	if ((rc = knowledge_page(st, &f.store, f.page, f.per_page, &out->body)) < 0) {
		text_clear(&out->body);
		return api_store_failed(rq, out, rc);
	}
	return 200;
}

int
sources_list(const struct request *rq, struct reply *out)
{
	const struct source_filter every = { .limit = SOURCES_MAX };
	struct store *st = api_store(rq);
	int rc, total;

	if (st == NULL)
		return api_no_store(out);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_key(&out->body, "sources");
	json_open(&out->body, '[');
	total = rc = store_sources_count(st, &every);
	if (rc >= 0)
		rc = store_sources_each(st, &every, knowledge_source_put, &out->body);
	if (rc < 0) {
		text_clear(&out->body);
		return api_store_failed(rq, out, rc);
	}
	json_close(&out->body, ']');
	json_kint(&out->body, "count", total < SOURCES_MAX ? total : SOURCES_MAX);
	json_kint(&out->body, "total", total);
	json_close(&out->body, '}');
	return 200;
}
