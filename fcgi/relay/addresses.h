/*
 * addresses - how many clients come from one place: an IPv4 address, or an IPv6
 * network of /64, which is what one site is given.
 */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include <stdint.h>

#include "shared/slice.h"

struct addresses {			/* zero but for seed to begin */
	struct address { uint64_t key; uint32_t n, next; } *v;
	uint32_t *bucket;		/* of places in v, counted from 1 */
	uint32_t  n_buckets, n, cap, free;
	uint64_t  seed;			/* nobody chooses who shares a bucket */
};

enum { ADDRESS_NONE = 0 };		/* its place was never taken: not counted */

void addresses_fini(struct addresses *as);

/*
 * One more client of ip.  0 with *place for address_drop(), which is
 * ADDRESS_NONE for what is no address; -EUSERS there are max already; -ENOMEM.
 */
int address_take(struct addresses *as, struct slice ip, uint32_t max, uint32_t *place);
void address_drop(struct addresses *as, uint32_t place);

/* For the process that takes over: the key of a place, and a place of a key. */
uint64_t address_key(const struct addresses *as, uint32_t place);
int address_take_key(struct addresses *as, uint64_t key, uint32_t max, uint32_t *place);

#endif
