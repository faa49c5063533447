#include "config.h"

#include "shared/fcgi_serve.h"

#include <assert.h>
#include <errno.h>
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
	CONN_MAGIC = 0x46434f4e,
	BATCH = 32,
	TICK_MS = 1000,
	THREADS_MAX = 64,
};

_Static_assert((int)ROUTE_STREAM_MS < (int)FCGI_STUCK_MS, "a stream is not a handler that hangs");

/*
 * A connection belongs to one of three: the pool's epoll (armed, EPOLLONESHOT:
 * one thread gets it), that thread, or the loop while a request has come in part
 * only (slow; the loop's epoll, edge-triggered: one look for each arrival).
 * Whoever has it alone touches it, and holds turn meanwhile: epoll(7) gives the
 * order, the C memory model has never heard of it.  The list of all is under
 * server.lock, which is taken inside turn.
 */
struct conn {
	unsigned     magic;
	pthread_mutex_t turn;
	int	     fd;
	int64_t	     slow_until_mono_ns;	/* set before slow is */
	atomic_bool  slow;
	struct conn *next, *prev;	/* server.conns */
	struct conn *late_next;		/* in slow_sweep() */
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
	pthread_mutex_t lock;		/* of the list conns */
	struct conn *conns;
	atomic_uint n_conns;
	struct worker *workers;
	atomic_uint  n_running, n_refused;
	atomic_bool  stopping;
	bool	  accepting;		/* listen_fd is armed */
};

/* -- connections ----------------------------------------------------------- */

static int
epoll_set(int epfd, int op, int fd, uint32_t events, void *ptr)
{
	struct epoll_event ev = { .events = events, .data.ptr = ptr };

	return epoll_ctl(epfd, op, fd, &ev) == 0 ? 0 : -errno;
}

static struct conn *
conn_new(struct server *s, int fd)
{
	struct conn *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->magic = CONN_MAGIC;
	c->fd = fd;
	(void)pthread_mutex_init(&c->turn, NULL);	/* cannot fail on Linux */
	(void)pthread_mutex_lock(&c->turn);
	(void)pthread_mutex_lock(&s->lock);
	if ((c->next = s->conns) != NULL)
		c->next->prev = c;
	s->conns = c;
	s->n_conns++;
	(void)pthread_mutex_unlock(&s->lock);
	return c;
}

static void
conn_take(struct conn *c)		/* an event is about it */
{
	(void)pthread_mutex_lock(&c->turn);
	assert(c->magic == CONN_MAGIC);
}

static void
conn_pass(struct conn *c)		/* after it was given away */
{
	(void)pthread_mutex_unlock(&c->turn);
}

/* Close and forget; fd -1: closed already. */
static void
conn_unlink(struct server *s, struct conn *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	(void)pthread_mutex_lock(&s->lock);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	s->n_conns--;
	(void)pthread_mutex_unlock(&s->lock);
}

static void
conn_free(struct conn *c)
{
	c->magic = 0;
	(void)pthread_mutex_destroy(&c->turn);
	free(c);
}

static void
conn_drop(struct server *s, struct conn *c)	/* by a worker: no event for it can be about */
{
	conn_unlink(s, c);
	conn_pass(c);
	conn_free(c);
}

/*
 * Give it to the pool; op MOD, or ADD for a new one.  Failure (no memory in the
 * kernel) leaves it ours.  After conn_pass() another thread may even have freed it.
 */
static int
conn_arm(struct server *s, struct conn *c, int op)
{
	if (epoll_set(s->pool_epfd, op, c->fd, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, c) != 0)
		return -ENOMEM;
	conn_pass(c);
	return 0;
}

/* Half a request: give it to the loop, which waits for the rest. */
static int
conn_slow(struct server *s, struct conn *c)
{
	c->slow_until_mono_ns = clock_mono_ns() + s->read_ns;
	atomic_store(&c->slow, true);
	if (epoll_set(s->loop_epfd, EPOLL_CTL_ADD, c->fd, EPOLLIN | EPOLLRDHUP | EPOLLET, c) != 0) {
		atomic_store(&c->slow, false);
		return -ENOMEM;
	}
	conn_pass(c);
	return 0;
}

