#include "config.h"

#include "relay/addresses.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES_MIN = 64 };

void
addresses_fini(struct addresses *as)
{
	free(as->v);
	free(as->bucket);
	*as = (struct addresses){ 0 };
}

static uint32_t *
bucket_of(const struct addresses *as, uint64_t key)
{
	uint64_t h = (key ^ as->seed) * UINT64_C(0x9e3779b97f4a7c15);

	return &as->bucket[(h >> 32) & (as->n_buckets - 1)];
}

static int
addresses_grow(struct addresses *as)
{
	uint32_t cap = as->cap > 0 ? as->cap * 2 : PLACES_MIN;
	struct address *v = realloc(as->v, cap * sizeof *v);
	uint32_t *bucket;

	if (v == NULL)
		return -ENOMEM;
	as->v = v;
	if ((bucket = calloc(cap, sizeof *bucket)) == NULL)
		return -ENOMEM;
	free(as->bucket);
	as->bucket = bucket;
	as->cap = as->n_buckets = cap;
	for (uint32_t i = 0; i < as->n; i++) {	/* it grows when no place is free: all are in use */
		uint32_t *at = bucket_of(as, v[i].key);

		v[i].next = *at;
		*at = i + 1;
	}
	return 0;
}

static uint64_t
key_of_v4(in_addr_t v4)
{
	return ntohl(v4) | UINT64_C(1) << 63 | UINT64_C(1) << 32;	/* 8000:1::/32 will not be given out */
}

static uint64_t
key_of(struct slice ip)			/* 0: not an address */
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	struct in_addr v4;
	uint64_t key = 0;

	if (ip.len == 0 || ip.len >= sizeof text)
		return 0;
	memcpy(text, ip.p, ip.len);
	text[ip.len] = '\0';
	if (inet_pton(AF_INET, text, &v4) == 1)
		return key_of_v4(v4.s_addr);
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return 0;
	if (IN6_IS_ADDR_V4MAPPED(&v6)) {	/* so a socket for both protocols calls IPv4 clients */
		memcpy(&v4, v6.s6_addr + 12, sizeof v4);
		return key_of_v4(v4.s_addr);
	}
	for (unsigned i = 0; i < sizeof key; i++)
		key = key << 8 | v6.s6_addr[i];
	return key != 0 ? key : 1;
}

int
address_take_key(struct addresses *as, uint64_t key, uint32_t max, uint32_t *place)
{
	uint32_t i;

	*place = ADDRESS_NONE;
	if (key == 0)
		return 0;
	for (i = as->cap > 0 ? *bucket_of(as, key) : 0; i != 0; i = as->v[i - 1].next)
		if (as->v[i - 1].key == key)
			break;
	if (i == 0) {
		if (as->free == 0 && as->n == as->cap && addresses_grow(as) < 0)
			return -ENOMEM;
		if ((i = as->free) != 0)
			as->free = as->v[i - 1].next;
		else
			i = ++as->n;
		as->v[i - 1] = (struct address){ .key = key, .next = *bucket_of(as, key) };
		*bucket_of(as, key) = i;
	} else if (as->v[i - 1].n >= max) {
		return -EUSERS;
	}
	as->v[i - 1].n++;
	*place = i;
	return 0;
}

int
address_take(struct addresses *as, struct slice ip, uint32_t max, uint32_t *place)
{
	return address_take_key(as, key_of(ip), max, place);
}

void
address_drop(struct addresses *as, uint32_t place)
{
	uint32_t *at;

	if (place == ADDRESS_NONE)
		return;
	assert(place <= as->n && as->v[place - 1].n > 0);
	if (--as->v[place - 1].n > 0)
		return;
	at = bucket_of(as, as->v[place - 1].key);
	while (*at != place)
		at = &as->v[*at - 1].next;
	*at = as->v[place - 1].next;
	as->v[place - 1].next = as->free;
	as->free = place;
}

uint64_t
address_key(const struct addresses *as, uint32_t place)
{
	return place == ADDRESS_NONE ? 0 : as->v[place - 1].key;
}
