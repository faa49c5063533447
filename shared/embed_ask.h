/*
 * embed_ask - ask the crawler what a question is about.  Only the crawler has a
 * network, so only it talks to the embedding endpoint; it answers on
 * run_dir/crawler/embed.sock while one is configured:
 *
 *	asked	the text, then the end of the stream (shutdown(2))
 *	answer	a packed vector (vector.h), then the end; nothing at all: none now
 */
#ifndef EMBED_ASK_H
#define EMBED_ASK_H

#include "shared/conf.h"
#include "shared/store.h"
#include "shared/vector.h"

#define EMBED_DIR "crawler"		/* in run_dir; the crawler's, others come in to ask */

enum {
	EMBED_QUERY_BYTES = 2048,	/* of a question; what is behind is not looked at */
	EMBED_ASK_MS = 1200,		/* the crawler gives up after EMBED_QUERY_MS: this is for one that hangs */
	EMBED_QUERY_MS = 1000,
};

/*
 * Give the search a vector, if an endpoint is configured, it answers in time and
 * the store has vectors to compare it with; else s is as it was and searches by
 * words alone.  Nothing is asked while what is typed is searched for.
 * v is borrowed by s.  true: s has a vector.
 */
bool embed_search(const struct conf *conf, struct store *st, struct search *s, struct vector *v);

void embed_socket_path(const struct conf *conf, char out[108]);

#endif
