/*
 * stress_fcgi - fcgi_serve() under web servers of every kind at once: some keep
 * their connection, some close it, some only their side of it; requests come
 * whole and in pieces, with bodies and without, are aborted, or their sender
 * leaves in the middle.  Each request of those who stay is answered once, with
 * what was asked, and each connection that is to be closed is closed.
 *
 *	stress_fcgi SECONDS
 *
 * Status 0 when it is so, 1 when one was lost or a wrong answer came, 2 nothing was
 * shown.  Its negative controls are in broken_fcgi.c.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/fcgi_serve.h"
#include "t/unit/fcgi_client.h"

enum {
	THREADS = 3, CROWDS = 2, PEERS = 48,	/* of the server; of web servers; connections of each */
	SILENCE_MS = 5000,		/* an answer so late is lost: the server answers in less than a hundredth of it */
	BODY_SMALL = 600, BODY_LARGE = 150000,	/* beyond what is looked at before it is read */
	LARGE_ONE_IN = 400,
};

/* What one does with a request, and in how many of a hundred times. */
static const struct manner {
	const char *name;
	int	    percent;
	bool	    whole, keep, half_close, abort, leaves, answered, closed;
} manners[] = {
	{ "keeps the connection",	64, .whole = true, .keep = true, .answered = true },
	{ "does not",			 8, .whole = true, .answered = true, .closed = true },
	{ "closes its side",		12, .whole = true, .keep = true, .half_close = true, .answered = true, .closed = true },
	{ "does not wait",		 3, .whole = true, .keep = true, .leaves = true },
	{ "leaves in the middle",	 5, .keep = true, .leaves = true },
	{ "closes its side in the middle", 4, .keep = true, .half_close = true, .closed = true },
	{ "aborts",			 4, .keep = true, .abort = true, .closed = true },
};
enum { MANNERS = sizeof manners / sizeof manners[0] };

struct peer {
	int		     fd;		/* -1: none */
	const struct manner *manner;		/* NULL: nothing is asked */
	struct text	     out, in, body;	/* what is asked; records that came; the answer in them */
	size_t		     sent, looked;
	bool		     answered;
	char		     word[32];		/* the answer has to begin so, after its headers */
	size_t		     body_bytes;
	int64_t		     asked_mono_ns;
};

struct crowd {
	pthread_t   thread;
	int64_t	    until_mono_ns;
	uint64_t    rnd, number;
	struct peer peer[PEERS];
	uint64_t    requests, answers, ends_due, ends, given_up, wrong, lost;
};

static char		  dir[] = "/tmp/stress_fcgi.XXXXXX", path[64];
static struct fcgi_server srv;
static sigset_t		  stop_set;
static int		  server_rc;
static char		  filler[BODY_LARGE];

_Noreturn static void
die(const char *what)
{
	(void)fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

/* -- the server -------------------------------------------------------------------- */

static int
h_echo(const struct request *rq, struct reply *out)
{
	text_put(&out->body, rq->body.p, rq->body.len);
	return 200;
}

static const struct route   tbl[] = { { "POST", "/echo", SCOPE_READ, 2 * BODY_LARGE, h_echo, "echo", NULL } };
static const struct routes routes = { .tbl = tbl, .n = 1 };

static void *
server_main(void *arg)
{
	struct err e = { "" };

	(void)arg;
	server_rc = fcgi_serve(&srv, &stop_set, &e);
	if (server_rc != 0)
		(void)fprintf(stderr, "%s\n", e.text);
	return NULL;
}

static pthread_t
server_start(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	pthread_t thread;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&stop_set);
	(void)sigaddset(&stop_set, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &stop_set, NULL);
	if (mkdtemp(dir) == NULL)
		die(dir);
	(void)snprintf(path, sizeof path, "%s/s", dir);
	srv = (struct fcgi_server){ .routes = &routes, .n_threads = THREADS };
	srv.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
	if (srv.listen_fd == -1 || bind(srv.listen_fd, (struct sockaddr *)&sa, sizeof sa) == -1
	    || listen(srv.listen_fd, CROWDS * PEERS) == -1 || (errno = pthread_create(&thread, NULL, server_main, NULL)) != 0)
		die(path);
	return thread;
}

/* -- one web server's connection ------------------------------------------------------ */

static uint64_t
rnd(struct crowd *c, uint64_t below)	/* xorshift64 (Marsaglia 2003) */
{
	c->rnd ^= c->rnd << 13;
	c->rnd ^= c->rnd >> 7;
	c->rnd ^= c->rnd << 17;
	return c->rnd % below;
}

static void
peer_close(struct peer *p)
{
	if (p->fd != -1)
		(void)close(p->fd);
	p->fd = -1;
	p->manner = NULL;
}

