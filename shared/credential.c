#include "config.h"

#include "shared/credential.h"

#include <nettle/memops.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "shared/ids.h"

enum { ID_DIGITS = 16, SECRET_DIGITS = 64 };

static bool
is_digits(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((p[i] < '0' || p[i] > '9') && (p[i] < 'a' || p[i] > 'f'))
			return false;
	return true;
}

bool
credential_read(struct credential *c, const char *prefix, struct slice s)
{
	size_t head = strlen(prefix);

	if (s.len != head + ID_DIGITS + 1 + SECRET_DIGITS || memcmp(s.p, prefix, head) != 0 ||
	    !is_digits(s.p + head, ID_DIGITS) || s.p[head + ID_DIGITS] != '_' ||
	    !is_digits(s.p + head + ID_DIGITS + 1, SECRET_DIGITS))
		return false;
	memcpy(c->id, s.p + head, ID_DIGITS);
	c->id[ID_DIGITS] = '\0';
	id_sha256(c->hash, s.p, s.len);
	return true;
}

void
credential_make(struct credential *c, const char *prefix, char text[CREDENTIAL_TEXT_BYTES])
{
	uint8_t random[(ID_DIGITS + SECRET_DIGITS) / 2];
	int at = snprintf(text, CREDENTIAL_TEXT_BYTES, "%s", prefix);

	/* 40 bytes come whole once the pool is seeded (getrandom(2)); less of a secret is worse than a crash. */
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		abort();
	for (size_t i = 0; i < sizeof random; i++)
		at += snprintf(text + at, (size_t)(CREDENTIAL_TEXT_BYTES - at), "%s%02x", i == ID_DIGITS / 2 ? "_" : "", random[i]);
	if (!credential_read(c, prefix, slice_of(text)))
		abort();		/* our own: a programmer's error */
}

bool
credential_same(const char a[CREDENTIAL_HASH_BYTES], const char b[CREDENTIAL_HASH_BYTES])
{
	return memeql_sec(a, b, CREDENTIAL_HASH_BYTES) != 0;
}
