/*
 * pipeline - the threads behind the scheduler: parse workers, one that reads
 * uploads, and the store writer, and the queues between.  What comes out wakes the scheduler.  How much
 * is inside is bounded by the scheduler, which starts no fetch when it is full.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdbool.h>

#include "shared/conf.h"
#include "shared/err.h"
#include "shared/store.h"

#include "crawler/fetch.h"
#include "crawler/parcel.h"

struct pipeline;

/* st: the writer's connection, the pipeline's alone until it stops (borrowed). */
int pipeline_start(struct pipeline **out, const struct conf *conf, struct store *st, struct fetcher *ft, struct err *e);

/* Drop what is not parsed, write what was handed to the writer, end the threads, free all. */
void pipeline_stop(struct pipeline *pl);

void pipeline_parse(struct pipeline *pl, struct parcel *p);	/* takes */
void pipeline_convert(struct pipeline *pl, struct parcel *p);	/* takes; an upload: it comes out parsed */
void pipeline_store(struct pipeline *pl, struct parcel *p);	/* takes */
void pipeline_flush(struct pipeline *pl);	/* the writer need not wait for more */
void pipeline_hurry(struct pipeline *pl);	/* a crawl was cancelled: do not wait for the disk */
bool pipeline_disk_full(const struct pipeline *pl);

struct parcel *pipeline_parsed(struct pipeline *pl);	/* gives a list, perhaps NULL */
struct parcel *pipeline_stored(struct pipeline *pl);

#endif
