#include "config.h"

#include "relay/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "relay/handover.h"
#include "relay/relay.h"
#include "shared/clock.h"
#include "shared/daemon.h"
#include "shared/log.h"

#define STATE_VARIABLE "ARCHON_RELAY_STATE"

enum { CHECK_MS = 5000, ARGS_MAX = 64, PATH_BYTES = 4096 };

extern char **environ;

static char **own_argv;
static char   own_path[PATH_BYTES];

void
upgrade_init(char **argv)
{
	static const char gone[] = " (deleted)";
	ssize_t n;

	own_argv = argv;
	if (strchr(argv[0], '/') != NULL) {
		(void)snprintf(own_path, sizeof own_path, "%s", argv[0]);
		return;
	}
	n = readlink("/proc/self/exe", own_path, sizeof own_path - 1);
	own_path[n > 0 ? n : 0] = '\0';
	if (n > (ssize_t)sizeof gone && strcmp(own_path + n - (sizeof gone - 1), gone) == 0)
		own_path[n - (ssize_t)(sizeof gone - 1)] = '\0';	/* replaced since: the new one has the name */
}

/* -- asking the file ------------------------------------------------------------- */

static int
await(pid_t pid)			/* its exit status, -1: by a signal or too late */
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (fd == -1 || poll(&pfd, 1, CHECK_MS) != 1)
		(void)kill(pid, SIGKILL);
	if (fd != -1)
		close(fd);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum upgrade_verdict { UPGRADE_KEEP, UPGRADE_AFRESH, UPGRADE_NOW };

static enum upgrade_verdict
upgrade_check(struct err *e)		/* e says why it is KEEP or AFRESH */
{
	char version[16], *args[ARGS_MAX + 4], takes[] = "--takes", check[] = "--check-config";
	unsigned n = 0;
	pid_t pid;
	int rc;

	while (own_argv[n] != NULL && n < ARGS_MAX) {
		args[n] = own_argv[n];
		n++;
	}
	(void)snprintf(version, sizeof version, "%d", HANDOVER_VERSION);
	args[n++] = takes;
	args[n++] = version;
	args[n++] = check;
	args[n] = NULL;
	if ((rc = posix_spawn(&pid, own_path, NULL, NULL, args, environ)) != 0) {
		err_set(e, -rc, "%s: %s", own_path, strerror(rc));
		return UPGRADE_KEEP;
	}
	switch (rc = await(pid)) {
	case 0:
		return UPGRADE_NOW;
	case EX_USAGE:
		err_set(e, -ESTALE, "%s does not take version %d over", own_path, HANDOVER_VERSION);
		return UPGRADE_AFRESH;
	default:
		err_set(e, -EINVAL, rc == 1 ? "the configuration is bad" : "%s --check-config: status %d", own_path, rc);
		return UPGRADE_KEEP;
	}
}

void
upgrade(int (*now)(void *arg), void (*afresh)(void *arg), void *arg)
{
	struct err e = { "" };
	int rc;

	daemon_notify("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_mono_ns() / 1000));
	switch (upgrade_check(&e)) {
	case UPGRADE_AFRESH:
		log_event(LOG_WARNING, "upgrade afresh why=\"%s\"", e.text);
		afresh(arg);
		return;
	case UPGRADE_NOW:
		rc = now(arg);
		err_set(&e, rc, "%s", strerror(-rc));	/* we are still here */
		break;
	case UPGRADE_KEEP:
		break;
	}
	log_event(LOG_ERR, "upgrade kept=old why=\"%s\"", e.text);
	daemon_notify("READY=1");
}

/* -- becoming it ------------------------------------------------------------------- */

int
upgrade_exec_with(const char *name, const char *value)
{
	int rc;

	if (setenv(name, value, 1) == -1)
		return -errno;
	(void)execv(own_path, own_argv);
	rc = -errno;
	(void)unsetenv(name);
	return rc;
}

int
upgrade_exec(struct relay *r, int listen_fd)
{
	int memfd = handover_write(r, listen_fd, daemon_listen_is_handed_in()), rc;
	char number[16];

	if (memfd < 0)
		return memfd;
	(void)snprintf(number, sizeof number, "%d", memfd);
	rc = upgrade_exec_with(STATE_VARIABLE, number);
	handover_undo(r, listen_fd);
	close(memfd);
	return rc;
}

int
upgrade_exec_afresh(int listen_fd)
{
	char number[16];
	int rc;

	if (listen_fd != DAEMON_LISTEN_FD && dup2(listen_fd, DAEMON_LISTEN_FD) == -1)
		return -errno;
	if (fcntl(DAEMON_LISTEN_FD, F_SETFD, 0) == -1)
		return -errno;
	(void)snprintf(number, sizeof number, "%ld", (long)getpid());
	if (setenv("LISTEN_FDS", "1", 1) == -1)
		return -errno;
	rc = upgrade_exec_with("LISTEN_PID", number);
	(void)unsetenv("LISTEN_FDS");
	return rc;
}

int
upgrade_inherited(void)
{
	const char *number = getenv(STATE_VARIABLE);
	int fd = number != NULL ? (int)strtol(number, NULL, 10) : -1;

	(void)unsetenv(STATE_VARIABLE);
	return fd > STDERR_FILENO && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? fd : -1;
}
