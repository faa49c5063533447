/*
 * snapshots - the snapshot objects a thread has rendered lately, so that a crawl
 * which has not changed costs a poll no rendering and no hash.  An entry is good
 * while its row in the table has the changecount it was rendered at: the row's
 * payload is then the same, its id included.
 */
#ifndef SNAPSHOTS_H
#define SNAPSHOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/progress_row.h"
#include "shared/route.h"
#include "shared/table.h"
#include "shared/text.h"

enum { SNAPSHOTS_KEPT = 16 };		/* a thread; some 2 KB each, 20 at most */

struct snapshot {
	struct text body;		/* message_snapshot() */
	char	    id[ROW_ID_BYTES];	/* "": nothing here */
	char	    etag[REPLY_ETAG_BYTES];
	bool	    is_terminal;
	unsigned    row, epoch;
	uint32_t    changecount;
};

struct snapshots {			/* one thread's; zeros are empty */
	struct snapshot kept[SNAPSHOTS_KEPT];
};

/*
 * The newest of id in the table t, borrowed until the next call.  epoch: which
 * table t is, as the caller counts them.  NULL: no row, or a row that cannot be
 * read whole now, or no memory; the caller looks for itself.
 */
const struct snapshot *snapshots_get(struct snapshots *all, const struct table *t, unsigned epoch, const char *id);
void snapshots_fini(struct snapshots *all);

#endif
