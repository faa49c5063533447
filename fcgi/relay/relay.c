#include "config.h"

#include "relay/relay.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "relay/conn.h"
#include "relay/counters.h"
#include "relay/crawls_stream.h"
#include "relay/handover.h"
#include "relay/items_stream.h"
#include "relay/logs_stream.h"
#include "relay/progress_stream.h"
#include "relay/upgrade.h"
#include "relay/workers.h"
#include "shared/daemon.h"
#include "shared/log.h"
#include "shared/table.h"

enum { NS_PER_MS = 1000000 };

static const struct stream *const streams[] = {
	&progress_stream, &crawls_stream, &logs_stream, &items_stream,
};

static void
relay_refresh(struct topics *ts, struct topic *t)
{
	struct relay *r = OWNER_OF(ts, struct relay, topics);

	if (t->terminal)
		live_drop(&r->live, t);	/* it was kept for those who are slow */
	else
		follow_topic(&r->follow, t);
}

static void
relay_changed(struct topics *ts, struct topic *t)
{
	live_changed(&OWNER_OF(ts, struct relay, topics)->live, t);
}

static void
relay_gone(struct topics *ts, struct topic *t)
{
	live_drop(&OWNER_OF(ts, struct relay, topics)->live, t);
}

static void
relay_attached(struct follow *f, struct table *t)
{
	struct relay *r = OWNER_OF(f, struct relay, follow);

	logs_attach(&r->logs, t);
	items_attach(&r->items, t);
	grants_attach(&r->server, t);
}

static void
relay_news(struct follow *f, unsigned news)
{
	struct relay *r = OWNER_OF(f, struct relay, follow);

	if ((news & TABLE_NEWS_RING) != 0)
		logs_feed(&r->logs);
	if ((news & TABLE_NEWS_CATALOGUE) != 0)
		items_look(&r->items);
	if ((news & TABLE_NEWS_REVOKED) != 0)
		grants_look(&r->server);
}

static void
relay_watch(struct live *l, bool on)
{
	follow_live(&OWNER_OF(l, struct relay, live)->follow, on);
}

/* -- signals ----------------------------------------------------------------- */

static void
relay_drained(struct timer *t, int64_t now_ns)
{
	struct relay *r = OWNER_OF(t, struct relay, drained);

	(void)now_ns;
	log_event(LOG_NOTICE, "stop dropped=%u why=drain-timeout", r->server.n_conns);
	r->ended = true;
}

static void
relay_stop(struct relay *r, const char *signal, unsigned code, const char *reason)
{
	if (r->server.stopping != 0)
		return;
	if (!r->afresh)
		daemon_notify("STOPPING=1");
	log_event(LOG_NOTICE, "stop signal=%s code=%u clients=%u", signal, code, r->server.n_clients);
	server_stop(&r->server, code, reason, r->conf->drain_ms);
	timer_set(&r->loop.timers, &r->drained, r->loop.now_ns + (r->conf->drain_ms + RELAY_GRACE_MS) * NS_PER_MS);
}

static int
relay_upgrade(void *arg)
{
	struct relay *r = arg;

	log_event(LOG_NOTICE, "upgrade clients=%u", r->server.n_conns);
	return upgrade_exec(r, r->listen_fd);
}

static void
relay_afresh(void *arg)
{
	struct relay *r = arg;

	r->afresh = true;
	relay_stop(r, "HUP", 1012, "the server is restarting");
}

static void
signals_ready(struct watch *w, uint32_t events)
{
	struct relay *r = OWNER_OF(w, struct relay, signals);
	struct signalfd_siginfo si;

	(void)events;
	while (read(w->fd, &si, sizeof si) == (ssize_t)sizeof si) {
		switch (si.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			relay_stop(r, si.ssi_signo == SIGTERM ? "TERM" : "INT", 1001, "the server is stopping");
			break;
		case SIGUSR2:
			relay_stop(r, "USR2", 1012, "the server is restarting");
			break;
		case SIGUSR1:
			log_event(LOG_NOTICE, "dump topics=%u published=%llu conflated=%llu attached=%d", r->topics.n,
			    (unsigned long long)r->topics.published, (unsigned long long)r->topics.conflated,
			    r->follow.table != NULL);
			server_dump(&r->server);
			break;
		case SIGHUP:
			if (r->server.stopping == 0)
				upgrade(relay_upgrade, relay_afresh, r);
			break;
		default:
			log_event(LOG_NOTICE, "signal=%u ignored", si.ssi_signo);
			break;
		}
	}
}

