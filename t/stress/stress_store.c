/*
 * stress_store - two writers and eight readers on one store, each killed and
 * replaced all the time: every reader sees whole pages only, and what is left at
 * the end is sound, with its search index.
 *
 *	stress_store SECONDS
 *
 * Writers put, replace, index, edit, delete and purge sources of their own.
 * Status 0 no fault, 1 faults, 2 nothing was shown.
 *
 * Negative controls, which must find faults:
 *	-DBROKEN_STEPS	a page is put in two steps
 *	-DBROKEN_INDEX	a chunk goes without the index being told
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/ids.h"
#include "shared/store.h"

enum { WRITERS = 2, READERS = 8, ALL = WRITERS + READERS, PAGES = 12, CHUNKS = 6, KILL_MS = 60 };

static struct arena {			/* shared by all */
	atomic_ullong put, deleted, looked, found, torn, failed, killed;
} *arena;
static char dir[] = "/tmp/stress_store.XXXXXX";
static pid_t child[ALL];

static void
nap(long ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

static struct store *
must_open(void)
{
	struct store *st;
	struct err e;

	if (store_open(&st, dir, 0, false, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		atomic_fetch_add(&arena->failed, 1);
		_exit(1);
	}
	return st;
}

/* A full lock queue is no fault: the others were busy for too long. */
static bool
went(int rc, const char *what)
{
	if (rc >= 0 || rc == -EBUSY)
		return rc >= 0;
	(void)fprintf(stderr, "%s: %d\n", what, rc);
	atomic_fetch_add(&arena->failed, 1);
	return false;
}

static void
source_of(unsigned writer, char id[ID_SOURCE_BYTES])
{
	(void)snprintf(id, ID_SOURCE_BYTES, "%016x", writer + 1);
}

/* -- writers ---------------------------------------------------------------------- */

static int
put(struct store *st, const char *source, unsigned page, unsigned version, unsigned n)
{
	struct chunk chunks[CHUNKS];
	char body[64], url[64], hash[65];
	struct page p = {
		.url = url, .title = "A page", .language = "en", .content_hash = hash, .fetched_ms = 1, .n_words = 2, .n_bytes = 3,
		.chunks = chunks, .n_chunks = n, .index_later = version % 2 != 0,
	};

	(void)snprintf(body, sizeof body, "version %u of all chunks", version);
	(void)snprintf(url, sizeof url, "http://%s/%u", source, page);
	(void)snprintf(hash, sizeof hash, "%064u", version);
	for (unsigned i = 0; i < n; i++)
		chunks[i] = (struct chunk){ .headings = SLICE_LIT("One > Two"), .body = slice_of(body) };
	return store_page_put(st, source, &p);
}

static void
spoil(void)
{
#ifdef BROKEN_INDEX
	char path[64];
	sqlite3 *db;

	(void)snprintf(path, sizeof path, "%s/archon.db", dir);
	char *why = NULL;

	if (sqlite3_open(path, &db) == SQLITE_OK && sqlite3_busy_timeout(db, STORE_BUSY_MS) == SQLITE_OK &&
	    sqlite3_exec(db, "DELETE FROM chunks WHERE n = (SELECT min(n) FROM chunks"
	    " WHERE page NOT IN (SELECT page FROM unindexed))", NULL, NULL, &why) != SQLITE_OK)
		(void)fprintf(stderr, "not spoilt: %s\n", why);
	sqlite3_free(why);
	(void)sqlite3_close(db);
#endif
}

static void
change(struct store *st, const char *source, unsigned version)
{
	struct crawl_params params;
	struct source_edit edit = { .title = "Edited", .params = &params };

	crawl_params_defaults(&params);
	FIELD_SET(params.url, "http://a/");
	switch (version % 16) {
	case 15:
		if (went(store_source_delete(st, source, 1), "delete"))
			atomic_fetch_add(&arena->deleted, 1);
		while (store_source_is_deleted(st, source) == 1 && went(store_purge(st, 3), "purge"))
			;
		(void)went(store_source_begin(st, source, &params, 1), "begin");
		break;
	case 7:
		(void)went(store_source_edit(st, source, &edit, 1), "edit");
		break;
	default:
		if (version % 4 == 3) {
			(void)went(store_index(st, 0), "index");
			(void)went(store_source_end(st, source, "active", 1), "end");
			spoil();
		}
	}
}

static void
writer(unsigned n)
{
	struct store *st = must_open();
	struct crawl_params params;
	char source[ID_SOURCE_BYTES];

	source_of(n, source);
	crawl_params_defaults(&params);
	FIELD_SET(params.url, "http://a/");
	while (store_source_is_deleted(st, source) == 1 && went(store_purge(st, 3), "purge"))	/* killed before it was done */
		;
	(void)went(store_source_begin(st, source, &params, 1), "begin");
	for (unsigned version = (unsigned)clock_mono_ns() | 1;; version++) {
		for (unsigned page = 0; page < PAGES; page++) {
#ifdef BROKEN_STEPS
			(void)went(put(st, source, page, version, CHUNKS / 2), "put");
#endif
			if (went(put(st, source, page, version, CHUNKS), "put"))
				atomic_fetch_add(&arena->put, 1);
		}
		change(st, source, version);
	}
}

/* -- readers ------------------------------------------------------------------------ */

struct look {
	unsigned n;
	char	 body[64];
	bool	 mixed;
};

static int
see_chunk(const struct chunk_entry *c, void *arg)
{
	struct look *l = arg;

	if (l->n++ == 0)
		FIELD_SET(l->body, c->body);
	else
		l->mixed |= strcmp(l->body, c->body) != 0;
	return 0;
}

static int
see_hit(const struct search_hit *h, void *arg)
{
	(void)h;
	(void)arg;
	atomic_fetch_add(&arena->found, 1);
	return 0;
}

static void
reader(unsigned n)
{
	struct store *st = must_open();
	char source[ID_SOURCE_BYTES], url[64];

	for (unsigned i = n;; i++) {
		const struct content_filter flt = { .source_id = source, .url = url, .limit = 2 * CHUNKS };
		struct look l = { .n = 0 };

		source_of(i % WRITERS, source);
		(void)snprintf(url, sizeof url, "http://%s/%u", source, i % PAGES);
		if (went(store_chunk_list(st, &flt, see_chunk, &l), "list")) {
			atomic_fetch_add(&arena->looked, 1);
			if (l.n != 0 && (l.n != CHUNKS || l.mixed))
				atomic_fetch_add(&arena->torn, 1);
		}
		(void)went(store_search(st, &(struct search){ .query = "version chunks", .limit = 5 }, see_hit, NULL), "search");
	}
}

/* -- the run -------------------------------------------------------------------------- */

static void
spawn(unsigned i)
{
	if ((child[i] = fork()) != 0)
		return;
	if (i < WRITERS)
		writer(i);
	else
		reader(i);
	_exit(0);
}

static void
reap(unsigned i)
{
	(void)kill(child[i], SIGKILL);
	(void)waitpid(child[i], NULL, 0);
}

static int
verdict(void)
{
	struct store *st = must_open();
	struct err e = { "sound" };
	int rc;

	while ((rc = store_purge(st, 100)) == 1)
		;
	if (rc == 0)
		rc = store_check(st, &e);
	store_close(st);
	(void)printf("%llu puts, %llu deletes, %llu looks, %llu hits, %llu kills: %llu torn, %llu failed, %s\n",
	    arena->put, arena->deleted, arena->looked, arena->found, arena->killed, arena->torn, arena->failed, e.text);
	if (rc < 0 || arena->torn > 0 || arena->failed > 0)
		return 1;
	return arena->put > 0 && arena->deleted > 0 && arena->looked > 0 && arena->killed > 0 ? 0 : 2;
}

int
main(int argc, char **argv)
{
	double seconds = argc == 2 ? strtod(argv[1], NULL) : 0;
	int64_t until_mono_ns = clock_mono_ns() + (int64_t)(seconds * 1e9);
	char command[64];
	int rc;

	if (seconds <= 0 || mkdtemp(dir) == NULL)
		return 64;
	arena = mmap(NULL, sizeof *arena, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		return 64;
	store_close(must_open());
	for (unsigned i = 0; i < ALL; i++)
		spawn(i);
	for (unsigned i = 0; clock_mono_ns() < until_mono_ns && arena->failed == 0; i++) {
		unsigned victim = (i * 7 + i / 3) % ALL;	/* writers as often as readers */

		nap(KILL_MS + (long)(i * 37 % KILL_MS));
		reap(victim);
		atomic_fetch_add(&arena->killed, 1);
		spawn(victim);
	}
	for (unsigned i = 0; i < ALL; i++)
		reap(i);
	rc = verdict();
	(void)snprintf(command, sizeof command, "rm -r '%s'", dir);
	return system(command) == 0 ? rc : 2;
}
