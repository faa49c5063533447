#include "config.h"

#include "shared/progress_row.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/message.h"
#include "shared/text.h"

static void
fill(struct crawl_progress *p, uint64_t n)	/* every word tells which n it belongs to */
{
	memset(p, 0, sizeof *p);
	(void)snprintf(p->id, sizeof p->id, "id-%llu", (unsigned long long)n);
	p->seq = n;
	p->phase = CRAWL_CRAWLING;
	p->percentage = (uint32_t)(n % 101);
	p->total_pages = n * 3;
	memset(p->url, 'a' + (int)(n % 26), sizeof p->url - 1);
	crawl_progress_log(p, "first");
	crawl_progress_log(p, "second");
}

static struct progress_row *
row_new(void)
{
	struct progress_row *row = calloc(1, sizeof *row);

	ck_assert_ptr_nonnull(row);
	return row;
}

/* -- writing and reading ---------------------------------------------------------- */

START_TEST(round_trip)
{
	struct progress_row *row = row_new();
	struct crawl_progress in, out;

	for (uint64_t n = 0; n < 100; n++) {
		fill(&in, n);
		progress_row_write(row, &in);
		ck_assert_uint_eq(row->changecount, 2 * (n + 1));
		ck_assert_int_eq(progress_row_read(row, &out), 0);
		ck_assert_mem_eq(&in, &out, sizeof in);
	}
	free(row);
}
END_TEST

START_TEST(torn_leaves_the_copy_alone)
{
	struct progress_row *row = row_new();
	struct crawl_progress in, out, before;

	fill(&in, 1);
	progress_row_write(row, &in);
	fill(&out, 77);
	before = out;
	row->changecount++;		/* as a writer killed in mid-write leaves it */
	ck_assert_int_eq(progress_row_read(row, &out), -EAGAIN);
	ck_assert_mem_eq(&before, &out, sizeof out);

	fill(&in, 2);			/* the next owner repairs by writing */
	progress_row_write(row, &in);
	ck_assert_uint_eq(row->changecount % 2, 0);
	ck_assert_int_eq(progress_row_read(row, &out), 0);
	ck_assert_mem_eq(&in, &out, sizeof in);
	free(row);
}
END_TEST

static const uint32_t counts[] = { 0, 1, 2, 0x7ffffffe, 0x7fffffff, 0xfffffffc, 0xfffffffd, 0xfffffffe, 0xffffffff };

START_TEST(changecount_wraps)
{
	struct progress_row *row = row_new();
	struct crawl_progress in, out;

	row->changecount = counts[_i];
	for (uint64_t n = 0; n < 4; n++) {
		uint32_t was = row->changecount;

		fill(&in, n);
		progress_row_write(row, &in);
		ck_assert_uint_eq(row->changecount % 2, 0);
		ck_assert_uint_ne(row->changecount, was);
		ck_assert_int_eq(progress_row_read(row, &out), 0);
		ck_assert_mem_eq(&in, &out, sizeof in);
	}
	free(row);
}
END_TEST

/* -- distrust ----------------------------------------------------------------------- */

static void
assert_checked(const struct crawl_progress *p)
{
	struct text t = { 0 };

	ck_assert_uint_lt(p->phase, CRAWL_N_PHASES);
	ck_assert_uint_le(p->percentage, 100);
	ck_assert_uint_le(p->log_count, ROW_LOG_LINES);
	ck_assert_uint_lt(p->log_first, ROW_LOG_LINES);
	ck_assert_int_eq(p->id[sizeof p->id - 1], '\0');
	ck_assert_int_eq(p->source_id[sizeof p->source_id - 1], '\0');
	ck_assert_int_eq(p->url[sizeof p->url - 1], '\0');
	ck_assert_int_eq(p->current_url[sizeof p->current_url - 1], '\0');
	ck_assert_int_eq(p->error[sizeof p->error - 1], '\0');
	ck_assert_int_eq(p->error_code[sizeof p->error_code - 1], '\0');
	for (unsigned i = 0; i < p->log_count; i++)
		ck_assert_uint_lt(strlen(crawl_progress_line(p, i)), ROW_LOG_BYTES);
	message_progress(&t, p);	/* the sanitizer watches the arithmetic */
	ck_assert(!t.failed);
	ck_assert_uint_eq(utf8_valid_len(t.p, t.len), t.len);
	text_fini(&t);
}

