#include "config.h"

#include "crawler/crawl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/trace.h"
#include "shared/upload.h"

/* How pages are made into chunks here: the next number when the same page would come out otherwise. */
enum { RECIPE = 5 };

/* -- beginning --------------------------------------------------------------- */

static int
load_entry(const char *url, unsigned depth, enum frontier_state state, void *arg)
{
	struct crawl *c = arg;
	struct frontier_entry *e;
	struct url u;
	int rc = frontier_add(&c->frontier, url, strlen(url), depth, &e);

	if (rc < 0)
		return rc;
	if (c->start == NULL) {
		c->start = e;
		c->from_page = state == FRONTIER_DONE && url_parse(&u, url) == 0 && !kind_is_link_list(url_path(&u));
	} else if (depth == 0 && state == FRONTIER_DONE && !c->analyzed && url_parse(&u, url) == 0 &&
	    scope_check(&c->scope, &u) == SCOPE_OUTSIDE)
		scope_init(&c->scope, &u, &c->params);	/* where the start page redirected to */
	if (state == FRONTIER_WAITING)
		frontier_queue(&c->frontier, e);
	if (e != c->start)
		c->analyzed = true;	/* only the first after the start may move the scope */
	return 0;
}

static int
read_headers(struct crawl *c)
{
	for (const char *p = c->params.secrets, *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		char *line = strndup(p, (size_t)(end - p));
		struct curl_slist *list = line != NULL ? curl_slist_append(c->headers, line) : NULL;

		free(line);
		if (list == NULL)
			return -ENOMEM;
		c->headers = list;
	}
	return 0;
}

static int
load(struct crawl *c, struct store *st, struct crawl_progress *p)
{
	struct crawl_progress *kept;
	struct url start;
	int rc;

	if ((rc = store_crawl_params(st, c->id, &c->params)) < 0)
		return rc;
	c->upload = upload_is(c->params.url);
	if (c->upload) {
		FIELD_SET(start.text, c->params.url);
		start.len = (uint16_t)strlen(start.text);
	} else {
		if (url_parse(&start, c->params.url) < 0)
			return -EINVAL;
		scope_init(&c->scope, &start, &c->params);
		(void)scope_canonical(&c->scope, &start);
	}
	if ((rc = read_headers(c)) < 0 || (rc = store_pages_count(st, c->source_id)) < 0)
		return rc;
	c->again = rc > 0;
	(void)snprintf(c->recipe, sizeof c->recipe, "%d/%u/%d", RECIPE, c->params.chunk_size, c->params.extract_code_examples);
	if ((rc = store_frontier_each(st, c->id, load_entry, c)) < 0)
		return rc;
	c->resumed = c->start != NULL;
	c->analyzed = c->resumed && c->frontier.head != c->start;
	if (!c->resumed) {
		if ((rc = frontier_add(&c->frontier, start.text, start.len, 0, &c->start)) < 0)
			return rc;
		frontier_queue(&c->frontier, c->start);
	}
	/* The row may be ahead in what is seen, the store is what counts. */
	if ((kept = malloc(sizeof *kept)) == NULL)
		return -ENOMEM;
	if ((rc = store_crawl_get(st, c->id, kept)) == 0) {
		p->total_pages = kept->total_pages;
		p->processed_pages = kept->processed_pages;
		p->failed_pages = kept->failed_pages;
		p->skipped_pages = kept->skipped_pages;
		p->chunks_stored = kept->chunks_stored;
		p->word_count = kept->word_count;
		p->code_examples = kept->code_examples;
		p->bytes_fetched = kept->bytes_fetched;
		memcpy(p->outcome, kept->outcome, sizeof p->outcome);
		if (kept->percentage > p->percentage)
			p->percentage = kept->percentage;
		if (kept->seq > p->seq)
			p->seq = kept->seq;
	}
	free(kept);
	return rc;
}

