/*
 * The MCP server, as the pages ask after it.  This archon has none, and says so:
 * it is stopped, has no tools and cannot be started.  What it has are the logs.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "shared/json_text.h"
#include "shared/ring.h"

#include "api/api.h"
#include "api/routes.h"

enum { STATUS_LINES = 10 };

static void
line_put(struct text *t, const struct ring_entry *e)	/* "[INFO] text" */
{
	char line[RING_MESSAGE_BYTES + 16];
	int n = snprintf(line, sizeof line, "[%s] ", ring_level_word((enum ring_level)e->level));

	memcpy(line + n, e->message, e->message_len);
	json_string(t, line, (size_t)n + e->message_len);
}

int
mcp_status(const struct request *rq, struct reply *out)
{
	const struct table *t = api_table_get(rq);
	struct ring_entry e;

	if (t == NULL) {
		api_table_put(rq);
		return api_table_down(out);
	}
	json_open(&out->body, '{');
	json_kstr(&out->body, "status", "stopped");
	json_kstr(&out->body, "uptime", NULL);
	json_key(&out->body, "logs");
	json_open(&out->body, '[');
	for (uint64_t last = ring_last(t), at = last - STATUS_LINES + 1; at <= last; at++)
		if (ring_read(t, at, &e) == 0)
			line_put(&out->body, &e);
	json_close(&out->body, ']');
	json_close(&out->body, '}');
	api_table_put(rq);
	return 200;
}

static int
no_server(struct reply *out)
{
	return reply_error(out, 501, "no_mcp_server", NULL,
	    "This archon has no MCP server to start; the HTTP API under /api does what its tools would do");
}

int
mcp_start(const struct request *rq, struct reply *out)
{
	(void)rq;
	return no_server(out);
}

int
mcp_stop(const struct request *rq, struct reply *out)
{
	(void)rq;
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "status", "stopped");
	json_kstr(&out->body, "message", "MCP server is already stopped");
	json_close(&out->body, '}');
	return 200;
}

int
mcp_config(const struct request *rq, struct reply *out)
{
	(void)rq;
	return no_server(out);
}

int
mcp_tools(const struct request *rq, struct reply *out)
{
	(void)rq;
	json_open(&out->body, '{');
	json_key(&out->body, "tools");
	json_open(&out->body, '[');
	json_close(&out->body, ']');
	json_kint(&out->body, "count", 0);
	json_close(&out->body, '}');
	return 200;
}