START_TEST(hostile_rows)
{
	struct progress_row *row = row_new();
	struct crawl_progress out;
	unsigned short seed[3] = { 1, 2, 3 };

	for (unsigned round = 0; round < 300; round++) {
		for (unsigned i = 0; i < PROGRESS_WORDS; i++) {
			uint64_t w = (uint64_t)(uint32_t)jrand48(seed) << 32 | (uint32_t)jrand48(seed);

			switch (round % 5) {
			case 0: w = ~(uint64_t)0; break;
			case 1: w = (uint64_t)1 << 63; break;		/* INT64_MIN */
			case 2: w = ((uint64_t)1 << 63) - 1; break;	/* INT64_MAX */
			case 3: w = nrand48(seed) % 2 ? w : (uint64_t)1 << 63; break;
			}
			row->word[i] = w;
		}
		ck_assert_int_eq(progress_row_read(row, &out), 0);
		assert_checked(&out);
	}
	free(row);
}
END_TEST

/* -- on a private copy ----------------------------------------------------------------- */

START_TEST(phases)
{
	enum crawl_phase back = CRAWL_N_PHASES;
	const char *word = crawl_phase_word((enum crawl_phase)_i);

	ck_assert_msg(crawl_phase_parse(word, &back), "%s", word);
	ck_assert_int_eq(back, _i);
	ck_assert_int_eq(crawl_phase_is_terminal((enum crawl_phase)_i),
	    strcmp(word, "completed") == 0 || strcmp(word, "error") == 0 || strcmp(word, "cancelled") == 0);
}
END_TEST

START_TEST(no_phase)
{
	static const char *const words[] = { "", "Queued", "queued ", "complete", "xyz" };
	enum crawl_phase out = CRAWL_PAUSED;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		ck_assert_msg(!crawl_phase_parse(words[i], &out), "\"%s\"", words[i]);
	ck_assert_int_eq(out, CRAWL_PAUSED);
}
END_TEST

START_TEST(log_ring)
{
	struct crawl_progress p = { 0 };
	char want[ROW_LOG_BYTES];

	for (unsigned n = 0; n < 3 * ROW_LOG_LINES + 7; n++) {
		unsigned count = n + 1 < ROW_LOG_LINES ? n + 1 : ROW_LOG_LINES;

		(void)snprintf(want, sizeof want, "line %u", n);
		crawl_progress_log(&p, want);
		ck_assert_uint_eq(p.log_count, count);
		ck_assert_str_eq(crawl_progress_line(&p, count - 1), want);
		(void)snprintf(want, sizeof want, "line %u", n + 1 - count);
		ck_assert_str_eq(crawl_progress_line(&p, 0), want);
	}
}
END_TEST

static const struct {
	const char *name, *src, *want;
	size_t	    bytes;
} fields[] = {
	{ "empty", "", "", 8 },
	{ "fits", "abc", "abc", 8 },
	{ "fits exactly", "abcdefg", "abcdefg", 8 },
	{ "cut", "abcdefgh", "abcdefg", 8 },
	{ "two bytes stay whole", "abcdef\xc3\xa4", "abcdef", 8 },
	{ "three bytes stay whole", "abcde\xe2\x82\xac", "abcde", 8 },
	{ "four bytes stay whole", "abcd\xf0\x9f\x98\x80", "abcd", 8 },
	{ "four bytes fit", "abc\xf0\x9f\x98\x80z", "abc\xf0\x9f\x98\x80", 8 },
	{ "room for the NUL only", "abc", "", 1 },
	{ "continuations only", "\x80\x80\x80\x80\x80\x80\x80\x80\x80", "", 8 },
};

START_TEST(field)
{
	char *f = malloc(fields[_i].bytes);	/* its own: ASan sees a step too far */

	memset(f, '#', fields[_i].bytes);
	field_set(f, fields[_i].bytes, fields[_i].src);
	ck_assert_msg(strcmp(f, fields[_i].want) == 0, "%s: \"%s\"", fields[_i].name, f);
	for (size_t i = strlen(f); i < fields[_i].bytes; i++)
		ck_assert_msg(f[i] == '\0', "%s: leftovers", fields[_i].name);
	free(f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("progress_row");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, round_trip);
	tcase_add_test(tc, torn_leaves_the_copy_alone);
	tcase_add_loop_test(tc, changecount_wraps, 0, sizeof counts / sizeof counts[0]);
	tcase_add_test(tc, hostile_rows);
	tcase_add_loop_test(tc, phases, 0, CRAWL_N_PHASES);
	tcase_add_test(tc, no_phase);
	tcase_add_test(tc, log_ring);
	tcase_add_loop_test(tc, field, 0, sizeof fields / sizeof fields[0]);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
