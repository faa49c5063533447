#include "config.h"

#include "crawler/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

enum {
	NS_PER_MS = 1000000,
	KEEP_S = 24 * 3600,		/* RFC 9309, section 2.4 */
	KEEP_FAILED_S = 10,		/* long enough for the crawl that asked to see it */
	ROBOTS_HOPS = 5,		/* section 2.3.1.2 */
	ROBOTS_RETRIES = 2,
	ROBOTS_PATIENCE_S = 10,		/* who has to be waited for longer is left for another day */
	BACKOFF_FIRST_MS = 500,
	BACKOFF_MAX_MS = 60000,
};

static void
host_free(struct host *h)
{
	robots_fini(&h->robots);
	free(h);
}

void
hosts_fini(struct hosts *hs)
{
	while (hs->first != NULL) {
		struct host *h = hs->first;

		hs->first = h->next;
		host_free(h);
	}
}

void
hosts_prune(struct hosts *hs, int64_t now_ns)
{
	struct host **at = &hs->first, *h;

	while ((h = *at) != NULL) {
		if (h->n_active > 0 || h->state == ROBOTS_ASKED || now_ns < h->expires_mono_ns || now_ns < h->next_mono_ns) {
			at = &h->next;
			continue;
		}
		*at = h->next;
		host_free(h);
	}
}

struct host *
hosts_find(struct hosts *hs, const struct url *u)
{
	struct host *h;

	for (h = hs->first; h != NULL; h = h->next)
		if (url_same_origin(&h->origin, u))
			return h;
	if ((h = calloc(1, sizeof *h)) == NULL)
		return NULL;
	if (url_resolve(&h->origin, u, "/robots.txt", 11) < 0) {	/* shorter than u, or all of u is origin */
		free(h);
		return NULL;
	}
	h->next = hs->first;
	hs->first = h;
	return h;
}

/* -- robots.txt ------------------------------------------------------------ */

bool
host_is_ready(struct hosts *hs, struct host *h, int64_t now_ns)
{
	struct fetch *f;

	if (!hs->conf->obey_robots || h->state == ROBOTS_ASKED)
		return !hs->conf->obey_robots;
	if (h->state == ROBOTS_KNOWN && now_ns < h->expires_mono_ns)
		return true;
	if (now_ns < h->next_mono_ns)		/* it was overloaded, and robots.txt is a fetch, too */
		return false;
	if ((f = fetch_new(hs->fetcher)) == NULL)
		return false;
	f->host = h;
	f->url = h->origin;
	if (fetch_start(f) < 0) {
		fetch_free(f);
		return false;
	}
	h->state = ROBOTS_ASKED;
	return false;
}

static void
robots_known(struct host *h, int64_t now_ns)
{
	h->state = ROBOTS_KNOWN;
	h->n_retries = 0;
	h->expires_mono_ns = now_ns + (int64_t)(h->robots.disallow_all ? KEEP_FAILED_S : KEEP_S) * 1000 * NS_PER_MS;
}

/* Unreachable: all is forbidden (section 2.3.1.4). */
static void
robots_failed(struct host *h, const struct fetch *f)
{
	h->robots.disallow_all = true;
	h->failure = f->error != FETCH_NONE ? fetch_outcome(f) : OUTCOME_UNREADABLE;
	if (f->error != FETCH_NONE) {
		fetch_sentence(f, h->why, sizeof h->why);
		FIELD_SET(h->code, fetch_error_word(f->error));
		return;
	}
	(void)snprintf(h->why, sizeof h->why, "The server answered %ld for its robots.txt, which forbids to crawl it "
	    "(RFC 9309); try again later.", f->status);
	(void)snprintf(h->code, sizeof h->code, "http_%ld", f->status);
}

static bool
robots_follow(struct fetch *f)		/* a redirect of robots.txt, which may lead to another host */
{
	if (f->status < 300 || f->status >= 400 || f->location[0] == '\0' || f->hops >= ROBOTS_HOPS)
		return false;
	f->hops++;
	return url_resolve(&f->url, &f->url, f->location, strlen(f->location)) == 0 && fetch_start(f) == 0;
}

void
host_fetched(struct hosts *hs, struct fetch *f, int64_t now_ns)
{
	struct host *h = f->host;
	bool passing = f->error == FETCH_BROKEN || (f->error == FETCH_NONE && (f->status >= 500 || f->status == 429));

	if (f->error == FETCH_NONE && robots_follow(f))
		return;
	if (passing && h->n_retries < ROBOTS_RETRIES && f->retry_after_ms <= ROBOTS_PATIENCE_S * 1000) {
		h->next_mono_ns = now_ns + backoff_ns(++h->n_retries, f->retry_after_ms);
		h->state = ROBOTS_UNKNOWN;
		fetch_free(f);
		return;
	}
	robots_fini(&h->robots);
	h->why[0] = h->code[0] = '\0';
	if (f->error == FETCH_NONE && f->status >= 200 && f->status < 300) {
		if (robots_parse(&h->robots, f->body.p, f->body.len, hs->conf->user_agent) < 0)
			h->robots.disallow_all = true;
	} else if (f->error == FETCH_LARGE) {		/* what came counts, as the limit is above 500 KiB */
		if (robots_parse(&h->robots, f->body.p, f->body.len, hs->conf->user_agent) < 0)
			h->robots.disallow_all = true;
	} else if ((f->error != FETCH_NONE && f->error != FETCH_FOREIGN) || f->status >= 500 || f->status == 429) {
		robots_failed(h, f);
	}				/* else 3xx without an end and 4xx: no file, all is allowed */
	robots_known(h, now_ns);
	fetch_free(f);
}

/* -- manners --------------------------------------------------------------- */

bool
host_may_fetch(struct host *h, unsigned max_concurrent, int64_t now_ns, int64_t *next_ns)
{
	if (h->n_active == 0 || h->limit < max_concurrent)
		h->limit = max_concurrent;
	if (h->n_active >= (h->robots.delay_ms > 0 ? 1 : h->limit))
		return false;		/* the end of a fetch asks again */
	if (now_ns < h->next_mono_ns) {
		if (*next_ns > h->next_mono_ns)
			*next_ns = h->next_mono_ns;
		return false;
	}
	return true;
}

void
host_began(struct host *h, int64_t now_ns)
{
	h->n_active++;
	if (h->robots.delay_ms > 0)
		h->next_mono_ns = now_ns + h->robots.delay_ms * NS_PER_MS;
}

void
host_ended(struct host *h, const struct fetch *f, int64_t now_ns)
{
	int64_t until;

	h->n_active--;
	if (f->error != FETCH_NONE || (f->status != 429 && f->status != 503)) {
		h->n_in_a_row = 0;
		return;
	}
	until = now_ns + backoff_ns(++h->n_in_a_row, f->retry_after_ms);
	if (until > h->next_mono_ns)
		h->next_mono_ns = until;
}

int64_t
backoff_ns(unsigned attempt, int64_t retry_after_ms)
{
	static _Thread_local unsigned seed;
	int64_t ms = BACKOFF_FIRST_MS;

	if (seed == 0)
		seed = (unsigned)clock_mono_ns() | 1u;
	while (attempt-- > 1 && ms < BACKOFF_MAX_MS)
		ms *= 2;
	ms = ms / 2 + rand_r(&seed) % ms;	/* half to one and a half: those that failed together do not return together */
	if (retry_after_ms > ms)
		ms = retry_after_ms;
	return ms * NS_PER_MS;
}
