/*
 * store - what lasts: crawls, their frontier, sources, pages, chunks and code
 * examples.  SQLite in WAL mode stands behind it, but nothing here speaks SQL.
 *
 * A store is one connection: one thread uses it.  Readers never wait for
 * writers; writers wait for each other for at most STORE_BUSY_MS.
 *
 * All functions return 0 or a useful number, or
 *	-ENOENT		no such crawl, source or page
 *	-EEXIST		the id is taken
 *	-EALREADY	the crawl has ended
 *	-ENOSPC		disk (or store_max_bytes) full; nothing was changed
 *	-EBUSY		another writer held the store for too long; try again
 *	-ESTALE		the file was written by a newer archon
 *	-EIO		anything else; the log has SQLite's own words
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/crawl_params.h"
#include "shared/err.h"
#include "shared/progress_row.h"
#include "shared/slice.h"
#include "shared/text.h"
#include "shared/vector.h"

enum { STORE_BUSY_MS = 5000, STORE_SCHEMA = 11 };

struct store;

/* state_dir/archon.db; made when missing.  durable: each commit is on the disk when it returns. */
int store_open(struct store **out, const char *state_dir, int64_t max_bytes, bool durable, struct err *e);
void store_close(struct store *st);		/* NULL is fine */
const char *store_error(const struct store *st);	/* the last failure, for the log; borrowed */

/*
 * A transaction around several calls.  Nesting is not allowed.  A page or source
 * that fails within one dooms it: store_commit() undoes all and gives that error.
 */
int store_begin(struct store *st);
int store_commit(struct store *st);
void store_rollback(struct store *st);

/* -- crawls ---------------------------------------------------------------- */

/* Accept a crawl; p is its first snapshot (queued).  -EEXIST, -ENOSPC, -EBUSY. */
int store_crawl_accept(struct store *st, const struct crawl_params *params, const struct crawl_progress *p);

/* Take an acceptance back, before anybody was told of it.  -ENOENT. */
int store_crawl_forget(struct store *st, const char *id);

/* Ask for its end.  -ENOENT, -EALREADY. */
int store_crawl_cancel(struct store *st, const char *id, int64_t wall_ms);

/* Ask it to pause, or to go on.  -ENOENT, -EALREADY. */
int store_crawl_pause(struct store *st, const char *id, bool pause, int64_t wall_ms);

/* URLs were left out of it: what it did not meet has not vanished. */
int store_crawl_partial(struct store *st, const char *id);

/* The id of a crawl of this source that is accepted and not ended nor cancelled, the oldest.  1, 0 there is none. */
int store_source_live(struct store *st, const char *source_id, char id[ROW_ID_BYTES]);

/* Is there such a source, crawled to its end, and did that bring pages?  1 and its title, 0. */
int store_source_known(struct store *st, const char *source_id, struct text *title);

/* Is a crawl of this source accepted and not ended?  1, 0. */
int store_source_busy(struct store *st, const char *source_id);

/* Keep the newest snapshot; a terminal phase ends the crawl.  -EALREADY when it had ended. */
int store_crawl_save(struct store *st, const struct crawl_progress *p);

/* The last saved snapshot; log lines only when it has ended.  -ENOENT. */
int store_crawl_get(struct store *st, const char *id, struct crawl_progress *out);

int store_crawl_params(struct store *st, const char *id, struct crawl_params *out);

/* One crawl in a listing; strings are borrowed for the call.  Non-zero stops. */
struct crawl_entry {
	const struct crawl_progress *progress;	/* as store_crawl_get() gives it */
	bool cancel_asked, pause_asked;
};
typedef int store_crawl_f(const struct crawl_entry *c, void *arg);

int store_crawls_live(struct store *st, store_crawl_f *f, void *arg);	/* oldest first */
int store_crawls_ended(struct store *st, unsigned offset, unsigned limit, store_crawl_f *f, void *arg);	/* newest first */
int store_crawls_count(struct store *st, bool ended);			/* how many */

/* -- frontier: every URL a crawl has met, each once -------------------------- */

enum frontier_state {
	FRONTIER_WAITING, FRONTIER_DONE,
	FRONTIER_FAILED,		/* perhaps another time */
	FRONTIER_SKIPPED,
	FRONTIER_GONE,			/* failed, and would again: the server has no such page for us */
};

int store_frontier_add(struct store *st, const char *crawl_id, const char *url, unsigned depth);	/* 1 new, 0 known */
int store_frontier_set(struct store *st, const char *crawl_id, const char *url,
    enum frontier_state state, const char *reason);		/* reason may be NULL */
