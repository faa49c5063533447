/*
 * crawl_fixture - the crawler whole, for tests: a real store and table, a real
 * process, a site on loopback.  conf may be changed before crawler_child() is
 * started.
 */
#ifndef CRAWL_FIXTURE_H
#define CRAWL_FIXTURE_H

#include <check.h>
#include <stdbool.h>

#include "shared/conf.h"
#include "shared/store.h"
#include "shared/table.h"

#include "site.h"

enum { PATIENCE_MS = 60000 };

extern struct site the_site;
extern struct conf conf;
extern struct store *store;
extern struct table *table;

void crawl_setup(site_f *f);
void crawl_teardown(void);

int crawler_child(void *arg);		/* for child_start() */
void stop(pid_t pid);			/* it must end by TERM */

/* Accept a crawl as the API does; more: further JSON members, each with a comma before. */
void start(struct crawl_progress *p, unsigned port, const char *path, const char *more);

void look(struct crawl_progress *p);	/* the row now; nothing in it may have fallen back */
bool until(struct crawl_progress *p, uint64_t processed);	/* so many done, or the end (true) */
void finish(struct crawl_progress *p);	/* until the end; row and store must agree */

char *pages(const struct crawl_progress *p, struct text *t);	/* paths stored, in order, each with a blank behind */
bool logged(const struct crawl_progress *p, const char *words);	/* does a line of its log hold them? */

#endif
