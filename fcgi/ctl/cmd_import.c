/* import: what `archonctl export' has written, put back into a store, line by line. */
#include "config.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/snapshot.h"
#include "shared/clock.h"
#include "shared/ids.h"
#include "shared/knowledge.h"
#include "shared/store.h"
#include "shared/table.h"
#include "shared/text.h"
#include "shared/upload.h"

enum { LINE_MAX_BYTES = 1 << 30 };

struct import {
	struct store *store;
	char	   source[ID_SOURCE_BYTES];	/* the one under way; empty: none yet */
	long long  n_lines, n_sources, n_pages;
	struct err *e;
};

static int
wrong(struct import *im, const char *what)
{
	return err_set(im->e, -EBADMSG, "line %lld: %s; is this a file that archonctl export has written?", im->n_lines, what);
}

static int
store_said(struct import *im, int rc)
{
	return rc >= 0 ? 0 : err_set(im->e, rc, "line %lld: %s", im->n_lines, rc == -EBUSY ?
	    "the store is being written by others: try again" : store_error(im->store));
}

static struct slice
slice_member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return (struct slice){ "", 0 };
	return (struct slice){ json_object_get_string(v), (size_t)json_object_get_string_len(v) };
}

static bool
bool_member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_boolean) && json_object_get_boolean(v);
}

/* -- a source ----------------------------------------------------------------------- */

static int
source_end(struct import *im)		/* searchable, and counted */
{
	int rc = 0;

	if (im->source[0] != '\0' && (rc = store_index(im->store, 0)) >= 0)
		rc = store_source_end(im->store, im->source, "active", clock_wall_ms());
	im->source[0] = '\0';
	return store_said(im, rc);
}

/* What people have chosen stays theirs. */
static int
chosen_keep(struct import *im, struct json_object *o, const char *id, const struct crawl_params *params)
{
	struct source_edit edit = { .params = params };

	if (bool_member(o, "title_chosen"))
		edit.title = json_text_of(o, "title");
	if (bool_member(o, "description_chosen"))
		edit.description = json_text_of(o, "description");
	return edit.title == NULL && edit.description == NULL ? 0 : store_source_edit(im->store, id, &edit, clock_wall_ms());
}

static int
source_begin(struct import *im, struct json_object *o)
{
	const char *id = json_text_of(o, "source_id"), *field = NULL, *params_text;
	struct json_object *params_json = NULL;
	char upload[ID_SOURCE_BYTES];
	struct crawl_params params;
	struct err why = { "" };
	int rc = source_end(im);

	if (rc < 0)
		return rc;
	if (strlen(id) != ID_SOURCE_BYTES - 1 || !json_object_object_get_ex(o, "params", &params_json))
		return wrong(im, "no source_id, or no params");
	params_text = json_object_to_json_string_ext(params_json, JSON_C_TO_STRING_PLAIN);
	if (crawl_params_read(&params, params_text, strlen(params_text), &field, &why) < 0)
		return wrong(im, why.text);
	if (upload_is(params.url)) {
		upload_url_source(params.url, upload);
		if (strcmp(upload, id) != 0)
			return wrong(im, "the address of another document");
	}
	if (store_source_is_deleted(im->store, id) == 1 || store_source_busy(im->store, id) == 1)
		return err_set(im->e, -EBUSY, "line %lld: source %s is being deleted or crawled: try again when that is done", im->n_lines, id);
	rc = store_source_begin(im->store, id, &params, clock_wall_ms());
	if (rc == 0)
		rc = store_source_title(im->store, id, json_text_of(o, "title"), json_text_of(o, "description"));
	if (rc == 0)
		rc = chosen_keep(im, o, id, &params);
	if (rc == 0) {
		FIELD_SET(im->source, id);
		im->n_sources++;
	}
	return store_said(im, rc);
}

/* -- a page ------------------------------------------------------------------------- */

static void
links_read(struct json_object *o, struct text *out)
{
	struct json_object *list;
	size_t n = json_array_of(o, "links", &list);

	for (size_t i = 0; i < n; i++) {
		const char *url = json_object_get_string(json_object_array_get_idx(list, i));

		if (url != NULL)
			text_put(out, url, strlen(url) + 1);
	}
}

static void
contents_read(struct json_object *o, struct page *p, struct chunk *chunks, struct code_example *examples)
{
	struct json_object *list;
	size_t n = json_array_of(o, "chunks", &list);

	for (size_t i = 0; i < n; i++) {
		struct json_object *c = json_object_array_get_idx(list, i);

		chunks[i] = (struct chunk){ .headings = slice_member(c, "headings"), .body = slice_member(c, "body"),
		    .terms = slice_member(c, "terms") };
	}
	p->n_chunks = (unsigned)n;
	n = json_array_of(o, "code_examples", &list);
	for (size_t i = 0; i < n; i++) {
		struct json_object *x = json_object_array_get_idx(list, i);

		examples[i] = (struct code_example){ .language = slice_member(x, "language"), .code = slice_member(x, "code"),
		    .before = slice_member(x, "before"), .after = slice_member(x, "after"), .heading = slice_member(x, "heading") };
	}
	p->n_examples = (unsigned)n;
	p->chunks = chunks;
	p->examples = examples;
}

