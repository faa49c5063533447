/*
 * grants - under whose tokens clients came in, and until when these are good.  nginx
 * has asked archon-api before it let a client through; what happens later, the
 * table tells (revoked.h), and the clock.  A client whose grant is over is sent
 * away: it may come back, and is asked for again then.
 *
 * A server has a few: one for each token, and each session of the page, that somebody
 * listens under.  Clients hold them by number; GRANT_NONE is who needed no token.
 */
#ifndef GRANTS_H
#define GRANTS_H

#include <stdint.h>

#include "relay/timers.h"
#include "shared/slice.h"

struct server;
struct table;

enum { GRANT_NONE = 0, GRANTS_MAX = UINT16_MAX };

struct grants {				/* zeros to begin, but for both fire */
	struct grant {
		uint64_t key;		/* of the token's name (revoked.h) */
		int64_t	 until_wall_ms;	/* 0: for ever */
		uint32_t n;		/* clients; 0: a free place */
	} *v;				/* number i is v[i - 1] */
	uint32_t     n, cap;
	const struct table *table;	/* borrowed; NULL: there is none for now */
	uint64_t     generation, seen;	/* of the last one, and how much of it; 0: there was none yet */
	uint64_t     again_from;
	struct timer again;		/* look at what came after again_from once more */
	struct timer ends;		/* the earliest end */
};

void grants_fini(struct server *sv);

/*
 * One more client, also inside a step.  0 with *number for grant_drop(); -ENOMEM; -ENOSPC: GRANTS_MAX
 * are held.
 */
int grant_take(struct server *sv, uint64_t key, int64_t until_wall_ms, uint16_t *number);
void grant_drop(struct server *sv, uint16_t number);

/*
 * A table is there, or NULL: no more.  Another one than the last may lack what was
 * told meanwhile: all who hold a grant are sent to ask again.
 */
void grants_attach(struct server *sv, const struct table *t);

/* Something was told in it: who holds such a grant is sent away.  Not inside a step, as all of these. */
void grants_look(struct server *sv);

timer_f grants_again, grants_due;	/* for fire */

#endif
