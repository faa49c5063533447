#include "config.h"

#include "api/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/ids.h"
#include "shared/knowledge.h"
#include "shared/log.h"
#include "shared/restore.h"

/* -- table and store, kept current ------------------------------------------- */

static int
store_stat(const struct api *a, struct stat *st)
{
	char path[CONF_TEXT_BYTES + 16];

	(void)snprintf(path, sizeof path, "%s/archon.db", a->conf->state_dir);
	return stat(path, st) == 0 ? 0 : -errno;
}

static int
store_reopen(struct api *a, struct err *e)
{
	struct stat st;
	int rc;

	store_close(a->store);
	a->store = NULL;
	if ((rc = store_open(&a->store, a->conf->state_dir, a->conf->store_max_bytes, true, e)) < 0)
		return rc;
	if ((rc = store_stat(a, &st)) < 0)
		return err_set(e, rc, "%s/archon.db: %s", a->conf->state_dir, strerror(-rc));
	a->store_dev = st.st_dev;
	a->store_ino = st.st_ino;
	atomic_fetch_add(&a->store_epoch, 1);
	return 0;
}

static void
store_check_current(struct api *a)
{
	struct stat st;
	struct err e;
	bool same = store_stat(a, &st) == 0 && st.st_dev == a->store_dev && st.st_ino == a->store_ino;

	if (same && a->store != NULL)
		return;
	if (store_reopen(a, &e) < 0)
		log_event(LOG_ERR, "store is gone why=\"%s\"", e.text);
	else
		log_event(LOG_WARNING, "store was replaced: opened anew");
}

static int
row_missing_add(const struct crawl_entry *c, void *arg)
{
	int rc = table_add(arg, c->progress);

	if (rc >= 0)
		log_event(LOG_NOTICE, "crawl was accepted but had no row crawl=%s", c->progress->id);
	return rc == -ENOSPC;		/* full: the rest waits in the store; -EEXIST is the rule */
}

static int
table_reopen(struct api *a, struct err *e)
{
	struct table *fresh, *old;
	int rc;

	if (a->store == NULL)
		return err_set(e, -ENODEV, "no store to fill it from");
	if ((rc = restore_table(&fresh, a->conf, a->store, e)) < 0)
		return rc;
	(void)pthread_rwlock_wrlock(&a->table_lock);	/* handlers hold it for microseconds */
	old = a->table;
	a->table = fresh;
	(void)pthread_rwlock_unlock(&a->table_lock);
	table_close(old);
	/*
	 * An api killed between the commit of a crawl and its row leaves the row
	 * out; the table of that time is still there, so nobody filled it anew.
	 */
	if ((rc = store_crawls_live(a->store, row_missing_add, fresh)) < 0)
		log_event(LOG_ERR, "crawls without a row were not looked for why=\"%s\"", store_error(a->store));
	table_signal(fresh, TABLE_CRAWLER);
	/* Whoever died between a commit and telling of it is made good for here. */
	if ((rc = knowledge_publish(fresh, a->store, NULL)) < 0)
		log_event(LOG_ERR, "catalogue was not published errno=%d why=\"%s\"", -rc, store_error(a->store));
	return 0;
}

void
api_tick(struct api *a)
{
	struct err e;

	store_check_current(a);
	if (a->table != NULL && table_is_current(a->table))	/* only this thread changes a->table */
		return;
	if (table_reopen(a, &e) < 0)
		log_event(LOG_ERR, "table is gone why=\"%s\"", e.text);
	else
		log_event(LOG_NOTICE, "table attached anew");
}

/* -- life ---------------------------------------------------------------------- */

int
api_open(struct api *a, const struct conf *conf, struct err *e)
{
	int rc;

	*a = (struct api){ .conf = conf };
	(void)pthread_rwlock_init(&a->table_lock, NULL);	/* cannot fail on Linux */
	if ((rc = store_reopen(a, e)) < 0 || (rc = table_reopen(a, e)) < 0) {
		api_close(a);
		return rc;
	}
	return 0;
}

void
api_close(struct api *a)
{
	table_close(a->table);
	store_close(a->store);
	(void)pthread_rwlock_destroy(&a->table_lock);
	a->table = NULL;
	a->store = NULL;
}

static int
thread_store_open(struct api_thread *t, struct err *e)
{
	unsigned epoch = atomic_load(&t->api->store_epoch);
	int rc;

	store_close(t->store);
	t->store = NULL;
	rc = store_open(&t->store, t->api->conf->state_dir, t->api->conf->store_max_bytes, true, e);
	if (rc == 0)
		t->store_epoch = epoch;
	return rc;
}

struct api_thread *
api_thread_new(struct api *a, struct err *e)
{
	struct api_thread *t = calloc(1, sizeof *t);

	if (t == NULL) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	t->api = a;
	if (thread_store_open(t, e) < 0) {
		api_thread_free(t);
		return NULL;
	}
	return t;
}

void
api_thread_free(struct api_thread *t)
{
	if (t == NULL)
		return;
	store_close(t->store);
	free(t);
}

/* -- for the handlers ------------------------------------------------------------ */

