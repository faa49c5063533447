#include "config.h"

#include "crawler/crawler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/catalogue.h"
#include "shared/clock.h"
#include "shared/daemon.h"
#include "shared/knowledge.h"
#include "shared/log.h"
#include "shared/restore.h"
#include "shared/store.h"
#include "shared/table.h"
#include "shared/trace.h"
#include "shared/upload.h"
#include "shared/wake_bridge.h"

#include "crawler/crawl.h"
#include "crawler/embed.h"
#include "crawler/schedule.h"
#include "crawler/uploads.h"
#include "crawler/writer.h"

enum {
	NS_PER_MS = 1000000,
	SCAN_MS = 1000,			/* at least so often, woken or not */
	TIDY_MS = 10000,		/* rows whose crawl ended without a word */
	SCHEDULE_MS = 60000,		/* sources whose time has come */
	SCAN_MAX = 4096,		/* live crawls looked at in one scan */
};

struct waiting {			/* a live crawl that does not run here */
	char id[ROW_ID_BYTES], source_id[ROW_SOURCE_BYTES];
	bool cancel, pause;
};

struct crawler {
	const struct conf *conf;
	struct guard	   guard;
	struct store	  *reader, *writer;
	struct table	  *table;
	int		   slot;	/* among the table's crawlers; -1: not joined */
	struct wake_bridge bridge;
	bool		   bridged;
	struct crawl_tools tools;
	struct crawl	  *crawls;
	unsigned	   n_crawls;
	int64_t		   scanned_ns, tidied_ns, watchdog_ns, scheduled_ns;
	struct waiting	  *waiting;
	unsigned	   n_waiting;
};

/* -- life ------------------------------------------------------------------ */

int
crawler_new(struct crawler **out, const struct conf *conf, struct err *e)
{
	struct crawler *cr = calloc(1, sizeof *cr);
	int rc = -ENOMEM;

	if (cr == NULL || (cr->waiting = calloc(SCAN_MAX, sizeof *cr->waiting)) == NULL) {
		free(cr);
		return err_set(e, -ENOMEM, "out of memory");
	}
	cr->conf = conf;
	cr->slot = -1;
	if ((rc = guard_init(&cr->guard, conf->allow_private, e)) < 0 ||
	    (rc = guard_init_ports(&cr->guard, conf->ports, e)) < 0 ||
	    (rc = store_open(&cr->writer, conf->state_dir, conf->store_max_bytes, false, e)) < 0 ||
	    (rc = store_open(&cr->reader, conf->state_dir, conf->store_max_bytes, false, e)) < 0 ||
	    (rc = restore_table(&cr->table, conf, cr->reader, e)) < 0)
		goto fail;
	if ((cr->slot = table_join(cr->table, TABLE_CRAWLER)) < 0) {
		rc = err_set(e, cr->slot, "the table has no place for another crawler");
		goto fail;
	}
	if ((rc = wake_bridge_start(&cr->bridge, table_wakeup(cr->table, TABLE_CRAWLER))) < 0) {
		err_set(e, rc, "no wake-ups: %s", strerror(-rc));
		goto fail;
	}
	cr->bridged = true;
	if ((rc = meters_open(&cr->tools.meters, conf->run_dir, e)) < 0)
		goto fail;
	atomic_store(&meters_crawler(cr->tools.meters, (unsigned)cr->slot)->started_wall_ms, clock_wall_ms());
	cr->tools.conf = conf;
	if ((rc = fetcher_new(&cr->tools.fetcher, conf, &cr->guard, e)) < 0 ||
	    (rc = pipeline_start(&cr->tools.pipeline, conf, cr->writer, cr->tools.fetcher, e)) < 0 ||
	    (rc = embed_start(&cr->tools.embed, conf, e)) < 0)
		goto fail;
	fetcher_count(cr->tools.fetcher, &cr->tools.held_bytes);
	cr->tools.hosts.fetcher = cr->tools.fetcher;
	cr->tools.hosts.conf = conf;
	cr->tools.reader = cr->reader;
	*out = cr;
	return 0;
fail:
	crawler_free(cr);
	return rc;
}

