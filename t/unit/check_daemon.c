#include "config.h"

#include "shared/daemon.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "scratch.h"

static const char *
socket_path(void)
{
	static char path[128];

	(void)snprintf(path, sizeof path, "%s/s.sock", scratch_dir());
	return path;
}

static int
connect_to(const char *path)		/* 0 or -errno */
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc;

	(void)snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path);
	rc = connect(fd, (struct sockaddr *)&sun, sizeof sun) == -1 ? -errno : 0;
	close(fd);
	return rc;
}

static int
listening(const char *path)
{
	struct err e = { "" };
	int fd = daemon_listen(path, &e);

	ck_assert_msg(fd >= 0, "%s", e.text);
	return fd;
}

/* -- the listening socket ------------------------------------------------------------------ */

START_TEST(bound)
{
	const char *path = socket_path();
	mode_t mask = umask(022);
	int fd = listening(path);
	struct stat sb;

	ck_assert_int_eq(lstat(path, &sb), 0);
	ck_assert(S_ISSOCK(sb.st_mode));
	ck_assert_int_eq(sb.st_mode & 07777, 0660);
	ck_assert_int_eq(umask(mask), 022);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ck_assert_int_eq(connect_to(path), 0);
	daemon_unlisten(path, fd);
	ck_assert_int_eq(access(path, F_OK), -1);
	daemon_unlisten(path, -1);
}
END_TEST

START_TEST(live_one_stays)
{
	const char *path = socket_path();
	struct err e = { "" };
	int fd = listening(path);

	ck_assert_int_eq(daemon_listen(path, &e), -EADDRINUSE);
	ck_assert_msg(strstr(e.text, path) != NULL, "%s", e.text);
	ck_assert_int_eq(connect_to(path), 0);
	daemon_unlisten(path, fd);
}
END_TEST

static int
listen_and_die(void *arg)
{
	if (daemon_listen(arg, NULL) >= 0)
		(void)raise(SIGKILL);
	return 1;
}

START_TEST(dead_one_is_replaced)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof path, "%s", socket_path());
	ck_assert_int_eq(child_wait(child_start(listen_and_die, path)), -SIGKILL);
	ck_assert_int_eq(connect_to(path), -ECONNREFUSED);
	fd = listening(path);
	ck_assert_int_eq(connect_to(path), 0);
	daemon_unlisten(path, fd);
}
END_TEST

/* Many start at once on what a dead one left: one of them has it, and can be reached. */
enum { RACERS = 8 };
static atomic_uint *here;

static int
race(void *arg)
{
	struct err e = { "" };
	int fd;

	meet(here, RACERS);
	if ((fd = daemon_listen(arg, &e)) == -EADDRINUSE)
		return 1;
	if (fd < 0)
		return 2;
	meet(here + 1, RACERS + 1);	/* until the others have tried, and it was reached */
	daemon_unlisten(arg, fd);
	return 0;
}

START_TEST(one_of_many_has_it)
{
	unsigned lost = 0;
	char path[128];
	int status;

	here = shared_zeros(2 * sizeof *here);
	(void)snprintf(path, sizeof path, "%s", socket_path());
	ck_assert_int_eq(child_wait(child_start(listen_and_die, path)), -SIGKILL);
	for (unsigned i = 0; i < RACERS; i++)
		(void)child_start(race, path);
	for (; lost < RACERS - 1; lost++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%u lost, then status %x", lost, status);
		(void)atomic_fetch_add(here + 1, 1);
	}
	ck_assert_int_eq(connect_to(path), 0);
	(void)atomic_fetch_add(here + 1, 1);
	ck_assert_int_gt(wait(&status), 0);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the winner: status %x", status);
}
END_TEST

