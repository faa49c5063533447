/* The keeping half of a crawl: what a parsed page brings, and what the store took. */
#include "config.h"

#include "crawler/crawl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -- parsed ------------------------------------------------------------------ */

static void
analyzed(struct crawl *c, const struct parcel *p)	/* the start is known: say what it is */
{
	const char *what = "web page";
	enum crawl_phase phase = CRAWL_WEBPAGE;

	c->analyzed = true;
	c->from_page = p->body_kind == KIND_PAGE || (p->body_kind == KIND_MARKDOWN && !p->links_are_list);
	switch (p->body_kind) {
	case KIND_SITEMAP:
	case KIND_URL_LIST:
		phase = CRAWL_SITEMAP;
		what = p->body_kind == KIND_URL_LIST ? "list of URLs" : p->links_are_sitemaps ? "sitemap index" : "sitemap";
		break;
	case KIND_MARKDOWN:
	case KIND_PLAIN:
		phase = CRAWL_TEXT_FILE;
		what = p->links_are_list ? "link list" : p->body_kind == KIND_MARKDOWN ? "Markdown file" : "text file";
		break;
	default:
		break;
	}
	if (p->fate == FATE_SKIP && p->skip == SKIP_TYPE)
		crawl_blame(c, "unsupported_type", "The start URL is no document (%s).",
		    p->content_type[0] != '\0' ? p->content_type : "no content type");
	else if (p->fate == FATE_SKIP && p->skip == SKIP_NOINDEX)
		crawl_blame(c, "noindex", "The start page asks not to be indexed and leads to no other page.");
	else if (p->fate == FATE_LIST && p->links.len == 0)
		crawl_blame(c, "nothing_found", "The %s names no page of this site.", what);
	else if (p->fate == FATE_FAIL)
		crawl_blame(c, "internal", "%s", p->reason);
	if (p->fate == FATE_SKIP && p->skip == SKIP_TYPE)
		return;
	progress_log(&c->progress, "The start URL is a %s", what);
	progress_phase(&c->progress, phase);
}

static bool
over_limit(struct crawl *c, struct parcel *p)
{
	if (c->n_wanted < c->params.max_pages)
		return false;
	p->partial = true;
	if (!c->limit_logged)
		progress_log(&c->progress, "The limit of %u pages is reached; further links are left out", c->params.max_pages);
	c->limit_logged = true;
	return true;
}

/* A URL not met before: is it wanted?  Rules against endless sites. */
static bool
is_trap(struct crawl *c, const char *url)
{
	enum trap_rule rule;
	struct url u;

	if (url_parse(&u, url) < 0)
		return true;
	if ((rule = trap_check(&c->traps, &u)) == TRAP_NONE)
		return false;
	if ((c->trap_logged & UINT64_C(1) << rule) == 0)
		progress_log(&c->progress, "Left out: %s, such as %s", trap_word(rule), url);
	c->trap_logged |= UINT64_C(1) << rule;
	return true;
}

/*
 * "dir/" and "dir/index.html" are one page wherever a web server is set up as
 * usual: the one met first is fetched, and the other when that one fails.
 */
static bool
is_index_twin(struct crawl *c, const char *url, size_t len)
{
	static const char *const names[] = { "index.html", "index.htm", "index.xhtml", "index.php" };
	struct frontier_entry *e = NULL;
	char other[ROW_URL_BYTES];
	size_t n;

	for (size_t i = 0; e == NULL && i < sizeof names / sizeof names[0]; i++) {
		n = strlen(names[i]);
		if (url[len - 1] == '/' && len + n < sizeof other) {
			memcpy(other, url, len);
			memcpy(other + len, names[i], n);
			e = frontier_find(&c->frontier, other, len + n);
		} else if (len > n && url[len - n - 1] == '/' && memcmp(url + len - n, names[i], n) == 0) {
			e = frontier_find(&c->frontier, url, len - n);
		}
	}
	if (e != NULL && e->failed)
		return false;
	if (e != NULL)
		e->twin = true;
	return e != NULL;
}

static int
meet(struct crawl *c, struct parcel *p, const char *url, size_t len, unsigned depth, uint32_t lastmod_s)
{
	struct frontier_entry *e, **met;
	int rc;

	if (frontier_find(&c->frontier, url, len) != NULL || is_index_twin(c, url, len) || over_limit(c, p))
		return 0;
	if (!p->links_are_list && is_trap(c, url))
		return 0;
	if ((p->n_met & (p->n_met + 1)) == 0) {		/* room runs out at 2^n - 1 */
		met = realloc(p->met, ((size_t)p->n_met + 1) * 2 * sizeof *met);
		if (met == NULL)
			return -ENOMEM;
		p->met = met;
	}
	if ((rc = frontier_add(&c->frontier, url, len, depth, &e)) < 0)
		return rc;
	e->lastmod_s = lastmod_s;
	p->met[p->n_met++] = e;
	frontier_queue(&c->frontier, e);
	c->n_wanted++;
	return 0;
}

