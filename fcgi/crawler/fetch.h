/*
 * fetch - HTTP exchanges by libcurl's multi interface, all on one thread over
 * kept connections.  A fetch is one exchange: redirects and retries are decided
 * by who started it.  What a site can choose is bounded here: bytes (counted
 * after decompression), time, header sizes, the memory of all bodies
 * together, and the addresses connected to.
 *
 * Bodies under way and what became of those that came hold at most FETCH_BODY_BYTES
 * and one whole page more: when they are full, one goes on growing, unless those that came
 * are half of it, and the others end as FETCH_CROWDED, to be tried again when there is room.
 */
#ifndef FETCH_H
#define FETCH_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/conf.h"
#include "shared/err.h"
#include "shared/guard.h"
#include "shared/outcome.h"
#include "shared/text.h"
#include "shared/url.h"


/* How an exchange ended, with the stable word that goes to clients. */
#define FETCH_ERRORS(X)					\
	X(NONE,		"none")				\
	X(RESOLVE,	"host_not_found")		\
	X(CONNECT,	"connection_refused")		\
	X(TIMEOUT,	"timeout")			\
	X(TLS,		"tls_failed")			\
	X(GUARD,	"address_refused")		\
	X(PORT,		"port_refused")			\
	X(LARGE,	"page_too_large")		\
	X(FOREIGN,	"unsupported_type")		\
	X(CROWDED,	"later")			\
	X(BROKEN,	"connection_broken")

enum fetch_error {
#define X(name, word) FETCH_##name,
	FETCH_ERRORS(X)
#undef X
};

#define FETCH_BODY_BYTES ((size_t)10 << 20)

struct fetcher;
struct crawl;
struct host;
struct frontier_entry;

struct fetch {
	struct url url;			/* set before fetch_start() */
	struct curl_slist *headers;	/* further ones, or NULL; borrowed while it runs */
	char	 if_none_match[128], if_modified_since[64];	/* "": ask unconditionally */
	/* the starter's own */
	struct crawl *crawl;		/* NULL: a robots.txt */
	struct host *host;
	struct frontier_entry *entry, *alias;
	unsigned hops, attempt;
	bool	 open;			/* it counts among those under way */
	int64_t	 again_mono_ns;		/* when to try again */
	struct fetch *next;
	/* the outcome */
	enum fetch_error error;
	long	 status;		/* 0: no reply */
	struct text body;
	uint64_t n_bytes;		/* on the wire */
	int64_t	 took_us;		/* from its start to its last byte */
	char	 content_type[128];
	char	 location[ROW_URL_BYTES];
	char	 canonical[ROW_URL_BYTES];	/* by a Link header; "": none */
	char	 etag[128], last_modified[64];
	int64_t	 retry_after_ms;	/* -1: none */
	bool	 noindex, nofollow;	/* X-Robots-Tag */
	char	 peer[64];		/* the address the guard refused */
	/* inside */
	struct fetcher *fetcher;
	CURL	*easy;
	struct curl_slist *conditions;	/* headers, with the conditions */
	struct fetch *prev_active, *next_active;
	bool	 active;
};

int fetcher_new(struct fetcher **out, const struct conf *conf, const struct guard *guard, struct err *e);
void fetcher_count(struct fetcher *ft, const size_t *behind_bytes);	/* what became of those that came; borrowed for good */
void fetcher_free(struct fetcher *ft);		/* aborts what runs */

struct fetch *fetch_new(struct fetcher *ft);	/* NULL: no memory */
void fetch_free(struct fetch *f);		/* aborts it when it runs; NULL is fine */
int fetch_start(struct fetch *f);		/* clears the outcome.  0, -ENOMEM */

/* Sleep until something is to do: a socket, one of fds, fetcher_wake(), or the bound. */
void fetcher_wait(struct fetcher *ft, struct curl_waitfd *fds, unsigned n_fds, int bound_ms);
void fetcher_wake(struct fetcher *ft);		/* any thread */

/* Move all exchanges on, and call done for each that ended (it may start or free fetches). */
typedef void fetch_done_f(struct fetch *f, void *arg);
void fetcher_run(struct fetcher *ft, fetch_done_f *done, void *arg);
bool fetcher_is_full(const struct fetcher *ft);	/* no fetch should begin now */
unsigned fetcher_n_active(const struct fetcher *ft);

/* Abort and free every running fetch of a crawl; how many there were. */
typedef void fetch_drop_f(struct fetch *f, void *arg);
unsigned fetcher_abort(struct fetcher *ft, const struct crawl *c, fetch_drop_f *drop, void *arg);

const char *fetch_error_word(enum fetch_error error);	/* static */

enum outcome fetch_outcome(const struct fetch *f);	/* of one that failed: what it counts as */

/* What went wrong, as a sentence for people, with what to do. */
void fetch_sentence(const struct fetch *f, char *out, size_t size);

#endif
