#include "config.h"

#include "crawler/frontier.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "shared/ids.h"

enum { BLOCK_BYTES = 64 * 1024, SLOTS_MIN = 256 };

struct frontier_block {
	struct frontier_block *next;
	size_t used;
	alignas(struct frontier_entry) char room[BLOCK_BYTES];
};

void
frontier_init(struct frontier *f)
{
	*f = (struct frontier){ .slot = NULL };
	f->tail = &f->head;
}

void
frontier_fini(struct frontier *f)
{
	while (f->blocks != NULL) {
		struct frontier_block *b = f->blocks;

		f->blocks = b->next;
		free(b);
	}
	free(f->slot);
	frontier_init(f);
}

static struct frontier_entry **
slot_of(struct frontier_entry **slots, size_t n, uint64_t hash, const char *url, size_t len)
{
	size_t i = hash & (n - 1);

	while (slots[i] != NULL && !(slots[i]->hash == hash && slots[i]->len == len && memcmp(slots[i]->url, url, len) == 0))
		i = (i + 1) & (n - 1);
	return &slots[i];
}

static int
grow(struct frontier *f)
{
	size_t n = f->n_slots != 0 ? f->n_slots * 2 : SLOTS_MIN;
	struct frontier_entry **slots = calloc(n, sizeof *slots);

	if (slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < f->n_slots; i++)
		if (f->slot[i] != NULL)
			*slot_of(slots, n, f->slot[i]->hash, f->slot[i]->url, f->slot[i]->len) = f->slot[i];
	free(f->slot);
	f->slot = slots;
	f->n_slots = n;
	return 0;
}

static struct frontier_entry *
entry_new(struct frontier *f, size_t len)
{
	size_t need = sizeof(struct frontier_entry) + len + 1;
	struct frontier_block *b = f->blocks;
	struct frontier_entry *e;

	need = (need + alignof(struct frontier_entry) - 1) / alignof(struct frontier_entry) * alignof(struct frontier_entry);
	if (need > BLOCK_BYTES)
		return NULL;
	if (b == NULL || b->used + need > BLOCK_BYTES) {
		if ((b = malloc(sizeof *b)) == NULL)
			return NULL;
		b->next = f->blocks;
		b->used = 0;
		f->blocks = b;
	}
	e = (struct frontier_entry *)(void *)(b->room + b->used);
	b->used += need;
	return e;
}

struct frontier_entry *
frontier_find(const struct frontier *f, const char *url, size_t len)
{
	return f->n_slots != 0 ? *slot_of(f->slot, f->n_slots, id_hash(url, len), url, len) : NULL;
}

int
frontier_add(struct frontier *f, const char *url, size_t len, unsigned depth, struct frontier_entry **out)
{
	uint64_t hash = id_hash(url, len);
	struct frontier_entry **slot, *e;

	if (len > UINT16_MAX)
		return -ENOMEM;
	if (f->n_entries * 2 >= f->n_slots && grow(f) < 0)
		return -ENOMEM;
	slot = slot_of(f->slot, f->n_slots, hash, url, len);
	if (*slot != NULL) {
		*out = *slot;
		return 0;
	}
	if ((e = entry_new(f, len)) == NULL)
		return -ENOMEM;
	*e = (struct frontier_entry){ .hash = hash, .depth = (uint16_t)depth, .len = (uint16_t)len };
	memcpy(e->url, url, len);
	e->url[len] = '\0';
	*slot = e;
	f->n_entries++;
	*out = e;
	return 1;
}

void
frontier_queue(struct frontier *f, struct frontier_entry *e)
{
	e->next = NULL;
	*f->tail = e;
	f->tail = &e->next;
	f->n_waiting++;
}

struct frontier_entry *
frontier_take(struct frontier *f)
{
	struct frontier_entry *e = f->head;

	if (e == NULL)
		return NULL;
	if ((f->head = e->next) == NULL)
		f->tail = &f->head;
	f->n_waiting--;
	return e;
}

bool
frontier_withdraw(struct frontier *f, struct frontier_entry *e)
{
	struct frontier_entry **at = &f->head;

	while (*at != NULL && *at != e)
		at = &(*at)->next;
	if (*at == NULL)
		return false;
	if ((*at = e->next) == NULL)
		f->tail = at;
	f->n_waiting--;
	return true;
}
