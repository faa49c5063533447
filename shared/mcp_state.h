/*
 * mcp_state - the MCP server as the table knows it: is there one, since when,
 * and shall it answer?
 *
 * Whether its program lives is an OFD lock on a byte of the table's lock file, dropped by the
 * kernel with the process.  The switch is a word that stays as it was put while
 * the table lives, over restarts of any program; a new table says on.
 */
#ifndef MCP_STATE_H
#define MCP_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/table.h"

/* By the server, once a second: claim the place unless we hold it.  0, -EAGAIN another process has it, -errno. */
int mcp_join(struct table *t);

bool mcp_is_alive(const struct table *t);	/* a process, ours included, has joined */
bool mcp_is_on(const struct table *t);

/* Put the switch; returns how it was. */
bool mcp_switch(struct table *t, bool on);

/* Milliseconds since it began to serve: joined, or switched on, whichever came last.  -1: it does not. */
int64_t mcp_uptime_ms(const struct table *t);

#endif
