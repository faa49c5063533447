/* The fetching half of a crawl: what begins next, and what a reply leads to. */
#include "config.h"

#include "crawler/crawl.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

enum may { MAY_BEGIN, MAY_LATER, MAY_NEVER };

/* -- beginning --------------------------------------------------------------- */

/* May u be fetched now?  MAY_NEVER: it has been settled. */
static enum may
may_begin(struct crawl *c, const struct url *u, struct frontier_entry *e, struct frontier_entry *alias, bool open,
    int64_t now_ns, int64_t *next_ns, struct host **out)
{
	struct hosts *hs = &c->tools->hosts;
	struct host *h = hosts_find(hs, u);

	if (h == NULL) {
		crawl_broken(c, -ENOMEM);
		return MAY_LATER;
	}
	if (!host_is_ready(hs, h, now_ns))
		return MAY_LATER;
	if (hs->conf->obey_robots && !robots_allowed(&h->robots,
	    (struct slice){ u->text + u->path_at, (size_t)(u->len - u->path_at) })) {
		if (h->why[0] != '\0') {
			if (e == c->start)
				crawl_blame(c, h->code, "%s", h->why);
			crawl_settle(c, e, alias, (struct settle){ .fate = FATE_FAIL, .failure = h->failure,
			    .open = open, .reason = h->why });
		} else {
			if (e == c->start)
				crawl_blame(c, "robots_disallowed", "The robots.txt of this site forbids to crawl the start URL.");
			crawl_settle(c, e, alias, (struct settle){ .fate = FATE_SKIP, .skip = SKIP_ROBOTS, .open = open });
		}
		return MAY_NEVER;
	}
	if (!host_may_fetch(h, c->params.max_concurrent, now_ns, next_ns))
		return MAY_LATER;
	*out = h;
	return MAY_BEGIN;
}

/* A page that is stored already need only come when it has changed.  The start always comes: it says what is what. */
static void
ask_for_changes(struct crawl *c, struct fetch *f)
{
	struct page_known known = { 0 };

	f->if_none_match[0] = f->if_modified_since[0] = '\0';
	if (!c->again || f->entry == c->start ||
	    store_page_known(c->tools->reader, c->source_id, f->url.text, c->recipe, &known) != 1)
		return;
	FIELD_SET(f->if_none_match, known.etag);
	if (!isdigit((unsigned char)known.last_modified[0]))	/* a sitemap's word is no validator */
		FIELD_SET(f->if_modified_since, known.last_modified);
}

static bool
begin(struct crawl *c, struct fetch *f, struct host *h, int64_t now_ns)
{
	f->host = h;
	ask_for_changes(c, f);
	f->headers = url_same_origin(&f->url, &c->scope.base) ? c->headers : NULL;
	if (fetch_start(f) < 0) {
		fetch_free(f);
		crawl_broken(c, -ENOMEM);
		return false;
	}
	host_began(h, now_ns);
	c->n_fetching++;
	c->n_open += !f->open;
	f->open = true;
	progress_current(&c->progress, f->url.text);
	return true;
}

/* So many are under way that a crash could make us fetch more than that again. */
static bool
is_full(const struct crawl *c)
{
	return c->n_open >= c->params.max_concurrent;
}

/* One of those that wait for their time: retries and redirects. */
static bool
begin_retry(struct crawl *c, int64_t now_ns, int64_t *next_ns)
{
	struct fetch **at, *f;
	struct host *h;

	for (at = &c->retries; (f = *at) != NULL; at = &f->next) {
		if (f->again_mono_ns > now_ns) {
			if (f->again_mono_ns < *next_ns)
				*next_ns = f->again_mono_ns;
			continue;
		}
		if (!f->open && is_full(c))
			continue;
		switch (may_begin(c, &f->url, f->entry, f->alias, f->open, now_ns, next_ns, &h)) {
		case MAY_LATER:
			continue;
		case MAY_NEVER:
			*at = f->next;
			c->n_retrying--;
			fetch_free(f);
			return true;
		case MAY_BEGIN:
			*at = f->next;
			c->n_retrying--;
			return begin(c, f, h, now_ns);
		}
	}
	return false;
}

static bool
over_size(struct crawl *c)
{
	uint64_t max = (uint64_t)c->tools->conf->crawl_max_bytes, own = (uint64_t)c->params.max_size_mb << 20;

	if (own > 0 && (max == 0 || own < max))
		max = own;
	if (max == 0 || c->progress.p.bytes_fetched + c->bytes_coming < max)
		return false;
	if (!c->size_logged)
		progress_log(&c->progress, "The limit of %llu MiB is reached; the rest is left out", (unsigned long long)(max >> 20));
	return c->size_logged = true;
}

