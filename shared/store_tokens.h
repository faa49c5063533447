/*
 * store_tokens - the tokens and sessions of a store (store.h); what they are made
 * of is in credential.h.  Times are milliseconds since 1970, 0: never.
 */
#ifndef STORE_TOKENS_H
#define STORE_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/access.h"
#include "shared/credential.h"
#include "shared/store.h"

enum {
	TOKEN_NAME_BYTES = 65,			/* and NUL: A-Z a-z 0-9 . _ - */
	TOKEN_USED_MS = 60 * 1000,		/* used_ms is not written more often */
	SESSION_MS = 7 * 24 * 60 * 60 * 1000,	/* of a cookie, at most */
	SESSIONS_MAX = 64,			/* of a token: who only reads fills no store by signing in */
};

struct token {
	char	name[TOKEN_NAME_BYTES];
	enum access_scope scope;
	int64_t created_ms, used_ms, expires_ms;
};

bool token_name_is_good(const char *name);

/* -EEXIST: the name is taken. */
int store_token_add(struct store *st, const struct token *t, const struct credential *c);
/* As with a session that ends: who does it tells the relays (revoked.h). */
int store_token_revoke(struct store *st, const char *name);	/* with its sessions; -ENOENT */
typedef int store_token_f(const struct token *t, void *arg);	/* non-zero stops */
int store_tokens(struct store *st, store_token_f *f, void *arg);	/* by name; how many */

/*
 * Whose secret is it, the cookie of a session or a token?  0 with *out (its
 * expires_ms is the earlier of the two), which may have expired; -ENOENT nobody's.
 */
int store_token_find(struct store *st, const struct credential *c, bool session, struct token *out);

/* It is being used.  Written at most every TOKEN_USED_MS. */
int store_token_used(struct store *st, const struct token *t, int64_t wall_ms);

/*
 * A session of the token with that name; those that have expired go, and its oldest
 * beyond SESSIONS_MAX: 1 then, else 0.  -ENOENT
 */
int store_session_add(struct store *st, const struct credential *c, const char *token_name, int64_t wall_ms, int64_t expires_ms);
int store_session_end(struct store *st, const struct credential *c);	/* -ENOENT */

#endif
