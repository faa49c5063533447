#include "config.h"

#include "shared/fcgi_serve.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/fcgi_exchange.h"
#include "shared/fcgi_peek.h"
#include "shared/log.h"

enum {
	BATCH = 32,
	TICK_MS = 1000,
	THREADS_MAX = 64,
};

_Static_assert((int)ROUTE_STREAM_MS < (int)FCGI_STUCK_MS, "a stream is not a handler that hangs");

/*
 * Connections live in an array and are told apart by a generation: an event that
 * was taken from epoll before its connection was closed names one that is no more,
 * and is ignored.  All wait in one epoll, edge-triggered: an event for each
 * arrival, nothing to arm again.  Whoever takes a connection from IDLE to BUSY has
 * it alone; what arrives meanwhile leaves AGAIN, and the owner looks once more
 * before it lets go.  A request that has come in part is IDLE too, with a time by
 * which the rest has to be there: each arrival costs a look, never a thread.
 */
enum conn_state { CONN_FREE, CONN_IDLE, CONN_BUSY, CONN_AGAIN, CONN_STATES };

struct conn {
	_Atomic uint32_t state;		/* generation * CONN_STATES + enum conn_state */
	int		 fd;		/* the owner's, as all below */
	uint32_t	 next_free;	/* 1 + index, 0: none; under server.lock */
	_Atomic int64_t	 partial_until_mono_ns;	/* 0: nothing has come in part; others take it as a hint */
};

struct worker {
	struct server	*s;
	pthread_t	 thread;
	bool		 started;
	void		*ctx;
	struct exchange	 x;
	uint8_t		*window;		/* FCGI_PEEK_BYTES */
	_Atomic int64_t	 busy_since_mono_ns;	/* 0: waits */
	pthread_mutex_t	 lock;			/* of the two below: the loop may end a read */
	int		 reading_fd;		/* -1: none */
	int64_t		 read_until_mono_ns;
};

struct server {
	const struct fcgi_server *srv;
	int	  loop_epfd, pool_epfd, signal_fd, stop_efd, done_efd;
	int64_t	  read_ns;
	struct conn *conns;		/* FCGI_CONNS_MAX; memory is taken as they come */
	pthread_mutex_t lock;		/* of the two below */
	uint32_t  free_first;		/* 1 + index, 0: none */
	uint32_t  n_touched;		/* conns[] beyond were never used */
	atomic_uint n_conns;
	struct worker *workers;
	atomic_uint  n_running, n_refused;
	atomic_bool  stopping;
	bool	  accepting;		/* listen_fd is armed */
};

/* -- connections ----------------------------------------------------------- */

#define NO_CONN UINT64_MAX		/* in the pool's epoll: stop_efd */

static int
epoll_set(int epfd, int op, int fd, uint32_t events, epoll_data_t data)
{
	struct epoll_event ev = { .events = events, .data = data };

	return epoll_ctl(epfd, op, fd, &ev) == 0 ? 0 : -errno;
}

static uint32_t
state_of(uint32_t generation, enum conn_state st)
{
	return generation * CONN_STATES + (uint32_t)st;
}

static uint32_t
generation_of(const struct conn *c)	/* of one that is ours */
{
	return atomic_load_explicit(&c->state, memory_order_relaxed) / CONN_STATES;
}

/* By the loop only, when there are fewer than FCGI_CONNS_MAX.  *name: in events. */
static struct conn *
conn_new(struct server *s, int fd, uint64_t *name)
{
	struct conn *c;
	uint32_t i;

	(void)pthread_mutex_lock(&s->lock);
	i = s->free_first != 0 ? s->free_first - 1 : s->n_touched++;
	assert(i < FCGI_CONNS_MAX);	/* n_conns falls after the place is free */
	c = &s->conns[i];
	if (s->free_first != 0)
		s->free_first = c->next_free;
	(void)pthread_mutex_unlock(&s->lock);
	atomic_fetch_add(&s->n_conns, 1);
	c->fd = fd;
	atomic_store_explicit(&c->partial_until_mono_ns, 0, memory_order_relaxed);
	*name = (uint64_t)generation_of(c) << 32 | i;
	/* Release: pairs with conn_take(), which then sees fd. */
	atomic_store_explicit(&c->state, state_of(generation_of(c), CONN_IDLE), memory_order_release);
	return c;
}

