#include "config.h"

#include "shared/ring.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "shared/changecount.h"
#include "shared/clock.h"
#include "shared/table_layout.h"
#include "shared/text.h"

enum { BACK_SLOTS = 32, READ_TRIES = 16 };	/* 64 KiB of memory at a time */

static const size_t entry_head = offsetof(struct ring_entry, message);

/* -- producers ----------------------------------------------------------------------- */

static int
ring_back(struct table *t, uint64_t last)	/* memory for every slot up to that of entry last */
{
	struct ring_head *h = ring_head(t);
	uint32_t have = atomic_load_explicit(&h->n_backed, memory_order_relaxed);
	uint64_t floor = atomic_load_explicit(&h->floor, memory_order_relaxed);
	uint32_t need = (uint32_t)(last % RING_SLOTS) + 1;
	int rc;

	/* Slots fill in order once, from 0: an entry that began a new round needs them all. */
	if (last / RING_SLOTS != floor / RING_SLOTS)
		need = RING_SLOTS;
	if (have >= RING_SLOTS || need <= have)
		return 0;
	need = (need + BACK_SLOTS - 1) / BACK_SLOTS * BACK_SLOTS;
	if ((rc = table_back(t->fd, slots_at(t->n_rows) + have * sizeof(struct ring_slot),
	    (need - have) * sizeof(struct ring_slot))) < 0)
		return rc;
	atomic_store_explicit(&h->n_backed, need, memory_order_release);
	return 0;
}

static void
entry_make(struct ring_entry *e, const struct ring_line *line, uint64_t seq, int64_t now_wall_ms)
{
	struct slice logger = line->logger.len > 0 ? line->logger : SLICE_LIT("mcp");
	size_t len = utf8_cut(line->message.p, line->message.len, RING_MESSAGE_BYTES - 1);

	memset(e, 0, entry_head);
	e->seq = seq;
	e->wall_ms = line->wall_ms != 0 ? line->wall_ms : now_wall_ms;
	e->level = line->level;
	e->message_len = (uint32_t)len;
	memcpy(e->logger, logger.p, utf8_cut(logger.p, logger.len, RING_LOGGER_BYTES - 1));
	memcpy(e->message, line->message.p, len);
	e->message[len] = '\0';
}

static void
slot_write(struct table *t, const struct ring_entry *e)
{
	struct ring_slot *s = ring_slot(t, e->seq);
	uint32_t odd = change_open(&s->changecount);

	words_store(s->word, e, entry_head + e->message_len + 1);
	change_close(&s->changecount, odd);
}

static bool
lines_are_sound(const struct ring_line *lines, unsigned n)
{
	if (n == 0 || n > RING_VISIBLE)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (lines[i].message.len == 0 || lines[i].level >= RING_N_LEVELS)
			return false;
	return true;
}

static int64_t
append(struct table *t, const struct ring_line *lines, unsigned n, bool clear)
{
	struct ring_head *h = ring_head(t);
	int64_t now_wall_ms = clock_wall_ms();
	struct ring_entry e;
	uint64_t last;
	int rc;

	if (!lines_are_sound(lines, n))
		return -EINVAL;
	if ((rc = table_enter(t, &t->ring_lock, LOCK_RING)) < 0)
		return rc;
	last = atomic_load_explicit(&h->last, memory_order_relaxed);
	if ((rc = ring_back(t, last + n)) == 0) {
		for (unsigned i = 0; i < n; i++) {
			entry_make(&e, &lines[i], ++last, now_wall_ms);
			slot_write(t, &e);
			/* Dying between the two leaves the ring cleared and this number to the next entry. */
			if (clear)
				atomic_store_explicit(&h->floor, last, memory_order_release);
			/* With each entry, so that never more than one slot is ahead of it. */
			atomic_store_explicit(&h->last, last, memory_order_release);
		}
	}
	table_exit(t, &t->ring_lock, LOCK_RING);
	if (rc < 0)
		return rc;
	table_signal(t, TABLE_RELAY);
	return (int64_t)last;
}

