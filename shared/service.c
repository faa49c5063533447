#include "config.h"

#include "shared/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/knowledge.h"
#include "shared/log.h"
#include "shared/restore.h"

/* -- table and store, kept current ------------------------------------------- */

static int
store_stat(const struct service *s, struct stat *st)
{
	char path[CONF_TEXT_BYTES + 16];

	(void)snprintf(path, sizeof path, "%s/archon.db", s->conf->state_dir);
	return stat(path, st) == 0 ? 0 : -errno;
}

static int
store_reopen(struct service *s, struct err *e)
{
	struct stat st;
	int rc;

	store_close(s->store);
	s->store = NULL;
	if ((rc = store_open(&s->store, s->conf->state_dir, s->conf->store_max_bytes, true, e)) < 0)
		return rc;
	if ((rc = store_stat(s, &st)) < 0)
		return err_set(e, rc, "%s/archon.db: %s", s->conf->state_dir, strerror(-rc));
	s->store_dev = st.st_dev;
	s->store_ino = st.st_ino;
	atomic_fetch_add(&s->store_epoch, 1);
	return 0;
}

static void
store_check_current(struct service *s)
{
	struct stat st;
	struct err e;
	bool same = store_stat(s, &st) == 0 && st.st_dev == s->store_dev && st.st_ino == s->store_ino;

	if (same && s->store != NULL)
		return;
	if (store_reopen(s, &e) < 0)
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
table_reopen(struct service *s, struct err *e)
{
	struct table *fresh, *old;
	int rc;

	if (s->store == NULL)
		return err_set(e, -ENODEV, "no store to fill it from");
	if ((rc = restore_table(&fresh, s->conf, s->store, e)) < 0)
		return rc;
	(void)pthread_rwlock_wrlock(&s->table_lock);	/* handlers hold it for microseconds */
	old = s->table;
	s->table = fresh;
	s->table_epoch++;
	(void)pthread_rwlock_unlock(&s->table_lock);
	table_close(old);
	/*
	 * A responder killed between the commit of a crawl and its row leaves the row
	 * out; the table of that time is still there, so nobody filled it anew.
	 */
	if ((rc = store_crawls_live(s->store, row_missing_add, fresh)) < 0)
		log_event(LOG_ERR, "crawls without a row were not looked for why=\"%s\"", store_error(s->store));
	table_signal(fresh, TABLE_CRAWLER);
	/* Whoever died between a commit and telling of it is made good for here. */
	if ((rc = knowledge_publish(fresh, s->store, NULL)) < 0)
		log_event(LOG_ERR, "catalogue was not published errno=%d why=\"%s\"", -rc, store_error(s->store));
	return 0;
}

void
service_tick(struct service *s)
{
	struct err e;
	int rc;

	store_check_current(s);
	if (s->table != NULL && table_is_current(s->table))	/* only this thread changes s->table */
		return;
	if (table_reopen(s, &e) < 0)
		log_event(LOG_ERR, "table is gone why=\"%s\"", e.text);
	else
		log_event(LOG_NOTICE, "table attached anew");
	if ((rc = meters_reopen(s->meters)) < 0)
		log_event(LOG_WARNING, "meters are not seen why=\"%s\"", strerror(-rc));
}

/* -- life ---------------------------------------------------------------------- */

int
service_open(struct service *s, const struct conf *conf, struct err *e)
{
	int rc;

	*s = (struct service){ .conf = conf };
	(void)pthread_rwlock_init(&s->table_lock, NULL);	/* cannot fail on Linux */
	if ((rc = store_reopen(s, e)) < 0 || (rc = table_reopen(s, e)) < 0 || (rc = meters_open(&s->meters, conf->run_dir, e)) < 0) {
		service_close(s);
		return rc;
	}
	return 0;
}

void
service_close(struct service *s)
{
	table_close(s->table);
	meters_close(s->meters);
	store_close(s->store);
	(void)pthread_rwlock_destroy(&s->table_lock);
	s->table = NULL;
	s->meters = NULL;
	s->store = NULL;
}

static int
thread_store_open(struct service_thread *t, struct err *e)
{
	unsigned epoch = atomic_load(&t->service->store_epoch);
	int rc;

	store_close(t->store);
	t->store = NULL;
	rc = store_open(&t->store, t->service->conf->state_dir, t->service->conf->store_max_bytes, true, e);
	if (rc == 0)
		t->store_epoch = epoch;
	return rc;
}

struct service_thread *
service_thread_new(struct service *s, struct err *e)
{
	struct service_thread *t = calloc(1, sizeof *t);

	if (t == NULL) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	t->service = s;
	if (thread_store_open(t, e) < 0) {
		service_thread_free(t);
		return NULL;
	}
	return t;
}

void
service_thread_free(struct service_thread *t)
{
	if (t == NULL)
		return;
	store_close(t->store);
	snapshots_fini(&t->snapshots);
	free(t);
}

/* -- for the handlers ------------------------------------------------------------ */

struct store *
service_store(struct service_thread *t, const char *request_id)
{
	struct err e;

	if (t->store != NULL && t->store_epoch == atomic_load(&t->service->store_epoch))
		return t->store;
	if (thread_store_open(t, &e) < 0)
		log_event(LOG_ERR, "store cannot be opened id=%s why=\"%s\"", request_id, e.text);
	return t->store;
}

struct table *
service_table_get(struct service_thread *t)
{
	(void)pthread_rwlock_rdlock(&t->service->table_lock);
	return t->service->table;
}

void
service_table_put(struct service_thread *t)
{
	(void)pthread_rwlock_unlock(&t->service->table_lock);
}

int
service_table_add(struct service_thread *t, const struct crawl_progress *first)
{
	struct table *table = service_table_get(t);
	int rc = table != NULL ? table_add(table, first) : -ENODEV;

	service_table_put(t);
	return rc;
}

int
service_table_read(struct service_thread *t, const char *id, struct crawl_progress *out)
{
	const struct table *table = service_table_get(t);
	int rc = table != NULL ? table_read_id(table, id, out) : -ENODEV;

	service_table_put(t);
	return rc;
}

int
service_table_rows(struct service_thread *t)
{
	const struct table *table = service_table_get(t);
	int n = table != NULL ? (int)table_n_rows(table) : -ENODEV;

	service_table_put(t);
	return n;
}

int
service_table_ask(struct service_thread *t, const char *id, enum table_control what)
{
	struct table *table = service_table_get(t);
	int rc = table != NULL ? table_ask(table, id, what) : -ENODEV;

	service_table_put(t);
	return rc;
}

void
service_signal_crawlers(struct service_thread *t)
{
	struct table *table = service_table_get(t);

	if (table != NULL)
		table_signal(table, TABLE_CRAWLER);
	service_table_put(t);
}

const struct snapshot *
service_snapshot(struct service_thread *t, const char *id)
{
	const struct table *table = service_table_get(t);
	const struct snapshot *s = table != NULL ? snapshots_get(&t->snapshots, table, t->service->table_epoch, id) : NULL;

	service_table_put(t);
	return s;
}

int
service_progress(struct service_thread *t, struct store *st, const char *id, struct crawl_progress *out)
{
	int rc = service_table_read(t, id, out);

	if (rc == -ENOENT || rc == -ENODEV || rc == -EAGAIN)
		return store_crawl_get(st, id, out);
	return rc;
}
