/*
 * frontier - every URL a crawl has met, each once, and the order in which those
 * that wait are fetched (breadth first: as they were met).  In memory; the store
 * holds the same.  Entries neither move nor change their URL until the end, so
 * other threads may read an entry's url.
 */
#ifndef FRONTIER_H
#define FRONTIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frontier_entry {
	struct frontier_entry *next;	/* in the queue */
	uint64_t hash;
	uint32_t lastmod_s;		/* as a sitemap says, 0: none does; forgotten when the crawler ends */
	uint16_t depth;
	uint16_t len;
	bool	 alias;			/* the target of a redirect: not a page of its own */
	bool	 moved;			/* the page there named another URL as its own */
	bool	 twin, failed;		/* met as "dir/" and as its index file, too; no page came of it */
	uint8_t	 n_claims;		/* pages of other names that call this one theirs */
	char	 url[];			/* NUL-terminated */
};

struct frontier {
	struct frontier_entry **slot;	/* a power of two of them */
	size_t	 n_slots, n_entries;
	struct frontier_entry *head, **tail;	/* waiting */
	size_t	 n_waiting;
	struct frontier_block *blocks;	/* where entries live */
};

void frontier_init(struct frontier *f);
void frontier_fini(struct frontier *f);

/* The entry of url, NULL when it was never met. */
struct frontier_entry *frontier_find(const struct frontier *f, const char *url, size_t len);

/* 1 and *out when it is new, 0 (and *out) when it was met before, -ENOMEM.  Not queued. */
int frontier_add(struct frontier *f, const char *url, size_t len, unsigned depth, struct frontier_entry **out);

void frontier_queue(struct frontier *f, struct frontier_entry *e);
struct frontier_entry *frontier_take(struct frontier *f);	/* NULL: none waits */
bool frontier_withdraw(struct frontier *f, struct frontier_entry *e);	/* out of its turn; false: it does not wait */

#endif
