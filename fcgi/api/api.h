/*
 * api - what the handlers of archon-api share: the way from a request to the
 * table and the store (service.h), and how their failures are answered.
 */
#ifndef API_H
#define API_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/refusal.h"
#include "shared/responder.h"
#include "shared/route.h"
#include "shared/service.h"

struct service_thread *api_thread(const struct request *rq);
const struct conf *api_conf(const struct request *rq);

/* The thread's store, or NULL: answer with api_no_store(). */
struct store *api_store(const struct request *rq);
int api_no_store(struct reply *out);

/* As the functions of table.h; -ENODEV when there is no table. */
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

/* Answer with what another module has refused; returns its status. */
int api_refused(struct reply *out, const struct refusal *why);

/* An item was changed, and that is committed: those who watch the list are told. */
void api_publish(const struct request *rq);

/* A store call failed with rc: log why under the request's id, answer, return the status. */
int api_store_failed(const struct request *rq, struct reply *out, int rc);

/* rq->id as a string, or false when it cannot be one of ours (404). */
bool api_id(const struct request *rq, char *out, size_t bytes);
int api_no_crawl(struct reply *out);		/* 404 */
int api_no_source(struct reply *out);		/* 404 */

/*
 * A whole number from the query.  true: *out holds it, or initial when absent.
 * false: *status and *out_reply hold the refusal (422).
 */
bool api_query_number(const struct request *rq, const char *name, int64_t min, int64_t max,
    int64_t initial, int64_t *out, struct reply *out_reply, int *status);

/* The same for text in UTF-8 of less than bytes; *used is out, or NULL when absent or empty. */
bool api_query_text(const struct request *rq, const char *name, char *out, size_t bytes, const char **used,
    struct reply *out_reply, int *status);

/* The route table with the limits of conf; NULL: those it has by default. */
struct routes api_routes(struct route tbl[RESPONDER_ROUTES_MAX], const struct conf *conf);

#endif
