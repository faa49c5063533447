/*
 * door - what those who come to the MCP endpoint take: the Accept field of the
 * Streamable HTTP transport.  Who may come in is decided by access.h.
 */
#ifndef DOOR_H
#define DOOR_H

#include <stdbool.h>

#include "mcp/mcp.h"

struct door_accept {
	bool json, stream;
};
struct door_accept door_accept(const char *field);	/* "": anything */

#endif