typedef int store_frontier_f(const char *url, unsigned depth, enum frontier_state state, void *arg);
int store_frontier_each(struct store *st, const char *crawl_id, store_frontier_f *f, void *arg);	/* in the order they were met */
/* Those that failed; strings are borrowed for the call.  How many there are in all; f: of these. */
typedef int store_failure_f(const char *url, const char *reason, void *arg);
int store_failures_count(struct store *st, const char *crawl_id);
int store_failures_each(struct store *st, const char *crawl_id, unsigned offset, unsigned limit,
    store_failure_f *f, void *arg);
int store_frontier_clear(struct store *st, const char *crawl_id);	/* after the end: all but the failed */

/* -- sources, pages, chunks ------------------------------------------------- */

struct source {				/* strings are borrowed */
	const char *id, *url, *title, *description;
	const char *params;		/* JSON object as in crawl_params_json() */
	const char *status;		/* "active", "crawling", "error" */
	int64_t	    created_ms, updated_ms;
	int64_t	    crawled_ms;		/* the last crawl ended; 0: none did */
	int64_t	    n_pages, n_chunks, n_words, n_code_examples;
	int64_t	    stored_bytes;	/* text kept of it, without the index; these five as of the last crawl's end */
	bool	    title_chosen, description_chosen;	/* by people: crawls leave it alone */
};

int store_source_begin(struct store *st, const char *source_id, const struct crawl_params *params, int64_t wall_ms);
int store_source_params(struct store *st, const char *source_id, struct crawl_params *out);
int store_source_title(struct store *st, const char *source_id, const char *title, const char *description);
int store_source_end(struct store *st, const char *source_id, const char *status, int64_t wall_ms);	/* counts it anew */

enum source_sort {
	SORT_UPDATED, SORT_CREATED, SORT_TITLE, SORT_URL, SORT_WORDS, SORT_CHUNKS, SORT_PAGES, SORT_BYTES,
};
struct source_filter {
	const char *knowledge_type;	/* NULL: any, also below */
	const char *search;		/* part of title or URL, any case of ASCII letters */
	const char *tags;		/* "a,b": has at least one of them */
	unsigned    offset, limit;
	const char *source_type;	/* "url", "file" */
	enum source_sort sort;
	bool	    ascending;
};
typedef int store_source_f(const struct source *s, void *arg);
int store_sources_each(struct store *st, const struct source_filter *flt, store_source_f *f, void *arg);
/*
 * When it is to be crawled again by itself: update_frequency days after its last
 * crawl and up to a tenth later, so that what came together does not return
 * together.  0: never.
 */
int64_t store_source_due_ms(const struct source *s, unsigned update_frequency);
int store_sources_count(struct store *st, const struct source_filter *flt);
/* One of them: what f returned, or -ENOENT. */
int store_source_get(struct store *st, const char *source_id, store_source_f *f, void *arg);

/* What people change; a title or description they have chosen outlives later crawls.  -ENOENT. */
struct source_edit {
	const char *title, *description;	/* NULL: as it is */
	const struct crawl_params *params;	/* tags, knowledge_type and update_frequency count */
};
int store_source_edit(struct store *st, const char *source_id, const struct source_edit *edit, int64_t wall_ms);

/*
 * Gone for every reader at once, and its crawls are asked to end; what it holds is
 * taken out later, by store_purge().  Until that has happened a new crawl of the
 * same source must wait.  -ENOENT.
 */
int store_source_delete(struct store *st, const char *source_id, int64_t wall_ms);
int store_source_is_deleted(struct store *st, const char *source_id);	/* 1 not purged yet, 0 */
/* Take out at most so many pages of a deleted source.  1 there is more to do, 0 not now. */
int store_purge(struct store *st, unsigned max_pages);

struct chunk {
	struct slice headings;		/* "Part > Chapter > Section" */
	struct slice body;		/* Markdown */
	struct slice terms;		/* what is defined in it, one a line; perhaps empty */
};

struct code_example {
	struct slice language, code, before, after, heading;
};

struct page {
	const char *url, *title, *description, *language;
	const char *etag, *last_modified;	/* NULL: none; as the server wrote it, or ISO 8601 when only a sitemap tells */
	const char *content_hash;	/* 64 hex digits */
	int64_t	    fetched_ms;
	uint64_t    n_words, n_bytes;
	const struct chunk	  *chunks;
	const struct code_example *examples;
	unsigned    n_chunks, n_examples;
	/* what a later crawl of the same source needs; each may be NULL or empty */
	const char *crawl_id;		/* the crawl that saw it */
	const char *recipe;		/* how it was cut: another one is another page */
	struct slice links;		/* URLs it leads to, each ended by NUL */
	bool	    index_later;	/* by store_index(): searchable then */
};

