#include "config.h"

#include "relay/audience.h"

#include <assert.h>
#include <stddef.h>

void
audience_join(struct audience *a, struct subscriber *s)
{
	assert(s->audience == NULL);
	*s = (struct subscriber){ .audience = a, .next = a->first };
	if (s->next != NULL)
		s->next->prev = s;
	a->first = s;
}

void
audience_leave(struct subscriber *s)
{
	if (s->audience == NULL)
		return;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		s->audience->first = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	*s = (struct subscriber){ 0 };
}

void
audience_kick(struct audience *a, kick_f *kick)
{
	struct subscriber *next;

	for (struct subscriber *s = a->first; s != NULL; s = next) {
		next = s->next;		/* s may leave when its socket is dead */
		kick(s);
	}
}
