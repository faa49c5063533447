/*
 * spool - the pages of one crawl that are fetched and not stored yet, in a file
 * state_dir/fetched/ID.  A crawler that is killed leaves it behind; who goes on with
 * the crawl reads them there instead of fetching them again.  So a page is safe as
 * soon as it has come, and parsing and storing may lag behind as far as memory allows.
 *
 * It is a help, not a promise: what could not be kept (false) or read is fetched
 * again.  After a loss of power the file may hold anything; each page has a checksum.
 * One process has it at a time: the one that has claimed the crawl's row.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/conf.h"
#include "shared/progress_row.h"
#include "shared/slice.h"
#include "shared/store.h"

enum {
	SPOOL_MAX_BYTES = 32 << 20,	/* then it keeps no more until all in it are stored, and it is empty again */
};

enum spool_text {
	SPOOL_ENTRY,			/* the URL that was to be fetched */
	SPOOL_ALIAS,			/* where it redirected to; "": nowhere */
	SPOOL_URL,			/* where the body came from */
	SPOOL_TYPE, SPOOL_ETAG, SPOOL_MODIFIED, SPOOL_CANONICAL,
	SPOOL_TEXTS
};

struct spooled {			/* a page as it was fetched; all borrowed */
	const char  *text[SPOOL_TEXTS];	/* "" for what it has not */
	struct slice body;
	int64_t	     fetched_wall_ms;
	uint64_t     n_bytes;		/* on the wire */
	unsigned     depth;
	bool	     noindex, nofollow;
};

struct spool {
	char	 path[CONF_TEXT_BYTES + ROW_ID_BYTES + 16];	/* "": it is not to be had */
	int	 fd;			/* -1: nothing was kept yet */
	uint64_t len;			/* of what is good in the file */
	unsigned n_kept;		/* pages in it that are not stored yet */
};

void spool_init(struct spool *s, const char *state_dir, const char *crawl_id);	/* makes no file yet */
void spool_close(struct spool *s, bool over);	/* the file goes when the crawl is over, or nothing is kept */

/* Keep p.  false: it is not kept, whyever. */
bool spool_put(struct spool *s, const struct spooled *p);

/*
 * Give each page that a crawler before left, in the order they came; f says whether
 * it counts as kept (true), or is of no use any more.  Before the first put.
 */
typedef bool spool_page_f(const struct spooled *p, void *arg);
void spool_each(struct spool *s, spool_page_f *f, void *arg);

void spool_stored(struct spool *s);		/* one of those kept is stored */

/* Remove the files of crawls that are over: those a killed crawler left at the very end. */
void spool_sweep(const char *state_dir, struct store *st);

#endif
