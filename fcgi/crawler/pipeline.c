#include "config.h"

#include "crawler/pipeline.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crawler/convert.h"
#include "crawler/digest.h"
#include "crawler/writer.h"

enum { WORKERS_MAX = 64 };

/*
 * The tree of a page takes ten to thirty times its bytes: so many of them are
 * parsed at once, on however many cores, or one page alone.
 */
#define PARSE_BYTES ((size_t)2 << 20)

struct pipeline {
	struct parcel_queue to_parse, to_convert, parsed, to_store, stored;
	struct fetcher *fetcher;	/* whom to wake */
	struct writer writer;
	size_t	  page_max_bytes;
	pthread_mutex_t door, room;	/* to the parser: in order; and how full it is */
	pthread_cond_t	left;
	size_t	  parsing_bytes;
	unsigned  n_workers;
	bool	  has_writer, has_converter;
	struct converter converter;
	pthread_t worker[WORKERS_MAX], writer_thread, convert_thread;
};

/* What large pages take is beside what the heaps keep for the next ones: that is given back, before and after. */
static void
give_back(size_t len)
{
#ifdef M_TRIM_THRESHOLD
	if (len > PARSE_BYTES)
		(void)malloc_trim(0);
#else
	(void)len;
#endif
}

/* Wait for room for len bytes; who waits is not overtaken.  Ends as the others leave. */
static void
parser_enter(struct pipeline *pl, size_t len)
{
	pthread_mutex_lock(&pl->door);
	pthread_mutex_lock(&pl->room);
	while (pl->parsing_bytes > 0 && pl->parsing_bytes + len > PARSE_BYTES)
		pthread_cond_wait(&pl->left, &pl->room);
	pl->parsing_bytes += len;
	pthread_mutex_unlock(&pl->room);
	pthread_mutex_unlock(&pl->door);
}

static void
parser_leave(struct pipeline *pl, size_t len)
{
	pthread_mutex_lock(&pl->room);
	pl->parsing_bytes -= len;
	pthread_cond_signal(&pl->left);		/* one at most waits behind the door */
	pthread_mutex_unlock(&pl->room);
}

static void *
worker_main(void *arg)
{
	struct pipeline *pl = arg;
	struct parcel *p;

	(void)pthread_setname_np(pthread_self(), "parse");
	while ((p = parcel_queue_take(&pl->to_parse)) != NULL) {
		size_t len = p->body.len;

		parser_enter(pl, len);
		give_back(len);
		digest(p, pl->page_max_bytes);
		give_back(len);
		parser_leave(pl, len);
		if (parcel_queue_put(&pl->parsed, p))
			fetcher_wake(pl->fetcher);
	}
	return NULL;
}

/* A thread of its own: a document may take a minute, and pages must not wait for it. */
static void *
convert_main(void *arg)
{
	struct pipeline *pl = arg;
	struct parcel *p;

	(void)pthread_setname_np(pthread_self(), "convert");
	while ((p = parcel_queue_take(&pl->to_convert)) != NULL) {
		convert(&pl->converter, p);
		if (parcel_queue_put(&pl->parsed, p))
			fetcher_wake(pl->fetcher);
	}
	return NULL;
}

static void *
writer_main(void *arg)
{
	struct pipeline *pl = arg;
	struct parcel *list, *next;
	bool over = false, wake;

	(void)pthread_setname_np(pthread_self(), "store");
	while (!over) {
		int idle_ms = writer_index(&pl->writer), purge_ms = writer_purge(&pl->writer);

		if (idle_ms < 0 || purge_ms < idle_ms)
			idle_ms = purge_ms;
		list = parcel_queue_take_batch(&pl->to_store, WRITER_BATCH, WRITER_BATCH_MS, idle_ms, &over);
		if (list == NULL)
			continue;
		wake = false;
		for (list = writer_write(&pl->writer, list); list != NULL; list = next) {
			next = list->next;
			wake |= parcel_queue_put(&pl->stored, list);
		}
		if (wake)
			fetcher_wake(pl->fetcher);
	}
	return NULL;
}

static unsigned
n_workers(const struct conf *conf)
{
	long n = conf->parse_threads != 0 ? (long)conf->parse_threads : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned)n;
}

