/*
 * ids - the names things have: a crawl is a UUID (RFC 9562, version 4), a
 * source is the first 16 hex digits of the SHA-256 of its canonical form.
 */
#ifndef IDS_H
#define IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ID_UUID_BYTES = 37,		/* 36 characters and NUL */
	ID_SOURCE_BYTES = 17,		/* 16 hex digits and NUL */
	ID_TOPIC_MAX = 128,		/* longest id a client may wait for */
};

void id_uuid(char out[ID_UUID_BYTES]);			/* random; ends the process if the kernel has none */
bool id_is_uuid(const char *s, size_t len);		/* 8-4-4-4-12 hex digits, either case */
bool id_is_topic(const char *s, size_t len);		/* 1..128 printable ASCII bytes without '/' */
void id_source(char out[ID_SOURCE_BYTES], const void *canonical, size_t len);

/* 64-bit FNV-1a, never 0: for tables in memory, not for anything that lasts. */
uint64_t id_hash(const void *p, size_t len);

/* SHA-256 as 64 hex digits and NUL. */
void id_sha256(char out[65], const void *p, size_t len);

#endif