static bool
begin_next(struct crawl *c, int64_t now_ns, int64_t *next_ns)
{
	struct frontier_entry *e = c->frontier.head;
	struct fetch *f;
	struct host *h;
	struct url u;

	if (e == NULL || is_full(c))
		return false;
	if (url_parse(&u, e->url) < 0) {	/* we wrote it: the store was changed under us */
		(void)frontier_take(&c->frontier);
		crawl_settle(c, e, NULL, (struct settle){ .fate = FATE_FAIL, .failure = OUTCOME_INTERNAL, .reason = "Not a URL." });
		return true;
	}
	if (over_size(c)) {
		(void)frontier_take(&c->frontier);
		crawl_settle(c, e, NULL, (struct settle){ .fate = FATE_SKIP, .skip = SKIP_LIMIT });
		return true;
	}
	switch (may_begin(c, &u, e, NULL, false, now_ns, next_ns, &h)) {
	case MAY_LATER:
		return false;
	case MAY_NEVER:
		(void)frontier_take(&c->frontier);
		return true;
	case MAY_BEGIN:
		break;
	}
	if ((f = fetch_new(c->tools->fetcher)) == NULL) {
		crawl_broken(c, -ENOMEM);
		return false;
	}
	(void)frontier_take(&c->frontier);
	f->url = u;
	f->crawl = c;
	f->entry = e;
	return begin(c, f, h, now_ns);
}

bool
crawl_fetch_one(struct crawl *c, int64_t now_ns, int64_t *next_ns)
{
	struct crawl_tools *t = c->tools;

	if (c->state != CRAWL_RUNNING || c->store_rc < 0 || c->pausing || atomic_load(&c->cancelled) ||
	    pipeline_disk_full(t->pipeline) || fetcher_is_full(t->fetcher))
		return false;
	if (c->upload)
		return crawl_read_upload(c);
	if (c->n_fetching >= c->params.max_concurrent || c->n_parsing + c->n_writing >= CRAWL_AHEAD_MAX)
		return false;
	if (t->n_held + fetcher_n_active(t->fetcher) >= CRAWL_HELD_MAX || t->held_bytes >= CRAWL_HELD_BYTES)
		return false;		/* the pipeline is full: the end of a parcel asks again */
	return begin_retry(c, now_ns, next_ns) || (c->store_rc == 0 && begin_next(c, now_ns, next_ns));
}

/* -- replies ----------------------------------------------------------------- */

static void
later(struct crawl *c, struct fetch *f, int64_t at_ns)
{
	text_fini(&f->body);
	if (f->hops == 0) {		/* nothing was had: it is not under way */
		c->n_open--;
		f->open = false;
	}
	f->again_mono_ns = at_ns;
	f->next = c->retries;
	c->retries = f;
	c->n_retrying++;
}

static bool
is_gone(const struct fetch *f)		/* as far as its server is concerned */
{
	return f->error == FETCH_NONE && f->status >= 300 && f->status < 500 && f->status != 408 && f->status != 425 &&
	    f->status != 429;
}

static void
fetch_failed(struct crawl *c, struct fetch *f, const char *why)
{
	char code[ROW_CODE_BYTES];

	if (f->error == FETCH_NONE)
		(void)snprintf(code, sizeof code, "http_%ld", f->status);
	else
		FIELD_SET(code, fetch_error_word(f->error));
	if (f->entry == c->start)
		crawl_blame(c, code, "%s%s", why, f->error != FETCH_NONE ? "" :
		    f->status >= 500 || f->status == 429 ? " Try again later." : " Check the start URL.");
	crawl_settle(c, f->entry, f->alias, (struct settle){ .fate = FATE_FAIL, .failure = fetch_outcome(f), .gone = is_gone(f),
	    .open = f->open, .reason = why });
	fetch_free(f);
}

static void
fetch_skipped(struct crawl *c, struct fetch *f, enum skip why, const char *code, const char *sentence)
{
	if (f->entry == c->start)
		crawl_blame(c, code, "%s", sentence);
	crawl_settle(c, f->entry, f->alias, (struct settle){ .fate = FATE_SKIP, .skip = why, .open = f->open });
	fetch_free(f);
}

static bool
may_pass(const struct crawl *c, const struct fetch *f)	/* a failure that another try may not see */
{
	bool start = f->entry == c->start;

	switch (f->error) {
	case FETCH_NONE:
		return f->status == 429 || f->status == 408 || (f->status >= 500 && f->status != 501 && f->status != 505);
	case FETCH_BROKEN:
		return true;
	case FETCH_RESOLVE:
	case FETCH_CONNECT:
	case FETCH_TIMEOUT:
		return !start;		/* who just started the crawl wants to know now */
	default:
		return false;
	}
}

