/*
 * progress_row - one crawl's entry in the table: a single writer publishes it,
 * any process that maps the table may copy it out, nobody takes a lock.
 *
 * Protocol (PostgreSQL calls the counter st_changecount).  The owner makes
 * changecount odd, stores the payload, makes it even again.  A reader copies the
 * payload between two loads of changecount and keeps the copy only when both
 * loads gave the same even number.
 *
 * Memory order, after Boehm, "Can Seqlocks Get Along With Programming Language
 * Memory Models?" (MSPC 2012).  The payload races by design, so it must be
 * atomic: a memcpy() out of a shared row is undefined whatever the hardware
 * does.  Relaxed accesses suffice:
 *
 *   W1 release fence  - R2 acquire fence: a reader that saw any word of this
 *                       write also sees that changecount went odd.
 *   W2 release store  - R1 acquire load:  a reader that starts from the even
 *                       value sees every word stored before it.
 *
 * The writer eats hostile bytes, so readers get a checked copy: indexes,
 * enums, counts and times in range, every string ended.  Text may still be any bytes.
 */
#ifndef PROGRESS_ROW_H
#define PROGRESS_ROW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/outcome.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2,
    "rows are shared between processes: their atomics must be lock-free");

/* What a crawl is doing.  The words are the wire's own; terminal ones come last. */
#define CRAWL_PHASES(X)			\
	X(QUEUED,	"queued")	\
	X(STARTING,	"starting")	\
	X(ANALYZING,	"analyzing")	\
	X(SITEMAP,	"sitemap")	\
	X(WEBPAGE,	"webpage")	\
	X(TEXT_FILE,	"text_file")	\
	X(CRAWLING,	"crawling")	\
	X(PROCESSING,	"processing")	\
	X(STORING,	"storing")	\
	X(PAUSED,	"paused")	\
	X(COMPLETED,	"completed")	\
	X(ERROR,	"error")	\
	X(CANCELLED,	"cancelled")

enum crawl_phase {
#define X(name, word) CRAWL_##name,
	CRAWL_PHASES(X)
#undef X
	CRAWL_N_PHASES
};

enum {
	ROW_ID_BYTES = 40,		/* a UUID and NUL, rounded to words */
	ROW_SOURCE_BYTES = 24,
	ROW_URL_BYTES = 2048,		/* longest URL we accept, and NUL */
	ROW_ERROR_BYTES = 320,
	ROW_CODE_BYTES = 32,
	ROW_LOG_LINES = 50,
	ROW_LOG_BYTES = 160,
};

/* The payload, always moved by value.  Fixed widths, no pointers, no padding. */
struct crawl_progress {
	char	 id[ROW_ID_BYTES];
	char	 source_id[ROW_SOURCE_BYTES];
	uint64_t seq;			/* grows by one with each publication, never restarts */
	uint32_t phase;			/* enum crawl_phase */
	uint32_t percentage;		/* 0..100, never falls, 100 only with completed */
	uint64_t total_pages;		/* discovered so far, never falls */
	uint64_t processed_pages;	/* stored, or done without storing */
	uint64_t failed_pages;
	uint64_t skipped_pages;
	uint64_t chunks_stored;
	uint64_t word_count;
	uint64_t code_examples;
	uint64_t bytes_fetched;
	uint64_t outcome[OUTCOME_N];	/* URLs, by what became of them */
	uint64_t pages_per_ks;		/* pages in 1,000 seconds at the present rate */
	int64_t	 eta_ms;		/* -1: not known */
	int64_t	 started_wall_ms;	/* accepted at */
	int64_t	 updated_wall_ms;
	int64_t	 ended_wall_ms;		/* 0 while it lives */
	uint32_t log_first;		/* slot of the oldest line */
	uint32_t log_count;		/* 0..ROW_LOG_LINES */
	char	 url[ROW_URL_BYTES];
	char	 current_url[ROW_URL_BYTES];
	char	 error[ROW_ERROR_BYTES];
	char	 error_code[ROW_CODE_BYTES];
	char	 log[ROW_LOG_LINES][ROW_LOG_BYTES];
};

enum {
	PROGRESS_WORDS = sizeof(struct crawl_progress) / sizeof(uint64_t),
	PROGRESS_READ_TRIES = 64,
};
_Static_assert(sizeof(struct crawl_progress) == PROGRESS_WORDS * sizeof(uint64_t),
    "the payload must be a whole number of words");
_Static_assert(sizeof(_Atomic uint64_t) == sizeof(uint64_t), "no hidden lock word");

struct progress_row {			/* lives in shared memory */
	_Atomic uint32_t changecount;	/* odd: a write is under way */
	uint32_t	 reserved;	/* zero */
	_Atomic uint64_t word[PROGRESS_WORDS];
};

/* Publish *p.  Only the row's owner may call this. */
void progress_row_write(struct progress_row *row, const struct crawl_progress *p);

/*
 * Copy the row to *out, checked.  Returns 0, or -EAGAIN when PROGRESS_READ_TRIES
 * copies were all torn: the writer is busy, or it died in mid-write.  *out is
 * then unchanged; keep the previous copy and look again at the next tick.
 */
int progress_row_read(const struct progress_row *row, struct crawl_progress *out);

/* -- on a private copy ------------------------------------------------------- */

const char *crawl_phase_word(enum crawl_phase phase);		/* static; "queued" ... */
bool crawl_phase_parse(const char *word, enum crawl_phase *out);
bool crawl_phase_is_terminal(enum crawl_phase phase);

/* Append a line to the log, cut at a UTF-8 boundary; the oldest gives way. */
void crawl_progress_log(struct crawl_progress *p, const char *line);

/* Line i of the log, 0 the oldest; borrowed from p.  i < log_count. */
const char *crawl_progress_line(const struct crawl_progress *p, unsigned i);

/* Copy src into a fixed field of bytes, cut at a UTF-8 boundary, always ended. */
void field_set(char *field, size_t bytes, const char *src);
#define FIELD_SET(field, src) field_set((field), sizeof(field), (src))

#endif
