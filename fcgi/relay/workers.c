#include "config.h"

#include "relay/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "relay/upgrade.h"
#include "shared/clock.h"
#include "shared/daemon.h"
#include "shared/log.h"

#define BEATS_VARIABLE	 "ARCHON_RELAY_BEATS"	/* a worker's: the descriptor it beats on */
#define WORKERS_VARIABLE "ARCHON_RELAY_WORKERS"	/* socket,handed in,beats' two ends,pid,pid ... */

enum {
	NS_PER_MS = 1000000, AGAIN_MS = 500, LIST_BYTES = 256, N_FIELDS = 4,
	LOOK_MS = 1000,			/* as often as a worker beats, see workers_beat() */
	SILENT_LOOKS = 10, SILENT_LOOKS_MIN = 3,	/* without a supervisor that says how long one may hang */
};

struct workers {
	struct worker {
		pid_t	pid;		/* 0: none */
		int64_t again_ns;	/* start it not before */
		/* Looks in a row that it said nothing.  Looks, not time: when all of us were frozen nobody hung. */
		unsigned silent;
	}	 w[WORKERS_MAX];
	unsigned n;
	int	 listen_fd;
	int	 beats[2];	/* a pipe: whose loop turns writes its pid */
	int64_t	 look_ns;	/* the next look */
	bool	 stopping, afresh;
};

/* -- what an execve(2) leaves --------------------------------------------------------- */

bool
workers_am_one(void)
{
	return getenv(BEATS_VARIABLE) != NULL;
}

int
workers_inherited_socket(bool *handed_in)
{
	const char *list = getenv(WORKERS_VARIABLE);
	int fd, kept;

	if (list == NULL || sscanf(list, "%d,%d", &fd, &kept) != 2)
		return -1;
	*handed_in = kept != 0;
	return fd;
}

static int
workers_adopt(struct workers *ws)	/* 0 or -errno */
{
	const char *at = getenv(WORKERS_VARIABLE);
	unsigned n = 0;

	if (at == NULL)
		return pipe2(ws->beats, O_NONBLOCK) == -1 ? -errno : 0;	/* left to what we execute */
	for (unsigned field = 0; at != NULL && n < WORKERS_MAX; field++) {
		int number = (int)strtol(at, NULL, 10);

		if (field >= N_FIELDS)
			ws->w[n++].pid = (pid_t)number;
		else if (field >= N_FIELDS - 2)
			ws->beats[field - (N_FIELDS - 2)] = number;
		if ((at = strchr(at, ',')) != NULL)
			at++;
	}
	(void)unsetenv(WORKERS_VARIABLE);
	return 0;
}

static int
workers_exec(struct workers *ws)	/* returns only when it failed: -errno */
{
	char list[LIST_BYTES];
	int rc, n = snprintf(list, sizeof list, "%d,%d,%d,%d", ws->listen_fd, daemon_listen_is_handed_in(),
	    ws->beats[0], ws->beats[1]);

	for (unsigned i = 0; i < WORKERS_MAX; i++)
		if (ws->w[i].pid != 0)
			n += snprintf(list + n, sizeof list - (size_t)n, ",%ld", (long)ws->w[i].pid);
	if (fcntl(ws->listen_fd, F_SETFD, 0) == -1)
		return -errno;
	rc = upgrade_exec_with(WORKERS_VARIABLE, list);
	(void)fcntl(ws->listen_fd, F_SETFD, FD_CLOEXEC);
	return rc;
}

/* -- workers --------------------------------------------------------------------------- */

static void
workers_tell(const struct workers *ws, int signo)
{
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		if (ws->w[i].pid != 0)
			(void)kill(ws->w[i].pid, signo);	/* gone: SIGCHLD tells */
}

static bool
worker_start(struct workers *ws, struct worker *w)	/* true: we are the worker */
{
	pid_t parent = getpid();
	char beats[16];

	w->again_ns = clock_mono_ns() + (int64_t)AGAIN_MS * NS_PER_MS;	/* one that dies at once is not hurried */
	if ((w->pid = fork()) == -1) {
		log_event(LOG_ERR, "worker does not start: %s", strerror(errno));
		w->pid = 0;
		return false;
	}
	w->silent = 0;
	if (w->pid > 0)
		return false;
	close(ws->beats[0]);
	(void)snprintf(beats, sizeof beats, "%d", ws->beats[1]);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		(void)raise(SIGTERM);	/* it went before we asked: blocked, so the loop sees it and ends */
	(void)unsetenv("NOTIFY_SOCKET");	/* the parent speaks */
	(void)unsetenv("WATCHDOG_USEC");
	(void)setenv(BEATS_VARIABLE, beats, 1);
	return true;
}

static void
workers_reap(struct workers *ws)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 0; i < WORKERS_MAX; i++) {
			if (ws->w[i].pid != pid)
				continue;
			ws->w[i].pid = 0;
			if (ws->stopping || i >= ws->n)
				continue;
			log_event(LOG_ERR, "worker pid=%ld died %s=%d: another is started", (long)pid,
			    WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		}
}

/* -- is anybody hanging? ---------------------------------------------------------------- */

void
workers_beat(void)
{
	const char *beats = getenv(BEATS_VARIABLE);
	pid_t pid = getpid();
	ssize_t n;

	if (beats == NULL)
		return;
	n = write((int)strtol(beats, NULL, 10), &pid, sizeof pid);
	(void)n;			/* EAGAIN: it is the parent that hangs */
}