/* Put a page, replacing the one of the same source and URL with all that hangs on it. */
int store_page_put(struct store *st, const char *source_id, const struct page *p);
/*
 * The same for a page that may be there already: with the same content and
 * recipe only what HTTP says of it is brought up to date.
 */
enum page_seen { PAGE_NEW, PAGE_CHANGED, PAGE_UNCHANGED };
int store_page_see(struct store *st, const char *source_id, const struct page *p);	/* enum page_seen */

/* The page is as it was, says its server.  -ENOENT it is not there any more. */
struct page_counts { int64_t n_chunks, n_words, n_examples; };
int store_page_keep(struct store *st, const char *source_id, const char *url, const char *crawl_id,
    struct page_counts *out);

/* By what to ask whether a page has changed.  1, 0 there is none that was cut by this recipe. */
struct page_known { char etag[128], last_modified[64]; };
int store_page_known(struct store *st, const char *source_id, const char *url, const char *recipe,
    struct page_known *out);
int store_page_links(struct store *st, const char *source_id, const char *url, struct text *out);	/* as in struct page */

/*
 * Remove pages that the crawl met and found gone, and when it was complete also
 * those that it did not meet.  How many.
 */
int store_pages_vanished(struct store *st, const char *source_id, const char *crawl_id, bool complete);

/* Make searchable what was put with index_later, at most so many pages (0: all).  How many wait still. */
int store_index(struct store *st, unsigned max_pages);
/*
 * Join some of the pieces the indexes are written in, which each search looks
 * through; for when nothing else is to do.  1 there is more of it, 0.
 */
int store_index_tidy(struct store *st);
/* What the indexed pages of a source call each other, which search goes by: after a crawl that changed some. */
int store_gather_names(struct store *st, const char *source_id);
/* The same of one source of which it was never done: an update of archon indexed it anew.  1 it was, 0 there is none. */
int store_gather_left(struct store *st);

/*
 * Is there a page with this content, other than not_url and pages that the crawl
 * has found gone or moved?  1 and its URL, which the crawl has then seen, or 0 (url
 * is then untouched).
 */
int store_page_find_twin(struct store *st, const char *source_id, const char *crawl_id, const char *content_hash,
    const char *not_url, char url[ROW_URL_BYTES]);
int store_pages_count(struct store *st, const char *source_id);

/* What a source holds, as people look at it: by URL, then number.  Strings are borrowed for the call. */
struct content_filter {
	const char *source_id;
	const char *url;		/* of this page only; NULL: of all */
	const char *language;		/* of pages ("en" is also "en-GB"), or of code examples; NULL: any */
	unsigned    offset, limit;
};
struct page_entry {
	const char *url, *title, *description, *language;
	int64_t	    fetched_ms, n_words, n_bytes, n_chunks, n_examples;
};
struct chunk_entry {
	int64_t	    id, number;		/* number: within its page, from 0 */
	const char *url, *title, *headings, *body;
};
struct example_entry {
	int64_t	    id, number;
	const char *url, *title, *language, *code, *before, *after, *heading;
};
typedef int store_page_f(const struct page_entry *p, void *arg);
typedef int store_chunk_f(const struct chunk_entry *c, void *arg);
typedef int store_example_f(const struct example_entry *x, void *arg);
int store_page_list(struct store *st, const struct content_filter *flt, store_page_f *f, void *arg);
int store_chunk_list(struct store *st, const struct content_filter *flt, store_chunk_f *f, void *arg);
int store_example_list(struct store *st, const struct content_filter *flt, store_example_f *f, void *arg);
/* A page whole, as it was put; what it points to is borrowed for the call.  What f returned, -ENOENT. */
typedef int store_page_dump_f(const struct page *p, void *arg);
int store_page_dump(struct store *st, const char *source_id, const char *url, store_page_dump_f *f, void *arg);

/* How many they would give without offset and limit. */
int store_page_list_count(struct store *st, const struct content_filter *flt);
int store_chunk_list_count(struct store *st, const struct content_filter *flt);
int store_example_list_count(struct store *st, const struct content_filter *flt);

typedef int store_page_url_f(const char *url, void *arg);
int store_pages_each(struct store *st, const char *source_id, store_page_url_f *f, void *arg);	/* by URL */

/* -- search ----------------------------------------------------------------- */

struct search {
	const char *query;		/* any text */
	const char *source_id, *knowledge_type;	/* NULL: any, also below */
	const char *sources;		/* "id,id": one of them */
	const char *tags;		/* "a,b": has at least one of them */
	const char *language;		/* "en" is also "en-GB" */
	unsigned    limit;
	bool	    as_you_type;	/* the last word may go on */
	unsigned    neighbours;		/* so many chunks before and behind the best one, too */
	const struct vector *vector;	/* of the query: fused with what its words find; NULL: words alone */
};