static void
redirected(struct crawl *c, struct fetch *f, int64_t now_ns)
{
	struct frontier_entry *e;
	struct url u;
	int rc = url_resolve(&u, &f->url, f->location, strlen(f->location));

	if (rc < 0 && rc != -EPROTONOSUPPORT) {
		fetch_failed(c, f, "It redirects to something that is not a URL.");
		return;
	}
	if (f->hops >= (unsigned)c->tools->conf->max_redirects) {
		fetch_failed(c, f, "It redirects too often in a row (max_redirects).");
		return;
	}
	if (rc == 0) {
		struct url entry;
		bool listed = url_parse(&entry, f->entry->url) == 0 && scope_check(&c->scope, &entry) != SCOPE_IN;

		(void)scope_canonical(&c->scope, &u);
		if ((listed ? scope_check_listed(&c->scope, &u) : scope_check(&c->scope, &u)) != SCOPE_IN) {
			if (f->entry == c->start && !c->analyzed) {	/* the site has moved, and the crawl goes with it */
				scope_init(&c->scope, &u, &c->params);
				progress_log(&c->progress, "The start page is now %s", u.text);
			} else {
				rc = -EPROTONOSUPPORT;
			}
		}
	}
	if (rc < 0) {
		fetch_skipped(c, f, SKIP_OUTSIDE, "redirected_outside", "The start URL redirects to where no crawl can follow.");
		return;
	}
	if (strcmp(u.text, f->url.text) == 0) {
		if (f->entry == c->start)
			crawl_blame(c, "redirect_loop", "The start URL redirects to itself.");
		fetch_failed(c, f, "It redirects to itself.");
		return;
	}
	if ((rc = frontier_add(&c->frontier, u.text, u.len, f->entry->depth, &e)) == 0) {
		fetch_skipped(c, f, SKIP_REDIRECT, "redirect_loop", "The start URL redirects in a circle.");
		return;
	}
	if (rc < 0) {
		fetch_free(f);
		crawl_broken(c, rc);
		return;
	}
	e->alias = true;
	f->alias = e;
	f->url = u;
	f->hops++;
	f->attempt = 0;
	later(c, f, now_ns);
}

static void
parse(struct crawl *c, struct parcel *p)	/* takes p */
{
	c->n_parsing++;
	c->bytes_coming += p->n_bytes;
	c->tools->n_held++;
	p->held = parcel_bytes(p);
	c->tools->held_bytes += p->held;
	pipeline_parse(c->tools->pipeline, p);
}

static bool
keep_in_spool(struct crawl *c, const struct parcel *p)
{
	return spool_put(&c->spool, &(struct spooled){
		.text = { [SPOOL_ENTRY] = p->entry->url, [SPOOL_ALIAS] = p->alias != NULL ? p->alias->url : "",
		    [SPOOL_URL] = p->url.text, [SPOOL_TYPE] = p->content_type, [SPOOL_ETAG] = p->etag,
		    [SPOOL_MODIFIED] = p->last_modified, [SPOOL_CANONICAL] = p->canonical != NULL ? p->canonical : "" },
		.body = { p->body.p, p->body.len }, .fetched_wall_ms = p->fetched_wall_ms, .n_bytes = p->n_bytes,
		.depth = p->entry->depth, .noindex = p->noindex, .nofollow = p->nofollow,
	});
}

static void
to_parse(struct crawl *c, struct fetch *f)
{
	struct parcel *p = parcel_new(PARCEL_URL, c);
	struct url own;

	if (p == NULL) {
		fetch_free(f);
		crawl_broken(c, -ENOMEM);
		return;
	}
	p->entry = f->entry;
	p->alias = f->alias;
	p->url = f->url;
	p->body = f->body;
	f->body = (struct text){ 0 };
	FIELD_SET(p->content_type, f->content_type);
	FIELD_SET(p->etag, f->etag);
	FIELD_SET(p->last_modified, f->last_modified);
	if (f->last_modified[0] == '\0' && f->entry->lastmod_s != 0)
		clock_iso(p->last_modified, f->entry->lastmod_s * INT64_C(1000));
	if (f->canonical[0] != '\0' && url_resolve(&own, &f->url, f->canonical, strlen(f->canonical)) == 0)
		p->canonical = strdup(own.text);	/* no memory: it has none */
	p->n_bytes = f->n_bytes;
	p->noindex = f->noindex;
	p->nofollow = f->nofollow;
	p->fetched_wall_ms = clock_wall_ms();
	p->open = f->open;
	fetch_free(f);
	if (p->open && keep_in_spool(c, p)) {	/* whatever happens, it need not be fetched again */
		p->spooled = true;
		p->open = false;
		c->n_open--;
	}
	parse(c, p);
}