static const char *
text_or_null(struct json_object *o, const char *key)
{
	const char *s = json_text_of(o, key);

	return *s != '\0' ? s : NULL;
}

static int
page_read(struct import *im, struct json_object *o)
{
	struct page p = {
		.url = json_text_of(o, "url"), .title = json_text_of(o, "title"), .description = json_text_of(o, "description"),
		.language = json_text_of(o, "language"), .etag = text_or_null(o, "etag"), .last_modified = text_or_null(o, "last_modified"),
		.content_hash = json_text_of(o, "content_hash"), .recipe = json_text_of(o, "recipe"),
		.fetched_ms = json_int_of(o, "fetched_ms"), .n_words = (uint64_t)json_int_of(o, "words"),
		.n_bytes = (uint64_t)json_int_of(o, "bytes"), .index_later = true,
	};
	struct text links = { 0 };
	struct chunk *chunks;
	struct code_example *examples;
	struct json_object *list;
	size_t n_chunks = json_array_of(o, "chunks", &list), n_examples = json_array_of(o, "code_examples", &list);
	int rc = -ENOMEM;

	if (im->source[0] == '\0' || strcmp(im->source, json_text_of(o, "source_id")) != 0 || *p.url == '\0')
		return wrong(im, "a page that belongs to no source before it");
	chunks = calloc(n_chunks + 1, sizeof *chunks);
	examples = calloc(n_examples + 1, sizeof *examples);
	links_read(o, &links);
	if (chunks != NULL && examples != NULL && !links.failed) {
		contents_read(o, &p, chunks, examples);
		p.links = (struct slice){ links.p, links.len };
		rc = store_page_put(im->store, im->source, &p);
	}
	free(chunks);
	free(examples);
	text_fini(&links);
	im->n_pages += rc >= 0;
	return store_said(im, rc);
}

/* -- the file ------------------------------------------------------------------------- */

static int
line_read(struct import *im, const char *line, size_t len)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o = NULL;
	const char *type;
	int rc;

	if (tok != NULL && len < LINE_MAX_BYTES)
		o = json_tokener_parse_ex(tok, line, (int)len + 1);	/* and the NUL, which ends it */
	if (tok != NULL)
		json_tokener_free(tok);
	type = json_text_of(o, "type");
	if (strcmp(type, "source") == 0)
		rc = source_begin(im, o);
	else if (strcmp(type, "page") == 0)
		rc = page_read(im, o);
	else
		rc = wrong(im, "no source and no page");
	(void)json_object_put(o);
	return rc;
}

static int
import_all(struct import *im, FILE *f)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int rc = 0, rc2;

	while (rc == 0 && (len = getline(&line, &cap, f)) > 0) {
		im->n_lines++;
		rc = line_read(im, line, (size_t)len);
	}
	free(line);
	if (rc == 0 && im->n_lines == 0)
		rc = wrong(im, "nothing is in it");
	rc2 = source_end(im);			/* also what was read before an error is whole */
	return rc < 0 ? rc : rc2;
}

/* Those who watch the list are told; without a table nobody does. */
static void
tell(const struct ctl *ctl, struct store *st)
{
	struct table *t;
	struct err e;

	if (table_open(&t, ctl->conf.run_dir, &e) < 0)
		return;
	(void)knowledge_publish(t, st, NULL);	/* whoever publishes next makes it good */
	table_close(t);
}

int
cmd_import(const struct ctl *ctl)
{
	struct err e = { "" };
	struct import im = { .e = &e };
	FILE *f = strcmp(ctl->opt.word, "-") == 0 ? stdin : fopen(ctl->opt.word, "re");
	int rc;

	if (f == NULL) {
		fprintf(stderr, "archonctl: %s: %s; name the archon.jsonl of an export\n", ctl->opt.word, strerror(errno));
		return CTL_USAGE;
	}
	if ((rc = ctl_store_open(ctl, &im.store, &e)) == 0) {
		rc = import_all(&im, f);
		tell(ctl, im.store);
	}
	store_close(im.store);
	if (f != stdin)
		(void)fclose(f);
	if (rc < 0) {
		fprintf(stderr, "archonctl: %s\n", e.text);
		return CTL_FAILED;
	}
	printf(ctl->opt.json ? "{\"sources\":%lld,\"pages\":%lld}\n" : "%lld sources, %lld pages\n", im.n_sources, im.n_pages);
	return CTL_DONE;
}