static void
peer_connect(struct peer *p)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
	if ((p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1
	    || connect(p->fd, (struct sockaddr *)&sa, sizeof sa) == -1)
		die("connect");
}

static void
peer_request(struct crowd *c, struct peer *p)	/* a body with a word of its own */
{
	struct text body = { 0 };

	(void)snprintf(p->word, sizeof p->word, "%llu of %p.", (unsigned long long)++c->number, (void *)p);
	p->body_bytes = sizeof p->word + rnd(c, rnd(c, LARGE_ONE_IN) == 0 ? BODY_LARGE : BODY_SMALL);
	text_puts(&body, p->word);
	text_put(&body, filler, p->body_bytes - strlen(p->word));
	fc_request(&p->out, "POST", "/echo", NULL, body.p, body.len, p->manner->keep);
	text_fini(&body);
}

static void
peer_begin(struct crowd *c, struct peer *p)
{
	int chance = (int)rnd(c, 100);
	unsigned i = 0;

	while (i < MANNERS - 1 && chance >= manners[i].percent)
		chance -= manners[i++].percent;
	if (p->fd == -1)
		peer_connect(p);
	p->manner = &manners[i];
	text_clear(&p->out);
	text_clear(&p->in);
	text_clear(&p->body);
	p->sent = p->looked = 0;
	p->answered = false;
	peer_request(c, p);
	if (!p->manner->whole) {
		p->out.len = p->manner->abort ? 16 : 1 + rnd(c, p->out.len - 1);	/* 16: FCGI_BEGIN_REQUEST */
		if (p->manner->abort)
			fc_record(&p->out, 2, 1, NULL, 0, 0);
	}
	p->asked_mono_ns = clock_mono_ns();
}

/* All was sent. */
static void
peer_sent(struct crowd *c, struct peer *p)
{
	c->requests += p->manner->answered;
	c->ends_due += p->manner->closed;
	p->asked_mono_ns = clock_mono_ns();
	if (p->manner->half_close)
		(void)shutdown(p->fd, SHUT_WR);
	if (p->manner->leaves) {
		c->given_up++;
		peer_close(p);
	}
}

