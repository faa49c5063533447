#include "config.h"

#include "shared/conf.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"

static const char *
file_of(const char *bytes, size_t len)		/* borrowed until the next call */
{
	static char path[128];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/archon.conf", scratch_dir());
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

static int
load(struct conf *c, const char *text, struct err *e)
{
	return conf_load(c, file_of(text, strlen(text)), e);
}

/* -- values ---------------------------------------------------------------------------- */

static const struct {
	const char *line;
	int64_t	    want;		/* of max_body, conflate or table_rows, whichever is set */
} good[] = {
	{ "max_body = 65536", 65536 }, { "max_body=64KiB", 65536 }, { "max_body = 64 KiB", 65536 },
	{ "  max_body =\t1MiB  ", 1 << 20 }, { "max_body = 1024B", 1024 }, { "max_body = 16MiB", 16 << 20 },
	{ "max_body = 64KiB\r", 65536 }, { "max_body = 0065536", 65536 },
	{ "conflate = 50ms", 50 }, { "conflate = 1s", 1000 }, { "conflate = 0s", 0 }, { "conflate = 10s", 10000 },
	{ "table_rows = 16", 16 }, { "table_rows = 65536", 65536 },
};

START_TEST(taken)
{
	struct conf c;
	struct err e = { "" };
	const char *l = good[_i].line;

	ck_assert_msg(load(&c, l, &e) == 0, "%s", e.text);
	ck_assert_int_eq(strstr(l, "max_body") != NULL ? c.body_max_bytes
	    : strstr(l, "conflate") != NULL ? c.conflate_ms : c.table_rows, good[_i].want);
}
END_TEST

static const struct {
	const char *text, *where, *what;	/* "line", part of the sentence */
} bad[] = {
	{ "nonsense = 1", ":1:", "unknown key \"nonsense\"" },
	{ "Max_body = 64KiB", ":1:", "unknown key" },
	{ "= 1", ":1:", "unknown key" },
	{ "max_body", ":1:", "key = value" },
	{ "# x\n\n  \nmax_body = 1", ":4:", "out of range, 1KiB to 16MiB" },
	{ "max_body = 17MiB", ":1:", "out of range" },
	{ "max_body = 99999999999999999999", ":1:", "out of range" },
	{ "max_body = 9223372036854775807GiB", ":1:", "out of range" },
	{ "max_body = 18446744073709551615", ":1:", "out of range" },
	{ "max_body = -1", ":1:", "is not a size" },
	{ "max_body = +1", ":1:", "is not a size" },
	{ "max_body = ", ":1:", "is not a size" },
	{ "max_body = 64kb", ":1:", "is not a size" },
	{ "max_body = 64KiBx", ":1:", "is not a size" },
	{ "max_body = 0x10000", ":1:", "is not a size" },
	{ "max_body = 1.5MiB", ":1:", "is not a size" },
	{ "conflate = 50", ":1:", "is not a time" },
	{ "conflate = 50sec", ":1:", "is not a time" },
	{ "conflate = 11s", ":1:", "out of range, 0s to 10s" },
	{ "table_rows = 15", ":1:", "out of range, 16 to 65536" },
	{ "table_rows = 16B", ":1:", "not a whole number" },
	{ "obey_robots = maybe", ":1:", "neither yes nor no" },
	{ "obey_robots = true", ":1:", "neither yes nor no" },
	{ "log_level = loud", ":1:", "not one of error, warning, info, debug" },
	{ "log_level = a very long level indeed", ":1:", "longer than 15 bytes" },
	{ "max_body = 64KiB\nmax_body = 64KiB", ":2:", "max_body is set twice" },
	{ "\xef\xbb\xbfmax_body = 64KiB", ":1:", "unknown key" },
	{ "max_body = 64KiB # comment", ":1:", "is not a size" },
};

START_TEST(refused)
{
	struct conf c;
	struct err e = { "" };

	ck_assert_msg(load(&c, bad[_i].text, &e) < 0, "\"%s\" was taken", bad[_i].text);
	ck_assert_msg(strstr(e.text, bad[_i].where) != NULL && strstr(e.text, bad[_i].what) != NULL
	    && e.text[0] == '/' && strstr(e.text, "/archon.conf:") != NULL, "\"%s\": %s", bad[_i].text, e.text);
	ck_assert_int_lt(load(&c, bad[_i].text, NULL), 0);	/* nobody has to listen */
}
END_TEST

START_TEST(text_lengths)
{
	struct conf c;
	struct err e = { "" };
	char line[CONF_TEXT_BYTES + 64];
	char value[CONF_TEXT_BYTES + 2];

	for (size_t len = 0; len <= CONF_TEXT_BYTES; len++) {
		memset(value, 'x', len);
		value[len] = '\0';
		(void)snprintf(line, sizeof line, "user_agent = %s\n", value);
		if (len < CONF_TEXT_BYTES) {
			ck_assert_int_eq(load(&c, line, &e), 0);
			ck_assert_str_eq(c.user_agent, value);
		} else {
			ck_assert_int_eq(load(&c, line, &e), -EINVAL);
		}
	}
}
END_TEST

START_TEST(line_lengths)
{
	struct conf c;
	struct err e = { "" };
	char *line = malloc(10002);

	for (size_t len = 2000; len < 2100; len++)
		for (unsigned end = 0; end < 2; end++) {
			int rc;

			memset(line, 'x', len);
			line[0] = '#';
			(void)memcpy(line + len, end == 0 ? "\n" : "", 2 - end);
			rc = load(&c, line, &e);
			ck_assert_msg(rc == 0 || (len > 2040 && strstr(e.text, "line longer") != NULL), "%zu: %s", len, e.text);
		}
	memset(line, 'x', 10000);
	line[10000] = '\0';
	ck_assert_int_eq(load(&c, line, &e), -EINVAL);
	free(line);
}
END_TEST

START_TEST(every_prefix)		/* of a good file loads or is refused with its line */
{
	static const char text[] = "# places\nrun_dir = /run/x\n\nmax_body = 64KiB\nobey_robots = no\nconflate = 50ms\n";
	struct conf c;

	for (size_t len = 0; len < sizeof text; len++) {
		struct err e = { "" };
		int rc = conf_load(&c, file_of(text, len), &e);

		ck_assert_int_eq(rc < 0, e.text[0] != '\0');
	}
}
END_TEST

START_TEST(nul_bytes)			/* what stands behind one must not be lost in silence */
{
	static const struct { size_t len; const char *bytes; } files[] = {
		{ 20, "run_dir = /a\0/b = c\n" }, { 19, "run_dir = /a\0/b = c" }, { 2, "\0\n" }, { 1, "\0" },
		{ 22, "# c\0\nmax_body = 64KiB\n" },
	};
	struct conf c;
	struct err e = { "" };

	ck_assert_int_eq(conf_load(&c, file_of(files[_i].bytes, files[_i].len), &e), -EINVAL);
	ck_assert_msg(strstr(e.text, ":1:") != NULL, "%s", e.text);
}
END_TEST

/* -- the whole --------------------------------------------------------------------------- */

START_TEST(no_file)
{
	struct conf c;
	struct err e = { "" };

	ck_assert_int_eq(conf_load(&c, "/nonexistent/archon.conf", &e), -ENOENT);
	ck_assert_str_eq(e.text, "/nonexistent/archon.conf: No such file or directory");
	ck_assert_int_lt(conf_load(&c, scratch_dir(), &e), 0);
	ck_assert_int_eq(load(&c, "", &e), 0);
}
END_TEST

static char *
printed(const struct conf *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	conf_print(c, f);
	(void)fclose(f);
	return text;
}

START_TEST(printed_is_read_back)
{
	struct conf c, back;
	struct err e = { "" };
	char *text, *again;

	conf_defaults(&c);
	text = printed(&c);
	for (const char *p = text; *p != '\0'; p = strchr(p, '\n') + 1)
		ck_assert_msg(*p == '#' || *p == '\n', "a default is not commented out: %.40s", p);
	free(text);

	ck_assert_int_eq(load(&c, "run_dir = /x\nmax_body = 65537\nconflate = 1500ms\nheartbeat = 24h\nping_interval = 90s\n"
	    "store_max_size = 3GiB\nobey_robots = no\nuser_agent = \nlog_level = debug\n", &e), -ERANGE);	/* 24h is too long */
	ck_assert_int_eq(load(&c, "run_dir = /x\nmax_body = 65537\nconflate = 1500ms\nheartbeat = 1h\nping_interval = 90s\n"
	    "store_max_size = 3GiB\nobey_robots = no\nuser_agent = \nlog_level = debug\n", &e), 0);
	ck_assert_int_eq(c.log_max, LOG_DEBUG);
	text = printed(&c);
	ck_assert_msg(load(&back, text, &e) == 0, "%s", e.text);
	again = printed(&back);
	ck_assert_str_eq(text, again);
	ck_assert_mem_eq(&c, &back, sizeof c);
	free(text);
	free(again);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, taken, 0, sizeof good / sizeof good[0]);
	tcase_add_loop_test(tc, refused, 0, sizeof bad / sizeof bad[0]);
	tcase_add_test(tc, text_lengths);
	tcase_add_test(tc, line_lengths);
	tcase_add_test(tc, every_prefix);
	tcase_add_loop_test(tc, nul_bytes, 0, 5);
	tcase_add_test(tc, no_file);
	tcase_add_test(tc, printed_is_read_back);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