struct search_hit {			/* the best chunk of a page; strings are borrowed for the call */
	int64_t	    chunk_id;
	unsigned    chunk_number;	/* within its page, from 0 */
	const char *url, *title, *headings, *body, *source_id, *knowledge_type, *language;
	int64_t	    n_words;		/* of the page */
	double	    score;		/* 0..1, the best first; ties by chunk_id */
	const char *snippet;		/* a line of text, words that were asked for between SNIPPET_OPEN and _CLOSE */
	const char *before, *after;	/* the neighbours, if asked for */
};
typedef int store_hit_f(const struct search_hit *h, void *arg);	/* non-zero stops */
#define SNIPPET_OPEN '\1'
#define SNIPPET_CLOSE '\2'

/*
 * Pages that answer, each once, at most 100.  Any text is a valid query.  Number of hits.
 * A store that stays as it is answers in the same order every time.  While a crawl adds to
 * it two handles may not: each keeps how common a word is until it has grown by a sixteenth.
 */
int store_search(struct store *st, const struct search *s, store_hit_f *f, void *arg);

int store_search_sources(struct store *st, const struct search *s);	/* how many it looks through */

struct code_hit {			/* a code example; strings are borrowed for the call */
	int64_t	    example_id;
	const char *language, *code, *before, *after, *heading;
	const char *url, *title, *source_id, *knowledge_type;
	double	    score;		/* as above */
};
typedef int store_code_f(const struct code_hit *h, void *arg);

/* The same over code examples; search.language is then that of the code. */
int store_search_code(struct store *st, const struct search *s, store_code_f *f, void *arg);

/* -- vectors: what chunks are about, by one embedding model (optional) --------- */

/* From now on by this model: vectors of another are dropped. */
int store_vectors_of(struct store *st, const char *model);
int store_vectors_dims(struct store *st);	/* of each; 0: there is none yet */
int store_vectors_missing(struct store *st);	/* chunks without */
int store_vectors_count(struct store *st, const char *source_id, int64_t *n_chunks);	/* with one, of so many */

/* Chunks without one behind the chunk `after`, in their order; of an entry id, title, headings and body are set. */
typedef int store_text_f(const struct chunk_entry *c, void *arg);	/* non-zero stops */
int store_vectors_next(struct store *st, int64_t after, unsigned limit, store_text_f *f, void *arg);	/* how many */

/* The vector of a chunk that had this body; nothing happens when it has not any more. */
int store_vectors_put(struct store *st, int64_t chunk, const char *body, const struct vector *v);

/* -- upkeep ----------------------------------------------------------------- */

struct store_metrics {
	int64_t n_sources, n_deleted;	/* n_deleted: hidden, not purged yet */
	int64_t n_pages, n_chunks, n_code_examples, n_crawls;
	int64_t stored_bytes;		/* of all sources, as struct source has it */
	int64_t file_bytes, free_bytes, wal_bytes;	/* free: within the file, for new content */
};
int store_metrics(struct store *st, struct store_metrics *out);

/*
 * Give free space back to the file system.  Needs as much again meanwhile; readers
 * go on, writers wait, and after STORE_BUSY_MS are told -EBUSY.
 */
int store_vacuum(struct store *st);

/*
 * Copy all that is committed now into the empty file at path, while others read and
 * write, and check the copy.  -EBADMSG the copy is not sound, so neither is the store;
 * -ENOSPC, -EBUSY, -EIO; with e filled.
 */
int store_backup(struct store *st, const char *path, struct err *e);

/* What schema the store in this file has, of whatever version; nothing is changed.  0, -EBADMSG it is none, -errno. */
int store_peek(const char *path, int64_t *version, struct err *e);

/*
 * Put a copy of the store in the file from in place of state_dir/archon.db: it is
 * brought to STORE_SCHEMA and checked before anything is replaced, and replaced at
 * once, so that a kill at any moment leaves the old store or the new, whole.  Nobody
 * else may have the store open.  before (may be NULL) is called when all is well and
 * nobody can open the store, just ahead of the replacement; non-zero stops it.
 *	-EBUSY		somebody has the store open, or restores it too
 *	-EBADMSG	from is no store of archon, or not sound
 *	-ESTALE		from was written by a newer archon
 *	-ENOENT, -EACCES, -ENOSPC, -EIO ...; e says what to do
 */
int store_restore(const char *state_dir, const char *from, int (*before)(const void *arg, struct err *e), const void *arg, struct err *e);

/* PRAGMA quick_check and the full-text index against its content.  0 sound, -EBADMSG, -EBUSY ... with e filled. */
int store_check(struct store *st, struct err *e);

#endif
