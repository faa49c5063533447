/*
 * million [-n CHUNKS] [-q QUERIES] [-s SEED] [-d DIMS] DIR: how long a search takes in a store
 * of so many chunks of made-up text.  The store is made in DIR (2 GB for the
 * million) unless it is there.  Words are as frequent as in a language (Zipf's
 * law), questions are two to five words out of one chunk, the most frequent
 * forty, which are the stop words of this language, left out.  -d: each chunk gets
 * a random vector of so many dimensions, and questions one, too.
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/store.h"
#include "shared/text.h"

enum { WORDS = 200000, STOP_WORDS = 40, CHUNK_WORDS = 120, PAGE_CHUNKS = 20, BATCH_PAGES = 200, SOURCES = 50 };

static double upto[WORDS];		/* the share of the words up to this one */
static uint64_t state = 88172645463325252u;

static uint64_t
random_bits(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static unsigned
random_word(void)			/* its rank, from 0 */
{
	double x = (double)(random_bits() >> 11) / 9007199254740992.0;
	unsigned lo = 0, hi = WORDS - 1;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (upto[mid] < x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
words_make(void)
{
	double sum = 0;

	for (unsigned i = 0; i < WORDS; i++)
		upto[i] = sum += 1 / (i + 2.7);
	for (unsigned i = 0; i < WORDS; i++)
		upto[i] /= sum;
}

static void
put_word(struct text *t, unsigned rank)	/* pronounceable, and another one for each rank */
{
	static const char consonants[] = "bdfgklmnprstvz", vowels[] = "aeiou";

	for (unsigned n = rank + 70; n > 0; n /= 70) {
		text_putc(t, consonants[n % 70 / 5]);
		text_putc(t, vowels[n % 5]);
	}
}

static void
put_words(struct text *t, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (t->len > 0)
			text_putc(t, ' ');
		put_word(t, random_word());
	}
}

static int
make_page(struct store *st, unsigned number)
{
	struct text body[PAGE_CHUNKS] = { { 0 } }, title = { 0 };
	struct chunk chunk[PAGE_CHUNKS];
	char url[64], source[20], hash[65];
	int rc;

	put_words(&title, 4);
	for (unsigned i = 0; i < PAGE_CHUNKS; i++) {
		put_words(&body[i], CHUNK_WORDS / 2 + (unsigned)(random_bits() % CHUNK_WORDS));
		chunk[i] = (struct chunk){ .headings = { title.p, title.len }, .body = { body[i].p, body[i].len } };
	}
	(void)snprintf(url, sizeof url, "http://made.up/%u/%u", number % SOURCES, number);
	(void)snprintf(source, sizeof source, "%016x", number % SOURCES);
	(void)snprintf(hash, sizeof hash, "%064u", number);
	rc = store_page_put(st, source, &(struct page){
		.url = url, .title = text_str(&title), .language = "en", .content_hash = hash, .fetched_ms = 1,
		.n_words = PAGE_CHUNKS * CHUNK_WORDS, .chunks = chunk, .n_chunks = PAGE_CHUNKS,
	});
	for (unsigned i = 0; i < PAGE_CHUNKS; i++)
		text_fini(&body[i]);
	text_fini(&title);
	return rc;
}

static int
make(struct store *st, unsigned n_pages)
{
	struct crawl_params params;
	int rc = 0;

	crawl_params_defaults(&params);
	for (unsigned i = 0; rc == 0 && i < SOURCES; i++) {
		char source[20];

		(void)snprintf(params.url, sizeof params.url, "http://made.up/%u/", i);
		(void)snprintf(source, sizeof source, "%016x", i);
		rc = store_source_begin(st, source, &params, 1);
	}
	for (unsigned i = 0; rc == 0 && i < n_pages;) {
		if ((rc = store_begin(st)) < 0)
			break;
		for (unsigned k = 0; rc == 0 && k < BATCH_PAGES && i < n_pages; k++, i++)
			rc = make_page(st, i);
		if (rc == 0)
			rc = store_commit(st);
		if (i % 5000 == 0)
			(void)fprintf(stderr, "%u of %u pages\r", i, n_pages);
	}
	return rc;
}

static int
count_hit(const struct search_hit *h, void *arg)
{
	(void)h;
	++*(unsigned *)arg;
	return 0;
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* -- vectors ------------------------------------------------------------------- */

static void
random_vector(struct vector *v, unsigned dims)
{
	double x[VECTOR_DIMS_MAX];

	do
		for (unsigned i = 0; i < dims; i++)
			x[i] = (double)(random_bits() >> 11) / 9007199254740992.0 - 0.5;
	while (!vector_pack(v, x, dims));
}

struct embedding {
	struct store *st;
	unsigned dims;
	int64_t	 last;
};

static int
embed_chunk(const struct chunk_entry *c, void *arg)
{
	struct embedding *em = arg;
	struct vector v;

	random_vector(&v, em->dims);
	em->last = c->id;
	return store_vectors_put(em->st, c->id, c->body, &v);
}

static int
embed(struct store *st, unsigned dims)
{
	struct embedding em = { st, dims, 0 };
	int rc = store_vectors_of(st, "random");

	while (rc >= 0 && (rc = store_begin(st)) >= 0 && (rc = store_vectors_next(st, em.last, 5000, embed_chunk, &em)) > 0)
		rc = store_commit(st);
	return rc < 0 ? rc : store_commit(st);
}

/* -- questions ----------------------------------------------------------------- */

static int
ask(struct store *st, unsigned n, unsigned dims, const char *what)
{
	int64_t *took_ns = calloc(n, sizeof *took_ns);
	unsigned n_hits = 0;

	for (unsigned i = 0; took_ns != NULL && i < n; i++) {
		struct text q = { 0 };
		struct vector v;

		if (dims > 0)
			random_vector(&v, dims);
		for (unsigned k = 2 + (unsigned)(random_bits() % 4); k > 0;) {
			unsigned w = random_word();

			if (w < STOP_WORDS)
				continue;
			text_putc(&q, ' ');
			put_word(&q, w);
			k--;
		}
		took_ns[i] = clock_mono_ns();
		if (store_search(st, &(struct search){ .query = text_str(&q), .limit = 5,
		    .vector = dims > 0 ? &v : NULL }, count_hit, &n_hits) < 0) {
			(void)fprintf(stderr, "million: %s\n", store_error(st));
			return 1;
		}
		took_ns[i] = clock_mono_ns() - took_ns[i];
		text_fini(&q);
	}
	if (took_ns == NULL || n == 0)
		return 1;
	qsort(took_ns, n, sizeof *took_ns, by_size);
	(void)printf("%-10s %u questions, %.1f hits each: p50 %.1f ms   p90 %.1f ms   p99 %.1f ms   longest %.1f ms\n", what, n,
	    (double)n_hits / n, (double)took_ns[n / 2] / 1e6, (double)took_ns[n * 9 / 10] / 1e6,
	    (double)took_ns[n * 99 / 100] / 1e6, (double)took_ns[n - 1] / 1e6);
	free(took_ns);
	return 0;
}

int
main(int argc, char **argv)
{
	unsigned n_chunks = 1000000, n_queries = 500, dims = 0;
	struct store *st = NULL;
	struct err e = { "" };
	int c, rc;

	while ((c = getopt(argc, argv, "n:q:s:d:")) != -1)
		switch (c) {
		case 'n': n_chunks = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'q': n_queries = (unsigned)strtoul(optarg, NULL, 10); break;
		case 's': state ^= strtoull(optarg, NULL, 10) << 20; break;
		case 'd': dims = (unsigned)strtoul(optarg, NULL, 10); break;
		default: return 2;
		}
	if (argc - optind != 1 || dims > VECTOR_DIMS_MAX) {
		(void)fputs("usage: million [-n CHUNKS] [-q QUERIES] [-s SEED] [-d DIMS] DIR\n", stderr);
		return 2;
	}
	words_make();
	if (store_open(&st, argv[optind], 0, false, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	if (store_sources_count(st, &(struct source_filter){ 0 }) == 0 && (rc = make(st, n_chunks / PAGE_CHUNKS)) < 0) {
		(void)fprintf(stderr, "million: %s\n", store_error(st));
		return 1;
	}
	if (dims > 0 && (rc = embed(st, dims)) < 0) {
		(void)fprintf(stderr, "million: %s\n", store_error(st));
		return 1;
	}
	while (store_index_tidy(st) > 0)	/* as the crawler does when it has nothing else to do */
		;
	rc = n_queries == 0 ? 0 : ask(st, n_queries, dims, "first") != 0 || ask(st, n_queries, dims, "again") != 0;
	store_close(st);
	return rc;
}
