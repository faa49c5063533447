/*
 * handover - all a relay knows of its clients, from one process image to the
 * next: a memfd that outlives execve(2), beside the clients' own descriptors.
 * It holds, natively, in this order:
 *
 *	struct handover_head	of every version
 *	int32_t[n_fds]		every client's descriptor, of every version: who
 *				cannot read the rest can at least close them
 *	the rest		of this version: counters, live crawls, clients
 *
 * Both images are of one host and mostly of one build, but nothing is believed:
 * each length is checked against what is left.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/err.h"

struct relay;

enum { HANDOVER_VERSION = 4 };

struct handover_head {
	char	 magic[8];
	uint32_t version;
	int32_t	 listen_fd;
	uint32_t handed_in;		/* the listening socket is systemd's */
	uint32_t n_fds;
};

/* All of r as a memfd (gives), which stays open over execve(2), as the clients' descriptors then do.  Or -errno. */
int handover_write(struct relay *r, int listen_fd, bool handed_in);
void handover_undo(struct relay *r, int listen_fd);	/* execve(2) failed: they are close-on-exec again */

/* The part of every version.  0, or -errno with e: not a handover. */
int handover_head(int memfd, struct handover_head *h, struct err *e);

/*
 * Take all clients over into r, which is fresh; they are served when the loop
 * turns.  0, or -errno with e: nothing could be taken and every descriptor is
 * closed, so that their clients come back.
 */
int handover_read(struct relay *r, int memfd, struct err *e);

#endif
