#include "config.h"

#include "shared/progress_row.h"

#include <errno.h>
#include <string.h>

#include "shared/text.h"

static const char *const phase_words[CRAWL_N_PHASES] = {
#define X(name, word) [CRAWL_##name] = word,
	CRAWL_PHASES(X)
#undef X
};

static const char *const outcome_words[OUTCOME_N] = {
#define X(name, word) [OUTCOME_##name] = word,
	OUTCOMES_PAGE(X)
	OUTCOMES_SKIP(X)
	OUTCOMES_FAIL(X)
#undef X
};

void
progress_row_write(struct progress_row *row, const struct crawl_progress *p)
{
	uint64_t w[PROGRESS_WORDS];
	uint32_t odd;

	memcpy(w, p, sizeof w);		/* all thinking is done before the window */

	/* "| 1", not "+ 1": a dead owner may have left the count odd. */
	odd = atomic_load_explicit(&row->changecount, memory_order_relaxed) | 1u;
	atomic_store_explicit(&row->changecount, odd, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);			/* W1 */
	for (unsigned i = 0; i < PROGRESS_WORDS; i++)
		atomic_store_explicit(&row->word[i], w[i], memory_order_relaxed);
	atomic_store_explicit(&row->changecount, odd + 1, memory_order_release); /* W2 */
}

#define END_STRING(field) ((field)[sizeof(field) - 1] = '\0')

enum { COUNT_BITS = 62 };	/* no count or time of ours comes near: readers may add and subtract */

static void
check_count(uint64_t *n)
{
	if (*n >> COUNT_BITS != 0)
		*n = 0;
}

static void
check_time(int64_t *ms, int64_t none)
{
	if (*ms < 0 || *ms >> COUNT_BITS != 0)
		*ms = none;
}

static void
progress_check(struct crawl_progress *p)	/* distrust: see the header */
{
	END_STRING(p->id);
	END_STRING(p->source_id);
	END_STRING(p->url);
	END_STRING(p->current_url);
	END_STRING(p->error);
	END_STRING(p->error_code);
	if (p->phase >= CRAWL_N_PHASES)
		p->phase = CRAWL_ERROR;
	if (p->percentage > 100)
		p->percentage = 100;
	check_count(&p->seq);
	check_count(&p->total_pages);
	check_count(&p->processed_pages);
	check_count(&p->failed_pages);
	check_count(&p->skipped_pages);
	check_count(&p->chunks_stored);
	check_count(&p->word_count);
	check_count(&p->code_examples);
	check_count(&p->bytes_fetched);
	check_count(&p->pages_per_ks);
	for (unsigned i = 0; i < OUTCOME_N; i++)
		check_count(&p->outcome[i]);
	check_time(&p->eta_ms, -1);
	check_time(&p->started_wall_ms, 0);
	check_time(&p->updated_wall_ms, 0);
	check_time(&p->ended_wall_ms, 0);
	p->log_first %= ROW_LOG_LINES;
	if (p->log_count > ROW_LOG_LINES)
		p->log_count = ROW_LOG_LINES;
	for (unsigned i = 0; i < ROW_LOG_LINES; i++)
		END_STRING(p->log[i]);
}

static void
window_pause(void)	/* about as long as a writer's window is open */
{
	for (unsigned i = 0; i < 32; i++) {
#if defined __x86_64__ || defined __i386__
		__builtin_ia32_pause();
#elif defined __aarch64__
		__asm__ volatile ("yield");
#endif
	}
}

int
progress_row_read(const struct progress_row *row, struct crawl_progress *out)
{
	uint64_t w[PROGRESS_WORDS];
	uint32_t before, after;

	for (unsigned tries = 0; tries < PROGRESS_READ_TRIES; tries++) {
		before = atomic_load_explicit(&row->changecount, memory_order_acquire); /* R1 */
		if (before & 1u) {
			window_pause();
			continue;
		}
		for (unsigned i = 0; i < PROGRESS_WORDS; i++)
			w[i] = atomic_load_explicit(&row->word[i], memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);		/* R2 */
		after = atomic_load_explicit(&row->changecount, memory_order_relaxed);
		if (before == after) {
			memcpy(out, w, sizeof w);
			progress_check(out);
			return 0;
		}
	}
	return -EAGAIN;
}

const char *
outcome_word(enum outcome o)
{
	return outcome_words[o];
}

const char *
crawl_phase_word(enum crawl_phase phase)
{
	return phase_words[phase];
}

bool
crawl_phase_parse(const char *word, enum crawl_phase *out)
{
	for (unsigned i = 0; i < CRAWL_N_PHASES; i++)
		if (strcmp(phase_words[i], word) == 0) {
			*out = (enum crawl_phase)i;
			return true;
		}
	return false;
}

bool
crawl_phase_is_terminal(enum crawl_phase phase)
{
	return phase >= CRAWL_COMPLETED;
}

void
crawl_progress_log(struct crawl_progress *p, const char *line)
{
	unsigned slot;

	if (p->log_count < ROW_LOG_LINES) {
		slot = (p->log_first + p->log_count++) % ROW_LOG_LINES;
	} else {
		slot = p->log_first;
		p->log_first = (p->log_first + 1) % ROW_LOG_LINES;
	}
	FIELD_SET(p->log[slot], line);
}

const char *
crawl_progress_line(const struct crawl_progress *p, unsigned i)
{
	return p->log[(p->log_first + i) % ROW_LOG_LINES];
}

void
field_set(char *field, size_t bytes, const char *src)
{
	size_t n = utf8_cut(src, strlen(src), bytes - 1);

	memcpy(field, src, n);
	memset(field + n, 0, bytes - n);	/* no leftovers in a shared layout */
}
