/*
 * scratch - what tests on files and processes need: a directory that goes away,
 * children that are killed for real, a point where they meet, a small disk.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char scratch_root[64];		/* of this program, gone at its end */

__attribute__((unused)) static int
scratch_remove(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
	(void)sb, (void)type, (void)ftw;
	return remove(path);
}

/* A new directory; borrowed until the next call. */
__attribute__((unused)) static const char *
scratch_dir(void)
{
	static char path[96];

	(void)snprintf(path, sizeof path, "%s/XXXXXX", scratch_root);
	ck_assert_ptr_nonnull(mkdtemp(path));
	return path;
}

/* Run the suite in a scratch root and remove that: the whole of a main(). */
__attribute__((unused)) static int
scratch_run(Suite *s)
{
	SRunner *sr = srunner_create(s);
	int failed;

	/* In memory where there is such a place: processes are killed here, the power stays on. */
	(void)snprintf(scratch_root, sizeof scratch_root, "%s/check.XXXXXX", access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(scratch_root) == NULL)
		return 99;
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	(void)nftw(scratch_root, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
	return failed != 0;
}

/* A child that runs f(arg) and exits with what that returns. */
__attribute__((unused)) static pid_t
child_start(int (*f)(void *arg), void *arg)
{
	pid_t pid;

	(void)fflush(NULL);
	ck_assert_int_ge((pid = fork()), 0);
	if (pid == 0)
		_exit(f(arg));
	return pid;
}

__attribute__((unused)) static int
child_wait(pid_t pid)		/* exit status, or -signal */
{
	int st;

	ck_assert_int_eq(waitpid(pid, &st, 0), pid);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -WTERMSIG(st);
}

__attribute__((unused)) static void
child_kill(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(child_wait(pid), -SIGKILL);
}

/* Memory that parent and children share. */
__attribute__((unused)) static void *
shared_zeros(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(p, MAP_FAILED);
	return p;
}

/* Meet: returns when n have come.  A party that dies is noticed by the test's own limit. */
__attribute__((unused)) static void
meet(atomic_uint *here, unsigned n)
{
	(void)atomic_fetch_add(here, 1);
	while (atomic_load(here) < n)
		(void)sched_yield();
}

/* Mount a tmpfs of so many KiB at path, seen by this process only.  false: not allowed here. */
__attribute__((unused)) static bool
small_disk(const char *path, unsigned kib)
{
	char options[32];

	(void)snprintf(options, sizeof options, "size=%uk", kib);
	if (unshare(CLONE_NEWNS) == -1 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1
	    || mount("none", path, "tmpfs", 0, options) == -1) {
		fprintf(stderr, "skipped: no tmpfs can be mounted here: %s\n", strerror(errno));
		return false;
	}
	return true;
}

#endif
