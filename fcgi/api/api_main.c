/*
 * archon-api - FastCGI responder behind nginx: starts and shows crawls, lists
 * what is known, searches it.
 */
#include "config.h"

#include "shared/responder.h"

#include "api/api.h"


static unsigned
n_threads(const struct conf *conf)
{
	return (unsigned)conf->api_threads;
}

static const struct responder responder = {
	.program = "archon-api",
	.what = "FastCGI responder: crawls, their progress, knowledge items, search, health.",
	.socket_name = "api.sock",
	.routes = api_routes,
	.meter = METER_API,
	.n_threads = n_threads,
};

int
main(int argc, char **argv)
{
	return responder_main(&responder, argc, argv);
}
