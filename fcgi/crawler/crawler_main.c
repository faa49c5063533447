/*
 * archon-crawler - crawls what the store asks for.
 */
#include "config.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "shared/conf.h"
#include "shared/daemon.h"
#include "shared/guard.h"
#include "shared/log.h"
#include "shared/text.h"

#include "crawler/crawler.h"

/*
 * Pages come and go by the thousand, each with a tree of some megabytes: heaps
 * that give every free megabyte back at once spend their time in the kernel.
 */
static void
tune_malloc(void)
{
#ifdef M_ARENA_MAX
	(void)mallopt(M_ARENA_MAX, 4);	/* fails only by staying as it was */
	(void)mallopt(M_TOP_PAD, 1 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 8 << 20);
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

enum { NICE = 5 };

/* Crawls can wait, who searches meanwhile does not: of a busy core they get a quarter.  Before there are threads. */
static void
stand_back(void)
{
	if (getpriority(PRIO_PROCESS, 0) < NICE)
		(void)setpriority(PRIO_PROCESS, 0, NICE);	/* systemd's unit forbids it, and has Nice= */
}

/* Sites are told whom to write to: each %H is this host's name, as in systemd's files. */
static void
fill_in_host(char agent[CONF_TEXT_BYTES])
{
	char host[HOST_NAME_MAX + 1] = "localhost";
	struct text t = { 0 };
	const char *p = agent;

	(void)gethostname(host, sizeof host - 1);
	for (const char *h; (h = strstr(p, "%H")) != NULL; p = h + 2) {
		text_put(&t, p, (size_t)(h - p));
		text_puts(&t, host);
	}
	text_puts(&t, p);
	if (text_str(&t) != NULL)
		(void)snprintf(agent, CONF_TEXT_BYTES, "%s", text_str(&t));
	text_fini(&t);
}

int
main(int argc, char **argv)
{
	static const struct daemon_about about = {
		.program = "archon-crawler",
		.what = "Fetches documentation sites, makes Markdown of them and stores it for search.",
	};
	struct daemon_options opt;
	struct crawler *cr = NULL;
	static struct conf conf;
	static struct guard guard;
	struct signalfd_siginfo si;
	sigset_t stop;
	int fd, rc, status = 0;
	struct err e;

	rc = daemon_options(argc, argv, &about, &opt, &conf);
	if (rc >= 0)
		return rc;
	fill_in_host(conf.user_agent);
	if (guard_init(&guard, conf.allow_private, &e) < 0 || guard_init_ports(&guard, conf.ports, &e) < 0) {
		fprintf(stderr, "%s: %s\n", opt.config_path, e.text);	/* conf.c has looked already */
		return EX_CONFIG;
	}
	tune_malloc();
	stand_back();
	daemon_signals(&stop);		/* before there are threads */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	(void)daemon_raise_nofile();
	if ((fd = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK)) == -1 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		log_event(LOG_ERR, "cannot start why=\"signalfd or libcurl\"");
		return EX_OSERR;
	}
	if ((rc = crawler_new(&cr, &conf, &e)) < 0) {
		log_event(LOG_ERR, "cannot start why=\"%s\"", e.text);
		return rc == -ESTALE ? EX_CONFIG : EX_TEMPFAIL;	/* the store of a newer archon: only a human can help */
	}
	log_event(LOG_NOTICE, "ready html_parser=%s curl=%s", HTML_PARSER, curl_version_info(CURLVERSION_NOW)->version);
	daemon_notify("READY=1\nSTATUS=waiting for crawls");
	if ((rc = crawler_run(cr, fd)) == -ESTALE) {
		log_event(LOG_NOTICE, "table replaced: starting anew");
		status = EX_TEMPFAIL;
	}
	daemon_notify("STOPPING=1");
	crawler_free(cr);
	while (read(fd, &si, sizeof si) > 0)
		continue;
	close(fd);
	curl_global_cleanup();
	log_event(LOG_NOTICE, "stopped");
	return status;
}
