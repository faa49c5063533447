/* Documents that an agent hands over. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/base64.h>

#include "shared/json_text.h"
#include "shared/upload_accept.h"

#include "mcp/mcp.h"

struct document {
	const char *p;
	size_t	    len;
	uint8_t	   *decoded;	/* owned; NULL: p is the argument itself */
};

/* PDF and DOCX come as base64, with or without the head of a data: URL; all else is text. */
static bool
document_read(struct document *d, const char *content, const char *name, struct tool_out *out)
{
	int type = upload_type(name);
	struct base64_decode_ctx ctx;
	const char *comma;
	size_t len;

	*d = (struct document){ .p = content, .len = strlen(content) };
	if (type != UPLOAD_PDF && type != UPLOAD_DOCX)
		return true;
	if (strncmp(content, "data:", 5) == 0 && (comma = strchr(content, ',')) != NULL)
		content = comma + 1;
	len = strlen(content);
	if ((d->decoded = malloc(BASE64_DECODE_LENGTH(len) + 1)) == NULL) {
		tool_failed(out, "The service is short of memory, try again.");
		return false;
	}
	base64_decode_init(&ctx);
	d->len = BASE64_DECODE_LENGTH(len);
	if (base64_decode_update(&ctx, &d->len, d->decoded, len, content) != 1 || base64_decode_final(&ctx) != 1) {
		tool_failed(out, "file_content of a .pdf or .docx must be base64.");
		return false;
	}
	d->p = (const char *)d->decoded;
	return true;
}

/* 0, or -errno. */
static int
file_write(struct upload_file **file, const struct document *d, const char *state_dir)
{
	struct err e;
	int rc = upload_file_new(file, state_dir, &e);

	return rc < 0 ? rc : upload_file_write(*file, d->p, d->len);
}

/* What was given of knowledge_type, tags and chunk_size, as the HTTP API would be told. */
static bool
params_read(struct crawl_params *params, const struct tool_args *a, struct tool_out *out)
{
	const struct mcp_arg *about = mcp_tool_about(MCP_UPLOAD_DOCUMENT)->args;
	struct text json = { 0 };
	const char *field;
	struct err e;
	int rc;

	upload_params(params);
	json_open(&json, '{');
	for (unsigned i = 2; i < MCP_ARGS_MAX && about[i].name != NULL; i++) {
		if (!a->v[i].given)
			continue;
		json_key(&json, about[i].name);
		rpc_value_put(&json, a->v[i].value);
	}
	json_close(&json, '}');
	rc = json.failed ? -ENOMEM : crawl_params_change(params, json.p, json.len, &field, &e);
	text_fini(&json);
	if (rc == -EINVAL)
		tool_failed(out, "%s.", e.text);
	else if (rc < 0)
		tool_failed(out, "The service is short of memory, try again.");
	return rc >= 0;
}

static void
accepted_put(const struct call *c, const struct upload_accepted *a, struct tool_out *out)
{
	struct crawl_progress p;
	struct store *st;

	if (a->progress_id[0] != '\0' && (st = service_store(c->thread, c->rq->request_id)) != NULL
	    && service_progress(c->thread, st, a->progress_id, &p) == 0) {
		tool_crawl_put(out, &p);
		return;
	}
	text_printf(&out->said, "%s (source_id `%s`).", a->message, a->source_id);
	json_open(&out->data, '{');
	json_kstr(&out->data, "source_id", a->source_id);
	json_kstr(&out->data, "filename", a->name);
	json_kbool(&out->data, "duplicate", a->is_known);
	json_close(&out->data, '}');
	tool_gist(out, "%.100s is known already", a->name);
}

void
tool_upload(const struct call *c, const struct tool_args *a, struct tool_out *out)
{
	const struct conf *conf = c->thread->service->conf;
	struct upload_accepted accepted;
	struct upload_given given = { .name = a->v[1].text };
	struct crawl_params params;
	struct document d;
	struct refusal why;
	int rc;

	if (!document_read(&d, a->v[0].text, a->v[1].text, out) || !params_read(&params, a, out))
		goto done;
	if (d.len > (size_t)conf->upload_max_bytes) {
		tool_failed(out, "The document is larger than the %lld bytes taken here.", (long long)conf->upload_max_bytes);
		goto done;
	}
	if ((rc = file_write(&given.file, &d, conf->state_dir)) < 0) {
		(void)refuse_store(&why, NULL, rc == -EDQUOT ? -ENOSPC : rc, "upload", c->rq->request_id);
		tool_refused(out, &why);
		goto done;
	}
	given.start = d.p;
	given.start_len = d.len < UPLOAD_SNIFF_BYTES ? d.len : UPLOAD_SNIFF_BYTES;
	if (upload_accept(c->thread, &given, &params, c->rq->request_id, &accepted, &why) != 0)
		tool_refused(out, &why);
	else
		accepted_put(c, &accepted, out);
done:
	upload_file_free(given.file);
	free(d.decoded);
}
