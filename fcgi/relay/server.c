#include "config.h"

#include "relay/server.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/conn.h"
#include "shared/log.h"

enum {
	ACCEPTS_A_TURN = 64,
	PAUSE_MS = 1000,
	FD_RESERVE = 64,	/* log, table, epoll, and clients being refused */
	OVER_MAX = 256,		/* connections beyond max_clients that are still told 503 */
	STOP_STEP_MS = 20,
	N_OWN_TIMERS = 32,	/* of the server and the relay around it */
	JSON_DEPTH = 8,		/* of a client's message worth looking at */
};

#define PAUSE_TOLD_NS 60000000000	/* a repeated pause is told once a minute */

static const char pong_text[] = "{\"type\":\"pong\"}", event_beat_text[] = ": ping\n\n";

/* Exclusive: of the workers that share the socket one wakes up, not all. */
static bool
server_arm(struct server *sv, bool on)
{
	return loop_watch(sv->loop, &sv->listener, on ? EPOLLIN | EPOLLEXCLUSIVE : 0) == 0;
}

static void
server_resume(struct timer *t, int64_t now_ns)
{
	struct server *sv = OWNER_OF(t, struct server, resume);

	(void)now_ns;
	if (sv->stopping == 0 && !server_arm(sv, true))
		timer_set(&sv->loop->timers, &sv->resume, sv->loop->now_ns + PAUSE_MS * 1000000LL);
}

static void
server_pause(struct server *sv, int why)
{
	sv->counts.pauses++;
	if (sv->pause_told_ns == 0 || sv->loop->now_ns - sv->pause_told_ns > PAUSE_TOLD_NS) {
		log_event(LOG_WARNING, "accept paused ms=%d clients=%u pauses=%llu why=\"%s\"", PAUSE_MS,
		    sv->n_clients, (unsigned long long)sv->counts.pauses, strerror(why));
		sv->pause_told_ns = sv->loop->now_ns;
	}
	(void)server_arm(sv, false);
	timer_set(&sv->loop->timers, &sv->resume, sv->loop->now_ns + PAUSE_MS * 1000000LL);
}

int
server_adopt(struct server *sv, int fd)
{
	struct conn *c;
	int rc;

	sv->counts.accepted++;
	if (sv->n_conns >= sv->max_clients + OVER_MAX) {
		sv->counts.refused++;
		close(fd);
		return -ENOSPC;
	}
	if ((rc = conn_new(sv, fd, &c)) == 0)
		conn_begin(c);
	return rc;
}

static void
listener_ready(struct watch *w, uint32_t events)
{
	struct server *sv = OWNER_OF(w, struct server, listener);

	(void)events;
	for (unsigned i = 0; i < sv->accepts_a_turn; i++) {
		int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd != -1) {
			if (server_adopt(sv, fd) == -ENOMEM) {
				server_pause(sv, ENOMEM);
				return;
			}
			continue;
		}
		if (errno == EAGAIN)
			return;
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			server_pause(sv, errno);
			return;
		}
		/* what remains is this one client's trouble: accept(2), ERRORS */
	}
}

static bool
server_frames(struct server *sv)
{
	bool ok = true;

	sv->ping = frame_ws(WS_PING, NULL, 0);
	sv->pong = frame_ws(WS_TEXT, pong_text, sizeof pong_text - 1);
	sv->event_beat = frame_raw(event_beat_text, sizeof event_beat_text - 1);
	for (unsigned i = 0; i < sv->n_streams; i++) {
		const struct stream *st = sv->streams[i];

		sv->beat[st->kind] = frame_ws(WS_TEXT, st->beat, strlen(st->beat));
		ok = ok && sv->beat[st->kind] != NULL;
	}
	return ok && sv->ping != NULL && sv->pong != NULL && sv->event_beat != NULL;
}

static timer_f server_stop_some;

int
server_init(struct server *sv, struct loop *lp, const struct conf *conf,
    const struct stream *const *streams, unsigned n_streams, void *owner, unsigned long nofile)
{
	uint64_t most = nofile > 2 * FD_RESERVE ? nofile - FD_RESERVE : nofile / 2;

	*sv = (struct server){
		.loop = lp, .conf = conf, .streams = streams, .n_streams = n_streams, .owner = owner,
		.listener = { .fd = -1, .ready = listener_ready },
		.resume = { .fire = server_resume },
		.stop = { .fire = server_stop_some },
		.grants = { .ends.fire = grants_due, .again.fire = grants_again },
		.accepts_a_turn = ACCEPTS_A_TURN,
		.behind_proxy = true,
		.max_clients = (uint32_t)((uint64_t)conf->max_clients < most ? (uint64_t)conf->max_clients : most),
	};
	if (getrandom(&sv->addresses.seed, sizeof sv->addresses.seed, GRND_NONBLOCK) == -1)
		sv->addresses.seed = (uint64_t)lp->now_ns;	/* early at boot: nobody knows it either */
	if (sv->max_clients < (uint64_t)conf->max_clients)
		log_event(LOG_WARNING, "max_clients lowered to=%u wanted=%lld why=open-file-limit",
		    sv->max_clients, (long long)conf->max_clients);
	sv->json = json_tokener_new_ex(JSON_DEPTH);
	if (!server_frames(sv) || sv->json == NULL)
		return -ENOMEM;
	return timers_add(&lp->timers, N_OWN_TIMERS);
}

