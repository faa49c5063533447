/*
 * crawler - the scheduler: takes crawls from the store as their rows can be
 * claimed, runs at most max_crawls of them in turn over one fetcher and one
 * pipeline, and looks around at every wake-up and at least once a second.
 */
#ifndef CRAWLER_H
#define CRAWLER_H

#include "shared/conf.h"
#include "shared/err.h"

struct crawler;

int crawler_new(struct crawler **out, const struct conf *conf, struct err *e);
void crawler_free(struct crawler *cr);	/* crawls that run are resumed by the next crawler; NULL is fine */

/*
 * Work until stop_fd is readable: 0; or the table has been replaced: -ESTALE,
 * begin anew.
 */
int crawler_run(struct crawler *cr, int stop_fd);

#endif