START_TEST(nothing_else_is_removed)
{
	const char *path = socket_path();
	struct err e = { "" };
	struct stat sb;
	FILE *f;

	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fputs("precious", f);
	fclose(f);
	ck_assert_int_eq(daemon_listen(path, &e), -ENOTSOCK);
	ck_assert_str_ne(e.text, "");
	ck_assert_int_eq(stat(path, &sb), 0);
	ck_assert_int_eq(sb.st_size, 8);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(daemon_listen(path, &e), -ENOTSOCK);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(symlink("/nonexistent/x", path), 0);
	ck_assert_int_lt(daemon_listen(path, &e), 0);
	ck_assert_int_eq(lstat(path, &sb), 0);
}
END_TEST

START_TEST(bad_paths)
{
	char longer[200];
	struct err e = { "" };

	memset(longer, 'x', sizeof longer);
	longer[0] = '/';
	longer[sizeof longer - 1] = '\0';
	ck_assert_int_eq(daemon_listen(longer, &e), -ENAMETOOLONG);
	ck_assert_int_eq(daemon_listen("/nonexistent/dir/s.sock", &e), -ENOENT);
	ck_assert_msg(strstr(e.text, "/nonexistent/dir/s.sock") != NULL, "%s", e.text);
	ck_assert_int_lt(daemon_listen("/nonexistent/dir/s.sock", NULL), 0);
}
END_TEST

static const struct {
	const char *pid, *fds;
	bool	    taken;
} handed[] = {
	{ "self", "1", true }, { "self", "3", true }, { "1", "1", false }, { "self", "0", false }, { "self", "-1", false },
	{ "self", "", false }, { "", "1", false }, { NULL, "1", false }, { "self", NULL, false }, { "x", "1", false },
};

struct hand {
	char path[128], other[128];
	int  row;
};

static void
env_set(const char *name, const char *value)
{
	char self[16];

	(void)snprintf(self, sizeof self, "%d", (int)getpid());
	if (value == NULL)
		(void)unsetenv(name);
	else
		(void)setenv(name, strcmp(value, "self") == 0 ? self : value, 1);
}

static int
take_hand(void *arg)		/* in a child: descriptor 3 and the environment are its own */
{
	struct hand *h = arg;
	int fd = listening(h->path), got;

	if (fd != 3 && dup2(fd, 3) != 3)
		return 1;
	(void)fcntl(3, F_SETFL, 0);
	(void)fcntl(3, F_SETFD, 0);
	env_set("LISTEN_PID", handed[h->row].pid);
	env_set("LISTEN_FDS", handed[h->row].fds);
	if ((got = daemon_listen(h->other, NULL)) < 0)
		return 2;
	if (!handed[h->row].taken)
		return got != 3 && connect_to(h->other) == 0 ? 0 : 3;
	if (got != 3 || access(h->other, F_OK) == 0 || getenv("LISTEN_FDS") != NULL || getenv("LISTEN_PID") != NULL
	    || !(fcntl(3, F_GETFL) & O_NONBLOCK) || !(fcntl(3, F_GETFD) & FD_CLOEXEC))
		return 4;
	daemon_unlisten(h->path, got);		/* systemd's: stays */
	return access(h->path, F_OK) == 0 ? 0 : 5;
}

START_TEST(handed_in)
{
	struct hand h = { .row = _i };

	(void)snprintf(h.path, sizeof h.path, "%s", socket_path());
	(void)snprintf(h.other, sizeof h.other, "%s", socket_path());
	ck_assert_int_eq(child_wait(child_start(take_hand, &h)), 0);
}
END_TEST

static int
take_closed(void *arg)
{
	struct err e = { "" };

	(void)close(3);
	env_set("LISTEN_PID", "self");
	env_set("LISTEN_FDS", "1");
	return daemon_listen(arg, &e) == -EBADF && e.text[0] != '\0' ? 0 : 1;
}

START_TEST(handed_in_but_closed)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s", socket_path());
	ck_assert_int_eq(child_wait(child_start(take_closed, path)), 0);
}
END_TEST

/* -- systemd ------------------------------------------------------------------------------ */

