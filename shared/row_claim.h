/*
 * row_claim - who owns byte i?  Whoever holds the write lock on it.  The kernel
 * drops an open-file-description lock when the last copy of the descriptor
 * closes, SIGKILL included: no pid to be recycled, no heartbeat to tune, nothing
 * to repair by hand (fcntl(2), "Open file description locks").
 *
 * All threads of a process that use one descriptor are one owner; exclude them
 * from each other by other means.  A descriptor inherited over fork(2) shares
 * its parent's locks.
 */
#ifndef ROW_CLAIM_H
#define ROW_CLAIM_H

#include <stdint.h>

int row_claim(int fd, uint64_t i);	/* 0 ours now; -EAGAIN somebody else's; -errno */
int row_claim_within(int fd, uint64_t i, int bound_ms);	/* the same, but waits, and gives up: -EBUSY; the holder may be stopped */
int row_release(int fd, uint64_t i);	/* 0 or -errno */
int row_has_owner(int fd, uint64_t i);	/* 1, 0 or -errno; our own claim does not count */

#endif
