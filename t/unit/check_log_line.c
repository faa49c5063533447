#include "config.h"

#include "ctl/log_line.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { NOTHING = -1 };

static const struct {
	const char *line;
	bool	    from_stderr;
	int	    level;
	const char *message;
} rows[] = {
	{ "[INFO] hello", true, RING_INFO, "hello" },
	{ "[ERROR] no file\n", false, RING_ERROR, "no file" },
	{ "[warn]  \ttwo", false, RING_WARNING, "two" },
	{ "[CRITICAL]x", false, RING_CRITICAL, "x" },
	{ "[DEBUG]", false, RING_DEBUG, "[DEBUG]" },
	{ "[DEBUG]   \r\n", false, RING_DEBUG, "[DEBUG]" },
	{ "[2025-06-01] text", false, RING_INFO, "[2025-06-01] text" },
	{ "[", false, RING_INFO, "[" },
	{ "[]", false, RING_INFO, "[]" },
	{ "INFO:     Started server process [3]", true, RING_INFO, "INFO:     Started server process [3]" },
	{ "INFO starts", true, RING_INFO, "INFO starts" },
	{ "ERROR", false, RING_ERROR, "ERROR" },
	{ "ERROR no file", false, RING_ERROR, "ERROR no file" },
	{ "CRITICAL: no disk", false, RING_CRITICAL, "CRITICAL: no disk" },
	{ "WARNING - slow", false, RING_WARNING, "WARNING - slow" },
	{ "WARN slow", false, RING_WARNING, "WARN slow" },
	{ "DEBUG\tx", false, RING_DEBUG, "DEBUG\tx" },
	{ "error: no file", false, RING_ERROR, "error: no file" },
	{ "Warning: old", true, RING_WARNING, "Warning: old" },
	{ "ERRORS are many", false, RING_INFO, "ERRORS are many" },
	{ "ERROR_CODE 5", false, RING_INFO, "ERROR_CODE 5" },
	{ "ERROR2 5", false, RING_INFO, "ERROR2 5" },
	{ "Error in the text", false, RING_INFO, "Error in the text" },
	{ "Error in the text", true, RING_ERROR, "Error in the text" },
	{ "Traceback (most recent call last):", true, RING_ERROR, "Traceback (most recent call last):" },
	{ "ValueException", true, RING_ERROR, "ValueException" },
	{ "it FAILED", true, RING_ERROR, "it FAILED" },
	{ "it FAILED", false, RING_INFO, "it FAILED" },
	{ "listening on port 1", true, RING_INFO, "listening on port 1" },
	{ "", false, NOTHING, NULL },
	{ " \t \r\n", false, NOTHING, NULL },
	{ "\033[0m\033[K\n", false, NOTHING, NULL },
	{ "\033[32m[ERROR]\033[0m green\033[1;31", false, RING_ERROR, "green" },
	{ "\033]0;title\aWARNING: t", false, RING_WARNING, "WARNING: t" },
	{ "\033]0;title\033\\WARNING: t", false, RING_WARNING, "WARNING: t" },
	{ "\033]0;never ended", false, NOTHING, NULL },
	{ "\033", false, NOTHING, NULL },
	{ "  indented", false, RING_INFO, "  indented" },
	{ "ERR\303\211UR x", false, RING_INFO, "ERR\303\211UR x" },
};

START_TEST(every_row)
{
	size_t len = strlen(rows[_i].line);
	char *line = malloc(len + 1);			/* one of its own, for the sanitizer; malloc(0) is no memory */
	enum ring_level level = RING_N_LEVELS;
	struct slice message;
	bool left;

	memcpy(line, rows[_i].line, len);
	left = log_line_read(line, len, rows[_i].from_stderr, &level, &message);
	ck_assert_msg(left == (rows[_i].level != NOTHING), "%s", rows[_i].line);
	if (left) {
		ck_assert_msg((int)level == rows[_i].level, "%s: %d", rows[_i].line, (int)level);
		ck_assert_msg(slice_is(message, rows[_i].message), "%s: %.*s", rows[_i].line, (int)message.len, message.p);
	}
	free(line);
}
END_TEST

START_TEST(every_prefix)
{
	for (size_t len = 0; len <= strlen(rows[_i].line); len++)
		for (unsigned err = 0; err < 2; err++) {
			char *line = malloc(len > 0 ? len : 1);
			enum ring_level level;
			struct slice message;

			memcpy(line, rows[_i].line, len);
			if (log_line_read(line, len, err == 1, &level, &message)) {
				ck_assert_uint_gt(message.len, 0);
				ck_assert(message.p >= line && message.p + message.len <= line + len);
				ck_assert_uint_lt(level, RING_N_LEVELS);
			}
			free(line);
		}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log line");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, every_row, 0, sizeof rows / sizeof rows[0]);
	tcase_add_loop_test(tc, every_prefix, 0, sizeof rows / sizeof rows[0]);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
