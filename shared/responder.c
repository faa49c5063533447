#include "config.h"

#include "shared/responder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "shared/fcgi_serve.h"
#include "shared/log.h"

_Static_assert((int)METER_ROUTES >= (int)RESPONDER_ROUTES_MAX, "a meter for each route");

struct process {
	const struct responder *r;
	struct service	service;
	const char     *socket_path;
	bool		ready;
};

static void *
thread_ctx(void *arg, struct err *e)
{
	return service_thread_new(&((struct process *)arg)->service, e);
}

static void
thread_ctx_free(void *ctx)
{
	service_thread_free(ctx);
}

static int
tick(void *arg)
{
	struct process *pr = arg;

	if (!pr->ready) {
		pr->ready = true;
		log_event(LOG_NOTICE, "ready socket=%s", pr->socket_path);
		daemon_notify("READY=1\nSTATUS=serving");
	} else {
		service_tick(&pr->service);
	}
	daemon_reload();
	if (pr->r->tick != NULL)
		pr->r->tick(&pr->service);
	if (daemon_watchdog_ms() > 0)
		daemon_notify("WATCHDOG=1");
	return 0;
}

static int
exit_status(int rc)
{
	switch (rc) {
	case 0:
		return 0;
	case -ESTALE:			/* the store of a newer archon: only a human can help */
		return EX_CONFIG;
	case -ENOSPC:
	case -EBUSY:
		return EX_TEMPFAIL;
	default:
		return EX_OSERR;
	}
}

static void
observe(const struct routes *rs, const struct route *r, int status, int64_t took_ns)
{
	struct process *pr = rs->observe_arg;

	meters_request(pr->service.meters, pr->r->meter, rs, r, status, took_ns);
}

static int
serve(struct process *pr, const struct conf *conf, const sigset_t *stop, struct err *e)
{
	struct route tbl[RESPONDER_ROUTES_MAX];
	struct routes routes = pr->r->routes(tbl, conf);
	struct fcgi_server srv = {
		.routes = &routes, .n_threads = pr->r->n_threads(conf), .thread_ctx = thread_ctx,
		.thread_ctx_free = thread_ctx_free, .tick = tick, .arg = pr,
	};
	int rc;

	if ((rc = service_open(&pr->service, conf, e)) < 0)
		return rc;
	routes.observe = observe;
	routes.observe_arg = pr;
	meters_serving(pr->service.meters, pr->r->meter, &routes);
	rc = srv.listen_fd = daemon_listen(pr->socket_path, e);
	if (rc >= 0) {
		rc = fcgi_serve(&srv, stop, e);
		daemon_notify("STOPPING=1");
		daemon_unlisten(pr->socket_path, srv.listen_fd);
	}
	service_close(&pr->service);
	return rc;
}

/* The program's own option, --list-routes, in front of daemon_options(), which knows no responder. */
static bool
lists_routes(const struct responder *r, int argc, char **argv)
{
	struct route tbl[RESPONDER_ROUTES_MAX];
	struct routes rs;

	if (argc != 2 || strcmp(argv[1], "--list-routes") != 0)
		return false;
	rs = r->routes(tbl, NULL);
	route_list(&rs);
	return true;
}

int
responder_main(const struct responder *r, int argc, char **argv)
{
	const struct daemon_about about = {
		.program = r->program, .what = r->what, .options = "  --list-routes      print what is answered (alone)\n",
	};
	char path[CONF_TEXT_BYTES + 16];
	struct daemon_options opt;
	struct process pr = { .r = r };
	struct conf conf;
	sigset_t all, stop;
	struct err e;
	int rc;

	if (lists_routes(r, argc, argv))
		return 0;
	if ((rc = daemon_options(argc, argv, &about, &opt, &conf)) >= 0)
		return rc;
	daemon_signals(&all);			/* HUP: daemon_reload(); USR1 and USR2 mean nothing here */
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigaddset(&stop, SIGINT);
	(void)daemon_raise_nofile();		/* fewer connections then: accepting pauses */
	(void)snprintf(path, sizeof path, "%s/%s", conf.run_dir, r->socket_name);
	pr.socket_path = opt.socket_path != NULL ? opt.socket_path : path;
	if ((rc = serve(&pr, &conf, &stop, &e)) != 0)
		log_event(LOG_ERR, "giving up why=\"%s\"", e.text);
	return exit_status(rc);
}
