/*
 * writer - the one place that writes the store: parcels in batches, each batch
 * one transaction that holds pages, chunks, the state of their URLs, the URLs
 * they brought, and the crawls' snapshots.  So whatever is in the store fits
 * together, and a crawl resumes from it without fetching a stored page again.
 */
#ifndef WRITER_H
#define WRITER_H

#include <stdatomic.h>

#include "shared/store.h"

struct parcel;
struct parcel_queue;

enum {
	WRITER_BATCH = 64,		/* parcels a transaction */
	WRITER_BATCH_MS = 0,		/* what is there at once: those under way are few, and wait for it */
	WRITER_INDEX_PAGES = 64,	/* pages made searchable at once: few pieces of the index, and nobody waits long ... */
	WRITER_INDEX_MS = 1000,		/* ... or after so long */
	WRITER_PURGE_PAGES = 16,	/* of deleted sources taken out at once: others want to write, too ... */
	WRITER_PURGE_MS = 1000,		/* ... and looked for so often */
	WRITER_RETRY_MS = 2000,		/* when the disk is full */
	WRITER_BUSY_LOG_MS = 10000,	/* that the store is held by another is logged so often, with a count */
	WRITER_SEQ_MARGIN = 1000,	/* a snapshot's seq is ahead of what is published until the next */
};

struct writer {
	struct store *store;
	struct parcel_queue *in;
	atomic_bool disk_full;		/* it waits for space */
	unsigned unindexed;		/* pages since the last time */
	bool	 untidy;		/* a crawl has ended since store_index_tidy() had no more to do */
	int64_t	 indexed_mono_ns;
	int64_t	 purge_mono_ns;		/* look for deleted sources again */
	unsigned n_busy;		/* tries in vain since that was logged */
	int64_t	 busy_logged_ns;
	atomic_bool hurry;		/* do not wait: the program ends, or a crawl was cancelled */
};

/*
 * Write a list of parcels and give it back.  Each gets its rc: 0 written; -EALREADY, -ENOENT its
 * crawl is no more in the store; -ECANCELED it was cancelled, or the program
 * ends, while the disk was full; -EIO the store is broken.
 */
struct parcel *writer_write(struct writer *w, struct parcel *list);

/* Take out some of what was deleted, if it is time.  How long until the next time in ms. */
int writer_purge(struct writer *w);

/* Make pages searchable if it is time.  How long until then in ms, -1: none wait. */
int writer_index(struct writer *w);

#endif
