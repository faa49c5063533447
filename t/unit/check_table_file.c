/* The table as a file: what is refused, and what a full disk does. */
#include "config.h"

#include "shared/table.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scratch.h"
#include "shared/message.h"

enum { ROWS = 16 };

static const char *
path_in(const char *dir, const char *name)
{
	static char path[160];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static void
poke(const char *dir, off_t at, const void *bytes, size_t len)
{
	int fd = open(path_in(dir, TABLE_FILE), O_RDWR);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, len, at), (ssize_t)len);
	close(fd);
}

static off_t
size_of(const char *dir)
{
	struct stat sb;

	ck_assert_int_eq(stat(path_in(dir, TABLE_FILE), &sb), 0);
	return sb.st_size;
}

static int
attach_rc(const char *dir)	/* opens, and closes what it got */
{
	struct table *t = NULL;
	struct err e = { "" };
	int rc = table_open(&t, dir, &e);

	ck_assert_msg((rc == 0) == (t != NULL), "*out is untouched on failure");
	ck_assert_msg((rc < 0) == (e.text[0] != '\0'), "a failure has a sentence");
	table_close(t);
	return rc;
}

static const char *
dir_with_table(void)
{
	const char *dir = scratch_dir();

	ck_assert_int_eq(table_create(dir, ROWS, NULL, NULL, NULL), 0);
	return dir;
}

/* -- damaged ----------------------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned    at, bytes;
	int	    rc;
} fields[] = {				/* layout version 1 */
	{ "magic", 0, 8, -EBADMSG },
	{ "layout_version", 8, 4, -ESTALE },
	{ "n_rows", 12, 4, -EBADMSG },
	{ "generation", 16, 8, 0 },
	{ "file_bytes", 24, 8, -EBADMSG },
	{ "row_bytes", 32, 8, -EBADMSG },
	{ "created_wall_ms", 40, 8, 0 },
};

START_TEST(each_bit_of_a_header_field)
{
	const char *dir = dir_with_table();

	for (unsigned bit = 0; bit < fields[_i].bytes * 8; bit++) {
		off_t at = fields[_i].at + bit / 8;
		unsigned char was, flipped;
		int fd = open(path_in(dir, TABLE_FILE), O_RDONLY), rc;

		ck_assert_int_eq(pread(fd, &was, 1, at), 1);
		close(fd);
		flipped = (unsigned char)(was ^ 1u << bit % 8);
		poke(dir, at, &flipped, 1);
		rc = attach_rc(dir);
		ck_assert_msg(rc == fields[_i].rc, "%s, bit %u: %d", fields[_i].name, bit, rc);
		poke(dir, at, &was, 1);
	}
	ck_assert_int_eq(attach_rc(dir), 0);
}
END_TEST

static const struct {
	const char *name;
	off_t	    at_least, relative;	/* size, or size of a sound one + relative */
} sizes[] = {
	{ "empty", 0, 0 },
	{ "half a header", 20, 0 },
	{ "a header less one byte", 47, 0 },
	{ "a header", 48, 0 },
	{ "a page", 4096, 0 },
	{ "one byte short", -1, -1 },
	{ "a page short", -1, -4096 },
	{ "one byte long", -1, 1 },
	{ "a page long", -1, 4096 },
};

START_TEST(wrong_size)
{
	const char *dir = dir_with_table();
	off_t size = sizes[_i].at_least >= 0 ? sizes[_i].at_least : size_of(dir) + sizes[_i].relative;

	ck_assert_int_eq(truncate(path_in(dir, TABLE_FILE), size), 0);
	ck_assert_msg(attach_rc(dir) == -EBADMSG, "%s", sizes[_i].name);
}
END_TEST

