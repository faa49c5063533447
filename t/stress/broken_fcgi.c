/*
 * broken_fcgi - stress_fcgi with one fault chosen by BROKEN in the environment, between
 * the server and epoll (the linker's --wrap): its negative controls.
 *
 *	again		what arrives while a connection is served is forgotten, as if
 *			nobody looked again
 *	end		events do not tell that the peer sends no more
 */
#include "config.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { THREADS_MAX = 64 };

int __real_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout_ms);
int __wrap_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout_ms);

static bool
broken(const char *how)
{
	const char *chosen = getenv("BROKEN");

	return chosen != NULL && strcmp(chosen, how) == 0;
}

static _Atomic uint64_t	    served[THREADS_MAX];	/* what each thread is at; 0: nothing */
static atomic_uint	    n_threads;
static _Thread_local unsigned me = THREADS_MAX;

static bool
is_served(uint64_t name)
{
	for (unsigned i = 0; i < THREADS_MAX; i++)
		if (i != me && atomic_load(&served[i]) == name)
			return true;
	return false;
}

/* Threads of the pool take events one by one; the loop takes many and is let be. */
int
__wrap_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout_ms)
{
	uint64_t name;
	int rc;

	if (n != 1)
		return __real_epoll_wait(epfd, ev, n, timeout_ms);
	if (me == THREADS_MAX)
		me = atomic_fetch_add(&n_threads, 1);
	atomic_store(&served[me], 0);
	rc = __real_epoll_wait(epfd, ev, n, timeout_ms);
	if (rc != 1 || ev->data.u64 == UINT64_MAX)	/* the end of the server */
		return rc;
	name = ev->data.u64 + 1;
	if (broken("again") && is_served(name))
		return 0;
	atomic_store(&served[me], name);
	if (broken("end"))
		ev->events &= ~(uint32_t)(EPOLLRDHUP | EPOLLHUP);
	return 1;
}