int
pipeline_start(struct pipeline **out, const struct conf *conf, struct store *st, struct fetcher *ft, struct err *e)
{
	struct pipeline *pl = calloc(1, sizeof *pl);
	int rc;

	if (pl == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	if (parcel_queue_init(&pl->to_parse) < 0 || parcel_queue_init(&pl->parsed) < 0 ||
	    parcel_queue_init(&pl->to_store) < 0 || parcel_queue_init(&pl->stored) < 0 ||
	    parcel_queue_init(&pl->to_convert) < 0) {
		free(pl);		/* the process ends */
		return err_set(e, -ENOMEM, "out of memory");
	}
	(void)pthread_mutex_init(&pl->door, NULL);	/* none of the three fails on Linux */
	(void)pthread_mutex_init(&pl->room, NULL);
	(void)pthread_cond_init(&pl->left, NULL);
	pl->fetcher = ft;
	pl->page_max_bytes = (size_t)conf->page_max_bytes;
	converter_init(&pl->converter, conf);
	pl->writer.store = st;
	pl->writer.in = &pl->to_store;
	pl->writer.unindexed = 1;	/* perhaps: of a crawler that was killed */
	pl->writer.untidy = true;
	for (unsigned n = n_workers(conf); pl->n_workers < n; pl->n_workers++)
		if ((rc = pthread_create(&pl->worker[pl->n_workers], NULL, worker_main, pl)) != 0)
			goto fail;
	if ((rc = pthread_create(&pl->writer_thread, NULL, writer_main, pl)) != 0)
		goto fail;
	pl->has_writer = true;
	if ((rc = pthread_create(&pl->convert_thread, NULL, convert_main, pl)) != 0)
		goto fail;
	pl->has_converter = true;
	*out = pl;
	return 0;
fail:
	pipeline_stop(pl);
	return err_set(e, -rc, "no thread: %s", strerror(rc));
}

static void
drop(struct parcel *list)
{
	struct parcel *next;

	for (; list != NULL; list = next) {
		next = list->next;
		parcel_free(list);
	}
}

void
pipeline_stop(struct pipeline *pl)
{
	if (pl == NULL)
		return;
	atomic_store(&pl->converter.stopping, true);
	drop(parcel_queue_take_all(&pl->to_convert));
	parcel_queue_close(&pl->to_convert);
	drop(parcel_queue_take_all(&pl->to_parse));
	parcel_queue_close(&pl->to_parse);
	if (pl->has_converter)
		pthread_join(pl->convert_thread, NULL);
	for (unsigned i = 0; i < pl->n_workers; i++)
		pthread_join(pl->worker[i], NULL);
	parcel_queue_close(&pl->to_store);
	atomic_store(&pl->writer.hurry, true);
	if (pl->has_writer)
		pthread_join(pl->writer_thread, NULL);
	parcel_queue_fini(&pl->to_parse);
	parcel_queue_fini(&pl->to_convert);
	parcel_queue_fini(&pl->parsed);
	parcel_queue_fini(&pl->to_store);
	parcel_queue_fini(&pl->stored);
	pthread_cond_destroy(&pl->left);
	pthread_mutex_destroy(&pl->room);
	pthread_mutex_destroy(&pl->door);
	free(pl);
}

void
pipeline_parse(struct pipeline *pl, struct parcel *p)
{
	(void)parcel_queue_put(&pl->to_parse, p);	/* its takers wait on the queue itself */
}

void
pipeline_convert(struct pipeline *pl, struct parcel *p)
{
	(void)parcel_queue_put(&pl->to_convert, p);
}

void
pipeline_store(struct pipeline *pl, struct parcel *p)
{
	(void)parcel_queue_put(&pl->to_store, p);
}

void
pipeline_flush(struct pipeline *pl)
{
	parcel_queue_flush(&pl->to_store);
}

void
pipeline_hurry(struct pipeline *pl)
{
	atomic_store(&pl->writer.hurry, true);
}

bool
pipeline_disk_full(const struct pipeline *pl)
{
	return atomic_load(&pl->writer.disk_full);
}

struct parcel *
pipeline_parsed(struct pipeline *pl)
{
	return parcel_queue_take_all(&pl->parsed);
}

struct parcel *
pipeline_stored(struct pipeline *pl)
{
	return parcel_queue_take_all(&pl->stored);
}
