/*
 * upgrade - SIGHUP: the relay executes its own file, perhaps a newer one, in
 * place.  Same process, same sockets; clients notice nothing.  Before that the
 * file is asked whether it runs, likes the configuration and can read what it
 * would be handed:
 *
 *	yes			handed over at once
 *	not this version	everybody is told 1012, then it starts afresh
 *	bad configuration, or
 *	it does not run		nothing happens, the log says why
 */
#ifndef UPGRADE_H
#define UPGRADE_H

#include <stdbool.h>

#include "shared/err.h"

struct relay;

/* The command line this process was started with (borrowed for ever), and its working directory's view of argv[0]. */
void upgrade_init(char **argv);

/*
 * Ask the file, which takes some milliseconds, and call the one of the two that
 * its answer asks for, or none; log and supervisor are told.  now() returns only
 * when it failed, with -errno; after afresh() the caller is on its way out.
 */
void upgrade(int (*now)(void *arg), void (*afresh)(void *arg), void *arg);

/* Return only when it failed: -errno, and the relay serves on. */
int upgrade_exec(struct relay *r, int listen_fd);
int upgrade_exec_afresh(int listen_fd);		/* as if systemd had started it */
int upgrade_exec_with(const char *name, const char *value);	/* one variable is all that is handed on */

/* The memfd a predecessor left for us, or -1. */
int upgrade_inherited(void);

#endif