START_TEST(not_a_file)
{
	char dir[96], target[96];

	(void)snprintf(target, sizeof target, "%s", dir_with_table());
	(void)snprintf(dir, sizeof dir, "%s", scratch_dir());
	ck_assert_int_eq(attach_rc(dir), -ENOENT);
	close(table_lock_file(dir, NULL));	/* makes the directories */
	ck_assert_int_eq(mkdir(path_in(dir, TABLE_FILE), 0700), 0);
	ck_assert_int_eq(attach_rc(dir), -EISDIR);
	ck_assert_int_eq(rmdir(path_in(dir, TABLE_FILE)), 0);
	ck_assert_int_eq(mkfifo(path_in(dir, TABLE_FILE), 0600), 0);
	ck_assert_int_eq(attach_rc(dir), -EBADMSG);
	ck_assert_int_eq(unlink(path_in(dir, TABLE_FILE)), 0);
	(void)strncat(target, "/" TABLE_FILE, sizeof target - strlen(target) - 1);
	ck_assert_int_eq(symlink(target, path_in(dir, TABLE_FILE)), 0);
	ck_assert_int_eq(attach_rc(dir), -ELOOP);
}
END_TEST

START_TEST(bad_arguments)
{
	static const unsigned rows[] = { 0, 1, TABLE_ROWS_MIN - 1, TABLE_ROWS_MAX + 1, 0x7fffffff, 0xffffffff };
	const char *dir = scratch_dir();
	char *longer = malloc(600);
	struct err e = { "" };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_int_eq(table_create(dir, rows[i], NULL, NULL, &e), -EINVAL);
	ck_assert_int_eq(table_create("/nonexistent/dir", ROWS, NULL, NULL, &e), -ENOENT);

	/* A name that must be cut would be another file's. */
	for (size_t len = 490; len < 599; len++) {
		struct table *t = NULL;

		memset(longer, '/', len);	/* "/tmp/x//////" is the same directory */
		(void)memcpy(longer, dir, strlen(dir));
		longer[len] = '\0';
		if (table_create(longer, ROWS, NULL, NULL, &e) == 0) {
			ck_assert_int_eq(table_open(&t, dir, NULL), 0);
			table_close(t);
			ck_assert_int_eq(unlink(path_in(dir, TABLE_FILE)), 0);
		} else {
			ck_assert_int_eq(table_create(longer, ROWS, NULL, NULL, &e), -ENAMETOOLONG);
			ck_assert_int_eq(table_open(&t, longer, &e), -ENAMETOOLONG);
		}
	}
	free(longer);
}
END_TEST

/* A table sound in its header and garbage behind it: nothing is believed, nothing crashes. */
START_TEST(garbage_behind_the_header)
{
	const char *dir = dir_with_table();
	struct table *t = NULL;
	struct crawl_progress *out = malloc(sizeof *out);
	unsigned short seed[3] = { 7, 7, (unsigned short)_i };
	unsigned from = 0, taken = 0;
	struct table_info info;
	off_t size = size_of(dir);

	for (off_t at = 4096; at < size; at += 4096) {
		unsigned char page[4096];

		for (unsigned i = 0; i < sizeof page; i++)
			page[i] = _i == 0 ? 0xff : (unsigned char)nrand48(seed);
		if (_i == 2)
			page[0] &= 0xfe;	/* some changecounts even */
		poke(dir, at, page, sizeof page);
	}
	ck_assert_int_eq(table_open(&t, dir, NULL), 0);
	for (unsigned i = 0; i < ROWS; i++) {
		struct text text = { 0 };
		int rc = table_read(t, i, out);

		ck_assert_msg(rc == 0 || rc == -EAGAIN || rc == -ENOENT, "%d", rc);
		if (rc == 0)
			message_progress(&text, out);
		text_fini(&text);
		(void)table_changecount(t, i);
	}
	table_info(t, &info);
	ck_assert_uint_le(info.used, ROWS);
	ck_assert_int_eq(table_join(t, TABLE_RELAY), 0);
	while (table_take_dirty(t, 0, &from) >= 0)
		taken++;
	ck_assert_uint_le(taken, ROWS);
	(void)table_read_id(t, "some", out);
	table_close(t);
	free(out);
}
END_TEST

/* -- a full disk ------------------------------------------------------------------------- */

