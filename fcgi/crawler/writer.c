#include "config.h"

#include "crawler/writer.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "shared/clock.h"
#include "shared/log.h"

#include "crawler/crawl.h"
#include "crawler/frontier.h"
#include "crawler/parcel.h"

enum { SLICE_MS = 100, EARLIER_TRIES = 3 };

/* -- one parcel -------------------------------------------------------------- */

static int
is_duplicate(struct writer *w, const struct parcel *p)	/* 1, 0, -errno */
{
	char url[ROW_URL_BYTES];

	if (p->doc.markdown.len == 0)	/* nothing in common proves nothing */
		return 0;
	return store_page_find_twin(w->store, p->crawl->source_id, p->crawl->id, p->hash, p->url.text, url);
}

static int
write_page(struct writer *w, struct parcel *p)
{
	struct page page = {
		.url = p->url.text, .title = p->doc.title, .description = p->doc.description,
		.language = p->doc.language, .etag = p->etag[0] != '\0' ? p->etag : NULL,
		.last_modified = p->last_modified[0] != '\0' ? p->last_modified : NULL,
		.content_hash = p->hash, .fetched_ms = p->fetched_wall_ms, .n_words = p->n_words,
		.n_bytes = p->n_bytes, .chunks = p->chunks.chunk, .examples = p->chunks.example,
		.n_chunks = p->chunks.n_chunks, .n_examples = p->chunks.n_examples,
		.crawl_id = p->crawl->id, .recipe = p->crawl->recipe, .links = { p->links.p, p->links.len },
		.index_later = true,
	};
	int rc = is_duplicate(w, p);

	if (rc != 0) {
		p->stored_fate = FATE_SKIP;
		p->stored_skip = SKIP_DUPLICATE;
		p->delta.outcome = OUTCOME_DUPLICATE;
		return rc < 0 ? rc : 0;
	}
	p->delta.chunks = p->chunks.n_chunks;
	p->delta.words = p->n_words;
	p->delta.examples = p->chunks.n_examples;
	rc = store_page_see(w->store, p->crawl->source_id, &page);
	if (rc < 0)
		return rc;
	p->delta.outcome = rc == PAGE_NEW ? OUTCOME_NEW : rc == PAGE_CHANGED ? OUTCOME_CHANGED : OUTCOME_UNCHANGED;
	w->unindexed += rc != PAGE_UNCHANGED;
	rc = 0;
	if (p->title != NULL)
		rc = store_source_title(w->store, p->crawl->source_id, p->title, p->description);
	return rc;
}

static int
write_kept(struct writer *w, struct parcel *p)
{
	struct page_counts n;
	int rc = store_page_keep(w->store, p->crawl->source_id, p->url.text, p->crawl->id, &n);

	if (rc == -ENOENT) {		/* deleted while we asked for it */
		p->stored_fate = FATE_FAIL;
		FIELD_SET(p->reason, "It was deleted while it was fetched.");
		p->delta.outcome = OUTCOME_INTERNAL;
		return 0;
	}
	if (rc < 0)
		return rc;
	p->delta.chunks = (uint64_t)n.n_chunks;
	p->delta.words = (uint64_t)n.n_words;
	p->delta.examples = (uint64_t)n.n_examples;
	p->delta.outcome = OUTCOME_UNCHANGED;
	return 0;
}

static enum outcome
outcome_of(const struct parcel *p)	/* of what is no page */
{
	if (p->fate == FATE_FAIL)
		return p->failure >= OUTCOME_FAIL_FIRST ? p->failure : OUTCOME_INTERNAL;
	return (enum outcome)(OUTCOME_SKIP_FIRST + (p->skip > SKIP_NONE ? p->skip - 1 : SKIP_LIST - 1));
}

static int
write_met(struct writer *w, struct parcel *p)
{
	int rc = 0;

	p->delta.total = p->n_met;
	for (unsigned i = 0; rc >= 0 && i < p->n_met; i++)
		rc = store_frontier_add(w->store, p->crawl->id, p->met[i]->url, p->met[i]->depth);
	if (rc >= 0 && p->partial)
		rc = store_crawl_partial(w->store, p->crawl->id);
	return rc < 0 ? rc : 0;
}

