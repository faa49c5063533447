#include "config.h"

#include "relay/tape.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)RING_VISIBLE <= (int)RING_SLOTS, "every entry that can be read has a mark");

enum { FIRST_ORDINAL = 2 };		/* so that a cursor is never 0 */

static struct tape_mark *
mark_of(const struct tape *t, uint64_t ordinal)
{
	return (struct tape_mark *)(uintptr_t)&t->mark[ordinal % RING_SLOTS];
}

struct tape *
tape_new(void)
{
	struct tape *t = calloc(1, sizeof *t);

	if (t != NULL)
		t->begin = t->end = t->cleared = FIRST_ORDINAL;
	return t;
}

/* Chunks none of whose entries can be asked for any more. */
static void
tape_trim(struct tape *t)
{
	struct tape_chunk *c;

	while ((c = t->first) != NULL && (c->last_ordinal < t->begin || t->begin == t->end)) {
		t->first = c->next;
		if (t->first == NULL)
			t->last = NULL;
		frame_unref(c->frame);
		free(c);
	}
}

void
tape_free(struct tape *t)
{
	if (t == NULL)
		return;
	t->begin = t->end;
	tape_trim(t);
	free(t);
}

void
tape_miss(struct tape *t, uint64_t n)
{
	t->end += n;
	t->begin = t->end;
	tape_trim(t);
}

void
tape_drop(struct tape *t, uint64_t first_seq)
{
	while (t->begin < t->end && mark_of(t, t->begin)->seq < first_seq)
		t->begin++;
	tape_trim(t);
}

void
tape_clear(struct tape *t, uint64_t floor_seq)
{
	uint64_t begin = t->begin;

	tape_drop(t, floor_seq);
	if (t->begin != begin)
		t->cleared = t->begin;
}

static struct tape_chunk *
tape_room(struct tape *t, uint32_t bytes)	/* NULL: no memory */
{
	struct tape_chunk *c = t->last;

	if (c != NULL && c->cap - c->frame->len >= bytes)
		return c;
	if ((c = calloc(1, sizeof *c)) == NULL)
		return NULL;
	c->cap = bytes > TAPE_CHUNK_BYTES ? bytes : TAPE_CHUNK_BYTES;
	if ((c->frame = frame_blank(c->cap)) == NULL) {
		free(c);
		return NULL;
	}
	if (t->last != NULL)
		t->last->next = c;
	else
		t->first = c;
	t->last = c;
	return c;
}

void
tape_add(struct tape *t, uint64_t seq, const struct frame *bytes)
{
	struct tape_chunk *c = bytes != NULL ? tape_room(t, bytes->len) : NULL;

	if (c == NULL) {
		tape_miss(t, 1);
		return;
	}
	if (t->end - t->begin == RING_SLOTS) {
		t->begin++;
		tape_trim(t);
	}
	*mark_of(t, t->end) = (struct tape_mark){ seq, c, c->frame->len };
	memcpy(c->frame->bytes + c->frame->len, bytes->bytes, bytes->len);
	c->frame->len += bytes->len;
	c->last_ordinal = t->end++;
	c->last_seq = seq;
}

uint64_t
tape_seek(const struct tape *t, uint64_t seq)
{
	uint64_t lo = t->begin, hi = t->end;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (mark_of(t, mid)->seq <= seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - 1;
}

uint64_t
tape_recent(const struct tape *t, unsigned n)
{
	return (t->end - t->begin > n ? t->end - n : t->begin) - 1;
}

uint64_t
tape_seq(const struct tape *t, uint64_t at, uint64_t caught_up)
{
	uint64_t next = at + 1 > t->begin ? at + 1 : t->begin;

	return next < t->end ? mark_of(t, next)->seq - 1 : caught_up;
}

int
tape_next(struct tape *t, uint64_t *at, uint64_t *seq, struct piece *out, uint64_t *missed)
{
	const struct tape_mark *m;

	*missed = 0;
	if (*at + 1 < t->cleared)
		*at = t->cleared - 1;
	if (*at + 1 < t->begin) {
		*missed = t->begin - *at - 1;
		*at = t->begin - 1;
		return 0;
	}
	if (*at + 1 >= t->end)
		return 0;
	m = mark_of(t, *at + 1);
	*out = (struct piece){ frame_ref(m->chunk->frame), m->at, m->chunk->frame->len, .last = m->chunk->last_ordinal + 1 == t->end };
	*at = m->chunk->last_ordinal;
	*seq = m->chunk->last_seq;
	return 1;
}
