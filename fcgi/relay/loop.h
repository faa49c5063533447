/*
 * loop - one epoll, level-triggered, and the deadlines beside it.  A watch is
 * embedded in whatever owns the descriptor.  Nothing is freed while a batch of
 * events is handled, because later events of it may still point there: owners
 * bury themselves and are freed when the turn is over.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>

#include "relay/timers.h"

struct watch;
typedef void watch_f(struct watch *w, uint32_t events);

struct watch {
	int	 fd;			/* -1: nothing is watched */
	uint32_t armed;			/* what epoll holds for fd */
	watch_f	*ready;
};

struct grave {				/* embedded in what is freed later */
	struct grave *next;
	void (*free)(struct grave *g);
};

enum {
	LOOP_EVENTS = 256,		/* a turn */
	LOOP_LAGS = 128,
	LOOP_SCRATCH_BYTES = 24576,	/* held bytes of one client and one recv() behind them */
};

struct loop {
	int	      epfd;
	int64_t	      now_ns;		/* CLOCK_MONOTONIC, read once a turn */
	struct timers timers;
	struct grave *graves;
	uint64_t      turns;
	uint32_t      lag[LOOP_LAGS];	/* turns that took so long, lately: four steps to each doubling of a microsecond */
	uint8_t	      scratch[LOOP_SCRATCH_BYTES];	/* input of the one client being handled */
};

int loop_init(struct loop *lp);			/* 0 or -errno */
void loop_fini(struct loop *lp);		/* buries what waits for it; NULL-safe on zeroes */

int loop_watch(struct loop *lp, struct watch *w, uint32_t events);	/* add or change; 0 or -errno */
void loop_unwatch(struct loop *lp, struct watch *w);	/* closes w->fd and sets it to -1 */

void loop_bury(struct loop *lp, struct grave *g, void (*free_f)(struct grave *g));

/* Wait at most max_ms (-1: for ever), handle one batch and what is due.  Events, or -errno. */
int loop_turn(struct loop *lp, int max_ms);

/* So many of 100 turns took at most this long: what an event may have to wait.  Older turns weigh less with each call. */
uint64_t loop_lag_us(struct loop *lp, unsigned percent);

#define OWNER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#endif