static void
crawl_leave(struct crawler *cr, struct crawl *c)	/* unlinked already */
{
	table_release(cr->table, c->progress.row);
	crawl_free(c);
	cr->n_crawls--;
}

void
crawler_free(struct crawler *cr)
{
	if (cr == NULL)
		return;
	for (struct crawl *c = cr->crawls; c != NULL; c = c->next)
		if (c->state < CRAWL_ENDING) {
			progress_log(&c->progress, "The crawler stops; the crawl goes on when it is back");
			progress_publish(&c->progress, true);
		}
	embed_stop(cr->tools.embed);
	/* What was handed to the writer is written; it knows the crawls, so they go after it. */
	pipeline_stop(cr->tools.pipeline);
	while (cr->crawls != NULL) {
		struct crawl *c = cr->crawls;

		cr->crawls = c->next;
		crawl_leave(cr, c);
	}
	fetcher_free(cr->tools.fetcher);
	hosts_fini(&cr->tools.hosts);
	if (cr->bridged)
		wake_bridge_stop(&cr->bridge);
	if (cr->slot >= 0)
		table_leave(cr->table, TABLE_CRAWLER, (unsigned)cr->slot);
	table_close(cr->table);
	meters_close(cr->tools.meters);
	store_close(cr->reader);
	store_close(cr->writer);
	free(cr->waiting);
	free(cr);
}

/* -- taking up crawls ---------------------------------------------------------- */

static struct crawl *
find_running(const struct crawler *cr, const char *id)
{
	for (struct crawl *c = cr->crawls; c != NULL; c = c->next)
		if (strcmp(c->id, id) == 0)
			return c;
	return NULL;
}

/* What was asked of it last: beside its row, else in the store. */
static void
read_asked(const struct crawler *cr, const struct crawl_entry *e, bool *cancel, bool *pause)
{
	int row = table_find(cr->table, e->progress->id);
	enum table_control what = row >= 0 ? table_asked(cr->table, (unsigned)row) : TABLE_CONTROL_NONE;

	*cancel = e->cancel_asked || what == TABLE_CONTROL_CANCEL;
	*pause = what == TABLE_CONTROL_NONE ? e->pause_asked : what == TABLE_CONTROL_PAUSE;
}

static int
note_live(const struct crawl_entry *e, void *arg)
{
	struct crawler *cr = arg;
	struct crawl *c = find_running(cr, e->progress->id);
	struct waiting *w;
	bool cancel, pause;

	read_asked(cr, e, &cancel, &pause);
	if (c != NULL) {
		if (cancel)
			crawl_cancel(c);
		else if (pause)
			crawl_pause(c);
		return 0;
	}
	if (cr->n_waiting == SCAN_MAX)
		return 1;
	w = &cr->waiting[cr->n_waiting++];
	FIELD_SET(w->id, e->progress->id);
	FIELD_SET(w->source_id, e->progress->source_id);
	w->cancel = cancel;
	w->pause = pause;
	return 0;
}

/* Claim the row of id, adding one if there is none.  Its index, or -errno. */
static int
claim(struct crawler *cr, const struct crawl_progress *kept)
{
	int row = table_find(cr->table, kept->id), rc;

	if (row == -ENOENT)
		row = table_add(cr->table, kept);
	if (row < 0)
		return row == -EEXIST ? -EAGAIN : row;
	if ((rc = table_claim(cr->table, (unsigned)row)) < 0)
		return rc;
	return row;
}