static int
meet_links(struct crawl *c, struct parcel *p)
{
	unsigned depth = p->links_are_sitemaps ? 0 : p->links_are_list ? c->params.max_depth : p->entry->depth + 1u;
	const char *url = p->links.p;
	size_t left = p->links.len;
	int rc = 0;

	if (!p->links_are_list && p->entry->depth >= c->params.max_depth)
		return 0;

	while (left > 0 && rc == 0) {
		size_t len = strlen(url), url_len = strcspn(url, " ");

		rc = meet(c, p, url, url_len, depth, url_len < len ? (uint32_t)strtoul(url + url_len, NULL, 10) : 0);
		url += len + 1;
		left -= len + 1;
	}
	return rc;
}

/*
 * A site whose every page names one page as the canonical of all is set up
 * wrongly; so only a few unlike pages may name the same one, and none the start
 * or the site's root.
 */
static bool
is_plausible(struct crawl *c, const struct parcel *p, struct frontier_entry *e)
{
	const char *from = p->url.text, *to = p->moved_to;
	size_t from_len = strcspn(from, "?"), to_len = strcspn(to, "?");

	if (from_len == to_len && memcmp(from, to, to_len) == 0)
		return true;		/* the same page, asked for otherwise */
	if (e == c->start || (to_len == p->url.path_at + 1u && memcmp(from, to, to_len) == 0))
		return false;
	return e == NULL || e->n_claims++ < CRAWL_CLAIMS_MAX;
}

/* The page names another URL as its own: that one is kept, unless it names this one. */
static int
meet_canonical(struct crawl *c, struct parcel *p)
{
	size_t len = strlen(p->moved_to);
	struct frontier_entry *e = frontier_find(&c->frontier, p->moved_to, len);
	struct url u;
	int rc;

	if (p->refreshes && p->entry == c->start && url_parse(&u, p->moved_to) == 0 && scope_check(&c->scope, &u) != SCOPE_IN) {
		if (c->frontier.n_entries > 1 + (p->alias != NULL))
			return 0;	/* too late: workers look at the scope */
		scope_init(&c->scope, &u, &c->params);
		progress_log(&c->progress, "The start page is now %s", u.text);
	}
	if (!p->refreshes && !is_plausible(c, p, e))
		return 0;
	if (p->fate != FATE_STORE || (e != NULL && (e == p->entry || e == p->alias)))
		return 0;
	if (e == NULL) {
		if ((rc = meet(c, p, p->moved_to, len, p->entry->depth, 0)) < 0)
			return rc;
		if (frontier_find(&c->frontier, p->moved_to, len) == NULL)
			return 0;	/* left out by a rule: better this page than none */
	} else if (e->moved) {
		return 0;
	}
	p->entry->moved = true;
	p->fate = FATE_SKIP;
	p->skip = SKIP_CANONICAL;
	return 0;
}

static void
name_source(struct crawl *c, struct parcel *p)	/* by the start page, else by the page with the shortest URL */
{
	if (p->fate != FATE_STORE || p->doc.title == NULL || p->doc.title[0] == '\0')
		return;
	if (p->entry != c->start && c->title_len != 0 && p->url.len >= c->title_len)
		return;
	c->title_len = p->entry == c->start ? 1 : p->url.len;
	p->title = p->doc.title;
	p->description = p->doc.description;
}

void
crawl_parsed(struct crawl *c, struct parcel *p)
{
	c->n_parsing--;
	c->tools->n_held--;
	c->tools->held_bytes -= p->held;
	if (c->store_rc < 0 || c->pausing || atomic_load(&c->cancelled))
		parcel_free(p);
	else
		crawl_keep(c, p);
}

void
crawl_keep(struct crawl *c, struct parcel *p)
{
	int rc;

	if (c->upload)
		crawl_upload_read(c, p);
	else if (p->entry == c->start && !c->analyzed)
		analyzed(c, p);
	rc = p->moved_to != NULL ? meet_canonical(c, p) : 0;
	if (rc == 0)
		rc = meet_links(c, p);
	if (rc < 0) {
		parcel_free(p);
		crawl_broken(c, rc);
		return;
	}
	name_source(c, p);
	if (p->has_sessions && !c->sessions_logged) {
		progress_log(&c->progress, "Left out of URLs: session ids, as in links of %s", p->url.text);
		c->sessions_logged = true;
	}
	if (c->analyzed && c->frontier.n_waiting + c->n_fetching > 0 && c->progress.p.phase != CRAWL_CRAWLING) {
		progress_log(&c->progress, "%zu pages found so far", c->frontier.n_entries);
		progress_phase(&c->progress, CRAWL_CRAWLING);
	}
	crawl_hand_over(c, p);
}

