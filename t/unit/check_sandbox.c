/* From inside the sandbox of archon-convert, each thing a hostile document would want is tried. */
#include "config.h"

#include "crawler/sandbox.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int tried(long rc) { return rc >= 0 ? 0 : errno; }

static int read_secret(void) { return tried(open("/etc/passwd", O_RDONLY)); }
static int list_root(void) { return tried(open("/", O_RDONLY | O_DIRECTORY)); }
static int read_proc(void) { return tried(open("/proc/self/environ", O_RDONLY)); }
static int read_library(void) { return tried(open("/usr", O_RDONLY | O_DIRECTORY)); }
static int write_file(void) { return tried(open("/tmp/archon-sandbox", O_WRONLY | O_CREAT, 0600)); }
static int write_null(void) { return tried(open("/dev/null", O_RDWR)); }
static int call_network(void) { return tried(socket(AF_INET, SOCK_STREAM, 0)); }
static int call_locally(void) { return tried(socket(AF_UNIX, SOCK_STREAM, 0)); }
static int connect_it(void) { return tried(syscall(SYS_connect, 0, NULL, 0)); }
static int fork_one(void) { return tried(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL)); }
static int kill_parent(void) { return tried(kill(getppid(), 0)); }
static int trace_parent(void) { return tried(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)); }
static int remove_file(void) { return tried(unlink("/tmp/archon-sandbox-none")); }
static int make_dir(void) { return tried(mkdir("/tmp/archon-sandbox-none", 0700)); }
static int change_mode(void) { return tried(chmod("/tmp", 0777)); }
static int take_root(void) { return geteuid() == 0 ? 0 : tried(setuid(0)); }

static int
raise_limit(void)
{
	return tried(setrlimit(RLIMIT_CPU, &(struct rlimit){ 1000, 1000 }));
}

static const struct {
	const char *name;
	int	  (*f)(void);
	int	    want;		/* 0: it works; else errno */
	bool	    landlock;		/* only where the kernel has it */
} tries[] = {
	{ "read a file",		read_secret,	EACCES, true },
	{ "list the root",		list_root,	EACCES, true },
	{ "read /proc",			read_proc,	EACCES, true },
	{ "see the libraries",		read_library,	0, false },
	{ "write a file",		write_file,	EPERM, false },
	{ "write a device",		write_null,	EPERM, false },
	{ "make a network socket",	call_network,	EPERM, false },
	{ "make a local socket",	call_locally,	EPERM, false },
	{ "connect",			connect_it,	EPERM, false },
	{ "fork",			fork_one,	EPERM, false },
	{ "signal the parent",		kill_parent,	EPERM, false },
	{ "trace the parent",		trace_parent,	EPERM, false },
	{ "remove a file",		remove_file,	EPERM, false },
	{ "make a directory",		make_dir,	EPERM, false },
	{ "change a mode",		change_mode,	EPERM, false },
	{ "be root again",		take_root,	EPERM, false },
	{ "raise a limit",		raise_limit,	EPERM, false },
};

enum { NO_SANDBOX = 255, MIB = 1 << 20 };

/* -- limits: what is beyond them, in a process of its own ---------------------------------- */

static int
take_memory(size_t bytes)
{
	return mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED ? 0 : errno;
}

/* The size of this process, which a sanitizer makes huge. */
static size_t
size_now(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	ck_assert(f != NULL && fscanf(f, "%lu", &pages) == 1);
	ck_assert_int_eq(fclose(f), 0);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

START_TEST(memory_is_limited)
{
	struct sandbox_limits limits = { .cpu_s = 10, .memory_bytes = size_now() + 64 * MIB };
	int st;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(sandbox_enter(&limits) < 0 ? NO_SANDBOX : take_memory(16 * MIB) != 0 ? 1 : take_memory(128 * MIB) == ENOMEM ? 0 : 2);
	ck_assert_int_eq(waitpid(pid, &st, 0), pid);
	ck_assert_int_eq(st, 0);
}
END_TEST

START_TEST(time_is_limited)
{
	const struct sandbox_limits limits = { .cpu_s = 1 };
	int st;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (sandbox_enter(&limits) < 0)
			_exit(NO_SANDBOX);
		while (clock() < 30 * CLOCKS_PER_SEC)
			;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &st, 0), pid);
	ck_assert_msg(WIFSIGNALED(st) && WTERMSIG(st) == SIGXCPU, "status %d", st);
}
END_TEST

/* -- calls ------------------------------------------------------------------------------------ */

static int
outcome(int (*f)(void), bool inside)	/* of f in a process of its own: its errno, 0 it worked */
{
	const struct sandbox_limits limits = { .cpu_s = 10 };
	int st;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(inside && sandbox_enter(&limits) < 0 ? NO_SANDBOX : f());
	ck_assert_int_eq(waitpid(pid, &st, 0), pid);
	ck_assert_msg(WIFEXITED(st), "signal %d", WTERMSIG(st));
	return WEXITSTATUS(st);
}

static bool
has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

START_TEST(inside)
{
	int got = outcome(tries[_i].f, true);

	ck_assert_msg(got != NO_SANDBOX, "there is no sandbox on this system: documents are not read here");
	if (tries[_i].landlock && !has_landlock()) {
		fprintf(stderr, "skipped: %s: this kernel has no Landlock\n", tries[_i].name);
		return;
	}
	ck_assert_msg(got == tries[_i].want, "%s: errno %d, want %d", tries[_i].name, got, tries[_i].want);
}
END_TEST

START_TEST(outside)			/* that it fails inside is the sandbox's doing */
{
	ck_assert_int_eq(outcome(read_secret, false), 0);
	ck_assert_int_eq(outcome(write_null, false), 0);
	ck_assert_int_eq(outcome(call_locally, false), 0);
	ck_assert_int_eq(outcome(kill_parent, false), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox");
	TCase *tc = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, inside, 0, (int)(sizeof tries / sizeof tries[0]));
	tcase_add_test(tc, outside);
	tcase_add_test(tc, memory_is_limited);
	tcase_add_test(tc, time_is_limited);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
