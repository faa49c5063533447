#include "config.h"

#include "crawler/parcel.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static const char *const skip_words[] = {
#define X(name, word) [SKIP_##name] = word,
	SKIPS(X)
#undef X
};

const char *
skip_word(enum skip s)
{
	return skip_words[s];
}

struct parcel *
parcel_new(enum parcel_kind kind, struct crawl *c)
{
	struct parcel *p = calloc(1, sizeof *p);

	if (p != NULL) {
		p->kind = kind;
		p->crawl = c;
	}
	return p;
}

void
parcel_free(struct parcel *p)
{
	if (p == NULL)
		return;
	text_fini(&p->body);
	text_fini(&p->links);
	chunks_fini(&p->chunks);
	document_fini(&p->doc);
	free(p->canonical);
	free(p->moved_to);
	free(p->met);
	free(p->end);
	free(p);
}

size_t
parcel_bytes(const struct parcel *p)
{
	return sizeof *p + p->body.cap + p->doc.markdown.cap + p->links.cap;
}

/* -- queues ---------------------------------------------------------------- */

int
parcel_queue_init(struct parcel_queue *q)
{
	pthread_condattr_t attr;
	int rc;

	*q = (struct parcel_queue){ .n = 0 };
	q->tail = &q->head;
	if ((rc = pthread_mutex_init(&q->lock, NULL)) != 0)
		return -rc;
	(void)pthread_condattr_init(&attr);	/* neither fails on Linux */
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if ((rc = pthread_cond_init(&q->filled, &attr)) != 0)
		pthread_mutex_destroy(&q->lock);
	(void)pthread_condattr_destroy(&attr);
	return -rc;
}

void
parcel_queue_fini(struct parcel_queue *q)
{
	struct parcel *p = parcel_queue_take_all(q), *next;

	for (; p != NULL; p = next) {
		next = p->next;
		parcel_free(p);
	}
	pthread_cond_destroy(&q->filled);
	pthread_mutex_destroy(&q->lock);
}

bool
parcel_queue_put(struct parcel_queue *q, struct parcel *p)
{
	bool was_empty;

	p->next = NULL;
	pthread_mutex_lock(&q->lock);
	was_empty = q->head == NULL;
	*q->tail = p;
	q->tail = &p->next;
	q->n++;
	pthread_cond_signal(&q->filled);
	pthread_mutex_unlock(&q->lock);
	return was_empty;
}

void
parcel_queue_close(struct parcel_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
}

struct parcel *
parcel_queue_take(struct parcel_queue *q)
{
	struct parcel *p;

	pthread_mutex_lock(&q->lock);
	while (q->head == NULL && !q->closed)
		pthread_cond_wait(&q->filled, &q->lock);	/* ends by a put or by close */
	if ((p = q->head) != NULL) {
		if ((q->head = p->next) == NULL)
			q->tail = &q->head;
		q->n--;
	}
	pthread_mutex_unlock(&q->lock);
	return p;
}

struct parcel *
parcel_queue_take_all(struct parcel_queue *q)
{
	struct parcel *p;

	pthread_mutex_lock(&q->lock);
	p = q->head;
	q->head = NULL;
	q->tail = &q->head;
	q->n = 0;
	pthread_mutex_unlock(&q->lock);
	return p;
}

static struct timespec
monotonic_in(int ms)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += ms / 1000;
	ts.tv_nsec += (long)(ms % 1000) * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

struct parcel *
parcel_queue_take_batch(struct parcel_queue *q, unsigned max, int bound_ms, int idle_ms, bool *over)
{
	struct parcel *first, **last;
	struct timespec until;
	unsigned n;

	pthread_mutex_lock(&q->lock);
	until = monotonic_in(idle_ms >= 0 ? idle_ms : 0);
	while (q->head == NULL && !q->closed)
		if (idle_ms < 0)
			pthread_cond_wait(&q->filled, &q->lock);	/* ends by a put or by close */
		else if (pthread_cond_timedwait(&q->filled, &q->lock, &until) != 0)
			break;
	*over = q->head == NULL && q->closed;
	until = monotonic_in(bound_ms);
	while (q->n > 0 && q->n < max && !q->closed && !q->flush)
		if (pthread_cond_timedwait(&q->filled, &q->lock, &until) != 0)
			break;
	first = q->head;
	last = &q->head;
	for (n = 0; *last != NULL && n < max; n++)
		last = &(*last)->next;
	if (n > 0) {
		q->head = *last;
		*last = NULL;
		if (q->head == NULL)
			q->tail = &q->head;
		q->n -= n;
	}
	if (q->head == NULL)
		q->flush = false;
	pthread_mutex_unlock(&q->lock);
	return n > 0 ? first : NULL;
}

void
parcel_queue_flush(struct parcel_queue *q)
{
	pthread_mutex_lock(&q->lock);
	if (q->head != NULL && !q->flush) {
		q->flush = true;
		pthread_cond_signal(&q->filled);
	}
	pthread_mutex_unlock(&q->lock);
}

bool
parcel_queue_is_closed(struct parcel_queue *q)
{
	bool closed;

	pthread_mutex_lock(&q->lock);
	closed = q->closed;
	pthread_mutex_unlock(&q->lock);
	return closed;
}
