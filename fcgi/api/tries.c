#include "config.h"

#include "api/tries.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#include "shared/ids.h"

static struct place {
	uint64_t address, what;		/* address 0: free */
	int64_t	 since_mono_ms, seen_mono_ms;
	unsigned n;
} places[TRIES_PLACES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t
address_key(const char *text)
{
	struct in6_addr v6;

	if (inet_pton(AF_INET6, text, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6))
		return id_hash(v6.s6_addr, 8);	/* what one site is given */
	return id_hash(text, strlen(text));
}

/* The address's place, or NULL; or, to begin, one of its own. */
static struct place *
place_of(uint64_t address, int64_t now, bool begin)
{
	struct place *oldest = &places[0];

	for (struct place *p = places; p < places + TRIES_PLACES; p++) {
		if (p->address == address) {
			if (now - p->since_mono_ms < TRIES_WINDOW_MS)
				return p;
			*p = (struct place){ .address = begin ? address : 0, .since_mono_ms = now };
			return begin ? p : NULL;
		}
		if (p->seen_mono_ms < oldest->seen_mono_ms)
			oldest = p;
	}
	if (!begin)
		return NULL;
	*oldest = (struct place){ .address = address, .since_mono_ms = now };
	return oldest;
}

unsigned
tries_wait_s(const char *address, int64_t now)
{
	const struct place *p;
	unsigned s = 0;

	(void)pthread_mutex_lock(&lock);
	p = place_of(address_key(address), now, false);
	if (p != NULL && p->n >= TRIES_MAX)
		s = (unsigned)((TRIES_WINDOW_MS - (now - p->since_mono_ms)) / 1000) + 1;
	(void)pthread_mutex_unlock(&lock);
	return s;
}

bool
tries_count(const char *address, uint64_t what, int64_t now)
{
	struct place *p;
	bool last = false;

	(void)pthread_mutex_lock(&lock);
	p = place_of(address_key(address), now, true);
	p->seen_mono_ms = now;
	if (p->what != what) {
		p->what = what;
		last = ++p->n == TRIES_MAX;
	}
	(void)pthread_mutex_unlock(&lock);
	return last;
}
