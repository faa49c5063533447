/*
 * fuzz_table - attach to arbitrary bytes and look at all of it.  The input is a
 * list of patches on a sound table: four bytes of place, one of length, the
 * bytes; so the fuzzer need not invent a header.  A last patch that is not whole
 * cuts the file there instead.
 *
 * Places count through the parts that hold something, one after the other.
 */
#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/catalogue.h"
#include "shared/cursor.h"
#include "shared/message.h"
#include "shared/ring.h"
#include "shared/table.h"
#include "shared/table_layout.h"
#include "shared/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ROWS = TABLE_ROWS_MIN, PARTS = 7, ENTRIES = 40 };

static char dir[64], path[96];
static uint8_t *sound;
static size_t bytes;
static struct part { size_t at, len; } part[PARTS];

static void
clean_up(void)
{
	static const char *const made[] = {
		"/" TABLE_FILE, "/" TABLE_FILE ".lock", "/" TABLE_DIR, "/live", "/" TABLE_COUNTERS, "/" TABLE_COUNTERS_DIR, "",
	};

	for (unsigned i = 0; i < sizeof made / sizeof made[0]; i++) {
		(void)snprintf(path, sizeof path, "%s%s", dir, made[i]);
		(void)remove(path);
	}
}

static int
page_make(struct text *out, unsigned max_items, void *arg)
{
	(void)arg;
	text_printf(out, "{\"items\":[],\"total\":%u}", max_items);
	return 0;
}

static void
set_up_live(struct table *t)		/* a log that was cleared once, three versions of the catalogue */
{
	const struct ring_line line = { .level = RING_ERROR, .message = SLICE_LIT("a message"), .logger = SLICE_LIT("fuzz") };
	struct text event = { 0 };

	for (unsigned i = 0; i < ENTRIES; i++)
		if ((i == 5 ? ring_clear(t) : ring_append(t, &line, 1)) < 0)
			abort();
	catalogue_event_deleted(&event, "0123456789abcdef");
	for (unsigned i = 0; i < 3; i++)
		if (catalogue_publish(t, page_make, NULL, i % 2 == 0 ? &event : NULL) < 0)
			abort();
	text_fini(&event);
}

static void
set_up(void)			/* a table with something in every row, kept as bytes */
{
	struct crawl_progress p = { .phase = CRAWL_CRAWLING, .total_pages = 3, .started_wall_ms = 1 };
	struct table_info info;
	struct table *t;
	int fd;

	(void)snprintf(dir, sizeof dir, "%s", access("/dev/shm", W_OK) == 0 ? "/dev/shm/fuzz.XXXXXX" : "/tmp/fuzz.XXXXXX");
	if (mkdtemp(dir) == NULL || table_create(dir, ROWS, NULL, NULL, NULL) < 0 || table_open(&t, dir, NULL) < 0)
		abort();
	(void)snprintf(path, sizeof path, "%s/" TABLE_FILE, dir);
	(void)atexit(clean_up);
	for (unsigned i = 0; i < ROWS; i++) {
		(void)snprintf(p.id, sizeof p.id, "id-%u", i);
		crawl_progress_log(&p, p.id);
		if (table_add(t, &p) < 0)
			abort();
	}
	set_up_live(t);
	table_info(t, &info);
	bytes = (size_t)info.file_bytes;
	part[0] = (struct part){ 0, 2 * PAGE };
	part[1] = (struct part){ mcp_at(ROWS), slots_at(ROWS) - mcp_at(ROWS) };
	part[2] = (struct part){ slots_at(ROWS), ENTRIES * sizeof(struct ring_slot) };
	part[3] = (struct part){ page_at(ROWS, 0), PAGE };
	part[4] = (struct part){ page_at(ROWS, 1), PAGE };
	part[5] = (struct part){ event_at(ROWS, 0), bytes - event_at(ROWS, 0) };
	part[6] = (struct part){ signals_at(ROWS), mcp_at(ROWS) - signals_at(ROWS) };
	table_close(t);
	if ((sound = malloc(bytes)) == NULL || (fd = open(path, O_RDONLY)) == -1 || read(fd, sound, bytes) != (ssize_t)bytes)
		abort();
	close(fd);
}