void
server_fini(struct server *sv)
{
	if (sv->loop == NULL)
		return;
	while (sv->conns != NULL)
		conn_kill(sv->conns, "shutdown");
	timer_stop(&sv->loop->timers, &sv->resume);
	timer_stop(&sv->loop->timers, &sv->stop);
	if (sv->listener.fd != -1)
		(void)server_arm(sv, false);
	frame_unref(sv->ping);
	frame_unref(sv->pong);
	frame_unref(sv->event_beat);
	for (unsigned k = 0; k < N_STREAM_KINDS; k++)
		frame_unref(sv->beat[k]);
	addresses_fini(&sv->addresses);
	grants_fini(sv);
	if (sv->json != NULL)
		json_tokener_free(sv->json);
	*sv = (struct server){ .listener.fd = -1 };
}

int
server_listen(struct server *sv, int fd)
{
	sv->listener.fd = fd;
	return server_arm(sv, true) ? 0 : -EBADF;
}

static void
server_tell(struct server *sv, struct conn *c)		/* may kill c, and no other */
{
	if (c->state == CONN_HANDSHAKE)
		conn_refuse(c, 503, "stopping", "The server is stopping: try again.");
	else
		conn_close(c, sv->stopping, sv->stop_reason);
	conn_kick(c);
}

static void
server_stop_some(struct timer *t, int64_t now_ns)
{
	struct server *sv = OWNER_OF(t, struct server, stop);
	int64_t left_ns = sv->stop_end_ns - now_ns, step_ns = STOP_STEP_MS * 1000000LL;
	uint64_t n = 0, due;
	struct conn *next;

	for (struct conn *c = sv->conns; c != NULL; c = c->next)
		n += c->state == CONN_OPEN || c->state == CONN_HANDSHAKE;
	due = left_ns > step_ns ? n / (uint64_t)(left_ns / step_ns) + 1 : n;
	for (struct conn *c = sv->conns; c != NULL && due > 0; c = next) {
		next = c->next;
		if (c->state != CONN_OPEN && c->state != CONN_HANDSHAKE)
			continue;
		server_tell(sv, c);
		due--;
	}
	if (n > 0)
		timer_set(&sv->loop->timers, t, now_ns + step_ns);
}

void
server_stop(struct server *sv, unsigned code, const char *reason, int64_t drain_ms)
{
	sv->stopping = code;
	sv->stop_reason = reason;
	sv->stop_end_ns = sv->loop->now_ns + drain_ms * 1000000;
	timer_stop(&sv->loop->timers, &sv->resume);
	if (sv->listener.fd != -1)
		(void)server_arm(sv, false);
	server_stop_some(&sv->stop, sv->loop->now_ns);
}

void
server_dump(const struct server *sv)
{
	log_event(LOG_NOTICE, "dump clients=%u conns=%u accepted=%llu opened=%llu refused=%llu messages_in=%llu "
	    "messages_out=%llu writes=%llu bytes_out=%llu slow_closes=%llu pong_closes=%llu broken_closes=%llu pauses=%llu",
	    sv->n_clients, sv->n_conns, (unsigned long long)sv->counts.accepted, (unsigned long long)sv->counts.opened,
	    (unsigned long long)sv->counts.refused, (unsigned long long)sv->counts.messages_in,
	    (unsigned long long)sv->counts.messages_out, (unsigned long long)sv->counts.writes, (unsigned long long)sv->counts.bytes_out,
	    (unsigned long long)sv->counts.slow_closes, (unsigned long long)sv->counts.pong_closes,
	    (unsigned long long)sv->counts.broken_closes, (unsigned long long)sv->counts.pauses);
	for (unsigned i = 0; i < sv->n_streams; i++) {
		const uint32_t *n = sv->clients[sv->streams[i]->kind];

		log_event(LOG_NOTICE, "dump stream=%s ws=%u sse=%u poll=%u", sv->streams[i]->name, n[BY_WS], n[BY_SSE], n[BY_POLL]);
	}
	for (const struct conn *c = sv->conns; c != NULL; c = c->next)
		log_event(LOG_NOTICE, "dump conn=%llu state=%s stream=%s wire=%u at=%llu out_bytes=%u held_bytes=%zu in=%d",
		    (unsigned long long)c->number, conn_state_name(c), c->stream != NULL ? c->stream->name : "-", c->wire,
		    (unsigned long long)c->sub.at, c->out != NULL ? c->out_end - c->out_at : 0,
		    c->held != NULL ? c->held->len : 0, c->in != NULL);
}