static int
send_begin(struct crawl *c)
{
	struct parcel *p = parcel_new(PARCEL_BEGIN, c);

	if (p == NULL)
		return -ENOMEM;
	p->entry = c->start;
	FIELD_SET(p->url.text, c->start->url);	/* for its text only */
	crawl_hand_over(c, p);
	pipeline_flush(c->tools->pipeline);
	return 0;
}

int
crawl_new(struct crawl **out, struct crawl_tools *tools, struct store *st, struct table *t,
    unsigned row, const struct crawl_progress *first, bool cancelled)
{
	struct crawl *c = calloc(1, sizeof *c);
	struct crawl_progress p = *first;
	int rc;

	if (c == NULL)
		return -ENOMEM;
	c->tools = tools;
	c->began_mono_ns = clock_mono_ns();
	atomic_init(&c->cancelled, cancelled);
	FIELD_SET(c->id, p.id);
	FIELD_SET(c->source_id, p.source_id);
	frontier_init(&c->frontier);
	spool_init(&c->spool, tools->conf->state_dir, c->id);
	rc = load(c, st, &p);
	if (rc == -ENOENT || rc == -EBUSY || rc == -ENOMEM)
		goto fail;
	c->store_rc = rc;
	p.error[0] = p.error_code[0] = '\0';
	p.ended_wall_ms = 0;
	p.phase = CRAWL_STARTING;
	c->n_wanted = c->resumed ? p.total_pages - p.failed_pages - p.skipped_pages : 1;
	c->saved = p;
	progress_init(&c->progress, t, row, &p);
	c->progress.meters = tools->meters;
	if (rc == 0 && !cancelled) {
		if (c->resumed)
			progress_log(&c->progress, "Going on with %llu of %llu pages done",
			    (unsigned long long)p.processed_pages, (unsigned long long)p.total_pages);
		else
			progress_log(&c->progress, "%s %s", c->upload ? "Taking up" : "Crawling", c->params.url);
		progress_current(&c->progress, c->start->url);
		progress_publish(&c->progress, true);
		if ((rc = send_begin(c)) < 0)
			goto fail;
	}
	TRACE2(crawl__begin, c->id, c->params.url);
	log_event(LOG_INFO, "crawl begins crawl=%s id=%s resumed=%d waiting=%zu url=\"%s\"", c->id, c->params.request_id, c->resumed,
	    c->frontier.n_waiting, p.url);
	*out = c;
	return 0;
fail:
	crawl_free(c);
	return rc;
}

static void
retries_free(struct crawl *c)
{
	while (c->retries != NULL) {
		struct fetch *f = c->retries;

		c->retries = f->next;
		fetch_free(f);
	}
	c->n_retrying = 0;
}

void
crawl_free(struct crawl *c)
{
	if (c == NULL)
		return;
	retries_free(c);
	spool_close(&c->spool, c->state == CRAWL_ENDED && !c->pausing);
	curl_slist_free_all(c->headers);
	frontier_fini(&c->frontier);
	traps_fini(&c->traps);
	free(c);
}

/* -- under way --------------------------------------------------------------- */

void
crawl_hand_over(struct crawl *c, struct parcel *p)
{
	p->seq = c->progress.p.seq;
	p->phase = c->progress.p.phase;
	p->percentage = c->progress.p.percentage;
	p->pages_per_ks = (uint32_t)c->progress.p.pages_per_ks;
	p->held = parcel_bytes(p);
	c->n_writing++;
	c->tools->n_held++;
	c->tools->held_bytes += p->held;
	pipeline_store(c->tools->pipeline, p);
}

void
crawl_settle(struct crawl *c, struct frontier_entry *e, struct frontier_entry *alias,
    struct settle how)
{
	struct parcel *p = parcel_new(PARCEL_URL, c);

	if (p == NULL) {
		crawl_broken(c, -ENOMEM);
		return;
	}
	p->entry = e;
	p->alias = alias;
	p->fate = how.fate;
	p->skip = how.skip;
	p->failure = how.failure;
	p->gone = how.gone;
	p->open = how.open;
	FIELD_SET(p->reason, how.reason != NULL ? how.reason : "");
	FIELD_SET(p->url.text, e->url);		/* for its text only */
	crawl_hand_over(c, p);
}