enum look { LOOK_READY, LOOK_WAIT, LOOK_GONE };

/* What waits on the connection?  *more: bytes beyond the request. */
static enum look
conn_look(struct server *s, const struct conn *c, uint8_t *window, bool *more, bool *empty)
{
	struct fcgi_shape shape;
	ssize_t n;

	do
		n = recv(c->fd, window, FCGI_PEEK_BYTES, MSG_PEEK | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	*empty = n < 0 && errno == EAGAIN;
	*more = false;
	if (*empty)
		return LOOK_WAIT;
	if (n <= 0)
		return LOOK_GONE;
	if (fcgi_peek(window, (size_t)n, &shape) != 0 || (n == FCGI_PEEK_BYTES && !shape.params_whole)) {
		atomic_fetch_add(&s->n_refused, 1);
		return LOOK_GONE;
	}
	if (shape.request_bytes == 0 && n < FCGI_PEEK_BYTES)
		return LOOK_WAIT;
	/* A body larger than the window is read as it comes, within read_ms. */
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

static void
worker_serve(struct worker *w, struct conn *c)
{
	struct server *s = w->s;
	bool more, empty, keep;

	switch (conn_look(s, c, w->window, &more, &empty)) {
	case LOOK_GONE:
		conn_drop(s, c);
		return;
	case LOOK_WAIT:
		if (empty ? conn_arm(s, c, EPOLL_CTL_MOD) != 0 : conn_slow(s, c) != 0)
			conn_drop(s, c);
		return;
	case LOOK_READY:
		break;
	}
	worker_read_begin(w, c->fd);
	keep = exchange_serve(&w->x, c->fd, s->srv->routes, w->ctx);
	worker_read_done(w);
	if (!keep)
		c->fd = -1;		/* closed by exchange_serve() */
	/*
	 * more: the peer sent its next request without waiting.  A responder does
	 * not multiplex, and libfcgi has perhaps swallowed the start of it.
	 */
	if (!keep || more || atomic_load(&s->stopping) || conn_arm(s, c, EPOLL_CTL_MOD) != 0)
		conn_drop(s, c);
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
		for (int i = 0; i < n; i++) {
			struct conn *c = ev[i].data.ptr;

			if (c == NULL)
				continue;	/* stop_efd */
			conn_take(c);
			atomic_store(&w->busy_since_mono_ns, clock_mono_ns());
			worker_serve(w, c);
			atomic_store(&w->busy_since_mono_ns, 0);
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
	(void)epoll_set(s->loop_epfd, EPOLL_CTL_MOD, s->srv->listen_fd, on ? EPOLLIN : 0, NULL);
}

static void
accept_conns(struct server *s)
{
	struct timeval wait = { .tv_sec = s->read_ns / 1000000000, .tv_usec = s->read_ns / 1000 % 1000000 };

	for (int i = 0; i < BATCH; i++) {
		struct conn *c;
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
		if ((c = conn_new(s, fd)) == NULL)
			(void)close(fd);
		else if (conn_arm(s, c, EPOLL_CTL_ADD) != 0)
			conn_drop(s, c);
	}
}

static void
slow_event(struct server *s, struct conn *c, uint32_t events, uint8_t *window)
{
	bool more, empty;

	conn_take(c);
	switch (conn_look(s, c, window, &more, &empty)) {
	case LOOK_WAIT:
		if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
			break;		/* the rest will never come */
		conn_pass(c);
		return;
	case LOOK_READY:
		atomic_store(&c->slow, false);
		(void)epoll_set(s->loop_epfd, EPOLL_CTL_DEL, c->fd, 0, NULL);	/* it was added */
		if (conn_arm(s, c, EPOLL_CTL_MOD) == 0)
			return;		/* the pool looks for itself */
		break;
	case LOOK_GONE:
		break;
	}
	conn_drop(s, c);		/* a batch names a connection once: nobody else can */
}

/* Close what has been incomplete for too long. */
static void
slow_sweep(struct server *s, int64_t now_mono_ns)
{
	struct conn *late = NULL, *next;

	/* A slow one is ours: it stays where it is while the lock keeps the list still. */
	(void)pthread_mutex_lock(&s->lock);
	for (struct conn *c = s->conns; c != NULL; c = c->next)
		if (atomic_load(&c->slow) && now_mono_ns > c->slow_until_mono_ns) {
			c->late_next = late;
			late = c;
		}
	(void)pthread_mutex_unlock(&s->lock);
	for (; late != NULL; late = next) {
		next = late->late_next;
		conn_take(late);
		conn_drop(s, late);
		atomic_fetch_add(&s->n_refused, 1);
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
loop_turn(struct server *s, int timeout_ms, uint8_t *window)
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
		else if (p != &s->done_efd)
			slow_event(s, p, ev[i].events, window);
	}
	return stop;
}

static int
loop_run(struct server *s, uint8_t *window)
{
	int64_t next_mono_ns = clock_mono_ns();
	int rc;

	for (;;) {
		int64_t now_mono_ns = clock_mono_ns();

		if (now_mono_ns >= next_mono_ns) {
			bool hangs = workers_watch(s, now_mono_ns);

			slow_sweep(s, now_mono_ns);
			accept_arm(s, true);
			loop_log(s);
			if (!hangs && s->srv->tick != NULL && (rc = s->srv->tick(s->srv->arg)) != 0)
				return rc;
			next_mono_ns = now_mono_ns + (int64_t)TICK_MS * 1000000;
		}
		if (loop_turn(s, (int)((next_mono_ns - now_mono_ns) / 1000000) + 1, window) != 0)
			return 0;
	}
}

/* Nothing new is accepted; what has come is answered, then the threads end. */
static void
loop_stop(struct server *s, uint8_t *window)
{
	const uint64_t one = 1;

	atomic_store(&s->stopping, true);
	accept_arm(s, false);
	(void)!write(s->stop_efd, &one, sizeof one);	/* an eventfd at 0 takes it */
	while (atomic_load(&s->n_running) > 0) {
		(void)loop_turn(s, TICK_MS, window);
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
	if (epoll_set(s->loop_epfd, EPOLL_CTL_ADD, s->srv->listen_fd, EPOLLIN, NULL) != 0 ||
	    epoll_set(s->loop_epfd, EPOLL_CTL_ADD, s->signal_fd, EPOLLIN, &s->signal_fd) != 0 ||
	    epoll_set(s->loop_epfd, EPOLL_CTL_ADD, s->done_efd, EPOLLIN | EPOLLET, &s->done_efd) != 0 ||
	    epoll_set(s->pool_epfd, EPOLL_CTL_ADD, s->stop_efd, EPOLLIN, NULL) != 0)
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
	while (s->conns != NULL) {
		conn_take(s->conns);
		conn_drop(s, s->conns);
	}
	for (size_t i = 0; i < sizeof fd / sizeof fd[0]; i++)
		if (*fd[i] >= 0)
			(void)close(*fd[i]);
	(void)pthread_mutex_destroy(&s->lock);
}

int
fcgi_serve(const struct fcgi_server *srv, const sigset_t *stop, struct err *e)
{
	struct server s = { .srv = srv, .loop_epfd = -1, .pool_epfd = -1, .signal_fd = -1, .stop_efd = -1, .done_efd = -1 };
	uint8_t *window = malloc(FCGI_PEEK_BYTES);
	int rc;

	assert(srv->n_threads > 0 && srv->n_threads <= THREADS_MAX);
	s.read_ns = (int64_t)(srv->read_ms > 0 ? srv->read_ms : FCGI_READ_MS) * 1000000;
	(void)pthread_mutex_init(&s.lock, NULL);	/* cannot fail on Linux */
	s.workers = calloc(srv->n_threads, sizeof *s.workers);
	if (window == NULL || s.workers == NULL || exchange_init() != 0) {
		rc = err_set(e, -ENOMEM, "out of memory");
		goto done;
	}
	if ((rc = server_open(&s, stop, e)) != 0)
		goto done;
	for (unsigned i = 0; rc == 0 && i < srv->n_threads; i++)
		rc = worker_start(&s, &s.workers[i], e);
	if (rc == 0)
		rc = loop_run(&s, window);
	loop_stop(&s, window);
done:
	server_close(&s);
	free(window);
	return rc;
}
