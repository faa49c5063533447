/* Asking the knowledge base. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/json_text.h"

#include "api/api.h"
#include "api/json_body.h"
#include "api/routes.h"

enum {
	QUERY_BYTES = 2048,		/* a question, not a document */
	MATCH_DEFAULT = 5,
	MATCH_MAX = 50,
};

struct query {
	char	text[QUERY_BYTES];
	char	source[64], knowledge_type[32];		/* empty: any */
	int64_t match_count;
};

/* 200, or the status of the refusal. */
static int
query_read(const struct request *rq, struct query *q, struct reply *out)
{
	struct json_object *o;
	int status;

	*q = (struct query){ .match_count = MATCH_DEFAULT };
	if ((o = json_body(rq, out, &status)) == NULL)
		return status;
	status = 422;
	if (json_member_string(o, "query", q->text, sizeof q->text, out) < 0 ||
	    json_member_string(o, "source", q->source, sizeof q->source, out) < 0 ||
	    json_member_string(o, "knowledge_type", q->knowledge_type, sizeof q->knowledge_type, out) < 0 ||
	    json_member_int(o, "match_count", 1, MATCH_MAX, &q->match_count, out) < 0)
		goto done;
	if (q->text[strspn(q->text, " \t\r\n")] == '\0')
		(void)reply_error(out, 422, "invalid", "query", "query must hold some text to search for");
	else
		status = 200;
done:
	(void)json_object_put(o);
	return status;
}

struct hits {
	struct text *out;
	int	     n;
};

static int
hit_put(const struct search_hit *h, void *arg)
{
	struct hits *hits = arg;
	struct text *t = hits->out;

	json_open(t, '{');
	json_kstr(t, "url", h->url);
	json_kstr(t, "content", h->body);
	json_kstr(t, "title", h->title);
	json_kstr(t, "headers", h->headings);
	json_key(t, "metadata");
	json_open(t, '{');
	json_kstr(t, "source", h->source_id);
	json_kint(t, "chunk_index", h->chunk_number);
	json_kstr(t, "url", h->url);
	json_kstr(t, "title", h->title);
	json_kstr(t, "headers", h->headings);
	json_kstr(t, "knowledge_type", h->knowledge_type);
	json_kint(t, "word_count", h->n_words);
	json_close(t, '}');
	json_kdouble(t, "similarity", h->score, 4);
	json_kdouble(t, "score", h->score, 4);
	json_kint(t, "chunk_id", h->chunk_id);
	json_close(t, '}');
	hits->n++;
	return 0;
}

int
search_query(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct hits hits = { .out = &out->body };
	struct query q;
	int rc, status;

	if ((status = query_read(rq, &q, out)) != 200)
		return status;
	if (st == NULL)
		return api_no_store(out);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "query", q.text);
	json_kstr(&out->body, "source_filter", q.source[0] != '\0' ? q.source : NULL);
	json_kstr(&out->body, "search_mode", "keyword");
	json_kbool(&out->body, "reranking_applied", false);
	json_key(&out->body, "results");
	json_open(&out->body, '[');
	rc = store_search(st, &(struct search){
		.query = q.text, .source_id = q.source[0] != '\0' ? q.source : NULL,
		.knowledge_type = q.knowledge_type[0] != '\0' ? q.knowledge_type : NULL, .limit = (unsigned)q.match_count,
	}, hit_put, &hits);
	if (rc < 0) {
		text_clear(&out->body);
		return api_store_failed(rq, out, rc);
	}
	json_close(&out->body, ']');
	json_kint(&out->body, "count", hits.n);
	json_close(&out->body, '}');
	return 200;
}
