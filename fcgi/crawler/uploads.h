/*
 * uploads - documents whose source is gone, or that never became whole, are
 * removed: what a killed process left.
 */
#ifndef UPLOADS_H
#define UPLOADS_H

#include "shared/conf.h"
#include "shared/store.h"

enum { UPLOADS_AGE_S = 600 };	/* younger ones may be on their way into the store */

void uploads_sweep(const struct conf *conf, struct store *st);

#endif