/* -- the supervisor ---------------------------------------------------------- */

static void
relay_status(struct timer *t, int64_t now_ns)
{
	struct relay *r = OWNER_OF(t, struct relay, status);

	if (r->told_clients != r->server.n_clients)
		daemon_notify("STATUS=%u clients, %u topics", r->server.n_clients, r->topics.n);
	r->told_clients = r->server.n_clients;
	counters_publish(r);
	workers_beat();
	timer_set(&r->loop.timers, t, now_ns + (int64_t)RELAY_STATUS_MS * NS_PER_MS);
}

static void
relay_watchdog(struct timer *t, int64_t now_ns)
{
	struct relay *r = OWNER_OF(t, struct relay, watchdog);

	daemon_notify("WATCHDOG=1");	/* from the loop itself: it turns, so we live */
	timer_set(&r->loop.timers, t, now_ns + (int64_t)daemon_watchdog_ms() * NS_PER_MS);
}

/* -- life -------------------------------------------------------------------- */

int
relay_init(struct relay *r, const struct conf *conf, unsigned long nofile, struct err *e)
{
	int rc;

	*r = (struct relay){
		.conf = conf, .loop.epfd = -1, .server.listener.fd = -1,
		.signals = { .fd = -1, .ready = signals_ready },
		.status = { .fire = relay_status },
		.watchdog = { .fire = relay_watchdog },
		.drained = { .fire = relay_drained },
	};
	if ((rc = loop_init(&r->loop)) < 0)
		return err_set(e, rc, "epoll: %s", strerror(-rc));
	if ((rc = topics_init(&r->topics, &r->loop, conf->conflate_ms)) < 0 ||
	    (rc = server_init(&r->server, &r->loop, conf, streams, sizeof streams / sizeof streams[0], r, nofile)) < 0)
		return err_set(e, rc, "start: %s", strerror(-rc));
	live_init(&r->live, &r->topics, conf->write_ms);
	r->live.watch = relay_watch;
	r->topics.refresh = relay_refresh;
	r->topics.changed = relay_changed;
	r->topics.gone = relay_gone;
	r->topics.kick = conn_kick_subscriber;
	logs_init(&r->logs, &r->loop, conn_kick_subscriber);
	items_init(&r->items, &r->loop, conn_kick_subscriber);
	r->follow.attached = relay_attached;
	r->follow.news = relay_news;
	follow_start(&r->follow, &r->loop, &r->topics, conf->run_dir);
	return 0;
}

int
relay_run(struct relay *r, int listen_fd, int memfd, const sigset_t *stop, struct err *e)
{
	int rc;

	if ((r->signals.fd = signalfd(-1, stop, SFD_NONBLOCK | SFD_CLOEXEC)) == -1)
		return err_set(e, -errno, "signalfd: %s", strerror(errno));
	if ((rc = loop_watch(&r->loop, &r->signals, EPOLLIN)) < 0 ||
	    (rc = server_listen(&r->server, listen_fd)) < 0)
		return err_set(e, rc, "epoll: %s", strerror(-rc));
	r->listen_fd = listen_fd;
	if (memfd != -1) {
		if (handover_read(r, memfd, e) < 0)
			log_event(LOG_ERR, "%s", e->text);	/* their clients come back by themselves */
		close(memfd);
		r->server.counts.upgrades++;
	}
	relay_status(&r->status, r->loop.now_ns);
	if (daemon_watchdog_ms() > 0)
		relay_watchdog(&r->watchdog, r->loop.now_ns);
	daemon_notify("READY=1\nSTATUS=no clients yet");
	log_event(LOG_NOTICE, "start max_clients=%u attached=%d", r->server.max_clients, r->follow.table != NULL);

	while (!r->ended && !(r->server.stopping != 0 && r->server.n_conns == 0))
		if ((rc = loop_turn(&r->loop, -1)) < 0)
			return err_set(e, rc, "epoll_wait: %s", strerror(-rc));
	if (r->afresh) {
		rc = upgrade_exec_afresh(listen_fd);
		return err_set(e, rc, "upgrade: %s", strerror(-rc));
	}
	return 0;
}

void
relay_fini(struct relay *r)
{
	server_fini(&r->server);
	live_fini(&r->live);
	items_fini(&r->items);
	follow_stop(&r->follow);
	loop_unwatch(&r->loop, &r->signals);
	loop_fini(&r->loop);		/* the last topics are buried there */
	topics_fini(&r->topics);
	logs_fini(&r->logs);
}
