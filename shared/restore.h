/*
 * restore - attach to the table, making it when there is none (or one of
 * another layout version) and filling it from the store: crawls that have not
 * ended, and the newest ended ones.  For the processes that hold the store.
 */
#ifndef RESTORE_H
#define RESTORE_H

#include "shared/conf.h"
#include "shared/err.h"
#include "shared/store.h"
#include "shared/table.h"

enum { RESTORE_ENDED = 1000 };		/* so many ended crawls stay visible */

/* 0 and *out (gives), or -errno with e filled. */
int restore_table(struct table **out, const struct conf *conf, struct store *st, struct err *e);

#endif
