#include "config.h"

#include "shared/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#ifndef ARCHON_CONF
#define ARCHON_CONF "/etc/archon/archon.conf"
#endif

/* -- options ---------------------------------------------------------------------- */

static void
help(const struct daemon_about *a)
{
	printf("usage: %s [option ...]\n%s\n\n"
	    "  --config FILE      read FILE [%s]\n"
	    "  --socket PATH      listen there, not in run_dir (systemd's socket goes first)\n"
	    "  --log-level LEVEL  error, warning, info or debug\n"
	    "  --check-config     check the configuration: status 0 good, 1 bad\n"
	    "  --print-config     print every key with its value in force\n"
	    "  --version\n"
	    "  --help\n%s", a->program, a->what, ARCHON_CONF, a->options != NULL ? a->options : "");
}

static int
usage(const struct daemon_about *a, const char *what, const char *arg)
{
	fprintf(stderr, "%s: %s%s; try --help\n", a->program, what, arg);
	return EX_USAGE;
}

static struct {			/* for daemon_reload() */
	const char *program, *config_path;
	bool	    level_given;	/* on the command line, which goes first */
	enum log_level level;
} started;

int
daemon_options(int argc, char **argv, const struct daemon_about *a,
    struct daemon_options *opt, struct conf *conf)
{
	bool check = false, print = false;
	const char *level = NULL;
	struct err e;
	int rc;

	*opt = (struct daemon_options){ .config_path = ARCHON_CONF };
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		const char **value = strcmp(arg, "--config") == 0 ? &opt->config_path
		    : strcmp(arg, "--socket") == 0 ? &opt->socket_path
		    : strcmp(arg, "--log-level") == 0 ? &level : NULL;

		if (value != NULL) {
			if (++i == argc)
				return usage(a, arg, " needs a value");
			*value = argv[i];
		} else if (strcmp(arg, "--help") == 0) {
			help(a);
			return 0;
		} else if (strcmp(arg, "--version") == 0) {
			printf("%s %s\n", a->program, PACKAGE_VERSION);
			return 0;
		} else if (strcmp(arg, "--check-config") == 0) {
			check = true;
		} else if (strcmp(arg, "--print-config") == 0) {
			print = true;
		} else if (a->option == NULL || (rc = a->option(argc, argv, &i, &e)) == -ENOENT) {
			return usage(a, "unknown option ", arg);
		} else if (rc < 0) {
			return usage(a, e.text, "");
		} else if (rc > 0) {
			return 0;
		}
	}
	rc = conf_load(conf, opt->config_path, &e);
	if (rc == 0 && level != NULL && !log_level_parse(level, &conf->log_max))
		return usage(a, "--log-level: not one of error, warning, info, debug: ", level);
	if (rc < 0) {
		fprintf(stderr, "%s\n", e.text);
		return check ? 1 : EX_CONFIG;
	}
	if (print)
		conf_print(conf, stdout);
	if (check || print)
		return 0;
	started.program = a->program;
	started.config_path = opt->config_path;
	started.level_given = level != NULL;
	started.level = conf->log_max;
	log_init(a->program, conf->log_max);
	return -1;
}

/* -- signals ---------------------------------------------------------------------- */

void
daemon_signals(sigset_t *set)
{
	static const int ours[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		sigaddset(set, ours[i]);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);		/* cannot fail for a valid signal */
}

void
daemon_reload(void)
{
	static const struct timespec now = { 0, 0 };
	static struct conf fresh;
	struct err e;
	sigset_t hup;

	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	if (sigtimedwait(&hup, NULL, &now) != SIGHUP)
		return;
	if (conf_load(&fresh, started.config_path, &e) < 0) {
		log_event(LOG_ERR, "reload refused, all stays as it is why=\"%s\"", e.text);
		return;
	}
	log_init(started.program, LOG_NOTICE);	/* heard in any case */
	log_event(LOG_NOTICE, "reload log_level=%s%s; other keys wait for a restart", fresh.log_level,
	    started.level_given ? " not taken (--log-level)" : "");
	log_init(started.program, started.level_given ? started.level : fresh.log_max);
}

/* -- the listening socket ----------------------------------------------------------- */

enum { LOCK_TRIES = 200, LOCK_PAUSE_MS = 10 };

static bool listening_handed_in;

static int
fd_prepare(int fd)
{
	int fl = fcntl(fd, F_GETFL);

	if (fl == -1 || fcntl(fd, F_SETFL, fl | O_NONBLOCK) == -1 || fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return -errno;
	return fd;
}

static int
listen_handed_in(void)		/* sd_listen_fds(3): descriptors start at 3 */
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	if (pid == NULL || fds == NULL || strtol(pid, NULL, 10) != (long)getpid() || strtol(fds, NULL, 10) < 1)
		return -ENOENT;
	(void)unsetenv("LISTEN_PID");		/* not for our children */
	(void)unsetenv("LISTEN_FDS");
	return DAEMON_LISTEN_FD;
}

bool
daemon_listen_is_handed_in(void)
{
	return listening_handed_in;
}

int
daemon_listen_again(int fd, bool handed_in, struct err *e)
{
	int rc = fd_prepare(fd);

	listening_handed_in = handed_in;
	return rc < 0 ? err_set(e, rc, "the socket kept: %s", strerror(-rc)) : rc;
}

