#include "config.h"

#include "shared/row_claim.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <time.h>

#include "shared/clock.h"

static int
row_lock_op(int fd, int op, short type, uint64_t i, struct flock *lk)
{
	int rc;

	*lk = (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)i, .l_len = 1 };
	do {
		rc = fcntl(fd, op, lk);
	} while (rc == -1 && errno == EINTR);
	if (rc == -1)
		return errno == EACCES ? -EAGAIN : -errno;	/* POSIX allows either */
	return 0;
}

int
row_claim(int fd, uint64_t i)
{
	struct flock lk;

	return row_lock_op(fd, F_OFD_SETLK, F_WRLCK, i, &lk);
}

int
row_claim_within(int fd, uint64_t i, int bound_ms)
{
	struct timespec pause = { .tv_nsec = 5000 };
	int64_t until_ns = 0;
	int rc;

	for (unsigned tries = 0; (rc = row_claim(fd, i)) == -EAGAIN; tries++) {
		int64_t now_ns = clock_mono_ns();

		if (until_ns == 0)
			until_ns = now_ns + (int64_t)bound_ms * 1000000;
		if (now_ns >= until_ns)
			return -EBUSY;
		if (tries < 4) {
			(void)sched_yield();
			continue;
		}
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 500000)
			pause.tv_nsec *= 2;
	}
	return rc;
}

int
row_release(int fd, uint64_t i)
{
	struct flock lk;

	return row_lock_op(fd, F_OFD_SETLK, F_UNLCK, i, &lk);
}

int
row_has_owner(int fd, uint64_t i)
{
	struct flock lk;
	int rc = row_lock_op(fd, F_OFD_GETLK, F_WRLCK, i, &lk);

	return rc < 0 ? rc : lk.l_type != F_UNLCK;
}
