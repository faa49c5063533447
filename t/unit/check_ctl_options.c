#include "config.h"

#include "ctl/options.h"

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 12 };

static const struct {
	const char *name;
	const char *argv[WORDS_MAX];
	int	    rc;
	enum command command;
	const char *word, *error;	/* error: part of the sentence */
} rows[] = {
	{ "nothing", { NULL }, -EINVAL, 0, NULL, "which command" },
	{ "unknown command", { "crawle", "u" }, -EINVAL, 0, NULL, "no command 'crawle'" },
	{ "crawl", { "crawl", "http://a/" }, 0, COMMAND_CRAWL, "http://a/", NULL },
	{ "options first", { "--json", "--depth", "3", "crawl", "http://a/" }, 0, COMMAND_CRAWL, "http://a/", NULL },
	{ "options last", { "crawl", "http://a/", "--depth=3", "--tag", "x", "--tag", "y" }, 0, COMMAND_CRAWL, "http://a/", NULL },
	{ "no URL", { "crawl" }, -EINVAL, 0, NULL, "needs its URL" },
	{ "two URLs", { "crawl", "a", "b" }, -EINVAL, 0, NULL, "one word too many" },
	{ "text without quotes", { "search", "a", "b" }, -EINVAL, 0, NULL, "quotes" },
	{ "search", { "search", "a b", "--limit", "2" }, 0, COMMAND_SEARCH, "a b", NULL },
	{ "foreign option", { "list", "--depth", "1" }, -EINVAL, 0, NULL, "list has no option --depth" },
	{ "word for none", { "list", "x" }, -EINVAL, 0, NULL, "one word too many" },
	{ "not a number", { "crawl", "u", "--depth", "x" }, -EINVAL, 0, NULL, "--depth takes a number" },
	{ "half a number", { "crawl", "u", "--depth", "3x" }, -EINVAL, 0, NULL, "--depth takes a number" },
	{ "negative", { "crawl", "u", "--depth=-3" }, -EINVAL, 0, NULL, "--depth takes a number" },
	{ "no value", { "crawl", "u", "--depth" }, -EINVAL, 0, NULL, "needs a value" },
	{ "unknown option", { "crawl", "u", "--deep" }, -EINVAL, 0, NULL, "no option '--deep'" },
	{ "after the dashes", { "search", "--", "--all" }, 0, COMMAND_SEARCH, "--all", NULL },
	{ "top", { "top", "--json" }, 0, COMMAND_TOP, NULL, NULL },
	{ "stat", { "stat", "--watch", "--json" }, 0, COMMAND_STAT, NULL, NULL },
	{ "pause", { "pause", "id" }, 0, COMMAND_PAUSE, "id", NULL },
	{ "refresh", { "refresh", "s" }, 0, COMMAND_REFRESH, "s", NULL },
	{ "retry what", { "retry" }, -EINVAL, 0, NULL, "needs its ID" },
	{ "logs", { "logs", "-f", "--level", "error", "--since", "7205759403792793600" }, 0, COMMAND_LOGS, NULL, NULL },
	{ "logs of what", { "logs", "walk" }, -EINVAL, 0, NULL, "one word too many" },
	{ "logs push", { "logs", "push", "a text", "--logger", "me" }, 0, COMMAND_LOGS_PUSH, "a text", NULL },
	{ "logs push nothing", { "logs", "push" }, -EINVAL, 0, NULL, "logs push needs its TEXT" },
	{ "logs push words", { "logs", "push", "a", "text" }, -EINVAL, 0, NULL, "quotes" },
	{ "logs push stdin", { "logs", "push", "-" }, 0, COMMAND_LOGS_PUSH, "-", NULL },
	{ "logs run", { "logs", "run", "--restart", "--", "ls", "-l" }, 0, COMMAND_LOGS_RUN, "ls", NULL },
	{ "logs run nothing", { "logs", "run", "--" }, -EINVAL, 0, NULL, "logs run needs its COMMAND" },
	{ "its option before the dashes", { "logs", "run", "ls", "--long" }, -EINVAL, 0, NULL, "no option" },
	{ "raw", { "watch", "x", "--raw" }, 0, COMMAND_WATCH, "x", NULL },
	{ "raw list", { "list", "--raw" }, -EINVAL, 0, NULL, "list has no option --raw" },
	{ "upload", { "upload", "a.md", "b.pdf", "--tag", "x", "--type", "business" }, 0, COMMAND_UPLOAD, "a.md", NULL },
	{ "upload what", { "upload" }, -EINVAL, 0, NULL, "needs its FILE" },
	{ "edit", { "edit", "s", "--title", "t", "--tag", "a", "--every", "3" }, 0, COMMAND_EDIT, "s", NULL },
	{ "title of another", { "show", "s", "--title", "t" }, -EINVAL, 0, NULL, "show has no option --title" },
	{ "delete what", { "delete" }, -EINVAL, 0, NULL, "delete needs its SOURCE" },
	{ "export", { "export", "d", "--source", "s" }, 0, COMMAND_EXPORT, "d", NULL },
	{ "import", { "import", "-" }, 0, COMMAND_IMPORT, "-", NULL },
	{ "backup where", { "backup" }, -EINVAL, 0, NULL, "backup needs its FILE" },
	{ "health", { "health" }, 0, COMMAND_HEALTH, NULL, NULL },
	{ "help needs no command", { "--help" }, 0, COMMAND_NONE, NULL, NULL },
	{ "version", { "--version" }, 0, COMMAND_NONE, NULL, NULL },
};

START_TEST(test_rows)
{
	char *argv[WORDS_MAX + 2] = { (char *)(uintptr_t)"archonctl" };
	struct options o;
	struct err e = { "" };
	int argc = 1, rc;

	for (; rows[_i].argv[argc - 1] != NULL; argc++)
		argv[argc] = strdup(rows[_i].argv[argc - 1]);
	rc = options_parse(&o, argc, argv, &e);
	ck_assert_msg(rc == rows[_i].rc, "%s: %d %s", rows[_i].name, rc, e.text);
	if (rc == 0) {
		ck_assert_msg(o.command == rows[_i].command, "%s: command %d", rows[_i].name, (int)o.command);
		ck_assert_pstr_eq(o.word, rows[_i].word);
	} else {
		ck_assert_msg(strstr(e.text, rows[_i].error) != NULL, "%s: %s", rows[_i].name, e.text);
	}
	while (argc > 1)
		free(argv[--argc]);
}
END_TEST

START_TEST(test_values)
{
	char *argv[] = { strdup("archonctl"), strdup("crawl"), strdup("--depth=4"), strdup("--tag=a"),
	    strdup("--tag=b"), strdup("--detach"), strdup("http://a/"), NULL };
	struct options o;
	struct err e;

	ck_assert_int_eq(options_parse(&o, 7, argv, &e), 0);
	ck_assert_int_eq(o.depth, 4);
	ck_assert_int_eq(o.max_pages, -1);
	ck_assert_uint_eq(o.tags.n, 2);
	ck_assert_str_eq(o.tags.item[1], "b");
	ck_assert(o.detach && !o.json);
	for (int i = 0; i < 7; i++)
		free(argv[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_options");
	TCase *tc = tcase_create("options");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, test_rows, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, test_values);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
