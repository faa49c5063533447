/*
 * embed_client - one connection to the embedding endpoint that the operator has
 * configured.  It may be anywhere: what guards crawls does not guard it.  A thread
 * has its own.
 */
#ifndef EMBED_CLIENT_H
#define EMBED_CLIENT_H

#include <stdatomic.h>

#include "shared/conf.h"
#include "shared/err.h"
#include "shared/slice.h"
#include "shared/vector.h"

struct embed_client;

/* stop: a request under way ends soon after it is set (borrowed).  NULL: no memory. */
struct embed_client *embed_client_new(const struct conf *conf, const atomic_bool *stop);
void embed_client_free(struct embed_client *cl);	/* NULL is fine */

/*
 * The vectors of n texts (UTF-8 or not).  0, or with e
 *	-EINVAL		it is there, but does not take these texts; perhaps fewer or shorter ones
 *	-EAGAIN		it does not answer, or nothing that can be used; another time
 *	-ENOMEM
 * e never holds the key.
 */
int embed_client_ask(struct embed_client *cl, const struct slice *text, unsigned n, long timeout_ms,
    struct vector *out, struct err *e);

#endif
