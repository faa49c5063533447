/*
 * items - the catalogue of the table on its way to clients: the newest page of
 * knowledge items, and the last events that changed it, each read and encoded
 * when somebody needs it.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/audience.h"
#include "relay/loop.h"
#include "relay/wire.h"
#include "shared/catalogue.h"
#include "shared/text.h"

struct items {
	struct audience audience;
	struct loop    *loop;		/* borrowed, as these */
	struct table   *table;		/* NULL: not attached */
	kick_f	       *kick;
	uint64_t	version;	/* of update; 0: nothing was published yet, and an empty page stands for it */
	struct frame   *update[N_WIRES];	/* [WIRE_WS] is there once anybody has come */
	struct frame   *update_before;	/* as an event without an id, NULL until somebody needs it */
	struct items_event {
		uint64_t      version;
		struct frame *as[N_WIRES];
	}		event[CATALOGUE_EVENTS];	/* of version v at [v % CATALOGUE_EVENTS] */
	struct timer	retry;		/* the page was torn */
	struct text	scratch;
};

void items_init(struct items *it, struct loop *lp, kick_f *kick);
void items_fini(struct items *it);

void items_attach(struct items *it, struct table *t);	/* borrowed until the next call; NULL: it has gone */
void items_look(struct items *it);		/* it may have changed: tell all who follow */

/*
 * One reference; NULL when memory ran out.  items_event(): also, with *none, when there is no such event.
 * before: events of that version follow, which who comes back with its id would not be given.
 */
struct frame *items_update(struct items *it, enum wire w, bool before);
struct frame *items_event(struct items *it, enum wire w, uint64_t version, bool *none);

#endif
