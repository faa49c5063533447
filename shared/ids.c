#include "config.h"

#include "shared/ids.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char hex[] = "0123456789abcdef";

static void
hex_put(char *out, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex[p[i] >> 4];
		out[2 * i + 1] = hex[p[i] & 15];
	}
	out[2 * len] = '\0';
}

void
id_uuid(char out[ID_UUID_BYTES])
{
	uint8_t b[16];
	char h[33];

	/* 16 bytes come whole once the pool is seeded (getrandom(2)); an id that repeats is worse than a crash. */
	if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
		abort();
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	hex_put(h, b, sizeof b);
	(void)snprintf(out, ID_UUID_BYTES, "%.8s-%.4s-%.4s-%.4s-%.12s", h, h + 8, h + 12, h + 16, h + 20);
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool
id_is_uuid(const char *s, size_t len)
{
	if (len != ID_UUID_BYTES - 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !is_hex(s[i]))
			return false;
	}
	return true;
}

bool
id_is_topic(const char *s, size_t len)
{
	if (len == 0 || len > ID_TOPIC_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '/')
			return false;
	return true;
}

void
id_sha256(char out[65], const void *p, size_t len)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, len, p);
	sha256_digest(&ctx, sizeof digest, digest);
	hex_put(out, digest, sizeof digest);
}

void
id_source(char out[ID_SOURCE_BYTES], const void *canonical, size_t len)
{
	char all[65];

	id_sha256(all, canonical, len);
	memcpy(out, all, ID_SOURCE_BYTES - 1);
	out[ID_SOURCE_BYTES - 1] = '\0';
}

uint64_t
id_hash(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	return h != 0 ? h : 1;
}
