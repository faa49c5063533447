/*
 * delete - a source of 100,000 chunks is deleted while somebody searches: how long
 * the delete takes, how long until the last row is gone, and what the searches cost
 * before and meanwhile.
 *
 *	delete [CHUNKS]
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/clock.h"
#include "shared/store.h"

enum { A_PAGE = 20, LOOKS = 400, LOOKS_MAX = 1 << 20, PURGE_PAGES = 16 };

static char dir[] = "/tmp/bench_delete.XXXXXX";
static const char doomed[] = "000000000000000d", kept[] = "000000000000000e";
static atomic_bool over;
static double took[LOOKS_MAX];
static unsigned n_took;

static struct store *
must_open(void)
{
	struct store *st;
	struct err e;

	if (store_open(&st, dir, 0, false, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	return st;
}

static void
must(int rc)
{
	if (rc < 0) {
		(void)fprintf(stderr, "the store says %d\n", rc);
		exit(1);
	}
}

static void
fill(struct store *st, const char *source, unsigned n_chunks)
{
	static char body[A_PAGE][1024];
	struct chunk chunks[A_PAGE];
	struct crawl_params params;
	char url[64], hash[65];
	struct page p = { .url = url, .title = "A page", .content_hash = hash, .n_words = 3000, .n_bytes = 30000,
	    .chunks = chunks, .n_chunks = A_PAGE, .index_later = true };
	unsigned word = 1;

	crawl_params_defaults(&params);
	FIELD_SET(params.url, "http://a/");
	must(store_source_begin(st, source, &params, 1));
	for (unsigned page = 0; page < n_chunks / A_PAGE; page++) {
		(void)snprintf(url, sizeof url, "http://%s/%u", source, page);
		(void)snprintf(hash, sizeof hash, "%064u", page);
		for (unsigned i = 0; i < A_PAGE; i++) {
			size_t len = 0;

			while (len < sizeof body[i] - 16) {	/* words as common as words are */
				word = word * 1664525 + 1013904223;
				len += (size_t)snprintf(body[i] + len, sizeof body[i] - len, "w%u ", (word >> 8) % (1u << (4 + word % 12)));
			}
			chunks[i] = (struct chunk){ .headings = SLICE_LIT("One > Two"), .body = { body[i], len } };
		}
		if (page % 200 == 0)
			must(store_begin(st));
		must(store_page_put(st, source, &p));
		if (page % 200 == 199)
			must(store_commit(st));
	}
	if (n_chunks / A_PAGE % 200 != 0)
		must(store_commit(st));		/* of what is left */
	while (store_index(st, 1000) > 0)
		;
	must(store_source_end(st, source, "active", 1));
}

static int
see(const struct search_hit *h, void *arg)
{
	(void)h;
	(void)arg;
	return 0;
}

static double
look(struct store *st, unsigned i)
{
	char query[64];
	int64_t from = clock_mono_ns();

	(void)snprintf(query, sizeof query, "w%u w%u", i % 97, i % 1009);
	must(store_search(st, &(struct search){ .query = query, .limit = 5 }, see, NULL));
	return (double)(clock_mono_ns() - from) / 1e6;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print_looks(const char *when)
{
	qsort(took, n_took, sizeof took[0], by_size);
	(void)printf("%s: %u searches, median %.2f ms, p99 %.2f ms, slowest %.2f ms\n", when, n_took, took[n_took / 2],
	    took[n_took * 99 / 100], took[n_took - 1]);
	n_took = 0;
}

static void *
search_on(void *arg)
{
	struct store *st = must_open();

	(void)arg;
	for (unsigned i = 0; !atomic_load(&over) && n_took < LOOKS_MAX; i++)
		took[n_took++] = look(st, i);
	store_close(st);
	return NULL;
}

int
main(int argc, char **argv)
{
	unsigned n = argc == 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
	struct store *st, *writer;
	pthread_t thread;
	int64_t from;
	char command[64];

	if (n < 1000 || mkdtemp(dir) == NULL)
		return 64;
	st = must_open();
	writer = must_open();
	from = clock_mono_ns();
	fill(st, kept, n / 10);
	fill(st, doomed, n);
	(void)printf("filled with %u chunks in %.1f s\n", n + n / 10, (double)(clock_mono_ns() - from) / 1e9);
	while (n_took < LOOKS) {
		took[n_took] = look(st, n_took);
		n_took++;
	}
	print_looks("before");
	if (pthread_create(&thread, NULL, search_on, NULL) != 0)
		return 1;
	from = clock_mono_ns();
	must(store_source_delete(st, doomed, 2));
	(void)printf("deleted in %.2f ms\n", (double)(clock_mono_ns() - from) / 1e6);
	from = clock_mono_ns();
	while (store_purge(writer, PURGE_PAGES) == 1)
		;
	(void)printf("the last row gone after %.1f s\n", (double)(clock_mono_ns() - from) / 1e9);
	atomic_store(&over, true);
	(void)pthread_join(thread, NULL);
	print_looks("meanwhile");
	store_close(st);
	store_close(writer);
	(void)snprintf(command, sizeof command, "rm -r '%s'", dir);
	return system(command) != 0;
}