/* Where place n of the parts lies in the file. */
static size_t
place_of(size_t n)
{
	size_t all = 0;

	for (unsigned i = 0; i < PARTS; i++)
		all += part[i].len;
	n %= all;
	for (unsigned i = 0; i < PARTS; i++) {
		if (n < part[i].len)
			return part[i].at + n;
		n -= part[i].len;
	}
	abort();
}

static void
patch(int fd, const uint8_t *data, size_t len)
{
	struct cursor c = cursor_of(data, len);

	for (unsigned i = 0; i < PARTS; i++)
		if (pwrite(fd, sound + part[i].at, part[i].len, (off_t)part[i].at) != (ssize_t)part[i].len)
			abort();
	while (cursor_left(&c) > 0) {
		size_t at = place_of((size_t)cursor_be(&c, 4)), n = (size_t)cursor_be(&c, 1);
		const uint8_t *p = cursor_take(&c, n);

		if (p == NULL) {
			if (ftruncate(fd, (off_t)at) == -1)
				abort();
			return;
		}
		n = n < bytes - at ? n : bytes - at;
		if (pwrite(fd, p, n, (off_t)at) != (ssize_t)n)
			abort();
	}
}

static void
look_live(struct table *t)
{
	const struct ring_line line = { .level = RING_INFO, .message = SLICE_LIT("new") };
	uint64_t first = ring_first(t), last = ring_last(t), version = catalogue_version(t), v;
	struct text text = { 0 };
	struct ring_entry e;

	for (unsigned i = 0; i < 2 * ENTRIES; i++) {
		const uint64_t seq[2] = { first + i, last - i };

		for (unsigned k = 0; k < 2; k++)
			if (ring_read(t, seq[k], &e) == 0) {
				if (e.message_len >= RING_MESSAGE_BYTES || e.level >= RING_N_LEVELS)
					abort();
				message_log(&text, &e);
			}
	}
	if (utf8_valid_len(text.p, text.len) != text.len)
		abort();
	text_clear(&text);
	if (catalogue_page(t, &text, &v) == 0 && text.len > CATALOGUE_PAGE_BYTES)
		abort();
	text_clear(&text);
	for (unsigned i = 0; i < 4; i++)
		(void)catalogue_event(t, version - i, &text);
	text_fini(&text);
	(void)ring_append(t, &line, 1);
	(void)ring_clear(t);
	(void)catalogue_publish(t, page_make, NULL, NULL);
}

static void
look(struct table *t)
{
	static struct crawl_progress p;
	struct table_info info;
	struct text text = { 0 };
	unsigned from = 0;
	int slot;

	for (unsigned i = 0; i < table_n_rows(t); i++) {
		(void)table_changecount(t, i);
		(void)table_has_owner(t, i);
		if (table_read(t, i, &p) < 0)
			continue;
		message_progress(&text, &p);
		if (utf8_valid_len(text.p, text.len) != text.len)
			abort();
		(void)table_find(t, p.id);
	}
	table_info(t, &info);
	text_fini(&text);
	table_signal(t, TABLE_CRAWLER);
	if ((slot = table_join(t, TABLE_RELAY)) >= 0) {
		uint32_t seen = wakeup_seen(table_wakeup(t, TABLE_RELAY));

		table_signal(t, TABLE_RELAY);
		if (!wakeup_wait(table_wakeup(t, TABLE_RELAY), &seen, 0))
			abort();
		while (table_take_dirty(t, (unsigned)slot, &from) >= 0)
			;
	}
	look_live(t);
	memset(&p, 0, sizeof p);
	(void)snprintf(p.id, sizeof p.id, "new");
	(void)table_add(t, &p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct table *t;
	int fd;

	if (sound == NULL)
		set_up();
	if ((fd = open(path, O_RDWR | O_CLOEXEC)) == -1 || ftruncate(fd, (off_t)bytes) == -1)
		abort();
	patch(fd, data, len);
	if (table_open(&t, dir, NULL) == 0) {
		look(t);
		table_close(t);
	}
	close(fd);
	return 0;
}
