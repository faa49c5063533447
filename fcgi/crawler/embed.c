#include "config.h"

#include "crawler/embed.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/daemon.h"
#include "shared/embed_ask.h"
#include "shared/log.h"
#include "shared/store.h"

#include "crawler/embed_client.h"

enum { NS_PER_MS = 1000000, ASKED_MS = 300 };

struct batch {
	unsigned n;
	int64_t	 id[EMBED_BATCH];
	char	*body[EMBED_BATCH];	/* owned */
	struct text text[EMBED_BATCH];
	struct vector vector[EMBED_BATCH];
};

struct embed {
	const struct conf *conf;
	struct store	 *store;	/* of the chunks' thread */
	atomic_bool	  stop;
	int		  stop_fd;	/* readable: stop */
	pthread_t	  chunks, questions;
	bool		  has_chunks, has_questions;
	atomic_bool	  mine;		/* the socket is ours: so is the work */
	pthread_mutex_t	  lock;		/* of trouble */
	struct err	  trouble;
	struct batch	  batch;
	int64_t		  after;	/* chunks up to this one are done or were refused */
	unsigned	  n_refused;	/* in a row */
	int		  n_left;	/* without one, all of them refused: not tried until there are others */
};

static void
set_trouble(struct embed *em, const char *text)
{
	pthread_mutex_lock(&em->lock);
	(void)snprintf(em->trouble.text, sizeof em->trouble.text, "%s", text);
	pthread_mutex_unlock(&em->lock);
}

void
embed_trouble(struct embed *em, struct err *out)
{
	pthread_mutex_lock(&em->lock);
	*out = em->trouble;
	pthread_mutex_unlock(&em->lock);
}

/* At most so long, or until the end. */
static void
pause_ms(struct embed *em, int ms)
{
	struct pollfd p = { .fd = em->stop_fd, .events = POLLIN };

	(void)poll(&p, 1, ms);		/* cut short by a signal: the pause is only shorter */
}

/* -- chunks ------------------------------------------------------------------------- */

static int
batch_put(const struct chunk_entry *c, void *arg)
{
	struct batch *b = arg;
	struct text *t = &b->text[b->n];

	text_clear(t);
	text_printf(t, "%s\n%s", c->headings[0] != '\0' ? c->headings : c->title, c->body);
	b->body[b->n] = strdup(c->body);
	b->id[b->n] = c->id;
	if (t->failed || b->body[b->n] == NULL) {
		free(b->body[b->n]);
		return -ENOMEM;
	}
	b->n++;
	return 0;
}

static void
batch_clear(struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++)
		free(b->body[i]);
	b->n = 0;
}

static int
ask(struct embed *em, struct embed_client *cl, unsigned from, unsigned n, size_t max, struct err *e)
{
	struct slice text[EMBED_BATCH];
	struct batch *b = &em->batch;
	size_t dims = (size_t)store_vectors_dims(em->store);
	int rc;

	for (unsigned i = 0; i < n; i++) {
		const struct text *t = &b->text[from + i];

		text[i] = (struct slice){ t->p, utf8_cut(t->p, t->len, max) };
	}
	if ((rc = embed_client_ask(cl, text, n, EMBED_BATCH_MS, &b->vector[from], e)) == 0 && dims > 0 &&
	    b->vector[from].len != VECTOR_HEAD_BYTES + dims)
		rc = err_set(e, -EAGAIN, "embeddings of %zu numbers came, those in the store have %zu: "
		    "give another model another embedding_model", b->vector[from].len - VECTOR_HEAD_BYTES, dims);
	return rc;
}

static int
keep(struct embed *em, unsigned from, unsigned n, struct err *e)
{
	struct batch *b = &em->batch;
	int rc = store_begin(em->store);

	for (unsigned i = from; rc >= 0 && i < from + n; i++)
		rc = store_vectors_put(em->store, b->id[i], b->body[i], &b->vector[i]);
	if (rc >= 0)
		return store_commit(em->store);
	store_rollback(em->store);
	return err_set(e, rc, "the store takes no vectors: %s", store_error(em->store));
}

/* One of the batch, if need be its beginning alone; what is refused even so goes without. */
static int
embed_one(struct embed *em, struct embed_client *cl, unsigned at, struct err *e)
{
	int rc = ask(em, cl, at, 1, EMBED_TEXT_BYTES, e);

	if (rc == -EINVAL)
		rc = ask(em, cl, at, 1, EMBED_SHORT_BYTES, e);
	if (rc == 0 && (rc = keep(em, at, 1, e)) == 0)
		em->n_refused = 0;
	if (rc == 0 || rc == -EINVAL)
		em->after = em->batch.id[at];
	if (rc == -EINVAL)
		rc = ++em->n_refused < EMBED_REFUSED_MAX ? 0 : -EAGAIN;
	return rc;
}

