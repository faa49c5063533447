/*
 * audience - all who follow one thing.  A subscriber is embedded in a conn and
 * is a cursor, not a queue: how far it has been given what there is.  What the
 * numbers count is the business of the stream.
 */
#ifndef AUDIENCE_H
#define AUDIENCE_H

#include <stdint.h>

struct subscriber;

struct audience {
	struct subscriber *first;
};

struct subscriber {			/* zero: follows nothing */
	struct audience	  *audience;
	struct subscriber *prev, *next;
	uint64_t	   at;		/* the cursor */
	union {
		uint64_t mark;		/* a second number of the stream's own */
		void	*own;		/* or what it keeps for this client */
	};
};

/* s has something to send.  May end s, and no other. */
typedef void kick_f(struct subscriber *s);

void audience_join(struct audience *a, struct subscriber *s);	/* *s follows nothing */
void audience_leave(struct subscriber *s);			/* following nothing is fine */

/*
 * There is something new.  Nothing is copied or allocated for a subscriber: who
 * can take it is handed the shared bytes, who cannot keeps its cursor.
 */
void audience_kick(struct audience *a, kick_f *kick);

#endif