void
crawl_blame(struct crawl *c, const char *code, const char *fmt, ...)
{
	va_list ap;

	if (c->error[0] != '\0')
		return;
	va_start(ap, fmt);
	(void)vsnprintf(c->error, sizeof c->error, fmt, ap);
	va_end(ap);
	FIELD_SET(c->error_code, code);
}

static void
dropped(struct fetch *f, void *arg)
{
	struct crawl *c = arg;

	host_ended(f->host, f, clock_mono_ns());
	c->n_fetching--;
}

static void
stop_fetching(struct crawl *c)
{
	(void)fetcher_abort(c->tools->fetcher, c, dropped, c);
	retries_free(c);
}

void
crawl_broken(struct crawl *c, int rc)
{
	if (c->store_rc < 0)
		return;
	c->store_rc = rc;
	log_event(LOG_ERR, "crawl broken crawl=%s id=%s rc=%d", c->id, c->params.request_id, rc);
	stop_fetching(c);
}

void
crawl_cancel(struct crawl *c)
{
	if (c->state >= CRAWL_ENDING || atomic_exchange(&c->cancelled, true))
		return;
	stop_fetching(c);
	pipeline_hurry(c->tools->pipeline);
}

void
crawl_pause(struct crawl *c)
{
	if (c->state >= CRAWL_ENDING || c->pausing || atomic_load(&c->cancelled))
		return;
	c->pausing = true;
	stop_fetching(c);
	progress_log(&c->progress, "Paused with %llu of %llu pages done", (unsigned long long)c->progress.p.processed_pages,
	    (unsigned long long)c->progress.p.total_pages);
	progress_phase(&c->progress, CRAWL_PAUSED);
}

/* -- the end ----------------------------------------------------------------- */

struct crawl_progress *
crawl_last_words(const struct crawl_progress *p, enum crawl_phase phase, const char *code, const char *error)
{
	struct crawl_progress *end = malloc(sizeof *end);

	if (end == NULL)
		return NULL;
	*end = *p;
	end->phase = phase;
	end->seq++;
	end->updated_wall_ms = clock_wall_ms();
	if (crawl_phase_is_terminal(phase))
		end->ended_wall_ms = end->updated_wall_ms;
	end->eta_ms = phase == CRAWL_COMPLETED ? 0 : -1;
	if (phase == CRAWL_COMPLETED)
		end->percentage = 100;
	FIELD_SET(end->error, error);
	FIELD_SET(end->error_code, code);
	return end;
}

/* "3 duplicate, 1 robots": those that occurred. */
static void
log_reasons(struct crawl *c, const char *what, unsigned from, unsigned to)
{
	const uint64_t *n = c->progress.p.outcome;
	char line[ROW_LOG_BYTES] = "";
	size_t at = 0;

	for (unsigned i = from; i < to; i++)
		if (n[i] > 0 && at < sizeof line)
			at += (size_t)snprintf(line + at, sizeof line - at, "%s%llu %s", at > 0 ? ", " : "",
			    (unsigned long long)n[i], outcome_word((enum outcome)i));
	if (at > 0)
		progress_log(&c->progress, "%s: %s", what, line);
}

static void
log_traps(struct crawl *c)
{
	for (unsigned i = TRAP_NONE + 1; i < TRAP_N_RULES; i++)
		if (c->traps.struck[i] > 0)
			progress_log(&c->progress, "Left out by rule: %llu of %s", (unsigned long long)c->traps.struck[i],
			    trap_word((enum trap_rule)i));
}

