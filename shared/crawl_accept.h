/*
 * crawl_accept - take a crawl on: it is in the store and has its row before
 * anybody is told so.
 */
#ifndef CRAWL_ACCEPT_H
#define CRAWL_ACCEPT_H

#include "shared/crawl_params.h"
#include "shared/refusal.h"
#include "shared/service.h"

/*
 * params->progress_id is made when it is empty.  0 and *p is the first snapshot,
 * or the status of the refusal in *why.
 */
int crawl_accept(struct service_thread *t, struct crawl_params *params, const char *request_id,
    struct crawl_progress *p, struct refusal *why);

#endif
