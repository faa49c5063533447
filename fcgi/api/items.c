/* One knowledge item: looked at, edited, deleted. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/json_text.h"
#include "shared/knowledge.h"
#include "shared/log.h"

#include "api/api.h"
#include "api/json_body.h"
#include "api/routes.h"

enum { TITLE_BYTES = 513, DESCRIPTION_BYTES = 4097 };

/* A store call about the source failed: what to answer. */
static int
failed(const struct request *rq, struct reply *out, int rc)
{
	text_clear(&out->body);
	return rc == -ENOENT ? api_no_source(out) : api_store_failed(rq, out, rc);
}

int
item_show(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	char id[ROW_ID_BYTES];
	int rc;

	if (!api_id(rq, id, sizeof id))
		return api_no_source(out);
	if (st == NULL)
		return api_no_store(out);
	if ((rc = store_source_get(st, id, knowledge_item_put, &out->body)) < 0)
		return failed(rq, out, rc);
	return 200;
}

/* -- edit ------------------------------------------------------------------------ */

struct edit {
	char title[TITLE_BYTES], description[DESCRIPTION_BYTES];
	struct source_edit store;
	struct crawl_params params;
};

/* The members of o over what is there.  0, or the status of the refusal. */
static int
edit_read(struct edit *e, struct json_object *o, struct reply *out)
{
	const char *field;
	struct err err;
	int title, description;

	if ((title = json_member_string(o, "title", e->title, sizeof e->title, out)) < 0 ||
	    (description = json_member_string(o, "description", e->description, sizeof e->description, out)) < 0)
		return 422;
	if (title > 0 && e->title[strspn(e->title, " \t\r\n")] == '\0')
		return reply_error(out, 422, "invalid", "title", "title must hold some text");
	if (crawl_params_edit(&e->params, o, &field, &err) < 0)
		return reply_error(out, 422, "invalid", field, "%s", err.text);
	e->store.title = title > 0 ? e->title : NULL;
	e->store.description = description > 0 ? e->description : NULL;
	e->store.params = &e->params;
	return 0;
}

/* One transaction: nobody changes the parameters between the look and the change. */
static int
edit_store(const struct request *rq, struct store *st, const char *id, struct json_object *o, struct reply *out)
{
	struct edit e;
	int rc, status;

	if ((rc = store_begin(st)) < 0)
		return failed(rq, out, rc);
	if ((rc = store_source_params(st, id, &e.params)) < 0) {
		store_rollback(st);
		return failed(rq, out, rc);
	}
	if ((status = edit_read(&e, o, out)) != 0) {
		store_rollback(st);
		return status;
	}
	rc = store_source_edit(st, id, &e.store, clock_wall_ms());
	if (rc < 0)
		store_rollback(st);
	else
		rc = store_commit(st);
	return rc < 0 ? failed(rq, out, rc) : 0;
}

int
item_edit(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct json_object *o;
	char id[ROW_ID_BYTES];
	int rc, status;

	if (!api_id(rq, id, sizeof id))
		return api_no_source(out);
	if (st == NULL)
		return api_no_store(out);
	if ((o = json_body(rq, out, &status)) == NULL)
		return status;
	status = edit_store(rq, st, id, o, out);
	(void)json_object_put(o);
	if (status != 0)
		return status;
	api_publish(rq);
	log_event(LOG_INFO, "item edited source=%s id=%s", id, rq->request_id);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "message", "Knowledge item updated");
	if ((rc = store_source_get(st, id, knowledge_members_put, &out->body)) < 0)
		return failed(rq, out, rc);
	json_close(&out->body, '}');
	return 200;
}

/* -- delete ----------------------------------------------------------------------- */

int
item_delete(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	char id[ROW_ID_BYTES];
	int rc;

	if (!api_id(rq, id, sizeof id))
		return api_no_source(out);
	if (st == NULL)
		return api_no_store(out);
	rc = knowledge_delete(api_table_get(rq), st, id);
	api_table_put(rq);
	if (rc < 0)
		return failed(rq, out, rc);
	log_event(LOG_INFO, "item deleted source=%s id=%s", id, rq->request_id);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "message", "Knowledge item deleted");
	json_kstr(&out->body, "source_id", id);
	json_close(&out->body, '}');
	return 200;
}
