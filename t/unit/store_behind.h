/*
 * store_behind - stores handled behind the store's back: SQL, files, and a process
 * that dies at the n-th write.
 */
#ifndef STORE_BEHIND_H
#define STORE_BEHIND_H

#include <check.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((unused)) static const char *
file_in(const char *dir, const char *name)	/* borrowed until the fourth call from now */
{
	static char path[4][160];
	static unsigned i;

	i = (i + 1) % 4;
	(void)snprintf(path[i], sizeof path[i], "%s/%s", dir, name);
	return path[i];
}

__attribute__((unused)) static void
sql_in(const char *path, const char *text)
{
	sqlite3 *db;
	int rc;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	rc = sqlite3_exec(db, text, NULL, NULL, NULL);
	ck_assert_msg(rc == SQLITE_OK, "%s: %s", text, sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

__attribute__((unused)) static void
write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

__attribute__((unused)) static char *
read_file(const char *path, size_t *len)	/* gives */
{
	FILE *f = fopen(path, "r");
	char *text = malloc(1 << 20);

	ck_assert_msg(f != NULL, "%s", path);
	*len = fread(text, 1, (1 << 20) - 1, f);
	text[*len] = '\0';
	ck_assert_int_eq(fclose(f), 0);
	return text;
}

__attribute__((unused)) static void
copy_file(const char *from, const char *to)
{
	size_t len;
	char *text = read_file(from, &len);

	write_file(to, text, len);
	free(text);
}

/* A store as schema `version` had it, at path: t/data/store-N.sql. */
__attribute__((unused)) static void
old_store(unsigned version, const char *path)
{
	const char *src = getenv("T_SRC");
	char name[512], *text;
	size_t len;

	(void)snprintf(name, sizeof name, "%s/t/data/store-%u.sql", src != NULL ? src : ".", version);
	text = read_file(name, &len);
	sql_in(path, text);
	free(text);
}

/* -- dying ------------------------------------------------------------------------- */

static unsigned die_left;		/* 0: live; n: die at the n-th call from now */

__attribute__((unused)) static void
die_now_and_then(void)
{
	if (die_left > 0 && --die_left == 0)
		(void)kill(getpid(), SIGKILL);
}

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);

static ssize_t
die_pwrite(int fd, const void *p, size_t n, off_t at)
{
	die_now_and_then();
	return real_pwrite(fd, p, n, at);
}

static int
die_ftruncate(int fd, off_t n)
{
	die_now_and_then();
	return real_ftruncate(fd, n);
}

static int
die_unlink(const char *path)
{
	die_now_and_then();
	return real_unlink(path);
}

/* From now on SQLite's n-th change of a file kills this process, before it is made. */
__attribute__((unused)) static void
die_at(unsigned n)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	sqlite3_syscall_ptr p;

	p = vfs->xGetSystemCall(vfs, "pwrite64");
	if (p == NULL)
		p = vfs->xGetSystemCall(vfs, "pwrite");
	real_pwrite = (ssize_t (*)(int, const void *, size_t, off_t))(void *)p;
	real_ftruncate = (int (*)(int, off_t))(void *)vfs->xGetSystemCall(vfs, "ftruncate");
	real_unlink = (int (*)(const char *))(void *)vfs->xGetSystemCall(vfs, "unlink");
	(void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)(void *)die_pwrite);
	(void)vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)(void *)die_pwrite);
	(void)vfs->xSetSystemCall(vfs, "ftruncate", (sqlite3_syscall_ptr)(void *)die_ftruncate);
	(void)vfs->xSetSystemCall(vfs, "unlink", (sqlite3_syscall_ptr)(void *)die_unlink);
	die_left = n;
}

#endif
