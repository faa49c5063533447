#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "relay/handover.h"
#include "relay/relay.h"
#include "relay/upgrade.h"
#include "relay/workers.h"
#include "shared/conf.h"
#include "shared/daemon.h"
#include "shared/log.h"

static long n_workers;			/* 0: as the configuration says */

static int
option(int argc, char **argv, int *i, struct err *e)
{
	const char *arg = argv[*i], *value = *i + 1 < argc ? argv[*i + 1] : "";
	char *end;
	long n = strtol(value, &end, 10);
	bool number = end != value && *end == '\0';

	if (strcmp(arg, "-w") != 0 && strcmp(arg, "--takes") != 0)
		return -ENOENT;
	++*i;
	if (strcmp(arg, "-w") == 0) {
		if (!number || n < 1 || n > WORKERS_MAX)
			return err_set(e, -EINVAL, "-w takes a number from 1 to %d", WORKERS_MAX);
		n_workers = n;
	} else if (!number || n != HANDOVER_VERSION) {
		return err_set(e, -EINVAL, "--takes: clients are taken over in version %d", HANDOVER_VERSION);
	}
	return 0;
}

static bool had_workers;		/* our predecessor was a parent: they are ours now */

static int
listen_on(const struct conf *conf, struct daemon_options *opt, int memfd, struct err *e)
{
	static char path[CONF_TEXT_BYTES + 16];
	struct handover_head head;

	if (opt->socket_path == NULL) {
		(void)snprintf(path, sizeof path, "%s/relay.sock", conf->run_dir);
		opt->socket_path = path;
	}
	bool handed_in;
	int kept = workers_inherited_socket(&handed_in);

	had_workers = kept != -1;
	if (kept != -1)
		return daemon_listen_again(kept, handed_in, e);
	if (memfd != -1 && handover_head(memfd, &head, e) == 0)
		return daemon_listen_again(head.listen_fd, head.handed_in != 0, e);
	return daemon_listen(opt->socket_path, e);
}

struct service {
	const struct conf *conf;
	const sigset_t	  *stop;
	int		   fd, memfd;
};

static int
serve(void *arg)
{
	static struct relay relay;
	const struct service *s = arg;
	struct err e;
	int rc = relay_init(&relay, s->conf, daemon_raise_nofile(), &e);

	if (workers_am_one())
		relay.server.accepts_a_turn = 4;	/* the others want some too */
	if (rc == 0)
		rc = relay_run(&relay, s->fd, s->memfd, s->stop, &e);
	if (rc < 0)
		log_event(LOG_ERR, "stop why=\"%s\"", e.text);
	relay_fini(&relay);
	return rc == 0 ? 0 : EX_OSERR;
}

int
main(int argc, char **argv)
{
	static const struct daemon_about about = {
		.program = "archon-relay",
		.what = "Shows crawls, logs and the catalogue live: WebSocket, event stream, long poll.",
		.options = "  -w N               N processes on the one socket [relay_workers]\n",
		.option = option,
	};
	static struct conf conf;
	struct daemon_options opt;
	sigset_t stop;
	struct err e;
	struct service service;
	bool worker;
	int rc, fd, memfd;

	if ((rc = daemon_options(argc, argv, &about, &opt, &conf)) >= 0)
		return rc;
	daemon_signals(&stop);
	upgrade_init(argv);
	memfd = upgrade_inherited();
	if ((fd = listen_on(&conf, &opt, memfd, &e)) < 0) {
		log_event(LOG_ERR, "listen %s", e.text);
		return EX_OSERR;
	}
	if (n_workers == 0)
		n_workers = (long)conf.workers;
	service = (struct service){ .conf = &conf, .stop = &stop, .fd = fd, .memfd = memfd };
	/* Clients that were handed over are served by this very process: one becomes several only by a restart. */
	if (memfd != -1 && n_workers > 1 && !workers_am_one())
		log_event(LOG_WARNING, "workers=%ld wait for a restart: this process has clients", n_workers);
	if ((worker = workers_am_one()) || memfd != -1 || (n_workers == 1 && !had_workers))
		rc = serve(&service);
	else
		rc = workers_run((unsigned)n_workers, fd, &stop, serve, &service, &worker);
	if (!worker)
		daemon_unlisten(opt.socket_path, fd);
	return rc;
}
