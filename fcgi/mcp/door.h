/*
 * door - who may come in to the MCP endpoint, and what they take: the Origin,
 * Accept and MCP-Protocol-Version fields of the Streamable HTTP transport.
 */
#ifndef DOOR_H
#define DOOR_H

#include <stdbool.h>

#include "mcp/mcp.h"

/*
 * A page that a browser shows may call when it is ours: its origin is that of
 * public_url, is in allow_origins, or is an address or localhost and the very one
 * that was called.  A name alone is not enough, even the one that was called: whoever
 * owns a name can let it point to us (DNS rebinding).  No Origin: not a browser.
 */
bool door_origin_may(const char *origin, const char *host, const struct conf *conf);

struct door_accept {
	bool json, stream;
};
struct door_accept door_accept(const char *field);	/* "": anything */

#endif
