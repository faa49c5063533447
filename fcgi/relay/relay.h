/*
 * relay - the whole program but its command line: a server of streams, the
 * topics they show, and the table the topics come from, around one loop.
 */
#ifndef RELAY_H
#define RELAY_H

#include <signal.h>
#include <stdbool.h>

#include "relay/conn.h"
#include "relay/follow.h"
#include "relay/items.h"
#include "relay/live.h"
#include "relay/logs.h"
#include "relay/loop.h"
#include "relay/server.h"
#include "relay/topic.h"
#include "shared/conf.h"
#include "shared/err.h"

enum {
	RELAY_GRACE_MS = 3000,		/* after the last good-bye; what is left then is dropped */
	RELAY_STATUS_MS = 1000,
};

struct relay {
	const struct conf *conf;	/* borrowed */
	struct loop   loop;
	struct server server;
	struct topics topics;
	struct live   live;
	struct logs   logs;
	struct items  items;
	struct follow follow;
	struct watch  signals;
	struct timer  status;		/* STATUS= for the supervisor */
	struct timer  watchdog;
	struct timer  drained;
	uint32_t      told_clients;
	bool	      ended;
	bool	      afresh;		/* when everybody has gone, execute our file */
	int	      listen_fd;	/* borrowed */
};

/*
 * Serve what comes through listen_fd (borrowed) until a signal of *stop says to
 * end: TERM and INT mean 1001 to every client, USR2 1012; HUP is upgrade.h.  0,
 * or -errno with e filled when it could not start.  memfd is what a predecessor
 * left, or -1; takes it.  Prepared in place by relay_init(), which
 * tests use to turn the loop themselves; relay_fini() undoes it.
 */
int relay_init(struct relay *r, const struct conf *conf, unsigned long nofile, struct err *e);
int relay_run(struct relay *r, int listen_fd, int memfd, const sigset_t *stop, struct err *e);
void relay_fini(struct relay *r);

static inline struct relay *
relay_of(const struct conn *c)		/* for the streams */
{
	return c->server->owner;
}

#endif