struct store *
api_store(const struct request *rq)
{
	struct api_thread *t = rq->ctx;
	struct err e;

	if (t->store != NULL && t->store_epoch == atomic_load(&t->api->store_epoch))
		return t->store;
	if (thread_store_open(t, &e) < 0)
		log_event(LOG_ERR, "store cannot be opened id=%s why=\"%s\"", rq->request_id, e.text);
	return t->store;
}

struct table *
api_table_get(const struct request *rq)
{
	struct api *a = ((struct api_thread *)rq->ctx)->api;

	(void)pthread_rwlock_rdlock(&a->table_lock);
	return a->table;
}

void
api_table_put(const struct request *rq)
{
	(void)pthread_rwlock_unlock(&((struct api_thread *)rq->ctx)->api->table_lock);
}

int
api_table_add(const struct request *rq, const struct crawl_progress *first)
{
	struct api *a = ((struct api_thread *)rq->ctx)->api;
	int rc = api_table_get(rq) != NULL ? table_add(a->table, first) : -ENODEV;

	api_table_put(rq);
	return rc;
}

int
api_table_read(const struct request *rq, const char *id, struct crawl_progress *out)
{
	const struct table *t = api_table_get(rq);
	int rc = t != NULL ? table_read_id(t, id, out) : -ENODEV;

	api_table_put(rq);
	return rc;
}

int
api_table_rows(const struct request *rq)
{
	const struct table *t = api_table_get(rq);
	int n = t != NULL ? (int)table_n_rows(t) : -ENODEV;

	api_table_put(rq);
	return n;
}

int
api_table_alive(const struct request *rq, enum table_kind kind)
{
	const struct table *t = api_table_get(rq);
	int n = t != NULL && table_is_current(t) ? (int)table_n_alive(t, kind) : -ENODEV;

	api_table_put(rq);
	return n;
}

int
api_table_ask(const struct request *rq, const char *id, enum table_control what)
{
	struct api *a = ((struct api_thread *)rq->ctx)->api;
	int rc = api_table_get(rq) != NULL ? table_ask(a->table, id, what) : -ENODEV;

	api_table_put(rq);
	return rc;
}

void
api_signal_crawlers(const struct request *rq)
{
	struct api *a = ((struct api_thread *)rq->ctx)->api;

	if (api_table_get(rq) != NULL)
		table_signal(a->table, TABLE_CRAWLER);
	api_table_put(rq);
}

int
api_table_down(struct reply *out)
{
	reply_header(out, "Retry-After", "2");
	return reply_error(out, 503, "table_down", NULL, "The progress table is not there at the moment, try again");
}

int
api_no_store(struct reply *out)
{
	reply_header(out, "Retry-After", "2");
	return reply_error(out, 503, "store_down", NULL, "The store cannot be opened at the moment, try again");
}

int
api_store_failed(const struct request *rq, struct reply *out, int rc)
{
	const struct api_thread *t = rq->ctx;

	log_event(LOG_ERR, "store failed id=%s path=%s errno=%d why=\"%s\"", rq->request_id, rq->path, -rc,
	    t->store != NULL ? store_error(t->store) : "");
	switch (rc) {
	case -ENOSPC:
		reply_header(out, "Retry-After", "60");
		return reply_error(out, 503, "store_full", NULL,
		    "The disk (or the store's limit) is full: delete sources or make room, then try again");
	case -EBUSY:
		reply_header(out, "Retry-After", "1");
		return reply_error(out, 503, "store_busy", NULL, "The store is busy, try again");
	case -ENOMEM:
		reply_header(out, "Retry-After", "1");
		return reply_error(out, 503, "out_of_memory", NULL, "The service is short of memory, try again");
	default:
		return reply_error(out, 500, "internal", NULL,
		    "Something went wrong here; the log has the reason under request id %s", rq->request_id);
	}
}

bool
api_id(const struct request *rq, char *out, size_t bytes)
{
	if (!id_is_topic(rq->id.p, rq->id.len) || rq->id.len >= bytes)
		return false;
	memcpy(out, rq->id.p, rq->id.len);
	out[rq->id.len] = '\0';
	return true;
}

int
api_no_crawl(struct reply *out)
{
	return reply_error(out, 404, "no_such_crawl", NULL, "No crawl has this id");
}

bool
api_query_number(const struct request *rq, const char *name, int64_t min, int64_t max,
    int64_t initial, int64_t *out, struct reply *out_reply, int *status)
{
	char text[24], *end = text;
	int rc = query_param(rq->query, name, text, sizeof text);
	long long v = initial;

	if (rc == -ENOENT || rc == 0) {		/* "page=" is absent as well */
		*out = initial;
		return true;
	}
	errno = 0;
	if (rc > 0 && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')))
		v = strtoll(text, &end, 10);
	if (rc < 0 || end == text || *end != '\0' || errno != 0 || v < min || v > max) {
		*status = reply_error(out_reply, 422, "invalid", name, "%s: %lld to %lld are accepted",
		    name, (long long)min, (long long)max);
		return false;
	}
	*out = v;
	return true;
}
