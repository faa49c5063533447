/* Asking the knowledge base. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/embed_ask.h"
#include "shared/json_text.h"

#include "api/api.h"
#include "api/json_body.h"
#include "api/routes.h"

enum {
	QUERY_BYTES = 2048,		/* a question, not a document */
	LIST_ITEMS = 32,		/* source ids or tags */
	ITEM_BYTES = 127,		/* as long as a tag may be */
	LIST_BYTES = LIST_ITEMS * (ITEM_BYTES + 1),
	MATCH_DEFAULT = 5,
	MATCH_MAX = 50,
	NEIGHBOURS_MAX = 5,
};

struct question {
	char	text[QUERY_BYTES];
	char	source[64], knowledge_type[32], language[32];		/* empty: any */
	char	sources[LIST_BYTES], tags[LIST_BYTES];			/* joined by commas */
	int64_t limit, neighbours;
	bool	as_you_type;
};

/* -- what is asked ------------------------------------------------------------- */

/* A list of strings, joined by commas. */
static int
member_list(struct json_object *o, const char *name, char to[LIST_BYTES], struct reply *out)
{
	struct json_object *v;
	size_t len = 0;

	if (!json_object_object_get_ex(o, name, &v) || v == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_array) || json_object_array_length(v) > LIST_ITEMS)
		goto refuse;
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		struct json_object *x = json_object_array_get_idx(v, i);
		size_t n = json_object_is_type(x, json_type_string) ? (size_t)json_object_get_string_len(x) : 0;

		if (n == 0 || n > ITEM_BYTES || strlen(json_object_get_string(x)) != n)
			goto refuse;
		if (len > 0)
			to[len++] = ',';
		memcpy(to + len, json_object_get_string(x), n + 1);
		len += n;
	}
	return len > 0;
refuse:
	(void)reply_error(out, 422, "invalid", name, "%s must be an array of at most %d strings of 1 to %d bytes", name,
	    LIST_ITEMS, ITEM_BYTES);
	return -EINVAL;
}

static int
member_bool(struct json_object *o, const char *name, bool *to, struct reply *out)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, name, &v) || v == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_boolean))
		return reply_error(out, 422, "invalid", name, "%s must be true or false", name), -EINVAL;
	*to = json_object_get_boolean(v);
	return 1;
}

/* 200, or the status of the refusal.  Members go by the names that this endpoint gives them. */
static int
question_read(const struct request *rq, const char *source, const char *limit, struct question *q, struct reply *out)
{
	struct json_object *o;
	int status;

	*q = (struct question){ .limit = MATCH_DEFAULT };
	if ((o = json_body(rq, out, &status)) == NULL)
		return status;
	status = 422;
	if (json_member_string(o, "query", q->text, sizeof q->text, out) < 0 ||
	    json_member_string(o, source, q->source, sizeof q->source, out) < 0 ||
	    json_member_string(o, "knowledge_type", q->knowledge_type, sizeof q->knowledge_type, out) < 0 ||
	    json_member_string(o, "language", q->language, sizeof q->language, out) < 0 ||
	    member_list(o, "sources", q->sources, out) < 0 || member_list(o, "tags", q->tags, out) < 0 ||
	    json_member_int(o, limit, 1, MATCH_MAX, &q->limit, out) < 0 ||
	    json_member_int(o, "neighbours", 0, NEIGHBOURS_MAX, &q->neighbours, out) < 0 ||
	    member_bool(o, "as_you_type", &q->as_you_type, out) < 0)
		goto done;
	if (q->text[strspn(q->text, " \t\r\n")] == '\0')
		(void)reply_error(out, 422, "invalid", "query", "query must hold some text to search for");
	else
		status = 200;
done:
	(void)json_object_put(o);
	return status;
}

static const char *
or_any(const char *s)
{
	return s[0] != '\0' ? s : NULL;
}

static struct search
search_of(const struct question *q)
{
	return (struct search){
		.query = q->text, .source_id = or_any(q->source), .knowledge_type = or_any(q->knowledge_type),
		.sources = or_any(q->sources), .tags = or_any(q->tags), .language = or_any(q->language),
		.limit = (unsigned)q->limit, .neighbours = (unsigned)q->neighbours, .as_you_type = q->as_you_type,
	};
}

/* -- what is answered ------------------------------------------------------------ */

struct hits {
	struct text *out;
	int	     n;
	bool	     neighbours;
};

