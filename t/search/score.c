/*
 * score [-a] [-h] [-l] [-v] [-w] [-x] DIR QUESTIONS [SET...]: ask the store in DIR each
 * question and print how well the pages that answer it are ranked: MRR@10, Recall@5 and
 * nDCG@10 by corpus and by kind.  Each is asked of the source it is about; -x: of all of
 * them at once, where other sources answer some as well.  Half of QUESTIONS, by their hash,
 * are for tuning; -h: all but those, which are the other half and all of every SET; -w: all
 * of QUESTIONS, too; -a: each rule left out in turn; -l: how long all of them take, asked of
 * all sources; -v: each question with the rank of its first answer.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/ids.h"
#include "shared/store.h"
#include "shared/store_rank.h"

enum { QUESTIONS_MAX = 1000, DEPTH = 10 };

struct question {
	char *corpus, *kind, *text, *pages;
	unsigned n_pages;
	bool	 held;
};

struct sum {
	char	 name[32];
	unsigned n;
	double	 mrr, recall, ndcg;
};

static bool across;		/* asked of all sources at once, not of the one the question is about */

struct source_id {
	const char *corpus;
	char	    id[ID_SOURCE_BYTES];
};

static struct question question[QUESTIONS_MAX];
static unsigned n_questions;

static void
questions_load(const char *path, bool whole)
{
	static char line[4096];
	FILE *f = fopen(path, "r");

	if (f == NULL) {
		perror(path);
		exit(2);
	}
	while (n_questions < QUESTIONS_MAX && fgets(line, sizeof line, f) != NULL) {
		struct question *q = &question[n_questions];
		char *save = NULL, *copy = strdup(line);

		if (line[0] == '#' || copy == NULL)
			continue;
		q->corpus = strtok_r(copy, "\t", &save);
		q->kind = strtok_r(NULL, "\t", &save);
		q->text = strtok_r(NULL, "\t", &save);
		q->pages = strtok_r(NULL, "\n", &save);
		if (q->pages == NULL) {
			(void)fprintf(stderr, "score: %s: four fields by tabs, not: %s", path, line);
			exit(2);
		}
		q->n_pages = 1;
		for (const char *p = q->pages; *p != '\0'; p++)
			q->n_pages += *p == ' ';
		q->held = whole || id_hash(q->text, strlen(q->text)) >> 32 & 1;
		n_questions++;
	}
	(void)fclose(f);
}

struct answer {
	const struct question *q;
	unsigned rank, first, in_5;
	double	 gain;
	bool	 verbose;
};

static bool
answers(const struct question *q, const char *url)
{
	size_t len = strlen(url), corpus = strlen(q->corpus);

	for (const char *p = q->pages; p != NULL; p = strchr(p, ' ')) {
		size_t n;

		p += *p == ' ';
		n = strcspn(p, " ");
		if (len > n + corpus + 2 && memcmp(url + len - n, p, n) == 0 && url[len - n - 1] == '/' &&
		    memcmp(url + len - n - 1 - corpus, q->corpus, corpus) == 0 && url[len - n - 2 - corpus] == '/')
			return true;
	}
	return false;
}

static int
on_hit(const struct search_hit *h, void *arg)
{
	struct answer *a = arg;
	bool good = answers(a->q, h->url);

	a->rank++;
	if (a->verbose)
		(void)printf("      %2u %s %.3f %s  (%s)\n", a->rank, good ? "+" : " ", h->score, h->url, h->headings);
	if (!good)
		return 0;
	if (a->first == 0)
		a->first = a->rank;
	a->in_5 += a->rank <= 5;
	a->gain += 1 / log2(1 + (double)a->rank);
	return 0;
}

static void
add(struct sum *s, unsigned *n, const char *name, const struct answer *a)
{
	unsigned i = 0, can_5 = a->q->n_pages < 5 ? a->q->n_pages : 5;
	double ideal = 0;

	while (i < *n && strcmp(s[i].name, name) != 0)
		i++;
	if (i == *n) {
		(void)snprintf(s[i].name, sizeof s[i].name, "%s", name);
		++*n;
	}
	for (unsigned r = 1; r <= a->q->n_pages && r <= DEPTH; r++)
		ideal += 1 / log2(1 + (double)r);
	s[i].n++;
	s[i].mrr += a->first > 0 ? 1.0 / a->first : 0;
	s[i].recall += (double)a->in_5 / can_5;
	s[i].ndcg += a->gain / ideal;
}

static int
on_source(const struct source *s, void *arg)
{
	struct source_id *want = arg;
	size_t len = strlen(want->corpus);
	const char *p = strstr(s->url, want->corpus);

	if (p != NULL && p[-1] == '/' && p[len] == '/')
		(void)snprintf(want->id, sizeof want->id, "%s", s->id);
	return 0;
}

static int
ask_one(struct store *st, struct answer *a)
{
	struct source_id src = { .corpus = a->q->corpus };

	if (!across)
		(void)store_sources_each(st, &(struct source_filter){ .limit = 1000 }, on_source, &src);
	return store_search(st, &(struct search){
		.query = a->q->text, .source_id = src.id[0] != '\0' ? src.id : NULL, .limit = DEPTH,
	}, on_hit, a);
}

