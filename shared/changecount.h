/*
 * changecount - the window a lone writer opens in shared memory, and the copy
 * readers take through it; progress_row.h tells the protocol and the reasons.
 *
 * The writer: odd = change_open(), word_store() ..., change_close(odd).
 * A reader: before = change_begin(), word_load() ..., change_is_same(before);
 * an odd `before`, or a count that moved, means torn: the copy is not to be used.
 *
 *   W1 release fence  - R2 acquire fence: a reader that saw any word of this
 *                       write also sees that the count went odd.
 *   W2 release store  - R1 acquire load:  a reader that starts from the even
 *                       value sees every word stored before it.
 */
#ifndef CHANGECOUNT_H
#define CHANGECOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t
change_open(_Atomic uint32_t *count)
{
	/* "| 1", not "+ 1": a dead writer may have left the count odd. */
	uint32_t odd = atomic_load_explicit(count, memory_order_relaxed) | 1u;

	atomic_store_explicit(count, odd, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);			/* W1 */
	return odd;
}

static inline void
change_close(_Atomic uint32_t *count, uint32_t odd)
{
	atomic_store_explicit(count, odd + 1, memory_order_release);	/* W2 */
}

static inline uint32_t
change_begin(const _Atomic uint32_t *count)
{
	return atomic_load_explicit(count, memory_order_acquire);	/* R1 */
}

static inline bool
change_is_same(const _Atomic uint32_t *count, uint32_t before)
{
	atomic_thread_fence(memory_order_acquire);			/* R2 */
	return (before & 1u) == 0 && atomic_load_explicit(count, memory_order_relaxed) == before;
}

static inline size_t
words_of(size_t bytes)
{
	return (bytes + 7) / 8;
}

/* Store bytes of p as whole words; the last one is filled up with zeros. */
static inline void
words_store(_Atomic uint64_t *word, const void *p, size_t bytes)
{
	const char *from = p;

	for (size_t i = 0; i < words_of(bytes); i++) {
		uint64_t w = 0;

		memcpy(&w, from + i * 8, bytes - i * 8 < 8 ? bytes - i * 8 : 8);
		atomic_store_explicit(&word[i], w, memory_order_relaxed);
	}
}

/* Load bytes to p; it must have room for them rounded up to a word. */
static inline void
words_load(void *p, const _Atomic uint64_t *word, size_t bytes)
{
	char *to = p;

	for (size_t i = 0; i < words_of(bytes); i++) {
		uint64_t w = atomic_load_explicit(&word[i], memory_order_relaxed);

		memcpy(to + i * 8, &w, sizeof w);
	}
}

#endif
