/*
 * parcel - what travels through the pipeline: one URL with the body that was
 * fetched, then what was made of it, then what the store shall keep.  One thread
 * at a time holds it, queues hand it over:
 *
 *	fetch -> parse worker -> scheduler -> store writer -> scheduler
 *
 * The other kinds carry a crawl's beginning and end to the writer, so that all
 * that is written goes one way and in order.
 */
#ifndef PARCEL_H
#define PARCEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/progress_row.h"
#include "shared/text.h"
#include "shared/url.h"

#include "crawler/chunk.h"
#include "crawler/document.h"
#include "crawler/kind.h"
#include "crawler/progress.h"

struct crawl;
struct frontier_entry;

enum parcel_kind {
	PARCEL_URL, PARCEL_BEGIN,
	PARCEL_MEET,			/* URLs met without a page */
	PARCEL_END,			/* it ended, or pauses: nothing more comes */
};

enum fate {
	FATE_STORE,			/* a page */
	FATE_KEEP,			/* a page that is as it was (304) */
	FATE_LIST,			/* a sitemap or list: only its links count */
	FATE_SKIP,
	FATE_FAIL,
};

/* Why a URL was met and not stored. */
#define SKIPS(X)						\
	X(NONE,		"")					\
	X(REDIRECT,	"redirects to a page met before")	\
	X(OUTSIDE,	"redirects out of the crawl's scope")	\
	X(DUPLICATE,	"same content as another page")		\
	X(CANONICAL,	"names another page as the canonical")	\
	X(NOINDEX,	"asks not to be indexed")		\
	X(ROBOTS,	"forbidden by robots.txt")		\
	X(TYPE,		"not a document")			\
	X(LARGE,	"too large")				\
	X(LIST,		"a list of URLs")			\
	X(LIMIT,	"beyond the size limit of the crawl")

enum skip {
#define X(name, word) SKIP_##name,
	SKIPS(X)
#undef X
	SKIP_N
};

struct parcel {
	struct parcel *next;
	enum parcel_kind kind;
	struct crawl *crawl;		/* borrowed; it outlives its parcels */
	struct frontier_entry *entry, *alias;	/* the URL; where it redirected to, or NULL */

	/* as fetched */
	struct url  url;		/* where the body came from */
	struct text body;
	char	 content_type[128], etag[128], last_modified[64];
	char	*canonical;		/* by a Link header, absolute; owned, or NULL */
	uint64_t n_bytes;
	bool	 noindex, nofollow;
	bool	 open;			/* counts as under way until it is stored */
	bool	 spooled;		/* kept in the spool until then */
	int64_t	 fetched_wall_ms;

	/* as parsed */
	enum kind body_kind;
	enum fate fate;
	enum skip skip;
	char	 reason[ROW_ERROR_BYTES];	/* of a failure */
	char	 code[ROW_CODE_BYTES];		/* of an upload's failure */
	enum outcome failure;		/* the same, counted */
	bool	 gone;			/* it would fail again */
	struct document doc;
	struct chunks chunks;
	uint64_t n_words;
	char	 hash[65];
	struct text links;		/* canonical, in scope, each ended by NUL; a sitemap's perhaps with " " and lastmod_s */
	bool	 is_cut;		/* doc is of its begin: a limit of extract_html() was passed */
	bool	 has_sessions;		/* some had a session id, which was cut out */
	bool	 links_are_list;	/* of a sitemap or link list: not followed further */
	bool	 links_are_sitemaps;	/* of a sitemap index */
	char	*moved_to;		/* canonical elsewhere inside the scope; owned, or NULL */
	bool	 refreshes;		/* moved_to is that of a meta refresh, and may be outside */

	/* as planned by the scheduler */
	struct frontier_entry **met;	/* new URLs of this page */
	unsigned n_met;
	bool	 partial;		/* some were left out by a limit */
	char	*title, *description;	/* the source's, when this page gives them; borrowed from doc */
	uint64_t seq;
	uint32_t phase, percentage, pages_per_ks;
	struct crawl_progress *end;	/* PARCEL_END: the last snapshot; owned */

	size_t	 held;			/* bytes counted as held */

	/* as stored */
	int	 rc;			/* 0, or why it was not */
	enum fate stored_fate;		/* fate, or FATE_SKIP for a duplicate */
	enum skip stored_skip;
	struct progress_delta delta;
};

struct parcel *parcel_new(enum parcel_kind kind, struct crawl *c);	/* NULL: no memory */
void parcel_free(struct parcel *p);
size_t parcel_bytes(const struct parcel *p);	/* what it holds, about */
const char *skip_word(enum skip s);		/* static */

/* A queue between threads, first in first out. */
struct parcel_queue {
	pthread_mutex_t lock;
	pthread_cond_t	filled;
	struct parcel  *head, **tail;
	unsigned	n;
	bool		closed, flush;
};

int parcel_queue_init(struct parcel_queue *q);		/* 0 or -errno */
void parcel_queue_fini(struct parcel_queue *q);		/* frees what is left */
bool parcel_queue_put(struct parcel_queue *q, struct parcel *p);	/* was it empty: does somebody have to be woken? */
void parcel_queue_close(struct parcel_queue *q);	/* takers get NULL once it is empty */
struct parcel *parcel_queue_take(struct parcel_queue *q);	/* waits; NULL: closed and empty */
struct parcel *parcel_queue_take_all(struct parcel_queue *q);	/* a list, perhaps NULL; never waits */

/*
 * Wait for the first (at most idle_ms, for ever when that is -1), then until
 * there are max, bound_ms have passed, or the queue is flushed: at most max of
 * them.  NULL: none came, or it is closed and empty (*over).
 */
struct parcel *parcel_queue_take_batch(struct parcel_queue *q, unsigned max, int bound_ms, int idle_ms, bool *over);
void parcel_queue_flush(struct parcel_queue *q);	/* nothing more will come for now */
bool parcel_queue_is_closed(struct parcel_queue *q);

#endif
