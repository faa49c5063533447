/*
 * stress_ring - three producers, two readers, one ring: every entry is whole, in
 * its producer's order, each once; whatever may be asked for is there.
 *
 *	stress_ring [-t | -k] SECONDS
 *
 * Processes; -t threads of one process (for ThreadSanitizer); -k processes, a
 * producer killed and replaced all the time.  Ends at the first fault.
 * Status 0 none, 1 faults, 2 nothing was shown.
 *
 * Negative controls, which must find faults:
 *	-DBROKEN_LOCK	producers do not exclude each other
 *	-DBROKEN_HEAD	the head moves before the entry is written
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

#include "shared/changecount.h"
#include "shared/clock.h"
#include "shared/ring.h"
#include "shared/table_layout.h"

enum { PRODUCERS = 3, READERS = 2, TEXT_MAX = 700 };

static struct arena {			/* shared by all */
	atomic_int    stop;
	atomic_ullong next[PRODUCERS];	/* what each writes next */
	atomic_ullong read, gone, torn, order, missing;
} *arena;
static char dir[] = "/tmp/stress_ring.XXXXXX";
static struct table *shared_table;	/* of threads */
static bool killing;

/* -- entries: the text tells who, what, and whether it is whole ----------------------- */

static size_t
text_make(char *text, unsigned who, unsigned long long n)
{
	size_t head = (size_t)snprintf(text, TEXT_MAX, "%u %llu ", who, n), len = head + (size_t)(n * 37 % 600);

	memset(text + head, (int)('a' + n % 23), len - head);
	return len;
}

static bool
text_read(const struct ring_entry *e, unsigned *who, unsigned long long *n)
{
	char want[TEXT_MAX];
	size_t len;

	if (sscanf(e->message, "%u %llu ", who, n) != 2 || *who >= PRODUCERS)
		return false;
	len = text_make(want, *who, *n);
	return len == e->message_len && memcmp(want, e->message, len) == 0 && e->level == *n % RING_N_LEVELS;
}

static int64_t
put(struct table *t, const struct ring_line *line)
{
#if defined BROKEN_LOCK || defined BROKEN_HEAD
	struct ring_head *h = ring_head(t);
	struct ring_entry e = { .level = line->level, .message_len = (uint32_t)line->message.len };
	struct ring_slot *s;
	uint32_t odd;

#ifdef BROKEN_HEAD
	if (table_enter(t, &t->ring_lock, LOCK_RING) < 0)
		return -EBUSY;
#endif
	e.seq = atomic_load_explicit(&h->last, memory_order_acquire) + 1;
	memcpy(e.message, line->message.p, line->message.len);
#ifdef BROKEN_HEAD
	atomic_store_explicit(&h->last, e.seq, memory_order_release);
#endif
	s = ring_slot(t, e.seq);
	odd = change_open(&s->changecount);
	words_store(s->word, &e, sizeof e);
	change_close(&s->changecount, odd);
#ifdef BROKEN_HEAD
	table_exit(t, &t->ring_lock, LOCK_RING);
#else
	atomic_store_explicit(&h->last, e.seq, memory_order_release);
#endif
	return (int64_t)e.seq;
#else
	return ring_append(t, line, 1);
#endif
}

/* -- the two sides ---------------------------------------------------------------------- */

static void
produce(struct table *t, unsigned who)
{
	char text[TEXT_MAX];

	while (!atomic_load_explicit(&arena->stop, memory_order_relaxed)) {
		/* The number is taken first: a killed producer's is never used again. */
		unsigned long long n = atomic_fetch_add(&arena->next[who], 1);
		const struct ring_line line = { .level = (enum ring_level)(n % RING_N_LEVELS),
		    .message = { text, text_make(text, who, n) } };

		while (put(t, &line) == -EBUSY)
			;
	}
}

static void
fault(atomic_ullong *count)
{
	atomic_fetch_add(count, 1);
	atomic_store(&arena->stop, 1);		/* one is enough */
}

static void
take(const struct ring_entry *e, unsigned long long next[PRODUCERS])
{
	unsigned long long n;
	unsigned who;

	if (!text_read(e, &who, &n)) {
		fault(&arena->torn);
		return;
	}
	/* Who misses nothing sees every number; a killed producer may have taken one with it. */
	if (next[who] != 0 && (killing ? n < next[who] : n != next[who]))
		fault(&arena->order);
	next[who] = n + 1;
	atomic_fetch_add_explicit(&arena->read, 1, memory_order_relaxed);
}

