/*
 * logs run: a program of ours to watch.  What it prints goes where it would have
 * gone, and line by line into the log; signals go to it, its exit status comes back.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/text.h"

#include "ctl/ctl.h"
#include "ctl/log_feed.h"
#include "ctl/log_line.h"

enum {
	LINE_BYTES = 16384,		/* longer lines are cut to pieces */
	LINGER_MS = 500,		/* for output after the end: a child of its own may hold the pipes */
	FLUSH_MS = 5000,
	BACKOFF_FIRST_MS = 1000, BACKOFF_MAX_MS = 30000,
	STEADY_MS = 60000,		/* it ran so long: the next failure is a new one */
	NOT_FOUND = 127, NOT_RUN = 126, BY_SIGNAL = 128,	/* as the shell has it */
};

extern char **environ;

static const int forwarded[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT };

struct output {			/* one of the program's two */
	int    fd;		/* -1: at its end */
	int    to_fd;		/* where it would have gone; -1: that is closed */
	bool   is_stderr;
	size_t owed;		/* of what was in the pipe when the program ended */
	size_t len;
	char   line[LINE_BYTES];
};

struct run {
	const struct ctl *ctl;
	struct log_feed	 *feed;
	sigset_t	  before;
	int		  sig_fd;
	pid_t		  pid;		/* 0: not running */
	int		  status;	/* of waitpid() */
	bool		  stopping;	/* asked to end: no more restarts */
	struct output	  out, err;
};

__attribute__((format(printf, 3, 4))) static void
note(struct run *r, enum ring_level level, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);	/* cut: a note */
	va_end(ap);
	log_feed_put(r->feed, level, slice_of(text));
}

/* -- what it prints ---------------------------------------------------------------------- */

static void
pass_on(struct output *o, const char *p, size_t len)
{
	while (len > 0 && o->to_fd >= 0) {
		ssize_t n = write(o->to_fd, p, len);

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd p1 = { .fd = o->to_fd, .events = POLLOUT };

			(void)poll(&p1, 1, -1);	/* as slow as who reads it, like any pipe */
		} else if (errno != EINTR) {
			o->to_fd = -1;		/* nobody reads it any more; the log goes on */
		}
	}
}

static void
emit(struct run *r, struct output *o, size_t len)	/* the first len bytes of the line */
{
	enum ring_level level;
	struct slice message;

	if (log_line_read(o->line, len, o->is_stderr, &level, &message))
		log_feed_put(r->feed, level, message);
}

static void
read_output(struct run *r, struct output *o)
{
	ssize_t n = read(o->fd, o->line + o->len, sizeof o->line - o->len);
	char *end;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		emit(r, o, o->len);
		o->len = o->owed = 0;
		close(o->fd);
		o->fd = -1;
		return;
	}
	o->owed -= o->owed < (size_t)n ? o->owed : (size_t)n;
	pass_on(o, o->line + o->len, (size_t)n);
	o->len += (size_t)n;
	while ((end = memchr(o->line, '\n', o->len)) != NULL) {
		size_t used = (size_t)(end + 1 - o->line);

		emit(r, o, used);
		memmove(o->line, o->line + used, o->len - used);
		o->len -= used;
	}
	if (o->len == sizeof o->line) {
		size_t used = utf8_cut(o->line, o->len, o->len - 4);

		used = used > 0 ? used : o->len;
		emit(r, o, used);
		memmove(o->line, o->line + used, o->len - used);
		o->len -= used;
	}
}

/* -- the program ----------------------------------------------------------------------- */

static int
pipe_for(struct output *o, posix_spawn_file_actions_t *fa, int as_fd, int *child_fd)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) == -1)
		return -errno;
	o->fd = fd[0];
	o->len = 0;
	*child_fd = fd[1];
	return -posix_spawn_file_actions_adddup2(fa, fd[1], as_fd);
}

static int
start(struct run *r)			/* 0 or -errno */
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int out = -1, err = -1, rc;
	sigset_t pipe_signal;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &r->before);
	posix_spawnattr_setsigdefault(&attr, &pipe_signal);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if ((rc = pipe_for(&r->out, &fa, STDOUT_FILENO, &out)) == 0 && (rc = pipe_for(&r->err, &fa, STDERR_FILENO, &err)) == 0)
		rc = -posix_spawnp(&r->pid, r->ctl->opt.argv[0], &fa, &attr, r->ctl->opt.argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	if (out >= 0)
		close(out);
	if (err >= 0)
		close(err);
	if (rc < 0) {
		r->pid = 0;
		for (unsigned i = 0; i < 2; i++) {
			struct output *o = i == 0 ? &r->out : &r->err;

			if (o->fd >= 0)
				close(o->fd);
			o->fd = -1;
		}
	}
	return rc;
}

static void
take_signal(struct run *r)
{
	struct signalfd_siginfo si;

	if (read(r->sig_fd, &si, sizeof si) != (ssize_t)sizeof si)
		return;
	if (si.ssi_signo == SIGCHLD) {
		if (r->pid != 0 && waitpid(r->pid, &r->status, WNOHANG) == r->pid)
			r->pid = 0;
		return;
	}
	if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGINT || si.ssi_signo == SIGQUIT || si.ssi_signo == SIGHUP)
		r->stopping = r->stopping || si.ssi_signo != SIGHUP;
	/* What the terminal sends goes to the whole foreground: the program has it already. */
	if (r->pid != 0 && si.ssi_code != SI_KERNEL)
		(void)kill(r->pid, (int)si.ssi_signo);
}

