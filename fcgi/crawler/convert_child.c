#include "config.h"

#include "crawler/convert_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/log.h"

enum { LOOK_MS = 100, PATH_BYTES = 4096 };

/* -- starting ------------------------------------------------------------------ */

static int
program_path(char out[PATH_BYTES])	/* archon-convert, beside us */
{
	static const char name[] = "archon-convert";
	ssize_t n = readlink("/proc/self/exe", out, PATH_BYTES - 1);
	char *slash;

	if (n < 0)
		return -errno;
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL || (size_t)(slash + 1 - out) + sizeof name > PATH_BYTES)
		return -ENOENT;
	memcpy(slash + 1, name, sizeof name);
	return 0;
}

/* Standard output and error to pipes, the document as standard input; no signal blocked or ignored. */
static int
spawn(const struct convert_child *c, int out_fd, int err_fd, pid_t *pid)
{
	char path[PATH_BYTES], seconds[24];
	char *argv[] = { (char[]){ "archon-convert" }, (char *)(uintptr_t)c->type, seconds, NULL };
	char *envp[] = { (char[]){ "PATH=/usr/local/bin:/usr/bin:/bin" }, (char[]){ "LC_ALL=C.UTF-8" }, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t set;
	int rc = program_path(path);

	if (rc < 0)
		return rc;
	(void)snprintf(seconds, sizeof seconds, "%lld", (long long)(c->time_ms / 1000 + 1));
	(void)posix_spawn_file_actions_init(&actions);	/* glibc's fail only for want of memory, then so does the spawn */
	(void)posix_spawn_file_actions_adddup2(&actions, c->fd, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, err_fd, STDERR_FILENO);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	(void)sigemptyset(&set);
	(void)posix_spawnattr_setsigmask(&attr, &set);
	(void)sigfillset(&set);
	(void)posix_spawnattr_setsigdefault(&attr, &set);
	rc = -posix_spawn(pid, path, &actions, &attr, argv, envp);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* -- reading ------------------------------------------------------------------- */

/* What has come on fd: 1 more may come, 0 its end, -EMSGSIZE. */
static int
take(int fd, struct text *out, size_t max_bytes)
{
	char piece[65536];
	ssize_t n;

	do
		n = read(fd, piece, sizeof piece);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return 0;
	if ((size_t)n > max_bytes - out->len)
		return -EMSGSIZE;
	text_put(out, piece, (size_t)n);
	return out->failed ? -ENOMEM : 1;
}

/* Both pipes up to their ends.  Of the complaints only the first are kept. */
static int
read_both(const struct convert_child *c, int out_fd, int err_fd, struct text *out, struct text *complaint)
{
	struct pollfd fds[2] = { { .fd = out_fd, .events = POLLIN }, { .fd = err_fd, .events = POLLIN } };
	int64_t until_mono_ns = clock_mono_ns() + c->time_ms * INT64_C(1000000);
	struct text rest = { 0 };
	int rc = 1;

	while (rc >= 0 && (fds[0].fd >= 0 || fds[1].fd >= 0)) {
		if (atomic_load(c->cancelled) || atomic_load(c->stopping)) {
			rc = -ECANCELED;
		} else if (clock_mono_ns() > until_mono_ns) {
			rc = -ETIMEDOUT;
		} else if (poll(fds, 2, LOOK_MS) > 0) {
			if (fds[0].revents != 0 && (rc = take(out_fd, out, c->max_bytes)) == 0)
				fds[0].fd = -1;
			if (rc >= 0 && fds[1].revents != 0 && take(err_fd, complaint->len == 0 ? complaint : &rest, SIZE_MAX) <= 0)
				fds[1].fd = -1;
			text_clear(&rest);
		}
	}
	text_fini(&rest);
	return rc < 0 ? rc : 0;
}

static int
meaning(int status, const struct text *complaint, const char *type)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == 0)
		return 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return -ETIMEDOUT;
	log_event(LOG_WARNING, "conversion failed type=%s exit=%d signal=%d why=\"%.*s\"", type, code,
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0, (int)strcspn(complaint->len > 0 ? complaint->p : "", "\n"),
	    complaint->len > 0 ? complaint->p : "");
	switch (code) {
	case CONVERT_NO_TOOL:
		return -ENOPKG;
	case CONVERT_TOO_LARGE:
		return -EMSGSIZE;
	case CONVERT_NO_SANDBOX:
		return -EIO;
	default:			/* it also crashes, or runs out of memory, on what is hostile */
		return -EBADMSG;
	}
}

static void
close_both(int pipe_fd[2])
{
	for (int i = 0; i < 2; i++)
		if (pipe_fd[i] >= 0)
			(void)close(pipe_fd[i]);	/* a pipe: nothing to lose */
}

int
convert_child_run(const struct convert_child *c, struct text *out)
{
	int out_pipe[2] = { -1, -1 }, err_pipe[2] = { -1, -1 }, status = 0, rc;
	struct text complaint = { 0 };
	pid_t pid;

	if (pipe2(out_pipe, O_CLOEXEC) != 0 || pipe2(err_pipe, O_CLOEXEC) != 0 ||
	    (rc = spawn(c, out_pipe[1], err_pipe[1], &pid)) < 0) {
		log_event(LOG_ERR, "archon-convert does not start why=\"%s\"", strerror(errno));
		close_both(out_pipe);
		close_both(err_pipe);
		return -EIO;
	}
	(void)close(out_pipe[1]);
	(void)close(err_pipe[1]);
	out_pipe[1] = err_pipe[1] = -1;
	if ((rc = read_both(c, out_pipe[0], err_pipe[0], out, &complaint)) < 0)
		(void)kill(pid, SIGKILL);	/* not waited for yet: it is still ours */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	text_putc(&complaint, '\0');
	if (rc == 0 && complaint.p != NULL)
		rc = meaning(status, &complaint, c->type);
	text_fini(&complaint);
	close_both(out_pipe);
	close_both(err_pipe);
	return rc;
}