/* By its owner: close it, unless fd is -1, and leave the place to another. */
static void
conn_drop(struct server *s, struct conn *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);	/* epoll forgets it */
	c->fd = -1;
	atomic_store_explicit(&c->state, state_of((generation_of(c) + 1) % (UINT32_MAX / CONN_STATES), CONN_FREE),
	    memory_order_release);
	(void)pthread_mutex_lock(&s->lock);
	c->next_free = s->free_first;
	s->free_first = (uint32_t)(c - s->conns) + 1;
	(void)pthread_mutex_unlock(&s->lock);
	atomic_fetch_sub(&s->n_conns, 1);
}

/* An event names it: true when it is ours now. */
static bool
conn_take(struct conn *c, uint32_t generation)
{
	uint32_t idle = state_of(generation, CONN_IDLE), busy = state_of(generation, CONN_BUSY), is;

	/* Acquire: pairs with conn_new() and conn_let_go(). */
	do {
		is = idle;
		if (atomic_compare_exchange_strong_explicit(&c->state, &is, busy, memory_order_acq_rel, memory_order_relaxed))
			return true;
	} while (is == busy && !atomic_compare_exchange_strong_explicit(&c->state, &is,
	    state_of(generation, CONN_AGAIN), memory_order_acq_rel, memory_order_relaxed));
	return false;			/* its owner looks again, or it is no more */
}

/* By its owner: false when something arrived meanwhile, and it is still ours. */
static bool
conn_let_go(struct conn *c)
{
	uint32_t generation = generation_of(c), is = state_of(generation, CONN_BUSY);

	if (atomic_compare_exchange_strong_explicit(&c->state, &is, state_of(generation, CONN_IDLE),
	    memory_order_acq_rel, memory_order_relaxed))
		return true;
	assert(is == state_of(generation, CONN_AGAIN));
	/* Acquire: what made it AGAIN is seen by the look to come. */
	(void)atomic_exchange_explicit(&c->state, state_of(generation, CONN_BUSY), memory_order_acq_rel);
	return false;
}

enum look { LOOK_READY, LOOK_WAIT, LOOK_GONE };