static struct sum
ask(struct store *st, bool held, int verbose, bool table)
{
	struct sum sums[32] = { 0 };
	unsigned n = 0;

	for (unsigned i = 0; i < n_questions; i++) {
		const struct question *q = &question[i];
		struct answer a = { .q = q, .verbose = verbose > 1 };

		if (q->held != held)
			continue;
		if (verbose > 1)
			(void)printf("   %s: %s\n", q->corpus, q->text);
		if (ask_one(st, &a) < 0) {
			(void)fprintf(stderr, "score: %s: %s\n", q->text, store_error(st));
			exit(1);
		}
		if (verbose > 0)
			(void)printf("%4u  %-10s %-10s %s\n", a.first, q->corpus, q->kind, q->text);
		add(sums, &n, "all", &a);
		add(sums, &n, q->corpus, &a);
		add(sums, &n, q->kind, &a);
	}
	for (unsigned i = 0; table && i < n; i++)
		(void)printf("%-9s %-11s %4u questions   MRR@10 %.3f   Recall@5 %.3f   nDCG@10 %.3f\n", held ? "held out" : "tuning",
		    sums[i].name, sums[i].n, sums[i].mrr / sums[i].n, sums[i].recall / sums[i].n, sums[i].ndcg / sums[i].n);
	return sums[0];
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
take_time(struct store *st)
{
	enum { ROUNDS = 5 };
	static int64_t took_ns[ROUNDS * QUESTIONS_MAX];
	unsigned n = 0;
	clock_t cpu = 0;

	across = true;
	while (store_index_tidy(st) > 0)	/* as the crawler does when it has nothing else to do */
		;
	for (unsigned round = 0; round <= ROUNDS; round++) {
		if (round == 1)
			cpu = clock();
		for (unsigned i = 0; i < n_questions; i++) {
			struct answer a = { .q = &question[i] };
			int64_t from_ns = clock_mono_ns();

			if (ask_one(st, &a) < 0)
				exit(1);
			if (round > 0)		/* the first warms the caches */
				took_ns[n++] = clock_mono_ns() - from_ns;
		}
	}
	cpu = clock() - cpu;
	qsort(took_ns, n, sizeof took_ns[0], by_size);
	(void)printf("%u searches: p50 %.2f ms   p90 %.2f ms   p99 %.2f ms   longest %.2f ms   CPU %.2f ms each\n", n, (double)took_ns[n / 2] / 1e6,
	    (double)took_ns[n * 9 / 10] / 1e6, (double)took_ns[n * 99 / 100] / 1e6, (double)took_ns[n - 1] / 1e6,
	    1e3 * (double)cpu / CLOCKS_PER_SEC / n);
}

static int
gather(const struct source *s, void *st)
{
	return store_gather_names(st, s->id);
}

/* Leave out the rules of these bits; one of them works when texts are gathered. */
static void
leave_out(struct store *st, unsigned rules)
{
	static unsigned now;
	unsigned changed = now ^ rules;

	store_rank_without(st, now = rules);
	if (changed & 1u << RANK_SAYS && store_sources_each(st, &(struct source_filter){ .limit = 1000 }, gather, st) < 0)
		exit(1);
}

static void
without_each(struct store *st)
{
	static const char *const text[RANK_N_RULES] = {
#define X(name, text) text,
		RANK_RULES(X)
#undef X
	};

	(void)printf("%-42s  tuning                    held out\n%-42s  MRR@10 Recall@5 nDCG@10   MRR@10 Recall@5 nDCG@10\n", "", "without");
	for (unsigned i = 0; i <= RANK_N_RULES; i++) {
		leave_out(st, i > 0 ? 1u << (i - 1) : 0);
		(void)printf("%-42s", i > 0 ? text[i - 1] : "(none left out)");
		for (unsigned h = 0; h < 2; h++) {
			struct sum s = ask(st, h == 1, 0, false);

			(void)printf("%s%.3f  %.3f    %.3f", h == 0 ? "  " : "     ", s.mrr / s.n, s.recall / s.n, s.ndcg / s.n);
		}
		(void)putchar('\n');
	}
	leave_out(st, 0);
}

int
main(int argc, char **argv)
{
	struct store *st = NULL;
	struct err e = { "" };
	bool held = false, each = false, timed = false, whole = false;
	int verbose = 0, c;

	while ((c = getopt(argc, argv, "ahlvwx")) != -1)
		switch (c) {
		case 'a': each = true; break;
		case 'h': held = true; break;
		case 'l': timed = true; break;
		case 'v': verbose++; break;
		case 'w': whole = true; break;
		case 'x': across = true; break;
		default: return 2;
		}
	if (argc - optind < 2) {
		(void)fputs("usage: score [-a] [-h] [-l] [-v] [-w] [-x] DIR QUESTIONS [SET...]\n", stderr);
		return 2;
	}
	for (int i = optind + 1; i < argc; i++)
		questions_load(argv[i], whole || i > optind + 1);
	if (store_open(&st, argv[optind], 0, false, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	if (timed)
		take_time(st);
	else if (each)
		without_each(st);
	else
		(void)ask(st, held || whole, verbose, true);
	store_close(st);
	return 0;
}
