/*
 * api - what the handlers of archon-api share: the mapped table, a store
 * connection a thread, and how their failures are answered.
 *
 * The table may be replaced while we serve (another layout, an emptied run
 * directory), the store too (a backup put back).  api_tick() looks once a second;
 * handlers reach both through here and never keep them over a request.
 */
#ifndef API_H
#define API_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/conf.h"
#include "shared/err.h"
#include "shared/progress_row.h"
#include "shared/route.h"
#include "shared/store.h"
#include "shared/table.h"

struct api {			/* one a process */
	const struct conf *conf;	/* borrowed */
	pthread_rwlock_t   table_lock;	/* of table; handlers read */
	struct table	  *table;	/* NULL: none for now */
	struct store	  *store;	/* the tick's own; NULL: none for now */
	dev_t		   store_dev;
	ino_t		   store_ino;
	atomic_uint	   store_epoch;	/* which file; threads follow */
};

struct api_thread {		/* request.ctx */
	struct api   *api;
	struct store *store;
	unsigned      store_epoch;
};

int api_open(struct api *a, const struct conf *conf, struct err *e);	/* 0, -errno with e filled */
void api_close(struct api *a);
void api_tick(struct api *a);

struct api_thread *api_thread_new(struct api *a, struct err *e);
void api_thread_free(struct api_thread *t);	/* NULL is fine */

/* The thread's store, or NULL: answer with api_no_store(). */
struct store *api_store(const struct request *rq);
int api_no_store(struct reply *out);

/* As the functions of table.h; -ENODEV when there is no table. */
int api_table_add(const struct request *rq, const struct crawl_progress *first);
int api_table_read(const struct request *rq, const char *id, struct crawl_progress *out);
int api_table_rows(const struct request *rq);
int api_table_alive(const struct request *rq, enum table_kind kind);
int api_table_ask(const struct request *rq, const char *id, enum table_control what);
void api_signal_crawlers(const struct request *rq);

/*
 * The table for more than one call, or NULL: none for now.  Given back with
 * api_table_put() in either case, before anything that may take long.
 */
struct table *api_table_get(const struct request *rq);
void api_table_put(const struct request *rq);
int api_table_down(struct reply *out);		/* 503 */

/* A store call failed with rc: log why under the request's id, answer, return the status. */
int api_store_failed(const struct request *rq, struct reply *out, int rc);

/* rq->id as a string, or false when it cannot be one of ours (404). */
bool api_id(const struct request *rq, char *out, size_t bytes);
int api_no_crawl(struct reply *out);		/* 404 */

/*
 * A whole number from the query.  true: *out holds it, or initial when absent.
 * false: *status and *out_reply hold the refusal (422).
 */
bool api_query_number(const struct request *rq, const char *name, int64_t min, int64_t max,
    int64_t initial, int64_t *out, struct reply *out_reply, int *status);

/* The route table; max_body_bytes: of every route that takes a body. */
enum { API_N_ROUTES = 26 };
struct routes api_routes(struct route tbl[API_N_ROUTES], size_t max_body_bytes);

#endif
