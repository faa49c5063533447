/*
 * server - the listening socket and all who came through it.
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/addresses.h"
#include "relay/grants.h"
#include "relay/frame.h"
#include "relay/loop.h"
#include "relay/stream.h"
#include "relay/wire.h"
#include "shared/conf.h"

struct json_tokener;

enum way { BY_WS, BY_SSE, BY_POLL, N_WAYS };

static inline enum way
way_of(enum wire w)
{
	return wire_is_ws(w) ? BY_WS : w == WIRE_SSE ? BY_SSE : BY_POLL;
}

struct server {
	struct loop	    *loop;	/* borrowed, as all of these */
	const struct conf   *conf;
	const struct stream *const *streams;
	unsigned	     n_streams;
	void		    *owner;	/* for the streams */

	struct watch	     listener;	/* fd: borrowed */
	struct timer	     resume;	/* accept again */
	int64_t		     pause_told_ns;
	unsigned	     accepts_a_turn;	/* few, when others accept too */
	bool		     behind_proxy;	/* X-Real-IP is nginx's word: our socket is a path only it may open */
	unsigned	     stopping;	/* close code everybody is told; 0 while we serve */
	const char	    *stop_reason;
	int64_t		     stop_end_ns;	/* by then everybody has been told */
	struct timer	     stop;	/* tell some more */

	struct conn	    *conns;	/* newest first */
	struct conn	    *running;	/* whose step is on the stack */
	uint32_t	     n_conns;	/* alive, in any state */
	uint32_t	     n_clients;	/* those that count against max_clients */
	uint32_t	     n_elsewhere;	/* clients of other workers */
	uint32_t	     max_clients;	/* as conf says, or as many as there are descriptors for */

	struct frame	    *ping, *pong, *beat[N_STREAM_KINDS], *event_beat;	/* shared by all */
	struct addresses     addresses;
	struct grants	     grants;
	struct json_tokener *json;

	uint32_t	     clients[N_STREAM_KINDS][N_WAYS];	/* now */
	struct server_counts {
		uint64_t last_number, accepted, refused, opened, messages_in, ignored_in, messages_out, writes, bytes_out,
		    slow_closes, pong_closes, broken_closes, pauses, gaps, missed, upgrades;
	} counts;
};

/*
 * nofile: descriptors this process may have open; clients beyond what they allow
 * are refused like those over max_clients.  0 or -errno; server_fini() either way.
 */
int server_init(struct server *sv, struct loop *lp, const struct conf *conf,
    const struct stream *const *streams, unsigned n_streams, void *owner, unsigned long nofile);
void server_fini(struct server *sv);		/* drops who is left */

int server_listen(struct server *sv, int fd);	/* start accepting; fd is borrowed.  0 or -errno */
int server_adopt(struct server *sv, int fd);	/* serve a connected socket (takes); 0 or -errno */

/*
 * Stop accepting and tell everybody good-bye with this close code, spread over
 * drain_ms, so that those who come back do not come all at once.
 */
void server_stop(struct server *sv, unsigned code, const char *reason, int64_t drain_ms);

void server_dump(const struct server *sv);	/* counters and every conn to the log */

#endif
