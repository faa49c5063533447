/*
 * exposition - Prometheus' text format 0.0.4, written into a text: a family is
 * opened with its name, type and help, then come its samples.  Names are ours;
 * label values may be any text.
 */
#ifndef EXPOSITION_H
#define EXPOSITION_H

#include <stdint.h>

#include "shared/text.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct expo_label {
	const char *name, *value;
};

enum { EXPO_LABELS_MAX = 6 };

struct expo {
	struct text *to;
	const char  *family;		/* static; the one that is open */
	struct expo_label label[EXPO_LABELS_MAX];	/* of the samples to come; name NULL ends them */
};

void expo_family(struct expo *x, const char *name, const char *type, const char *help);	/* no labels then */
void expo_label(struct expo *x, const char *name, const char *value);	/* value: borrowed; replaces one of that name */
void expo_int(struct expo *x, uint64_t v);
void expo_double(struct expo *x, double v);

/*
 * A histogram of n buckets, each counted for itself, the last one open; bounds_us
 * and sum_us in microseconds are shown in seconds.
 */
void expo_histogram(struct expo *x, const uint64_t *bounds_us, const uint64_t *bucket, unsigned n, uint64_t sum_us);

#endif