static void
workers_hear(struct workers *ws)
{
	pid_t pid[64];
	ssize_t n;

	/* So few bytes are written whole, pipe(7), so they are read whole. */
	while ((n = read(ws->beats[0], pid, sizeof pid)) > 0)
		for (size_t k = 0; k < (size_t)n / sizeof *pid; k++)
			for (unsigned i = 0; i < WORKERS_MAX; i++)
				if (ws->w[i].pid == pid[k])
					ws->w[i].silent = 0;
}

static void
workers_look(struct workers *ws)	/* one that hangs is ended: SIGCHLD tells, and there is another */
{
	unsigned most = daemon_watchdog_ms() > 0 ? (unsigned)(2 * daemon_watchdog_ms() / LOOK_MS) : SILENT_LOOKS;
	int64_t now_ns = clock_mono_ns();

	if (now_ns < ws->look_ns)
		return;
	ws->look_ns = now_ns + (int64_t)LOOK_MS * NS_PER_MS;
	workers_hear(ws);
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		struct worker *w = &ws->w[i];

		if (w->pid == 0 || ++w->silent <= (most > SILENT_LOOKS_MIN ? most : SILENT_LOOKS_MIN))
			continue;
		log_event(LOG_ERR, "worker pid=%ld hangs: it is killed", (long)w->pid);
		(void)kill(w->pid, SIGKILL);
		w->silent = 0;
	}
}

static unsigned
workers_alive(const struct workers *ws)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WORKERS_MAX; i++)
		n += ws->w[i].pid != 0;
	return n;
}

/* Everyone who is missing and may be started is; *wait_ns: look again then.  True: we are one of them. */
static bool
workers_fill(struct workers *ws, int64_t *wait_ns)
{
	int64_t now_ns = clock_mono_ns();

	*wait_ns = (int64_t)LOOK_MS * NS_PER_MS;
	if (daemon_watchdog_ms() > 0 && daemon_watchdog_ms() < LOOK_MS)
		*wait_ns = (int64_t)daemon_watchdog_ms() * NS_PER_MS;
	for (unsigned i = 0; i < ws->n && !ws->stopping; i++) {
		if (ws->w[i].pid != 0)
			continue;
		if (ws->w[i].again_ns <= now_ns && worker_start(ws, &ws->w[i]))
			return true;
		if (ws->w[i].pid == 0 && ws->w[i].again_ns - now_ns < *wait_ns)
			*wait_ns = ws->w[i].again_ns > now_ns ? ws->w[i].again_ns - now_ns : 0;
	}
	return false;
}

static int
workers_upgrade(void *arg)
{
	struct workers *ws = arg;

	workers_tell(ws, SIGHUP);
	return workers_exec(ws);
}

static void
workers_afresh(void *arg)
{
	struct workers *ws = arg;

	ws->afresh = ws->stopping = true;
	workers_tell(ws, SIGUSR2);
}

static void
workers_signal(struct workers *ws, int signo)
{
	switch (signo) {
	case SIGCHLD:
		workers_reap(ws);
		break;
	case SIGHUP:
		if (!ws->stopping)
			upgrade(workers_upgrade, workers_afresh, ws);
		break;
	case SIGTERM:
	case SIGINT:
	case SIGUSR2:
		if (!ws->stopping)
			daemon_notify("STOPPING=1");
		ws->stopping = true;
		ws->afresh = false;
		workers_tell(ws, signo);
		break;
	default:
		workers_tell(ws, signo);
		break;
	}
}

int
workers_run(unsigned n, int listen_fd, const sigset_t *stop, worker_f *serve, void *arg, bool *is_worker)
{
	struct workers ws = { .n = n, .listen_fd = listen_fd };
	sigset_t set = *stop;
	int64_t wait_ns;
	int rc;

	*is_worker = false;
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if ((rc = workers_adopt(&ws)) < 0) {
		log_event(LOG_ERR, "workers: a pipe: %s", strerror(-rc));
		return EX_OSERR;
	}
	for (unsigned i = n; i < WORKERS_MAX; i++)
		if (ws.w[i].pid != 0)
			(void)kill(ws.w[i].pid, SIGUSR2);	/* fewer are wanted than there were */
	for (bool ready = false; !ws.stopping || workers_alive(&ws) > 0; ready = true) {
		struct timespec ts;
		int signo;

		if (workers_fill(&ws, &wait_ns)) {
			*is_worker = true;
			return serve(arg);
		}
		if (!ready)
			daemon_notify("READY=1\nSTATUS=%u workers", n);
		ts = (struct timespec){ wait_ns / 1000000000, wait_ns % 1000000000 };
		if ((signo = sigtimedwait(&set, NULL, &ts)) > 0)
			workers_signal(&ws, signo);
		else if (errno == EAGAIN && daemon_watchdog_ms() > 0)
			daemon_notify("WATCHDOG=1");
		workers_reap(&ws);
		workers_look(&ws);
	}
	if (ws.afresh)
		log_event(LOG_ERR, "upgrade: %s", strerror(-upgrade_exec_afresh(listen_fd)));
	return ws.afresh ? EX_OSERR : 0;
}