/* The row of a claimed crawl as it was last published; the store's copy when it is torn. */
static int
read_row(struct crawler *cr, int row, const struct crawl_progress *kept, struct crawl_progress *p)
{
	int rc = table_read(cr->table, (unsigned)row, p);

	if (rc == -EAGAIN) {		/* its owner died in mid-write: nobody else writes it now */
		if (table_find(cr->table, kept->id) != row)
			return -ENOENT;	/* it changed hands before it was claimed */
		*p = *kept;
		p->seq += WRITER_SEQ_MARGIN;
		return 0;
	}
	return rc < 0 ? rc : strcmp(p->id, kept->id) != 0 ? -ENOENT : 0;
}

/* The row says it lives, the store that it ended: the row learns of it. */
static void
publish_ended(struct crawler *cr, int row, const struct crawl_progress *kept, const struct crawl_progress *shown)
{
	struct crawl_progress p = *kept;

	if (crawl_phase_is_terminal((enum crawl_phase)shown->phase))
		return;
	if (p.seq <= shown->seq)
		p.seq = shown->seq + 1;
	table_publish(cr->table, (unsigned)row, &p);
}

static void
append(struct crawler *cr, struct crawl *c)
{
	struct crawl **at = &cr->crawls;

	while (*at != NULL)
		at = &(*at)->next;
	*at = c;
	c->next = NULL;
}

static void
take_up(struct crawler *cr, const struct waiting *w)
{
	struct crawl_progress *kept = malloc(2 * sizeof *kept), *shown = kept + 1;
	struct crawl *c;
	int row, rc;

	if (kept == NULL)
		return;			/* the next scan tries again */
	if (store_crawl_get(cr->reader, w->id, kept) < 0 || (row = claim(cr, kept)) < 0)
		goto done;
	/* Between the look and the claim another crawler may have ended it: look again. */
	rc = store_crawl_get(cr->reader, w->id, kept);
	if (rc == 0)
		rc = read_row(cr, row, kept, shown);
	if (rc < 0) {
		table_release(cr->table, (unsigned)row);
		goto done;
	}
	if (crawl_phase_is_terminal((enum crawl_phase)kept->phase)) {
		publish_ended(cr, row, kept, shown);
		table_release(cr->table, (unsigned)row);
		goto done;
	}
	if (crawl_phase_is_terminal((enum crawl_phase)shown->phase)) {
		/* Announced but not in the store, which was full: say the same to the store. */
		*shown = *kept;
	}
	if (crawl_new(&c, &cr->tools, cr->reader, cr->table, (unsigned)row, shown, w->cancel) < 0) {
		table_release(cr->table, (unsigned)row);
		goto done;
	}
	append(cr, c);
	cr->n_crawls++;
done:
	free(kept);
}

/* One crawl of a source at a time: they would take each other's pages for vanished or new. */
static bool
source_is_busy(const struct crawler *cr, const struct waiting *w)
{
	for (const struct crawl *c = cr->crawls; c != NULL; c = c->next)
		if (strcmp(c->source_id, w->source_id) == 0)
			return true;
	return store_source_is_deleted(cr->reader, w->source_id) != 0;	/* the old is not out yet, or asked in vain */
}

/* Its row, when it waits: nobody runs it, and it has not ended. */
static int
read_waiting(const struct crawler *cr, const char *id, struct crawl_progress *p)
{
	int row = table_find(cr->table, id);

	if (row < 0 || table_read(cr->table, (unsigned)row, p) < 0 || strcmp(p->id, id) != 0 ||
	    crawl_phase_is_terminal((enum crawl_phase)p->phase) || table_has_owner(cr->table, (unsigned)row))
		return -ENOENT;
	return row;
}

