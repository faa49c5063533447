/*
 * host - what all crawls together owe one site (scheme, name and port): its
 * robots.txt, how many fetches run there, and when the next may begin.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/conf.h"
#include "shared/url.h"

#include "crawler/fetch.h"
#include "crawler/robots.h"

enum host_robots { ROBOTS_UNKNOWN, ROBOTS_ASKED, ROBOTS_KNOWN };

struct host {
	struct host *next;
	struct url origin;		/* with path "/robots.txt" */
	enum host_robots state;
	struct robots robots;
	int64_t	 expires_mono_ns;	/* of robots */
	unsigned n_retries;		/* of robots */
	char	 why[ROW_ERROR_BYTES];	/* robots.disallow_all: what went wrong */
	char	 code[ROW_CODE_BYTES];
	enum outcome failure;		/* the same, as its URLs are counted */
	unsigned n_active;
	unsigned limit;			/* the most that any crawl of those active may have here */
	unsigned n_in_a_row;		/* replies 429 and 503 since the last good one */
	int64_t	 next_mono_ns;		/* no fetch begins before */
};

struct hosts {
	struct host *first;
	struct fetcher *fetcher;
	const struct conf *conf;
};

void hosts_fini(struct hosts *hs);
void hosts_prune(struct hosts *hs, int64_t now_ns);	/* forget those that are idle and out of date */
struct host *hosts_find(struct hosts *hs, const struct url *u);	/* made when new; NULL: no memory */

/*
 * Is robots.txt known and not too old?  When not, it is asked for, or will be
 * when the host has had its pause; ask again later.  A robots.txt fetch comes back to host_fetched().
 */
bool host_is_ready(struct hosts *hs, struct host *h, int64_t now_ns);
void host_fetched(struct hosts *hs, struct fetch *f, int64_t now_ns);	/* takes f */

/*
 * May a crawl that has room below its own max_concurrent begin one more fetch here?
 * All crawls together have no more under way than the one that may have most.  If
 * not, *next_ns is when to ask again, or untouched.
 */
bool host_may_fetch(struct host *h, unsigned max_concurrent, int64_t now_ns, int64_t *next_ns);
void host_began(struct host *h, int64_t now_ns);
void host_ended(struct host *h, const struct fetch *f, int64_t now_ns);	/* slows down on 429 and 503 */

/* How long to wait before attempt n (from 1), with jitter. */
int64_t backoff_ns(unsigned attempt, int64_t retry_after_ms);

#endif