static void
consume(struct table *t)
{
	unsigned long long next[PRODUCERS] = { 0 };
	uint64_t cursor = ring_first(t);
	struct ring_entry e;

	while (!atomic_load_explicit(&arena->stop, memory_order_relaxed)) {
		int rc = ring_read(t, cursor, &e);

		if (rc == 0) {
			take(&e, next);
			cursor++;
		} else if (rc == -ENOENT) {
			uint64_t first = ring_first(t);

			if (cursor >= first)		/* gone, they say, and yet it is not */
				fault(&arena->missing);
			cursor = first + 100;		/* overtaken: a step ahead of the tail */
			memset(next, 0, sizeof next);	/* and with nothing seen yet */
			atomic_fetch_add_explicit(&arena->gone, 1, memory_order_relaxed);
		}
	}
}

/* -- running ---------------------------------------------------------------------------- */

static struct table *
attach(void)
{
	struct table *t = NULL;
	struct err e;

	if (table_open(&t, dir, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(2);
	}
	return t;
}

static pid_t
start(unsigned i)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct table *t = attach();	/* of its own: locks belong to the open file */

		if (i < PRODUCERS)
			produce(t, i);
		else
			consume(t);
		_exit(0);
	}
	if (pid == -1) {
		perror("fork");
		exit(2);
	}
	return pid;
}

static void *
thread(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg;

	if (i < PRODUCERS)
		produce(shared_table, i);
	else
		consume(shared_table);
	return NULL;
}

static void
pause_ms(long ms)
{
	const struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

static void
run_processes(int64_t until_ns)
{
	pid_t pid[PRODUCERS + READERS];

	for (unsigned i = 0; i < PRODUCERS + READERS; i++)
		pid[i] = start(i);
	for (unsigned n = 0; clock_mono_ns() < until_ns && !atomic_load(&arena->stop); n++) {
		pause_ms(killing ? 3 : 50);
		if (killing) {
			(void)kill(pid[n % PRODUCERS], SIGKILL);
			(void)waitpid(pid[n % PRODUCERS], NULL, 0);
			pid[n % PRODUCERS] = start(n % PRODUCERS);
		}
	}
	atomic_store(&arena->stop, 1);
	for (unsigned i = 0; i < PRODUCERS + READERS; i++)
		(void)waitpid(pid[i], NULL, 0);
}

static void
run_threads(int64_t until_ns)
{
	pthread_t t[PRODUCERS + READERS];

	shared_table = attach();
	for (unsigned i = 0; i < PRODUCERS + READERS; i++)
		if (pthread_create(&t[i], NULL, thread, (void *)(uintptr_t)i) != 0)
			exit(2);
	while (clock_mono_ns() < until_ns && !atomic_load(&arena->stop))
		pause_ms(50);
	atomic_store(&arena->stop, 1);
	for (unsigned i = 0; i < PRODUCERS + READERS; i++)
		pthread_join(t[i], NULL);
	table_close(shared_table);
}

int
main(int argc, char **argv)
{
	static const char *const made[] = { "/" TABLE_FILE, "/" TABLE_FILE ".lock", "/" TABLE_DIR, "/live", "" };
	const char *mode = argc == 3 ? argv[1] : "";
	double seconds = argc > 1 ? strtod(argv[argc - 1], NULL) : 1;
	int64_t until_ns = clock_mono_ns() + (int64_t)(seconds * 1e9);
	char path[64];
	struct table *t;
	struct err e;

	arena = mmap(NULL, sizeof *arena, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED || mkdtemp(dir) == NULL)
		return 2;
	if (table_create(dir, TABLE_ROWS_MIN, NULL, NULL, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return 2;
	}
	t = attach();				/* so that the broken ones find memory in every slot */
	if (table_back(t->fd, slots_at(t->n_rows), RING_SLOTS * sizeof(struct ring_slot)) < 0)
		return 2;
	atomic_store(&ring_head(t)->n_backed, RING_SLOTS);
	table_close(t);
	killing = strcmp(mode, "-k") == 0;
	if (strcmp(mode, "-t") == 0)
		run_threads(until_ns);
	else
		run_processes(until_ns);
	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
		(void)snprintf(path, sizeof path, "%s%s", dir, made[i]);
		(void)remove(path);
	}
	printf("%llu written, %llu read, overtaken %llu times, %llu torn, %llu out of order, %llu missing\n",
	    arena->next[0] + arena->next[1] + arena->next[2], arena->read, arena->gone, arena->torn, arena->order, arena->missing);
	if (arena->torn + arena->order + arena->missing > 0)
		return 1;
	return arena->read > 100 ? 0 : 2;
}
