#include "config.h"

#include "relay/timers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { ARITY = 4 };		/* a node and its children share two cache lines */

void
timers_fini(struct timers *ts)
{
	free(ts->heap);
	*ts = (struct timers){ 0 };
}

int
timers_add(struct timers *ts, uint32_t more)
{
	struct timer_entry *heap;
	uint32_t cap = ts->cap != 0 ? ts->cap : 64, n = ts->n_owners + more;

	if (n <= ts->cap) {
		ts->n_owners = n;
		return 0;
	}
	while (cap < n)
		cap += cap / 2;
	if ((heap = realloc(ts->heap, cap * sizeof *heap)) == NULL)
		return -ENOMEM;
	ts->heap = heap;
	ts->cap = cap;
	ts->n_owners = n;
	return 0;
}

void
timers_drop(struct timers *ts, uint32_t n)
{
	assert(ts->n_owners >= n);
	ts->n_owners -= n;
}

static void
put(struct timers *ts, uint32_t i, struct timer_entry e)
{
	ts->heap[i] = e;
	e.t->at = i + 1;
}

static void
sift_up(struct timers *ts, uint32_t i, struct timer_entry e)
{
	while (i > 0) {
		uint32_t parent = (i - 1) / ARITY;

		if (ts->heap[parent].key_ns <= e.key_ns)
			break;
		put(ts, i, ts->heap[parent]);
		i = parent;
	}
	put(ts, i, e);
}

static void
sift_down(struct timers *ts, uint32_t i, struct timer_entry e)
{
	for (;;) {
		uint32_t first = i * ARITY + 1, least = first;

		if (first >= ts->n)
			break;
		for (uint32_t k = first + 1; k < first + ARITY && k < ts->n; k++)
			if (ts->heap[k].key_ns < ts->heap[least].key_ns)
				least = k;
		if (ts->heap[least].key_ns >= e.key_ns)
			break;
		put(ts, i, ts->heap[least]);
		i = least;
	}
	put(ts, i, e);
}

void
timer_set(struct timers *ts, struct timer *t, int64_t due_ns)
{
	struct timer_entry e = { due_ns, t };

	t->due_ns = due_ns;
	if (t->at == 0) {
		assert(ts->n < ts->cap);
		sift_up(ts, ts->n++, e);
	} else if (due_ns < ts->heap[t->at - 1].key_ns) {
		sift_up(ts, t->at - 1, e);
	}			/* later: timers_run() finds out */
}

void
timer_stop(struct timers *ts, struct timer *t)
{
	uint32_t i = t->at - 1;
	struct timer_entry last;

	if (t->at == 0)
		return;
	assert(ts->heap[i].t == t);
	t->at = 0;
	last = ts->heap[--ts->n];
	if (i == ts->n)
		return;
	if (i > 0 && ts->heap[(i - 1) / ARITY].key_ns > last.key_ns)
		sift_up(ts, i, last);
	else
		sift_down(ts, i, last);
}

void
timers_run(struct timers *ts, int64_t now_ns)
{
	while (ts->n > 0 && ts->heap[0].key_ns <= now_ns) {
		struct timer *t = ts->heap[0].t;

		if (t->due_ns > now_ns) {	/* set later meanwhile */
			sift_down(ts, 0, (struct timer_entry){ t->due_ns, t });
			continue;
		}
		timer_stop(ts, t);
		t->fire(t, now_ns);
	}
}

int64_t
timers_next_ns(const struct timers *ts)
{
	return ts->n > 0 ? ts->heap[0].key_ns : -1;
}
