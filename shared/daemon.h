/*
 * daemon - what every program of ours does the same way: options, log, signals,
 * a listening socket handed in or bound, readiness and watchdog for systemd
 * (the protocol of sd_notify(3), spoken directly), the open-file limit.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <signal.h>
#include <stdbool.h>

#include "shared/conf.h"
#include "shared/err.h"

struct daemon_about {
	const char *program;		/* "archon-relay" */
	const char *what;		/* one line for --help */
	const char *options;		/* further --help lines, or NULL */
	/*
	 * An option of the program's own at argv[*i]; it may take argv[++*i].
	 * 0 understood, -ENOENT not its own, -EINVAL e says what is wrong,
	 * 1 done: exit with status 0.  NULL: there are none.
	 */
	int (*option)(int argc, char **argv, int *i, struct err *e);
};

struct daemon_options {
	const char *config_path;	/* borrowed from argv, or the default */
	const char *socket_path;	/* NULL: the program's own in run_dir */
};

/*
 * Read the command line (--help, --version, --check-config, --print-config,
 * --config FILE, --socket PATH, --log-level LEVEL and the program's own), load
 * the configuration, start the log.  Returns -1 to go on, else the exit status:
 * 0 done, 1 --check-config found something (on stderr, file:line: what), and
 * from sysexits.h 64 usage, 78 bad configuration.
 */
int daemon_options(int argc, char **argv, const struct daemon_about *about,
    struct daemon_options *opt, struct conf *conf);

/* Block TERM, INT, HUP, USR1, USR2 here and in all threads to come, fill *set; ignore PIPE. */
void daemon_signals(sigset_t *set);

/*
 * To be called about once a second, by one thread: if a HUP has come, log_level is
 * read again from the configuration and taken (--log-level goes first); a bad
 * configuration is refused, and the log says why.
 */
void daemon_reload(void);

/*
 * The listening socket: the one systemd hands in (sd_listen_fds(3)), else bound
 * at path with mode 0660; a dead socket file is replaced, a live one is
 * -EADDRINUSE, anything else -ENOTSOCK, also when several start at once; two
 * seconds at most to find out.  Non-blocking, close-on-exec.  The
 * descriptor, or -errno with e.
 */
int daemon_listen(const char *path, struct err *e);
enum { DAEMON_LISTEN_FD = 3 };		/* where systemd puts it */
bool daemon_listen_is_handed_in(void);	/* systemd's: it outlives us */

/* A socket that was listened on before execve(2), by this very process.  fd, or -errno with e. */
int daemon_listen_again(int fd, bool handed_in, struct err *e);
void daemon_unlisten(const char *path, int fd);	/* close; unlink what we bound */

/*
 * Tell systemd, e.g. "READY=1\nSTATUS=..."; without systemd nothing happens.  When
 * its queue is full, what begins with READY, RELOADING or STOPPING waits a second.
 */
__attribute__((format(printf, 1, 2)))
void daemon_notify(const char *fmt, ...);
int daemon_watchdog_ms(void);		/* send WATCHDOG=1 at least so often; 0: nobody asks */

/* Raise the soft limit of open files to the hard one; returns what is in force. */
unsigned long daemon_raise_nofile(void);

#endif