static int
embed_texts(struct embed *em, struct embed_client *cl, struct err *e)
{
	struct batch *b = &em->batch;
	int rc = ask(em, cl, 0, b->n, EMBED_TEXT_BYTES, e);

	if (rc == 0 && (rc = keep(em, 0, b->n, e)) == 0) {
		em->n_refused = 0;
		em->after = b->id[b->n - 1];
	} else if (rc == -EINVAL) {		/* one of them, perhaps */
		rc = 0;
		for (unsigned i = 0; rc == 0 && i < b->n; i++)
			rc = embed_one(em, cl, i, e);
	}
	return rc;
}

/* 1 there is more to do, 0 not now, -errno with e. */
static int
embed_batch(struct embed *em, struct embed_client *cl, struct err *e)
{
	struct batch *b = &em->batch;
	int rc;

	batch_clear(b);
	if ((rc = store_vectors_next(em->store, em->after, EMBED_BATCH, batch_put, b)) < 0)
		return err_set(e, rc, "the store cannot be read: %s", store_error(em->store));
	if (b->n == 0)
		return 0;
	rc = embed_texts(em, cl, e);
	return rc < 0 ? rc : 1;
}

/* All that there is to do for now: what is new, then what is missing before it, as numbers are used again. */
static int
embed_all(struct embed *em, struct embed_client *cl, struct err *e)
{
	int rc = store_vectors_of(em->store, em->conf->embedding_model), missing = 0;
	bool again = em->after > 0;
	unsigned n = 0;

	if (rc < 0 || (missing = store_vectors_missing(em->store)) < 0)
		return err_set(e, rc < 0 ? rc : missing, "the store cannot be read: %s", store_error(em->store));
	if (missing == em->n_left) {
		set_trouble(em, "");
		return 0;
	}
	while (!atomic_load(&em->stop) && (rc = embed_batch(em, cl, e)) >= 0) {
		if (rc == 1 && n++ == 0)
			set_trouble(em, "");
		if (rc == 1)
			continue;
		if (!again || store_vectors_missing(em->store) == em->n_left)
			break;
		again = false;
		em->after = 0;
	}
	if (n > 0)
		log_event(LOG_INFO, "chunks embedded requests=%u", n);
	em->n_left = rc == 0 ? store_vectors_missing(em->store) : 0;
	return rc < 0 ? rc : 0;
}

static void *
chunks_main(void *arg)
{
	struct embed *em = arg;
	struct embed_client *cl = NULL;
	int wait_ms = EMBED_LOOK_MS, failed_ms = 0;

	(void)pthread_setname_np(pthread_self(), "embed");
	for (; !atomic_load(&em->stop); pause_ms(em, wait_ms)) {
		struct err e = { "out of memory" };
		int rc;

		wait_ms = EMBED_LOOK_MS;
		if (!atomic_load(&em->mine))
			continue;
		if (cl == NULL && (cl = embed_client_new(em->conf, &em->stop)) == NULL)
			rc = -ENOMEM;
		else
			rc = embed_all(em, cl, &e);
		if (rc == 0 || atomic_load(&em->stop)) {
			failed_ms = 0;
			continue;
		}
		failed_ms = failed_ms == 0 ? EMBED_BACKOFF_MS : failed_ms < EMBED_BACKOFF_MAX_MS / 2 ? 2 * failed_ms : EMBED_BACKOFF_MAX_MS;
		wait_ms = failed_ms;
		log_event(LOG_WARNING, "chunks not embedded why=\"%s\" again_ms=%d", e.text, wait_ms);
		set_trouble(em, e.text);
	}
	embed_client_free(cl);
	return NULL;
}

/* -- questions ---------------------------------------------------------------------- */

/* false: nothing that can be asked. */
static bool
read_question(int fd, char text[EMBED_QUERY_BYTES], size_t *len)
{
	struct timeval tv = { .tv_usec = ASKED_MS * 1000 };
	ssize_t n;

	*len = 0;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv) != 0)
		return false;
	while ((n = recv(fd, text + *len, EMBED_QUERY_BYTES - *len, 0)) > 0)
		*len += (size_t)n;
	return n == 0 && *len > 0;	/* a full buffer ends it, too: then recv() gives 0 */
}

