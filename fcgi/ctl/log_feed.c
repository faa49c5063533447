#include "config.h"

#include "ctl/log_feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/clock.h"
#include "shared/json_text.h"
#include "shared/progress_row.h"
#include "shared/text.h"

#include "ctl/http.h"

enum {
	BATCH_LINES = 200,
	BATCH_BYTES = 40 << 10,		/* of JSON; the server's own limit is 64 KiB unless configured */
	CALL_MS = 5000,
	RETRY_FIRST_MS = 200,
	RETRY_MAX_MS = 5000,
	HTTP_TOO_LARGE = 413,
};

struct line {
	struct line *next;
	enum ring_level level;
	int64_t	     wall_ms;
	size_t	     len;
	char	     text[];
};

struct log_feed {
	struct ctl	 ctl;
	char		 logger[RING_LOGGER_BYTES];
	pthread_t	 thread;
	pthread_mutex_t	 lock;		/* of all below */
	pthread_cond_t	 changed;	/* CLOCK_MONOTONIC */
	struct line	*first, **end;
	unsigned	 n;
	unsigned long	 lost, told;	/* lines; how many of them are in the log */
	bool		 stopping, idle, ended;
};

static void
until_in(struct timespec *ts, int ms)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000L;
	if (ts->tv_nsec >= 1000000000L) {
		ts->tv_sec++;
		ts->tv_nsec -= 1000000000L;
	}
}

static void
drop_first(struct log_feed *f)
{
	struct line *l = f->first;

	if ((f->first = l->next) == NULL)
		f->end = &f->first;
	f->n--;
	free(l);
}

/* -- sending ------------------------------------------------------------------------- */

static void
entry_put(struct text *t, const char *logger, enum ring_level level, int64_t wall_ms, const char *s, size_t len)
{
	json_open(t, '{');
	json_key(t, "message");
	json_string(t, s, len);
	json_kstr(t, "level", ring_level_word(level));
	json_kstr(t, "logger", logger);
	json_ktime(t, "timestamp", wall_ms);
	json_close(t, '}');
}

/* The first lines as JSON, max at most.  How many; under the lock. */
static unsigned
batch_make(const struct log_feed *f, unsigned max, struct text *t)
{
	unsigned n = 0;

	text_clear(t);
	json_open(t, '[');
	if (f->lost > f->told) {
		char words[80];
		int len = snprintf(words, sizeof words, "%lu lines were lost: archon did not take them in time", f->lost - f->told);

		entry_put(t, f->logger, RING_WARNING, clock_wall_ms(), words, (size_t)len);
	}
	for (const struct line *l = f->first; l != NULL && n < max && (n == 0 || t->len < BATCH_BYTES); l = l->next, n++)
		entry_put(t, f->logger, l->level, l->wall_ms, l->text, l->len);
	json_close(t, ']');
	return n;
}

static int
batch_send(const struct log_feed *f, struct text *t)	/* HTTP status, 0: no answer */
{
	const char *body = text_str(t);
	struct http_reply rp;
	struct err e;

	if (body == NULL || http_call(&f->ctl, "POST", "/api/mcp/logs", body, &rp, &e) < 0)
		return 0;
	text_fini(&rp.body);
	return rp.status;
}

static void
pause_for(struct log_feed *f, int ms)		/* under the lock */
{
	struct timespec until;

	until_in(&until, ms);
	while (!f->stopping && pthread_cond_timedwait(&f->changed, &f->lock, &until) != ETIMEDOUT)
		;
	if (!f->stopping)
		return;
	/* Somebody waits for the end: try again soon, he has a bound of his own. */
	until_in(&until, RETRY_FIRST_MS);
	while (!f->ended && pthread_cond_timedwait(&f->changed, &f->lock, &until) != ETIMEDOUT)
		;
}

static void *
feed_thread(void *arg)
{
	struct log_feed *f = arg;
	struct text t = { 0 };
	unsigned max = BATCH_LINES;
	int retry_ms = RETRY_FIRST_MS;

	pthread_mutex_lock(&f->lock);
	while (!f->ended && !(f->stopping && f->n == 0)) {
		unsigned long lost = f->lost;
		unsigned n;
		int status;

		if (f->n == 0) {
			pthread_cond_wait(&f->changed, &f->lock);
			continue;
		}
		n = batch_make(f, max, &t);
		pthread_mutex_unlock(&f->lock);
		status = batch_send(f, &t);
		pthread_mutex_lock(&f->lock);
		/* Lines that gave way while this went out were its own first ones. */
		n -= f->lost - lost < n ? (unsigned)(f->lost - lost) : n;
		if (status == HTTP_TOO_LARGE && max > 1) {
			max /= 2;
			continue;
		}
		if (status / 100 == 2) {
			f->told = lost;
			retry_ms = RETRY_FIRST_MS;
			while (n-- > 0)
				drop_first(f);
		} else if (status / 100 == 4 && status != 429 && status != 404) {
			f->lost += n;			/* it will never be taken */
			while (n-- > 0)
				drop_first(f);
		} else {
			pause_for(f, retry_ms);
			retry_ms = retry_ms * 2 < RETRY_MAX_MS ? retry_ms * 2 : RETRY_MAX_MS;
		}
	}
	f->idle = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	text_fini(&t);
	return NULL;
}

/* -- life ---------------------------------------------------------------------------- */

struct log_feed *
log_feed_start(const struct ctl *ctl, const char *logger)
{
	struct log_feed *f = calloc(1, sizeof *f);
	pthread_condattr_t attr;

	if (f == NULL)
		return NULL;
	f->ctl = *ctl;
	f->ctl.call_ms = CALL_MS;
	FIELD_SET(f->logger, logger);
	f->end = &f->first;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&f->thread, NULL, feed_thread, f) != 0) {
		pthread_cond_destroy(&f->changed);
		pthread_mutex_destroy(&f->lock);
		free(f);
		return NULL;
	}
	return f;
}

static void
put_one(struct log_feed *f, enum ring_level level, const char *s, size_t len)
{
	struct line *l = malloc(sizeof *l + len);

	pthread_mutex_lock(&f->lock);
	if (l == NULL) {
		f->lost++;
		pthread_mutex_unlock(&f->lock);
		return;
	}
	*l = (struct line){ .level = level, .wall_ms = clock_wall_ms(), .len = len };
	memcpy(l->text, s, len);
	if (f->n == FEED_LINES_MAX) {
		drop_first(f);
		f->lost++;
	}
	*f->end = l;
	f->end = &l->next;
	f->n++;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

void
log_feed_put(struct log_feed *f, enum ring_level level, struct slice m)
{
	while (m.len > 0) {
		size_t n = utf8_cut(m.p, m.len, RING_MESSAGE_BYTES - 1);

		if (n == 0)
			n = m.len < RING_MESSAGE_BYTES - 1 ? m.len : RING_MESSAGE_BYTES - 1;
		put_one(f, level, m.p, n);
		m.p += n;
		m.len -= n;
	}
}

unsigned long
log_feed_stop(struct log_feed *f, int flush_ms)
{
	struct timespec until;
	unsigned long lost;

	until_in(&until, flush_ms);
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	pthread_cond_broadcast(&f->changed);
	while (!f->idle && pthread_cond_timedwait(&f->changed, &f->lock, &until) != ETIMEDOUT)
		;
	f->ended = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	(void)pthread_join(f->thread, NULL);	/* a request under way has its own bound */
	lost = f->lost + f->n;
	while (f->first != NULL)
		drop_first(f);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return lost;
}
