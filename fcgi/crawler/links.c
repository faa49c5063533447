#include "config.h"

#include "crawler/links.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SLOTS_MIN = 256 };

struct link_ref {
	struct slice href;
	uint32_t     hash;
	uint32_t     link;		/* index + 1; 0: leads nowhere */
};

/* Multiply and fold, eight bytes at a stride, under a seed that is new for each page. */
static uint32_t
hash_of(uint64_t seed, const char *p, size_t len)
{
	uint64_t h = seed ^ len, w;
	unsigned __int128 m;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&w, p, 8);
		m = (unsigned __int128)(h ^ w) * (seed | 1);
		h = (uint64_t)m ^ (uint64_t)(m >> 64) ^ w;
	}
	w = 0;
	memcpy(&w, p, len);
	m = (unsigned __int128)(h ^ w ^ 0x9e3779b97f4a7c15u) * (seed | 1);
	h = (uint64_t)m ^ (uint64_t)(m >> 64);
	m = (unsigned __int128)h * 0xd6e8feb86659fd93u;
	return (uint32_t)((uint64_t)m ^ (uint64_t)(m >> 64));
}

void
links_init(struct links *l, const struct url *base)
{
	*l = (struct links){ .base = *base };
	if (getrandom(&l->seed, sizeof l->seed, GRND_NONBLOCK) != (ssize_t)sizeof l->seed)
		l->seed = (uint64_t)(uintptr_t)l * 0x9e3779b97f4a7c15u;	/* early boot: the stack's place must do */
}

void
links_fini(struct links *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->link[i].url);
	free(l->link);
	free(l->link_hash);
	free(l->ref);
	free(l->by_url);
	free(l->by_ref);
	*l = (struct links){ .failed = true };
}

static bool
grow(void **p, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap != 0 ? *cap * 2 : 128;
	void *q;

	if (n < *cap)
		return true;
	if ((q = realloc(*p, want * size)) == NULL)
		return false;
	*p = q;
	*cap = want;
	return true;
}

/* Make the table of twice the slots, when it is half full, out of the hashes of its n entries. */
static bool
spread(uint32_t **table, size_t *slots, size_t n, const uint32_t *hash, size_t stride)
{
	size_t want = *slots != 0 ? *slots * 2 : SLOTS_MIN;
	uint32_t *t;

	if (n * 2 < *slots)
		return true;
	if ((t = calloc(want, sizeof *t)) == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint32_t h;
		size_t at;

		memcpy(&h, (const char *)hash + i * stride, sizeof h);
		for (at = h & (want - 1); t[at] != 0; at = (at + 1) & (want - 1))
			;
		t[at] = (uint32_t)i + 1;
	}
	free(*table);
	*table = t;
	*slots = want;
	return true;
}

static uint32_t
link_of(struct links *l, const struct url *u)	/* index + 1, made when it is new; 0 when there is no room */
{
	uint32_t h = hash_of(l->seed, u->text, u->len), i;
	size_t at, cap = l->cap;
	char *copy;

	if (!spread(&l->by_url, &l->url_slots, l->n, l->link_hash, sizeof *l->link_hash))
		goto failed;
	for (at = h & (l->url_slots - 1); (i = l->by_url[at]) != 0; at = (at + 1) & (l->url_slots - 1))
		if (l->link_hash[i - 1] == h && strcmp(l->link[i - 1].url, u->text) == 0)
			return i;
	if (l->n == LINKS_MAX) {
		l->full = true;
		return 0;
	}
	if (!grow((void **)&l->link_hash, &cap, l->n, sizeof *l->link_hash) ||
	    !grow((void **)&l->link, &l->cap, l->n, sizeof *l->link) ||
	    (copy = malloc((size_t)u->len + 1)) == NULL)
		goto failed;
	memcpy(copy, u->text, (size_t)u->len + 1);
	l->link[l->n] = (struct doc_link){ .url = copy, .nofollow = true };
	l->link_hash[l->n] = h;
	l->by_url[at] = (uint32_t)++l->n;
	return (uint32_t)l->n;
failed:
	l->failed = true;
	return 0;
}

static struct slice
trim(struct slice s)			/* what the URL standard strips, and the fragment */
{
	const char *hash;

	while (s.len > 0 && (unsigned char)s.p[0] <= ' ')
		s.p++, s.len--;
	if (s.len > 0 && (hash = memchr(s.p, '#', s.len)) != NULL)
		s.len = (size_t)(hash - s.p);
	while (s.len > 0 && (unsigned char)s.p[s.len - 1] <= ' ')
		s.len--;
	return s;
}

const char *
links_resolve(struct links *l, struct slice href, bool nofollow)
{
	struct slice s = trim(href);
	uint32_t h, i, link;
	struct url u;
	size_t at;

	if (l->failed || s.len == 0)
		return NULL;
	h = hash_of(l->seed, s.p, s.len);
	if (!spread(&l->by_ref, &l->ref_slots, l->n_refs, l->n_refs > 0 ? &l->ref[0].hash : NULL, sizeof l->ref[0]))
		goto failed;
	for (at = h & (l->ref_slots - 1); (i = l->by_ref[at]) != 0; at = (at + 1) & (l->ref_slots - 1)) {
		const struct link_ref *r = &l->ref[i - 1];

		if (r->hash == h && r->href.len == s.len && memcmp(r->href.p, s.p, s.len) == 0)
			break;
	}
	if (i == 0) {
		link = url_resolve(&u, &l->base, s.p, s.len) == 0 ? link_of(l, &u) : 0;
		if (l->failed || l->full)
			return NULL;
		if (!grow((void **)&l->ref, &l->ref_cap, l->n_refs, sizeof *l->ref))
			goto failed;
		l->ref[l->n_refs] = (struct link_ref){ .href = s, .hash = h, .link = link };
		l->by_ref[at] = (uint32_t)++l->n_refs;
	} else {
		link = l->ref[i - 1].link;
	}
	if (link == 0)
		return NULL;
	if (!nofollow)
		l->link[link - 1].nofollow = false;
	return l->link[link - 1].url;
failed:
	l->failed = true;
	return NULL;
}

void
links_take(struct links *l, struct document *doc)
{
	doc->links = l->link;
	doc->n_links = l->n;
	l->link = NULL;
	l->n = 0;
}
