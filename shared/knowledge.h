/*
 * knowledge - the items of the knowledge base as the wire names them; the one
 * place that makes them, for GET /api/knowledge-items and for the catalogue that
 * the relay streams.
 */
#ifndef KNOWLEDGE_H
#define KNOWLEDGE_H

#include <stdint.h>

#include "shared/store.h"
#include "shared/table.h"
#include "shared/text.h"

enum { KNOWLEDGE_PER_PAGE = 20 };

/* Append a source, as an item or as a place to search in; store_source_f, arg is the struct text. */
int knowledge_item_put(const struct source *s, void *arg);
int knowledge_members_put(const struct source *s, void *arg);	/* an item's members, into an object that is open */
int knowledge_source_put(const struct source *s, void *arg);

/*
 * Append {"items":[...],"total","page","per_page","pages"}: the page-th page (from 1) of what flt
 * lets through, with flt->limit items at most.  0, or what the store says: out is then not whole.
 */
int knowledge_page(struct store *st, const struct source_filter *flt, int64_t page, int64_t per_page, struct text *out);

/*
 * Whoever has changed an item calls this after the commit: the catalogue's page
 * is made anew from the store, the event that caused it (NULL: none) goes with
 * it, relays are told.  0, or as catalogue_publish(); what was committed stays committed.
 */
int knowledge_publish(struct table *t, struct store *st, const struct text *event);

/*
 * Delete a source as store_source_delete() does and tell everybody: those who
 * watch the list, and the crawler that may be at it.  t may be NULL: none for now.
 * 0, or as store_source_delete().
 */
int knowledge_delete(struct table *t, struct store *st, const char *source_id);

#endif
