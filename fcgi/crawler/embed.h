/*
 * embed - what chunks and questions are about, when an embedding endpoint is
 * configured.  Two threads, each with its connection to the endpoint:
 *
 *	one gives chunks that have no vector one, a batch a transaction: what is in
 *	the store is what is done, so it goes on where it was after any end.  When
 *	the endpoint fails it waits, longer each time; crawls never wait for it.
 *
 *	one answers questions on run_dir/crawler/embed.sock (embed_ask.h), each within
 *	EMBED_QUERY_MS, and none for a while after the endpoint failed to.
 *
 * Of several crawlers that share a run_dir the one that has the socket does both.
 */
#ifndef EMBED_H
#define EMBED_H

#include "shared/conf.h"
#include "shared/err.h"

enum {
	EMBED_BATCH = 16,		/* texts a request */
	EMBED_TEXT_BYTES = 4096,	/* of a chunk with its headings; it has about 2,000 */
	EMBED_SHORT_BYTES = 480,	/* of one that was refused: less than 512 tokens, whatever they are */
	EMBED_BATCH_MS = 60000,		/* for one request */
	EMBED_LOOK_MS = 1000,		/* for new chunks */
	EMBED_BACKOFF_MS = 1000,	/* after a failure, twice as long after each further one ... */
	EMBED_BACKOFF_MAX_MS = 300000,	/* ... up to this */
	EMBED_REFUSED_MAX = 3,		/* chunks refused in a row: then it is not the chunks */
	EMBED_QUIET_MS = 5000,		/* questions are not passed on after a failure */
};

struct embed;

/* *out is NULL when no endpoint is configured: no thread, no socket, nothing asked. */
int embed_start(struct embed **out, const struct conf *conf, struct err *e);
void embed_stop(struct embed *em);	/* NULL is fine */

/* Why the last batch failed, "" when it did not. */
void embed_trouble(struct embed *em, struct err *out);

#endif
