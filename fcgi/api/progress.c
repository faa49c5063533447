/* One crawl's snapshot, and lists of them, for those who poll. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/json_text.h"
#include "shared/message.h"

#include "api/api.h"
#include "api/routes.h"

enum { PER_PAGE = 50, PER_PAGE_MAX = 200, PAGE_MAX = 1000000 };

int
progress_show(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	const struct snapshot *known;
	struct crawl_progress p;
	char id[ROW_ID_BYTES];
	int rc;

	if (!api_id(rq, id, sizeof id))
		return api_no_crawl(out);
	if (st == NULL)
		return api_no_store(out);
	if ((known = service_snapshot(api_thread(rq), id)) != NULL) {
		reply_header(out, "X-Poll-Interval", "%d", known->is_terminal ? 0 : 1000);
		memcpy(out->etag, known->etag, sizeof out->etag);
		text_put(&out->body, known->body.p, known->body.len);
		return 200;
	}
	switch (rc = service_progress(api_thread(rq), st, id, &p)) {
	case 0:
		break;
	case -ENOENT:
		return api_no_crawl(out);
	default:
		return api_store_failed(rq, out, rc);
	}
	reply_header(out, "X-Poll-Interval", "%d", crawl_phase_is_terminal(p.phase) ? 0 : 1000);
	message_snapshot(&out->body, &p);
	return 200;
}

/* -- lists ------------------------------------------------------------------- */

struct ids {
	char	(*id)[ROW_ID_BYTES];
	size_t	n, cap;
};

static int
ids_add(const struct crawl_entry *c, void *arg)
{
	struct ids *ids = arg;

	if (ids->n == ids->cap) {
		size_t cap = ids->cap != 0 ? 2 * ids->cap : 64;
		void *p = realloc(ids->id, cap * sizeof *ids->id);

		if (p == NULL)
			return -ENOMEM;
		ids->id = p;
		ids->cap = cap;
	}
	memcpy(ids->id[ids->n++], c->progress->id, ROW_ID_BYTES);
	return 0;
}

static int
ended_put(const struct crawl_entry *c, void *arg)
{
	message_snapshot(arg, c->progress);
	return 0;
}

/* Live ones from the newest on, skipping so many; how many were written, or -errno. */
static int
live_put(const struct request *rq, struct store *st, const struct ids *ids, size_t skip, size_t max,
    bool live_only, struct text *out)
{
	struct crawl_progress p;
	int n = 0;

	for (size_t i = skip; i < ids->n && (size_t)n < max; i++) {
		int rc = service_progress(api_thread(rq), st, ids->id[ids->n - 1 - i], &p);

		if (rc < 0 && rc != -ENOENT)
			return rc;
		if (rc == 0 && !(live_only && crawl_phase_is_terminal(p.phase))) {
			message_snapshot(out, &p);
			n++;
		}
	}
	return n;
}

struct paging {
	bool	all;
	int64_t page, per_page;
};

static bool
paging_read(const struct request *rq, struct paging *pg, struct reply *out, int *status)
{
	int64_t all;

	if (!api_query_number(rq, "all", 0, 1, 0, &all, out, status) ||
	    !api_query_number(rq, "page", 1, PAGE_MAX, 1, &pg->page, out, status) ||
	    !api_query_number(rq, "per_page", 1, PER_PAGE_MAX, PER_PAGE, &pg->per_page, out, status))
		return false;
	pg->all = all != 0;
	return true;
}

/* The operations' members; *total: of all pages.  How many, or -errno. */
static int
operations_put(const struct request *rq, struct store *st, const struct ids *live, const struct paging *pg,
    struct text *out, int64_t *total)
{
	size_t skip = pg->all ? (size_t)((pg->page - 1) * pg->per_page) : 0;
	size_t max = pg->all ? (size_t)pg->per_page : SIZE_MAX;
	int n = live_put(rq, st, live, skip, max, !pg->all, out), ended, rc;

	*total = n;
	if (n < 0 || !pg->all)
		return n;
	if ((ended = store_crawls_count(st, true)) < 0)
		return ended;
	*total = (int64_t)live->n + ended;
	skip = skip > live->n ? skip - live->n : 0;
	if ((size_t)n == max || skip >= (size_t)ended)
		return n;
	max -= (size_t)n;
	rc = store_crawls_ended(st, (unsigned)skip, (unsigned)max, ended_put, out);
	if (rc < 0)
		return rc;
	return n + (int)((size_t)ended - skip < max ? (size_t)ended - skip : max);
}

int
progress_list(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct ids live = { 0 };
	struct paging pg;
	char now[CLOCK_ISO_BYTES];
	int64_t total = 0;
	int rc, status = 200;

	if (!paging_read(rq, &pg, out, &status))
		return status;
	if (st == NULL)
		return api_no_store(out);
	json_open(&out->body, '{');
	json_key(&out->body, "operations");
	json_open(&out->body, '[');
	if ((rc = store_crawls_live(st, ids_add, &live)) >= 0)
		rc = operations_put(rq, st, &live, &pg, &out->body, &total);
	free(live.id);
	if (rc < 0) {
		text_clear(&out->body);
		return api_store_failed(rq, out, rc);
	}
	json_close(&out->body, ']');
	json_kint(&out->body, "count", rc);
	if (pg.all) {
		json_kint(&out->body, "total", total);
		json_kint(&out->body, "page", pg.page);
		json_kint(&out->body, "per_page", pg.per_page);
		json_kint(&out->body, "pages", (total + pg.per_page - 1) / pg.per_page);
	}
	out->etag_bytes = out->body.len;	/* a new time alone is no news */
	clock_iso(now, clock_wall_ms());
	json_kstr(&out->body, "timestamp", now);
	json_close(&out->body, '}');
	return 200;
}