/* One round: wait at most ms (-1: for ever), handle what is there.  false: time is over. */
static bool
turn(struct run *r, int ms)
{
	struct pollfd p[] = {
		{ .fd = r->sig_fd, .events = POLLIN },
		{ .fd = r->out.fd, .events = POLLIN },
		{ .fd = r->err.fd, .events = POLLIN },
	};
	int n = poll(p, 3, ms);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	if (p[0].revents != 0)
		take_signal(r);
	if (p[1].revents != 0)
		read_output(r, &r->out);
	if (p[2].revents != 0)
		read_output(r, &r->err);
	return true;
}

static size_t
in_pipe(const struct output *o)
{
	int n = 0;

	return o->fd >= 0 && ioctl(o->fd, FIONREAD, &n) == 0 && n > 0 ? (size_t)n : 0;
}

/* It has ended: what it left in the pipes, however slow our reader is, and a moment for what its children say. */
static void
drain(struct run *r)
{
	int64_t until_ns = clock_mono_ns() + LINGER_MS * INT64_C(1000000), left_ns;

	r->out.owed = in_pipe(&r->out);
	r->err.owed = in_pipe(&r->err);
	while ((r->out.fd >= 0 || r->err.fd >= 0) &&
	    ((left_ns = until_ns - clock_mono_ns()) > 0 || r->out.owed + r->err.owed > 0))
		(void)turn(r, left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0);
	for (unsigned i = 0; i < 2; i++) {
		struct output *o = i == 0 ? &r->out : &r->err;

		if (o->fd < 0)
			continue;
		emit(r, o, o->len);
		close(o->fd);
		o->fd = -1;
	}
}

static int
exit_status(struct run *r)		/* and a note of it */
{
	if (WIFSIGNALED(r->status)) {
		note(r, RING_ERROR, "%s was ended by signal %d (%s)", r->ctl->opt.argv[0], WTERMSIG(r->status),
		    strsignal(WTERMSIG(r->status)));
		return BY_SIGNAL + WTERMSIG(r->status);
	}
	note(r, WEXITSTATUS(r->status) == 0 ? RING_INFO : RING_ERROR, "%s ended with status %d", r->ctl->opt.argv[0],
	    WEXITSTATUS(r->status));
	return WEXITSTATUS(r->status);
}

static int
run_once(struct run *r)			/* the exit status */
{
	int rc = start(r);

	if (rc < 0) {
		fprintf(stderr, "archonctl: %s: %s\n", r->ctl->opt.argv[0], strerror(-rc));
		note(r, RING_ERROR, "%s cannot be started: %s", r->ctl->opt.argv[0], strerror(-rc));
		return rc == -ENOENT ? NOT_FOUND : NOT_RUN;
	}
	note(r, RING_INFO, "%s started, pid %d", r->ctl->opt.argv[0], (int)r->pid);
	while (r->pid != 0)
		(void)turn(r, -1);
	drain(r);
	return exit_status(r);
}

static int
run_all(struct run *r)
{
	int backoff_ms = BACKOFF_FIRST_MS, status;

	for (;;) {
		int64_t began_ns = clock_mono_ns(), until_ns, left_ns;

		status = run_once(r);
		if (status == 0 || !r->ctl->opt.restart || r->stopping)
			return status;
		if (clock_mono_ns() - began_ns > STEADY_MS * INT64_C(1000000))
			backoff_ms = BACKOFF_FIRST_MS;
		note(r, RING_WARNING, "%s is started again in %d s", r->ctl->opt.argv[0], backoff_ms / 1000);
		until_ns = clock_mono_ns() + backoff_ms * INT64_C(1000000);
		while (!r->stopping && (left_ns = until_ns - clock_mono_ns()) > 0)
			(void)turn(r, (int)(left_ns / 1000000) + 1);
		if (r->stopping)
			return status;
		backoff_ms = backoff_ms * 2 < BACKOFF_MAX_MS ? backoff_ms * 2 : BACKOFF_MAX_MS;
	}
}

int
cmd_logs_run(const struct ctl *ctl)
{
	static struct run r = { .sig_fd = -1, .out = { .fd = -1, .to_fd = STDOUT_FILENO },
	    .err = { .fd = -1, .to_fd = STDERR_FILENO, .is_stderr = true } };
	const char *name = strrchr(ctl->opt.argv[0], '/');
	unsigned long lost;
	sigset_t ours;
	int status;

	r.ctl = ctl;
	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	for (unsigned i = 0; i < sizeof forwarded / sizeof forwarded[0]; i++)
		sigaddset(&ours, forwarded[i]);
	(void)pthread_sigmask(SIG_BLOCK, &ours, &r.before);
	(void)signal(SIGPIPE, SIG_IGN);
	name = ctl->opt.logger != NULL ? ctl->opt.logger : name != NULL ? name + 1 : ctl->opt.argv[0];
	if ((r.sig_fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK)) == -1 || (r.feed = log_feed_start(ctl, name)) == NULL) {
		fprintf(stderr, "archonctl: %s\n", strerror(r.sig_fd == -1 ? errno : ENOMEM));
		return NOT_RUN;
	}
	status = run_all(&r);
	if ((lost = log_feed_stop(r.feed, FLUSH_MS)) > 0)
		fprintf(stderr, "archonctl: %lu log lines were lost; is archon running?\n", lost);
	close(r.sig_fd);
	return status;
}