/* Nobody runs it: its row says whether it is paused, or which place it has among those that wait; *n_ahead counts them. */
static void
show_waiting(struct crawler *cr, const struct waiting *w, unsigned *n_ahead)
{
	struct crawl_progress *p = malloc(sizeof *p);
	uint32_t phase = w->pause ? CRAWL_PAUSED : CRAWL_QUEUED;
	char line[ROW_LOG_BYTES] = "Paused";
	int row;

	if (p == NULL || (row = read_waiting(cr, w->id, p)) < 0)
		goto done;
	if (!w->pause)
		(void)snprintf(line, sizeof line, "Waiting for its turn, place %u in the queue", ++*n_ahead);
	if ((p->phase == phase && (w->pause || (p->log_count > 0 && strcmp(crawl_progress_line(p, p->log_count - 1), line) == 0))) ||
	    table_claim(cr->table, (unsigned)row) < 0)
		goto done;
	if (read_waiting(cr, w->id, p) == row) {
		p->phase = phase;
		p->seq++;
		p->eta_ms = -1;
		p->pages_per_ks = 0;
		p->updated_wall_ms = clock_wall_ms();
		crawl_progress_log(p, line);
		table_publish(cr->table, (unsigned)row, p);
	}
	table_release(cr->table, (unsigned)row);
done:
	free(p);
}

static void
scan(struct crawler *cr, int64_t now_ns)
{
	unsigned n_ahead = 0;

	cr->scanned_ns = now_ns;
	cr->n_waiting = 0;
	if (store_crawls_live(cr->reader, note_live, cr) < 0)
		return;			/* the store has logged it; the next scan tries again */
	for (unsigned i = 0; i < cr->n_waiting; i++) {
		const struct waiting *w = &cr->waiting[i];

		if (w->cancel || (!w->pause && cr->n_crawls < (unsigned)cr->conf->max_crawls && !source_is_busy(cr, w)))
			take_up(cr, w);
		else
			show_waiting(cr, w, &n_ahead);
	}
}

/* A row left half written by a crawler that had ended its crawl in the store: by its id only the store knows it. */
static int
mend_torn(const struct crawl_entry *e, void *arg)
{
	struct crawler *cr = arg;
	struct crawl_progress *p = malloc(sizeof *p);
	int row = table_find(cr->table, e->progress->id);

	if (p != NULL && row >= 0 && table_read(cr->table, (unsigned)row, p) == -EAGAIN && table_claim(cr->table, (unsigned)row) == 0) {
		if (table_find(cr->table, e->progress->id) == row && table_read(cr->table, (unsigned)row, p) == -EAGAIN) {
			*p = *e->progress;
			p->seq += WRITER_SEQ_MARGIN;
			table_publish(cr->table, (unsigned)row, p);
		}
		table_release(cr->table, (unsigned)row);
	}
	free(p);
	return 0;
}

/* Rows without an owner whose crawl has ended in the store: their crawler was killed in between. */
static void
tidy(struct crawler *cr, int64_t now_ns)
{
	struct crawl_progress *shown = malloc(2 * sizeof *shown), *kept = shown + 1;
	bool torn = false;
	int rc;

	cr->tidied_ns = now_ns;
	for (unsigned i = 0; shown != NULL && i < table_n_rows(cr->table); i++) {
		rc = table_read(cr->table, i, shown);
		torn |= rc == -EAGAIN && !table_has_owner(cr->table, i);
		if (rc < 0 || crawl_phase_is_terminal((enum crawl_phase)shown->phase) ||
		    find_running(cr, shown->id) != NULL || store_crawl_get(cr->reader, shown->id, kept) < 0 ||
		    !crawl_phase_is_terminal((enum crawl_phase)kept->phase) || table_claim(cr->table, i) < 0)
			continue;
		if (table_read(cr->table, i, shown) == 0 && strcmp(shown->id, kept->id) == 0)
			publish_ended(cr, (int)i, kept, shown);
		table_release(cr->table, i);
	}
	if (torn)
		(void)store_crawls_ended(cr->reader, 0, table_n_rows(cr->table), mend_torn, cr);	/* failed: the next time */
	free(shown);
}

/* -- working ---------------------------------------------------------------- */