static void
answer(struct embed_client *cl, int fd, int64_t *quiet_ns)
{
	char text[EMBED_QUERY_BYTES];
	struct vector v;
	struct err e;
	size_t len;
	int rc;

	if (clock_mono_ns() < *quiet_ns || !read_question(fd, text, &len))
		return;
	if ((rc = embed_client_ask(cl, &(struct slice){ text, len }, 1, EMBED_QUERY_MS, &v, &e)) == 0) {
		(void)send(fd, v.p, v.len, MSG_NOSIGNAL);	/* in vain: who asked has given up */
		return;
	}
	if (rc == -EINVAL)			/* it is this question */
		return;
	log_event(LOG_WARNING, "question not embedded why=\"%s\" quiet_ms=%d", e.text, EMBED_QUIET_MS);
	*quiet_ns = clock_mono_ns() + EMBED_QUIET_MS * (int64_t)NS_PER_MS;
}

static void
answer_questions(struct embed *em, struct embed_client *cl, int listen_fd)
{
	struct pollfd p[2] = { { .fd = em->stop_fd, .events = POLLIN }, { .fd = listen_fd, .events = POLLIN } };
	int64_t quiet_ns = 0;

	while (!atomic_load(&em->stop)) {
		int fd;

		if (poll(p, 2, -1) <= 0 || p[1].revents == 0)
			continue;
		if ((fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC)) == -1) {
			pause_ms(em, errno == EMFILE || errno == ENFILE ? EMBED_LOOK_MS : 0);
			continue;
		}
		answer(cl, fd, &quiet_ns);
		(void)close(fd);
	}
}

static void *
questions_main(void *arg)
{
	struct embed *em = arg;
	struct embed_client *cl;
	char path[108];
	struct err e;
	int fd;

	(void)pthread_setname_np(pthread_self(), "embed-ask");
	(void)snprintf(path, sizeof path, "%.88s/" EMBED_DIR, em->conf->run_dir);
	(void)mkdir(path, 0750);		/* there already, or daemon_listen() says what is wrong */
	embed_socket_path(em->conf, path);
	while ((fd = daemon_listen(path, &e)) < 0) {
		if (fd != -EADDRINUSE)		/* else another crawler has it, and we wait for its end */
			log_event(LOG_WARNING, "no questions are taken why=\"%s\"", e.text);
		pause_ms(em, 5 * EMBED_LOOK_MS);
		if (atomic_load(&em->stop))
			return NULL;
	}
	atomic_store(&em->mine, true);
	if ((cl = embed_client_new(em->conf, &em->stop)) != NULL)
		answer_questions(em, cl, fd);
	else
		log_event(LOG_ERR, "no questions are taken why=\"out of memory\"");
	embed_client_free(cl);
	daemon_unlisten(path, fd);
	return NULL;
}

/* -- life --------------------------------------------------------------------------- */

int
embed_start(struct embed **out, const struct conf *conf, struct err *e)
{
	struct embed *em;
	int rc;

	*out = NULL;
	if (conf->embedding_url[0] == '\0')
		return 0;
	if ((em = calloc(1, sizeof *em)) == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	em->conf = conf;
	(void)pthread_mutex_init(&em->lock, NULL);	/* cannot fail on Linux */
	if ((em->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1) {
		rc = err_set(e, -errno, "no eventfd: %s", strerror(errno));
		goto fail;
	}
	if ((rc = store_open(&em->store, conf->state_dir, conf->store_max_bytes, false, e)) < 0)
		goto fail;
	if ((rc = -pthread_create(&em->chunks, NULL, chunks_main, em)) < 0) {
		(void)err_set(e, rc, "no thread: %s", strerror(-rc));
		goto fail;
	}
	em->has_chunks = true;
	if ((rc = -pthread_create(&em->questions, NULL, questions_main, em)) < 0) {
		(void)err_set(e, rc, "no thread: %s", strerror(-rc));
		goto fail;
	}
	em->has_questions = true;
	*out = em;
	return 0;
fail:
	embed_stop(em);
	return rc;
}

void
embed_stop(struct embed *em)
{
	if (em == NULL)
		return;
	atomic_store(&em->stop, true);
	if (em->stop_fd >= 0)
		(void)eventfd_write(em->stop_fd, 1);
	if (em->has_chunks)
		pthread_join(em->chunks, NULL);
	if (em->has_questions)
		pthread_join(em->questions, NULL);
	if (em->stop_fd >= 0)
		(void)close(em->stop_fd);
	batch_clear(&em->batch);
	for (unsigned i = 0; i < EMBED_BATCH; i++)
		text_fini(&em->batch.text[i]);
	store_close(em->store);
	pthread_mutex_destroy(&em->lock);
	free(em);
}
