#include "config.h"

#include "crawler/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/clock.h"

enum { NS_PER_MS = 1000000, RATE_EVERY_MS = 200 };	/* 32 slots: the last 6.4 s */

void
crawl_progress_add(struct crawl_progress *p, const struct progress_delta *d)
{
	p->total_pages += d->total;
	p->processed_pages += d->processed;
	p->failed_pages += d->failed;
	p->skipped_pages += d->skipped;
	p->chunks_stored += d->chunks;
	p->word_count += d->words;
	p->code_examples += d->examples;
	p->bytes_fetched += d->bytes;
	p->outcome[d->outcome] += d->processed;
	p->outcome[OUTCOME_REMOVED] += d->removed;
}

void
progress_init(struct progress *pr, struct table *t, unsigned row, const struct crawl_progress *p)
{
	*pr = (struct progress){ .p = *p, .table = t, .row = row, .new_per_page = 2 };
}

/* -- numbers --------------------------------------------------------------- */

static void
rate_update(struct progress *pr, int64_t now_ns)
{
	unsigned last = (pr->at_next + PROGRESS_RATE_SLOTS - 1) % PROGRESS_RATE_SLOTS;
	unsigned first = pr->at_n < PROGRESS_RATE_SLOTS ? 0 : pr->at_next;
	int64_t span_ns;

	if (pr->at_n == 0 || now_ns - pr->at[last].mono_ns >= RATE_EVERY_MS * (int64_t)NS_PER_MS) {
		pr->at[pr->at_next].mono_ns = now_ns;
		pr->at[pr->at_next].done = pr->p.processed_pages;
		pr->at_next = (pr->at_next + 1) % PROGRESS_RATE_SLOTS;
		pr->at_n += pr->at_n < PROGRESS_RATE_SLOTS;
	}
	span_ns = now_ns - pr->at[first].mono_ns;
	if (span_ns > 0)
		pr->p.pages_per_ks = (uint64_t)((double)(pr->p.processed_pages - pr->at[first].done) * 1e12 / (double)span_ns);
}

/*
 * Work done over work known.  Pages that wait will bring more of them, about as
 * many each as the last ones did, so the known work includes those: else the
 * first minute of a large site would look like its end.
 */
static void
percentage_update(struct progress *pr)
{
	double more = pr->new_per_page < 3 ? pr->new_per_page : 3;
	double known = (double)pr->p.total_pages + (double)pr->waiting * more;
	uint32_t percent = known > 0 ? (uint32_t)((double)pr->p.processed_pages * 100 / known) : 0;
	double left = known - (double)pr->p.processed_pages;

	if (percent > 99)
		percent = 99;		/* 100 comes with the end */
	if (percent > pr->p.percentage)
		pr->p.percentage = percent;
	pr->p.eta_ms = pr->p.pages_per_ks > 0 && left >= 0 ? (int64_t)(left * 1e6 / (double)pr->p.pages_per_ks) : -1;
}

void
progress_add(struct progress *pr, const struct progress_delta *d)
{
	crawl_progress_add(&pr->p, d);
	meters_pages(pr->meters, d->outcome, d->processed);
	meters_pages(pr->meters, OUTCOME_REMOVED, d->removed);
	if (d->processed > 0)
		pr->new_per_page += ((double)d->total / (double)d->processed - pr->new_per_page) / 16;
	pr->changed = true;
}

/* -- words ----------------------------------------------------------------- */

void
progress_log(struct progress *pr, const char *fmt, ...)
{
	char line[ROW_LOG_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);	/* cut to fit is fine for people */
	va_end(ap);
	crawl_progress_log(&pr->p, line);
	pr->changed = true;
}

void
progress_current(struct progress *pr, const char *url)
{
	FIELD_SET(pr->p.current_url, url);
	pr->changed = true;
}

void
progress_phase(struct progress *pr, enum crawl_phase phase)
{
	if (pr->p.phase == phase)
		return;
	pr->p.phase = phase;
	pr->changed = true;
	progress_publish(pr, true);
}

void
progress_estimate(struct progress *pr, int64_t now_ns)
{
	rate_update(pr, now_ns);
	percentage_update(pr);
}

/* -- publishing ------------------------------------------------------------ */

void
progress_publish(struct progress *pr, bool now)
{
	int64_t now_ns = clock_mono_ns();

	if (!pr->changed || (!now && now_ns - pr->published_mono_ns < PROGRESS_EVERY_MS * (int64_t)NS_PER_MS))
		return;
	progress_estimate(pr, now_ns);
	pr->p.seq++;
	pr->p.updated_wall_ms = clock_wall_ms();
	table_publish(pr->table, pr->row, &pr->p);
	pr->published_mono_ns = now_ns;
	pr->changed = false;
}

void
progress_publish_end(struct progress *pr, const struct crawl_progress *end)
{
	pr->p = *end;
	meters_crawl_ended(pr->meters, (enum crawl_phase)end->phase);
	table_publish(pr->table, pr->row, end);
	pr->changed = false;
}