static int
write_url(struct writer *w, struct parcel *p)
{
	static const enum frontier_state state[] = {
		[FATE_STORE] = FRONTIER_DONE, [FATE_KEEP] = FRONTIER_DONE, [FATE_LIST] = FRONTIER_SKIPPED,
		[FATE_SKIP] = FRONTIER_SKIPPED, [FATE_FAIL] = FRONTIER_FAILED,
	};
	const char *id = p->crawl->id, *reason;
	enum frontier_state to;
	int rc = 0;

	p->stored_fate = p->fate;
	p->stored_skip = p->skip;
	p->delta = (struct progress_delta){ .processed = 1, .bytes = p->n_bytes };
	if (p->fate == FATE_STORE)
		rc = write_page(w, p);
	else if (p->fate == FATE_KEEP)
		rc = write_kept(w, p);
	else
		p->delta.outcome = outcome_of(p);
	to = p->stored_fate == FATE_FAIL && p->gone ? FRONTIER_GONE : state[p->stored_fate];
	reason = p->stored_fate == FATE_FAIL ? p->reason : to == FRONTIER_DONE ? NULL : skip_word(p->stored_skip);
	p->delta.failed = p->stored_fate == FATE_FAIL;
	p->delta.skipped = p->stored_fate == FATE_SKIP || p->stored_fate == FATE_LIST;
	if (rc >= 0)
		rc = write_met(w, p);
	if (rc >= 0)
		rc = store_frontier_set(w->store, id, p->entry->url, to, reason);
	if (rc >= 0 && p->alias != NULL) {
		rc = store_frontier_add(w->store, id, p->alias->url, p->alias->depth);
		if (rc >= 0)
			rc = store_frontier_set(w->store, id, p->alias->url, to, reason);
	}
	return rc < 0 ? rc : 0;
}

static int
write_begin(struct writer *w, struct parcel *p)
{
	struct crawl *c = p->crawl;
	int rc;

	if (atomic_load(&c->cancelled))		/* no source for what never ran */
		return 0;
	rc = store_source_begin(w->store, c->source_id, &c->params, clock_wall_ms());
	p->delta = (struct progress_delta){ 0 };
	if (rc == 0 && (rc = store_frontier_add(w->store, c->id, p->entry->url, 0)) == 1)
		p->delta.total = 1;
	return rc < 0 ? rc : 0;
}

static bool
crawl_changed_pages(const struct crawl_progress *p)
{
	return p->outcome[OUTCOME_NEW] + p->outcome[OUTCOME_CHANGED] + p->outcome[OUTCOME_REMOVED] > 0;
}

static int
write_end(struct writer *w, struct parcel *p)
{
	struct crawl *c = p->crawl;
	bool over = crawl_phase_is_terminal((enum crawl_phase)p->end->phase);
	int rc = 0;

	if (p->end->phase == CRAWL_COMPLETED && (rc = store_pages_vanished(w->store, c->source_id, c->id, true)) > 0)
		p->end->outcome[OUTCOME_REMOVED] = (uint64_t)rc;
	if (rc >= 0 && over && crawl_changed_pages(p->end))
		rc = store_gather_names(w->store, c->source_id);
	if (rc >= 0)
		rc = store_crawl_save(w->store, p->end);
	if (rc == 0 && over) {
		rc = store_source_end(w->store, c->source_id, p->end->phase == CRAWL_ERROR ? "error" : "active",
		    p->end->ended_wall_ms);
		if (rc == -ENOENT)	/* it ended before it began */
			rc = 0;
	}
	if (rc == 0 && over)
		rc = store_frontier_clear(w->store, c->id);
	return rc;
}

static int
write_parcel(struct writer *w, struct parcel *p)
{
	struct crawl_progress *s = &p->crawl->tentative;
	int rc = p->kind == PARCEL_BEGIN ? write_begin(w, p) : p->kind == PARCEL_END ? write_end(w, p) :
	    p->kind == PARCEL_MEET ? write_met(w, p) : write_url(w, p);

	if (rc < 0 || p->kind == PARCEL_END)
		return rc;
	crawl_progress_add(s, &p->delta);
	s->phase = p->phase;
	if (p->percentage > s->percentage)
		s->percentage = p->percentage;
	s->pages_per_ks = p->pages_per_ks;
	s->seq = p->seq + WRITER_SEQ_MARGIN;
	s->updated_wall_ms = clock_wall_ms();
	FIELD_SET(s->current_url, p->url.text);
	return 0;
}

/* -- a batch ----------------------------------------------------------------- */

/* The first parcel of each crawl in the list begins its tentative snapshot, the last ends it. */
static bool
is_first(const struct parcel *list, const struct parcel *p)
{
	while (list != p && list->crawl != p->crawl)
		list = list->next;
	return list == p;
}

static bool
is_last(const struct parcel *p)
{
	for (const struct parcel *q = p->next; q != NULL; q = q->next)
		if (q->crawl == p->crawl)
			return false;
	return true;
}

/* *culprit: the parcel that could not be written, or NULL: the whole batch. */
static int
write_batch(struct writer *w, struct parcel *list, struct parcel **culprit)
{
	int rc;

	*culprit = NULL;
	for (struct parcel *p = list; p != NULL; p = p->next)
		if (p->kind == PARCEL_END) {	/* whoever hears of the end may search */
			w->unindexed = 0;
			w->untidy = true;
			if ((rc = store_index(w->store, 0)) < 0)
				return rc;
			break;
		}
	if ((rc = store_begin(w->store)) < 0)
		return rc;
	for (struct parcel *p = list; p != NULL && rc == 0; p = p->next) {
		if (is_first(list, p))
			p->crawl->tentative = p->crawl->saved;
		rc = write_parcel(w, p);
		if (rc == 0 && p->kind != PARCEL_END && is_last(p))
			rc = store_crawl_save(w->store, &p->crawl->tentative);
		if (rc < 0)
			*culprit = p;
	}
	if (rc == 0 && (rc = store_commit(w->store)) == 0) {
		for (struct parcel *p = list; p != NULL; p = p->next)
			if (is_last(p))
				p->crawl->saved = p->crawl->tentative;
		return 0;
	}
	store_rollback(w->store);
	return rc;
}