static void
log_totals(struct crawl *c, enum crawl_phase phase, uint64_t stored)
{
	const struct crawl_progress *p = &c->progress.p;
	double seconds = (double)(clock_mono_ns() - c->began_mono_ns) / 1e9;

	log_traps(c);
	if (c->n_cut > 0)
		progress_log(&c->progress, "Kept in part: %u pages of too many elements or links", c->n_cut);
	log_reasons(c, "Pages", 0, OUTCOME_SKIP_FIRST);
	log_reasons(c, "Skipped", OUTCOME_SKIP_FIRST, OUTCOME_FAIL_FIRST);
	log_reasons(c, "Failed", OUTCOME_FAIL_FIRST, OUTCOME_N);
	if (c->failures_logged > CRAWL_FAILURES_LOGGED)
		progress_log(&c->progress, "And %u more failures", c->failures_logged - CRAWL_FAILURES_LOGGED);
	progress_log(&c->progress, "%s: %llu pages stored, %llu skipped, %llu failed; %llu chunks, %llu words in %.1f s",
	    phase == CRAWL_COMPLETED ? "Completed" : phase == CRAWL_CANCELLED ? "Cancelled" : "Ended in error",
	    (unsigned long long)stored, (unsigned long long)p->skipped_pages, (unsigned long long)p->failed_pages,
	    (unsigned long long)p->chunks_stored, (unsigned long long)p->word_count, seconds);
}

static void
end(struct crawl *c)
{
	struct crawl_progress *p = &c->progress.p;
	uint64_t stored = p->processed_pages - p->failed_pages - p->skipped_pages;
	enum crawl_phase phase = CRAWL_COMPLETED;
	const char *code = "", *error = "";
	struct parcel *last;

	if (atomic_load(&c->cancelled)) {
		phase = CRAWL_CANCELLED;
	} else if (c->pausing) {
		phase = CRAWL_PAUSED;
	} else if (c->store_rc < 0) {
		phase = CRAWL_ERROR;
		code = c->store_rc == -ENOMEM ? "out_of_memory" : "store_failed";
		error = c->store_rc == -ENOMEM ? "The crawler ran out of memory." :
		    "The store could not be written; the crawler's log has the reason.";
	} else if (stored == 0 || p->chunks_stored == 0) {	/* pages without a word are nothing to search */
		phase = CRAWL_ERROR;
		crawl_blame(c, "nothing_found", "Nothing was found that could be stored; the log lines say why.");
		code = c->error_code;
		error = c->error;
	}
	if (phase == CRAWL_COMPLETED) {
		if (!c->upload)
			progress_phase(&c->progress, CRAWL_PROCESSING);
		progress_phase(&c->progress, CRAWL_STORING);
	}
	if (phase == CRAWL_COMPLETED)
		crawl_tell_embedding(c, clock_mono_ns(), true);
	if (phase != CRAWL_PAUSED)
		log_totals(c, phase, stored);
	TRACE2(crawl__end, c->id, phase);
	log_event(LOG_INFO, "crawl ended crawl=%s id=%s phase=%s stored=%llu failed=%llu skipped=%llu code=%s", c->id, c->params.request_id,
	    crawl_phase_word(phase), (unsigned long long)stored, (unsigned long long)p->failed_pages,
	    (unsigned long long)p->skipped_pages, code);
	if ((last = parcel_new(PARCEL_END, c)) == NULL || (last->end = crawl_last_words(p, phase, code, error)) == NULL) {
		parcel_free(last);	/* the next turn tries again */
		return;
	}
	c->state = CRAWL_ENDING;
	crawl_hand_over(c, last);
	pipeline_flush(c->tools->pipeline);
}

void
crawl_check_end(struct crawl *c)
{
	bool over = atomic_load(&c->cancelled) || c->pausing || c->store_rc < 0;

	if (c->state >= CRAWL_ENDING || (c->state == CRAWL_BEGINNING && (!over || (c->pausing && c->n_writing > 0))))
		return;
	if (c->n_fetching + c->n_retrying + c->n_parsing > 0 || (!over && c->frontier.n_waiting > 0))
		return;
	if (!over && c->n_writing == 0 && !crawl_ask_sitemaps(c, clock_mono_ns()))
		return;
	if (c->n_writing > 0) {
		pipeline_flush(c->tools->pipeline);
		return;
	}
	if (c->store_rc == -ENOENT || c->store_rc == -EALREADY)
		c->state = CRAWL_ENDED;		/* it has ended in the store without us */
	else
		end(c);
}
