/*
 * message - the texts on the wire: the one place that knows the JSON names of
 * what clients see (API: "Progress" and "WebSockets").
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stddef.h>

#include "shared/progress_row.h"
#include "shared/ring.h"
#include "shared/text.h"

/* The snapshot object, a pure function of *p: equal rows give equal bytes. */
void message_snapshot(struct text *out, const struct crawl_progress *p);

/* {"type":"crawl_progress"|"crawl_completed","data":{snapshot}} */
void message_progress(struct text *out, const struct crawl_progress *p);

/* {"type":"connection_established","data":{"progressId":...,"status":"waiting"}} */
void message_waiting(struct text *out, const char *id, size_t len);

/* {"timestamp":...,"level":...,"message":...,"logger":...,"seq":n}: a log entry, without envelope. */
void message_log(struct text *out, const struct ring_entry *e);

/* {"error":...,"detail":{"error":...},"code":...,"field":...}; field may be NULL. */
void message_error(struct text *out, const char *code, const char *field, const char *sentence);

#endif
