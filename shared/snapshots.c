#include "config.h"

#include "shared/snapshots.h"

#include <string.h>

#include "shared/message.h"

static bool
snapshot_render(struct snapshot *s, const struct table *t, const char *id)
{
	struct crawl_progress p;

	/* As progress_row_read() has it: the same even number before and after is one state. */
	if ((s->changecount & 1) != 0 || table_read(t, s->row, &p) != 0 || table_changecount(t, s->row) != s->changecount ||
	    strcmp(p.id, id) != 0)
		return false;
	text_clear(&s->body);
	message_snapshot(&s->body, &p);
	if (s->body.failed)
		return false;
	reply_etag(s->etag, s->body.p, s->body.len);
	s->is_terminal = crawl_phase_is_terminal((enum crawl_phase)p.phase);
	FIELD_SET(s->id, p.id);
	return true;
}

const struct snapshot *
snapshots_get(struct snapshots *all, const struct table *t, unsigned epoch, const char *id)
{
	int row = table_find(t, id);
	struct snapshot *s;
	uint32_t changecount;

	if (row < 0)
		return NULL;
	s = &all->kept[row % SNAPSHOTS_KEPT];
	changecount = table_changecount(t, (unsigned)row);
	if (s->row == (unsigned)row && s->epoch == epoch && s->changecount == changecount && strcmp(s->id, id) == 0)
		return s;
	s->id[0] = '\0';
	s->row = (unsigned)row;
	s->epoch = epoch;
	s->changecount = changecount;
	return snapshot_render(s, t, id) ? s : NULL;
}

void
snapshots_fini(struct snapshots *all)
{
	for (unsigned i = 0; i < SNAPSHOTS_KEPT; i++) {
		text_fini(&all->kept[i].body);
		all->kept[i].id[0] = '\0';
	}
}
