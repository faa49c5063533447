/*
 * archon-api - FastCGI responder behind nginx: starts and shows crawls, lists
 * what is known, searches it.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "shared/conf.h"
#include "shared/daemon.h"
#include "shared/fcgi_serve.h"
#include "shared/log.h"

#include "api/api.h"

static int
option(int argc, char **argv, int *i, struct err *e)
{
	struct route tbl[API_N_ROUTES];
	struct routes rs = api_routes(tbl, 0);

	(void)argc;
	(void)e;
	if (strcmp(argv[*i], "--list-routes") != 0)
		return -ENOENT;
	route_list(&rs);
	return 1;
}

static const struct daemon_about about = {
	.program = "archon-api",
	.what = "FastCGI responder: crawls, their progress, knowledge items, search, health.",
	.options = "  --list-routes      print what is answered\n",
	.option = option,
};

struct process {
	struct api  api;
	const char *socket_path;
	bool	    ready;
};

static void *
thread_ctx(void *arg, struct err *e)
{
	return api_thread_new(&((struct process *)arg)->api, e);
}

static void
thread_ctx_free(void *ctx)
{
	api_thread_free(ctx);
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
		api_tick(&pr->api);
	}
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

static int
serve(struct process *pr, const struct conf *conf, const sigset_t *stop, struct err *e)
{
	struct route tbl[API_N_ROUTES];
	const struct routes routes = api_routes(tbl, (size_t)conf->body_max_bytes);
	struct fcgi_server srv = {
		.routes = &routes, .n_threads = (unsigned)conf->api_threads, .thread_ctx = thread_ctx,
		.thread_ctx_free = thread_ctx_free, .tick = tick, .arg = pr,
	};
	int rc;

	if ((rc = api_open(&pr->api, conf, e)) < 0)
		return rc;
	rc = srv.listen_fd = daemon_listen(pr->socket_path, e);
	if (rc >= 0) {
		rc = fcgi_serve(&srv, stop, e);
		daemon_notify("STOPPING=1");
		daemon_unlisten(pr->socket_path, srv.listen_fd);
	}
	api_close(&pr->api);
	return rc;
}

int
main(int argc, char **argv)
{
	char path[CONF_TEXT_BYTES + 16];
	struct daemon_options opt;
	struct process pr = { .ready = false };
	struct conf conf;
	sigset_t all, stop;
	struct err e;
	int rc;

	if ((rc = daemon_options(argc, argv, &about, &opt, &conf)) >= 0)
		return rc;
	daemon_signals(&all);			/* HUP, USR1 and USR2 mean nothing here */
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigaddset(&stop, SIGINT);
	(void)daemon_raise_nofile();		/* fewer connections then: accepting pauses */
	(void)snprintf(path, sizeof path, "%s/api.sock", conf.run_dir);
	pr.socket_path = opt.socket_path != NULL ? opt.socket_path : path;
	if ((rc = serve(&pr, &conf, &stop, &e)) != 0)
		log_event(LOG_ERR, "giving up why=\"%s\"", e.text);
	return exit_status(rc);
}
