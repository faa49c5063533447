/*
 * service - what a FastCGI responder of ours holds: the mapped table, and a
 * store connection a thread.
 *
 * The table may be replaced while we serve (another layout, an emptied run
 * directory), the store too (a backup put back).  service_tick() looks once a
 * second; handlers reach both through here and never keep them over a request.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/conf.h"
#include "shared/err.h"
#include "shared/meters.h"
#include "shared/progress_row.h"
#include "shared/snapshots.h"
#include "shared/store.h"
#include "shared/table.h"

struct service {		/* one a process */
	const struct conf *conf;	/* borrowed */
	pthread_rwlock_t   table_lock;	/* of table; handlers read */
	struct table	  *table;	/* NULL: none for now */
	unsigned	   table_epoch;	/* which one, for snapshots */
	struct meters	  *meters;
	struct store	  *store;	/* the tick's own; NULL: none for now */
	dev_t		   store_dev;
	ino_t		   store_ino;
	atomic_uint	   store_epoch;	/* which file; threads follow */
};

struct service_thread {		/* request.ctx */
	struct service *service;
	struct store   *store;
	unsigned	store_epoch;
	struct snapshots snapshots;
};

int service_open(struct service *s, const struct conf *conf, struct err *e);	/* 0, -errno with e filled */
void service_close(struct service *s);
void service_tick(struct service *s);

struct service_thread *service_thread_new(struct service *s, struct err *e);
void service_thread_free(struct service_thread *t);	/* NULL is fine */

/* The thread's store, or NULL: it cannot be opened; the log says why, under this request's id. */
struct store *service_store(struct service_thread *t, const char *request_id);

/*
 * The table for more than one call, or NULL: none for now.  Given back with
 * service_table_put() in either case, before anything that may take long.
 */
struct table *service_table_get(struct service_thread *t);
void service_table_put(struct service_thread *t);

/* As the functions of table.h; -ENODEV when there is no table. */
int service_table_add(struct service_thread *t, const struct crawl_progress *first);
int service_table_read(struct service_thread *t, const char *id, struct crawl_progress *out);
int service_table_rows(struct service_thread *t);
int service_table_ask(struct service_thread *t, const char *id, enum table_control what);
void service_signal_crawlers(struct service_thread *t);

/*
 * The rendered snapshot of a crawl that has a row, borrowed until this thread's next
 * call.  NULL: ask service_progress().
 */
const struct snapshot *service_snapshot(struct service_thread *t, const char *id);

/*
 * The newest that is known of a crawl: its row, else what the store st kept; also
 * when the row cannot be read because its writer died in mid-write, until a crawler
 * takes it up.  0, or as store_crawl_get().
 */
int service_progress(struct service_thread *t, struct store *st, const char *id, struct crawl_progress *out);

#endif
