/*
 * responder - main() of a FastCGI program of ours: options, the table and the
 * store (service.h), a socket, a pool of threads that serve its routes.
 */
#ifndef RESPONDER_H
#define RESPONDER_H

#include "shared/conf.h"
#include "shared/daemon.h"
#include "shared/route.h"
#include "shared/service.h"

enum { RESPONDER_ROUTES_MAX = 96 };

struct responder {
	const char *program, *what;	/* "archon-api", a line for --help */
	const char *socket_name;	/* in run_dir, when --socket names none */
	/* Fill tbl and describe it; conf is NULL for --list-routes. */
	struct routes (*routes)(struct route tbl[RESPONDER_ROUTES_MAX], const struct conf *conf);
	enum meter_program meter;	/* where its requests are counted */
	unsigned (*n_threads)(const struct conf *conf);
	void	 (*tick)(struct service *s);	/* once a second, after service_tick(); may be NULL */
};

int responder_main(const struct responder *r, int argc, char **argv);	/* main()'s status */

#endif