/* Take the parcels of a crawl (NULL: all) out of the list with this verdict; what is left of it. */
static void
condemn(struct parcel **list, struct parcel **out, const struct crawl *c, int rc, bool only_cancelled)
{
	struct parcel **at = list, *p;

	while ((p = *at) != NULL) {
		if ((c != NULL && p->crawl != c) || (only_cancelled && !atomic_load(&p->crawl->cancelled))) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		p->rc = rc;
		p->next = *out;
		*out = p;
	}
}

static void
nap(struct writer *w, int ms)		/* in slices: hurry ends it */
{
	const struct timespec slice = { .tv_nsec = SLICE_MS * 1000000 };

	for (; ms > 0 && !atomic_load(&w->hurry); ms -= SLICE_MS)
		(void)nanosleep(&slice, NULL);	/* cut short by a signal: the slice is only shorter */
}

static void
join(struct parcel **list, struct parcel *more)
{
	while (*list != NULL)
		list = &(*list)->next;
	*list = more;
}

/* Once in a while: who holds the store for long holds every crawl up. */
static void
log_busy(struct writer *w)
{
	int64_t now_ns = clock_mono_ns();

	w->n_busy++;
	if (w->busy_logged_ns != 0 && now_ns - w->busy_logged_ns < WRITER_BUSY_LOG_MS * INT64_C(1000000))
		return;
	log_event(LOG_WARNING, "store busy: another program holds it tries=%u action=\"trying again\"", w->n_busy);
	w->busy_logged_ns = now_ns;
	w->n_busy = 0;
}

struct parcel *
writer_write(struct writer *w, struct parcel *list)
{
	struct parcel *condemned = NULL, *culprit;
	unsigned tries = 0;
	int rc;

	while (list != NULL && (rc = write_batch(w, list, &culprit)) < 0) {
		if (rc == -ENOSPC || rc == -EBUSY) {
			if (rc == -EBUSY)
				log_busy(w);
			if (rc == -ENOSPC && !atomic_exchange(&w->disk_full, true))
				log_event(LOG_ERR, "store full why=\"%s\" action=\"waiting for space\"", store_error(w->store));
			atomic_store(&w->hurry, parcel_queue_is_closed(w->in));
			condemn(&list, &condemned, NULL, -ECANCELED, !parcel_queue_is_closed(w->in));
			if (list != NULL)
				nap(w, rc == -EBUSY ? SLICE_MS : WRITER_RETRY_MS);
			continue;
		}
		if (culprit == NULL && tries++ < EARLIER_TRIES)
			continue;
		log_event(LOG_ERR, "store refused a batch rc=%d why=\"%s\"", rc, store_error(w->store));
		condemn(&list, &condemned, culprit != NULL ? culprit->crawl : NULL, rc, false);
	}
	if (atomic_exchange(&w->disk_full, false) && list != NULL)
		log_event(LOG_NOTICE, "store goes on");
	for (struct parcel *p = list; p != NULL; p = p->next)
		p->rc = 0;
	join(&condemned, list);
	return condemned;
}

int
writer_purge(struct writer *w)
{
	int64_t now_ns = clock_mono_ns();
	int rc;

	if (now_ns < w->purge_mono_ns)
		return (int)((w->purge_mono_ns - now_ns) / 1000000) + 1;
	if ((rc = store_purge(w->store, WRITER_PURGE_PAGES)) < 0)
		log_event(LOG_WARNING, "deleted sources are not taken out yet why=\"%s\"", store_error(w->store));
	if (rc > 0)
		return 0;
	w->purge_mono_ns = clock_mono_ns() + WRITER_PURGE_MS * INT64_C(1000000);
	return WRITER_PURGE_MS;
}

int
writer_index(struct writer *w)
{
	int64_t now_ns = clock_mono_ns(), due_ns = w->indexed_mono_ns + WRITER_INDEX_MS * INT64_C(1000000);
	int left;

	if (w->unindexed == 0) {
		w->indexed_mono_ns = now_ns;
		/* failed: another time */
		w->untidy = w->untidy && (store_gather_left(w->store) > 0 || store_index_tidy(w->store) > 0);
		return w->untidy ? 0 : -1;
	}
	if (w->unindexed < WRITER_INDEX_PAGES && now_ns < due_ns)
		return (int)((due_ns - now_ns) / 1000000) + 1;
	/* Failed: the next batch meets the same and says so; what waits is kept in the store. */
	if ((left = store_index(w->store, WRITER_INDEX_PAGES)) >= 0)
		w->unindexed = (unsigned)left;
	w->indexed_mono_ns = clock_mono_ns();
	return w->unindexed > 0 ? WRITER_INDEX_MS : -1;
}