/* -- met without a page ------------------------------------------------------ */

static void
meet_alone(struct crawl *c, struct parcel *p, const char *url, unsigned depth)	/* takes p */
{
	int rc = meet(c, p, url, strlen(url), depth, 0);

	if (rc < 0 || (p->n_met == 0 && !p->partial)) {
		parcel_free(p);
		if (rc < 0)
			crawl_broken(c, rc);
		return;
	}
	FIELD_SET(p->url.text, url);		/* for its text only */
	crawl_hand_over(c, p);
}

/* "dir/" was not to be had (or the index file was not): then its other name. */
static void
meet_twin(struct crawl *c, struct frontier_entry *e)
{
	struct parcel *p = parcel_new(PARCEL_MEET, c);
	char other[ROW_URL_BYTES];
	size_t len = e->len;

	e->twin = false;
	if (p == NULL) {
		crawl_broken(c, -ENOMEM);
		return;
	}
	FIELD_SET(other, e->url);
	if (other[len - 1] == '/')
		field_set(other + len, sizeof other - len, "index.html");
	else
		*(strrchr(other, '/') + 1) = '\0';
	meet_alone(c, p, other, e->depth);
}

/*
 * All that links lead to is there.  What the site's own sitemaps name beside it
 * comes now, so that it does not change how deep the other pages are.
 */
bool
crawl_ask_sitemaps(struct crawl *c, int64_t now_ns)
{
	struct host *h;
	struct url u;

	if (c->sitemaps_asked || !c->from_page || c->params.max_depth < CRAWL_SITEMAPS_DEPTH || !c->tools->conf->obey_robots)
		return true;
	if ((h = hosts_find(&c->tools->hosts, &c->scope.base)) == NULL) {
		crawl_broken(c, -ENOMEM);
		return true;
	}
	if (!host_is_ready(&c->tools->hosts, h, now_ns))
		return false;
	c->sitemaps_asked = true;
	for (unsigned i = 0; i < h->robots.n_sitemaps && c->store_rc == 0; i++) {
		struct parcel *p;

		if (url_resolve(&u, &h->origin, h->robots.sitemaps[i], strlen(h->robots.sitemaps[i])) < 0 ||
		    !scope_same_site(&c->scope, &u))
			continue;
		(void)scope_canonical(&c->scope, &u);
		if ((p = parcel_new(PARCEL_MEET, c)) == NULL) {
			crawl_broken(c, -ENOMEM);
			return true;
		}
		p->links_are_list = true;	/* no trap counts it */
		meet_alone(c, p, u.text, 0);
	}
	if (c->frontier.n_waiting > 0)
		progress_log(&c->progress, "Looking for further pages in the site's sitemaps");
	return true;
}

/* -- stored ------------------------------------------------------------------ */

static void
url_stored(struct crawl *c, const struct parcel *p)
{
	if (p->stored_fate != FATE_STORE && p->stored_fate != FATE_KEEP) {
		c->n_wanted--;
		p->entry->failed = true;
		if (p->entry->twin)
			meet_twin(c, p->entry);
	}
	if (p->stored_fate == FATE_FAIL && c->failures_logged++ < CRAWL_FAILURES_LOGGED)
		progress_log(&c->progress, "Failed: %s: %s", p->entry->url, p->reason);
	if (p->stored_fate == FATE_STORE && p->is_cut && c->n_cut++ < CRAWL_FAILURES_LOGGED)
		progress_log(&c->progress, "Kept in part: %s: it has too many elements or links", p->entry->url);
	progress_add(&c->progress, &p->delta);
}

void
crawl_stored(struct crawl *c, struct parcel *p)
{
	c->n_writing--;
	c->tools->n_held--;
	c->tools->held_bytes -= p->held;
	c->n_open -= p->open;
	if (!c->upload)
		c->bytes_coming -= p->n_bytes;
	if (p->spooled && p->rc == 0)
		spool_stored(&c->spool);
	if (p->kind == PARCEL_END) {
		/* Written or not: this is how it ended.  What was not written is ended again by a later scan. */
		progress_publish_end(&c->progress, p->end);
		c->state = CRAWL_ENDED;
	} else if (p->rc < 0) {
		if (p->rc != -ECANCELED)
			crawl_broken(c, p->rc);
	} else if (p->kind == PARCEL_BEGIN) {
		progress_add(&c->progress, &p->delta);
		c->state = CRAWL_RUNNING;
		if (c->resumed)
			crawl_take_spooled(c);
		if (!c->pausing)
			progress_phase(&c->progress, CRAWL_ANALYZING);
	} else if (p->kind == PARCEL_MEET) {
		progress_add(&c->progress, &p->delta);
	} else {
		url_stored(c, p);
	}
	parcel_free(p);
}
