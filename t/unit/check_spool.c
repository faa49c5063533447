#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crawler/spool.h"
#include "t/unit/scratch.h"

static struct spool s;
static char dir[96], path[128];

static struct spooled
page(const char *url, const char *body, size_t len)
{
	return (struct spooled){ .text = { url, "", url, "text/html", "\"tag\"", "yesterday", "" }, .body = { body, len },
		.fetched_wall_ms = 1700000000123, .n_bytes = 99, .depth = 7, .nofollow = true };
}

static void
put(const char *url, const char *body)
{
	struct spooled p = page(url, body, strlen(body));

	ck_assert(spool_put(&s, &p));
}

/* As a crawler that is killed leaves it: nothing is closed in order. */
static void
again(void)
{
	if (s.fd != -1)
		close(s.fd);
	spool_init(&s, dir, "a");
}

static char seen[4096];			/* "url=body url=body ", of those that are wanted */
static const char *unwanted;

static bool
on_page(const struct spooled *p, void *arg)
{
	(void)arg;
	ck_assert_str_eq(p->text[SPOOL_URL], p->text[SPOOL_ENTRY]);
	ck_assert_str_eq(p->text[SPOOL_TYPE], "text/html");
	ck_assert_str_eq(p->text[SPOOL_ETAG], "\"tag\"");
	ck_assert_str_eq(p->text[SPOOL_MODIFIED], "yesterday");
	ck_assert_int_eq(p->fetched_wall_ms, 1700000000123);
	ck_assert_uint_eq(p->n_bytes, 99);
	ck_assert(p->nofollow && !p->noindex);
	ck_assert_uint_eq(p->depth, 7);
	if (unwanted != NULL && strcmp(p->text[SPOOL_URL], unwanted) == 0)
		return false;
	(void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s=%.*s ", p->text[SPOOL_URL], (int)p->body.len, p->body.p);
	return true;
}

static const char *
left(void)
{
	again();
	seen[0] = '\0';
	spool_each(&s, on_page, NULL);
	return seen;
}

static off_t
size_of(const char *file)		/* -1: it is not there */
{
	struct stat st;

	return stat(file, &st) == 0 ? st.st_size : -1;
}

static void
setup(void)
{
	(void)snprintf(dir, sizeof dir, "%s", scratch_dir());
	(void)snprintf(path, sizeof path, "%s/fetched/a.pages", dir);
	spool_init(&s, dir, "a");
	unwanted = NULL;
}

static void
teardown(void)
{
	spool_close(&s, true);
}

START_TEST(test_kept)
{
	ck_assert_str_eq(left(), "");
	ck_assert_int_eq(size_of(path), -1);
	put("u1", "one");
	put("u2", "");
	put("u3", "three");
	ck_assert_str_eq(left(), "u1=one u2= u3=three ");
	ck_assert_uint_eq(s.n_kept, 3);
	put("u4", "four");		/* behind them */
	ck_assert_str_eq(left(), "u1=one u2= u3=three u4=four ");
	unwanted = "u2";
	(void)left();
	ck_assert_uint_eq(s.n_kept, 3);
}
END_TEST

START_TEST(test_emptied)		/* when all of it is stored, and not before */
{
	put("u1", "one");
	put("u2", "two");
	spool_stored(&s);
	ck_assert_str_eq(left(), "u1=one u2=two ");
	spool_stored(&s);
	spool_stored(&s);
	ck_assert_int_eq(size_of(path), 0);
	put("u3", "three");
	ck_assert_str_eq(left(), "u3=three ");
}
END_TEST

START_TEST(test_none_wanted)
{
	put("u1", "one");
	unwanted = "u1";
	ck_assert_str_eq(left(), "");
	ck_assert_int_eq(size_of(path), 0);
	spool_close(&s, false);		/* nothing is kept */
	ck_assert_int_eq(size_of(path), -1);
}
END_TEST

START_TEST(test_closed)
{
	put("u1", "one");
	spool_close(&s, false);		/* the crawler stops */
	ck_assert_str_eq(left(), "u1=one ");
	spool_close(&s, true);		/* the crawl ends */
	ck_assert_int_eq(size_of(path), -1);
}
END_TEST

START_TEST(test_torn)			/* killed while it wrote the last, after any byte */
{
	off_t one, both;

	put("u1", "one");
	one = size_of(path);
	put("u2", "two");
	both = size_of(path);
	for (off_t n = both - 1; n >= one; n--) {
		ck_assert_int_eq(truncate(path, n), 0);
		ck_assert_msg(strcmp(left(), "u1=one ") == 0, "%d of %d bytes: %s", (int)n, (int)both, seen);
		ck_assert_int_eq(size_of(path), one);
		put("u2", "two");
		ck_assert_str_eq(left(), "u1=one u2=two ");
	}
}
END_TEST

START_TEST(test_damaged)		/* as after a loss of power: no byte of it may be wrong */
{
	off_t n;
	int fd;
	char c;

	put("u1", "one");
	n = size_of(path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (off_t i = 0; i < n; i++) {
		ck_assert_int_eq(pread(fd, &c, 1, i), 1);
		c ^= 0x40;
		ck_assert_int_eq(pwrite(fd, &c, 1, i), 1);
		ck_assert_msg(strcmp(left(), "") == 0, "byte %d", (int)i);
		again();
		put("u1", "one");
		ck_assert_str_eq(left(), "u1=one ");
	}
	close(fd);
}
END_TEST

START_TEST(test_full)
{
	size_t len = SPOOL_MAX_BYTES / 2 - 4096;
	char *body = malloc(len);
	struct spooled p = page("u", body, len);

	ck_assert_ptr_nonnull(body);
	memset(body, 'x', len);
	ck_assert(spool_put(&s, &p) && spool_put(&s, &p));
	ck_assert(!spool_put(&s, &p));
	spool_stored(&s);
	ck_assert(!spool_put(&s, &p));
	spool_stored(&s);
	ck_assert(spool_put(&s, &p));
	free(body);
}
END_TEST

START_TEST(test_no_place)		/* a help, no promise */
{
	struct spooled p = page("u", "x", 1);

	spool_init(&s, "/proc/nowhere", "a");
	ck_assert(!spool_put(&s, &p));
	spool_each(&s, on_page, NULL);
	spool_sweep("/proc/nowhere", NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spool");
	TCase *tc = tcase_create("pages");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_kept);
	tcase_add_test(tc, test_emptied);
	tcase_add_test(tc, test_none_wanted);
	tcase_add_test(tc, test_closed);
	tcase_add_test(tc, test_torn);
	tcase_add_test(tc, test_damaged);
	tcase_add_test(tc, test_full);
	tcase_add_test(tc, test_no_place);
	suite_add_tcase(suite, tc);
	return scratch_run(suite);
}
