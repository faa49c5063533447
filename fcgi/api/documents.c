/* Documents that are handed to us.  What becomes of them is the crawler's. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shared/json_text.h"
#include "shared/upload_accept.h"

#include "api/api.h"
#include "api/document_form.h"
#include "api/routes.h"

/* -- as it comes ----------------------------------------------------------------- */

static void *
form_begin(const struct request *rq, struct reply *out, int *status)
{
	const struct conf *conf = api_conf(rq);
	struct document_form *f = document_form_new(conf->state_dir, (size_t)conf->upload_max_bytes, rq->content_type);

	if (f == NULL)
		*status = api_store_failed(rq, out, -ENOMEM);
	return f;
}

static bool
form_take(void *taken, const char *p, size_t len)
{
	return document_form_take(taken, p, len);
}

static void
form_end(void *taken)
{
	document_form_free(taken);
}

const struct route_body document_body = { "multipart/form-data", form_begin, form_take, form_end };

/* -- what it asks for -------------------------------------------------------------- */

/* tags: a JSON array, or each field one tag. */
static void
tags_json(const struct text *tags, struct text *json)
{
	const char *p = tags->p;
	size_t left = tags->len;

	json_key(json, "tags");
	if (left > 0 && p[strspn(p, " \t\r\n")] == '[') {
		json_raw(json, p, strlen(p));
		return;
	}
	json_open(json, '[');
	while (left > 0) {
		size_t len = strlen(p);		/* each is ended by NUL */

		if (len > 0)
			json_string(json, p, len);
		p += len + 1;
		left -= len + 1;
	}
	json_close(json, ']');
}

static int
no_memory(struct reply *out)
{
	reply_header(out, "Retry-After", "1");
	return reply_error(out, 503, "out_of_memory", NULL, "The service is short of memory, try again");
}

static int
change(struct crawl_params *params, struct text *json, const char *name, struct reply *out)
{
	const char *field = NULL;
	struct err e;

	switch (crawl_params_change(params, json->p, json->len, &field, &e)) {
	case 0:
		return 0;
	case -EINVAL:
		return reply_error(out, 422, "invalid", field, "%s", e.text);
	case -ENOMEM:
		return no_memory(out);
	default:
		return reply_error(out, 422, "invalid", name, "%s must be %s", name,
		    strcmp(name, "tags") == 0 ? "a JSON array of strings, or one tag" : "a JSON object");
	}
}

/* The fields over what metadata says over the defaults.  0, or the status of the refusal. */
static int
params_of(const struct document_form *f, struct crawl_params *params, struct reply *out)
{
	struct text json = { 0 };
	int rc = 0;

	upload_params(params);
	if (f->field[FORM_METADATA].len > 0) {
		text_put(&json, f->field[FORM_METADATA].p, f->field[FORM_METADATA].len);
		rc = json.failed ? no_memory(out) : change(params, &json, "metadata", out);
	}
	for (int i = FORM_TAGS; rc == 0 && i < FORM_N_FIELDS; i++) {
		const struct text *v = &f->field[i];

		if (v->len == 0)
			continue;
		text_clear(&json);
		json_open(&json, '{');
		if (i == FORM_TAGS) {
			tags_json(v, &json);
		} else {
			json_key(&json, form_field_name((enum form_field)i));
			if (i == FORM_CHUNK_SIZE)
				json_raw(&json, v->p, v->len);
			else
				json_string(&json, v->p, v->len);
		}
		json_close(&json, '}');
		rc = json.failed ? no_memory(out) : change(params, &json, form_field_name((enum form_field)i), out);
	}
	text_fini(&json);
	return rc;
}

/* -- answers ----------------------------------------------------------------------- */

static int
answer(struct reply *out, const struct upload_accepted *a)
{
	if (a->progress_id[0] != '\0')
		reply_header(out, "Location", "/api/crawl-progress/%s", a->progress_id);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	if (a->progress_id[0] != '\0')
		json_kstr(&out->body, "progressId", a->progress_id);
	json_kstr(&out->body, "message", a->message);
	json_kstr(&out->body, "filename", a->name);
	json_kstr(&out->body, "source_id", a->source_id);
	json_kbool(&out->body, "duplicate", a->is_known);
	json_close(&out->body, '}');
	return a->is_known ? 200 : 202;
}

int
document_upload(const struct request *rq, struct reply *out)
{
	struct document_form *f = rq->taken;
	struct upload_given given = { .name = f->file_name, .start = f->start, .start_len = f->start_len };
	struct upload_accepted accepted;
	struct crawl_params params;
	struct refusal why;
	int rc;

	if (document_form_finish(f) != 0)
		return f->rc < 0 ? api_store_failed(rq, out, f->rc == -EDQUOT ? -ENOSPC : f->rc) :
		    reply_error(out, f->status, f->code, f->wrong_field, "%s", f->why.text);
	if ((rc = params_of(f, &params, out)) != 0)
		return rc;
	given.file = f->file;
	if (upload_accept(api_thread(rq), &given, &params, rq->request_id, &accepted, &why) != 0)
		return api_refused(out, &why);
	return answer(out, &accepted);
}
