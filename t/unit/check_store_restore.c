/* Copies: sound ones only, in place of the store at once or not at all. */
#include "config.h"

#include "shared/store.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "store_behind.h"
#include "store_fixture.h"

/* In front of the C library's, so that a process dies there too. */
int rename(const char *from, const char *to);
int unlink(const char *path);

int
rename(const char *from, const char *to)
{
	die_now_and_then();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
unlink(const char *path)
{
	die_now_and_then();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* -- what is there ------------------------------------------------------------------ */

static void
make(const char *dir, const char *word)		/* a store of one page */
{
	struct store *st = store_in(dir);

	begin_source(st, "s");
	ck_assert_int_eq(put_page(st, "s", "http://a/1", "t", slice_of(word)), 0);
	store_close(st);
}

static int
write_and_die(void *arg)			/* what is committed is in the log only */
{
	struct store *st = store_in(arg);

	if (put_page(st, "s", "http://a/2", "t", SLICE_LIT("okapi")) < 0)
		return 1;
	return kill(getpid(), SIGKILL);
}

static const char *
backup_of(const char *word)			/* borrowed until the next call */
{
	static char path[160];
	const char *dir = scratch_dir();
	struct store *st;
	struct err e = { "" };

	make(dir, word);
	(void)snprintf(path, sizeof path, "%s/copy", dir);
	write_file(path, "", 0);
	st = store_in(dir);
	ck_assert_msg(store_backup(st, path, &e) == 0, "%s", e.text);
	store_close(st);
	ck_assert_int_ne(access(file_in(dir, "copy-wal"), F_OK), 0);
	return path;
}

static int
words_in(const char *dir, const char *word)
{
	struct store *st = store_in(dir);
	int n;

	store_sound(st);
	n = hits(st, word);
	store_close(st);
	return n;
}

static unsigned
files_in(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 2;
}

/* -- good days ------------------------------------------------------------------------ */

START_TEST(replaces)
{
	const char *from = backup_of("giraffe"), *dir = scratch_dir();
	struct err e = { "" };

	make(dir, "zebra");
	ck_assert_int_eq(child_wait(child_start(write_and_die, (void *)(uintptr_t)dir)), -SIGKILL);
	ck_assert_int_eq(chmod(file_in(dir, "archon.db"), 0640), 0);
	ck_assert_int_eq(access(file_in(dir, "archon.db-wal"), F_OK), 0);
	ck_assert_msg(store_restore(dir, from, NULL, NULL, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(files_in(dir), 1);
	ck_assert_int_eq(words_in(dir, "giraffe"), 1);
	ck_assert_int_eq(words_in(dir, "zebra"), 0);
	ck_assert_int_eq(words_in(dir, "okapi"), 0);
	{
		struct stat sb;

		ck_assert_int_eq(stat(file_in(dir, "archon.db"), &sb), 0);
		ck_assert_uint_eq(sb.st_mode & 0777, 0640);	/* who might open the old one may open this */
	}
}
END_TEST

START_TEST(where_none_is)
{
	const char *from = backup_of("giraffe"), *dir = scratch_dir();

	ck_assert_int_eq(store_restore(dir, from, NULL, NULL, NULL), 0);
	ck_assert_int_eq(words_in(dir, "giraffe"), 1);
}
END_TEST

START_TEST(over_a_damaged_one)
{
	const char *from = backup_of("giraffe"), *dir = scratch_dir();
	char noise[9000];

	memset(noise, 'x', sizeof noise);
	write_file(file_in(dir, "archon.db"), noise, sizeof noise);
	write_file(file_in(dir, "archon.db-wal"), noise, sizeof noise);
	ck_assert_int_eq(store_restore(dir, from, NULL, NULL, NULL), 0);
	ck_assert_uint_eq(files_in(dir), 1);
	ck_assert_int_eq(words_in(dir, "giraffe"), 1);
}
END_TEST

START_TEST(of_an_older_schema)
{
	const char *dir = scratch_dir();
	struct err e = { "" };

	make(dir, "zebra");
	old_store(2, file_in(dir, "older"));
	ck_assert_msg(store_restore(dir, file_in(dir, "older"), NULL, NULL, &e) == 0, "%s", e.text);
	ck_assert_int_eq(words_in(dir, "zebra"), 0);
	{
		struct store *st = store_in(dir);

		ck_assert_int_eq(store_index(st, 0), 0);
		ck_assert_int_eq(hits(st, "quagga"), 1);
		store_close(st);
	}
}
END_TEST

/* -- bad files ------------------------------------------------------------------------- */

static const struct {
	const char *name, *sql;		/* done to a good backup; NULL: see bad_file() */
	int	    rc;
	const char *says;
} bad[] = {
	{ "newer", "PRAGMA user_version = 99", -ESTALE, "schema 99" },
	{ "without a version", "PRAGMA user_version = 0", -EBADMSG, "no store of archon" },
	{ "a table is missing", "PRAGMA foreign_keys = OFF; DROP TABLE frontier", -EBADMSG, "no store of archon" },
	{ "not indexed", "UPDATE chunks SET body = 'another'", -EBADMSG, "search index" },
	{ "no database", NULL, -EBADMSG, "no store of archon" },
	{ "empty", NULL, -EBADMSG, "no store of archon" },
	{ "cut", NULL, -EBADMSG, "" },
	{ "missing", NULL, -ENOENT, "No such file" },
};

static void
spoil(const char *path, const char *name)
{
	size_t len;
	char *text = read_file(path, &len);

	if (strcmp(name, "no database") == 0)
		write_file(path, "key = value, over and over", 26);
	else if (strcmp(name, "empty") == 0)
		write_file(path, "", 0);
	else if (strcmp(name, "cut") == 0)
		write_file(path, text, len / 2);
	else
		ck_assert_int_eq(unlink(path), 0);
	free(text);
}

START_TEST(refuses_a_bad_file)
{
	const char *from = backup_of("giraffe"), *dir = scratch_dir();
	struct err e = { "" };
	int rc;

	if (bad[_i].sql != NULL)
		sql_in(from, bad[_i].sql);
	else
		spoil(from, bad[_i].name);
	make(dir, "zebra");
	rc = store_restore(dir, from, NULL, NULL, &e);
	ck_assert_msg(rc == bad[_i].rc, "%s: %d %s", bad[_i].name, rc, e.text);
	ck_assert_msg(strstr(e.text, bad[_i].says) != NULL, "%s: %s", bad[_i].name, e.text);
	ck_assert_uint_eq(files_in(dir), 1);
	ck_assert_int_eq(words_in(dir, "zebra"), 1);
}
END_TEST

START_TEST(refuses_itself)
{
	const char *dir = scratch_dir();

	make(dir, "zebra");
	ck_assert_int_eq(store_restore(dir, file_in(dir, "archon.db"), NULL, NULL, NULL), -EINVAL);
	ck_assert_int_eq(words_in(dir, "zebra"), 1);
}
END_TEST

START_TEST(a_copy_that_is_not_sound)
{
	const char *dir = scratch_dir();
	struct err e = { "" };
	struct store *st;

	make(dir, "zebra");
	sql_in(file_in(dir, "archon.db"), "UPDATE chunks SET body = 'another'");
	write_file(file_in(dir, "copy"), "", 0);
	st = store_in(dir);
	ck_assert_int_eq(store_backup(st, file_in(dir, "copy"), &e), -EBADMSG);
	ck_assert_str_ne(e.text, "");
	store_close(st);
}
END_TEST

/* -- while others write ------------------------------------------------------------------- */

struct pairs {
	char	    dir[96];
	atomic_uint here;
	atomic_bool enough;
};

static int
write_pairs(void *arg)			/* two pages at once, again and again */
{
	struct pairs *w = arg;
	struct store *st = store_in(w->dir);
	char url[2][32];
	int rc = 0;

	for (unsigned i = 0; rc >= 0 && !atomic_load(&w->enough); i++) {
		(void)snprintf(url[0], sizeof url[0], "http://a/%u", i);
		(void)snprintf(url[1], sizeof url[1], "http://b/%u", i);
		if ((rc = store_begin(st)) >= 0 && (rc = put_page(st, "s", url[0], "t", SLICE_LIT("okapi"))) >= 0 &&
		    (rc = put_page(st, "s", url[1], "t", SLICE_LIT("okapi"))) >= 0)
			rc = store_commit(st);
		if (i == 0)
			meet(&w->here, 2);
	}
	store_close(st);
	return rc < 0;
}

/* More than is copied at one go: with nothing to hold on to, a copy would begin anew at each commit, for ever. */
static void
make_large(const char *dir)
{
	enum { LARGE = 1 << 20, N_LARGE = 64 };
	char *body = malloc(LARGE), url[32];
	struct chunk c = { .headings = SLICE_LIT("H"), .body = { body, LARGE } };
	struct store *st = store_in(dir);

	ck_assert_ptr_nonnull(body);
	memset(body, 'x', LARGE);
	begin_source(st, "s");
	begin_source(st, "large");
	for (unsigned i = 0; i < N_LARGE; i++) {
		(void)snprintf(url, sizeof url, "http://l/%u", i);
		ck_assert_int_eq(store_page_put(st, "large", &(struct page){ .url = url, .title = "t", .content_hash = url, .fetched_ms = 1,
		    .chunks = &c, .n_chunks = 1, .index_later = true }), 0);
	}
	store_close(st);
	free(body);
}

START_TEST(a_backup_while_others_write)
{
	struct pairs *w = shared_zeros(sizeof *w);
	struct err e = { "" };
	struct store *st;
	const char *copied;
	char path[160];
	int n;
	pid_t pid;

	(void)snprintf(w->dir, sizeof w->dir, "%s", scratch_dir());
	make_large(w->dir);
	(void)snprintf(path, sizeof path, "%s", file_in(w->dir, "copy"));
	write_file(path, "", 0);
	pid = child_start(write_pairs, w);
	meet(&w->here, 2);
	st = store_in(w->dir);
	ck_assert_msg(store_backup(st, path, &e) == 0, "%s", e.text);
	store_close(st);
	atomic_store(&w->enough, true);
	ck_assert_int_eq(child_wait(pid), 0);
	copied = scratch_dir();
	ck_assert_int_eq(rename(path, file_in(copied, "archon.db")), 0);
	st = store_in(copied);
	n = store_pages_count(st, "s");
	ck_assert_msg(n > 0 && n % 2 == 0, "%d pages", n);
	ck_assert_int_eq(store_pages_count(st, "large"), 64);
	ck_assert_int_eq(hits(st, "okapi"), n < 100 ? n : 100);
	store_sound(st);
	store_close(st);
}
END_TEST

/* -- bad moments ------------------------------------------------------------------------ */

struct holder {
	char	    dir[96];
	atomic_uint here;
	atomic_bool go;
};

static int
hold_open(void *arg)
{
	struct holder *h = arg;
	struct store *st = store_in(h->dir);

	meet(&h->here, 2);
	while (!atomic_load(&h->go))
		(void)sched_yield();
	store_close(st);
	return 0;
}

START_TEST(refuses_while_it_is_open)
{
	const char *from = backup_of("giraffe");
	struct holder *h = shared_zeros(sizeof *h);
	struct err e = { "" };
	pid_t pid;

	(void)snprintf(h->dir, sizeof h->dir, "%s", scratch_dir());
	make(h->dir, "zebra");
	pid = child_start(hold_open, h);
	meet(&h->here, 2);
	ck_assert_int_eq(store_restore(h->dir, from, NULL, NULL, &e), -EBUSY);
	ck_assert_msg(strstr(e.text, "stop archon first") != NULL, "%s", e.text);
	atomic_store(&h->go, true);
	ck_assert_int_eq(child_wait(pid), 0);
	ck_assert_int_eq(words_in(h->dir, "zebra"), 1);
	ck_assert_int_eq(store_restore(h->dir, from, NULL, NULL, &e), 0);
	ck_assert_int_eq(words_in(h->dir, "giraffe"), 1);
}
END_TEST

START_TEST(one_at_a_time)
{
	const char *from = backup_of("giraffe"), *dir = scratch_dir();
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	make(dir, "zebra");
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	ck_assert_int_eq(store_restore(dir, from, NULL, NULL, NULL), -EBUSY);
	ck_assert_int_eq(words_in(dir, "zebra"), 1);
	(void)close(fd);
}
END_TEST

static int
refuse(const void *arg, struct err *e)
{
	(void)arg;
	return err_set(e, -EPERM, "not now");
}

START_TEST(the_last_word)
{
	const char *from = backup_of("giraffe"), *dir = scratch_dir();
	struct err e = { "" };

	make(dir, "zebra");
	ck_assert_int_eq(store_restore(dir, from, refuse, NULL, &e), -EPERM);
	ck_assert_str_eq(e.text, "not now");
	ck_assert_int_eq(words_in(dir, "zebra"), 1);
}
END_TEST

static void
fill_up(const char *path)
{
	static const char block[4096];
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	while (write(fd, block, sizeof block) > 0)
		continue;
	ck_assert_int_eq(errno, ENOSPC);
	(void)close(fd);
}

START_TEST(on_a_full_disk)
{
	const char *from = backup_of("giraffe");
	char dir[96];
	struct err e = { "" };

	(void)snprintf(dir, sizeof dir, "%s", scratch_dir());
	if (!small_disk(dir, 4000))
		return;
	make(dir, "zebra");
	fill_up(file_in(dir, "ballast"));
	ck_assert_int_eq(store_restore(dir, from, NULL, NULL, &e), -ENOSPC);
	ck_assert_str_ne(e.text, "");
	ck_assert_int_eq(unlink(file_in(dir, "ballast")), 0);
	ck_assert_uint_eq(files_in(dir), 1);
	ck_assert_int_eq(words_in(dir, "zebra"), 1);
}
END_TEST

struct victim {
	const char *dir, *from;
	unsigned    n;
};

static int
restore_and_die(void *arg)
{
	const struct victim *v = arg;

	die_at(v->n);
	return store_restore(v->dir, v->from, NULL, NULL, NULL) < 0;
}

START_TEST(killed_at_each_write)	/* the old store with all that was committed, or the new one */
{
	const char *from = backup_of("giraffe");
	char base[96], kept[160];
	unsigned n = 0, n_old = 0, n_new = 0;
	int rc;

	(void)snprintf(kept, sizeof kept, "%s", from);
	(void)snprintf(base, sizeof base, "%s", scratch_dir());
	make(base, "zebra");
	ck_assert_int_eq(child_wait(child_start(write_and_die, base)), -SIGKILL);
	do {
		struct victim v = { .dir = scratch_dir(), .from = kept, .n = ++n };
		int old, new;

		copy_file(file_in(base, "archon.db"), file_in(v.dir, "archon.db"));
		copy_file(file_in(base, "archon.db-wal"), file_in(v.dir, "archon.db-wal"));
		rc = child_wait(child_start(restore_and_die, &v));
		ck_assert_msg(rc == -SIGKILL || rc == 0, "%u: %d", n, rc);
		old = words_in(v.dir, "zebra") + words_in(v.dir, "okapi");
		new = words_in(v.dir, "giraffe");
		ck_assert_msg((old == 2 && new == 0) || (old == 0 && new == 1), "%u: %d old, %d new", n, old, new);
		n_old += rc != 0 && old == 2;
		n_new += rc != 0 && new == 1;
		ck_assert_int_eq(store_restore(v.dir, kept, NULL, NULL, NULL), 0);	/* what it left is in nobody's way */
		ck_assert_uint_eq(files_in(v.dir), 1);
		ck_assert_int_eq(words_in(v.dir, "giraffe"), 1);
	} while (rc != 0);
	ck_assert_uint_gt(n_old, 10);
	ck_assert_uint_gt(n_new, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store restore");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, replaces);
	tcase_add_test(tc, where_none_is);
	tcase_add_test(tc, over_a_damaged_one);
	tcase_add_test(tc, of_an_older_schema);
	tcase_add_loop_test(tc, refuses_a_bad_file, 0, sizeof bad / sizeof bad[0]);
	tcase_add_test(tc, refuses_itself);
	tcase_add_test(tc, a_copy_that_is_not_sound);
	tcase_add_test(tc, a_backup_while_others_write);
	tcase_add_test(tc, refuses_while_it_is_open);
	tcase_add_test(tc, one_at_a_time);
	tcase_add_test(tc, the_last_word);
	tcase_add_test(tc, on_a_full_disk);
	tcase_add_test(tc, killed_at_each_write);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
