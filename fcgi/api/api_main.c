/*
 * archon-api - FastCGI responder behind nginx: starts and shows crawls, lists
 * what is known, searches it.
 */
#include "config.h"

#include "shared/responder.h"

#include "api/api.h"


static struct routes
routes(struct route tbl[RESPONDER_ROUTES_MAX], const struct conf *conf)
{
	return api_routes(tbl, conf != NULL ? (size_t)conf->body_max_bytes : 0);
}

static unsigned
n_threads(const struct conf *conf)
{
	return (unsigned)conf->api_threads;
}

static const struct responder responder = {
	.program = "archon-api",
	.what = "FastCGI responder: crawls, their progress, knowledge items, search, health.",
	.socket_name = "api.sock",
	.routes = routes,
	.n_threads = n_threads,
};

int
main(int argc, char **argv)
{
	return responder_main(&responder, argc, argv);
}