static bool
socket_is_live(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool live;

	if (fd == -1)
		return true;		/* cannot tell: leave it alone */
	/* EAGAIN: its backlog is full, so somebody listens. */
	live = connect(fd, (const struct sockaddr *)sun, sizeof *sun) == 0 || errno == EAGAIN;
	close(fd);
	return live;
}

/*
 * Two that start at once must not take each other's socket for a dead one: who
 * looks, removes and binds does so alone, by a lock on the directory.  The
 * descriptor that holds it, or -errno.
 */
static int
listen_lock(const struct sockaddr_un *sun)
{
	char dir[sizeof sun->sun_path];
	const char *slash = strrchr(sun->sun_path, '/');
	struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000L };
	int fd, rc = 0;

	(void)snprintf(dir, sizeof dir, "%.*s", slash == NULL ? 1 : slash == sun->sun_path ? 1 : (int)(slash - sun->sun_path),
	    slash == NULL ? "." : sun->sun_path);
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -errno;
	for (unsigned tries = 0; flock(fd, LOCK_EX | LOCK_NB) == -1; tries++) {
		rc = -errno;
		if ((rc != -EWOULDBLOCK && rc != -EINTR) || tries == LOCK_TRIES) {
			close(fd);
			return rc;
		}
		(void)nanosleep(&pause, NULL);
	}
	return fd;
}

static int
listen_at(int fd, const struct sockaddr_un *sun, struct err *e)		/* 0, or -errno with e */
{
	const char *path = sun->sun_path;
	struct stat sb;
	mode_t mask;
	int rc;

	if (lstat(path, &sb) == 0) {
		if (!S_ISSOCK(sb.st_mode))
			return err_set(e, -ENOTSOCK, "%s: exists and is no socket", path);
		if (socket_is_live(sun))
			return err_set(e, -EADDRINUSE, "%s: another process listens there", path);
		(void)unlink(path);	/* bind says what is wrong if this failed */
	}
	mask = umask(0117);
	rc = bind(fd, (const struct sockaddr *)sun, sizeof *sun) == -1 || listen(fd, 4096) == -1 ? -errno : 0;
	(void)umask(mask);
	return rc < 0 ? err_set(e, rc, "%s: %s", path, strerror(-rc)) : 0;
}

int
daemon_listen(const char *path, struct err *e)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, lock, rc;

	if ((fd = listen_handed_in()) >= 0) {
		listening_handed_in = true;
		if ((rc = fd_prepare(fd)) < 0)
			err_set(e, rc, "the socket handed in: %s", strerror(-rc));
		return rc;
	}
	if (strlen(path) >= sizeof sun.sun_path)
		return err_set(e, -ENAMETOOLONG, "%s: a socket's path holds at most %zu bytes", path, sizeof sun.sun_path - 1);
	(void)snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path);
	if ((lock = listen_lock(&sun)) < 0)
		return err_set(e, lock, "%s: its directory cannot be locked: %s", path, strerror(-lock));
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		rc = err_set(e, -errno, "socket: %s", strerror(errno));
	else if ((rc = listen_at(fd, &sun, e)) < 0)
		close(fd);
	close(lock);
	return rc < 0 ? rc : fd;
}

void
daemon_unlisten(const char *path, int fd)
{
	if (!listening_handed_in)
		(void)unlink(path);	/* while it is live nobody puts his own there; gone already is fine */
	if (fd >= 0)
		close(fd);
}

/* -- systemd ------------------------------------------------------------------------ */

enum { NOTIFY_WAIT_MS = 1000 };

/* Of those the supervisor waits for none may be lost; the others come again. */
static bool
notify_matters(const char *msg)
{
	return strncmp(msg, "READY=", 6) == 0 || strncmp(msg, "RELOADING=", 10) == 0 || strncmp(msg, "STOPPING=", 9) == 0;
}

void
daemon_notify(const char *fmt, ...)
{
	const struct timeval wait = { NOTIFY_WAIT_MS / 1000, NOTIFY_WAIT_MS % 1000 * 1000 };
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len;
	char msg[512];
	va_list ap;
	int fd, n;

	if (path == NULL || (*path != '/' && *path != '@') || (len = strlen(path)) >= sizeof sun.sun_path)
		return;
	memcpy(sun.sun_path, path, len);
	if (*path == '@')
		sun.sun_path[0] = '\0';		/* the abstract namespace */
	va_start(ap, fmt);
	n = vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	if (n < 0 || (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return;
	/* A supervisor whose queue is full must not hold us up, or not for long. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	(void)sendto(fd, msg, (size_t)n < sizeof msg ? (size_t)n : sizeof msg - 1, MSG_NOSIGNAL | (notify_matters(msg) ? 0 : MSG_DONTWAIT),
	    (struct sockaddr *)&sun, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

int
daemon_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long long us;

	if (usec == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	us = strtoll(usec, NULL, 10);
	return us < 2000 || us > 3600000000LL ? 0 : (int)(us / 2000);	/* half of it, in ms */
}

unsigned long
daemon_raise_nofile(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return 0;
	if (rl.rlim_cur < rl.rlim_max) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
		(void)getrlimit(RLIMIT_NOFILE, &rl);
	}
	return (unsigned long)rl.rlim_cur;
}