static void
on_fetched(struct fetch *f, void *arg)
{
	struct crawler *cr = arg;

	meters_fetch(cr->tools.meters, f->status, f->n_bytes, f->took_us);
	TRACE2(page__fetched, f->url.text, f->status);
	if (f->crawl == NULL)
		host_fetched(&cr->tools.hosts, f, clock_mono_ns());
	else
		crawl_fetched(f->crawl, f, clock_mono_ns());
}

static void
event_uploaded(struct text *event, const struct crawl_progress *end)
{
	bool done = end->phase == CRAWL_COMPLETED;
	char name[UPLOAD_NAME_BYTES];

	if (!crawl_phase_is_terminal((enum crawl_phase)end->phase))
		return;			/* it pauses */
	upload_url_name(end->url, name);
	catalogue_event_uploaded(event, name, done, done ? "Document added to the knowledge base" : end->phase == CRAWL_ERROR ?
	    end->error : "The upload was cancelled");
}

/* A source has begun or ended, and that is in the store: those who watch the list are told. */
static void
tell_catalogue(struct crawler *cr, const struct parcel *p)
{
	struct text event = { 0 };
	int rc;

	if (p->kind == PARCEL_URL || p->rc < 0)
		return;
	if (p->kind == PARCEL_END && p->crawl->upload)
		event_uploaded(&event, p->end);
	else if (p->kind == PARCEL_END)
		catalogue_event_crawl(&event, p->end);
	if ((rc = knowledge_publish(cr->table, cr->reader, event.len > 0 ? &event : NULL)) < 0)
		log_event(LOG_WARNING, "catalogue not published crawl=%s id=%s rc=%d", p->crawl->id, p->crawl->params.request_id, rc);
	text_fini(&event);
}

static void
take_parcels(struct crawler *cr)
{
	struct parcel *p, *next;

	for (p = pipeline_parsed(cr->tools.pipeline); p != NULL; p = next) {
		next = p->next;
		crawl_parsed(p->crawl, p);
	}
	for (p = pipeline_stored(cr->tools.pipeline); p != NULL; p = next) {
		struct crawl *c = p->crawl;

		next = p->next;
		tell_catalogue(cr, p);
		crawl_stored(c, p);
		if (next == NULL || next->crawl != c) {
			c->progress.waiting = c->frontier.n_waiting;
			if (c->state < CRAWL_ENDING)
				progress_publish(&c->progress, true);
		}
	}
}

/*
 * One fetch of each crawl in turn, until none can begin another.  Whose turn it
 * was goes to the end of the line, so that crawls of one site, or those that share
 * what little room there is, go on side by side.
 */
static void
begin_fetches(struct crawler *cr, int64_t now_ns, int64_t *next_ns)
{
	bool any;

	do {
		struct crawl **at = &cr->crawls, *c;

		any = false;
		for (unsigned n = cr->n_crawls; n > 0; n--) {
			c = *at;
			if (!crawl_fetch_one(c, now_ns, next_ns)) {
				at = &c->next;
				continue;
			}
			any = true;
			if (c->next != NULL) {
				*at = c->next;
				append(cr, c);
			}
		}
	} while (any);
}

static void
look_after_crawls(struct crawler *cr, int64_t now_ns, int64_t *next_ns)
{
	bool full = pipeline_disk_full(cr->tools.pipeline);
	struct crawl **at = &cr->crawls, *c;

	while ((c = *at) != NULL) {
		crawl_check_end(c);
		if (c->state == CRAWL_ENDED) {
			*at = c->next;
			crawl_leave(cr, c);
			hosts_prune(&cr->tools.hosts, now_ns);
			cr->scanned_ns = 0;	/* its place is free */
			continue;
		}
		if (full != c->disk_logged && c->state < CRAWL_ENDING) {
			progress_log(&c->progress, full ? "The disk is full: waiting for space" : "There is space again: going on");
			c->disk_logged = full;
		}
		if (c->state == CRAWL_RUNNING)
			crawl_tell_embedding(c, now_ns, false);
		if (c->state < CRAWL_ENDING) {
			c->progress.waiting = c->frontier.n_waiting;
			progress_publish(&c->progress, false);
			if (c->progress.changed && *next_ns > now_ns + PROGRESS_EVERY_MS * (int64_t)NS_PER_MS)
				*next_ns = now_ns + PROGRESS_EVERY_MS * (int64_t)NS_PER_MS;
		}
		at = &c->next;
	}
}

