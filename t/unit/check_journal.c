#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/journal.h"

static const struct { const char *name, *message, *fields; } rows[] = {
	{ "no ids", "ready socket=/run/x", "" },
	{ "both", "crawl begins crawl=ab-1 id=77 url=\"x\"", "ARCHON_CRAWL_ID=ab-1\nARCHON_REQUEST_ID=77\n" },
	{ "at the end", "item deleted source=s id=r9", "ARCHON_REQUEST_ID=r9\n" },
	{ "empty", "crawl ended crawl=c id= phase=x", "ARCHON_CRAWL_ID=c\n" },
	{ "part of a word", "x progressid=1 mycrawl=2", "" },
	{ "first one counts", "y id=1 url=a id=2", "ARCHON_REQUEST_ID=1\n" },
};

START_TEST(entries)
{
	char got[JOURNAL_ENTRY_BYTES], want[JOURNAL_ENTRY_BYTES];
	size_t len = journal_entry(got, sizeof got, 6, "archon-x", rows[_i].message);

	(void)snprintf(want, sizeof want, "PRIORITY=6\nSYSLOG_IDENTIFIER=archon-x\nMESSAGE=%s\n%s", rows[_i].message, rows[_i].fields);
	ck_assert_msg(len == strlen(want) && memcmp(got, want, len) == 0, "%s: %.*s", rows[_i].name, (int)len, got);
	for (size_t bytes = 0; bytes <= len; bytes++) {		/* in a heap of its own, for ASan */
		char *p = malloc(bytes + (bytes == 0));

		ck_assert_uint_eq(journal_entry(p, bytes, 6, "archon-x", rows[_i].message), 0);
		free(p);
	}
}
END_TEST

static void
stream_is(int fd)
{
	char value[64];
	struct stat sb;

	ck_assert_int_eq(fstat(fd, &sb), 0);
	(void)snprintf(value, sizeof value, "%llu:%llu", (unsigned long long)sb.st_dev, (unsigned long long)sb.st_ino);
	ck_assert_int_eq(setenv("JOURNAL_STREAM", value, 1), 0);
}

START_TEST(sent)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/check_journal.XXXXXX", got[JOURNAL_ENTRY_BYTES];
	int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), other[2], fd;
	ssize_t n;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s/s", dir);
	ck_assert_int_eq(bind(journal, (struct sockaddr *)&sa, sizeof sa), 0);
	ck_assert_int_eq(pipe(other), 0);
	ck_assert_int_eq(unsetenv("JOURNAL_STREAM"), 0);
	ck_assert_int_eq(journal_open(sa.sun_path), -1);	/* no systemd */
	stream_is(other[1]);
	ck_assert_int_eq(journal_open(sa.sun_path), -1);	/* stderr leads elsewhere */
	stream_is(STDERR_FILENO);
	ck_assert_int_eq(journal_open("/nowhere/s"), -1);
	ck_assert_int_ge(fd = journal_open(sa.sun_path), 0);
	ck_assert(journal_send(fd, 4, "archon-x", "it is so id=5"));
	n = recv(journal, got, sizeof got, 0);
	ck_assert_int_gt(n, 0);
	ck_assert_ptr_nonnull(memmem(got, (size_t)n, "\nARCHON_REQUEST_ID=5\n", 21));
	(void)close(journal);
	ck_assert(!journal_send(fd, 4, "archon-x", "nobody hears it"));	/* then stderr has it */
	(void)close(fd);
	(void)unlink(sa.sun_path);
	(void)rmdir(dir);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("journal");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, entries, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, sent);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