int64_t
ring_append(struct table *t, const struct ring_line *lines, unsigned n)
{
	return append(t, lines, n, false);
}

int64_t
ring_clear(struct table *t)
{
	const struct ring_line cleared = { .level = RING_INFO, .message = SLICE_LIT("Logs cleared") };

	return append(t, &cleared, 1, true);
}

/* -- readers ------------------------------------------------------------------------- */

uint64_t
ring_last(const struct table *t)
{
	return atomic_load_explicit(&ring_head(t)->last, memory_order_acquire);
}

uint64_t
ring_floor(const struct table *t)
{
	return atomic_load_explicit(&ring_head(t)->floor, memory_order_acquire);
}

uint64_t
ring_first(const struct table *t)
{
	uint64_t floor = ring_floor(t), last = ring_last(t);

	return last > RING_VISIBLE && last - RING_VISIBLE + 1 > floor ? last - RING_VISIBLE + 1 : floor;
}

static void
entry_check(struct ring_entry *e)	/* distrust, as progress_row does */
{
	e->logger[RING_LOGGER_BYTES - 1] = '\0';
	e->message[e->message_len] = '\0';
	if (e->level >= RING_N_LEVELS)
		e->level = RING_ERROR;
	if (e->wall_ms < 0 || e->wall_ms >> 53 != 0)
		e->wall_ms = 0;
}

static bool
slot_read(const struct ring_slot *s, struct ring_entry *out)
{
	for (unsigned tries = 0; tries < READ_TRIES; tries++) {
		uint32_t before = change_begin(&s->changecount);

		words_load(out, s->word, entry_head);
		/* Of a torn copy the length may be anything: it is bounded before it is used. */
		if (out->message_len == 0 || out->message_len >= RING_MESSAGE_BYTES)
			out->message_len = RING_MESSAGE_BYTES - 1;
		words_load(out->message, s->word + entry_head / 8, out->message_len + 1);
		if (change_is_same(&s->changecount, before))
			return true;
	}
	return false;
}

int
ring_read(const struct table *t, uint64_t seq, struct ring_entry *out)
{
	const struct ring_head *h = ring_head(t);

	if (seq > ring_last(t))
		return -EAGAIN;
	if (seq < ring_first(t) || seq % RING_SLOTS >= atomic_load_explicit(&h->n_backed, memory_order_acquire))
		return -ENOENT;
	/*
	 * Torn, or another number: the writers have come round since the head was
	 * read, so the entry is gone.
	 */
	if (!slot_read(ring_slot(t, seq), out) || out->seq != seq)
		return -ENOENT;
	entry_check(out);
	return 0;
}

/* -- levels ------------------------------------------------------------------------ */

static const char *const level_words[RING_N_LEVELS] = {
	[RING_DEBUG] = "DEBUG", [RING_INFO] = "INFO", [RING_WARNING] = "WARNING",
	[RING_ERROR] = "ERROR", [RING_CRITICAL] = "CRITICAL",
};

const char *
ring_level_word(enum ring_level level)
{
	return level_words[level];
}

bool
ring_level_parse(struct slice word, enum ring_level *out)
{
	static const struct { const char *word; enum ring_level level; } others[] = {
		{ "WARN", RING_WARNING }, { "ERR", RING_ERROR }, { "FATAL", RING_CRITICAL },
	};

	for (unsigned i = 0; i < RING_N_LEVELS; i++)
		if (strlen(level_words[i]) == word.len && strncasecmp(level_words[i], word.p, word.len) == 0) {
			*out = (enum ring_level)i;
			return true;
		}
	for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strlen(others[i].word) == word.len && strncasecmp(others[i].word, word.p, word.len) == 0) {
			*out = others[i].level;
			return true;
		}
	return false;
}