static int
datagrams_at(const char *name, char *env, size_t bytes)		/* a path, or @ and an abstract name */
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	size_t len = strlen(name);

	(void)snprintf(env, bytes, "%s", name);
	(void)memcpy(sun.sun_path, name, len);
	if (*name == '@')
		sun.sun_path[0] = '\0';
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	return fd;
}

START_TEST(notify)
{
	char name[128], env[128], got[1024], big[1000];
	ssize_t n;
	int fd;

	(void)snprintf(name, sizeof name, "%s", socket_path());
	if (_i == 1)
		name[0] = '@';
	fd = datagrams_at(name, env, sizeof env);
	(void)setenv("NOTIFY_SOCKET", env, 1);
	daemon_notify("READY=1\nSTATUS=%d%%", 42);
	ck_assert_int_ge(n = recv(fd, got, sizeof got, MSG_DONTWAIT), 0);
	got[n] = '\0';
	ck_assert_str_eq(got, "READY=1\nSTATUS=42%");

	memset(big, 'x', sizeof big);
	big[sizeof big - 1] = '\0';
	daemon_notify("STATUS=%s", big);		/* cut, not overrun */
	ck_assert_int_eq(recv(fd, got, sizeof got, MSG_DONTWAIT), 511);
	for (unsigned i = 0; i < 1000; i++)		/* nobody reads: nobody waits */
		daemon_notify("WATCHDOG=1");
	close(fd);
	daemon_notify("STOPPING=1");
	(void)setenv("NOTIFY_SOCKET", "relative", 1);
	daemon_notify("X");
	(void)setenv("NOTIFY_SOCKET", big, 1);
	daemon_notify("X");
	(void)unsetenv("NOTIFY_SOCKET");
	daemon_notify("X");
}
END_TEST

static int
make_room(void *arg)		/* late, when daemon_notify() waits, most likely */
{
	char got[1024];
	int fd = *(int *)arg;

	(void)poll(NULL, 0, 50);
	while (recv(fd, got, sizeof got, MSG_DONTWAIT) >= 0)
		if (strncmp(got, "READY=1", 7) == 0)
			return 0;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n = poll(&p, 1, 20000) == 1 ? recv(fd, got, sizeof got, 0) : -1;

		if (n < 0)
			return 1;
		if (n >= 7 && memcmp(got, "READY=1", 7) == 0)
			return 0;
	}
}

START_TEST(ready_waits_for_room)
{
	char name[128], env[128];
	pid_t pid;
	int fd;

	(void)snprintf(name, sizeof name, "%s", socket_path());
	fd = datagrams_at(name, env, sizeof env);
	(void)setenv("NOTIFY_SOCKET", env, 1);
	for (unsigned i = 0; i < 1000; i++)
		daemon_notify("WATCHDOG=1");
	pid = child_start(make_room, &fd);
	daemon_notify("READY=1");
	ck_assert_int_eq(child_wait(pid), 0);
	(void)unsetenv("NOTIFY_SOCKET");
	close(fd);
}
END_TEST

static const struct {
	const char *usec, *pid;
	int	    ms;
} dogs[] = {
	{ NULL, NULL, 0 }, { "30000000", NULL, 15000 }, { "30000000", "self", 15000 }, { "30000000", "1", 0 }, { "", NULL, 0 },
	{ "0", NULL, 0 }, { "-5", NULL, 0 }, { "1", NULL, 0 }, { "2000", NULL, 1 }, { "99999999999999999999", NULL, 0 },
};

START_TEST(watchdog)
{
	env_set("WATCHDOG_USEC", dogs[_i].usec);
	env_set("WATCHDOG_PID", dogs[_i].pid);
	ck_assert_int_eq(daemon_watchdog_ms(), dogs[_i].ms);
}
END_TEST

/* -- options and signals -------------------------------------------------------------------- */

static int
own_option(int argc, char **argv, int *i, struct err *e)
{
	if (strcmp(argv[*i], "--own") == 0)
		return ++*i < argc ? 0 : err_set(e, -EINVAL, "--own needs a value");
	return strcmp(argv[*i], "--done") == 0 ? 1 : -ENOENT;
}

