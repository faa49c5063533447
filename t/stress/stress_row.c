/*
 * stress_row - one writer, three readers, no torn copy.  Every word of a payload
 * is made from one number, so a copy tells by itself whether it is whole.
 *
 *	stress_row [-t | -k] SECONDS
 *
 * Processes; -t threads of one process (for ThreadSanitizer); -k processes, the
 * writer killed and replaced all the time.  Ends at the first torn copy.
 * Status 0 no torn copy, 1 torn copies, 2 nothing was shown.
 *
 * Negative controls, which must find torn copies:
 *	-DBROKEN_WRITER	  stores the payload and leaves the changecount alone
 *	-DBROKEN_READER	  does not look at the changecount a second time
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/progress_row.h"

enum { READERS = 3, WORDS_AT = ROW_ID_BYTES + ROW_SOURCE_BYTES };

static struct arena {		/* shared by all */
	struct progress_row row;
	atomic_int	    stop;
	atomic_ullong	    written, good, again, torn, backwards;
} *arena;

/* -- payload -------------------------------------------------------------------- */

static void
payload_make(struct crawl_progress *p, uint64_t n)
{
	memset(p, (int)('a' + n % 23), sizeof *p);	/* strings of one letter, which the check cuts at their end */
	p->seq = p->total_pages = p->processed_pages = n;
	p->failed_pages = p->skipped_pages = p->chunks_stored = p->word_count = p->code_examples = n;
	p->bytes_fetched = p->pages_per_ks = n;
	p->eta_ms = p->started_wall_ms = p->updated_wall_ms = p->ended_wall_ms = (int64_t)n;
	for (unsigned i = 0; i < OUTCOME_N; i++)
		p->outcome[i] = n;
	p->phase = (uint32_t)(n % CRAWL_N_PHASES);
	p->percentage = (uint32_t)(n % 101);
	p->log_first = (uint32_t)(n % ROW_LOG_LINES);
	p->log_count = (uint32_t)(n % (ROW_LOG_LINES + 1));
	p->id[sizeof p->id - 1] = p->source_id[sizeof p->source_id - 1] = '\0';
	p->url[sizeof p->url - 1] = p->current_url[sizeof p->current_url - 1] = '\0';
	p->error[sizeof p->error - 1] = p->error_code[sizeof p->error_code - 1] = '\0';
	for (unsigned i = 0; i < ROW_LOG_LINES; i++)
		p->log[i][ROW_LOG_BYTES - 1] = '\0';
}

static bool
payload_is_whole(const struct crawl_progress *p)
{
	struct crawl_progress want;

	payload_make(&want, p->seq);
	return memcmp(&want, p, sizeof want) == 0;
}

/* -- the two sides ---------------------------------------------------------------- */

static void
row_put(struct progress_row *row, const struct crawl_progress *p)
{
#ifdef BROKEN_WRITER
	uint64_t w[PROGRESS_WORDS];

	memcpy(w, p, sizeof w);
	for (unsigned i = 0; i < PROGRESS_WORDS; i++)
		atomic_store_explicit(&row->word[i], w[i], memory_order_relaxed);
#else
	progress_row_write(row, p);
#endif
}

static int
row_get(const struct progress_row *row, struct crawl_progress *out)
{
#ifdef BROKEN_READER
	uint64_t w[PROGRESS_WORDS];

	if (atomic_load_explicit(&row->changecount, memory_order_acquire) % 2 != 0)
		return -EAGAIN;
	for (unsigned i = 0; i < PROGRESS_WORDS; i++)
		w[i] = atomic_load_explicit(&row->word[i], memory_order_relaxed);
	memcpy(out, w, sizeof w);
	return 0;
#else
	return progress_row_read(row, out);
#endif
}

static void *
writer(void *arg)
{
	struct crawl_progress p;

	(void)arg;
	while (!atomic_load_explicit(&arena->stop, memory_order_relaxed)) {
		/* The number is taken first: a killed writer's is never used again. */
		payload_make(&p, atomic_fetch_add(&arena->written, 1) + 1);
		row_put(&arena->row, &p);
	}
	return NULL;
}

static void *
reader(void *arg)
{
	unsigned long long good = 0, again = 0, torn = 0, backwards = 0;
	struct crawl_progress p;
	uint64_t last = 0;

	(void)arg;
	while (!atomic_load_explicit(&arena->stop, memory_order_relaxed)) {
		if (row_get(&arena->row, &p) < 0) {
			again++;
			continue;
		}
		if (!payload_is_whole(&p)) {
			torn++;
			atomic_store(&arena->stop, 1);		/* one is enough */
		} else {
			good++;
		}
		backwards += p.seq < last;
		last = p.seq;
	}
	atomic_fetch_add(&arena->good, good);
	atomic_fetch_add(&arena->again, again);
	atomic_fetch_add(&arena->torn, torn);
	atomic_fetch_add(&arena->backwards, backwards);
	return NULL;
}

/* -- running ------------------------------------------------------------------------ */

static void
pause_ms(long ms)
{
	const struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

static pid_t
start(void *(*f)(void *))
{
	pid_t pid = fork();

	if (pid == 0) {
		f(NULL);
		_exit(0);
	}
	if (pid == -1) {
		perror("fork");
		exit(2);
	}
	return pid;
}

static void
run_processes(int64_t until_ns, bool kill_writers)
{
	pid_t readers[READERS], w = start(writer);

	for (unsigned i = 0; i < READERS; i++)
		readers[i] = start(reader);
	while (clock_mono_ns() < until_ns && !atomic_load(&arena->stop)) {
		pause_ms(kill_writers ? 3 : 50);
		if (kill_writers) {
			(void)kill(w, SIGKILL);
			(void)waitpid(w, NULL, 0);
			w = start(writer);
		}
	}
	atomic_store(&arena->stop, 1);
	(void)waitpid(w, NULL, 0);
	for (unsigned i = 0; i < READERS; i++)
		(void)waitpid(readers[i], NULL, 0);
}

static void
run_threads(int64_t until_ns)
{
	pthread_t t[READERS + 1];

	for (unsigned i = 0; i <= READERS; i++)
		if (pthread_create(&t[i], NULL, i == 0 ? writer : reader, NULL) != 0)
			exit(2);
	while (clock_mono_ns() < until_ns && !atomic_load(&arena->stop))
		pause_ms(50);
	atomic_store(&arena->stop, 1);
	for (unsigned i = 0; i <= READERS; i++)
		pthread_join(t[i], NULL);
}

int
main(int argc, char **argv)
{
	const char *mode = argc == 3 ? argv[1] : "";
	double seconds = argc > 1 ? strtod(argv[argc - 1], NULL) : 1;
	struct crawl_progress p;

	arena = mmap(NULL, sizeof *arena, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		return 2;
	payload_make(&p, 0);
	progress_row_write(&arena->row, &p);
	if (strcmp(mode, "-t") == 0)
		run_threads(clock_mono_ns() + (int64_t)(seconds * 1e9));
	else
		run_processes(clock_mono_ns() + (int64_t)(seconds * 1e9), strcmp(mode, "-k") == 0);
	printf("%llu written, %llu good copies, %llu put off, %llu torn, %llu backwards\n",
	    arena->written, arena->good, arena->again, arena->torn, arena->backwards);
	if (arena->torn > 0 || arena->backwards > 0)
		return 1;
	return arena->good > 50 && arena->written > 50 ? 0 : 2;
}