/* As HTML: <mark> around what was asked for, all else escaped. */
static void
snippet_put(struct text *t, const char *s)
{
	struct text html = { 0 };

	for (; *s != '\0'; s++)
		switch (*s) {
		case SNIPPET_OPEN: text_puts(&html, "<mark>"); break;
		case SNIPPET_CLOSE: text_puts(&html, "</mark>"); break;
		default: text_html(&html, s, 1);
		}
	json_kstr(t, "snippet", text_str(&html));
	text_fini(&html);
}

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
	snippet_put(t, h->snippet);
	if (hits->neighbours) {
		json_kstr(t, "before", h->before);
		json_kstr(t, "after", h->after);
	}
	json_kstr(t, "source", h->source_id);
	json_key(t, "metadata");
	json_open(t, '{');
	json_kstr(t, "source", h->source_id);
	json_kint(t, "chunk_index", h->chunk_number);
	json_kstr(t, "url", h->url);
	json_kstr(t, "title", h->title);
	json_kstr(t, "headers", h->headings);
	json_kstr(t, "knowledge_type", h->knowledge_type);
	json_kstr(t, "language", h->language);
	json_kint(t, "word_count", h->n_words);
	json_close(t, '}');
	json_kdouble(t, "similarity", h->score, 4);
	json_kdouble(t, "score", h->score, 4);
	json_kint(t, "chunk_id", h->chunk_id);
	json_close(t, '}');
	hits->n++;
	return 0;
}

static int
code_put(const struct code_hit *h, void *arg)
{
	struct hits *hits = arg;
	struct text *t = hits->out;

	json_open(t, '{');
	json_kstr(t, "url", h->url);
	json_kstr(t, "code", h->code);
	json_kstr(t, "content", h->code);
	json_kstr(t, "summary", h->before[0] != '\0' ? h->before : h->heading);
	json_kstr(t, "language", h->language);
	json_kstr(t, "title", h->title);
	json_kstr(t, "before", h->before);
	json_kstr(t, "after", h->after);
	json_kstr(t, "source_id", h->source_id);
	json_key(t, "metadata");
	json_open(t, '{');
	json_kstr(t, "source", h->source_id);
	json_kstr(t, "heading", h->heading);
	json_kstr(t, "language", h->language);
	json_kstr(t, "knowledge_type", h->knowledge_type);
	json_close(t, '}');
	json_kdouble(t, "similarity", h->score, 4);
	json_kdouble(t, "score", h->score, 4);
	json_kint(t, "example_id", h->example_id);
	json_close(t, '}');
	hits->n++;
	return 0;
}

static void
answer_open(struct text *t, const struct question *q, bool by_meaning)
{
	json_open(t, '{');
	json_kbool(t, "success", true);
	json_kstr(t, "query", q->text);
	json_kstr(t, "source_filter", or_any(q->source));
	json_kstr(t, "search_mode", by_meaning ? "hybrid" : "keyword");
	json_kbool(t, "reranking_applied", false);
	json_key(t, "results");
	json_open(t, '[');
}

static int
answer_close(const struct request *rq, struct reply *out, const char *count, const struct hits *hits, int rc)
{
	if (rc < 0) {
		text_clear(&out->body);
		return api_store_failed(rq, out, rc);
	}
	json_close(&out->body, ']');
	json_kint(&out->body, count, hits->n);
	return 0;
}

int
search_query(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct hits hits = { .out = &out->body };
	struct question q;
	struct search s;
	struct vector v;
	int status;

	if ((status = question_read(rq, "source", "match_count", &q, out)) != 200)
		return status;
	if (st == NULL)
		return api_no_store(out);
	hits.neighbours = q.neighbours > 0;
	s = search_of(&q);
	answer_open(&out->body, &q, embed_search(api_conf(rq), st, &s, &v));
	if ((status = answer_close(rq, out, "count", &hits, store_search(st, &s, hit_put, &hits))) != 0)
		return status;
	json_close(&out->body, '}');
	return 200;
}

int
search_items(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct hits hits = { .out = &out->body };
	struct question q;
	struct search s;
	struct vector v;
	int status, n_sources;

	if ((status = question_read(rq, "source", "limit", &q, out)) != 200)
		return status;
	if (st == NULL)
		return api_no_store(out);
	hits.neighbours = q.neighbours > 0;
	s = search_of(&q);
	answer_open(&out->body, &q, embed_search(api_conf(rq), st, &s, &v));
	if ((status = answer_close(rq, out, "total_results", &hits, store_search(st, &s, hit_put, &hits))) != 0)
		return status;
	if ((n_sources = store_search_sources(st, &s)) < 0)
		return answer_close(rq, out, "", &hits, n_sources);
	json_kint(&out->body, "sources_searched", n_sources);
	json_close(&out->body, '}');
	return 200;
}

int
search_code(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct hits hits = { .out = &out->body };
	struct question q;
	struct search s;
	int status;

	if ((status = question_read(rq, "source_id", "match_count", &q, out)) != 200)
		return status;
	if (st == NULL)
		return api_no_store(out);
	s = search_of(&q);
	answer_open(&out->body, &q, false);
	if ((status = answer_close(rq, out, "count", &hits, store_search_code(st, &s, code_put, &hits))) != 0)
		return status;
	json_close(&out->body, '}');
	return 200;
}
