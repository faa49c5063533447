/*
 * stat_live - the part of `stat` beside the rows: the log ring, the catalogue, the
 * MCP server and the relays' counters.
 */
#ifndef STAT_LIVE_H
#define STAT_LIVE_H

#include "shared/table.h"
#include "shared/text.h"

void stat_live_print(const struct table *t);			/* for people */
void stat_live_dump(const struct table *t);			/* every field, a line each */
void stat_live_json(struct text *out, const struct table *t);	/* members of an object that is open */

#endif
