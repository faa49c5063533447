/*
 * catalogue - the first page of knowledge items as ready JSON, the very bytes of
 * GET /api/knowledge-items, and the last events that changed it, so that the
 * relay never opens the store.
 *
 * Each change is a version, growing by one; like the ring's numbers versions
 * never restart (ring.h).  A version may have an event; what the page holds is
 * always the newest.  The page is written to the one of two buffers that nobody
 * is shown, each under a changecount, then the head moves: a writer that dies in
 * the middle leaves the old page whole, and a reader is torn only when two
 * changes pass while it copies.
 *
 * Writers exclude each other as the ring's producers do.  They read the store
 * while they hold the lock: whoever comes last has seen all that was committed.
 *
 * Size: the page has CATALOGUE_PAGE_BYTES.  When it does not fit, items at its end
 * are left out until it does; total and pages stay true, and who needs the
 * others asks GET.  An event has CATALOGUE_EVENT_BYTES; catalogue_event_*()
 * shorten its texts so that it fits.
 */
#ifndef CATALOGUE_H
#define CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/table.h"
#include "shared/text.h"

enum {
	CATALOGUE_PAGE_BYTES = 256 * 1024,
	CATALOGUE_EVENT_BYTES = 4096 - 16,
	CATALOGUE_EVENTS = 32,
};

/* -- readers ----------------------------------------------------------------------- */

uint64_t catalogue_version(const struct table *t);

/*
 * Append the page to out and tell its version.  0, -ENOENT nothing was published
 * yet, -EAGAIN torn or damaged: out is as it was, look again at the next tick; -ENOMEM.
 */
int catalogue_page(const struct table *t, struct text *out, uint64_t *version);

/*
 * Append the event of a version to out: one JSON object {"type":...,"data":{...}}.
 * 0, -ENOENT it has none or is more than CATALOGUE_EVENTS versions old, -EAGAIN
 * not there yet, -ENOMEM.
 */
int catalogue_event(const struct table *t, uint64_t version, struct text *out);

/* -- writers ----------------------------------------------------------------------- */

/*
 * Make the page anew by make(), called under the lock with the number of items
 * it may list and how many bytes fit, keep it, with event (NULL: none), and wake every relay.
 * 0, or -errno: what make() returned (the event is out then, the page is the old one),
 * -EMSGSIZE the event is too long, -ENOSPC no memory, -EBUSY as ring_append().
 */
typedef int catalogue_make_f(struct text *out, unsigned max_items, void *arg);
int catalogue_publish(struct table *t, catalogue_make_f *make, void *arg, const struct text *event);

/* The texts of events. */
void catalogue_event_crawl(struct text *out, const struct crawl_progress *p);	/* crawl_completed */
void catalogue_event_deleted(struct text *out, const char *source_id);
void catalogue_event_uploaded(struct text *out, const char *filename, bool success, const char *message);

#endif