static char good_conf[128], bad_conf[128];

static const struct {
	const char *arg[5];
	int	    rc;
} commands[] = {
	{ { "--help" }, 0 }, { { "--version" }, 0 }, { { "--done" }, 0 }, { { "--nonsense" }, EX_USAGE }, { { "stray" }, EX_USAGE },
	{ { "--config" }, EX_USAGE }, { { "--socket" }, EX_USAGE }, { { "--own" }, EX_USAGE },
	{ { "--config", "good" }, -1 }, { { "--config", "good", "--own", "1" }, -1 },
	{ { "--config", "good", "--check-config" }, 0 }, { { "--config", "good", "--print-config" }, 0 },
	{ { "--config", "bad" }, EX_CONFIG }, { { "--config", "bad", "--check-config" }, 1 },
	{ { "--config", "/nonexistent" }, EX_CONFIG }, { { "--check-config", "--config", "/nonexistent" }, 1 },
	{ { "--config", "good", "--log-level", "debug" }, -1 }, { { "--config", "good", "--log-level", "loud" }, EX_USAGE },
};

START_TEST(options)
{
	static const struct daemon_about about = { .program = "archon-test", .what = "Tests.", .option = own_option };
	static char program[] = "archon-test";
	char words[5][128], *argv[8] = { program };
	struct daemon_options opt;
	struct conf conf;
	int argc = 1;

	for (unsigned i = 0; i < 5 && commands[_i].arg[i] != NULL; i++) {
		const char *a = commands[_i].arg[i];

		(void)snprintf(words[i], sizeof words[i], "%s", strcmp(a, "good") == 0 ? good_conf : strcmp(a, "bad") == 0 ? bad_conf : a);
		argv[argc++] = words[i];
	}
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	ck_assert_int_eq(daemon_options(argc, argv, &about, &opt, &conf), commands[_i].rc);
	if (commands[_i].rc == -1)
		ck_assert_int_eq(conf.body_max_bytes, 65536);
}
END_TEST

START_TEST(signals)
{
	sigset_t set, now;

	daemon_signals(&set);
	ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
	ck_assert(sigismember(&set, SIGTERM) && sigismember(&now, SIGTERM) && sigismember(&now, SIGHUP));
	ck_assert_int_eq(raise(SIGPIPE), 0);
	ck_assert_uint_ge(daemon_raise_nofile(), 3);
}
END_TEST

static void
conf_files(void)		/* for options: two files */
{
	FILE *f;

	(void)snprintf(good_conf, sizeof good_conf, "%s/good.conf", scratch_dir());
	(void)snprintf(bad_conf, sizeof bad_conf, "%s/bad.conf", scratch_dir());
	ck_assert_ptr_nonnull(f = fopen(good_conf, "w"));
	fputs("max_body = 64KiB\n", f);
	fclose(f);
	ck_assert_ptr_nonnull(f = fopen(bad_conf, "w"));
	fputs("max_body = much\n", f);
	fclose(f);
}

int
main(void)
{
	Suite *s = suite_create("daemon");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, conf_files, NULL);
	tcase_add_test(tc, bound);
	tcase_add_test(tc, live_one_stays);
	tcase_add_test(tc, dead_one_is_replaced);
	tcase_add_test(tc, nothing_else_is_removed);
	tcase_add_test(tc, bad_paths);
	tcase_add_loop_test(tc, handed_in, 0, sizeof handed / sizeof handed[0]);
	tcase_add_test(tc, handed_in_but_closed);
	tcase_add_loop_test(tc, one_of_many_has_it, 0, 20);
	tcase_add_loop_test(tc, notify, 0, 2);
	tcase_add_test(tc, ready_waits_for_room);
	tcase_add_loop_test(tc, watchdog, 0, sizeof dogs / sizeof dogs[0]);
	tcase_add_loop_test(tc, options, 0, sizeof commands / sizeof commands[0]);
	tcase_add_test(tc, signals);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