static bool
conn_has_ended(const struct conn *c)	/* the peer sends no more than has come */
{
	struct pollfd p = { .fd = c->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0;
}

/* What waits on the connection?  *more: bytes beyond the request. */
static enum look
conn_look(struct server *s, struct conn *c, uint8_t *window, bool *more)
{
	struct fcgi_shape shape;
	bool ended = false, partial;
	ssize_t n;

	*more = false;
	do {
		do
			n = recv(c->fd, window, FCGI_PEEK_BYTES, MSG_PEEK | MSG_DONTWAIT);
		while (n < 0 && errno == EINTR);
		if (n < 0 && errno == EAGAIN)
			return LOOK_WAIT;
		if (n <= 0)
			return LOOK_GONE;
		if (fcgi_peek(window, (size_t)n, &shape) != 0 || (n == FCGI_PEEK_BYTES && !shape.params_whole)) {
			atomic_fetch_add(&s->n_refused, 1);
			return LOOK_GONE;
		}
		partial = shape.request_bytes == 0 && n < FCGI_PEEK_BYTES;
		if (partial && ended)
			return LOOK_GONE;	/* the rest will never come */
		/* Of a peer that has ended the rest may have come after the look: once more. */
	} while (partial && (ended = conn_has_ended(c)));
	if (partial) {				/* the rest may come, within read_ms of the first look */
		if (atomic_load_explicit(&c->partial_until_mono_ns, memory_order_relaxed) == 0)
			atomic_store_explicit(&c->partial_until_mono_ns, clock_mono_ns() + s->read_ns, memory_order_relaxed);
		return LOOK_WAIT;
	}
	/* A body larger than the window is read as it comes, within read_ms. */
	atomic_store_explicit(&c->partial_until_mono_ns, 0, memory_order_relaxed);
	*more = shape.request_bytes != 0 && shape.request_bytes < (size_t)n;
	return LOOK_READY;
}

/* -- workers --------------------------------------------------------------- */

static void
worker_read_done(void *arg)
{
	struct worker *w = arg;

	(void)pthread_mutex_lock(&w->lock);
	w->reading_fd = -1;
	(void)pthread_mutex_unlock(&w->lock);
}

static void
worker_read_begin(struct worker *w, int fd)
{
	(void)pthread_mutex_lock(&w->lock);
	w->reading_fd = fd;
	w->read_until_mono_ns = clock_mono_ns() + w->s->read_ns;
	(void)pthread_mutex_unlock(&w->lock);
}

static void
worker_read_goes_on(void *arg)
{
	struct worker *w = arg;

	(void)pthread_mutex_lock(&w->lock);
	w->read_until_mono_ns = clock_mono_ns() + w->s->read_ns;
	(void)pthread_mutex_unlock(&w->lock);
}

/* Look, and answer what waits; GONE: the connection is no more. */
static enum look
worker_serve(struct worker *w, struct conn *c)
{
	struct server *s = w->s;
	bool more, keep;
	enum look found = conn_look(s, c, w->window, &more);

	if (found == LOOK_GONE)
		conn_drop(s, c);
	if (found != LOOK_READY)
		return found;
	worker_read_begin(w, c->fd);
	keep = exchange_serve(&w->x, c->fd, s->srv->routes, w->ctx);
	worker_read_done(w);
	if (!keep)
		c->fd = -1;		/* closed by exchange_serve() */
	/*
	 * more: the peer sent its next request without waiting.  A responder does
	 * not multiplex, and libfcgi has perhaps swallowed the start of it.
	 */
	if (keep && !more && !atomic_load(&s->stopping))
		return LOOK_READY;
	conn_drop(s, c);
	return LOOK_GONE;
}

/*
 * An event of the pool's epoll.  unsure: it may tell of more than one request, as
 * that the peer sends no more, and no other will: look until nothing waits.
 */
static void
worker_event(struct worker *w, uint64_t name, bool unsure)
{
	struct conn *c = &w->s->conns[name & UINT32_MAX];
	enum look found;

	if (!conn_take(c, (uint32_t)(name >> 32)))
		return;
	atomic_store(&w->busy_since_mono_ns, clock_mono_ns());
	while ((found = worker_serve(w, c)) != LOOK_GONE) {
		if (found == LOOK_READY && unsure)
			continue;
		if (conn_let_go(c))
			break;
		unsure = true;		/* what came meanwhile may be a request and the end */
	}
	atomic_store(&w->busy_since_mono_ns, 0);
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	struct server *s = w->s;
	const uint64_t one = 1;
	bool last = false;

	while (!last) {
		struct epoll_event ev[BATCH];
		bool stop = atomic_load(&s->stopping);
		int n, served = 0;

		/* One at a time, so that a free thread takes the next; at the end, all that came. */
		n = epoll_wait(s->pool_epfd, ev, stop ? BATCH : 1, stop ? 0 : -1);
		for (int i = 0; i < n; i++)
			if (ev[i].data.u64 != NO_CONN) {
				worker_event(w, ev[i].data.u64, (ev[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
				served++;
			}
		last = stop && served == 0;
	}
	atomic_fetch_sub(&s->n_running, 1);
	(void)!write(s->done_efd, &one, sizeof one);	/* the loop looks once a tick anyhow */
	return NULL;
}

static int
worker_start(struct server *s, struct worker *w, struct err *e)
{
	struct fcgi_server const *srv = s->srv;
	int rc;

	w->s = s;
	w->reading_fd = -1;
	w->x.read_goes_on = worker_read_goes_on;
	w->x.read_done = worker_read_done;
	w->x.arg = w;
	w->x.stop_fd = s->stop_efd;
	(void)pthread_mutex_init(&w->lock, NULL);	/* cannot fail on Linux */
	if ((w->window = malloc(FCGI_PEEK_BYTES)) == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	if (srv->thread_ctx != NULL && (w->ctx = srv->thread_ctx(srv->arg, e)) == NULL)
		return -EIO;
	atomic_fetch_add(&s->n_running, 1);
	if ((rc = pthread_create(&w->thread, NULL, worker_main, w)) != 0) {
		atomic_fetch_sub(&s->n_running, 1);
		return err_set(e, -rc, "cannot start a thread: %s", strerror(rc));
	}
	w->started = true;
	return 0;
}

static void
worker_fini(struct worker *w)
{
	if (w->started)
		(void)pthread_join(w->thread, NULL);
	if (w->ctx != NULL && w->s->srv->thread_ctx_free != NULL)
		w->s->srv->thread_ctx_free(w->ctx);
	exchange_fini(&w->x);
	free(w->window);
	if (w->s != NULL)
		(void)pthread_mutex_destroy(&w->lock);
}

/* End reads that take too long; is any handler hanging? */
static bool
workers_watch(struct server *s, int64_t now_mono_ns)
{
	bool hangs = false;

	for (unsigned i = 0; i < s->srv->n_threads; i++) {
		struct worker *w = &s->workers[i];
		int64_t since = atomic_load(&w->busy_since_mono_ns);

		hangs |= since != 0 && now_mono_ns - since > (int64_t)FCGI_STUCK_MS * 1000000;
		(void)pthread_mutex_lock(&w->lock);
		if (w->reading_fd >= 0 && now_mono_ns > w->read_until_mono_ns) {
			/*
			 * Its read returns and it closes.  Should libfcgi have closed
			 * just now, this meets nobody, or cuts a newcomer that tries again.
			 */
			(void)shutdown(w->reading_fd, SHUT_RDWR);
			w->reading_fd = -1;
			atomic_fetch_add(&s->n_refused, 1);
		}
		(void)pthread_mutex_unlock(&w->lock);
	}
	return hangs;
}

/* -- the loop -------------------------------------------------------------- */

static void
accept_arm(struct server *s, bool on)
{
	if (on == s->accepting)
		return;
	s->accepting = on;		/* MOD of what was added cannot fail */
	(void)epoll_set(s->loop_epfd, EPOLL_CTL_MOD, s->srv->listen_fd, on ? EPOLLIN : 0, (epoll_data_t){ .ptr = NULL });
}

static void
accept_conns(struct server *s)
{
	struct timeval wait = { .tv_sec = s->read_ns / 1000000000, .tv_usec = s->read_ns / 1000 % 1000000 };

	for (int i = 0; i < BATCH; i++) {
		struct conn *c;
		uint64_t name;
		int fd;

		if (atomic_load(&s->n_conns) >= FCGI_CONNS_MAX) {	/* grows here only */
			accept_arm(s, false);
			return;
		}
		if ((fd = accept4(s->srv->listen_fd, NULL, NULL, SOCK_CLOEXEC)) < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
				log_event(LOG_WARNING, "accepting pauses why=%s", strerror(errno));
				accept_arm(s, false);	/* until the next tick; what is open goes on */
			}
			return;		/* EAGAIN, or a peer that left: epoll tells again */
		}
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
		c = conn_new(s, fd, &name);
		if (epoll_set(s->pool_epfd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, (epoll_data_t){ .u64 = name }) != 0)
			conn_drop(s, c);	/* no event can be about it */
	}
}

/* Close what has been incomplete for too long. */
static void
partial_sweep(struct server *s, int64_t now_mono_ns)
{
	uint32_t n;

	(void)pthread_mutex_lock(&s->lock);
	n = s->n_touched;
	(void)pthread_mutex_unlock(&s->lock);
	for (uint32_t i = 0; i < n; i++) {
		struct conn *c = &s->conns[i];
		int64_t until = atomic_load_explicit(&c->partial_until_mono_ns, memory_order_relaxed);

		if (until == 0 || now_mono_ns <= until || !conn_take(c, generation_of(c)))
			continue;
		until = atomic_load_explicit(&c->partial_until_mono_ns, memory_order_relaxed);
		if (until != 0 && now_mono_ns > until) {
			atomic_fetch_add(&s->n_refused, 1);
			conn_drop(s, c);
		} else if (!conn_let_go(c)) {
			conn_drop(s, c);	/* more came just now, of a peer on the brink: it asks anew */
		}
	}
}

static void
loop_log(struct server *s)
{
	unsigned n = atomic_exchange(&s->n_refused, 0);

	if (n > 0)
		log_event(LOG_WARNING, "connections closed n=%u why=no-request", n);
}

/* One turn; 1: a stop signal came. */
static int
loop_turn(struct server *s, int timeout_ms)
{
	struct epoll_event ev[BATCH];
	int n = epoll_wait(s->loop_epfd, ev, BATCH, timeout_ms), stop = 0;

	for (int i = 0; i < n; i++) {
		struct signalfd_siginfo si;
		void *p = ev[i].data.ptr;

		if (p == NULL)
			accept_conns(s);
		else if (p == &s->signal_fd)
			stop = read(s->signal_fd, &si, sizeof si) == (ssize_t)sizeof si || stop;
	}
	return stop;
}

static int
loop_run(struct server *s)
{
	int64_t next_mono_ns = clock_mono_ns();
	int rc;

	for (;;) {
		int64_t now_mono_ns = clock_mono_ns();

		if (now_mono_ns >= next_mono_ns) {
			bool hangs = workers_watch(s, now_mono_ns);

			partial_sweep(s, now_mono_ns);
			accept_arm(s, true);
			loop_log(s);
			if (!hangs && s->srv->tick != NULL && (rc = s->srv->tick(s->srv->arg)) != 0)
				return rc;
			next_mono_ns = now_mono_ns + (int64_t)TICK_MS * 1000000;
		}
		if (loop_turn(s, (int)((next_mono_ns - now_mono_ns) / 1000000) + 1) != 0)
			return 0;
	}
}

/* Nothing new is accepted; what has come is answered, then the threads end. */
static void
loop_stop(struct server *s)
{
	const uint64_t one = 1;

	atomic_store(&s->stopping, true);
	accept_arm(s, false);
	(void)!write(s->stop_efd, &one, sizeof one);	/* an eventfd at 0 takes it */
	while (atomic_load(&s->n_running) > 0) {
		(void)loop_turn(s, TICK_MS);
		(void)workers_watch(s, clock_mono_ns());
		accept_arm(s, false);
	}
}

/* -- life ------------------------------------------------------------------ */

static int
server_open(struct server *s, const sigset_t *stop, struct err *e)
{
	if ((s->loop_epfd = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
	    (s->pool_epfd = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
	    (s->stop_efd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0 ||
	    (s->done_efd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0 ||
	    (s->signal_fd = signalfd(-1, stop, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return err_set(e, -errno, "cannot wait for connections: %s", strerror(errno));
	if (epoll_set(s->loop_epfd, EPOLL_CTL_ADD, s->srv->listen_fd, EPOLLIN, (epoll_data_t){ .ptr = NULL }) != 0 ||
	    epoll_set(s->loop_epfd, EPOLL_CTL_ADD, s->signal_fd, EPOLLIN, (epoll_data_t){ .ptr = &s->signal_fd }) != 0 ||
	    epoll_set(s->loop_epfd, EPOLL_CTL_ADD, s->done_efd, EPOLLIN | EPOLLET, (epoll_data_t){ .ptr = &s->done_efd }) != 0 ||
	    epoll_set(s->pool_epfd, EPOLL_CTL_ADD, s->stop_efd, EPOLLIN, (epoll_data_t){ .u64 = NO_CONN }) != 0)
		return err_set(e, -EIO, "cannot wait for connections");
	s->accepting = true;
	return 0;
}

static void
server_close(struct server *s)
{
	int *fd[] = { &s->loop_epfd, &s->pool_epfd, &s->stop_efd, &s->done_efd, &s->signal_fd };

	for (unsigned i = 0; s->workers != NULL && i < s->srv->n_threads; i++)
		worker_fini(&s->workers[i]);
	free(s->workers);
	for (uint32_t c = 0; c < s->n_touched; c++)
		if (s->conns[c].fd >= 0)
			(void)close(s->conns[c].fd);
	free(s->conns);
	for (size_t i = 0; i < sizeof fd / sizeof fd[0]; i++)
		if (*fd[i] >= 0)
			(void)close(*fd[i]);
	(void)pthread_mutex_destroy(&s->lock);
}

int
fcgi_serve(const struct fcgi_server *srv, const sigset_t *stop, struct err *e)
{
	struct server s = { .srv = srv, .loop_epfd = -1, .pool_epfd = -1, .signal_fd = -1, .stop_efd = -1, .done_efd = -1 };
	int rc;

	assert(srv->n_threads > 0 && srv->n_threads <= THREADS_MAX);
	s.read_ns = (int64_t)(srv->read_ms > 0 ? srv->read_ms : FCGI_READ_MS) * 1000000;
	(void)pthread_mutex_init(&s.lock, NULL);	/* cannot fail on Linux */
	s.workers = calloc(srv->n_threads, sizeof *s.workers);
	s.conns = calloc(FCGI_CONNS_MAX, sizeof *s.conns);
	if (s.conns == NULL || s.workers == NULL || exchange_init() != 0) {
		rc = err_set(e, -ENOMEM, "out of memory");
		goto done;
	}
	if ((rc = server_open(&s, stop, e)) != 0)
		goto done;
	for (unsigned i = 0; rc == 0 && i < srv->n_threads; i++)
		rc = worker_start(&s, &s.workers[i], e);
	if (rc == 0)
		rc = loop_run(&s);
	loop_stop(&s);
done:
	server_close(&s);
	return rc;
}