/* Send some more: all of it, half of the times. */
static void
peer_send(struct crowd *c, struct peer *p)
{
	size_t left = p->out.len - p->sent, n = left;
	ssize_t rc;

	if (n > 0 && rnd(c, 2) == 0)
		n = 1 + rnd(c, rnd(c, 3) == 0 && left > 8 ? 8 : left);
	rc = n > 0 ? send(p->fd, p->out.p + p->sent, n, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
	if (rc > 0)
		p->sent += (size_t)rc;
	else if (rc < 0 && errno != EAGAIN)
		p->sent = p->out.len;	/* it was closed: the end is read */
	if (p->sent == p->out.len)
		peer_sent(c, p);
}

/* Look at the records that came whole; an answer has ended: true. */
static bool
peer_records(struct peer *p)
{
	bool ended = false;

	while (!ended && p->in.len - p->looked >= 8) {
		const uint8_t *h = (const uint8_t *)p->in.p + p->looked;
		size_t len = (size_t)h[4] << 8 | h[5];

		if (p->in.len - p->looked < 8 + len + h[6])
			break;
		if (h[1] == 6)
			text_put(&p->body, h + 8, len);
		ended = h[1] == 3;
		p->looked += 8 + len + h[6];
	}
	return ended;
}

static bool
peer_answer_is_right(struct peer *p)
{
	const char *at = text_str(&p->body) != NULL ? strstr(p->body.p, "\r\n\r\n") : NULL;

	return at != NULL && strncmp(p->body.p, "Status: 200", 11) == 0 && p->looked == p->in.len
	    && (size_t)(p->body.p + p->body.len - (at + 4)) == p->body_bytes && strncmp(at + 4, p->word, strlen(p->word)) == 0;
}

static void
wrong(struct crowd *c, struct peer *p, const char *what)
{
	if (c->wrong++ == 0)
		(void)fprintf(stderr, "one that %s: %s: %.*s\n", p->manner->name, what,
		    (int)(p->body.len < 300 ? p->body.len : 300), p->body.len > 0 ? p->body.p : "");
	peer_close(p);
}

static bool
peer_is_waiting(const struct peer *p)
{
	return p->manner != NULL && p->sent == p->out.len;
}

/* Something came, or its end. */
static void
peer_read(struct crowd *c, struct peer *p)
{
	char piece[65536];
	ssize_t n = recv(p->fd, piece, sizeof piece, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		if (!p->manner->closed || p->answered != p->manner->answered) {
			wrong(c, p, "closed");
			return;
		}
		c->ends++;
		peer_close(p);
		return;
	}
	text_put(&p->in, piece, (size_t)n);
	if (!peer_records(p))
		return;
	if (!p->manner->answered && p->body.len == 0)
		return;				/* a large body was being read when it ended: so ends the answer */
	if (!p->manner->answered || p->answered || !peer_answer_is_right(p)) {
		wrong(c, p, "an answer");
		return;
	}
	c->answers++;
	p->answered = true;
	if (!p->manner->closed)
		p->manner = NULL;		/* the next, on the same */
}

/* -- a crowd of them -------------------------------------------------------------------- */

/* Who waits for too long?  Their connections are given up. */
static void
crowd_miss(struct crowd *c)
{
	int64_t now_mono_ns = clock_mono_ns();

	for (unsigned i = 0; i < PEERS; i++) {
		struct peer *p = &c->peer[i];

		if (!peer_is_waiting(p) || now_mono_ns - p->asked_mono_ns < SILENCE_MS * INT64_C(1000000))
			continue;
		if (c->lost++ == 0)
			(void)fprintf(stderr, "one that %s: nothing came, %s\n", p->manner->name, p->answered ? "answered" : "not answered");
		peer_close(p);
	}
}

static void
crowd_turn(struct crowd *c, bool more)
{
	struct pollfd fds[PEERS];
	bool busy = false;

	for (unsigned i = 0; i < PEERS; i++) {
		struct peer *p = &c->peer[i];

		if (p->manner == NULL && more)
			peer_begin(c, p);
		/* One in four has its turn, so that pieces come apart from each other. */
		if (p->manner != NULL && !peer_is_waiting(p) && rnd(c, 4) == 0)
			peer_send(c, p);
		busy = busy || (p->manner != NULL && !peer_is_waiting(p));
		fds[i] = (struct pollfd){ .fd = peer_is_waiting(p) ? p->fd : -1, .events = POLLIN };
	}
	if (poll(fds, PEERS, busy ? 0 : 100) < 0)
		die("poll");
	for (unsigned i = 0; i < PEERS; i++) {
		struct peer *p = &c->peer[i];

		if (fds[i].revents == 0)
			continue;
		peer_read(c, p);
		/* At once, while its thread has not let go of it. */
		if (p->manner == NULL && more && rnd(c, 4) != 0) {
			peer_begin(c, p);
			peer_send(c, p);
		}
	}
	crowd_miss(c);
}

static bool
crowd_is_busy(const struct crowd *c)
{
	for (unsigned i = 0; i < PEERS; i++)
		if (c->peer[i].manner != NULL)
			return true;
	return false;
}

static void *
crowd_main(void *arg)
{
	struct crowd *c = arg;

	while (clock_mono_ns() < c->until_mono_ns && c->lost == 0 && c->wrong == 0)
		crowd_turn(c, true);
	while (crowd_is_busy(c))
		crowd_turn(c, false);
	for (unsigned i = 0; i < PEERS; i++) {
		peer_close(&c->peer[i]);
		text_fini(&c->peer[i].out);
		text_fini(&c->peer[i].in);
		text_fini(&c->peer[i].body);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct crowd crowds[CROWDS], all;
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
	pthread_t server;

	memset(filler, ' ', sizeof filler);
	server = server_start();
	for (unsigned i = 0; i < CROWDS; i++) {
		struct crowd *c = &crowds[i];

		c->rnd = (uint64_t)clock_mono_ns() * 2 + 1 + i * 2;
		c->until_mono_ns = clock_mono_ns() + (int64_t)(seconds * 1e9);
		for (unsigned k = 0; k < PEERS; k++)
			c->peer[k].fd = -1;
		if ((errno = pthread_create(&c->thread, NULL, crowd_main, c)) != 0)
			die("thread");
	}
	for (unsigned i = 0; i < CROWDS; i++) {
		const struct crowd *c = &crowds[i];

		(void)pthread_join(c->thread, NULL);
		all.requests += c->requests, all.answers += c->answers, all.wrong += c->wrong;
		all.ends_due += c->ends_due, all.ends += c->ends, all.given_up += c->given_up, all.lost += c->lost;
	}
	(void)kill(getpid(), SIGTERM);
	(void)pthread_join(server, NULL);
	(void)close(srv.listen_fd);
	(void)unlink(path);
	(void)rmdir(dir);
	printf("%llu requests, %llu answers, %llu closes of %llu, %llu given up, %llu wrong, %llu lost\n",
	    (unsigned long long)all.requests, (unsigned long long)all.answers, (unsigned long long)all.ends,
	    (unsigned long long)all.ends_due, (unsigned long long)all.given_up, (unsigned long long)all.wrong, (unsigned long long)all.lost);
	if (server_rc != 0 || all.wrong > 0 || all.lost > 0 || all.answers != all.requests || all.ends != all.ends_due)
		return 1;
	return all.answers > 100 && all.ends > 20 && all.given_up > 0 ? 0 : 2;
}
