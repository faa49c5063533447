#include "config.h"

#include "api/document_form.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[FORM_N_FIELDS] = {
	[FORM_METADATA] = "metadata", [FORM_TAGS] = "tags", [FORM_KNOWLEDGE_TYPE] = "knowledge_type",
	[FORM_PROGRESS_ID] = "progress_id", [FORM_CHUNK_SIZE] = "chunk_size",
};

const char *
form_field_name(enum form_field field)
{
	return names[field];
}

/* Keep what is wrong, if nothing was before.  -ECANCELED: the parser is to stop. */
static int
wrong(struct document_form *f, int status, const char *code, const char *field, const char *why)
{
	if (f->status == 0) {
		f->status = status;
		f->code = code;
		f->wrong_field = field;
		(void)err_set(&f->why, -EINVAL, "%s", why);
	}
	return -ECANCELED;
}

static int
disk_failed(struct document_form *f, int rc)
{
	f->rc = rc;
	return wrong(f, 503, "store_full", NULL, "The document could not be written");
}

/* -- parts ------------------------------------------------------------------- */

static int
file_begin(struct document_form *f, const struct multipart_part *part)
{
	struct err e;
	int rc;

	if (f->file != NULL)
		return wrong(f, 422, "invalid", "file", "Send one file at a time");
	f->at = FORM_N_FIELDS;
	(void)snprintf(f->file_name, sizeof f->file_name, "%s", part->file_name);
	rc = upload_file_new(&f->file, f->state_dir, &e);
	return rc < 0 ? disk_failed(f, rc) : 0;
}

static int
part_begin(void *arg, const struct multipart_part *part)
{
	struct document_form *f = arg;

	f->at = -1;
	if (part->is_file && strcmp(part->name, "file") == 0)
		return file_begin(f, part);
	for (int i = 0; i < FORM_N_FIELDS; i++)
		if (strcmp(part->name, names[i]) == 0) {
			f->at = i;
			if (i != FORM_TAGS)
				text_clear(&f->field[i]);	/* the last one counts */
		}
	return 0;
}

static int
part_data(void *arg, const char *p, size_t len)
{
	struct document_form *f = arg;
	size_t n = sizeof f->start - f->start_len;
	int rc;

	if (f->at < 0)
		return 0;
	if (f->at < FORM_N_FIELDS) {
		if (f->field[f->at].len + len > FORM_FIELD_MAX)
			return wrong(f, 413, "field_too_large", names[f->at], "This field of the form is longer than 16 KiB");
		text_put(&f->field[f->at], p, len);
		return 0;
	}
	n = n < len ? n : len;
	memcpy(f->start + f->start_len, p, n);
	f->start_len += n;
	if (len > f->max_bytes - f->n_bytes) {
		char why[120];

		(void)snprintf(why, sizeof why, "The document is larger than the %zu bytes taken here (max_upload in archon.conf)",
		    f->max_bytes);
		return wrong(f, 413, "file_too_large", "file", why);
	}
	f->n_bytes += len;
	rc = upload_file_write(f->file, p, len);
	return rc < 0 ? disk_failed(f, rc) : 0;
}

static int
part_end(void *arg)
{
	struct document_form *f = arg;

	if (f->at == FORM_TAGS)
		text_putc(&f->field[FORM_TAGS], '\0');
	return 0;
}

/* -- the form ---------------------------------------------------------------- */

struct document_form *
document_form_new(const char *state_dir, size_t max_bytes, const char *content_type)
{
	struct document_form *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->state_dir = state_dir;
	f->max_bytes = max_bytes;
	f->at = -1;
	if (multipart_init(&f->multipart, content_type,
	    &(struct multipart_user){ part_begin, part_data, part_end, f }) < 0)
		(void)wrong(f, 400, "bad_form", NULL, "Content-Type: multipart/form-data needs its boundary");
	return f;
}

bool
document_form_take(struct document_form *f, const char *p, size_t len)
{
	if (f->status != 0)
		return false;
	if (multipart_feed(&f->multipart, p, len) == -EBADMSG)
		(void)wrong(f, 400, "bad_form", NULL, "The body is not the form (multipart/form-data) that its Content-Type promises");
	return f->status == 0;
}

int
document_form_finish(struct document_form *f)
{
	if (f->status != 0)
		return f->status;
	for (int i = 0; i < FORM_N_FIELDS; i++)
		if (f->field[i].failed)
			(void)disk_failed(f, -ENOMEM);
	if (!multipart_is_whole(&f->multipart))
		(void)wrong(f, 400, "bad_form", NULL, "The form ends before its last boundary");
	else if (f->file == NULL)
		(void)wrong(f, 422, "invalid", "file", "file is required: the document");
	else if (f->n_bytes == 0)
		(void)wrong(f, 400, "empty_file", "file", "The file is empty");
	return f->status;
}

void
document_form_free(struct document_form *f)
{
	if (f == NULL)
		return;
	upload_file_free(f->file);
	for (int i = 0; i < FORM_N_FIELDS; i++)
		text_fini(&f->field[i]);
	free(f);
}