/* What goes on now, for /metrics. */
static void
meter(const struct crawler *cr)
{
	struct meter_crawler *m = meters_crawler(cr->tools.meters, (unsigned)cr->slot);

	atomic_store_explicit(&m->crawls, cr->n_crawls, memory_order_relaxed);
	atomic_store_explicit(&m->fetches, fetcher_n_active(cr->tools.fetcher), memory_order_relaxed);
	atomic_store_explicit(&m->held_pages, cr->tools.n_held, memory_order_relaxed);
	atomic_store_explicit(&m->held_bytes, cr->tools.held_bytes, memory_order_relaxed);
	atomic_store_explicit(&m->store_full, pipeline_disk_full(cr->tools.pipeline), memory_order_relaxed);
}

static void
watchdog(struct crawler *cr, int64_t now_ns)
{
	int every_ms = daemon_watchdog_ms();

	if (every_ms == 0 || now_ns - cr->watchdog_ns < every_ms * (int64_t)NS_PER_MS / 2)
		return;
	cr->watchdog_ns = now_ns;
	daemon_notify("WATCHDOG=1\nSTATUS=%u crawls running, %u fetches", cr->n_crawls, fetcher_n_active(cr->tools.fetcher));
}

int
crawler_run(struct crawler *cr, int stop_fd)
{
	struct curl_waitfd fds[2] = {
		{ .fd = stop_fd, .events = CURL_WAIT_POLLIN },
		{ .fd = cr->bridge.efd, .events = CURL_WAIT_POLLIN },
	};

	for (;;) {
		int64_t now_ns = clock_mono_ns(), next_ns;
		bool woken = fds[1].revents != 0;

		if (woken)
			wake_bridge_begin(&cr->bridge);
		if (cr->scanned_ns == 0 || woken ||
		    now_ns - cr->scanned_ns >= SCAN_MS * (int64_t)NS_PER_MS) {
			if (!table_is_current(cr->table))
				return -ESTALE;
			if (cr->scheduled_ns == 0 || now_ns - cr->scheduled_ns >= SCHEDULE_MS * (int64_t)NS_PER_MS) {
				cr->scheduled_ns = now_ns;
				schedule(cr->reader, clock_wall_ms());
				uploads_sweep(cr->conf, cr->reader);
				spool_sweep(cr->conf->state_dir, cr->reader);
			}
			scan(cr, now_ns);
			daemon_reload();
			if (cr->tidied_ns == 0 || now_ns - cr->tidied_ns >= TIDY_MS * (int64_t)NS_PER_MS)
				tidy(cr, now_ns);
		}
		if (woken)
			wake_bridge_end(&cr->bridge);
		take_parcels(cr);
		fetcher_run(cr->tools.fetcher, on_fetched, cr);
		next_ns = now_ns + SCAN_MS * (int64_t)NS_PER_MS;
		begin_fetches(cr, now_ns, &next_ns);
		look_after_crawls(cr, now_ns, &next_ns);
		watchdog(cr, now_ns);
		meter(cr);
		next_ns = cr->scanned_ns == 0 ? 0 : next_ns - clock_mono_ns();
		fds[0].revents = fds[1].revents = 0;
		fetcher_wait(cr->tools.fetcher, fds, 2, next_ns <= 0 ? 0 : (int)(next_ns / NS_PER_MS) + 1);
		if (fds[0].revents != 0)
			return 0;
	}
}