START_TEST(no_room_to_create)
{
	const char *dir = scratch_dir();
	struct err e = { "" };
	struct table *t = NULL;
	char half[64];

	if (!small_disk(dir, 20))
		return;
	ck_assert_int_eq(table_create(dir, ROWS, NULL, NULL, &e), -ENOSPC);
	ck_assert_str_ne(e.text, "");
	ck_assert_int_eq(table_open(&t, dir, NULL), -ENOENT);
	(void)snprintf(half, sizeof half, TABLE_FILE ".%d.new", (int)getpid());
	ck_assert_int_eq(access(path_in(dir, half), F_OK), -1);		/* no half of it is left */
}
END_TEST

START_TEST(no_room_to_add)
{
	const char *dir = scratch_dir();
	struct crawl_progress p = { .phase = CRAWL_QUEUED }, out;
	struct table *t = NULL;
	struct table_info info;
	int rc = 0, n;

	if (!small_disk(dir, 400))
		return;
	ck_assert_int_eq(table_create(dir, 64, NULL, NULL, NULL), 0);
	ck_assert_int_eq(table_open(&t, dir, NULL), 0);
	for (n = 0; rc >= 0; n++) {
		(void)snprintf(p.id, sizeof p.id, "id-%d", n);
		rc = table_add(t, &p);
	}
	n--;
	ck_assert_int_eq(rc, -ENOSPC);
	ck_assert_int_gt(n, 0);
	ck_assert_int_lt(n, 64);
	ck_assert_int_eq(table_find(t, p.id), -ENOENT);
	for (int i = 0; i < n; i++) {
		(void)snprintf(p.id, sizeof p.id, "id-%d", i);
		ck_assert_int_eq(table_read_id(t, p.id, &out), 0);
	}
	for (unsigned i = 0; i < 64; i++)	/* looking takes no memory either */
		(void)table_changecount(t, i);
	table_info(t, &info);
	ck_assert_uint_eq(info.used, (unsigned)n);

	p.ended_wall_ms = 1;			/* an ended row's memory serves the next */
	ck_assert_int_eq(table_claim(t, 0), 0);
	(void)snprintf(p.id, sizeof p.id, "id-0");
	table_publish(t, 0, &p);
	table_release(t, 0);
	(void)snprintf(p.id, sizeof p.id, "next");
	ck_assert_int_eq(table_add(t, &p), 0);
	table_close(t);
}
END_TEST

/* Another user's program, started at the same moment, is never met by a mode that keeps it out. */
START_TEST(shared_from_the_first_moment)
{
	const char *dir = scratch_dir();
	char path[160];
	unsigned met = 0;
	pid_t maker;
	struct stat sb;
	int status = -1;

	(void)snprintf(path, sizeof path, "%s/shared", dir);
	if ((maker = fork()) == 0) {
		(void)umask(0077);
		for (unsigned i = 0; i < 20000; i++) {
			int fd = table_open_shared(path, 0, 0660);

			if (fd < 0 || close(fd) == -1 || unlink(path) == -1)
				_exit(1);
		}
		_exit(0);
	}
	ck_assert_int_gt(maker, 0);
	while (waitpid(maker, &status, WNOHANG) == 0)
		if (stat(path, &sb) == 0) {
			met++;
			ck_assert_msg((sb.st_mode & 0777) == 0660, "mode %o", (unsigned)sb.st_mode);
		}
	ck_assert_int_eq(status, 0);
	ck_assert_uint_gt(met, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("table file");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, each_bit_of_a_header_field, 0, sizeof fields / sizeof fields[0]);
	tcase_add_loop_test(tc, wrong_size, 0, sizeof sizes / sizeof sizes[0]);
	tcase_add_test(tc, not_a_file);
	tcase_add_test(tc, bad_arguments);
	tcase_add_test(tc, shared_from_the_first_moment);
	tcase_add_loop_test(tc, garbage_behind_the_header, 0, 6);
	tcase_add_test(tc, no_room_to_create);
	tcase_add_test(tc, no_room_to_add);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
