#include "config.h"

#include "relay/logs.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "shared/message.h"

void
logs_init(struct logs *l, struct loop *lp, kick_f *kick)
{
	*l = (struct logs){ .loop = lp, .kick = kick };
}

static void
logs_free_unused(struct logs *l)
{
	for (unsigned w = 0; w < LOGS_WIRES; w++)
		for (unsigned v = 0; v < RING_N_LEVELS; v++) {
			struct tape *t = l->tape[w][v];

			if (t == NULL || t->audience.first != NULL)
				continue;
			l->tape[w][v] = NULL;
			tape_free(t);
		}
}

static void
logs_sweep(struct grave *g)
{
	struct logs *l = OWNER_OF(g, struct logs, grave);

	l->buried = false;
	logs_free_unused(l);
}

void
logs_fini(struct logs *l)
{
	logs_free_unused(l);		/* all: everybody has left */
	text_fini(&l->scratch);
}

/* -- from the ring to the tapes -------------------------------------------------------- */

static void
each_tape(struct logs *l, void (*f)(struct tape *t, uint64_t n), uint64_t n)
{
	for (unsigned w = 0; w < LOGS_WIRES; w++)
		for (unsigned v = 0; v < RING_N_LEVELS; v++)
			if (l->tape[w][v] != NULL)
				f(l->tape[w][v], n);
}

static struct frame *
entry_frame(struct logs *l, enum wire w)	/* of l->entry, whose JSON is in l->scratch; NULL: no memory */
{
	char id[24];

	(void)snprintf(id, sizeof id, "%" PRIu64, l->entry.seq);
	return l->scratch.failed ? NULL : wire_frame(w, id, l->scratch.p, l->scratch.len);
}

static void
logs_encode(struct logs *l)
{
	text_clear(&l->scratch);
	message_log(&l->scratch, &l->entry);
}

static void
logs_put(struct logs *l)		/* l->entry, on every tape that takes its level */
{
	logs_encode(l);
	for (unsigned w = 0; w < LOGS_WIRES; w++) {
		struct frame *f = NULL;

		for (unsigned v = 0; v <= l->entry.level; v++) {
			if (l->tape[w][v] == NULL)
				continue;
			if (f == NULL)
				f = entry_frame(l, (enum wire)w);
			tape_add(l->tape[w][v], l->entry.seq, f);
		}
		frame_unref(f);
	}
}

static void
logs_skip(struct logs *l, uint64_t first)	/* what is no longer there to read */
{
	uint64_t floor = ring_floor(l->table);

	if (floor != l->floor)
		each_tape(l, tape_clear, floor);
	l->floor = floor;
	if (l->next_seq < floor)
		l->next_seq = floor;	/* cleared, or of another table: nothing is missed */
	if (l->next_seq < first) {
		each_tape(l, tape_miss, first - l->next_seq);
		l->next_seq = first;
	}
	each_tape(l, tape_drop, first);
	l->first = first;
}

static void
logs_kick(struct tape *t, uint64_t kick)
{
	audience_kick(&t->audience, (kick_f *)(uintptr_t)kick);
}

void
logs_feed(struct logs *l)
{
	uint64_t last, from = l->next_seq;
	int rc;

	if (l->table == NULL)
		return;
	last = ring_last(l->table);
	if (last + 1 < l->next_seq) {	/* a clock was set back over a reboot: it begins anew */
		each_tape(l, tape_clear, UINT64_MAX);
		l->next_seq = ring_first(l->table);
	}
	logs_skip(l, ring_first(l->table));
	while (l->next_seq <= last) {
		rc = ring_read(l->table, l->next_seq, &l->entry);
		if (rc == -EAGAIN)
			break;
		if (rc < 0) {		/* overrun while we read */
			uint64_t first = ring_first(l->table);

			logs_skip(l, first > l->next_seq ? first : l->next_seq + 1);
			continue;
		}
		l->next_seq++;
		logs_put(l);
	}
	if (l->next_seq != from)
		each_tape(l, logs_kick, (uint64_t)(uintptr_t)l->kick);
}

void
logs_attach(struct logs *l, struct table *t)
{
	l->table = t;
	if (t == NULL)
		return;
	if (l->next_seq == 0) {		/* the first one: tapes fill themselves when they are made */
		l->next_seq = ring_last(t) + 1;
		l->floor = ring_floor(t);
	}
	logs_feed(l);
}

/* -- who follows ------------------------------------------------------------------------ */

static struct tape *
logs_make(struct logs *l, enum wire w, enum ring_level level)	/* with what the ring has */
{
	struct tape *t = tape_new();
	uint64_t first;

	if (t == NULL || l->table == NULL)
		return t;
	first = ring_first(l->table);
	for (uint64_t seq = first; seq < l->next_seq; seq++) {
		struct frame *f;
		int rc = ring_read(l->table, seq, &l->entry);

		if (rc < 0)
			first = seq + 1;	/* overrun while we read */
		if (rc < 0 || l->entry.level < level)
			continue;
		logs_encode(l);
		f = entry_frame(l, w);
		tape_add(t, seq, f);
		frame_unref(f);
	}
	if (first > l->first)
		logs_skip(l, first);	/* all tapes begin where this one does: gaps are counted from there */
	return t;
}

int
logs_join(struct logs *l, enum wire w, enum ring_level level, struct subscriber *s)
{
	struct tape **t = &l->tape[w][level];

	if (*t == NULL && (*t = logs_make(l, w, level)) == NULL)
		return -ENOMEM;
	audience_join(&(*t)->audience, s);
	return 0;
}

struct tape *
logs_tape(const struct subscriber *s)
{
	return OWNER_OF(s->audience, struct tape, audience);
}

void
logs_leave(struct logs *l, struct subscriber *s)
{
	struct audience *a = s->audience;

	audience_leave(s);
	if (a == NULL || a->first != NULL || l->buried)
		return;
	l->buried = true;
	loop_bury(l->loop, &l->grave, logs_sweep);	/* not now: it may be in the middle of telling them */
}
