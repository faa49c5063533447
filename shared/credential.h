/*
 * credential - what a token and a session cookie are made of: 16 hex digits that
 * find it in the store, then 256 random bits that nobody can guess.  The store
 * keeps the SHA-256 of the whole; the whole is shown once, when it is made.
 */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

#include <stdbool.h>

#include "shared/slice.h"

#define TOKEN_PREFIX "archon_"	/* so that scanners and people know one when they see it */

enum {
	CREDENTIAL_ID_BYTES = 17,	/* 16 hex digits and NUL */
	CREDENTIAL_HASH_BYTES = 65,	/* 64 hex digits and NUL */
	CREDENTIAL_TEXT_BYTES = sizeof TOKEN_PREFIX + 16 + 1 + 64,
};

struct credential {
	char id[CREDENTIAL_ID_BYTES], hash[CREDENTIAL_HASH_BYTES];
};

/* A new one; text is the secret.  Ends the process if the kernel has no random numbers. */
void credential_make(struct credential *c, const char *prefix, char text[CREDENTIAL_TEXT_BYTES]);

/* Does s look like one with that prefix?  Then *c says where to find it and what must be there. */
bool credential_read(struct credential *c, const char *prefix, struct slice s);

/* Are the hashes the same?  It takes as long, whatever they hold. */
bool credential_same(const char a[CREDENTIAL_HASH_BYTES], const char b[CREDENTIAL_HASH_BYTES]);

#endif
