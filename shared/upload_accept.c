#include "config.h"

#include "shared/upload_accept.h"

#include <errno.h>
#include <stdio.h>

#include "shared/clock.h"

void
upload_params(struct crawl_params *p)
{
	crawl_params_defaults(p);
	p->max_depth = 0;
	p->max_pages = 1;
	p->update_frequency = 0;	/* nobody brings it again by itself */
}

/* Name, type and content fit together: 0, or the status of the refusal. */
static int
check(const struct upload_given *given, char name[UPLOAD_NAME_BYTES], struct refusal *why)
{
	const char *code = "bad_file_name";
	struct err e;
	int type = 0, rc = upload_name_read(name, given->name, &e);

	if (rc == 0 && (type = upload_type(name)) < 0) {
		code = "unsupported_type";
		rc = err_set(&e, -EINVAL, "Documents of this type are not read.  Supported: " UPLOAD_TYPES);
	}
	if (rc == 0) {
		code = "wrong_content";
		rc = upload_check((enum upload_type)type, given->start, given->start_len, &e);
	}
	if (rc == 0)
		return 0;
	(void)refuse(why, 400, code, 0, "%s", e.text);
	why->field = "file";
	return why->status;
}

/* The same document again?  1: *out says so; 0: it is new. */
static int
look_for(struct store *st, struct upload_accepted *out)
{
	struct text title = { 0 };
	int rc = store_source_live(st, out->source_id, out->progress_id);

	if (rc == 1)
		(void)snprintf(out->message, sizeof out->message, "This document is being read already");
	if (rc != 0)
		return rc;
	out->progress_id[0] = '\0';
	if ((rc = store_source_known(st, out->source_id, &title)) == 1)
		(void)snprintf(out->message, sizeof out->message, "This document is known already: %.300s",
		    text_str(&title) != NULL ? text_str(&title) : out->name);
	text_fini(&title);
	return rc;
}

/*
 * The document is on the disk before the store accepts it, so nothing that was
 * accepted is without its document.  Killed in between, it leaves a file that
 * nobody knows, which the crawler sweeps.
 */
static int
keep(struct service_thread *t, const struct upload_given *given, struct crawl_params *params, const char *request_id,
    struct upload_accepted *out, struct refusal *why)
{
	struct crawl_progress p;
	int rc;

	params->secrets[0] = '\0';
	params->max_depth = 0;
	params->update_frequency = 0;
	params->chosen |= PARAMS_UPDATE_FREQUENCY;	/* also of a document that is brought again */
	upload_url(params->url, out->source_id, out->name);
	if ((rc = upload_file_keep(given->file, out->source_id)) < 0)
		return refuse_store(why, NULL, rc == -EDQUOT ? -ENOSPC : rc, "upload-keep", request_id);
	if ((rc = crawl_accept(t, params, request_id, &p, why)) != 0) {
		(void)upload_remove(t->service->conf->state_dir, out->source_id, clock_wall_ms());	/* stays: it is swept later */
		return rc;
	}
	FIELD_SET(out->progress_id, p.id);
	(void)snprintf(out->message, sizeof out->message, "Document upload started");
	return 0;
}

int
upload_accept(struct service_thread *t, const struct upload_given *given, struct crawl_params *params,
    const char *request_id, struct upload_accepted *out, struct refusal *why)
{
	struct store *st = service_store(t, request_id);
	int rc;

	*out = (struct upload_accepted){ .is_known = false };
	if ((rc = check(given, out->name, why)) != 0)
		return rc;
	if (st == NULL)
		return refuse_no_store(why);
	upload_file_source(given->file, out->source_id);
	if ((rc = look_for(st, out)) < 0)
		return refuse_store(why, st, rc, "upload-look", request_id);
	out->is_known = rc == 1;
	return out->is_known ? 0 : keep(t, given, params, request_id, out, why);
}
