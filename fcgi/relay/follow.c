#include "config.h"

#include "relay/follow.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>

#include "shared/log.h"
#include "shared/table.h"

enum { NS_PER_MS = 1000000, RETRY_FIRST_MS = 2, RETRY_MAX_MS = 500 };

/* -- rows to topics ---------------------------------------------------------- */

void
follow_topic(struct follow *f, struct topic *t)
{
	int i = f->table != NULL ? table_find(f->table, t->id) : -ENOENT;
	int rc = i >= 0 ? table_read(f->table, (unsigned)i, &f->row) : i;

	if (rc == -EAGAIN)
		topic_torn(t);
	else if (rc == 0 && strcmp(f->row.id, t->id) == 0)
		topic_update(t, &f->row);
	else
		topic_unknown(t);	/* none, or the row changed hands */
}

static void
follow_each(struct topic *t, void *arg)
{
	follow_topic(arg, t);
}

/* Row i changed, or may be of a live crawl nobody has looked at.  False: it is torn. */
static bool
follow_row(struct follow *f, unsigned i)
{
	bool live = false;
	uint64_t hash = table_row_hash(f->table, i, &live);
	struct topic *t;
	int rc;

	live = live && f->all_live;
	if (!live && !topics_has(f->topics, hash))
		return true;		/* nobody follows it: not even copied */
	if ((rc = table_read(f->table, i, &f->row)) < 0)
		return rc != -EAGAIN;	/* its writer is in the middle, or died there */
	live = live && !crawl_phase_is_terminal((enum crawl_phase)f->row.phase);
	t = live ? topics_get(f->topics, f->row.id, strlen(f->row.id)) :
	    topics_find(f->topics, f->row.id, strlen(f->row.id));
	if (t != NULL) {
		topic_update(t, &f->row);
		if (live && topic_has_message(t) && t->shown->change == 0)
			f->topics->changed(f->topics, t);	/* known by its id before */
		topic_release(t);	/* it was new, and there was no memory to show it */
	}
	return true;
}

static void
follow_scan(struct follow *f)		/* after every wake-up, whatever it was for */
{
	unsigned from = 0, news = table_take_news(f->table, f->slot);
	bool torn = false;
	int i;

	if (news != 0)
		f->news(f, news);
	while ((i = table_take_dirty(f->table, f->slot, &from)) >= 0)
		if (!follow_row(f, (unsigned)i)) {
			table_mark_dirty(f->table, f->slot, (unsigned)i);
			torn = true;
		}
	if (!torn) {
		f->retry_ms = RETRY_FIRST_MS;
	} else if (f->retry.at == 0) {
		timer_set(&f->loop->timers, &f->retry, f->loop->now_ns + (int64_t)f->retry_ms * NS_PER_MS);
		f->retry_ms = f->retry_ms < RETRY_MAX_MS / 2 ? f->retry_ms * 2 : RETRY_MAX_MS;
	}
}

static void
follow_all_live(struct follow *f)
{
	if (!f->all_live || f->table == NULL)
		return;
	for (unsigned i = 0; i < table_n_rows(f->table); i++) {
		bool live;

		(void)table_row_hash(f->table, i, &live);
		if (live && !follow_row(f, i))
			table_mark_dirty(f->table, f->slot, i);	/* the next scan tries again */
	}
}

void
follow_live(struct follow *f, bool on)
{
	f->all_live = on;
	follow_all_live(f);
}

static void
follow_retry(struct timer *timer, int64_t now_ns)
{
	struct follow *f = OWNER_OF(timer, struct follow, retry);

	(void)now_ns;
	if (f->table != NULL)
		follow_scan(f);
}

static void
follow_wake(struct watch *w, uint32_t events)
{
	struct follow *f = OWNER_OF(w, struct follow, wake);

	(void)events;
	wake_bridge_begin(&f->bridge);
	follow_scan(f);
	wake_bridge_end(&f->bridge);	/* once a turn: what came meanwhile waits for the sockets' events */
}

/* -- attaching --------------------------------------------------------------- */

static void
follow_say(struct follow *f, enum log_level level, const struct err *e)
{
	if (strcmp(f->said.text, e->text) == 0)
		return;
	f->said = *e;
	log_event(level, "table %s", e->text);
}

static void
follow_detach(struct follow *f)
{
	if (f->table == NULL)
		return;
	(void)loop_watch(f->loop, &f->wake, 0);
	f->wake.fd = -1;
	wake_bridge_stop(&f->bridge);
	timer_stop(&f->loop->timers, &f->retry);
	f->attached(f, NULL);
	table_leave(f->table, TABLE_RELAY, f->slot);
	table_close(f->table);
	f->table = NULL;
}

static void
follow_attach(struct follow *f)
{
	struct err e = { "" };
	int rc, slot;

	if ((rc = table_open_reader(&f->table, f->dir, &e)) < 0) {
		f->table = NULL;
		follow_say(f, rc == -ENOENT ? LOG_INFO : LOG_ERR, &e);
		return;
	}
	if ((slot = table_join(f->table, TABLE_RELAY)) < 0) {
		err_set(&e, slot, "%s: no place for a relay: %s", f->dir, strerror(-slot));
		goto fail;
	}
	f->slot = (unsigned)slot;
	if ((rc = wake_bridge_start(&f->bridge, table_wakeup(f->table, TABLE_RELAY))) < 0) {
		err_set(&e, rc, "the wake-up thread does not start: %s", strerror(-rc));
		goto leave;
	}
	f->wake.fd = f->bridge.efd;
	if ((rc = loop_watch(f->loop, &f->wake, EPOLLIN)) < 0) {
		err_set(&e, rc, "epoll: %s", strerror(-rc));
		goto unbridge;
	}
	f->retry_ms = RETRY_FIRST_MS;
	f->said.text[0] = '\0';
	log_event(LOG_INFO, "table attached dir=%s slot=%u rows=%u topics=%u", f->dir, f->slot,
	    table_n_rows(f->table), f->topics->n);
	topics_each(f->topics, follow_each, f);	/* joined first: what changes from here on is seen */
	follow_all_live(f);
	f->attached(f, f->table);
	return;
unbridge:
	f->wake.fd = -1;
	wake_bridge_stop(&f->bridge);
leave:
	table_leave(f->table, TABLE_RELAY, f->slot);
fail:
	table_close(f->table);
	f->table = NULL;
	follow_say(f, LOG_ERR, &e);
}

static void
follow_tick(struct timer *timer, int64_t now_ns)
{
	struct follow *f = OWNER_OF(timer, struct follow, tick);

	if (f->table != NULL && !table_is_current(f->table)) {
		log_event(LOG_NOTICE, "table replaced dir=%s", f->dir);
		follow_detach(f);
	}
	if (f->table == NULL)
		follow_attach(f);
	timer_set(&f->loop->timers, &f->tick, now_ns + (int64_t)FOLLOW_TICK_MS * NS_PER_MS);
}

void
follow_start(struct follow *f, struct loop *lp, struct topics *ts, const char *dir)
{
	f->loop = lp;
	f->topics = ts;
	f->dir = dir;
	f->all_live = false;
	f->table = NULL;
	f->wake = (struct watch){ .fd = -1, .ready = follow_wake };
	f->tick = (struct timer){ .fire = follow_tick };
	f->retry = (struct timer){ .fire = follow_retry };
	f->said.text[0] = '\0';
	follow_tick(&f->tick, lp->now_ns);
}

void
follow_stop(struct follow *f)
{
	if (f->loop == NULL)
		return;
	timer_stop(&f->loop->timers, &f->tick);
	follow_detach(f);
}
