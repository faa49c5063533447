/*
 * crawl - one running crawl: what it knows, and what it does as fetches, parsed
 * and stored parcels come back.  All functions run on the scheduler's thread;
 * workers read params and scope, the writer owns saved and tentative.
 *
 *	BEGINNING	its source and start URL are being written
 *	RUNNING		fetching, until nothing waits and nothing is under way
 *	ENDING		its last snapshot is being written
 *	ENDED		to be freed
 */
#ifndef CRAWL_H
#define CRAWL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/conf.h"
#include "shared/crawl_params.h"
#include "shared/store.h"

#include "crawler/fetch.h"
#include "crawler/frontier.h"
#include "crawler/host.h"
#include "crawler/parcel.h"
#include "crawler/pipeline.h"
#include "crawler/progress.h"
#include "crawler/scope.h"
#include "crawler/spool.h"
#include "crawler/trap.h"

enum {
	CRAWL_FAILURES_LOGGED = 20,	/* in full; the rest is counted */
	CRAWL_CLAIMS_MAX = 8,		/* unlike pages that may name one canonical */
	CRAWL_SITEMAPS_DEPTH = 2,	/* a crawl of the start and its links alone wants no more */
	CRAWL_HELD_MAX = 128,		/* parcels between fetch and store, of all crawls */
	CRAWL_AHEAD_MAX = 64,		/* of one: enough to go on while the store makes some searchable */
};
#define CRAWL_HELD_BYTES (FETCH_BODY_BYTES / 2)

struct crawl_tools {			/* what all crawls share; all borrowed */
	const struct conf *conf;
	struct fetcher	  *fetcher;
	struct pipeline	  *pipeline;
	struct hosts	   hosts;
	struct meters	  *meters;	/* NULL: nothing is counted */
	struct store	  *reader;	/* the scheduler's connection */
	unsigned	   n_held;	/* parcels in the pipeline */
	size_t		   held_bytes;
	struct embed	  *embed;	/* NULL: chunks are not embedded */
};

enum crawl_state { CRAWL_BEGINNING, CRAWL_RUNNING, CRAWL_ENDING, CRAWL_ENDED };

struct crawl {
	struct crawl *next;
	struct crawl_tools *tools;
	enum crawl_state state;
	char	 id[ROW_ID_BYTES], source_id[ROW_SOURCE_BYTES];
	struct crawl_params params;
	struct scope scope;
	struct frontier frontier;
	struct frontier_entry *start;
	struct traps traps;
	struct progress progress;
	struct fetch *retries;		/* waiting for their time */
	unsigned n_fetching, n_retrying, n_parsing, n_writing;
	unsigned n_open;		/* URLs under way: fetched, or being fetched, and neither in the spool nor stored */
	struct spool spool;
	uint64_t bytes_coming;		/* fetched and not stored yet: not in the progress, either */
	uint64_t n_wanted;		/* met, and not failed or skipped: against max_pages */
	unsigned failures_logged;
	unsigned n_cut;			/* pages of which the begin was kept */
	uint64_t trap_logged;		/* bit per rule */
	bool	 limit_logged, size_logged, sessions_logged, disk_logged, analyzed, resumed;
	bool	 from_page;		/* the start is a web page: its site's sitemaps help */
	bool	 sitemaps_asked;
	bool	 again;			/* the source has pages already */
	bool	 pausing;
	bool	 upload;		/* a document that lies here: nothing is fetched */
	char	 recipe[32];		/* how its pages are cut */
	struct curl_slist *headers;	/* for the start's site only; owned */
	size_t	 title_len;		/* length of the URL that gave the title; 0: none did */
	char	 error[ROW_ERROR_BYTES], error_code[ROW_CODE_BYTES];	/* of the start, should nothing be stored */
	int64_t	 began_mono_ns;
	int64_t	 embed_told_ns;		/* what crawl_tell_embedding() said last: when, how many, why not more */
	int	 embed_n;
	struct err embed_trouble;
	atomic_bool cancelled;
	int	 store_rc;		/* the store refused it */
	struct crawl_progress saved, tentative;	/* the writer's */
};

/*
 * Take up the crawl *p (the row it stands in is claimed): read what the store
 * has of it and begin.  cancelled: only to end it.  0 (also when the store has
 * it damaged: it then ends in error), or -ENOENT, -EBUSY, -ENOMEM.
 */
int crawl_new(struct crawl **out, struct crawl_tools *tools, struct store *st, struct table *t,
    unsigned row, const struct crawl_progress *p, bool cancelled);
void crawl_free(struct crawl *c);

/* What a crawler before had fetched and not stored: it goes on from there. */
void crawl_take_spooled(struct crawl *c);

/* Begin one fetch if one may begin now.  *next_ns: when to ask again, if earlier. */
bool crawl_fetch_one(struct crawl *c, int64_t now_ns, int64_t *next_ns);

void crawl_fetched(struct crawl *c, struct fetch *f, int64_t now_ns);	/* takes f */
void crawl_parsed(struct crawl *c, struct parcel *p);			/* takes p */
void crawl_stored(struct crawl *c, struct parcel *p);			/* takes p */

/* See whether it is over, and end it. */
void crawl_check_end(struct crawl *c);

void crawl_cancel(struct crawl *c);
void crawl_pause(struct crawl *c);	/* stop fetching and leave; the store keeps the frontier */

/* The last snapshot of a crawl that ends so, one seq on.  Gives; NULL: no memory. */
struct crawl_progress *crawl_last_words(const struct crawl_progress *p, enum crawl_phase phase,
    const char *code, const char *error);

/* -- between crawl.c, crawl_fetch.c and crawl_keep.c ---------------------------- */

void crawl_hand_over(struct crawl *c, struct parcel *p);	/* to the writer; takes p */

/* A URL is done without a body. */
struct settle {
	enum fate    fate;
	enum skip    skip;
	enum outcome failure;
	bool	     gone, open;
	const char  *reason;		/* of a failure; NULL: none */
};
void crawl_settle(struct crawl *c, struct frontier_entry *e, struct frontier_entry *alias, struct settle how);

/* Parsed, or known to be as it was: what it brings is met, then it goes to the writer.  Takes p. */
void crawl_keep(struct crawl *c, struct parcel *p);
bool crawl_ask_sitemaps(struct crawl *c, int64_t now_ns);	/* the frontier is empty: is there more?  false: ask again */

/* crawl_upload.c: give the document to be read; false: it has been.  And what came of it. */
bool crawl_read_upload(struct crawl *c);
void crawl_upload_read(struct crawl *c, struct parcel *p);

/* crawl_embed.c: a log line now and then, and one at_end, of how far the embedding of its chunks is. */
void crawl_tell_embedding(struct crawl *c, int64_t now_ns, bool at_end);

/* Why the start gave nothing; the first reason stays. */
__attribute__((format(printf, 3, 4)))
void crawl_blame(struct crawl *c, const char *code, const char *fmt, ...);
void crawl_broken(struct crawl *c, int rc);	/* it cannot go on: its fetches end */

#endif
