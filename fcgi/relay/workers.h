/*
 * workers - several relays on the one listening socket, each a process with its
 * own wake-ups, and a parent that serves nobody: it starts a worker again that
 * died, kills one that hangs, passes signals on, and speaks for all of them to the
 * supervisor.  A worker hangs when its loop has not turned for as long as the
 * supervisor would give a single process (WATCHDOG_USEC), or for 10 s.
 *
 * On SIGHUP each worker executes its file in place (upgrade.h), then the parent
 * does: workers stay its children, their ids are all that is handed on.
 *
 * max_clients is the limit of all workers together, by counts that are up to a
 * second old; max_per_address is that of each.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include <signal.h>
#include <stdbool.h>

#include "shared/err.h"

enum { WORKERS_MAX = 8 };

typedef int worker_f(void *arg);		/* serves; its result is the exit status */

/*
 * Run n workers until a signal of *stop ends all.  The parent's exit status, and
 * *is_worker when it is a worker that returns.
 */
int workers_run(unsigned n, int listen_fd, const sigset_t *stop, worker_f *serve, void *arg, bool *is_worker);

bool workers_am_one(void);			/* this image was executed in place of a worker's */

void workers_beat(void);			/* from a worker's loop, every second; nobody else's: nothing */

/* The descriptor of the listening socket that this image's predecessor, a parent, kept; -1: there was none. */
int workers_inherited_socket(bool *handed_in);

#endif