/* The page that links to it was not stored: it comes into the store with itself. */
static struct frontier_entry *
meet_by_itself(struct crawl *c, struct parcel *p, const char *url, unsigned depth)
{
	struct frontier_entry *e;

	if ((p->met = malloc(sizeof *p->met)) == NULL || frontier_add(&c->frontier, url, strlen(url), depth, &e) != 1)
		return NULL;
	p->met[p->n_met++] = e;
	c->n_wanted++;
	return e;
}

static bool
take_spooled(const struct spooled *s, void *arg)
{
	struct crawl *c = arg;
	const char *const *text = s->text;
	struct frontier_entry *e = frontier_find(&c->frontier, text[SPOOL_ENTRY], strlen(text[SPOOL_ENTRY]));
	struct parcel *p = parcel_new(PARCEL_URL, c);

	if (p != NULL)
		text_put(&p->body, s->body.p, s->body.len);
	if (p == NULL || p->body.failed || url_parse(&p->url, text[SPOOL_URL]) < 0 ||
	    (e != NULL && !frontier_withdraw(&c->frontier, e)) ||
	    (e == NULL && (e = meet_by_itself(c, p, text[SPOOL_ENTRY], s->depth)) == NULL)) {
		parcel_free(p);		/* most likely it was stored before the crawler ended */
		return false;
	}
	if (text[SPOOL_ALIAS][0] != '\0' &&
	    frontier_add(&c->frontier, text[SPOOL_ALIAS], strlen(text[SPOOL_ALIAS]), e->depth, &p->alias) != 1)
		p->alias = NULL;	/* it is met as a page of its own by now */
	if (p->alias != NULL)
		p->alias->alias = true;
	p->entry = e;
	FIELD_SET(p->content_type, text[SPOOL_TYPE]);
	FIELD_SET(p->etag, text[SPOOL_ETAG]);
	FIELD_SET(p->last_modified, text[SPOOL_MODIFIED]);
	if (text[SPOOL_CANONICAL][0] != '\0')
		p->canonical = strdup(text[SPOOL_CANONICAL]);	/* no memory: it has none */
	p->n_bytes = s->n_bytes;
	p->noindex = s->noindex;
	p->nofollow = s->nofollow;
	p->fetched_wall_ms = s->fetched_wall_ms;
	p->spooled = true;
	parse(c, p);
	return true;
}

void
crawl_take_spooled(struct crawl *c)
{
	if (!c->upload && !c->pausing && c->store_rc == 0 && !atomic_load(&c->cancelled))
		spool_each(&c->spool, take_spooled, c);
}

/* Not modified: what the store has of it is good, and where it leads stands there too. */
static void
unchanged(struct crawl *c, struct fetch *f)
{
	struct parcel *p = parcel_new(PARCEL_URL, c);
	int rc = -ENOMEM;

	if (p == NULL || (rc = store_page_links(c->tools->reader, c->source_id, f->url.text, &p->links)) < 0) {
		parcel_free(p);
		if (rc == -ENOENT) {	/* deleted meanwhile: fetch it as if it were new */
			c->again = false;
			later(c, f, 0);
			return;
		}
		fetch_free(f);
		crawl_broken(c, rc);
		return;
	}
	p->entry = f->entry;
	p->alias = f->alias;
	p->url = f->url;
	p->fate = FATE_KEEP;
	p->n_bytes = f->n_bytes;
	c->bytes_coming += p->n_bytes;
	p->open = f->open;
	fetch_free(f);
	crawl_keep(c, p);
}

void
crawl_fetched(struct crawl *c, struct fetch *f, int64_t now_ns)
{
	char why[ROW_ERROR_BYTES];

	host_ended(f->host, f, now_ns);
	c->n_fetching--;
	if (c->store_rc < 0 || c->pausing || atomic_load(&c->cancelled)) {
		fetch_free(f);
		return;
	}
	fetch_sentence(f, why, sizeof why);
	if (f->error == FETCH_NONE && f->status >= 200 && f->status < 300) {
		to_parse(c, f);
	} else if (f->error == FETCH_NONE && f->status == 304 && (f->if_none_match[0] != '\0' || f->if_modified_since[0] != '\0')) {
		unchanged(c, f);
	} else if (f->error == FETCH_CROWDED) {
		later(c, f, now_ns);
	} else if (f->error == FETCH_NONE && f->status >= 300 && f->status < 400 && f->location[0] != '\0') {
		redirected(c, f, now_ns);
	} else if (f->error == FETCH_LARGE) {
		fetch_skipped(c, f, SKIP_LARGE, "page_too_large", why);
	} else if (f->error == FETCH_FOREIGN) {
		fetch_skipped(c, f, SKIP_TYPE, "unsupported_type", why);
	} else if (may_pass(c, f) && f->attempt < (unsigned)c->tools->conf->retries) {
		f->attempt++;
		later(c, f, now_ns + backoff_ns(f->attempt, f->retry_after_ms));
	} else {
		fetch_failed(c, f, why);
	}
}
