/*
 * archon-mcp - FastCGI responder behind nginx: the knowledge base for AI agents,
 * by the Model Context Protocol.
 */
#include "config.h"

#include <errno.h>

#include "shared/log.h"
#include "shared/mcp_state.h"
#include "shared/responder.h"

#include "mcp/mcp.h"

static unsigned
n_threads(const struct conf *conf)
{
	(void)conf;
	return MCP_THREADS;
}

static void
tick(struct service *s)
{
	int rc = s->table != NULL ? mcp_join(s->table) : 0;

	if (rc < 0 && rc != -EAGAIN)	/* another one serves too: it is the one that counts */
		log_event(LOG_ERR, "not seen as alive errno=%d", -rc);
}

static const struct responder responder = {
	.program = "archon-mcp",
	.what = "FastCGI responder: the knowledge base for AI agents (Model Context Protocol).",
	.socket_name = "mcp.sock",
	.routes = mcp_routes,
	.meter = METER_MCP,
	.n_threads = n_threads,
	.tick = tick,
};

int
main(int argc, char **argv)
{
	return responder_main(&responder, argc, argv);
}
